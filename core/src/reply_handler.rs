//! The host's own reply function.

use serde::Serialize;

use crate::host_call::{HostCall, HostError};
use crate::reply_content::ReplyContent;

/// The host's function that answers messages on which no rule has a word: this is where an AI model goes.
///
/// It answers with what to send; with `None` where it has nothing to say, and then the default reply is said; or with an empty content
/// where nothing at all is to be sent. An error, a panic and an answer after the deadline are counted (`handler_failures`), and the
/// default reply is said.
///
/// It runs on a thread of its own, where it may block, up to `max_handler_calls` times at once and eight times for one account, and a
/// session asks about one message of a chat at a time; those that come in the chat meanwhile wait for it. It may call every method of the manager. Whatever it says is sent only if no person
/// has taken the chat meanwhile. A message whose session ends while it is asked is asked about again by the next session.
pub type ReplyHandler = dyn Fn(&ReplyRequest) -> Result<Option<ReplyContent>, HostError> + Send + Sync;

/// What a [`ReplyHandler`] is asked.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ReplyRequest {
    /// The message that waits for an answer.
    pub message: ChatMessage,
    /// Tells when nobody waits for the answer any more.
    pub call: HostCall,
}

/// A buyer's message, as the host's function is asked about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ChatMessage {
    /// The account.
    pub cookie_id: String,
    /// The service's id for the message.
    pub message_id: String,
    /// The chat it stands in.
    pub chat_id: String,
    /// Who sent it: a user id.
    pub sender_id: String,
    /// The sender's name as people see it; may be empty.
    pub sender_name: String,
    /// Its text; with `join_messages` those of the messages that came shortly before it in the chat, too, a line each.
    pub text: String,
    /// The item the chat is about.
    pub item_id: Option<String>,
    /// When it was sent, by the service's clock: milliseconds since 1970 UTC; 0 if it does not say.
    pub created_at_ms: i64,
}
