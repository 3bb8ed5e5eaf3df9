//! The echo of a send: the service pushes what was sent as the seller's own message, before its answer or after it.
//!
//! Before the answer an echo is known by its text only, and of several sends with one text it may be any one's: it is noted of the
//! first. The answer names the service's id; where that tells otherwise, two sends change places.

use rusqlite::{Connection, OptionalExtension, Row};

use super::chats;
use super::messages::InboxRow;
use super::writer::Fault;
use crate::decision::DecisionCode;

/// How long after a send its echo is known by its text, and two sends may have each other's; one that names the service's id for it
/// is known as long as it is waited for. There is no bound the other way: with a clock that is ahead, echoes seem to be written
/// before their sends.
const ECHO_BY_TEXT_MS: i64 = 600_000;
/// How long an echo is waited for: then it is as if it had come, so that sends without one do not pile up.
pub(super) const ECHO_WITHIN_MS: i64 = 86_400_000;

// Without statistics SQLite would rather walk the whole account by its primary key: the index is named.
pub(super) const GIVE_UP_ECHOES: &str = "UPDATE outbox INDEXED BY outbox_open SET is_open = 0
     WHERE cookie_id = ?1 AND is_open = 1 AND outcome <> 'sending' AND created_at_ms < ?2";
pub(super) const UNECHOED: &str = "SELECT uuid, outcome, service_message_id, text, created_at_ms FROM outbox INDEXED BY outbox_open
     WHERE cookie_id = ?1 AND chat_id = ?2 AND is_open = 1 AND is_echoed = 0";
pub(super) const SENDING: &str =
    "SELECT is_echoed, chat_id, text, created_at_ms FROM outbox WHERE uuid = ?1 AND cookie_id = ?2 AND outcome = 'sending'";
pub(super) const RECORDED: &str = "SELECT decision FROM messages WHERE cookie_id = ?1 AND chat_id = ?2 AND message_id = ?3";
// What is being sent has its answer to come; of others nobody will ever know the id.
pub(super) const WITH_TEXT: &str = "SELECT uuid, outcome FROM outbox INDEXED BY outbox_open
     WHERE cookie_id = ?1 AND chat_id = ?2 AND is_open = 1 AND is_echoed = ?3 AND text = ?4 AND created_at_ms >= ?5
         AND (service_message_id IS NULL OR EXISTS (SELECT 1 FROM messages
             WHERE cookie_id = ?1 AND chat_id = ?2 AND message_id = outbox.service_message_id))
     ORDER BY outcome <> 'sending', service_message_id IS NOT NULL, uuid LIMIT 1";
pub(super) const NOT_ECHOED: &str = "UPDATE outbox SET is_echoed = 0 WHERE uuid = ?1 AND cookie_id = ?2";
pub(super) const ECHOED: &str = "UPDATE outbox SET is_echoed = 1 WHERE uuid = ?1 AND cookie_id = ?2";
pub(super) const ECHOED_FOR_GOOD: &str = "UPDATE outbox SET is_echoed = 1, is_open = 0 WHERE uuid = ?1 AND cookie_id = ?2";

/// Echoes that have not come in their time are no longer waited for.
pub(super) fn give_up_echoes(db: &Connection, cookie_id: &str, now_ms: i64) -> Result<(), Fault> {
    db.prepare_cached(GIVE_UP_ECHOES)?.execute((cookie_id, now_ms - ECHO_WITHIN_MS))?;
    Ok(())
}

/// A send whose echo was found.
pub(super) struct Unechoed {
    uuid: String,
    is_sending: bool,
}

/// Where the echo of a send stands when its answer has come.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum OwnEcho {
    /// It has not come.
    Awaited,
    /// It was taken for an echo by its text, if not of this send.
    KnownByText,
    /// It came before its answer with another text than was sent, and was not taken for an echo.
    NotKnown,
    /// It has come with the answer.
    WithAnswer,
}

impl OwnEcho {
    /// Of a send that the service knows by this id.
    fn find(db: &Connection, cookie_id: &str, chat_id: &str, service_id: &str) -> rusqlite::Result<Self> {
        let mut statement = db.prepare_cached(RECORDED)?;
        let mut rows = statement.query((cookie_id, chat_id, service_id))?;
        let Some(row) = rows.next()? else { return Ok(Self::Awaited) };
        let is_echo = row.get_ref(0)?.as_str_or_null()? == Some(DecisionCode::Echo.name());
        Ok(if is_echo { Self::KnownByText } else { Self::NotKnown })
    }
}

/// A send whose answer is still to come.
pub(super) struct Sending {
    /// Whether an echo was noted of it: by its text, so it may be another's.
    pub(super) is_echoed: bool,
    chat_id: String,
    text: String,
    created_at_ms: i64,
}

impl Sending {
    pub(super) fn of(db: &Connection, cookie_id: &str, uuid: &str) -> rusqlite::Result<Option<Self>> {
        let read = |row: &Row<'_>| {
            Ok(Self { is_echoed: row.get(0)?, chat_id: row.get(1)?, text: row.get(2)?, created_at_ms: row.get(3)? })
        };
        db.prepare_cached(SENDING)?.query_row((uuid, cookie_id), read).optional()
    }

    /// Whether its own echo has come, now that it is delivered under the service's id.
    pub(super) fn settle(
        &self,
        db: &Connection,
        cookie_id: &str,
        uuid: &str,
        service_id: &str,
        is_with_answer: bool,
    ) -> Result<bool, Fault> {
        let own = if is_with_answer { OwnEcho::WithAnswer } else { OwnEcho::find(db, cookie_id, &self.chat_id, service_id)? };
        match (own, self.is_echoed) {
            (OwnEcho::Awaited, false) => Ok(false),
            (OwnEcho::Awaited, true) => {
                let is_passed_on = self.pass_on(db, cookie_id)?;
                if is_passed_on {
                    db.prepare_cached(NOT_ECHOED)?.execute((uuid, cookie_id))?;
                }
                Ok(!is_passed_on)
            }
            (OwnEcho::KnownByText, true) | (OwnEcho::NotKnown | OwnEcho::WithAnswer, false) => Ok(true),
            (OwnEcho::KnownByText, false) => {
                let Some(other) = self.other_with_text(db, cookie_id, true)? else { return Ok(false) };
                db.prepare_cached(NOT_ECHOED)?.execute((&other.uuid, cookie_id))?;
                Ok(true)
            }
            (OwnEcho::NotKnown | OwnEcho::WithAnswer, true) => {
                if !self.pass_on(db, cookie_id)? {
                    self.take_over(db, cookie_id)?;
                }
                Ok(true)
            }
        }
    }

    /// What was noted of it is none of its own: it is that of another send, if there is one for it.
    pub(super) fn pass_on(&self, db: &Connection, cookie_id: &str) -> Result<bool, Fault> {
        let other = self.other_with_text(db, cookie_id, false)?;
        other.as_ref().map_or(Ok(()), |other| take_echo(db, cookie_id, other))?;
        Ok(other.is_some())
    }

    /// A person has written the same.
    pub(super) fn take_over(&self, db: &Connection, cookie_id: &str) -> Result<(), Fault> {
        chats::take_over(db, cookie_id, &self.chat_id, self.created_at_ms)
    }

    /// Another send with its text: one of which the service's id is not known, or of which the echo is noted of a third.
    fn other_with_text(&self, db: &Connection, cookie_id: &str, is_echoed: bool) -> rusqlite::Result<Option<Unechoed>> {
        let read = |row: &Row<'_>| Ok(Unechoed { uuid: row.get(0)?, is_sending: row.get_ref(1)?.as_str()? == "sending" });
        let not_before_ms = self.created_at_ms - ECHO_BY_TEXT_MS;
        let like_it = (cookie_id, &self.chat_id, is_echoed, &self.text, not_before_ms);
        db.prepare_cached(WITH_TEXT)?.query_row(like_it, read).optional()
    }
}

/// The send of which an own message is the echo: that which the service knows by this message's id; else the first with its text,
/// one that is known by another id only where there is no other.
pub(super) fn find_echoed(
    db: &Connection,
    cookie_id: &str,
    own: &InboxRow,
    written_at_ms: i64,
) -> rusqlite::Result<Option<Unechoed>> {
    let mut statement = db.prepare_cached(UNECHOED)?;
    // In the order of their uuids, which is that of their times.
    let mut rows = statement.query((cookie_id, &own.chat_id))?;
    let (mut by_text, mut is_without_id) = (None, false);
    while let Some(row) = rows.next()? {
        let (outcome, service_id) = (row.get_ref(1)?.as_str()?, row.get_ref(2)?.as_str_or_null()?);
        let is_by_id = service_id == Some(&own.message_id);
        let is_better = by_text.is_none() || (service_id.is_none() && !is_without_id);
        let is_by_text = || -> rusqlite::Result<bool> {
            let is_same = outcome != "rejected" && row.get_ref(3)?.as_str()? == own.text;
            Ok(is_same && row.get::<_, i64>(4)? >= written_at_ms - ECHO_BY_TEXT_MS)
        };
        if is_by_id || (is_better && is_by_text()?) {
            let found = Unechoed { uuid: row.get(0)?, is_sending: outcome == "sending" };
            if is_by_id {
                return Ok(Some(found));
            }
            (by_text, is_without_id) = (Some(found), service_id.is_none());
        }
    }
    Ok(by_text)
}

/// It has its echo, and with that whatever was to come of it, unless its answer is still to come.
pub(super) fn take_echo(db: &Connection, cookie_id: &str, send: &Unechoed) -> Result<(), Fault> {
    if !send.is_sending {
        return close(db, cookie_id, &send.uuid);
    }
    db.prepare_cached(ECHOED)?.execute((&send.uuid, cookie_id))?;
    Ok(())
}

/// A send that has ended has its echo, too.
pub(super) fn close(db: &Connection, cookie_id: &str, uuid: &str) -> Result<(), Fault> {
    db.prepare_cached(ECHOED_FOR_GOOD)?.execute((uuid, cookie_id))?;
    Ok(())
}
