//! The trail: what came, what was decided, what was sent, and how that ended.

use rusqlite::{Connection, OptionalExtension, Row};
use serde::Serialize;

use super::{Store, outbox};
use crate::decision::DecisionCode;
use crate::error::Error;
use crate::rule::Picture;
use crate::send_outcome::SendOutcome;

/// One message, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct MessageTrace {
    /// The service's id for it.
    pub message_id: String,
    /// The chat it stands in.
    pub chat_id: String,
    /// `chat` (somebody wrote), `own` (the seller did), `order` or `card_update` (the platform's cards).
    pub kind: String,
    /// Who sent it: a user id.
    pub sender_id: String,
    /// The sender's name as people see it; may be empty.
    pub sender_name: String,
    /// The text shown; may be empty.
    pub text: String,
    /// The item the chat is about.
    pub item_id: Option<String>,
    /// When it was sent, by the service's clock: milliseconds since 1970 UTC; 0 if it does not say.
    pub created_at_ms: i64,
    /// When it was recorded: milliseconds since 1970 UTC.
    pub received_at_ms: i64,
    /// What was decided; `None` while it waits, for its chat to fall quiet say.
    pub decision: Option<DecisionCode>,
    /// The rule that decided: its place in the list as it was then, from 1.
    pub rule: Option<u32>,
    /// The message that was answered in the place of this one.
    pub folded_into: Option<String>,
    /// The text that was sent in answer to it.
    pub reply: Option<SendTrace>,
    /// The picture that was sent in answer to it, after the text if there was one.
    pub picture: Option<SendTrace>,
}

/// One send, and how it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SendTrace {
    /// The text; of a picture, what the service shows in its place.
    pub text: String,
    /// The picture, where it was one.
    pub picture: Option<Picture>,
    /// How it ended; `None` while it is under way.
    pub outcome: Option<SendOutcome>,
    /// When it was put on its way: milliseconds since 1970 UTC.
    pub created_at_ms: i64,
    /// When it ended: milliseconds since 1970 UTC.
    pub closed_at_ms: Option<i64>,
}

impl Store {
    /// The account's latest messages, the newest first; of one chat where one is named.
    pub(crate) async fn messages(&self, cookie_id: &str, chat_id: Option<String>, limit: u32) -> Result<Vec<MessageTrace>, Error> {
        let cookie_id = cookie_id.to_owned();
        self.read(move |db| Ok(latest(db, &cookie_id, chat_id.as_deref(), limit)?)).await
    }
}

/// The same for whoever has a connection.
pub(super) fn latest(db: &Connection, cookie_id: &str, chat_id: Option<&str>, limit: u32) -> rusqlite::Result<Vec<MessageTrace>> {
    let mut statement;
    let rows = match chat_id {
        Some(chat_id) => {
            statement = db.prepare_cached(OF_CHAT)?;
            statement.query((cookie_id, limit, chat_id))?
        }
        None => {
            statement = db.prepare_cached(OF_ACCOUNT)?;
            statement.query((cookie_id, limit))?
        }
    };
    rows.mapped(|row| with_sends(db, row)).collect()
}

/// A message with what was sent in answer to it.
pub(super) fn with_sends(db: &Connection, row: &Row<'_>) -> rusqlite::Result<MessageTrace> {
    let mut trace = trace(row)?;
    let (cookie_id, sends) = (row.get_ref("cookie_id")?.as_str()?, row.get_ref("sends")?.as_str_or_null()?);
    for uuid in outbox::uuids(sends) {
        if let Some(sent) = db.prepare_cached(SEND)?.query_row((uuid, cookie_id), send).optional()? {
            trace.put(sent);
        }
    }
    Ok(trace)
}

impl MessageTrace {
    pub(super) fn put(&mut self, sent: SendTrace) {
        let place = if sent.picture.is_some() { &mut self.picture } else { &mut self.reply };
        *place = Some(sent);
    }
}

// What people ask for, on the reading thread. Messages stand in no index of their account by their time, which would cost each
// message a page: those of the account or the chat are read in the one index that they stand in, and the latest of them looked up.
pub(super) const OF_ACCOUNT: &str = "SELECT m.* FROM
     (SELECT arrival FROM messages INDEXED BY messages_of_chat WHERE cookie_id = ?1 ORDER BY arrival DESC LIMIT ?2) AS latest
     CROSS JOIN messages AS m USING (arrival) ORDER BY arrival DESC";
pub(super) const OF_CHAT: &str = "SELECT m.* FROM
     (SELECT arrival FROM messages INDEXED BY messages_of_chat WHERE cookie_id = ?1 AND chat_id = ?3 ORDER BY arrival DESC LIMIT ?2) AS latest
     CROSS JOIN messages AS m USING (arrival) ORDER BY arrival DESC";
pub(super) const SEND: &str = "SELECT * FROM outbox WHERE uuid = ?1 AND cookie_id = ?2";

pub(super) fn trace(row: &Row<'_>) -> rusqlite::Result<MessageTrace> {
    let decision: Option<String> = row.get("decision")?;
    Ok(MessageTrace {
        message_id: row.get("message_id")?,
        chat_id: row.get("chat_id")?,
        kind: row.get("kind")?,
        sender_id: row.get("sender_id")?,
        sender_name: row.get("sender_name")?,
        text: row.get("text")?,
        item_id: row.get("item_id")?,
        created_at_ms: row.get("created_at_ms")?,
        received_at_ms: row.get("received_at_ms")?,
        decision: decision.as_deref().and_then(DecisionCode::from_name),
        rule: row.get("rule")?,
        folded_into: row.get("folded_into")?,
        reply: None,
        picture: None,
    })
}

pub(super) fn send(row: &Row<'_>) -> rusqlite::Result<SendTrace> {
    let outcome: String = row.get("outcome")?;
    let picture_url: Option<String> = row.get("picture_url")?;
    let picture = match picture_url {
        Some(url) => Some(Picture { url, width: row.get("picture_width")?, height: row.get("picture_height")? }),
        None => None,
    };
    Ok(SendTrace {
        text: row.get("text")?,
        picture,
        outcome: match &*outcome {
            "delivered" => {
                Some(SendOutcome::Delivered { message_id: row.get::<_, Option<String>>("service_message_id")?.unwrap_or_default() })
            }
            "rejected" => Some(SendOutcome::Rejected {
                reason: row.get::<_, Option<String>>("reason")?.unwrap_or_default(),
                code: row.get::<_, Option<i64>>("code")?.unwrap_or_default(),
                more_info: row.get("more_info")?,
            }),
            "unknown" => Some(SendOutcome::Unknown),
            _ => None,
        },
        created_at_ms: row.get("created_at_ms")?,
        closed_at_ms: row.get("closed_at_ms")?,
    })
}
