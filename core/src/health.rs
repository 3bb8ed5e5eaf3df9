//! Pure: what an account's signs of life come to.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use crate::config::{Config, seconds};
use crate::numbered::numbered;
use crate::states::{ConnectionState, TaskState};

numbered! {
    /// How an account is, in one word. Numbers are permanent.
    Health
    /// As the host wants it.
    Ok = 1, "ok";
    /// It works, or is about to, but something is not as it should be.
    Degraded = 2, "degraded";
    /// It does not work.
    Down = 3, "down";
}

numbered! {
    /// What is wrong with an account's health. Numbers are permanent: a retired one is never used again.
    HealthCode
    /// It is parked: a person or the host is needed.
    Parked = 1, "parked";
    /// Its session failed by a fault of its own, or it could not be removed as it should.
    Failed = 2, "failed";
    /// It has had no connection for a while.
    NotConnected = 3, "not_connected";
    /// Connected, but not a single frame has come for a while.
    Silent = 4, "silent";
    /// Connected, but the last answered heartbeat is too old.
    HeartbeatLate = 5, "heartbeat_late";
    /// Several failures in the window.
    ManyFailures = 6, "many_failures";
    /// Calls to it wait too long for their turn.
    SlowTask = 7, "slow_task";
}

impl HealthCode {
    /// The sentence for people.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Parked => "parked: a person or the host is needed",
            Self::Failed => "it does not run, by a fault",
            Self::NotConnected => "not connected",
            Self::Silent => "connected, but nothing comes in",
            Self::HeartbeatLate => "no heartbeat was answered in time",
            Self::ManyFailures => "it fails again and again",
            Self::SlowTask => "calls to it wait too long",
        }
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct HealthReason {
    /// The code, with its permanent number.
    pub code: HealthCode,
    /// The evidence, for people: "for 75 s", "6 in the last 600 s".
    pub detail: String,
}

impl fmt::Display for HealthReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.code.sentence(), self.detail)
    }
}

/// What can be seen of an account from outside. Spans are up to now.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Signs {
    pub(crate) state: TaskState,
    pub(crate) connection: ConnectionState,
    /// In `state`.
    pub(crate) in_state_for: Duration,
    /// Since it lost its connection, or was started; `None` while it is connected, or not to be.
    pub(crate) not_connected_for: Option<Duration>,
    /// Since it was connected; `None` while it is not.
    pub(crate) connected_for: Option<Duration>,
    /// Since the last frame of the service.
    pub(crate) since_frame: Option<Duration>,
    /// Since the last heartbeat that was answered.
    pub(crate) since_heartbeat: Option<Duration>,
    /// In the last `park_window_s`.
    pub(crate) failures: usize,
    /// What the oldest call has waited for its turn.
    pub(crate) task_latency: Duration,
}

/// Failures in the window from which on an account counts as degraded.
const MANY_FAILURES: usize = 3;
/// What a call may wait for its turn; stopping a stubborn session takes up to the stop's limits, and those are no fault.
const SLOW_TASK: Duration = Duration::from_secs(30);

/// What the signs come to, and why.
pub(crate) fn assess(signs: &Signs, config: &Config) -> (Health, Vec<HealthReason>) {
    let mut found = Findings::default();
    match signs.state {
        TaskState::Parked => found.add(Health::Down, HealthCode::Parked, lasting(signs.in_state_for)),
        TaskState::Failed | TaskState::Stopped => found.add(Health::Down, HealthCode::Failed, lasting(signs.in_state_for)),
        _ => {}
    }
    if let Some(span) = signs.not_connected_for {
        let (degraded, down) = (seconds(config.degraded_after_s), seconds(config.down_after_s));
        if span >= down {
            found.add(Health::Down, HealthCode::NotConnected, lasting(span));
        } else if span >= degraded {
            found.add(Health::Degraded, HealthCode::NotConnected, lasting(span));
        }
    }
    if signs.connection == ConnectionState::Connected {
        look_at_connection(signs, config, &mut found);
    }
    if signs.failures >= MANY_FAILURES {
        let detail = format!("{} in the last {} s", signs.failures, config.park_window_s);
        found.add(Health::Degraded, HealthCode::ManyFailures, detail);
    }
    if signs.task_latency >= SLOW_TASK {
        found.add(Health::Degraded, HealthCode::SlowTask, lasting(signs.task_latency));
    }
    (found.worst.unwrap_or(Health::Ok), found.reasons)
}

/// The session itself ends a connection whose heartbeats are not answered. If it does not, it is stuck: that must be seen too.
fn look_at_connection(signs: &Signs, config: &Config, found: &mut Findings) {
    let (interval, answer) = (seconds(config.heartbeat_interval_s), seconds(config.heartbeat_timeout_s));
    // A sign that is older than the connection says nothing about it: this one has had only so much time. A kind of session
    // that never gives a sign is not judged by it.
    let up = signs.connected_for.unwrap_or_default();
    if let Some(span) = signs.since_heartbeat.map(|span| span.min(up)).filter(|span| *span > interval + answer) {
        let health = if span >= interval + answer + answer { Health::Down } else { Health::Degraded };
        found.add(health, HealthCode::HeartbeatLate, lasting(span));
    }
    if let Some(span) = signs.since_frame.map(|span| span.min(up)).filter(|span| *span > interval + answer) {
        found.add(Health::Degraded, HealthCode::Silent, lasting(span));
    }
}

#[derive(Default)]
struct Findings {
    worst: Option<Health>,
    reasons: Vec<HealthReason>,
}

impl Findings {
    fn add(&mut self, health: Health, code: HealthCode, detail: String) {
        if self.worst.is_none_or(|worst| worst.number() < health.number()) {
            self.worst = Some(health);
        }
        self.reasons.push(HealthReason { code, detail });
    }
}

fn lasting(span: Duration) -> String {
    format!("for {} s", span.as_secs())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Health, HealthCode, Signs, assess};
    use crate::config::Config;
    use crate::states::{ConnectionState, TaskState};

    const WELL: Signs = Signs {
        state: TaskState::Running,
        connection: ConnectionState::Connected,
        in_state_for: Duration::from_secs(3_600),
        not_connected_for: None,
        connected_for: Some(Duration::from_secs(3_600)),
        since_frame: Some(Duration::from_secs(10)),
        since_heartbeat: Some(Duration::from_secs(15)),
        failures: 0,
        task_latency: Duration::ZERO,
    };
    const OFFLINE: Signs = Signs { connection: ConnectionState::Reconnecting, connected_for: None, ..WELL };

    #[allow(clippy::unnecessary_wraps, reason = "as the signs have it")]
    const fn after(seconds: u64) -> Option<Duration> {
        Some(Duration::from_secs(seconds))
    }

    #[test]
    fn signs_of_life_come_to_a_health_with_its_reasons() {
        use HealthCode::{Failed, HeartbeatLate, ManyFailures, NotConnected, Parked, Silent, SlowTask};
        let table: [(&str, Signs, Health, &[HealthCode]); 15] = [
            ("well", WELL, Health::Ok, &[]),
            ("paused by the host", Signs { state: TaskState::Paused, ..WELL }, Health::Ok, &[]),
            ("stopped, and nobody wants it so", Signs { state: TaskState::Stopped, ..OFFLINE }, Health::Down, &[Failed]),
            ("just lost", Signs { not_connected_for: after(29), ..OFFLINE }, Health::Ok, &[]),
            ("lost for a while", Signs { not_connected_for: after(30), ..OFFLINE }, Health::Degraded, &[NotConnected]),
            ("lost for long", Signs { not_connected_for: after(300), ..OFFLINE }, Health::Down, &[NotConnected]),
            ("parked", Signs { state: TaskState::Parked, ..OFFLINE }, Health::Down, &[Parked]),
            ("failed", Signs { state: TaskState::Failed, ..OFFLINE }, Health::Down, &[Failed]),
            (
                "just connected",
                Signs { connected_for: after(1), since_heartbeat: None, since_frame: None, ..WELL },
                Health::Ok,
                &[],
            ),
            (
                "reconnected after a long silence",
                Signs { connected_for: after(1), since_heartbeat: after(9_000), since_frame: after(9_000), ..WELL },
                Health::Ok,
                &[],
            ),
            (
                "no pushes, no beats",
                Signs { since_heartbeat: after(46), since_frame: after(46), ..WELL },
                Health::Degraded,
                &[HeartbeatLate, Silent],
            ),
            ("a session that is stuck", Signs { since_heartbeat: after(75), ..WELL }, Health::Down, &[HeartbeatLate]),
            ("of a kind that gives no signs", Signs { since_heartbeat: None, since_frame: None, ..WELL }, Health::Ok, &[]),
            ("it flaps", Signs { failures: 3, ..WELL }, Health::Degraded, &[ManyFailures]),
            ("calls wait", Signs { task_latency: Duration::from_secs(30), ..WELL }, Health::Degraded, &[SlowTask]),
        ];
        for (name, signs, health, codes) in table {
            let (found, reasons) = assess(&signs, &Config::default());
            let found_codes: Vec<_> = reasons.iter().map(|reason| reason.code).collect();
            assert_eq!((found, &*found_codes), (health, codes), "{name}");
        }
    }
}
