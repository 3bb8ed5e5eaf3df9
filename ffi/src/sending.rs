//! Sending into a chat.

use livekeeper::{Picture, SendOutcome};

use crate::accounts::account;
use crate::error::{Failure, lk_status};
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
/// - `more_info`: where it goes what the service adds to its reason, such as `CSI_FORBID||…`, yours to end with `lk_string_free`;
///   NULL if you do not want it. NULL is put there on failure, and where the service adds nothing.
///
/// Any thread. Into one chat, messages go out in the order of the calls, no faster than `chat_send_rate_per_s` and
/// `send_rate_per_s`. Blocks until it may go out, usually not at all, and then for `answer_timeout_s` at the most, by default 10 s.
/// A rejected message and one whose fate is unknown are no errors: the outcome says so. Errors, where nothing was sent:
/// `LK_STATUS_NOT_CONNECTED` (also when the connection ends before it may go out), `LK_STATUS_AT_CAPACITY` (256 calls wait
/// already), `LK_STATUS_STORE_FAILED`, `LK_STATUS_ACCOUNT_NOT_FOUND`, `LK_STATUS_INVALID_ARGUMENT`, `LK_STATUS_CLOSED`,
/// `LK_STATUS_FORKED`, `LK_STATUS_WRONG_SIZE`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_manager_send_text(
    manager: *const lk_manager,
    cookie_id: lk_str,
    chat_id: lk_str,
    user_id: lk_str,
    text: lk_str,
    outcome: *mut lk_send_outcome,
    detail: *mut *mut lk_string,
    more_info: *mut *mut lk_string,
) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers.
        let places = unsafe { Places::new(outcome, detail, more_info) }?;
        // SAFETY: the header's contract on pointers and texts.
        let (manager, cookie_id) = unsafe { account(manager, cookie_id) }?;
        // SAFETY: as above.
        let (chat_id, user_id, text) =
            unsafe { (chat_id.required("chat_id")?, user_id.required("user_id")?, text.required("text")?) };
        places.put(Told::from(manager.send_text(cookie_id, chat_id, user_id, text).wait()?));
        Ok(())
    })
}

/// Sends a picture that the site already has into a chat, and tells how that ended. It keeps its order among the texts.
///
/// - `url`: its `https` or `http` URL on the site's image host, at most 2,000 bytes.
/// - `width`, `height`: in pixels, 1 to 20,000.
///
/// Any thread. Blocks, fails and keeps its order as `lk_manager_send_text` does. Errors: those of `lk_manager_send_text`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_manager_send_image(
    manager: *const lk_manager,
    cookie_id: lk_str,
    chat_id: lk_str,
    user_id: lk_str,
    url: lk_str,
    width: u32,
    height: u32,
    outcome: *mut lk_send_outcome,
    detail: *mut *mut lk_string,
    more_info: *mut *mut lk_string,
) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers.
        let places = unsafe { Places::new(outcome, detail, more_info) }?;
        // SAFETY: the header's contract on pointers and texts.
        let (manager, cookie_id) = unsafe { account(manager, cookie_id) }?;
        // SAFETY: as above.
        let (chat_id, user_id, url) = unsafe { (chat_id.required("chat_id")?, user_id.required("user_id")?, url.required("url")?) };
        let picture = Picture::new(url, width, height);
        places.put(Told::from(manager.send_image(cookie_id, chat_id, user_id, picture).wait()?));
        Ok(())
    })
}

/// Where the outcome of a send goes.
pub(crate) struct Places {
    outcome: GrowingPlace<lk_send_outcome>,
    detail: Option<Place<*mut lk_string>>,
    more_info: Option<Place<*mut lk_string>>,
}

impl Places {
    /// # Safety
    /// As for [`Place::optional`] and [`GrowingPlace::new`].
    pub(crate) unsafe fn new(
        outcome: *mut lk_send_outcome,
        detail: *mut *mut lk_string,
        more_info: *mut *mut lk_string,
    ) -> Result<Self, Failure> {
        // SAFETY: the caller's promise.
        let (detail, more_info) = unsafe { (Place::optional(detail), Place::optional(more_info)) };
        let (detail, more_info) = (detail.map(Place::emptied), more_info.map(Place::emptied));
        // SAFETY: the caller's promise.
        Ok(Self { outcome: unsafe { GrowingPlace::new(outcome, "outcome") }?, detail, more_info })
    }

    pub(crate) fn put(self, told: Told) {
        self.outcome.put(lk_send_outcome { size: size_of::<lk_send_outcome>(), result: told.result, code: told.code });
        if let Some(place) = self.detail {
            place.put(give(lk_string::new(told.detail.unwrap_or_default())));
        }
        if let (Some(place), Some(more_info)) = (self.more_info, told.more_info) {
            place.put(give(lk_string::new(more_info)));
        }
    }
}

/// How a send ended, in the parts that C gets.
pub(crate) struct Told {
    pub(crate) result: lk_send_result,
    pub(crate) code: i64,
    /// The id of a delivered one, the reason of a rejected one.
    pub(crate) detail: Option<String>,
    pub(crate) more_info: Option<String>,
}

impl From<SendOutcome> for Told {
    fn from(outcome: SendOutcome) -> Self {
        let unknown = Self { result: lk_send_result::Unknown, code: 0, detail: None, more_info: None };
        match outcome {
            SendOutcome::Delivered { message_id } => {
                Self { result: lk_send_result::Delivered, detail: Some(message_id), ..unknown }
            }
            SendOutcome::Rejected { reason, code, more_info } => {
                Self { result: lk_send_result::Rejected, code, detail: Some(reason), more_info }
            }
            // Also what a later core may add: whoever does not know it must not take it for delivered.
            _ => unknown,
        }
    }
}
