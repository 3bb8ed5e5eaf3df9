//! Connections on which packets vanish: found dead in time, and replaced.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::{Duration, Instant};

use livekeeper::{Config, ConnectionState, ReasonCode};
use livekeeper_simulator::{Options, Simulator};
use livekeeper_tests::proxy::Proxy;
use livekeeper_tests::{LIMIT, LIMIT_S, ONLINE, add_online, config, converse, hear_standing, manager, simulator, wait};

/// What a busy machine may add.
const SLACK: Duration = Duration::from_secs(5);

/// Settings through a proxy, with quick heartbeats.
fn config_through(proxy: &Proxy, simulator: &Simulator) -> Config {
    let mut config = config(simulator);
    config.websocket_url = format!("ws://127.0.0.1:{}/", proxy.port());
    config.heartbeat_interval_s = 0.2;
    config.heartbeat_timeout_s = 0.4;
    config.connect_timeout_s = 0.3;
    config.close_timeout_s = 0.1;
    config
}

#[test]
fn a_connection_whose_packets_vanish_is_found_dead_in_time_and_the_account_comes_back_when_they_pass_again() {
    let simulator = simulator(Options::default());
    let proxy = Proxy::to(simulator.port());
    let manager = manager(config_through(&proxy, &simulator));
    add_online(&manager, &simulator, "shop", "1001");
    converse(&simulator, "1001");
    let mut events = manager.events().unwrap();

    proxy.blackhole(true);
    let vanished = Instant::now();
    let reason = hear_standing(&mut events, |standing| standing.connection == ConnectionState::Reconnecting);
    assert_eq!(reason.code, ReasonCode::HeartbeatLost, "{reason}");
    let limit = Duration::from_millis(200 + 400 + 100);
    assert!(vanished.elapsed() <= limit + SLACK, "{:?}", vanished.elapsed());
    // It tries on meanwhile, and says what it meets: a TCP connection that swallows the handshake.
    let reason = hear_standing(&mut events, |standing| standing.reason == ReasonCode::ServiceStalled);
    assert!(reason.detail.contains("the connection was not there within 300ms"), "{reason}");

    proxy.blackhole(false);
    wait(&manager, "shop", ONLINE);
    simulator.wait_until_blocking(LIMIT, |seen| seen.counters().registers == 2).unwrap();
    // To the service the first connection stands still: both get the push, and it is answered once.
    simulator.wait_online_blocking("1001", LIMIT).unwrap();
    converse(&simulator, "1001");
    assert_eq!(simulator.counters().sends, 2);
}

#[test]
fn a_connection_whose_packets_vanish_does_not_hold_up_a_stop_beyond_its_limit() {
    let simulator = simulator(Options::default());
    let proxy = Proxy::to(simulator.port());
    let mut config = config_through(&proxy, &simulator);
    config.heartbeat_timeout_s = 300.0;
    config.stop_socket_s = 0.5;
    let manager = manager(config);
    add_online(&manager, &simulator, "shop", "1001");
    proxy.blackhole(true);
    let report = manager.close(LIMIT_S).wait().unwrap();
    assert!(report.is_clean(), "{report:?}");
    assert!(report.took_s <= 0.5 + SLACK.as_secs_f64(), "{report:?}");
}

#[test]
fn a_connection_that_is_cut_without_a_word_is_noticed_at_once() {
    let simulator = simulator(Options::default());
    let proxy = Proxy::to(simulator.port());
    let mut config = config_through(&proxy, &simulator);
    config.heartbeat_timeout_s = 300.0;
    let manager = manager(config);
    add_online(&manager, &simulator, "shop", "1001");
    let mut events = manager.events().unwrap();
    drop(proxy);
    let reason = hear_standing(&mut events, |standing| standing.connection == ConnectionState::Reconnecting);
    assert_eq!(reason.code, ReasonCode::ConnectionLost, "{reason}");
    let reason = hear_standing(&mut events, |standing| standing.reason == ReasonCode::ConnectFailed);
    assert!(reason.detail.contains("refused"), "{reason}");
}
