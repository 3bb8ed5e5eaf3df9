//! What is decided about each message, and who has the chat: over real sockets, over reconnects and restarts.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::{SystemTime, UNIX_EPOCH};

use livekeeper::{CookieManager, DecisionCode, MessageTrace, SendOutcome};
use livekeeper_simulator::{BuyerMessage, Options, Simulator};
use livekeeper_tests::{
    LIMIT, LIMIT_S, ONLINE, Scratch, add_online, assert_no_violations, config, converse, greeting, manager, simulator, wait,
};

const CHAT: &str = "20997167734";
const BUYER: &str = "9687236998962";

fn trace(manager: &CookieManager, message_id: &str) -> MessageTrace {
    found(manager, message_id).unwrap_or_else(|| panic!("{message_id} is not recorded"))
}

fn found(manager: &CookieManager, message_id: &str) -> Option<MessageTrace> {
    let messages = manager.messages("shop", None, 1_000).wait().unwrap();
    messages.into_iter().find(|message| message.message_id == message_id)
}

/// Has a buyer write, and waits until the message is decided.
fn say_and_see(manager: &CookieManager, simulator: &Simulator, message: &BuyerMessage) -> MessageTrace {
    let id = simulator.buyer_says("1001", message);
    // The next message of another chat is decided after it, and answered; or before it, while the chat is still to be read back.
    loop {
        let sends = simulator.counters_of("1001").sends;
        simulator.buyer_says("1001", &BuyerMessage::new("another", "7", "在吗"));
        simulator.wait_sends_blocking("1001", sends + 1, LIMIT).unwrap();
        if let Some(trace) = found(manager, &id).filter(|trace| trace.decision.is_some()) {
            return trace;
        }
    }
}

#[test]
fn the_trail_tells_what_came_what_was_decided_by_which_rule_what_was_sent_and_how_it_ended() {
    let simulator = simulator(Options::default());
    let manager = manager(config(&simulator));
    add_online(&manager, &simulator, "shop", "1001");
    simulator.refuse_next_send("1001", "CSI_FORBID", 200, Some("CSI_FORBID||…"));
    let refused = simulator.buyer_says("1001", &greeting());
    simulator.wait_sends_blocking("1001", 1, LIMIT).unwrap();
    converse(&simulator, "1001");
    let silent = say_and_see(&manager, &simulator, &BuyerMessage::new(CHAT, BUYER, "你好"));
    assert_eq!((silent.decision, silent.rule, silent.reply), (Some(DecisionCode::NoRule), None, None));
    assert_eq!((&*silent.text, &*silent.sender_id, &*silent.kind), ("你好", BUYER, "chat"));

    let refused = trace(&manager, &refused);
    assert_eq!((refused.decision, refused.rule), (Some(DecisionCode::Reply), Some(1)));
    let sent = refused.reply.unwrap();
    let more_info = Some("CSI_FORBID||…".to_owned());
    let rejected = SendOutcome::Rejected { reason: "CSI_FORBID".to_owned(), code: 200, more_info };
    assert_eq!((&*sent.text, sent.outcome), ("在的", Some(rejected)));
    let answered = manager.messages("shop", Some(CHAT), 1_000).wait().unwrap();
    let delivered = |message: &MessageTrace| matches!(&message.reply, Some(sent) if matches!(sent.outcome, Some(SendOutcome::Delivered { .. })));
    assert_eq!(answered.iter().filter(|message| delivered(message)).count(), 1);
    manager.close(LIMIT_S).wait().unwrap();
    assert_no_violations(&simulator);
}

#[test]
fn a_person_who_writes_by_hand_has_the_chat_also_after_a_restart_and_other_chats_are_answered() {
    let simulator = simulator(Options::default());
    let scratch = Scratch::new("takeover");
    let store = scratch.join("shop.db");
    let manager = CookieManager::open(&store, config(&simulator)).unwrap();
    add_online(&manager, &simulator, "shop", "1001");
    converse(&simulator, "1001");
    // The echo of the reply has not taken the chat.
    converse(&simulator, "1001");
    let by_hand = simulator.seller_says("1001", CHAT, BUYER, "您好，我是店主");
    let unanswered = say_and_see(&manager, &simulator, &greeting());
    assert_eq!(unanswered.decision, Some(DecisionCode::ChatPaused));
    assert_eq!(trace(&manager, &by_hand).decision, Some(DecisionCode::ByHand));
    let echoes = manager.messages("shop", Some(CHAT), 1_000).wait().unwrap();
    assert_eq!(echoes.iter().filter(|message| message.decision == Some(DecisionCode::Echo)).count(), 2);
    manager.close(LIMIT_S).wait().unwrap();

    let manager = CookieManager::open(&store, config(&simulator)).unwrap();
    wait(&manager, "shop", ONLINE);
    simulator.wait_online_blocking("1001", LIMIT).unwrap();
    assert_eq!(manager.paused_chats("shop").wait().unwrap()[0].chat_id, CHAT);
    let unanswered = say_and_see(&manager, &simulator, &greeting());
    assert_eq!(unanswered.decision, Some(DecisionCode::ChatPaused));
    manager.resume_chat("shop", CHAT).wait().unwrap();
    converse(&simulator, "1001");
    manager.pause_chat("shop", CHAT, 60).wait().unwrap();
    assert_eq!(say_and_see(&manager, &simulator, &greeting()).decision, Some(DecisionCode::ChatPaused));
}

#[test]
fn with_no_pause_minutes_a_chat_is_answered_on_beside_the_person() {
    let simulator = simulator(Options::default());
    let manager = manager(config(&simulator));
    add_online(&manager, &simulator, "shop", "1001");
    manager.set_pause_duration("shop", 0).wait().unwrap();
    simulator.seller_says("1001", CHAT, BUYER, "我来");
    converse(&simulator, "1001");
}

#[test]
fn a_message_that_is_too_old_is_recorded_and_not_answered() {
    let simulator = simulator(Options::default());
    let manager = manager(config(&simulator));
    add_online(&manager, &simulator, "shop", "1001");
    let now_ms = u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap();
    let old = say_and_see(&manager, &simulator, &greeting().at_ms(now_ms - 301_000));
    assert_eq!(old.decision, Some(DecisionCode::Stale));
    let sends = simulator.counters_of("1001").sends;
    simulator.buyer_says("1001", &greeting().at_ms(now_ms - 200_000));
    simulator.wait_sends_blocking("1001", sends + 1, LIMIT).unwrap();
}

#[test]
fn lines_in_a_row_are_answered_once_and_the_earlier_ones_are_folded_into_the_last() {
    let simulator = simulator(Options::default());
    let mut config = config(&simulator);
    config.debounce_s = 0.2;
    let manager = manager(config);
    add_online(&manager, &simulator, "shop", "1001");
    let ids: Vec<_> =
        ["在", "在不在", "在吗"].map(|text| simulator.buyer_says("1001", &BuyerMessage::new(CHAT, BUYER, text))).into();
    simulator.wait_sends_blocking("1001", 1, LIMIT).unwrap();
    for id in &ids[..2] {
        let folded = trace(&manager, id);
        assert_eq!((folded.decision, folded.folded_into.as_ref()), (Some(DecisionCode::Folded), Some(&ids[2])));
    }
    assert_eq!(trace(&manager, &ids[2]).decision, Some(DecisionCode::Reply));
}

#[test]
fn what_waited_for_its_chat_to_fall_quiet_when_the_connection_was_lost_is_answered_once_by_the_next() {
    let simulator = simulator(Options::default());
    let mut config = config(&simulator);
    config.debounce_s = 0.3;
    let manager = manager(config);
    add_online(&manager, &simulator, "shop", "1001");
    let acks = simulator.counters_of("1001").acks;
    let waiting = simulator.buyer_says("1001", &greeting());
    simulator.wait_until_blocking(LIMIT, |seen| seen.counters_of("1001").acks > acks).unwrap();
    simulator.drop_connection("1001");
    simulator.wait_sends_blocking("1001", 1, LIMIT).unwrap();
    // Pushed once more, it is known.
    simulator.wait_online_blocking("1001", LIMIT).unwrap();
    let acks = simulator.counters_of("1001").acks;
    simulator.replay("1001", &waiting);
    simulator.wait_until_blocking(LIMIT, |seen| seen.counters_of("1001").acks > acks).unwrap();
    converse(&simulator, "1001");
    assert_eq!(simulator.sends("1001").len(), 2);
    assert_eq!(trace(&manager, &waiting).decision, Some(DecisionCode::Reply));
}
