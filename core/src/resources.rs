//! What a run holds beside its own task: child processes and blocking work, registered so that each ends with the run.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::{Duration, Instant, timeout_at};

use crate::helper::{HelperFault, HelperProcess};
use crate::secret::Secret;
use crate::states::ReasonCode;
use crate::worker::Failure;

/// Pieces of blocking work of one run at the same time, at most.
const MAX_BLOCKING: usize = 16;
/// Of the limit of the stage in which processes are ended, what passes before those are killed that do not end when asked.
const ASKED_SHARE: f64 = 0.95;
/// For the kernel to take away what was killed, beyond that limit.
const TAKEN_AWAY: Duration = Duration::from_millis(500);

/// The registry of one run. Clones are the same registry.
#[derive(Clone)]
pub struct Resources(Arc<Shared>);

struct Shared {
    /// Helpers at the same time, over all accounts.
    places: Arc<Semaphore>,
    /// The limit of the stage in which processes are ended.
    stop_process: Duration,
    held: Mutex<Held>,
    changed: Notify,
}

#[derive(Default)]
struct Held {
    last_id: u64,
    is_over: bool,
    #[cfg(target_os = "linux")]
    processes: BTreeMap<u64, crate::helper::Guard>,
    blocking: BTreeMap<u64, &'static str>,
    /// What could not be ended.
    left: Vec<String>,
}

impl Resources {
    /// `stop_process`: the limit of the stage in which processes are ended.
    pub(crate) fn new(places: Arc<Semaphore>, stop_process: Duration) -> Self {
        Self(Arc::new(Shared { places, stop_process, held: Mutex::default(), changed: Notify::new() }))
    }

    /// Runs work that blocks on a thread where it may, and answers what it came to. It is registered under `name`: when the
    /// run is stopped it is waited for, and what takes longer is abandoned and named in the report. It must ask the run's
    /// [`Fence`](crate::Fence) before it changes anything outside. Dropping the future does not end the work.
    ///
    /// # Errors
    /// A [`Failure`] to end the session with: the work panicked, the run is being stopped, or 16 pieces are under way.
    pub async fn blocking<T: Send + 'static>(
        &self,
        name: &'static str,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Failure> {
        let registered = self.register(|held, id| {
            let has_room = held.blocking.len() < MAX_BLOCKING;
            has_room.then(|| held.blocking.insert(id, name)).map(|_| ())
        });
        let Some(registered) = registered else {
            return Err(Failure::new(ReasonCode::Panicked, format!("no room for the blocking work {name:?}")));
        };
        let task = tokio::task::spawn_blocking(move || {
            let _registered = registered;
            work()
        });
        task.await.map_err(|_| Failure::new(ReasonCode::Panicked, format!("the blocking work {name:?} panicked")))
    }

    /// Runs a helper with this input and answers what it wrote. It waits for a place first: so many run at the same time
    /// (`max_helpers`). Dropping the future stops the helper.
    ///
    /// # Errors
    /// [`HelperFault`]; [`HelperFault::Stopped`] also when the run is being stopped.
    pub async fn run(&self, helper: &HelperProcess, input: &Secret) -> Result<Secret, HelperFault> {
        let Ok(place) = Arc::clone(&self.0.places).acquire_owned().await else { return Err(HelperFault::Stopped) };
        self.run_in(place, helper, input).await
    }

    #[cfg(target_os = "linux")]
    async fn run_in(&self, place: OwnedSemaphorePermit, helper: &HelperProcess, input: &Secret) -> Result<Secret, HelperFault> {
        let (guard, ended) = crate::helper::start(helper, input, self.0.grace())?;
        let held = guard.clone();
        let Some(registered) = self.register(|all, id| all.processes.insert(id, held).is_none().then_some(())) else {
            guard.stop(std::time::Instant::now());
            return Err(HelperFault::Stopped);
        };
        let (answer, answered) = tokio::sync::oneshot::channel();
        // A task of its own: whoever waits for the answer may go away, and the registration stands until the end all the same.
        tokio::spawn(async move {
            let ended = ended.await;
            if let Ok(ended) = &ended {
                registered.registry.lock().left.extend(ended.left.iter().cloned());
            }
            drop(registered);
            drop(place);
            // Nobody may wait for it any more.
            let _ = answer.send(ended.map_or(Err(HelperFault::Stopped), |ended| ended.answer));
        });
        let _stop = StopOnDrop { guard, grace: self.0.grace() };
        answered.await.unwrap_or(Err(HelperFault::Stopped))
    }

    #[cfg(not(target_os = "linux"))]
    async fn run_in(&self, _: OwnedSemaphorePermit, helper: &HelperProcess, _: &Secret) -> Result<Secret, HelperFault> {
        Err(HelperFault::NotStarted { program: helper.command[0].clone(), problem: "helpers need Linux".to_owned() })
    }

    /// Nothing more is registered.
    pub(crate) fn close(&self) {
        self.lock().is_over = true;
    }

    pub(crate) fn holds_processes(&self) -> bool {
        !self.lock().has_no_processes()
    }

    pub(crate) fn holds_blocking(&self) -> bool {
        !self.lock().blocking.is_empty()
    }

    /// Has every process ended: asked, then killed. Whether all are gone by then.
    pub(crate) async fn stop_processes(&self, limit: Duration) -> bool {
        self.lock().stop_processes(std::time::Instant::now() + limit.mul_f64(ASKED_SHARE));
        timeout_at(Instant::now() + limit + TAKEN_AWAY, self.until(Held::has_no_processes)).await.is_ok()
            && self.lock().left.is_empty()
    }

    /// Waits for blocking work. Whether all of it is over by then.
    pub(crate) async fn join_blocking(&self, limit: Duration) -> bool {
        timeout_at(Instant::now() + limit, self.until(|held| held.blocking.is_empty())).await.is_ok()
    }

    /// What is still there, in words.
    pub(crate) fn left(&self) -> Vec<String> {
        let held = self.lock();
        let blocking = held.blocking.values().map(|name| format!("the blocking work {name:?}"));
        held.left.iter().cloned().chain(held.unstopped()).chain(blocking).collect()
    }

    /// The lock is never waited with: it is taken for a look at a small map.
    async fn until(&self, is_so: impl Fn(&Held) -> bool) {
        loop {
            let changed = self.0.changed.notified();
            if is_so(&self.lock()) {
                return;
            }
            changed.await;
        }
    }

    fn register(&self, insert: impl FnOnce(&mut Held, u64) -> Option<()>) -> Option<Registered> {
        let mut held = self.lock();
        if held.is_over {
            return None;
        }
        held.last_id += 1;
        let id = held.last_id;
        insert(&mut held, id)?;
        Some(Registered { registry: self.clone(), id })
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.0.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(target_os = "linux")]
impl Held {
    fn has_no_processes(&self) -> bool {
        self.processes.is_empty()
    }

    fn stop_processes(&self, kill_at: std::time::Instant) {
        self.processes.values().for_each(|guard| guard.stop(kill_at));
    }

    fn unstopped(&self) -> impl Iterator<Item = String> {
        self.processes.keys().map(|_| "its helper".to_owned())
    }

    fn remove(&mut self, id: u64) {
        self.processes.remove(&id);
        self.blocking.remove(&id);
    }
}

#[cfg(not(target_os = "linux"))]
impl Held {
    fn has_no_processes(&self) -> bool {
        true
    }

    fn stop_processes(&self, _: std::time::Instant) {}

    fn unstopped(&self) -> impl Iterator<Item = String> {
        std::iter::empty()
    }

    fn remove(&mut self, id: u64) {
        self.blocking.remove(&id);
    }
}

impl Shared {
    /// How long a process is asked to end before it is killed, where nobody orders otherwise.
    fn grace(&self) -> Duration {
        self.stop_process.mul_f64(ASKED_SHARE)
    }
}

/// Something that is registered; dropping it takes it out.
struct Registered {
    registry: Resources,
    id: u64,
}

impl Drop for Registered {
    fn drop(&mut self) {
        self.registry.lock().remove(self.id);
        self.registry.0.changed.notify_waiters();
    }
}

#[cfg(target_os = "linux")]
struct StopOnDrop {
    guard: crate::helper::Guard,
    grace: Duration,
}

#[cfg(target_os = "linux")]
impl Drop for StopOnDrop {
    fn drop(&mut self) {
        // A run that has ended does not hear it.
        self.guard.stop(std::time::Instant::now() + self.grace);
    }
}
