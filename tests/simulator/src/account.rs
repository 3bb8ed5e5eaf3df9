//! One account: its login, its chats, its connections, what waits for it and what the script has in store.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use crate::clock::now_ms;
use crate::delivery::{Push, Stored};
use crate::entry::Content;
use crate::login::Login;
use crate::options::Options;
use crate::record::{Counters, Kept, Recent, Seen};

/// Chats kept for an account; the oldest goes.
const MAX_CHATS: usize = 10_000;
/// A chat's messages that may wait for an answer; the oldest is no longer waited for.
const MAX_UNANSWERED: usize = 1_000;
/// Orders remembered as shipped.
const MAX_CONSIGNED: usize = 1_000;

#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) login: Login,
    pub(crate) script: Script,
    pub(crate) connections: Vec<Connection>,
    pub(crate) max_live_sessions: usize,
    pub(crate) chats: Recent<Chat>,
    /// Entries for which there is no connection to push them to, oldest first.
    pub(crate) waiting: VecDeque<Arc<Stored>>,
    /// Entries that can be replayed, by message id.
    pub(crate) recent: Recent<Arc<Stored>>,
    /// `uuid` of a send to the message id it was given.
    pub(crate) uuids: Recent<Option<String>>,
    pub(crate) consigned: Kept<String>,
    pub(crate) counters: Counters,
    pub(crate) log: Kept<Seen>,
    pub(crate) last_cookie: Option<String>,
    last_at_ms: u64,
}

impl Account {
    pub(crate) fn new(login: Login, options: &Options) -> Self {
        Self {
            login,
            script: Script::default(),
            connections: Vec::new(),
            max_live_sessions: 0,
            chats: Recent::new(MAX_CHATS),
            waiting: VecDeque::new(),
            recent: Recent::new(options.max_entries_per_account),
            uuids: Recent::new(options.max_entries_per_account),
            consigned: Kept::new(MAX_CONSIGNED),
            counters: Counters::default(),
            log: Kept::new(options.max_log_per_account),
            last_cookie: None,
            last_at_ms: 0,
        }
    }

    /// Now, or a millisecond after what was said last: a chat's history is paged by time, so no two may share one.
    pub(crate) fn next_at_ms(&mut self) -> u64 {
        self.last_at_ms = now_ms().max(self.last_at_ms + 1);
        self.last_at_ms
    }

    pub(crate) fn connection(&mut self, id: u64) -> Option<&mut Connection> {
        self.connections.iter_mut().find(|connection| connection.id == id)
    }

    pub(crate) fn live_sessions(&self) -> usize {
        self.connections.iter().filter(|connection| connection.registered).count()
    }

    /// Whether pushes flow to the account at this instant.
    pub(crate) fn is_online(&self) -> bool {
        self.connections.iter().any(|connection| connection.synced)
    }

    /// The chat, made if it is new.
    pub(crate) fn chat(&mut self, chat_id: &str, peer_id: &str, max_messages: usize) -> Option<&mut Chat> {
        if self.chats.get(chat_id).is_none() {
            self.chats.insert(chat_id.to_owned(), Chat::new(peer_id, max_messages));
        }
        self.chats.get_mut(chat_id)
    }
}

/// A chat as the service knows it.
#[derive(Debug)]
pub(crate) struct Chat {
    pub(crate) peer_id: String,
    pub(crate) item_id: Option<String>,
    pub(crate) messages: Kept<Message>,
    /// The buyer's messages written to a client that no send has answered, oldest first, and when each was written.
    unanswered: VecDeque<(String, Instant)>,
    /// Whether a send has come since the last of them was written.
    has_answered: bool,
}

impl Chat {
    fn new(peer_id: &str, max_messages: usize) -> Self {
        Self {
            peer_id: peer_id.to_owned(),
            item_id: None,
            messages: Kept::new(max_messages),
            unanswered: VecDeque::new(),
            has_answered: false,
        }
    }

    /// A buyer's message was written to a client for the first time. What a send before it left open gets no answer of its
    /// own: the client answers several lines at once, or not every line.
    pub(crate) fn pushed(&mut self, message_id: String, at: Instant) {
        if std::mem::take(&mut self.has_answered) {
            self.unanswered.clear();
        }
        if self.unanswered.len() >= MAX_UNANSWERED {
            self.unanswered.pop_front();
        }
        self.unanswered.push_back((message_id, at));
    }

    /// Takes the message that a send answers, see [`crate::Send::in_reply_to`].
    pub(crate) fn answer(&mut self) -> Option<(String, Instant)> {
        self.has_answered = true;
        self.unanswered.pop_front()
    }
}

/// A message of a chat's history.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) sender_id: String,
    pub(crate) sender_name: String,
    pub(crate) created_at_ms: u64,
    pub(crate) content: Content,
}

/// A WebSocket connection as the rest of the simulator sees it.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) id: u64,
    pub(crate) pushes: mpsc::Sender<Push>,
    pub(crate) end: watch::Sender<End>,
    pub(crate) registered: bool,
    pub(crate) synced: bool,
    /// The access token it registered with, by number.
    pub(crate) grant: u64,
}

/// What a connection is told from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End {
    NotYet,
    WithFrame(u16, String),
    WithoutFrame,
}

/// What the script has in store for an account.
#[derive(Debug, Default)]
pub(crate) struct Script {
    pub(crate) set_cookies: Vec<String>,
    pub(crate) verification: Option<Verification>,
    pub(crate) api_faults: VecDeque<ApiFault>,
    pub(crate) send_faults: VecDeque<SendFault>,
    pub(crate) consign_faults: VecDeque<String>,
    pub(crate) lists_too_often: u32,
    pub(crate) history_faults: VecDeque<HistoryFault>,
    pub(crate) silent: bool,
    pub(crate) pushes_held: bool,
    pub(crate) pushes_lost: bool,
    pub(crate) slow: Duration,
}

/// A person must verify; where, if the answer says so.
#[derive(Debug)]
pub(crate) struct Verification {
    pub(crate) url: Option<String>,
}

/// An API answer that is neither success nor about the login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApiFault {
    /// This HTTP status, with a body that is no JSON.
    HttpStatus(u16),
    /// Status 200 with this first `ret`, such as `FAIL_SYS_SERVICE_TIMEOUT::服务超时`.
    Ret(String),
    /// The connection ends without an answer.
    Disconnect,
}

/// What is to become of a request for a chat's history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HistoryFault {
    /// It is answered `400600001`: called too often.
    TooOften,
    /// It is answered with this code, and nothing in it.
    Code(u32),
    /// It is not answered.
    Swallow,
    /// It is answered 200 with a body that holds no list of messages.
    NoList,
}

/// What is to become of a send.
#[derive(Debug)]
pub(crate) enum SendFault {
    Refuse { reason: String, code: u32, more_info: Option<String> },
    Swallow,
}
