//! Sends under way: each is matched to the service's answer by its mid, or becomes unknown.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::oneshot;
use tokio::time::{Duration, Instant};

use super::moments::Moments;
use crate::account::AccountCell;
use crate::error::Error;
use crate::send_outcome::SendOutcome;
use crate::store::{EndedSend, InboxRow};

/// Sends that wait for their answer at the same time, at most, over one account.
pub(crate) const MAX_UNANSWERED: usize = 256;

/// How a send ended, and its echo, are stored together with whatever else is stored within this time; else by themselves, then as one
/// with those of other accounts.
const TELL_WITHIN: Duration = Duration::from_millis(100);
/// Moments in that time which all accounts have in common: so it is no less than half of it.
const MOMENTS: u32 = 2;

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
    ended: Vec<EndedSend>,
    /// What acknowledges the echoes among it.
    acks: Vec<String>,
    /// When that is told.
    tell_at: Option<Instant>,
    moments: Moments,
}

struct Unanswered {
    uuid: String,
    sender: Sender,
    until: Instant,
}

impl Outbox {
    /// `first_moment` is the same for all accounts.
    pub(super) fn new(cell: Arc<AccountCell>, answer_within: Duration, first_moment: Instant) -> Self {
        let moments = Moments::new(first_moment, TELL_WITHIN / MOMENTS);
        Self { cell, answer_within, unanswered: BTreeMap::new(), ended: Vec::new(), acks: Vec::new(), tell_at: None, moments }
    }

    pub(crate) fn len(&self) -> usize {
        self.unanswered.len()
    }

    /// Notes a send that is being written.
    pub(crate) fn sent(&mut self, mid: String, uuid: String, sender: Sender, now: Instant) {
        self.unanswered.insert(mid, Unanswered { uuid, sender, until: now + self.answer_within });
    }

    /// Closes the send with this mid; an answer to something else is none of ours.
    pub(crate) fn answered(&mut self, mid: &str, now: Instant, outcome: impl FnOnce() -> SendOutcome) {
        if let Some(send) = self.unanswered.remove(mid) {
            let outcome = outcome();
            self.ended.push(EndedSend { uuid: send.uuid.clone(), outcome: outcome.clone(), echo: None });
            self.tell_at.get_or_insert(self.moments.last_before(now + TELL_WITHIN));
            send.close(outcome, &self.cell);
        }
    }

    /// Takes the echo of a send that has ended shortly before, known by its id, to be stored with that. Another message comes back.
    pub(crate) fn take_echo(&mut self, row: InboxRow, ack: impl FnOnce() -> String) -> Option<InboxRow> {
        let is_its_own = |ended: &&mut EndedSend| {
            ended.echo.is_none() && matches!(&ended.outcome, SendOutcome::Delivered { message_id } if *message_id == row.message_id)
        };
        let Some(ended) = self.ended.iter_mut().find(is_its_own) else { return Some(row) };
        ended.echo = Some(row);
        self.acks.push(ack());
        None
    }

    /// What has ended and was not told to the store.
    pub(crate) fn ended(&self) -> &[EndedSend] {
        &self.ended
    }

    /// When it is to be told, if nothing else is stored before.
    pub(crate) fn tell_at(&self) -> Option<Instant> {
        self.tell_at
    }

    /// Takes it, and what acknowledges the echoes among it, to be told.
    pub(crate) fn take_ended(&mut self) -> (Vec<EndedSend>, Vec<String>) {
        self.tell_at = None;
        (std::mem::take(&mut self.ended), std::mem::take(&mut self.acks))
    }

    /// It is to be told now: its session is about to end.
    pub(crate) fn hasten(&mut self, now: Instant) {
        self.tell_at = self.tell_at.map(|_| now);
    }

    /// When the next send becomes unknown, or an end is to be told.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.unanswered.values().map(|send| send.until).chain(self.tell_at).min()
    }

    /// Closes the sends whose time is over.
    pub(crate) fn expire(&mut self, now: Instant) {
        while let Some(mid) = self.unanswered.iter().find(|(_, send)| send.until <= now).map(|(mid, _)| mid.clone()) {
            self.answered(&mid, now, || SendOutcome::Unknown);
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

    use super::{Outbox, Sender, TELL_WITHIN};
    use crate::account::AccountCell;
    use crate::common::Common;
    use crate::send_outcome::SendOutcome;
    use crate::store::{InboxRow, RowKind};

    const LIMIT: Duration = Duration::from_secs(10);

    #[test]
    fn each_send_ends_exactly_once_delivered_rejected_or_unknown() {
        let cell = AccountCell::new("1", Common::for_tests());
        let start = Instant::now();
        let mut outbox = Outbox::new(Arc::clone(&cell), LIMIT, start);
        let (caller, mut outcome) = oneshot::channel();
        outbox.sent("a".to_owned(), "-11".to_owned(), Sender::Caller(caller), start);
        outbox.sent("b".to_owned(), "-21".to_owned(), Sender::Pipeline, start);
        outbox.sent("c".to_owned(), "-31".to_owned(), Sender::Pipeline, start);
        outbox.sent("d".to_owned(), "-41".to_owned(), Sender::Pipeline, start + LIMIT);

        let delivered = || SendOutcome::Delivered { message_id: "m".to_owned() };
        let soon = start + TELL_WITHIN;
        outbox.answered("a", start, delivered);
        outbox.answered("a", soon, delivered);
        outbox.answered("b", soon, || SendOutcome::Rejected { reason: "CSI_FORBID".to_owned(), code: 200, more_info: None });
        outbox.answered("stranger", soon, delivered);
        assert_eq!((outbox.next_due(), outbox.tell_at()), (Some(soon), Some(soon)));
        outbox.expire(start + LIMIT);
        let ended: Vec<_> = outbox.ended().iter().map(|ended| &*ended.uuid).collect();
        assert_eq!((ended.join(" "), outbox.len()), ("-11 -21 -31".to_owned(), 1));
        let echo = |message_id: &str| InboxRow {
            message_id: message_id.to_owned(),
            chat_id: "c".to_owned(),
            kind: RowKind::Own,
            is_group: false,
            sender_id: "1".to_owned(),
            sender_name: String::new(),
            text: "在的".to_owned(),
            item_id: None,
            created_at_ms: 1,
            order: None,
        };
        assert_eq!(outbox.take_echo(echo("by hand"), String::new), Some(echo("by hand")));
        assert_eq!(outbox.take_echo(echo("m"), || "ack".to_owned()), None);
        assert_eq!(outbox.take_echo(echo("m"), String::new), Some(echo("m")), "again");
        let (ended, acks) = outbox.take_ended();
        assert_eq!((ended[0].echo.as_ref(), acks), (Some(&echo("m")), vec!["ack".to_owned()]));
        assert_eq!((outbox.ended().len(), outbox.next_due()), (0, Some(start + LIMIT * 2)));
        drop(outbox);

        assert_eq!(outcome.try_recv().unwrap(), Ok(delivered()));
        let counters = cell.status().counters;
        assert_eq!((counters.delivered, counters.replied, counters.rejected, counters.unknown), (1, 0, 1, 2));
    }

    #[test]
    fn ends_of_many_accounts_are_told_at_one_moment_and_none_later_than_it_may_be() {
        let start = Instant::now();
        let mut moments = std::collections::BTreeSet::new();
        for ms in 0..100 {
            let mut outbox = Outbox::new(AccountCell::new("1", Common::for_tests()), LIMIT, start);
            let ended_at = start + Duration::from_millis(ms);
            outbox.sent("a".to_owned(), "-11".to_owned(), Sender::Pipeline, start);
            outbox.answered("a", ended_at, || SendOutcome::Unknown);
            let wait = outbox.tell_at().unwrap() - ended_at;
            assert!(wait > TELL_WITHIN / 2 && wait <= TELL_WITHIN, "{wait:?}");
            moments.extend(outbox.tell_at());
        }
        // Those of 0 to 24 ms, and the others.
        assert_eq!(moments.len(), 2);
    }
}
