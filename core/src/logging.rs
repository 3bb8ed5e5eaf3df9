//! What the library logs, for a host without a `tracing` subscriber of its own: a bounded queue of finished records, which one of the
//! host's threads reads. Nothing of the host's runs where something is logged.

use std::cell::Cell;
use std::collections::VecDeque;
use std::process;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata, Subscriber, callsite};

use crate::error::Error;
use record::Fields;

mod record;

/// Records not read yet; at the bound the oldest are lost, and counted.
const QUEUE: usize = 10_000;

/// How grave a record is, or down to which level records are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
#[non_exhaustive]
pub enum LogLevel {
    /// Nothing; only as a filter.
    Off,
    /// Something is broken.
    Error,
    /// Something went wrong that the library gets over, or that a person should know.
    Warn,
    /// What happens in the large.
    Info,
    /// What happens in detail.
    Debug,
    /// Everything.
    Trace,
}

/// One thing that was logged. It holds no credential.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct LogRecord {
    /// How grave it is.
    pub level: LogLevel,
    /// Where it comes from, such as `livekeeper::live::outbox`.
    pub target: &'static str,
    /// The source file and line, where they are known.
    pub place: Option<(&'static str, u32)>,
    /// When it was logged, by the system's clock.
    pub at: SystemTime,
    /// The account that it is about, where it is about one.
    pub cookie_id: Option<String>,
    /// A sentence, and after it the particulars as `name=value`. One line of at most 4,000 bytes.
    pub message: String,
}

/// What a look at the log brought.
#[derive(Debug, Default)]
pub struct LogBatch {
    /// The oldest records, in their order.
    pub records: Vec<LogRecord>,
    /// How many were lost before these, because nobody read them in time.
    pub lost: u64,
    /// Whether nothing more will come: this reader is closed, or another took its place, and everything was read.
    pub is_over: bool,
}

/// The one reader of this process's log. When it is dropped, nothing is collected any more.
pub struct LogReader(Arc<Queue>);

impl LogReader {
    /// Collects what is logged from now on, down to `level`: at most 10,000 records, then the oldest are lost and counted. A process has
    /// one reader: a later one takes the place of the earlier, which is then over. Does not block.
    ///
    /// After a fork the child opens its own.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] where the program has a `tracing` subscriber of its own: it gets the records then.
    pub fn open(level: LogLevel) -> Result<Self, Error> {
        static IS_INSTALLED: OnceLock<bool> = OnceLock::new();
        if !*IS_INSTALLED.get_or_init(|| tracing::subscriber::set_global_default(Collector).is_ok()) {
            return Err(Error::InvalidArgument { field: "log", problem: TAKEN.to_owned() });
        }
        let reader = Self(Arc::new(Queue::new()));
        let earlier = SINK.swap(Arc::clone(&reader.0));
        if earlier.is_of_this_process() {
            earlier.close();
        }
        reader.set_level(level);
        Ok(reader)
    }

    /// Collects down to this level from now on. What is below costs a comparison where it would be logged. Does not block.
    pub fn set_level(&self, level: LogLevel) {
        if self.is_current() && LEVEL.swap(level as u8, Ordering::Relaxed) != level as u8 {
            callsite::rebuild_interest_cache();
        }
    }

    /// Waits at most for `limit` until there is something, and takes at most `count` records. In the child of a fork it is over.
    pub fn next_batch(&self, count: usize, limit: Duration) -> LogBatch {
        match self.0.is_of_this_process() {
            true => self.0.take(count, limit),
            false => LogBatch { is_over: true, ..LogBatch::default() },
        }
    }

    /// What this thread logs is left out from now on: for one that hands records to a host, whose own calls would else be logged, handed
    /// over, and logged again.
    pub fn mute_this_thread() {
        IS_MUTED.set(true);
    }

    /// Ends it: nothing is collected any more, and whoever waits is told at once. What is there can still be read. Does not block.
    pub fn close(&self) {
        self.set_level(LogLevel::Off);
        if self.0.is_of_this_process() {
            self.0.close();
        }
    }

    fn is_current(&self) -> bool {
        self.0.is_of_this_process() && Arc::ptr_eq(&SINK.load(), &self.0)
    }
}

impl Drop for LogReader {
    fn drop(&mut self) {
        self.close();
    }
}

const TAKEN: &str = "this program has a tracing subscriber of its own, which gets the records: read them there";

thread_local! {
    static IS_MUTED: Cell<bool> = const { Cell::new(false) };
}

/// Where records go.
static SINK: LazyLock<ArcSwap<Queue>> = LazyLock::new(|| ArcSwap::from_pointee(Queue::new()));
/// Down to which `LogLevel` they are wanted.
static LEVEL: AtomicU8 = AtomicU8::new(LogLevel::Off as u8);

/// Records on their way to the reader.
struct Queue {
    /// In a fork the lock may be held by a thread that is not there, so the child leaves it alone.
    owner_pid: u32,
    waiting: Mutex<Waiting>,
    is_worth_a_look: Condvar,
}

#[derive(Default)]
struct Waiting {
    records: VecDeque<LogRecord>,
    lost: u64,
    is_closed: bool,
}

impl Queue {
    fn new() -> Self {
        Self { owner_pid: process::id(), waiting: Mutex::default(), is_worth_a_look: Condvar::new() }
    }

    fn is_of_this_process(&self) -> bool {
        process::id() == self.owner_pid
    }

    fn put(&self, record: LogRecord) {
        let mut waiting = self.lock();
        if waiting.is_closed {
            return;
        }
        if waiting.records.len() == QUEUE {
            waiting.records.pop_front();
            waiting.lost += 1;
        }
        waiting.records.push_back(record);
        drop(waiting);
        self.is_worth_a_look.notify_one();
    }

    fn take(&self, count: usize, limit: Duration) -> LogBatch {
        let has_nothing = |waiting: &mut Waiting| waiting.records.is_empty() && !waiting.is_closed;
        let waited = self.is_worth_a_look.wait_timeout_while(self.lock(), limit, has_nothing);
        let (mut waiting, _) = waited.unwrap_or_else(PoisonError::into_inner);
        let count = count.min(waiting.records.len());
        let records = waiting.records.drain(..count).collect();
        let is_over = waiting.is_closed && waiting.records.is_empty();
        LogBatch { records, lost: std::mem::take(&mut waiting.lost), is_over }
    }

    fn close(&self) {
        self.lock().is_closed = true;
        self.is_worth_a_look.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The library's own subscriber: it makes records of events, and has no use for spans.
struct Collector;

impl Subscriber for Collector {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        // Asked anew when the level changes.
        if self.enabled(metadata) { Interest::always() } else { Interest::never() }
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && is_ours(metadata.target()) && *metadata.level() <= wanted()
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(wanted())
    }

    fn event(&self, event: &Event<'_>) {
        let queue = SINK.load();
        if !queue.is_of_this_process() || IS_MUTED.get() {
            return;
        }
        let metadata = event.metadata();
        let (cookie_id, message) = Fields::of(event);
        let place = metadata.file().zip(metadata.line());
        let level = level_of(*metadata.level());
        queue.put(LogRecord { level, target: metadata.target(), place, at: SystemTime::now(), cookie_id, message });
    }

    fn new_span(&self, _span: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _span: &Id, _values: &Record<'_>) {}

    fn record_follows_from(&self, _span: &Id, _follows: &Id) {}

    fn enter(&self, _span: &Id) {}

    fn exit(&self, _span: &Id) {}
}

/// What other crates log may hold what passes through them.
fn is_ours(target: &str) -> bool {
    target == "livekeeper" || target.starts_with("livekeeper::")
}

fn wanted() -> LevelFilter {
    match LEVEL.load(Ordering::Relaxed) {
        level if level == LogLevel::Off as u8 => LevelFilter::OFF,
        level if level == LogLevel::Error as u8 => LevelFilter::ERROR,
        level if level == LogLevel::Warn as u8 => LevelFilter::WARN,
        level if level == LogLevel::Info as u8 => LevelFilter::INFO,
        level if level == LogLevel::Debug as u8 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    }
}

fn level_of(level: Level) -> LogLevel {
    match level {
        Level::ERROR => LogLevel::Error,
        Level::WARN => LogLevel::Warn,
        Level::INFO => LogLevel::Info,
        Level::DEBUG => LogLevel::Debug,
        Level::TRACE => LogLevel::Trace,
    }
}

#[cfg(test)]
mod tests;
