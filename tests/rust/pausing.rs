//! `pause`, `resume`, `restart`, `set_priority`.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use livekeeper::{CookieManager, Error, KeywordRule, ReasonCode, SendOutcome, TaskState};
use livekeeper_simulator::{Options, Simulator};
use livekeeper_tests::{
    LIMIT, LIMIT_S, ONLINE, PARKED, PAUSED, Scratch, add_online, assert_no_violations, config, converse, greeting, manager,
    simulator, wait,
};

/// Has a buyer write, and waits until the message is acknowledged: it is recorded then, and whether it is answered is decided.
fn say_unanswered(simulator: &Simulator, unb: &str) {
    let before = simulator.counters_of(unb);
    simulator.buyer_says(unb, &greeting());
    simulator.wait_until_blocking(LIMIT, |seen| seen.counters_of(unb).acks > before.acks).unwrap();
    assert_eq!(simulator.counters_of(unb).sends, before.sends);
}

#[test]
fn a_paused_account_stays_connected_and_records_and_acknowledges_and_answers_only_what_comes_after_resume() {
    let simulator = simulator(Options::default());
    let manager = manager(config(&simulator));
    add_online(&manager, &simulator, "shop", "1001");
    manager.pause("shop").wait().unwrap();
    let status = wait(&manager, "shop", PAUSED);
    assert!(status.paused);
    assert_eq!(status.reason.code, ReasonCode::Paused);
    for _ in 0..3 {
        say_unanswered(&simulator, "1001");
    }
    assert_eq!(manager.status("shop").unwrap().counters.received, 3);

    // What the host says itself goes out.
    let outcome = manager.send_text("shop", "c1", "9", "by hand").wait().unwrap();
    assert!(matches!(outcome, SendOutcome::Delivered { .. }), "{outcome:?}");

    manager.resume("shop").wait().unwrap();
    assert_eq!(wait(&manager, "shop", ONLINE).reason.code, ReasonCode::Online);
    assert_eq!(simulator.counters_of("1001").sends, 1, "what came meanwhile stays unanswered");
    converse(&simulator, "1001");
    converse(&simulator, "1001");
    let said: Vec<_> = simulator.sends("1001").iter().map(|send| send.text().to_owned()).collect();
    assert_eq!(said, ["by hand", "在的", "在的"]);
    assert_eq!(simulator.counters().connects, 1, "it stayed connected throughout");
    manager.close(LIMIT_S).wait().unwrap();
    assert_no_violations(&simulator);
}

#[test]
fn a_paused_account_is_paused_again_after_a_lost_connection_a_restart_and_a_new_cookie() {
    let simulator = simulator(Options::default());
    let manager = manager(config(&simulator));
    add_online(&manager, &simulator, "shop", "1001");
    manager.pause("shop").wait().unwrap();
    let causes: [&dyn Fn(); 4] = [
        &|| simulator.drop_connection("1001"),
        &|| manager.restart("shop").wait().unwrap(),
        &|| manager.update_cookie("shop", &simulator.renew_cookie("1001")).wait().unwrap(),
        &|| manager.add_cookie("shop", &simulator.cookie("1001"), None, None).wait().unwrap(),
    ];
    for (before, cause) in (1..).zip(causes) {
        cause();
        simulator.wait_until_blocking(LIMIT, |seen| seen.counters().registers > before && seen.online("1001")).unwrap();
        wait(&manager, "shop", PAUSED);
        say_unanswered(&simulator, "1001");
    }
    manager.resume("shop").wait().unwrap();
    converse(&simulator, "1001");
}

#[test]
fn pause_and_priority_are_remembered_by_the_file() {
    let scratch = Scratch::new("pause-remembered");
    let simulator = simulator(Options::default());
    let open = || CookieManager::open(scratch.join("shop.db"), config(&simulator)).unwrap();
    let first = open();
    add_online(&first, &simulator, "shop", "1001");
    first.pause("shop").wait().unwrap();
    first.set_priority("shop", 7).wait().unwrap();
    first.close(LIMIT_S).wait().unwrap();

    let second = open();
    let status = wait(&second, "shop", PAUSED);
    assert_eq!((status.paused, status.priority), (true, 7));
    simulator.wait_online_blocking("1001", LIMIT).unwrap();
    say_unanswered(&simulator, "1001");
    second.resume("shop").wait().unwrap();
    second.set_priority("shop", -100).wait().unwrap();
    second.close(LIMIT_S).wait().unwrap();

    let third = open();
    let status = wait(&third, "shop", ONLINE);
    assert_eq!((status.paused, status.priority), (false, -100));
    simulator.wait_online_blocking("1001", LIMIT).unwrap();
    converse(&simulator, "1001");
}

#[test]
fn pause_and_priority_are_forgotten_when_the_account_is_removed_and_added_again() {
    let scratch = Scratch::new("pause-forgotten");
    let simulator = simulator(Options::default());
    let manager = CookieManager::open(scratch.join("shop.db"), config(&simulator)).unwrap();
    add_online(&manager, &simulator, "shop", "1001");
    for is_queued_behind_the_removal in [false, true] {
        manager.pause("shop").wait().unwrap();
        manager.set_priority("shop", 100).wait().unwrap();
        let removal = manager.remove_cookie("shop");
        if is_queued_behind_the_removal {
            let rules = vec![KeywordRule::new("在吗", "在的")];
            let again = manager.add_cookie("shop", &simulator.cookie("1001"), Some(rules), None);
            removal.wait().unwrap();
            again.wait().unwrap();
            wait(&manager, "shop", ONLINE);
            simulator.wait_online_blocking("1001", LIMIT).unwrap();
        } else {
            removal.wait().unwrap();
            add_online(&manager, &simulator, "shop", "1001");
        }
        let status = manager.status("shop").unwrap();
        assert_eq!((status.paused, status.priority), (false, 0), "queued: {is_queued_behind_the_removal}");
        converse(&simulator, "1001");
    }
    manager.close(LIMIT_S).wait().unwrap();
    let again = CookieManager::open(scratch.join("shop.db"), config(&simulator)).unwrap();
    let status = again.status("shop").unwrap();
    assert_eq!((status.paused, status.priority), (false, 0));
}

#[test]
fn restart_and_a_new_cookie_each_unpark_an_account_for_which_the_platform_wanted_a_person() {
    let simulator = simulator(Options::default());
    let manager = manager(config(&simulator));
    for (cookie_id, unb) in [("restarted", "1001"), ("renewed", "1002")] {
        let cookie = simulator.cookie(unb);
        simulator.require_verification(unb, Some("https://verify.example/"));
        manager.add_cookie(cookie_id, &cookie, Some(vec![KeywordRule::new("在吗", "在的")]), None).wait().unwrap();
        assert_eq!(wait(&manager, cookie_id, PARKED).reason.code, ReasonCode::PersonMustVerify);
        simulator.clear_verification(unb);
        if cookie_id == "restarted" {
            manager.restart(cookie_id).wait().unwrap();
        } else {
            manager.update_cookie(cookie_id, &simulator.renew_cookie(unb)).wait().unwrap();
        }
        wait(&manager, cookie_id, ONLINE);
        simulator.wait_online_blocking(unb, LIMIT).unwrap();
        converse(&simulator, unb);
    }
}

#[test]
fn restart_of_a_live_account_ends_its_session_properly_and_begins_another() {
    let simulator = simulator(Options::default());
    let manager = manager(config(&simulator));
    add_online(&manager, &simulator, "shop", "1001");
    manager.restart("shop").wait().unwrap();
    simulator.wait_until_blocking(LIMIT, |seen| seen.counters().registers == 2 && seen.online("1001")).unwrap();
    converse(&simulator, "1001");
    let counters = simulator.counters();
    assert_eq!((counters.closes_with_frame, counters.closes_without_frame, counters.token_calls), (1, 0, 1));
    assert_eq!(simulator.max_live_sessions("1001"), 1);
    assert_eq!(manager.status("shop").unwrap().counters.failures, 0);
    assert_no_violations(&simulator);
}

#[test]
fn restart_of_a_disabled_account_is_refused_and_it_stays_as_it_is() {
    let simulator = simulator(Options::default());
    let manager = manager(config(&simulator));
    add_online(&manager, &simulator, "shop", "1001");
    manager.update_cookie_status("shop", false).wait().unwrap();
    let refused = manager.restart("shop").wait().unwrap_err();
    assert_eq!(refused, Error::AccountDisabled { cookie_id: "shop".to_owned() });
    assert!(refused.to_string().contains("update_cookie_status"), "{refused}");
    assert_eq!(manager.status("shop").unwrap().state, TaskState::Stopped);

    // Pausing it is no contradiction: it is paused when it is switched on.
    manager.pause("shop").wait().unwrap();
    manager.update_cookie_status("shop", true).wait().unwrap();
    wait(&manager, "shop", PAUSED);
    assert_eq!(simulator.counters().connects, 2);
}

#[test]
fn a_priority_out_of_range_and_an_unknown_account_are_refused() {
    let simulator = simulator(Options::default());
    let manager = manager(config(&simulator));
    add_online(&manager, &simulator, "shop", "1001");
    for priority in [-101, 101, i32::MIN, i32::MAX] {
        let refused = manager.set_priority("shop", priority).wait().unwrap_err();
        assert!(matches!(refused, Error::InvalidArgument { field: "priority", .. }), "{refused}");
    }
    assert_eq!(manager.status("shop").unwrap().priority, 0);
    let unknown = Err(Error::AccountNotFound { cookie_id: "none".to_owned() });
    for call in [manager.pause("none"), manager.resume("none"), manager.restart("none"), manager.set_priority("none", 1)] {
        assert_eq!(call.wait(), unknown);
    }
}
