//! A command of the host's that runs for one account: input on stdin, output on stdout, and nothing of it left behind.
//!
//! One thread stands guard over one command from its start to its end ([`guard`]); what has left the command's process group
//! is found by the marker in its environment and by its ancestors ([`family`]). A signal goes only through a process group
//! whose leader is not yet reaped, or through a pidfd: never to a number that may by now be a stranger's.
//!
//! It needs Linux 5.3 or later; elsewhere a helper is refused when the manager is opened.

#[cfg(target_os = "linux")]
mod family;
#[cfg(target_os = "linux")]
mod guard;
mod process;

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests;

#[cfg(target_os = "linux")]
pub(crate) use self::guard::{Guard, start};
pub use self::process::{HelperFault, HelperProcess};
