//! Moments that all accounts have in common: what can be a little early is done at one of them, so that a process which wakes up does
//! it for many accounts, the store in one transaction, and sleeps in between.

use tokio::time::{Duration, Instant};

#[derive(Debug, Clone, Copy)]
pub(super) struct Moments {
    first: Instant,
    apart: Duration,
}

impl Moments {
    /// `first` is the same for all accounts; so far `apart` are two of them.
    pub(super) fn new(first: Instant, apart: Duration) -> Self {
        Self { first, apart }
    }

    /// The last one that is not after `due`: never late, and early by less than they are apart.
    pub(super) fn last_before(self, due: Instant) -> Instant {
        let apart_ns = self.apart.as_nanos().max(1);
        let since_ns = due.saturating_duration_since(self.first).as_nanos();
        due - Duration::from_nanos(u64::try_from(since_ns % apart_ns).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::{Duration, Instant};

    use super::Moments;

    #[test]
    fn what_is_due_within_the_same_step_falls_on_one_moment_and_nothing_comes_late() {
        let first = Instant::now();
        let ms = |ms| first + Duration::from_millis(ms);
        let moments = Moments::new(first, Duration::from_millis(50));
        for (due, moment) in [(0, 0), (1, 0), (49, 0), (50, 50), (99, 50), (100, 100), (1_234, 1_200)] {
            assert_eq!(moments.last_before(ms(due)), ms(moment), "{due}");
        }
    }

    #[test]
    fn what_was_due_before_the_first_of_them_or_without_a_step_is_due_as_it_was() {
        let earlier = Instant::now();
        let first = earlier + Duration::from_secs(1);
        assert_eq!(Moments::new(first, Duration::from_secs(60)).last_before(earlier), earlier);
        assert_eq!(Moments::new(earlier, Duration::ZERO).last_before(first), first);
    }
}
