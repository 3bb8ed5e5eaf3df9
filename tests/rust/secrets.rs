//! Nothing secret in logs, at any level, whichever of the two logging worlds the host listens to.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use livekeeper::{ConnectionState, ReasonCode, Wanted};
use livekeeper_simulator::Options;
use livekeeper_tests::gateway::{Gateway, Speaks};
use livekeeper_tests::{LIMIT_S, ONLINE, PARKED, add_online, config, converse, manager, simulator, wait};

const CANARY: &str = "CANARY-7f3a";

/// Keeps every line that is logged.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<String>>);

impl Lines {
    fn add(&self, line: &std::fmt::Arguments<'_>) {
        writeln!(self.0.lock().unwrap(), "{line}").unwrap();
    }
}

impl log::Log for Lines {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        self.add(&format_args!("{} {}", record.target(), record.args()));
    }

    fn flush(&self) {}
}

impl tracing::Subscriber for Lines {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        self.add(&format_args!("{span:?}"));
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, values: &tracing::span::Record<'_>) {
        self.add(&format_args!("{values:?}"));
    }

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        self.add(&format_args!("{event:?}"));
    }

    fn enter(&self, _: &tracing::span::Id) {}

    fn exit(&self, _: &tracing::span::Id) {}
}

#[test]
fn no_cookie_no_token_and_no_proxy_s_password_is_logged_at_trace_from_sign_in_to_close() {
    let lines = Lines::default();
    log::set_boxed_logger(Box::new(lines.clone())).unwrap();
    log::set_max_level(log::LevelFilter::Trace);
    tracing::subscriber::set_global_default(lines.clone()).unwrap();

    let simulator = simulator(Options::default());
    let manager = manager(config(&simulator));
    add_online(&manager, &simulator, "first", "1001");
    let cookie = format!("{}; secret={CANARY}", simulator.cookie("1002"));
    manager.add_cookie("shop", &cookie, None, None).wait().unwrap();
    wait(&manager, "shop", ONLINE);
    converse(&simulator, "1001");
    for speaks in [Speaks::Http, Speaks::Socks5] {
        for password in [CANARY.to_owned(), format!("{CANARY}-right")] {
            let gateway = Gateway::open(speaks, Some((CANARY, &format!("{CANARY}-right"))));
            let through = gateway.url_for(&format!("{CANARY}:{password}@"));
            manager.set_proxy("first", Some(&through)).wait().unwrap();
            let refused = Wanted { state: None, connection: Some(ConnectionState::Reconnecting) };
            wait(&manager, "first", if password == CANARY { refused } else { ONLINE });
        }
    }
    manager.set_proxy("first", None).wait().unwrap();
    simulator.expire_token("1002");
    simulator.expire_session("1002");
    simulator.drop_connection("1002");
    let status = wait(&manager, "shop", PARKED);
    assert_eq!(status.reason.code, ReasonCode::SessionExpired);
    assert!(!format!("{status:?} {status} {manager:?}").contains(CANARY));
    manager.close(LIMIT_S).wait().unwrap();

    let logged = lines.0.lock().unwrap();
    assert!(logged.contains("account changed"), "the logs are listened to");
    // What the proxy's head of a request holds is CANARY in Base64, from its first letter on.
    for secret in [CANARY, "Q0FOQVJZ", "_m_h5_tk=", "accessToken", "\"token\":"] {
        let leak = logged.lines().find(|line| line.contains(secret));
        assert_eq!(leak, None, "{secret}");
    }
}
