-- What comes and goes together lies together: rows of all accounts in the order in which they came. Before, each account had pages of
-- its own for them, and a message cost the writing of twice as many.

ALTER TABLE messages RENAME TO messages_before;
CREATE TABLE messages (
    arrival        INTEGER NOT NULL PRIMARY KEY,  -- the order in which they came, over all accounts
    cookie_id      TEXT    NOT NULL REFERENCES accounts (cookie_id) ON DELETE CASCADE,
    message_id     TEXT    NOT NULL,
    chat_id        TEXT    NOT NULL,
    kind           TEXT    NOT NULL,       -- chat, own, order, card_update
    is_group       INTEGER NOT NULL,
    sender_id      TEXT    NOT NULL,
    sender_name    TEXT    NOT NULL,
    text           TEXT    NOT NULL,
    item_id        TEXT,
    created_at_ms  INTEGER NOT NULL,
    received_at_ms INTEGER NOT NULL,
    decision       TEXT,                   -- NULL: not decided yet
    decided_at_ms  INTEGER,
    rule           INTEGER,                -- the place of the rule that decided, from 1
    folded_into    TEXT,                   -- the message that was answered in the place of this one
    UNIQUE (cookie_id, message_id)
) STRICT;
INSERT INTO messages (cookie_id, message_id, chat_id, kind, is_group, sender_id, sender_name, text, item_id, created_at_ms, received_at_ms,
        decision, decided_at_ms, rule, folded_into)
    SELECT cookie_id, message_id, chat_id, kind, is_group, sender_id, sender_name, text, item_id, created_at_ms, received_at_ms,
        decision, decided_at_ms, rule, folded_into
    FROM messages_before ORDER BY arrival, cookie_id;
DROP TABLE messages_before;
-- Each ends with arrival, as every index of such a table does.
CREATE INDEX messages_by_arrival ON messages (cookie_id);
CREATE INDEX messages_by_chat ON messages (cookie_id, chat_id);
CREATE INDEX messages_undecided ON messages (cookie_id) WHERE decision IS NULL;
CREATE INDEX messages_folded ON messages (cookie_id, folded_into) WHERE folded_into IS NOT NULL;
CREATE INDEX messages_default_replied ON messages (cookie_id, chat_id) WHERE decision = 'default_reply';

ALTER TABLE outbox RENAME TO outbox_before;
CREATE TABLE outbox (
    cookie_id          TEXT    NOT NULL REFERENCES accounts (cookie_id) ON DELETE CASCADE,
    uuid               TEXT    NOT NULL,   -- as the service knows the send; begins with its time
    message_id         TEXT,               -- what it answers; NULL: the host sent it
    chat_id            TEXT    NOT NULL,
    peer_id            TEXT    NOT NULL,
    text               TEXT    NOT NULL,   -- of a picture: what the service shows in its place
    picture_url        TEXT,               -- NULL, as its sizes: a text
    picture_width      INTEGER,
    picture_height     INTEGER,
    outcome            TEXT    NOT NULL,   -- sending, delivered, rejected, unknown
    reason             TEXT,               -- of a rejection
    code               INTEGER,            -- of a rejection
    more_info          TEXT,               -- what the service adds to its reason, e.g. CSI_FORBID||…
    service_message_id TEXT,               -- of a delivery
    is_echoed          INTEGER NOT NULL,   -- its echo has come back as the seller's own message
    created_at_ms      INTEGER NOT NULL,
    closed_at_ms       INTEGER,
    PRIMARY KEY (uuid, cookie_id)
) STRICT, WITHOUT ROWID;
INSERT INTO outbox (cookie_id, uuid, message_id, chat_id, peer_id, text, picture_url, picture_width, picture_height, outcome, reason, code,
        more_info, service_message_id, is_echoed, created_at_ms, closed_at_ms)
    SELECT cookie_id, uuid, message_id, chat_id, peer_id, text, picture_url, picture_width, picture_height, outcome, reason, code,
        more_info, service_message_id, is_echoed, created_at_ms, closed_at_ms
    FROM outbox_before ORDER BY uuid, cookie_id;
DROP TABLE outbox_before;
-- Most echoes come at once: what is in it stays little.
CREATE INDEX outbox_unechoed ON outbox (cookie_id, chat_id, created_at_ms) WHERE is_echoed = 0;
CREATE INDEX outbox_by_message ON outbox (cookie_id, message_id) WHERE message_id IS NOT NULL;
CREATE INDEX outbox_of_host ON outbox (cookie_id, created_at_ms) WHERE message_id IS NULL;
CREATE INDEX outbox_open ON outbox (cookie_id) WHERE outcome = 'sending';
