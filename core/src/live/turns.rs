//! Whose turn it is to be sent: replies and callers' messages wait here for the pace of their chat and of their account.
//!
//! They wait before anything of them is stored, not between their row and their frame. So the transaction that decides a reply, and
//! looks once more whether a person has the chat, stays the last thing before it is written; nothing has to be taken back when
//! somebody takes the chat over meanwhile; what has become too old while it waited here is not answered (the host's function has a limit of its own); and what a session leaves behind
//! is simply undecided, for the next one. What a buyer adds meanwhile is folded into what waits, as with any quiet time.

use tokio::time::Instant;

use super::asking::Asked;
use super::orders::SendOrder;
use super::session::Session;
use crate::reply::debounce::{Due, MAX_WAITING};
use crate::store::InboxRow;
use crate::worker::Failure;

/// What is sent or decided next.
enum Turn {
    Order(Box<SendOrder>),
    Reply(Due),
    /// What the host's function said.
    Answer(Asked),
}

impl Session<'_> {
    /// Puts on its way whatever is due and may go now.
    pub(super) async fn take_turns(&mut self) -> Result<(), Failure> {
        while self.has_room_to_send() {
            match self.next_turn() {
                // Boxed, so that what they need is not kept by every session that has nothing to send.
                Some(Turn::Order(order)) => Box::pin(self.send_ordered(*order)).await?,
                Some(Turn::Reply(due)) => Box::pin(self.decide(due)).await?,
                Some(Turn::Answer(asked)) => Box::pin(self.decide_after_host(asked)).await?,
                None => break,
            }
        }
        Ok(())
    }

    fn next_turn(&mut self) -> Option<Turn> {
        let now = Instant::now().into_std();
        let pacing = self.live.pacing();
        let moment = pacing.at(now, self.storing.chats());
        let may_send = |chat_id: &str| moment.may_send(chat_id);
        // One after the other, so that neither starves the other where both want more than the pace allows.
        let early_order = if self.is_replies_turn { None } else { self.ordered.pop(may_send) };
        if early_order.is_none() {
            let answer = self.asking.pop_answered(may_send).map(Turn::Answer);
            // Of a chat in which the host is being asked, what comes later waits.
            let may_decide = |chat_id: &str| !self.asking.is_about(chat_id) && may_send(chat_id);
            if let Some(reply) = answer.or_else(|| self.waiting.pop_due(now, may_decide).map(Turn::Reply)) {
                self.is_replies_turn = false;
                return Some(reply);
            }
        }
        let order = early_order.or_else(|| self.ordered.pop(may_send))?;
        self.is_replies_turn = true;
        Some(Turn::Order(order))
    }

    /// When the next turn is due; `None` while nothing waits, or not before something that is under way is written.
    pub(super) fn next_turn_due(&self) -> Option<Instant> {
        let is_idle = self.waiting.is_empty() && self.ordered.is_empty() && self.asking.len() == 0;
        if is_idle || !self.has_room_to_send() {
            return None;
        }
        let pacing = self.live.pacing();
        let moment = pacing.at(Instant::now().into_std(), self.storing.chats());
        let next_send = |chat_id: &str| moment.next_send(chat_id);
        let next_decided = |chat_id: &str| if self.asking.is_about(chat_id) { None } else { next_send(chat_id) };
        let due = [self.asking.next_due(next_send), self.waiting.next_due(next_decided), self.ordered.next_due(next_send)];
        let due = due.into_iter().flatten().min();
        due.map(Instant::from_std)
    }

    /// Takes in what was just recorded. At the bound of what may wait here it stays in the store, and so does what comes after it,
    /// so that the order is kept: all of it is taken up when what waits here is done. The connection is read all the while.
    pub(super) fn take_in_or_leave(&mut self, undecided: Vec<InboxRow>) {
        if undecided.is_empty() {
            return;
        }
        self.has_more_to_take_up |= self.waiting.is_full() || self.asking.len() >= MAX_WAITING as usize;
        if !self.has_more_to_take_up {
            self.take_in(undecided);
        }
    }
}
