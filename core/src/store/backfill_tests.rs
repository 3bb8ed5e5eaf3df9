//! Which chats were active, and what is recorded of what was read back: on a file and in memory.

use super::tests::{fence, on_both, record, row};
use super::{ActiveChat, InboxRow, Recorded, RowKind, Store};
use crate::account::Fence;

/// When the tests begin.
const NOW_MS: i64 = 1_790_000_000_000;
const MINUTE_MS: i64 = 60_000;

fn said(message_id: &str, chat_id: &str, at_ms: i64) -> InboxRow {
    InboxRow { chat_id: chat_id.to_owned(), created_at_ms: at_ms, ..row(message_id) }
}

async fn begun(store: Store) -> (Store, Fence) {
    store.put_account(record("a"), None, false, NOW_MS - 60 * MINUTE_MS).await.unwrap();
    (store, fence("a"))
}

async fn push(store: &Store, fence: &Fence, rows: Vec<InboxRow>, now_ms: i64) {
    store.record_messages(fence.clone(), rows, now_ms).await.unwrap().await.unwrap().unwrap();
}

async fn read_back(store: &Store, fence: &Fence, rows: Vec<InboxRow>) -> Recorded {
    store.record_history(fence.clone(), rows, NOW_MS).await.unwrap().await.unwrap().unwrap()
}

#[tokio::test]
async fn active_chats_come_the_latest_first_with_what_is_known_of_them_and_old_ones_do_not() {
    on_both("active", async |store| {
        let (store, fence) = begun(store).await;
        push(&store, &fence, vec![said("o1", "old", NOW_MS - 31 * MINUTE_MS)], NOW_MS - 31 * MINUTE_MS).await;
        let about = InboxRow { item_id: Some("920".to_owned()), ..said("b1", "b", NOW_MS - 9 * MINUTE_MS) };
        let group = InboxRow { is_group: true, ..said("g1", "group", NOW_MS - 3 * MINUTE_MS) };
        // It came late, and the service does not say when another was written.
        let (late, dateless) = (said("b2", "b", NOW_MS - 12 * MINUTE_MS), said("d1", "dateless", 0));
        push(&store, &fence, vec![about, dateless], NOW_MS - 8 * MINUTE_MS).await;
        push(&store, &fence, vec![late, group, said("o2", "old", NOW_MS - 40 * MINUTE_MS)], NOW_MS).await;
        let chat = |chat_id: &str, minutes, item_id: Option<&str>| ActiveChat {
            chat_id: chat_id.to_owned(),
            newest_at_ms: NOW_MS - minutes * MINUTE_MS,
            item_id: item_id.map(str::to_owned),
            is_group: chat_id == "group",
        };
        let active = store.active_chats("a", NOW_MS - 30 * MINUTE_MS, 10).await.unwrap();
        assert_eq!(active, [chat("group", 3, None), chat("dateless", 8, None), chat("b", 9, Some("920"))]);
        assert_eq!(store.active_chats("a", NOW_MS - 30 * MINUTE_MS, 1).await.unwrap(), active[..1]);
        assert_eq!(store.active_chats("another", 0, 10).await.unwrap(), []);
        // A session that begins asks for them only where there may be any: it is noted to within ten minutes.
        for (since_ms, was_active) in [(NOW_MS, true), (NOW_MS + 10 * MINUTE_MS + 1, false)] {
            let left = store.begin_session(fence.clone(), 0, since_ms, NOW_MS, 10).await.unwrap();
            assert_eq!(left.was_active, was_active, "{since_ms}");
        }
        assert!(!store.begin_session(super::tests::fence("another"), 0, 0, NOW_MS, 10).await.unwrap().was_active);
    })
    .await;
}

#[tokio::test]
async fn a_chat_that_was_noted_as_active_shortly_before_is_found_by_its_newest_message() {
    on_both("noted", async |store| {
        let (store, fence) = begun(store).await;
        for (minutes, message_id) in [(20, "m1"), (11, "m2"), (9, "m3")] {
            let at_ms = NOW_MS - minutes * MINUTE_MS;
            push(&store, &fence, vec![said(message_id, "chat", at_ms)], at_ms).await;
        }
        for (minutes, newest) in [(10, Some(9)), (9, Some(9)), (8, None)] {
            let active = store.active_chats("a", NOW_MS - minutes * MINUTE_MS, 10).await.unwrap();
            let newest_at_ms = newest.map(|minutes| NOW_MS - minutes * MINUTE_MS);
            assert_eq!(active.first().map(|chat| chat.newest_at_ms), newest_at_ms, "since {minutes} minutes ago");
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_known_by_its_id_or_by_its_words_at_its_moment_is_not_recorded_again() {
    on_both("twins", async |store| {
        let (store, fence) = begun(store).await;
        push(&store, &fence, vec![said("m1", "chat", NOW_MS), said("m2", "chat", NOW_MS + 1)], NOW_MS).await;
        let rows = vec![
            said("m1", "chat", NOW_MS),
            said("m1 by another name", "chat", NOW_MS),
            InboxRow { text: "还在吗".to_owned(), ..said("other words", "chat", NOW_MS) },
            InboxRow { sender_id: "3".to_owned(), ..said("another person", "chat", NOW_MS) },
            said("later", "chat", NOW_MS + 2),
            said("before the account", "chat", NOW_MS - 61 * MINUTE_MS),
        ];
        let recorded = read_back(&store, &fence, rows).await;
        assert_eq!((recorded.new, recorded.duplicates), (3, 3));
        let undecided: Vec<_> = recorded.undecided.iter().map(|row| &*row.message_id).collect();
        assert_eq!(undecided, ["m1", "other words", "another person", "later"]);
    })
    .await;
}

#[tokio::test]
async fn a_person_who_wrote_by_hand_meanwhile_has_the_chat_by_the_time_the_rest_is_known() {
    on_both("offline takeover", async |store| {
        let (store, fence) = begun(store).await;
        let by_hand = InboxRow { kind: RowKind::Own, sender_id: "1".to_owned(), ..said("h1", "chat", NOW_MS - MINUTE_MS) };
        let recorded = read_back(&store, &fence, vec![said("m1", "chat", NOW_MS - 2 * MINUTE_MS), by_hand]).await;
        assert_eq!(recorded.undecided.len(), 1);
        let paused = store.paused_chats("a", NOW_MS).await.unwrap();
        assert_eq!((&*paused[0].chat_id, paused[0].paused_until_ms), ("chat", NOW_MS + 9 * MINUTE_MS));
    })
    .await;
}
