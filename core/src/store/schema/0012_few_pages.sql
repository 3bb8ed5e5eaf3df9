-- What one answered message changes lies in as few pages as can be: a message stands in one index that is not read from its end, and
-- a send in one, which it leaves when nothing more is to come of it.

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
    sends          TEXT                    -- NULL: nothing; else the uuids of what was to be sent in answer, a space between two
) STRICT;
INSERT INTO messages (arrival, cookie_id, message_id, chat_id, kind, is_group, sender_id, sender_name, text, item_id, created_at_ms,
        received_at_ms, decision, decided_at_ms, rule, folded_into, sends)
    SELECT arrival, cookie_id, message_id, chat_id, kind, is_group, sender_id, sender_name, text, item_id, created_at_ms,
        received_at_ms, decision, decided_at_ms, rule, folded_into,
        (SELECT group_concat(uuid, ' ' ORDER BY uuid) FROM outbox INDEXED BY outbox_by_message
         WHERE outbox.cookie_id = messages_before.cookie_id AND outbox.message_id = messages_before.message_id)
    FROM messages_before ORDER BY arrival;
DROP TABLE messages_before;
-- A message and the echo of its reply stand beside each other. Whatever looks for one message knows its chat.
CREATE UNIQUE INDEX messages_of_chat ON messages (cookie_id, chat_id, message_id);
CREATE INDEX messages_undecided ON messages (cookie_id) WHERE decision IS NULL;
CREATE INDEX messages_folded ON messages (cookie_id, folded_into) WHERE folded_into IS NOT NULL;
CREATE INDEX messages_default_replied ON messages (cookie_id, chat_id) WHERE decision = 'default_reply';

-- When a message of a chat was last recorded, to within ten minutes: most messages find it as it should be, and change nothing.
CREATE TABLE active_chats (
    cookie_id   TEXT    NOT NULL REFERENCES accounts (cookie_id) ON DELETE CASCADE,
    chat_id     TEXT    NOT NULL,
    noted_at_ms INTEGER NOT NULL,
    PRIMARY KEY (cookie_id, chat_id)
) STRICT, WITHOUT ROWID;
INSERT INTO active_chats (cookie_id, chat_id, noted_at_ms)
    SELECT cookie_id, chat_id, max(received_at_ms) FROM messages GROUP BY cookie_id, chat_id;
CREATE INDEX active_chats_by_time ON active_chats (cookie_id, noted_at_ms);

-- An account that is removed takes its rows along by the index of its sends and by its messages: a foreign key would walk the table.
ALTER TABLE outbox RENAME TO outbox_before;
CREATE TABLE outbox (
    cookie_id          TEXT    NOT NULL,
    uuid               TEXT    NOT NULL,   -- as the service knows the send; begins with its time
    message_id         TEXT,               -- what it answers, in the same chat; NULL: the host sent it
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
    is_open            INTEGER NOT NULL,   -- its answer or its echo may still come
    created_at_ms      INTEGER NOT NULL,
    closed_at_ms       INTEGER,
    PRIMARY KEY (uuid, cookie_id)
) STRICT, WITHOUT ROWID;
INSERT INTO outbox (cookie_id, uuid, message_id, chat_id, peer_id, text, picture_url, picture_width, picture_height, outcome, reason, code,
        more_info, service_message_id, is_echoed, is_open, created_at_ms, closed_at_ms)
    SELECT cookie_id, uuid, message_id, chat_id, peer_id, text, picture_url, picture_width, picture_height, outcome, reason, code,
        more_info, service_message_id, is_echoed, outcome = 'sending' OR (is_echoed = 0 AND outcome <> 'rejected'), created_at_ms, closed_at_ms
    FROM outbox_before ORDER BY uuid, cookie_id;
DROP TABLE outbox_before;
-- What is in it stays little.
CREATE INDEX outbox_open ON outbox (cookie_id, chat_id) WHERE is_open = 1;
CREATE INDEX outbox_of_host ON outbox (cookie_id, created_at_ms) WHERE message_id IS NULL;
