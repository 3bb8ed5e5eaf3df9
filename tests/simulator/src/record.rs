//! What the simulator writes down. All of it is bounded; what was cut is counted.

use std::collections::{HashMap, VecDeque};
use std::fmt;

use serde::Serialize;

/// Numbers of what happened, for one account or for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Counters {
    /// WebSocket connections opened.
    pub connects: u64,
    /// WebSocket handshakes refused with an HTTP status.
    pub handshakes_refused: u64,
    /// Registrations answered 200.
    pub registers: u64,
    /// Registrations answered 401.
    pub registers_refused: u64,
    /// Calls for an access token that were answered with one.
    pub token_calls: u64,
    /// Signed API calls of any name and any outcome.
    pub api_calls: u64,
    /// Signed API calls that were not answered `SUCCESS`.
    pub api_refusals: u64,
    /// Login checks.
    pub login_checks: u64,
    /// Heartbeats heard, answered or not.
    pub heartbeats: u64,
    /// Pushes written to a client.
    pub pushes: u64,
    /// Entries written to a client, repeats included.
    pub entries: u64,
    /// Entries written to a client that had been written before.
    pub entries_repeated: u64,
    /// Pushes acknowledged.
    pub acks: u64,
    /// Acknowledgements of something that waits for none (public clients acknowledge answers too).
    pub acks_unknown: u64,
    /// Pushes not acknowledged in time.
    pub acks_missing: u64,
    /// Message sends heard that could be read, whatever became of them; the others are violations.
    pub sends: u64,
    /// Message sends answered with a message id.
    pub sends_accepted: u64,
    /// Message sends whose uuid had been used before.
    pub duplicates: u64,
    /// Other requests (`/r/…`).
    pub requests: u64,
    /// Connections the client ended with a close frame.
    pub closes_with_frame: u64,
    /// Connections the client ended without one.
    pub closes_without_frame: u64,
    /// Connections the simulator ended, with or without a frame.
    pub closed_by_server: u64,
    /// Things found wrong with the client.
    pub violations: u64,
    /// Entries that were dropped because too many waited for an account that did not come.
    pub entries_lost: u64,
    /// Records dropped because more were kept than [`crate::Options::max_records`].
    pub records_cut: u64,
}

/// Something the real service would not have taken well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// When, ms since 1970.
    pub at_ms: u64,
    /// The account; empty where the request named none.
    pub unb: String,
    /// Which rule, in a few fixed words, such as `push not acked`.
    pub what: String,
    /// The particulars, without cookie or token values.
    pub detail: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({})", self.unb, self.what, self.detail)
    }
}

/// A message a client sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Send {
    /// The account.
    pub unb: String,
    /// The chat, without `@goofish`.
    pub chat_id: String,
    /// The other person, without `@goofish`.
    pub peer_id: String,
    /// What was said.
    pub content: SendContent,
    /// The send's `uuid`.
    pub uuid: String,
    /// The frame's `mid`.
    pub mid: String,
    /// The id it was given; `None` if it was refused.
    pub message_id: Option<String>,
    /// What became of it.
    pub outcome: SendOutcome,
    /// When it was heard, ms since 1970.
    pub at_ms: u64,
    /// The buyer's message that this answers: the oldest in the chat that was written to the client and that no send has
    /// answered. What is still open when the buyer writes again after a send is no longer waited for. A client that answers
    /// several lines at once thus names the first of them, and its latency is the buyer's whole wait. `None`: nothing was
    /// open, or the send was a duplicate or for the wrong peer.
    pub in_reply_to: Option<String>,
    /// From that message being written for the first time to this send being heard, µs.
    pub latency_us: Option<u64>,
}

impl Send {
    /// The text, or the picture's address.
    pub fn text(&self) -> &str {
        match &self.content {
            SendContent::Text(text) => text,
            SendContent::Picture { url, .. } => url,
        }
    }
}

/// What was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SendContent {
    /// A text.
    Text(String),
    /// A picture.
    Picture {
        /// Its address.
        url: String,
        /// Pixels.
        width: u64,
        /// Pixels.
        height: u64,
    },
}

/// What became of a send.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SendOutcome {
    /// Answered 200 with a message id.
    Accepted,
    /// Accepted, and the answer never written: told to by `swallow_next_send`, or the account is silenced.
    Swallowed,
    /// Refused with this `body.reason`.
    Refused(String),
    /// The uuid had been used: answered with the first one's message id, not said again.
    Duplicate,
}

/// What a log entry is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SeenKind {
    /// A WebSocket connection was opened.
    Connected,
    /// A WebSocket handshake was refused.
    HandshakeRefused,
    /// `/reg` was answered 200.
    Registered,
    /// `/reg` was answered 401.
    RegisterRefused,
    /// `ackDiff`: pushes flow from here.
    Synced,
    /// A heartbeat.
    Heartbeat,
    /// A push was written.
    Pushed,
    /// A push was acknowledged.
    Acked,
    /// A message was sent by the client.
    Sent,
    /// Another request.
    Request,
    /// An API call.
    ApiCall,
    /// A login check.
    LoginCheck,
    /// A connection ended.
    Ended,
    /// A violation, also in [`crate::Simulator::violations`].
    Violation,
    /// The script did something.
    Scripted,
}

/// One line of the log. Never holds a cookie or a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Seen {
    /// When, ms since 1970.
    pub at_ms: u64,
    /// The account.
    pub unb: String,
    /// What it is about.
    pub kind: SeenKind,
    /// The key facts.
    pub detail: String,
}

/// How a WebSocket connection ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ending {
    /// When, ms since 1970.
    pub at_ms: u64,
    /// The account.
    pub unb: String,
    /// Who ended it, and how.
    pub by: EndedBy,
    /// How long the connection lived, ms.
    pub lived_ms: u64,
    /// Whether it was registered.
    pub registered: bool,
}

/// Who ended a connection, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EndedBy {
    /// The client, with a close frame of this code (1005: the frame had none).
    ClientWithFrame(u16),
    /// The client, without a close frame: its TCP connection ended or broke.
    ClientWithoutFrame,
    /// The simulator, with a close frame of this code.
    ServerWithFrame(u16),
    /// The simulator, without one.
    ServerWithoutFrame,
}

/// A list that keeps the newest `limit` items and says when it dropped one.
#[derive(Debug)]
pub(crate) struct Kept<T> {
    items: VecDeque<T>,
    limit: usize,
}

impl<T> Kept<T> {
    pub(crate) fn new(limit: usize) -> Self {
        Self { items: VecDeque::new(), limit: limit.max(1) }
    }

    /// Adds an item; `true`: the oldest had to go.
    pub(crate) fn push(&mut self, item: T) -> bool {
        let full = self.items.len() >= self.limit;
        if full {
            self.items.pop_front();
        }
        self.items.push_back(item);
        full
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.items.iter()
    }
}

/// A map that keeps the newest `limit` keys.
#[derive(Debug)]
pub(crate) struct Recent<V> {
    map: HashMap<String, V>,
    order: VecDeque<String>,
    limit: usize,
}

impl<V> Recent<V> {
    pub(crate) fn new(limit: usize) -> Self {
        Self { map: HashMap::new(), order: VecDeque::new(), limit: limit.max(1) }
    }

    pub(crate) fn insert(&mut self, key: String, value: V) {
        if self.map.insert(key.clone(), value).is_none() {
            self.order.push_back(key);
            if self.order.len() > self.limit
                && let Some(oldest) = self.order.pop_front()
            {
                self.map.remove(&oldest);
            }
        }
    }

    pub(crate) fn get(&self, key: &str) -> Option<&V> {
        self.map.get(key)
    }

    pub(crate) fn get_mut(&mut self, key: &str) -> Option<&mut V> {
        self.map.get_mut(key)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&String, &V)> {
        self.map.iter()
    }

    /// The key of a value like that.
    pub(crate) fn find(&self, mut like: impl FnMut(&V) -> bool) -> Option<String> {
        self.map.iter().find(|(_, value)| like(value)).map(|(key, _)| key.clone())
    }
}
