//! Who may connect now: so many at once, so many a second, over all accounts; who waits longest or matters more goes first.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::runtime::Handle;
use tokio::sync::{Notify, oneshot};
use tokio::time::{Duration, Instant, sleep_until};

use crate::worker::Turn;

/// What one step of priority is worth: an account goes before another of the next lower priority unless that one has waited
/// so much longer. So a higher one goes first, and nobody waits for ever.
pub(crate) const PRIORITY_STEP: Duration = Duration::from_secs(10);
/// Timers have a grain of a millisecond. A rate with smaller gaps catches up what it lost to the grain, this far back.
const CATCH_UP: Duration = Duration::from_millis(2);

/// The queue of those who want to connect. Dropping it lets go of everybody who waits.
pub(super) struct Admission(Arc<Shared>);

struct Shared {
    at_once: usize,
    rate_per_s: f64,
    gap: Duration,
    base: Instant,
    state: Mutex<State>,
    changed: Notify,
}

struct State {
    waiting: BTreeMap<Key, oneshot::Sender<Turn>>,
    last_number: u64,
    connecting: usize,
    /// When the rate lets the next one connect.
    next: Instant,
    is_over: bool,
}

/// When an account came, moved ahead by its priority; then the order in which they came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    virtual_arrival_ms: i64,
    number: u64,
}

/// A place in the queue: whoever stops waiting leaves it.
struct Place {
    shared: Arc<Shared>,
    key: Key,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.shared.lock().waiting.remove(&self.key);
    }
}

/// What the queue can do now.
enum Step {
    Admit(oneshot::Sender<Turn>, Turn),
    WaitUntil(Instant),
    WaitForChange,
    End,
}

impl Admission {
    /// Runs the queue on `runtime`.
    pub(super) fn new(runtime: &Handle, rate_per_s: f64, at_once: usize) -> Self {
        let state = State { waiting: BTreeMap::new(), last_number: 0, connecting: 0, next: Instant::now(), is_over: false };
        let shared = Arc::new(Shared {
            at_once,
            rate_per_s,
            gap: Duration::from_secs_f64(1.0 / rate_per_s),
            base: Instant::now(),
            state: Mutex::new(state),
            changed: Notify::new(),
        });
        runtime.spawn(dispatch(Arc::clone(&shared)));
        Self(shared)
    }

    /// Queues an account that has waited since `since`. What is answered resolves when it may connect; dropping it leaves the
    /// queue. It never resolves once the queue is over.
    pub(super) fn queue(&self, priority: i32, since: Instant) -> impl Future<Output = Turn> + Send + use<> {
        let (sender, turn) = oneshot::channel();
        let mut state = self.0.lock();
        state.last_number += 1;
        let key = Key { virtual_arrival_ms: self.0.virtual_arrival_ms(priority, since), number: state.last_number };
        state.waiting.insert(key, sender);
        drop(state);
        self.0.changed.notify_one();
        let place = Place { shared: Arc::clone(&self.0), key };
        async move {
            let _place = place;
            match turn.await {
                Ok(turn) => turn,
                Err(_) => std::future::pending().await,
            }
        }
    }

    /// What an account that comes now has to wait for; nothing where it need not.
    pub(super) fn obstacle(&self) -> String {
        let state = self.0.lock();
        if self.0.at_once == 0 {
            return "max_connecting is 0: nobody connects".to_owned();
        }
        let before = match state.waiting.len() {
            0 => String::new(),
            count => format!(", {count} wait already"),
        };
        if state.connecting >= self.0.at_once {
            return format!("{} connect at the same time, which is max_connecting{before}", state.connecting);
        }
        if state.next > Instant::now() || !before.is_empty() {
            return format!("connect_rate_per_s lets {} a second connect{before}", self.0.rate_per_s);
        }
        String::new()
    }

    /// Accounts that wait, and accounts that connect.
    pub(super) fn load(&self) -> (usize, usize) {
        let state = self.0.lock();
        (state.waiting.len(), state.connecting)
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        self.0.lock().is_over = true;
        self.0.changed.notify_one();
    }
}

async fn dispatch(shared: Arc<Shared>) {
    loop {
        let step = shared.step();
        match step {
            Step::End => return,
            // Whoever has just left gives the turn back by dropping it.
            Step::Admit(account, turn) => drop(account.send(turn)),
            Step::WaitForChange => shared.changed.notified().await,
            Step::WaitUntil(moment) => {
                tokio::select! {
                    biased;
                    () = sleep_until(moment) => {}
                    () = shared.changed.notified() => {}
                }
            }
        }
    }
}

impl Shared {
    fn step(self: &Arc<Self>) -> Step {
        let mut state = self.lock();
        if state.is_over {
            return Step::End;
        }
        if state.waiting.is_empty() || state.connecting >= self.at_once {
            return Step::WaitForChange;
        }
        let now = Instant::now();
        if state.next > now {
            return Step::WaitUntil(state.next);
        }
        let Some((_, account)) = state.waiting.pop_first() else { return Step::WaitForChange };
        let owed = if self.gap < CATCH_UP { CATCH_UP } else { Duration::ZERO };
        state.next = state.next.max(now.checked_sub(owed).unwrap_or(now)) + self.gap;
        state.connecting += 1;
        let shared = Arc::clone(self);
        Step::Admit(account, Turn::new(move || shared.give_back()))
    }

    fn give_back(&self) {
        self.lock().connecting -= 1;
        self.changed.notify_one();
    }

    fn virtual_arrival_ms(&self, priority: i32, since: Instant) -> i64 {
        let span = |from: Instant, to: Instant| i64::try_from(to.saturating_duration_since(from).as_millis()).unwrap_or(i64::MAX);
        let step_ms = i64::try_from(PRIORITY_STEP.as_millis()).unwrap_or(i64::MAX);
        span(self.base, since) - span(since, self.base) - i64::from(priority).saturating_mul(step_ms)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tokio::runtime::Handle;
    use tokio::time::{Duration, Instant, sleep, timeout};

    use super::{Admission, PRIORITY_STEP};

    /// The names of those who were admitted, in their order.
    type Order = Arc<Mutex<Vec<(&'static str, Duration)>>>;

    fn queue(admission: &Admission, order: &Order, start: Instant, name: &'static str, priority: i32) {
        let (turn, order) = (admission.queue(priority, Instant::now()), Arc::clone(order));
        tokio::spawn(async move {
            drop(turn.await);
            order.lock().unwrap().push((name, start.elapsed()));
        });
    }

    #[tokio::test(start_paused = true)]
    async fn no_second_has_more_connects_than_the_rate() {
        for (in_a_second, count) in [(5_u16, 50), (1_000, 5_000), (10_000, 20_000)] {
            let (rate, in_a_second) = (f64::from(in_a_second), usize::from(in_a_second));
            let admission = Admission::new(&Handle::current(), rate, 100_000);
            let start = Instant::now();
            let turns: Vec<_> = (0..count).map(|_| tokio::spawn(admission.queue(0, Instant::now()))).collect();
            let mut moments = Vec::new();
            for turn in turns {
                drop(turn.await.unwrap());
                moments.push(start.elapsed());
            }
            let grain = Duration::from_millis(2);
            let too_fast = moments.windows(in_a_second + 1).any(|few| few[in_a_second] - few[0] + grain < Duration::from_secs(1));
            assert!(!too_fast, "{rate}");
            let due = Duration::from_secs_f64(f64::from(count) / rate);
            assert!(moments[moments.len() - 1] <= due + Duration::from_millis(5), "{rate}: {:?}", moments.last());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_connect_at_once_than_there_are_places() {
        let admission = Admission::new(&Handle::current(), 10_000.0, 2);
        let now = Instant::now();
        let (first, second) = (admission.queue(0, now).await, admission.queue(0, now).await);
        assert!(admission.obstacle().contains("max_connecting"), "{}", admission.obstacle());
        let mut third = Box::pin(admission.queue(0, now));
        assert!(timeout(Duration::from_secs(60), &mut third).await.is_err());
        assert_eq!(admission.load(), (1, 2));
        drop(first);
        let third = third.await;
        drop((second, third));
        assert_eq!(admission.load(), (0, 0));
        sleep(Duration::from_secs(1)).await;
        assert_eq!(admission.obstacle(), "");
    }

    #[tokio::test(start_paused = true)]
    async fn without_places_nobody_connects_and_is_told_so() {
        let admission = Admission::new(&Handle::current(), 10_000.0, 0);
        let mut first = Box::pin(admission.queue(100, Instant::now()));
        assert!(timeout(Duration::from_secs(86_400), &mut first).await.is_err());
        assert_eq!(admission.load(), (1, 0));
        assert_eq!(admission.obstacle(), "max_connecting is 0: nobody connects");
    }

    #[tokio::test(start_paused = true)]
    async fn who_matters_more_goes_first_and_who_comes_first_goes_before_his_equals() {
        let admission = Admission::new(&Handle::current(), 1.0, 8);
        let (order, start) = (Order::default(), Instant::now());
        for (name, priority) in [("first", 0), ("low", -1), ("a", 0), ("high", 5), ("b", 0)] {
            queue(&admission, &order, start, name, priority);
        }
        sleep(Duration::from_secs(60)).await;
        let names: Vec<_> = order.lock().unwrap().iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["high", "first", "a", "b", "low"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_low_priority_goes_before_higher_ones_that_come_late_enough_so_nobody_starves() {
        let admission = Admission::new(&Handle::current(), 1.0, 8);
        let (order, start) = (Order::default(), Instant::now());
        // More come than may go, each of them of the highest priority.
        queue(&admission, &order, start, "low", 0);
        for _ in 0..200 {
            for _ in 0..2 {
                queue(&admission, &order, start, "high", 5);
            }
            sleep(Duration::from_secs(1)).await;
        }
        let order = order.lock().unwrap();
        let (_, waited) = order.iter().find(|(name, _)| *name == "low").expect("it had its turn");
        let ahead = PRIORITY_STEP * 5;
        // It waits for those who came within its disadvantage, and for nobody else: at one a second, twice as long.
        assert!(*waited >= ahead && *waited <= ahead * 2 + Duration::from_secs(2), "{waited:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn who_leaves_the_queue_holds_up_nobody() {
        let admission = Admission::new(&Handle::current(), 1.0, 1);
        let now = Instant::now();
        let place = admission.queue(0, now).await;
        let leaving: Vec<_> = (0..100).map(|_| admission.queue(50, now)).collect();
        let staying = admission.queue(0, now);
        drop(leaving);
        drop(place);
        drop(staying.await);
        assert!(now.elapsed() <= Duration::from_secs(1), "{:?}", now.elapsed());
    }
}
