//! The verbs that send what the host itself has to say.

use super::{CookieManager, check_id};
use crate::call::Call;
use crate::error::Error;
use crate::rule::Picture;
use crate::send_outcome::SendOutcome;
use crate::store::Content;

/// One message that is sent, in bytes, at most.
const MAX_TEXT_BYTES: usize = 20_000;

impl CookieManager {
    /// Sends a text into a chat and tells how that ended: delivered, rejected with the service's reason, or unknown. What is
    /// unknown is never sent again by itself.
    ///
    /// Into one chat, messages go out in the order of the calls, no faster than `chat_send_rate_per_s` and `send_rate_per_s`.
    /// Answered within `answer_timeout_s` of when it goes out: usually at once; of n calls that want to go faster than a rate, the
    /// last waits about n ÷ rate seconds. Also an account and a chat that are paused are sent to.
    ///
    /// - `chat_id`, `user_id`: the chat and the buyer, without `@goofish`.
    /// - `text`: 1 … 20,000 bytes.
    ///
    /// # Errors
    /// [`Error::AccountNotFound`], [`Error::NotConnected`] (also when the session ends before it could go out) and
    /// [`Error::AtCapacity`] (256 calls wait already): nothing was sent. [`Error::StoreFailed`], [`Error::InvalidArgument`],
    /// [`Error::Closed`].
    pub fn send_text(&self, cookie_id: &str, chat_id: &str, user_id: &str, text: &str) -> Call<SendOutcome> {
        self.send(cookie_id, chat_id, user_id, check_text(text).map(|()| Content::Text(text.to_owned())))
    }

    /// Sends a picture that the site already has into a chat, and tells how that ended: as [`Self::send_text`], in one order with
    /// the texts.
    ///
    /// # Errors
    /// Those of [`Self::send_text`]; [`Error::InvalidArgument`] names the picture's field.
    pub fn send_image(&self, cookie_id: &str, chat_id: &str, user_id: &str, picture: Picture) -> Call<SendOutcome> {
        let checked = picture.check().map_err(|(field, problem)| Error::invalid(field, problem));
        self.send(cookie_id, chat_id, user_id, checked.map(|()| Content::Picture(picture)))
    }

    fn send(&self, cookie_id: &str, chat_id: &str, user_id: &str, content: Result<Content, Error>) -> Call<SendOutcome> {
        let sent = self
            .tasks
            .check_open()
            .and_then(|()| check_id("chat_id", chat_id))
            .and_then(|()| check_id("user_id", user_id))
            .and(content)
            .and_then(|content| self.tasks.supervisor().worker(cookie_id)?.send(chat_id, user_id, content));
        match sent {
            Ok(outcome) => Call::under_way(outcome),
            Err(error) => Call::ready(Err(error)),
        }
    }
}

fn check_text(text: &str) -> Result<(), Error> {
    if text.is_empty() || text.len() > MAX_TEXT_BYTES {
        return Err(Error::invalid("text", format!("has {} bytes, allowed are 1 … {MAX_TEXT_BYTES}", text.len())));
    }
    Ok(())
}
