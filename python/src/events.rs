//! `Events`: one reader of what happens, blocking with the GIL released.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use livekeeper::{Error, News};
use pyo3::prelude::*;
use pyo3::types::PyType;

use crate::arguments::limit;
use crate::blocking::wait_steps;
use crate::errors;
use crate::event::Event;
use crate::filter::Filter;

/// A reader of what happens, made by `CookieManager.events`: an iterator of `Event`, and a context manager. It hears all that
/// happens from the moment when it was asked for. One that falls behind by more than `Config.event_queue` events loses the
/// oldest and hears how many: an event of the kind `"lagged"`.
///
/// Iterating waits with the GIL released, and Ctrl-C ends the wait. Threads that share a reader share its events out among
/// them; give each its own to hear everything.
///
/// >>> import livekeeper
/// >>> with livekeeper.CookieManager(":memory:") as manager:
/// ...     events = manager.events()
/// >>> list(events)
/// []
#[pyclass(frozen, weakref, module = "livekeeper")]
pub(crate) struct Events {
    reader: Mutex<Reader>,
    filter: Filter,
    /// Told when the reader is back from a wait.
    is_back: Condvar,
    limit: Duration,
}

enum Reader {
    Here(livekeeper::Events),
    /// Some thread waits with it.
    Away,
    Closed,
}

/// What a wait came to.
enum Heard {
    Event(Event),
    Ended,
    Closed,
    NoTimeLeft,
}

#[pymethods]
impl Events {
    /// The next event. Waits for it at most for `timeout_s` seconds (0 … 86,400): then `None`.
    ///
    /// Raises `ManagerClosed` when the manager, or this reader, is closed and everything was read; `InvalidArgument`, `Forked`.
    ///
    ///     event = events.next(timeout_s=10)
    fn next(&self, py: Python<'_>, timeout_s: &Bound<'_, PyAny>) -> PyResult<Option<Event>> {
        match self.hear(py, limit(timeout_s, "timeout_s")?)? {
            Heard::Event(event) => Ok(Some(event)),
            Heard::NoTimeLeft => Ok(None),
            Heard::Ended => Err(errors::closed(py, "the manager is closed, and every event was read")),
            Heard::Closed => Err(errors::closed(py, "this reader is closed: ask the manager for another with events()")),
        }
    }

    /// Hears nothing more; iterating ends. Whoever waits with it just now hears one event more at most. Does not block.
    fn close(&self) {
        *self.lock() = Reader::Closed;
        self.is_back.notify_all();
    }

    fn __iter__(this: Py<Self>) -> Py<Self> {
        this
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<Event>> {
        match self.hear(py, self.limit)? {
            Heard::Event(event) => Ok(Some(event)),
            Heard::NoTimeLeft | Heard::Ended | Heard::Closed => Ok(None),
        }
    }

    fn __enter__(this: Py<Self>) -> Py<Self> {
        this
    }

    fn __exit__(&self, _kind: Option<&Bound<'_, PyType>>, _error: Option<&Bound<'_, PyAny>>, _trace: Option<&Bound<'_, PyAny>>) {
        self.close();
    }
}

impl Events {
    pub(crate) fn new(core: livekeeper::Events, filter: Filter, limit: Duration) -> Self {
        Self { reader: Mutex::new(Reader::Here(core)), filter, is_back: Condvar::new(), limit }
    }

    fn hear(&self, py: Python<'_>, limit: Duration) -> PyResult<Heard> {
        let heard = wait_steps(py, limit, |step| self.listen(step).transpose())?;
        heard.unwrap_or(Ok(Heard::NoTimeLeft)).map_err(|error| errors::to_python(py, &error))
    }

    /// Waits for one step. The reader is taken out meanwhile, so that no thread waits for the lock for longer than its own step.
    fn listen(&self, step: Duration) -> Result<Option<Heard>, Error> {
        let began = Instant::now();
        let guard = self.is_back.wait_timeout_while(self.lock(), step, |reader| matches!(reader, Reader::Away));
        let (mut guard, _) = guard.unwrap_or_else(PoisonError::into_inner);
        let mut core = match std::mem::replace(&mut *guard, Reader::Away) {
            Reader::Here(core) => core,
            Reader::Away => return Ok(None),
            Reader::Closed => {
                *guard = Reader::Closed;
                return Ok(Some(Heard::Closed));
            }
        };
        drop(guard);
        let news = core.next_within(step.saturating_sub(began.elapsed()));
        let mut guard = self.lock();
        if matches!(*guard, Reader::Away) {
            *guard = Reader::Here(core);
        }
        drop(guard);
        self.is_back.notify_one();
        Ok(match news? {
            Some(News::Event(event)) => self.filter.show(&event).map(Heard::Event),
            Some(News::Lagged(missed)) => Some(Heard::Event(Event::lagged(missed, now_ms()))),
            Some(News::Ended) => Some(Heard::Ended),
            None => None,
        })
    }

    fn lock(&self) -> MutexGuard<'_, Reader> {
        self.reader.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) fn now_ms() -> i64 {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX)
}
