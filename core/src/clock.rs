//! The wall clock, as an argument. Spans are measured on tokio's monotonic clock; this one only dates things for people
//! and for the service, so that a jump of the system time moves dates and never timers.

use std::time::{SystemTime, UNIX_EPOCH};

/// Where dates come from.
pub(crate) trait Clock: Send + Sync + 'static {
    /// Milliseconds since 1970-01-01 UTC.
    fn now_ms(&self) -> i64;
}

/// The clock of the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    fn now_ms(&self) -> i64 {
        let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX)
    }
}

/// Tokio's clock, dated from the moment it is made: under paused time, dates stand still with the timers.
#[cfg(test)]
pub(crate) struct PausedClock {
    base: tokio::time::Instant,
}

#[cfg(test)]
impl PausedClock {
    pub(crate) const START_MS: i64 = 1_790_000_000_000;

    pub(crate) fn new() -> Self {
        Self { base: tokio::time::Instant::now() }
    }
}

#[cfg(test)]
impl Clock for PausedClock {
    fn now_ms(&self) -> i64 {
        Self::START_MS + i64::try_from(self.base.elapsed().as_millis()).unwrap_or(i64::MAX)
    }
}
