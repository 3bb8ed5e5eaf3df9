//! Keyword rules on record, in the order in which they are tried.

use rusqlite::{Connection, Savepoint};
use serde::{Deserialize, Serialize};

use super::writer::Fault;
use super::{Store, accounts};
use crate::error::Error;

/// A keyword and its reply: the first rule whose keyword a buyer's message contains is answered with its reply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeywordRule {
    /// Looked for anywhere in the message; upper and lower case, full-width and half-width forms are alike. Not blank.
    pub keyword: String,
    /// The text to send. Empty: a message that matches gets no reply.
    pub reply: String,
}

impl KeywordRule {
    /// A rule.
    pub fn new(keyword: impl Into<String>, reply: impl Into<String>) -> Self {
        Self { keyword: keyword.into(), reply: reply.into() }
    }
}

impl Store {
    /// Puts these rules in the place of the account's earlier ones.
    pub(crate) async fn put_rules(&self, cookie_id: &str, rules: Vec<KeywordRule>) -> Result<(), Error> {
        let cookie_id = cookie_id.to_owned();
        self.write(move |db| {
            if !accounts::exists(db, &cookie_id)? {
                return Err(Fault::Refused(Error::not_found(&cookie_id)));
            }
            replace(db, &cookie_id, &rules)
        })
        .await
    }

    /// The account's rules in their order.
    pub(crate) async fn rules(&self, cookie_id: &str) -> Result<Vec<KeywordRule>, Error> {
        let cookie_id = cookie_id.to_owned();
        self.read(move |db| Ok(of_account(db, &cookie_id)?)).await
    }

    /// The rules of all accounts, each with its account's id, in the order of ids and positions.
    pub(crate) async fn all_rules(&self) -> Result<Vec<(String, KeywordRule)>, Error> {
        self.read(|db| {
            let mut statement =
                db.prepare_cached("SELECT cookie_id, keyword, reply FROM keyword_rules ORDER BY cookie_id, position")?;
            let rows =
                statement.query_map([], |row| Ok((row.get(0)?, KeywordRule { keyword: row.get(1)?, reply: row.get(2)? })))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }
}

pub(super) fn replace(db: &Savepoint<'_>, cookie_id: &str, rules: &[KeywordRule]) -> Result<(), Fault> {
    db.prepare_cached("DELETE FROM keyword_rules WHERE cookie_id = ?1")?.execute([cookie_id])?;
    let mut insert =
        db.prepare_cached("INSERT INTO keyword_rules (cookie_id, position, keyword, reply) VALUES (?1, ?2, ?3, ?4)")?;
    for (position, rule) in (0_i64..).zip(rules) {
        insert.execute((cookie_id, position, &rule.keyword, &rule.reply))?;
    }
    Ok(())
}

fn of_account(db: &Connection, cookie_id: &str) -> rusqlite::Result<Vec<KeywordRule>> {
    let mut statement = db.prepare_cached("SELECT keyword, reply FROM keyword_rules WHERE cookie_id = ?1 ORDER BY position")?;
    let rows = statement.query_map([cookie_id], |row| Ok(KeywordRule { keyword: row.get(0)?, reply: row.get(1)? }))?;
    rows.collect()
}
