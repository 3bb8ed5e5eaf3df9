//! What can be seen of an account at one moment: its states, the reason for them, its health, its counters.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use crate::health::{Health, HealthReason};
use crate::states::{ConnectionState, Reason, TaskState};

/// What an account has done since its manager was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct Counters {
    /// Buyers' messages recorded for the first time.
    pub received: u64,
    /// Messages that came again and were recognised.
    pub duplicates: u64,
    /// Those of the received ones that came by reading chats back, after a time without a connection.
    pub backfilled: u64,
    /// Replies that the service confirmed.
    pub replied: u64,
    /// Sends that the service confirmed, the replies among them.
    pub delivered: u64,
    /// Sends that the service refused.
    pub rejected: u64,
    /// Sends whose outcome is not known; they are never sent again by themselves.
    pub unknown: u64,
    /// Messages on which the host's reply function gave no answer: it failed or took too long.
    pub handler_failures: u64,
    /// Entries and frames that could not be read.
    pub broken: u64,
    /// Connections that reached registration.
    pub connects: u64,
    /// Sessions that ended otherwise than by the host's wish.
    pub failures: u64,
}

impl Counters {
    /// Each counter with its name and what it counts.
    pub(crate) fn table(&self) -> [(&'static str, &'static str, u64); 11] {
        [
            ("received", "Buyers' messages recorded for the first time", self.received),
            ("duplicates", "Messages that came again and were recognised", self.duplicates),
            ("backfilled", "Received messages that came by reading chats back", self.backfilled),
            ("replied", "Replies that the service confirmed", self.replied),
            ("delivered", "Sends that the service confirmed", self.delivered),
            ("rejected", "Sends that the service refused", self.rejected),
            ("unknown", "Sends whose outcome is not known", self.unknown),
            ("handler_failures", "Messages on which the host's reply function failed or took too long", self.handler_failures),
            ("broken", "Entries and frames that could not be read", self.broken),
            ("connects", "Connections that reached registration", self.connects),
            ("failures", "Sessions that ended otherwise than by the host's wish", self.failures),
        ]
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.received += other.received;
        self.duplicates += other.duplicates;
        self.backfilled += other.backfilled;
        self.replied += other.replied;
        self.delivered += other.delivered;
        self.rejected += other.rejected;
        self.unknown += other.unknown;
        self.handler_failures += other.handler_failures;
        self.broken += other.broken;
        self.connects += other.connects;
        self.failures += other.failures;
    }
}

/// One account at one moment: a value that never changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AccountStatus {
    /// The account.
    pub cookie_id: String,
    /// What the host asked for; no failure ever changes it.
    pub enabled: bool,
    /// Whether the host has paused it: it answers nothing until it is resumed.
    pub paused: bool,
    /// Its place among the accounts that wait to connect: higher goes first. −100 … 100.
    pub priority: i32,
    /// What the task is doing.
    pub state: TaskState,
    /// What the connection is doing.
    pub connection: ConnectionState,
    /// Why.
    pub reason: Reason,
    /// Since when `state` holds: milliseconds since 1970 UTC.
    pub since_ms: i64,
    /// How it is, in one word.
    pub health: Health,
    /// What is wrong; nothing where it is well.
    pub health_reasons: Arc<[HealthReason]>,
    /// Counted since the manager was opened.
    pub counters: Counters,
}

impl fmt::Display for AccountStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}: {}", self.state.name(), self.connection.name(), self.reason)
    }
}
