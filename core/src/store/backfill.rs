//! What reading chats back needs of the store: which chats were active, and a place for what was missed.

use rusqlite::{Connection, OptionalExtension};

use super::Store;
use super::messages::{self, Fate, InboxRow, Recorded};
use super::writer::Fault;
use crate::error::Error;

/// Chats of an account that are looked at, the latest first, to see which were active.
const MAX_CHATS_LOOKED_AT: u32 = 500;
/// Messages of a chat that are looked at for that, the latest first.
const MAX_LOOKED_AT: u32 = 50;
/// Messages of a chat that are compared with what was read back, the latest first.
const MAX_COMPARED: u32 = 500;

/// A chat that was active, as far as is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ActiveChat {
    pub(crate) chat_id: String,
    /// The time of its newest known message.
    pub(crate) newest_at_ms: i64,
    /// What it is about, for messages that do not say it themselves.
    pub(crate) item_id: Option<String>,
    pub(crate) is_group: bool,
}

impl Store {
    /// The chats of an account with a message since then, the most recently active first, at most `limit` of them.
    pub(crate) async fn active_chats(&self, cookie_id: &str, since_ms: i64, limit: usize) -> Result<Vec<ActiveChat>, Error> {
        let cookie_id = cookie_id.to_owned();
        self.read(move |db| {
            let mut chats = active_since(db, &cookie_id, since_ms)?;
            chats.sort_by_key(|chat| std::cmp::Reverse(chat.newest_at_ms));
            chats.truncate(limit);
            Ok(chats)
        })
        .await
    }
}

/// Records what was read back of one chat, the oldest first, in the same transactions as what is pushed: so a person who wrote by
/// hand meanwhile has the chat before anything that was missed there is decided.
///
/// Left out, and counted among the duplicates: the same words of the same person at the same millisecond under another id,
/// should the service ever name a message differently when it is read back; and what was written before the account was
/// added, of which nobody knows whether it was answered.
pub(super) fn record(
    db: &Connection,
    cookie_id: &str,
    rows: &[InboxRow],
    now_ms: i64,
    recorded: &mut Recorded,
) -> Result<(), Fault> {
    let known = rows.first().map(|row| latest_of_chat(db, cookie_id, &row.chat_id)).transpose()?.unwrap_or_default();
    let known_since_ms = messages::known_since_ms(db, cookie_id)?;
    for row in rows {
        if row.created_at_ms < known_since_ms || known.iter().any(|other| is_twin(other, row)) {
            recorded.duplicates += 1;
        } else if matches!(messages::record(db, cookie_id, row, None, now_ms, recorded)?, Fate::Undecided) {
            recorded.undecided.push(row.clone());
        }
    }
    Ok(())
}

/// A message that is recorded already.
struct Known {
    message_id: String,
    sender_id: String,
    text: String,
    created_at_ms: i64,
}

fn is_twin(known: &Known, row: &InboxRow) -> bool {
    known.created_at_ms == row.created_at_ms
        && known.sender_id == row.sender_id
        && known.text == row.text
        && known.message_id != row.message_id
}

/// How much later than noted a chat may have been active.
pub(super) const ACTIVE_WITHIN_MS: i64 = 600_000;

// Without statistics SQLite would rather walk the whole account by its primary key: the index is named.
pub(super) const NOTED_SINCE: &str = "SELECT chat_id FROM active_chats INDEXED BY active_chats_by_time
     WHERE cookie_id = ?1 AND noted_at_ms >= ?2 ORDER BY noted_at_ms DESC LIMIT ?3";
pub(super) const NOTED: &str = "SELECT noted_at_ms FROM active_chats WHERE cookie_id = ?1 AND chat_id = ?2";
pub(super) const LATEST_OF_CHAT: &str = "SELECT m.message_id, m.sender_id, m.text, m.is_group, m.item_id, m.created_at_ms, m.received_at_ms
     FROM (SELECT arrival FROM messages INDEXED BY messages_of_chat WHERE cookie_id = ?1 AND chat_id = ?2 ORDER BY arrival DESC LIMIT ?3) AS latest
     CROSS JOIN messages AS m USING (arrival) ORDER BY arrival DESC";

/// Notes that a chat is active, unless that was noted shortly before.
pub(super) fn note_active(db: &Connection, cookie_id: &str, chat_id: &str, now_ms: i64) -> Result<(), Fault> {
    let noted_at_ms: Option<i64> = db.prepare_cached(NOTED)?.query_row((cookie_id, chat_id), |row| row.get(0)).optional()?;
    if noted_at_ms.is_none_or(|noted_at_ms| noted_at_ms < now_ms - ACTIVE_WITHIN_MS) {
        db.prepare_cached(
            "INSERT INTO active_chats (cookie_id, chat_id, noted_at_ms) VALUES (?1, ?2, ?3)
             ON CONFLICT (cookie_id, chat_id) DO UPDATE SET noted_at_ms = ?3",
        )?
        .execute((cookie_id, chat_id, now_ms))?;
    }
    Ok(())
}

fn active_since(db: &Connection, cookie_id: &str, since_ms: i64) -> rusqlite::Result<Vec<ActiveChat>> {
    let mut statement = db.prepare_cached(NOTED_SINCE)?;
    let mut noted = statement.query((cookie_id, since_ms - ACTIVE_WITHIN_MS, MAX_CHATS_LOOKED_AT))?;
    let mut chats = Vec::new();
    while let Some(row) = noted.next()? {
        chats.extend(active_chat(db, cookie_id, row.get_ref(0)?.as_str()?, since_ms)?);
    }
    Ok(chats)
}

/// From the latest message back, until one was recorded before that moment: nothing before it can be newer.
fn active_chat(db: &Connection, cookie_id: &str, chat_id: &str, since_ms: i64) -> rusqlite::Result<Option<ActiveChat>> {
    let mut statement = db.prepare_cached(LATEST_OF_CHAT)?;
    let mut rows = statement.query((cookie_id, chat_id, MAX_LOOKED_AT))?;
    let mut chat: Option<ActiveChat> = None;
    while let Some(row) = rows.next()? {
        let (created_at_ms, received_at_ms): (i64, i64) = (row.get("created_at_ms")?, row.get("received_at_ms")?);
        if received_at_ms < since_ms {
            break;
        }
        // One without a date is as old as its record.
        let at_ms = if created_at_ms > 0 { created_at_ms } else { received_at_ms };
        if at_ms < since_ms {
            continue;
        }
        let (item_id, is_group) = (row.get("item_id")?, row.get("is_group")?);
        match &mut chat {
            Some(chat) => {
                chat.newest_at_ms = chat.newest_at_ms.max(at_ms);
                chat.item_id = chat.item_id.take().or(item_id);
            }
            None => chat = Some(ActiveChat { chat_id: chat_id.to_owned(), newest_at_ms: at_ms, item_id, is_group }),
        }
    }
    Ok(chat)
}

fn latest_of_chat(db: &Connection, cookie_id: &str, chat_id: &str) -> rusqlite::Result<Vec<Known>> {
    let mut statement = db.prepare_cached(LATEST_OF_CHAT)?;
    let rows = statement.query_map((cookie_id, chat_id, MAX_COMPARED), |row| {
        Ok(Known {
            message_id: row.get("message_id")?,
            sender_id: row.get("sender_id")?,
            text: row.get("text")?,
            created_at_ms: row.get("created_at_ms")?,
        })
    })?;
    rows.collect()
}
