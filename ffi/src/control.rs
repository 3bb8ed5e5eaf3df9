//! Steering an account's task: pausing it, letting it go on, starting it anew, its place in the queue, its proxy.

use crate::accounts::account;
use crate::error::lk_status;
use crate::guard::guard;
use crate::manager::lk_manager;
use crate::text::lk_str;

/// Pauses an account: it stays connected, receives and records, and answers nothing until `lk_manager_resume`; what came in
/// meanwhile stays unanswered. Remembered over a restart of the process. `lk_manager_send_text` goes out all the same. Pausing
/// one that is paused is fine.
///
/// Any thread. Blocks until it is on disk. Errors: `LK_STATUS_ACCOUNT_NOT_FOUND`, `LK_STATUS_STORE_FAILED`, `LK_STATUS_CLOSED`,
/// `LK_STATUS_FORKED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_manager_pause(manager: *const lk_manager, cookie_id: lk_str) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers and texts.
        let (manager, cookie_id) = unsafe { account(manager, cookie_id) }?;
        Ok(manager.pause(cookie_id).wait()?)
    })
}

/// Lets a paused account answer again, from the next message on. Resuming one that is not paused is fine.
///
/// Any thread. Blocks until it is on disk. Errors: `LK_STATUS_ACCOUNT_NOT_FOUND`, `LK_STATUS_STORE_FAILED`, `LK_STATUS_CLOSED`,
/// `LK_STATUS_FORKED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_manager_resume(manager: *const lk_manager, cookie_id: lk_str) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers and texts.
        let (manager, cookie_id) = unsafe { account(manager, cookie_id) }?;
        Ok(manager.resume(cookie_id).wait()?)
    })
}

/// Ends the account's session and starts it anew, with its failures forgotten; also one that was parked.
///
/// Any thread. Blocks until nothing of the old session runs, by default 18 s at the most (`stop_socket_s`, `stop_process_s`,
/// `stop_thread_s`); the new connection comes later (`lk_manager_wait_for`). Errors: `LK_STATUS_ACCOUNT_NOT_FOUND`,
/// `LK_STATUS_ACCOUNT_DISABLED`, `LK_STATUS_CLOSED`, `LK_STATUS_FORKED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_manager_restart(manager: *const lk_manager, cookie_id: lk_str) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers and texts.
        let (manager, cookie_id) = unsafe { account(manager, cookie_id) }?;
        Ok(manager.restart(cookie_id).wait()?)
    })
}

/// Sets the account's place among those that wait to connect. A step is worth 10 s of waiting, so that nobody starves.
/// Remembered over a restart of the process.
///
/// - `priority`: -100 to 100, higher goes first; a new account has 0.
///
/// Any thread. Blocks until it is on disk. Errors: `LK_STATUS_INVALID_ARGUMENT`, `LK_STATUS_ACCOUNT_NOT_FOUND`,
/// `LK_STATUS_STORE_FAILED`, `LK_STATUS_CLOSED`, `LK_STATUS_FORKED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_manager_set_priority(manager: *const lk_manager, cookie_id: lk_str, priority: i32) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers and texts.
        let (manager, cookie_id) = unsafe { account(manager, cookie_id) }?;
        Ok(manager.set_priority(cookie_id, priority).wait()?)
    })
}

/// Has an account reach the service through a proxy from now on, with the API and the WebSocket. A session that runs is ended and
/// starts anew with it; an account that is parked stays so until `lk_manager_restart`. Remembered over a restart of the process.
///
/// - `proxy`: `http://host:port` (with CONNECT) or `socks5://host:port`, with `user:password@` before the host where the proxy wants
///   it, special characters in those percent-encoded; `data` NULL: none, the account goes by itself. The proxy resolves the service's
///   name. The URL is stored, and shown nowhere.
///
/// Any thread. Blocks until nothing of the old session runs, by default 18 s at the most (`stop_socket_s`, `stop_process_s`,
/// `stop_thread_s`); the new connection comes later (`lk_manager_wait_for`). Errors: `LK_STATUS_INVALID_ARGUMENT`,
/// `LK_STATUS_ACCOUNT_NOT_FOUND`, `LK_STATUS_STORE_FAILED`, `LK_STATUS_CLOSED`, `LK_STATUS_FORKED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_manager_set_proxy(manager: *const lk_manager, cookie_id: lk_str, proxy: lk_str) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers and texts.
        let (manager, cookie_id) = unsafe { account(manager, cookie_id) }?;
        // SAFETY: the header's contract on texts.
        let proxy = unsafe { proxy.optional("proxy") }?;
        Ok(manager.set_proxy(cookie_id, proxy).wait()?)
    })
}
