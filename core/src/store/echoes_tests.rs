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

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comes {
    /// The answer to a send, stored by itself.
    Answer(usize),
    /// The same, with the echo that came shortly after.
    AnswerWithEcho(usize),
    Refusal(usize),
    /// No answer came in time.
    NoAnswer(usize),
    Echo(usize),
}

use Comes::{Answer, AnswerWithEcho, Echo, NoAnswer, Refusal};

/// A chat with so many sends of the same text, each of which the service knows by an id of its own.
struct Chat {
    store: Store,
    fence: Fence,
}

fn own(message_id: &str, written_at_ms: i64) -> InboxRow {
    InboxRow { kind: RowKind::Own, text: "在的".to_owned(), created_at_ms: written_at_ms, ..row(message_id) }
}

fn echo_of(send: usize) -> String {
    format!("echo {send}")
}

impl Chat {
    async fn with(sends: usize) -> Self {
        let store = Store::open(Path::new(":memory:")).unwrap();
        store.put_account(record("a"), None, false, NOW_MS).await.unwrap();
        let chat = Self { store, fence: fence("a") };
        let send = |send| NewSend {
            uuid: format!("-{send}"),
            chat_id: "chat".to_owned(),
            peer_id: "2".to_owned(),
            content: Content::Text("在的".to_owned()),
        };
        let sends = (0..sends).map(|number| Arc::new(send(number)));
        chat.hand_over(Handover { sends: sends.collect(), ..Handover::default() }, NOW_MS).await;
        chat
    }

    async fn hand_over(&self, handover: Handover, now_ms: i64) {
        let answer = self.store.room().await.unwrap().take(self.fence.clone(), handover, now_ms);
        answer.await.unwrap().unwrap().unwrap();
    }

    async fn comes(&self, what: Comes, at_ms: i64) {
        let delivered = |send| SendOutcome::Delivered { message_id: echo_of(send) };
        let ended = |send: usize, outcome, echo| {
            let ended = vec![EndedSend { uuid: format!("-{send}"), outcome, echo }];
            Handover { ended, ..Handover::default() }
        };
        let handover = match what {
            Answer(send) => ended(send, delivered(send), None),
            AnswerWithEcho(send) => ended(send, delivered(send), Some(own(&echo_of(send), at_ms))),
            Refusal(send) => {
                ended(send, SendOutcome::Rejected { reason: "CSI_FORBID".to_owned(), code: 403, more_info: None }, None)
            }
            NoAnswer(send) => ended(send, SendOutcome::Unknown, None),
            Echo(send) => Handover { rows: vec![own(&echo_of(send), at_ms)], ..Handover::default() },
        };
        self.hand_over(handover, at_ms).await;
    }

    /// What the messages were found to be, the oldest first.
    async fn found(&self) -> Vec<DecisionCode> {
        let messages = self.store.messages("a", None, 100).await.unwrap();
        messages.into_iter().rev().map(|message| message.decision.unwrap()).collect()
    }

    async fn open(&self) -> u32 {
        let count = "SELECT count(*) FROM outbox WHERE is_open = 1";
        self.store.write(move |db| Ok(db.query_row(count, [], |row| row.get(0))?)).await.unwrap()
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
    for order in [&of_three[..], &with_echo, &with_refusal].into_iter().flat_map(orders) {
        let chat = Chat::with(3).await;
        let echoes = order.iter().filter(|what| matches!(what, Echo(_) | AnswerWithEcho(_))).count();
        let last_answer = order.iter().rposition(is_answer).unwrap();
        for (place, what) in order.iter().enumerate() {
            // Once its id is known, an echo is known by that, however late it comes.
            chat.comes(*what, if place > last_answer { NOW_MS + 60 * MINUTE_MS } else { NOW_MS }).await;
        }
        assert_eq!((chat.found().await, chat.open().await), (vec![DecisionCode::Echo; echoes], 0), "{order:?}");
        // No send is left whose echo the seller's own words could be taken for.
        chat.comes(Echo(3), NOW_MS).await;
        assert_eq!(chat.found().await.last(), Some(&DecisionCode::ByHand), "{order:?}");
    }
}

#[tokio::test]
async fn no_echo_is_taken_for_a_person_s_words_where_one_of_the_sends_was_never_answered() {
    for unanswered in 0..2 {
        let events = [NoAnswer(unanswered), Echo(0), Answer(1 - unanswered), Echo(1)];
        for order in orders(&events) {
            let chat = Chat::with(2).await;
            for what in &order {
                chat.comes(*what, NOW_MS).await;
            }
            assert_eq!(chat.found().await, [DecisionCode::Echo; 2], "{order:?}");
        }
    }
}
