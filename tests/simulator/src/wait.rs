//! Waiting for the simulator to have seen something, so that no test has to sleep.

use std::fmt;
use std::time::{Duration, Instant};

use tokio::time::timeout;

use crate::record::{Counters, Send, Violation};
use crate::simulator::Simulator;
use crate::state::State;

/// What the simulator knows at one instant. Borrowed from under its lock: look, and return.
#[derive(Clone, Copy)]
pub struct Snapshot<'a> {
    state: &'a State,
}

impl Snapshot<'_> {
    /// The counters of all accounts together.
    pub fn counters(&self) -> Counters {
        self.state.counters
    }

    /// One account's counters; all zero if it is not known.
    pub fn counters_of(&self, unb: &str) -> Counters {
        self.state.accounts.get(unb).map(|account| account.counters).unwrap_or_default()
    }

    /// WebSocket connections open.
    pub fn connections(&self) -> usize {
        self.state.connections
    }

    /// Whether pushes flow to the account.
    pub fn online(&self, unb: &str) -> bool {
        self.state.accounts.get(unb).is_some_and(crate::account::Account::is_online)
    }

    /// Accounts to which pushes flow.
    pub fn accounts_online(&self) -> usize {
        self.state.accounts.values().filter(|account| account.is_online()).count()
    }

    /// The sends kept, oldest first.
    pub fn sends(&self) -> impl DoubleEndedIterator<Item = &Send> {
        self.state.sends.iter()
    }

    /// The violations kept, oldest first.
    pub fn violations(&self) -> impl DoubleEndedIterator<Item = &Violation> {
        self.state.violations.iter()
    }

    fn describe(self) -> String {
        let counters = self.state.counters;
        let violations: Vec<_> = self.violations().rev().take(3).map(ToString::to_string).collect();
        format!(
            "{} connections, {} accounts online, {counters:?}, last violations {violations:?}",
            self.connections(),
            self.accounts_online(),
        )
    }
}

/// What was waited for did not come in time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitTimeout {
    /// What was waited for.
    pub what: String,
    /// For how long.
    pub waited: Duration,
    /// What the simulator had seen by then.
    pub saw: String,
}

impl fmt::Display for WaitTimeout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} did not come within {:?}; seen: {}", self.what, self.waited, self.saw)
    }
}

impl std::error::Error for WaitTimeout {}

impl Simulator {
    /// Waits until the condition holds. It is looked at after every change, under the simulator's lock: it must be
    /// short and must not call the simulator.
    ///
    /// # Errors
    /// [`WaitTimeout`] with what was seen instead.
    pub async fn wait_until(&self, limit: Duration, condition: impl FnMut(&Snapshot<'_>) -> bool) -> Result<(), WaitTimeout> {
        self.wait_for("the condition", limit, condition).await
    }

    /// Waits until pushes flow to the account.
    ///
    /// # Errors
    /// [`WaitTimeout`] with what was seen instead.
    pub async fn wait_online(&self, unb: &str, limit: Duration) -> Result<(), WaitTimeout> {
        self.wait_for(&format!("account {unb} online"), limit, |seen| seen.online(unb)).await
    }

    /// Waits until the account has made `count` sends or more since the start, and returns those kept.
    ///
    /// # Errors
    /// [`WaitTimeout`] with what was seen instead.
    pub async fn wait_sends(&self, unb: &str, count: u64, limit: Duration) -> Result<Vec<Send>, WaitTimeout> {
        self.wait_for(&format!("{count} sends of {unb}"), limit, |seen| seen.counters_of(unb).sends >= count).await?;
        Ok(self.sends(unb))
    }

    /// [`Simulator::wait_until`] for callers with no runtime: blocks the thread.
    ///
    /// # Errors
    /// [`WaitTimeout`] with what was seen instead.
    pub fn wait_until_blocking(&self, limit: Duration, condition: impl FnMut(&Snapshot<'_>) -> bool) -> Result<(), WaitTimeout> {
        self.wait_for_blocking("the condition", limit, condition)
    }

    /// [`Simulator::wait_online`] for callers with no runtime: blocks the thread.
    ///
    /// # Errors
    /// [`WaitTimeout`] with what was seen instead.
    pub fn wait_online_blocking(&self, unb: &str, limit: Duration) -> Result<(), WaitTimeout> {
        self.wait_for_blocking(&format!("account {unb} online"), limit, |seen| seen.online(unb))
    }

    /// [`Simulator::wait_sends`] for callers with no runtime: blocks the thread.
    ///
    /// # Errors
    /// [`WaitTimeout`] with what was seen instead.
    pub fn wait_sends_blocking(&self, unb: &str, count: u64, limit: Duration) -> Result<Vec<Send>, WaitTimeout> {
        let enough = |seen: &Snapshot<'_>| seen.counters_of(unb).sends >= count;
        self.wait_for_blocking(&format!("{count} sends of {unb}"), limit, enough)?;
        Ok(self.sends(unb))
    }

    async fn wait_for(
        &self,
        what: &str,
        limit: Duration,
        mut condition: impl FnMut(&Snapshot<'_>) -> bool,
    ) -> Result<(), WaitTimeout> {
        let mut changes = self.shared().changes();
        let waiting = async {
            loop {
                changes.mark_unchanged();
                if condition(&Snapshot { state: &self.shared().lock() }) {
                    return;
                }
                // The sender lives in what `self` holds, so this ends with a change only.
                let _ = changes.changed().await;
            }
        };
        timeout(limit, waiting).await.map_err(|_| self.timed_out(what, limit))
    }

    fn wait_for_blocking(
        &self,
        what: &str,
        limit: Duration,
        mut condition: impl FnMut(&Snapshot<'_>) -> bool,
    ) -> Result<(), WaitTimeout> {
        let started = Instant::now();
        let mut state = self.shared().lock();
        loop {
            if condition(&Snapshot { state: &state }) {
                return Ok(());
            }
            let Some(left) = limit.checked_sub(started.elapsed()).filter(|left| !left.is_zero()) else {
                drop(state);
                return Err(self.timed_out(what, limit));
            };
            let waited = self.shared().condvar().wait_timeout(state, left);
            state = waited.unwrap_or_else(std::sync::PoisonError::into_inner).0;
        }
    }

    fn timed_out(&self, what: &str, waited: Duration) -> WaitTimeout {
        let saw = Snapshot { state: &self.shared().lock() }.describe();
        WaitTimeout { what: what.to_owned(), waited, saw }
    }
}
