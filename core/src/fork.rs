//! Forks. A fork copies what it finds, also the locks of threads that it leaves behind, and those of SQLite are the whole process's: a
//! child that opens a store of its own would wait for one of them for ever. So a fork waits until no thread of a store is at work.

use std::cell::RefCell;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Who is at work in SQLite.
#[derive(Default)]
struct Gate {
    inside: usize,
    is_shut: bool,
}

static GATE: Mutex<Gate> = Mutex::new(Gate { inside: 0, is_shut: false });
static MOVED: Condvar = Condvar::new();

thread_local! {
    /// Of the thread that forks: held over the fork, so that the child finds the gate's own lock in its hands too.
    static HELD: RefCell<Option<MutexGuard<'static, Gate>>> = const { RefCell::new(None) };
}

/// To be called right before this thread forks, where the child shall be able to open a manager: waits until no store of this process
/// is at work, at most for `limit`, and keeps them waiting until [`after_fork_in_parent`]. Whatever the host does, a manager that was
/// opened before the fork answers [`Error::Forked`](crate::Error::Forked) in the child.
pub fn before_fork(limit: Duration) {
    if HELD.with_borrow(Option::is_some) {
        return;
    }
    let mut gate = lock();
    gate.is_shut = true;
    let waited = MOVED.wait_timeout_while(gate, limit, |gate| gate.inside > 0);
    let (gate, _) = waited.unwrap_or_else(PoisonError::into_inner);
    HELD.set(Some(gate));
}

/// To be called by the same thread right after the fork, in the parent, also where there was none after all. Does not block.
pub fn after_fork_in_parent() {
    if let Some(mut gate) = HELD.take() {
        gate.is_shut = false;
        drop(gate);
        MOVED.notify_all();
    }
}

/// To be called right after the fork, in the child. Does not block.
pub fn after_fork_in_child() {
    if let Some(mut gate) = HELD.take() {
        // Whoever was at work is not here.
        *gate = Gate::default();
    }
}

/// Held while a thread is at work in SQLite; not to be asked for by one that has one already.
pub(crate) struct AtWork(());

/// Waits while a fork is under way.
pub(crate) fn at_work() -> AtWork {
    enter();
    AtWork(())
}

/// Between two pieces of long work, where SQLite holds nothing: a fork that waits goes first.
pub(crate) fn pause(_held: &mut AtWork) {
    leave();
    enter();
}

impl Drop for AtWork {
    fn drop(&mut self) {
        leave();
    }
}

fn enter() {
    let waited = MOVED.wait_while(lock(), |gate| gate.is_shut);
    waited.unwrap_or_else(PoisonError::into_inner).inside += 1;
}

fn leave() {
    let mut gate = lock();
    gate.inside = gate.inside.saturating_sub(1);
    drop(gate);
    MOVED.notify_all();
}

fn lock() -> MutexGuard<'static, Gate> {
    GATE.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::mpsc;
    use std::thread;

    use super::*;

    #[test]
    fn a_fork_waits_for_who_is_at_work_and_nobody_begins_until_it_is_over() {
        let (begun, has_begun) = mpsc::channel();
        let (end, may_end) = mpsc::channel::<()>();
        let first = thread::spawn(move || {
            let at_work = at_work();
            begun.send(()).unwrap();
            may_end.recv().unwrap();
            drop(at_work);
        });
        has_begun.recv().unwrap();
        let (forked, has_forked) = mpsc::channel();
        let forking = thread::spawn(move || {
            before_fork(Duration::from_secs(30));
            let inside = HELD.with_borrow(|gate| gate.as_ref().map(|gate| gate.inside));
            forked.send(inside).unwrap();
            after_fork_in_parent();
        });
        end.send(()).unwrap();
        assert_eq!(has_forked.recv().unwrap(), Some(0));
        forking.join().unwrap();
        first.join().unwrap();
        drop(at_work());
        // One that never ends costs the limit.
        let stuck = at_work();
        before_fork(Duration::from_millis(1));
        after_fork_in_parent();
        drop(stuck);
    }

    #[test]
    fn a_fork_goes_ahead_where_long_work_pauses() {
        let (begun, has_begun) = mpsc::channel();
        let is_over = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                let mut held = at_work();
                begun.send(()).unwrap();
                while !is_over.load(Ordering::SeqCst) {
                    pause(&mut held);
                }
            });
            has_begun.recv().unwrap();
            before_fork(Duration::from_secs(30));
            let inside = HELD.with_borrow(|gate| gate.as_ref().map(|gate| gate.inside));
            after_fork_in_parent();
            is_over.store(true, Ordering::SeqCst);
            assert_eq!(inside, Some(0));
        });
    }
}
