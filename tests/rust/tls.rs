//! Over TLS, with a private authority.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use livekeeper::{ConnectionState, ReasonCode, Wanted};
use livekeeper_simulator::Options;
use livekeeper_tests::{LIMIT_S, Scratch, add_online, assert_no_violations, config, converse, manager, simulator, wait};

#[test]
fn an_account_is_served_over_tls_when_its_authority_is_trusted() {
    let scratch = Scratch::new("tls");
    let simulator = simulator(Options { tls: true, ..Options::default() });
    std::fs::write(scratch.join("ca.pem"), simulator.ca_pem().unwrap()).unwrap();
    let mut config = config(&simulator);
    config.ca_file = Some(scratch.join("ca.pem"));
    let manager = manager(config);
    add_online(&manager, &simulator, "shop", "1001");
    converse(&simulator, "1001");
    manager.close(LIMIT_S).wait().unwrap();
    assert_eq!(simulator.counters().closes_with_frame, 1);
    assert_no_violations(&simulator);
}

#[test]
fn a_certificate_of_an_unknown_authority_is_refused_and_nothing_is_said_to_that_service() {
    let simulator = simulator(Options { tls: true, ..Options::default() });
    let manager = manager(config(&simulator));
    manager.add_cookie("shop", &simulator.cookie("1001"), None, None).wait().unwrap();
    let refused = Wanted { state: None, connection: Some(ConnectionState::Reconnecting) };
    let status = wait(&manager, "shop", refused);
    assert_eq!(status.reason.code, ReasonCode::TlsFailed, "{status}");
    assert_eq!((simulator.counters().api_calls, simulator.counters().connects), (0, 0));
}
