-- A rule may have several keywords, ways of matching, an item and a picture. What was a pair stays one.
CREATE TABLE rules (
    cookie_id      TEXT    NOT NULL REFERENCES accounts (cookie_id) ON DELETE CASCADE,
    position       INTEGER NOT NULL,       -- among the rules that match, the first wins
    matching       TEXT    NOT NULL,       -- contains, exact, regex
    item_id        TEXT,                   -- NULL: for every item
    reply          TEXT    NOT NULL,
    picture_url    TEXT,                   -- NULL, as its sizes: no picture
    picture_width  INTEGER,
    picture_height INTEGER,
    PRIMARY KEY (cookie_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE rule_keywords (
    cookie_id     TEXT    NOT NULL,
    rule_position INTEGER NOT NULL,
    position      INTEGER NOT NULL,        -- as the host gave them
    keyword       TEXT    NOT NULL,
    PRIMARY KEY (cookie_id, rule_position, position),
    FOREIGN KEY (cookie_id, rule_position) REFERENCES rules (cookie_id, position) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

INSERT INTO rules (cookie_id, position, matching, reply) SELECT cookie_id, position, 'contains', reply FROM keyword_rules;
INSERT INTO rule_keywords (cookie_id, rule_position, position, keyword) SELECT cookie_id, position, 0, keyword FROM keyword_rules;
DROP TABLE keyword_rules;
