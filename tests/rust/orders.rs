//! Orders: rows and events of the platform's cards, and shipments that are confirmed once, over replays, restarts and kills.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use livekeeper::{
    Config, Confirmation, ConfirmationState, CookieManager, Error, EventKind, Events, Order, OrderStatus, ReasonCode, TaskState,
};
use livekeeper_simulator::{ApiFault, BuyerMessage, Entry, Options, OrderIdIn, OrderStatus as Told, Simulator};
use livekeeper_tests::{
    LIMIT, LIMIT_S, ONLINE, PAUSED, Scratch, add_online, assert_no_violations, config, converse, hear, hear_standing, manager,
    simulator, wait,
};

const CHAT: &str = "20997167734";
const BUYER: &str = "9687236998962";
const ORDER: &str = "6276084829544251257";

/// Pushes a card of an order. Its message's id.
fn push_card(simulator: &Simulator, order_id: &str, status: Told) -> String {
    let message = BuyerMessage::new(CHAT, BUYER, "").about_item("920");
    let card = Entry::OrderCard { message, order_id: order_id.to_owned(), status, id_in: OrderIdIn::Button };
    simulator.push("1001", vec![card]).remove(0).unwrap()
}

fn hear_order(events: &mut Events) -> Order {
    hear(events, |event| match &event.kind {
        EventKind::OrderChanged { order } => Some(Order::clone(order)),
        _ => None,
    })
}

fn hear_end(events: &mut Events) -> (String, Confirmation) {
    hear(events, |event| match &event.kind {
        EventKind::ConfirmationEnded { order_id, confirmation } => Some((order_id.clone(), confirmation.clone())),
        _ => None,
    })
}

/// How often the service was asked to confirm a shipment, whatever it answered.
fn calls(simulator: &Simulator) -> usize {
    simulator.log("1001").iter().filter(|seen| seen.detail.contains("consign.dummy")).count()
}

fn order(manager: &CookieManager, order_id: &str) -> Order {
    manager.order("shop", order_id).wait().unwrap().unwrap()
}

fn state(manager: &CookieManager, order_id: &str) -> Option<ConfirmationState> {
    order(manager, order_id).confirmation.map(|confirmation| confirmation.state)
}

/// Waits until an order is on record as one to confirm.
fn hear_pending(manager: &CookieManager, order_id: &str) {
    let until = Instant::now() + LIMIT;
    while state(manager, order_id) != Some(ConfirmationState::Pending) {
        assert!(Instant::now() < until, "{order_id} is not pending");
        // Nothing tells of it: it is looked for again.
        thread::yield_now();
    }
}

fn wait_acks(simulator: &Simulator, acks: u64) {
    simulator.wait_until_blocking(LIMIT, |seen| seen.counters_of("1001").acks >= acks).unwrap();
}

/// Waits for that many calls of any kind; a sign-in is one.
fn wait_api_calls(simulator: &Simulator, calls: u64) {
    simulator.wait_until_blocking(LIMIT, |seen| seen.counters_of("1001").api_calls >= calls).unwrap();
}

/// An account that confirms, and a reader of what happens.
fn confirming(simulator: &Simulator, manager: &CookieManager) -> Events {
    add_online(manager, simulator, "shop", "1001");
    manager.update_auto_confirm_setting("shop", true).wait().unwrap();
    manager.events().unwrap()
}

#[test]
fn cards_become_an_order_with_its_history_and_each_status_is_told_once() {
    let simulator = simulator(Options::default());
    let manager = manager(config(&simulator));
    add_online(&manager, &simulator, "shop", "1001");
    let mut events = manager.events().unwrap();
    let mut ids = Vec::new();
    for (told, status) in [
        (Told::AwaitingPayment, OrderStatus::AwaitingPayment),
        (Told::AwaitingShipment, OrderStatus::AwaitingShipment),
        (Told::Completed, OrderStatus::Completed),
    ] {
        ids.push(push_card(&simulator, ORDER, told));
        let order = hear_order(&mut events);
        assert_eq!((&*order.order_id, order.status), (ORDER, status));
        let history: Vec<_> = order.history.iter().map(|step| step.message_id.clone()).collect();
        assert_eq!(history, ids);
        assert_eq!((&*order.chat_id, order.item_id.as_deref(), order.buyer_id.as_deref()), (CHAT, Some("920"), Some(BUYER)));
    }
    // What comes again, late, or says nothing of a certain order is recorded and told of no more.
    let acks = simulator.counters_of("1001").acks;
    simulator.replay("1001", &ids[1]);
    push_card(&simulator, ORDER, Told::Shipped);
    simulator.push("1001", vec![Entry::TradeReminder { buyer_id: BUYER.to_owned(), status: Told::Closed }]);
    wait_acks(&simulator, acks + 3);
    push_card(&simulator, "2", Told::AwaitingPayment);
    assert_eq!(hear_order(&mut events).order_id, "2");
    let orders = manager.orders("shop", 10).wait().unwrap();
    assert_eq!(orders.iter().map(|order| &*order.order_id).collect::<Vec<_>>(), ["2", ORDER]);
    assert_eq!((orders[1].status, orders[1].history.len()), (OrderStatus::Completed, 4));
    // Off by default.
    assert!(!manager.get_auto_confirm_setting("shop").wait().unwrap());
    assert_eq!((calls(&simulator), state(&manager, ORDER)), (0, None));
    assert_eq!(manager.order("shop", "3").wait().unwrap(), None);
    assert_no_violations(&simulator);
}

#[test]
fn a_paid_order_is_confirmed_once_over_replays_reconnects_and_restarts() {
    let scratch = Scratch::new("orders-once");
    let simulator = simulator(Options::default());
    let store = scratch.join("shop.db");
    let manager = CookieManager::open(&store, config(&simulator)).unwrap();
    let mut events = confirming(&simulator, &manager);
    push_card(&simulator, ORDER, Told::AwaitingPayment);
    let paid = push_card(&simulator, ORDER, Told::AwaitingShipment);
    let (order_id, confirmation) = hear_end(&mut events);
    assert_eq!((&*order_id, confirmation.state), (ORDER, ConfirmationState::Confirmed));
    assert_eq!(order(&manager, ORDER).confirmation, Some(confirmation));

    let acks = simulator.counters_of("1001").acks;
    simulator.replay("1001", &paid);
    wait_acks(&simulator, acks + 1);
    simulator.drop_connection("1001");
    simulator.wait_until_blocking(LIMIT, |seen| seen.counters_of("1001").registers == 2 && seen.online("1001")).unwrap();
    simulator.replay("1001", &paid);
    wait_acks(&simulator, acks + 2);
    manager.close(LIMIT_S).wait().unwrap();

    let manager = CookieManager::open(&store, config(&simulator)).unwrap();
    let mut events = manager.events().unwrap();
    simulator.wait_online_blocking("1001", LIMIT).unwrap();
    assert!(manager.get_auto_confirm_setting("shop").wait().unwrap());
    simulator.replay("1001", &paid);
    wait_acks(&simulator, acks + 3);
    // Asked for once more, it is still confirmed already; and a later order is the next to be confirmed.
    assert_eq!(manager.confirm_shipment("shop", ORDER).wait().unwrap().state, ConfirmationState::Confirmed);
    push_card(&simulator, "2", Told::AwaitingShipment);
    assert_eq!(hear_end(&mut events).0, "2");
    assert_eq!(simulator.consigned_orders("1001"), [ORDER, "2"]);
    assert_eq!(calls(&simulator), 2);
    assert_no_violations(&simulator);
}

#[test]
fn turning_it_on_confirms_no_earlier_order_and_a_person_may_have_one_confirmed() {
    let simulator = simulator(Options::default());
    let manager = manager(config(&simulator));
    add_online(&manager, &simulator, "shop", "1001");
    let mut events = manager.events().unwrap();
    push_card(&simulator, ORDER, Told::AwaitingShipment);
    hear_order(&mut events);
    manager.update_auto_confirm_setting("shop", true).wait().unwrap();
    // An account that is paused confirms all the same.
    manager.pause("shop").wait().unwrap();
    wait(&manager, "shop", PAUSED);
    push_card(&simulator, "2", Told::AwaitingShipment);
    assert_eq!(hear_end(&mut events).0, "2");
    assert_eq!(simulator.consigned_orders("1001"), ["2"]);
    assert_eq!(manager.confirm_shipment("shop", ORDER).wait().unwrap().state, ConfirmationState::Confirmed);
    assert_eq!(simulator.consigned_orders("1001"), ["2", ORDER]);
    push_card(&simulator, "3", Told::Closed);
    hear_order(&mut events);
    for order_id in ["3", "4", ""] {
        let refused = manager.confirm_shipment("shop", order_id).wait();
        assert!(matches!(refused, Err(Error::InvalidArgument { field: "order_id", .. })), "{refused:?}");
    }
}

#[test]
fn what_the_service_refuses_is_told_with_its_words_and_asked_again_only_for_a_person() {
    let simulator = simulator(Options::default());
    let manager = manager(config(&simulator));
    let mut events = confirming(&simulator, &manager);
    simulator.refuse_next_consign("1001", "FAIL_BIZ_ORDER_STATUS::订单状态错误");
    push_card(&simulator, ORDER, Told::AwaitingShipment);
    let (_, refused) = hear_end(&mut events);
    assert_eq!(
        (refused.state, refused.code.as_deref(), refused.text.as_deref()),
        (ConfirmationState::Refused, Some("FAIL_BIZ_ORDER_STATUS"), Some("订单状态错误"))
    );
    simulator.api_error("1001", 1, &ApiFault::HttpStatus(502));
    push_card(&simulator, "2", Told::AwaitingShipment);
    let (_, unknown) = hear_end(&mut events);
    assert_eq!((unknown.state, unknown.code.as_deref()), (ConfirmationState::Unknown, Some("HTTP_502")));
    simulator.api_error("1001", 1, &ApiFault::Disconnect);
    push_card(&simulator, "3", Told::AwaitingShipment);
    assert_eq!(hear_end(&mut events).1.state, ConfirmationState::Unknown);
    converse(&simulator, "1001");
    assert_eq!((calls(&simulator), simulator.consigned_orders("1001").len()), (3, 0));
    for order_id in [ORDER, "2", "3"] {
        assert_eq!(manager.confirm_shipment("shop", order_id).wait().unwrap().state, ConfirmationState::Confirmed);
    }
    assert_eq!(simulator.consigned_orders("1001"), [ORDER, "2", "3"]);
}

#[test]
fn a_stale_signature_is_renewed_and_the_shipment_confirmed_once() {
    let simulator = simulator(Options::default());
    let manager = manager(config(&simulator));
    let mut events = confirming(&simulator, &manager);
    simulator.expire_signature("1001");
    push_card(&simulator, ORDER, Told::AwaitingShipment);
    assert_eq!(hear_end(&mut events).1.state, ConfirmationState::Confirmed);
    assert_eq!((calls(&simulator), simulator.consigned_orders("1001")), (2, vec![ORDER.to_owned()]));
    assert_no_violations(&simulator);
}

#[test]
fn a_login_that_is_over_parks_the_account_with_one_call_and_the_order_waits_for_the_new_cookie() {
    let simulator = simulator(Options::default());
    let manager = manager(config(&simulator));
    let mut events = confirming(&simulator, &manager);
    simulator.expire_session("1001");
    push_card(&simulator, ORDER, Told::AwaitingShipment);
    let reason = hear_standing(&mut events, |standing| standing.state == TaskState::Parked);
    assert_eq!((reason.code, calls(&simulator)), (ReasonCode::SessionExpired, 1));
    assert_eq!(state(&manager, ORDER), Some(ConfirmationState::Pending));
    // Nobody can ask now: it waits.
    assert_eq!(manager.confirm_shipment("shop", ORDER).wait().unwrap().state, ConfirmationState::Pending);
    manager.update_cookie("shop", &simulator.renew_cookie("1001")).wait().unwrap();
    assert_eq!(hear_end(&mut events).1.state, ConfirmationState::Confirmed);
    assert_eq!(simulator.consigned_orders("1001"), [ORDER]);
}

#[test]
fn what_was_surely_not_sent_waits_and_is_confirmed_when_the_api_can_be_reached() {
    let scratch = Scratch::new("orders-unsent");
    let simulator = simulator(Options::default());
    let store = scratch.join("shop.db");
    let before = CookieManager::open(&store, config(&simulator)).unwrap();
    drop(confirming(&simulator, &before));
    before.close(LIMIT_S).wait().unwrap();

    // It signs in with the token of before.
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut deaf = config(&simulator);
    deaf.api_url = format!("http://{nobody}/h5");
    let manager = CookieManager::open(&store, deaf).unwrap();
    let mut events = manager.events().unwrap();
    wait(&manager, "shop", ONLINE);
    push_card(&simulator, ORDER, Told::AwaitingShipment);
    hear_order(&mut events);
    let waits = manager.confirm_shipment("shop", ORDER).wait().unwrap();
    assert_eq!((waits.state, waits.code.as_deref()), (ConfirmationState::Pending, Some("connect_failed")));
    assert_eq!(order(&manager, ORDER).confirmation.map(|one| one.state), Some(ConfirmationState::Pending));
    manager.close(LIMIT_S).wait().unwrap();

    let manager = CookieManager::open(&store, config(&simulator)).unwrap();
    let mut events = manager.events().unwrap();
    assert_eq!(hear_end(&mut events).1.state, ConfirmationState::Confirmed);
    assert_eq!(simulator.consigned_orders("1001"), [ORDER]);
}

#[test]
fn whoever_waits_for_an_order_that_is_shipped_otherwise_meanwhile_hears_so() {
    let simulator = simulator(Options::default());
    let manager = manager(config(&simulator));
    add_online(&manager, &simulator, "shop", "1001");
    let mut events = manager.events().unwrap();
    for order_id in ["1", "2"] {
        push_card(&simulator, order_id, Told::AwaitingShipment);
        hear_order(&mut events);
    }
    simulator.slow_answers("1001", Duration::from_secs(3));
    let api_calls = simulator.counters_of("1001").api_calls;
    let first = manager.confirm_shipment("shop", "1");
    wait_api_calls(&simulator, api_calls + 1);
    let second = manager.confirm_shipment("shop", "2");
    // It is on record as asked for before the seller ships it in the app.
    hear_pending(&manager, "2");
    push_card(&simulator, "2", Told::Shipped);
    assert_eq!(first.wait().unwrap().state, ConfirmationState::Confirmed);
    assert_eq!(second.wait().unwrap().state, ConfirmationState::Unknown);
    assert_eq!(calls(&simulator), 1);
}

#[test]
fn a_call_under_way_is_waited_for_when_its_connection_is_lost_or_its_account_is_stopped() {
    let simulator = simulator(Options::default());
    let manager = manager(config(&simulator));
    let mut events = confirming(&simulator, &manager);
    simulator.slow_answers("1001", Duration::from_millis(300));
    push_card(&simulator, ORDER, Told::AwaitingShipment);
    wait_api_calls(&simulator, 2);
    simulator.drop_connection("1001");
    assert_eq!(hear_end(&mut events).1.state, ConfirmationState::Confirmed);
    simulator.wait_until_blocking(LIMIT, |seen| seen.counters_of("1001").registers == 2 && seen.online("1001")).unwrap();
    push_card(&simulator, "2", Told::AwaitingShipment);
    wait_api_calls(&simulator, 3);
    let report = manager.close(LIMIT_S).wait().unwrap();
    assert!(report.is_clean(), "{report:?}");
    assert_eq!(hear_end(&mut events).1.state, ConfirmationState::Confirmed);
}

const STORE: &str = "LIVEKEEPER_ORDERS_STORE";
const WEBSOCKET: &str = "LIVEKEEPER_ORDERS_WEBSOCKET";
const API: &str = "LIVEKEEPER_ORDERS_API";

/// What the process that is killed runs. Without the variables it is an ordinary run of the tests, and there is nothing to do.
#[test]
fn the_host_that_is_killed() {
    let Ok(store) = std::env::var(STORE) else { return };
    let mut config = Config::default();
    config.websocket_url = std::env::var(WEBSOCKET).unwrap();
    config.api_url = std::env::var(API).unwrap();
    let _manager = CookieManager::open(store, config).unwrap();
    loop {
        std::thread::park();
    }
}

fn kill_while_it_confirms(store: &Path, simulator: &Simulator) {
    let mut host = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "the_host_that_is_killed"])
        .env(STORE, store)
        .env(WEBSOCKET, simulator.websocket_url())
        .env(API, simulator.api_url())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    simulator.wait_online_blocking("1001", LIMIT).unwrap();
    simulator.slow_answers("1001", Duration::from_secs(20));
    push_card(simulator, ORDER, Told::AwaitingShipment);
    wait_api_calls(simulator, 2);
    host.kill().unwrap();
    host.wait().unwrap();
    simulator.slow_answers("1001", Duration::ZERO);
}

#[test]
fn a_host_that_is_killed_between_the_call_and_its_outcome_leaves_an_order_of_which_nobody_knows_and_that_is_not_asked_for_again() {
    let scratch = Scratch::new("orders-killed");
    let simulator = simulator(Options::default());
    let store = scratch.join("shop.db");
    let before = CookieManager::open(&store, config(&simulator)).unwrap();
    drop(confirming(&simulator, &before));
    before.close(LIMIT_S).wait().unwrap();
    kill_while_it_confirms(&store, &simulator);

    // A session that begins tells at once: it begins when somebody listens.
    simulator.slow_answers("1001", Duration::from_secs(1));
    let manager = CookieManager::open(&store, config(&simulator)).unwrap();
    let mut events = manager.events().unwrap();
    simulator.slow_answers("1001", Duration::ZERO);
    let (order_id, confirmation) = hear_end(&mut events);
    assert_eq!((&*order_id, confirmation.state), (ORDER, ConfirmationState::Unknown));
    push_card(&simulator, "2", Told::AwaitingShipment);
    assert_eq!(hear_end(&mut events).0, "2");
    assert_eq!(state(&manager, ORDER), Some(ConfirmationState::Unknown));
    assert_eq!((calls(&simulator), simulator.consigned_orders("1001")), (2, vec![ORDER.to_owned(), "2".to_owned()]));
}

#[test]
fn a_remark_is_kept_with_its_account() {
    let simulator = simulator(Options::default());
    let manager = manager(config(&simulator));
    add_online(&manager, &simulator, "shop", "1001");
    assert_eq!(manager.get_remark("shop").wait().unwrap(), "");
    manager.set_remark("shop", "老王的店").wait().unwrap();
    assert_eq!(manager.get_remark("shop").wait().unwrap(), "老王的店");
    for bad in ["x".repeat(1_001), "a\0b".to_owned()] {
        assert!(matches!(manager.set_remark("shop", &bad).wait(), Err(Error::InvalidArgument { field: "remark", .. })));
    }
    assert!(matches!(manager.set_remark("nobody", "").wait(), Err(Error::AccountNotFound { .. })));
    assert!(matches!(manager.get_remark("nobody").wait(), Err(Error::AccountNotFound { .. })));
}
