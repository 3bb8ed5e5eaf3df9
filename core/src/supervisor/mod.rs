//! One actor per account, and what they share.

mod actor;
mod admission;
mod mailbox;
mod policy;
mod registry;
mod slot;
mod stop;

#[cfg(test)]
mod tests;

pub(crate) use self::registry::Supervisor;
pub(crate) use self::slot::Slot;
pub use self::stop::{AccountStop, StageOutcome, StageReport, StopReport, StopStage};
