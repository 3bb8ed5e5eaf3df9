//! An account's signs of life, noted by its session as it goes and looked at from outside now and then.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use tokio::time::{Duration, Instant};

/// Failures that are remembered at most; at the bound the oldest is forgotten.
const MAX_FAILURES: usize = 100;

pub(crate) struct Vitals {
    base: Instant,
    last_frame: Moment,
    last_heartbeat: Moment,
    /// When sessions failed, the latest last. A failure is rare, so that a lock does not hurt.
    failures: Mutex<Failures>,
    task_latency_ms: AtomicU64,
}

#[derive(Default)]
struct Failures {
    at: VecDeque<Instant>,
    window: Duration,
}

/// A moment after `base`, in milliseconds and one; 0: never.
#[derive(Default)]
struct Moment(AtomicU64);

impl Moment {
    fn set(&self, base: Instant) {
        let ms = u64::try_from(base.elapsed().as_millis()).unwrap_or(u64::MAX - 1);
        self.0.store(ms + 1, Ordering::Relaxed);
    }

    fn up_to(&self, now: Instant, base: Instant) -> Option<Duration> {
        let ms = self.0.load(Ordering::Relaxed).checked_sub(1)?;
        Some(now.saturating_duration_since(base + Duration::from_millis(ms)))
    }
}

impl Vitals {
    pub(crate) fn new(base: Instant) -> Self {
        Self {
            base,
            last_frame: Moment::default(),
            last_heartbeat: Moment::default(),
            failures: Mutex::default(),
            task_latency_ms: AtomicU64::new(0),
        }
    }

    /// A frame has come.
    pub(crate) fn frame(&self) {
        self.last_frame.set(self.base);
    }

    /// A heartbeat was answered.
    pub(crate) fn heartbeat(&self) {
        self.last_heartbeat.set(self.base);
    }

    /// A session has failed; `window` says for how long that matters.
    pub(crate) fn failure(&self, now: Instant, window: Duration) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        failures.window = window;
        if failures.at.len() == MAX_FAILURES {
            failures.at.pop_front();
        }
        failures.at.push_back(now);
    }

    /// Earlier failures matter no more: the account was started anew.
    pub(crate) fn forget_failures(&self) {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).at.clear();
    }

    /// What the oldest call to the account has waited for its turn.
    pub(crate) fn set_task_latency(&self, latency: Duration) {
        self.task_latency_ms.store(u64::try_from(latency.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    pub(crate) fn since_frame(&self, now: Instant) -> Option<Duration> {
        self.last_frame.up_to(now, self.base)
    }

    pub(crate) fn since_heartbeat(&self, now: Instant) -> Option<Duration> {
        self.last_heartbeat.up_to(now, self.base)
    }

    /// Failures in the window.
    pub(crate) fn failures(&self, now: Instant) -> usize {
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        failures.at.iter().filter(|at| now.saturating_duration_since(**at) <= failures.window).count()
    }

    pub(crate) fn task_latency(&self) -> Duration {
        Duration::from_millis(self.task_latency_ms.load(Ordering::Relaxed))
    }
}
