//! Result codes, and each thread's last error.

use std::cell::RefCell;
use std::ffi::{CString, c_char};

use livekeeper::Error;

/// What a call came to. 0 is success and nothing else; a number is never used again for something else.
///
/// 1 to 99 are those of livekeeper itself, the same in every language; from 100 on come those of the C interface.
/// A newer library may answer with a number that is not in this list: treat it as a failure.
#[repr(u32)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum lk_status {
    /// It was done.
    Ok = 0,
    /// A value was refused before anything was done or stored; the message names the field and what is allowed.
    InvalidArgument = 1,
    /// No account has this `cookie_id`.
    AccountNotFound = 2,
    /// The store's file cannot be opened.
    StoreUnavailable = 3,
    /// The store was written by a newer livekeeper; it was not changed.
    StoreTooNew = 4,
    /// The store refused a read or a write; the call was not carried out.
    StoreFailed = 5,
    /// The manager is closed, or is closing.
    Closed = 6,
    /// A wait reached its limit; the message says how things stood.
    TimedOut = 7,
    /// The account has no registered session; nothing was sent.
    NotConnected = 8,
    /// The new cookie belongs to another Xianyu user; nothing was changed.
    WrongOwner = 9,
    /// A bound was reached; the message names it.
    AtCapacity = 10,
    /// The manager was opened before this process was forked off. Open one in the child, on another store.
    Forked = 11,
    /// Waiting on this thread, one of livekeeper's own, would never end.
    WouldDeadlock = 12,
    /// The operating system refused a thread.
    RuntimeUnavailable = 13,
    /// A fault of livekeeper. Please report it, with the message.
    Internal = 14,
    /// The account is switched off, and what was asked for needs it on.
    AccountDisabled = 15,
    /// The store is open already, in this process or another; the message names the process.
    AlreadyOpen = 16,
    /// The store is damaged; it was left as it is.
    Corrupt = 17,
    /// The file is no `SQLite` database, or one of another program; it was left as it is.
    NotADatabase = 18,
    /// The key or passphrase does not open what is sealed; nothing was touched.
    WrongKey = 19,
    /// The disk is full; the call was not carried out. The store works again when there is room.
    DiskFull = 20,
    /// The disk failed to read or write; the call was not carried out. The store works again when the disk does.
    DiskFailed = 21,

    /// A pointer that must point at something was NULL; the message names the argument.
    NullPointer = 100,
    /// A text was not UTF-8; the message names the argument and the place.
    NotUtf8 = 101,
    /// A struct's `size` is none that this library knows. Set it with the struct's `_INIT` macro.
    WrongSize = 102,
    /// A fault of livekeeper that was caught before it could unwind into your program. Please report it, with the message.
    Panicked = 103,
    /// A handle stands for nothing: it was freed already, is one of another type, or did not come from this library. Nothing was
    /// done; the message names the argument.
    InvalidHandle = 104,
    /// A call that was begun is still under way.
    NotOver = 105,
    /// A call that was begun was given up with `lk_call_cancel`; what it does goes on.
    Cancelled = 106,
}

/// Every way in which a call of C fails.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error(transparent)]
    Core(#[from] Error),
    #[error("{argument}: is NULL, and must point at something")]
    NullPointer { argument: &'static str },
    #[error("{argument}: is no {kind} that this library gave out and that was not freed: look for a use after its _free function")]
    InvalidHandle { argument: &'static str, kind: &'static str },
    #[error("{argument}: is no valid UTF-8, from byte {place} on")]
    NotUtf8 { argument: &'static str, place: usize },
    #[error(
        "{argument}: its size is {size}, this library takes {least} … {most}: set it with the _INIT macro of the header that belongs to the library"
    )]
    WrongSize { argument: &'static str, size: usize, least: usize, most: usize },
    #[error("nothing happened within {timeout_ms} ms")]
    NothingHappened { timeout_ms: u32 },
    #[error("the call is not over yet: wait for it with lk_call_wait, or have a function told with lk_call_on_done")]
    NotOver,
    #[error("the call was given up with lk_call_cancel; what it does goes on")]
    Cancelled,
    #[error("internal fault: {problem}; please report it")]
    Panicked { problem: String },
}

impl Failure {
    pub(crate) fn invalid(field: &'static str, problem: String) -> Self {
        Self::Core(Error::InvalidArgument { field, problem })
    }

    fn status(&self) -> lk_status {
        match self {
            Self::Core(error) => status_of(error.code()),
            Self::NullPointer { .. } => lk_status::NullPointer,
            Self::InvalidHandle { .. } => lk_status::InvalidHandle,
            Self::NotUtf8 { .. } => lk_status::NotUtf8,
            Self::WrongSize { .. } => lk_status::WrongSize,
            Self::NothingHappened { .. } => lk_status::TimedOut,
            Self::NotOver => lk_status::NotOver,
            Self::Cancelled => lk_status::Cancelled,
            Self::Panicked { .. } => lk_status::Panicked,
        }
    }

    fn cookie_id(&self) -> &str {
        match self {
            Self::Core(error) => error.cookie_id().unwrap_or_default(),
            _ => "",
        }
    }
}

/// Those of core, in the order of their numbers.
const OF_CORE: [lk_status; 21] = [
    lk_status::InvalidArgument,
    lk_status::AccountNotFound,
    lk_status::StoreUnavailable,
    lk_status::StoreTooNew,
    lk_status::StoreFailed,
    lk_status::Closed,
    lk_status::TimedOut,
    lk_status::NotConnected,
    lk_status::WrongOwner,
    lk_status::AtCapacity,
    lk_status::Forked,
    lk_status::WouldDeadlock,
    lk_status::RuntimeUnavailable,
    lk_status::Internal,
    lk_status::AccountDisabled,
    lk_status::AlreadyOpen,
    lk_status::Corrupt,
    lk_status::NotADatabase,
    lk_status::WrongKey,
    lk_status::DiskFull,
    lk_status::DiskFailed,
];

fn status_of(code: u32) -> lk_status {
    OF_CORE.into_iter().find(|status| *status as u32 == code).unwrap_or(lk_status::Internal)
}

struct LastError {
    status: lk_status,
    message: CString,
    cookie_id: CString,
}

thread_local! {
    static LAST_ERROR: RefCell<Option<LastError>> = const { RefCell::new(None) };
}

/// Keeps the failure as this thread's last error.
pub(crate) fn record(failure: &Failure) -> lk_status {
    let status = failure.status();
    let error = LastError { status, message: c_text(&failure.to_string()), cookie_id: c_text(failure.cookie_id()) };
    // In the destructor of another thread-local it may be gone; the code is returned all the same.
    let _ = LAST_ERROR.try_with(|last| last.replace(Some(error)));
    status
}

/// A text that C can read to its end: a NUL in it, which only a refused id has, is shown as U+FFFD.
fn c_text(text: &str) -> CString {
    CString::new(text.replace('\0', "\u{fffd}")).unwrap_or_default()
}

fn last<T>(otherwise: T, look: impl FnOnce(&LastError) -> T) -> T {
    LAST_ERROR.try_with(|last| last.borrow().as_ref().map(look)).ok().flatten().unwrap_or(otherwise)
}

/// The code of this thread's last call that failed; `LK_STATUS_OK` if none has. A call that succeeds leaves it as it is.
///
/// Does not block.
#[unsafe(no_mangle)]
pub extern "C" fn lk_last_error_code() -> lk_status {
    last(lk_status::Ok, |error| error.status)
}

/// What went wrong in this thread's last call that failed, in a sentence for people; empty if none has. It names the account,
/// the field and what is allowed, and never holds a cookie.
///
/// Never NULL. Valid until the next call of this thread fails. Does not block.
#[unsafe(no_mangle)]
pub extern "C" fn lk_last_error_message() -> *const c_char {
    last(c"".as_ptr(), |error| error.message.as_ptr())
}

/// The account that this thread's last failed call was about; empty if it was about none.
///
/// Never NULL. Valid until the next call of this thread fails. Does not block.
#[unsafe(no_mangle)]
pub extern "C" fn lk_last_error_cookie_id() -> *const c_char {
    last(c"".as_ptr(), |error| error.cookie_id.as_ptr())
}

#[cfg(test)]
mod tests {
    use std::ffi::{CStr, c_char};

    use livekeeper::Error;

    use super::{Failure, OF_CORE, lk_last_error_cookie_id, lk_last_error_message, lk_status, record, status_of};

    fn text(pointer: *const c_char) -> String {
        // SAFETY: the functions under test never give null, and their text ends with a NUL.
        unsafe { CStr::from_ptr(pointer) }.to_str().unwrap().to_owned()
    }

    #[test]
    fn the_numbers_are_those_of_core() {
        for (number, status) in (1..).zip(OF_CORE) {
            assert_eq!(status as u32, number);
            assert_eq!(status_of(number), status);
        }
        assert_eq!(status_of(Error::Internal { problem: String::new() }.code()), lk_status::Internal);
        assert_eq!(status_of(Error::AccountDisabled { cookie_id: String::new() }.code()), lk_status::AccountDisabled);
        assert_eq!(status_of(Error::DiskFailed { problem: String::new() }.code()), lk_status::DiskFailed);
    }

    #[test]
    fn a_number_of_a_newer_core_is_a_failure_all_the_same() {
        assert_eq!(status_of(0), lk_status::Internal);
        assert_eq!(status_of(99), lk_status::Internal);
    }

    #[test]
    fn the_last_error_tells_message_and_account_even_where_the_id_holds_a_nul() {
        let error = Error::AccountNotFound { cookie_id: "a\0b".to_owned() };
        assert_eq!(record(&Failure::Core(error)), lk_status::AccountNotFound);
        assert!(text(lk_last_error_message()).starts_with("no account has the cookie_id"));
        assert_eq!(text(lk_last_error_cookie_id()), "a\u{fffd}b");

        record(&Failure::NullPointer { argument: "manager" });
        assert_eq!(text(lk_last_error_message()), "manager: is NULL, and must point at something");
        assert_eq!(text(lk_last_error_cookie_id()), "");
    }

    #[test]
    fn each_thread_has_its_own() {
        record(&Failure::NullPointer { argument: "manager" });
        let other = std::thread::spawn(|| text(lk_last_error_message())).join().unwrap();
        assert_eq!(other, "");
    }
}
