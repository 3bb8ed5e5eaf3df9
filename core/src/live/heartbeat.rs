//! The heartbeat of one connection: when to beat, and when silence means that it is dead.

use std::collections::VecDeque;

use tokio::time::{Duration, Instant};

use super::moments::Moments;

/// Of the moments that all accounts have in common, so many in an interval.
const MOMENTS: u32 = 60;

/// The beat's schedule, and the beats that wait for their answers: at most the timeout's worth of them, since the oldest decides.
pub(super) struct Heartbeat {
    interval: Duration,
    answer_within: Duration,
    moments: Moments,
    next: Instant,
    unanswered: VecDeque<Unanswered>,
}

struct Unanswered {
    mid: String,
    until: Instant,
}

impl Heartbeat {
    /// `phase` (0 … 1) spreads the beats of many accounts over the interval; `first_moment` is the same for all of them.
    pub(super) fn new(interval: Duration, answer_within: Duration, now: Instant, phase: f64, first_moment: Instant) -> Self {
        // As a rule no more than one waits; left to itself it would take room for four.
        let unanswered = VecDeque::with_capacity(1);
        let moments = Moments::new(first_moment, interval / MOMENTS);
        let next = moments.last_before(now + interval.mul_f64(phase));
        Self { interval, answer_within, moments, next, unanswered }
    }

    /// When something is due: a beat, or the verdict.
    pub(super) fn next_due(&self) -> Instant {
        self.unanswered.front().map_or(self.next, |oldest| oldest.until.min(self.next))
    }

    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.next <= now
    }

    pub(super) fn is_dead(&self, now: Instant) -> bool {
        self.unanswered.front().is_some_and(|oldest| oldest.until <= now)
    }

    pub(super) fn sent(&mut self, mid: String, now: Instant) {
        self.unanswered.push_back(Unanswered { mid, until: now + self.answer_within });
        // From now, not from when it was due: after a sleep of the machine one beat is owed, not hundreds.
        self.next = self.moments.last_before(now + self.interval);
    }

    /// An answer proves that the connection lived when its beat was sent: earlier beats need none any more.
    /// Whether it was an answer to a beat.
    pub(super) fn answered(&mut self, mid: &str) -> bool {
        let Some(place) = self.unanswered.iter().position(|beat| beat.mid == mid) else { return false };
        self.unanswered.drain(..=place);
        true
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
        let mut heartbeat = Heartbeat::new(INTERVAL, ANSWER, start, 0.5, start);
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
    fn the_beats_of_all_accounts_fall_on_a_sixtieth_of_the_interval_and_none_comes_late() {
        let start = Instant::now();
        for ms in (0..30_000_u32).step_by(7) {
            let connected = start + Duration::from_millis(ms.into());
            let mut heartbeat = Heartbeat::new(INTERVAL, ANSWER, connected, f64::from(ms) / 30_000.0, start);
            for _ in 0..3 {
                let now = heartbeat.next_due();
                assert_eq!((now - start).as_nanos() % (INTERVAL / 60).as_nanos(), 0);
                // However late it is carried out.
                let sent = now + Duration::from_millis(u64::from(ms % 200));
                heartbeat.sent("1".to_owned(), sent);
                heartbeat.answered("1");
                let gap = heartbeat.next_due() - sent;
                assert!(gap <= INTERVAL && gap > INTERVAL - INTERVAL / 60, "{gap:?}");
            }
        }
    }

    #[test]
    fn silence_is_found_out_30_seconds_after_the_first_beat_without_an_answer() {
        let start = Instant::now();
        let mut heartbeat = Heartbeat::new(INTERVAL, ANSWER, start, 1.0, start);
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
    fn answers_slower_than_the_interval_keep_a_connection_alive() {
        let start = Instant::now();
        let mut heartbeat = Heartbeat::new(INTERVAL, ANSWER, start, 0.0, start);
        for beat in 0..100_u32 {
            let now = start + INTERVAL * beat;
            assert!(heartbeat.is_due(now) && !heartbeat.is_dead(now), "beat {beat}");
            heartbeat.sent(beat.to_string(), now);
            // The answer to the beat before this one.
            heartbeat.answered(&beat.wrapping_sub(1).to_string());
        }
    }

    #[test]
    fn after_a_long_sleep_one_beat_is_owed() {
        let start = Instant::now();
        let mut heartbeat = Heartbeat::new(INTERVAL, ANSWER, start, 0.0, start);
        heartbeat.sent("1".to_owned(), start);
        heartbeat.answered("1");
        let woken = start + Duration::from_secs(8 * 3_600);
        assert!(heartbeat.is_due(woken) && !heartbeat.is_dead(woken));
        heartbeat.sent("2".to_owned(), woken);
        assert_eq!(heartbeat.next_due(), woken + INTERVAL);
    }
}
