//! `send_text` and `send_image`: delivered, rejected or unknown, and never more than that.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use livekeeper::{Error, Picture, SendOutcome};
use livekeeper_simulator::{Options, SendContent};
use livekeeper_tests::{LIMIT, LIMIT_S, add_online, assert_no_violations, config, manager, simulator};

#[test]
fn a_text_that_the_service_takes_is_delivered_with_its_id() {
    let simulator = simulator(Options::default());
    let manager = manager(config(&simulator));
    add_online(&manager, &simulator, "shop", "1001");
    let outcome = manager.send_text("shop", "c1", "9", "您好 {x} \"🐟\"\n第二行").wait().unwrap();
    let send = simulator.sends("1001").remove(0);
    assert_eq!(outcome, SendOutcome::Delivered { message_id: send.message_id.clone().unwrap() });
    assert_eq!((send.chat_id.as_str(), send.peer_id.as_str(), send.text()), ("c1", "9", "您好 {x} \"🐟\"\n第二行"));
    manager.close(LIMIT_S).wait().unwrap();
    assert_no_violations(&simulator);
}

#[test]
fn a_picture_is_delivered_in_its_order_among_the_texts_and_one_that_is_none_is_refused_by_its_field() {
    let simulator = simulator(Options::default());
    let manager = manager(config(&simulator));
    add_online(&manager, &simulator, "shop", "1001");
    let url = "https://img.alicdn.com/size.jpg";
    let before = manager.send_text("shop", "c1", "9", "before");
    let picture = manager.send_image("shop", "c1", "9", Picture::new(url, 800, 600));
    let after = manager.send_text("shop", "c1", "9", "after");
    let outcomes = [before, picture, after].map(|call| call.wait().unwrap());
    let sends = simulator.sends("1001");
    let of_picture = SendContent::Picture { url: url.to_owned(), width: 800, height: 600 };
    assert_eq!(sends[1].content, of_picture);
    assert_eq!((sends[0].text(), sends[2].text(), &*sends[1].chat_id, &*sends[1].peer_id), ("before", "after", "c1", "9"));
    assert_eq!(outcomes[1], SendOutcome::Delivered { message_id: sends[1].message_id.clone().unwrap() });
    for (url, width, height, field) in
        [("ftp://x/a.jpg", 8, 6, "url"), ("https://x/a.jpg", 0, 6, "width"), ("https://x/a.jpg", 8, 20_001, "height")]
    {
        let refused = manager.send_image("shop", "c1", "9", Picture::new(url, width, height)).wait().unwrap_err();
        assert!(matches!(refused, Error::InvalidArgument { field: wrong, .. } if wrong == field), "{refused}");
    }
    manager.close(LIMIT_S).wait().unwrap();
    assert_no_violations(&simulator);
}

#[test]
fn a_text_that_the_service_refuses_is_rejected_with_its_reason() {
    let simulator = simulator(Options::default());
    let manager = manager(config(&simulator));
    add_online(&manager, &simulator, "shop", "1001");
    simulator.refuse_next_send("1001", "CSI_FORBID", 200, Some("CSI_FORBID||…"));
    let rejected =
        || SendOutcome::Rejected { reason: "CSI_FORBID".to_owned(), code: 200, more_info: Some("CSI_FORBID||…".to_owned()) };
    let outcome = manager.send_text("shop", "c1", "9", "hello").wait().unwrap();
    assert_eq!(outcome, rejected());
    assert_eq!(manager.status("shop").unwrap().counters.rejected, 1);
}

#[test]
fn a_text_without_an_answer_is_unknown_and_not_sent_again() {
    let simulator = simulator(Options::default());
    let mut config = config(&simulator);
    config.answer_timeout_s = 0.3;
    let manager = manager(config);
    add_online(&manager, &simulator, "shop", "1001");
    simulator.swallow_next_send("1001");
    assert_eq!(manager.send_text("shop", "c1", "9", "hello").wait().unwrap(), SendOutcome::Unknown);
    assert!(matches!(manager.send_text("shop", "c1", "9", "again").wait().unwrap(), SendOutcome::Delivered { .. }));
    assert_eq!(simulator.counters().sends, 2);
}

#[test]
fn a_text_under_way_when_the_connection_ends_is_unknown() {
    let simulator = simulator(Options::default());
    let manager = manager(config(&simulator));
    add_online(&manager, &simulator, "shop", "1001");
    simulator.swallow_next_send("1001");
    let call = manager.send_text("shop", "c1", "9", "hello");
    simulator.wait_sends_blocking("1001", 1, LIMIT).unwrap();
    simulator.drop_connection("1001");
    assert_eq!(call.wait().unwrap(), SendOutcome::Unknown);
}

#[test]
fn nothing_is_sent_for_an_account_that_is_not_connected() {
    let simulator = simulator(Options::default());
    let manager = manager(config(&simulator));
    add_online(&manager, &simulator, "shop", "1001");
    manager.update_cookie_status("shop", false).wait().unwrap();
    let error = manager.send_text("shop", "c1", "9", "hello").wait().unwrap_err();
    assert!(matches!(&error, Error::NotConnected { cookie_id, .. } if cookie_id == "shop"));
    assert!(error.to_string().contains("disabled by the host"), "{error}");
}

#[test]
fn texts_of_one_caller_arrive_in_their_order() {
    let simulator = simulator(Options::default());
    let manager = manager(config(&simulator));
    add_online(&manager, &simulator, "shop", "1001");
    let calls: Vec<_> = (0..100).map(|n| manager.send_text("shop", "c1", "9", &n.to_string())).collect();
    for call in calls {
        assert!(matches!(call.wait().unwrap(), SendOutcome::Delivered { .. }));
    }
    let texts: Vec<_> = simulator.sends("1001").iter().map(|send| send.text().to_owned()).collect();
    assert_eq!(texts, (0..100).map(|n| n.to_string()).collect::<Vec<_>>());
}

#[test]
fn of_many_texts_under_way_when_the_connection_ends_each_is_unknown_or_was_not_sent() {
    let simulator = simulator(Options::default());
    let mut config = config(&simulator);
    config.backoff_initial_s = 60.0;
    config.backoff_max_s = 60.0;
    let manager = manager(config);
    add_online(&manager, &simulator, "shop", "1001");
    simulator.silence("1001", true);
    let calls: Vec<_> = (0..400).map(|n| manager.send_text("shop", "c1", "9", &n.to_string())).collect();
    simulator.wait_sends_blocking("1001", 1, LIMIT).unwrap();
    simulator.drop_connection("1001");
    let outcomes: Vec<_> = calls.into_iter().map(livekeeper::Call::wait).collect();
    for outcome in &outcomes {
        let is_honest = matches!(outcome, Ok(SendOutcome::Unknown) | Err(Error::NotConnected { .. } | Error::AtCapacity { .. }));
        assert!(is_honest, "{outcome:?}");
    }
    assert!(outcomes.contains(&Ok(SendOutcome::Unknown)));
}

#[test]
fn with_more_sends_under_way_than_may_be_every_message_is_still_answered() {
    let simulator = simulator(Options::default());
    let manager = manager(config(&simulator));
    add_online(&manager, &simulator, "shop", "1001");
    simulator.slow_answers("1001", Duration::from_millis(300));
    let calls: Vec<_> = (0..256).map(|n| manager.send_text("shop", "c1", "9", &n.to_string())).collect();
    simulator.wait_sends_blocking("1001", 256, LIMIT).unwrap();
    for _ in 0..3 {
        simulator.buyer_says("1001", &livekeeper_tests::greeting());
    }
    simulator.wait_sends_blocking("1001", 259, LIMIT).unwrap();
    assert!(calls.into_iter().all(|call| matches!(call.wait(), Ok(SendOutcome::Delivered { .. }))));
}
