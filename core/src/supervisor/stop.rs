//! The escalation when stopping: the session is asked, its processes are asked and killed, what still runs is cut off and
//! waited for, and what is left then is listed.

use std::sync::Arc;

use tokio::task::JoinHandle;
use tokio::time::{Duration, Instant, timeout};

use super::slot::LiveSession;
use crate::account::AccountCell;
use crate::config::{Config, seconds};
use crate::resources::Resources;
use crate::stop_report::{AccountStop, StopStage};
use crate::worker::SessionEnd;

/// Of the first stage's limit, what a session is told to use.
const TOLD_SHARE: f64 = 0.9;
/// Of the time that closing a manager may take, what the stages use.
const WITHIN_SHARE: f64 = 0.9;

/// How long each stage may take.
#[derive(Debug, Clone, Copy)]
struct Limits {
    socket: Duration,
    process: Duration,
    thread: Duration,
}

impl Limits {
    /// Those of the settings; all of them shorter where they would not fit into `within`.
    fn new(config: &Config, within: Option<Duration>, has_processes: bool) -> Self {
        let process = if has_processes { config.stop_process_s } else { 0.0 };
        let needed_s = config.stop_socket_s + process + config.stop_thread_s;
        let share = within.map_or(1.0, |within| (within.as_secs_f64() * WITHIN_SHARE / needed_s).min(1.0));
        let limit = |limit_s: f64| seconds(limit_s * share);
        Self { socket: limit(config.stop_socket_s), process: limit(config.stop_process_s), thread: limit(config.stop_thread_s) }
    }
}

/// Stops a live session, through all the stages that it needs; in less time than the settings give where `within` is shorter.
pub(super) async fn stop(session: LiveSession, cell: &Arc<AccountCell>, config: &Config, within: Option<Duration>) -> AccountStop {
    let started = Instant::now();
    let LiveSession { mut task, stop, resources } = session;
    let mut report = AccountStop::nothing_ran(cell.cookie_id());
    let limits = Limits::new(config, within, resources.holds_processes());
    let limit = limits.socket;
    // Told a little less than the limit, so that a session which uses all of it still ends by itself. One that has ended
    // meanwhile does not hear it, and its task is over.
    let _ = stop.send(started + limit.mul_f64(TOLD_SHARE));
    let is_over = timeout(limit, &mut task).await.is_ok();
    report.note(StopStage::Socket, is_over, started.elapsed());
    // Whatever is left of it belongs to an epoch that is over.
    drop(cell.next_epoch());
    task.abort();
    release(&mut report, (!is_over).then_some(task), &resources, limits).await;
    report.took_s = started.elapsed().as_secs_f64();
    report
}

/// Releases what a session held that has ended by itself.
pub(super) async fn release_after_end(resources: Resources, cell: Arc<AccountCell>, config: Arc<Config>) -> AccountStop {
    let started = Instant::now();
    let mut report = AccountStop::nothing_ran(cell.cookie_id());
    let limits = Limits::new(&config, None, resources.holds_processes());
    release(&mut report, None, &resources, limits).await;
    report.took_s = started.elapsed().as_secs_f64();
    report
}

/// The stages after the first. `task` is given where the session has not ended.
async fn release(report: &mut AccountStop, task: Option<JoinHandle<SessionEnd>>, resources: &Resources, limits: Limits) {
    resources.close();
    if resources.holds_processes() {
        let started = Instant::now();
        let is_over = resources.stop_processes(limits.process).await;
        report.note(StopStage::Process, is_over, started.elapsed());
    }
    if task.is_some() || resources.holds_blocking() {
        let started = Instant::now();
        let (task_is_over, blocking_is_over) = tokio::join!(has_ended(task, limits.thread), resources.join_blocking(limits.thread));
        report.note(StopStage::Thread, task_is_over && blocking_is_over, started.elapsed());
        if !task_is_over {
            report.left.push("its session's task".to_owned());
        }
    }
    report.left.extend(resources.left());
}

async fn has_ended(task: Option<JoinHandle<SessionEnd>>, limit: Duration) -> bool {
    match task {
        Some(task) => timeout(limit, task).await.is_ok(),
        None => true,
    }
}
