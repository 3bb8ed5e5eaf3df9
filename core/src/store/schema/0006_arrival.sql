-- The order in which an account's messages came. Their times do not tell it: those of one push have the same.
ALTER TABLE messages ADD COLUMN arrival INTEGER NOT NULL DEFAULT 0;  -- from 1
UPDATE messages SET arrival = numbered.arrival FROM (
    SELECT cookie_id, message_id, row_number() OVER (PARTITION BY cookie_id ORDER BY received_at_ms, message_id) AS arrival FROM messages
) AS numbered WHERE messages.cookie_id = numbered.cookie_id AND messages.message_id = numbered.message_id;

DROP INDEX messages_by_time;
DROP INDEX messages_by_chat;
DROP INDEX messages_undecided;
CREATE INDEX messages_by_arrival ON messages (cookie_id, arrival);
CREATE INDEX messages_by_chat ON messages (cookie_id, chat_id, arrival);
CREATE INDEX messages_undecided ON messages (cookie_id, arrival) WHERE decision IS NULL;
