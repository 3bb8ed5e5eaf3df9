//! `livekeeper.CookieManager`, and its face for event loops.

use std::sync::{Arc, Weak};
use std::time::Duration;

use livekeeper::Error;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyString, PyType};

use crate::arguments::{limit, optional_limit, path, small_count, text, wrong_type};
use crate::async_events::AsyncEvents;
use crate::awaiting;
use crate::blocking::{on_thread, wait};
use crate::config::Config;
use crate::errors;
use crate::events::Events;
use crate::filter::Filter;
use crate::seeing;
use crate::verbs::{CLOSE_TIMEOUT_S, Verbs};

/// How long a view stays up to date where nothing else is said.
const WATCH_TIMEOUT: Duration = Duration::from_secs(3_600);
/// How many events are kept where nothing else is said.
const EVENTS: u32 = 10_000;
/// How many events may be kept.
const MOST_EVENTS: u32 = 1_000_000;
/// How many messages a plot shows where nothing else is said.
const PLOTTED: u32 = 500;

/// Keeps the accounts of one store alive on a background runtime; no event loop of yours is needed.
///
/// `path` is the store's file (`":memory:"`: one that is gone with the manager); it is made if it is not there, and every
/// enabled account in it is started. `config` is a `Config`; without one the defaults hold.
///
/// While it is open, nothing else in this process may open the store's files, not even to read them (`sqlite3.connect`, `open`,
/// `shutil.copy`): closing them again ends the locks that keep other processes from taking the log away. Use `livekeeper.inspect` or
/// `snapshot`.
///
/// Every method may be called from any thread. Those that wait release the GIL, and Ctrl-C ends the wait. In a coroutine use
/// `manager.aio`, which has the same methods, to be awaited. Errors are of `LivekeeperError`; a value that is refused names its
/// field, and nothing was done.
///
/// It is closed by the end of a `with` or `async with` block, by `close`, and at the interpreter's exit.
///
/// >>> import livekeeper
/// >>> with livekeeper.CookieManager(":memory:") as manager:
/// ...     manager.list_cookies()
/// []
#[pyclass(extends = Verbs, frozen, module = "livekeeper")]
pub(crate) struct CookieManager {
    path: String,
}

#[pymethods]
impl CookieManager {
    #[new]
    #[pyo3(signature = (path, config=None))]
    fn new(py: Python<'_>, path: &Bound<'_, PyAny>, config: Option<&Bound<'_, PyAny>>) -> PyResult<PyClassInitializer<Self>> {
        let path = self::path(path, "path")?;
        let config = match config {
            None => Bound::new(py, Config::default())?,
            Some(config) => match config.cast::<Config>() {
                Ok(config) => config.clone(),
                Err(_) => return Err(wrong_type("config", "livekeeper.Config or None", config)),
            },
        };
        deliver_logs(py)?;
        let settings = config.get().to_core();
        let at = path.clone();
        let opened = on_thread(py, "livekeeper-open", move || livekeeper::CookieManager::open(at, settings))?;
        let core = Arc::new(opened.map_err(|error| errors::to_python(py, &error))?);
        close_at_exit(py, &core)?;
        Ok(PyClassInitializer::from(Verbs::blocking(core, config.unbind()))
            .add_subclass(Self { path: path.to_string_lossy().into_owned() }))
    }

    /// The same manager for event loops: an `AsyncCookieManager`, with every method of this one, to be awaited. Works in any running
    /// loop of asyncio's (also uvloop), in several at a time; cancelling ends the wait, not the work.
    ///
    ///     await manager.aio.add_cookie("shop 1", "unb=…; cookie2=…; _m_h5_tk=…")
    #[getter]
    fn aio<'py>(this: &Bound<'py, Self>) -> PyResult<Bound<'py, AsyncCookieManager>> {
        let verbs = this.as_super().get().awaitable(this.clone().into_any());
        Bound::new(this.py(), PyClassInitializer::from(verbs).add_subclass(AsyncCookieManager))
    }

    /// A reader of what happens from now on: iterate over it, in a thread of your own or in this one. It ends when the manager is
    /// closed and everything was read, and also when nothing comes for `timeout_s` seconds (0 … 86,400) where that is given.
    /// `cookie_id`: of this account only. `kinds`: of these kinds only, see `Event`; `"lagged"` is always told. Making one does not
    /// block; several readers do not disturb each other.
    ///
    /// Raises `InvalidArgument`, `ManagerClosed`.
    ///
    ///     for event in manager.events(): print(event.at, event)
    #[pyo3(signature = (timeout_s=None, *, cookie_id=None, kinds=None))]
    fn events(
        this: &Bound<'_, Self>,
        timeout_s: Option<&Bound<'_, PyAny>>,
        cookie_id: Option<&Bound<'_, PyAny>>,
        kinds: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Events> {
        let limit = optional_limit(timeout_s, "timeout_s")?;
        let filter = Filter::read(cookie_id, kinds)?;
        let core = this.as_super().get().core().events().map_err(|error| errors::to_python(this.py(), &error))?;
        Ok(Events::new(core, filter, limit))
    }

    /// A view of all accounts for a notebook's cell that stays up to date beside the other cells: end the cell with it. It is drawn
    /// anew at most twice a second, and only when something has changed. It ends with the cell (when that runs again, or its output
    /// is cleared), with its `stop`, with the manager, with the next `watch`, and after `timeout_s` seconds (0 … 86,400). Does not
    /// block. With `anywidget` (`pip install 'livekeeper[notebook]'`) it is a widget, without it HTML that is put in its place, and
    /// then nobody tells it that an output was cleared.
    ///
    /// Raises `InvalidArgument`, `ManagerClosed`.
    ///
    ///     manager.watch()
    #[pyo3(signature = (*, timeout_s=None), text_signature = "($self, *, timeout_s=3600.0)")]
    fn watch<'py>(this: &Bound<'py, Self>, timeout_s: Option<&Bound<'_, PyAny>>) -> PyResult<Bound<'py, PyAny>> {
        let timeout = timeout_s.map_or(Ok(WATCH_TIMEOUT), |timeout_s| limit(timeout_s, "timeout_s"))?;
        this.as_super().get().core().list_cookies().map_err(|error| errors::to_python(this.py(), &error))?;
        seeing::call(this.py(), "watch", "watch", (this, timeout.as_secs_f64()))
    }

    /// Keeps the newest `limit` events (1 … 1,000,000) from now on, in memory, until it is stopped or the manager is closed: an
    /// `EventLog`, for `plot_timeline` say. `cookie_id`: of this account only. Does not block.
    ///
    /// Raises `InvalidArgument`, `ManagerClosed`.
    ///
    ///     log = manager.record()
    #[pyo3(signature = (*, cookie_id=None, limit=None), text_signature = "($self, *, cookie_id=None, limit=10000)")]
    fn record<'py>(
        this: &Bound<'py, Self>,
        cookie_id: Option<&Bound<'py, PyAny>>,
        limit: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let limit = limit.map_or(Ok(EVENTS), |limit| small_count(limit, "limit"))?;
        if !(1..=MOST_EVENTS).contains(&limit) {
            return Err(errors::invalid(this.py(), "limit", &format!("is {limit}, allowed is 1 … {MOST_EVENTS}")));
        }
        let events = Bound::new(this.py(), Self::events(this, None, cookie_id, None)?)?;
        seeing::call(this.py(), "record", "record", (events, limit))
    }

    /// Draws when the account's messages came in, chat by chat, what became of each, and how long it waited for its reply: the
    /// newest `limit` of them (1 … 10,000). With a `log` (`record`) also how its connection stood meanwhile. Draws into `ax`, or
    /// makes one, and returns it. Needs matplotlib: `pip install 'livekeeper[plot]'`.
    ///
    /// Raises `AccountNotFound`, `InvalidArgument`, `StoreFailed`, `ManagerClosed`, `ImportError`.
    ///
    ///     manager.plot_timeline("shop 1")
    #[pyo3(signature = (cookie_id, *, limit=None, log=None, ax=None), text_signature = "($self, cookie_id, *, limit=500, log=None, ax=None)")]
    fn plot_timeline<'py>(
        this: &Bound<'py, Self>,
        cookie_id: &Bound<'py, PyAny>,
        limit: Option<&Bound<'_, PyAny>>,
        log: Option<&Bound<'py, PyAny>>,
        ax: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let cookie_id = text(cookie_id, "cookie_id")?;
        let limit = limit.map_or(Ok(PLOTTED), |limit| small_count(limit, "limit"))?;
        seeing::call(this.py(), "plots", "plot_timeline", (this, cookie_id, limit, log, ax))
    }

    /// Draws how long the account's replies took, from the message's arrival until the service had taken the reply, over time and
    /// as a distribution, of the newest `limit` messages (1 … 10,000). Draws into `ax`, or makes one, and returns it. Needs
    /// matplotlib: `pip install 'livekeeper[plot]'`.
    ///
    /// Raises `AccountNotFound`, `InvalidArgument`, `StoreFailed`, `ManagerClosed`, `ImportError`.
    ///
    ///     manager.plot_latency("shop 1")
    #[pyo3(signature = (cookie_id, *, limit=None, ax=None), text_signature = "($self, cookie_id, *, limit=500, ax=None)")]
    fn plot_latency<'py>(
        this: &Bound<'py, Self>,
        cookie_id: &Bound<'py, PyAny>,
        limit: Option<&Bound<'_, PyAny>>,
        ax: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let cookie_id = text(cookie_id, "cookie_id")?;
        let limit = limit.map_or(Ok(PLOTTED), |limit| small_count(limit, "limit"))?;
        seeing::call(this.py(), "plots", "plot_latency", (this, cookie_id, limit, ax))
    }

    fn _repr_html_(this: &Bound<'_, Self>) -> PyResult<String> {
        seeing::call(this.py(), "rows", "manager_html", (this, Self::__repr__(this)?))?.extract()
    }

    fn __enter__(this: Py<Self>) -> Py<Self> {
        this
    }

    fn __exit__(
        this: &Bound<'_, Self>,
        _kind: Option<&Bound<'_, PyType>>,
        _error: Option<&Bound<'_, PyAny>>,
        _trace: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        this.as_super().get().end(this.py(), CLOSE_TIMEOUT_S).map(drop)
    }

    fn __aenter__<'py>(this: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        awaiting::value(this.py(), this.clone().into_any().unbind())
    }

    fn __aexit__<'py>(
        this: &Bound<'py, Self>,
        _kind: Option<&Bound<'_, PyType>>,
        _error: Option<&Bound<'_, PyAny>>,
        _trace: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        this.as_super().get().awaitable(this.clone().into_any()).leave(this.py())
    }

    fn __repr__(this: &Bound<'_, Self>) -> PyResult<String> {
        let path = PyString::new(this.py(), &this.get().path).repr()?;
        let state = match this.as_super().get().core().list_cookies() {
            Ok(cookies) => format!("{} accounts", cookies.len()),
            Err(Error::Forked { .. }) => "opened before a fork".to_owned(),
            Err(_) => "closed".to_owned(),
        };
        Ok(format!("<CookieManager {path}: {state}>"))
    }
}

/// A `CookieManager` for event loops: `manager.aio`. Every method gives something to await and does not block the loop. A value of a
/// wrong type is refused at the call, everything else when it is awaited; the work is under way from the call on. Cancelling ends the
/// wait, not the work.
///
///     async with livekeeper.CookieManager("shop.db") as manager:
///         await manager.aio.wait_for("shop 1", connection="connected", timeout_s=30)
#[pyclass(extends = Verbs, frozen, module = "livekeeper")]
pub(crate) struct AsyncCookieManager;

#[pymethods]
impl AsyncCookieManager {
    /// A reader of what happens from now on, for `async for`: as `CookieManager.events`. Not awaited itself; does not block.
    ///
    /// Raises `InvalidArgument`, `ManagerClosed`.
    ///
    ///     async for event in manager.aio.events(cookie_id="shop 1"): print(event.at, event)
    #[pyo3(signature = (timeout_s=None, *, cookie_id=None, kinds=None))]
    fn events(
        this: &Bound<'_, Self>,
        timeout_s: Option<&Bound<'_, PyAny>>,
        cookie_id: Option<&Bound<'_, PyAny>>,
        kinds: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<AsyncEvents> {
        let limit = timeout_s.map(|timeout_s| limit(timeout_s, "timeout_s")).transpose()?;
        let filter = Filter::read(cookie_id, kinds)?;
        let core = this.as_super().get().core().events().map_err(|error| errors::to_python(this.py(), &error))?;
        Ok(AsyncEvents::new(core, filter, limit.map(|limit| limit.as_secs_f64())))
    }
}

/// Has what is logged handed to Python's `logging` from here on.
fn deliver_logs(py: Python<'_>) -> PyResult<()> {
    static START: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    START.import(py, "livekeeper._logs", "start")?.call0().map(drop)
}

/// Has the manager closed at the interpreter's exit, where it still is open then.
fn close_at_exit(py: Python<'_>, core: &Arc<livekeeper::CookieManager>) -> PyResult<()> {
    static REMEMBER: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let ending = Bound::new(py, Ending(Arc::downgrade(core)))?;
    REMEMBER.import(py, "livekeeper._at_exit", "remember")?.call1((ending,)).map(drop)
}

/// What is left to be done for a manager at the interpreter's exit.
#[pyclass(frozen, module = "livekeeper._livekeeper")]
struct Ending(Weak<livekeeper::CookieManager>);

#[pymethods]
impl Ending {
    /// Whether there is nothing to be done: it is closed, gone, or another process's.
    fn is_over(&self) -> bool {
        self.0.upgrade().is_none_or(|core| core.list_cookies().is_err())
    }

    /// Closes it within about so many seconds.
    fn close(&self, py: Python<'_>, timeout_s: f64) -> PyResult<()> {
        self.0.upgrade().map_or(Ok(()), |core| wait(py, core.close(timeout_s)).map(drop))
    }
}
