//! The supervisor with sessions that do as they are told, under paused time.

mod stopping;
mod time;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::time::{Duration, Instant, sleep};

use super::Supervisor;
use crate::account::{AccountCell, Fence};
use crate::call::Call;
use crate::clock::{Clock, PausedClock};
use crate::common::Common;
use crate::config::Config;
use crate::error::Error;
use crate::health::{Health, HealthCode};
use crate::resources::Resources;
use crate::states::{ConnectionState, ReasonCode, TaskState};
use crate::status::AccountStatus;
use crate::stop_report::{StageOutcome, StopStage};
use crate::worker::{AccountWorker, Failure, SessionEnd, WorkerTask};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3_600);

/// What a session does.
#[derive(Clone, Copy)]
enum Act {
    /// Lives until it is asked to stop, then takes this long.
    Live(Duration),
    /// Fails after this long.
    Fail(ReasonCode, Duration),
    Panic,
    /// Does not hear the stop signal.
    Deaf,
    /// Fails before it is connected.
    Refused(ReasonCode),
    /// Fails at once, and leaves work behind that takes this long.
    FailHolding(Duration),
}

/// A worker that plays the same act each time, and notes what its sessions do.
#[derive(Clone)]
struct Player(Arc<Played>);

struct Played {
    act: Mutex<Act>,
    alive: AtomicUsize,
    /// An assertion inside a session would only look like one more panic to the supervisor.
    most_alive: AtomicUsize,
    begun: Mutex<Vec<Instant>>,
    fences: Mutex<Vec<Fence>>,
    /// Of the last session that held something.
    resources: Mutex<Option<Resources>>,
}

/// Counts a session for as long as it exists, however it ends.
struct Alive(Arc<Played>);

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.alive.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Player {
    fn new(act: Act) -> Self {
        Self(Arc::new(Played {
            act: Mutex::new(act),
            alive: AtomicUsize::new(0),
            most_alive: AtomicUsize::new(0),
            begun: Mutex::default(),
            fences: Mutex::default(),
            resources: Mutex::default(),
        }))
    }

    fn begun(&self) -> Vec<Instant> {
        self.0.begun.lock().unwrap().clone()
    }

    fn last_fence_is_current(&self) -> bool {
        self.0.fences.lock().unwrap().last().unwrap().is_current()
    }
}

impl AccountWorker for Player {
    async fn run(self: Arc<Self>, mut task: WorkerTask) -> SessionEnd {
        let played = Arc::clone(&self.0);
        played.most_alive.fetch_max(played.alive.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        let alive = Alive(Arc::clone(&played));
        played.begun.lock().unwrap().push(Instant::now());
        played.fences.lock().unwrap().push(task.fence());
        let act = *played.act.lock().unwrap();
        if let Act::Refused(code) = act {
            return SessionEnd::Failed(Failure::new(code, "as told"));
        }
        task.connected();
        let end = match act {
            Act::Live(last_words) => {
                task.stop_ordered().await;
                sleep(last_words).await;
                SessionEnd::AsAsked
            }
            Act::Fail(code, after) => {
                tokio::select! {
                    _ = task.stop_ordered() => SessionEnd::AsAsked,
                    () = sleep(after) => SessionEnd::Failed(Failure::new(code, "as told").after(after)),
                }
            }
            Act::Panic => panic!("as told"),
            Act::Refused(code) => SessionEnd::Failed(Failure::new(code, "as told")),
            Act::FailHolding(span) => {
                let hold = task.resources().hold("late work").unwrap();
                *played.resources.lock().unwrap() = Some(task.resources().clone());
                tokio::spawn(async move {
                    sleep(span).await;
                    drop(hold);
                });
                SessionEnd::Failed(Failure::new(ReasonCode::ConnectionLost, "as told"))
            }
            Act::Deaf => std::future::pending().await,
        };
        drop(alive);
        end
    }
}

fn supervisor(config: Config) -> Arc<Supervisor<Player>> {
    supervisor_with(config, Arc::new(PausedClock::new()))
}

fn supervisor_with(config: Config, clock: Arc<PausedClock>) -> Arc<Supervisor<Player>> {
    let common = Common::new(Arc::new(config), clock, 1);
    Supervisor::new(tokio::runtime::Handle::current(), common)
}

/// Puts an account on record and starts it, as the manager does.
fn add(supervisor: &Arc<Supervisor<Player>>, cookie_id: &str, player: &Player) -> Call<()> {
    let player = player.clone();
    supervisor.on_new_account(
        cookie_id,
        move |_: &Arc<AccountCell>| Arc::new(player.clone()),
        |slot| {
            Box::pin(async {
                if slot.is_active() {
                    slot.stop(ReasonCode::Replaced).await;
                }
                slot.set_known();
                slot.start();
                Ok(())
            })
        },
    )
}

fn remove(supervisor: &Arc<Supervisor<Player>>, cookie_id: &str) -> Call<()> {
    supervisor.on_account(cookie_id, |slot| {
        Box::pin(async {
            slot.stop(ReasonCode::Removed).await;
            slot.retire();
            Ok(())
        })
    })
}

async fn until(supervisor: &Arc<Supervisor<Player>>, cookie_id: &str, wanted: impl Fn(&AccountStatus) -> bool) -> AccountStatus {
    let cell = supervisor.cell(cookie_id).unwrap();
    let seen = cell.wait_until(|status| wanted(&status).then_some(status));
    // Paused time has no end of its own.
    tokio::time::timeout(100 * HOUR, seen).await.unwrap_or_else(|_| panic!("it never comes: {}", cell.status()))
}

#[tokio::test(start_paused = true)]
async fn a_session_that_crashes_at_once_is_parked_after_five_times_and_says_why() {
    let supervisor = supervisor(Config::default());
    let player = Player::new(Act::Panic);
    add(&supervisor, "shop", &player).await.unwrap();
    let failed = until(&supervisor, "shop", |status| status.state == TaskState::Failed).await;
    assert_eq!(failed.reason.code, ReasonCode::Panicked);
    assert!(failed.reason.next_try_ms.unwrap() >= PausedClock::START_MS);
    let parked = until(&supervisor, "shop", |status| status.state == TaskState::Parked).await;
    assert_eq!(parked.reason.code, ReasonCode::TooManyFailures);
    assert_eq!(parked.reason.next_try_ms, None);
    sleep(HOUR).await;
    assert_eq!(player.begun().len(), 5);
}

#[tokio::test(start_paused = true)]
async fn one_account_that_panics_leaves_the_others_alone() {
    let supervisor = supervisor(Config::default());
    add(&supervisor, "bad", &Player::new(Act::Panic)).await.unwrap();
    let good = Player::new(Act::Live(Duration::ZERO));
    add(&supervisor, "good", &good).await.unwrap();
    until(&supervisor, "bad", |status| status.state == TaskState::Parked).await;
    assert_eq!(supervisor.cell("good").unwrap().status().connection, ConnectionState::Connected);
    assert_eq!(good.begun().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn calls_to_one_account_go_in_their_order_and_calls_to_another_do_not_wait() {
    let supervisor = supervisor(Config::default());
    for cookie_id in ["slow", "quick"] {
        add(&supervisor, cookie_id, &Player::new(Act::Live(Duration::ZERO))).await.unwrap();
    }
    let order = Arc::new(Mutex::new(Vec::new()));
    let slow: Vec<_> = (0..10)
        .map(|place| {
            let order = Arc::clone(&order);
            supervisor.on_account("slow", move |_| {
                Box::pin(async move {
                    sleep(SECOND).await;
                    order.lock().unwrap().push(place);
                    Ok(())
                })
            })
        })
        .collect();
    let started = Instant::now();
    supervisor.on_account("quick", |_| Box::pin(async { Ok(()) })).await.unwrap();
    assert_eq!(started.elapsed(), Duration::ZERO);
    for call in slow {
        call.await.unwrap();
    }
    assert_eq!(*order.lock().unwrap(), (0..10).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_call_made_after_a_removal_finds_no_account_even_when_it_was_queued_before_the_removal_was_done() {
    let supervisor = supervisor(Config::default());
    add(&supervisor, "shop", &Player::new(Act::Live(SECOND))).await.unwrap();
    let removal = remove(&supervisor, "shop");
    let late = supervisor.on_account("shop", |_| Box::pin(async { Ok(()) }));
    removal.await.unwrap();
    assert_eq!(late.await, Err(Error::not_found("shop")));
    assert_eq!(supervisor.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_add_queued_behind_a_removal_starts_the_account_anew() {
    let supervisor = supervisor(Config::default());
    let player = Player::new(Act::Live(SECOND));
    add(&supervisor, "shop", &player).await.unwrap();
    until(&supervisor, "shop", |status| status.connection == ConnectionState::Connected).await;
    let removal = remove(&supervisor, "shop");
    let again = add(&supervisor, "shop", &player);
    removal.await.unwrap();
    again.await.unwrap();
    until(&supervisor, "shop", |status| status.connection == ConnectionState::Connected).await;
    assert_eq!(player.begun().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_first_job_that_fails_leaves_the_account_unknown() {
    let supervisor = supervisor(Config::default());
    let refused = Error::Internal { problem: "as told".to_owned() };
    let answer = refused.clone();
    let player = Player::new(Act::Live(Duration::ZERO));
    let call: Call<()> = supervisor.on_new_account(
        "shop",
        move |_: &Arc<AccountCell>| Arc::new(player.clone()),
        |_| Box::pin(async { Err(answer) }),
    );
    assert_eq!(call.await, Err(refused));
    assert_eq!(supervisor.cell("shop").map(drop), Err(Error::not_found("shop")));
}

/// Adds, removes and stops at random from many tasks: the worker counts how many sessions of an account live at the
/// same time, and every call must be answered.
#[tokio::test(start_paused = true)]
async fn whatever_the_order_of_calls_an_account_has_one_session_and_every_call_is_answered() {
    for seed in 0..50 {
        let mut random = StdRng::seed_from_u64(seed);
        let supervisor = supervisor(Config { connect_rate_per_s: 10_000.0, ..Config::default() });
        let acts = [
            Act::Live(Duration::ZERO),
            Act::Live(2 * SECOND),
            Act::Fail(ReasonCode::ConnectionLost, SECOND),
            Act::Panic,
            Act::Deaf,
        ];
        let players: BTreeMap<_, _> = ["a", "b", "c"].map(|id| (id, Player::new(acts[random.random_range(0..acts.len())]))).into();
        let mut calls = Vec::new();
        for _ in 0..200 {
            let (cookie_id, player) = players.iter().nth(random.random_range(0..players.len())).unwrap();
            calls.push(if random.random_bool(0.5) { add(&supervisor, cookie_id, player) } else { remove(&supervisor, cookie_id) });
            sleep(Duration::from_millis(random.random_range(0..500))).await;
        }
        for call in calls {
            let answer = call.await;
            assert!(matches!(answer, Ok(()) | Err(Error::AccountNotFound { .. })), "seed {seed}: {answer:?}");
        }
        assert!(supervisor.close(60 * SECOND).await.is_clean(), "seed {seed}");
        for player in players.values() {
            assert_eq!(player.0.alive.load(Ordering::SeqCst), 0, "seed {seed}");
            assert_eq!(player.0.most_alive.load(Ordering::SeqCst), 1, "seed {seed}");
        }
    }
}

/// The same with real threads, for what only they can do to each other.
#[test]
fn one_account_that_64_threads_add_and_remove_at_once_never_has_two_sessions() {
    const ROUNDS: usize = 50;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_time().build().unwrap();
    let _entered = runtime.enter();
    let supervisor = supervisor(Config { connect_rate_per_s: 10_000.0, max_connecting: 1_000, ..Config::default() });
    let player = Player::new(Act::Live(Duration::ZERO));
    std::thread::scope(|scope| {
        for thread in 0..64 {
            let (supervisor, player) = (&supervisor, &player);
            scope.spawn(move || {
                for round in 0..ROUNDS {
                    let call = if (thread + round) % 3 == 0 { remove(supervisor, "shop") } else { add(supervisor, "shop", player) };
                    let answer = call.wait();
                    assert!(matches!(answer, Ok(()) | Err(Error::AccountNotFound { .. })), "{answer:?}");
                }
            });
        }
    });
    add(&supervisor, "shop", &player).wait().unwrap();
    runtime.block_on(until(&supervisor, "shop", |status| status.connection == ConnectionState::Connected));
    assert_eq!((supervisor.len(), player.0.alive.load(Ordering::SeqCst)), (1, 1));
    assert!(runtime.block_on(supervisor.close(60 * SECOND)).is_clean());
    assert_eq!(player.0.most_alive.load(Ordering::SeqCst), 1);
}

/// A worker whose `run` panics before there is anything to wait for.
struct Hasty;

impl AccountWorker for Hasty {
    #[allow(clippy::manual_async_fn, reason = "the point is what happens before the future")]
    fn run(self: Arc<Self>, task: WorkerTask) -> impl Future<Output = SessionEnd> + Send {
        assert!(task.cookie_id().is_empty(), "as told");
        async { SessionEnd::AsAsked }
    }
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_panics_before_its_first_wait_fails_its_account_and_its_calls_are_answered() {
    let common = Common::new(Arc::default(), Arc::new(PausedClock::new()), 1);
    let supervisor = Supervisor::new(tokio::runtime::Handle::current(), common);
    let added: Call<()> = supervisor.on_new_account(
        "shop",
        |_| Arc::new(Hasty),
        |slot| {
            Box::pin(async {
                slot.set_known();
                slot.start();
                Ok(())
            })
        },
    );
    added.await.unwrap();
    let cell = supervisor.cell("shop").unwrap();
    let parked = cell.wait_until(|status| (status.state == TaskState::Parked).then_some(status));
    let parked = tokio::time::timeout(HOUR, parked).await.unwrap();
    assert_eq!(parked.reason.code, ReasonCode::TooManyFailures);
    supervisor.on_account("shop", |_| Box::pin(async { Ok(()) })).await.unwrap();
}

/// A clock at which so many looks fail.
struct Failing(PausedClock, AtomicUsize);

impl Clock for Failing {
    fn date_ms(&self, moment: Instant) -> i64 {
        let is_failing = self.1.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |looks| looks.checked_sub(1)).is_ok();
        assert!(!is_failing, "as told");
        self.0.date_ms(moment)
    }
}

#[tokio::test(start_paused = true)]
async fn an_account_whose_own_task_panics_begins_anew_and_its_calls_are_answered() {
    // The first look is that which tells of the session's end; where the next one fails too, so does beginning anew.
    for (looks, sessions) in [(1, 2), (2, 1)] {
        let clock = Arc::new(Failing(PausedClock::new(), AtomicUsize::new(0)));
        let common = Common::new(Arc::default(), Arc::clone(&clock) as Arc<dyn Clock>, 1);
        let supervisor = Supervisor::new(tokio::runtime::Handle::current(), common);
        // A date is looked at for whoever reads.
        let _reader = supervisor.common.events.subscribe();
        let player = Player::new(Act::Fail(ReasonCode::ConnectionLost, SECOND));
        add(&supervisor, "shop", &player).await.unwrap();
        sleep(SECOND / 2).await;
        clock.1.store(looks, Ordering::SeqCst);
        let call = supervisor.on_account("shop", |_| Box::pin(async { Ok(()) }));
        tokio::time::timeout(HOUR, call).await.unwrap().unwrap();
        sleep(SECOND).await;
        assert_eq!(clock.1.load(Ordering::SeqCst), 0);
        *player.0.act.lock().unwrap() = Act::Live(Duration::ZERO);
        sleep(HOUR).await;
        assert_eq!(player.begun().len(), sessions);
        let restarted = supervisor.on_account("shop", |slot| {
            Box::pin(async {
                slot.restart().await;
                Ok(())
            })
        });
        tokio::time::timeout(HOUR, restarted).await.unwrap().unwrap();
        until(&supervisor, "shop", |status| status.connection == ConnectionState::Connected).await;
    }
}
