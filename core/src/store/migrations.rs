//! The numbered schema files, applied in order, all that are missing in one transaction with the newest number.

use rusqlite::{Connection, TransactionBehavior};

/// The schema files; a file's number is its place here, counted from 1. A released file is never changed.
pub(super) const FILES: &[&str] = &[
    include_str!("schema/0001_accounts.sql"),
    include_str!("schema/0002_paused.sql"),
    include_str!("schema/0003_trail.sql"),
    include_str!("schema/0004_rules.sql"),
    include_str!("schema/0005_proxy.sql"),
    include_str!("schema/0006_arrival.sql"),
    include_str!("schema/0007_orders.sql"),
    include_str!("schema/0008_default_replies.sql"),
    include_str!("schema/0009_refusals.sql"),
    include_str!("schema/0010_sealed.sql"),
    include_str!("schema/0011_by_arrival.sql"),
    include_str!("schema/0012_few_pages.sql"),
];

/// The schema since which credentials are sealed: between the two halves of its file, every row is.
pub(super) const SEALED: u32 = 10;
/// The schema since which messages are numbered over all accounts.
pub(super) const ARRIVAL_OVER_ALL: u32 = 11;
/// The schema since which a message names what was sent in answer to it.
pub(super) const SENDS_OF_MESSAGE: u32 = 12;
const SEALED_END: &str = include_str!("schema/0010_sealed_end.sql");

/// The newest schema number known here.
#[allow(clippy::cast_possible_truncation, reason = "a handful of files")]
pub(super) const NEWEST: u32 = FILES.len() as u32;

/// Marks a database as ours: "lkpr" in ASCII.
pub(super) const APPLICATION_ID: i32 = 0x6c6b_7072;

/// Whose a database is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Nobody's yet.
    Empty,
    /// Ours, with this schema number.
    Ours(u32),
    /// Another program's.
    Foreign,
}

/// Looks at a database and changes nothing.
pub(super) fn look(db: &Connection) -> rusqlite::Result<Found> {
    let application: i32 = db.pragma_query_value(None, "application_id", |row| row.get(0))?;
    if application == APPLICATION_ID {
        return schema(db).map(Found::Ours);
    }
    let things: u32 = db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(if things == 0 && schema(db)? == 0 { Found::Empty } else { Found::Foreign })
}

/// Whether a database is a store, of whatever schema.
pub(crate) fn is_ours(db: &Connection) -> rusqlite::Result<bool> {
    look(db).map(|found| matches!(found, Found::Ours(_)))
}

/// The same, as a file that was read as bytes tells it.
pub(crate) fn begins_as_ours(file: &[u8]) -> bool {
    // Where SQLite notes whose a database is.
    file.starts_with(b"SQLite format 3\0") && file.get(68..72) == Some(&APPLICATION_ID.to_be_bytes())
}

/// Anything may stand there in a damaged file; what is below zero counts as far too new.
fn schema(db: &Connection) -> rusqlite::Result<u32> {
    db.pragma_query_value(None, "user_version", |row| row.get(0)).map(i32::cast_unsigned)
}

/// The files of a store that is not sealed yet.
#[cfg(test)]
pub(super) fn before_sealed() -> &'static [&'static str] {
    &FILES[..SEALED as usize - 1]
}

/// Applies what is missing. A kill in the middle leaves the schema as it was, or the newest. `seal` seals the credentials of the
/// rows that are there, in the transaction of their schema.
pub(super) fn apply(db: &mut Connection, seal: impl FnOnce(&Connection) -> rusqlite::Result<()>) -> rusqlite::Result<()> {
    if schema(db)? == NEWEST {
        return Ok(());
    }
    let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut seal = Some(seal);
    for (number, file) in (1..).zip(FILES).skip(schema(&transaction)? as usize) {
        transaction.execute_batch(file)?;
        if number == SEALED
            && let Some(seal) = seal.take()
        {
            seal(&transaction)?;
            transaction.execute_batch(SEALED_END)?;
        }
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", NEWEST)?;
    transaction.commit()
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::{FILES, Found, NEWEST, SEALED, SEALED_END, apply, look};

    #[test]
    fn migrations_end_at_the_newest_schema_and_can_be_applied_again() {
        let mut db = Connection::open_in_memory().unwrap();
        assert_eq!(look(&db).unwrap(), Found::Empty);
        apply(&mut db, |_| Ok(())).unwrap();
        apply(&mut db, |_| Ok(())).unwrap();
        assert_eq!(look(&db).unwrap(), Found::Ours(NEWEST));
    }

    #[test]
    fn pairs_of_an_earlier_schema_become_rules_in_their_order() {
        let mut db = Connection::open_in_memory().unwrap();
        for file in &FILES[..3] {
            db.execute_batch(file).unwrap();
        }
        db.execute_batch(
            "INSERT INTO accounts (cookie_id, cookie, device_id, created_at_ms, updated_at_ms) VALUES ('shop', 'c', 'd', 1, 1);
             INSERT INTO keyword_rules (cookie_id, position, keyword, reply) VALUES ('shop', 1, '在吗', '在的'), ('shop', 0, '包邮', '');
             PRAGMA user_version = 3;",
        )
        .unwrap();
        apply(&mut db, |_| Ok(())).unwrap();
        let mut statement = db
            .prepare(
                "SELECT rules.position || '/' || rule_keywords.position || ' ' || matching || ' ' || keyword || ' ' || reply FROM rules
                 JOIN rule_keywords USING (cookie_id) WHERE rule_position = rules.position AND item_id IS NULL AND picture_url IS NULL
                 ORDER BY rules.position",
            )
            .unwrap();
        let rules: Vec<String> = statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        assert_eq!(rules, ["0/0 contains 包邮 ", "1/0 contains 在吗 在的"]);
    }

    #[test]
    fn messages_of_an_earlier_schema_keep_their_order() {
        let mut db = Connection::open_in_memory().unwrap();
        for file in &FILES[..5] {
            db.execute_batch(file).unwrap();
        }
        db.execute_batch(
            "INSERT INTO accounts (cookie_id, cookie, device_id, created_at_ms, updated_at_ms) VALUES ('a', 'c', 'd', 1, 1), ('b', 'c', 'd', 1, 1);
             INSERT INTO messages (cookie_id, message_id, chat_id, kind, is_group, sender_id, sender_name, text, created_at_ms, received_at_ms)
                 VALUES ('a', 'later', 'c', 'chat', 0, '2', '', '', 1, 9), ('a', 'sooner', 'c', 'chat', 0, '2', '', '', 1, 8),
                        ('b', 'only', 'c', 'chat', 0, '2', '', '', 1, 7);
             PRAGMA user_version = 5;",
        )
        .unwrap();
        apply(&mut db, |_| Ok(())).unwrap();
        let mut statement = db.prepare("SELECT message_id || ' ' || arrival FROM messages ORDER BY cookie_id, arrival").unwrap();
        let order: Vec<String> = statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        assert_eq!(order, ["sooner 1", "later 3", "only 2"]);
    }

    #[test]
    fn messages_of_an_earlier_schema_know_what_was_sent_in_answer_and_which_chats_were_active() {
        let mut db = Connection::open_in_memory().unwrap();
        for (number, file) in (1..).zip(&FILES[..11]) {
            db.execute_batch(file).unwrap();
            db.execute_batch(if number == SEALED { SEALED_END } else { "" }).unwrap();
        }
        db.execute_batch(
            "INSERT INTO accounts (cookie_id, sealed_cookie, device_id, created_at_ms, updated_at_ms) VALUES ('a', x'00', 'd', 1, 1);
             INSERT INTO messages (cookie_id, message_id, chat_id, kind, is_group, sender_id, sender_name, text, created_at_ms, received_at_ms)
                 VALUES ('a', 'm1', 'c', 'chat', 0, '2', '', '', 1, 8), ('a', 'm2', 'c', 'chat', 0, '2', '', '', 1, 9),
                        ('a', 'm3', 'd', 'chat', 0, '2', '', '', 1, 7);
             INSERT INTO outbox (cookie_id, uuid, message_id, chat_id, peer_id, text, outcome, is_echoed, created_at_ms)
                 VALUES ('a', '-2', 'm2', 'c', '2', '', 'delivered', 0, 1), ('a', '-1', 'm2', 'c', '2', '', 'rejected', 0, 1),
                        ('a', '-3', 'm3', 'd', '2', '', 'sending', 1, 1), ('a', '-4', NULL, 'd', '2', '', 'delivered', 1, 1);
             PRAGMA user_version = 11;",
        )
        .unwrap();
        apply(&mut db, |_| Ok(())).unwrap();
        let told = |sql: &str| -> String { db.query_row(sql, [], |row| row.get(0)).unwrap() };
        let sends = "SELECT group_concat(message_id || ':' || ifnull(sends, ''), ', ' ORDER BY arrival) FROM messages";
        assert_eq!(told(sends), "m1:, m2:-1 -2, m3:-3");
        assert_eq!(told("SELECT group_concat(uuid, ' ' ORDER BY uuid) FROM outbox WHERE is_open = 1"), "-2 -3");
        assert_eq!(told("SELECT group_concat(chat_id || noted_at_ms, ' ' ORDER BY chat_id) FROM active_chats"), "c9 d7");
    }

    #[test]
    fn every_table_is_strict() {
        let mut db = Connection::open_in_memory().unwrap();
        apply(&mut db, |_| Ok(())).unwrap();
        let lax: u32 = db
            .query_row(
                "SELECT count(*) FROM pragma_table_list WHERE schema = 'main' AND name NOT LIKE 'sqlite_%' AND strict = 0",
                [],
                |row| row.get(0),
            )
            .unwrap();
        assert_eq!(lax, 0);
    }
}
