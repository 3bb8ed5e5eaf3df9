//! A function of the host's that gets the library's log.
//!
//! What logs is anywhere in the library, and has no manager at hand: so this is one for the process, as `tracing` has it.

use std::ffi::c_void;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use livekeeper::{Error, LogLevel, LogReader, LogRecord, on_runtime_thread};

use crate::cookie_provider::lk_free_user_data;
use crate::error::{Failure, lk_status};
use crate::guard::guard;
use crate::host_function::UserData;
use crate::life::Life;
use crate::text::{Text, lk_str};

/// Lines that are taken from the log at once.
const BATCH: usize = 256;
/// The longest wait for a line; it is begun anew.
const STEP: Duration = Duration::from_secs(60);
const OWN_TARGET: &str = "livekeeper";

static HOOK: ArcSwapOption<Hook> = ArcSwapOption::const_empty();

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

const LEVELS: [(lk_log_level, LogLevel); 5] = [
    (lk_log_level::Error, LogLevel::Error),
    (lk_log_level::Warn, LogLevel::Warn),
    (lk_log_level::Info, LogLevel::Info),
    (lk_log_level::Debug, LogLevel::Debug),
    (lk_log_level::Trace, LogLevel::Trace),
];

/// Gets a line of the library's log: see `lk_set_log_hook`. `target` is the part of the library that says it; both texts are valid
/// until the function returns.
pub type lk_log_hook = Option<unsafe extern "C" fn(user_data: *mut c_void, level: lk_log_level, target: lk_str, message: lk_str)>;

/// Has a function of yours get the library's log, of all managers of this process, in the place of an earlier one. No line holds a
/// cookie, a token or a password.
///
/// - `function`: the function; NULL takes an earlier one away. It is called on a thread of the library's that is there for it, one line
///   after the other, with no lock held, and may call every function of the interface; what that logs on this very thread is left
///   out. While it is slow, 10,000 lines wait; then the oldest are lost, and a line says how many. It must return: an exception of C++
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
/// `LK_STATUS_INVALID_ARGUMENT` for a level that is none, and in a program of Rust's that has a `tracing` subscriber of its own;
/// `LK_STATUS_RUNTIME_UNAVAILABLE`, `LK_STATUS_WOULD_DEADLOCK`.
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
        // An earlier function gets what was logged before, and nothing of what comes now.
        replace(None);
        let hook = Hook::start(LogReader::open(level)?, move |level, target, message| {
            let (target, message) = (Text::new(target.to_owned()), Text::new(message));
            // SAFETY: the header's contract on the function; what it is lent lives until it returns.
            unsafe { function(user_data.pointer(), level, target.lend(), message.lend()) };
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
    before.reader.close();
    before.life.wait();
}

fn level_of(level: LogLevel) -> lk_log_level {
    LEVELS.iter().find(|row| row.1 == level).map_or(lk_log_level::Trace, |row| row.0)
}

struct Hook {
    reader: Arc<LogReader>,
    life: Arc<Life>,
    pid: u32,
}

impl Hook {
    fn start(reader: LogReader, call: impl FnMut(lk_log_level, &str, String) + Send + 'static) -> Result<Arc<Self>, Error> {
        let (reader, life) = (Arc::new(reader), Arc::<Life>::default());
        let (reader_there, life_there) = (Arc::clone(&reader), Arc::clone(&life));
        let thread = std::thread::Builder::new().name("livekeeper-log".to_owned());
        let unavailable = |problem: std::io::Error| Error::RuntimeUnavailable { problem: problem.to_string() };
        thread.spawn(move || run(&reader_there, &life_there, call)).map_err(unavailable)?;
        Ok(Arc::new(Self { reader, life, pid: std::process::id() }))
    }
}

fn run(reader: &LogReader, life: &Life, call: impl FnMut(lk_log_level, &str, String)) {
    LogReader::mute_this_thread();
    // Across the rounds: a panic costs one line, and not those that were taken from the log with it.
    let (mut records, mut is_over) = (Vec::new().into_iter(), false);
    life.run(call, |call| {
        if let Some(LogRecord { level, target, message, .. }) = records.next() {
            call(level_of(level), target, message);
        } else if is_over {
            return ControlFlow::Break(());
        } else {
            let batch = reader.next_batch(BATCH, STEP);
            (records, is_over) = (batch.records.into_iter(), batch.is_over);
            if batch.lost > 0 {
                let message = format!("{} lines of the log were lost: the log hook is too slow", batch.lost);
                call(lk_log_level::Warn, OWN_TARGET, message);
            }
        }
        ControlFlow::Continue(())
    });
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use livekeeper::{LogLevel, LogReader};

    use super::run;
    use crate::guard::guard_rounds;
    use crate::life::Life;

    #[test]
    fn a_thread_that_is_given_up_says_so_and_a_panic_in_the_hook_costs_one_line() {
        let reader = LogReader::open(LogLevel::Error).unwrap();
        for number in 0..5 {
            tracing::error!(target: "livekeeper", number, "a test's own");
        }
        let fallen = std::thread::Builder::new().name("fallen".to_owned());
        fallen.spawn(|| guard_rounds(|| -> ControlFlow<()> { panic!("a test's own") })).unwrap().join().unwrap();
        reader.close();
        let mut lines = Vec::new();
        run(&reader, &Life::default(), |_, _, line| {
            lines.push(line.clone());
            assert!(!line.contains("number=2"), "a test's own");
        });
        for wanted in ["number=0", "number=1", "number=2", "number=3", "number=4", "fallen"] {
            assert!(lines.iter().any(|line| line.contains(wanted)), "{wanted}: {lines:?}");
        }
    }
}
