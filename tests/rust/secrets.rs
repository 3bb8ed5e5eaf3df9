//! Nothing secret in logs, at any level, whichever of the two logging worlds the host listens to; nor in errors, events, metrics,
//! anything's `Debug` or `Display`, the database or its log, in whatever way it is written.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use livekeeper::{
    Config, ConnectionState, CookieManager, Key, KeySource, Passphrase, ReasonCode, ReplyHandler, ReplyRequest, Wanted,
};
use livekeeper_simulator::{BuyerMessage, Options};
use livekeeper_tests::gateway::{Gateway, Speaks};
use livekeeper_tests::{LIMIT, LIMIT_S, ONLINE, PARKED, Scratch, add_online, config, converse, heard, simulator, wait};

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

/// The ways in which a secret may be written: as it is, percent-encoded, in hex, and in Base64, of which only what does not depend
/// on what stands around it is looked for, for each place where it may begin.
fn written(secret: &str) -> Vec<String> {
    let (mut hex, mut percent) = (String::new(), String::new());
    for byte in secret.bytes() {
        write!(hex, "{byte:02x}").unwrap();
        write!(percent, "%{byte:02X}").unwrap();
    }
    let base64 = (0..3).map(|lead| {
        let text = base64(&[&b"   "[..lead], secret.as_bytes()].concat());
        let (first, last) = ([0, 2, 3][lead], (lead + secret.len()) / 3 * 4);
        text[first..last].to_owned()
    });
    [secret.to_owned(), hex.to_uppercase(), hex, percent.to_lowercase(), percent].into_iter().chain(base64).collect()
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let groups = bytes.chunks(3).flat_map(|group| {
        let bits = group.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        [18, 12, 6, 0].map(|shift| char::from(LETTERS[(bits >> shift & 63) as usize]))
    });
    groups.collect()
}

fn find(place: &str, bytes: &[u8], secrets: &[String]) {
    for secret in secrets {
        let leak = bytes.windows(secret.len()).position(|part| part == secret.as_bytes());
        let around = leak.map(|at| String::from_utf8_lossy(&bytes[at.saturating_sub(80)..(at + 80).min(bytes.len())]));
        assert_eq!(around, None, "{place} holds {secret}");
    }
}

#[test]
fn a_secret_is_found_in_whatever_way_it_is_written() {
    for text in [
        "x CANARY-7f3a",
        "Q0FOQVJZLTdmM2E=",
        "dTpDQU5BUlktN2YzYQ==",
        "eENBTkFSWS03ZjNh",
        "43414e4152592d37663361",
        "%43%41%4e%41%52%59%2d%37%66%33%61",
    ] {
        let found = std::panic::catch_unwind(|| find("a text", text.as_bytes(), &written(CANARY)));
        assert!(found.is_err(), "{text}");
    }
    find("a text", b"CANARY-7f3", &written(CANARY));
}

/// Everything that a host can see of a manager.
fn seen(manager: &CookieManager) -> String {
    let statuses = manager.statuses().unwrap();
    let shown: Vec<String> = statuses.iter().map(|status| format!("{status} {}", status.reason)).collect();
    let metrics = (manager.metrics_text(true).unwrap(), manager.metrics().unwrap(), manager.capacity().unwrap());
    let messages: Vec<_> = ["first", "shop"].map(|id| manager.messages(id, None, 1_000).wait().unwrap()).into();
    format!("{manager:?} {shown:?} {statuses:?} {metrics:?} {messages:?}")
}

#[test]
fn no_cookie_token_proxy_s_password_key_or_passphrase_is_seen_from_sign_in_to_close() {
    let lines = Lines::default();
    log::set_boxed_logger(Box::new(lines.clone())).unwrap();
    log::set_max_level(log::LevelFilter::Trace);
    tracing::subscriber::set_global_default(lines.clone()).unwrap();

    let scratch = Scratch::new("secrets");
    let store = scratch.join("shop.db");
    let simulator = simulator(Options::default());
    let mut config = config(&simulator);
    config.passphrase = Some(Passphrase::new(format!("{CANARY} as words")).unwrap());
    lines.add(&format_args!("{config:?}"));
    let manager = CookieManager::open(&store, config.clone()).unwrap();
    let mut events = manager.events().unwrap();
    add_online(&manager, &simulator, "first", "1001");
    let cookie = format!("{}; secret={CANARY}", simulator.cookie("1002"));
    manager.add_cookie("shop", &cookie, None, None).wait().unwrap();
    wait(&manager, "shop", ONLINE);
    converse(&simulator, "1001");
    let panicking: Arc<ReplyHandler> = Arc::new(|_: &ReplyRequest| panic!("in the host's function"));
    manager.set_reply_handler(Some(panicking), 30.0).unwrap();
    simulator.buyer_says("1001", &BuyerMessage::new("20997167734", "9687236998962", "?"));
    hear_failure(&manager);
    simulator.refuse_next_send("1001", "CSI_FORBID", 403, Some("CSI_FORBID||x"));
    lines.add(&format_args!("{:?}", manager.send_text("first", "20997167734", "9687236998962", "x").wait()));
    for refused in [
        manager.add_cookie("bad", &format!("a={CANARY}"), None, None).wait(),
        manager.update_cookie("shop", &format!("unb=1; a={CANARY}")).wait(),
        manager.set_proxy("first", Some(&format!("ftp://{CANARY}:{CANARY}@x:1"))).wait(),
        CookieManager::open(":memory:", two_keys()).map(drop),
    ] {
        lines.add(&format_args!("{:?} {}", refused, refused.as_ref().unwrap_err()));
    }
    let key = Key::new(&CANARY.repeat(3).as_bytes()[..32]).unwrap();
    let file = scratch.join("named.key");
    for source in [KeySource::Key(key.clone()), KeySource::File(file.clone()), KeySource::File(file.clone()), KeySource::Key(key)] {
        lines.add(&format_args!("{source:?}"));
        manager.rekey(source).wait().unwrap();
    }
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
    lines.add(&format_args!("{}", seen(&manager)));
    for event in heard(&mut events) {
        lines.add(&format_args!("{event:?}"));
    }
    let mut secrets = written(CANARY);
    secrets.extend(written(std::fs::read_to_string(&file).unwrap().trim()));
    // What every token of the simulator begins with.
    secrets.extend(written("oauth_k1:"));
    for name in ["shop.db", "shop.db-wal", "shop.db-shm"] {
        find(name, &std::fs::read(scratch.join(name)).unwrap(), &secrets);
    }
    manager.close(LIMIT_S).wait().unwrap();
    find("shop.db", &std::fs::read(&store).unwrap(), &secrets);
    // The passphrase of the beginning is a wrong one by now.
    let wrong = CookieManager::open(&store, config).unwrap_err();
    lines.add(&format_args!("{wrong:?} {wrong}"));

    let logged = lines.0.lock().unwrap();
    assert!(logged.contains("account changed"), "the logs are listened to");
    secrets.extend(["_m_h5_tk=", "accessToken", "\"token\":"].map(str::to_owned));
    find("what a host sees", logged.as_bytes(), &secrets);
}

fn two_keys() -> Config {
    let mut config = Config::default();
    config.key = Some(Key::new(&CANARY.repeat(3).as_bytes()[..32]).unwrap());
    config.passphrase = Some(Passphrase::new(CANARY).unwrap());
    config
}

/// Waits until the panic of the function is counted.
fn hear_failure(manager: &CookieManager) {
    let until = Instant::now() + LIMIT;
    while manager.status("first").unwrap().counters.handler_failures == 0 {
        assert!(Instant::now() < until, "the function was not asked");
        // Nothing tells of a counter: it is looked at again.
        std::thread::yield_now();
    }
}
