-- STRICT: a wrong type is an error at once. NOT NULL wherever there is always a value.
-- Times are milliseconds since 1970 UTC.

CREATE TABLE accounts (
    cookie_id           TEXT    NOT NULL PRIMARY KEY,
    cookie              TEXT    NOT NULL,  -- the header string
    owner               TEXT,              -- the host's own user, NULL: none
    enabled             INTEGER NOT NULL DEFAULT 1,
    remark              TEXT    NOT NULL DEFAULT '',
    pause_minutes       INTEGER NOT NULL DEFAULT 10,
    auto_confirm        INTEGER NOT NULL DEFAULT 0,
    priority            INTEGER NOT NULL DEFAULT 0,
    device_id           TEXT    NOT NULL,  -- made once: another one looks like another device
    token               TEXT,              -- NULL: ask for one
    token_expires_at_ms INTEGER,
    created_at_ms       INTEGER NOT NULL,
    updated_at_ms       INTEGER NOT NULL
) STRICT;

CREATE TABLE keyword_rules (
    cookie_id TEXT    NOT NULL REFERENCES accounts (cookie_id) ON DELETE CASCADE,
    position  INTEGER NOT NULL,            -- the first rule that matches wins
    keyword   TEXT    NOT NULL,
    reply     TEXT    NOT NULL,
    PRIMARY KEY (cookie_id, position)
) STRICT, WITHOUT ROWID;

-- The inbox. A message is acknowledged to the service only when its row is here, and answered only when the row is new.
CREATE TABLE messages (
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
    PRIMARY KEY (cookie_id, message_id)
) STRICT, WITHOUT ROWID;
