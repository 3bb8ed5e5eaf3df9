//! What hosts answer with: a text, a picture or both; and the default reply, for messages on which nothing else has a word.

use serde::{Deserialize, Serialize};

use crate::rule::Picture;

/// What is sent in answer to a message. Neither a text nor a picture: nothing is sent.
///
/// ```
/// use livekeeper::{Picture, ReplyContent};
///
/// let text: ReplyContent = "在的，亲".into();
/// let both = ReplyContent::text("尺码见图").with_picture(Picture::new("https://img.alicdn.com/size.jpg", 800, 600));
/// assert!(!text.is_empty() && both.picture.is_some());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ReplyContent {
    /// The text, at most 20,000 bytes; empty: none.
    pub text: String,
    /// The picture, sent after the text if there is one.
    pub picture: Option<Picture>,
}

impl ReplyContent {
    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), picture: None }
    }

    /// A picture.
    pub fn picture(picture: Picture) -> Self {
        Self { text: String::new(), picture: Some(picture) }
    }

    /// With a picture.
    #[must_use]
    pub fn with_picture(self, picture: Picture) -> Self {
        Self { picture: Some(picture), ..self }
    }

    /// Whether nothing is sent.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty() && self.picture.is_none()
    }
}

impl From<&str> for ReplyContent {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<String> for ReplyContent {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}

impl From<Picture> for ReplyContent {
    fn from(picture: Picture) -> Self {
        Self::picture(picture)
    }
}

/// What is answered where no rule matches and the host's function has nothing to say.
///
/// ```
/// use livekeeper::DefaultReply;
///
/// let greeting = DefaultReply::new("您好 {send_user_name}，稍后回复您").once_per_chat();
/// assert!(greeting.once_per_chat);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DefaultReply {
    /// What is sent, its variables filled as in a rule's reply. Empty: nothing is sent, so that the one of an item can say "nothing"
    /// where the account has another.
    pub content: ReplyContent,
    /// Whether it is said once in a chat, for as long as the messages of the chat are kept.
    pub once_per_chat: bool,
}

impl DefaultReply {
    /// One that is said to every message on which nothing else has a word.
    pub fn new(content: impl Into<ReplyContent>) -> Self {
        Self { content: content.into(), once_per_chat: false }
    }

    /// Said once in each chat.
    #[must_use]
    pub fn once_per_chat(self) -> Self {
        Self { once_per_chat: true, ..self }
    }
}
