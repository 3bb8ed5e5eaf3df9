-- What was decided about each message, what was sent, and how that ended: so that a message is answered at most once also over a
-- kill of the process, and so that a person can see why one was answered or not.

ALTER TABLE messages ADD COLUMN decision TEXT;             -- NULL: not decided yet
ALTER TABLE messages ADD COLUMN decided_at_ms INTEGER;
ALTER TABLE messages ADD COLUMN rule INTEGER;              -- the place of the rule that decided, from 1
ALTER TABLE messages ADD COLUMN folded_into TEXT;          -- the message that was answered in the place of this one
-- What an earlier version has recorded it has also answered.
UPDATE messages SET decision = 'not_recorded';

CREATE INDEX messages_by_time ON messages (cookie_id, received_at_ms);
CREATE INDEX messages_by_chat ON messages (cookie_id, chat_id, received_at_ms);
CREATE INDEX messages_undecided ON messages (cookie_id, received_at_ms) WHERE decision IS NULL;
CREATE INDEX messages_folded ON messages (cookie_id, folded_into) WHERE folded_into IS NOT NULL;

-- A row is here before its frame is written. What is still 'sending' when its session is over is unknown, and never sent again.
CREATE TABLE outbox (
    cookie_id          TEXT    NOT NULL REFERENCES accounts (cookie_id) ON DELETE CASCADE,
    uuid               TEXT    NOT NULL,   -- as the service knows the send
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
    service_message_id TEXT,               -- of a delivery
    is_echoed          INTEGER NOT NULL,   -- its echo has come back as the seller's own message
    created_at_ms      INTEGER NOT NULL,
    closed_at_ms       INTEGER,
    PRIMARY KEY (cookie_id, uuid)
) STRICT, WITHOUT ROWID;
CREATE INDEX outbox_by_chat ON outbox (cookie_id, chat_id, created_at_ms);
CREATE INDEX outbox_by_message ON outbox (cookie_id, message_id) WHERE message_id IS NOT NULL;
CREATE INDEX outbox_of_host ON outbox (cookie_id, created_at_ms) WHERE message_id IS NULL;
CREATE INDEX outbox_open ON outbox (cookie_id) WHERE outcome = 'sending';

-- A chat that a person has taken over.
CREATE TABLE chats (
    cookie_id       TEXT    NOT NULL REFERENCES accounts (cookie_id) ON DELETE CASCADE,
    chat_id         TEXT    NOT NULL,
    paused_until_ms INTEGER NOT NULL,
    PRIMARY KEY (cookie_id, chat_id)
) STRICT, WITHOUT ROWID;
