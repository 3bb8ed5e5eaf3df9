//! How an account is, in one word, and what is wrong with it.

use std::ffi::c_char;

use livekeeper::{Health, HealthCode, HealthReason};

use crate::accounts::account;
use crate::error::{Failure, lk_status};
use crate::guard::{guard, guard_or};
use crate::manager::lk_manager;
use crate::pointer::{Handle, Place, Plain, end, give, look, look_if_any};
use crate::sized::{Growing, GrowingPlace};
use crate::states::{Row, name_of};
use crate::text::{Text, lk_str};

/// How an account is, in one word. The numbers are permanent.
#[repr(u32)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum lk_health {
    /// None: a struct that is not filled yet, or a word that this library has no number for.
    Unknown = 0,
    /// As your program wants it.
    Ok = 1,
    /// It works, or is about to, but something is not as it should be.
    Degraded = 2,
    /// It does not work.
    Down = 3,
}

/// What is wrong with an account's health. The numbers are permanent.
#[repr(u32)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum lk_health_code {
    /// None: a struct that is not filled yet, or a code that this library has no number for.
    Unknown = 0,
    /// It is parked: a person or your program is needed.
    Parked = 1,
    /// Its session failed by a fault of its own.
    Failed = 2,
    /// It has had no connection for a while: `degraded_after_s`, `down_after_s`.
    NotConnected = 3,
    /// Connected, but not a single frame has come for a while.
    Silent = 4,
    /// Connected, but the last answered heartbeat is too old.
    HeartbeatLate = 5,
    /// Several failures within `park_window_s`.
    ManyFailures = 6,
    /// Calls to it wait too long for their turn.
    SlowTask = 7,
}

const HEALTHS: [Row<lk_health, Health>; 3] = [
    (lk_health::Ok, Health::Ok, c"ok"),
    (lk_health::Degraded, Health::Degraded, c"degraded"),
    (lk_health::Down, Health::Down, c"down"),
];

const HEALTH_CODES: [Row<lk_health_code, HealthCode>; 7] = [
    (lk_health_code::Parked, HealthCode::Parked, c"parked"),
    (lk_health_code::Failed, HealthCode::Failed, c"failed"),
    (lk_health_code::NotConnected, HealthCode::NotConnected, c"not_connected"),
    (lk_health_code::Silent, HealthCode::Silent, c"silent"),
    (lk_health_code::HeartbeatLate, HealthCode::HeartbeatLate, c"heartbeat_late"),
    (lk_health_code::ManyFailures, HealthCode::ManyFailures, c"many_failures"),
    (lk_health_code::SlowTask, HealthCode::SlowTask, c"slow_task"),
];

impl Plain for lk_health {}

impl From<Health> for lk_health {
    fn from(health: Health) -> Self {
        HEALTHS.iter().find(|row| row.1 == health).map_or(Self::Unknown, |row| row.0)
    }
}

impl From<HealthCode> for lk_health_code {
    fn from(code: HealthCode) -> Self {
        HEALTH_CODES.iter().find(|row| row.1 == code).map_or(Self::Unknown, |row| row.0)
    }
}

/// The name of an `lk_health`, such as `degraded`; `unknown` for a number that is none.
///
/// Never NULL, and valid for ever. Any thread. Does not block.
#[unsafe(no_mangle)]
pub extern "C" fn lk_health_name(health: u32) -> *const c_char {
    name_of(HEALTHS.iter().find(|row| row.0 as u32 == health).map(|row| row.2))
}

/// The name of an `lk_health_code`, such as `not_connected`; `unknown` for a number that is none.
///
/// Never NULL, and valid for ever. Any thread. Does not block.
#[unsafe(no_mangle)]
pub extern "C" fn lk_health_code_name(code: u32) -> *const c_char {
    name_of(HEALTH_CODES.iter().find(|row| row.0 as u32 == code).map(|row| row.2))
}

/// One thing that is wrong with an account. Begin with `LK_HEALTH_REASON_INIT`. Its texts belong to the list.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct lk_health_reason {
    /// `sizeof(lk_health_reason)`, set by the init macro.
    pub size: usize,
    /// What is wrong.
    pub code: lk_health_code,
    /// The same as a sentence for people, with its evidence: "not connected (for 75 s)".
    pub text: lk_str,
    /// The evidence alone: "for 75 s".
    pub detail: lk_str,
}

impl Plain for lk_health_reason {}

// SAFETY: repr(C), and its first field is its size.
unsafe impl Growing for lk_health_reason {
    const LEAST: usize = std::mem::offset_of!(Self, detail) + size_of::<lk_str>();
}

/// What is wrong with an account, the things one by one; empty where it is well. Yours, and to be ended with
/// `lk_health_reason_list_free`, if it came through a pointer to a pointer; that of an event belongs to the event.
pub struct lk_health_reason_list(Vec<Finding>);

struct Finding {
    code: lk_health_code,
    text: Text,
    detail: Text,
}

impl Handle for lk_health_reason_list {}

impl lk_health_reason_list {
    pub(crate) fn new(reasons: &[HealthReason]) -> Self {
        let finding = |reason: &HealthReason| Finding {
            code: reason.code.into(),
            text: Text::new(reason.to_string()),
            detail: Text::new(reason.detail.clone()),
        };
        Self(reasons.iter().map(finding).collect())
    }
}

/// How an account is, and what is wrong with it. The word alone is in `lk_account_status`, too.
///
/// - `health`: where the word goes.
/// - `reasons`: where the list goes, of the same moment, yours to end with `lk_health_reason_list_free`; NULL if you do not want
///   it. NULL is put there on failure.
///
/// Any thread. Never waits for anything. Errors: `LK_STATUS_ACCOUNT_NOT_FOUND`, `LK_STATUS_CLOSED`, `LK_STATUS_FORKED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_manager_health(
    manager: *const lk_manager,
    cookie_id: lk_str,
    health: *mut lk_health,
    reasons: *mut *mut lk_health_reason_list,
) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers.
        let (list, word) = unsafe { (Place::optional(reasons).map(Place::emptied), Place::new(health, "health")?) };
        // SAFETY: the header's contract on pointers and texts.
        let (manager, cookie_id) = unsafe { account(manager, cookie_id) }?;
        let seen = manager.status(cookie_id)?;
        word.put(seen.health.into());
        if let Some(place) = list {
            place.put(give(lk_health_reason_list::new(&seen.health_reasons)));
        }
        Ok(())
    })
}

/// How many things are wrong; 0 of NULL.
///
/// Any thread. Does not block.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_health_reason_list_count(list: *const lk_health_reason_list) -> usize {
    let list = look_if_any(list);
    guard_or(0, || list.map_or(0, |list| list.0.len()))
}

/// One of them.
///
/// - `index`: from 0, below the list's count.
/// - `reason`: where it goes; its `size` must be set.
///
/// Any thread. Does not block. Errors: `LK_STATUS_INVALID_ARGUMENT` beyond the end, `LK_STATUS_WRONG_SIZE`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_health_reason_list_get(
    list: *const lk_health_reason_list,
    index: usize,
    reason: *mut lk_health_reason,
) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers.
        let (list, place) = unsafe { (look(list, "list")?, GrowingPlace::new(reason, "reason")?) };
        let beyond = || Failure::invalid("index", format!("is {index}, the list has {} reasons", list.0.len()));
        let finding = list.0.get(index).ok_or_else(beyond)?;
        place.put(lk_health_reason {
            size: size_of::<lk_health_reason>(),
            code: finding.code,
            text: finding.text.lend(),
            detail: finding.detail.lend(),
        });
        Ok(())
    })
}

/// Ends a list of reasons and its texts. NULL is fine. Any thread. Does not block.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_health_reason_list_free(list: *mut lk_health_reason_list) {
    end(list);
}

#[cfg(test)]
mod tests {
    use livekeeper::{Health, HealthCode};

    use super::{HEALTH_CODES, HEALTHS, lk_health, lk_health_code};

    #[test]
    fn every_health_and_its_code_of_core_has_its_own_number_and_name_here() {
        for health in Health::ALL {
            assert_eq!(lk_health::from(*health) as u32, u32::from(health.number()), "{health:?}");
        }
        for code in HealthCode::ALL {
            assert_eq!(lk_health_code::from(*code) as u32, u32::from(code.number()), "{code:?}");
        }
        for (_, health, name) in HEALTHS {
            assert_eq!(name.to_str().unwrap(), health.name());
        }
        for (_, code, name) in HEALTH_CODES {
            assert_eq!(name.to_str().unwrap(), code.name());
        }
    }
}
