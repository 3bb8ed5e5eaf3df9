//! Decisions on their way to the store: what is to be sent is written only after its row is durable.

use std::collections::VecDeque;

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::outbox::Sender;
use crate::decision::DecisionCode;
use crate::error::Error;
use crate::store::Content;

/// What the store answers: the decision that stands, or that there was one before.
type Answer = Result<Option<DecisionCode>, Error>;

/// The decisions of one connection that are not durable yet, in their order: so sends keep the order in which they were decided.
#[derive(Default)]
pub(super) struct Deciding {
    undone: VecDeque<Undone>,
    /// Stands in the store, and surely was not written.
    unsent: Vec<ToSend>,
}

struct Undone {
    /// The messages that are decided.
    ids: Vec<String>,
    /// What to send once it stands, in its order.
    sends: Vec<ToSend>,
    decided: oneshot::Receiver<Answer>,
    /// The store has so long.
    until: Instant,
}

/// A send whose row is on its way.
pub(super) struct ToSend {
    pub(super) uuid: String,
    pub(super) chat_id: String,
    pub(super) peer_id: String,
    pub(super) content: Content,
    pub(super) sender: Sender,
}

/// A decision that is durable.
pub(super) struct Decided {
    pub(super) sends: Vec<ToSend>,
    pub(super) stands: Answer,
}

impl Deciding {
    /// Decisions and sends that are not done.
    pub(super) fn len(&self) -> usize {
        self.undone.iter().map(|undone| undone.sends.len().max(1)).sum()
    }

    /// Whether a message's decision is under way.
    pub(super) fn knows(&self, message_id: &str) -> bool {
        self.undone.iter().any(|undone| undone.ids.iter().any(|id| id == message_id))
    }

    pub(super) fn push(&mut self, ids: Vec<String>, sends: Vec<ToSend>, decided: oneshot::Receiver<Answer>, until: Instant) {
        self.undone.push_back(Undone { ids, sends, decided, until });
    }

    /// When the store has taken too long over the oldest.
    pub(super) fn due(&self) -> Option<Instant> {
        self.undone.front().map(|undone| undone.until)
    }

    /// The chat of each send that is not written.
    pub(super) fn chats(&self) -> impl Iterator<Item = &str> {
        self.undone.iter().flat_map(|undone| &undone.sends).map(|send| send.chat_id.as_str())
    }

    /// These will not be written by this session.
    pub(super) fn keep_unsent(&mut self, sends: impl Iterator<Item = ToSend>) {
        self.unsent.extend(sends);
    }

    /// What was not written, now that the connection is over.
    pub(super) fn take_unsent(&mut self) -> Vec<ToSend> {
        let undone = std::mem::take(&mut self.undone).into_iter().flat_map(|undone| undone.sends);
        std::mem::take(&mut self.unsent).into_iter().chain(undone).collect()
    }

    /// Waits for the oldest decision to be durable; for ever when there is none. May be cancelled.
    pub(super) async fn next_decided(&mut self) -> Decided {
        let Some(oldest) = self.undone.front_mut() else { return std::future::pending().await };
        let stands = (&mut oldest.decided).await.unwrap_or(Err(Error::Closed));
        // Taken out only now: a cancelled wait has changed nothing.
        let sends = self.undone.pop_front().map_or_else(Vec::new, |undone| undone.sends);
        Decided { sends, stands }
    }
}
