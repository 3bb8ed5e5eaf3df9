//! New tokens while a session lives.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use livekeeper::{Config, ConnectionState, CookieManager, Error, ReasonCode, SendOutcome, TaskState};
use livekeeper_simulator::{ApiFault, BuyerMessage, Options, SeenKind, Simulator};
use livekeeper_tests::{
    LIMIT, LIMIT_S, ONLINE, PARKED, Scratch, add_online, assert_no_violations, config, converse, hear_standing, manager, simulator,
    wait,
};

/// Settings with these spans between two tokens.
fn refreshing(simulator: &Simulator, refresh_s: f64, retry_s: f64) -> Config {
    let mut config = config(simulator);
    config.token_refresh_s = refresh_s;
    config.token_refresh_retry_s = retry_s;
    config
}

/// Each time the service was asked for a token, reached, and registered with.
fn life_of_tokens(simulator: &Simulator) -> Vec<SeenKind> {
    let is_of_interest = |kind: &SeenKind| {
        matches!(kind, SeenKind::ApiCall | SeenKind::Connected | SeenKind::Registered | SeenKind::RegisterRefused)
    };
    simulator.log("1001").into_iter().map(|seen| seen.kind).filter(is_of_interest).collect()
}

#[test]
fn a_live_session_gets_a_new_token_now_and_then_and_registers_with_it_on_a_new_connection_and_nothing_is_lost_or_said_twice() {
    // Who is registered with another token than the newest hears nothing.
    let simulator = simulator(Options { pushes_follow_newest_token: true, ..Options::default() });
    let manager = manager(refreshing(&simulator, 0.2, 300.0));
    let mut events = manager.events().unwrap();
    add_online(&manager, &simulator, "shop", "1001");
    let mut said = 0;
    while simulator.counters_of("1001").registers < 5 {
        simulator.buyer_says("1001", &BuyerMessage::new("20997167734", "9687236998962", "在吗"));
        said += 1;
        // Answered, whichever session it came to.
        simulator.wait_until_blocking(LIMIT, |seen| seen.counters_of("1001").sends >= said).unwrap();
    }
    let reason = hear_standing(&mut events, |standing| standing.reason == ReasonCode::TokenRenewed);
    assert_eq!(reason.detail, "");
    let status = manager.status("shop").unwrap();
    assert_eq!((status.counters.failures, status.counters.unknown), (0, 0), "it is no failure");
    manager.close(LIMIT_S).wait().unwrap();

    let counters = simulator.counters_of("1001");
    assert_eq!((counters.sends, counters.duplicates), (said, 0));
    let life = life_of_tokens(&simulator);
    let one = [SeenKind::ApiCall, SeenKind::Connected, SeenKind::Registered];
    for (number, kind) in life.iter().enumerate() {
        assert_eq!(kind, &one[number % 3], "one request at a time, each with a connection of its own: {life:?}");
    }
    assert_eq!(simulator.max_live_sessions("1001"), 1);
    assert_eq!((counters.closes_without_frame, counters.registers_refused), (0, 0));
    assert_no_violations(&simulator);
}

#[test]
fn a_token_that_cannot_be_had_is_asked_for_again_and_the_session_goes_on_meanwhile() {
    let scratch = Scratch::new("refreshing");
    let simulator = simulator(Options::default());
    let before = CookieManager::open(scratch.join("shop.db"), config(&simulator)).unwrap();
    add_online(&before, &simulator, "shop", "1001");
    before.close(LIMIT_S).wait().unwrap();
    for fault in [ApiFault::HttpStatus(502), ApiFault::Ret("FAIL_SYS_SERVICE_TIMEOUT::服务超时".to_owned()), ApiFault::Disconnect]
    {
        simulator.api_error("1001", 1, &fault);
    }
    // It signs in with the token of before.
    let manager = CookieManager::open(scratch.join("shop.db"), refreshing(&simulator, 0.2, 0.1)).unwrap();
    let mut events = manager.events().unwrap();
    hear_standing(&mut events, |standing| standing.connection == ConnectionState::Connected);
    let next = hear_standing(&mut events, |_| true);
    assert_eq!(next.code, ReasonCode::TokenRenewed, "nothing else happened to the session: {next}");
    let counters = simulator.counters_of("1001");
    assert!(counters.api_calls >= 5 && counters.token_calls >= 2, "{counters:?}");
    converse(&simulator, "1001");
    assert_eq!(manager.status("shop").unwrap().counters.failures, 0);
}

#[test]
fn replies_in_flight_are_answered_before_a_session_ends_for_a_new_token() {
    let simulator = simulator(Options::default());
    let manager = manager(refreshing(&simulator, 0.3, 300.0));
    add_online(&manager, &simulator, "shop", "1001");
    simulator.slow_answers("1001", Duration::from_millis(100));
    let mut delivered = 0;
    while simulator.counters_of("1001").registers < 4 {
        match manager.send_text("shop", "20997167734", "9687236998962", "在的").wait() {
            Ok(SendOutcome::Delivered { .. }) => delivered += 1,
            Err(Error::NotConnected { .. }) => drop(wait(&manager, "shop", ONLINE)),
            other => panic!("{other:?}"),
        }
    }
    let status = manager.status("shop").unwrap();
    assert_eq!((status.counters.delivered, status.counters.unknown), (delivered, 0));
    assert_eq!(simulator.counters_of("1001").sends, delivered);
}

#[test]
fn a_login_that_turns_out_to_be_over_parks_the_account_as_at_sign_in_with_one_call() {
    for code in [ReasonCode::PersonMustVerify, ReasonCode::SessionExpired] {
        let simulator = simulator(Options::default());
        let manager = manager(refreshing(&simulator, 0.3, 0.05));
        let mut events = manager.events().unwrap();
        add_online(&manager, &simulator, "shop", "1001");
        match code {
            ReasonCode::PersonMustVerify => simulator.require_verification("1001", Some("https://verify.example/")),
            _ => simulator.expire_session("1001"),
        }
        let reason = hear_standing(&mut events, |standing| standing.state == TaskState::Parked);
        assert_eq!(reason.code, code, "{reason}");
        assert_eq!(wait(&manager, "shop", PARKED).reason.code, code);
        simulator.wait_until_blocking(LIMIT, |seen| seen.connections() == 0).unwrap();
        let counters = simulator.counters_of("1001");
        assert_eq!((counters.api_calls, counters.closes_without_frame), (counters.registers + 1, 0));

        simulator.clear_verification("1001");
        manager.update_cookie("shop", &simulator.renew_cookie("1001")).wait().unwrap();
        wait(&manager, "shop", ONLINE);
    }
}

#[test]
fn a_session_that_ends_while_it_asks_leaves_the_next_one_to_ask_anew() {
    let simulator = simulator(Options { pushes_follow_newest_token: true, ..Options::default() });
    let manager = manager(refreshing(&simulator, 0.3, 300.0));
    add_online(&manager, &simulator, "shop", "1001");
    simulator.slow_answers("1001", Duration::from_secs(20));
    // The request is granted, and its answer is on its way for long.
    simulator.wait_until_blocking(LIMIT, |seen| seen.counters_of("1001").api_calls == 2).unwrap();
    simulator.slow_answers("1001", Duration::ZERO);
    manager.restart("shop").wait().unwrap();
    simulator.wait_until_blocking(LIMIT, |seen| seen.counters_of("1001").registers == 2 && seen.online("1001")).unwrap();
    converse(&simulator, "1001");
    assert_no_violations(&simulator);
}
