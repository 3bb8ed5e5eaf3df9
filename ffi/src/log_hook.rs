//! A function of the host's that gets the library's log.
//!
//! What logs is anywhere in the library, and has no manager at hand: so this is one for the process, as `tracing` has it.

use std::cell::Cell;
use std::ffi::c_void;
use std::fmt::{Debug, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwapOption;
use livekeeper::{Error, on_runtime_thread};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata, Subscriber};

use crate::cookie_provider::lk_free_user_data;
use crate::error::{Failure, lk_status};
use crate::guard::guard;
use crate::host_function::UserData;
use crate::life::Life;
use crate::text::{Text, lk_str};

/// Lines that wait for the function, at most; a further one is dropped, and a line says how many were.
const MOST_LINES: usize = 1_024;
/// Only what is logged here is known to hold no credential.
const OWN_TARGET: &str = "livekeeper";

static HOOK: ArcSwapOption<Hook> = ArcSwapOption::const_empty();

thread_local! {
    /// What the hook's own thread logs would call the hook again, and again.
    static IS_HOOK: Cell<bool> = const { Cell::new(false) };
}

/// How much a line of the log matters. The numbers are permanent.
#[repr(u32)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum lk_log_level {
    /// Something is lost or broken: a person should look.
    Error = 1,
    /// Something is not as it should be, and the library goes on.
    Warn = 2,
    /// What a person may want to read afterwards.
    Info = 3,
    /// What helps to find a fault.
    Debug = 4,
    /// Every step.
    Trace = 5,
}

const LEVELS: [(lk_log_level, Level); 5] = [
    (lk_log_level::Error, Level::ERROR),
    (lk_log_level::Warn, Level::WARN),
    (lk_log_level::Info, Level::INFO),
    (lk_log_level::Debug, Level::DEBUG),
    (lk_log_level::Trace, Level::TRACE),
];

/// Gets a line of the library's log: see `lk_set_log_hook`. `target` is the part of the library that says it; both texts are valid
/// until the function returns.
pub type lk_log_hook = Option<unsafe extern "C" fn(user_data: *mut c_void, level: lk_log_level, target: lk_str, message: lk_str)>;

/// Has a function of yours get the library's log, of all managers of this process, in the place of an earlier one. No line holds a
/// cookie, a token or a password.
///
/// - `function`: the function; NULL takes an earlier one away. It is called on a thread of the library's that is there for it, one line
///   after the other, with no lock held, and may call every function of the interface; what that logs on this very thread is left
///   out. While it is slow, 1,024 lines wait; what comes then is dropped, and a line says how much. It must return: an exception of C++
///   or a longjmp out of it ends the process.
/// - `level`: an `lk_log_level`; what matters less is left out. Of no meaning where `function` is NULL.
/// - `user_data`: handed to each call; may be NULL.
/// - `free_user_data`: ends `user_data`; NULL: nothing is to be ended. It is called exactly once, after the last call of the function,
///   when it was replaced or taken away; at once where this call fails, or `function` is NULL.
///
/// When this returns, the earlier function has got every line that was logged before, no call of it runs any more, and its data is ended.
/// Called from inside that function, it does not wait.
///
/// Any thread; do not hold a lock that the earlier function takes. Blocks until the earlier function has returned. Errors:
/// `LK_STATUS_INVALID_ARGUMENT` for a level that is none, `LK_STATUS_RUNTIME_UNAVAILABLE`, `LK_STATUS_WOULD_DEADLOCK`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_set_log_hook(
    function: lk_log_hook,
    level: u32,
    user_data: *mut c_void,
    free_user_data: lk_free_user_data,
) -> lk_status {
    // First of all: whatever comes of the call, it is ended.
    let user_data = UserData::new(user_data, free_user_data);
    guard(move || {
        if on_runtime_thread() {
            return Err(Error::WouldDeadlock.into());
        }
        let Some(function) = function else {
            replace(None);
            return Ok(());
        };
        let allowed = || Failure::invalid("level", format!("is {level}, allowed is 1 (error) … 5 (trace)"));
        let level = LEVELS.iter().find(|row| row.0 as u32 == level).ok_or_else(allowed)?.1;
        subscribe()?;
        let hook = Hook::start(level, move |line| {
            let (target, message) = (Text::new(line.target.to_owned()), Text::new(line.message));
            // SAFETY: the header's contract on the function; what it is lent lives until it returns.
            unsafe { function(user_data.pointer(), level_of(line.level), target.lend(), message.lend()) };
        })?;
        replace(Some(hook));
        Ok(())
    })
}

/// Puts another in the place of the one that is there, and waits until that one calls nothing any more.
fn replace(hook: Option<Arc<Hook>>) {
    let Some(before) = HOOK.swap(hook) else { return };
    if before.pid != std::process::id() {
        // Its thread is the parent's, and may hold its locks.
        std::mem::forget(before);
        return;
    }
    let life = Arc::clone(&before.life);
    // Its thread ends when nobody can hand it a line any more.
    drop(before);
    life.wait();
}

/// From here on what is logged is looked at. Before the first hook, it costs nothing.
fn subscribe() -> Result<(), Failure> {
    static SUBSCRIBED: OnceLock<bool> = OnceLock::new();
    let is_ours = SUBSCRIBED.get_or_init(|| tracing::subscriber::set_global_default(Lines).is_ok());
    let problem = || "another subscriber gets this process's log already".to_owned();
    if *is_ours { Ok(()) } else { Err(Error::RuntimeUnavailable { problem: problem() }.into()) }
}

fn level_of(level: Level) -> lk_log_level {
    LEVELS.iter().find(|row| row.1 == level).map_or(lk_log_level::Trace, |row| row.0)
}

struct Hook {
    level: Level,
    lines: SyncSender<Line>,
    missed: Arc<AtomicU64>,
    life: Arc<Life>,
    pid: u32,
}

struct Line {
    level: Level,
    target: &'static str,
    message: String,
}

impl Hook {
    fn start(level: Level, call: impl FnMut(Line) + Send + 'static) -> Result<Arc<Self>, Error> {
        let (lines, waiting) = sync_channel(MOST_LINES);
        let (missed, life) = (Arc::<AtomicU64>::default(), Arc::<Life>::default());
        let (missed_there, life_there) = (Arc::clone(&missed), Arc::clone(&life));
        let thread = std::thread::Builder::new().name("livekeeper-log".to_owned());
        let unavailable = |problem: std::io::Error| Error::RuntimeUnavailable { problem: problem.to_string() };
        thread.spawn(move || run(&waiting, &missed_there, &life_there, call)).map_err(unavailable)?;
        Ok(Arc::new(Self { level, lines, missed, life, pid: std::process::id() }))
    }
}

fn run(waiting: &Receiver<Line>, missed: &AtomicU64, life: &Life, mut call: impl FnMut(Line)) {
    IS_HOOK.set(true);
    life.begin();
    guard(|| {
        for line in waiting {
            call(line);
            let missed = missed.swap(0, Ordering::Relaxed);
            if missed > 0 {
                let message = format!("{missed} lines of the log were dropped: the log hook is too slow");
                call(Line { level: Level::WARN, target: OWN_TARGET, message });
            }
        }
        Ok(())
    });
    // Before its end is told: whoever waits for that may count on it.
    guard(|| {
        drop(call);
        Ok(())
    });
    life.end();
}

/// Hands lines to the hook of the moment.
struct Lines;

impl Subscriber for Lines {
    /// Asked each time: the hook, and with it the level, may be another one.
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if metadata.target().starts_with(OWN_TARGET) { Interest::sometimes() } else { Interest::never() }
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        HOOK.load().as_ref().is_some_and(|hook| *metadata.level() <= hook.level) && !IS_HOOK.get()
    }

    fn event(&self, event: &Event<'_>) {
        let Some(hook) = &*HOOK.load() else { return };
        let mut words = Words::default();
        event.record(&mut words);
        let metadata = event.metadata();
        let line = Line { level: *metadata.level(), target: metadata.target(), message: words.message + &words.fields };
        if hook.lines.try_send(line).is_err() {
            hook.missed.fetch_add(1, Ordering::Relaxed);
        }
    }

    // Spans are not told.
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// An event as one line: its sentence, and its fields after it.
#[derive(Default)]
struct Words {
    message: String,
    fields: String,
}

impl Visit for Words {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        // Writing to a String does not fail.
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.fields, " {name}={value:?}"),
        };
    }
}
