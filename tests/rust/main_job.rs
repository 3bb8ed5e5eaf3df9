//! The main job: accounts in, replies out.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use livekeeper::{CookieManager, Counters, KeywordRule};
use livekeeper_simulator::{BuyerMessage, Entry, Options};
use livekeeper_tests::{
    LIMIT, LIMIT_S, ONLINE, Scratch, add_online, assert_no_violations, config, converse, greeting, manager, simulator, wait,
};

#[test]
fn twenty_accounts_answer_five_hundred_messages_once_each_with_the_right_text() {
    let (accounts, messages_each) = (20, 25);
    let simulator = simulator(Options::default());
    let manager = manager(config(&simulator));
    let unb = |account: usize| format!("22805514540{account:02}");
    for account in 0..accounts {
        let rules = vec![
            KeywordRule::new("包邮", format!("shop {account}: 全场包邮")),
            KeywordRule::new("PRICE", format!("shop {account}: see the page")),
        ];
        manager.add_cookie(&format!("shop {account}"), &simulator.cookie(&unb(account)), Some(rules), None).wait().unwrap();
    }
    for account in 0..accounts {
        wait(&manager, &format!("shop {account}"), ONLINE);
        simulator.wait_online_blocking(&unb(account), LIMIT).unwrap();
    }

    let mut expected = BTreeMap::new();
    for message in 0..messages_each {
        for account in 0..accounts {
            let (text, reply) = if message % 2 == 0 {
                ("请问包邮吗？", "全场包邮")
            } else {
                ("what's the ｐｒｉｃｅ", "see the page")
            };
            let said = BuyerMessage::new(format!("7{account:02}{}", message % 5), format!("9{account:02}{}", message % 5), text);
            simulator.buyer_says(&unb(account), &said);
            *expected.entry((unb(account), format!("shop {account}: {reply}"))).or_insert(0) += 1;
        }
    }
    simulator.wait_until_blocking(LIMIT, |seen| seen.counters().sends_accepted >= (accounts * messages_each) as u64).unwrap();
    let report = manager.close(LIMIT_S).wait().unwrap();

    let mut sent = BTreeMap::new();
    for send in simulator.all_sends() {
        *sent.entry((send.unb.clone(), send.text().to_owned())).or_insert(0) += 1;
    }
    assert_eq!(sent, expected);
    assert!(report.is_clean(), "{report:?}");
    simulator.wait_until_blocking(LIMIT, |seen| seen.connections() == 0).unwrap();
    assert_eq!(simulator.counters().closes_with_frame, accounts as u64);
    assert_eq!(simulator.counters().token_calls, accounts as u64);
    assert_no_violations(&simulator);
}

#[test]
fn every_entry_of_a_push_is_handled_and_a_broken_one_costs_only_itself() {
    let simulator = simulator(Options::default());
    let manager = manager(config(&simulator));
    add_online(&manager, &simulator, "shop", "1001");
    let said = |chat: &str| Entry::Message(BuyerMessage::new(chat, "9", "在吗"));
    simulator.push("1001", vec![said("c1"), Entry::Broken, said("c2"), Entry::Typing { user_id: "9".to_owned() }, said("c3")]);
    let sends = simulator.wait_sends_blocking("1001", 3, LIMIT).unwrap();
    let mut chats: Vec<_> = sends.iter().map(|send| send.chat_id.as_str()).collect();
    chats.sort_unstable();
    assert_eq!(chats, ["c1", "c2", "c3"]);
    assert_eq!(manager.status("shop").unwrap().counters.broken, 1);
    manager.close(LIMIT_S).wait().unwrap();
    assert_no_violations(&simulator);
}

#[test]
fn a_replayed_message_is_acknowledged_again_and_not_answered_again() {
    let simulator = simulator(Options::default());
    let manager = manager(config(&simulator));
    add_online(&manager, &simulator, "shop", "1001");
    let message_id = simulator.buyer_says("1001", &greeting());
    simulator.wait_sends_blocking("1001", 1, LIMIT).unwrap();
    assert!(simulator.replay("1001", &message_id));
    // The conversation after it: had the replay been answered, its reply would have come first.
    converse(&simulator, "1001");
    assert_eq!(simulator.counters().sends, 2);
    manager.close(LIMIT_S).wait().unwrap();
    assert_no_violations(&simulator);
}

#[test]
fn what_the_seller_the_platform_or_a_group_says_gets_no_reply() {
    let simulator = simulator(Options::default());
    let manager = manager(config(&simulator));
    add_online(&manager, &simulator, "shop", "1001");
    simulator.seller_says("1001", "c1", "9", "在吗");
    simulator.buyer_says("1001", &BuyerMessage { group: true, ..BuyerMessage::new("c2", "9", "在吗") });
    simulator.buyer_says("1001", &BuyerMessage::new("c3", "9", "[我已付款，等待你发货]"));
    simulator.buyer_says("1001", &BuyerMessage::new("c4", "9", "你好"));
    converse(&simulator, "1001");
    assert_eq!(simulator.counters().sends, 1);
    manager.close(LIMIT_S).wait().unwrap();
    assert_no_violations(&simulator);
}

#[test]
fn a_buyer_who_writes_three_lines_in_a_row_is_answered_once() {
    let simulator = simulator(Options::default());
    let mut config = config(&simulator);
    config.debounce_s = 0.3;
    let manager = manager(config);
    add_online(&manager, &simulator, "shop", "1001");
    let lines = ["在吗", "你好在吗", "在吗在吗"].map(|text| Entry::Message(BuyerMessage::new("c1", "9", text)));
    simulator.push("1001", lines.into());
    simulator.wait_sends_blocking("1001", 1, LIMIT).unwrap();
    // Closing answers at once what still waits: were there a second reply, it would be out now.
    manager.close(LIMIT_S).wait().unwrap();
    assert_eq!(simulator.counters().sends, 1);
}

#[test]
fn what_waits_for_a_quiet_second_is_answered_before_the_manager_closes() {
    let simulator = simulator(Options::default());
    let mut config = config(&simulator);
    config.debounce_s = 60.0;
    let manager = manager(config);
    add_online(&manager, &simulator, "shop", "1001");
    simulator.buyer_says("1001", &greeting());
    simulator.wait_until_blocking(LIMIT, |seen| seen.counters().acks == 1).unwrap();
    let report = manager.close(LIMIT_S).wait().unwrap();
    assert!(report.is_clean());
    assert_eq!(simulator.counters().sends_accepted, 1);
}

#[test]
fn rules_are_changed_while_the_account_is_online() {
    let simulator = simulator(Options::default());
    let manager = manager(config(&simulator));
    add_online(&manager, &simulator, "shop", "1001");
    manager.update_keywords("shop", vec![KeywordRule::new("在吗", "晚点回复")]).wait().unwrap();
    assert_eq!(manager.get_keywords("shop").wait().unwrap(), [KeywordRule::new("在吗", "晚点回复")]);
    simulator.buyer_says("1001", &greeting());
    let sends = simulator.wait_sends_blocking("1001", 1, LIMIT).unwrap();
    assert_eq!(sends[0].text(), "晚点回复");
}

#[test]
fn opening_a_store_starts_its_enabled_accounts_with_their_rules_and_their_tokens() {
    let scratch = Scratch::new("reopen");
    let simulator = simulator(Options::default());
    let first = CookieManager::open(scratch.join("shop.db"), config(&simulator)).unwrap();
    add_online(&first, &simulator, "on", "1001");
    add_online(&first, &simulator, "off", "1002");
    first.update_cookie_status("off", false).wait().unwrap();
    first.close(LIMIT_S).wait().unwrap();

    let again = CookieManager::open(scratch.join("shop.db"), config(&simulator)).unwrap();
    assert_eq!(again.list_cookies().unwrap(), ["off", "on"]);
    wait(&again, "on", ONLINE);
    simulator.wait_online_blocking("1001", LIMIT).unwrap();
    converse(&simulator, "1001");
    assert_eq!(again.get_enabled_cookies().unwrap(), ["on"]);
    assert!(!simulator.online("1002"));
    assert_eq!(simulator.counters_of("1001").token_calls, 1, "a start is no reason to ask for a new token");
    again.close(LIMIT_S).wait().unwrap();
    assert_no_violations(&simulator);
}

#[test]
fn counters_tell_what_came_and_what_went() {
    let simulator = simulator(Options::default());
    let manager = manager(config(&simulator));
    add_online(&manager, &simulator, "shop", "1001");
    converse(&simulator, "1001");
    simulator.buyer_says("1001", &BuyerMessage::new("c", "9", "no rule for this"));
    manager.update_cookie_status("shop", false).wait().unwrap();
    let Counters { received, replied, delivered, rejected, unknown, connects, failures, .. } =
        manager.status("shop").unwrap().counters;
    assert!(received <= 2, "{received}");
    assert_eq!((replied, delivered, rejected, unknown, connects, failures), (1, 1, 0, 0, 1, 0));
}
