//! Accounts on record.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Row, named_params};

use super::secrets::{Column, Secrets};
use super::writer::Fault;
use super::{Store, messages, orders, outbox, rules};
use crate::account::{AccessToken, AccountRecord, Fence};
use crate::error::Error;
use crate::rule::KeywordRule;
use crate::secret::Secret;

impl Store {
    /// All accounts, in the order of their ids. One whose row does not open is among them, and says so.
    pub(crate) async fn accounts(&self) -> Result<Vec<AccountRecord>, Error> {
        let secrets = Arc::clone(&self.secrets);
        self.read(move |db| {
            let mut statement = db.prepare_cached(&format!("SELECT {COLUMNS} FROM accounts ORDER BY cookie_id"))?;
            let rows = statement.query_map([], |row| record(row, &secrets))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }

    /// Adds the account or replaces its cookie, owner and device; `rules` of `None` leaves the rules as they are. The messages
    /// of another user (`is_other_user`) that wait for an answer get none any more.
    /// What the host had set otherwise (remark, pause minutes, …) stays.
    pub(crate) async fn put_account(
        &self,
        record: AccountRecord,
        rules: Option<Arc<[KeywordRule]>>,
        is_other_user: bool,
        now_ms: i64,
    ) -> Result<(), Error> {
        self.put_account_and(record, rules, is_other_user, now_ms, |_| Ok(())).await
    }

    /// The same, and `further` in the same transaction.
    pub(super) async fn put_account_and(
        &self,
        record: AccountRecord,
        rules: Option<Arc<[KeywordRule]>>,
        is_other_user: bool,
        now_ms: i64,
        further: impl Fn(&Connection) -> Result<(), Fault> + Send + 'static,
    ) -> Result<(), Error> {
        let secrets = Arc::clone(&self.secrets);
        self.write(move |db| {
            if is_other_user {
                messages::leave_undecided(db, &record.cookie_id, now_ms)?;
                orders::leave_unconfirmed(db, &record.cookie_id, now_ms)?;
            }
            let mut statement = db.prepare_cached(
                "INSERT INTO accounts (cookie_id, sealed_cookie, owner, enabled, paused, priority, device_id, sealed_proxy, sealed_token,
                     token_expires_at_ms, created_at_ms, updated_at_ms)
                 VALUES (:cookie_id, :cookie, :owner, :enabled, :paused, :priority, :device_id, :proxy, :token, :expires, :now, :now)
                 ON CONFLICT (cookie_id) DO UPDATE SET sealed_cookie = :cookie, owner = coalesce(:owner, owner), enabled = :enabled,
                     device_id = :device_id, sealed_proxy = coalesce(:proxy, sealed_proxy), sealed_token = :token, token_expires_at_ms = :expires, updated_at_ms = :now",
            )?;
            let (cookie_id, token) = (&*record.cookie_id, record.token.as_ref().map(|token| &token.text));
            statement.execute(named_params! {
                ":cookie_id": cookie_id,
                ":cookie": secrets.seal(cookie_id, Column::Cookie, &record.cookie)?,
                ":owner": record.owner,
                ":enabled": record.enabled,
                ":paused": record.paused,
                ":priority": record.priority,
                ":device_id": record.device_id,
                ":proxy": secrets.seal_some(cookie_id, Column::Proxy, record.proxy.as_ref())?,
                ":token": secrets.seal_some(cookie_id, Column::Token, token)?,
                ":expires": record.token.as_ref().map(|token| token.expires_at_ms),
                ":now": now_ms,
            })?;
            rules.as_ref().map_or(Ok(()), |rules| rules::replace(db, &record.cookie_id, rules))?;
            further(db)
        })
        .await
    }

    /// Removes the account with its rules and messages.
    pub(crate) async fn delete_account(&self, cookie_id: &str) -> Result<(), Error> {
        let cookie_id = cookie_id.to_owned();
        self.write(move |db| {
            outbox::remove_all(db, &cookie_id)?;
            db.prepare_cached("DELETE FROM accounts WHERE cookie_id = ?1")?.execute([&cookie_id])?;
            Ok(())
        })
        .await
    }

    /// Records whether the host wants the account to run.
    pub(crate) async fn set_enabled(&self, cookie_id: &str, enabled: bool, now_ms: i64) -> Result<(), Error> {
        let cookie_id = cookie_id.to_owned();
        self.write(move |db| {
            db.prepare_cached("UPDATE accounts SET enabled = ?2, updated_at_ms = ?3 WHERE cookie_id = ?1")?
                .execute((&cookie_id, enabled, now_ms))?;
            Ok(())
        })
        .await
    }

    /// Records whether the account answers.
    pub(crate) async fn set_paused(&self, cookie_id: &str, paused: bool, now_ms: i64) -> Result<(), Error> {
        let cookie_id = cookie_id.to_owned();
        self.write(move |db| {
            db.prepare_cached("UPDATE accounts SET paused = ?2, updated_at_ms = ?3 WHERE cookie_id = ?1")?
                .execute((&cookie_id, paused, now_ms))?;
            Ok(())
        })
        .await
    }

    /// Records for how long a person who writes by hand has a chat.
    pub(crate) async fn set_pause_minutes(&self, cookie_id: &str, minutes: u32, now_ms: i64) -> Result<(), Error> {
        let cookie_id = cookie_id.to_owned();
        self.write(move |db| {
            db.prepare_cached("UPDATE accounts SET pause_minutes = ?2, updated_at_ms = ?3 WHERE cookie_id = ?1")?
                .execute((&cookie_id, minutes, now_ms))?;
            Ok(())
        })
        .await
    }

    /// Records the host's remark on the account.
    pub(crate) async fn set_remark(&self, cookie_id: &str, remark: String, now_ms: i64) -> Result<(), Error> {
        let cookie_id = cookie_id.to_owned();
        self.write(move |db| {
            db.prepare_cached("UPDATE accounts SET remark = ?2, updated_at_ms = ?3 WHERE cookie_id = ?1")?
                .execute((&cookie_id, &remark, now_ms))?;
            Ok(())
        })
        .await
    }

    /// The host's remark on the account.
    pub(crate) async fn remark(&self, cookie_id: &str) -> Result<String, Error> {
        let cookie_id = cookie_id.to_owned();
        self.read(move |db| {
            let mut statement = db.prepare_cached("SELECT remark FROM accounts WHERE cookie_id = ?1")?;
            let remark = statement.query_row([&cookie_id], |row| row.get(0)).optional()?;
            remark.ok_or_else(|| Fault::Refused(Error::not_found(&cookie_id)))
        })
        .await
    }

    /// Records the account's place among those that wait to connect.
    pub(crate) async fn set_priority(&self, cookie_id: &str, priority: i32, now_ms: i64) -> Result<(), Error> {
        let cookie_id = cookie_id.to_owned();
        self.write(move |db| {
            db.prepare_cached("UPDATE accounts SET priority = ?2, updated_at_ms = ?3 WHERE cookie_id = ?1")?
                .execute((&cookie_id, priority, now_ms))?;
            Ok(())
        })
        .await
    }

    /// Records the URL of the account's proxy.
    pub(crate) async fn set_proxy(&self, cookie_id: &str, url: Option<Secret>, now_ms: i64) -> Result<(), Error> {
        let cookie_id = cookie_id.to_owned();
        let secrets = Arc::clone(&self.secrets);
        self.write(move |db| {
            let sealed = secrets.seal_some(&cookie_id, Column::Proxy, url.as_ref())?;
            db.prepare_cached("UPDATE accounts SET sealed_proxy = ?2, updated_at_ms = ?3 WHERE cookie_id = ?1")?
                .execute((&cookie_id, sealed, now_ms))?;
            Ok(())
        })
        .await
    }

    /// Records what the service has changed of the cookie, and the token. Refused once the epoch is over: by then the host may
    /// have given another cookie.
    pub(crate) async fn save_credentials(
        &self,
        fence: Fence,
        cookie: Secret,
        token: Option<AccessToken>,
        now_ms: i64,
    ) -> Result<(), Error> {
        let secrets = Arc::clone(&self.secrets);
        self.write(move |db| {
            if !fence.is_current() {
                return Err(Fault::Refused(Error::Closed));
            }
            let cookie_id = fence.cookie_id();
            let sealed_cookie = secrets.seal(cookie_id, Column::Cookie, &cookie)?;
            let sealed_token = secrets.seal_some(cookie_id, Column::Token, token.as_ref().map(|token| &token.text))?;
            db.prepare_cached(
                "UPDATE accounts SET sealed_cookie = ?2, sealed_token = ?3, token_expires_at_ms = ?4, updated_at_ms = ?5
                 WHERE cookie_id = ?1",
            )?
            .execute((
                cookie_id,
                sealed_cookie,
                sealed_token,
                token.as_ref().map(|token| token.expires_at_ms),
                now_ms,
            ))?;
            Ok(())
        })
        .await
    }
}

const COLUMNS: &str =
    "cookie_id, sealed_cookie, owner, enabled, paused, priority, device_id, sealed_proxy, sealed_token, token_expires_at_ms";

/// A column that does not open stands in the way of no other, and its row in the way of no other.
fn record(row: &Row<'_>, secrets: &Secrets) -> rusqlite::Result<AccountRecord> {
    let cookie_id: String = row.get("cookie_id")?;
    let mut unreadable = None;
    let mut open = |column: Column| -> rusqlite::Result<Option<Secret>> {
        let Some(sealed) = row.get::<_, Option<Vec<u8>>>(column.place())? else { return Ok(None) };
        let opened = secrets.unseal(&cookie_id, column, &sealed).inspect_err(|problem| {
            tracing::error!(cookie_id, column = column.name(), %problem, "what is sealed in the account's row does not open");
            unreadable.get_or_insert(column.name());
        });
        // Empty is neither a cookie nor a proxy: nothing is done with the one, and nothing comes through the other.
        Ok(Some(opened.unwrap_or_else(|_| Secret::new(""))))
    };
    let (cookie, token, proxy) = (open(Column::Cookie)?, open(Column::Token)?, open(Column::Proxy)?);
    let token = token.filter(|token| !token.expose().is_empty());
    let expires_at_ms: Option<i64> = row.get("token_expires_at_ms")?;
    Ok(AccountRecord {
        cookie: cookie.unwrap_or_else(|| Secret::new("")),
        owner: row.get("owner")?,
        enabled: row.get("enabled")?,
        paused: row.get("paused")?,
        priority: row.get("priority")?,
        device_id: row.get("device_id")?,
        proxy,
        token: token.zip(expires_at_ms).map(|(text, expires_at_ms)| AccessToken { text, expires_at_ms }),
        unreadable,
        cookie_id,
    })
}

/// Whether the account is on record.
pub(super) fn exists(db: &Connection, cookie_id: &str) -> rusqlite::Result<bool> {
    let found = db.prepare_cached("SELECT 1 FROM accounts WHERE cookie_id = ?1")?.query_row([cookie_id], |_| Ok(())).optional()?;
    Ok(found.is_some())
}
