//! Who may connect now: so many at once, so many a second, over all accounts, in the order in which they came.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;
use tokio::time::{Duration, Instant, sleep_until};

use crate::worker::Turn;

pub(super) struct Admission {
    places: Arc<Semaphore>,
    gap: Duration,
    next: Mutex<Option<Instant>>,
}

impl Admission {
    pub(super) fn new(rate_per_s: f64, at_once: usize) -> Self {
        Self { places: Arc::new(Semaphore::new(at_once)), gap: Duration::from_secs_f64(1.0 / rate_per_s), next: Mutex::new(None) }
    }

    /// Waits for a place, and for its moment. May be cancelled: then the place goes to the next.
    pub(super) async fn turn(&self) -> Turn {
        match Arc::clone(&self.places).acquire_owned().await {
            Ok(place) => {
                let moment = self.next_moment();
                sleep_until(moment).await;
                Turn(place)
            }
            // The semaphore is never closed.
            Err(_) => std::future::pending().await,
        }
    }

    /// Moments stand a gap apart, so that no second has more of them than the rate.
    fn next_moment(&self) -> Instant {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let moment = next.unwrap_or_else(Instant::now).max(Instant::now());
        *next = Some(moment + self.gap);
        moment
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::time::{Duration, Instant};

    use super::Admission;

    #[tokio::test(start_paused = true)]
    async fn no_second_has_more_connects_than_the_rate() {
        let admission = Arc::new(Admission::new(5.0, 1_000));
        let start = Instant::now();
        let turns = (0..50).map(|_| {
            let admission = Arc::clone(&admission);
            tokio::spawn(async move {
                drop(admission.turn().await);
                start.elapsed()
            })
        });
        let mut moments = Vec::new();
        for turn in turns {
            moments.push(turn.await.unwrap());
        }
        moments.sort();
        assert!(moments.windows(6).all(|six| six[5] - six[0] >= Duration::from_secs(1)), "{moments:?}");
        assert!(moments[49] <= Duration::from_secs(10));
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_connect_at_once_than_there_are_places() {
        let admission = Admission::new(10_000.0, 2);
        let first = admission.turn().await;
        let second = admission.turn().await;
        assert!(tokio::time::timeout(Duration::from_secs(60), admission.turn()).await.is_err());
        drop(first);
        let third = admission.turn().await;
        drop((second, third));
    }
}
