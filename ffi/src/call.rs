//! Calls that are begun and not waited for.

use std::ffi::c_void;
use std::sync::Arc;

use livekeeper::Call;

use crate::cookie_provider::lk_free_user_data;
use crate::error::{Failure, lk_status, record};
use crate::events::limit_of;
use crate::guard::guard;
use crate::host_function::UserData;
use crate::manager::lk_manager;
use crate::orders::{lk_confirmation, put_confirmation};
use crate::pending::{Answer, Pending};
use crate::pointer::{Handle, Lent, Place, end, give, look};
use crate::sending::{Places, Told, lk_send_outcome};
use crate::sized::GrowingPlace;
use crate::status::{lk_account_status, tell};
use crate::stopping::lk_stop_report;
use crate::text::lk_string;

/// A call that was begun with one of the `lk_manager_…_begin` functions, and goes on by itself. Yours: end it with `lk_call_free`.
pub struct lk_call(Arc<Pending>);

impl Handle for lk_call {}

impl lk_call {
    /// What C gets of a call that is under way; in a fork, none is.
    pub(crate) fn begin<T: Into<Answer> + Send + 'static>(manager: &lk_manager, call: Call<T>) -> Result<*mut Self, Failure> {
        manager.check_fork()?;
        Ok(give(Self(Pending::new(call, manager.dispatch()))))
    }

    /// What it came to; it must be over.
    fn answer(call: *const Self) -> Result<Answer, Failure> {
        look(call, "call")?.0.wait(std::time::Duration::ZERO)?.unwrap_or(Err(Failure::NotOver))
    }
}

fn no_such_answer(what: &'static str) -> Failure {
    Failure::invalid("call", format!("was begun by a verb that brings no {what}"))
}

/// Waits until a call is over, and tells how it ended: `LK_STATUS_OK`, or the error that the call would have answered, had it been
/// waited for at once.
///
/// - `timeout_ms`: milliseconds; 0 looks without waiting, `LK_FOREVER` waits until it is over.
///
/// Any thread, several at the same time, as often as you like. Blocks for `timeout_ms` at the most. Errors: `LK_STATUS_NOT_OVER` when
/// the time ran out, `LK_STATUS_CANCELLED` after `lk_call_cancel`, `LK_STATUS_WOULD_DEADLOCK`, `LK_STATUS_FORKED`, and those of the
/// call itself.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_call_wait(call: *const lk_call, timeout_ms: u32) -> lk_status {
    guard(|| {
        let call = look(call, "call")?;
        call.0.wait(limit_of(timeout_ms))?.unwrap_or(Err(Failure::NotOver)).map(drop)
    })
}

/// Is told that a call is over: see `lk_call_on_done`.
///
/// - `status`: how it ended, as `lk_call_wait` has it; after a failure the `lk_last_error_…` functions tell of it.
/// - `call`: the call, to look its results up; valid until the function returns, and not yours to end.
pub type lk_on_done = Option<unsafe extern "C" fn(user_data: *mut c_void, status: lk_status, call: *const lk_call)>;

/// Has a function of yours told when a call is over. It is called exactly once, whatever comes: also when the call is over already,
/// is cancelled, when your handle of it is freed before, and when the manager is closed or freed.
///
/// - `function`: called on the manager's dispatch thread, never in this call, with no lock held. It may call every function of the
///   interface; while it runs, other calls of this manager that are over wait to be told. It must return: an exception of C++ or a
///   longjmp out of it ends the process.
/// - `user_data`: handed to it; may be NULL.
/// - `free_user_data`: ends `user_data`; NULL: nothing is to be ended. Called exactly once: after the function has returned, or at
///   once where this call fails.
///
/// Any thread; several functions may be told of one call. Does not block. Errors: `LK_STATUS_NULL_POINTER`,
/// `LK_STATUS_INVALID_HANDLE`, `LK_STATUS_RUNTIME_UNAVAILABLE`, `LK_STATUS_FORKED`; after one, the function is not called.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_call_on_done(
    call: *const lk_call,
    function: lk_on_done,
    user_data: *mut c_void,
    free_user_data: lk_free_user_data,
) -> lk_status {
    // First of all: whatever comes of the call, it is ended.
    let user_data = UserData::new(user_data, free_user_data);
    guard(move || {
        let function = function.ok_or(Failure::NullPointer { argument: "function" })?;
        look(call, "call")?.0.on_done(Box::new(move |pending, ended| {
            let lent = Lent::new(lk_call(pending));
            let status = ended.map_or_else(|failure| record(&failure), |()| lk_status::Ok);
            // SAFETY: the header's contract on the function; what it is lent lives until it returns.
            unsafe { function(user_data.pointer(), status, lent.handle().cast_const()) };
            drop(user_data);
        }))
    })
}

/// Gives up waiting for a call: it is over, with `LK_STATUS_CANCELLED`, for all who wait for it or are to be told. The work itself
/// goes on: a message may still go out, an account may still be removed. Of a call that is over: nothing.
///
/// Any thread. Does not block. Errors: `LK_STATUS_INVALID_HANDLE`, `LK_STATUS_FORKED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_call_cancel(call: *const lk_call) -> lk_status {
    guard(|| look(call, "call")?.0.cancel())
}

/// What became of a message: of a call that was begun with `lk_manager_send_text_begin` or `lk_manager_send_image_begin`.
///
/// - `outcome`, `detail`, `more_info`: as for `lk_manager_send_text`.
///
/// Any thread. Does not block. Errors: `LK_STATUS_NOT_OVER`, `LK_STATUS_INVALID_ARGUMENT` for a call of another verb,
/// `LK_STATUS_WRONG_SIZE`, and those of the call itself.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_call_send_outcome(
    call: *const lk_call,
    outcome: *mut lk_send_outcome,
    detail: *mut *mut lk_string,
    more_info: *mut *mut lk_string,
) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers.
        let places = unsafe { Places::new(outcome, detail, more_info) }?;
        let Answer::Sent(sent) = lk_call::answer(call)? else { return Err(no_such_answer("outcome of a message")) };
        places.put(Told::from(sent));
        Ok(())
    })
}

/// How the account was when the wait was over: of a call that was begun with `lk_manager_wait_for_begin`.
///
/// - `status`, `reason`: as for `lk_manager_status`.
///
/// Any thread. Does not block. Errors: `LK_STATUS_NOT_OVER`, `LK_STATUS_INVALID_ARGUMENT` for a call of another verb,
/// `LK_STATUS_WRONG_SIZE`, and those of the call itself.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_call_account_status(
    call: *const lk_call,
    status: *mut lk_account_status,
    reason: *mut *mut lk_string,
) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers.
        let (reason, status) = unsafe { (Place::optional(reason).map(Place::emptied), GrowingPlace::new(status, "status")?) };
        let Answer::Seen(seen) = lk_call::answer(call)? else { return Err(no_such_answer("status")) };
        tell(&seen, Some(&status), reason);
        Ok(())
    })
}

/// How the confirmation of a shipment ended: of a call that was begun with `lk_manager_confirm_shipment_begin`.
///
/// - `confirmation`, `detail`: as for `lk_manager_confirm_shipment`.
///
/// Any thread. Does not block. Errors: `LK_STATUS_NOT_OVER`, `LK_STATUS_INVALID_ARGUMENT` for a call of another verb,
/// `LK_STATUS_WRONG_SIZE`, and those of the call itself.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_call_confirmation(
    call: *const lk_call,
    confirmation: *mut lk_confirmation,
    detail: *mut *mut lk_string,
) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers.
        let (detail, place) =
            unsafe { (Place::optional(detail).map(Place::emptied), GrowingPlace::new(confirmation, "confirmation")?) };
        let Answer::Confirmed(told) = lk_call::answer(call)? else { return Err(no_such_answer("confirmation")) };
        put_confirmation(&told, &place, detail);
        Ok(())
    })
}

/// What closing the manager came to: of a call that was begun with `lk_manager_close_begin`.
///
/// - `report`: where the report goes, yours to end with `lk_stop_report_free`; NULL is put there on failure.
///
/// Any thread. Does not block. Errors: `LK_STATUS_NOT_OVER`, `LK_STATUS_INVALID_ARGUMENT` for a call of another verb, and those of the
/// call itself.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_call_stop_report(call: *const lk_call, report: *mut *mut lk_stop_report) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers.
        let place = unsafe { Place::new(report, "report") }?.emptied();
        let Answer::Stopped(stopped) = lk_call::answer(call)? else { return Err(no_such_answer("stop report")) };
        place.put(give(lk_stop_report::new(stopped)));
        Ok(())
    })
}

/// Ends a call's handle. The work goes on, and functions that are to be told are told. NULL is fine.
///
/// Any thread. Does not block.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_call_free(call: *mut lk_call) {
    end(call);
}
