//! How fast an account sends, over real sockets: in the order of each chat, no chat behind another, and never over a person's head.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::thread;
use std::time::{Duration, Instant};

use livekeeper::{CookieManager, DecisionCode, Error, MessageTrace, SendOutcome};
use livekeeper_simulator::{BuyerMessage, Options, Simulator};
use livekeeper_tests::{LIMIT, LIMIT_S, ONLINE, Scratch, add_online, assert_no_violations, config, manager, simulator, wait};

/// So slow that what has to wait waits for as long as a test takes.
const STOPPED: f64 = 0.01;
/// Into one chat at once, after a pause.
const BURST: usize = 3;

fn texts(simulator: &Simulator) -> Vec<String> {
    simulator.sends("1001").iter().map(|send| send.text().to_owned()).collect()
}

/// Has a buyer write so often in a chat that the next one there has to wait.
fn use_up(simulator: &Simulator, chat_id: &str) {
    let sends = simulator.counters_of("1001").sends;
    for _ in 0..BURST {
        simulator.buyer_says("1001", &BuyerMessage::new(chat_id, "9", "在吗"));
    }
    simulator.wait_sends_blocking("1001", sends + BURST as u64, LIMIT).unwrap();
}

/// Has a buyer write, and waits until the message is recorded.
fn say(manager: &CookieManager, simulator: &Simulator, chat_id: &str) -> String {
    let id = simulator.buyer_says("1001", &BuyerMessage::new(chat_id, "9", "在吗"));
    let until = Instant::now() + LIMIT;
    while trace(manager, &id).is_none() {
        assert!(Instant::now() < until, "{id} is not recorded");
        // An ack does not say whose it is: the store is looked at again.
        thread::yield_now();
    }
    id
}

fn trace(manager: &CookieManager, message_id: &str) -> Option<MessageTrace> {
    let messages = manager.messages("shop", None, 1_000).wait().unwrap();
    messages.into_iter().find(|message| message.message_id == message_id)
}

fn decision(manager: &CookieManager, message_id: &str) -> Option<DecisionCode> {
    trace(manager, message_id).unwrap().decision
}

fn is_delivered(outcome: &Result<SendOutcome, Error>) -> bool {
    matches!(outcome, Ok(SendOutcome::Delivered { .. }))
}

#[test]
fn a_chat_gets_its_texts_in_their_order_and_no_faster_than_the_rate_while_another_is_not_held_up() {
    let simulator = simulator(Options::default());
    let mut config = config(&simulator);
    config.chat_send_rate_per_s = 5.0;
    let manager = manager(config);
    add_online(&manager, &simulator, "shop", "1001");
    let begun = Instant::now();
    let many: Vec<_> = (0..8).map(|n| manager.send_text("shop", "busy", "9", &n.to_string())).collect();
    let other = manager.send_text("shop", "other", "8", "meanwhile");
    assert!(is_delivered(&other.wait()));
    assert!(many.into_iter().all(|call| is_delivered(&call.wait())));
    // Of eight, three go at once, and one every 200 ms after them.
    assert!(begun.elapsed() >= Duration::from_secs(1), "{:?}", begun.elapsed());
    let mut said = texts(&simulator);
    let place = said.iter().position(|text| text == "meanwhile").unwrap();
    assert!(place < 8, "it did not wait for the other chat");
    said.remove(place);
    assert_eq!(said, (0..8).map(|n| n.to_string()).collect::<Vec<_>>());
    manager.close(LIMIT_S).wait().unwrap();
    assert_no_violations(&simulator);
}

#[test]
fn all_chats_together_go_no_faster_than_the_account_and_each_message_is_answered() {
    let simulator = simulator(Options::default());
    let mut config = config(&simulator);
    config.send_rate_per_s = 10.0;
    let manager = manager(config);
    add_online(&manager, &simulator, "shop", "1001");
    let begun = Instant::now();
    for chat in 0..20 {
        simulator.buyer_says("1001", &BuyerMessage::new(chat.to_string(), format!("9{chat}"), "在吗"));
    }
    simulator.wait_sends_blocking("1001", 20, LIMIT).unwrap();
    assert!(begun.elapsed() >= Duration::from_secs(1), "ten at once, ten more at ten a second: {:?}", begun.elapsed());
}

#[test]
fn a_reply_that_waits_for_its_pace_when_a_person_takes_the_chat_over_is_not_sent_and_what_the_host_sends_is() {
    let simulator = simulator(Options::default());
    let mut config = config(&simulator);
    config.chat_send_rate_per_s = 0.3;
    let manager = manager(config);
    add_online(&manager, &simulator, "shop", "1001");
    use_up(&simulator, "c1");
    let waits = say(&manager, &simulator, "c1");
    assert_eq!(decision(&manager, &waits), None, "it waits");
    simulator.seller_says("1001", "c1", "9", "我来了");
    // Of two of the host's, the reply's turn comes between them.
    let calls = ["first", "second"].map(|text| manager.send_text("shop", "c1", "9", text));
    assert!(calls.into_iter().all(|call| is_delivered(&call.wait())));
    assert_eq!(decision(&manager, &waits), Some(DecisionCode::ChatPaused));
    assert_eq!(texts(&simulator), ["在的", "在的", "在的", "first", "second"]);
}

#[test]
fn what_waits_for_its_pace_when_the_account_is_stopped_is_not_waited_for_and_the_next_session_answers_it() {
    let (simulator, scratch) = (simulator(Options::default()), Scratch::new("pacing-stop"));
    let mut config = config(&simulator);
    config.chat_send_rate_per_s = STOPPED;
    let first = CookieManager::open(scratch.join("shop.db"), config.clone()).unwrap();
    add_online(&first, &simulator, "shop", "1001");
    use_up(&simulator, "c1");
    let waits = say(&first, &simulator, "c1");
    let call = first.send_text("shop", "c1", "9", "too fast");
    let begun = Instant::now();
    assert!(first.close(LIMIT_S).wait().unwrap().is_clean());
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    assert!(matches!(call.wait(), Err(Error::NotConnected { .. })));

    let second = CookieManager::open(scratch.join("shop.db"), config).unwrap();
    simulator.wait_sends_blocking("1001", BURST as u64 + 1, LIMIT).unwrap();
    assert_eq!(decision(&second, &waits), Some(DecisionCode::Reply));
    assert_eq!(texts(&simulator), ["在的"; BURST + 1]);
    second.close(LIMIT_S).wait().unwrap();
    assert_no_violations(&simulator);
}

#[test]
fn a_new_connection_is_no_new_pace() {
    let simulator = simulator(Options::default());
    let mut config = config(&simulator);
    config.chat_send_rate_per_s = STOPPED;
    let manager = manager(config);
    add_online(&manager, &simulator, "shop", "1001");
    use_up(&simulator, "c1");
    simulator.drop_connection("1001");
    simulator.wait_until_blocking(LIMIT, |seen| seen.counters().registers == 2 && seen.online("1001")).unwrap();
    wait(&manager, "shop", ONLINE);
    let held = manager.send_text("shop", "c1", "9", "held");
    assert!(is_delivered(&manager.send_text("shop", "c2", "8", "free").wait()));
    assert_eq!(texts(&simulator)[BURST..], ["free"]);
    manager.close(LIMIT_S).wait().unwrap();
    assert!(matches!(held.wait(), Err(Error::NotConnected { .. })));
}

#[test]
fn more_calls_than_may_wait_are_refused_and_nothing_of_them_is_sent() {
    let simulator = simulator(Options::default());
    let mut config = config(&simulator);
    config.chat_send_rate_per_s = STOPPED;
    let manager = manager(config);
    add_online(&manager, &simulator, "shop", "1001");
    use_up(&simulator, "c1");
    let waiting: Vec<_> = (0..256).map(|n| manager.send_text("shop", "c1", "9", &n.to_string())).collect();
    let refused = manager.send_text("shop", "c2", "8", "one too many").wait().unwrap_err();
    assert!(matches!(refused, Error::AtCapacity { bound: 256, .. }), "{refused}");
    // Replies elsewhere go on.
    simulator.buyer_says("1001", &BuyerMessage::new("c3", "7", "在吗"));
    simulator.wait_sends_blocking("1001", BURST as u64 + 1, LIMIT).unwrap();
    manager.close(LIMIT_S).wait().unwrap();
    assert!(waiting.into_iter().all(|call| matches!(call.wait(), Err(Error::NotConnected { .. }))));
}
