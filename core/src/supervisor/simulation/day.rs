//! One seed: the world, the host and the audits, side by side under paused time.

use std::sync::Arc;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::time::{Duration, Instant, advance, sleep};

use super::host::{Accounts, Host, Verb};
use super::oracle::{Counts, Oracle, Promises, Rule, Violation};
use super::world::World;
use crate::clock::PausedClock;
use crate::common::Common;
use crate::config::Config;
use crate::event::News;
use crate::states::{ConnectionState, ReasonCode, TaskState};
use crate::supervisor::Supervisor;

const HOUR: Duration = Duration::from_secs(3_600);
const YEAR_MS: i64 = 31_536_000_000;

/// A fault that is put in on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Plant {
    Nothing,
    SecondSession,
    StartsTheUnwanted,
    WorkNotRegistered,
    SendFromAnOldEpoch,
    ReplyWhilePaused,
    ConnectsTooFast,
    ConnectsTooManyAtOnce,
    RemovalNotDone,
    CallsOutOfOrder,
    ParksTooLate,
    AccountForgotten,
    DesiredOverwritten,
    StopsTooSlowly,
    EventsLost,
}

pub(super) struct Day {
    pub(super) seed: u64,
    pub(super) accounts: usize,
    pub(super) hours: u32,
    pub(super) calls_per_hour: f64,
    pub(super) plant: Plant,
}

pub(super) struct Seen {
    pub(super) violations: Vec<Violation>,
    pub(super) counts: Counts,
}

impl Day {
    pub(super) fn of_a_thousand(seed: u64, plant: Plant) -> Self {
        Self { seed, accounts: 1_000, hours: 24, calls_per_hour: 150.0, plant }
    }

    pub(super) fn run(&self) -> Seen {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.expect("a runtime without sockets").block_on(self.pass())
    }

    async fn pass(&self) -> Seen {
        let oracle = Oracle::new(Promises {
            connects_a_second: 5,
            connects_at_once: 8,
            park_after: 5,
            park_window: Duration::from_secs(600),
            next_try_within: HOUR,
            stop_within_s: 8.8,
        });
        let world = World::new(self.seed, Arc::clone(&oracle), self.plant);
        let clock = Arc::new(PausedClock::new());
        let common = Common::new(Arc::new(self.config()), Arc::clone(&clock) as _, self.seed);
        let mut events = common.events.subscribe().expect("it is open");
        let hears = {
            let oracle = Arc::clone(&oracle);
            tokio::spawn(async move {
                loop {
                    match events.next().await {
                        News::Event(event) => oracle.heard(&event),
                        News::Lagged(missed) => oracle.violated(Rule::EventsAreAChain, format!("{missed} were missed")),
                        News::Ended => return,
                    }
                }
            })
        };
        let accounts: Accounts = Supervisor::new(tokio::runtime::Handle::current(), common);
        let host = Host { accounts: Arc::clone(&accounts), world: Arc::clone(&world) };
        for place in 0..self.accounts {
            host.call(&place.to_string(), Verb::Add);
        }
        let until = Instant::now() + HOUR * self.hours;
        let weather = tokio::spawn(Arc::clone(&world).make_weather(self.seed, until));
        let busy = tokio::spawn(host.clone().be_busy(self.seed, self.accounts, self.calls_per_hour, until));
        self.look_now_and_then(&oracle, &accounts, &clock, until).await;
        weather.await.expect("the weather does not panic");
        busy.await.expect("the host does not panic");
        // Fair weather, nobody calls: all must find their place.
        sleep(2 * HOUR).await;
        audit(&oracle, &accounts);
        all_are_where_they_belong(&oracle, &accounts);
        let report = accounts.close(Duration::from_secs(60)).await;
        if !report.is_clean() {
            oracle.violated(Rule::StopKeepsItsLimits, format!("{:?}", report.accounts.iter().find(|one| !one.left.is_empty())));
        }
        accounts.end_events();
        hears.await.expect("the reader does not panic");
        let (violations, counts) = oracle.result();
        Seen { violations, counts }
    }

    fn config(&self) -> Config {
        // Looks at the health are cheap, and three million a day would be most of what is simulated.
        let mut config = Config { event_queue: 100_000, health_interval_s: 900.0, ..Config::default() };
        match self.plant {
            Plant::ConnectsTooFast => config.connect_rate_per_s = 8.0,
            Plant::ConnectsTooManyAtOnce => config.max_connecting = 12,
            Plant::ParksTooLate => config.park_after_failures = 9,
            Plant::StopsTooSlowly => config.stop_socket_s = 30.0,
            Plant::EventsLost => config.event_queue = 16,
            _ => {}
        }
        config
    }

    /// Audits four times an hour. In between, somebody sets the clock now and then, and once the machine sleeps.
    async fn look_now_and_then(&self, oracle: &Oracle, accounts: &Accounts, clock: &PausedClock, until: Instant) {
        let mut random = StdRng::seed_from_u64(self.seed ^ 0x000c_10c4);
        let sleeps_at = Instant::now() + HOUR * random.random_range(1..self.hours.max(2));
        let mut has_slept = !random.random_bool(0.25);
        while Instant::now() < until {
            sleep(HOUR / 4).await;
            audit(oracle, accounts);
            if random.random_bool(0.1) {
                clock.jump(if random.random_bool(0.5) { YEAR_MS } else { -YEAR_MS });
            }
            if !has_slept && Instant::now() > sleeps_at {
                has_slept = true;
                oracle.machine_slept(8 * HOUR);
                advance(8 * HOUR).await;
                // What was due in the night is done first.
                sleep(HOUR).await;
            }
        }
    }
}

fn audit(oracle: &Oracle, accounts: &Accounts) {
    oracle.audit();
    for (cookie_id, is_enabled, is_paused, _) in oracle.on_record() {
        if oracle.has_calls_under_way(&cookie_id) {
            continue;
        }
        let Ok(cell) = accounts.cell(&cookie_id) else {
            oracle.violated(Rule::AcknowledgedIsDone, format!("{cookie_id} is on record and not known"));
            continue;
        };
        if cell.is_enabled() != is_enabled || cell.is_paused() != is_paused {
            oracle.violated(Rule::DesiredStands, format!("{cookie_id}: the host asked for another thing than {:?}", cell.status()));
        }
    }
}

/// After two hours of fair weather without a call.
fn all_are_where_they_belong(oracle: &Oracle, accounts: &Accounts) {
    for (cookie_id, is_enabled, is_paused, parked) in oracle.on_record() {
        let Ok(status) = accounts.cell(&cookie_id).map(|cell| cell.status()) else { continue };
        let is_parked = |code: ReasonCode| status.state == TaskState::Parked && status.reason.code == code;
        let state = if is_paused { TaskState::Paused } else { TaskState::Running };
        let is_right = match (is_enabled, parked) {
            (false, _) => status.state == TaskState::Stopped,
            (true, Some(code)) => is_parked(code),
            (true, None) => status.state == state && status.connection == ConnectionState::Connected && oracle.lives(&cookie_id),
        };
        if !is_right {
            let what = format!("{cookie_id}, enabled: {is_enabled}, parked: {parked:?}, is found {status:?}");
            oracle.violated(Rule::NobodyIsForgotten, what);
        }
    }
    let known = accounts.cells().len();
    if known != oracle.on_record().len() {
        oracle.violated(Rule::AcknowledgedIsDone, format!("{known} are known, {} are on record", oracle.on_record().len()));
    }
}
