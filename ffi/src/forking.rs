//! What is done around a fork of the host's, so that its child can open a manager of its own: a host of C has no runtime that would
//! call us there, as Python has, so the system does.

use std::ffi::c_int;
use std::sync::atomic::{AtomicBool, Ordering};

use livekeeper::Error;

use crate::guard::guard_or;

/// Whether this process, or the one that it was forked off, has asked the system already. Not a `Once`: a child of a fork in between
/// would wait for it for ever.
static IS_ASKED: AtomicBool = AtomicBool::new(false);

/// From now on a fork waits for the stores of this process; asked for once. It ends with the library, also where that is unloaded:
/// what the system was given is noted down as the library's own.
pub(crate) fn attend() -> Result<(), Error> {
    if IS_ASKED.load(Ordering::SeqCst) {
        return Ok(());
    }
    // SAFETY: the functions take nothing, do not unwind, and are there as long as the library is.
    let refused: c_int = unsafe { libc::pthread_atfork(Some(before), Some(after_in_parent), Some(after_in_child)) };
    if refused != 0 {
        return Err(Error::RuntimeUnavailable { problem: std::io::Error::from_raw_os_error(refused).to_string() });
    }
    // Only now: whoever reads it counts on it. Two threads may both have asked, and what is called twice around a fork does it once.
    IS_ASKED.store(true, Ordering::SeqCst);
    Ok(())
}

extern "C" fn before() {
    guard_or((), livekeeper::before_fork);
}

extern "C" fn after_in_parent() {
    guard_or((), livekeeper::after_fork_in_parent);
}

extern "C" fn after_in_child() {
    guard_or((), livekeeper::after_fork_in_child);
}
