//! The one place that awaits: a call of the core, as something that any running event loop of asyncio's can wait for.
//!
//! No thread of the core's ever runs Python code: it rings a `Bell`, a socket that the loop watches, and the loop then looks at the
//! call itself (`livekeeper._awaiting`). So a loop may be closed, and the interpreter may exit, under a call at any moment.

use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use livekeeper::{Call, Error};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

use crate::errors;
use crate::show::Show;

/// Looks whether the answer is there; else the context's waker is told when it is worth another look.
type Look = Box<dyn FnMut(Python<'_>, &mut Context<'_>) -> Poll<PyResult<Py<PyAny>>> + Send>;

/// A coroutine for the answer of a call that is under way already. Cancelling it ends the wait, not the work.
pub(crate) fn call<T: Send + 'static>(py: Python<'_>, mut call: Call<T>, show: impl Show<T>) -> PyResult<Bound<'_, PyAny>> {
    let mut show = Some(show);
    coroutine(py, None, move |py, context| Pin::new(&mut call).poll(context).map(|answer| finish(py, answer, show.take())))
}

/// A coroutine for an answer that is there already.
pub(crate) fn answer<T: Send + 'static>(
    py: Python<'_>,
    answer: Result<T, Error>,
    show: impl Show<T>,
) -> PyResult<Bound<'_, PyAny>> {
    let mut rest = Some((answer, show));
    coroutine(py, None, move |py, _| match rest.take() {
        Some((answer, show)) => Poll::Ready(finish(py, answer, Some(show))),
        None => Poll::Ready(finish::<T, fn(Python<'_>, T) -> PyResult<Py<PyAny>>>(py, Err(Error::Closed), None)),
    })
}

/// A coroutine for a value.
pub(crate) fn value(py: Python<'_>, value: Py<PyAny>) -> PyResult<Bound<'_, PyAny>> {
    answer(py, Ok(value), |_, value| Ok(value))
}

/// A coroutine over `look`. One that takes longer than `limit_s` seconds ends as an iteration does.
pub(crate) fn coroutine(
    py: Python<'_>,
    limit_s: Option<f64>,
    look: impl FnMut(Python<'_>, &mut Context<'_>) -> Poll<PyResult<Py<PyAny>>> + Send + 'static,
) -> PyResult<Bound<'_, PyAny>> {
    static WAIT: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let pending = Bound::new(py, Pending(Mutex::new(Some(Box::new(look)))))?;
    WAIT.import(py, "livekeeper._awaiting", "wait")?.call1((pending, limit_s))
}

/// A call is looked at once more after its answer only if a coroutine is awaited twice, which Python itself refuses.
fn finish<T, F: FnOnce(Python<'_>, T) -> PyResult<Py<PyAny>>>(
    py: Python<'_>,
    answer: Result<T, Error>,
    show: Option<F>,
) -> PyResult<Py<PyAny>> {
    match (answer, show) {
        (Ok(value), Some(show)) => show(py, value),
        (Ok(_), None) => Err(errors::to_python(py, &Error::Closed)),
        (Err(error), _) => Err(errors::to_python(py, &error)),
    }
}

/// An answer that is waited for.
#[pyclass(frozen, module = "livekeeper._livekeeper")]
pub(crate) struct Pending(Mutex<Option<Look>>);

#[pymethods]
impl Pending {
    /// The answer in a tuple, or `None`: then the bell rings with this number when it is worth another look.
    fn look(&self, py: Python<'_>, bell: &Bell, number: u64) -> PyResult<Option<(Py<PyAny>,)>> {
        let waker = Waker::from(Arc::new(Pull { bell: Arc::clone(&bell.0), number }));
        // Taken out meanwhile: what it shows may run Python code, which may come back here.
        let Some(mut look) = lock(&self.0).take() else { return Err(errors::to_python(py, &Error::Closed)) };
        match look(py, &mut Context::from_waker(&waker)) {
            Poll::Ready(answer) => answer.map(|answer| Some((answer,))),
            Poll::Pending => {
                *lock(&self.0) = Some(look);
                Ok(None)
            }
        }
    }

    /// Nobody waits any more.
    fn forget(&self) {
        let look = lock(&self.0).take();
        drop(look);
    }
}

/// What an event loop watches: readable when numbers are to be taken from it.
#[pyclass(frozen, weakref, module = "livekeeper._livekeeper")]
pub(crate) struct Bell(Arc<Rope>);

/// The two ends of a bell.
struct Rope {
    numbers: Mutex<Vec<u64>>,
    pulled: UnixStream,
    heard: UnixStream,
}

/// Rings a bell with a number, from whichever thread.
struct Pull {
    bell: Arc<Rope>,
    number: u64,
}

#[pymethods]
impl Bell {
    #[new]
    fn new() -> PyResult<Self> {
        let (pulled, heard) = UnixStream::pair()?;
        pulled.set_nonblocking(true)?;
        heard.set_nonblocking(true)?;
        Ok(Self(Arc::new(Rope { numbers: Mutex::default(), pulled, heard })))
    }

    /// For the loop's `add_reader`.
    fn fileno(&self) -> i32 {
        self.0.heard.as_raw_fd()
    }

    /// The numbers that it was rung with since.
    fn take(&self) -> Vec<u64> {
        let mut numbers = lock(&self.0.numbers);
        let mut rings = [0; 16];
        // One byte for any amount of numbers.
        let _ = (&self.0.heard).read(&mut rings);
        std::mem::take(&mut *numbers)
    }
}

impl Wake for Pull {
    fn wake(self: Arc<Self>) {
        let mut numbers = lock(&self.bell.numbers);
        numbers.push(self.number);
        if numbers.len() == 1 {
            // A full socket is readable already, and one whose other end is gone has nobody to hear it.
            let _ = (&self.bell.pulled).write(&[1]);
        }
    }
}

fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
