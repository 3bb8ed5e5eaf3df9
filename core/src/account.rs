//! One account: what is on record of it, and the cell through which its task shows itself to readers.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::common::Common;
use crate::counters::CounterCells;
use crate::error::Error;
use crate::event::{Event, EventKind, Standing};
use crate::health::{self, Health, HealthReason, Signs};
use crate::secret::Secret;
use crate::states::{ConnectionState, Reason, ReasonCode, TaskState};
use crate::status::AccountStatus;
use crate::vitals::Vitals;

/// An account id in bytes, at most.
pub(crate) const MAX_COOKIE_ID_BYTES: usize = 255;

/// A remark in bytes, at most.
pub(crate) const MAX_REMARK_BYTES: usize = 1_000;
/// Minutes that a chat may be left to a person, at most: a year.
pub(crate) const MAX_PAUSE_MINUTES: u32 = 525_600;
/// The lowest and the highest priority of an account.
pub(crate) const PRIORITIES: std::ops::RangeInclusive<i32> = -100..=100;

/// What is stored of an account.
pub(crate) struct AccountRecord {
    pub(crate) cookie_id: String,
    /// The cookie as a header string.
    pub(crate) cookie: Secret,
    /// The host's own user that the account belongs to.
    pub(crate) owner: Option<String>,
    pub(crate) enabled: bool,
    pub(crate) paused: bool,
    pub(crate) priority: i32,
    /// Made once for an account: another one would look like another device.
    pub(crate) device_id: String,
    /// The URL of its proxy, with the password in it.
    pub(crate) proxy: Option<Secret>,
    pub(crate) token: Option<AccessToken>,
    /// Which of its sealed columns (the first, if several) does not open: the row was changed. It is empty then.
    pub(crate) unreadable: Option<&'static str>,
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
    common: Arc<Common>,
    /// The task that may act. Whatever belongs to an earlier epoch can neither send nor write.
    epoch: AtomicU64,
    view: ArcSwap<View>,
    /// Writers take turns; readers never look at it.
    writing: Mutex<()>,
    changed: Notify,
    pub(crate) vitals: Vitals,
    pub(crate) counters: CounterCells,
}

/// The part of a status that changes as one. Moments are of the monotonic clock: they are dated when somebody reads them.
#[derive(Clone)]
struct View {
    enabled: bool,
    paused_since: Option<Instant>,
    priority: i32,
    /// As its task says; see [`View::standing`] for what is shown.
    state: TaskState,
    connection: ConnectionState,
    cause: Cause,
    /// Since when the state that is shown holds.
    since: Instant,
    connected_since: Option<Instant>,
    /// Set while it should be connected and is not.
    not_connected_since: Option<Instant>,
    health: Health,
    health_reasons: Arc<[HealthReason]>,
}

/// Why the state is as it is.
#[derive(Clone)]
struct Cause {
    code: ReasonCode,
    detail: Arc<str>,
    since: Instant,
    next_try: Option<Instant>,
}

impl AccountCell {
    pub(crate) fn new(cookie_id: &str, common: Arc<Common>) -> Arc<Self> {
        let since = Instant::now();
        let view = View {
            enabled: true,
            paused_since: None,
            priority: 0,
            state: TaskState::Created,
            connection: ConnectionState::Disconnected,
            cause: Cause { code: ReasonCode::Starting, detail: "".into(), since, next_try: None },
            since,
            connected_since: None,
            not_connected_since: None,
            health: Health::Ok,
            health_reasons: Arc::default(),
        };
        Arc::new(Self {
            cookie_id: cookie_id.into(),
            common,
            epoch: AtomicU64::new(0),
            view: ArcSwap::from_pointee(view),
            writing: Mutex::new(()),
            changed: Notify::new(),
            vitals: Vitals::new(since),
            counters: CounterCells::default(),
        })
    }

    pub(crate) fn cookie_id(&self) -> &str {
        &self.cookie_id
    }

    /// Wait-free.
    pub(crate) fn status(&self) -> AccountStatus {
        let view = self.view.load();
        let standing = view.standing();
        AccountStatus {
            cookie_id: self.cookie_id.to_string(),
            enabled: view.enabled,
            paused: view.paused_since.is_some(),
            priority: view.priority,
            state: standing.state,
            connection: standing.connection,
            reason: self.dated(&view),
            since_ms: self.common.clock.date_ms(view.since),
            health: view.health,
            health_reasons: Arc::clone(&view.health_reasons),
            counters: self.counters.read(),
        }
    }

    pub(crate) fn standing(&self) -> Standing {
        self.view.load().standing()
    }

    pub(crate) fn health(&self) -> Health {
        self.view.load().health
    }

    pub(crate) fn is_enabled(&self) -> bool {
        self.view.load().enabled
    }

    pub(crate) fn is_paused(&self) -> bool {
        self.view.load().paused_since.is_some()
    }

    pub(crate) fn priority(&self) -> i32 {
        self.view.load().priority
    }

    pub(crate) fn set_enabled(&self, enabled: bool) {
        self.update(|view| view.enabled = enabled);
    }

    pub(crate) fn set_paused(&self, paused: bool) {
        self.update(|view| view.paused_since = paused.then(|| view.paused_since.unwrap_or_else(Instant::now)));
    }

    pub(crate) fn set_priority(&self, priority: i32) {
        self.update(|view| view.priority = priority);
    }

    /// Shows a new state and why.
    pub(crate) fn show(&self, state: TaskState, connection: ConnectionState, code: ReasonCode, detail: impl Into<Arc<str>>) {
        self.show_until(state, connection, code, detail, None);
    }

    /// Shows a new state, why, and when the next try is due.
    pub(crate) fn show_until(
        &self,
        state: TaskState,
        connection: ConnectionState,
        code: ReasonCode,
        detail: impl Into<Arc<str>>,
        next_try: Option<Instant>,
    ) {
        let cause = Cause { code, detail: detail.into(), since: Instant::now(), next_try };
        self.update(|view| view.set(state, connection, cause));
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

    /// Looks at the signs of life anew: time alone can make an account unwell.
    pub(crate) fn look(&self) {
        let view = self.view.load();
        let (health, reasons) = self.assess(&view);
        if health != view.health || !reasons.is_empty() || !view.health_reasons.is_empty() {
            self.update(|_| {});
        }
    }

    /// Tells whoever reads the events.
    pub(crate) fn publish(&self, kind: impl FnOnce() -> EventKind) {
        self.common.events.publish(|| Event {
            at_ms: self.common.clock.now_ms(),
            cookie_id: Arc::clone(&self.cookie_id),
            kind: kind(),
        });
    }

    fn update(&self, change: impl FnOnce(&mut View)) {
        let turn = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.view.load_full();
        let mut view = View::clone(&before);
        change(&mut view);
        let (old, new) = (before.standing(), view.standing());
        if old.state != new.state {
            view.since = Instant::now();
        }
        if old.connection != new.connection && new.connection == ConnectionState::Connected {
            self.counters.connects.add(1);
        }
        let (health, reasons) = self.assess(&view);
        view.health = health;
        view.health_reasons = reasons.into();
        // Under the lock, so that readers hear of changes in the order in which they were made; published after the view, so
        // that whoever hears of a change can see it.
        let view = Arc::new(view);
        self.view.store(Arc::clone(&view));
        if old != new {
            tracing::debug!(
                cookie_id = &*self.cookie_id,
                state = new.state.name(),
                connection = new.connection.name(),
                reason = new.reason.name(),
                detail = &*view.cause.detail,
                "account changed"
            );
            self.publish(|| EventKind::StateChanged { old, new, reason: self.dated(&view) });
        }
        if !is_same_health(&before, &view) {
            let kind = || EventKind::HealthChanged { old: before.health, new: health, reasons: view.health_reasons.to_vec() };
            self.publish(kind);
        }
        drop(turn);
        self.changed.notify_waiters();
    }

    fn assess(&self, view: &View) -> (Health, Vec<HealthReason>) {
        let config = &self.common.config;
        let now = Instant::now();
        let up_to_now = |moment: Option<Instant>| moment.map(|moment| now.saturating_duration_since(moment));
        let standing = view.standing();
        let signs = Signs {
            state: standing.state,
            connection: standing.connection,
            in_state_for: now.saturating_duration_since(view.since),
            not_connected_for: up_to_now(view.not_connected_since),
            connected_for: up_to_now(view.connected_since),
            since_frame: self.vitals.since_frame(now),
            since_heartbeat: self.vitals.since_heartbeat(now),
            failures: self.vitals.failures(now),
            task_latency: self.vitals.task_latency(),
        };
        match standing.state {
            // Whatever an account does that the host has switched off is as the host wants it.
            _ if !view.enabled => (Health::Ok, Vec::new()),
            // Stopped, though nobody wants it so.
            TaskState::Stopped if standing.reason == ReasonCode::StoreFailed => health::assess(&signs, config),
            // Being wound down makes nobody well.
            TaskState::Stopping | TaskState::Stopped => (view.health, view.health_reasons.to_vec()),
            _ => health::assess(&signs, config),
        }
    }

    fn dated(&self, view: &View) -> Reason {
        let clock = &self.common.clock;
        if let (true, Some(since)) = (view.is_held(), view.paused_since) {
            return Reason { code: ReasonCode::Paused, detail: String::new(), since_ms: clock.date_ms(since), next_try_ms: None };
        }
        Reason {
            code: view.cause.code,
            detail: view.cause.detail.to_string(),
            since_ms: clock.date_ms(view.cause.since),
            next_try_ms: view.cause.next_try.map(|moment| clock.date_ms(moment)),
        }
    }
}

fn is_same_health(before: &View, after: &View) -> bool {
    let codes = |view: &View| view.health_reasons.iter().map(|reason| reason.code.number()).collect::<Vec<_>>();
    before.health == after.health && codes(before) == codes(after)
}

impl View {
    fn set(&mut self, state: TaskState, connection: ConnectionState, cause: Cause) {
        let was_connected = self.connection == ConnectionState::Connected;
        let is_connected = connection == ConnectionState::Connected;
        if was_connected != is_connected {
            self.connected_since = is_connected.then_some(cause.since);
        }
        let should_connect = matches!(state, TaskState::Created | TaskState::Registered | TaskState::Running | TaskState::Failed);
        self.not_connected_since = (should_connect && !is_connected).then(|| self.not_connected_since.unwrap_or(cause.since));
        self.state = state;
        self.connection = connection;
        self.cause = cause;
    }

    /// Whether it is connected and answers nothing, because the host wants it so.
    fn is_held(&self) -> bool {
        self.paused_since.is_some() && self.state == TaskState::Running && self.connection == ConnectionState::Connected
    }

    /// What is shown: an account that is paused says so while it is connected; while it is not, the connection matters more.
    fn standing(&self) -> Standing {
        if self.is_held() {
            return Standing { state: TaskState::Paused, connection: self.connection, reason: ReasonCode::Paused };
        }
        Standing { state: self.state, connection: self.connection, reason: self.cause.code }
    }
}

/// The right to act for an account, until its epoch is over. Every send and every write asks it first.
#[derive(Clone)]
pub struct Fence {
    cell: Arc<AccountCell>,
    epoch: u64,
}

impl Fence {
    /// Whether its epoch is the account's current one. What is left over of an earlier one may neither send nor write.
    pub fn is_current(&self) -> bool {
        self.cell.epoch.load(Ordering::SeqCst) == self.epoch
    }

    /// The account.
    pub fn cookie_id(&self) -> &str {
        self.cell.cookie_id()
    }

    pub(crate) fn cell(&self) -> &Arc<AccountCell> {
        &self.cell
    }

    /// Shows where a session's connection stands; nothing is shown once the epoch is over or the account is being stopped.
    pub(crate) fn show_connection(&self, connection: ConnectionState, code: ReasonCode) {
        self.show_connection_because(connection, code, "");
    }

    /// The same, with what exactly is waited for.
    pub(crate) fn show_connection_because(&self, connection: ConnectionState, code: ReasonCode, detail: &str) {
        self.cell.update(|view| {
            if !self.is_current() || view.state == TaskState::Stopping {
                return;
            }
            let cause = Cause { code, detail: detail.into(), since: Instant::now(), next_try: None };
            view.set(TaskState::Running, connection, cause);
        });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::{AccountCell, MAX_COOKIE_ID_BYTES, check_cookie_id};
    use crate::common::Common;
    use crate::event::{EventKind, News};
    use crate::states::{ConnectionState, ReasonCode, TaskState};

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
        let cell = AccountCell::new("1", Common::for_tests());
        let old = cell.next_epoch();
        let new = cell.next_epoch();
        old.show_connection(ConnectionState::Connected, ReasonCode::Online);
        assert_eq!(cell.status().connection, ConnectionState::Disconnected);
        new.show_connection(ConnectionState::Connected, ReasonCode::Online);
        assert_eq!(cell.status().connection, ConnectionState::Connected);
    }

    #[test]
    fn a_session_that_is_being_stopped_does_not_look_alive_again() {
        let cell = AccountCell::new("1", Common::for_tests());
        let fence = cell.next_epoch();
        cell.show(TaskState::Stopping, ConnectionState::Connected, ReasonCode::Disabled, "");
        fence.show_connection(ConnectionState::Connected, ReasonCode::Online);
        assert_eq!(cell.status().state, TaskState::Stopping);
    }

    #[test]
    fn a_paused_account_says_so_while_it_is_connected_and_why_not_while_it_is_not() {
        let cell = AccountCell::new("1", Common::for_tests());
        let fence = cell.next_epoch();
        cell.set_paused(true);
        let shown = || (cell.status().state, cell.status().reason.code);
        fence.show_connection(ConnectionState::Connecting, ReasonCode::Opening);
        assert_eq!(shown(), (TaskState::Running, ReasonCode::Opening));
        fence.show_connection(ConnectionState::Connected, ReasonCode::Online);
        assert_eq!(shown(), (TaskState::Paused, ReasonCode::Paused));
        cell.set_paused(false);
        assert_eq!(shown(), (TaskState::Running, ReasonCode::Online));
    }

    #[test]
    fn every_transition_is_an_event_with_old_new_and_the_reason_and_what_changes_nothing_is_none() {
        let common = Common::for_tests();
        let cell = AccountCell::new("1", Arc::clone(&common));
        let mut events = common.events.subscribe().unwrap();
        let fence = cell.next_epoch();
        for _ in 0..2 {
            fence.show_connection(ConnectionState::Connecting, ReasonCode::SigningIn);
        }
        cell.show(TaskState::Parked, ConnectionState::Failed, ReasonCode::PersonMustVerify, "https://verify.example/");
        common.events.close();
        let mut seen = Vec::new();
        while let Ok(Some(News::Event(event))) = events.next_within(Duration::ZERO) {
            assert_eq!(&*event.cookie_id, "1");
            seen.push(match &event.kind {
                EventKind::StateChanged { old, new, reason } => (old.state.name(), new.state.name(), reason.to_string()),
                EventKind::HealthChanged { old, new, reasons } => (old.name(), new.name(), reasons[0].to_string()),
                other => panic!("{other:?}"),
            });
        }
        let parked = "the platform wants a person to verify: do so in a browser, then give the new cookie with update_cookie";
        assert_eq!(
            seen,
            [
                ("created", "running", "signing in".to_owned()),
                ("running", "parked", format!("{parked}: https://verify.example/")),
                ("ok", "down", "parked: a person or the host is needed (for 0 s)".to_owned()),
            ]
        );
    }
}
