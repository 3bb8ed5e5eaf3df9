//! What is used of everything that has a bound.

use std::sync::Arc;

use serde::Serialize;

use crate::numbered::numbered;

numbered! {
    /// What has a bound. Numbers are permanent.
    CapacityKind
    /// Accounts on record; bound: `max_accounts`. At it, `add_cookie` is refused.
    Accounts = 1, "accounts";
    /// Accounts that are connected; bound: `max_accounts`.
    Connections = 2, "connections";
    /// Accounts that connect now; bound: `max_connecting`. At it, others wait.
    Connecting = 3, "connecting";
    /// Accounts that wait for their turn to connect; bound: `max_accounts`.
    WaitingToConnect = 4, "waiting_to_connect";
    /// File descriptors of this process; bound: its soft limit. At it, nothing connects any more.
    FileDescriptors = 5, "file_descriptors";
    /// Threads of this process; bound: what its user may have.
    Threads = 6, "threads";
    /// Bytes of memory that this process has in use (RSS); bound: those of the machine, or of its control group.
    MemoryBytes = 7, "memory_bytes";
    /// Calls that wait in the fullest mailbox of an account. At the bound, calls to it are refused.
    CallQueue = 8, "call_queue";
    /// Writes that wait for the store. At the bound, sessions stop reading.
    StoreQueue = 9, "store_queue";
    /// Events that the slowest reader has not read; bound: `event_queue`. At it, that reader loses the oldest.
    EventQueue = 10, "event_queue";
    /// Helpers that run; bound: `max_helpers`. At it, others wait.
    Helpers = 11, "helpers";
    /// How busy the runtime's threads were since the last look, in percent of all of them.
    RuntimeBusyPercent = 12, "runtime_busy_percent";
}

numbered! {
    /// How near a bound is. Numbers are permanent.
    CapacityLevel
    /// There is room.
    Ok = 1, "ok";
    /// Four fifths of the bound, or more, are used.
    Near = 2, "near";
    /// The bound is reached.
    Full = 3, "full";
}

impl CapacityKind {
    /// Whether reaching the bound is worth a warning: it means that something is refused or lost. To wait for one's turn is
    /// what the other bounds are for.
    pub(crate) fn warns(self) -> bool {
        !matches!(self, Self::Connecting | Self::WaitingToConnect | Self::Helpers)
    }
}

/// What is used of one thing, and its bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CapacityItem {
    /// What.
    pub kind: CapacityKind,
    /// How much of it is used.
    pub used: u64,
    /// How much there is; `None` where the system sets no bound or does not tell.
    pub bound: Option<u64>,
    /// How near the bound is.
    pub level: CapacityLevel,
}

impl CapacityItem {
    pub(crate) fn new(kind: CapacityKind, used: u64, bound: Option<u64>) -> Self {
        let level = match bound {
            // Switched off (`max_connecting`): that is no lack of room.
            Some(0) if used == 0 => CapacityLevel::Ok,
            Some(bound) if used >= bound => CapacityLevel::Full,
            // Nothing overflows here that a machine can have.
            Some(bound) if used.saturating_mul(5) >= bound.saturating_mul(4) => CapacityLevel::Near,
            _ => CapacityLevel::Ok,
        };
        Self { kind, used, bound, level }
    }
}

/// What is used of everything that has a bound, at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Capacity {
    /// When: milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// Each thing once, in the order of the kinds' numbers.
    pub items: Arc<[CapacityItem]>,
}

impl Capacity {
    /// The item of this kind; a manager without a store has no [`CapacityKind::StoreQueue`].
    pub fn get(&self, kind: CapacityKind) -> Option<CapacityItem> {
        self.items.iter().copied().find(|item| item.kind == kind)
    }

    /// What is near its bound or has reached it.
    pub fn warnings(&self) -> impl Iterator<Item = CapacityItem> {
        self.items.iter().copied().filter(|item| item.level != CapacityLevel::Ok)
    }
}

#[cfg(test)]
mod tests {
    use super::{CapacityItem, CapacityKind, CapacityLevel};

    #[test]
    fn a_bound_is_near_from_four_fifths_on_and_full_when_it_is_reached() {
        use CapacityLevel::{Full, Near, Ok};
        for (used, bound, level) in [
            (0, Some(10), Ok),
            (7, Some(10), Ok),
            (8, Some(10), Near),
            (9, Some(10), Near),
            (10, Some(10), Full),
            (9, None, Ok),
            (0, Some(0), Ok),
            (1, Some(0), Full),
        ] {
            assert_eq!(CapacityItem::new(CapacityKind::Accounts, used, bound).level, level, "{used} of {bound:?}");
        }
    }
}
