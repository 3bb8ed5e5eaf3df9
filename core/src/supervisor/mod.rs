//! One actor per account, and what they share.

mod actor;
mod admission;
mod health;
mod mailbox;
mod policy;
mod registry;
mod slot;
mod stop;

#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;

pub(crate) use self::mailbox::MAX_JOBS;
pub(crate) use self::registry::{BoxFuture, Supervisor};
pub(crate) use self::slot::Slot;
