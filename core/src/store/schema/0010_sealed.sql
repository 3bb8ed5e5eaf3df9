-- Credentials are sealed, each in its place, with the store's data key; the data key is sealed with the key that the host chooses.
CREATE TABLE data_keys (
    key_id     BLOB    NOT NULL PRIMARY KEY,
    wrapped    BLOB    NOT NULL,          -- the data key, sealed
    salt       BLOB,                      -- NULL, as the three after it: with a key; else with a passphrase, by Argon2id
    memory_kib INTEGER,
    passes     INTEGER,
    lanes      INTEGER,
    is_swept   INTEGER NOT NULL           -- whether what was plain before is gone from the file and its log
) STRICT;

ALTER TABLE accounts ADD COLUMN sealed_cookie BLOB NOT NULL DEFAULT x'';  -- the header string
ALTER TABLE accounts ADD COLUMN sealed_token  BLOB;                       -- NULL: ask for one
ALTER TABLE accounts ADD COLUMN sealed_proxy  BLOB;                       -- the proxy's URL with its password; NULL: none
-- Here every row is sealed; then 0010_sealed_end.sql.
