//! What a session hands over at once, for one transaction: what came, what was decided about it, what is to be sent, and how
//! earlier sends have ended. What happens together costs one transaction, and is there as a whole or not at all.

use std::sync::Arc;

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::messages::{self, Fate, InboxRow, Recorded, RowKind};
use super::outbox::{self, Draft, EndedSend, NewSend};
use super::writer::{self, Fault};
use super::{Store, backfill};
use crate::account::Fence;
use crate::decision::DecisionCode;
use crate::error::Error;

/// What a session hands over at once.
#[derive(Default)]
pub(crate) struct Handover {
    /// Messages that have come, in their order.
    pub(crate) rows: Vec<InboxRow>,
    /// Whether they were read back from a chat's history, the oldest first.
    pub(crate) is_history: bool,
    /// Decisions, about these messages or earlier ones.
    pub(crate) drafts: Vec<Draft>,
    /// Sends of the host's.
    pub(crate) sends: Vec<Arc<NewSend>>,
    /// How sends have ended. These are facts, whatever has become of the session: no fence is asked for them.
    pub(crate) ended: Vec<EndedSend>,
}

/// What became of it. The answer comes when all of it is durable.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    pub(crate) recorded: Recorded,
    /// Echoes of ended sends that were recorded before.
    pub(crate) known_echoes: usize,
    /// Of each draft, the decision that stands. A message that was decided before keeps that decision (`None`), and a chat that a
    /// person has meanwhile is left alone: then nothing is to be sent.
    pub(crate) decided: Vec<Option<DecisionCode>>,
}

/// `None`: whoever handed it over is no longer the account's session.
pub(crate) type Answer = Result<Option<Taken>, Error>;

impl Store {
    /// Room for a handover, if there is.
    pub(crate) fn try_room(&self) -> Option<Room<'_>> {
        self.writer.try_room().map(Room)
    }

    /// Waits until there is room for a handover.
    pub(crate) async fn room(&self) -> Result<Room<'_>, Error> {
        self.writer.room().await.map(Room)
    }
}

/// Room for one of them.
pub(crate) struct Room<'a>(writer::Room<'a>);

impl Room<'_> {
    /// Hands over, together with whatever other accounts hand over at the same time.
    ///
    /// The seller's own messages are told apart in the same transaction: an echo of what was sent is one of the outbox; anything
    /// else was written by hand, and its chat is a person's from now on. So they are looked at before anything is decided.
    pub(crate) fn take(self, fence: Fence, handover: impl Into<Arc<Handover>>, now_ms: i64) -> oneshot::Receiver<Answer> {
        let handover = handover.into();
        self.0.submit(move |db| take(db, &fence, &handover, now_ms))
    }
}

fn take(db: &Connection, fence: &Fence, handover: &Handover, now_ms: i64) -> Result<Option<Taken>, Fault> {
    let (cookie_id, is_current) = (fence.cookie_id(), fence.is_current());
    let mut taken = Taken { decided: vec![None; handover.drafts.len()], ..Taken::default() };
    // First, so that their echoes are known by the service's ids. An echo itself is for the account's session only to record.
    for EndedSend { uuid, outcome, echo } in &handover.ended {
        let echo = echo.as_ref().filter(|_| is_current);
        let is_new = echo.map(|echo| messages::record_echo(db, cookie_id, echo, now_ms)).transpose()?;
        taken.known_echoes += usize::from(is_new == Some(false));
        outbox::close(db, cookie_id, uuid, outcome, is_new == Some(true), now_ms)?;
    }
    if !is_current {
        return Ok(None);
    }
    if handover.is_history {
        backfill::record(db, cookie_id, &handover.rows, now_ms, &mut taken.recorded)?;
    } else {
        record(db, fence, handover, now_ms, &mut taken)?;
    }
    for send in &handover.sends {
        outbox::insert(db, cookie_id, send, None, now_ms)?;
    }
    for (draft, decided) in handover.drafts.iter().zip(&mut taken.decided) {
        if decided.is_none() {
            *decided = outbox::decide(db, fence, draft, now_ms)?;
        }
    }
    Ok(Some(taken))
}

/// Records what came. Where the seller's own words are not among it, what is decided about a message is written with its row;
/// else they are looked at first.
fn record(db: &Connection, fence: &Fence, handover: &Handover, now_ms: i64, taken: &mut Taken) -> Result<(), Fault> {
    let has_own = handover.rows.iter().any(|row| row.kind == RowKind::Own);
    for row in &handover.rows {
        let place = handover.drafts.iter().position(|draft| (&draft.chat_id, &draft.message_id) == (&row.chat_id, &row.message_id));
        let draft = place.filter(|_| !has_own).map(|place| &handover.drafts[place]);
        let standing = draft.map(|draft| outbox::standing(db, fence, draft, now_ms)).transpose()?;
        let fate = messages::record(db, fence.cookie_id(), row, standing.as_ref(), now_ms, &mut taken.recorded)?;
        match (fate, place) {
            (Fate::Undecided, None) => taken.recorded.undecided.push(row.clone()),
            (Fate::Decided(decision), Some(place)) => taken.decided[place] = Some(decision),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
#[path = "handover_tests.rs"]
mod tests;
