-- Whether the host has paused the account: it is connected and records, and answers nothing.
ALTER TABLE accounts ADD COLUMN paused INTEGER NOT NULL DEFAULT 0;
