//! Beginning what takes long, without waiting for it. Each of these is its verb up to the point where that would wait.

use livekeeper::Picture;

use crate::account_options::{lk_account_options, read_options};
use crate::accounts::account;
use crate::call::lk_call;
use crate::error::lk_status;
use crate::guard::guard;
use crate::manager::lk_manager;
use crate::pointer::Place;
use crate::status::read_wanted;
use crate::text::lk_str;

/// Begins `lk_manager_add_cookie_with`: adding an account, or replacing the cookie of one that exists.
///
/// - `call`: where the call goes, yours to end with `lk_call_free`; NULL is put there on failure. `lk_call_wait` tells how it ended, and
///   `lk_call_on_done` has a function told.
///
/// Any thread. Does not block. Errors, where nothing was begun: `LK_STATUS_NULL_POINTER`, `LK_STATUS_NOT_UTF8`, `LK_STATUS_INVALID_HANDLE`, `LK_STATUS_WRONG_SIZE`; all others are those of the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_manager_add_cookie_begin(
    manager: *const lk_manager,
    cookie_id: lk_str,
    cookie_value: lk_str,
    options: *const lk_account_options,
    call: *mut *mut lk_call,
) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers.
        let place = unsafe { Place::new(call, "call") }?.emptied();
        // SAFETY: the header's contract on pointers and texts.
        let (manager, cookie_id) = unsafe { account(manager, cookie_id) }?;
        // SAFETY: as above.
        let (cookie_value, options) = unsafe { (cookie_value.required("cookie_value")?, read_options(options)?) };
        place.put(lk_call::begin(&manager, manager.add_cookie_with(cookie_id, cookie_value, options))?);
        Ok(())
    })
}

/// Begins `lk_manager_remove_cookie`: stopping an account and removing it.
///
/// - `call`: where the call goes, yours to end with `lk_call_free`; NULL is put there on failure. `lk_call_wait` tells how it ended, and
///   `lk_call_on_done` has a function told.
///
/// Any thread. Does not block. Errors, where nothing was begun: `LK_STATUS_NULL_POINTER`, `LK_STATUS_NOT_UTF8`, `LK_STATUS_INVALID_HANDLE`; all others are those of the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_manager_remove_cookie_begin(
    manager: *const lk_manager,
    cookie_id: lk_str,
    call: *mut *mut lk_call,
) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers.
        let place = unsafe { Place::new(call, "call") }?.emptied();
        // SAFETY: the header's contract on pointers and texts.
        let (manager, cookie_id) = unsafe { account(manager, cookie_id) }?;
        place.put(lk_call::begin(&manager, manager.remove_cookie(cookie_id))?);
        Ok(())
    })
}

/// Begins `lk_manager_update_cookie`: giving an account a new cookie.
///
/// - `call`: where the call goes, yours to end with `lk_call_free`; NULL is put there on failure. `lk_call_wait` tells how it ended, and
///   `lk_call_on_done` has a function told.
///
/// Any thread. Does not block. Errors, where nothing was begun: `LK_STATUS_NULL_POINTER`, `LK_STATUS_NOT_UTF8`, `LK_STATUS_INVALID_HANDLE`; all others are those of the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_manager_update_cookie_begin(
    manager: *const lk_manager,
    cookie_id: lk_str,
    cookie_value: lk_str,
    call: *mut *mut lk_call,
) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers.
        let place = unsafe { Place::new(call, "call") }?.emptied();
        // SAFETY: the header's contract on pointers and texts.
        let (manager, cookie_id) = unsafe { account(manager, cookie_id) }?;
        // SAFETY: as above.
        let cookie_value = unsafe { cookie_value.required("cookie_value") }?;
        place.put(lk_call::begin(&manager, manager.update_cookie(cookie_id, cookie_value))?);
        Ok(())
    })
}

/// Begins `lk_manager_update_cookie_status`: switching an account on or off.
///
/// - `call`: where the call goes, yours to end with `lk_call_free`; NULL is put there on failure. `lk_call_wait` tells how it ended, and
///   `lk_call_on_done` has a function told.
///
/// Any thread. Does not block. Errors, where nothing was begun: `LK_STATUS_NULL_POINTER`, `LK_STATUS_NOT_UTF8`, `LK_STATUS_INVALID_HANDLE`; all others are those of the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_manager_update_cookie_status_begin(
    manager: *const lk_manager,
    cookie_id: lk_str,
    enabled: bool,
    call: *mut *mut lk_call,
) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers.
        let place = unsafe { Place::new(call, "call") }?.emptied();
        // SAFETY: the header's contract on pointers and texts.
        let (manager, cookie_id) = unsafe { account(manager, cookie_id) }?;
        place.put(lk_call::begin(&manager, manager.update_cookie_status(cookie_id, enabled))?);
        Ok(())
    })
}

/// Begins `lk_manager_restart`: ending an account's session and starting it anew.
///
/// - `call`: where the call goes, yours to end with `lk_call_free`; NULL is put there on failure. `lk_call_wait` tells how it ended, and
///   `lk_call_on_done` has a function told.
///
/// Any thread. Does not block. Errors, where nothing was begun: `LK_STATUS_NULL_POINTER`, `LK_STATUS_NOT_UTF8`, `LK_STATUS_INVALID_HANDLE`; all others are those of the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_manager_restart_begin(
    manager: *const lk_manager,
    cookie_id: lk_str,
    call: *mut *mut lk_call,
) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers.
        let place = unsafe { Place::new(call, "call") }?.emptied();
        // SAFETY: the header's contract on pointers and texts.
        let (manager, cookie_id) = unsafe { account(manager, cookie_id) }?;
        place.put(lk_call::begin(&manager, manager.restart(cookie_id))?);
        Ok(())
    })
}

/// Begins `lk_manager_set_proxy`: having an account go through a proxy.
///
/// - `call`: where the call goes, yours to end with `lk_call_free`; NULL is put there on failure. `lk_call_wait` tells how it ended, and
///   `lk_call_on_done` has a function told.
///
/// Any thread. Does not block. Errors, where nothing was begun: `LK_STATUS_NULL_POINTER`, `LK_STATUS_NOT_UTF8`, `LK_STATUS_INVALID_HANDLE`; all others are those of the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_manager_set_proxy_begin(
    manager: *const lk_manager,
    cookie_id: lk_str,
    proxy: lk_str,
    call: *mut *mut lk_call,
) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers.
        let place = unsafe { Place::new(call, "call") }?.emptied();
        // SAFETY: the header's contract on pointers and texts.
        let (manager, cookie_id) = unsafe { account(manager, cookie_id) }?;
        // SAFETY: as above.
        let proxy = unsafe { proxy.optional("proxy") }?;
        place.put(lk_call::begin(&manager, manager.set_proxy(cookie_id, proxy))?);
        Ok(())
    })
}

/// Begins `lk_manager_wait_for`: waiting until an account is as wanted. `lk_call_account_status` tells how it was then.
///
/// - `call`: where the call goes, yours to end with `lk_call_free`; NULL is put there on failure. `lk_call_wait` tells how it ended, and
///   `lk_call_on_done` has a function told.
///
/// Any thread. Does not block. Errors, where nothing was begun: `LK_STATUS_NULL_POINTER`, `LK_STATUS_NOT_UTF8`, `LK_STATUS_INVALID_HANDLE`, `LK_STATUS_INVALID_ARGUMENT` for a state that is none; all others are those of the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_manager_wait_for_begin(
    manager: *const lk_manager,
    cookie_id: lk_str,
    state: u32,
    connection: u32,
    timeout_s: f64,
    call: *mut *mut lk_call,
) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers.
        let place = unsafe { Place::new(call, "call") }?.emptied();
        // SAFETY: the header's contract on pointers and texts.
        let (manager, cookie_id) = unsafe { account(manager, cookie_id) }?;
        place.put(lk_call::begin(&manager, manager.wait_for(cookie_id, read_wanted(state, connection)?, timeout_s))?);
        Ok(())
    })
}

/// Begins `lk_manager_send_text`: sending a text into a chat. `lk_call_send_outcome` tells what became of it. Messages into one chat go out
/// in the order in which they were begun.
///
/// - `call`: where the call goes, yours to end with `lk_call_free`; NULL is put there on failure. `lk_call_wait` tells how it ended, and
///   `lk_call_on_done` has a function told.
///
/// Any thread. Does not block. Errors, where nothing was begun: `LK_STATUS_NULL_POINTER`, `LK_STATUS_NOT_UTF8`, `LK_STATUS_INVALID_HANDLE`; all others are those of the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_manager_send_text_begin(
    manager: *const lk_manager,
    cookie_id: lk_str,
    chat_id: lk_str,
    user_id: lk_str,
    text: lk_str,
    call: *mut *mut lk_call,
) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers.
        let place = unsafe { Place::new(call, "call") }?.emptied();
        // SAFETY: the header's contract on pointers and texts.
        let (manager, cookie_id) = unsafe { account(manager, cookie_id) }?;
        // SAFETY: as above.
        let (chat_id, user_id, text) =
            unsafe { (chat_id.required("chat_id")?, user_id.required("user_id")?, text.required("text")?) };
        place.put(lk_call::begin(&manager, manager.send_text(cookie_id, chat_id, user_id, text))?);
        Ok(())
    })
}

/// Begins `lk_manager_send_image`: sending a picture into a chat. `lk_call_send_outcome` tells what became of it.
///
/// - `call`: where the call goes, yours to end with `lk_call_free`; NULL is put there on failure. `lk_call_wait` tells how it ended, and
///   `lk_call_on_done` has a function told.
///
/// Any thread. Does not block. Errors, where nothing was begun: `LK_STATUS_NULL_POINTER`, `LK_STATUS_NOT_UTF8`, `LK_STATUS_INVALID_HANDLE`; all others are those of the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_manager_send_image_begin(
    manager: *const lk_manager,
    cookie_id: lk_str,
    chat_id: lk_str,
    user_id: lk_str,
    url: lk_str,
    width: u32,
    height: u32,
    call: *mut *mut lk_call,
) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers.
        let place = unsafe { Place::new(call, "call") }?.emptied();
        // SAFETY: the header's contract on pointers and texts.
        let (manager, cookie_id) = unsafe { account(manager, cookie_id) }?;
        // SAFETY: as above.
        let (chat_id, user_id, url) = unsafe { (chat_id.required("chat_id")?, user_id.required("user_id")?, url.required("url")?) };
        let picture = Picture::new(url, width, height);
        place.put(lk_call::begin(&manager, manager.send_image(cookie_id, chat_id, user_id, picture))?);
        Ok(())
    })
}

/// Begins `lk_manager_confirm_shipment`: confirming the shipment of an order. `lk_call_confirmation` tells how that ended.
///
/// - `call`: where the call goes, yours to end with `lk_call_free`; NULL is put there on failure. `lk_call_wait` tells how it ended, and
///   `lk_call_on_done` has a function told.
///
/// Any thread. Does not block. Errors, where nothing was begun: `LK_STATUS_NULL_POINTER`, `LK_STATUS_NOT_UTF8`, `LK_STATUS_INVALID_HANDLE`; all others are those of the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_manager_confirm_shipment_begin(
    manager: *const lk_manager,
    cookie_id: lk_str,
    order_id: lk_str,
    call: *mut *mut lk_call,
) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers.
        let place = unsafe { Place::new(call, "call") }?.emptied();
        // SAFETY: the header's contract on pointers and texts.
        let (manager, cookie_id) = unsafe { account(manager, cookie_id) }?;
        // SAFETY: as above.
        let order_id = unsafe { order_id.required("order_id") }?;
        place.put(lk_call::begin(&manager, manager.confirm_shipment(cookie_id, order_id))?);
        Ok(())
    })
}

/// Begins `lk_manager_close`: stopping every account, and closing the store. `lk_call_stop_report` tells what it came to.
///
/// - `call`: where the call goes, yours to end with `lk_call_free`; NULL is put there on failure. `lk_call_wait` tells how it ended, and
///   `lk_call_on_done` has a function told.
///
/// Any thread. Does not block. Errors, where nothing was begun: `LK_STATUS_NULL_POINTER`, `LK_STATUS_INVALID_HANDLE`; all others are those of the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_manager_close_begin(manager: *const lk_manager, timeout_s: f64, call: *mut *mut lk_call) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers.
        let place = unsafe { Place::new(call, "call") }?.emptied();
        let manager = lk_manager::look(manager)?;
        place.put(lk_call::begin(&manager, manager.close(timeout_s))?);
        Ok(())
    })
}
