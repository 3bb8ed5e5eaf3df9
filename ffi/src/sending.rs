//! Sending into a chat.

use livekeeper::SendOutcome;

use crate::accounts::account;
use crate::error::lk_status;
use crate::guard::guard;
use crate::manager::lk_manager;
use crate::pointer::{Place, Plain, give};
use crate::sized::{Growing, GrowingPlace};
use crate::text::{lk_str, lk_string};

/// How a send ended. The numbers are permanent.
#[repr(u32)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum lk_send_result {
    /// Nobody knows: no answer came in time, or the connection ended first. It is never sent again by itself.
    Unknown = 0,
    /// The service took the message.
    Delivered = 1,
    /// The service refused the message; the buyer has not got it.
    Rejected = 2,
}

/// What became of a send. Begin with `LK_SEND_OUTCOME_INIT`.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct lk_send_outcome {
    /// `sizeof(lk_send_outcome)`, set by the init macro.
    pub size: usize,
    /// How it ended.
    pub result: lk_send_result,
    /// The code of the service's answer where it was rejected; otherwise 0.
    pub code: i64,
}

impl Plain for lk_send_outcome {}

// SAFETY: repr(C), and its first field is its size.
unsafe impl Growing for lk_send_outcome {
    const LEAST: usize = std::mem::offset_of!(Self, code) + size_of::<i64>();
}

/// Sends a text into a chat, and tells how that ended.
///
/// - `chat_id`, `user_id`: the chat and the buyer, without "@goofish".
/// - `text`: 1 to 20,000 bytes.
/// - `outcome`: where the outcome goes; its `size` must be set.
/// - `detail`: where the service's id of a delivered message goes, or its reason for a rejected one, yours to end with
///   `lk_string_free`; NULL if you do not want it. NULL is put there on failure.
///
/// Any thread. Blocks for `answer_timeout_s` at the most, by default 10 s. A rejected message and one whose fate is unknown are
/// no errors: the outcome says so. Errors, where nothing was sent: `LK_STATUS_NOT_CONNECTED`, `LK_STATUS_AT_CAPACITY`,
/// `LK_STATUS_ACCOUNT_NOT_FOUND`, `LK_STATUS_INVALID_ARGUMENT`, `LK_STATUS_CLOSED`, `LK_STATUS_FORKED`, `LK_STATUS_WRONG_SIZE`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_manager_send_text(
    manager: *const lk_manager,
    cookie_id: lk_str,
    chat_id: lk_str,
    user_id: lk_str,
    text: lk_str,
    outcome: *mut lk_send_outcome,
    detail: *mut *mut lk_string,
) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers.
        let (detail_place, outcome_place) =
            unsafe { (Place::optional(detail).map(Place::emptied), GrowingPlace::new(outcome, "outcome")?) };
        // SAFETY: the header's contract on pointers and texts.
        let (manager, cookie_id) = unsafe { account(manager, cookie_id) }?;
        // SAFETY: as above.
        let (chat_id, user_id, text) =
            unsafe { (chat_id.required("chat_id")?, user_id.required("user_id")?, text.required("text")?) };
        let (outcome, detail) = match manager.send_text(cookie_id, chat_id, user_id, text).wait()? {
            SendOutcome::Delivered { message_id } => (told(lk_send_result::Delivered, 0), message_id),
            SendOutcome::Rejected { reason, code } => (told(lk_send_result::Rejected, code), reason),
            _ => (told(lk_send_result::Unknown, 0), String::new()),
        };
        outcome_place.put(outcome);
        if let Some(place) = detail_place {
            place.put(give(lk_string::new(detail)));
        }
        Ok(())
    })
}

fn told(result: lk_send_result, code: i64) -> lk_send_outcome {
    lk_send_outcome { size: size_of::<lk_send_outcome>(), result, code }
}
