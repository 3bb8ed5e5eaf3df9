//! Adding, replacing, switching, removing, closing.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::time::Duration;

use livekeeper::{ConnectionState, CookieManager, Error, KeywordRule, ReasonCode, TaskState, Wanted};
use livekeeper_simulator::Options;
use livekeeper_tests::{
    LIMIT, LIMIT_S, ONLINE, Scratch, add_online, assert_no_violations, config, converse, manager, simulator, wait,
};

#[test]
fn adding_an_account_that_exists_ends_its_old_session_first_and_keeps_its_rules() {
    let simulator = simulator(Options::default());
    let manager = manager(config(&simulator));
    add_online(&manager, &simulator, "shop", "1001");
    manager.add_cookie("shop", &simulator.cookie("1001"), None, None).wait().unwrap();
    wait(&manager, "shop", ONLINE);
    simulator.wait_online_blocking("1001", LIMIT).unwrap();
    converse(&simulator, "1001");
    assert_eq!(simulator.max_live_sessions("1001"), 1);
    assert_eq!(manager.list_cookies().unwrap(), ["shop"]);
    manager.close(LIMIT_S).wait().unwrap();
    assert_no_violations(&simulator);
}

#[test]
fn one_account_added_from_many_threads_at_once_has_one_session() {
    let simulator = simulator(Options::default());
    let manager = Arc::new(manager(config(&simulator)));
    let cookie = simulator.cookie("1001");
    let threads: Vec<_> = (0..64)
        .map(|_| {
            let (manager, cookie) = (Arc::clone(&manager), cookie.clone());
            std::thread::spawn(move || manager.add_cookie("shop", &cookie, None, None).wait())
        })
        .collect();
    for thread in threads {
        thread.join().unwrap().unwrap();
    }
    wait(&manager, "shop", ONLINE);
    assert_eq!(simulator.max_live_sessions("1001"), 1);
    assert_eq!(manager.list_cookies().unwrap(), ["shop"]);
}

#[test]
fn a_disabled_account_is_stopped_and_stays_known_and_comes_back_when_enabled() {
    let simulator = simulator(Options::default());
    let manager = manager(config(&simulator));
    add_online(&manager, &simulator, "shop", "1001");
    manager.update_cookie_status("shop", false).wait().unwrap();
    let status = manager.status("shop").unwrap();
    assert_eq!((status.state, status.connection), (TaskState::Stopped, ConnectionState::Closed));
    assert_eq!(status.reason.code, ReasonCode::Disabled);
    assert!(!manager.get_cookie_status("shop").unwrap());
    assert_eq!(manager.get_enabled_cookies().unwrap(), [""; 0]);
    simulator.wait_until_blocking(LIMIT, |seen| seen.connections() == 0).unwrap();

    manager.update_cookie_status("shop", true).wait().unwrap();
    wait(&manager, "shop", ONLINE);
    simulator.wait_online_blocking("1001", LIMIT).unwrap();
    converse(&simulator, "1001");
}

#[test]
fn a_removed_account_is_gone_with_its_session_and_can_be_added_again() {
    let scratch = Scratch::new("remove");
    let simulator = simulator(Options::default());
    let manager = CookieManager::open(scratch.join("shop.db"), config(&simulator)).unwrap();
    add_online(&manager, &simulator, "shop", "1001");
    manager.remove_cookie("shop").wait().unwrap();
    simulator.wait_until_blocking(LIMIT, |seen| seen.connections() == 0).unwrap();
    assert_eq!(manager.list_cookies().unwrap(), [""; 0]);
    let gone = Err(Error::AccountNotFound { cookie_id: "shop".to_owned() });
    assert_eq!(manager.remove_cookie("shop").wait(), gone);
    assert_eq!(manager.status("shop").map(drop), gone);

    add_online(&manager, &simulator, "shop", "1001");
    manager.remove_cookie("shop").wait().unwrap();
    manager.close(LIMIT_S).wait().unwrap();
    let again = CookieManager::open(scratch.join("shop.db"), config(&simulator)).unwrap();
    assert_eq!(again.list_cookies().unwrap(), [""; 0]);
}

#[test]
fn whoever_waits_for_an_account_that_is_removed_is_told_so() {
    let simulator = simulator(Options::default());
    let manager = manager(config(&simulator));
    add_online(&manager, &simulator, "shop", "1001");
    let parked = Wanted { state: Some(TaskState::Parked), connection: None };
    let waiting = manager.wait_for("shop", parked, LIMIT_S);
    manager.remove_cookie("shop").wait().unwrap();
    assert_eq!(waiting.wait(), Err(Error::AccountNotFound { cookie_id: "shop".to_owned() }));
}

#[test]
fn a_new_cookie_is_taken_only_from_the_same_user() {
    let simulator = simulator(Options::default());
    let manager = manager(config(&simulator));
    add_online(&manager, &simulator, "shop", "1001");
    let refused = manager.update_cookie("shop", &simulator.cookie("2002")).wait().unwrap_err();
    assert_eq!((refused.code(), refused.cookie_id()), (9, Some("shop")));
    converse(&simulator, "1001");
    manager.update_cookie("shop", &simulator.renew_cookie("1001")).wait().unwrap();
    wait(&manager, "shop", ONLINE);
    simulator.wait_online_blocking("1001", LIMIT).unwrap();
    converse(&simulator, "1001");
    assert_eq!(simulator.max_live_sessions("1001"), 1);
}

#[test]
fn closing_reports_on_every_account_and_ends_every_session_with_a_close_frame() {
    let simulator = simulator(Options::default());
    let manager = manager(config(&simulator));
    for account in 0..10 {
        add_online(&manager, &simulator, &format!("shop {account}"), &format!("100{account}"));
    }
    manager.update_cookie_status("shop 3", false).wait().unwrap();
    let report = manager.close(LIMIT_S).wait().unwrap();
    assert!(report.is_clean(), "{report:?}");
    let ids: Vec<_> = report.accounts.iter().map(|account| account.cookie_id.clone()).collect();
    assert_eq!(ids, (0..10).map(|account| format!("shop {account}")).collect::<Vec<_>>());
    assert_eq!(
        report.accounts.iter().filter(|account| account.stages.is_empty()).count(),
        1,
        "the disabled one had nothing to stop"
    );
    simulator.wait_until_blocking(LIMIT, |seen| seen.connections() == 0).unwrap();
    assert_eq!(simulator.counters().closes_with_frame, 10);
    assert_eq!(simulator.counters().closes_without_frame, 0);
}

#[test]
fn after_close_every_call_says_so_and_close_gives_the_same_report_again() {
    let simulator = simulator(Options::default());
    let manager = manager(config(&simulator));
    add_online(&manager, &simulator, "shop", "1001");
    let report = manager.close(LIMIT_S).wait().unwrap();
    assert_eq!(manager.close(LIMIT_S).wait().unwrap(), report);
    assert_eq!(manager.status("shop").map(drop), Err(Error::Closed));
    assert_eq!(manager.list_cookies().map(drop), Err(Error::Closed));
    assert_eq!(manager.add_cookie("shop", &simulator.cookie("1001"), None, None).wait(), Err(Error::Closed));
    assert_eq!(manager.update_keywords("shop", vec![KeywordRule::new("a", "b")]).wait(), Err(Error::Closed));
    assert_eq!(manager.wait_for("shop", ONLINE, 1.0).wait().map(drop), Err(Error::Closed));
}

#[test]
fn a_silent_service_does_not_hold_up_closing() {
    let simulator = simulator(Options::default());
    let mut config = config(&simulator);
    config.stop_socket_s = 0.3;
    let manager = manager(config);
    add_online(&manager, &simulator, "shop", "1001");
    simulator.silence("1001", true);
    let report = manager.close(LIMIT_S).wait().unwrap();
    assert!(report.is_clean(), "{report:?}");
    assert!(report.took_s < 5.0, "{report:?}");
}

#[test]
fn calls_that_still_wait_when_the_manager_closes_are_answered() {
    let simulator = simulator(Options::default());
    let manager = manager(config(&simulator));
    add_online(&manager, &simulator, "shop", "1001");
    let calls: Vec<_> = (0..1_100).map(|n| manager.update_keywords("shop", vec![KeywordRule::new("a", n.to_string())])).collect();
    manager.close(0.0).wait().unwrap();
    for call in calls {
        let answer = call.wait();
        assert!(matches!(answer, Ok(()) | Err(Error::Closed | Error::AtCapacity { .. })), "{answer:?}");
    }
}

#[test]
fn closing_while_a_session_is_being_opened_ends_it_with_a_close_frame_too() {
    let simulator = simulator(Options::default());
    let manager = manager(config(&simulator));
    let cookie = simulator.cookie("1001");
    simulator.slow_answers("1001", Duration::from_millis(500));
    manager.add_cookie("shop", &cookie, None, None).wait().unwrap();
    // By then the handshake is over at both ends; its answer is still to come.
    simulator.wait_until_blocking(LIMIT, |seen| seen.counters().registers == 1).unwrap();
    assert!(manager.close(LIMIT_S).wait().unwrap().is_clean());
    simulator.wait_until_blocking(LIMIT, |seen| seen.connections() == 0).unwrap();
    assert_eq!(simulator.counters().closes_without_frame, 0);
}

#[test]
fn an_account_removed_and_added_again_at_once_has_none_of_its_old_rules() {
    let simulator = simulator(Options::default());
    let manager = manager(config(&simulator));
    add_online(&manager, &simulator, "shop", "1001");
    let removal = manager.remove_cookie("shop");
    let again = manager.add_cookie("shop", &simulator.cookie("1001"), None, None);
    removal.wait().unwrap();
    again.wait().unwrap();
    wait(&manager, "shop", ONLINE);
    simulator.wait_online_blocking("1001", LIMIT).unwrap();
    simulator.buyer_says("1001", &livekeeper_tests::greeting());
    simulator.wait_until_blocking(LIMIT, |seen| seen.counters().acks == 1).unwrap();
    manager.close(LIMIT_S).wait().unwrap();
    assert_eq!(simulator.counters().sends, 0);
}

#[test]
fn what_waits_for_a_reply_is_not_answered_by_another_user_under_the_same_id() {
    let simulator = simulator(Options::default());
    let mut config = config(&simulator);
    config.debounce_s = 60.0;
    config.backoff_initial_s = 60.0;
    config.backoff_max_s = 60.0;
    let manager = manager(config);
    add_online(&manager, &simulator, "shop", "1001");
    simulator.buyer_says("1001", &livekeeper_tests::greeting());
    simulator.wait_until_blocking(LIMIT, |seen| seen.counters().acks == 1).unwrap();
    simulator.drop_connection("1001");
    wait(&manager, "shop", Wanted { state: None, connection: Some(ConnectionState::Reconnecting) });
    manager.add_cookie("shop", &simulator.cookie("2002"), None, None).wait().unwrap();
    wait(&manager, "shop", ONLINE);
    // Closing answers at once what still waits.
    manager.close(LIMIT_S).wait().unwrap();
    assert_eq!(simulator.counters().sends, 0);
}

#[test]
fn a_manager_dropped_without_close_ends_its_sessions_with_a_close_frame_too() {
    let simulator = simulator(Options::default());
    let manager = manager(config(&simulator));
    add_online(&manager, &simulator, "shop", "1001");
    drop(manager);
    simulator.wait_until_blocking(LIMIT, |seen| seen.counters().closes_with_frame == 1).unwrap();
}

#[tokio::test]
async fn the_same_calls_are_awaited_in_the_hosts_own_loop() {
    let simulator = simulator(Options::default());
    let manager = manager(config(&simulator));
    manager.add_cookie("shop", &simulator.cookie("1001"), None, None).await.unwrap();
    let status = manager.wait_for("shop", ONLINE, LIMIT_S).await.unwrap();
    assert_eq!(status.connection, ConnectionState::Connected);
    assert!(manager.close(LIMIT_S).await.unwrap().is_clean());
}
