//! The outbox: what is to be sent stands here before it is, and how it ended stands here afterwards.

use std::borrow::Cow;
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension};

use super::echoes::Sending;
use super::messages::InboxRow;
use super::writer::Fault;
use super::{Store, chats, default_replies, echoes, trail};
use crate::account::Fence;
use crate::decision::DecisionCode;
use crate::error::Error;
use crate::rule::Picture;
use crate::send_outcome::SendOutcome;

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
    pub(crate) sends: Vec<Arc<NewSend>>,
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
    /// What the service has pushed of it as the seller's own message, known by its id.
    pub(crate) echo: Option<InboxRow>,
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
    /// Stores how sends of an account have ended, without their echoes. These are facts, whatever has become of their session: no fence
    /// is asked.
    pub(crate) async fn close_sends(&self, cookie_id: &str, ended: Vec<EndedSend>, now_ms: i64) -> Result<(), Error> {
        let cookie_id = cookie_id.to_owned();
        let stored = self.submit(move |db| {
            ended.iter().try_for_each(|EndedSend { uuid, outcome, .. }| close(db, &cookie_id, uuid, outcome, false, now_ms))
        });
        // It is durable in its turn; nobody waits for it.
        stored.await.map(drop)
    }

    /// Takes back a send that was surely not written. When nothing of a reply was, it is as if it had never been decided.
    pub(crate) async fn withdraw(&self, cookie_id: &str, uuid: String) -> Result<(), Error> {
        let cookie_id = cookie_id.to_owned();
        let withdrawn = self.submit(move |db| {
            let sending = Sending::of(db, &cookie_id, &uuid)?;
            let withdrawn: Option<(Option<String>, String)> =
                db.prepare_cached(WITHDRAW)?.query_row((&uuid, &cookie_id), |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
            if let Some(sending) = sending.filter(|sending| sending.is_echoed)
                && !sending.pass_on(db, &cookie_id)?
            {
                sending.take_over(db, &cookie_id)?;
            }
            let Some((Some(message_id), chat_id)) = withdrawn else { return Ok(()) };
            let message = (&cookie_id, &chat_id, &message_id);
            let sends: Option<String> = db.prepare_cached(SENDS)?.query_row(message, |row| row.get(0)).optional()?.flatten();
            let mut is_part_sent = false;
            for uuid in uuids(sends.as_deref()) {
                is_part_sent |= db.prepare_cached(trail::SEND)?.exists((uuid, &cookie_id))?;
            }
            if !is_part_sent {
                db.prepare_cached(UNDECIDE_FOLDED)?.execute(message)?;
                db.prepare_cached(UNDECIDE)?.execute(message)?;
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

/// A decision as it stands now.
pub(super) struct Standing<'a> {
    pub(super) decision: DecisionCode,
    pub(super) rule: Option<u32>,
    pub(super) sends: &'a [Arc<NewSend>],
}

impl Standing<'_> {
    /// As a message names what was sent in answer to it.
    pub(super) fn uuids(&self) -> Option<Cow<'_, str>> {
        match self.sends {
            [] => None,
            [only] => Some(Cow::Borrowed(&only.uuid)),
            several => Some(Cow::Owned(several.iter().map(|send| &*send.uuid).collect::<Vec<_>>().join(" "))),
        }
    }
}

/// What is left of a draft: the host or a person may have been faster than this transaction.
pub(super) fn standing<'a>(db: &Connection, fence: &Fence, draft: &'a Draft, now_ms: i64) -> rusqlite::Result<Standing<'a>> {
    let overtaken = if draft.decision.is_about_content() { overtaken(db, fence, draft, now_ms)? } else { None };
    let decision = overtaken.unwrap_or(draft.decision);
    let sends = if decision.is_reply() { &*draft.sends } else { &[] };
    Ok(Standing { decision, rule: draft.rule.filter(|_| overtaken.is_none()), sends })
}

/// Stores a decision about a message that is recorded, and the sends that follow from it. The decision that stands; `None`: it was
/// decided before.
pub(super) fn decide(db: &Connection, fence: &Fence, draft: &Draft, now_ms: i64) -> Result<Option<DecisionCode>, Fault> {
    let (cookie_id, chat_id, message_id) = (fence.cookie_id(), &draft.chat_id, &draft.message_id);
    let standing = standing(db, fence, draft, now_ms)?;
    let name = standing.decision.name();
    let decided = (cookie_id, chat_id, message_id, name, now_ms, standing.rule, standing.uuids());
    let decided = db.prepare_cached(DECIDE)?.execute(decided)?;
    // Then what was to be folded into it stays undecided, and is taken up by itself.
    if decided == 0 {
        return Ok(None);
    }
    for folded in &draft.folded {
        let folded = (cookie_id, chat_id, folded, DecisionCode::Folded.name(), now_ms, message_id);
        db.prepare_cached(FOLD)?.execute(folded)?;
    }
    for send in standing.sends {
        insert(db, cookie_id, send, Some(message_id), now_ms)?;
    }
    Ok(Some(standing.decision))
}

/// Stores how a send has ended, and whether its echo has come with that for the first time.
pub(super) fn close(
    db: &Connection,
    cookie_id: &str,
    uuid: &str,
    outcome: &SendOutcome,
    has_echo: bool,
    now_ms: i64,
) -> Result<(), Fault> {
    let (name, reason, code, more_info, service_id) = match outcome {
        SendOutcome::Delivered { message_id } => ("delivered", None, None, None, Some(message_id)),
        SendOutcome::Rejected { reason, code, more_info } => ("rejected", Some(reason), Some(*code), more_info.as_ref(), None),
        SendOutcome::Unknown => ("unknown", None, None, None, None),
    };
    let closed = (uuid, cookie_id, name, reason, code, service_id, now_ms, more_info);
    if has_echo && db.prepare_cached(CLOSE_ECHOED)?.execute(closed)? > 0 {
        return Ok(());
    }
    let Some(sending) = Sending::of(db, cookie_id, uuid)? else {
        return if has_echo { echoes::close(db, cookie_id, uuid) } else { Ok(()) };
    };
    db.prepare_cached(CLOSE)?.execute(closed)?;
    let is_echoed = match outcome {
        SendOutcome::Unknown => sending.is_echoed,
        SendOutcome::Delivered { message_id } => sending.settle(db, cookie_id, uuid, message_id, has_echo)?,
        SendOutcome::Rejected { .. } => {
            // It has none. (Or has one in spite of that, if a gateway was wrong: no sign of a person.)
            if sending.is_echoed {
                sending.pass_on(db, cookie_id)?;
            }
            db.prepare_cached(CLOSE_FOR_GOOD)?.execute((uuid, cookie_id))?;
            false
        }
    };
    if is_echoed { echoes::close(db, cookie_id, uuid) } else { Ok(()) }
}

/// What speaks against a reply now, though nothing did when it was drafted.
fn overtaken(db: &Connection, fence: &Fence, draft: &Draft, now_ms: i64) -> rusqlite::Result<Option<DecisionCode>> {
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
pub(super) const GIVE_UP: &str =
    "UPDATE outbox INDEXED BY outbox_open SET outcome = 'unknown', closed_at_ms = ?2, is_open = 1 - is_echoed
     WHERE cookie_id = ?1 AND is_open = 1 AND outcome = 'sending'";
pub(super) const DECIDE: &str = "UPDATE messages SET decision = ?4, decided_at_ms = ?5, rule = ?6, sends = ?7
     WHERE cookie_id = ?1 AND chat_id = ?2 AND message_id = ?3 AND decision IS NULL";
pub(super) const FOLD: &str = "UPDATE messages SET decision = ?4, decided_at_ms = ?5, folded_into = ?6
     WHERE cookie_id = ?1 AND chat_id = ?2 AND message_id = ?3 AND decision IS NULL";
// It touches no index: only what is said with the second does.
pub(super) const CLOSE: &str =
    "UPDATE outbox SET outcome = ?3, reason = ?4, code = ?5, service_message_id = ?6, closed_at_ms = ?7, more_info = ?8
     WHERE uuid = ?1 AND cookie_id = ?2";
pub(super) const CLOSE_ECHOED: &str =
    "UPDATE outbox SET outcome = ?3, reason = ?4, code = ?5, service_message_id = ?6, closed_at_ms = ?7, more_info = ?8,
         is_echoed = 1, is_open = 0
     WHERE uuid = ?1 AND cookie_id = ?2 AND outcome = 'sending' AND is_echoed = 0";
pub(super) const CLOSE_FOR_GOOD: &str = "UPDATE outbox SET is_open = 0 WHERE uuid = ?1 AND cookie_id = ?2";
pub(super) const WITHDRAW: &str =
    "DELETE FROM outbox WHERE uuid = ?1 AND cookie_id = ?2 AND outcome = 'sending' RETURNING message_id, chat_id";
pub(super) const SENDS: &str = "SELECT sends FROM messages WHERE cookie_id = ?1 AND chat_id = ?2 AND message_id = ?3";
pub(super) const UNDECIDE: &str = "UPDATE messages SET decision = NULL, decided_at_ms = NULL, rule = NULL, sends = NULL
     WHERE cookie_id = ?1 AND chat_id = ?2 AND message_id = ?3";
pub(super) const UNDECIDE_FOLDED: &str =
    "UPDATE messages INDEXED BY messages_folded SET decision = NULL, decided_at_ms = NULL, folded_into = NULL
     WHERE cookie_id = ?1 AND chat_id = ?2 AND folded_into = ?3";
const OF_MESSAGES: &str = "SELECT sends FROM messages INDEXED BY messages_of_chat WHERE cookie_id = ?1 AND sends IS NOT NULL";
const REMOVE: &str = "DELETE FROM outbox WHERE uuid = ?1 AND cookie_id = ?2";
const REMOVE_OF_HOST: &str = "DELETE FROM outbox INDEXED BY outbox_of_host WHERE cookie_id = ?1 AND message_id IS NULL";

/// What [`Standing::uuids`] has put together.
pub(super) fn uuids(sends: Option<&str>) -> impl Iterator<Item = &str> {
    sends.into_iter().flat_map(|sends| sends.split(' '))
}

/// Takes out what was sent in answer to a message.
pub(super) fn remove(db: &Connection, cookie_id: &str, sends: Option<&str>) -> rusqlite::Result<()> {
    for uuid in uuids(sends) {
        db.prepare_cached(REMOVE)?.execute((uuid, cookie_id))?;
    }
    Ok(())
}

/// Takes out what an account has sent, before its messages go.
pub(super) fn remove_all(db: &Connection, cookie_id: &str) -> rusqlite::Result<()> {
    let mut statement = db.prepare_cached(OF_MESSAGES)?;
    let mut of_messages = statement.query([cookie_id])?;
    while let Some(row) = of_messages.next()? {
        remove(db, cookie_id, Some(row.get_ref(0)?.as_str()?))?;
    }
    db.prepare_cached(REMOVE_OF_HOST)?.execute([cookie_id])?;
    Ok(())
}

pub(super) fn give_up(db: &Connection, cookie_id: &str, now_ms: i64) -> Result<(), Fault> {
    db.prepare_cached(GIVE_UP)?.execute((cookie_id, now_ms))?;
    Ok(())
}

pub(super) fn insert(db: &Connection, cookie_id: &str, send: &NewSend, answers: Option<&str>, now_ms: i64) -> Result<(), Fault> {
    db.prepare_cached(
        "INSERT INTO outbox (cookie_id, uuid, message_id, chat_id, peer_id, text, picture_url, picture_width, picture_height, outcome, is_echoed, is_open, created_at_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 'sending', 0, 1, ?10)",
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
