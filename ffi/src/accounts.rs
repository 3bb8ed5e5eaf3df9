//! Adding, removing and changing accounts and their rules.

use std::sync::Arc;

use crate::error::{Failure, lk_status};
use crate::guard::guard;
use crate::keywords::{lk_keyword, lk_keyword_list, read_rules};
use crate::manager::lk_manager;
use crate::pointer::{Place, give};
use crate::text::{lk_str, lk_string_list};

/// Adds an account and starts it, or replaces the cookie of one that exists: the old session is fully gone first.
///
/// - `cookie_id`: your name for the account, 1 to 255 bytes.
/// - `cookie_value`: a header string, a JSON array of a browser extension, or a Netscape cookies.txt; it must hold `unb`.
/// - `keywords`, `keyword_count`: the rules in their order, at most 10,000. NULL and 0 leave those of an account that exists; a
///   pointer and 0 take them away.
/// - `user_id`: your own user that the account belongs to; without one, that of an account that exists stays.
///
/// Any thread. Blocks until it is on disk, and for as long as an old session takes to stop; the connection comes later
/// (`lk_manager_wait_for`). Errors: `LK_STATUS_INVALID_ARGUMENT`, `LK_STATUS_AT_CAPACITY`, `LK_STATUS_STORE_FAILED`,
/// `LK_STATUS_CLOSED`, `LK_STATUS_FORKED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_manager_add_cookie(
    manager: *const lk_manager,
    cookie_id: lk_str,
    cookie_value: lk_str,
    keywords: *const lk_keyword,
    keyword_count: usize,
    user_id: lk_str,
) -> lk_status {
    guard(|| {
        let manager = lk_manager::look(manager)?;
        // SAFETY: the header's contract on texts.
        let (cookie_id, cookie_value, user_id) =
            unsafe { (cookie_id.required("cookie_id")?, cookie_value.required("cookie_value")?, user_id.optional("user_id")?) };
        // SAFETY: as above.
        let keywords = unsafe { read_rules(keywords, keyword_count) }?;
        Ok(manager.add_cookie(cookie_id, cookie_value, keywords, user_id).wait()?)
    })
}

/// Looks at a pasted cookie before an account is made of it, without asking the service: whether it can be used at all, and what a
/// logged-in page has that is not in it. Nothing missing does not say that the login still holds.
///
/// - `cookie_value`: in any form that `lk_manager_add_cookie` takes.
/// - `missing`: where the names of what is missing go, yours to end with `lk_string_list_free`; NULL is put there on failure. NULL if
///   you do not want them.
///
/// Any thread. Does not block. Errors: `LK_STATUS_INVALID_ARGUMENT` where it cannot be used, with what to do.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_validate_cookie(cookie_value: lk_str, missing: *mut *mut lk_string_list) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers and texts.
        let (place, cookie_value) =
            unsafe { (Place::optional(missing).map(Place::emptied), cookie_value.required("cookie_value")?) };
        let missing = livekeeper::validate_cookie(cookie_value)?;
        if let Some(place) = place {
            place.put(give(lk_string_list::new(missing.into_iter().map(str::to_owned).collect())));
        }
        Ok(())
    })
}

/// Stops an account, and removes it with its rules and messages.
///
/// Any thread. Blocks until nothing of it runs, by default 18 s at the most (`stop_socket_s`, `stop_process_s`, `stop_thread_s`), and it is off
/// the record. Errors: `LK_STATUS_ACCOUNT_NOT_FOUND`, `LK_STATUS_STORE_FAILED` (it is then stopped, and still on record),
/// `LK_STATUS_CLOSED`, `LK_STATUS_FORKED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_manager_remove_cookie(manager: *const lk_manager, cookie_id: lk_str) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers and texts.
        let (manager, cookie_id) = unsafe { account(manager, cookie_id) }?;
        Ok(manager.remove_cookie(cookie_id).wait()?)
    })
}

/// Gives an account a new cookie of the same Xianyu user. An account that is enabled starts anew with it, also one that was
/// parked.
///
/// Any thread. Blocks until it is on disk, and for as long as the old session takes to stop.
/// Errors: `LK_STATUS_INVALID_ARGUMENT`, `LK_STATUS_ACCOUNT_NOT_FOUND`, `LK_STATUS_WRONG_OWNER`, `LK_STATUS_STORE_FAILED`,
/// `LK_STATUS_CLOSED`, `LK_STATUS_FORKED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_manager_update_cookie(
    manager: *const lk_manager,
    cookie_id: lk_str,
    cookie_value: lk_str,
) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers and texts.
        let ((manager, cookie_id), cookie_value) =
            unsafe { (account(manager, cookie_id)?, cookie_value.required("cookie_value")?) };
        Ok(manager.update_cookie(cookie_id, cookie_value).wait()?)
    })
}

/// Switches an account on or off. Switching on one that is parked tries again.
///
/// Any thread. Blocks until it is on disk and, switching off, for as long as the session takes to stop.
/// Errors: `LK_STATUS_ACCOUNT_NOT_FOUND`, `LK_STATUS_STORE_FAILED`, `LK_STATUS_CLOSED`, `LK_STATUS_FORKED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_manager_update_cookie_status(
    manager: *const lk_manager,
    cookie_id: lk_str,
    enabled: bool,
) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers and texts.
        let (manager, cookie_id) = unsafe { account(manager, cookie_id) }?;
        Ok(manager.update_cookie_status(cookie_id, enabled).wait()?)
    })
}

/// Tells whether an account is switched on.
///
/// Any thread. Does not block. Errors: `LK_STATUS_ACCOUNT_NOT_FOUND`, `LK_STATUS_CLOSED`, `LK_STATUS_FORKED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_manager_get_cookie_status(
    manager: *const lk_manager,
    cookie_id: lk_str,
    enabled: *mut bool,
) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers and texts.
        let ((manager, cookie_id), enabled) = unsafe { (account(manager, cookie_id)?, Place::new(enabled, "enabled")?) };
        enabled.put(manager.get_cookie_status(cookie_id)?);
        Ok(())
    })
}

/// The ids of all accounts, in their order.
///
/// - `list`: where the list goes, yours to end with `lk_string_list_free`; NULL is put there on failure.
///
/// Any thread. Does not block. Errors: `LK_STATUS_CLOSED`, `LK_STATUS_FORKED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_manager_list(manager: *const lk_manager, list: *mut *mut lk_string_list) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers.
        let (place, manager) = unsafe { (Place::new(list, "list")?.emptied(), lk_manager::look(manager)?) };
        place.put(give(lk_string_list::new(manager.list_cookies()?)));
        Ok(())
    })
}

/// The ids of the accounts that are switched on, in their order.
///
/// - `list`: where the list goes, yours to end with `lk_string_list_free`; NULL is put there on failure.
///
/// Any thread. Does not block. Errors: `LK_STATUS_CLOSED`, `LK_STATUS_FORKED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_manager_get_enabled_cookies(manager: *const lk_manager, list: *mut *mut lk_string_list) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers.
        let (place, manager) = unsafe { (Place::new(list, "list")?.emptied(), lk_manager::look(manager)?) };
        place.put(give(lk_string_list::new(manager.get_enabled_cookies()?)));
        Ok(())
    })
}

/// Puts these rules in the place of the account's earlier ones, from the next message on.
///
/// - `keywords`, `keyword_count`: the rules in their order, at most 10,000; a count of 0 means no rules.
///
/// Any thread. Blocks until it is on disk. Errors: `LK_STATUS_INVALID_ARGUMENT` naming the rule's place,
/// `LK_STATUS_ACCOUNT_NOT_FOUND`, `LK_STATUS_STORE_FAILED`, `LK_STATUS_CLOSED`, `LK_STATUS_FORKED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_manager_update_keywords(
    manager: *const lk_manager,
    cookie_id: lk_str,
    keywords: *const lk_keyword,
    keyword_count: usize,
) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers and texts.
        let ((manager, cookie_id), keywords) = unsafe { (account(manager, cookie_id)?, read_rules(keywords, keyword_count)?) };
        Ok(manager.update_keywords(cookie_id, keywords.unwrap_or_default()).wait()?)
    })
}

/// The account's rules in their order.
///
/// - `list`: where the list goes, yours to end with `lk_keyword_list_free`; NULL is put there on failure.
///
/// Any thread. Blocks while they are read from the store. Errors: `LK_STATUS_INVALID_ARGUMENT` where a rule is more than a keyword
/// and a reply (`lk_manager_get_rules` gives every rule), `LK_STATUS_ACCOUNT_NOT_FOUND`, `LK_STATUS_STORE_FAILED`,
/// `LK_STATUS_CLOSED`, `LK_STATUS_FORKED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_manager_get_keywords(
    manager: *const lk_manager,
    cookie_id: lk_str,
    list: *mut *mut lk_keyword_list,
) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers and texts.
        let (place, (manager, cookie_id)) = unsafe { (Place::new(list, "list")?.emptied(), account(manager, cookie_id)?) };
        place.put(give(lk_keyword_list::new(manager.get_keywords(cookie_id).wait()?)?));
        Ok(())
    })
}

/// The two things that nearly every call begins with.
///
/// # Safety
/// As for [`lk_str::required`].
pub(crate) unsafe fn account<'a>(manager: *const lk_manager, cookie_id: lk_str) -> Result<(Arc<lk_manager>, &'a str), Failure> {
    // SAFETY: the caller's promise.
    Ok((lk_manager::look(manager)?, unsafe { cookie_id.required("cookie_id") }?))
}
