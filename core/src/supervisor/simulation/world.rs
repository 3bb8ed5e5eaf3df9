//! The sessions, and what befalls them: slow connects, outages, connections that all drop at one instant, panics, people who
//! are needed, sessions that do not hear the order to stop, and work that is left running when its session is over.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};
use tokio::sync::Notify;
use tokio::time::{Duration, Instant, sleep, sleep_until};

use super::day::Plant;
use super::oracle::{Leftover, Oracle, Session};
use crate::account::Fence;
use crate::states::ReasonCode;
use crate::worker::{AccountWorker, Failure, SessionEnd, WorkerTask};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);

/// What all sessions live in.
pub(super) struct World {
    pub(super) oracle: Arc<Oracle>,
    pub(super) plant: Plant,
    random: Mutex<StdRng>,
    weather: Mutex<Weather>,
    /// All connections drop.
    thunder: Notify,
}

#[derive(Clone, Copy)]
struct Weather {
    /// The service cannot be reached before.
    outage_until: Instant,
    /// Nothing goes wrong any more.
    is_fair: bool,
}

/// What a session will do, unless it is stopped.
enum Fate {
    Panics,
    NeverConnects(ReasonCode),
    /// Lives so long, then ends for this reason.
    Lives(Duration, ReasonCode),
    /// Lives, and does not hear the order to stop.
    Deaf,
}

/// One account's worker.
pub(super) struct Actor {
    world: Arc<World>,
    /// So many of its next sessions crash.
    crashes: AtomicU32,
}

impl Actor {
    pub(super) fn new(world: Arc<World>) -> Arc<Self> {
        Arc::new(Self { world, crashes: AtomicU32::new(0) })
    }

    fn fate(&self, random: &mut impl Rng) -> Fate {
        let weather = self.world.weather();
        if weather.is_fair {
            return Fate::Lives(100 * HOUR, ReasonCode::ConnectionLost);
        }
        if Instant::now() < weather.outage_until {
            return Fate::NeverConnects(ReasonCode::ConnectFailed);
        }
        if self.crashes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |crashes| crashes.checked_sub(1)).is_ok() {
            return Fate::Panics;
        }
        match random.random_range(0..1_000) {
            0..15 => Fate::Panics,
            15..35 => Fate::NeverConnects(ReasonCode::RegistrationRefused),
            35..40 => Fate::NeverConnects(ReasonCode::PersonMustVerify),
            40..45 => Fate::NeverConnects(ReasonCode::SessionExpired),
            45..100 => Fate::NeverConnects(ReasonCode::ApiFailed),
            100..110 => Fate::Deaf,
            110..115 => {
                self.crashes.store(random.random_range(2..12), Ordering::Relaxed);
                Fate::Lives(MINUTE, ReasonCode::Panicked)
            }
            _ => {
                let codes = [ReasonCode::ConnectionLost, ReasonCode::ClosedByService, ReasonCode::HeartbeatLost];
                let span = HOUR.mul_f64(-random.random::<f64>().max(1e-9).ln() * 3.0);
                Fate::Lives(span, codes[random.random_range(0..codes.len())])
            }
        }
    }
}

impl World {
    pub(super) fn new(seed: u64, oracle: Arc<Oracle>, plant: Plant) -> Arc<Self> {
        let weather = Weather { outage_until: Instant::now(), is_fair: false };
        let random = Mutex::new(StdRng::seed_from_u64(seed));
        Arc::new(Self { oracle, plant, random, weather: Mutex::new(weather), thunder: Notify::new() })
    }

    /// Brings outages and thunder until `until`, then fair weather for good.
    pub(super) async fn make_weather(self: Arc<Self>, seed: u64, until: Instant) {
        let mut random = StdRng::seed_from_u64(seed ^ 0x77ea_7be7);
        while Instant::now() < until {
            sleep(HOUR.mul_f64(random.random_range(0.2..2.0))).await;
            if random.random_bool(0.5) {
                self.set_weather(|weather| weather.outage_until = Instant::now() + MINUTE.mul_f64(random.random_range(0.1..30.0)));
            }
            if random.random_bool(0.7) {
                self.thunder.notify_waiters();
            }
        }
        self.set_weather(|weather| *weather = Weather { outage_until: Instant::now(), is_fair: true });
        self.thunder.notify_waiters();
    }

    fn set_weather(&self, change: impl FnOnce(&mut Weather)) {
        change(&mut self.weather.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn weather(&self) -> Weather {
        *self.weather.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn random(&self) -> StdRng {
        StdRng::seed_from_u64(self.random.lock().unwrap_or_else(PoisonError::into_inner).random())
    }
}

impl AccountWorker for Actor {
    async fn run(self: Arc<Self>, mut task: WorkerTask) -> SessionEnd {
        let world = Arc::clone(&self.world);
        let mut random = world.random();
        let mut session = world.oracle.begun(task.cookie_id());
        if world.plant == Plant::SecondSession && random.random_bool(0.1) {
            let second = world.oracle.begun(task.cookie_id());
            tokio::spawn(async move {
                sleep(MINUTE).await;
                drop(second);
            });
        }
        let fate = self.fate(&mut random);
        let connecting = Duration::from_millis(random.random_range(10..3_000));
        tokio::select! {
            biased;
            _ = task.stop_ordered() => return SessionEnd::AsAsked,
            () = sleep(connecting) => {}
        }
        match fate {
            Fate::Panics => {
                session.ends_with(ReasonCode::Panicked);
                crash();
            }
            Fate::NeverConnects(code) => return fail(&mut session, code, Duration::ZERO),
            Fate::Lives(..) | Fate::Deaf => {}
        }
        task.connected();
        session.connected();
        live(&world, task, session, fate, &mut random).await
    }
}

/// A connected session: it sends now and then, until its fate, thunder, or an order ends it.
async fn live(world: &World, mut task: WorkerTask, mut session: Session, fate: Fate, random: &mut StdRng) -> SessionEnd {
    let begun = Instant::now();
    let mut thunder = Box::pin(world.thunder.notified());
    if random.random_bool(0.2) {
        tokio::spawn(lurk(session.leaves(), task.fence(), world.plant, random.random()));
    }
    let (end, code, hears) = match fate {
        Fate::Lives(span, code) => (begun + span, code, true),
        _ => (begun + 1_000 * HOUR, ReasonCode::ConnectionLost, false),
    };
    loop {
        let next_send = Instant::now() + MINUTE.mul_f64(random.random_range(1.0..30.0));
        tokio::select! {
            biased;
            _ = task.stop_ordered(), if hears => {
                work_late(world, &task, &session, random);
                // Last words, sometimes too many of them.
                sleep(Duration::from_millis(if random.random_bool(0.1) { 6_000 } else { random.random_range(0..1_000) })).await;
                return SessionEnd::AsAsked;
            }
            () = &mut thunder, if hears => {
                work_late(world, &task, &session, random);
                return fail(&mut session, ReasonCode::ConnectionLost, begun.elapsed());
            }
            () = sleep_until(end) => {
                work_late(world, &task, &session, random);
                return fail(&mut session, code, begun.elapsed());
            }
            () = sleep_until(next_send) => {
                let is_paused = task.is_paused() && world.plant != Plant::ReplyWhilePaused;
                if task.is_current() && !is_paused {
                    session.sent();
                }
            }
        }
    }
}

fn fail(session: &mut Session, code: ReasonCode, stood_for: Duration) -> SessionEnd {
    session.ends_with(code);
    if code == ReasonCode::Panicked {
        crash();
    }
    SessionEnd::Failed(Failure::new(code, "as fate has it").after(stood_for))
}

/// Sometimes a session has begun work elsewhere that goes on for a moment after its end.
fn work_late(world: &World, task: &WorkerTask, session: &Session, random: &mut StdRng) {
    if !random.random_bool(0.2) {
        return;
    }
    let hold = if world.plant == Plant::WorkNotRegistered { None } else { task.resources().hold("late work").ok() };
    let (work, span) = (session.works(), Duration::from_millis(random.random_range(0..2_500)));
    tokio::spawn(async move {
        sleep(span).await;
        drop((work, hold));
    });
}

/// A panic that prints nothing: there are thousands of them.
fn crash() -> ! {
    std::panic::resume_unwind(Box::new("as fate has it"))
}

/// Work that outlives its session: it asks its fence before it does anything.
async fn lurk(leftover: Leftover, fence: Fence, plant: Plant, seed: u64) {
    let mut random = StdRng::seed_from_u64(seed);
    for _ in 0..20 {
        sleep(MINUTE.mul_f64(random.random_range(0.01..20.0))).await;
        let may_act = fence.is_current() || plant == Plant::SendFromAnOldEpoch;
        if may_act && !fence.cell().is_paused() {
            leftover.sent();
        }
    }
}
