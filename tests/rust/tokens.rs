//! Access tokens: when they are asked for, how often, and what follows from a new one.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use livekeeper::{EventKind, Events, KeywordRule, ReasonCode, TaskState};
use livekeeper_simulator::{Options, SeenKind, Simulator};
use livekeeper_tests::proxy::Proxy;
use livekeeper_tests::{
    LIMIT, LIMIT_S, ONLINE, PARKED, add_online, assert_no_violations, config, converse, heard, manager, simulator, wait,
};

/// What the service has seen of an account, as far as it concerns tokens.
fn life_of_tokens(simulator: &Simulator, unb: &str) -> Vec<SeenKind> {
    let is_of_interest = |kind: &SeenKind| {
        matches!(kind, SeenKind::ApiCall | SeenKind::Connected | SeenKind::Registered | SeenKind::RegisterRefused)
    };
    simulator.log(unb).into_iter().map(|seen| seen.kind).filter(is_of_interest).collect()
}

#[test]
fn a_new_token_is_followed_by_a_new_registration_on_a_new_connection_and_pushes_flow_on() {
    use SeenKind::{ApiCall, Connected, RegisterRefused, Registered};

    // Who is registered with another token than the newest has its heartbeats answered and hears nothing else.
    let simulator = simulator(Options { pushes_follow_newest_token: true, ..Options::default() });
    let manager = manager(config(&simulator));
    add_online(&manager, &simulator, "shop", "1001");
    converse(&simulator, "1001");

    simulator.expire_token("1001");
    manager.restart("shop").wait().unwrap();
    simulator.wait_until_blocking(LIMIT, |seen| seen.counters().registers == 2 && seen.online("1001")).unwrap();
    converse(&simulator, "1001");

    manager.update_cookie("shop", &simulator.renew_cookie("1001")).wait().unwrap();
    simulator.wait_until_blocking(LIMIT, |seen| seen.counters().registers == 3 && seen.online("1001")).unwrap();
    converse(&simulator, "1001");

    let [first, refused, second, third] = [
        [ApiCall, Connected, Registered].as_slice(),
        &[Connected, RegisterRefused],
        &[ApiCall, Connected, Registered],
        &[ApiCall, Connected, Registered],
    ];
    assert_eq!(life_of_tokens(&simulator, "1001"), [first, refused, second, third].concat());
    assert_eq!(simulator.max_live_sessions("1001"), 1);
    manager.close(LIMIT_S).wait().unwrap();
    assert_no_violations(&simulator);
}

#[test]
fn a_token_that_still_holds_is_used_again_and_one_that_ends_within_a_minute_is_not() {
    for (lifetime_s, token_calls) in [(3_600, 1), (59, 2)] {
        let lifetime = Duration::from_secs(lifetime_s);
        let simulator = simulator(Options { access_token_lifetime: lifetime, ..Options::default() });
        let manager = manager(config(&simulator));
        add_online(&manager, &simulator, "shop", "1001");
        simulator.drop_connection("1001");
        simulator.wait_until_blocking(LIMIT, |seen| seen.counters().registers == 2).unwrap();
        assert_eq!(simulator.counters().token_calls, token_calls, "{lifetime_s} s");
    }
}

#[test]
fn a_hundred_callers_that_wait_for_an_account_cause_one_token_request() {
    let simulator = simulator(Options::default());
    let manager = manager(config(&simulator));
    let cookie = simulator.cookie("1001");
    simulator.slow_answers("1001", Duration::from_millis(100));
    let added = manager.add_cookie("shop", &cookie, None, None);
    let waiting: Vec<_> = (0..100).map(|_| manager.wait_for("shop", ONLINE, LIMIT_S)).collect();
    added.wait().unwrap();
    for call in waiting {
        call.wait().unwrap();
    }
    assert_eq!(simulator.counters().api_calls, 1);
}

#[test]
fn a_hundred_callers_that_want_an_account_anew_cause_one_token_request() {
    // A token of this life is never used twice.
    let simulator = simulator(Options { access_token_lifetime: Duration::from_secs(30), ..Options::default() });
    let proxy = Proxy::to(simulator.port());
    let mut config = config(&simulator);
    config.websocket_url = format!("ws://127.0.0.1:{}/", proxy.port());
    config.stop_socket_s = 3.0;
    let manager = manager(config);
    add_online(&manager, &simulator, "shop", "1001");
    let cookie = simulator.cookie("1001");
    // The first caller's stop waits for a goodbye that does not come: by then the others have called.
    proxy.lose();
    std::thread::scope(|scope| {
        for caller in 0..100 {
            let (manager, cookie) = (&manager, &cookie);
            scope.spawn(move || {
                let call = match caller % 3 {
                    0 => manager.restart("shop"),
                    1 => manager.update_cookie("shop", cookie),
                    _ => manager.add_cookie("shop", cookie, None, None),
                };
                call.wait().unwrap();
            });
        }
    });
    wait(&manager, "shop", ONLINE);
    let counters = simulator.counters();
    assert_eq!((counters.token_calls, counters.api_calls, counters.connects), (2, 2, 2), "one before, one after");
}

#[test]
fn a_hundred_accounts_that_need_a_token_at_once_ask_once_each() {
    let simulator = simulator(Options::default());
    let manager = manager(config(&simulator));
    let unbs: Vec<_> = (0..100).map(|account| (1_000 + account).to_string()).collect();
    for unb in &unbs {
        drop(manager.add_cookie(unb, &simulator.cookie(unb), None, None));
    }
    simulator.wait_until_blocking(LIMIT, |seen| seen.accounts_online() == 100).unwrap();
    for unb in &unbs {
        simulator.expire_token(unb);
    }
    simulator.drop_all();
    simulator.wait_until_blocking(LIMIT, |seen| seen.counters().registers == 200).unwrap();
    for unb in &unbs {
        let counters = simulator.counters_of(unb);
        assert_eq!((counters.token_calls, counters.registers_refused, counters.registers), (2, 1, 2), "{unb}");
    }
}

/// How often an account was told to be parked, for want of a person at this URL.
fn parkings(events: &mut Events, url: &str) -> usize {
    let is_parking = |kind: &EventKind| match kind {
        EventKind::StateChanged { new, reason, .. } if new.state == TaskState::Parked => {
            assert_eq!((reason.code, reason.detail.as_str()), (ReasonCode::PersonMustVerify, url));
            true
        }
        _ => false,
    };
    heard(events).iter().filter(|event| &*event.cookie_id == "shop" && is_parking(&event.kind)).count()
}

#[test]
fn a_platform_that_wants_a_person_gets_one_call_and_the_host_one_event_until_restart_or_a_new_cookie() {
    let simulator = simulator(Options::default());
    let manager = manager(config(&simulator));
    let mut events = manager.events().unwrap();
    let cookie = simulator.cookie("1001");
    let url = "https://verify.example/punish?x=1";
    simulator.require_verification("1001", Some(url));
    manager.add_cookie("shop", &cookie, Some(vec![KeywordRule::new("在吗", "在的")]), None).wait().unwrap();
    wait(&manager, "shop", PARKED);
    assert_eq!(parkings(&mut events, url), 1);

    // None of these is a reason to try again; an account that does not concern it comes and goes meanwhile.
    manager.pause("shop").wait().unwrap();
    manager.resume("shop").wait().unwrap();
    manager.set_priority("shop", 100).wait().unwrap();
    manager.update_keywords("shop", vec![KeywordRule::new("在吗", "在的")]).wait().unwrap();
    add_online(&manager, &simulator, "other", "1002");
    converse(&simulator, "1002");
    manager.remove_cookie("other").wait().unwrap();
    assert_eq!((simulator.counters_of("1001").api_calls, parkings(&mut events, url)), (1, 0));
    assert_eq!(manager.status("shop").unwrap().state, TaskState::Parked);

    manager.restart("shop").wait().unwrap();
    wait(&manager, "shop", PARKED);
    assert_eq!((simulator.counters_of("1001").api_calls, parkings(&mut events, url)), (2, 1));
    manager.update_cookie("shop", &simulator.renew_cookie("1001")).wait().unwrap();
    wait(&manager, "shop", PARKED);
    assert_eq!((simulator.counters_of("1001").api_calls, parkings(&mut events, url)), (3, 1));

    simulator.clear_verification("1001");
    manager.restart("shop").wait().unwrap();
    wait(&manager, "shop", ONLINE);
    simulator.wait_online_blocking("1001", LIMIT).unwrap();
    converse(&simulator, "1001");
    assert_eq!(simulator.counters_of("1001").api_calls, 4);
}
