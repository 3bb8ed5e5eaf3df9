//! What a store holds, for people: read without a manager, whether or not one runs, and without anything secret.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, Row};
use serde::Serialize;

use super::chats::{PausedChat, paused_now};
use super::looking::{end_when, explain, look_into};
use super::migrations::{self, Found};
use super::trail::{self, MessageTrace};
use super::{owner, rules};
use crate::error::Error;
use crate::rule::KeywordRule;

/// Messages, and rules of an account, at most.
const MAX_LIMIT: u32 = 10_000;
/// How long the check of the whole file may take.
const CHECK_LIMIT: Duration = Duration::from_secs(30);

/// What a store holds, at one moment. Nothing of a cookie, a token or a proxy is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Inspection {
    /// The path as it was given.
    pub path: String,
    /// The number of the store's schema.
    pub schema: u32,
    /// The newest schema that this livekeeper knows; a manager brings an older store up to it.
    pub newest_schema: u32,
    /// The process that has it open, if one has.
    pub held_by: Option<u32>,
    /// When it was looked at: milliseconds since 1970 UTC.
    pub looked_at_ms: i64,
    /// How the file itself is.
    pub integrity: Integrity,
    /// Every account, in the order of the ids.
    pub accounts: Vec<InspectedAccount>,
    /// The latest messages of all accounts, the newest first, each with what was decided and sent.
    pub messages: Vec<InspectedMessage>,
    /// What could not be read, and why, in sentences.
    pub problems: Vec<String>,
}

/// Whether a store's file is sound.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Integrity {
    /// `Some(true)`: sound. `None`: the check took longer than 30 s, and was ended.
    pub is_sound: Option<bool>,
    /// What is wrong, as `SQLite` says it; at most 20.
    pub problems: Vec<String>,
}

/// One account of a store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct InspectedAccount {
    /// The account.
    pub cookie_id: String,
    /// The host's own user that it belongs to.
    pub owner: Option<String>,
    /// Whether the host wants it to run.
    pub enabled: bool,
    /// Whether the host has paused it.
    pub paused: bool,
    /// Its place among those that wait to connect.
    pub priority: i32,
    /// The host's remark.
    pub remark: String,
    /// For how many minutes a chat is left to a person.
    pub pause_minutes: u32,
    /// Whether shipments are confirmed.
    pub auto_confirm: bool,
    /// Whether it goes through a proxy.
    pub has_proxy: bool,
    /// When its token ends, if it has one: milliseconds since 1970 UTC.
    pub token_expires_at_ms: Option<i64>,
    /// When it was put on record: milliseconds since 1970 UTC.
    pub created_at_ms: i64,
    /// When its record changed last: milliseconds since 1970 UTC.
    pub updated_at_ms: i64,
    /// Messages on record.
    pub message_count: u64,
    /// Of those, the ones that wait for a decision.
    pub undecided_count: u64,
    /// When the last one was recorded: milliseconds since 1970 UTC.
    pub last_message_at_ms: Option<i64>,
    /// Rules that it has.
    pub rule_count: usize,
    /// The first of them.
    pub rules: Vec<KeywordRule>,
    /// Default replies that it has.
    pub default_reply_count: u64,
    /// The chats that are paused now.
    pub paused_chats: Vec<PausedChat>,
}

/// One message of a store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct InspectedMessage {
    /// The account that it came for.
    pub cookie_id: String,
    /// The message, and what came of it.
    pub message: MessageTrace,
}

/// Looks into a store, whether or not a manager runs on it. The file is read only, no lock is taken that anybody would wait for, and
/// nothing is made beside it, but for one thing: where a log (`-wal`) lies beside it without its index (`-shm`), as in a copy of a
/// store that was in use, `SQLite` makes the index, and it stays. Blocks while the whole file is checked, 30 s of that at most.
///
/// A store that is damaged shows what can still be read; the rest is in `problems`.
///
/// - `limit`: so many messages at most, and so many rules of each account: 0 … 10,000.
///
/// # Errors
/// [`Error::NotADatabase`], [`Error::StoreTooNew`], [`Error::StoreUnavailable`]; [`Error::Corrupt`] where not even its beginning can
/// be read; [`Error::InvalidArgument`].
pub fn inspect(path: impl AsRef<Path>, limit: u32) -> Result<Inspection, Error> {
    let path = path.as_ref();
    if limit > MAX_LIMIT {
        return Err(Error::invalid("limit", format!("is {limit}, allowed is 0 … {MAX_LIMIT}")));
    }
    look_into(path, |db| {
        let schema = schema(db, path)?;
        // From here on everything is of one moment.
        db.execute_batch("BEGIN").map_err(|problem| explain(path, &problem))?;
        let mut inspection = Inspection {
            path: path.display().to_string(),
            schema,
            newest_schema: migrations::NEWEST,
            held_by: owner::holder(path),
            looked_at_ms: now_ms(),
            integrity: Integrity { is_sound: None, problems: Vec::new() },
            accounts: Vec::new(),
            messages: Vec::new(),
            problems: Vec::new(),
        };
        inspection.read(db, limit as usize);
        inspection.integrity = check(db);
        Ok(inspection)
    })
}

fn schema(db: &Connection, path: &Path) -> Result<u32, Error> {
    match migrations::look(db).map_err(|problem| explain(path, &problem))? {
        Found::Ours(found) if found > migrations::NEWEST => {
            Err(Error::StoreTooNew { path: path.display().to_string(), found, known: migrations::NEWEST })
        }
        Found::Ours(found) => Ok(found),
        Found::Empty => {
            Err(Error::NotADatabase { path: path.display().to_string(), problem: "there is nothing in it yet".to_owned() })
        }
        Found::Foreign => {
            let problem = "it is the database of another program".to_owned();
            Err(Error::NotADatabase { path: path.display().to_string(), problem })
        }
    }
}

impl Inspection {
    /// All of it as a JSON object, its fields named as here.
    pub fn to_json(&self) -> String {
        // Values of ours are always JSON: there is no map with other keys than texts in them.
        serde_json::to_string(self).unwrap_or_default()
    }

    fn read(&mut self, db: &Connection, limit: usize) {
        match accounts(db) {
            Ok((accounts, problem)) => {
                self.accounts = accounts;
                self.problems.extend(problem.map(|problem| format!("not all accounts: {problem}")));
            }
            Err(problem) => self.problems.push(format!("the accounts: {problem}")),
        }
        self.fill("rules", |accounts| fill_rules(db, accounts, limit));
        self.fill("counts of default replies", |accounts| fill_default_replies(db, accounts));
        self.fill("paused chats", |accounts| fill_paused_chats(db, accounts));
        self.fill("counts of messages", |accounts| fill_counts(db, accounts));
        let (schema, mut messages) = (self.schema, Vec::new());
        self.fill("messages", |_| {
            latest_of_all(db, schema, u32::try_from(limit).unwrap_or(MAX_LIMIT)).map(|latest| messages = latest)
        });
        self.messages = messages;
    }

    fn fill(&mut self, what: &str, fill: impl FnOnce(&mut [InspectedAccount]) -> rusqlite::Result<()>) {
        if let Err(problem) = fill(&mut self.accounts) {
            let old = if self.schema < self.newest_schema { " (the store is of an earlier version)" } else { "" };
            self.problems.push(format!("the {what}{old}: {problem}"));
        }
    }
}

/// The accounts that can be read, and what ended the reading before its end.
fn accounts(db: &Connection) -> rusqlite::Result<(Vec<InspectedAccount>, Option<rusqlite::Error>)> {
    let columns = columns(db)?;
    let has = |name: &str| columns.contains(name);
    // Before schema 10 they were not sealed; before schema 5 there was no proxy.
    let proxy = ["sealed_proxy", "proxy"].into_iter().find(|name| has(name)).unwrap_or("NULL");
    let token = if has("sealed_token") { "sealed_token" } else { "token" };
    // Nothing secret is so much as read.
    let mut statement = db.prepare(&format!(
        "SELECT cookie_id, owner, enabled, {}, priority, remark, pause_minutes, auto_confirm, {proxy} IS NOT NULL AS has_proxy,
             iif({token} IS NULL, NULL, token_expires_at_ms) AS token_expires_at_ms, created_at_ms, updated_at_ms
         FROM accounts ORDER BY cookie_id",
        if has("paused") { "paused" } else { "0 AS paused" },
    ))?;
    let mut accounts = Vec::new();
    for account in statement.query_map([], account)? {
        match account {
            Ok(account) => accounts.push(account),
            Err(problem) => return Ok((accounts, Some(problem))),
        }
    }
    Ok((accounts, None))
}

fn columns(db: &Connection) -> rusqlite::Result<BTreeSet<String>> {
    db.prepare("SELECT name FROM pragma_table_info('accounts')")?.query_map([], |row| row.get(0))?.collect()
}

fn account(row: &Row<'_>) -> rusqlite::Result<InspectedAccount> {
    Ok(InspectedAccount {
        cookie_id: row.get("cookie_id")?,
        owner: row.get("owner")?,
        enabled: row.get("enabled")?,
        paused: row.get("paused")?,
        priority: row.get("priority")?,
        remark: row.get("remark")?,
        pause_minutes: row.get("pause_minutes")?,
        auto_confirm: row.get("auto_confirm")?,
        has_proxy: row.get("has_proxy")?,
        token_expires_at_ms: row.get("token_expires_at_ms")?,
        created_at_ms: row.get("created_at_ms")?,
        updated_at_ms: row.get("updated_at_ms")?,
        message_count: 0,
        undecided_count: 0,
        last_message_at_ms: None,
        rule_count: 0,
        rules: Vec::new(),
        default_reply_count: 0,
        paused_chats: Vec::new(),
    })
}

fn fill_rules(db: &Connection, accounts: &mut [InspectedAccount], limit: usize) -> rusqlite::Result<()> {
    accounts.iter_mut().try_for_each(|account| {
        let mut rules = rules::of_account(db, &account.cookie_id)?;
        account.rule_count = rules.len();
        rules.truncate(limit);
        account.rules = rules;
        Ok(())
    })
}

fn fill_default_replies(db: &Connection, accounts: &mut [InspectedAccount]) -> rusqlite::Result<()> {
    let mut statement = db.prepare("SELECT count(*) FROM default_replies WHERE cookie_id = ?1")?;
    accounts.iter_mut().try_for_each(|account| {
        account.default_reply_count = statement.query_row([&account.cookie_id], count)?;
        Ok(())
    })
}

fn fill_paused_chats(db: &Connection, accounts: &mut [InspectedAccount]) -> rusqlite::Result<()> {
    accounts.iter_mut().try_for_each(|account| {
        account.paused_chats = paused_now(db, &account.cookie_id, now_ms())?;
        Ok(())
    })
}

fn fill_counts(db: &Connection, accounts: &mut [InspectedAccount]) -> rusqlite::Result<()> {
    let mut of_all = BTreeMap::new();
    let mut statement = db.prepare(
        "SELECT cookie_id, count(*), count(*) FILTER (WHERE decision IS NULL), max(received_at_ms) FROM messages GROUP BY cookie_id",
    )?;
    for row in statement.query_map([], |row| {
        let undecided: i64 = row.get(2)?;
        Ok((row.get::<_, String>(0)?, (row.get::<_, i64>(1)?, undecided, row.get::<_, Option<i64>>(3)?)))
    })? {
        let (cookie_id, counts) = row?;
        of_all.insert(cookie_id, counts);
    }
    for account in accounts {
        let Some((all, undecided, last)) = of_all.remove(&account.cookie_id) else { continue };
        (account.message_count, account.undecided_count) = (all.unsigned_abs(), undecided.unsigned_abs());
        account.last_message_at_ms = last;
    }
    Ok(())
}

fn count(row: &Row<'_>) -> rusqlite::Result<u64> {
    row.get::<_, i64>(0).map(i64::unsigned_abs)
}

/// The latest messages of all accounts.
fn latest_of_all(db: &Connection, schema: u32, limit: u32) -> rusqlite::Result<Vec<InspectedMessage>> {
    let is_by_arrival = schema >= migrations::ARRIVAL_OVER_ALL;
    let mut statement = db.prepare(&format!(
        "SELECT * FROM messages ORDER BY {} DESC LIMIT ?1",
        // Before, no index tells it: all are looked at.
        if is_by_arrival { "arrival" } else { "received_at_ms" }
    ))?;
    let messages = statement.query_map([limit], |row| {
        let cookie_id: String = row.get("cookie_id")?;
        let message =
            if schema >= migrations::SENDS_OF_MESSAGE { trail::with_sends(db, row)? } else { before(db, &cookie_id, row)? };
        Ok(InspectedMessage { cookie_id, message })
    })?;
    messages.collect()
}

/// Before it, a message did not name what was sent in answer to it.
fn before(db: &Connection, cookie_id: &str, row: &Row<'_>) -> rusqlite::Result<MessageTrace> {
    let mut trace = trail::trace(row)?;
    let mut sends = db.prepare_cached("SELECT * FROM outbox WHERE cookie_id = ?1 AND message_id = ?2 ORDER BY uuid")?;
    for sent in sends.query_map((cookie_id, &trace.message_id), trail::send)? {
        trace.put(sent?);
    }
    Ok(trace)
}

fn check(db: &mut Connection) -> Integrity {
    let until = Instant::now() + CHECK_LIMIT;
    if let Err(problem) = end_when(db, move || Instant::now() >= until) {
        return Integrity { is_sound: None, problems: vec![problem.to_string()] };
    }
    let said = quick_check(db);
    // The connection is closed after this; that nothing interrupts it any more is for order's sake.
    let _ = end_when(db, || false);
    match said {
        Ok(said) if said == ["ok"] => Integrity { is_sound: Some(true), problems: Vec::new() },
        Ok(said) => Integrity { is_sound: Some(false), problems: said },
        Err(problem) if problem.sqlite_error_code() == Some(rusqlite::ErrorCode::OperationInterrupted) => {
            Integrity { is_sound: None, problems: Vec::new() }
        }
        Err(problem) => Integrity { is_sound: Some(false), problems: vec![problem.to_string()] },
    }
}

fn quick_check(db: &Connection) -> rusqlite::Result<Vec<String>> {
    db.prepare("PRAGMA quick_check(20)")?.query_map([], |row| row.get(0))?.collect()
}

fn now_ms() -> i64 {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX)
}
