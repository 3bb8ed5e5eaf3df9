//! Forks. A fork copies what it finds, also the locks of threads that it leaves behind, and those of SQLite are the whole process's: a
//! child that opens a store of its own would wait for one of them for ever. So a fork waits until no thread of a store is at work.

use std::cell::{Cell, RefCell};
use std::marker::PhantomData;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long a fork waits. Most transactions are over within some milliseconds.
const LIMIT: Duration = Duration::from_secs(2);

/// Lets threads be at work in SQLite, or one fork after the other go ahead.
pub(crate) struct Gate {
    state: Mutex<State>,
    moved: Condvar,
}

#[derive(Default)]
struct State {
    /// Threads at work.
    inside: usize,
    /// Forks that wait or are under way. While there is one, nobody begins to work.
    forks: usize,
}

static GATE: Gate = Gate::new();

thread_local! {
    /// Of the thread that forks: held over the fork, so that the child finds the gate's own lock in its hands too.
    static HELD: RefCell<Option<MutexGuard<'static, State>>> = const { RefCell::new(None) };
    /// Of a thread that is at work: the gate that it has passed.
    static PASSED: Cell<Option<&'static Gate>> = const { Cell::new(None) };
}

/// To be called right before this thread forks, where the child shall be able to open a manager: waits until no store of this process
/// is at work, and keeps them waiting until [`after_fork_in_parent`]. It waits some milliseconds as a rule, and 2 s at most: as long as
/// that where a disk hangs, another process keeps a store locked, or a large store is opened or read; the fork then goes ahead all the
/// same. Whatever the host does, a manager that was opened before the fork answers [`Error::Forked`](crate::Error::Forked) in the
/// child. Not for signal handlers: it takes locks.
pub fn before_fork() {
    if HELD.with_borrow(Option::is_none) {
        HELD.set(Some(GATE.shut(LIMIT)));
    }
}

/// To be called by the same thread right after the fork, in the parent, also where there was none after all. Does not block.
pub fn after_fork_in_parent() {
    if let Some(state) = HELD.take() {
        GATE.open(state);
    }
}

/// To be called right after the fork, in the child. Does not block.
pub fn after_fork_in_child() {
    if let Some(mut state) = HELD.take() {
        // Whoever was at work or wanted to fork is not here.
        *state = State::default();
    }
}

/// Held while a thread is at work in SQLite, and by that thread; not to be asked for by one that has one already.
pub(crate) struct AtWork(PhantomData<*const ()>);

/// Waits while a fork is under way.
pub(crate) fn at_work() -> AtWork {
    GATE.at_work()
}

/// Between two pieces of long work, where SQLite holds no lock of the process: a fork that waits goes first.
pub(crate) fn pause() {
    aside(|| ());
}

/// Does something long for which SQLite is not needed: no fork waits for it, also where this thread is at work else.
pub(crate) fn aside<T>(work: impl FnOnce() -> T) -> T {
    let Some(gate) = PASSED.take() else { return work() };
    gate.leave();
    // Also after a panic: whoever holds `AtWork` leaves once more.
    let _back = Back(gate);
    work()
}

struct Back(&'static Gate);

impl Drop for Back {
    fn drop(&mut self) {
        self.0.enter();
        PASSED.set(Some(self.0));
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        if let Some(gate) = PASSED.take() {
            gate.leave();
        }
    }
}

impl Gate {
    pub(crate) const fn new() -> Self {
        Self { state: Mutex::new(State { inside: 0, forks: 0 }), moved: Condvar::new() }
    }

    pub(crate) fn at_work(&'static self) -> AtWork {
        self.enter();
        PASSED.set(Some(self));
        AtWork(PhantomData)
    }

    fn enter(&self) {
        let waited = self.moved.wait_while(self.lock(), |state| state.forks > 0);
        waited.unwrap_or_else(PoisonError::into_inner).inside += 1;
    }

    fn leave(&self) {
        let mut state = self.lock();
        state.inside = state.inside.saturating_sub(1);
        drop(state);
        self.moved.notify_all();
    }

    fn shut(&self, limit: Duration) -> MutexGuard<'_, State> {
        let mut state = self.lock();
        state.forks += 1;
        let waited = self.moved.wait_timeout_while(state, limit, |state| state.inside > 0);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    fn open(&self, mut state: MutexGuard<'_, State>) {
        state.forks = state.forks.saturating_sub(1);
        drop(state);
        self.moved.notify_all();
    }

    /// Who is at work at the moment of a fork.
    #[cfg(test)]
    pub(crate) fn fork_within(&self, limit: Duration) -> usize {
        let state = self.shut(limit);
        let inside = state.inside;
        self.open(state);
        inside
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::mpsc;
    use std::thread;

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn wait_until_shut(gate: &Gate) {
        while gate.lock().forks == 0 {
            thread::yield_now();
        }
    }

    #[test]
    fn a_fork_waits_for_who_is_at_work_and_nobody_begins_until_it_is_over() {
        static GATE: Gate = Gate::new();
        let (begun, has_begun) = mpsc::channel();
        thread::scope(|scope| {
            let at_work = GATE.at_work();
            let forking = scope.spawn(move || {
                let state = GATE.shut(MINUTE);
                let inside = state.inside;
                let another = thread::spawn(move || {
                    drop(GATE.at_work());
                    begun.send(()).unwrap();
                });
                assert!(has_begun.recv_timeout(Duration::from_millis(50)).is_err());
                GATE.open(state);
                another.join().unwrap();
                inside
            });
            wait_until_shut(&GATE);
            drop(at_work);
            assert_eq!(forking.join().unwrap(), 0);
        });
    }

    #[test]
    fn who_never_ends_costs_a_fork_its_limit() {
        static GATE: Gate = Gate::new();
        let stuck = GATE.at_work();
        assert_eq!(GATE.fork_within(Duration::from_millis(1)), 1);
        drop(stuck);
        drop(GATE.at_work());
        assert_eq!(GATE.fork_within(MINUTE), 0);
    }

    #[test]
    fn a_fork_that_is_over_opens_nothing_to_another_that_still_waits() {
        static GATE: Gate = Gate::new();
        thread::scope(|scope| {
            let at_work = GATE.at_work();
            let waiting = scope.spawn(|| GATE.fork_within(MINUTE));
            wait_until_shut(&GATE);
            assert_eq!(GATE.fork_within(Duration::ZERO), 1);
            assert_eq!(GATE.lock().forks, 1, "nobody begins before the one that waits has forked");
            drop(at_work);
            assert_eq!(waiting.join().unwrap(), 0);
        });
        drop(GATE.at_work());
    }

    #[test]
    fn a_fork_goes_ahead_where_long_work_pauses() {
        static GATE: Gate = Gate::new();
        let (begun, has_begun) = mpsc::channel();
        let is_over = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                let _at_work = GATE.at_work();
                begun.send(()).unwrap();
                while !is_over.load(Ordering::SeqCst) {
                    pause();
                }
            });
            has_begun.recv().unwrap();
            let inside = GATE.fork_within(MINUTE);
            is_over.store(true, Ordering::SeqCst);
            assert_eq!(inside, 0);
        });
    }

    #[test]
    fn what_is_done_aside_holds_up_no_fork_and_the_work_goes_on_afterwards() {
        static GATE: Gate = Gate::new();
        let at_work = GATE.at_work();
        let is_cut_off = std::panic::catch_unwind(|| {
            aside(|| {
                assert_eq!(GATE.fork_within(MINUTE), 0);
                panic!("a test's own");
            });
        });
        assert!(is_cut_off.is_err());
        assert_eq!(GATE.fork_within(Duration::ZERO), 1);
        drop(at_work);
        aside(|| assert_eq!(GATE.fork_within(MINUTE), 0));
        assert_eq!(GATE.lock().inside, 0);
    }
}
