//! The end of a manager: begun once, by whoever asks first; everybody who asks hears the same report.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;
use tokio::time::{Duration, Instant};

use crate::call::Call;
use crate::error::Error;
use crate::runtime::Runtime;
use crate::stop_report::StopReport;
use crate::supervisor::Supervisor;
use crate::worker::AccountWorker;

#[derive(Default)]
pub(crate) struct Closing {
    state: Arc<Mutex<State>>,
    /// Beside the lock, because every call looks at it.
    has_begun: AtomicBool,
}

#[derive(Default)]
enum State {
    #[default]
    Open,
    /// Those who wait for the report.
    UnderWay(Vec<oneshot::Sender<Result<StopReport, Error>>>),
    Closed(StopReport),
}

impl Closing {
    pub(crate) fn has_begun(&self) -> bool {
        self.has_begun.load(Ordering::SeqCst)
    }

    /// Has the runtime's owner thread stop all accounts, then do what is left to do (`finally`: close a store), then shut the
    /// runtime down, for `thread_limit` at most.
    pub(crate) fn close<W: AccountWorker>(
        &self,
        runtime: &Runtime,
        supervisor: &Arc<Supervisor<W>>,
        limit: Duration,
        thread_limit: Duration,
        finally: impl FnOnce() + Send + 'static,
    ) -> Call<StopReport> {
        let (answer, call) = oneshot::channel();
        self.has_begun.store(true, Ordering::SeqCst);
        match &mut *lock(&self.state) {
            State::Closed(report) => return Call::ready(Ok(report.clone())),
            State::UnderWay(waiting) => {
                waiting.push(answer);
                return Call::under_way(call);
            }
            state @ State::Open => *state = State::UnderWay(vec![answer]),
        }
        let (state, supervisor) = (Arc::clone(&self.state), Arc::clone(supervisor));
        let begun = runtime.finish_with(move |runtime| {
            let started = Instant::now();
            let mut report = runtime.block_on(supervisor.close(limit));
            finally();
            runtime.shutdown_timeout(thread_limit);
            supervisor.abandon_calls();
            supervisor.end_events();
            report.took_s = started.elapsed().as_secs_f64();
            // Before the answer, so that whoever hears it finds nothing left.
            drop(supervisor);
            finish(&state, &report);
        });
        if let Err(error) = begun {
            return Call::ready(Err(error));
        }
        Call::under_way(call)
    }
}

fn finish(state: &Mutex<State>, report: &StopReport) {
    let closed = State::Closed(report.clone());
    let State::UnderWay(waiting) = std::mem::replace(&mut *lock(state), closed) else { return };
    for answer in waiting {
        // Whoever has stopped waiting needs no report.
        let _ = answer.send(Ok(report.clone()));
    }
}

fn lock(state: &Mutex<State>) -> std::sync::MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
