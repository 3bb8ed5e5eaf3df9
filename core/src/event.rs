//! What happened, as a stream: one bounded queue, any number of readers, each of which learns how much it has missed.

use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use serde::Serialize;
use tokio::sync::broadcast::{self, error::RecvError};

use crate::call::wait_for;
use crate::capacity::CapacityItem;
use crate::error::Error;
use crate::health::{Health, HealthReason};
use crate::order::{Confirmation, Order};
use crate::runtime::on_runtime_thread;
use crate::states::{ConnectionState, Reason, ReasonCode, TaskState};
use crate::stop_report::AccountStop;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Event {
    /// When: milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// The account; empty for what concerns the whole manager.
    pub cookie_id: Arc<str>,
    /// What.
    #[serde(flatten)]
    pub kind: EventKind,
}

/// What happened. Events come on edges: a state that lasts is told once.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum EventKind {
    /// The account's state, its connection, or the reason for them is another one.
    StateChanged {
        /// How it stood before.
        old: Standing,
        /// How it stands now.
        new: Standing,
        /// Why.
        reason: Reason,
    },
    /// The account's health is another one.
    HealthChanged {
        /// How it was before.
        old: Health,
        /// How it is now.
        new: Health,
        /// What is wrong; nothing where it is well.
        reasons: Vec<HealthReason>,
    },
    /// What ran for the account was stopped: removed, disabled, replaced, restarted or closed.
    Stopped {
        /// How each stage of it ended.
        report: AccountStop,
    },
    /// A bound is near or reached, or no longer: told before calls are refused or accounts have to wait.
    CapacityChanged {
        /// What is used of it, and its bound.
        item: CapacityItem,
    },
    /// An order is new, or its status is another one. Told at least once, after it is on record: whoever delivers goods does so
    /// once for its `order_id`. What was recorded while nobody read events tells [`CookieManager::orders`](crate::CookieManager::orders).
    OrderChanged {
        /// The order as it stands.
        order: Box<Order>,
    },
    /// The confirmation of a shipment has ended: confirmed, refused, or nobody knows. Told once, and not at all if the process is killed
    /// at that moment: [`CookieManager::orders`](crate::CookieManager::orders) has it.
    ConfirmationEnded {
        /// The order.
        order_id: String,
        /// How it ended.
        confirmation: Confirmation,
    },
}

/// An account's state and connection, and the code of the reason for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[non_exhaustive]
pub struct Standing {
    /// What the task is doing.
    pub state: TaskState,
    /// What the connection is doing.
    pub connection: ConnectionState,
    /// Why.
    pub reason: ReasonCode,
}

impl EventKind {
    /// The name of the kind, as scripts see it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::StateChanged { .. } => "state_changed",
            Self::HealthChanged { .. } => "health_changed",
            Self::Stopped { .. } => "stopped",
            Self::CapacityChanged { .. } => "capacity_changed",
            Self::OrderChanged { .. } => "order_changed",
            Self::ConfirmationEnded { .. } => "confirmation_ended",
        }
    }
}

/// What a reader hears next.
#[derive(Debug, Clone, PartialEq)]
pub enum News {
    /// Something happened.
    Event(Arc<Event>),
    /// The reader was so slow that this many events were dropped before the next one.
    Lagged(u64),
    /// The manager is closed and every event has been read; nothing comes any more.
    Ended,
}

/// The way into the queue: publishing never waits, and costs next to nothing while nobody reads.
pub(crate) struct EventBus {
    bound: usize,
    /// Beside the lock, because every transition of every account looks at it.
    queue: ArcSwapOption<broadcast::Sender<Arc<Event>>>,
    is_closed: Mutex<bool>,
}

impl EventBus {
    /// `bound`: events that are kept for the slowest reader. The queue itself is made for the first reader.
    pub(crate) fn new(bound: usize) -> Arc<Self> {
        Arc::new(Self { bound, queue: ArcSwapOption::empty(), is_closed: Mutex::new(false) })
    }

    /// Adds an event for those who read now. At the bound the oldest event goes, and each reader that had not read it is told.
    pub(crate) fn publish(&self, event: impl FnOnce() -> Event) {
        if let Some(queue) = &*self.queue.load()
            && queue.receiver_count() > 0
        {
            // An error says that the last reader has just left.
            let _ = queue.send(Arc::new(event()));
        }
    }

    /// A reader of what happens from now on.
    pub(crate) fn subscribe(&self) -> Result<Events, Error> {
        let is_closed = self.lock();
        if *is_closed {
            return Err(Error::Closed);
        }
        let queue = self.queue.load_full().unwrap_or_else(|| Arc::new(broadcast::Sender::new(self.bound)));
        let receiver = queue.subscribe();
        self.queue.store(Some(queue));
        Ok(Events { receiver: Some(receiver), owner_pid: std::process::id() })
    }

    /// Events that the slowest reader has not read yet.
    pub(crate) fn depth(&self) -> usize {
        self.queue.load().as_ref().map_or(0, |queue| queue.len())
    }

    /// Ends the stream: readers hear what is left, then its end.
    pub(crate) fn close(&self) {
        *self.lock() = true;
        self.queue.store(None);
    }

    fn lock(&self) -> MutexGuard<'_, bool> {
        self.is_closed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One reader of a manager's events: it hears all that happens from the moment when it was asked for. It needs no event loop,
/// and works in any: [`Events::next`] is a future of any executor, [`Events::next_within`] blocks. Several readers do not
/// disturb each other, and none holds up an account: a reader that falls behind by more than `event_queue` events loses the
/// oldest and hears how many.
#[derive(Debug)]
pub struct Events {
    /// `None` only in a fork that drops it.
    receiver: Option<broadcast::Receiver<Arc<Event>>>,
    owner_pid: u32,
}

impl Events {
    /// The next piece of news; after [`News::Ended`] that again. Dropping the future loses nothing.
    pub async fn next(&mut self) -> News {
        let is_in_fork = self.is_in_fork();
        let Some(receiver) = self.receiver.as_mut().filter(|_| !is_in_fork) else { return News::Ended };
        match receiver.recv().await {
            Ok(event) => News::Event(event),
            Err(RecvError::Lagged(missed)) => News::Lagged(missed),
            Err(RecvError::Closed) => News::Ended,
        }
    }

    /// Blocks this thread until there is news, at most for `limit`: then `None`.
    ///
    /// # Errors
    /// [`Error::WouldDeadlock`] on a thread of livekeeper's runtime; [`Error::Forked`] in a fork, where nothing comes any more.
    pub fn next_within(&mut self, limit: Duration) -> Result<Option<News>, Error> {
        if self.is_in_fork() {
            return Err(Error::Forked { owner_pid: self.owner_pid });
        }
        if on_runtime_thread() {
            return Err(Error::WouldDeadlock);
        }
        Ok(wait_for(pin!(self.next()), limit))
    }

    fn is_in_fork(&self) -> bool {
        std::process::id() != self.owner_pid
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        if self.is_in_fork() {
            // A thread of the parent may have held the queue's lock when it forked: nobody here would ever give it back.
            std::mem::forget(self.receiver.take());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::{Event, EventBus, EventKind, News};
    use crate::error::Error;
    use crate::health::Health;

    fn event(at_ms: i64) -> Event {
        let kind = EventKind::HealthChanged { old: Health::Ok, new: Health::Down, reasons: Vec::new() };
        Event { at_ms, cookie_id: "1".into(), kind }
    }

    fn at(news: Option<News>) -> i64 {
        match news {
            Some(News::Event(event)) => event.at_ms,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn each_reader_hears_all_that_happens_from_its_beginning_and_then_the_end() {
        let bus = EventBus::new(16);
        bus.publish(|| event(0));
        let mut first = bus.subscribe().unwrap();
        bus.publish(|| event(1));
        let mut second = bus.subscribe().unwrap();
        bus.publish(|| event(2));
        bus.close();
        assert_eq!((at(first.next_within(Duration::MAX).unwrap()), at(first.next_within(Duration::MAX).unwrap())), (1, 2));
        assert_eq!(at(second.next_within(Duration::MAX).unwrap()), 2);
        for reader in [&mut first, &mut second] {
            assert_eq!(reader.next_within(Duration::MAX), Ok(Some(News::Ended)));
            assert_eq!(reader.next_within(Duration::MAX), Ok(Some(News::Ended)));
        }
        assert_eq!(bus.subscribe().map(drop), Err(Error::Closed));
    }

    #[test]
    fn a_host_that_reads_nothing_costs_a_bounded_queue_and_learns_how_much_it_lost() {
        let bus = EventBus::new(16);
        let mut reader = bus.subscribe().unwrap();
        let kept: Vec<Arc<Event>> = (0..10_000).map(|at_ms| Arc::new(event(at_ms))).collect();
        for event in &kept {
            bus.publish(|| Event::clone(event));
        }
        assert_eq!(bus.depth(), 16);
        assert_eq!(reader.next_within(Duration::MAX), Ok(Some(News::Lagged(9_984))));
        assert_eq!(at(reader.next_within(Duration::MAX).unwrap()), 9_984);
    }

    #[test]
    fn a_wait_without_news_ends_at_its_limit_and_loses_nothing() {
        let bus = EventBus::new(16);
        let mut reader = bus.subscribe().unwrap();
        assert_eq!(reader.next_within(Duration::from_millis(1)), Ok(None));
        let other = Arc::clone(&bus);
        let thread = std::thread::spawn(move || other.publish(|| event(7)));
        assert_eq!(at(reader.next_within(Duration::MAX).unwrap()), 7);
        thread.join().unwrap();
    }

    #[test]
    fn nothing_is_built_while_nobody_reads() {
        let bus = EventBus::new(16);
        bus.publish(|| panic!("built"));
        drop(bus.subscribe().unwrap());
        bus.publish(|| panic!("built"));
    }
}
