//! How an account is, and waiting for it to be otherwise.

use livekeeper::{AccountStatus, Wanted};

use crate::accounts::account;
use crate::error::{Failure, lk_status};
use crate::guard::{guard, guard_or};
use crate::health::lk_health;
use crate::manager::lk_manager;
use crate::pointer::{Handle, Place, Plain, end, give, look, look_if_any};
use crate::sized::{Growing, GrowingPlace};
use crate::states::{lk_connection_state, lk_reason_code, lk_task_state, wanted_connection, wanted_state};
use crate::text::{Text, lk_str, lk_string};

/// One account at one moment. Begin with `LK_ACCOUNT_STATUS_INIT`. Times are milliseconds since 1970 UTC; what is counted is
/// counted since the manager was opened.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct lk_account_status {
    /// `sizeof(lk_account_status)`, set by the init macro.
    pub size: usize,
    /// What the task is doing.
    pub state: lk_task_state,
    /// What the connection is doing.
    pub connection: lk_connection_state,
    /// Why.
    pub reason: lk_reason_code,
    /// What your program asked for; no failure ever changes it.
    pub enabled: bool,
    /// Whether your program has paused it: it answers nothing until it is resumed.
    pub paused: bool,
    /// Its place among the accounts that wait to connect: -100 to 100, higher goes first.
    pub priority: i32,
    /// How it is, in one word; `lk_manager_health` tells what is wrong.
    pub health: lk_health,
    /// Since when `state` holds.
    pub since_ms: i64,
    /// Since when `reason` holds.
    pub reason_since_ms: i64,
    /// When the next try is due; 0: none is.
    pub next_try_ms: i64,
    /// Buyers' messages recorded for the first time.
    pub received: u64,
    /// Messages that came again and were recognised.
    pub duplicates: u64,
    /// Those of the received ones that came by reading chats back, after a time without a connection.
    pub backfilled: u64,
    /// Replies that the service confirmed.
    pub replied: u64,
    /// Sends that the service confirmed, the replies among them.
    pub delivered: u64,
    /// Sends that the service refused.
    pub rejected: u64,
    /// Sends whose outcome is not known; they are never sent again by themselves.
    pub unknown: u64,
    /// Messages on which your reply function gave no answer: it failed or took too long.
    pub handler_failures: u64,
    /// Entries and frames that could not be read.
    pub broken: u64,
    /// Connections that reached registration.
    pub connects: u64,
    /// Sessions that ended otherwise than by your wish.
    pub failures: u64,
}

impl Plain for lk_account_status {}

// SAFETY: repr(C), and its first field is its size.
unsafe impl Growing for lk_account_status {
    const LEAST: usize = std::mem::offset_of!(Self, failures) + size_of::<u64>();
}

impl From<&AccountStatus> for lk_account_status {
    fn from(status: &AccountStatus) -> Self {
        let counters = status.counters;
        Self {
            size: size_of::<Self>(),
            state: status.state.into(),
            connection: status.connection.into(),
            reason: status.reason.code.into(),
            enabled: status.enabled,
            paused: status.paused,
            priority: status.priority,
            health: status.health.into(),
            since_ms: status.since_ms,
            reason_since_ms: status.reason.since_ms,
            next_try_ms: status.reason.next_try_ms.unwrap_or_default(),
            received: counters.received,
            duplicates: counters.duplicates,
            backfilled: counters.backfilled,
            replied: counters.replied,
            delivered: counters.delivered,
            rejected: counters.rejected,
            unknown: counters.unknown,
            handler_failures: counters.handler_failures,
            broken: counters.broken,
            connects: counters.connects,
            failures: counters.failures,
        }
    }
}

/// The account at this moment.
///
/// - `status`: where it goes; its `size` must be set.
/// - `reason`: where the reason goes as a sentence for people, of the same moment, yours to end with `lk_string_free`; NULL if
///   you do not want it. NULL is put there on failure.
///
/// Any thread. Never waits for anything. Errors: `LK_STATUS_ACCOUNT_NOT_FOUND`, `LK_STATUS_CLOSED`, `LK_STATUS_FORKED`,
/// `LK_STATUS_WRONG_SIZE`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_manager_status(
    manager: *const lk_manager,
    cookie_id: lk_str,
    status: *mut lk_account_status,
    reason: *mut *mut lk_string,
) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers.
        let (reason, status) = unsafe { (Place::optional(reason).map(Place::emptied), GrowingPlace::new(status, "status")?) };
        // SAFETY: the header's contract on pointers and texts.
        let (manager, cookie_id) = unsafe { account(manager, cookie_id) }?;
        tell(&manager.status(cookie_id)?, Some(&status), reason);
        Ok(())
    })
}

/// Waits until the account is as wanted.
///
/// - `state`: an `lk_task_state`, or `LK_ANY`.
/// - `connection`: an `lk_connection_state`, or `LK_ANY`.
/// - `timeout_s`: seconds, 0 to 86,400.
/// - `status`, `reason`: as for `lk_manager_status`, at the moment the wait was over; each may be NULL.
///
/// Any thread. Blocks for `timeout_s` at the most. Errors: `LK_STATUS_TIMED_OUT` (the message says how things stood),
/// `LK_STATUS_ACCOUNT_NOT_FOUND` (also when it is removed meanwhile), `LK_STATUS_INVALID_ARGUMENT`, `LK_STATUS_CLOSED`,
/// `LK_STATUS_FORKED`, `LK_STATUS_WRONG_SIZE`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_manager_wait_for(
    manager: *const lk_manager,
    cookie_id: lk_str,
    state: u32,
    connection: u32,
    timeout_s: f64,
    status: *mut lk_account_status,
    reason: *mut *mut lk_string,
) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers.
        let (reason, status) = unsafe { (Place::optional(reason).map(Place::emptied), GrowingPlace::optional(status, "status")?) };
        // SAFETY: the header's contract on pointers and texts.
        let (manager, cookie_id) = unsafe { account(manager, cookie_id) }?;
        tell(&manager.wait_for(cookie_id, read_wanted(state, connection)?, timeout_s).wait()?, status.as_ref(), reason);
        Ok(())
    })
}

/// How all accounts were at one moment. Yours: end it with `lk_status_list_free`.
pub struct lk_status_list(Vec<Entry>);

impl Handle for lk_status_list {}

struct Entry {
    cookie_id: Text,
    status: lk_account_status,
    reason: Text,
}

impl From<AccountStatus> for Entry {
    fn from(seen: AccountStatus) -> Self {
        let (status, reason) = ((&seen).into(), Text::new(seen.reason.to_string()));
        Self { status, reason, cookie_id: Text::new(seen.cookie_id) }
    }
}

/// All accounts at this moment, in the order of their ids.
///
/// - `list`: where the list goes, yours to end with `lk_status_list_free`; NULL is put there on failure.
///
/// Any thread. Never waits for anything. Errors: `LK_STATUS_CLOSED`, `LK_STATUS_FORKED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_manager_statuses(manager: *const lk_manager, list: *mut *mut lk_status_list) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers.
        let place = unsafe { Place::new(list, "list") }?.emptied();
        let statuses = lk_manager::look(manager)?.statuses()?;
        place.put(give(lk_status_list(statuses.into_iter().map(Entry::from).collect())));
        Ok(())
    })
}

/// How many accounts a list has; 0 of NULL.
///
/// Any thread. Does not block.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_status_list_count(list: *const lk_status_list) -> usize {
    let list = look_if_any(list);
    guard_or(0, || list.map_or(0, |list| list.0.len()))
}

/// One of them.
///
/// - `index`: from 0, below the list's count.
/// - `cookie_id`: where its id goes, which belongs to the list; NULL if you do not want it.
/// - `status`: where its status goes; its `size` must be set.
/// - `reason`: where the reason goes as a sentence for people, which belongs to the list; NULL if you do not want it.
///
/// Any thread. Does not block. Errors: `LK_STATUS_INVALID_ARGUMENT` beyond the end, `LK_STATUS_WRONG_SIZE`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_status_list_get(
    list: *const lk_status_list,
    index: usize,
    cookie_id: *mut lk_str,
    status: *mut lk_account_status,
    reason: *mut lk_str,
) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers.
        let (id_place, reason_place) = unsafe { (Place::optional(cookie_id), Place::optional(reason)) };
        // SAFETY: as above.
        let (list, place) = unsafe { (look(list, "list")?, GrowingPlace::new(status, "status")?) };
        let beyond = || Failure::invalid("index", format!("is {index}, the list has {} accounts", list.0.len()));
        let entry = list.0.get(index).ok_or_else(beyond)?;
        place.put(entry.status);
        for (place, text) in [(id_place, &entry.cookie_id), (reason_place, &entry.reason)] {
            if let Some(place) = place {
                place.put(text.lend());
            }
        }
        Ok(())
    })
}

/// Ends a list of statuses and its texts. NULL is fine.
///
/// Any thread. Does not block.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_status_list_free(list: *mut lk_status_list) {
    end(list);
}

pub(crate) fn read_wanted(state: u32, connection: u32) -> Result<Wanted, Failure> {
    Ok(Wanted { state: wanted_state(state)?, connection: wanted_connection(connection)? })
}

pub(crate) fn tell(seen: &AccountStatus, status: Option<&GrowingPlace<lk_account_status>>, reason: Option<Place<*mut lk_string>>) {
    if let Some(place) = status {
        place.put(seen.into());
    }
    if let Some(place) = reason {
        place.put(give(lk_string::new(seen.reason.to_string())));
    }
}
