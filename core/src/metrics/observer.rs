//! Looks at a manager: on request, and now and then by itself, to warn before a bound is reached.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::runtime::Handle;
use tokio::time::{Duration, Instant, MissedTickBehavior, interval_at};
use tokio_metrics::{RuntimeIntervals, RuntimeMonitor};

use super::{Metrics, no_connections, no_health, no_states, process, text};
use crate::account::AccountCell;
use crate::capacity::{Capacity, CapacityItem, CapacityKind, CapacityLevel};
use crate::common::Common;
use crate::config::seconds;
use crate::event::{Event, EventKind};
use crate::states::ConnectionState;
use crate::supervisor::{MAX_JOBS, Supervisor};
use crate::worker::AccountWorker;

/// The runtime's busyness is measured over a span of at least this; a look within it hears the last figure.
const LEAST_SPAN: Duration = Duration::from_secs(1);

/// What tells of further things that have a bound.
type Further = Box<dyn Fn() -> Vec<CapacityItem> + Send + Sync>;

pub(crate) struct Observer<W> {
    common: Arc<Common>,
    /// Weak: the watch must not keep a closed manager's accounts.
    supervisor: Weak<Supervisor<W>>,
    further: Further,
    started: Instant,
    busy: Mutex<Busy>,
    levels: Mutex<BTreeMap<u16, CapacityLevel>>,
}

struct Busy {
    intervals: RuntimeIntervals,
    looked_at: Instant,
    percent: u64,
}

impl<W: AccountWorker> Observer<W> {
    /// Begins to watch on `runtime`.
    pub(crate) fn start(
        runtime: &Handle,
        common: Arc<Common>,
        supervisor: &Arc<Supervisor<W>>,
        further: impl Fn() -> Vec<CapacityItem> + Send + Sync + 'static,
    ) -> Arc<Self> {
        let now = Instant::now();
        let mut intervals = RuntimeMonitor::new(runtime).intervals();
        // The first interval begins here.
        let _ = intervals.next();
        let period = seconds(common.config.health_interval_s);
        let observer = Arc::new(Self {
            common,
            supervisor: Arc::downgrade(supervisor),
            further: Box::new(further),
            started: now,
            busy: Mutex::new(Busy { intervals, looked_at: now, percent: 0 }),
            levels: Mutex::default(),
        });
        runtime.spawn(watch(Arc::downgrade(&observer), period));
        observer
    }

    pub(crate) fn capacity(&self) -> Capacity {
        let (mut accounts, mut connected) = (0, 0);
        self.for_each_cell(|cell| {
            accounts += 1;
            connected += u64::from(cell.standing().connection == ConnectionState::Connected);
        });
        self.capacity_of(accounts, connected)
    }

    pub(crate) fn text(&self, per_account: bool) -> String {
        let cells = self.supervisor.upgrade().filter(|_| per_account).map(|supervisor| supervisor.cells());
        let accounts = cells.iter().flatten().map(|cell| cell.status()).collect();
        text::render(self.metrics(), accounts)
    }

    pub(crate) fn metrics(&self) -> Metrics {
        let (mut states, mut connections, mut health) = (no_states(), no_connections(), no_health());
        let mut accounts = 0;
        self.for_each_cell(|cell| {
            let standing = cell.standing();
            accounts += 1;
            *states.entry(standing.state.name()).or_default() += 1;
            *connections.entry(standing.connection.name()).or_default() += 1;
            *health.entry(cell.health().name()).or_default() += 1;
        });
        let connected = connections[ConnectionState::Connected.name()];
        Metrics {
            at_ms: self.common.clock.now_ms(),
            uptime_s: self.started.elapsed().as_secs_f64(),
            accounts,
            states,
            connections,
            health,
            counters: self.supervisor.upgrade().map(|supervisor| supervisor.counters()).unwrap_or_default(),
            capacity: self.capacity_of(accounts, connected),
        }
    }

    fn for_each_cell(&self, look: impl FnMut(&AccountCell)) {
        if let Some(supervisor) = self.supervisor.upgrade() {
            supervisor.for_each_cell(look);
        }
    }

    fn capacity_of(&self, accounts: u64, connected: u64) -> Capacity {
        use CapacityKind as Kind;
        let config = &self.common.config;
        let item = |kind, used: usize, bound: usize| CapacityItem::new(kind, used as u64, Some(bound as u64));
        let of_process = |kind, (used, bound)| CapacityItem::new(kind, used, bound);
        let mut items = vec![
            CapacityItem::new(Kind::Accounts, accounts, Some(config.max_accounts as u64)),
            CapacityItem::new(Kind::Connections, connected, Some(config.max_accounts as u64)),
            of_process(Kind::FileDescriptors, process::file_descriptors()),
            of_process(Kind::Threads, process::threads()),
            of_process(Kind::MemoryBytes, process::memory()),
            item(Kind::EventQueue, self.common.events.depth(), config.event_queue.next_power_of_two()),
            CapacityItem::new(Kind::RuntimeBusyPercent, self.busy_percent(), Some(100)),
        ];
        if let Some(supervisor) = self.supervisor.upgrade() {
            let (waiting, connecting) = supervisor.connects();
            items.extend([
                item(Kind::Connecting, connecting, config.max_connecting),
                item(Kind::WaitingToConnect, waiting, config.max_accounts),
                item(Kind::CallQueue, supervisor.longest_mailbox(), MAX_JOBS),
                item(Kind::Helpers, supervisor.helpers(), config.max_helpers),
            ]);
        }
        items.extend((self.further)());
        items.sort_by_key(|item| item.kind.number());
        Capacity { at_ms: self.common.clock.now_ms(), items: items.into() }
    }

    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a ratio, held between 0 and 1")]
    fn busy_percent(&self) -> u64 {
        let mut busy = lock(&self.busy);
        if busy.looked_at.elapsed() >= LEAST_SPAN
            && let Some(span) = busy.intervals.next()
        {
            let ratio = span.busy_ratio() / self.common.config.worker_threads as f64;
            busy.percent = (ratio.clamp(0.0, 1.0) * 100.0).round() as u64;
            busy.looked_at = Instant::now();
        }
        busy.percent
    }

    /// Tells whoever reads the events what has come near its bound, or has gone from it, since the last look.
    fn tell_of_changes(&self) {
        let capacity = self.capacity();
        let mut levels = lock(&self.levels);
        for item in capacity.items.iter().filter(|item| item.kind.warns()) {
            let before = levels.insert(item.kind.number(), item.level).unwrap_or(CapacityLevel::Ok);
            if before == item.level {
                continue;
            }
            if item.level != CapacityLevel::Ok {
                tracing::warn!(what = item.kind.name(), used = item.used, bound = item.bound, "a bound is near");
            }
            let kind = EventKind::CapacityChanged { item: *item };
            self.common.events.publish(|| Event { at_ms: capacity.at_ms, cookie_id: "".into(), kind });
        }
    }
}

async fn watch<W: AccountWorker>(observer: Weak<Observer<W>>, period: Duration) {
    let mut ticks = interval_at(Instant::now() + period, period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let Some(observer) = observer.upgrade() else { return };
        // It lists the descriptors of the whole process, which takes a while where there are many.
        let look = tokio::task::spawn_blocking(move || observer.tell_of_changes());
        // A look that panics is one look less.
        let _ = look.await;
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
