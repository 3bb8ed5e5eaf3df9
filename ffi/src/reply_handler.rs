//! A function of the host's that answers messages on which no rule has a word.

use std::ffi::c_void;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use livekeeper::{ChatMessage, HostCall, HostError, Picture, ReplyContent, ReplyHandler, ReplyRequest};

use crate::cookie_provider::lk_free_user_data;
use crate::error::lk_status;
use crate::guard::{guard, guard_or};
use crate::host_function::UserData;
use crate::manager::lk_manager;
use crate::pointer::{Handle, look, look_if_any};
use crate::text::{Text, lk_str};

/// A buyer's message, as a reply handler is asked about it. It and its texts are valid until the handler returns.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct lk_chat_message {
    /// The size of the struct as the library knows it: a field that lies beyond it is not there.
    pub size: usize,
    /// Your name for the account.
    pub cookie_id: lk_str,
    /// The service's id for it.
    pub message_id: lk_str,
    /// The chat it stands in.
    pub chat_id: lk_str,
    /// Who sent it: a user id.
    pub sender_id: lk_str,
    /// The sender's name as people see it; may be empty.
    pub sender_name: lk_str,
    /// Its text; with `lk_config.join_messages` those of the messages that came shortly before it in the chat, too, a line each.
    pub text: lk_str,
    /// The item the chat is about; no text: none.
    pub item_id: lk_str,
    /// When it was sent, by the service's clock: milliseconds since 1970 UTC; 0 if it does not say.
    pub created_at_ms: i64,
}

/// Where a reply handler puts its answer. It is valid until the handler returns, and is not yours to end.
pub struct lk_reply {
    said: Mutex<Result<Option<ReplyContent>, HostError>>,
    call: HostCall,
}

impl Handle for lk_reply {}

impl lk_reply {
    fn new(call: HostCall) -> Self {
        Self { said: Mutex::new(Ok(None)), call }
    }

    /// Changes what is sent; it was a failure, or nothing: that is over.
    fn change(&self, change: impl FnOnce(&mut ReplyContent)) {
        let mut said = self.lock();
        let mut content = said.as_mut().ok().and_then(Option::take).unwrap_or_default();
        change(&mut content);
        *said = Ok(Some(content));
    }

    fn lock(&self) -> MutexGuard<'_, Result<Option<ReplyContent>, HostError>> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Answers a buyer's message on which no rule has a word: see `lk_manager_set_reply_handler`.
///
/// It is called on a thread of the library's, by several threads at the same time. There it may block, and may call every function
/// of the interface but `lk_manager_free`. It must return: an exception of C++ or a longjmp out of it ends the process.
pub type lk_reply_handler =
    Option<unsafe extern "C" fn(user_data: *mut c_void, message: *const lk_chat_message, reply: *mut lk_reply)>;

/// Has buyers' messages on which no rule has a word answered by a function of yours, for all accounts, from the next message on, in
/// the place of an earlier one: this is where an AI model goes.
///
/// The function says what is to be sent with `lk_reply_set_text`, `lk_reply_set_picture` or both; with `lk_reply_set_nothing` that
/// nothing at all is. Where it returns without any of them, or calls `lk_reply_fail`, or takes longer than its time, the default reply
/// is said (`lk_manager_set_default_reply`); the last two are counted in the account's `handler_failures`. What it says goes out only
/// if no person has taken the chat meanwhile. A message whose session ends while the function thinks is asked about again by the next.
///
/// - `function`: the function; NULL takes an earlier one away. As many calls run at the same time as `lk_config.max_handler_calls`
///   says, eight for one account, one for a chat, whose later messages wait for it.
/// - `user_data`, `free_user_data`: as for `lk_manager_set_cookie_provider`.
/// - `timeout_s`: how long it has for one message, the wait for a free place included. Seconds, 0.05 to 3,600; 30 is a good value; of
///   no meaning where `function` is NULL. A function that goes on after it keeps its place until it returns; `lk_reply_is_wanted`
///   tells it that it may end.
///
/// A call that never returns does not hold up `lk_manager_close` longer than `stop_thread_s`, and is named in its report: what it uses,
/// the library's code too, must then stay where it is.
///
/// Any thread, also from inside the function. Does not block. Errors: `LK_STATUS_INVALID_ARGUMENT`, `LK_STATUS_CLOSED`,
/// `LK_STATUS_FORKED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_manager_set_reply_handler(
    manager: *const lk_manager,
    function: lk_reply_handler,
    user_data: *mut c_void,
    free_user_data: lk_free_user_data,
    timeout_s: f64,
) -> lk_status {
    // First of all: whatever comes of the call, it is ended.
    let user_data = UserData::new(user_data, free_user_data);
    guard(move || {
        // SAFETY: the header's contract on pointers.
        let manager = unsafe { lk_manager::look(manager) }?;
        let handler = function.map(|function| -> Arc<ReplyHandler> {
            Arc::new(move |request: &ReplyRequest| {
                let (message, mut reply) = (Texts::new(request.message.clone()), lk_reply::new(request.call.clone()));
                let lent = message.lend();
                // SAFETY: the header's contract on the function; what it is lent lives until it returns.
                unsafe { function(user_data.pointer(), &raw const lent, &raw mut reply) };
                reply.said.into_inner().unwrap_or_else(PoisonError::into_inner)
            })
        });
        Ok(manager.set_reply_handler(handler, timeout_s)?)
    })
}

/// What a message is lent of.
struct Texts {
    cookie_id: Text,
    message_id: Text,
    chat_id: Text,
    sender_id: Text,
    sender_name: Text,
    text: Text,
    item_id: Option<Text>,
    created_at_ms: i64,
}

impl Texts {
    fn new(message: ChatMessage) -> Self {
        Self {
            cookie_id: Text::new(message.cookie_id),
            message_id: Text::new(message.message_id),
            chat_id: Text::new(message.chat_id),
            sender_id: Text::new(message.sender_id),
            sender_name: Text::new(message.sender_name),
            text: Text::new(message.text),
            item_id: message.item_id.map(Text::new),
            created_at_ms: message.created_at_ms,
        }
    }

    fn lend(&self) -> lk_chat_message {
        lk_chat_message {
            size: size_of::<lk_chat_message>(),
            cookie_id: self.cookie_id.lend(),
            message_id: self.message_id.lend(),
            chat_id: self.chat_id.lend(),
            sender_id: self.sender_id.lend(),
            sender_name: self.sender_name.lend(),
            text: self.text.lend(),
            item_id: self.item_id.as_ref().map_or(lk_str::NONE, Text::lend),
            created_at_ms: self.created_at_ms,
        }
    }
}

/// Answers with a text, at most 20,000 bytes, beside a picture if there is one; it is copied, and sent as it stands: braces mean
/// nothing in it. An empty one is none. The last text counts.
///
/// The handler's own thread, or one that it waits for. Does not block.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_reply_set_text(reply: *mut lk_reply, text: lk_str) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers and texts.
        let (reply, text) = unsafe { (look(reply, "reply")?, text.required("text")?) };
        reply.change(|content| text.clone_into(&mut content.text));
        Ok(())
    })
}

/// Answers with a picture that the site already has, after the text if there is one; its URL is copied. The last picture counts.
///
/// - `url`: its `https` or `http` URL on the site's image host, at most 2,000 bytes.
/// - `width`, `height`: in pixels, 1 to 20,000. What cannot be sent is a failure of the handler.
///
/// The handler's own thread, or one that it waits for. Does not block.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_reply_set_picture(reply: *mut lk_reply, url: lk_str, width: u32, height: u32) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers and texts.
        let (reply, url) = unsafe { (look(reply, "reply")?, url.required("url")?) };
        reply.change(|content| content.picture = Some(Picture::new(url, width, height)));
        Ok(())
    })
}

/// Answers that nothing at all is to be sent, the default reply neither; a text or picture that was set is taken back.
///
/// The handler's own thread, or one that it waits for. Does not block.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_reply_set_nothing(reply: *mut lk_reply) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers.
        let reply = unsafe { look(reply, "reply") }?;
        *reply.lock() = Ok(Some(ReplyContent::default()));
        Ok(())
    })
}

/// Answers that the handler has failed: it is counted, and the default reply is said.
///
/// - `sentence`: why, for the library's log; it must hold no credential.
///
/// The handler's own thread, or one that it waits for. Does not block.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_reply_fail(reply: *mut lk_reply, sentence: lk_str) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers and texts.
        let (reply, sentence) = unsafe { (look(reply, "reply")?, sentence.required("sentence")?) };
        *reply.lock() = Err(HostError::new(sentence));
        Ok(())
    })
}

/// Whether somebody still waits for the answer: false once its time is over or its account is being stopped, and of NULL.
///
/// The handler's own thread, or one that it waits for. Does not block.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_reply_is_wanted(reply: *const lk_reply) -> bool {
    // SAFETY: the header's contract: null, or ours and valid.
    let reply = unsafe { look_if_any(reply) };
    guard_or(false, || reply.is_some_and(|reply| !reply.call.is_over()))
}

#[cfg(test)]
mod tests {
    use livekeeper::{HostCall, HostError, Picture, ReplyContent};

    use super::{lk_reply, lk_reply_fail, lk_reply_set_nothing, lk_reply_set_picture, lk_reply_set_text};
    use crate::text::lk_str_of;

    #[test]
    fn what_was_said_last_counts_and_a_text_and_a_picture_go_together() {
        let mut reply = lk_reply::new(HostCall::default());
        let said = |reply: &lk_reply| reply.lock().clone();
        let picture = || Picture::new("https://x/a.jpg", 8, 6);
        let (text, url) = (lk_str_of(c"在的".as_ptr()), lk_str_of(c"https://x/a.jpg".as_ptr()));
        assert_eq!(said(&reply), Ok(None));
        // SAFETY: the handle is there, and the texts are C strings.
        unsafe {
            lk_reply_set_picture(&raw mut reply, url, 8, 6);
            lk_reply_set_text(&raw mut reply, text);
            assert_eq!(said(&reply), Ok(Some(ReplyContent::text("在的").with_picture(picture()))));
            lk_reply_set_nothing(&raw mut reply);
            assert_eq!(said(&reply), Ok(Some(ReplyContent::default())));
            lk_reply_set_picture(&raw mut reply, url, 8, 6);
            assert_eq!(said(&reply), Ok(Some(picture().into())));
            lk_reply_fail(&raw mut reply, text);
            assert_eq!(said(&reply), Err(HostError::new("在的")));
            lk_reply_set_text(&raw mut reply, text);
            assert_eq!(said(&reply), Ok(Some("在的".into())));
        }
    }
}
