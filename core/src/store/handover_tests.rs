//! What is handed over at once; and the same one thing at a time, for the other tests of the store.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::{Answer, Handover, Taken};
use crate::account::Fence;
use crate::decision::DecisionCode;
use crate::error::Error;
use crate::send_outcome::SendOutcome;
use crate::store::tests::{fence, on_both, record, row};
use crate::store::{Content, Draft, EndedSend, InboxRow, NewSend, Recorded, RowKind, Store};

const NOW_MS: i64 = 1_790_000_000_000;

async fn take_all(store: &Store, fence: Fence, handover: Handover, now_ms: i64) -> Result<oneshot::Receiver<Answer>, Error> {
    Ok(store.room().await?.take(fence, handover, now_ms))
}

impl Store {
    pub(crate) async fn record_messages(
        &self,
        fence: Fence,
        rows: Vec<InboxRow>,
        now_ms: i64,
    ) -> Result<impl Future<Output = Result<Result<Recorded, Error>, oneshot::error::RecvError>> + use<>, Error> {
        let handed = take_all(self, fence, Handover { rows, ..Handover::default() }, now_ms).await?;
        Ok(async move { handed.await.map(|answer| stands(answer).map(|taken| taken.recorded)) })
    }

    pub(crate) async fn decide(
        &self,
        fence: Fence,
        draft: Draft,
        now_ms: i64,
    ) -> Result<impl Future<Output = Result<Result<Option<DecisionCode>, Error>, oneshot::error::RecvError>> + use<>, Error> {
        let handed = take_all(self, fence, Handover { drafts: vec![draft], ..Handover::default() }, now_ms).await?;
        Ok(async move { handed.await.map(|answer| stands(answer).map(|mut taken| taken.decided.remove(0))) })
    }

    pub(crate) async fn begin_send(
        &self,
        fence: Fence,
        send: Arc<NewSend>,
        now_ms: i64,
    ) -> Result<impl Future<Output = Result<Result<Taken, Error>, oneshot::error::RecvError>> + use<>, Error> {
        let handed = take_all(self, fence, Handover { sends: vec![send], ..Handover::default() }, now_ms).await?;
        Ok(async move { handed.await.map(stands) })
    }

    pub(crate) async fn record_history(
        &self,
        fence: Fence,
        rows: Vec<InboxRow>,
        now_ms: i64,
    ) -> Result<impl Future<Output = Result<Result<Recorded, Error>, oneshot::error::RecvError>> + use<>, Error> {
        let handed = take_all(self, fence, Handover { rows, is_history: true, ..Handover::default() }, now_ms).await?;
        Ok(async move { handed.await.map(|answer| stands(answer).map(|taken| taken.recorded)) })
    }
}

fn stands(answer: Answer) -> Result<Taken, Error> {
    answer?.ok_or(Error::Closed)
}

fn reply_to(message_id: &str, uuid: &str) -> Draft {
    let send = Arc::new(NewSend {
        uuid: uuid.to_owned(),
        chat_id: "chat".to_owned(),
        peer_id: "2".to_owned(),
        content: Content::Text("在的".to_owned()),
    });
    Draft {
        message_id: message_id.to_owned(),
        chat_id: "chat".to_owned(),
        folded: Vec::new(),
        decision: DecisionCode::Reply,
        rule: Some(1),
        once_per_chat: false,
        sends: vec![send],
    }
}

async fn take(store: &Store, fence: &Fence, handover: Handover) -> Option<Taken> {
    take_all(store, fence.clone(), handover, NOW_MS).await.unwrap().await.unwrap().unwrap()
}

/// Each message, what was decided, and how its reply ended.
async fn trail(store: &Store) -> Vec<(String, Option<DecisionCode>, Option<SendOutcome>)> {
    let messages = store.messages("a", None, 10).await.unwrap();
    let told = messages.into_iter().map(|m| (m.message_id, m.decision, m.reply.and_then(|reply| reply.outcome)));
    told.collect()
}

#[tokio::test]
async fn a_message_its_decision_and_the_end_of_an_earlier_send_are_stored_together() {
    on_both("handover", async |store| {
        store.put_account(record("a"), None, false, 1).await.unwrap();
        let fence = fence("a");
        let first = Handover { rows: vec![row("m1"), row("m2")], drafts: vec![reply_to("m1", "-11")], ..Handover::default() };
        let taken = take(&store, &fence, first).await.unwrap();
        assert_eq!((taken.recorded.new, taken.decided), (2, vec![Some(DecisionCode::Reply)]));
        let undecided: Vec<_> = taken.recorded.undecided.iter().map(|row| &*row.message_id).collect();
        assert_eq!(undecided, ["m2"]);

        // It comes again, with a decision of its own; and the first reply has ended.
        let ended = vec![EndedSend { uuid: "-11".to_owned(), outcome: SendOutcome::Unknown, echo: None }];
        let again = Handover { rows: vec![row("m1")], drafts: vec![reply_to("m1", "-21")], ended, ..Handover::default() };
        let taken = take(&store, &fence, again).await.unwrap();
        assert_eq!((taken.recorded.duplicates, taken.recorded.undecided.len(), taken.decided), (1, 0, vec![None]));
        let unknown = Some(SendOutcome::Unknown);
        assert_eq!(trail(&store).await, [("m2".to_owned(), None, None), ("m1".to_owned(), Some(DecisionCode::Reply), unknown)]);
    })
    .await;
}

#[tokio::test]
async fn where_the_seller_s_own_words_come_in_the_same_push_nothing_is_answered() {
    on_both("handover-by-hand", async |store| {
        store.put_account(record("a"), None, false, 1).await.unwrap();
        let by_hand = InboxRow { kind: RowKind::Own, created_at_ms: NOW_MS, ..row("m2") };
        let push = Handover { rows: vec![row("m1"), by_hand], drafts: vec![reply_to("m1", "-11")], ..Handover::default() };
        let taken = take(&store, &fence("a"), push).await.unwrap();
        assert_eq!((taken.decided, taken.recorded.undecided.len()), (vec![Some(DecisionCode::ChatPaused)], 0));
    })
    .await;
}

#[tokio::test]
async fn an_echo_that_is_known_by_its_id_is_stored_with_the_end_of_its_send_and_takes_no_chat() {
    on_both("handover-echo", async |store| {
        store.put_account(record("a"), None, false, 1).await.unwrap();
        let fence = fence("a");
        let first = Handover { rows: vec![row("m1")], drafts: vec![reply_to("m1", "-11")], ..Handover::default() };
        take(&store, &fence, first).await.unwrap();
        let echo = InboxRow { kind: RowKind::Own, created_at_ms: NOW_MS, text: "在的".to_owned(), ..row("e1") };
        let delivered = SendOutcome::Delivered { message_id: "e1".to_owned() };
        let ended = || vec![EndedSend { uuid: "-11".to_owned(), outcome: delivered.clone(), echo: Some(echo.clone()) }];
        let second = Handover { rows: vec![row("m2")], drafts: vec![reply_to("m2", "-21")], ended: ended(), ..Handover::default() };
        let taken = take(&store, &fence, second).await.unwrap();
        assert_eq!((taken.known_echoes, taken.decided), (0, vec![Some(DecisionCode::Reply)]));
        assert_eq!(take(&store, &fence, Handover { ended: ended(), ..Handover::default() }).await.unwrap().known_echoes, 1);
        let told = [
            ("m2".to_owned(), Some(DecisionCode::Reply), None),
            ("e1".to_owned(), Some(DecisionCode::Echo), None),
            ("m1".to_owned(), Some(DecisionCode::Reply), Some(delivered.clone())),
        ];
        assert_eq!(trail(&store).await, told);
        // Pushed once more, it is known; the same words under another id are the second send's.
        let of_second = InboxRow { message_id: "e2".to_owned(), ..echo.clone() };
        let pushed = Handover { rows: vec![echo.clone(), of_second], ..Handover::default() };
        assert_eq!(take(&store, &fence, pushed).await.unwrap().recorded.duplicates, 1);
        assert_eq!(trail(&store).await[0], ("e2".to_owned(), Some(DecisionCode::Echo), None));
    })
    .await;
}

#[tokio::test]
async fn of_a_session_that_is_over_only_what_has_happened_is_stored() {
    on_both("handover-over", async |store| {
        store.put_account(record("a"), None, false, 1).await.unwrap();
        let cell = fence("a").cell().clone();
        let old = cell.next_epoch();
        let first = Handover { rows: vec![row("m1")], drafts: vec![reply_to("m1", "-11")], ..Handover::default() };
        assert!(take(&store, &old, first).await.is_some());
        let new = cell.next_epoch();
        let ended = vec![EndedSend { uuid: "-11".to_owned(), outcome: SendOutcome::Unknown, echo: None }];
        let late = Handover { rows: vec![row("m2")], drafts: vec![reply_to("m2", "-21")], ended, ..Handover::default() };
        assert!(take(&store, &old, late).await.is_none());
        let unknown = Some(SendOutcome::Unknown);
        assert_eq!(trail(&store).await, [("m1".to_owned(), Some(DecisionCode::Reply), unknown)]);
        assert!(new.is_current());
    })
    .await;
}
