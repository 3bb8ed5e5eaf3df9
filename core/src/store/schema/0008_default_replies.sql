-- What is answered where nothing else has a word.
CREATE TABLE default_replies (
    cookie_id      TEXT    NOT NULL REFERENCES accounts (cookie_id) ON DELETE CASCADE,
    item_id        TEXT    NOT NULL,       -- empty: the account's
    reply          TEXT    NOT NULL,
    picture_url    TEXT,                   -- NULL, as its sizes: no picture
    picture_width  INTEGER,
    picture_height INTEGER,
    once_per_chat  INTEGER NOT NULL,
    PRIMARY KEY (cookie_id, item_id)
) STRICT, WITHOUT ROWID;

-- The chats in which it was said.
CREATE INDEX messages_default_replied ON messages (cookie_id, chat_id) WHERE decision = 'default_reply';
