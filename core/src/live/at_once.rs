//! Decisions that need no waiting: where a push is recorded, what is decided about its messages is stored in the same transaction,
//! and ack and reply are written together.
//!
//! This is the way of a message without a quiet time, while nothing of its account waits for anything: neither for its pace, nor
//! for the host's function, nor for a chat to be read back, nor to be recorded. Anything else takes the long way, through [`super::turns`].

use tokio::time::Instant;

use super::session::Session;
use super::storing::Drafted;
use crate::decision::DecisionCode;
use crate::reply::pipeline::{Decision, Next};
use crate::store::{Draft, InboxRow, RowKind};

/// Messages of one push that are decided so, at most: what comes in bulk was written a while ago, and waits its turn.
const MAX_AT_ONCE: usize = 8;

impl Session<'_> {
    /// What is decided about the messages of a push, all of those that can be answered or none. A decision stands only if its
    /// message turns out to be undecided, and no person to have the chat.
    pub(super) fn decide_at_once(&self, rows: &[InboxRow]) -> (Vec<Draft>, Vec<Drafted>) {
        if !self.waits_for_nothing() || rows.len() > MAX_AT_ONCE {
            return Default::default();
        }
        let answers = self.answers();
        let (mut drafts, mut drafted) = (Vec::new(), Vec::new());
        for message in rows.iter().filter(|row| row.kind == RowKind::Chat) {
            if !self.may_send_after(&drafted, &message.chat_id) {
                return Default::default();
            }
            match answers.decide(message) {
                // The store knows those by itself.
                Next::Decided(Decision::Silence { why: DecisionCode::Platform, .. }) => {}
                Next::Decided(decision) => {
                    let (draft, its_sends) = self.draft(message, Vec::new(), decision);
                    drafts.push(draft);
                    drafted.push(its_sends);
                }
                Next::Ask(_) => return Default::default(),
            }
        }
        (drafts, drafted)
    }

    fn waits_for_nothing(&self) -> bool {
        self.waiting.is_without_quiet()
            && self.waiting.is_empty()
            && self.asking.len() == 0
            && self.ordered.is_empty()
            && self.backfill.is_done()
            && !self.has_more_to_take_up
            && !self.storing.leaves_undecided()
    }

    fn may_send_after(&self, drafted: &[Drafted], chat_id: &str) -> bool {
        let before = drafted.iter().flat_map(|drafted| &drafted.sends).map(|send| send.row.chat_id.as_str());
        let pacing = self.live.pacing();
        let moment = pacing.at(Instant::now().into_std(), self.storing.chats().chain(before));
        self.has_room_to_send() && moment.may_send(chat_id)
    }
}
