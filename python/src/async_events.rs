//! `AsyncEvents`: one reader of what happens, for `async for`.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use livekeeper::News;
use pyo3::IntoPyObjectExt;
use pyo3::exceptions::{PyRuntimeError, PyStopAsyncIteration};
use pyo3::prelude::*;
use pyo3::types::PyType;

use crate::awaiting;
use crate::event::Event;
use crate::events::now_ms;
use crate::filter::Filter;

/// A reader of what happens, made by `CookieManager.aio.events`: `async for`, and an asynchronous context manager. As `Events`, it
/// hears all that happens from the moment when it was asked for, loses the oldest where it falls behind by more than
/// `Config.event_queue` events, and ends when the manager is closed. One task at a time may wait with it. A wait that is cancelled
/// loses nothing.
///
///     async for event in manager.aio.events(kinds=["order_changed"]): print(event.at, event)
#[pyclass(frozen, weakref, module = "livekeeper")]
pub(crate) struct AsyncEvents {
    reader: Arc<Reader>,
    /// How long a wait may take before iterating ends; none: for ever.
    limit_s: Option<f64>,
}

struct Reader {
    /// `None`: closed.
    next: Mutex<Option<Next>>,
    filter: Filter,
    is_waited_for: AtomicBool,
}

/// The next piece of news, and the reader that it came from. It lives on when a wait is cancelled.
type Next = Pin<Box<dyn Future<Output = (News, livekeeper::Events)> + Send>>;

fn next(mut events: livekeeper::Events) -> Next {
    Box::pin(async move {
        let news = events.next().await;
        (news, events)
    })
}

#[pymethods]
impl AsyncEvents {
    /// Hears nothing more; iterating ends. Does not block.
    fn close(&self) {
        self.reader.close();
    }

    fn __aiter__(this: Py<Self>) -> Py<Self> {
        this
    }

    fn __anext__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let turn = Turn::take(&self.reader)?;
        awaiting::coroutine(py, self.limit_s, move |py, context| turn.0.poll(py, context))
    }

    fn __aenter__(this: Bound<'_, Self>) -> PyResult<Bound<'_, PyAny>> {
        let py = this.py();
        awaiting::value(py, this.into_any().unbind())
    }

    fn __aexit__<'py>(
        &self,
        py: Python<'py>,
        _kind: Option<&Bound<'_, PyType>>,
        _error: Option<&Bound<'_, PyAny>>,
        _trace: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.close();
        awaiting::value(py, py.None())
    }
}

impl AsyncEvents {
    pub(crate) fn new(core: livekeeper::Events, filter: Filter, limit_s: Option<f64>) -> Self {
        let next = Mutex::new(Some(next(core)));
        Self { reader: Arc::new(Reader { next, filter, is_waited_for: AtomicBool::new(false) }), limit_s }
    }
}

impl Reader {
    fn poll(&self, py: Python<'_>, context: &mut Context<'_>) -> Poll<PyResult<Py<PyAny>>> {
        let mut place = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let Some(waiting) = place.as_mut() else { return Poll::Ready(Err(ended())) };
            let Poll::Ready((news, events)) = waiting.as_mut().poll(context) else { return Poll::Pending };
            *place = Some(next(events));
            match news {
                News::Ended => return Poll::Ready(Err(ended())),
                News::Lagged(missed) => return Poll::Ready(Event::lagged(missed, now_ms()).into_py_any(py)),
                News::Event(event) => {
                    if let Some(event) = self.filter.show(&event) {
                        return Poll::Ready(event.into_py_any(py));
                    }
                }
            }
        }
    }

    fn close(&self) {
        let next = self.next.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(next);
    }
}

/// The right to wait with a reader, which one task has at a time.
struct Turn(Arc<Reader>);

impl Turn {
    fn take(reader: &Arc<Reader>) -> PyResult<Self> {
        if reader.is_waited_for.swap(true, Ordering::AcqRel) {
            return Err(PyRuntimeError::new_err("another task waits with this reader: ask the manager for one more with events()"));
        }
        Ok(Self(Arc::clone(reader)))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.is_waited_for.store(false, Ordering::Release);
    }
}

fn ended() -> PyErr {
    PyStopAsyncIteration::new_err("the manager, or this reader, is closed, and everything was read")
}
