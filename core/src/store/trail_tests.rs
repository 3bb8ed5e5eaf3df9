//! The inbox, the outbox and the chats, on a file and in memory: what is decided once, sent once, and left to a person.

use std::sync::Arc;

use super::tests::{fence, on_both, record, row};
use super::{Content, Draft, EndedSend, InboxRow, NewSend, RowKind, Store};
use crate::account::Fence;
use crate::decision::DecisionCode;
use crate::error::Error;
use crate::reply_content::DefaultReply;
use crate::rule::Picture;
use crate::send_outcome::SendOutcome;

const MINUTE_MS: i64 = 60_000;
/// When the tests begin.
const NOW_MS: i64 = 1_790_000_000_000;

fn said(message_id: &str, kind: RowKind, text: &str) -> InboxRow {
    InboxRow { kind, text: text.to_owned(), created_at_ms: NOW_MS, ..row(message_id) }
}

fn send(uuid: &str, text: &str) -> Arc<NewSend> {
    let content = Content::Text(text.to_owned());
    Arc::new(NewSend { uuid: uuid.to_owned(), chat_id: "chat".to_owned(), peer_id: "2".to_owned(), content })
}

async fn put(store: &Store, fence: &Fence, rows: Vec<InboxRow>, now_ms: i64) -> Vec<InboxRow> {
    store.record_messages(fence.clone(), rows, now_ms).await.unwrap().await.unwrap().unwrap().undecided
}

fn draft(message: &InboxRow, decision: DecisionCode, sends: Vec<Arc<NewSend>>) -> Draft {
    Draft {
        message_id: message.message_id.clone(),
        chat_id: message.chat_id.clone(),
        folded: Vec::new(),
        decision,
        rule: None,
        once_per_chat: false,
        sends,
    }
}

async fn reply(store: &Store, fence: &Fence, message: InboxRow, uuid: &str, now_ms: i64) -> Result<Option<DecisionCode>, Error> {
    let sends = vec![send(uuid, "在的")];
    let draft = Draft { rule: Some(1), ..draft(&message, DecisionCode::Reply, sends) };
    store.decide(fence.clone(), draft, now_ms).await?.await.unwrap()
}

async fn close(store: &Store, uuid: &str, outcome: SendOutcome, now_ms: i64) -> Result<(), Error> {
    store.close_sends("a", vec![EndedSend { uuid: uuid.to_owned(), outcome, echo: None }], now_ms).await
}

async fn decisions(store: &Store) -> Vec<(String, Option<DecisionCode>)> {
    let messages = store.messages("a", None, 100).await.unwrap();
    messages.into_iter().map(|message| (message.message_id, message.decision)).collect()
}

async fn begun(store: Store) -> (Store, Fence) {
    store.put_account(record("a"), None, false, NOW_MS).await.unwrap();
    (store, fence("a"))
}

#[tokio::test]
async fn a_message_is_decided_once_whoever_asks_and_what_was_sent_stands_in_its_trail() {
    on_both("decide", async |store| {
        let (store, fence) = begun(store).await;
        let message = said("m1", RowKind::Chat, "在吗");
        put(&store, &fence, vec![message.clone()], NOW_MS).await;
        assert_eq!(reply(&store, &fence, message.clone(), "-11", NOW_MS + 1).await, Ok(Some(DecisionCode::Reply)));
        assert_eq!(reply(&store, &fence, message.clone(), "-21", NOW_MS + 2).await, Ok(None));
        // It comes again: it is known, and nothing waits.
        assert_eq!(put(&store, &fence, vec![message], NOW_MS + 3).await, []);
        let delivered = SendOutcome::Delivered { message_id: "s1".to_owned() };
        close(&store, "-11", delivered.clone(), NOW_MS + 4).await.unwrap();
        store.give_up_sends("a", NOW_MS + 5).await.unwrap();
        store.set_enabled("a", true, NOW_MS + 6).await.unwrap();
        let trace = store.messages("a", Some("chat".to_owned()), 10).await.unwrap().remove(0);
        assert_eq!((trace.decision, trace.rule), (Some(DecisionCode::Reply), Some(1)));
        let sent = trace.reply.unwrap();
        assert_eq!((&*sent.text, sent.outcome, sent.closed_at_ms), ("在的", Some(delivered), Some(NOW_MS + 4)));
        assert_eq!(store.messages("a", Some("another".to_owned()), 10).await.unwrap(), []);
    })
    .await;
}

#[tokio::test]
async fn messages_stand_in_the_order_in_which_they_came_also_those_of_one_push() {
    on_both("order", async |store| {
        let (store, fence) = begun(store).await;
        let says = |ids: &[&str]| ids.iter().map(|id| said(id, RowKind::Chat, "在吗")).collect::<Vec<_>>();
        put(&store, &fence, says(&["z", "a", "m"]), NOW_MS).await;
        // The clock was set back meanwhile.
        put(&store, &fence, says(&["b", "a", "y"]), NOW_MS - MINUTE_MS).await;
        let newest_first: Vec<_> = decisions(&store).await.into_iter().map(|(id, _)| id).collect();
        assert_eq!(newest_first, ["y", "b", "m", "a", "z"]);
        let taken_up = store.take_up(fence, 0, NOW_MS, 100).await.unwrap();
        assert_eq!(taken_up.iter().map(|row| &*row.message_id).collect::<Vec<_>>(), ["z", "a", "m", "b", "y"]);
    })
    .await;
}

#[tokio::test]
async fn a_session_that_begins_takes_up_what_waits_and_gives_up_what_was_under_way() {
    on_both("take-up", async |store| {
        let (store, fence) = begun(store).await;
        let old = InboxRow { created_at_ms: NOW_MS - 6 * MINUTE_MS, ..said("old", RowKind::Chat, "在吗") };
        // One without a date is as old as its record.
        let dateless = InboxRow { created_at_ms: 0, ..said("dateless", RowKind::Chat, "在吗") };
        let (new, sent) = (said("new", RowKind::Chat, "在吗"), said("sent", RowKind::Chat, "在吗"));
        put(&store, &fence, vec![old, dateless.clone(), new.clone(), sent.clone()], NOW_MS).await;
        reply(&store, &fence, sent, "-17900000000011", NOW_MS).await.unwrap();
        let taken_up = store.begin_session(fence, NOW_MS - 5 * MINUTE_MS, NOW_MS, NOW_MS + 1, 100).await.unwrap();
        let mut ids: Vec<_> = taken_up.undecided.iter().map(|row| row.message_id.as_str()).collect();
        ids.sort_unstable();
        assert_eq!(ids, ["dateless", "new"]);
        assert!(taken_up.undecided.contains(&new) && taken_up.undecided.contains(&dateless));
        assert_eq!(taken_up.last_uuid.as_deref(), Some("-17900000000011"));
        let messages = store.messages("a", None, 100).await.unwrap();
        let outcome = |id: &str| messages.iter().find(|message| message.message_id == id).unwrap().clone();
        assert_eq!(outcome("old").decision, Some(DecisionCode::Stale));
        assert_eq!(outcome("sent").reply.unwrap().outcome, Some(SendOutcome::Unknown));
    })
    .await;
}

#[tokio::test]
async fn an_echo_is_known_by_its_outbox_row_and_anything_else_of_the_seller_s_is_a_person_who_takes_the_chat() {
    on_both("echo", async |store| {
        let (store, fence) = begun(store).await;
        let ask = |id: &str| said(id, RowKind::Chat, "在吗");
        put(&store, &fence, vec![ask("m1"), ask("m2")], NOW_MS).await;
        reply(&store, &fence, ask("m1"), "-11", NOW_MS).await.unwrap();
        // By its text, before the service has answered the send; and each send has one echo.
        put(&store, &fence, vec![said("e1", RowKind::Own, "在的")], NOW_MS).await;
        assert_eq!(reply(&store, &fence, ask("m2"), "-21", NOW_MS).await, Ok(Some(DecisionCode::Reply)));
        let delivered = SendOutcome::Delivered { message_id: "e2".to_owned() };
        close(&store, "-21", delivered, NOW_MS).await.unwrap();
        // By the service's id, also long after.
        put(&store, &fence, vec![said("e2", RowKind::Own, "another form of it")], NOW_MS + 60 * MINUTE_MS).await;
        assert_eq!(store.paused_chats("a", NOW_MS).await.unwrap(), []);

        put(&store, &fence, vec![said("h1", RowKind::Own, "在的")], NOW_MS).await;
        let paused = store.paused_chats("a", NOW_MS).await.unwrap();
        assert_eq!((&*paused[0].chat_id, paused[0].paused_until_ms), ("chat", NOW_MS + 10 * MINUTE_MS));
        let known = decisions(&store).await;
        for (id, decision) in [("e1", DecisionCode::Echo), ("e2", DecisionCode::Echo), ("h1", DecisionCode::ByHand)] {
            assert!(known.contains(&(id.to_owned(), Some(decision))), "{id}: {known:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_send_is_open_until_its_answer_and_its_echo_have_come_whichever_is_first() {
    on_both("open", async |store| {
        let (store, fence) = begun(store).await;
        let open = async || {
            let count = "SELECT count(*) FROM outbox INDEXED BY outbox_open WHERE is_open = 1";
            store.write(|db| Ok(db.query_row(count, [], |row| row.get::<_, u32>(0))?)).await.unwrap()
        };
        let delivered = |id: &str| SendOutcome::Delivered { message_id: id.to_owned() };
        let sends = async |id: &str, uuid: &str| {
            put(&store, &fence, vec![said(id, RowKind::Chat, "在吗")], NOW_MS).await;
            reply(&store, &fence, said(id, RowKind::Chat, "在吗"), uuid, NOW_MS).await.unwrap();
        };
        sends("m1", "-11").await;
        put(&store, &fence, vec![said("e1", RowKind::Own, "在的")], NOW_MS).await;
        assert_eq!(open().await, 1);
        close(&store, "-11", delivered("e1"), NOW_MS).await.unwrap();
        assert_eq!(open().await, 0);
        sends("m2", "-21").await;
        close(&store, "-21", delivered("e2"), NOW_MS).await.unwrap();
        assert_eq!(open().await, 1);
        put(&store, &fence, vec![said("e2", RowKind::Own, "在的")], NOW_MS).await;
        assert_eq!(open().await, 0);
        sends("m3", "-31").await;
        let refused = SendOutcome::Rejected { reason: "CSI_FORBID".to_owned(), code: 403, more_info: None };
        close(&store, "-31", refused, NOW_MS).await.unwrap();
        assert_eq!(open().await, 0);
        // One that was echoed is open all the same until its session is over.
        sends("m4", "-41").await;
        put(&store, &fence, vec![said("e4", RowKind::Own, "在的")], NOW_MS).await;
        store.give_up_sends("a", NOW_MS).await.unwrap();
        assert_eq!(open().await, 0);
        let last = store.messages("a", None, 2).await.unwrap().remove(1);
        assert_eq!((&*last.message_id, last.reply.unwrap().outcome), ("m4", Some(SendOutcome::Unknown)));
        // An echo that never comes is waited for a day, as a session that begins finds.
        sends("m5", "-51").await;
        close(&store, "-51", delivered("e5"), NOW_MS).await.unwrap();
        for (now_ms, still_open) in [(NOW_MS + 24 * 60 * MINUTE_MS, 1), (NOW_MS + 24 * 60 * MINUTE_MS + 1, 0)] {
            store.begin_session(fence.clone(), 0, 0, now_ms, 10).await.unwrap();
            assert_eq!(open().await, still_open);
        }
    })
    .await;
}

#[tokio::test]
async fn a_removed_account_takes_what_it_has_sent_along_and_no_other_s() {
    on_both("remove-sends", async |store| {
        let (store, fence_a) = begun(store).await;
        store.put_account(record("b"), None, false, NOW_MS).await.unwrap();
        for fence in [&fence_a, &fence("b")] {
            put(&store, fence, vec![said("m1", RowKind::Chat, "在吗")], NOW_MS).await;
            reply(&store, fence, said("m1", RowKind::Chat, "在吗"), "-11", NOW_MS).await.unwrap();
            store.begin_send(fence.clone(), send("-21", "by the host"), NOW_MS).await.unwrap().await.unwrap().unwrap();
        }
        store.delete_account("a").await.unwrap();
        let left = "SELECT group_concat(cookie_id || uuid, ' ' ORDER BY uuid) FROM outbox";
        let left = store.write(|db| Ok(db.query_row(left, [], |row| row.get::<_, String>(0))?)).await.unwrap();
        assert_eq!(left, "b-11 b-21");
    })
    .await;
}

#[tokio::test]
async fn the_same_id_in_another_chat_is_another_message() {
    on_both("same-id", async |store| {
        let (store, fence) = begun(store).await;
        let elsewhere = InboxRow { chat_id: "another".to_owned(), ..said("m1", RowKind::Chat, "在吗") };
        put(&store, &fence, vec![said("m1", RowKind::Chat, "在吗"), elsewhere.clone()], NOW_MS).await;
        assert_eq!(reply(&store, &fence, said("m1", RowKind::Chat, "在吗"), "-11", NOW_MS).await, Ok(Some(DecisionCode::Reply)));
        assert_eq!(store.take_up(fence, 0, NOW_MS, 10).await.unwrap(), [elsewhere]);
    })
    .await;
}

#[tokio::test]
async fn while_a_person_has_a_chat_a_reply_that_was_drafted_is_not_sent_and_afterwards_the_next_one_is() {
    on_both("takeover", async |store| {
        let (store, fence) = begun(store).await;
        let ask = |id: &str| said(id, RowKind::Chat, "在吗");
        put(&store, &fence, vec![ask("m1"), said("h1", RowKind::Own, "我来"), ask("m2")], NOW_MS).await;
        assert_eq!(reply(&store, &fence, ask("m1"), "-11", NOW_MS).await, Ok(Some(DecisionCode::ChatPaused)));
        let trace = store.messages("a", None, 10).await.unwrap().into_iter().find(|one| one.message_id == "m1").unwrap();
        assert_eq!((trace.rule, trace.reply), (None, None));
        // One of before the account was on record is nobody's, and one that was written long ago and comes late takes the chat for no longer.
        let before =
            InboxRow { created_at_ms: NOW_MS - 1, chat_id: "another".to_owned(), ..said("b1", RowKind::Own, "早就说过") };
        put(&store, &fence, vec![before, said("h2", RowKind::Own, "说过了")], NOW_MS + 5 * MINUTE_MS).await;
        assert_eq!(store.paused_chats("a", NOW_MS).await.unwrap().len(), 1);
        let over_ms = NOW_MS + 10 * MINUTE_MS;
        assert_eq!(store.paused_chats("a", over_ms).await.unwrap(), []);
        assert_eq!(reply(&store, &fence, ask("m2"), "-21", over_ms).await, Ok(Some(DecisionCode::Reply)));

        store.pause_chat("a", "chat", over_ms + MINUTE_MS).await.unwrap();
        put(&store, &fence, vec![ask("m3"), ask("m4")], over_ms).await;
        assert_eq!(reply(&store, &fence, ask("m3"), "-31", over_ms).await, Ok(Some(DecisionCode::ChatPaused)));
        store.pause_chat("a", "chat", 0).await.unwrap();
        assert_eq!(reply(&store, &fence, ask("m4"), "-41", over_ms).await, Ok(Some(DecisionCode::Reply)));

        put(&store, &fence, vec![ask("m5")], over_ms).await;
        fence.cell().set_paused(true);
        assert_eq!(reply(&store, &fence, ask("m5"), "-51", over_ms).await, Ok(Some(DecisionCode::AccountPaused)));

        store.set_pause_minutes("a", 0, over_ms).await.unwrap();
        put(&store, &fence, vec![said("h3", RowKind::Own, "又是我")], over_ms).await;
        assert_eq!(store.paused_chats("a", over_ms).await.unwrap(), []);
        assert_eq!(store.pause_chat("nobody", "chat", over_ms).await, Err(Error::not_found("nobody")));
    })
    .await;
}

#[tokio::test]
async fn earlier_messages_are_marked_as_folded_into_the_one_that_is_answered() {
    on_both("fold", async |store| {
        let (store, fence) = begun(store).await;
        let (first, last) = (said("m1", RowKind::Chat, "在"), said("m2", RowKind::Chat, "在吗"));
        put(&store, &fence, vec![first, last.clone()], NOW_MS).await;
        let draft = Draft { folded: vec!["m1".to_owned()], ..draft(&last, DecisionCode::NoRule, Vec::new()) };
        let decided = store.decide(fence, draft, NOW_MS).await.unwrap().await.unwrap();
        assert_eq!(decided, Ok(Some(DecisionCode::NoRule)));
        let messages = store.messages("a", None, 10).await.unwrap();
        let first = messages.iter().find(|message| message.message_id == "m1").unwrap();
        assert_eq!((first.decision, first.folded_into.as_deref()), (Some(DecisionCode::Folded), Some("m2")));
    })
    .await;
}

#[tokio::test]
async fn a_default_reply_that_is_said_once_in_a_chat_is_said_again_only_where_the_first_was_taken_back_or_refused() {
    on_both("once", async |store| {
        let (store, fence) = begun(store).await;
        let asks = |id: &str, chat_id: &str| InboxRow { chat_id: chat_id.to_owned(), ..said(id, RowKind::Chat, "你好") };
        let messages = [asks("m1", "chat"), asks("m2", "chat"), asks("m3", "another")];
        put(&store, &fence, messages.to_vec(), NOW_MS).await;
        let say = async |message: &InboxRow, uuid: &str| {
            let sends = vec![send(uuid, "稍后回复")];
            let draft = Draft { once_per_chat: true, ..draft(message, DecisionCode::DefaultReply, sends) };
            store.decide(fence.clone(), draft, NOW_MS).await.unwrap().await.unwrap().unwrap()
        };
        assert_eq!(say(&messages[0], "-11").await, Some(DecisionCode::DefaultReply));
        assert_eq!(say(&messages[1], "-21").await, Some(DecisionCode::DefaultSaidBefore));
        assert_eq!(say(&messages[2], "-31").await, Some(DecisionCode::DefaultReply));
        store.withdraw("a", "-11".to_owned()).await.unwrap();
        assert_eq!(say(&messages[0], "-41").await, Some(DecisionCode::DefaultReply));
        // Nor was one that the service refused.
        let refused = SendOutcome::Rejected { reason: "CSI_FORBID".to_owned(), code: 403, more_info: None };
        close(&store, "-41", refused, NOW_MS).await.unwrap();
        put(&store, &fence, vec![asks("m4", "chat")], NOW_MS).await;
        assert_eq!(say(&asks("m4", "chat"), "-51").await, Some(DecisionCode::DefaultReply));
    })
    .await;
}

#[tokio::test]
async fn default_replies_are_kept_by_item_and_gone_with_their_account() {
    on_both("defaults", async |store| {
        let (store, _) = begun(store).await;
        let picture = Picture::new("https://img.alicdn.com/a.jpg", 800, 600);
        let (first, second) = (DefaultReply::new("稍后"), DefaultReply::new(picture).once_per_chat());
        store.put_default_reply("a", None, Some(first.clone())).await.unwrap();
        store.put_default_reply("a", None, Some(second.clone())).await.unwrap();
        store.put_default_reply("a", Some("1".to_owned()), Some(first.clone())).await.unwrap();
        store.put_default_reply("a", Some("2".to_owned()), Some(first.clone())).await.unwrap();
        store.put_default_reply("a", Some("2".to_owned()), None).await.unwrap();
        let known = store.all_default_replies().await.unwrap();
        let known: Vec<_> = known.into_iter().map(|of| (of.cookie_id, of.item_id, of.reply)).collect();
        assert_eq!(known, [("a".to_owned(), None, second), ("a".to_owned(), Some("1".to_owned()), first)]);
        store.delete_account("a").await.unwrap();
        assert!(store.all_default_replies().await.unwrap().is_empty());
        assert_eq!(store.put_default_reply("a", None, None).await, Err(Error::not_found("a")));
    })
    .await;
}

#[tokio::test]
async fn what_is_left_of_an_old_epoch_decides_and_sends_nothing_and_another_user_is_not_answered() {
    on_both("epoch", async |store| {
        let (store, fence) = begun(store).await;
        let message = said("m1", RowKind::Chat, "在吗");
        put(&store, &fence, vec![message.clone()], NOW_MS).await;
        let new = fence.cell().next_epoch();
        assert_eq!(reply(&store, &fence, message.clone(), "-11", NOW_MS).await, Err(Error::Closed));
        assert!(store.begin_send(fence, send("-21", "x"), NOW_MS).await.unwrap().await.unwrap().is_err());
        store.put_account(record("a"), None, true, NOW_MS).await.unwrap();
        assert_eq!(reply(&store, &new, message, "-31", NOW_MS).await, Ok(None));
        assert_eq!(decisions(&store).await, [("m1".to_owned(), Some(DecisionCode::OtherUser))]);
    })
    .await;
}

#[tokio::test]
async fn a_send_that_was_surely_not_written_is_taken_back_and_one_that_may_have_been_is_not() {
    on_both("withdraw", async |store| {
        let (store, fence) = begun(store).await;
        let (first, last) = (said("m1", RowKind::Chat, "在"), said("m2", RowKind::Chat, "在吗"));
        put(&store, &fence, vec![first.clone(), last.clone()], NOW_MS).await;
        let sends = vec![send("-11", "在的")];
        let draft = Draft { folded: vec!["m1".to_owned()], rule: Some(1), ..draft(&last, DecisionCode::Reply, sends) };
        store.decide(fence.clone(), draft, NOW_MS).await.unwrap().await.unwrap().unwrap();
        store.withdraw("a", "-11".to_owned()).await.unwrap();
        let again = store.begin_session(fence.clone(), 0, NOW_MS, NOW_MS, 100).await.unwrap();
        assert_eq!(again.undecided.len(), 2);
        assert_eq!(again.last_uuid, None);

        assert_eq!(reply(&store, &fence, last, "-21", NOW_MS).await, Ok(Some(DecisionCode::Reply)));
        close(&store, "-21", SendOutcome::Unknown, NOW_MS).await.unwrap();
        store.withdraw("a", "-21".to_owned()).await.unwrap();
        assert_eq!(store.take_up(fence, 0, NOW_MS, 100).await.unwrap(), [first]);
    })
    .await;
}

#[tokio::test]
async fn what_is_too_old_to_be_kept_is_taken_out_in_small_steps_and_the_rest_stays() {
    on_both("clean", async |store| {
        let (store, fence) = begun(store).await;
        let many: Vec<_> = (0..450).map(|place| said(&format!("old {place}"), RowKind::Chat, "在吗")).collect();
        put(&store, &fence, many.clone(), NOW_MS).await;
        reply(&store, &fence, many[0].clone(), "-11", NOW_MS).await.unwrap();
        close(&store, "-11", SendOutcome::Unknown, NOW_MS).await.unwrap();
        store.begin_send(fence.clone(), send("-21", "by the host"), NOW_MS).await.unwrap().await.unwrap().unwrap();
        store.pause_chat("a", "chat", NOW_MS).await.unwrap();
        put(&store, &fence, vec![said("new", RowKind::Chat, "在吗")], NOW_MS + 10).await;
        let aged = async |before_ms| store.with_aged(vec!["a".to_owned(), "another".to_owned()], before_ms).await.unwrap();
        assert_eq!((aged(NOW_MS).await, aged(NOW_MS + 5).await), (vec![], vec!["a".to_owned()]));
        let mut steps = 1;
        while store.take_out_old_messages(0, NOW_MS + 5).await.unwrap() {
            steps += 1;
        }
        assert!(!store.take_out_old("a", NOW_MS + 5).await.unwrap());
        assert_eq!(steps, 3);
        assert_eq!(aged(NOW_MS + 5).await, Vec::<String>::new());
        let left = store.messages("a", None, 1_000).await.unwrap();
        assert_eq!(left.iter().map(|message| message.message_id.as_str()).collect::<Vec<_>>(), ["new"]);
        // Nothing of the outbox is left: the latest uuid is gone.
        assert_eq!(store.begin_session(fence, 0, NOW_MS, NOW_MS, 10).await.unwrap().last_uuid, None);
    })
    .await;
}

#[tokio::test]
async fn what_the_platform_writes_in_somebody_s_name_takes_no_chat_and_waits_for_no_answer() {
    on_both("platform", async |store| {
        let (store, fence) = begun(store).await;
        put(&store, &fence, vec![said("p1", RowKind::Own, "已发货")], NOW_MS).await;
        assert_eq!(store.paused_chats("a", NOW_MS).await.unwrap(), []);
        // Nor does it wait for an answer in a buyer's name, where their own words would be folded into it.
        assert_eq!(put(&store, &fence, vec![said("p2", RowKind::Chat, "发来一条消息")], NOW_MS).await, []);
        let platform = Some(DecisionCode::Platform);
        assert_eq!(decisions(&store).await, [("p2".to_owned(), platform), ("p1".to_owned(), platform)]);
    })
    .await;
}

#[test]
fn every_statement_of_the_trail_seeks_and_none_walks_an_account() {
    let mut db = rusqlite::Connection::open_in_memory().unwrap();
    super::migrations::apply(&mut db, |_| Ok(())).unwrap();
    for sql in [
        super::messages::DECIDE_STALE,
        super::messages::UNDECIDED,
        super::messages::LEAVE_UNDECIDED,
        super::outbox::GIVE_UP,
        super::echoes::GIVE_UP_ECHOES,
        super::echoes::UNECHOED,
        super::outbox::DECIDE,
        super::outbox::FOLD,
        super::echoes::SENDING,
        super::echoes::RECORDED,
        super::echoes::WITH_TEXT,
        super::echoes::NOT_ECHOED,
        super::outbox::CLOSE,
        super::outbox::CLOSE_ECHOED,
        super::outbox::CLOSE_FOR_GOOD,
        super::echoes::ECHOED,
        super::echoes::ECHOED_FOR_GOOD,
        super::outbox::WITHDRAW,
        super::outbox::SENDS,
        super::outbox::UNDECIDE,
        super::outbox::UNDECIDE_FOLDED,
        super::beginning::FIND,
        super::default_replies::SAID,
        super::default_replies::WAS_TAKEN,
        super::backfill::NOTED_SINCE,
        super::backfill::NOTED,
        super::backfill::LATEST_OF_CHAT,
        super::cleaning::TAKE_OUT_OLD_SENDS,
        super::cleaning::TAKE_OUT_OLD_ACTIVE,
        super::trail::OF_CHAT,
        super::trail::SEND,
        super::orders::OF_ACCOUNT,
        super::orders::UNTOLD,
        super::orders::ONE,
        super::orders::HISTORY,
        super::orders::NEXT_PENDING,
        super::orders::GIVE_UP,
        super::orders::LEAVE_UNCONFIRMED,
        super::orders::TAKE_OUT_OLD,
    ] {
        let mut plan = db.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let count = plan.parameter_count();
        let nulls = rusqlite::params_from_iter(vec![None::<i64>; count]);
        let steps: Vec<String> = plan.query_map(nulls, |row| row.get("detail")).unwrap().collect::<rusqlite::Result<_>>().unwrap();
        let walks = |step: &String| {
            // The latest of a chat are few, and at hand by then.
            (step.contains("SCAN") && step != "SCAN latest" && step != "SCAN CONSTANT ROW")
                || step.contains("PRIMARY KEY (cookie_id=?)")
                || step.contains("messages_of_chat (cookie_id=?)")
        };
        assert!(!steps.iter().any(walks), "{sql}: {steps:?}");
    }
}
