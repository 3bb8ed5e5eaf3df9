//! What a session has handed to the store, until it is durable: pushes are acknowledged only then, and what is to be sent is
//! written only then. One queue, as the store answers in the order in which it was asked.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::outbox::Sender;
use super::replying::within;
use super::session::Session;
use crate::error::Error;
use crate::store::{Answer, Draft, Handover, InboxRow, NewSend, Taken};
use crate::worker::Failure;

/// Pushes of one connection that wait for the store, at most. At the bound nothing more is read from the socket, and the
/// service's own flow control holds.
const MAX_UNRECORDED: usize = 64;

/// What is on its way to the store, in its order: so sends keep the order in which they were decided.
#[derive(Default)]
pub(super) struct Storing {
    undone: VecDeque<Undone>,
    /// Stands in the store, and surely was not written.
    unsent: Vec<ToSend>,
}

struct Undone {
    batch: Batch,
    taken: oneshot::Receiver<Answer>,
    /// What was handed over is let go of here, where it was made: memory that wanders from thread to thread costs the allocator more.
    _handover: Arc<Handover>,
    /// The store has so long.
    until: Instant,
}

/// What is stored together, as far as the session goes on with it afterwards.
pub(super) struct Batch {
    pub(super) came: Came,
    /// Frames that acknowledge what was pushed.
    pub(super) acks: Vec<String>,
    pub(super) drafted: Vec<Drafted>,
    /// Whether messages of buyers' may be among it about which nothing is decided.
    pub(super) leaves_undecided: bool,
    /// What callers want sent.
    pub(super) ordered: Vec<ToSend>,
}

/// How messages have come.
pub(super) enum Came {
    /// Pushed, to be acknowledged.
    Pushed,
    /// Read back from a chat's history: nobody waits for an ack.
    ReadBack,
    /// Before: only decisions about them are stored, or what callers want sent.
    Before,
}

/// A decision that is being stored.
pub(super) struct Drafted {
    pub(super) message_id: String,
    /// Earlier messages that are answered with it.
    pub(super) folded: Vec<String>,
    /// What to send if it stands, in its order.
    pub(super) sends: Vec<ToSend>,
}

/// A send whose row is on its way.
pub(super) struct ToSend {
    pub(super) row: Arc<NewSend>,
    pub(super) sender: Sender,
}

/// What is durable, or could not be stored.
pub(super) struct Stored {
    pub(super) batch: Batch,
    pub(super) taken: Result<Taken, Error>,
}

impl Batch {
    pub(super) fn of(came: Came) -> Self {
        Self { came, acks: Vec::new(), drafted: Vec::new(), leaves_undecided: false, ordered: Vec::new() }
    }

    fn sends(&self) -> impl Iterator<Item = &ToSend> {
        self.drafted.iter().flat_map(|drafted| &drafted.sends).chain(&self.ordered)
    }

    pub(super) fn into_sends(self) -> impl Iterator<Item = ToSend> {
        self.drafted.into_iter().flat_map(|drafted| drafted.sends).chain(self.ordered)
    }
}

impl Drafted {
    fn is_about(&self, message_id: &str) -> bool {
        self.message_id == message_id || self.folded.iter().any(|id| id == message_id)
    }
}

impl ToSend {
    pub(super) fn row(&self) -> Arc<NewSend> {
        Arc::clone(&self.row)
    }
}

impl Storing {
    pub(super) fn is_empty(&self) -> bool {
        self.undone.is_empty()
    }

    /// Whether another push may be taken in.
    pub(super) fn has_room(&self) -> bool {
        self.undone.iter().filter(|undone| !matches!(undone.batch.came, Came::Before)).count() < MAX_UNRECORDED
    }

    /// Decisions and sends that are not durable.
    pub(super) fn decisions(&self) -> usize {
        let of_one =
            |batch: &Batch| batch.ordered.len() + batch.drafted.iter().map(|drafted| drafted.sends.len().max(1)).sum::<usize>();
        self.undone.iter().map(|undone| of_one(&undone.batch)).sum()
    }

    /// Whether messages may come back that are to be decided: what came after them in their chats waits its turn.
    pub(super) fn leaves_undecided(&self) -> bool {
        self.undone.iter().any(|undone| undone.batch.leaves_undecided)
    }

    /// Whether a message's decision is under way.
    pub(super) fn decides(&self, message_id: &str) -> bool {
        self.undone.iter().any(|undone| undone.batch.drafted.iter().any(|drafted| drafted.is_about(message_id)))
    }

    /// When the store has taken too long over the oldest.
    pub(super) fn due(&self) -> Option<Instant> {
        self.undone.front().map(|undone| undone.until)
    }

    /// The chat of each send that is not written.
    pub(super) fn chats(&self) -> impl Iterator<Item = &str> {
        self.undone.iter().flat_map(|undone| undone.batch.sends()).map(|send| send.row.chat_id.as_str())
    }

    /// These will not be written by this session.
    pub(super) fn keep_unsent(&mut self, sends: impl IntoIterator<Item = ToSend>) {
        self.unsent.extend(sends);
    }

    /// What was not written, now that the connection is over.
    pub(super) fn take_unsent(&mut self) -> Vec<ToSend> {
        let undone = std::mem::take(&mut self.undone).into_iter().flat_map(|undone| undone.batch.into_sends());
        std::mem::take(&mut self.unsent).into_iter().chain(undone).collect()
    }

    /// Waits for the oldest to be durable; for ever when there is none. May be cancelled.
    pub(super) async fn next_stored(&mut self) -> Stored {
        let Some(oldest) = self.undone.front_mut() else { return std::future::pending().await };
        let taken = (&mut oldest.taken).await.unwrap_or(Err(Error::Closed)).and_then(|taken| taken.ok_or(Error::Closed));
        // Taken out only now: a cancelled wait has changed nothing.
        let batch = self.undone.pop_front().map_or_else(|| Batch::of(Came::Before), |undone| undone.batch);
        Stored { batch, taken }
    }
}

impl Session<'_> {
    /// Hands what belongs together to the store, and with it how sends have ended meanwhile. Waits for room there, within its limit.
    pub(super) async fn hand_over(&mut self, rows: Vec<InboxRow>, drafts: Vec<Draft>, mut batch: Batch) -> Result<(), Failure> {
        let live = Arc::clone(&self.live);
        let store = &live.service.store;
        let room = match store.try_room() {
            Some(room) => Ok(room),
            None => Box::pin(within(live.store_limit(), store.room())).await,
        };
        let room = match room {
            Ok(room) => room,
            Err(failure) => {
                let problem = Error::StoreFailed { problem: failure.detail.clone() };
                batch.into_sends().for_each(|send| send.refuse(&problem));
                return Err(failure);
            }
        };
        let (ended, acks) = self.outbox.take_ended();
        batch.acks.extend(acks);
        let is_history = matches!(batch.came, Came::ReadBack);
        let sends = batch.ordered.iter().map(ToSend::row).collect();
        let handover = Arc::new(Handover { rows, is_history, drafts, sends, ended });
        let taken = room.take(self.fence.clone(), Arc::clone(&handover), self.now_ms());
        self.storing.undone.push_back(Undone { batch, taken, _handover: handover, until: Instant::now() + live.store_limit() });
        Ok(())
    }
}

impl ToSend {
    /// A send that the store did not take was not sent: its caller hears why.
    pub(super) fn refuse(self, why: &Error) {
        if let Sender::Caller(caller) = self.sender {
            // A caller who no longer waits has let it go.
            let _ = caller.send(Err(why.clone()));
        }
    }
}
