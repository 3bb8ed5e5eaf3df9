//! The heartbeat of one connection: when to beat, and when silence means that it is dead.

use tokio::time::{Duration, Instant};

/// The beat's schedule and the one deadline that counts: that of the oldest beat without an answer.
pub(super) struct Heartbeat {
    interval: Duration,
    answer_within: Duration,
    next: Instant,
    unanswered: Option<Unanswered>,
}

struct Unanswered {
    /// The mid of the latest beat: an answer to it says that the connection lives.
    mid: String,
    /// Set by the oldest beat without an answer, so that beating on does not put it off.
    until: Instant,
}

impl Heartbeat {
    /// `phase` (0 … 1) spreads the beats of many accounts over the interval.
    pub(super) fn new(interval: Duration, answer_within: Duration, now: Instant, phase: f64) -> Self {
        Self { interval, answer_within, next: now + interval.mul_f64(phase), unanswered: None }
    }

    /// When something is due: a beat, or the verdict.
    pub(super) fn next_due(&self) -> Instant {
        self.unanswered.as_ref().map_or(self.next, |unanswered| unanswered.until.min(self.next))
    }

    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.next <= now
    }

    pub(super) fn is_dead(&self, now: Instant) -> bool {
        self.unanswered.as_ref().is_some_and(|unanswered| unanswered.until <= now)
    }

    pub(super) fn sent(&mut self, mid: String, now: Instant) {
        let until = self.unanswered.take().map_or(now + self.answer_within, |earlier| earlier.until);
        self.unanswered = Some(Unanswered { mid, until });
        // From now, not from when it was due: after a sleep of the machine one beat is owed, not hundreds.
        self.next = now + self.interval;
    }

    pub(super) fn answered(&mut self, mid: &str) {
        if self.unanswered.as_ref().is_some_and(|unanswered| unanswered.mid == mid) {
            self.unanswered = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::{Duration, Instant};

    use super::Heartbeat;

    const INTERVAL: Duration = Duration::from_secs(15);
    const ANSWER: Duration = Duration::from_secs(30);

    #[test]
    fn a_connection_whose_beats_are_answered_never_counts_as_dead() {
        let start = Instant::now();
        let mut heartbeat = Heartbeat::new(INTERVAL, ANSWER, start, 0.5);
        let mut now = start;
        for beat in 0..100 {
            now = heartbeat.next_due();
            assert!(heartbeat.is_due(now) && !heartbeat.is_dead(now));
            heartbeat.sent(beat.to_string(), now);
            heartbeat.answered(&beat.to_string());
        }
        assert_eq!(now - start, INTERVAL.mul_f64(99.5));
    }

    #[test]
    fn silence_is_found_out_30_seconds_after_the_first_beat_without_an_answer() {
        let start = Instant::now();
        let mut heartbeat = Heartbeat::new(INTERVAL, ANSWER, start, 1.0);
        let mut now = start;
        for beat in 0.. {
            now = heartbeat.next_due();
            if heartbeat.is_dead(now) {
                break;
            }
            heartbeat.sent(beat.to_string(), now);
            heartbeat.answered("an answer to something else");
        }
        assert_eq!(now - start, INTERVAL + ANSWER);
    }

    #[test]
    fn after_a_long_sleep_one_beat_is_owed() {
        let start = Instant::now();
        let mut heartbeat = Heartbeat::new(INTERVAL, ANSWER, start, 0.0);
        heartbeat.sent("1".to_owned(), start);
        heartbeat.answered("1");
        let woken = start + Duration::from_secs(8 * 3_600);
        assert!(heartbeat.is_due(woken) && !heartbeat.is_dead(woken));
        heartbeat.sent("2".to_owned(), woken);
        assert_eq!(heartbeat.next_due(), woken + INTERVAL);
    }
}
