//! What a helper is: its command and its limits; and how a run of it can fail.

use std::time::Duration;

use crate::error::Error;

/// A command's output, at most; more ends it.
pub(crate) const MAX_OUTPUT_BYTES: usize = 1024 * 1024;

/// A command that a session runs for one account through [`Resources::run`](crate::Resources::run): a program that drives a
/// real browser and brings back a cookie, say.
///
/// It reads its input from stdin until the end and writes its answer to stdout, 1 MiB at most; its stderr is the host's. It
/// runs in a process group of its own, with `LIVEKEEPER_HELPER` in its environment, and when it has ended, or is stopped, or
/// its time is over, whatever it has started ends with it: asked first (SIGTERM), then killed, also what has moved into a
/// group or session of its own. Out of reach are a process that has left the session, cleared its environment and lost its
/// parents, and a family that goes on forking into new sessions faster than it can be looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HelperProcess {
    pub(crate) command: Vec<String>,
    pub(crate) limit: Duration,
}

impl HelperProcess {
    /// `command`: the program, found through `PATH`, and its arguments. They can be seen by every user of the machine: a
    /// credential must not be among them. `limit`: how long a run may take; then it is stopped.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for an empty command or an argument with a NUL, and where helpers cannot be had (they need Linux).
    pub fn new(command: Vec<String>, limit: Duration) -> Result<Self, Error> {
        if !cfg!(target_os = "linux") {
            return Err(Error::invalid("cookie_helper", "needs Linux: leave it out, and give new cookies with update_cookie"));
        }
        if command.first().is_none_or(String::is_empty) {
            return Err(Error::invalid(
                "cookie_helper",
                "is empty: name a program and its arguments, e.g. [\"node\", \"refresh.js\"]",
            ));
        }
        if command.iter().any(|part| part.contains('\0')) {
            return Err(Error::invalid("cookie_helper", "holds a NUL"));
        }
        Ok(Self { command, limit })
    }
}

/// Why a run of a helper brought nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HelperFault {
    /// The operating system did not start it.
    #[error("{program:?} could not be started: {problem}")]
    NotStarted {
        /// The program.
        program: String,
        /// What the operating system said.
        problem: String,
    },
    /// The operating system has no room to start it now: no file descriptor, process or memory is left.
    #[error("the system has no room to start it now: {problem}")]
    NoRoom {
        /// What the operating system said.
        problem: String,
    },
    /// It took too long.
    #[error("it was not ready within {0:?} and was stopped")]
    TimedOut(Duration),
    /// It wrote too much.
    #[error("it wrote more than {MAX_OUTPUT_BYTES} bytes and was stopped")]
    TooMuchOutput,
    /// It ended with another status than 0.
    #[error("it ended with {0}")]
    Unsuccessful(String),
    /// The run was stopped: the account is being stopped, or nobody waits for the answer any more.
    #[error("it was stopped")]
    Stopped,
}
