//! Incoming frames, and the ack of a push.
//!
//! A frame is read once and borrowed from its text; its body is kept as raw JSON and read only by whoever asks for a part.
//! Numbers and text of the same digits read alike everywhere, since the service writes either.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::history::History;
use super::loose::Loose;
use super::request::json;
use super::sync::{EntryError, without_domain};
use super::tree::{Key, Node, from_json};

/// The longest text of a refusal that is kept, in characters.
const MAX_REFUSAL_CHARS: usize = 200;

/// `body.code` of an answer that says: asked too often, wait and try again.
const ASKED_TOO_OFTEN: &str = "400600001";

/// Why a frame, or a part of it, could not be read. The message names no content.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// The frame is no JSON object with the fields of a frame.
    #[error("the frame is not a JSON object of the service's form (line {line} column {column})")]
    NotAFrame {
        /// Line of the first fault, from 1.
        line: usize,
        /// Column of the first fault, in bytes.
        column: usize,
    },
    /// The body is not what this kind of frame holds.
    #[error("the frame's body has no {what}")]
    BadBody {
        /// The part that was looked for.
        what: &'static str,
    },
}

/// An incoming frame.
#[derive(Debug)]
#[non_exhaustive]
pub enum Incoming<'a> {
    /// The answer to a request of ours.
    Answer(Answer<'a>),
    /// News from the server. Must be acked, else the server closes the connection.
    Push(Push<'a>),
    /// Anything else: a request of the server's, or a frame of a kind this version does not know. Acking it does no harm.
    Other(Other<'a>),
}

/// Reads one text frame.
///
/// A frame whose `lwp` begins with `/s/` is a push. One with a `code`, or without an `lwp` and with a `mid`, is an answer.
///
/// # Errors
/// [`FrameError::NotAFrame`].
pub fn decode(text: &str) -> Result<Incoming<'_>, FrameError> {
    // serde would also take an array for a struct's fields in order.
    if !text.trim_ascii_start().starts_with('{') {
        return Err(FrameError::NotAFrame { line: 1, column: 1 });
    }
    let frame: RawFrame<'_> =
        serde_json::from_str(text).map_err(|error| FrameError::NotAFrame { line: error.line(), column: error.column() })?;
    let headers = frame.headers.unwrap_or_default();
    let lwp = frame.lwp.filled();
    let (code, body) = (frame.code.whole(), frame.body);
    Ok(match lwp {
        Some(lwp) if lwp.starts_with("/s/") => Incoming::Push(Push { lwp, headers, body }),
        None if code.is_some() || headers.mid.0.is_some() => Incoming::Answer(Answer { code, headers, body }),
        Some(_) if code.is_some() => Incoming::Answer(Answer { code, headers, body }),
        lwp => Incoming::Other(Other { lwp, headers }),
    })
}

#[derive(Deserialize)]
struct RawFrame<'a> {
    #[serde(borrow, default)]
    lwp: Loose<'a>,
    #[serde(borrow, default)]
    code: Loose<'a>,
    #[serde(borrow, default)]
    headers: Option<Headers<'a>>,
    #[serde(borrow, default)]
    body: Option<&'a RawValue>,
}

#[derive(Debug, Default, Deserialize)]
struct Headers<'a> {
    #[serde(borrow, default)]
    mid: Loose<'a>,
    #[serde(borrow, default)]
    sid: Loose<'a>,
    #[serde(rename = "reg-sid", borrow, default)]
    reg_sid: Loose<'a>,
    #[serde(rename = "app-key", borrow, default)]
    app_key: Loose<'a>,
    #[serde(borrow, default)]
    ua: Loose<'a>,
    #[serde(borrow, default)]
    dt: Loose<'a>,
}

impl Headers<'_> {
    fn ack(&self) -> String {
        #[derive(Serialize)]
        struct Ack<'a> {
            code: u16,
            headers: AckHeaders<'a>,
        }
        #[derive(Serialize)]
        struct AckHeaders<'a> {
            mid: &'a str,
            sid: &'a str,
            #[serde(rename = "app-key", skip_serializing_if = "Option::is_none")]
            app_key: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            ua: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            dt: Option<&'a str>,
        }
        let ack = Ack {
            code: 200,
            headers: AckHeaders {
                mid: self.mid.0.as_deref().unwrap_or_default(),
                sid: self.sid.0.as_deref().unwrap_or_default(),
                app_key: self.app_key.0.as_deref(),
                ua: self.ua.0.as_deref(),
                dt: self.dt.0.as_deref(),
            },
        };
        json(&ack)
    }
}

/// The answer to a request: which one, and what came of it.
#[derive(Debug)]
pub struct Answer<'a> {
    code: Option<i64>,
    headers: Headers<'a>,
    body: Option<&'a RawValue>,
}

/// Why the service did not take a message. Both texts are the service's own, cut to a bounded length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// `body.reason`.
    pub reason: String,
    /// `body.moreInfo`, e.g. `CSI_FORBID||…`.
    pub more_info: Option<String>,
}

#[derive(Default, Deserialize)]
struct AnswerBody<'a> {
    #[serde(rename = "messageId", borrow, default)]
    message_id: Loose<'a>,
    #[serde(borrow, default)]
    timestamp: Loose<'a>,
    #[serde(borrow, default)]
    code: Loose<'a>,
    #[serde(borrow, default)]
    reason: Option<&'a RawValue>,
    #[serde(rename = "moreInfo", borrow, default)]
    more_info: Option<&'a RawValue>,
}

impl<'a> Answer<'a> {
    /// The `mid` of the request that this answers; empty if the answer names none.
    pub fn mid(&self) -> &str {
        self.headers.mid.0.as_deref().unwrap_or_default()
    }

    /// The status; `None` if there is none or it is no number.
    pub fn code(&self) -> Option<i64> {
        self.code
    }

    /// Whether the status is 200. A refusal may stand in the body all the same: see [`Answer::refusal`].
    pub fn is_ok(&self) -> bool {
        self.code == Some(200)
    }

    /// The session's id, in the answer to `/reg`.
    pub fn reg_sid(&self) -> Option<&str> {
        self.headers.reg_sid.0.as_deref().filter(|sid| !sid.is_empty())
    }

    /// The server's clock, ms since 1970, in the answer to `/reg`.
    pub fn timestamp_ms(&self) -> Option<i64> {
        self.body_fields().timestamp.whole()
    }

    /// The id of the message that was delivered, in the answer to a send.
    pub fn message_id(&self) -> Option<Cow<'a, str>> {
        self.body_fields().message_id.filled()
    }

    /// Why a send was refused. Counts whatever the code is; an empty or null reason is none.
    pub fn refusal(&self) -> Option<Refusal> {
        let body = self.body_fields();
        Some(Refusal { reason: shown(body.reason)?, more_info: shown(body.more_info) })
    }

    /// Whether the service says that it was asked too often: wait, and ask again.
    pub fn is_asked_too_often(&self) -> bool {
        self.body_fields().code.0.as_deref() == Some(ASKED_TOO_OFTEN)
    }

    /// The chat's id, in the answer to a request that opens a chat: the first `cid` anywhere in the body, without its `@goofish`.
    pub fn chat_id(&self) -> Option<String> {
        let body = from_json(self.body?.get().as_bytes()).ok()?;
        first_cid(&body).map(|cid| without_domain(&cid).to_owned()).filter(|id| !id.is_empty())
    }

    /// One page of the history of that chat, in the answer to the request for it. `seller_id` is the account's `unb`.
    ///
    /// # Errors
    /// [`FrameError::BadBody`] if the body holds no list of messages.
    pub fn history(&self, chat_id: &str, seller_id: &str) -> Result<History, FrameError> {
        self.body
            .and_then(|body| History::parse(body.get(), chat_id, seller_id))
            .ok_or(FrameError::BadBody { what: "userMessageModels" })
    }

    /// The body as JSON, for what has no accessor here.
    pub fn body(&self) -> Option<&'a str> {
        self.body.map(RawValue::get)
    }

    /// A body that is no object has none of the fields.
    fn body_fields(&self) -> AnswerBody<'a> {
        self.body
            .filter(|body| body.get().starts_with('{'))
            .and_then(|body| serde_json::from_str(body.get()).ok())
            .unwrap_or_default()
    }
}

/// Text as itself, anything else as its JSON; nothing if empty. Bounded.
fn shown(value: Option<&RawValue>) -> Option<String> {
    let json = value?.get();
    let text = serde_json::from_str::<Loose<'_>>(json).ok().and_then(|text| text.0).unwrap_or(Cow::Borrowed(json));
    (!text.is_empty()).then(|| text.chars().take(MAX_REFUSAL_CHARS).collect())
}

fn first_cid<'t>(node: &'t Node<'_>) -> Option<Cow<'t, str>> {
    match node {
        Node::Map(fields) => fields.iter().find_map(|(key, value)| match key {
            Key::Name(name) if name == "cid" => value.id(),
            _ => first_cid(value),
        }),
        Node::List(items) => items.iter().find_map(first_cid),
        _ => None,
    }
}

/// News from the server: entries, and what is needed to ack them.
#[derive(Debug)]
pub struct Push<'a> {
    lwp: Cow<'a, str>,
    headers: Headers<'a>,
    body: Option<&'a RawValue>,
}

impl<'a> Push<'a> {
    /// The kind of push, e.g. `/s/sync`.
    pub fn lwp(&self) -> &str {
        &self.lwp
    }

    /// The frame that acks this push.
    pub fn ack(&self) -> String {
        self.headers.ack()
    }

    /// The `data` of every entry, for [`super::sync::decode_entry`], in the order in which they came. An item without one
    /// is an error of its own and costs only itself. A push that carries no package has no entries.
    ///
    /// # Errors
    /// [`FrameError::BadBody`] if there is a package and its `data` is no list.
    pub fn entries(&self) -> Result<Vec<Result<Cow<'a, str>, EntryError>>, FrameError> {
        #[derive(Deserialize)]
        struct Body<'a> {
            #[serde(rename = "syncPushPackage", borrow, default)]
            package: Option<Package<'a>>,
        }
        #[derive(Deserialize)]
        struct Package<'a> {
            #[serde(borrow, default)]
            data: Option<Vec<&'a RawValue>>,
        }
        #[derive(Deserialize)]
        struct Item<'a> {
            #[serde(borrow, default)]
            data: Loose<'a>,
        }
        let Some(body) = self.body.filter(|body| body.get().starts_with('{')) else {
            return Ok(Vec::new());
        };
        let body: Body<'_> = serde_json::from_str(body.get()).map_err(|_| FrameError::BadBody { what: "list of entries" })?;
        let items = body.package.and_then(|package| package.data).unwrap_or_default();
        Ok(items
            .into_iter()
            .map(|item| {
                let item = if item.get().starts_with('{') { serde_json::from_str::<Item<'_>>(item.get()).ok() } else { None };
                item.and_then(|item| item.data.0).ok_or(EntryError::NoData)
            })
            .collect())
    }
}

/// A frame that is neither an answer nor a push.
#[derive(Debug)]
pub struct Other<'a> {
    lwp: Option<Cow<'a, str>>,
    headers: Headers<'a>,
}

impl Other<'_> {
    /// What the server asks for, if it says.
    pub fn lwp(&self) -> Option<&str> {
        self.lwp.as_deref()
    }

    /// The frame that acks this one; `None` if it has no `mid` to ack.
    pub fn ack(&self) -> Option<String> {
        self.headers.mid.0.as_deref().filter(|mid| !mid.is_empty()).map(|_| self.headers.ack())
    }
}

#[cfg(test)]
#[path = "frame_tests.rs"]
mod tests;
