//! Who is told when something that was looked for in vain may be there: threads that block, a file descriptor, a function of the
//! library's.

use std::os::fd::RawFd;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::Wake;
use std::time::Instant;

use crate::signal::Signal;

/// As a waker it is handed to what is polled. No ring is missed: whoever waits says how often it had rung before it looked.
#[derive(Default)]
pub(crate) struct Bell {
    state: Mutex<State>,
    rung: Condvar,
}

#[derive(Default)]
struct State {
    times: u64,
    /// Made for the first who asks for its descriptor.
    signal: Option<Signal>,
    then: Option<Then>,
}

pub(crate) type Then = Box<dyn FnMut() + Send>;

impl Bell {
    /// How often it has rung.
    pub(crate) fn times(&self) -> u64 {
        self.lock().times
    }

    pub(crate) fn ring(&self) {
        let mut state = self.lock();
        state.times += 1;
        if let Some(signal) = &mut state.signal {
            signal.raise();
        }
        if let Some(then) = &mut state.then {
            then();
        }
        drop(state);
        self.rung.notify_all();
    }

    /// Blocks until it has rung more often than `times`, at most until `until`: then false.
    pub(crate) fn wait_beyond(&self, times: u64, until: Option<Instant>) -> bool {
        let mut state = self.lock();
        while state.times == times {
            state = match until.map(|until| until.checked_duration_since(Instant::now()).filter(|rest| !rest.is_zero())) {
                None => self.rung.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(None) => return false,
                Some(Some(rest)) => self.rung.wait_timeout(state, rest).unwrap_or_else(PoisonError::into_inner).0,
            };
        }
        true
    }

    /// Has `then` called at each ring, under the bell's lock: it must not block, nor touch the bell.
    pub(crate) fn on_ring(&self, then: Option<Then>) {
        let before = std::mem::replace(&mut self.lock().then, then);
        // What it holds may hold the bell: not under the lock.
        drop(before);
    }

    /// A descriptor that is readable from a ring on until [`Bell::lower`].
    pub(crate) fn descriptor(&self) -> std::io::Result<RawFd> {
        let mut state = self.lock();
        if let Some(signal) = &state.signal {
            return Ok(signal.descriptor());
        }
        Ok(state.signal.insert(Signal::new()?).descriptor())
    }

    pub(crate) fn has_descriptor(&self) -> bool {
        self.lock().signal.is_some()
    }

    /// Makes the descriptor readable without a ring: something is there that nobody was told of.
    pub(crate) fn raise(&self) {
        self.lock().signal.iter_mut().for_each(Signal::raise);
    }

    /// Makes the descriptor unreadable. To be done before one looks: what comes afterwards raises it again.
    pub(crate) fn lower(&self) {
        self.lock().signal.iter_mut().for_each(Signal::lower);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.ring();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.ring();
    }
}
