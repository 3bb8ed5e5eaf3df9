//! `livekeeper.Config`: the core's settings as a frozen value.

use std::path::PathBuf;

use livekeeper::{Key, Passphrase};
use pyo3::IntoPyObjectExt;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple};

use crate::arguments;
use crate::display;
use crate::errors;

/// A setting's type: how it is read from Python and given back.
trait Setting: Sized {
    fn read(value: &Bound<'_, PyAny>, name: &str) -> PyResult<Self>;
}

impl Setting for String {
    fn read(value: &Bound<'_, PyAny>, name: &str) -> PyResult<Self> {
        arguments::text(value, name)
    }
}

impl Setting for Option<PathBuf> {
    fn read(value: &Bound<'_, PyAny>, name: &str) -> PyResult<Self> {
        if value.is_none() {
            return Ok(None);
        }
        arguments::path(value, name).map(Some)
    }
}

impl Setting for Option<String> {
    fn read(value: &Bound<'_, PyAny>, name: &str) -> PyResult<Self> {
        arguments::optional_text(Some(value).filter(|value| !value.is_none()), name)
    }
}

impl Setting for Option<Key> {
    fn read(value: &Bound<'_, PyAny>, name: &str) -> PyResult<Self> {
        arguments::optional_key(Some(value).filter(|value| !value.is_none()), name)
    }
}

impl Setting for Option<Passphrase> {
    fn read(value: &Bound<'_, PyAny>, name: &str) -> PyResult<Self> {
        arguments::optional_passphrase(Some(value).filter(|value| !value.is_none()), name)
    }
}

impl Setting for Option<Vec<String>> {
    fn read(value: &Bound<'_, PyAny>, name: &str) -> PyResult<Self> {
        if value.is_none() {
            return Ok(None);
        }
        arguments::texts(value, name).map(Some)
    }
}

impl Setting for bool {
    fn read(value: &Bound<'_, PyAny>, name: &str) -> PyResult<Self> {
        arguments::switch(value, name)
    }
}

impl Setting for f64 {
    fn read(value: &Bound<'_, PyAny>, name: &str) -> PyResult<Self> {
        arguments::number(value, name)
    }
}

impl Setting for usize {
    fn read(value: &Bound<'_, PyAny>, name: &str) -> PyResult<Self> {
        arguments::count(value, name)
    }
}

/// Defines `Config` from the list of the core's fields, each with its Python type and its sentence.
macro_rules! config {
    ($(#[doc = $doc:literal] $field:ident: $python:ty,)+) => {
        const FIELDS: &[&str] = &[$(stringify!($field)),+];

        /// Sets one field; `false`: there is no such field.
        fn set(config: &mut livekeeper::Config, name: &str, value: &Bound<'_, PyAny>) -> PyResult<bool> {
            match name {
                $(stringify!($field) => config.$field = Setting::read(value, name)?,)+
                _ => return Ok(false),
            }
            Ok(true)
        }

        #[pymethods]
        impl Config {
            $(
                #[doc = $doc]
                #[getter]
                fn $field(&self) -> $python {
                    self.core.$field.clone().into()
                }
            )+

            #[new]
            #[pyo3(signature = (**settings))]
            #[pyo3(text_signature = "(*, websocket_url='wss://wss-goofish.dingtalk.com/', api_url='https://h5api.m.goofish.com/h5', ca_file=None, key=None, key_file=None, key_env=None, passphrase=None, debounce_s=1.0, join_messages=False, stale_after_s=300.0, backfill_window_s=3600.0, backfill_chats=50, backfill_rate_per_s=2.0, send_rate_per_s=5.0, chat_send_rate_per_s=1.0, heartbeat_interval_s=15.0, heartbeat_timeout_s=30.0, token_refresh_s=3600.0, token_refresh_retry_s=600.0, connect_timeout_s=15.0, api_timeout_s=20.0, answer_timeout_s=10.0, write_timeout_s=10.0, close_timeout_s=1.0, store_timeout_s=10.0, connect_rate_per_s=5.0, max_connecting=8, backoff_initial_s=1.0, backoff_max_s=60.0, stable_after_s=60.0, park_after_failures=5, park_window_s=600.0, stop_socket_s=5.0, stop_process_s=10.0, stop_thread_s=3.0, cookie_helper=None, cookie_helper_timeout_s=120.0, max_helpers=4, max_handler_calls=16, health_interval_s=30.0, degraded_after_s=30.0, down_after_s=300.0, event_queue=10000, keep_messages_days=30, max_accounts=20000, worker_threads=2)")]
            fn new(py: Python<'_>, settings: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
                changed(py, livekeeper::Config::default(), settings, "Config")
            }

            /// The same settings but for those given.
            ///
            /// >>> import livekeeper
            /// >>> livekeeper.Config(debounce_s=0).replace(max_connecting=2).debounce_s
            /// 0.0
            #[pyo3(signature = (**changes))]
            fn replace(&self, py: Python<'_>, changes: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
                changed(py, self.core.clone(), changes, "Config.replace")
            }

            fn __hash__(&self, py: Python<'_>) -> PyResult<isize> {
                PyTuple::new(py, self.fields(py)?.iter().map(|(_, value)| value))?.hash()
            }

            fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
                display::repr("Config", &self.fields(py)?)
            }

            fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
                if self.core.key.is_some() || self.core.passphrase.is_some() {
                    return Err(PyTypeError::new_err(HAS_SECRET));
                }
                let settings = PyDict::new(py);
                for (name, value) in self.fields(py)? {
                    settings.set_item(name, value)?;
                }
                let restore = py.import("livekeeper._config")?.getattr("restore")?;
                (restore, (settings,)).into_pyobject(py)
            }
        }

        impl Config {
            fn fields<'py>(&self, py: Python<'py>) -> PyResult<Vec<(&'static str, Bound<'py, PyAny>)>> {
                Ok(vec![$(display::field(py, stringify!($field), self.$field())?),+])
            }
        }
    };
}

const HAS_SECRET: &str = "a Config that holds a key or passphrase is not pickled, so that neither is written anywhere by accident: \
                          name a key_file or a key_env, or make the Config where it is needed";

/// Settings of a `CookieManager`: a value that never changes. Every setting is a keyword with a default, has its unit in its
/// name, and is checked here: one that is out of its range is an `InvalidArgument` that names it and what is allowed.
///
/// >>> import livekeeper
/// >>> config = livekeeper.Config(debounce_s=0, connect_rate_per_s=20)
/// >>> config.heartbeat_interval_s
/// 15.0
#[pyclass(frozen, eq, module = "livekeeper")]
#[derive(Default, PartialEq)]
pub(crate) struct Config {
    core: livekeeper::Config,
}

config! {
    /// The IM WebSocket: `wss://…`; plain `ws://` is taken for loopback addresses only. Default: the service's.
    websocket_url: String,
    /// The base of the signed API, without the API's name: `https://…`; plain `http://` for loopback addresses only. Default: the service's.
    api_url: String,
    /// A PEM file with certificates of further authorities to trust, beside the public ones: str or os.PathLike. Default None.
    ca_file: FilePath,
    /// The key that the credentials in the store are sealed with, at most one of this, `key_file`, `key_env` and `passphrase`: bytes, exactly 32. It is not given back: '…' stands for it. Default None; with none of the four, the key file `<store>.key` beside the store, made when it does not exist; for a store in memory, a key that goes with it.
    key: Masked,
    /// Or a file that holds it: str or os.PathLike; 32 bytes in Base64 or hex; made, with a new key and mode 0600, when it does not exist and the store is new. It belongs to one store. Default None.
    key_file: FilePath,
    /// Or the name of an environment variable (letters, digits and _) that holds it in Base64 or hex. Default None.
    key_env: Option<String>,
    /// Or words that it is made of, with Argon2id: opening takes some tenths of a second and 64 MiB. They are not given back: '…' stands for them. Default None.
    passphrase: Masked,
    /// A chat must have been quiet for this long before its last message is answered; 0 answers every message at once. Seconds, 0 … 60. Default 1.
    debounce_s: f64,
    /// Whether a rule, the host's reply function and `{send_message}` see all the messages that are answered together, a line each; else the last of them. Default False.
    join_messages: bool,
    /// A message that is older than this when it is looked at is recorded and not answered. Seconds, 1 … 86,400. Default 300.
    stale_after_s: f64,
    /// How far back a session that begins looks for what was missed meanwhile: the chats that were active within it are read back, and what of it is not recorded yet is, and is answered like anything else; 0 turns it off. Seconds, 0 … 86,400. Default 3,600.
    backfill_window_s: f64,
    /// Chats that are read back for one session, the most recently active first. 1 … 1,000. Default 50.
    backfill_chats: usize,
    /// Requests a second for it, of one account. 0.1 … 100. Default 2.
    backfill_rate_per_s: f64,
    /// Messages that an account sends a second, replies and your own together, and into all chats; after a pause, 10 at once. What would be faster waits. 0.01 … 10,000. Default 5.
    send_rate_per_s: f64,
    /// The same into one chat; after a pause, 3 at once. A chat that waits holds up no other. 0.01 … 10,000. Default 1.
    chat_send_rate_per_s: f64,
    /// Between two heartbeats. Seconds, 0.05 … 300. Default 15.
    heartbeat_interval_s: f64,
    /// A heartbeat not answered for this long means that the connection is dead. Seconds, 0.05 … 300. Default 30.
    heartbeat_timeout_s: f64,
    /// Between two new tokens of a connection that lives: it asks for one in the background, then registers with it on a new connection. Seconds, 0.05 … 86,400. Default 3,600.
    token_refresh_s: f64,
    /// And after one that could not be had; the connection goes on meanwhile. Seconds, 0.05 … 86,400. Default 600.
    token_refresh_retry_s: f64,
    /// For name look-up, TCP, TLS and the WebSocket handshake together. Seconds, 0.05 … 300. Default 15.
    connect_timeout_s: f64,
    /// For one API call, its answer read. Seconds, 0.05 … 300. Default 20.
    api_timeout_s: f64,
    /// For the answer to a registration or a send; a send without one by then is unknown. Seconds, 0.05 … 300. Default 10.
    answer_timeout_s: f64,
    /// For the service to take what is written; then the connection counts as dead. Seconds, 0.05 … 300. Default 10.
    write_timeout_s: f64,
    /// For the service's answer to the close frame of a session that ends by itself; a stop has `stop_socket_s`. Seconds, 0.05 … 300. Default 1.
    close_timeout_s: f64,
    /// For the store to take or finish a write of a session, and to close; a disk that hangs for longer ends the session. Seconds, 0.05 … 300. Default 10.
    store_timeout_s: f64,
    /// Connects started a second, over all accounts. 0.1 … 10,000. Default 5.
    connect_rate_per_s: f64,
    /// Accounts that connect at the same time; 0: none connects, for a store that is only to be changed. 0 … 1,000. Default 8.
    max_connecting: usize,
    /// The longest wait before the first new try; it doubles with each failure, and the wait is drawn between 0 and it. Seconds, 0.01 … 3,600. Default 1.
    backoff_initial_s: f64,
    /// What that wait never exceeds. Seconds, `backoff_initial_s` … 3,600. Default 60.
    backoff_max_s: f64,
    /// A connection that stood this long makes earlier failures forgotten. Seconds, 0.05 … 3,600. Default 60.
    stable_after_s: f64,
    /// This many failures by its own fault (not the network's) within `park_window_s` park an account. 1 … 1,000. Default 5.
    park_after_failures: usize,
    /// See `park_after_failures`. Seconds, 1 … 86,400. Default 600.
    park_window_s: f64,
    /// Stopping, stage 1: replies in flight and the closing handshake. Seconds, 0.05 … 300. Default 5.
    stop_socket_s: f64,
    /// Stopping, stage 2: for child processes to end, asked first and killed shortly before it is over. Seconds, 0.05 … 300. Default 10.
    stop_process_s: f64,
    /// Stopping, stage 3: for what still runs after that to end, before it is abandoned behind its fence. Seconds, 0.05 … 300. Default 3.
    stop_thread_s: f64,
    /// A command that is run for an account whose login is over: the program, found through PATH, and its arguments; a sequence of str. It gets JSON on stdin (`cookie_id`, `unb`, `reason`, `cookie`) and writes JSON with a new `cookie`, or an `error`, to stdout. Linux only. Default None.
    cookie_helper: Command,
    /// For one run of it; then it is stopped, and the account parked. Seconds, 0.05 … 3,600. Default 120.
    cookie_helper_timeout_s: f64,
    /// Helpers that run at the same time; further accounts wait. 1 … 100. Default 4.
    max_helpers: usize,
    /// Calls of the host's reply function at the same time, over all accounts; further messages wait within its deadline. 1 … 64. Default 16.
    max_handler_calls: usize,
    /// Between two looks at every account's health and at the capacity. Seconds, 0.05 … 3,600. Default 30.
    health_interval_s: f64,
    /// An account that has had no connection for this long is degraded. Seconds, 0.05 … 86,400. Default 30.
    degraded_after_s: f64,
    /// And down after this long. Seconds, `degraded_after_s` … 86,400. Default 300.
    down_after_s: f64,
    /// Events kept for a reader that has not read them yet; one that falls behind further loses the oldest and hears how many. 16 … 1,000,000. Default 10,000.
    event_queue: usize,
    /// Messages, with what was decided and sent, are kept for this many days. 1 … 3,650. Default 30.
    keep_messages_days: usize,
    /// Accounts at most. 1 … 1,000,000. Default 20,000. At the bound, `add_cookie` is refused.
    max_accounts: usize,
    /// Threads of the background runtime. 1 … 64. Default 2.
    worker_threads: usize,
}

/// The core's settings and their defaults as Rust writes them: the tests hold `Config` against it.
#[pyfunction]
pub(crate) fn core_defaults() -> String {
    format!("{:?}", livekeeper::Config::default())
}

impl Config {
    /// A copy for the core.
    pub(crate) fn to_core(&self) -> livekeeper::Config {
        self.core.clone()
    }
}

/// A path as Python gets it: a `str`, so that a value looks the same whether a `str` or a `Path` made it.
#[derive(IntoPyObject)]
#[pyo3(transparent)]
struct FilePath(Option<std::ffi::OsString>);

impl From<Option<PathBuf>> for FilePath {
    fn from(path: Option<PathBuf>) -> Self {
        Self(path.map(PathBuf::into_os_string))
    }
}

/// What stands for a key or a passphrase: that there is one, and nothing of it.
#[derive(IntoPyObject)]
#[pyo3(transparent)]
struct Masked(Option<&'static str>);

impl From<Option<Key>> for Masked {
    fn from(key: Option<Key>) -> Self {
        Self(key.map(|_| "…"))
    }
}

impl From<Option<Passphrase>> for Masked {
    fn from(words: Option<Passphrase>) -> Self {
        Self(words.map(|_| "…"))
    }
}

/// A command as Python gets it: a tuple, which does not change and has a hash.
struct Command(Option<Vec<String>>);

impl From<Option<Vec<String>>> for Command {
    fn from(command: Option<Vec<String>>) -> Self {
        Self(command)
    }
}

impl<'py> IntoPyObject<'py> for Command {
    type Target = PyAny;
    type Output = Bound<'py, PyAny>;
    type Error = PyErr;

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Self::Output> {
        self.0.map(|parts| PyTuple::new(py, parts)).transpose()?.into_bound_py_any(py)
    }
}

fn changed(py: Python<'_>, mut core: livekeeper::Config, settings: Option<&Bound<'_, PyDict>>, called: &str) -> PyResult<Config> {
    for (name, value) in settings.into_iter().flatten() {
        let name = name.cast_into::<PyString>()?.to_string_lossy().into_owned();
        if !set(&mut core, &name, &value)? {
            return Err(unknown(py, &name, called));
        }
    }
    core.validate().map_err(|error| errors::to_python(py, &error))?;
    Ok(Config { core })
}

fn unknown(py: Python<'_>, name: &str, called: &str) -> PyErr {
    let nearest = py
        .import("difflib")
        .and_then(|difflib| difflib.call_method1("get_close_matches", (name, FIELDS, 1)))
        .and_then(|matches| matches.extract::<Vec<String>>())
        .unwrap_or_default();
    let hint = match nearest.first() {
        Some(nearest) => format!("did you mean {nearest:?}?"),
        None => format!("there are {}", FIELDS.join(", ")),
    };
    PyTypeError::new_err(format!("{called}() has no setting {name:?}; {hint}"))
}
