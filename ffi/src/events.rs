//! A reader of a manager's events.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use livekeeper::{Error, Events, News};

use crate::error::{Failure, lk_status};
use crate::event::lk_event;
use crate::guard::guard;
use crate::manager::lk_manager;
use crate::pointer::{Handle, Place, end, give, look};
use crate::sized::GrowingPlace;

/// A `timeout_ms` that never runs out.
pub const LK_FOREVER: u32 = u32::MAX;

/// A reader of what happens in a manager, over all its accounts. Yours: end it with `lk_events_free`. Several readers do not
/// disturb each other, each hears everything, and none holds up an account.
pub struct lk_events {
    /// Empty while a call reads.
    reader: Mutex<Option<Events>>,
    returned: Condvar,
    owner_pid: u32,
}

impl Handle for lk_events {}

/// The reader while a call has it. Whatever happens, it is returned.
struct Taken<'a> {
    from: &'a lk_events,
    reader: Option<Events>,
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        *self.from.lock() = self.reader.take();
        self.from.returned.notify_one();
    }
}

impl lk_events {
    fn new(reader: Events) -> Self {
        Self { reader: Mutex::new(Some(reader)), returned: Condvar::new(), owner_pid: std::process::id() }
    }

    /// The next news; `None` when there was none in time. Threads that read at the same time take turns within their limits.
    fn next_within(&self, limit: Duration) -> Result<Option<News>, Error> {
        if self.is_in_fork() {
            return Err(Error::Forked { owner_pid: self.owner_pid });
        }
        let until = Instant::now().checked_add(limit);
        let Some(mut taken) = self.take_within(limit) else { return Ok(None) };
        let rest = until.map_or(limit, |until| until.saturating_duration_since(Instant::now()));
        taken.reader.as_mut().map_or(Ok(None), |reader| reader.next_within(rest))
    }

    fn take_within(&self, limit: Duration) -> Option<Taken<'_>> {
        let waiting = self.returned.wait_timeout_while(self.lock(), limit, |reader| reader.is_none());
        let (mut place, _) = waiting.unwrap_or_else(PoisonError::into_inner);
        place.take().map(|reader| Taken { from: self, reader: Some(reader) })
    }

    /// There a thread of the parent may hold the reader, or a lock, and never let go of it.
    fn is_in_fork(&self) -> bool {
        std::process::id() != self.owner_pid
    }

    fn lock(&self) -> MutexGuard<'_, Option<Events>> {
        self.reader.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for lk_events {
    fn drop(&mut self) {
        if self.is_in_fork() {
            let reader = self.reader.get_mut().unwrap_or_else(PoisonError::into_inner);
            std::mem::forget(reader.take());
        }
    }
}

/// Begins to read what happens in a manager, from now on.
///
/// Nothing is kept while nobody reads, so begin before what you want to hear of; then look at how things stand
/// (`lk_manager_status`), and you miss nothing. A reader that falls behind by more than `event_queue` events loses the oldest
/// and hears how many.
///
/// - `events`: where the reader goes, yours to end with `lk_events_free`, before or after the manager; NULL is put there on
///   failure.
///
/// Any thread. Does not block. Errors: `LK_STATUS_CLOSED`, `LK_STATUS_FORKED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_manager_events(manager: *const lk_manager, events: *mut *mut lk_events) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers.
        let (place, manager) = unsafe { (Place::new(events, "events")?.emptied(), lk_manager::look(manager)?) };
        place.put(give(lk_events::new(manager.events()?)));
        Ok(())
    })
}

/// Waits for the next event.
///
/// ```c
/// lk_event event = LK_EVENT_INIT;
/// while (lk_events_next(events, LK_FOREVER, &event) == LK_STATUS_OK) {
///     printf("%s: %s\n", event.cookie_id.data, lk_event_kind_name(event.kind));
///     lk_event_free(&event);
/// }
/// ```
///
/// - `timeout_ms`: milliseconds; 0 looks without waiting, `LK_FOREVER` waits until there is one or the manager is closed.
/// - `event`: where it goes; its `size` must be set. What was in it is written over, so end that first with `lk_event_free`; it
///   is empty after a failure.
///
/// `LK_STATUS_OK`: there is an event; that of the kind `LK_EVENT_KIND_LAGGED` says how many were lost before the next one.
/// `LK_STATUS_TIMED_OUT`: nothing happened in time; ask again when you like. `LK_STATUS_CLOSED`: the manager is closed, and all
/// was read; nothing comes any more.
///
/// Any thread; threads that ask the same reader at the same time take turns, each event goes to one of them. Blocks for
/// `timeout_ms` at the most. Other errors: `LK_STATUS_FORKED`, `LK_STATUS_WRONG_SIZE`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_events_next(events: *const lk_events, timeout_ms: u32, event: *mut lk_event) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers.
        let place = unsafe { GrowingPlace::new(event, "event") }?;
        place.put(lk_event::EMPTY);
        let events = look(events, "events")?;
        let limit = if timeout_ms == LK_FOREVER { Duration::MAX } else { Duration::from_millis(timeout_ms.into()) };
        match events.next_within(limit)? {
            Some(News::Event(event)) => place.put(lk_event::new(&event)),
            Some(News::Lagged(missed)) => place.put(lk_event::lagged(missed)),
            Some(News::Ended) => return Err(Error::Closed.into()),
            None => return Err(Failure::NothingHappened { timeout_ms }),
        }
        Ok(())
    })
}

/// Ends a reader; the manager goes on. NULL is fine. No other call may be under way on it. Does not block.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_events_free(events: *mut lk_events) {
    end(events);
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use livekeeper::{Config, CookieManager, Events, News};

    use super::lk_events;

    fn reader() -> (CookieManager, Events) {
        let manager = CookieManager::open(":memory:", Config::default()).unwrap();
        let reader = manager.events().unwrap();
        (manager, reader)
    }

    #[test]
    fn a_reader_that_another_thread_has_is_waited_for_within_the_limit_and_used_when_it_comes_back() {
        let (manager, reader) = reader();
        let events = lk_events::new(reader);
        let taken = events.take_within(Duration::ZERO).unwrap();
        assert_eq!(events.next_within(Duration::from_millis(1)), Ok(None));
        std::thread::scope(|scope| {
            let other = scope.spawn(|| events.next_within(Duration::MAX));
            drop(taken);
            drop(manager);
            assert_eq!(other.join().unwrap(), Ok(Some(News::Ended)));
        });
    }

    #[test]
    fn two_threads_that_wait_on_one_reader_both_end_at_their_limit() {
        let (_manager, reader) = reader();
        let events = lk_events::new(reader);
        let begun = Instant::now();
        std::thread::scope(|scope| {
            for limit in [Duration::from_millis(20), Duration::from_millis(40)] {
                let events = &events;
                scope.spawn(move || assert_eq!(events.next_within(limit), Ok(None)));
            }
        });
        assert!(begun.elapsed() >= Duration::from_millis(40), "neither gave up early");
    }
}
