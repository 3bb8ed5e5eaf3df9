//! Accounts that are brought along, and what is taken of them to be brought elsewhere.

use std::path::Path;
use std::sync::Arc;

use rusqlite::{Connection, named_params};

use super::writer::Fault;
use super::{Store, accounts, default_replies, owner, rules};
use crate::account::AccountRecord;
use crate::error::Error;
use crate::reply_content::DefaultReply;
use crate::rule::KeywordRule;

/// What is set of an account beside its login and its answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AccountSettings {
    pub(crate) owner: Option<String>,
    pub(crate) enabled: bool,
    pub(crate) paused: bool,
    pub(crate) priority: i32,
    pub(crate) remark: String,
    pub(crate) pause_minutes: u32,
    pub(crate) auto_confirm: bool,
}

/// What an account answers with.
pub(crate) struct AccountAnswers {
    pub(crate) rules: Arc<[KeywordRule]>,
    /// Each with its item; the account's has none.
    pub(crate) default_replies: Vec<(Option<String>, DefaultReply)>,
}

impl Store {
    /// Whether a manager of this process has the file open as its store. Such a file is never opened by itself: closing it again drops
    /// the locks that this process has on it.
    pub(crate) fn is_open_here(path: &Path) -> bool {
        owner::is_open_here(path)
    }

    /// Puts a new account on record with all that belongs to it, in one transaction.
    pub(crate) async fn bring_account(
        &self,
        record: AccountRecord,
        settings: AccountSettings,
        answers: AccountAnswers,
        now_ms: i64,
    ) -> Result<(), Error> {
        let cookie_id = record.cookie_id.clone();
        let further = move |db: &Connection| put(db, &cookie_id, &settings, &answers, now_ms);
        self.put_account_and(record, None, false, now_ms, further).await
    }

    /// Puts settings and answers in the place of those that an account has.
    pub(crate) async fn bring_settings(
        &self,
        cookie_id: &str,
        settings: AccountSettings,
        answers: AccountAnswers,
        now_ms: i64,
    ) -> Result<(), Error> {
        let cookie_id = cookie_id.to_owned();
        self.write(move |db| {
            if !accounts::exists(db, &cookie_id)? {
                return Err(Fault::Refused(Error::not_found(&cookie_id)));
            }
            put(db, &cookie_id, &settings, &answers, now_ms)
        })
        .await
    }

    /// The settings of all accounts, each with the account's id, in the order of the ids.
    pub(crate) async fn all_settings(&self) -> Result<Vec<(String, AccountSettings)>, Error> {
        self.read(|db| {
            let mut statement = db.prepare_cached(
                "SELECT cookie_id, owner, enabled, paused, priority, remark, pause_minutes, auto_confirm FROM accounts ORDER BY cookie_id",
            )?;
            let rows = statement.query_map([], |row| {
                let settings = AccountSettings {
                    owner: row.get("owner")?,
                    enabled: row.get("enabled")?,
                    paused: row.get("paused")?,
                    priority: row.get("priority")?,
                    remark: row.get("remark")?,
                    pause_minutes: row.get("pause_minutes")?,
                    auto_confirm: row.get("auto_confirm")?,
                };
                Ok((row.get("cookie_id")?, settings))
            })?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }
}

fn put(db: &Connection, cookie_id: &str, settings: &AccountSettings, answers: &AccountAnswers, now_ms: i64) -> Result<(), Fault> {
    db.prepare_cached(
        "UPDATE accounts SET owner = coalesce(:owner, owner), enabled = :enabled, paused = :paused, priority = :priority,
             remark = :remark, pause_minutes = :pause_minutes, auto_confirm = :auto_confirm, updated_at_ms = :now
         WHERE cookie_id = :cookie_id",
    )?
    .execute(named_params! {
        ":cookie_id": cookie_id,
        ":owner": settings.owner,
        ":enabled": settings.enabled,
        ":paused": settings.paused,
        ":priority": settings.priority,
        ":remark": settings.remark,
        ":pause_minutes": settings.pause_minutes,
        ":auto_confirm": settings.auto_confirm,
        ":now": now_ms,
    })?;
    rules::replace(db, cookie_id, &answers.rules)?;
    default_replies::replace(db, cookie_id, &answers.default_replies)
}
