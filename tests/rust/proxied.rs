//! Accounts behind a proxy of their own.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use livekeeper::{AccountOptions, ConnectionState, CookieManager, Error, ReasonCode, TaskState, Wanted};
use livekeeper_simulator::{Options, Simulator};
use livekeeper_tests::gateway::{Gateway, Speaks};
use livekeeper_tests::{
    LIMIT, LIMIT_S, ONLINE, Scratch, add_online, assert_no_violations, config, converse, hear_standing, heard, manager, simulator,
    wait,
};

const RECONNECTING: Wanted = Wanted { state: None, connection: Some(ConnectionState::Reconnecting) };

/// A token of this life is used once: each connection has an API call before it.
fn with_short_tokens() -> Options {
    Options { access_token_lifetime: Duration::from_secs(30), ..Options::default() }
}

/// What an account has asked of the service, and with how many connections.
fn asked(simulator: &Simulator) -> (u64, u64) {
    let counters = simulator.counters_of("1001");
    (counters.api_calls, counters.connects)
}

fn wait_registered(simulator: &Simulator, times: u64) {
    simulator.wait_until_blocking(LIMIT, |seen| seen.counters_of("1001").registers == times && seen.online("1001")).unwrap();
}

#[test]
fn the_api_and_the_websocket_both_go_through_the_proxy_and_nothing_goes_past_it() {
    for (speaks, credentials) in [
        (Speaks::Http, None),
        (Speaks::Http, Some(("店 1", "p@:/ss"))),
        (Speaks::Socks5, None),
        (Speaks::Socks5, Some(("店 1", "p@:/ss"))),
    ] {
        let gateway = Gateway::open(speaks, credentials);
        let simulator = simulator(with_short_tokens());
        let mut config = config(&simulator);
        // A name, so that it shows who resolves it.
        config.websocket_url = config.websocket_url.replace("127.0.0.1", "localhost");
        config.api_url = config.api_url.replace("127.0.0.1", "localhost");
        let manager = manager(config);
        add_online(&manager, &simulator, "shop", "1001");
        add_online(&manager, &simulator, "other", "1002");
        assert_eq!(gateway.tunnels(), [""; 0]);

        let encoded = if credentials.is_some() { "%E5%BA%97%201:p%40%3A%2Fss@" } else { "" };
        manager.set_proxy("shop", Some(&gateway.url_for(encoded))).wait().unwrap();
        wait_registered(&simulator, 2);
        converse(&simulator, "1001");
        let target = format!("localhost:{}", simulator.port());
        assert_eq!(gateway.tunnels(), [&*target, &*target], "{speaks:?}: one for the API, one for the WebSocket");
        assert_eq!(asked(&simulator), (2, 2));

        // The other account is not touched, and what was shared goes by itself again.
        simulator.drop_connection("1002");
        simulator.wait_until_blocking(LIMIT, |seen| seen.counters_of("1002").registers == 2).unwrap();
        assert_eq!(gateway.tunnels().len(), 2);
        manager.set_proxy("shop", None).wait().unwrap();
        wait_registered(&simulator, 3);
        assert_eq!((gateway.tunnels().len(), gateway.refusals()), (2, 0));
        manager.close(LIMIT_S).wait().unwrap();
        assert_no_violations(&simulator);
    }
}

#[test]
fn an_account_that_is_added_with_a_proxy_goes_through_it_from_its_first_connection_on() {
    let gateway = Gateway::open(Speaks::Socks5, Some(("user", "CANARY")));
    let simulator = simulator(with_short_tokens());
    let scratch = Scratch::new("proxied-first");
    let open = || CookieManager::open(scratch.join("shops.db"), config(&simulator)).unwrap();
    let through = AccountOptions::default().proxy(gateway.url_for("user:CANARY@"));
    let manager = open();
    manager.add_cookie_with("shop", &simulator.cookie("1001"), through.clone()).wait().unwrap();
    wait_registered(&simulator, 1);
    assert_eq!((asked(&simulator), gateway.tunnels().len()), ((1, 1), 2), "one for the API, one for the WebSocket");

    // Where nothing is said of it, an account that exists keeps the one that it has.
    manager.add_cookie("shop", &simulator.cookie("1001"), None, None).wait().unwrap();
    wait_registered(&simulator, 2);
    assert_eq!(gateway.tunnels().len(), 4);
    manager.close(LIMIT_S).wait().unwrap();
    let manager = open();
    wait_registered(&simulator, 3);
    assert_eq!(gateway.tunnels().len(), 6);

    // And one that went by itself goes through it as soon as it is told.
    add_online(&manager, &simulator, "other", "1002");
    assert_eq!(gateway.tunnels().len(), 6);
    manager.add_cookie_with("other", &simulator.cookie("1002"), through).wait().unwrap();
    simulator.wait_until_blocking(LIMIT, |seen| seen.counters_of("1002").registers == 2).unwrap();
    assert_eq!(gateway.tunnels().len(), 8);

    let refused = AccountOptions::default().proxy("ftp://user:CANARY@127.0.0.1:9");
    let error = manager.add_cookie_with("third", &simulator.cookie("1003"), refused).wait().unwrap_err();
    assert!(matches!(&error, Error::InvalidArgument { field: "proxy", .. }), "{error}");
    assert!(!format!("{error} {error:?}").contains("CANARY"));
    assert_eq!(manager.list_cookies().unwrap(), ["other", "shop"]);
    manager.close(LIMIT_S).wait().unwrap();
    assert_no_violations(&simulator);
}

#[test]
fn tls_goes_through_the_tunnel_from_end_to_end() {
    let scratch = Scratch::new("proxied-tls");
    for speaks in [Speaks::Http, Speaks::Socks5] {
        let gateway = Gateway::open(speaks, None);
        let simulator = simulator(Options { tls: true, ..with_short_tokens() });
        std::fs::write(scratch.join("ca.pem"), simulator.ca_pem().unwrap()).unwrap();
        let mut config = config(&simulator);
        config.ca_file = Some(scratch.join("ca.pem"));
        let manager = manager(config);
        add_online(&manager, &simulator, "shop", "1001");
        manager.set_proxy("shop", Some(&gateway.url())).wait().unwrap();
        wait_registered(&simulator, 2);
        converse(&simulator, "1001");
        assert_eq!(gateway.tunnels().len(), 2);
        manager.close(LIMIT_S).wait().unwrap();
        assert_no_violations(&simulator);
    }
}

#[test]
fn a_refused_password_is_named_as_such_and_shown_nowhere() {
    for (speaks, given, detail) in [
        (Speaks::Http, "user:CANARY@", "refused the user name or the password"),
        (Speaks::Http, "", "wants a user name and a password"),
        (Speaks::Socks5, "user:CANARY@", "refused the user name or the password"),
        (Speaks::Socks5, "", "wants a user name and a password"),
    ] {
        let gateway = Gateway::open(speaks, Some(("user", "CANARY-right")));
        let simulator = simulator(with_short_tokens());
        let manager = manager(config(&simulator));
        add_online(&manager, &simulator, "shop", "1001");
        let mut events = manager.events().unwrap();
        manager.set_proxy("shop", Some(&gateway.url_for(given))).wait().unwrap();
        let reason = hear_standing(&mut events, |standing| standing.reason == ReasonCode::ProxyFailed);
        assert!(reason.detail.contains(&format!("the proxy {} {detail}", gateway.url())), "{reason}");
        // The network's, not the account's own: it is tried again for ever.
        for _ in 0..10 {
            hear_standing(&mut events, |standing| standing.reason == ReasonCode::ProxyFailed);
        }
        let shown = format!("{:?} {}", manager.statuses().unwrap(), manager.metrics_text(true).unwrap());
        assert!(!format!("{shown} {reason:?} {:?}", heard(&mut events)).contains("CANARY"));
        assert_eq!((asked(&simulator), gateway.tunnels().len()), ((1, 1), 0));
        assert!(gateway.refusals() > 1);

        manager.set_proxy("shop", Some(&gateway.url_for("user:CANARY-right@"))).wait().unwrap();
        wait_registered(&simulator, 2);
    }
}

#[test]
fn an_account_whose_proxy_goes_down_says_so_and_tries_again_and_never_goes_past_it() {
    let gateway = Gateway::open(Speaks::Socks5, None);
    let simulator = simulator(with_short_tokens());
    let manager = manager(config(&simulator));
    add_online(&manager, &simulator, "shop", "1001");
    manager.set_proxy("shop", Some(&gateway.url())).wait().unwrap();
    wait_registered(&simulator, 2);
    let mut events = manager.events().unwrap();
    gateway.go_down();
    for _ in 0..5 {
        let reason = hear_standing(&mut events, |standing| standing.reason == ReasonCode::ProxyFailed);
        assert!(reason.detail.contains(&format!("the proxy {} ", gateway.url())), "{reason}");
    }
    let status = wait(&manager, "shop", RECONNECTING);
    assert_eq!((status.state, asked(&simulator)), (TaskState::Running, (2, 2)));
    manager.set_proxy("shop", None).wait().unwrap();
    wait_registered(&simulator, 3);
    converse(&simulator, "1001");
}

#[test]
fn a_proxy_that_swallows_everything_is_given_up_within_the_connect_s_limit() {
    let gateway = Gateway::open(Speaks::Nothing, None);
    for (has_token, limit) in [(true, "160ms"), (false, "160ms")] {
        let options = if has_token { Options::default() } else { with_short_tokens() };
        let simulator = simulator(options);
        let mut config = config(&simulator);
        config.connect_timeout_s = 0.2;
        let manager = manager(config);
        add_online(&manager, &simulator, "shop", "1001");
        let mut events = manager.events().unwrap();
        manager.set_proxy("shop", Some(&gateway.url())).wait().unwrap();
        let reason = hear_standing(&mut events, |standing| standing.reason == ReasonCode::ProxyFailed);
        assert!(reason.detail.contains(&format!("opened no tunnel within {limit}")), "{reason}");
        // A stop does not wait for it.
        assert!(manager.close(LIMIT_S).wait().unwrap().is_clean());
    }
}

#[test]
fn a_proxy_is_remembered_by_the_file_and_forgotten_with_the_account() {
    let scratch = Scratch::new("proxy-remembered");
    let gateway = Gateway::open(Speaks::Http, Some(("user", "secret")));
    let simulator = simulator(with_short_tokens());
    let open = || CookieManager::open(scratch.join("shop.db"), config(&simulator)).unwrap();
    let first = open();
    add_online(&first, &simulator, "shop", "1001");
    let url = gateway.url_for("user:secret@");
    first.set_proxy("shop", Some(&url)).wait().unwrap();
    wait_registered(&simulator, 2);
    // The same again is no reason to begin anew; a new cookie is, and goes the same way.
    first.set_proxy("shop", Some(&url)).wait().unwrap();
    converse(&simulator, "1001");
    assert_eq!((asked(&simulator), gateway.tunnels().len()), ((2, 2), 2));
    first.add_cookie("shop", &simulator.renew_cookie("1001"), None, None).wait().unwrap();
    wait_registered(&simulator, 3);
    assert_eq!(gateway.tunnels().len(), 4);
    first.close(LIMIT_S).wait().unwrap();

    let second = open();
    wait_registered(&simulator, 4);
    assert_eq!((asked(&simulator), gateway.tunnels().len()), ((4, 4), 6));
    second.remove_cookie("shop").wait().unwrap();
    second.add_cookie("shop", &simulator.cookie("1001"), None, None).wait().unwrap();
    wait_registered(&simulator, 5);
    assert_eq!((asked(&simulator), gateway.tunnels().len()), ((5, 5), 6));
}

#[test]
fn an_account_that_is_switched_off_or_parked_is_not_started_by_a_proxy() {
    let gateway = Gateway::open(Speaks::Http, None);
    let simulator = simulator(with_short_tokens());
    let manager = manager(config(&simulator));
    add_online(&manager, &simulator, "shop", "1001");
    manager.update_cookie_status("shop", false).wait().unwrap();
    manager.set_proxy("shop", Some(&gateway.url())).wait().unwrap();
    assert_eq!(manager.status("shop").unwrap().state, TaskState::Stopped);

    simulator.require_verification("1001", Some("https://verify.example/"));
    manager.update_cookie_status("shop", true).wait().unwrap();
    wait(&manager, "shop", livekeeper_tests::PARKED);
    manager.set_proxy("shop", None).wait().unwrap();
    assert_eq!(manager.status("shop").unwrap().reason.code, ReasonCode::PersonMustVerify);
    assert_eq!((asked(&simulator).0, gateway.tunnels().len()), (2, 1));
    simulator.clear_verification("1001");
    manager.restart("shop").wait().unwrap();
    wait(&manager, "shop", ONLINE);
    assert_eq!(gateway.tunnels().len(), 1);
}

#[test]
fn what_is_no_proxy_is_refused_at_the_call_and_an_account_that_is_not_there_is_said() {
    let simulator = simulator(Options::default());
    let manager = manager(config(&simulator));
    add_online(&manager, &simulator, "shop", "1001");
    let error = manager.set_proxy("shop", Some("ftp://user:CANARY@host:1")).wait().unwrap_err();
    assert!(matches!(&error, Error::InvalidArgument { field: "proxy", .. }), "{error}");
    assert!(!error.to_string().contains("CANARY"), "{error}");
    let error = manager.set_proxy("none", None).wait().unwrap_err();
    assert!(matches!(error, Error::AccountNotFound { .. }), "{error}");
    assert_eq!(asked(&simulator), (1, 1));
}
