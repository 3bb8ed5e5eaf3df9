//! What a function of C's needs beside itself: the host's data, ended once.

use std::ffi::c_void;

/// The host's data for a function, ended when the last who may call the function is gone.
pub(crate) struct UserData {
    data: *mut c_void,
    free: Option<unsafe extern "C" fn(*mut c_void)>,
}

// SAFETY: the header's contract: the function is called on any thread, by several at the same time, and its data is ended on any.
unsafe impl Send for UserData {}
// SAFETY: as above.
unsafe impl Sync for UserData {}

impl UserData {
    pub(crate) fn new(data: *mut c_void, free: Option<unsafe extern "C" fn(*mut c_void)>) -> Self {
        Self { data, free }
    }

    /// To be handed to the function, and to nobody else.
    pub(crate) fn pointer(&self) -> *mut c_void {
        self.data
    }
}

impl Drop for UserData {
    fn drop(&mut self) {
        if let Some(free) = self.free {
            // SAFETY: the header's contract: it may be called on any thread, and nobody uses the data any more.
            unsafe { free(self.data) };
        }
    }
}
