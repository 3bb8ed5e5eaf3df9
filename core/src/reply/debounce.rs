//! A quiet period per chat: a buyer who writes three lines in a row is answered once, to the last of them or to all.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use crate::store::InboxRow;

/// Messages of one account that wait at the same time, at most. At the bound its session takes in no more ([`Debounce::is_full`]).
pub(crate) const MAX_WAITING: u32 = 1_000;
/// Messages that are folded into one, at most. At the bound they are answered without waiting for quiet, and the next ones together.
const MAX_FOLDED: usize = 100;

/// Of the messages that are answered together, so many bytes at most: the latest of them.
const MAX_JOINED_BYTES: usize = 20_000;

/// Messages that wait for their chat to fall quiet, and those that have waited enough.
pub(crate) struct Debounce {
    quiet: Duration,
    /// Whether the last message is given the text of those that are folded into it.
    joins: bool,
    /// By chat id.
    waiting: BTreeMap<String, Waiting>,
    ready: VecDeque<Due>,
}

struct Waiting {
    due: Due,
    at: Instant,
}

/// A message that has waited enough.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Due {
    pub(crate) message: InboxRow,
    /// Earlier messages of the chat that are answered with it, by their ids.
    pub(crate) folded: Vec<String>,
}

impl Due {
    /// With another message of the chat: the one that was written earlier is folded into the other, whichever came first.
    fn with(mut self, other: InboxRow, joins: bool) -> Self {
        let is_older = other.created_at_ms > 0 && other.created_at_ms < self.message.created_at_ms;
        let (earlier, mut last) = if is_older { (other, self.message) } else { (self.message, other) };
        if joins {
            last.text = join(&earlier.text, &last.text);
        }
        self.folded.push(earlier.message_id);
        Self { message: last, folded: self.folded }
    }
}

impl Debounce {
    pub(crate) fn new(quiet: Duration, joins: bool) -> Self {
        Self { quiet, joins, waiting: BTreeMap::new(), ready: VecDeque::new() }
    }

    /// Whether the account's session must not take in more until some are answered.
    pub(crate) fn is_full(&self) -> bool {
        self.waiting.len() + self.ready.len() >= MAX_WAITING as usize
    }

    /// Whether each message is ready by itself, as soon as it is there.
    pub(crate) fn is_without_quiet(&self) -> bool {
        self.quiet.is_zero()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.ready.is_empty()
    }

    /// Takes a buyer's message; an earlier one of the same chat that still waits is folded into it. Without a quiet period
    /// each message is ready by itself. One that waits already is not taken twice.
    pub(crate) fn push(&mut self, message: InboxRow, now: Instant) {
        if self.knows(&message) {
            return;
        }
        if self.quiet.is_zero() {
            self.ready.push_back(Due { message, folded: Vec::new() });
            return;
        }
        let due = match self.waiting.remove(&message.chat_id) {
            None => Due { message, folded: Vec::new() },
            Some(Waiting { due, .. }) if due.folded.len() >= MAX_FOLDED => {
                self.ready.push_back(due);
                Due { message, folded: Vec::new() }
            }
            Some(Waiting { due, .. }) => due.with(message, self.joins),
        };
        self.waiting.insert(due.message.chat_id.clone(), Waiting { due, at: now + self.quiet });
    }

    /// Takes a message that has waited enough and whose chat may be sent to, the one that was due first before the others.
    pub(crate) fn pop_due(&mut self, now: Instant, may_send: impl Fn(&str) -> bool) -> Option<Due> {
        if let Some(place) = self.ready.iter().position(|due| may_send(&due.message.chat_id)) {
            return self.ready.remove(place);
        }
        let due = self.waiting.iter().filter(|(chat_id, waiting)| waiting.at <= now && may_send(chat_id));
        let (chat_id, _) = due.min_by_key(|(_, waiting)| waiting.at)?;
        let chat_id = chat_id.clone();
        self.waiting.remove(&chat_id).map(|waiting| waiting.due)
    }

    /// When the next message will have waited enough; `next_send` tells when its chat may be sent to, if that is known.
    pub(crate) fn next_due(&self, next_send: impl Fn(&str) -> Option<Instant>) -> Option<Instant> {
        let ready = self.ready.iter().filter_map(|due| next_send(&due.message.chat_id));
        let waiting = self.waiting.iter().filter_map(|(chat_id, waiting)| Some(next_send(chat_id)?.max(waiting.at)));
        ready.chain(waiting).min()
    }

    /// Makes all of them ready at once: the session is being wound down.
    pub(crate) fn hasten(&mut self) {
        let mut waiting: Vec<_> = std::mem::take(&mut self.waiting).into_values().collect();
        waiting.sort_by_key(|waiting| waiting.at);
        self.ready.extend(waiting.into_iter().map(|waiting| waiting.due));
    }

    fn knows(&self, message: &InboxRow) -> bool {
        let is_it = |due: &Due| due.message.message_id == message.message_id || due.folded.contains(&message.message_id);
        self.waiting.get(&message.chat_id).is_some_and(|waiting| is_it(&waiting.due)) || self.ready.iter().any(is_it)
    }
}

/// Two texts as two lines; of what is too long, the end.
fn join(earlier: &str, later: &str) -> String {
    let joined = format!("{earlier}\n{later}");
    let mut start = joined.len().saturating_sub(MAX_JOINED_BYTES);
    while !joined.is_char_boundary(start) {
        start += 1;
    }
    joined[start..].to_owned()
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
            order: None,
        }
    }

    fn texts_due(debounce: &mut Debounce, now: Instant) -> Vec<String> {
        std::iter::from_fn(|| debounce.pop_due(now, |_| true)).map(|due| due.message.text).collect()
    }

    #[test]
    fn a_chat_is_answered_once_to_its_last_message_after_a_quiet_second() {
        let start = Instant::now();
        let mut debounce = Debounce::new(SECOND, false);
        debounce.push(message("a", "1"), start);
        debounce.push(message("a", "2"), start + SECOND / 2);
        assert_eq!(debounce.next_due(|_| Some(start)), Some(start + SECOND * 3 / 2));
        assert_eq!(texts_due(&mut debounce, start + SECOND), [""; 0]);
        assert_eq!(texts_due(&mut debounce, start + SECOND * 3 / 2), ["2"]);
        assert_eq!(debounce.next_due(|_| Some(start)), None);
    }

    #[test]
    fn earlier_messages_of_a_chat_are_folded_into_the_last_and_one_that_comes_again_is_taken_once() {
        let start = Instant::now();
        let mut debounce = Debounce::new(SECOND, false);
        for text in ["1", "2", "1", "3", "2", "3"] {
            debounce.push(message("a", text), start);
        }
        let due = debounce.pop_due(start + SECOND, |_| true).unwrap();
        assert_eq!((&*due.message.text, due.folded), ("3", vec!["a/1".to_owned(), "a/2".to_owned()]));
        assert!(debounce.is_empty());
    }

    #[test]
    fn one_that_was_written_earlier_and_comes_later_is_folded_into_the_last_that_was_written() {
        let start = Instant::now();
        let mut debounce = Debounce::new(SECOND, true);
        for (text, created_at_ms) in [("2", 20), ("1", 10), ("3", 30), ("undated", 0)] {
            debounce.push(InboxRow { created_at_ms, ..message("a", text) }, start);
            assert_eq!(debounce.next_due(|_| Some(start)), Some(start + SECOND));
        }
        let due = debounce.pop_due(start + SECOND, |_| true).unwrap();
        assert_eq!((&*due.message.message_id, &*due.message.text), ("a/undated", "1\n2\n3\nundated"));
        assert_eq!(due.folded, ["a/1", "a/2", "a/3"]);
    }

    #[test]
    fn at_the_bound_what_was_folded_is_answered_at_once_and_nothing_is_let_go_of() {
        let start = Instant::now();
        let mut debounce = Debounce::new(SECOND, false);
        for place in 0..super::MAX_FOLDED + 2 {
            debounce.push(message("a", &place.to_string()), start);
        }
        let (first, second) = (debounce.pop_due(start, |_| true).unwrap(), debounce.pop_due(start + SECOND, |_| true).unwrap());
        assert_eq!((first.folded.len(), &*first.message.text), (super::MAX_FOLDED, "100"));
        assert_eq!((second.folded.len(), &*second.message.text), (0, "101"));
    }

    #[test]
    fn chats_do_not_wait_for_each_other_and_go_in_their_order() {
        let start = Instant::now();
        let mut debounce = Debounce::new(SECOND, false);
        debounce.push(message("b", "first"), start);
        debounce.push(message("a", "second"), start + SECOND / 2);
        assert_eq!(texts_due(&mut debounce, start + SECOND), ["first"]);
        assert_eq!(texts_due(&mut debounce, start + SECOND * 2), ["second"]);
    }

    #[test]
    fn without_a_quiet_period_every_message_is_ready_by_itself() {
        let start = Instant::now();
        let mut debounce = Debounce::new(Duration::ZERO, false);
        for text in ["1", "2", "3"] {
            debounce.push(message("a", text), start);
        }
        assert_eq!(debounce.next_due(|_| Some(start)), Some(start));
        assert_eq!(texts_due(&mut debounce, start), ["1", "2", "3"]);
    }

    #[test]
    fn where_messages_are_joined_the_last_one_has_the_text_of_all_of_which_the_end_is_kept() {
        let start = Instant::now();
        let mut debounce = Debounce::new(SECOND, true);
        for text in ["在吗", "包邮吗", "在吗", "谢谢"] {
            debounce.push(message("a", text), start);
        }
        let due = debounce.pop_due(start + SECOND, |_| true).unwrap();
        assert_eq!((&*due.message.text, &*due.message.message_id), ("在吗\n包邮吗\n谢谢", "a/谢谢"));
        for text in ["啊".repeat(6_000), "哦".repeat(6_000)] {
            debounce.push(message("a", &text), start);
        }
        let long = debounce.pop_due(start + SECOND, |_| true).unwrap().message.text;
        assert!(long.len() <= super::MAX_JOINED_BYTES && long.starts_with('啊') && long.ends_with(&"哦".repeat(6_000)));
    }

    #[test]
    fn a_chat_that_may_not_be_sent_to_waits_on_and_holds_up_no_other() {
        let start = Instant::now();
        for quiet in [Duration::ZERO, SECOND] {
            let mut debounce = Debounce::new(quiet, false);
            for (chat_id, text) in [("held", "1"), ("free", "2"), ("held", "3")] {
                debounce.push(message(chat_id, text), start);
            }
            let free = debounce.pop_due(start + quiet, |chat_id| chat_id == "free").unwrap();
            assert_eq!((&*free.message.text, debounce.pop_due(start + SECOND, |chat_id| chat_id == "free")), ("2", None));
            // Not before the pace of its chat, nor before it has waited; where that is not known, something else will tell.
            assert_eq!(debounce.next_due(|_| Some(start + 3 * SECOND)), Some(start + 3 * SECOND));
            assert_eq!(debounce.next_due(|_| Some(start)), Some(start + quiet));
            assert_eq!(debounce.next_due(|_| None), None);
            let rest = texts_due(&mut debounce, start + quiet);
            assert_eq!(rest, if quiet.is_zero() { vec!["1", "3"] } else { vec!["3"] });
        }
    }

    #[test]
    fn when_hastened_all_are_ready_in_the_order_in_which_they_were_due() {
        let start = Instant::now();
        let mut debounce = Debounce::new(SECOND, false);
        debounce.push(message("b", "first"), start);
        debounce.push(message("a", "second"), start + SECOND / 2);
        debounce.hasten();
        assert_eq!(texts_due(&mut debounce, start), ["first", "second"]);
    }

    #[test]
    fn it_is_full_at_its_bound_and_loses_nothing_above_it() {
        let start = Instant::now();
        let mut debounce = Debounce::new(SECOND, false);
        for place in 0..super::MAX_WAITING as usize + 10 {
            assert_eq!(debounce.is_full(), place >= super::MAX_WAITING as usize);
            debounce.push(message(&format!("chat {place}"), "x"), start);
        }
        assert_eq!(texts_due(&mut debounce, start + SECOND).len(), super::MAX_WAITING as usize + 10);
    }
}
