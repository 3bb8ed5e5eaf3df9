//! Everything the simulator knows, behind one lock held briefly, and the bell that rings after each change.

use std::collections::HashMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use tokio::sync::{broadcast, watch};

use crate::account::Account;
use crate::clock::now_ms;
use crate::ids::Ids;
use crate::login::Login;
use crate::options::Options;
use crate::record::{Counters, Ending, Kept, Seen, SeenKind, Send, Violation};

/// Log lines, and sends, that a subscriber may lag behind before it is told that it missed some.
const MAX_SUBSCRIBER_LAG: usize = 8_192;

pub(crate) struct State {
    pub(crate) options: Arc<Options>,
    pub(crate) ids: Arc<Ids>,
    pub(crate) accounts: HashMap<String, Account>,
    /// WebSocket connections open.
    pub(crate) connections: usize,
    pub(crate) counters: Counters,
    pub(crate) sends: Kept<Send>,
    pub(crate) violations: Kept<Violation>,
    pub(crate) endings: Kept<Ending>,
    pub(crate) seen: Kept<Seen>,
    pub(crate) connect_times_ms: Kept<u64>,
    lines: broadcast::Sender<Seen>,
    sends_heard: broadcast::Sender<Send>,
}

impl State {
    fn new(options: Arc<Options>, ids: Arc<Ids>) -> Self {
        let limit = options.max_records;
        Self {
            options,
            ids,
            accounts: HashMap::new(),
            connections: 0,
            counters: Counters::default(),
            sends: Kept::new(limit),
            violations: Kept::new(limit),
            endings: Kept::new(limit),
            seen: Kept::new(limit),
            connect_times_ms: Kept::new(limit),
            lines: broadcast::channel(MAX_SUBSCRIBER_LAG).0,
            sends_heard: broadcast::channel(MAX_SUBSCRIBER_LAG).0,
        }
    }

    /// Counts something, for the account and for all.
    pub(crate) fn count(&mut self, unb: &str, count: impl Fn(&mut Counters)) {
        count(&mut self.counters);
        if let Some(account) = self.accounts.get_mut(unb) {
            count(&mut account.counters);
        }
    }

    /// Writes a line to the log.
    pub(crate) fn see(&mut self, unb: &str, kind: SeenKind, detail: impl fmt::Display) {
        if !self.options.log {
            return;
        }
        let seen = Seen { at_ms: now_ms(), unb: unb.to_owned(), kind, detail: detail.to_string() };
        // No subscriber is the usual case, not a failure.
        let _ = self.lines.send(seen.clone());
        if let Some(account) = self.accounts.get_mut(unb) {
            account.log.push(seen.clone());
        }
        let cut = self.seen.push(seen);
        self.counters.records_cut += u64::from(cut);
    }

    /// Records a send, and hands it to those who listen.
    pub(crate) fn heard(&mut self, send: Send) {
        if self.sends_heard.receiver_count() > 0 {
            // The last listener may have gone this instant.
            let _ = self.sends_heard.send(send.clone());
        }
        let cut = self.sends.push(send);
        self.counters.records_cut += u64::from(cut);
    }

    /// Records something the real service would not have taken well.
    pub(crate) fn violation(&mut self, unb: &str, what: &str, detail: impl Into<String>) {
        let detail = detail.into();
        self.see(unb, SeenKind::Violation, format_args!("{what}: {detail}"));
        self.count(unb, |counters| counters.violations += 1);
        let violation = Violation { at_ms: now_ms(), unb: unb.to_owned(), what: what.to_owned(), detail };
        let cut = self.violations.push(violation);
        self.counters.records_cut += u64::from(cut);
    }

    /// The account, made with a cookie of the simulator's if it is new. `None`: there are too many.
    pub(crate) fn make_account(&mut self, unb: &str) -> Option<&mut Account> {
        let (options, ids) = (Arc::clone(&self.options), Arc::clone(&self.ids));
        self.insert_account(unb, || Login::issued(&ids, signature_lifetime_ms(&options)))
    }

    /// The account a request's cookie names: a known one, or in open mode one made on first sight.
    pub(crate) fn account_of_cookie(&mut self, unb: &str) -> Option<&mut Account> {
        if self.options.strict_accounts {
            return self.accounts.get_mut(unb);
        }
        let ids = Arc::clone(&self.ids);
        self.insert_account(unb, || Login::adopted(&ids))
    }

    fn insert_account(&mut self, unb: &str, login: impl FnOnce() -> Login) -> Option<&mut Account> {
        if !self.accounts.contains_key(unb) {
            if self.accounts.len() >= self.options.max_accounts {
                return None;
            }
            self.accounts.insert(unb.to_owned(), Account::new(login(), &self.options));
        }
        self.accounts.get_mut(unb)
    }

    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Seen> {
        self.lines.subscribe()
    }

    pub(crate) fn subscribe_sends(&self) -> broadcast::Receiver<Send> {
        self.sends_heard.subscribe()
    }
}

pub(crate) fn signature_lifetime_ms(options: &Options) -> u64 {
    u64::try_from(options.signature_lifetime.as_millis()).unwrap_or(u64::MAX / 2)
}

/// What the listener, the connections and the handles share.
pub(crate) struct Shared {
    pub(crate) options: Arc<Options>,
    pub(crate) ids: Arc<Ids>,
    pub(crate) address: SocketAddr,
    pub(crate) ca_pem: Option<String>,
    /// Set once, when everything is to end.
    pub(crate) stopping: watch::Sender<bool>,
    /// Set once, when everything has ended.
    pub(crate) stopped: watch::Sender<bool>,
    state: Mutex<State>,
    changes: watch::Sender<u64>,
    changed: Condvar,
}

impl Shared {
    pub(crate) fn new(options: Options, address: SocketAddr, ca_pem: Option<String>) -> Self {
        let options = Arc::new(options);
        let ids = Arc::new(Ids::new());
        Self {
            state: Mutex::new(State::new(Arc::clone(&options), Arc::clone(&ids))),
            options,
            ids,
            address,
            ca_pem,
            stopping: watch::Sender::new(false),
            stopped: watch::Sender::new(false),
            changes: watch::Sender::new(0),
            changed: Condvar::new(),
        }
    }

    /// The state, to be held briefly. A panic of another holder leaves it usable: every change is a plain record.
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state and rings the bell for those who wait.
    pub(crate) fn change<R>(&self, change: impl FnOnce(&mut State) -> R) -> R {
        let result = change(&mut self.lock());
        self.changes.send_modify(|number| *number = number.wrapping_add(1));
        self.changed.notify_all();
        result
    }

    /// Rings after each change.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    pub(crate) fn condvar(&self) -> &Condvar {
        &self.changed
    }
}

/// Waits until the flag is raised, or nobody is left who could raise it.
pub(crate) async fn raised(flag: &mut watch::Receiver<bool>) {
    let _ = flag.wait_for(|raised| *raised).await;
}
