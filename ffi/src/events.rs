//! A reader of a manager's events.

use std::ffi::c_int;
use std::future::Future;
use std::panic::resume_unwind;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use livekeeper::{Error, Events, News, on_runtime_thread};

use crate::bell::Bell;
use crate::error::{Failure, lk_status};
use crate::event::lk_event;
use crate::guard::{catch_awaited, guard};
use crate::manager::lk_manager;
use crate::pointer::{Handle, Place, end, give, look};
use crate::sized::GrowingPlace;

/// A `timeout_ms` that never runs out.
pub const LK_FOREVER: u32 = u32::MAX;

/// A `timeout_ms` as core has it.
pub(crate) fn limit_of(timeout_ms: u32) -> Duration {
    if timeout_ms == LK_FOREVER { Duration::MAX } else { Duration::from_millis(timeout_ms.into()) }
}

/// A reader of what happens in a manager, over all its accounts. Yours: end it with `lk_events_free`. Several readers do not
/// disturb each other, each hears everything, and none holds up an account.
pub struct lk_events {
    reading: Mutex<Reading>,
    /// Rung when something happens after nothing was left to read.
    bell: Arc<Bell>,
    owner_pid: u32,
}

impl Handle for lk_events {}

struct Reading {
    /// `None` only in a fork that drops it.
    listening: Option<Listening>,
    /// Read already, for the sake of the descriptor: it is readable while something is left, and only a look tells.
    ahead: Option<News>,
}

/// The reader, waiting for its next news, or for the message of a panic.
type Listening = Pin<Box<dyn Future<Output = (Events, Result<News, String>)> + Send>>;

fn listen(mut events: Events) -> Listening {
    Box::pin(async move {
        let news = catch_awaited(events.next()).await;
        (events, news)
    })
}

impl Reading {
    /// The next news where it is there; else the waker is told when it is.
    fn poll(&mut self, waker: &Waker) -> Option<News> {
        let listening = self.listening.as_mut()?;
        let Poll::Ready((events, news)) = listening.as_mut().poll(&mut Context::from_waker(waker)) else { return None };
        // Also after a panic, which goes on from here: what has panicked must not be polled again.
        *listening = listen(events);
        Some(news.unwrap_or_else(|problem| resume_unwind(Box::new(problem))))
    }
}

impl lk_events {
    pub(crate) fn new(events: Events) -> Self {
        let reading = Reading { listening: Some(listen(events)), ahead: None };
        Self { reading: Mutex::new(reading), bell: Arc::default(), owner_pid: std::process::id() }
    }

    /// The next news; `None` when there was none in time.
    pub(crate) fn next_within(&self, limit: Duration) -> Result<Option<News>, Error> {
        self.next_unless(|| false, limit)
    }

    /// The same, and `None` too as soon as `is_stopped` says so after [`lk_events::wake`].
    pub(crate) fn next_unless(&self, is_stopped: impl Fn() -> bool, limit: Duration) -> Result<Option<News>, Error> {
        self.check_fork()?;
        if on_runtime_thread() {
            return Err(Error::WouldDeadlock);
        }
        let until = Instant::now().checked_add(limit);
        loop {
            let times = self.bell.times();
            if is_stopped() {
                return Ok(None);
            }
            if let Some(news) = self.take() {
                return Ok(Some(news));
            }
            if !self.bell.wait_beyond(times, until) {
                return Ok(None);
            }
        }
    }

    /// Has those who wait look again.
    pub(crate) fn wake(&self) {
        self.bell.ring();
    }

    /// A descriptor that is readable while there is news.
    pub(crate) fn descriptor(&self) -> Result<c_int, Failure> {
        self.check_fork()?;
        let unavailable = |problem: std::io::Error| Error::RuntimeUnavailable { problem: problem.to_string() };
        let descriptor = self.bell.descriptor().map_err(unavailable)?;
        self.look_ahead(&mut self.lock());
        Ok(descriptor)
    }

    fn take(&self) -> Option<News> {
        let mut reading = self.lock();
        // First: what happens from here on raises it again.
        self.bell.lower();
        let news = reading.ahead.take().or_else(|| reading.poll(&self.waker()));
        if self.bell.has_descriptor() {
            self.look_ahead(&mut reading);
        }
        news
    }

    /// The descriptor is readable if there is something more, and the bell rings for what comes later.
    fn look_ahead(&self, reading: &mut Reading) {
        if reading.ahead.is_none() {
            reading.ahead = reading.poll(&self.waker());
        }
        if reading.ahead.is_some() {
            self.bell.raise();
        }
    }

    fn waker(&self) -> Waker {
        Waker::from(Arc::clone(&self.bell))
    }

    /// There a thread of the parent may hold a lock, and never let go of it.
    fn check_fork(&self) -> Result<(), Error> {
        if std::process::id() == self.owner_pid { Ok(()) } else { Err(Error::Forked { owner_pid: self.owner_pid }) }
    }

    fn lock(&self) -> MutexGuard<'_, Reading> {
        self.reading.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for lk_events {
    fn drop(&mut self) {
        if self.check_fork().is_err() {
            let reading = self.reading.get_mut().unwrap_or_else(PoisonError::into_inner);
            std::mem::forget(reading.listening.take());
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
        // SAFETY: the header's contract on structs.
        let place = unsafe { EventPlace::new(event) }?;
        let events = look(events, "events")?;
        place.fill(&events, timeout_ms)
    })
}

/// A file descriptor that is readable as long as the reader has something to tell: for poll, select, epoll or kqueue, level-triggered.
/// No news is missed, however late you look.
///
/// When it is readable, call `lk_events_next` with a timeout of 0, once or until it answers `LK_STATUS_TIMED_OUT`; that makes the
/// descriptor unreadable. Never read from it, write to it or close it: on Linux it is an eventfd, on other systems the
/// reading end of a pipe. It is made by the first call, always the same, closed on exec, and valid until the reader is freed. When the manager is closed it stays readable, and `lk_events_next` answers
/// `LK_STATUS_CLOSED`: take it out of your poll then.
///
/// - `fd`: where it goes; -1 is put there on failure.
///
/// Any thread. Does not block. Errors: `LK_STATUS_FORKED`, `LK_STATUS_RUNTIME_UNAVAILABLE` where the process may open no more files.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_events_fd(events: *const lk_events, fd: *mut c_int) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers.
        let place = unsafe { Place::new(fd, "fd") }?;
        place.put(-1);
        place.put(look(events, "events")?.descriptor()?);
        Ok(())
    })
}

/// The next event of the manager's own reader: `lk_events_next` without a reader to make and to free. The reader begins with the first
/// call of this or `lk_manager_event_fd`, and hears what happens from then on; from then on, too, it keeps what is not read,
/// `event_queue` events at the most.
///
/// - `timeout_ms`: milliseconds; 0 looks without waiting, `LK_FOREVER` waits until there is one or the manager is closed.
/// - `event`: where it goes, as with `lk_events_next`; its `size` must be set.
///
/// Any thread; of several that ask, each event goes to one. Blocks for `timeout_ms` at the most. Errors: `LK_STATUS_TIMED_OUT`,
/// `LK_STATUS_CLOSED` when the manager is closed and all was read, `LK_STATUS_FORKED`, `LK_STATUS_WRONG_SIZE`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_manager_next_event(manager: *const lk_manager, timeout_ms: u32, event: *mut lk_event) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on structs.
        let place = unsafe { EventPlace::new(event) }?;
        place.fill(lk_manager::look(manager)?.own_reader()?, timeout_ms)
    })
}

/// A file descriptor that is readable while `lk_manager_next_event` has something to tell: for poll, select, epoll or kqueue,
/// level-triggered; on Linux an eventfd, else the end of a pipe. All else is as with `lk_events_fd`; it is valid until the manager is
/// freed.
///
/// - `fd`: where it goes; -1 is put there on failure.
///
/// Any thread. Does not block. Errors: `LK_STATUS_CLOSED`, `LK_STATUS_FORKED`, `LK_STATUS_RUNTIME_UNAVAILABLE` where the process may
/// open no more files.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_manager_event_fd(manager: *const lk_manager, fd: *mut c_int) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers.
        let place = unsafe { Place::new(fd, "fd") }?;
        place.put(-1);
        place.put(lk_manager::look(manager)?.own_reader()?.descriptor()?);
        Ok(())
    })
}

/// An event of C's that the next news goes to.
struct EventPlace(GrowingPlace<lk_event>);

impl EventPlace {
    /// # Safety
    /// As for [`GrowingPlace::new`].
    unsafe fn new(event: *mut lk_event) -> Result<Self, Failure> {
        // SAFETY: the caller's promise.
        let place = unsafe { GrowingPlace::new(event, "event") }?;
        place.put(lk_event::EMPTY);
        Ok(Self(place))
    }

    fn fill(&self, events: &lk_events, timeout_ms: u32) -> Result<(), Failure> {
        match events.next_within(limit_of(timeout_ms))? {
            Some(News::Event(event)) => self.0.put(lk_event::new(&event)),
            Some(News::Lagged(missed)) => self.0.put(lk_event::lagged(missed)),
            Some(News::Ended) => return Err(Error::Closed.into()),
            None => return Err(Failure::NothingHappened { timeout_ms }),
        }
        Ok(())
    }
}

/// Ends a reader; the manager goes on. NULL is fine. Any thread. Does not block.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_events_free(events: *mut lk_events) {
    end(events);
}

#[cfg(test)]
mod tests {
    use std::os::fd::BorrowedFd;
    use std::time::{Duration, Instant};

    use livekeeper::{Config, CookieManager, News};
    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    use super::lk_events;
    use crate::guard::{catch, catch_awaited};

    fn reader() -> (CookieManager, lk_events) {
        let manager = CookieManager::open(":memory:", Config::default()).unwrap();
        let reader = lk_events::new(manager.events().unwrap());
        (manager, reader)
    }

    fn is_readable_within(reader: &lk_events, limit_s: i64) -> bool {
        // SAFETY: it lives as long as the reader.
        let descriptor = unsafe { BorrowedFd::borrow_raw(reader.descriptor().unwrap()) };
        let mut polled = [PollFd::from_borrowed_fd(descriptor, PollFlags::IN)];
        poll(&mut polled, Some(&Timespec { tv_sec: limit_s, tv_nsec: 0 })).unwrap() == 1
    }

    #[test]
    fn several_threads_that_wait_on_one_reader_all_hear_its_end() {
        let (manager, reader) = reader();
        std::thread::scope(|scope| {
            let waiting: Vec<_> = (0..3).map(|_| scope.spawn(|| reader.next_within(Duration::MAX))).collect();
            drop(manager);
            for thread in waiting {
                assert_eq!(thread.join().unwrap(), Ok(Some(News::Ended)));
            }
        });
    }

    #[test]
    fn two_threads_that_wait_on_one_reader_both_end_at_their_limit() {
        let (_manager, events) = reader();
        let begun = Instant::now();
        std::thread::scope(|scope| {
            for limit in [Duration::from_millis(20), Duration::from_millis(40)] {
                let events = &events;
                scope.spawn(move || assert_eq!(events.next_within(limit), Ok(None)));
            }
        });
        assert!(begun.elapsed() >= Duration::from_millis(40), "neither gave up early");
    }

    #[test]
    fn a_panic_while_it_is_polled_is_passed_on_once_and_the_reader_goes_on() {
        let (manager, events) = reader();
        let ahead = manager.events().unwrap();
        events.lock().listening = Some(Box::pin(async { (ahead, catch_awaited(async { panic!("a test's own") }).await) }));
        assert_eq!(catch(|| events.next_within(Duration::ZERO)), Err("a test's own".to_owned()));
        assert_eq!(events.next_within(Duration::ZERO), Ok(None));
        drop(manager);
        assert_eq!(events.next_within(Duration::MAX), Ok(Some(News::Ended)));
    }

    #[test]
    fn the_descriptor_is_readable_for_what_had_happened_before_it_was_made_and_until_all_is_read() {
        let (manager, reader) = reader();
        manager.close(1.0).wait().unwrap();
        assert!(is_readable_within(&reader, 60));
        while reader.next_within(Duration::ZERO) != Ok(Some(News::Ended)) {}
        assert!(is_readable_within(&reader, 0), "the end is told as often as one asks");
    }
}
