//! What a manager shows of itself: its capacity and its figures, as values and as `OpenMetrics` text.

mod observer;
mod process;
mod text;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::capacity::Capacity;
use crate::health::Health;
use crate::states::{ConnectionState, TaskState};
use crate::status::Counters;

pub(crate) use self::observer::Observer;

/// A manager's figures at one moment.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Metrics {
    /// When: milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// Since the manager was opened, in seconds.
    pub uptime_s: f64,
    /// Accounts on record.
    pub accounts: u64,
    /// How many of them are in each state, by its name; every state is there.
    pub states: BTreeMap<&'static str, u64>,
    /// How many connections are in each state, by its name; every state is there.
    pub connections: BTreeMap<&'static str, u64>,
    /// How many accounts are how, by the name of the health; every one is there.
    pub health: BTreeMap<&'static str, u64>,
    /// What all accounts have done, those that are removed by now included.
    pub counters: Counters,
    /// What is used of everything that has a bound.
    pub capacity: Capacity,
}

/// A count of 0 for everything that can be counted.
fn zeroes<T: Copy>(all: &[T], name: impl Fn(T) -> &'static str) -> BTreeMap<&'static str, u64> {
    all.iter().map(|value| (name(*value), 0)).collect()
}

fn no_states() -> BTreeMap<&'static str, u64> {
    zeroes(TaskState::ALL, TaskState::name)
}

fn no_connections() -> BTreeMap<&'static str, u64> {
    zeroes(ConnectionState::ALL, ConnectionState::name)
}

fn no_health() -> BTreeMap<&'static str, u64> {
    zeroes(Health::ALL, Health::name)
}
