//! Sends under way: each is matched to the service's answer by its mid, or becomes unknown.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use tokio::sync::oneshot;
use tokio::time::{Duration, Instant};

use crate::account::AccountCell;
use crate::error::Error;
use crate::send_outcome::SendOutcome;

/// Sends that wait for their answer at the same time, at most, over one account.
pub(crate) const MAX_UNANSWERED: usize = 256;

/// Who waits for the outcome.
pub(crate) enum Sender {
    /// A reply of the pipeline: its outcome is counted.
    Pipeline,
    /// A caller of `send_text` or `send_image`, who also gets it.
    Caller(oneshot::Sender<Result<SendOutcome, Error>>),
}

/// The sends of one connection that are not answered yet.
pub(crate) struct Outbox {
    cell: Arc<AccountCell>,
    answer_within: Duration,
    /// By mid.
    unanswered: BTreeMap<String, Unanswered>,
    /// Ended, and not yet told to the store.
    closed: VecDeque<Closed>,
}

struct Unanswered {
    uuid: String,
    sender: Sender,
    until: Instant,
}

/// How a send ended.
pub(crate) struct Closed {
    pub(crate) uuid: String,
    pub(crate) outcome: SendOutcome,
}

impl Outbox {
    pub(crate) fn new(cell: Arc<AccountCell>, answer_within: Duration) -> Self {
        Self { cell, answer_within, unanswered: BTreeMap::new(), closed: VecDeque::new() }
    }

    pub(crate) fn len(&self) -> usize {
        self.unanswered.len()
    }

    /// Notes a send that is being written.
    pub(crate) fn sent(&mut self, mid: String, uuid: String, sender: Sender, now: Instant) {
        self.unanswered.insert(mid, Unanswered { uuid, sender, until: now + self.answer_within });
    }

    /// Closes the send with this mid; an answer to something else is none of ours.
    pub(crate) fn answered(&mut self, mid: &str, outcome: impl FnOnce() -> SendOutcome) {
        if let Some(send) = self.unanswered.remove(mid) {
            let outcome = outcome();
            self.closed.push_back(Closed { uuid: send.uuid.clone(), outcome: outcome.clone() });
            send.close(outcome, &self.cell);
        }
    }

    /// What has ended and was not told yet: the first of it.
    pub(crate) fn next_closed(&self) -> Option<&Closed> {
        self.closed.front()
    }

    /// The first of it is told.
    pub(crate) fn closed_is_told(&mut self) {
        self.closed.pop_front();
    }

    /// When the next send becomes unknown.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.unanswered.values().map(|send| send.until).min()
    }

    /// Closes the sends whose time is over.
    pub(crate) fn expire(&mut self, now: Instant) {
        while let Some(mid) = self.unanswered.iter().find(|(_, send)| send.until <= now).map(|(mid, _)| mid.clone()) {
            self.answered(&mid, || SendOutcome::Unknown);
        }
    }
}

/// With the connection, however it ended, the answers are gone: what was sent is unknown.
impl Drop for Outbox {
    fn drop(&mut self) {
        for send in std::mem::take(&mut self.unanswered).into_values() {
            send.close(SendOutcome::Unknown, &self.cell);
        }
    }
}

impl Unanswered {
    fn close(self, outcome: SendOutcome, cell: &AccountCell) {
        let counters = &cell.counters;
        let is_reply = matches!(self.sender, Sender::Pipeline);
        match &outcome {
            SendOutcome::Delivered { .. } => {
                counters.delivered.add(1);
                counters.replied.add(u64::from(is_reply));
            }
            SendOutcome::Rejected { reason, code, more_info } => {
                counters.rejected.add(1);
                tracing::warn!(cookie_id = cell.cookie_id(), %reason, code, more_info, "the service refused a message");
            }
            SendOutcome::Unknown => counters.unknown.add(1),
        }
        if let Sender::Caller(caller) = self.sender {
            // A caller who no longer waits has let it go.
            let _ = caller.send(Ok(outcome));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::sync::oneshot;
    use tokio::time::{Duration, Instant};

    use super::{Outbox, Sender};
    use crate::account::AccountCell;
    use crate::common::Common;
    use crate::send_outcome::SendOutcome;

    const LIMIT: Duration = Duration::from_secs(10);

    #[test]
    fn each_send_ends_exactly_once_delivered_rejected_or_unknown() {
        let cell = AccountCell::new("1", Common::for_tests());
        let start = Instant::now();
        let mut outbox = Outbox::new(Arc::clone(&cell), LIMIT);
        let (caller, mut outcome) = oneshot::channel();
        outbox.sent("a".to_owned(), "-11".to_owned(), Sender::Caller(caller), start);
        outbox.sent("b".to_owned(), "-21".to_owned(), Sender::Pipeline, start);
        outbox.sent("c".to_owned(), "-31".to_owned(), Sender::Pipeline, start);
        outbox.sent("d".to_owned(), "-41".to_owned(), Sender::Pipeline, start + LIMIT);

        let delivered = || SendOutcome::Delivered { message_id: "m".to_owned() };
        outbox.answered("a", delivered);
        outbox.answered("a", delivered);
        outbox.answered("b", || SendOutcome::Rejected { reason: "CSI_FORBID".to_owned(), code: 200, more_info: None });
        outbox.answered("stranger", delivered);
        assert_eq!(outbox.next_due(), Some(start + LIMIT));
        outbox.expire(start + LIMIT);
        let mut closed = Vec::new();
        while let Some(next) = outbox.next_closed() {
            closed.push(next.uuid.clone());
            outbox.closed_is_told();
        }
        assert_eq!((closed.join(" "), outbox.len()), ("-11 -21 -31".to_owned(), 1));
        drop(outbox);

        assert_eq!(outcome.try_recv().unwrap(), Ok(delivered()));
        let counters = cell.status().counters;
        assert_eq!((counters.delivered, counters.replied, counters.rejected, counters.unknown), (1, 0, 1, 2));
    }
}
