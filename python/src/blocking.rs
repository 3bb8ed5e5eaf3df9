//! The one place that blocks: the GIL is released while a wait goes on, and Python's signals are looked at between steps,
//! so that Ctrl-C is a `KeyboardInterrupt` within a step of 50 ms.

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use livekeeper::{Call, Error};
use pyo3::prelude::*;

use crate::errors;

/// The longest time between two looks at the signals.
const STEP: Duration = Duration::from_millis(50);

/// Waits for a call of the core. A signal handler that raises ends the wait, not the work.
pub(crate) fn wait<T: Send>(py: Python<'_>, mut call: Call<T>) -> PyResult<T> {
    wait_steps(py, Duration::MAX, move |step| call.wait_for(step)).and_then(|answer| match answer {
        Some(result) => result.map_err(|error| errors::to_python(py, &error)),
        None => Err(errors::to_python(py, &Error::Closed)),
    })
}

/// Does `work` in steps of the given length until it has a result, or `limit` has passed: then `None`.
pub(crate) fn wait_steps<T: Send>(
    py: Python<'_>,
    limit: Duration,
    mut work: impl FnMut(Duration) -> Option<T> + Send,
) -> PyResult<Option<T>> {
    let started = Instant::now();
    loop {
        let left = limit.saturating_sub(started.elapsed());
        let step = left.min(STEP);
        if let Some(result) = py.detach(|| work(step)) {
            return Ok(Some(result));
        }
        py.check_signals()?;
        if step == left {
            return Ok(None);
        }
    }
}

/// Does something that has no steps and may take long, such as opening a large store, on a thread of its own. A signal handler that
/// raises ends the wait; what comes of the work is dropped there. `name`: the thread's.
pub(crate) fn on_thread<T: Send + 'static>(py: Python<'_>, name: &str, work: impl FnOnce() -> T + Send + 'static) -> PyResult<T> {
    let (answer, answered) = mpsc::channel();
    let worker = thread::Builder::new().name(name.to_owned()).spawn(move || drop(answer.send(work())));
    let worker = worker.map_err(|problem| errors::to_python(py, &Error::RuntimeUnavailable { problem: problem.to_string() }))?;
    let result = wait_steps(py, Duration::MAX, move |step| match answered.recv_timeout(step) {
        Err(mpsc::RecvTimeoutError::Timeout) => None,
        result => Some(result),
    })?;
    match (result, worker) {
        (Some(Ok(result)), _) => Ok(result),
        // It has panicked.
        (_, worker) => match worker.join() {
            Err(panic) => std::panic::resume_unwind(panic),
            Ok(()) => Err(errors::to_python(py, &Error::Closed)),
        },
    }
}

/// Does something that is short and bounded by itself, with the GIL released.
pub(crate) fn without_gil<T: Send>(py: Python<'_>, work: impl FnOnce() -> T + Send) -> T {
    py.detach(work)
}
