//! What is used of everything that has a bound.

use std::ffi::c_char;

use livekeeper::{Capacity, CapacityItem, CapacityKind, CapacityLevel};

use crate::error::{Failure, lk_status};
use crate::guard::{guard, guard_or};
use crate::manager::lk_manager;
use crate::pointer::{Handle, Place, Plain, end, give, look, look_if_any};
use crate::sized::{Growing, GrowingPlace};
use crate::states::{Row, name_of};

/// What has a bound. The numbers are permanent.
#[repr(u32)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum lk_capacity_kind {
    /// None: a struct that is not filled yet, or a kind that this library has no number for.
    Unknown = 0,
    /// Accounts on record; bound: `max_accounts`. At it, `lk_manager_add_cookie` is refused.
    Accounts = 1,
    /// Accounts that are connected; bound: `max_accounts`.
    Connections = 2,
    /// Accounts that connect now; bound: `max_connecting`. At it, others wait.
    Connecting = 3,
    /// Accounts that wait for their turn to connect; bound: `max_accounts`.
    WaitingToConnect = 4,
    /// File descriptors of this process; bound: its soft limit. At it, nothing connects any more.
    FileDescriptors = 5,
    /// Threads of this process; bound: what its user may have.
    Threads = 6,
    /// Bytes of memory that this process has in use (RSS); bound: those of the machine, or of its control group.
    MemoryBytes = 7,
    /// Calls that wait in the fullest queue of an account. At the bound, calls to it are refused.
    CallQueue = 8,
    /// Writes that wait for the store. At the bound, sessions stop reading.
    StoreQueue = 9,
    /// Events that the slowest reader has not read; bound: `event_queue`. At it, that reader loses the oldest.
    EventQueue = 10,
    /// Helpers that run; bound: `max_helpers`. At it, others wait.
    Helpers = 11,
    /// How busy the library's threads were since the last look, in percent of all of them.
    RuntimeBusyPercent = 12,
}

/// How near a bound is. The numbers are permanent.
#[repr(u32)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum lk_capacity_level {
    /// None: a struct that is not filled yet, or a level that this library has no number for.
    Unknown = 0,
    /// There is room.
    Ok = 1,
    /// Four fifths of the bound, or more, are used.
    Near = 2,
    /// The bound is reached.
    Full = 3,
}

const KINDS: [Row<lk_capacity_kind, CapacityKind>; 12] = [
    (lk_capacity_kind::Accounts, CapacityKind::Accounts, c"accounts"),
    (lk_capacity_kind::Connections, CapacityKind::Connections, c"connections"),
    (lk_capacity_kind::Connecting, CapacityKind::Connecting, c"connecting"),
    (lk_capacity_kind::WaitingToConnect, CapacityKind::WaitingToConnect, c"waiting_to_connect"),
    (lk_capacity_kind::FileDescriptors, CapacityKind::FileDescriptors, c"file_descriptors"),
    (lk_capacity_kind::Threads, CapacityKind::Threads, c"threads"),
    (lk_capacity_kind::MemoryBytes, CapacityKind::MemoryBytes, c"memory_bytes"),
    (lk_capacity_kind::CallQueue, CapacityKind::CallQueue, c"call_queue"),
    (lk_capacity_kind::StoreQueue, CapacityKind::StoreQueue, c"store_queue"),
    (lk_capacity_kind::EventQueue, CapacityKind::EventQueue, c"event_queue"),
    (lk_capacity_kind::Helpers, CapacityKind::Helpers, c"helpers"),
    (lk_capacity_kind::RuntimeBusyPercent, CapacityKind::RuntimeBusyPercent, c"runtime_busy_percent"),
];

const LEVELS: [Row<lk_capacity_level, CapacityLevel>; 3] = [
    (lk_capacity_level::Ok, CapacityLevel::Ok, c"ok"),
    (lk_capacity_level::Near, CapacityLevel::Near, c"near"),
    (lk_capacity_level::Full, CapacityLevel::Full, c"full"),
];

impl From<CapacityKind> for lk_capacity_kind {
    fn from(kind: CapacityKind) -> Self {
        KINDS.iter().find(|row| row.1 == kind).map_or(Self::Unknown, |row| row.0)
    }
}

impl From<CapacityLevel> for lk_capacity_level {
    fn from(level: CapacityLevel) -> Self {
        LEVELS.iter().find(|row| row.1 == level).map_or(Self::Unknown, |row| row.0)
    }
}

/// The name of an `lk_capacity_kind`, such as `file_descriptors`; `unknown` for a number that is none.
///
/// Never NULL, and valid for ever. Any thread. Does not block.
#[unsafe(no_mangle)]
pub extern "C" fn lk_capacity_kind_name(kind: u32) -> *const c_char {
    name_of(KINDS.iter().find(|row| row.0 as u32 == kind).map(|row| row.2))
}

/// The name of an `lk_capacity_level`, such as `near`; `unknown` for a number that is none.
///
/// Never NULL, and valid for ever. Any thread. Does not block.
#[unsafe(no_mangle)]
pub extern "C" fn lk_capacity_level_name(level: u32) -> *const c_char {
    name_of(LEVELS.iter().find(|row| row.0 as u32 == level).map(|row| row.2))
}

/// What is used of one thing, and its bound. Begin with `LK_CAPACITY_ITEM_INIT`.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct lk_capacity_item {
    /// `sizeof(lk_capacity_item)`, set by the init macro.
    pub size: usize,
    /// What.
    pub kind: lk_capacity_kind,
    /// How near the bound is.
    pub level: lk_capacity_level,
    /// How much of it is used.
    pub used: u64,
    /// How much there is; 0 where there is no bound.
    pub bound: u64,
    /// Whether there is a bound: of some things the system sets none, or does not tell.
    pub has_bound: bool,
}

impl Plain for lk_capacity_item {}

// SAFETY: repr(C), and its first field is its size.
unsafe impl Growing for lk_capacity_item {
    const LEAST: usize = std::mem::offset_of!(Self, has_bound) + size_of::<bool>();
}

impl From<&CapacityItem> for lk_capacity_item {
    fn from(item: &CapacityItem) -> Self {
        Self {
            size: size_of::<Self>(),
            kind: item.kind.into(),
            level: item.level.into(),
            used: item.used,
            bound: item.bound.unwrap_or_default(),
            has_bound: item.bound.is_some(),
        }
    }
}

/// What is used of everything that has a bound, at one moment. Yours: end it with `lk_capacity_free`.
pub struct lk_capacity(Capacity);

impl Handle for lk_capacity {}

/// Looks at what is used of everything that has a bound.
///
/// - `capacity`: where it goes, yours to end with `lk_capacity_free`; NULL is put there on failure.
///
/// Any thread. Blocks for about a millisecond, the system being asked. Errors: `LK_STATUS_CLOSED`, `LK_STATUS_FORKED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_manager_capacity(manager: *const lk_manager, capacity: *mut *mut lk_capacity) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers.
        let (place, manager) = unsafe { (Place::new(capacity, "capacity")?.emptied(), lk_manager::look(manager)?) };
        place.put(give(lk_capacity(manager.capacity()?)));
        Ok(())
    })
}

/// When the look was taken, in milliseconds since 1970 UTC; 0 of NULL.
///
/// Any thread. Does not block.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_capacity_at_ms(capacity: *const lk_capacity) -> i64 {
    let capacity = look_if_any(capacity);
    guard_or(0, || capacity.map_or(0, |capacity| capacity.0.at_ms))
}

/// How many things there are; 0 of NULL.
///
/// Any thread. Does not block.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_capacity_count(capacity: *const lk_capacity) -> usize {
    let capacity = look_if_any(capacity);
    guard_or(0, || capacity.map_or(0, |capacity| capacity.0.items.len()))
}

/// One of them.
///
/// - `index`: from 0, in the order of the kinds' numbers, below the count.
/// - `item`: where it goes; its `size` must be set.
///
/// Any thread. Does not block. Errors: `LK_STATUS_INVALID_ARGUMENT` beyond the end, `LK_STATUS_WRONG_SIZE`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_capacity_get(capacity: *const lk_capacity, index: usize, item: *mut lk_capacity_item) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers.
        let (capacity, place) = unsafe { (look(capacity, "capacity")?, GrowingPlace::new(item, "item")?) };
        let items = &capacity.0.items;
        let beyond = || Failure::invalid("index", format!("is {index}, there are {} items", items.len()));
        place.put(items.get(index).ok_or_else(beyond)?.into());
        Ok(())
    })
}

/// Ends a look at the capacity. NULL is fine. Any thread. Does not block.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_capacity_free(capacity: *mut lk_capacity) {
    end(capacity);
}

#[cfg(test)]
mod tests {
    use livekeeper::{CapacityKind, CapacityLevel};

    use super::{KINDS, LEVELS, lk_capacity_kind, lk_capacity_level};

    #[test]
    fn every_kind_and_level_of_core_has_its_own_number_and_name_here() {
        for kind in CapacityKind::ALL {
            assert_eq!(lk_capacity_kind::from(*kind) as u32, u32::from(kind.number()), "{kind:?}");
        }
        for level in CapacityLevel::ALL {
            assert_eq!(lk_capacity_level::from(*level) as u32, u32::from(level.number()), "{level:?}");
        }
        for (_, kind, name) in KINDS {
            assert_eq!(name.to_str().unwrap(), kind.name());
        }
        for (_, level, name) in LEVELS {
            assert_eq!(name.to_str().unwrap(), level.name());
        }
    }
}
