//! The life of a thread that calls a function of the host's, for whoever waits until it calls nothing any more.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::ThreadId;

#[derive(Default)]
pub(crate) struct Life {
    state: Mutex<State>,
    ended: Condvar,
}

#[derive(Default)]
struct State {
    thread: Option<ThreadId>,
    is_over: bool,
}

impl Life {
    /// On the thread itself.
    pub(crate) fn begin(&self) {
        self.lock().thread = Some(std::thread::current().id());
    }

    pub(crate) fn end(&self) {
        self.lock().is_over = true;
        self.ended.notify_all();
    }

    /// Blocks until it is over; not on the thread itself.
    pub(crate) fn wait(&self) {
        let state = self.lock();
        if state.thread == Some(std::thread::current().id()) {
            return;
        }
        drop(self.ended.wait_while(state, |state| !state.is_over).unwrap_or_else(PoisonError::into_inner));
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
