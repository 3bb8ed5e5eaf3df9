//! Orders, on a file and in memory: no card is lost, no status goes back, and no shipment is confirmed twice.

use super::tests::{fence, on_both, record, row};
use super::{InboxRow, OrderNote, RowKind, Store};
use crate::account::Fence;
use crate::order::ConfirmationState::{self, Confirmed, Confirming, Pending, Refused, Unknown};
use crate::order::{Confirmation, Order};
use crate::wire::message::OrderStatus::{self, AwaitingPayment, AwaitingShipment, Closed, Completed, Shipped};

const NOW_MS: i64 = 1_790_000_000_000;

fn card(message_id: &str, order_id: &str, status: OrderStatus) -> InboxRow {
    let order = Some(OrderNote { order_id: order_id.to_owned(), status, buyer_id: None });
    InboxRow { kind: RowKind::Order, created_at_ms: NOW_MS, order, ..row(message_id) }
}

async fn put(store: &Store, fence: &Fence, rows: Vec<InboxRow>, now_ms: i64) -> bool {
    store.record_messages(fence.clone(), rows, now_ms).await.unwrap().await.unwrap().unwrap().has_order_news
}

async fn get(store: &Store, order_id: &str) -> Order {
    store.order("a", order_id).await.unwrap().unwrap()
}

async fn state(store: &Store, order_id: &str) -> Option<ConfirmationState> {
    get(store, order_id).await.confirmation.map(|confirmation| confirmation.state)
}

async fn begun(store: Store, auto_confirm: bool) -> (Store, Fence) {
    store.put_account(record("a"), None, false, NOW_MS).await.unwrap();
    store.set_auto_confirm("a", auto_confirm, NOW_MS).await.unwrap();
    (store, fence("a"))
}

#[tokio::test]
async fn an_order_has_every_status_once_and_stands_at_the_furthest_however_late_the_others_come() {
    on_both("order-status", async |store| {
        let (store, fence) = begun(store, false).await;
        assert!(put(&store, &fence, vec![card("m1", "1", AwaitingPayment)], NOW_MS).await);
        assert!(!put(&store, &fence, vec![card("m1", "1", AwaitingPayment)], NOW_MS + 1).await, "it comes again");
        let told_more = InboxRow { item_id: Some("920".to_owned()), created_at_ms: 0, ..card("m3", "1", Shipped) };
        assert!(put(&store, &fence, vec![told_more], NOW_MS + 2).await);
        assert!(!put(&store, &fence, vec![card("m2", "1", AwaitingShipment)], NOW_MS + 3).await, "it comes late");
        let order = get(&store, "1").await;
        assert_eq!((order.status, order.item_id.as_deref(), order.updated_at_ms), (Shipped, Some("920"), NOW_MS + 2));
        let steps: Vec<_> = order.history.iter().map(|step| (step.status, step.at_ms, &*step.message_id)).collect();
        // A card without a date is as old as its record.
        assert_eq!(steps, [(AwaitingPayment, NOW_MS, "m1"), (AwaitingShipment, NOW_MS, "m2"), (Shipped, NOW_MS + 2, "m3")]);
        // The card's later version, under the same message id.
        assert!(put(&store, &fence, vec![card("m3", "1", Completed)], NOW_MS + 4).await);
        assert!(put(&store, &fence, vec![card("m5", "1", Closed), card("m6", "2", AwaitingPayment)], NOW_MS + 5).await);
        let newest_first = store.orders("a", 10).await.unwrap();
        assert_eq!(
            newest_first.iter().map(|order| (&*order.order_id, order.status)).collect::<Vec<_>>(),
            [("2", AwaitingPayment), ("1", Closed)]
        );
        assert_eq!(store.orders("a", 1).await.unwrap().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn every_status_is_told_of_until_it_is_noted_as_told() {
    on_both("order-told", async |store| {
        let (store, fence) = begun(store, false).await;
        put(&store, &fence, vec![card("m1", "1", AwaitingPayment)], NOW_MS).await;
        let untold = async || {
            let untold = store.untold_orders("a", 10).await.unwrap().len();
            let left = store.begin_session(fence.clone(), 0, 0, NOW_MS, 10).await.unwrap();
            assert_eq!(left.has_order_news, untold > 0);
            untold
        };
        assert_eq!((untold().await, untold().await), (1, 1));
        put(&store, &fence, vec![card("m2", "1", AwaitingShipment)], NOW_MS).await;
        // Told in the status that it has left meanwhile.
        store.orders_told(fence.clone(), vec![("1".to_owned(), AwaitingPayment)]).await.unwrap();
        assert_eq!(untold().await, 1);
        store.orders_told(fence.clone(), vec![("1".to_owned(), AwaitingShipment)]).await.unwrap();
        assert_eq!(untold().await, 0);
        put(&store, &fence, vec![card("m1", "1", AwaitingPayment), card("m2", "1", AwaitingShipment)], NOW_MS).await;
        assert_eq!(untold().await, 0);
    })
    .await;
}

#[tokio::test]
async fn an_order_that_comes_to_await_shipment_waits_for_its_confirmation_only_while_the_account_confirms() {
    on_both("order-auto", async |store| {
        let (store, fence) = begun(store, false).await;
        assert!(!store.auto_confirm("a").await.unwrap());
        put(&store, &fence, vec![card("m1", "before", AwaitingShipment)], NOW_MS).await;
        store.set_auto_confirm("a", true, NOW_MS).await.unwrap();
        assert!(store.auto_confirm("a").await.unwrap());
        let paid = vec![card("m1", "before", AwaitingShipment), card("m2", "new", AwaitingPayment), card("m3", "shipped", Shipped)];
        put(&store, &fence, paid, NOW_MS).await;
        put(&store, &fence, vec![card("m4", "shipped", AwaitingShipment)], NOW_MS).await;
        let told =
            async |order_id: &str, status| store.orders_told(fence.clone(), vec![(order_id.to_owned(), status)]).await.unwrap();
        for (order_id, status) in [("before", AwaitingShipment), ("new", AwaitingPayment), ("shipped", Shipped)] {
            told(order_id, status).await;
        }
        let has_news = async || store.begin_session(fence.clone(), 0, 0, NOW_MS, 10).await.unwrap().has_order_news;
        assert!(!has_news().await);
        assert_eq!(store.begin_confirming(fence.clone(), None, NOW_MS).await.unwrap(), None);
        put(&store, &fence, vec![card("m5", "new", AwaitingShipment), card("m6", "closed", AwaitingShipment)], NOW_MS).await;
        assert_eq!((state(&store, "new").await, state(&store, "closed").await), (Some(Pending), Some(Pending)));
        told("new", AwaitingShipment).await;
        told("closed", AwaitingShipment).await;
        assert!(has_news().await, "they wait for their confirmation");
        // Shipped or closed otherwise, there is nothing to confirm.
        put(&store, &fence, vec![card("m7", "closed", Closed)], NOW_MS).await;
        assert_eq!(state(&store, "closed").await, None);
        assert_eq!(store.begin_confirming(fence.clone(), None, NOW_MS).await.unwrap().as_deref(), Some("new"));
        assert_eq!(store.begin_confirming(fence, None, NOW_MS).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn a_confirmation_is_begun_once_and_what_was_left_under_way_is_unknown() {
    on_both("order-once", async |store| {
        let (store, fence) = begun(store, true).await;
        let begin = async |fence: &Fence| store.begin_confirming(fence.clone(), None, NOW_MS).await.unwrap();
        put(&store, &fence, vec![card("m1", "1", AwaitingShipment)], NOW_MS).await;
        assert_eq!(begin(&fence).await.as_deref(), Some("1"));
        assert_eq!(state(&store, "1").await, Some(Confirming));
        put(&store, &fence, vec![card("m1", "1", AwaitingShipment)], NOW_MS).await;
        assert_eq!(begin(&fence).await, None);
        let next = fence.cell().next_epoch();
        assert!(store.begin_confirming(fence.clone(), None, NOW_MS).await.is_err(), "an old epoch begins nothing");
        assert!(store.begin_session(fence.clone(), 0, 0, NOW_MS, 10).await.is_err(), "nor does it give up what is under way");
        assert_eq!(store.begin_session(next.clone(), 0, 0, NOW_MS, 10).await.unwrap().given_up, ["1"]);
        assert_eq!((state(&store, "1").await, begin(&next).await), (Some(Unknown), None));
        // Its outcome comes too late.
        store.end_confirming("a", "1", Confirmation::new(Confirmed, NOW_MS)).await.unwrap();
        assert_eq!(state(&store, "1").await, Some(Unknown));

        // A person may want it once more.
        assert_eq!(store.ask_confirmation("a", "1", NOW_MS).await.unwrap().state, Pending);
        assert_eq!(begin(&next).await.as_deref(), Some("1"));
        assert_eq!(store.ask_confirmation("a", "1", NOW_MS).await.unwrap().state, Confirming);
        let refused = Confirmation::new(Refused, NOW_MS + 1).because("FAIL_BIZ", "订单状态错误");
        store.end_confirming("a", "1", refused.clone()).await.unwrap();
        assert_eq!(get(&store, "1").await.confirmation, Some(refused));
        store.ask_confirmation("a", "1", NOW_MS).await.unwrap();
        begin(&next).await.unwrap();
        store.end_confirming("a", "1", Confirmation::new(Confirmed, NOW_MS)).await.unwrap();
        put(&store, &next, vec![card("m2", "1", Shipped)], NOW_MS).await;
        assert_eq!(store.ask_confirmation("a", "1", NOW_MS).await.unwrap().state, Confirmed);
        assert_eq!((state(&store, "1").await, begin(&next).await), (Some(Confirmed), None));
        for (order_id, why) in [("2", "no order"), ("3", "is closed")] {
            put(&store, &next, vec![card("m3", "3", Closed)], NOW_MS).await;
            let error = store.ask_confirmation("a", order_id, NOW_MS).await.unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
    })
    .await;
}

#[tokio::test]
async fn what_was_not_sent_waits_again_behind_the_others_unless_the_order_has_gone_on() {
    on_both("order-again", async |store| {
        let (store, fence) = begun(store, true).await;
        put(&store, &fence, vec![card("m1", "1", AwaitingShipment)], NOW_MS).await;
        put(&store, &fence, vec![card("m2", "2", AwaitingShipment)], NOW_MS + 1).await;
        let begin = async |preferred: Option<&str>| {
            store.begin_confirming(fence.clone(), preferred.map(str::to_owned), NOW_MS + 2).await.unwrap()
        };
        let put_back = async |order_id| store.end_confirming("a", order_id, Confirmation::new(Pending, NOW_MS + 3)).await.unwrap();
        assert_eq!(begin(None).await.as_deref(), Some("1"));
        put_back("1").await;
        assert_eq!(begin(None).await.as_deref(), Some("2"));
        put_back("2").await;
        assert_eq!(begin(Some("2")).await.as_deref(), Some("2"), "the one that somebody waits for goes first");
        put(&store, &fence, vec![card("m3", "2", Closed)], NOW_MS).await;
        put_back("2").await;
        assert_eq!((state(&store, "2").await, begin(Some("2")).await.as_deref()), (None, Some("1")));
    })
    .await;
}

#[tokio::test]
async fn another_user_s_orders_are_confirmed_by_nobody_and_old_ones_leave() {
    on_both("order-leave", async |store| {
        let (store, fence) = begun(store, true).await;
        let many: Vec<_> = (0..250).map(|place| card(&format!("m{place}"), &place.to_string(), AwaitingShipment)).collect();
        put(&store, &fence, many, NOW_MS).await;
        store.begin_confirming(fence.clone(), Some("7".to_owned()), NOW_MS).await.unwrap();
        store.put_account(record("a"), None, true, NOW_MS).await.unwrap();
        assert_eq!((state(&store, "7").await, state(&store, "8").await), (Some(Unknown), None));
        assert_eq!(store.begin_confirming(fence.clone(), None, NOW_MS).await.unwrap(), None);
        put(&store, &fence, vec![card("m7", "7", Shipped)], NOW_MS + 10).await;
        assert!(store.take_out_old("a", NOW_MS + 5).await.unwrap(), "in steps");
        while store.take_out_old("a", NOW_MS + 5).await.unwrap() {}
        let left = store.orders("a", 1_000).await.unwrap();
        assert_eq!(left.iter().map(|order| (&*order.order_id, order.history.len())).collect::<Vec<_>>(), [("7", 2)]);
        store.delete_account("a").await.unwrap();
        assert_eq!(store.orders("a", 10).await.unwrap(), []);
    })
    .await;
}

#[tokio::test]
async fn a_remark_is_kept_with_the_account() {
    on_both("remark", async |store| {
        let (store, _) = begun(store, false).await;
        assert_eq!(store.remark("a").await.unwrap(), "");
        store.set_remark("a", "老王的店".to_owned(), NOW_MS).await.unwrap();
        store.put_account(record("a"), None, false, NOW_MS).await.unwrap();
        assert_eq!(store.remark("a").await.unwrap(), "老王的店");
        assert!(store.remark("b").await.is_err() && store.auto_confirm("b").await.is_err());
    })
    .await;
}
