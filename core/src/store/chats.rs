//! Chats that a person has taken over, or that the host has paused: nothing is answered there until it is over.

use rusqlite::{Connection, OptionalExtension};
use serde::Serialize;

use super::writer::Fault;
use super::{Store, accounts};
use crate::error::Error;

const MINUTE_MS: i64 = 60_000;

/// A chat in which nothing is answered for now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PausedChat {
    /// The chat.
    pub chat_id: String,
    /// Until when: milliseconds since 1970 UTC.
    pub paused_until_ms: i64,
}

impl Store {
    /// Pauses a chat until then, or lets it go on with a moment that has passed.
    pub(crate) async fn pause_chat(&self, cookie_id: &str, chat_id: &str, until_ms: i64) -> Result<(), Error> {
        let (cookie_id, chat_id) = (cookie_id.to_owned(), chat_id.to_owned());
        self.write(move |db| {
            if !accounts::exists(db, &cookie_id)? {
                return Err(Fault::Refused(Error::not_found(&cookie_id)));
            }
            put(db, &cookie_id, &chat_id, until_ms)
        })
        .await
    }

    /// Whether nothing is answered in the chat now.
    pub(crate) async fn is_chat_paused(&self, cookie_id: &str, chat_id: &str, now_ms: i64) -> Result<bool, Error> {
        let (cookie_id, chat_id) = (cookie_id.to_owned(), chat_id.to_owned());
        self.read(move |db| Ok(is_paused(db, &cookie_id, &chat_id, now_ms)?)).await
    }

    /// The chats that are paused now, in the order of their ids.
    pub(crate) async fn paused_chats(&self, cookie_id: &str, now_ms: i64) -> Result<Vec<PausedChat>, Error> {
        let cookie_id = cookie_id.to_owned();
        self.read(move |db| Ok(paused_now(db, &cookie_id, now_ms)?)).await
    }
}

/// The same for whoever has a connection.
pub(super) fn paused_now(db: &Connection, cookie_id: &str, now_ms: i64) -> rusqlite::Result<Vec<PausedChat>> {
    let mut statement = db.prepare_cached(
        "SELECT chat_id, paused_until_ms FROM chats WHERE cookie_id = ?1 AND paused_until_ms > ?2 ORDER BY chat_id",
    )?;
    let rows =
        statement.query_map((cookie_id, now_ms), |row| Ok(PausedChat { chat_id: row.get(0)?, paused_until_ms: row.get(1)? }))?;
    rows.collect()
}

/// A person has written in the chat at that moment: it is theirs for the account's minutes, none of them if it has none.
pub(super) fn take_over(db: &Connection, cookie_id: &str, chat_id: &str, written_at_ms: i64) -> Result<(), Fault> {
    let minutes: i64 =
        db.prepare_cached("SELECT pause_minutes FROM accounts WHERE cookie_id = ?1")?.query_row([cookie_id], |row| row.get(0))?;
    if minutes == 0 {
        return Ok(());
    }
    let until_ms = written_at_ms.saturating_add(minutes.saturating_mul(MINUTE_MS));
    db.prepare_cached(
        "INSERT INTO chats (cookie_id, chat_id, paused_until_ms) VALUES (?1, ?2, ?3)
         ON CONFLICT (cookie_id, chat_id) DO UPDATE SET paused_until_ms = max(paused_until_ms, ?3)",
    )?
    .execute((cookie_id, chat_id, until_ms))?;
    Ok(())
}

fn put(db: &Connection, cookie_id: &str, chat_id: &str, until_ms: i64) -> Result<(), Fault> {
    db.prepare_cached(
        "INSERT INTO chats (cookie_id, chat_id, paused_until_ms) VALUES (?1, ?2, ?3)
         ON CONFLICT (cookie_id, chat_id) DO UPDATE SET paused_until_ms = ?3",
    )?
    .execute((cookie_id, chat_id, until_ms))?;
    Ok(())
}

pub(super) fn is_paused(db: &Connection, cookie_id: &str, chat_id: &str, now_ms: i64) -> rusqlite::Result<bool> {
    let until_ms: Option<i64> = db
        .prepare_cached("SELECT paused_until_ms FROM chats WHERE cookie_id = ?1 AND chat_id = ?2")?
        .query_row((cookie_id, chat_id), |row| row.get(0))
        .optional()?;
    Ok(until_ms.is_some_and(|until_ms| until_ms > now_ms))
}
