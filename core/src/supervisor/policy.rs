//! Pure: how a session ended, what came before, and the clock → try again after a while, or park.

use std::collections::VecDeque;

use rand::{Rng, RngExt};
use tokio::time::{Duration, Instant};

use crate::config::{Config, seconds};
use crate::states::{ReasonCode, TaskState};
use crate::worker::Failure;

/// What to do after a session has failed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Try again after a rest; `state` is what the account shows meanwhile.
    RestartAfter { rest: Duration, state: TaskState },
    /// Do not go on without a person or the host.
    Park { code: ReasonCode, detail: String },
}

/// What an account's earlier sessions came to.
#[derive(Debug, Default)]
pub(super) struct History {
    /// Whether a session has ended by itself.
    has_ended: bool,
    /// Failures since the last stable connection.
    in_a_row: u32,
    /// When sessions failed in a way that is counted, the latest last; bounded by `park_after_failures`.
    counted: VecDeque<Instant>,
}

impl History {
    pub(super) fn is_empty(&self) -> bool {
        !self.has_ended
    }
}

/// What can help after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    /// As it should be, and the next one follows at once.
    Planned,
    /// The network's or the service's: it passes, and is tried again for ever. An outage of an hour must not park anybody.
    Transient,
    /// The token or the login was no good, and there is another one to try: counted, since that one may be no better.
    Auth,
    /// Only a person or the host can help: parked at once.
    Human,
    /// Trying again cannot change it: parked at once.
    Permanent,
    /// The session's own, a panic or a broken protocol: tried again, and counted.
    Bug,
}

fn class(code: ReasonCode) -> Class {
    match code {
        ReasonCode::TokenRenewed => Class::Planned,
        ReasonCode::RegistrationRefused | ReasonCode::CookieRenewed => Class::Auth,
        ReasonCode::SessionExpired | ReasonCode::PersonMustVerify => Class::Human,
        ReasonCode::CookieUnusable => Class::Permanent,
        ReasonCode::Panicked | ReasonCode::ProtocolBroken => Class::Bug,
        _ => Class::Transient,
    }
}

/// Whether a session's end is a failure, for those who count them.
pub(super) fn is_failure(code: ReasonCode) -> bool {
    class(code) != Class::Planned
}

/// Decides, and notes the failure.
pub(super) fn decide(failure: &Failure, history: &mut History, now: Instant, random: &mut impl Rng, config: &Config) -> Verdict {
    history.has_ended = true;
    if failure.stood_for.is_some_and(|stood_for| stood_for >= seconds(config.stable_after_s)) {
        history.in_a_row = 0;
    }
    let is_counted = match class(failure.code) {
        Class::Human | Class::Permanent => return Verdict::Park { code: failure.code, detail: failure.detail.clone() },
        Class::Auth | Class::Bug => true,
        Class::Transient => false,
        Class::Planned => return Verdict::RestartAfter { rest: Duration::ZERO, state: TaskState::Running },
    };
    history.in_a_row = history.in_a_row.saturating_add(1);
    if is_counted && is_one_too_many(history, now, config) {
        let detail = format!("{} failures, the last: {} ({})", history.counted.len(), failure.code.sentence(), failure.detail);
        return Verdict::Park { code: ReasonCode::TooManyFailures, detail };
    }
    let state = if failure.code == ReasonCode::Panicked { TaskState::Failed } else { TaskState::Running };
    Verdict::RestartAfter { rest: backoff(history.in_a_row, random, config), state }
}

fn is_one_too_many(history: &mut History, now: Instant, config: &Config) -> bool {
    let window = seconds(config.park_window_s);
    history.counted.push_back(now);
    history.counted.retain(|at| now.duration_since(*at) <= window);
    history.counted.len() >= config.park_after_failures
}

/// Full jitter: anything between nothing and a limit that doubles with each failure.
/// Source: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
fn backoff(in_a_row: u32, random: &mut impl Rng, config: &Config) -> Duration {
    let doubled = config.backoff_initial_s * f64::from(in_a_row.saturating_sub(1).min(30)).exp2();
    seconds(doubled.min(config.backoff_max_s) * random.random::<f64>())
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::StdRng;
    use tokio::time::{Duration, Instant};

    use super::{History, Verdict, decide, is_failure};
    use crate::config::Config;
    use crate::states::{ReasonCode, TaskState};
    use crate::worker::Failure;

    const MINUTE: Duration = Duration::from_secs(60);

    fn rests(code: ReasonCode, count: usize, stood_for: Option<Duration>) -> Vec<Duration> {
        let (mut history, mut random, config) = (History::default(), StdRng::seed_from_u64(1), Config::default());
        let failure = Failure { stood_for, ..Failure::new(code, "") };
        let verdicts = (0..count).map(|_| decide(&failure, &mut history, Instant::now(), &mut random, &config));
        verdicts
            .map(|verdict| match verdict {
                Verdict::RestartAfter { rest, .. } => rest,
                Verdict::Park { .. } => panic!("parked"),
            })
            .collect()
    }

    #[test]
    fn the_limit_of_the_rest_doubles_to_a_minute_and_the_rest_is_anything_below() {
        for (place, rest) in rests(ReasonCode::ConnectFailed, 1_000, None).into_iter().enumerate() {
            let limit = Duration::from_secs(1 << place.min(6)).min(MINUTE);
            assert!(rest <= limit, "{place}: {rest:?}");
        }
        let later = &rests(ReasonCode::ConnectFailed, 1_000, None)[6..];
        assert!(later.iter().any(|rest| *rest < MINUTE / 10) && later.iter().any(|rest| *rest > MINUTE * 9 / 10));
    }

    #[test]
    fn only_a_connection_that_stood_a_minute_makes_earlier_failures_forgotten() {
        let second = Duration::from_secs(1);
        assert!(rests(ReasonCode::ConnectionLost, 100, Some(MINUTE)).iter().all(|rest| *rest <= second));
        assert!(rests(ReasonCode::ConnectionLost, 100, Some(MINUTE - second)).iter().any(|rest| *rest > second));
    }

    #[test]
    fn a_new_token_is_no_failure_and_makes_none_forgotten() {
        let (mut history, mut random, config) = (History::default(), StdRng::seed_from_u64(1), Config::default());
        let (renewed, lost) = (Failure::new(ReasonCode::TokenRenewed, ""), Failure::new(ReasonCode::ConnectionLost, ""));
        let at_once = Verdict::RestartAfter { rest: Duration::ZERO, state: TaskState::Running };
        assert!(!is_failure(renewed.code) && is_failure(lost.code));
        for failures in 0..100 {
            assert_eq!(decide(&renewed, &mut history, Instant::now(), &mut random, &config), at_once);
            assert_eq!((history.in_a_row, history.is_empty()), (failures, false));
            decide(&lost, &mut history, Instant::now(), &mut random, &config);
        }
    }

    #[test]
    fn an_outage_of_the_network_parks_nobody() {
        assert_eq!(rests(ReasonCode::ConnectFailed, 10_000, None).len(), 10_000);
    }

    #[test]
    fn what_trying_again_cannot_change_is_parked_at_once() {
        for code in [ReasonCode::SessionExpired, ReasonCode::PersonMustVerify, ReasonCode::CookieUnusable] {
            let failure = Failure::new(code, "https://verify.example/");
            let verdict =
                decide(&failure, &mut History::default(), Instant::now(), &mut StdRng::seed_from_u64(1), &Config::default());
            assert_eq!(verdict, Verdict::Park { code, detail: "https://verify.example/".to_owned() });
        }
    }

    #[test]
    fn each_reason_to_end_has_its_class_and_what_follows_five_times_in_ten_minutes() {
        const FOR_EVER: [bool; 5] = [false; 5];
        const COUNTED: [bool; 5] = [false, false, false, false, true];
        const AT_ONCE: [bool; 5] = [true; 5];
        let follows = |code: ReasonCode| {
            let (mut history, mut random, config) = (History::default(), StdRng::seed_from_u64(1), Config::default());
            let failure = Failure::new(code, "");
            let verdicts = (0..5).map(|_| decide(&failure, &mut history, Instant::now(), &mut random, &config));
            verdicts.map(|verdict| matches!(verdict, Verdict::Park { .. })).collect::<Vec<_>>()
        };
        for (code, parked) in [
            (ReasonCode::ConnectFailed, FOR_EVER),
            (ReasonCode::TlsFailed, FOR_EVER),
            (ReasonCode::HandshakeRefused, FOR_EVER),
            (ReasonCode::ClosedByService, FOR_EVER),
            (ReasonCode::ConnectionLost, FOR_EVER),
            (ReasonCode::HeartbeatLost, FOR_EVER),
            (ReasonCode::ServiceStalled, FOR_EVER),
            (ReasonCode::ApiFailed, FOR_EVER),
            (ReasonCode::OutOfFiles, FOR_EVER),
            (ReasonCode::ProxyFailed, FOR_EVER),
            (ReasonCode::TokenRenewed, FOR_EVER),
            (ReasonCode::StoreFailed, FOR_EVER),
            (ReasonCode::RegistrationRefused, COUNTED),
            (ReasonCode::CookieRenewed, COUNTED),
            (ReasonCode::ProtocolBroken, COUNTED),
            (ReasonCode::Panicked, COUNTED),
            (ReasonCode::SessionExpired, AT_ONCE),
            (ReasonCode::PersonMustVerify, AT_ONCE),
            (ReasonCode::CookieUnusable, AT_ONCE),
        ] {
            assert_eq!(follows(code), parked, "{}", code.name());
        }
    }

    #[test]
    fn five_faults_of_its_own_in_ten_minutes_park_an_account_and_four_do_not() {
        for (gap, parked) in [(MINUTE, true), (MINUTE * 3, false)] {
            let (mut history, mut random, config) = (History::default(), StdRng::seed_from_u64(1), Config::default());
            let (start, failure) = (Instant::now(), Failure::new(ReasonCode::Panicked, ""));
            let verdicts: Vec<_> = (0..5).map(|n| decide(&failure, &mut history, start + gap * n, &mut random, &config)).collect();
            assert!(verdicts[..4].iter().all(|v| matches!(v, Verdict::RestartAfter { state: TaskState::Failed, .. })));
            assert_eq!(matches!(&verdicts[4], Verdict::Park { code: ReasonCode::TooManyFailures, .. }), parked);
        }
    }
}
