-- The orders that the platform's cards have told of, and how the shipment of each was confirmed.
CREATE TABLE orders (
    cookie_id           TEXT    NOT NULL REFERENCES accounts (cookie_id) ON DELETE CASCADE,
    order_id            TEXT    NOT NULL,
    chat_id             TEXT    NOT NULL,
    item_id             TEXT,
    buyer_id            TEXT,              -- NULL: only cards in the seller's own name have told of it
    status              TEXT    NOT NULL,  -- awaiting_payment, awaiting_shipment, shipped, completed, closed
    is_told             INTEGER NOT NULL,  -- whether there was an event of this status
    created_at_ms       INTEGER NOT NULL,  -- when its first card was recorded
    updated_at_ms       INTEGER NOT NULL,
    confirmation        TEXT,              -- pending, confirming, confirmed, refused, unknown; NULL: not asked for
    confirmation_code   TEXT,              -- the service's
    confirmation_text   TEXT,
    confirmation_at_ms  INTEGER,           -- since when the confirmation stands so
    PRIMARY KEY (cookie_id, order_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX orders_by_time ON orders (cookie_id, created_at_ms);
CREATE INDEX orders_by_change ON orders (cookie_id, updated_at_ms);
CREATE INDEX orders_untold ON orders (cookie_id) WHERE is_told = 0;
CREATE INDEX orders_by_confirmation ON orders (cookie_id, confirmation, confirmation_at_ms) WHERE confirmation IS NOT NULL;

-- An order passes each status once.
CREATE TABLE order_history (
    cookie_id  TEXT    NOT NULL,
    order_id   TEXT    NOT NULL,
    status     TEXT    NOT NULL,
    at_ms      INTEGER NOT NULL,
    message_id TEXT    NOT NULL,           -- the card that told of it first
    PRIMARY KEY (cookie_id, order_id, status),
    FOREIGN KEY (cookie_id, order_id) REFERENCES orders (cookie_id, order_id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
