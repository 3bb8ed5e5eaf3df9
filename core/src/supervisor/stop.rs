//! The escalation when stopping, and the report of it.

use std::sync::Arc;

use serde::Serialize;
use tokio::time::{Duration, Instant, timeout};

use super::slot::LiveSession;
use crate::account::AccountCell;
use crate::config::{Config, seconds};

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
    /// What still runs is cut off. Limit: `stop_thread_s`.
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
    pub(super) fn nothing_ran(cookie_id: &str) -> Self {
        Self { cookie_id: cookie_id.to_owned(), took_s: 0.0, stages: Vec::new(), left: Vec::new() }
    }

    pub(super) fn left(cookie_id: &str, took: Duration, what: String) -> Self {
        Self { took_s: took.as_secs_f64(), left: vec![what], ..Self::nothing_ran(cookie_id) }
    }
}

/// Of the first stage's limit, what a session is told to use.
const TOLD_SHARE: f64 = 0.9;

/// Stops a live session: asks it, then cuts it off, then gives it up behind its fence.
pub(super) async fn stop(session: LiveSession, cell: &Arc<AccountCell>, config: &Config) -> AccountStop {
    let started = Instant::now();
    let LiveSession { mut task, stop } = session;
    let mut report = AccountStop::nothing_ran(cell.cookie_id());
    let limit = seconds(config.stop_socket_s);
    // Told a little less than the limit, so that a session which uses all of it still ends by itself. One that has ended
    // meanwhile does not hear it, and its task is over.
    let _ = stop.send(started + limit.mul_f64(TOLD_SHARE));
    let is_over = timeout(limit, &mut task).await.is_ok();
    report.note(StopStage::Socket, is_over, started);
    if !is_over {
        let cut_off_at = Instant::now();
        drop(cell.next_epoch());
        task.abort();
        let is_over = timeout(seconds(config.stop_thread_s), task).await.is_ok();
        report.note(StopStage::Thread, is_over, cut_off_at);
        if !is_over {
            report.left.push("its session's task".to_owned());
        }
    }
    report.took_s = started.elapsed().as_secs_f64();
    report
}

impl AccountStop {
    fn note(&mut self, stage: StopStage, is_over: bool, since: Instant) {
        let outcome = if is_over { StageOutcome::Done } else { StageOutcome::TimedOut };
        self.stages.push(StageReport { stage, outcome, took_s: since.elapsed().as_secs_f64() });
    }
}
