//! The account's mailbox: jobs in the order in which they came, and a door that closes only when nothing waits.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::time::{Duration, Instant};

use super::slot::Slot;

/// Jobs that wait for one account, at most. At the bound a call is refused: nothing of it is done.
pub(crate) const MAX_JOBS: usize = 1_024;

/// Something to do for an account, alone and in its turn.
pub(super) type Job<W> = Box<dyn for<'a> FnOnce(&'a mut Slot<W>) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> + Send>;

pub(super) struct Mailbox<W> {
    state: Mutex<State<W>>,
    arrived: Notify,
}

struct State<W> {
    /// Each with the moment when it came.
    jobs: VecDeque<(Instant, Job<W>)>,
    closed: bool,
    /// When the job was taken out that is being done.
    doing_since: Option<Instant>,
}

/// Why a job was not taken; it comes back.
pub(super) enum NotTaken<W> {
    /// The account's actor has ended, and its entry has left the map: look the account up again.
    Closed(Job<W>),
    Full,
}

impl<W> Mailbox<W> {
    pub(super) fn new() -> Self {
        Self { state: Mutex::new(State { jobs: VecDeque::new(), closed: false, doing_since: None }), arrived: Notify::new() }
    }

    pub(super) fn push(&self, job: Job<W>) -> Result<(), NotTaken<W>> {
        let mut state = self.lock();
        if state.closed {
            return Err(NotTaken::Closed(job));
        }
        if state.jobs.len() >= MAX_JOBS {
            return Err(NotTaken::Full);
        }
        state.jobs.push_back((Instant::now(), job));
        drop(state);
        self.arrived.notify_one();
        Ok(())
    }

    /// Puts a job before all others, also into a full mailbox: it is the last that matters.
    pub(super) fn push_first(&self, job: Job<W>) {
        let mut state = self.lock();
        if !state.closed {
            state.jobs.push_front((Instant::now(), job));
        }
        drop(state);
        self.arrived.notify_one();
    }

    /// Closes the door for good and lets go of the jobs that wait: their callers hear that the manager is closed.
    pub(super) fn abandon(&self) {
        let mut state = self.lock();
        state.closed = true;
        let jobs = std::mem::take(&mut state.jobs);
        drop(state);
        // Outside the lock: a job's drop wakes its caller.
        drop(jobs);
    }

    /// What the job that has waited longest has waited, or how long one is being done.
    pub(super) fn oldest_wait(&self) -> Duration {
        let state = self.lock();
        state.jobs.iter().map(|(came, _)| *came).chain(state.doing_since).map(|since| since.elapsed()).max().unwrap_or_default()
    }

    pub(super) fn len(&self) -> usize {
        self.lock().jobs.len()
    }

    /// The next job; waits for one. May be cancelled. Only the account's actor calls it.
    pub(super) async fn next(&self) -> Job<W> {
        loop {
            match self.take() {
                Some(job) => return job,
                None => self.arrived.notified().await,
            }
        }
    }

    fn take(&self) -> Option<Job<W>> {
        let mut state = self.lock();
        let job = state.jobs.pop_front().map(|(_, job)| job);
        if state.jobs.is_empty() {
            // Calls to an account are rare: their room is not kept until the next one.
            state.jobs = VecDeque::new();
        }
        state.doing_since = job.as_ref().map(|_| Instant::now());
        job
    }

    /// Closes the door unless a job waits; `leave` runs while nobody can push. Whether it is closed now.
    pub(super) fn close_if_empty(&self, leave: impl FnOnce()) -> bool {
        let mut state = self.lock();
        if !state.jobs.is_empty() {
            return false;
        }
        state.closed = true;
        leave();
        true
    }

    fn lock(&self) -> MutexGuard<'_, State<W>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
