//! A function of the host's that brings a new cookie when a login is over.

use std::ffi::c_void;
use std::sync::Arc;

use livekeeper::{CookieProvider, CookieRequest, HostError, Secret};

use crate::answer::Answer;
use crate::error::lk_status;
use crate::guard::{guard, guard_or};
use crate::host_function::UserData;
use crate::manager::lk_manager;
use crate::pointer::{Handle, Lent, end, look, look_if_any};
use crate::states::lk_reason_code;
use crate::text::{Text, lk_str};

/// What a cookie provider is asked for. It and its texts are valid until the provider returns.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct lk_cookie_request {
    /// The size of the struct as the library knows it: a field that lies beyond it is not there.
    pub size: usize,
    /// Your name for the account.
    pub cookie_id: lk_str,
    /// The account's Xianyu user: a new cookie must be of the same.
    pub unb: lk_str,
    /// Why a new cookie is needed. Now always `LK_REASON_CODE_SESSION_EXPIRED`.
    pub reason: lk_reason_code,
}

/// Where a cookie provider puts its answer. It is valid until the provider returns, and then not yours to end; or, after
/// `lk_cookie_answer_keep`, until you end it with `lk_cookie_answer_free`: then it may be filled later, on any thread.
pub struct lk_cookie_answer(Answer<Secret>);

impl Handle for lk_cookie_answer {}

/// Brings a new cookie for an account whose login is over: see `lk_manager_set_cookie_provider`.
///
/// It is called on a thread of the library's, by several threads at the same time. There it may block, and may call every function
/// of the interface. It must return: an exception of C++ or a longjmp out of it ends the process.
pub type lk_cookie_provider =
    Option<unsafe extern "C" fn(user_data: *mut c_void, request: *const lk_cookie_request, answer: *mut lk_cookie_answer)>;

/// Ends the data of a function of yours. It is called once, on any thread; it must not block.
pub type lk_free_user_data = Option<unsafe extern "C" fn(user_data: *mut c_void)>;

/// Sets the function that is asked for a new cookie when an account's login is over, in the place of an earlier one. With a cookie of
/// the same user, the account signs in anew. Without one the cookie helper is asked where there is one (`lk_config.cookie_helper`),
/// else the account is parked; it is parked too when the function fails, or brings another user's cookie or one that is over as
/// well. `lk_manager_restart` has such an account tried anew.
///
/// - `function`: the function; NULL takes an earlier one away. As many calls run at the same time as `lk_config.max_helpers` says
///   (together with cookie helpers); further accounts wait.
/// - `user_data`: handed to each call; may be NULL.
/// - `free_user_data`: ends `user_data`; NULL: nothing is to be ended. It is called exactly once: when the function has been replaced or
///   taken away, or the manager is closed or freed, and no call of the function runs any more; at once where this call fails, or
///   `function` is NULL.
/// - `timeout_s`: how long a call is waited for; then the account is parked. Seconds, 0.05 to 3,600; 120 is a good value; of no meaning
///   where `function` is NULL. A function that goes on after it keeps its place until it returns;
///   `lk_cookie_answer_is_wanted` tells it that it may end.
///
/// A call that never returns does not hold up `lk_manager_close` longer than `stop_thread_s`, and is named in its report: what it uses,
/// the library's code too, must then stay where it is.
///
/// Any thread, also from inside the function. Does not block. Errors: `LK_STATUS_INVALID_ARGUMENT`, `LK_STATUS_CLOSED`,
/// `LK_STATUS_FORKED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_manager_set_cookie_provider(
    manager: *const lk_manager,
    function: lk_cookie_provider,
    user_data: *mut c_void,
    free_user_data: lk_free_user_data,
    timeout_s: f64,
) -> lk_status {
    // First of all: whatever comes of the call, it is ended.
    let user_data = UserData::new(user_data, free_user_data);
    guard(move || {
        let manager = lk_manager::look(manager)?;
        let provider = function.map(|function| -> Arc<CookieProvider> {
            Arc::new(move |request: &CookieRequest| {
                let (cookie_id, unb) = (Text::new(request.cookie_id.clone()), Text::new(request.unb.clone()));
                let asked = lk_cookie_request {
                    size: size_of::<lk_cookie_request>(),
                    cookie_id: cookie_id.lend(),
                    unb: unb.lend(),
                    reason: request.reason.into(),
                };
                let answer = Arc::new(lk_cookie_answer(Answer::new(request.call.clone())));
                let lent = Lent::shared(Arc::clone(&answer));
                // SAFETY: the header's contract on the function; what it is lent lives until it returns.
                unsafe { function(user_data.pointer(), &raw const asked, lent.handle()) };
                let answered = Answer::wait(&answer, |answer| &answer.0);
                if answered.is_kept {
                    lent.leave();
                }
                answered.said
            })
        });
        Ok(manager.set_cookie_provider(provider, timeout_s)?)
    })
}

/// Answers with a new cookie, in any form that `lk_manager_add_cookie` takes; it is copied. The last answer counts; one that is empty
/// is none.
///
/// Any thread, as long as the answer is valid; what comes when its time is over changes nothing. Does not block. Errors:
/// `LK_STATUS_INVALID_HANDLE`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_cookie_answer_set(answer: *mut lk_cookie_answer, cookie_value: lk_str) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers and texts.
        let (answer, cookie_value) = unsafe { (look(answer, "answer")?, cookie_value.required("cookie_value")?) };
        answer.0.say(|said| *said = Ok(Some(Secret::new(cookie_value))));
        Ok(())
    })
}

/// Answers that there is none, with a sentence for the person who reads the account's status; it must hold no credential. The helper
/// is not asked.
///
/// Any thread, as long as the answer is valid; what comes when its time is over changes nothing. Does not block. Errors:
/// `LK_STATUS_INVALID_HANDLE`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_cookie_answer_fail(answer: *mut lk_cookie_answer, sentence: lk_str) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers and texts.
        let (answer, sentence) = unsafe { (look(answer, "answer")?, sentence.required("sentence")?) };
        answer.0.say(|said| *said = Err(HostError::new(sentence)));
        Ok(())
    })
}

/// Whether somebody still waits for the answer: false once its time is over or its account is being stopped, and of NULL.
///
/// Any thread. Does not block.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_cookie_answer_is_wanted(answer: *const lk_cookie_answer) -> bool {
    let answer = look_if_any(answer);
    guard_or(false, || answer.is_some_and(|answer| answer.0.is_wanted()))
}

/// Keeps an answer beyond the provider's return: it comes later. End it with `lk_cookie_answer_free`, whatever comes: that gives it.
///
/// The provider's time goes on, and its place among the calls that run at the same time is taken until then; when the time is over
/// the account is parked, and what comes later changes nothing. Keeping one twice is fine. Of the request nothing is valid any more
/// when the provider has returned.
///
/// On the provider's thread only. Does not block. Errors: `LK_STATUS_INVALID_HANDLE`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_cookie_answer_keep(answer: *mut lk_cookie_answer) -> lk_status {
    guard(|| {
        look(answer, "answer")?.0.keep();
        Ok(())
    })
}

/// Ends an answer that was kept: what was said last is it; without any, there is no cookie. NULL is fine, and so is one that was not
/// kept: it is given at once, then.
///
/// Any thread, once; it may come before the provider returns. Does not block.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_cookie_answer_free(answer: *mut lk_cookie_answer) {
    if let Some(answer) = look_if_any(answer.cast_const()) {
        answer.0.finish();
    }
    end(answer);
}
