//! What callers want sent, while it waits for its pace.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::line::{LineIn, LineOut, line};
use super::outbox::MAX_UNANSWERED;
use crate::error::Error;
use crate::send_outcome::SendOutcome;
use crate::store::Content;

/// A message that a caller wants sent.
pub(super) struct SendOrder {
    pub(super) chat_id: String,
    pub(super) peer_id: String,
    pub(super) content: Content,
    pub(super) outcome: oneshot::Sender<Result<SendOutcome, Error>>,
    /// Its place among those that may wait; given back when it is on its way.
    pub(super) _place: OwnedSemaphorePermit,
}

/// The callers' end of the way to a session.
pub(super) struct Outgoing {
    orders: LineIn<Box<SendOrder>>,
    /// What bounds it: an order holds a place for as long as it waits, wherever that is. So a chat that has to wait keeps nobody
    /// from reaching the session for another one.
    places: Arc<Semaphore>,
}

/// Why an order was not taken.
pub(super) enum NotTaken {
    TooMany,
    SessionIsOver,
}

pub(super) fn channel() -> (Outgoing, LineOut<Box<SendOrder>>) {
    let (orders, receiver) = line(MAX_UNANSWERED);
    (Outgoing { orders, places: Arc::new(Semaphore::new(MAX_UNANSWERED)) }, receiver)
}

impl Outgoing {
    /// Hands an order over; its outcome comes by what is returned.
    pub(super) fn order(
        &self,
        chat_id: &str,
        peer_id: &str,
        content: Content,
    ) -> Result<oneshot::Receiver<Result<SendOutcome, Error>>, NotTaken> {
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| NotTaken::TooMany)?;
        let (outcome, receiver) = oneshot::channel();
        let order = SendOrder { chat_id: chat_id.to_owned(), peer_id: peer_id.to_owned(), content, outcome, _place: place };
        // Whoever has a place finds room: the line holds as many.
        self.orders.put(Box::new(order)).map_err(|_| NotTaken::SessionIsOver)?;
        Ok(receiver)
    }
}

/// A session's orders that wait for their pace, in the order in which they came.
#[derive(Default)]
pub(super) struct Orders(VecDeque<Box<SendOrder>>);

impl Orders {
    pub(super) fn push(&mut self, order: Box<SendOrder>) {
        self.0.push_back(order);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The first whose chat may be sent to: the orders of a chat keep their order, and one that waits holds up no other chat.
    pub(super) fn pop(&mut self, may_send: impl Fn(&str) -> bool) -> Option<Box<SendOrder>> {
        let place = self.0.iter().position(|order| may_send(&order.chat_id))?;
        self.0.remove(place)
    }

    /// When the next of them may go.
    pub(super) fn next_due(&self, next_send: impl Fn(&str) -> Option<Instant>) -> Option<Instant> {
        self.0.iter().filter_map(|order| next_send(&order.chat_id)).min()
    }

    /// All that were not sent, now that the session is over.
    pub(super) fn take_all(&mut self) -> impl Iterator<Item = Box<SendOrder>> + use<> {
        std::mem::take(&mut self.0).into_iter()
    }
}
