//! The two clocks: the calendar for what is told to clients, the monotonic one (pausable in tests) for what is waited for.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

/// Stands for "never": further than any test runs, near enough for the clock to hold.
const FAR: Duration = Duration::from_secs(365 * 24 * 3600);

/// Milliseconds since 1970 by the machine's clock.
pub(crate) fn now_ms() -> u64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX)
}

/// This long from now; a duration no clock can hold is a year.
pub(crate) fn after(duration: Duration) -> Instant {
    Instant::now() + duration.min(FAR)
}
