//! The end of a manager: begun once, by whoever asks first; everybody who asks hears the same report.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;
use tokio::time::{Duration, Instant};

use crate::call::Call;
use crate::config::seconds;
use crate::error::Error;
use crate::live::{Service, XianyuLive};
use crate::runtime::Runtime;
use crate::supervisor::{StopReport, Supervisor};

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

    /// Has the runtime's owner thread stop all accounts, then close the store, then shut the runtime down.
    pub(crate) fn close(
        &self,
        runtime: &Runtime,
        supervisor: &Arc<Supervisor<Arc<XianyuLive>>>,
        service: &Arc<Service>,
        limit: Duration,
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
        let (state, supervisor, service) = (Arc::clone(&self.state), Arc::clone(supervisor), Arc::clone(service));
        let begun = runtime.finish_with(move |runtime| {
            let started = Instant::now();
            let mut report = runtime.block_on(supervisor.close(limit));
            if !service.store.close(seconds(service.config.store_timeout_s)) {
                tracing::warn!("the store was still busy when the manager closed; what was acknowledged is durable");
            }
            runtime.shutdown_timeout(seconds(service.config.stop_thread_s));
            supervisor.abandon_calls();
            report.took_s = started.elapsed().as_secs_f64();
            // Before the answer, so that whoever hears it finds nothing left.
            drop((supervisor, service));
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
