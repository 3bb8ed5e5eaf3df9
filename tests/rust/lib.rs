//! What the tests of this folder share: a simulator with a manager that talks to it. One file a topic stands beside this one.

pub mod gateway;
pub mod processes;
pub mod proxy;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use livekeeper::{
    AccountStatus, Config, ConnectionState, CookieManager, Event, EventKind, Events, KeywordRule, News, Reason, Standing,
    TaskState, Wanted,
};
use livekeeper_simulator::{BuyerMessage, Options, Simulator, SimulatorThread};

/// For anything that is waited for: far above what it takes, so that only a fault reaches it.
pub const LIMIT: Duration = Duration::from_secs(30);
/// The same, for calls that want seconds.
pub const LIMIT_S: f64 = 30.0;

/// Connected and registered.
pub const ONLINE: Wanted = Wanted { state: Some(TaskState::Running), connection: Some(ConnectionState::Connected) };
/// Connected, and told to answer nothing.
pub const PAUSED: Wanted = Wanted { state: Some(TaskState::Paused), connection: Some(ConnectionState::Connected) };
/// Waiting for a person or the host.
pub const PARKED: Wanted = Wanted { state: Some(TaskState::Parked), connection: None };

/// A simulator on a thread of its own; the tests themselves have no event loop, as most hosts.
pub fn simulator(options: Options) -> SimulatorThread {
    SimulatorThread::start(options).expect("the simulator listens on a free port of 127.0.0.1")
}

/// Settings for it: quick to connect, to send, to try again and to read back, each message answered by itself.
pub fn config(simulator: &Simulator) -> Config {
    let mut config = Config::default();
    config.websocket_url = simulator.websocket_url();
    config.api_url = simulator.api_url();
    config.debounce_s = 0.0;
    config.send_rate_per_s = 10_000.0;
    config.chat_send_rate_per_s = 10_000.0;
    config.connect_rate_per_s = 1_000.0;
    config.max_connecting = 64;
    config.backfill_rate_per_s = 100.0;
    config.backoff_initial_s = 0.01;
    config.backoff_max_s = 0.1;
    config
}

/// A manager in memory.
pub fn manager(config: Config) -> CookieManager {
    CookieManager::open(":memory:", config).expect("a store in memory can be opened")
}

/// Adds an account with one rule and waits until it is online.
pub fn add_online(manager: &CookieManager, simulator: &Simulator, cookie_id: &str, unb: &str) {
    let rules = vec![KeywordRule::new("在吗", "在的")];
    manager.add_cookie(cookie_id, &simulator.cookie(unb), Some(rules), None).wait().expect("the cookie is good");
    wait(manager, cookie_id, ONLINE);
    simulator.wait_online_blocking(unb, LIMIT).expect("the session syncs");
}

/// Waits for an account.
pub fn wait(manager: &CookieManager, cookie_id: &str, wanted: Wanted) -> AccountStatus {
    manager.wait_for(cookie_id, wanted, LIMIT_S).wait().expect("it comes")
}

/// Reads events until one is what is looked for; a reader that lags has missed it.
pub fn hear<T>(events: &mut Events, mut look: impl FnMut(&Event) -> Option<T>) -> T {
    let until = Instant::now() + LIMIT;
    loop {
        let left = until.saturating_duration_since(Instant::now());
        match events.next_within(left).expect("a test is no thread of the runtime's") {
            Some(News::Event(event)) => {
                if let Some(found) = look(&event) {
                    return found;
                }
            }
            other => panic!("what was listened for did not come: {other:?}"),
        }
    }
}

/// Reads events until an account stands as looked for, and tells why it does.
pub fn hear_standing(events: &mut Events, look: impl Fn(Standing) -> bool) -> Reason {
    hear(events, |event| match &event.kind {
        EventKind::StateChanged { new, reason, .. } if look(*new) => Some(reason.clone()),
        _ => None,
    })
}

/// Every event that is there already.
pub fn heard(events: &mut Events) -> Vec<Arc<Event>> {
    std::iter::from_fn(|| match events.next_within(Duration::ZERO).expect("a test is no thread of the runtime's") {
        Some(News::Event(event)) => Some(event),
        Some(News::Lagged(missed)) => panic!("{missed} events were missed"),
        Some(News::Ended) | None => None,
    })
    .collect()
}

/// A buyer's message that the rule of [`add_online`] answers.
pub fn greeting() -> BuyerMessage {
    BuyerMessage::new("20997167734", "9687236998962", "在吗").named("摸鱼的猫🐟")
}

/// Has a buyer write, and waits until the reply has come.
pub fn converse(simulator: &Simulator, unb: &str) {
    let before = simulator.counters_of(unb).sends;
    simulator.buyer_says(unb, &greeting());
    simulator.wait_sends_blocking(unb, before + 1, LIMIT).expect("the reply comes");
}

/// Nothing that the service would have frowned upon.
pub fn assert_no_violations(simulator: &Simulator) {
    let violations: Vec<_> = simulator.violations().iter().map(ToString::to_string).collect();
    assert!(violations.is_empty(), "{violations:#?}");
}

/// A directory of its own for one test, removed with it.
pub struct Scratch(PathBuf);

impl Scratch {
    /// `name` tells tests of one process apart.
    pub fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("livekeeper-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("the temporary directory is writable");
        Self(path)
    }

    /// A path in it.
    pub fn join(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed is the temporary directory's own matter.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
