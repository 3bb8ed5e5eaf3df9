//! Whatever ends a session: it comes back by itself, or says who is needed.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use livekeeper::{ConnectionState, CookieManager, Error, EventKind, News, ReasonCode, TaskState, Wanted};
use livekeeper_simulator::{ApiFault, Options, SimulatorThread};
use livekeeper_tests::{
    LIMIT, LIMIT_S, ONLINE, PARKED, add_online, assert_no_violations, config, converse, greeting, manager, simulator, wait,
};

/// A manager with one account online, which registers again after `fault` and answers.
fn comes_back_after(fault: impl FnOnce(&SimulatorThread)) -> (SimulatorThread, CookieManager) {
    let simulator = simulator(Options::default());
    let mut config = config(&simulator);
    config.heartbeat_interval_s = 0.1;
    config.heartbeat_timeout_s = 0.3;
    let manager = manager(config);
    add_online(&manager, &simulator, "shop", "1001");
    let registers = simulator.counters_of("1001").registers;
    fault(&simulator);
    simulator.wait_until_blocking(LIMIT, |seen| seen.counters_of("1001").registers > registers).unwrap();
    simulator.wait_online_blocking("1001", LIMIT).unwrap();
    converse(&simulator, "1001");
    assert_no_violations(&simulator);
    (simulator, manager)
}

#[test]
fn a_normal_close_by_the_service_is_followed_by_a_new_session() {
    let (_simulator, manager) = comes_back_after(|simulator| simulator.close("1001", 1000, "bye"));
    assert_eq!(manager.status("shop").unwrap().counters.failures, 1);
}

#[test]
fn a_connection_that_vanishes_is_followed_by_a_new_session() {
    comes_back_after(|simulator| simulator.drop_connection("1001"));
}

#[test]
fn a_service_that_answers_no_heartbeat_is_left_for_a_new_session() {
    let simulator = simulator(Options::default());
    let mut config = config(&simulator);
    config.heartbeat_interval_s = 0.1;
    config.heartbeat_timeout_s = 0.3;
    let manager = manager(config);
    add_online(&manager, &simulator, "shop", "1001");
    simulator.silence("1001", true);
    let lost = Wanted { state: None, connection: Some(ConnectionState::Reconnecting) };
    assert!(wait(&manager, "shop", lost).counters.failures >= 1);
    simulator.silence("1001", false);
    wait(&manager, "shop", ONLINE);
    simulator.wait_online_blocking("1001", LIMIT).unwrap();
    converse(&simulator, "1001");
}

#[test]
fn a_token_that_is_no_good_any_more_is_replaced_by_a_new_one() {
    let (simulator, _manager) = comes_back_after(|simulator| {
        simulator.expire_token("1001");
        simulator.drop_connection("1001");
    });
    assert_eq!(simulator.counters_of("1001").token_calls, 2);
    assert_eq!(simulator.counters_of("1001").registers_refused, 1);
    assert_eq!(simulator.counters_of("1001").closes_without_frame, 0);
}

#[test]
fn a_service_whose_heartbeat_answers_take_longer_than_the_interval_is_kept() {
    let simulator = simulator(Options::default());
    let mut config = config(&simulator);
    config.heartbeat_interval_s = 0.1;
    config.heartbeat_timeout_s = 2.0;
    let manager = manager(config);
    add_online(&manager, &simulator, "shop", "1001");
    simulator.slow_answers("1001", Duration::from_millis(250));
    let limit = Duration::from_secs(30);
    // Beats for longer than the timeout: were their answers not counted, the connection would have been given up.
    simulator.wait_until_blocking(limit, |seen| seen.counters_of("1001").heartbeats >= 30).unwrap();
    assert_eq!(manager.status("shop").unwrap().counters.failures, 0);
}

#[test]
fn a_stale_signature_brings_a_new_cookie_and_the_same_call_once_more() {
    let simulator = simulator(Options::default());
    let manager = manager(config(&simulator));
    let cookie = simulator.cookie("1001");
    simulator.expire_signature("1001");
    simulator.set_cookie_on_next_answer("1001", "sgcookie=renewed; Path=/; Domain=.goofish.com");
    manager.add_cookie("shop", &cookie, None, None).wait().unwrap();
    wait(&manager, "shop", ONLINE);
    assert_eq!(simulator.counters_of("1001").api_calls, 2);
    assert_eq!(simulator.counters_of("1001").token_calls, 1);
    assert_eq!(simulator.cookie_last_sent("1001", "sgcookie").as_deref(), Some("renewed"));
    assert_no_violations(&simulator);
}

#[test]
fn a_login_that_is_over_parks_the_account_until_a_new_cookie_comes() {
    let simulator = simulator(Options::default());
    let manager = manager(config(&simulator));
    let cookie = simulator.cookie("1001");
    simulator.expire_session("1001");
    manager.add_cookie("shop", &cookie, None, None).wait().unwrap();
    let status = wait(&manager, "shop", PARKED);
    assert_eq!(status.reason.code, ReasonCode::SessionExpired);
    assert_eq!(status.reason.next_try_ms, None);
    assert!(manager.get_cookie_status("shop").unwrap(), "no failure writes what the host asked for");
    assert_eq!(simulator.counters_of("1001").api_calls, 1);

    manager.update_cookie("shop", &simulator.renew_cookie("1001")).wait().unwrap();
    wait(&manager, "shop", ONLINE);
}

#[test]
fn a_platform_that_wants_a_person_is_left_alone_and_the_url_is_shown() {
    let simulator = simulator(Options::default());
    let manager = manager(config(&simulator));
    let cookie = simulator.cookie("1001");
    let url = "https://verify.example/punish?x=1";
    simulator.require_verification("1001", Some(url));
    manager.add_cookie("shop", &cookie, None, None).wait().unwrap();
    let status = wait(&manager, "shop", PARKED);
    assert_eq!((status.reason.code, status.reason.detail.as_str()), (ReasonCode::PersonMustVerify, url));
    assert_eq!(simulator.counters_of("1001").api_calls, 1);
}

#[test]
fn an_api_that_fails_for_a_while_is_asked_again() {
    let simulator = simulator(Options::default());
    let manager = manager(config(&simulator));
    let cookie = simulator.cookie("1001");
    simulator.api_error("1001", 3, &ApiFault::HttpStatus(502));
    manager.add_cookie("shop", &cookie, None, None).wait().unwrap();
    assert_eq!(wait(&manager, "shop", ONLINE).counters.failures, 3);
}

#[test]
fn an_account_that_cannot_reach_the_service_says_why_and_when_it_tries_again() {
    let simulator = simulator(Options::default());
    let mut config = config(&simulator);
    config.backoff_initial_s = 60.0;
    config.backoff_max_s = 60.0;
    let cookie = simulator.cookie("1001");
    drop(simulator);
    let manager = manager(config);
    manager.add_cookie("shop", &cookie, None, None).wait().unwrap();
    let resting = Wanted { state: Some(TaskState::Running), connection: Some(ConnectionState::Reconnecting) };
    let status = wait(&manager, "shop", resting);
    assert_eq!(status.reason.code, ReasonCode::ConnectFailed);
    assert!(status.reason.detail.contains("refused"), "{}", status.reason);
    assert!(status.reason.next_try_ms.unwrap() > 0);

    let error = manager.wait_for("shop", ONLINE, 0.0).wait().unwrap_err();
    assert!(matches!(error, Error::TimedOut { .. }));
    let sentence = error.to_string();
    assert!(
        sentence.starts_with(
            "state=running, connection=connected did not happen within 0 s (account \"shop\": running, reconnecting: "
        ),
        "{sentence}"
    );
    assert!(manager.close(LIMIT_S).wait().unwrap().is_clean());
}

#[test]
fn what_the_service_pushed_while_nobody_was_there_is_answered_afterwards() {
    let simulator = simulator(Options::default());
    let manager = manager(config(&simulator));
    add_online(&manager, &simulator, "shop", "1001");
    manager.update_cookie_status("shop", false).wait().unwrap();
    simulator.buyer_says("1001", &greeting());
    manager.update_cookie_status("shop", true).wait().unwrap();
    simulator.wait_sends_blocking("1001", 1, LIMIT).unwrap();
}

#[test]
fn many_accounts_that_lose_their_connections_at_one_instant_all_come_back() {
    let simulator = simulator(Options::default());
    let manager = manager(config(&simulator));
    for account in 0..50 {
        add_online(&manager, &simulator, &format!("shop {account}"), &format!("10{account:02}"));
    }
    simulator.drop_all();
    simulator.wait_until_blocking(LIMIT, |seen| seen.counters().registers == 100 && seen.accounts_online() == 50).unwrap();
    for account in 0..50 {
        assert_eq!(simulator.max_live_sessions(&format!("10{account:02}")), 1);
    }
}

#[test]
fn slow_answers_are_waited_for() {
    let simulator = simulator(Options::default());
    let manager = manager(config(&simulator));
    let cookie = simulator.cookie("1001");
    simulator.slow_answers("1001", Duration::from_millis(100));
    manager.add_cookie("shop", &cookie, None, None).wait().unwrap();
    assert_eq!(wait(&manager, "shop", ONLINE).counters.failures, 0);
}

/// As a service does that is being restarted, or the gateway before it.
#[test]
fn a_service_that_takes_connections_and_hangs_up_parks_nobody() {
    let simulator = simulator(Options::default());
    let door = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut config = config(&simulator);
    config.websocket_url = format!("ws://{}/", door.local_addr().unwrap());
    let manager = manager(config);
    let mut events = manager.events().unwrap();
    let mut until = |reason: ReasonCode| loop {
        let Ok(Some(News::Event(event))) = events.next_within(LIMIT) else { panic!("it is told within the limit") };
        if let EventKind::StateChanged { new, .. } = &event.kind {
            assert_ne!(new.state, TaskState::Parked);
            if new.reason == reason {
                return *new;
            }
        }
    };
    manager.add_cookie("shop", &simulator.cookie("1001"), None, None).wait().unwrap();
    for _ in 0..10 {
        until(ReasonCode::Opening);
        let (mut caller, _) = door.accept().unwrap();
        // Read before it is hung up on: the answer is the end of the stream, and no reset.
        let _ = std::io::Read::read(&mut caller, &mut [0; 4096]).unwrap();
        drop(caller);
        assert_eq!(until(ReasonCode::ConnectionLost).state, TaskState::Running);
    }
}
