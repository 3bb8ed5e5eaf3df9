//! A manager from its opening to its end.

use std::ffi::{CStr, c_char};
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use livekeeper::{CookieManager, Error};

use crate::config::{lk_config, read_config};
use crate::dispatch::Dispatch;
use crate::error::{Failure, lk_status};
use crate::event_callback::EventCallback;
use crate::events::lk_events;
use crate::forking;
use crate::guard::guard;
use crate::pointer::{Handle, Place, end, give, look};
use crate::stopping::lk_stop_report;
use crate::text::lk_str;

/// A store, a background runtime, and one supervised task for each account in the store. Any thread may use it, several at the
/// same time.
pub struct lk_manager {
    manager: CookieManager,
    /// The reader that is there without being asked for.
    reader: OnceLock<lk_events>,
    /// Tells functions of the host's of calls that are over.
    dispatch: Arc<Dispatch>,
    owner_pid: u32,
    /// The host's function that is told of events.
    event_callback: EventCallback,
}

impl Handle for lk_manager {}

impl Deref for lk_manager {
    type Target = CookieManager;

    fn deref(&self) -> &CookieManager {
        &self.manager
    }
}

impl lk_manager {
    fn new(manager: CookieManager) -> Self {
        Self {
            manager,
            reader: OnceLock::new(),
            dispatch: Arc::default(),
            owner_pid: std::process::id(),
            event_callback: EventCallback::new(),
        }
    }

    pub(crate) fn look(manager: *const Self) -> Result<Arc<Self>, Failure> {
        look(manager, "manager")
    }

    pub(crate) fn check_fork(&self) -> Result<(), Error> {
        if std::process::id() == self.owner_pid { Ok(()) } else { Err(Error::Forked { owner_pid: self.owner_pid }) }
    }

    pub(crate) fn dispatch(&self) -> Arc<Dispatch> {
        Arc::clone(&self.dispatch)
    }

    pub(crate) fn event_callback(&self) -> &EventCallback {
        &self.event_callback
    }

    /// The manager's own reader, which begins with the first who asks.
    pub(crate) fn own_reader(&self) -> Result<&lk_events, Failure> {
        self.check_fork()?;
        if let Some(reader) = self.reader.get() {
            return Ok(reader);
        }
        let reader = lk_events::new(self.manager.events()?);
        Ok(self.reader.get_or_init(|| reader))
    }
}

const VERSION: &CStr = match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
    Ok(version) => version,
    Err(_) => panic!("a version holds no NUL"),
};

/// The library's version, such as "0.1.0".
///
/// Never NULL, and valid for ever. Any thread. Does not block.
#[unsafe(no_mangle)]
pub extern "C" fn lk_version() -> *const c_char {
    VERSION.as_ptr()
}

/// Opens the store in the file `path`, made if it is not there, and starts every enabled account in it.
///
/// - `path`: UTF-8; ":memory:" for a store that is gone with its manager.
/// - `config`: settings; NULL for the defaults. Nothing of it is needed once this has returned.
/// - `manager`: where the new manager goes; NULL is put there on failure. Close it with `lk_manager_close`, then end it with
///   `lk_manager_free`.
///
/// While it is open, nothing else in this process may open the store's files, not even to read them (another copy of SQLite, a backup in
/// the program itself): closing them again ends the locks that keep other processes from taking the log away. Use `lk_inspect` or
/// `lk_manager_snapshot`.
///
/// Any thread. Blocks while the file is opened and read, not for the accounts to connect. Errors: `LK_STATUS_INVALID_ARGUMENT` for a setting
/// out of its range or a key that cannot be had, `LK_STATUS_ALREADY_OPEN`, `LK_STATUS_NOT_A_DATABASE`, `LK_STATUS_CORRUPT`,
/// `LK_STATUS_STORE_TOO_NEW`, `LK_STATUS_WRONG_KEY` (of these, nothing was touched), `LK_STATUS_STORE_UNAVAILABLE`, `LK_STATUS_DISK_FULL`,
/// `LK_STATUS_DISK_FAILED`, `LK_STATUS_STORE_FAILED`, `LK_STATUS_RUNTIME_UNAVAILABLE`, `LK_STATUS_WRONG_SIZE`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_manager_open(path: lk_str, config: *const lk_config, manager: *mut *mut lk_manager) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers and texts.
        let (place, path, config) =
            unsafe { (Place::new(manager, "manager")?.emptied(), path.required("path")?, read_config(config)?) };
        forking::attend()?;
        place.put(give(lk_manager::new(CookieManager::open(path, config)?)));
        Ok(())
    })
}

/// Stops every account, closes the store and ends the background threads. After it every other call answers
/// `LK_STATUS_CLOSED`; a second close gives the first one's report.
///
/// - `timeout_s`: for the accounts to stop. Seconds, 0 to 86,400; 10 is a good value.
/// - `report`: where the report goes, yours to end with `lk_stop_report_free`; NULL if you do not want one.
///
/// Any thread. Blocks until all is over: `timeout_s` for the accounts at the most, and if the disk or a thread hangs,
/// `store_timeout_s` and `stop_thread_s` more.
/// Errors: `LK_STATUS_INVALID_ARGUMENT`, `LK_STATUS_FORKED`. What could not be stopped in time is no error: the report names it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_manager_close(
    manager: *const lk_manager,
    timeout_s: f64,
    report: *mut *mut lk_stop_report,
) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers.
        let (place, manager) = unsafe { (Place::optional(report).map(Place::emptied), lk_manager::look(manager)?) };
        let report = manager.close(timeout_s).wait()?;
        if let Some(place) = place {
            place.put(give(lk_stop_report::new(report)));
        }
        Ok(())
    })
}

/// Ends a manager; NULL is fine. One that is not closed is closed without waiting and without a report; its accounts go on
/// being stopped in the background for some seconds, if the process lasts.
///
/// Any thread, also from a function of yours that the library calls. Does not block. A call that is under way on another thread ends in
/// its own time; one that comes later answers `LK_STATUS_INVALID_HANDLE`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_manager_free(manager: *mut lk_manager) {
    end(manager);
}
