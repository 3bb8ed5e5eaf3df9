//! What a run holds beside its own task: child processes and work elsewhere, registered so that each ends with the run.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::{Duration, Instant, timeout};

use crate::helper::{HelperFault, HelperProcess};
use crate::secret::Secret;
use crate::states::ReasonCode;
use crate::worker::Failure;

/// Pieces of work of one run at the same time, at most.
const MAX_WORK: usize = 16;
/// Of the limit of the stage in which processes are ended, what passes before those are killed that do not end when asked.
const ASKED_SHARE: f64 = 0.95;
/// For the kernel to take away what was killed, beyond that limit.
const TAKEN_AWAY: Duration = Duration::from_millis(500);

/// The registry of one run. Clones are the same registry. Once the run is over it takes nothing more.
#[derive(Clone)]
pub struct Resources(Arc<Shared>);

struct Shared {
    /// Helpers and host's functions that fetch something, at the same time, over all accounts.
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
    processes: BTreeMap<u64, Process>,
    work: BTreeMap<u64, &'static str>,
    /// What could not be ended.
    left: Vec<String>,
}

#[cfg(target_os = "linux")]
type Process = crate::helper::Guard;
/// Elsewhere there are none.
#[cfg(not(target_os = "linux"))]
enum Process {}

#[cfg(not(target_os = "linux"))]
impl Process {
    fn stop(&self, _: std::time::Instant) {
        match *self {}
    }
}

/// Something that is registered with a run, until this is dropped: see [`Resources::hold`].
#[must_use = "dropping it says that the work is over"]
pub struct Hold {
    registry: Resources,
    id: u64,
}

impl Resources {
    /// `stop_process`: the limit of the stage in which processes are ended.
    pub(crate) fn new(places: Arc<Semaphore>, stop_process: Duration) -> Self {
        Self(Arc::new(Shared { places, stop_process, held: Mutex::default(), changed: Notify::new() }))
    }

    /// Registers work that runs elsewhere (a thread of the host's, a task of its own), until the answer is dropped. When the run is
    /// stopped it is waited for, and what takes longer is abandoned and named in the report. It must ask the run's
    /// [`Fence`](crate::Fence) before it changes anything outside.
    ///
    /// # Errors
    /// A [`Failure`] to end the session with: the run is being stopped, or 16 pieces are under way.
    pub fn hold(&self, name: &'static str) -> Result<Hold, Failure> {
        let no_room =
            || Failure::new(ReasonCode::Panicked, format!("no room for the work {name:?}: the run is over, or has {MAX_WORK}"));
        self.register(|held, id| {
            let has_room = held.work.len() < MAX_WORK;
            if has_room {
                held.work.insert(id, name);
            }
            has_room
        })
        .ok_or_else(no_room)
    }

    /// Runs work that blocks on a thread where it may, and answers what it came to; it is held ([`Resources::hold`]) until
    /// it is over. Dropping the future does not end the work.
    ///
    /// # Errors
    /// A [`Failure`] to end the session with: the work panicked, or could not be registered.
    pub async fn blocking<T: Send + 'static>(
        &self,
        name: &'static str,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Failure> {
        let hold = self.hold(name)?;
        let task = tokio::task::spawn_blocking(move || {
            let _hold = hold;
            work()
        });
        task.await.map_err(|_| Failure::new(ReasonCode::Panicked, format!("the blocking work {name:?} panicked")))
    }

    /// Runs a helper with this input and answers what it wrote. It waits for a place first: so many run at the same time
    /// (`max_helpers`), and who comes first goes first. Dropping the future stops the helper.
    ///
    /// # Errors
    /// [`HelperFault`]; [`HelperFault::Stopped`] also when the run is being stopped.
    pub async fn run(&self, helper: &HelperProcess, input: &Secret) -> Result<Secret, HelperFault> {
        let Some(place) = self.place().await else { return Err(HelperFault::Stopped) };
        self.run_in(place, helper, input).await
    }

    /// Waits for a place among the helpers (`max_helpers`), first come, first served; `None` when there will be none any more.
    pub(crate) async fn place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.0.places).acquire_owned().await.ok()
    }

    /// Whether a helper would have to wait for its place now.
    pub(crate) fn are_places_taken(&self) -> bool {
        self.0.places.available_permits() == 0
    }

    #[cfg(target_os = "linux")]
    async fn run_in(&self, place: OwnedSemaphorePermit, helper: &HelperProcess, input: &Secret) -> Result<Secret, HelperFault> {
        if self.lock().is_over {
            return Err(HelperFault::Stopped);
        }
        let (guard, ended) = crate::helper::start(helper, input, self.0.stop_process.mul_f64(ASKED_SHARE))?;
        let kept = guard.clone();
        let Some(hold) = self.register(|held, id| held.processes.insert(id, kept).is_none()) else {
            guard.stop(std::time::Instant::now());
            return Err(HelperFault::Stopped);
        };
        let (answer, answered) = tokio::sync::oneshot::channel();
        // With the runtime, whoever could stop it later is gone.
        let with_runtime = StopOnDrop { guard: guard.clone(), grace: Duration::ZERO };
        // A task of its own: whoever waits for the answer may go away, and the registration stands until the end all the same.
        tokio::spawn(async move {
            let ended = ended.await;
            drop(with_runtime);
            if let Ok(ended) = &ended {
                hold.registry.lock().left.extend(ended.left.iter().cloned());
            }
            drop(hold);
            drop(place);
            // Nobody may wait for it any more.
            let _ = answer.send(ended.map_or(Err(HelperFault::Stopped), |ended| ended.answer));
        });
        let _stop = StopOnDrop { guard, grace: self.0.stop_process.mul_f64(ASKED_SHARE) };
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
        !self.lock().processes.is_empty()
    }

    pub(crate) fn holds_work(&self) -> bool {
        !self.lock().work.is_empty()
    }

    /// Has every process ended: asked now, and killed shortly before `end`. An earlier end than one given before holds.
    pub(crate) fn stop_processes(&self, end: Instant) {
        let now = Instant::now();
        let kill_at = std::time::Instant::now() + end.saturating_duration_since(now).mul_f64(ASKED_SHARE);
        self.lock().processes.values().for_each(|process| process.stop(kill_at));
    }

    /// Waits until no process is registered.
    pub(crate) async fn until_no_processes(&self) {
        self.until(|held| held.processes.is_empty()).await;
    }

    /// Whether what was killed at the last moment is gone a moment later.
    pub(crate) async fn are_processes_gone_soon(&self) -> bool {
        timeout(TAKEN_AWAY, self.until_no_processes()).await.is_ok()
    }

    /// Waits until no work is held.
    pub(crate) async fn until_no_work(&self) {
        self.until(|held| held.work.is_empty()).await;
    }

    /// What is still there, in words.
    pub(crate) fn left(&self) -> Vec<String> {
        let held = self.lock();
        let processes = held.processes.values().map(|_| "its helper".to_owned());
        let work = held.work.values().map(|name| format!("the work {name:?}"));
        held.left.iter().cloned().chain(processes).chain(work).collect()
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

    /// `insert` says whether it did.
    fn register(&self, insert: impl FnOnce(&mut Held, u64) -> bool) -> Option<Hold> {
        let mut held = self.lock();
        if held.is_over {
            return None;
        }
        held.last_id += 1;
        let id = held.last_id;
        insert(&mut held, id).then(|| Hold { registry: self.clone(), id })
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.0.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        let mut held = self.registry.lock();
        held.processes.remove(&self.id);
        held.work.remove(&self.id);
        drop(held);
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
