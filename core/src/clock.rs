//! The wall clock, as an argument. Spans are measured on tokio's monotonic clock; this one only dates moments of that clock
//! for people and for the service, so that a jump of the system time moves dates and never timers.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

/// Where dates come from.
pub(crate) trait Clock: Send + Sync + 'static {
    /// The date of a moment of the monotonic clock: milliseconds since 1970-01-01 UTC.
    fn date_ms(&self, moment: Instant) -> i64;

    /// Milliseconds since 1970-01-01 UTC.
    fn now_ms(&self) -> i64 {
        self.date_ms(Instant::now())
    }
}

/// The clock of the operating system. A moment keeps its date from one look to the next, until somebody sets the clock.
pub(crate) struct SystemClock {
    base: Instant,
    /// The date of `base`, as the system's clock stands now.
    base_ms: AtomicI64,
}

/// What the system's clock may drift against the monotonic one before it counts as set anew.
const SET_ANEW_MS: u64 = 500;

impl SystemClock {
    pub(crate) fn new() -> Self {
        Self { base: Instant::now(), base_ms: AtomicI64::new(system_ms()) }
    }
}

impl Clock for SystemClock {
    fn date_ms(&self, moment: Instant) -> i64 {
        let base_ms = system_ms() - since_ms(self.base, Instant::now());
        let known_ms = self.base_ms.load(Ordering::Relaxed);
        let is_set_anew = base_ms.abs_diff(known_ms) > SET_ANEW_MS;
        if is_set_anew {
            self.base_ms.store(base_ms, Ordering::Relaxed);
        }
        (if is_set_anew { base_ms } else { known_ms }) + since_ms(self.base, moment)
    }
}

fn system_ms() -> i64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX)
}

/// From `base` to `moment`, which may lie before it.
fn since_ms(base: Instant, moment: Instant) -> i64 {
    let span = |from: Instant, to: Instant| i64::try_from(to.saturating_duration_since(from).as_millis()).unwrap_or(i64::MAX);
    if moment >= base { span(base, moment) } else { -span(moment, base) }
}

/// Tokio's clock, dated from the moment it is made: under paused time, dates stand still with the timers. A test can set it.
#[cfg(test)]
pub(crate) struct PausedClock {
    base: Instant,
    base_ms: AtomicI64,
}

#[cfg(test)]
impl PausedClock {
    pub(crate) const START_MS: i64 = 1_790_000_000_000;

    pub(crate) fn new() -> Self {
        Self { base: Instant::now(), base_ms: AtomicI64::new(Self::START_MS) }
    }

    /// Somebody sets the clock.
    pub(crate) fn jump(&self, by_ms: i64) {
        self.base_ms.fetch_add(by_ms, Ordering::Relaxed);
    }
}

#[cfg(test)]
impl Clock for PausedClock {
    fn date_ms(&self, moment: Instant) -> i64 {
        self.base_ms.load(Ordering::Relaxed) + since_ms(self.base, moment)
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::{Duration, Instant};

    use super::{Clock, SystemClock, system_ms};

    #[test]
    fn a_moment_keeps_its_date_and_moments_before_and_after_are_dated_by_their_distance() {
        let clock = SystemClock::new();
        let (now, hour) = (Instant::now(), Duration::from_secs(3_600));
        let date = clock.date_ms(now);
        assert!(date.abs_diff(system_ms()) < 5_000);
        assert_eq!(clock.date_ms(now), date);
        assert_eq!(clock.date_ms(now + hour), date + 3_600_000);
        assert!(clock.date_ms(clock.base) <= date);
    }

    #[test]
    fn a_clock_that_is_set_anew_moves_the_dates_of_earlier_moments_too() {
        let clock = SystemClock::new();
        let now = Instant::now();
        let date = clock.date_ms(now);
        // As if the system's clock had been a year ahead when this one was made.
        clock.base_ms.fetch_add(31_536_000_000, std::sync::atomic::Ordering::Relaxed);
        assert!(clock.date_ms(now).abs_diff(date) <= 500);
    }
}
