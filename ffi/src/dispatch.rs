//! The thread that calls a host's functions when calls are over: one for a manager, made for the first of them. No lock is held there,
//! so that a function may call back into the library.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

use livekeeper::Error;

use crate::guard::guard;
use crate::pending::Pending;

/// It ends when nobody can hand it anything any more: when the manager is freed, and the last of its calls is over.
pub(crate) struct Dispatch {
    /// How many calls wait in it is bounded by those under way, which core bounds.
    sender: Mutex<Option<Sender<Arc<Pending>>>>,
    owner_pid: u32,
}

impl Default for Dispatch {
    fn default() -> Self {
        Self { sender: Mutex::default(), owner_pid: std::process::id() }
    }
}

impl Drop for Dispatch {
    fn drop(&mut self) {
        if std::process::id() != self.owner_pid {
            // A thread of the parent may have held the queue's lock.
            std::mem::forget(self.sender.get_mut().unwrap_or_else(PoisonError::into_inner).take());
        }
    }
}

impl Dispatch {
    pub(crate) fn sender(&self) -> Result<Sender<Arc<Pending>>, Error> {
        let mut sender = self.sender.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = &*sender {
            return Ok(sender.clone());
        }
        let (new, calls) = channel();
        let thread = std::thread::Builder::new().name("livekeeper-done".to_owned());
        let unavailable = |problem: std::io::Error| Error::RuntimeUnavailable { problem: problem.to_string() };
        thread.spawn(move || dispatch(&calls)).map_err(unavailable)?;
        Ok(sender.insert(new).clone())
    }
}

fn dispatch(calls: &Receiver<Arc<Pending>>) {
    for call in calls {
        guard(|| {
            call.tell();
            Ok(())
        });
    }
}
