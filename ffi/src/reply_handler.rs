//! A function of the host's that answers messages on which no rule has a word.

use std::ffi::c_void;
use std::sync::Arc;

use livekeeper::{ChatMessage, HostCall, HostError, Picture, ReplyContent, ReplyHandler, ReplyRequest};

use crate::answer::Answer;
use crate::cookie_provider::lk_free_user_data;
use crate::error::lk_status;
use crate::guard::{guard, guard_or};
use crate::host_function::UserData;
use crate::manager::lk_manager;
use crate::pointer::{Handle, Lent, end, look, look_if_any};
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

/// Where a reply handler puts its answer. It is valid until the handler returns, and then not yours to end; or, after
/// `lk_reply_keep`, until you end it with `lk_reply_free`: then it may be filled later, on any thread.
pub struct lk_reply(Answer<ReplyContent>);

impl Handle for lk_reply {}

impl lk_reply {
    fn new(call: HostCall) -> Self {
        Self(Answer::new(call))
    }

    /// Changes what is sent; it was a failure, or nothing: that is over.
    fn change(&self, change: impl FnOnce(&mut ReplyContent)) {
        self.0.say(|said| {
            let mut content = said.as_mut().ok().and_then(Option::take).unwrap_or_default();
            change(&mut content);
            *said = Ok(Some(content));
        });
    }
}

/// Answers a buyer's message on which no rule has a word: see `lk_manager_set_reply_handler`.
///
/// It is called on a thread of the library's, by several threads at the same time. There it may block, and may call every function
/// of the interface. It must return: an exception of C++ or a longjmp out of it ends the process.
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
        let manager = lk_manager::look(manager)?;
        let handler = function.map(|function| -> Arc<ReplyHandler> {
            Arc::new(move |request: &ReplyRequest| {
                let (message, reply) = (Texts::new(request.message.clone()), Arc::new(lk_reply::new(request.call.clone())));
                let (lent_message, lent_reply) = (message.lend(), Lent::shared(Arc::clone(&reply)));
                // SAFETY: the header's contract on the function; what it is lent lives until it returns.
                unsafe { function(user_data.pointer(), &raw const lent_message, lent_reply.handle()) };
                let answered = Answer::wait(&reply, |reply| &reply.0);
                if answered.is_kept {
                    lent_reply.leave();
                }
                answered.said
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
/// Any thread, as long as the reply is valid; what comes when its time is over changes nothing. Does not block. Errors:
/// `LK_STATUS_INVALID_HANDLE`.
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
/// Any thread, as long as the reply is valid; what comes when its time is over changes nothing. Does not block. Errors:
/// `LK_STATUS_INVALID_HANDLE`.
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
/// Any thread, as long as the reply is valid; what comes when its time is over changes nothing. Does not block. Errors:
/// `LK_STATUS_INVALID_HANDLE`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_reply_set_nothing(reply: *mut lk_reply) -> lk_status {
    guard(|| {
        let reply = look(reply, "reply")?;
        reply.0.say(|said| *said = Ok(Some(ReplyContent::default())));
        Ok(())
    })
}

/// Answers that the handler has failed: it is counted, and the default reply is said.
///
/// - `sentence`: why, for the library's log; it must hold no credential.
///
/// Any thread, as long as the reply is valid; what comes when its time is over changes nothing. Does not block. Errors:
/// `LK_STATUS_INVALID_HANDLE`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_reply_fail(reply: *mut lk_reply, sentence: lk_str) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers and texts.
        let (reply, sentence) = unsafe { (look(reply, "reply")?, sentence.required("sentence")?) };
        reply.0.say(|said| *said = Err(HostError::new(sentence)));
        Ok(())
    })
}

/// Whether somebody still waits for the answer: false once its time is over or its account is being stopped, and of NULL.
///
/// Any thread. Does not block.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_reply_is_wanted(reply: *const lk_reply) -> bool {
    let reply = look_if_any(reply);
    guard_or(false, || reply.is_some_and(|reply| reply.0.is_wanted()))
}

/// Keeps a reply beyond the handler's return: the answer comes later. End it with `lk_reply_free`, whatever comes: that gives the
/// answer.
///
/// The handler's time goes on, and its place among the calls that run at the same time is taken until then; when the time is over,
/// or the account is stopped, the default reply is said and what comes later changes nothing. Keeping one twice is fine. Of the
/// message nothing is valid any more when the handler has returned.
///
/// On the handler's thread only. Does not block. Errors: `LK_STATUS_INVALID_HANDLE`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_reply_keep(reply: *mut lk_reply) -> lk_status {
    guard(|| {
        look(reply, "reply")?.0.keep();
        Ok(())
    })
}

/// Ends a reply that was kept: what was said last is the answer; without any, the default reply is said. NULL is fine, and so is one
/// that was not kept: its answer is given at once, then.
///
/// Any thread, once; it may come before the handler returns. Does not block.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_reply_free(reply: *mut lk_reply) {
    if let Some(reply) = look_if_any(reply.cast_const()) {
        reply.0.finish();
    }
    end(reply);
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use livekeeper::{HostCall, HostError, Picture, ReplyContent};

    use super::{
        lk_reply, lk_reply_fail, lk_reply_free, lk_reply_keep, lk_reply_set_nothing, lk_reply_set_picture, lk_reply_set_text,
    };
    use crate::answer::Answer;
    use crate::error::lk_status;
    use crate::pointer::Lent;
    use crate::text::lk_str_of;

    type Said = Result<Option<ReplyContent>, HostError>;
    type Steps<'a> = &'a [&'a dyn Fn(*mut lk_reply) -> lk_status];

    /// What comes of a handler that does this.
    fn said(handler: impl FnOnce(*mut lk_reply)) -> Said {
        let reply = Arc::new(lk_reply::new(HostCall::default()));
        let lent = Lent::shared(Arc::clone(&reply));
        handler(lent.handle());
        Answer::wait(&reply, |reply| &reply.0).said
    }

    #[test]
    fn what_was_said_last_counts_and_a_text_and_a_picture_go_together() {
        let picture = || Picture::new("https://x/a.jpg", 8, 6);
        let (text, url) = (lk_str_of(c"在的".as_ptr()), lk_str_of(c"https://x/a.jpg".as_ptr()));
        // SAFETY: the texts are C strings.
        let set_text = |reply| unsafe { lk_reply_set_text(reply, text) };
        // SAFETY: as above.
        let set_picture = |reply| unsafe { lk_reply_set_picture(reply, url, 8, 6) };
        // SAFETY: a handle only.
        let set_nothing = |reply| unsafe { lk_reply_set_nothing(reply) };
        // SAFETY: the text is a C string.
        let fail = |reply| unsafe { lk_reply_fail(reply, text) };
        let table: [(Steps<'_>, Said); 6] = [
            (&[], Ok(None)),
            (&[&set_picture, &set_text], Ok(Some(ReplyContent::text("在的").with_picture(picture())))),
            (&[&set_text, &set_nothing], Ok(Some(ReplyContent::default()))),
            (&[&set_nothing, &set_picture], Ok(Some(picture().into()))),
            (&[&set_picture, &fail], Err(HostError::new("在的"))),
            (&[&fail, &set_text], Ok(Some("在的".into()))),
        ];
        for (row, (calls, expected)) in table.into_iter().enumerate() {
            let told = said(|reply| calls.iter().for_each(|call| assert_eq!(call(reply), lk_status::Ok)));
            assert_eq!(told, expected, "row {row}");
        }
    }

    #[test]
    fn a_reply_that_is_kept_is_answered_from_another_thread_and_once() {
        let told = said(|reply| {
            // SAFETY: a handle only.
            assert_eq!(unsafe { lk_reply_keep(reply) }, lk_status::Ok);
            let handle = reply.addr();
            std::thread::spawn(move || {
                let reply = std::ptr::without_provenance_mut::<lk_reply>(handle);
                let text = lk_str_of(c"later".as_ptr());
                // SAFETY: the text is a C string; the rest are handles, of which the last are freed ones.
                unsafe {
                    assert_eq!(lk_reply_set_text(reply, text), lk_status::Ok);
                    lk_reply_free(reply);
                    assert_eq!(lk_reply_set_text(reply, text), lk_status::InvalidHandle);
                    lk_reply_free(reply);
                }
            });
        });
        assert_eq!(told, Ok(Some("later".into())));
    }
}
