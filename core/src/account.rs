//! One account: what is on record of it, and the cell through which its task shows itself to readers.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use tokio::sync::Notify;

use crate::clock::Clock;
use crate::error::Error;
use crate::secret::Secret;
use crate::status::{AccountStatus, ConnectionState, Counters, Reason, ReasonCode, TaskState};

/// An account id in bytes, at most.
pub(crate) const MAX_COOKIE_ID_BYTES: usize = 255;

/// What is stored of an account.
pub(crate) struct AccountRecord {
    pub(crate) cookie_id: String,
    /// The cookie as a header string.
    pub(crate) cookie: Secret,
    /// The host's own user that the account belongs to.
    pub(crate) owner: Option<String>,
    pub(crate) enabled: bool,
    /// Made once for an account: another one would look like another device.
    pub(crate) device_id: String,
    pub(crate) token: Option<AccessToken>,
}

/// The token that registers a session.
#[derive(Clone)]
pub(crate) struct AccessToken {
    pub(crate) text: Secret,
    /// Milliseconds since 1970 UTC.
    pub(crate) expires_at_ms: i64,
}

/// Refuses an id that cannot be one.
pub(crate) fn check_cookie_id(cookie_id: &str) -> Result<(), Error> {
    if cookie_id.is_empty() {
        return Err(Error::invalid("cookie_id", format!("is empty; allowed are 1 … {MAX_COOKIE_ID_BYTES} bytes of UTF-8")));
    }
    if cookie_id.len() > MAX_COOKIE_ID_BYTES {
        let problem = format!("has {} bytes; allowed are 1 … {MAX_COOKIE_ID_BYTES} bytes of UTF-8", cookie_id.len());
        return Err(Error::invalid("cookie_id", problem));
    }
    if cookie_id.contains('\0') {
        return Err(Error::invalid("cookie_id", "holds a NUL; any other text is allowed"));
    }
    Ok(())
}

/// The account's public face: written by its task, read by anybody without a lock.
pub(crate) struct AccountCell {
    cookie_id: Arc<str>,
    clock: Arc<dyn Clock>,
    /// The task that may act. Whatever belongs to an earlier epoch can neither send nor write.
    epoch: AtomicU64,
    view: ArcSwap<View>,
    /// Writers take turns; readers never look at it.
    writing: Mutex<()>,
    changed: Notify,
    pub(crate) counters: CounterCells,
}

/// The part of a status that changes as one.
#[derive(Clone)]
struct View {
    enabled: bool,
    state: TaskState,
    connection: ConnectionState,
    reason: Reason,
    since_ms: i64,
}

impl AccountCell {
    pub(crate) fn new(cookie_id: &str, clock: Arc<dyn Clock>) -> Arc<Self> {
        let since_ms = clock.now_ms();
        let reason = Reason { code: ReasonCode::Starting, detail: String::new(), since_ms, next_try_ms: None };
        let view = View { enabled: true, state: TaskState::Created, connection: ConnectionState::Disconnected, reason, since_ms };
        Arc::new(Self {
            cookie_id: cookie_id.into(),
            clock,
            epoch: AtomicU64::new(0),
            view: ArcSwap::from_pointee(view),
            writing: Mutex::new(()),
            changed: Notify::new(),
            counters: CounterCells::default(),
        })
    }

    pub(crate) fn cookie_id(&self) -> &str {
        &self.cookie_id
    }

    /// Wait-free.
    pub(crate) fn status(&self) -> AccountStatus {
        let view = self.view.load();
        AccountStatus {
            cookie_id: self.cookie_id.to_string(),
            enabled: view.enabled,
            state: view.state,
            connection: view.connection,
            reason: view.reason.clone(),
            since_ms: view.since_ms,
            counters: self.counters.read(),
        }
    }

    pub(crate) fn is_enabled(&self) -> bool {
        self.view.load().enabled
    }

    pub(crate) fn set_enabled(&self, enabled: bool) {
        self.update(|view| view.enabled = enabled);
    }

    /// Shows a new state and why.
    pub(crate) fn show(&self, state: TaskState, connection: ConnectionState, code: ReasonCode, detail: impl Into<String>) {
        self.show_until(state, connection, code, detail, None);
    }

    /// Shows a new state, why, and when the next try is due.
    pub(crate) fn show_until(
        &self,
        state: TaskState,
        connection: ConnectionState,
        code: ReasonCode,
        detail: impl Into<String>,
        next_try_ms: Option<i64>,
    ) {
        let reason = Reason { code, detail: detail.into(), since_ms: self.clock.now_ms(), next_try_ms };
        self.update(|view| view.set(state, connection, reason));
    }

    /// Runs `f` each time that the status has changed, until it answers.
    pub(crate) async fn wait_until<T>(&self, mut f: impl FnMut(AccountStatus) -> Option<T>) -> T {
        loop {
            // Asked for before the look, so that a change between the look and the wait is not missed.
            let changed = self.changed.notified();
            if let Some(answer) = f(self.status()) {
                return answer;
            }
            changed.await;
        }
    }

    /// Ends the current epoch and begins the next.
    pub(crate) fn next_epoch(self: &Arc<Self>) -> Fence {
        let epoch = self.epoch.fetch_add(1, Ordering::SeqCst) + 1;
        Fence { cell: Arc::clone(self), epoch }
    }

    fn update(&self, change: impl FnOnce(&mut View)) {
        let turn = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut view = View::clone(&self.view.load());
        let before = (view.state, view.connection, view.reason.code);
        change(&mut view);
        let after = (view.state, view.connection, view.reason.code);
        if before != after {
            tracing::debug!(
                cookie_id = &*self.cookie_id,
                state = after.0.name(),
                connection = after.1.name(),
                reason = after.2.name(),
                detail = view.reason.detail,
                "account changed"
            );
        }
        self.view.store(Arc::new(view));
        drop(turn);
        self.changed.notify_waiters();
    }
}

impl View {
    fn set(&mut self, state: TaskState, connection: ConnectionState, reason: Reason) {
        if self.state != state {
            self.since_ms = reason.since_ms;
        }
        self.state = state;
        self.connection = connection;
        self.reason = reason;
    }
}

/// The right to act for an account, until its epoch is over. Every send and every write asks it first.
#[derive(Clone)]
pub(crate) struct Fence {
    cell: Arc<AccountCell>,
    epoch: u64,
}

impl Fence {
    pub(crate) fn is_current(&self) -> bool {
        self.cell.epoch.load(Ordering::SeqCst) == self.epoch
    }

    pub(crate) fn cell(&self) -> &Arc<AccountCell> {
        &self.cell
    }

    /// Shows where a session's connection stands; nothing is shown once the epoch is over or the account is being stopped.
    pub(crate) fn show_connection(&self, connection: ConnectionState, code: ReasonCode) {
        self.cell.update(|view| {
            if !self.is_current() || view.state == TaskState::Stopping {
                return;
            }
            let reason = Reason { code, detail: String::new(), since_ms: self.cell.clock.now_ms(), next_try_ms: None };
            view.set(TaskState::Running, connection, reason);
        });
    }
}

/// Defines the counters once: as cells that are counted up, and as the value that is read.
macro_rules! counter_cells {
    ($($name:ident),+) => {
        #[derive(Default)]
        pub(crate) struct CounterCells { $(pub(crate) $name: CounterCell),+ }

        impl CounterCells {
            fn read(&self) -> Counters {
                Counters { $($name: self.$name.0.load(Ordering::Relaxed)),+ }
            }
        }
    };
}

counter_cells!(received, duplicates, replied, delivered, rejected, unknown, broken, connects, failures);

#[derive(Default)]
pub(crate) struct CounterCell(AtomicU64);

impl CounterCell {
    pub(crate) fn add(&self, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{AccountCell, MAX_COOKIE_ID_BYTES, check_cookie_id};
    use crate::clock::SystemClock;
    use crate::status::{ConnectionState, ReasonCode, TaskState};

    #[test]
    fn an_id_is_1_to_255_bytes_without_nul() {
        for (cookie_id, allowed) in [
            ("1", true),
            ("店铺 '; DROP TABLE accounts; --", true),
            (&*"a".repeat(MAX_COOKIE_ID_BYTES), true),
            ("", false),
            ("a\0b", false),
            (&*"a".repeat(MAX_COOKIE_ID_BYTES + 1), false),
            (&*"店".repeat(86), false),
        ] {
            assert_eq!(check_cookie_id(cookie_id).is_ok(), allowed, "{cookie_id:?}");
        }
    }

    #[test]
    fn what_is_left_of_an_old_epoch_shows_nothing() {
        let cell = AccountCell::new("1", Arc::new(SystemClock));
        let old = cell.next_epoch();
        let new = cell.next_epoch();
        old.show_connection(ConnectionState::Connected, ReasonCode::Online);
        assert_eq!(cell.status().connection, ConnectionState::Disconnected);
        new.show_connection(ConnectionState::Connected, ReasonCode::Online);
        assert_eq!(cell.status().connection, ConnectionState::Connected);
    }

    #[test]
    fn a_session_that_is_being_stopped_does_not_look_alive_again() {
        let cell = AccountCell::new("1", Arc::new(SystemClock));
        let fence = cell.next_epoch();
        cell.show(TaskState::Stopping, ConnectionState::Connected, ReasonCode::Disabled, "");
        fence.show_connection(ConnectionState::Connected, ReasonCode::Online);
        assert_eq!(cell.status().state, TaskState::Stopping);
    }
}
