//! The numbered schema files, applied in order, each in one transaction with its number.

use rusqlite::Connection;

/// The schema files; a file's number is its place here, counted from 1. A released file is never changed.
const FILES: &[&str] = &[include_str!("schema/0001_accounts.sql")];

/// The newest schema number known here.
pub(super) const NEWEST: u32 = FILES.len() as u32;

/// The schema number of a database; 0 is an empty one.
pub(super) fn found(db: &Connection) -> rusqlite::Result<u32> {
    db.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Applies what is missing. A kill in the middle leaves the schema before or after one file, never between.
pub(super) fn apply(db: &mut Connection) -> rusqlite::Result<()> {
    let done = found(db)?;
    for (number, file) in (1..).zip(FILES).skip(done as usize) {
        let transaction = db.transaction()?;
        transaction.execute_batch(file)?;
        transaction.pragma_update(None, "user_version", number)?;
        transaction.commit()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::{NEWEST, apply, found};

    #[test]
    fn migrations_end_at_the_newest_schema_and_can_be_applied_again() {
        let mut db = Connection::open_in_memory().unwrap();
        apply(&mut db).unwrap();
        apply(&mut db).unwrap();
        assert_eq!(found(&db).unwrap(), NEWEST);
    }

    #[test]
    fn every_table_is_strict() {
        let mut db = Connection::open_in_memory().unwrap();
        apply(&mut db).unwrap();
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
