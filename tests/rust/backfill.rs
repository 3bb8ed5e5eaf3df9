//! What was missed while there was no connection: read back, recorded, and answered like anything else.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use livekeeper::{CookieManager, DecisionCode, MessageTrace};
use livekeeper_simulator::{BuyerMessage, HistoryFault, Options, SeenKind, Simulator};
use livekeeper_tests::{
    LIMIT, LIMIT_S, ONLINE, Scratch, add_online, assert_no_violations, config, converse, greeting, manager, simulator, wait,
};

const CHAT: &str = "20997167734";
const BUYER: &str = "9687236998962";

fn trace(manager: &CookieManager, message_id: &str) -> MessageTrace {
    let messages = manager.messages("shop", None, 1_000).wait().unwrap();
    messages.into_iter().find(|message| message.message_id == message_id).unwrap_or_else(|| panic!("{message_id} is not recorded"))
}

/// Ends the connection, lets something happen that waits for the next one, and waits until that stands.
fn reconnect(simulator: &Simulator, meanwhile: impl FnOnce()) {
    let registers = simulator.counters_of("1001").registers;
    simulator.drop_connection("1001");
    meanwhile();
    simulator.wait_until_blocking(LIMIT, |seen| seen.counters_of("1001").registers > registers).unwrap();
    simulator.wait_online_blocking("1001", LIMIT).unwrap();
}

/// Has something said that is never pushed.
fn lost<T>(simulator: &Simulator, say: impl FnOnce() -> T) -> T {
    simulator.lose_pushes("1001", true);
    let said = say();
    simulator.lose_pushes("1001", false);
    said
}

/// A buyer's greeting in a chat of its own.
fn greeting_in(chat: usize) -> BuyerMessage {
    BuyerMessage::new(format!("chat{chat}"), format!("90{chat}"), "在吗")
}

/// Has a buyer write in each of so many chats, and waits for the replies.
fn converse_in(simulator: &Simulator, chats: usize) {
    let before = simulator.counters_of("1001").sends;
    (0..chats).for_each(|chat| drop(simulator.buyer_says("1001", &greeting_in(chat))));
    simulator.wait_sends_blocking("1001", before + chats as u64, LIMIT).unwrap();
}

fn requests(simulator: &Simulator) -> u64 {
    simulator.counters_of("1001").requests
}

#[test]
fn what_was_missed_is_recorded_and_answered_once_each_the_oldest_first_and_known_when_it_is_pushed_later() {
    let simulator = simulator(Options::default());
    let manager = manager(config(&simulator));
    add_online(&manager, &simulator, "shop", "1001");
    converse(&simulator, "1001");
    let about = |number| greeting().about_item(format!("92{number}"));
    let missed: Vec<_> = lost(&simulator, || (0..3).map(|number| simulator.buyer_says("1001", &about(number))).collect());
    reconnect(&simulator, || ());
    simulator.wait_sends_blocking("1001", 4, LIMIT).unwrap();
    for id in &missed {
        let acks = simulator.counters_of("1001").acks;
        assert!(simulator.replay("1001", id));
        simulator.wait_until_blocking(LIMIT, |seen| seen.counters_of("1001").acks > acks).unwrap();
    }
    converse(&simulator, "1001");
    assert_eq!(simulator.sends("1001").len(), 5);
    let of_chat = manager.messages("shop", Some(CHAT), 1_000).wait().unwrap();
    let answered: Vec<_> = of_chat.iter().rev().filter(|message| message.kind == "chat").collect();
    assert_eq!(answered[1..4].iter().map(|message| &message.message_id).collect::<Vec<_>>(), missed.iter().collect::<Vec<_>>());
    assert!(answered.iter().all(|message| message.decision == Some(DecisionCode::Reply)));
    assert!(of_chat.iter().all(|message| message.kind == "chat" || message.decision == Some(DecisionCode::Echo)));
    let counters = manager.status("shop").unwrap().counters;
    assert_eq!((counters.backfilled, counters.received, counters.broken), (3, 5, 0));
    assert_no_violations(&simulator);
}

#[test]
fn a_person_who_wrote_meanwhile_has_the_chat_before_anything_there_is_answered_and_other_chats_are() {
    let simulator = simulator(Options::default());
    let manager = manager(config(&simulator));
    add_online(&manager, &simulator, "shop", "1001");
    converse(&simulator, "1001");
    let missed = lost(&simulator, || {
        let missed = simulator.buyer_says("1001", &greeting());
        (missed, simulator.seller_says("1001", CHAT, BUYER, "我来"))
    });
    // The push is there at once, and the history comes late.
    simulator.slow_answers("1001", Duration::from_millis(200));
    let pushed = reconnect_with(&simulator, &greeting());
    converse_in(&simulator, 1);
    // It waits for the chat, as those before it.
    let last = simulator.buyer_says("1001", &greeting());
    simulator.slow_answers("1001", Duration::ZERO);
    while trace_if_decided(&manager, &last).is_none() {
        converse_in(&simulator, 1);
    }
    for id in [&missed.0, &pushed, &last] {
        assert_eq!(trace(&manager, id).decision, Some(DecisionCode::ChatPaused), "{id}");
    }
    assert_eq!(trace(&manager, &missed.1).decision, Some(DecisionCode::ByHand));
    assert_eq!(simulator.sends("1001").iter().filter(|send| send.chat_id == CHAT).count(), 1);
}

/// Ends the connection; the message is pushed as soon as the next one stands.
fn reconnect_with(simulator: &Simulator, message: &BuyerMessage) -> String {
    let mut id = String::new();
    reconnect(simulator, || id = simulator.buyer_says("1001", message));
    id
}

fn trace_if_decided(manager: &CookieManager, message_id: &str) -> Option<DecisionCode> {
    let messages = manager.messages("shop", None, 1_000).wait().unwrap();
    messages.into_iter().find(|message| message.message_id == message_id).and_then(|message| message.decision)
}

#[test]
fn what_was_missed_while_the_process_was_down_is_answered_by_the_next_but_nothing_from_before_the_account_was_added() {
    let simulator = simulator(Options::default());
    let scratch = Scratch::new("backfill");
    let before = CookieManager::open(scratch.join("shop.db"), config(&simulator)).unwrap();
    let added_at_ms = u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap();
    add_online(&before, &simulator, "shop", "1001");
    converse(&simulator, "1001");
    before.close(LIMIT_S).wait().unwrap();
    let (older, missed) = lost(&simulator, || {
        let older = simulator.buyer_says("1001", &greeting().at_ms(added_at_ms - 60_000));
        (older, simulator.buyer_says("1001", &greeting()))
    });
    let manager = CookieManager::open(scratch.join("shop.db"), config(&simulator)).unwrap();
    wait(&manager, "shop", ONLINE);
    simulator.wait_sends_blocking("1001", 2, LIMIT).unwrap();
    assert_eq!(trace(&manager, &missed).decision, Some(DecisionCode::Reply));
    // Nobody knows whether what was written before the account was added is answered.
    let messages = manager.messages("shop", None, 1_000).wait().unwrap();
    assert!(messages.iter().all(|message| message.message_id != older));
    assert_eq!(manager.status("shop").unwrap().counters.backfilled, 1);
    assert_no_violations(&simulator);
}

#[test]
fn turned_off_it_asks_for_nothing() {
    let simulator = simulator(Options::default());
    let mut config = config(&simulator);
    config.backfill_window_s = 0.0;
    let manager = manager(config);
    add_online(&manager, &simulator, "shop", "1001");
    converse(&simulator, "1001");
    lost(&simulator, || simulator.buyer_says("1001", &greeting()));
    reconnect(&simulator, || ());
    converse(&simulator, "1001");
    assert_eq!((requests(&simulator), simulator.sends("1001").len()), (0, 2));
}

#[test]
fn a_refusal_ends_it_for_that_connection_and_nothing_else() {
    for fault in [HistoryFault::TooOften, HistoryFault::Code(403)] {
        let simulator = simulator(Options::default());
        let manager = manager(config(&simulator));
        add_online(&manager, &simulator, "shop", "1001");
        converse_in(&simulator, 3);
        simulator.fail_histories("1001", 1, fault);
        reconnect(&simulator, || ());
        converse_in(&simulator, 3);
        assert_eq!(requests(&simulator), 1, "{fault:?}");
        let status = manager.status("shop").unwrap();
        assert_eq!((status.counters.failures, status.counters.connects), (1, 2), "the drop, and nothing else");
        // The next connection tries again.
        reconnect(&simulator, || ());
        simulator.wait_until_blocking(LIMIT, |seen| seen.counters_of("1001").requests == 4).unwrap();
        assert_no_violations(&simulator);
    }
}

#[test]
fn a_service_that_does_not_answer_for_a_chat_costs_that_chat_a_while_and_the_session_goes_on() {
    let simulator = simulator(Options::default());
    let mut config = config(&simulator);
    config.answer_timeout_s = 0.3;
    let manager = manager(config);
    add_online(&manager, &simulator, "shop", "1001");
    converse_in(&simulator, 4);
    // The first chat that is read has the youngest message; of the next the answer makes no sense.
    simulator.fail_histories("1001", 1, HistoryFault::Swallow);
    simulator.fail_histories("1001", 1, HistoryFault::NoList);
    reconnect(&simulator, || ());
    converse_in(&simulator, 4);
    simulator.wait_until_blocking(LIMIT, |seen| seen.counters_of("1001").requests == 4).unwrap();
    // After two in a row it is let be.
    simulator.fail_histories("1001", 2, HistoryFault::Swallow);
    reconnect(&simulator, || ());
    converse_in(&simulator, 4);
    assert_eq!(requests(&simulator), 6);
    assert_eq!(manager.status("shop").unwrap().counters.connects, 3);
    assert_no_violations(&simulator);
}

#[test]
fn chats_and_pages_are_bounded_and_no_faster_than_the_rate() {
    let simulator = simulator(Options::default());
    let mut config = config(&simulator);
    config.backfill_chats = 2;
    config.backfill_rate_per_s = 20.0;
    let manager = manager(config);
    add_online(&manager, &simulator, "shop", "1001");
    converse_in(&simulator, 4);
    converse(&simulator, "1001");
    let chatter = BuyerMessage::new(CHAT, BUYER, "你好");
    lost(&simulator, || (0..130).for_each(|_| drop(simulator.buyer_says("1001", &chatter))));
    reconnect(&simulator, || ());
    // Five pages of the latest chat, one of another.
    simulator.wait_until_blocking(LIMIT, |seen| seen.counters_of("1001").requests == 6).unwrap();
    converse(&simulator, "1001");
    converse_in(&simulator, 4);
    assert_eq!(requests(&simulator), 6);
    assert_eq!(manager.status("shop").unwrap().counters.backfilled, 100);
    let asked: Vec<_> =
        simulator.log("1001").into_iter().filter(|seen| seen.kind == SeenKind::Request).map(|seen| seen.at_ms).collect();
    let took_ms = asked.last().unwrap() - asked.first().unwrap();
    assert!(took_ms >= 4 * 50, "six requests within {took_ms} ms");
    assert_no_violations(&simulator);
}
