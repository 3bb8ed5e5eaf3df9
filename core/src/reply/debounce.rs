//! A quiet period per chat: a buyer who writes three lines in a row is answered once, to the last of them.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::store::InboxRow;

/// Chats of one account that wait at the same time, at most. At the bound the one that has waited longest is let go at once.
const MAX_WAITING: usize = 1_000;

/// Messages that wait for their chat to fall quiet.
pub(crate) struct Debounce {
    quiet: Duration,
    /// By chat id.
    waiting: BTreeMap<String, Waiting>,
}

struct Waiting {
    message: InboxRow,
    due: Instant,
}

impl Debounce {
    pub(crate) fn new(quiet: Duration) -> Self {
        Self { quiet, waiting: BTreeMap::new() }
    }

    /// Takes a buyer's message; an earlier one of the same chat that still waits is folded into it.
    pub(crate) fn push(&mut self, message: InboxRow, now: Instant) {
        if self.waiting.len() >= MAX_WAITING && !self.waiting.contains_key(&message.chat_id) {
            self.hasten_oldest(now);
        }
        let due = now + self.quiet;
        self.waiting.insert(message.chat_id.clone(), Waiting { message, due });
    }

    /// Takes a message that has waited enough, oldest first.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<InboxRow> {
        let (chat_id, _) = self.waiting.iter().filter(|(_, waiting)| waiting.due <= now).min_by_key(|(_, waiting)| waiting.due)?;
        let chat_id = chat_id.clone();
        self.waiting.remove(&chat_id).map(|waiting| waiting.message)
    }

    /// When the next message will have waited enough.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.waiting.values().map(|waiting| waiting.due).min()
    }

    /// Makes all of them due at once: the session is being wound down.
    pub(crate) fn hasten(&mut self, now: Instant) {
        self.waiting.values_mut().for_each(|waiting| waiting.due = now);
    }

    fn hasten_oldest(&mut self, now: Instant) {
        if let Some(oldest) = self.waiting.values_mut().min_by_key(|waiting| waiting.due) {
            oldest.due = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::Debounce;
    use crate::store::{InboxRow, RowKind};

    const SECOND: Duration = Duration::from_secs(1);

    fn message(chat_id: &str, text: &str) -> InboxRow {
        InboxRow {
            message_id: format!("{chat_id}/{text}"),
            chat_id: chat_id.to_owned(),
            kind: RowKind::Chat,
            is_group: false,
            sender_id: "2".to_owned(),
            sender_name: "Ann".to_owned(),
            text: text.to_owned(),
            item_id: None,
            created_at_ms: 0,
        }
    }

    fn texts_due(debounce: &mut Debounce, now: Instant) -> Vec<String> {
        std::iter::from_fn(|| debounce.pop_due(now)).map(|message| message.text).collect()
    }

    #[test]
    fn a_chat_is_answered_once_to_its_last_message_after_a_quiet_second() {
        let start = Instant::now();
        let mut debounce = Debounce::new(SECOND);
        debounce.push(message("a", "1"), start);
        debounce.push(message("a", "2"), start + SECOND / 2);
        assert_eq!(debounce.next_due(), Some(start + SECOND * 3 / 2));
        assert_eq!(texts_due(&mut debounce, start + SECOND), [""; 0]);
        assert_eq!(texts_due(&mut debounce, start + SECOND * 3 / 2), ["2"]);
        assert_eq!(debounce.next_due(), None);
    }

    #[test]
    fn chats_do_not_wait_for_each_other_and_go_in_their_order() {
        let start = Instant::now();
        let mut debounce = Debounce::new(SECOND);
        debounce.push(message("b", "first"), start);
        debounce.push(message("a", "second"), start + SECOND / 2);
        assert_eq!(texts_due(&mut debounce, start + SECOND), ["first"]);
        assert_eq!(texts_due(&mut debounce, start + SECOND * 2), ["second"]);
    }

    #[test]
    fn no_quiet_period_means_at_once() {
        let start = Instant::now();
        let mut debounce = Debounce::new(Duration::ZERO);
        debounce.push(message("a", "1"), start);
        assert_eq!(texts_due(&mut debounce, start), ["1"]);
    }

    #[test]
    fn at_the_bound_the_oldest_is_let_go_and_none_is_lost() {
        let start = Instant::now();
        let mut debounce = Debounce::new(SECOND);
        for place in 0..=super::MAX_WAITING {
            debounce.push(message(&format!("chat {place}"), "x"), start + Duration::from_micros(place as u64));
        }
        assert_eq!(texts_due(&mut debounce, start + SECOND / 2).len(), 1);
        assert_eq!(texts_due(&mut debounce, start + SECOND * 2).len(), super::MAX_WAITING);
    }
}
