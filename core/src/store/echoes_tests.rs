//! Echoes and answers of several sends in every order in which they can come, on a store in memory.

use std::path::Path;
use std::sync::Arc;

use super::tests::{fence, record, row};
use super::{Content, EndedSend, Handover, InboxRow, NewSend, RowKind, Store};
use crate::account::Fence;
use crate::decision::DecisionCode;
use crate::send_outcome::SendOutcome;

const NOW_MS: i64 = 1_790_000_000_000;
const MINUTE_MS: i64 = 60_000;
const TEXT: &str = "在的";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comes {
    /// The answer to a send, stored by itself.
    Answer(usize),
    /// The same, with the echo that came shortly after.
    AnswerWithEcho(usize),
    Refusal(usize),
    /// No answer came in time.
    NoAnswer(usize),
    /// It was surely not written.
    Withdrawal(usize),
    Echo(usize),
    /// The echo of a send as the service has put it, in other words.
    EchoInOtherWords(usize),
    /// A person writes what the sends say.
    Person,
}

use Comes::{Answer, AnswerWithEcho, Echo, EchoInOtherWords, NoAnswer, Person, Refusal, Withdrawal};

/// A store whose chats are looked at one after another.
struct Chats {
    store: Store,
    fence: Fence,
    opened: usize,
}

impl Chats {
    async fn new() -> Self {
        let store = Store::open(Path::new(":memory:")).unwrap();
        store.put_account(record("a"), None, false, NOW_MS).await.unwrap();
        Self { store, fence: fence("a"), opened: 0 }
    }

    /// A chat with so many sends of the same text, each of which the service knows by an id of its own.
    async fn with(&mut self, sends: usize) -> Chat<'_> {
        self.opened += 1;
        let chat = Chat { id: format!("chat {}", self.opened), chats: self };
        for send in 0..sends {
            chat.sends(send, NOW_MS).await;
        }
        chat
    }
}

struct Chat<'a> {
    chats: &'a Chats,
    id: String,
}

impl Chat<'_> {
    async fn hand_over(&self, handover: Handover, now_ms: i64) {
        let answer = self.chats.store.room().await.unwrap().take(self.chats.fence.clone(), handover, now_ms);
        answer.await.unwrap().unwrap().unwrap();
    }

    fn uuid(&self, send: usize) -> String {
        format!("{} send {send}", self.id)
    }

    fn own(&self, message_id: &str, text: &str, at_ms: i64) -> InboxRow {
        let (chat_id, text) = (self.id.clone(), text.to_owned());
        InboxRow { kind: RowKind::Own, chat_id, text, created_at_ms: at_ms, ..row(message_id) }
    }

    fn echo(&self, send: usize, at_ms: i64) -> InboxRow {
        self.own(&format!("echo {send}"), TEXT, at_ms)
    }

    async fn sends(&self, send: usize, now_ms: i64) {
        let (chat_id, content) = (self.id.clone(), Content::Text(TEXT.to_owned()));
        let send = NewSend { uuid: self.uuid(send), chat_id, peer_id: "2".to_owned(), content };
        self.hand_over(Handover { sends: vec![Arc::new(send)], ..Handover::default() }, now_ms).await;
    }

    async fn comes(&self, what: Comes, at_ms: i64) {
        let delivered = |send| SendOutcome::Delivered { message_id: format!("echo {send}") };
        let ended = |send, outcome, echo| {
            let ended = vec![EndedSend { uuid: self.uuid(send), outcome, echo }];
            Handover { ended, ..Handover::default() }
        };
        let pushed = |row| Handover { rows: vec![row], ..Handover::default() };
        let handover = match what {
            Answer(send) => ended(send, delivered(send), None),
            AnswerWithEcho(send) => ended(send, delivered(send), Some(self.echo(send, at_ms))),
            Refusal(send) => {
                ended(send, SendOutcome::Rejected { reason: "CSI_FORBID".to_owned(), code: 403, more_info: None }, None)
            }
            NoAnswer(send) => ended(send, SendOutcome::Unknown, None),
            Withdrawal(send) => return self.chats.store.withdraw("a", self.uuid(send)).await.unwrap(),
            Echo(send) => pushed(self.echo(send, at_ms)),
            EchoInOtherWords(send) => pushed(self.own(&format!("echo {send}"), "在的，亲", at_ms)),
            Person => pushed(self.own("person", TEXT, at_ms)),
        };
        self.hand_over(handover, at_ms).await;
    }

    /// What the messages were found to be, the oldest first.
    async fn found(&self) -> Vec<DecisionCode> {
        let messages = self.chats.store.messages("a", Some(self.id.clone()), 100).await.unwrap();
        messages.into_iter().rev().map(|message| message.decision.unwrap()).collect()
    }

    async fn open(&self) -> u32 {
        let (count, id) = ("SELECT count(*) FROM outbox WHERE is_open = 1 AND chat_id = ?1", self.id.clone());
        self.chats.store.write(move |db| Ok(db.query_row(count, [&id], |row| row.get(0))?)).await.unwrap()
    }

    async fn is_a_person_s(&self, now_ms: i64) -> bool {
        self.chats.store.is_chat_paused("a", &self.id, now_ms).await.unwrap()
    }
}

/// All orders of these.
fn orders(of: &[Comes]) -> Vec<Vec<Comes>> {
    let Some((last, others)) = of.split_last() else { return vec![Vec::new()] };
    let mut all = Vec::new();
    for order in orders(others) {
        for place in 0..=order.len() {
            let mut order = order.clone();
            order.insert(place, *last);
            all.push(order);
        }
    }
    all
}

fn is_answer(what: &Comes) -> bool {
    !matches!(what, Echo(_))
}

#[tokio::test]
async fn each_of_several_sends_with_one_text_has_its_own_echo_in_whatever_order_echoes_and_answers_come() {
    let of_three = [Answer(0), Echo(0), Answer(1), Echo(1), Answer(2), Echo(2)];
    let with_echo = [AnswerWithEcho(0), Answer(1), Echo(1), AnswerWithEcho(2)];
    let with_refusal = [Refusal(0), Answer(1), Echo(1), Answer(2), Echo(2)];
    let pushed_twice = [Echo(0), AnswerWithEcho(0), Answer(1), Echo(1), AnswerWithEcho(2)];
    let mut chats = Chats::new().await;
    for (events, echoes) in [(&of_three[..], 3), (&with_echo, 3), (&with_refusal, 2), (&pushed_twice, 3)] {
        for order in orders(events) {
            let chat = chats.with(3).await;
            let last_answer = order.iter().rposition(is_answer).unwrap();
            for (place, what) in order.iter().enumerate() {
                // Once its id is known, an echo is known by that, however late it comes.
                chat.comes(*what, if place > last_answer { NOW_MS + 60 * MINUTE_MS } else { NOW_MS }).await;
            }
            assert_eq!((chat.found().await, chat.open().await), (vec![DecisionCode::Echo; echoes], 0), "{order:?}");
            assert!(!chat.is_a_person_s(NOW_MS).await, "{order:?}");
            // No send is left whose echo the seller's own words could be taken for.
            chat.comes(Person, NOW_MS).await;
            assert_eq!(chat.found().await.last(), Some(&DecisionCode::ByHand), "{order:?}");
        }
    }
}

#[tokio::test]
async fn no_echo_is_taken_for_a_person_s_words_where_one_of_the_sends_was_never_answered() {
    let mut chats = Chats::new().await;
    let first = [NoAnswer(0), Echo(0), Answer(1), Echo(1), AnswerWithEcho(2)];
    let second = [Answer(0), Echo(0), NoAnswer(1), Echo(1), AnswerWithEcho(2)];
    let with_refusal = [NoAnswer(0), Echo(0), Answer(1), Echo(1), Refusal(2)];
    for (events, echoes) in [(first, 3), (second, 3), (with_refusal, 2)] {
        for order in orders(&events) {
            let chat = chats.with(3).await;
            for what in &order {
                chat.comes(*what, NOW_MS).await;
            }
            assert_eq!(chat.found().await, vec![DecisionCode::Echo; echoes], "{order:?}");
            assert!(!chat.is_a_person_s(NOW_MS).await, "{order:?}");
        }
    }
}

#[tokio::test]
async fn a_chat_is_a_person_s_who_has_written_what_is_being_sent_there() {
    let mut chats = Chats::new().await;
    let answers = [&[Answer(0), Echo(0)][..], &[AnswerWithEcho(0)], &[Withdrawal(0)], &[EchoInOtherWords(0), Answer(0)]];
    for answer in answers {
        for place in 0..=answer.len() {
            let chat = chats.with(1).await;
            let mut order = answer.to_vec();
            order.insert(place, Person);
            for what in &order {
                chat.comes(*what, NOW_MS).await;
            }
            assert!(chat.is_a_person_s(NOW_MS).await, "{order:?}");
            assert_eq!(chat.open().await, 0, "{order:?}");
        }
    }
}

#[tokio::test]
async fn a_send_that_nobody_has_answered_for_hours_takes_no_echo_of_another() {
    let mut chats = Chats::new().await;
    let chat = chats.with(1).await;
    chat.comes(NoAnswer(0), NOW_MS).await;
    let later_ms = NOW_MS + 120 * MINUTE_MS;
    chat.sends(1, later_ms).await;
    for what in [Person, Answer(1), Echo(1)] {
        chat.comes(what, later_ms).await;
    }
    assert!(chat.is_a_person_s(later_ms).await);
}

#[tokio::test]
async fn a_send_whose_echo_came_in_other_words_waits_for_no_other() {
    let mut chats = Chats::new().await;
    let chat = chats.with(1).await;
    for what in [EchoInOtherWords(0), Answer(0), Person] {
        chat.comes(what, NOW_MS).await;
    }
    assert_eq!((chat.found().await, chat.open().await), (vec![DecisionCode::ByHand; 2], 0));
}
