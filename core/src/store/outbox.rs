//! The outbox: what is to be sent stands here before it is, and how it ended stands here afterwards.

use rusqlite::{OptionalExtension, Savepoint};

use super::messages::InboxRow;
use super::writer::Fault;
use super::{Store, chats, default_replies, trail};
use crate::account::Fence;
use crate::decision::DecisionCode;
use crate::error::Error;
use crate::rule::Picture;
use crate::send_outcome::SendOutcome;

/// How long after a send its echo is known by its text; one that names the service's id for it is known at any time.
const ECHO_BY_TEXT_MS: i64 = 600_000;

/// A decision about a message that is to be stored.
pub(crate) struct Draft {
    pub(crate) message_id: String,
    pub(crate) chat_id: String,
    /// Earlier messages of the chat that are answered with it.
    pub(crate) folded: Vec<String>,
    pub(crate) decision: DecisionCode,
    /// The place of the rule that decided, from 1.
    pub(crate) rule: Option<u32>,
    /// Whether it is not said where a default reply was said in the chat before.
    pub(crate) once_per_chat: bool,
    /// With a decision to reply, in their order.
    pub(crate) sends: Vec<NewSend>,
}

/// A send that is to be stored before it is written.
pub(crate) struct NewSend {
    pub(crate) uuid: String,
    pub(crate) chat_id: String,
    pub(crate) peer_id: String,
    pub(crate) content: Content,
}

/// How a send has ended.
#[derive(Debug, Clone)]
pub(crate) struct EndedSend {
    pub(crate) uuid: String,
    pub(crate) outcome: SendOutcome,
}

/// What is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Content {
    Text(String),
    Picture(Picture),
}

impl Content {
    /// What the service shows of it, and pushes as the text of its echo.
    fn shown(&self) -> &str {
        match self {
            Self::Text(text) => text,
            Self::Picture(_) => "[图片]",
        }
    }

    fn picture(&self) -> Option<&Picture> {
        match self {
            Self::Text(_) => None,
            Self::Picture(picture) => Some(picture),
        }
    }
}

impl Store {
    /// Stores how sends of an account have ended. These are facts, whatever has become of their session: no fence is asked.
    pub(crate) async fn close_sends(&self, cookie_id: &str, ended: Vec<EndedSend>, now_ms: i64) -> Result<(), Error> {
        let cookie_id = cookie_id.to_owned();
        let stored = self.submit(move |db| ended.iter().try_for_each(|ended| close(db, &cookie_id, ended, now_ms)));
        // It is durable in its turn; nobody waits for it.
        stored.await.map(drop)
    }

    /// Takes back a send that was surely not written. When nothing of a reply was, it is as if it had never been decided.
    pub(crate) async fn withdraw(&self, cookie_id: &str, uuid: String) -> Result<(), Error> {
        let cookie_id = cookie_id.to_owned();
        let withdrawn = self.submit(move |db| {
            let answered: Option<Option<String>> = db
                .prepare_cached(
                    "DELETE FROM outbox WHERE cookie_id = ?1 AND uuid = ?2 AND outcome = 'sending' RETURNING message_id",
                )?
                .query_row((&cookie_id, &uuid), |row| row.get(0))
                .optional()?;
            let Some(Some(message_id)) = answered else { return Ok(()) };
            let is_part_sent = db.prepare_cached(trail::SENDS_OF_MESSAGE)?.exists((&cookie_id, &message_id))?;
            if !is_part_sent {
                db.prepare_cached(UNDECIDE_FOLDED)?.execute((&cookie_id, &message_id))?;
                db.prepare_cached(UNDECIDE)?.execute((&cookie_id, &message_id))?;
            }
            Ok(())
        });
        // It is durable in its turn, before anything that the next session asks for.
        withdrawn.await.map(drop)
    }

    /// What an account is still sending is unknown: its session is over.
    pub(crate) async fn give_up_sends(&self, cookie_id: &str, now_ms: i64) -> Result<(), Error> {
        let cookie_id = cookie_id.to_owned();
        self.submit(move |db| give_up(db, &cookie_id, now_ms)).await.map(drop)
    }
}

/// Stores a decision, and the sends that follow from it. The decision that stands; `None`: it was decided before.
pub(super) fn decide(db: &Savepoint<'_>, fence: &Fence, draft: &Draft, now_ms: i64) -> Result<Option<DecisionCode>, Fault> {
    let (cookie_id, message_id) = (fence.cookie_id(), &draft.message_id);
    // Looked at once more: the host or a person may have been faster than this transaction.
    let overtaken = if draft.decision.is_about_content() { overtaken(db, fence, draft, now_ms)? } else { None };
    let decision = overtaken.unwrap_or(draft.decision);
    let mut decide = db.prepare_cached(
        "UPDATE messages SET decision = ?3, decided_at_ms = ?4, rule = ?5, folded_into = ?6
         WHERE cookie_id = ?1 AND message_id = ?2 AND decision IS NULL",
    )?;
    let rule = draft.rule.filter(|_| overtaken.is_none());
    let is_first = decide.execute((cookie_id, message_id, decision.name(), now_ms, rule, None::<&str>))? > 0;
    // Then what was to be folded into it stays undecided, and is taken up by itself.
    if !is_first {
        return Ok(None);
    }
    for folded in &draft.folded {
        decide.execute((cookie_id, folded, DecisionCode::Folded.name(), now_ms, None::<u32>, Some(message_id)))?;
    }
    for send in draft.sends.iter().filter(|_| decision.is_reply()) {
        insert(db, cookie_id, send, Some(message_id), now_ms)?;
    }
    Ok(Some(decision))
}

/// Stores how a send has ended.
pub(super) fn close(db: &Savepoint<'_>, cookie_id: &str, ended: &EndedSend, now_ms: i64) -> Result<(), Fault> {
    let (name, reason, code, more_info, service_id) = match &ended.outcome {
        SendOutcome::Delivered { message_id } => ("delivered", None, None, None, Some(message_id)),
        SendOutcome::Rejected { reason, code, more_info } => ("rejected", Some(reason), Some(*code), more_info.as_ref(), None),
        SendOutcome::Unknown => ("unknown", None, None, None, None),
    };
    db.prepare_cached(
        "UPDATE outbox SET outcome = ?3, reason = ?4, code = ?5, service_message_id = ?6, closed_at_ms = ?7, more_info = ?8
         WHERE cookie_id = ?1 AND uuid = ?2 AND outcome = 'sending'",
    )?
    .execute((cookie_id, &ended.uuid, name, reason, code, service_id, now_ms, more_info))?;
    Ok(())
}

/// What speaks against a reply now, though nothing did when it was drafted.
fn overtaken(db: &Savepoint<'_>, fence: &Fence, draft: &Draft, now_ms: i64) -> rusqlite::Result<Option<DecisionCode>> {
    let (cookie_id, chat_id) = (fence.cookie_id(), &draft.chat_id);
    if fence.cell().is_paused() {
        return Ok(Some(DecisionCode::AccountPaused));
    }
    if chats::is_paused(db, cookie_id, chat_id, now_ms)? {
        return Ok(Some(DecisionCode::ChatPaused));
    }
    let is_said = draft.once_per_chat && default_replies::was_said(db, cookie_id, chat_id)?;
    Ok(is_said.then_some(DecisionCode::DefaultSaidBefore))
}

// Without statistics SQLite would rather walk the whole account by its primary key: the index is named.
pub(super) const GIVE_UP: &str = "UPDATE outbox INDEXED BY outbox_open SET outcome = 'unknown', closed_at_ms = ?2
     WHERE cookie_id = ?1 AND outcome = 'sending'";
pub(super) const ECHO: &str = "SELECT uuid FROM outbox INDEXED BY outbox_unechoed
     WHERE cookie_id = ?1 AND chat_id = ?2 AND is_echoed = 0
         AND (service_message_id = ?3 OR (text = ?4 AND outcome <> 'rejected' AND created_at_ms >= ?5))
     ORDER BY service_message_id IS ?3 DESC, created_at_ms LIMIT 1";
pub(super) const UNDECIDE: &str = "UPDATE messages SET decision = NULL, decided_at_ms = NULL, rule = NULL, folded_into = NULL
     WHERE cookie_id = ?1 AND message_id = ?2";
pub(super) const UNDECIDE_FOLDED: &str =
    "UPDATE messages INDEXED BY messages_folded SET decision = NULL, decided_at_ms = NULL, folded_into = NULL
     WHERE cookie_id = ?1 AND folded_into = ?2";

pub(super) fn give_up(db: &Savepoint<'_>, cookie_id: &str, now_ms: i64) -> Result<(), Fault> {
    db.prepare_cached(GIVE_UP)?.execute((cookie_id, now_ms))?;
    Ok(())
}

/// Whether an own message is the echo of a send, which then has its echo.
pub(super) fn take_echo(db: &Savepoint<'_>, cookie_id: &str, own: &InboxRow, now_ms: i64) -> rusqlite::Result<bool> {
    // One that comes late was written all the same when it was.
    let written_at_ms = if own.created_at_ms > 0 { own.created_at_ms.min(now_ms) } else { now_ms };
    let uuid: Option<String> = db
        .prepare_cached(ECHO)?
        .query_row((cookie_id, &own.chat_id, &own.message_id, &own.text, written_at_ms - ECHO_BY_TEXT_MS), |row| row.get(0))
        .optional()?;
    let Some(uuid) = uuid else { return Ok(false) };
    db.prepare_cached("UPDATE outbox SET is_echoed = 1 WHERE cookie_id = ?1 AND uuid = ?2")?.execute((cookie_id, uuid))?;
    Ok(true)
}

pub(super) fn insert(db: &Savepoint<'_>, cookie_id: &str, send: &NewSend, answers: Option<&str>, now_ms: i64) -> Result<(), Fault> {
    db.prepare_cached(
        "INSERT INTO outbox (cookie_id, uuid, message_id, chat_id, peer_id, text, picture_url, picture_width, picture_height, outcome, is_echoed, created_at_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 'sending', 0, ?10)",
    )?
    .execute((
        cookie_id,
        &send.uuid,
        answers,
        &send.chat_id,
        &send.peer_id,
        send.content.shown(),
        send.content.picture().map(|picture| &picture.url),
        send.content.picture().map(|picture| picture.width),
        send.content.picture().map(|picture| picture.height),
        now_ms,
    ))?;
    Ok(())
}
