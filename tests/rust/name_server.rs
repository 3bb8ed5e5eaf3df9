//! A name server that never answers. The test runs itself again in a mount namespace of its own, where `/etc/resolv.conf` names a
//! socket of the test's that listens and says nothing.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(clippy::print_stderr, reason = "said to whoever reads the test's output")]

use std::net::UdpSocket;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use livekeeper::{Config, ConnectionState, KeywordRule, ReasonCode};
use livekeeper_simulator::Options;
use livekeeper_tests::{LIMIT, LIMIT_S, Scratch, add_online, config, converse, hear_standing, manager, simulator, wait};

const NAME: &str = "a_name_server_that_never_answers_costs_each_connect_its_limit_and_holds_up_no_stop_and_nobody_else";
const INSIDE: &str = "LIVEKEEPER_TEST_INSIDE";
/// What a busy machine may add.
const SLACK: Duration = Duration::from_secs(5);

/// A command in a mount namespace in which this file is `/etc/resolv.conf`.
fn with_resolv_conf(resolv_conf: &Path, command: &[&str]) -> Command {
    let mut unshare = Command::new("timeout");
    unshare.args(["60", "unshare", "--mount", "--", "sh", "-c", r#"mount --bind "$0" /etc/resolv.conf && exec "$@""#]);
    unshare.arg(resolv_conf).args(command);
    unshare
}

#[test]
fn a_name_server_that_never_answers_costs_each_connect_its_limit_and_holds_up_no_stop_and_nobody_else() {
    if std::env::var_os(INSIDE).is_some() {
        return inside();
    }
    let scratch = Scratch::new("name-server");
    // An address of this run's own: the port cannot be chosen.
    let [_, high, middle, low] = std::process::id().to_be_bytes();
    let address = format!("127.{}.{middle}.{}", high.max(1), low.clamp(1, 254));
    let resolv_conf = scratch.join("resolv.conf");
    // The longest that glibc waits by itself: 5 times 30 s.
    std::fs::write(&resolv_conf, format!("nameserver {address}\noptions timeout:30 attempts:5\n")).unwrap();
    let name_server = match UdpSocket::bind((address.as_str(), 53)) {
        Ok(name_server) => name_server,
        Err(problem) => return eprintln!("left out: nobody may listen on {address}:53 here ({problem})"),
    };
    let probe = with_resolv_conf(&resolv_conf, &["true"]).output();
    if !probe.as_ref().is_ok_and(|probe| probe.status.success()) {
        return eprintln!("left out: no mount namespace with another /etc/resolv.conf can be had here ({probe:?})");
    }
    let myself = std::env::current_exe().unwrap();
    let output = with_resolv_conf(&resolv_conf, &[myself.to_str().unwrap(), "--exact", NAME, "--nocapture"])
        .env(INSIDE, "1")
        .output()
        .unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said.contains("1 passed"), "{said}");

    name_server.set_read_timeout(Some(LIMIT)).unwrap();
    let mut question = [0; 512];
    let length = name_server.recv(&mut question).expect("it was asked");
    assert!(question[..length].windows(10).any(|part| part == b"livekeeper"), "for the service's name");
}

/// Settings under which nothing but the name server takes long.
fn impatient(mut config: Config) -> Config {
    config.connect_timeout_s = 0.5;
    config.api_timeout_s = 0.5;
    config.stop_socket_s = 0.5;
    config.stop_thread_s = 0.5;
    config
}

fn inside() {
    let simulator = simulator(Options::default());
    // More than there are threads for look-ups.
    let unbs: Vec<_> = (1_000..1_080).map(|unb| unb.to_string()).collect();
    let mut unnamed_im = impatient(config(&simulator));
    unnamed_im.websocket_url = String::from("wss://im.livekeeper.invalid/");
    let mut unnamed_api = impatient(config(&simulator));
    unnamed_api.api_url = String::from("https://api.livekeeper.invalid/h5");
    for (config, code, expected) in [
        (unnamed_im, ReasonCode::ServiceStalled, "the connection was not there within 500ms"),
        (unnamed_api, ReasonCode::ApiFailed, "no answer within 500ms"),
    ] {
        let hanging = manager(config);
        let mut events = hanging.events().unwrap();
        let begun = Instant::now();
        hanging.add_cookie(&unbs[0], &simulator.cookie(&unbs[0]), None, None).wait().unwrap();
        let reason = hear_standing(&mut events, |standing| standing.connection == ConnectionState::Reconnecting);
        assert_eq!((reason.code, reason.detail.as_str()), (code, expected));
        assert!(begun.elapsed() <= Duration::from_millis(500) + SLACK, "{:?}", begun.elapsed());
        for unb in &unbs[1..] {
            drop(hanging.add_cookie(unb, &simulator.cookie(unb), Some(vec![KeywordRule::new("在吗", "在的")]), None));
        }
        for unb in &unbs {
            let tried = livekeeper::Wanted { connection: Some(ConnectionState::Reconnecting), ..livekeeper::Wanted::default() };
            wait(&hanging, unb, tried);
        }
        let report = hanging.close(LIMIT_S).wait().unwrap();
        assert!(report.is_clean() && report.took_s <= 1.0 + SLACK.as_secs_f64(), "{} s", report.took_s);
    }
    let named = manager(impatient(config(&simulator)));
    add_online(&named, &simulator, "shop", "2001");
    converse(&simulator, "2001");
}
