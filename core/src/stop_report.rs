//! What stopping came to: for a manager, and for each account how every stage of it ended.

use std::time::Duration;

use serde::Serialize;

/// What closing a manager came to.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct StopReport {
    /// How long it took, in seconds.
    pub took_s: f64,
    /// Each account, in the order of the ids.
    pub accounts: Vec<AccountStop>,
}

/// What stopping one account came to.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct AccountStop {
    /// The account.
    pub cookie_id: String,
    /// How long it took, in seconds.
    pub took_s: f64,
    /// The stages that were needed, in their order; none where nothing ran.
    pub stages: Vec<StageReport>,
    /// What is still there. It belongs to an epoch that is over: it can neither send nor write.
    pub left: Vec<String>,
}

/// One stage of a stop.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct StageReport {
    /// Which.
    pub stage: StopStage,
    /// How it ended.
    pub outcome: StageOutcome,
    /// How long it took, in seconds.
    pub took_s: f64,
}

/// The stages of a stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StopStage {
    /// Intake closes, replies in flight finish, the WebSocket is closed with a close frame. Limit: `stop_socket_s`.
    Socket,
    /// Child processes are asked to end, then killed as a group. Limit: `stop_process_s`.
    Process,
    /// What still runs is cut off; blocking work is waited for, then abandoned behind its fence. Limit: `stop_thread_s`.
    Thread,
}

/// How a stage of a stop ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StageOutcome {
    /// All that it is for was over within its limit.
    Done,
    /// Its limit was reached; the next stage followed.
    TimedOut,
}

impl StopReport {
    /// Whether nothing is left of any account.
    pub fn is_clean(&self) -> bool {
        self.accounts.iter().all(|account| account.left.is_empty())
    }
}

impl AccountStop {
    pub(crate) fn nothing_ran(cookie_id: &str) -> Self {
        Self { cookie_id: cookie_id.to_owned(), took_s: 0.0, stages: Vec::new(), left: Vec::new() }
    }

    pub(crate) fn left(cookie_id: &str, took: Duration, what: String) -> Self {
        Self { took_s: took.as_secs_f64(), left: vec![what], ..Self::nothing_ran(cookie_id) }
    }

    pub(crate) fn note(&mut self, stage: StopStage, is_over: bool, took: Duration) {
        let outcome = if is_over { StageOutcome::Done } else { StageOutcome::TimedOut };
        self.stages.push(StageReport { stage, outcome, took_s: took.as_secs_f64() });
    }
}
