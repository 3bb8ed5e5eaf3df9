//! The end of a manager: begun once, by whoever asks first; everybody who asks hears the same report.

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
pub(crate) struct Closing(Arc<Mutex<State>>);

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
        !matches!(*lock(&self.0), State::Open)
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
        match &mut *lock(&self.0) {
            State::Closed(report) => return Call::ready(Ok(report.clone())),
            State::UnderWay(waiting) => {
                waiting.push(answer);
                return Call::under_way(call);
            }
            state @ State::Open => *state = State::UnderWay(vec![answer]),
        }
        let (state, supervisor, service) = (Arc::clone(&self.0), Arc::clone(supervisor), Arc::clone(service));
        let begun = runtime.finish_with(move |runtime| {
            let started = Instant::now();
            let mut report = runtime.block_on(supervisor.close(limit));
            if !service.store.close(limit.saturating_sub(started.elapsed()).max(STORE_LIMIT)) {
                tracing::warn!("the store was still busy when the manager closed; what was acknowledged is durable");
            }
            runtime.shutdown_timeout(seconds(service.config.stop_thread_s));
            report.took_s = started.elapsed().as_secs_f64();
            finish(&state, report);
        });
        if let Err(error) = begun {
            return Call::ready(Err(error));
        }
        Call::under_way(call)
    }
}

/// The store gets at least this to finish its last transaction, whatever the caller's limit.
const STORE_LIMIT: Duration = Duration::from_secs(1);

fn finish(state: &Mutex<State>, report: StopReport) {
    let State::UnderWay(waiting) = std::mem::replace(&mut *lock(state), State::Closed(report.clone())) else { return };
    for answer in waiting {
        // Whoever has stopped waiting needs no report.
        let _ = answer.send(Ok(report.clone()));
    }
}

fn lock(state: &Mutex<State>) -> std::sync::MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
