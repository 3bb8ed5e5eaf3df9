//! The life of a thread that calls a function of the host's, for whoever waits until it calls nothing any more.

use std::ops::ControlFlow;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::ThreadId;

use crate::guard::{guard, guard_rounds};

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
    /// All that the thread does, on the thread itself: rounds that call `function`, until one says that it is over.
    pub(crate) fn run<F>(&self, mut function: F, mut round: impl FnMut(&mut F) -> ControlFlow<()>) {
        self.lock().thread = Some(std::thread::current().id());
        guard_rounds(|| round(&mut function));
        // Before its end is told: whoever waits for that may count on it.
        guard(|| {
            drop(function);
            Ok(())
        });
        self.end();
    }

    /// Also where the thread was never begun.
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
