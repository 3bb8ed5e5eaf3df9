//! A function of the host's that is told of events.

use std::ffi::c_void;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use livekeeper::{Error, Events, News, on_runtime_thread};

use crate::cookie_provider::lk_free_user_data;
use crate::error::{Failure, lk_status};
use crate::event::lk_event;
use crate::events::lk_events;
use crate::guard::guard;
use crate::host_function::UserData;
use crate::life::Life;
use crate::manager::lk_manager;
use crate::pointer::end;

/// Is told of an event: see `lk_manager_set_event_callback`. The event and all that it holds are valid until the function returns;
/// do not end it.
pub type lk_event_callback = Option<unsafe extern "C" fn(user_data: *mut c_void, event: *const lk_event)>;

/// Has a function of yours told of what happens, over all accounts, from now on, in the place of an earlier one. One event after the
/// other, in their order; an event of the kind `LK_EVENT_KIND_LAGGED` says how many were lost because it is too slow.
///
/// - `function`: the function; NULL takes an earlier one away. It is called on a thread of the library's that is there for it, with no
///   lock held: it may block, and may call every function of the interface, this one too. It must return: an exception of C++ or a
///   longjmp out of it ends the process.
/// - `user_data`: handed to each call; may be NULL.
/// - `free_user_data`: ends `user_data`; NULL: nothing is to be ended. It is called exactly once, after the last call of the function:
///   when it was replaced or taken away, or when it has been told of all that happened until the manager was closed or freed; at once
///   where this call fails, or `function` is NULL.
///
/// When this returns, no call of the earlier function runs any more, and its data is ended: the call under way is waited for. Called from
/// inside that function, it does not wait: the function is not called again, and its data is ended when it has returned. After
/// `lk_manager_close`, a function can still be taken away, and what it has not been told yet it is not told then.
///
/// Any thread; do not hold a lock that the earlier function takes. Blocks for as long as a call of the earlier function runs. Errors:
/// `LK_STATUS_CLOSED`, `LK_STATUS_FORKED`, `LK_STATUS_RUNTIME_UNAVAILABLE`, `LK_STATUS_WOULD_DEADLOCK`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_manager_set_event_callback(
    manager: *const lk_manager,
    function: lk_event_callback,
    user_data: *mut c_void,
    free_user_data: lk_free_user_data,
) -> lk_status {
    // First of all: whatever comes of the call, it is ended.
    let user_data = UserData::new(user_data, free_user_data);
    guard(move || {
        let manager = lk_manager::look(manager)?;
        let callback = manager.event_callback();
        callback.check()?;
        let Some(function) = function else {
            callback.replace(None);
            return Ok(());
        };
        // Refused before the earlier one is gone.
        let events = manager.events()?;
        callback.set(events, move |event| {
            // SAFETY: the header's contract on the function; what it is lent lives until it returns.
            unsafe { function(user_data.pointer(), event) };
        })
    })
}

/// The function that a manager's events go to, if there is one.
pub(crate) struct EventCallback {
    listener: Mutex<Option<Arc<Listener>>>,
    owner_pid: u32,
}

struct Listener {
    events: lk_events,
    is_stopped: AtomicBool,
    life: Life,
}

impl EventCallback {
    pub(crate) fn new() -> Self {
        Self { listener: Mutex::default(), owner_pid: std::process::id() }
    }

    /// Refuses what could never return.
    fn check(&self) -> Result<(), Error> {
        if std::process::id() != self.owner_pid {
            return Err(Error::Forked { owner_pid: self.owner_pid });
        }
        if on_runtime_thread() { Err(Error::WouldDeadlock) } else { Ok(()) }
    }

    fn set(&self, events: Events, call: impl FnMut(*const lk_event) + Send + 'static) -> Result<(), Failure> {
        let listener = Arc::new(Listener::new(events));
        self.replace(Some(Arc::clone(&listener)));
        let thread = std::thread::Builder::new().name("livekeeper-events".to_owned());
        let on_thread = Arc::clone(&listener);
        let spawned = thread.spawn(move || on_thread.run(call));
        spawned.map(drop).map_err(|problem| {
            listener.life.end();
            Error::RuntimeUnavailable { problem: problem.to_string() }.into()
        })
    }

    /// Puts another in the place of the one that is there, when that has ended.
    fn replace(&self, new: Option<Arc<Listener>>) {
        loop {
            let before = self.lock().clone();
            if let Some(before) = &before {
                before.stop();
                before.life.wait();
            }
            let mut listener = self.lock();
            // Another thread may have put one there meanwhile: that one ends first.
            if listener.as_ref().map(Arc::as_ptr) == before.as_ref().map(Arc::as_ptr) {
                *listener = new;
                return;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Arc<Listener>>> {
        self.listener.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for EventCallback {
    fn drop(&mut self) {
        let listener = self.listener.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if std::process::id() != self.owner_pid {
            // A thread of the parent may have held one of its locks.
            std::mem::forget(listener);
        }
        // It goes on until it has told of the manager's end.
    }
}

impl Listener {
    fn new(events: Events) -> Self {
        Self { events: lk_events::new(events), is_stopped: AtomicBool::new(false), life: Life::default() }
    }

    fn run(&self, call: impl FnMut(*const lk_event)) {
        self.life.run(call, |call| {
            // In a fork and on the runtime's threads nobody is here.
            let Ok(Some(event)) = self.next() else { return ControlFlow::Break(()) };
            call(&raw const event);
            end(event.content);
            ControlFlow::Continue(())
        });
    }

    /// The next event; `None` when there will be none.
    fn next(&self) -> Result<Option<lk_event>, Error> {
        let is_stopped = || self.is_stopped.load(Ordering::SeqCst);
        let news = self.events.next_unless(is_stopped, Duration::MAX)?;
        Ok(match news.filter(|_| !is_stopped()) {
            Some(News::Event(event)) => Some(lk_event::new(&event)),
            Some(News::Lagged(missed)) => Some(lk_event::lagged(missed)),
            Some(News::Ended) | None => None,
        })
    }

    fn stop(&self) {
        self.is_stopped.store(true, Ordering::SeqCst);
        self.events.wake();
    }
}
