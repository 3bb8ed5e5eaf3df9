//! The escalation when stopping: the session is asked, its processes are asked and killed, what still runs is cut off and
//! waited for, and what is left then is listed.

use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Duration, Instant, sleep_until};

use super::slot::LiveSession;
use crate::account::AccountCell;
use crate::config::{Config, seconds};
use crate::resources::Resources;
use crate::stop_report::{AccountStop, StopStage};
use crate::worker::SessionEnd;

/// Of the first stage's limit, what a session is told to use.
const TOLD_SHARE: f64 = 0.9;
/// Of the time that closing a manager may take, what the stages use.
const CLOSE_SHARE: f64 = 0.9;

/// When the closing of the manager must be over, once it has begun: stops that are under way then hurry too.
pub(super) type CloseBy = watch::Receiver<Option<Instant>>;

/// A stage's own limit, and those of the stages that may come after it.
#[derive(Clone, Copy)]
struct Limit {
    own: Duration,
    later: Duration,
}

impl Limit {
    /// When a stage that began at `started` must be over. Less time than the stages want is shared out among them.
    fn end(self, started: Instant, close_by: Option<Instant>) -> Instant {
        let Some(close_by) = close_by else { return started + self.own };
        let rest = close_by.saturating_duration_since(started).mul_f64(CLOSE_SHARE);
        let share = self.own.as_secs_f64() / (self.own + self.later).as_secs_f64();
        started + self.own.min(rest.mul_f64(share))
    }
}

/// Waits for `work` within a stage's limit, and tells `told` of the stage's end, each time that it comes to be another one.
/// `None`: the limit was reached.
async fn within<T>(
    work: impl Future<Output = T>,
    limit: Limit,
    close_by: &mut CloseBy,
    mut told: impl FnMut(Instant),
) -> Option<T> {
    let started = Instant::now();
    let mut work = std::pin::pin!(work);
    loop {
        let end = limit.end(started, *close_by.borrow_and_update());
        told(end);
        tokio::select! {
            biased;
            output = &mut work => return Some(output),
            () = sleep_until(end) => return None,
            // Without a supervisor nobody hurries.
            Ok(()) = close_by.changed() => {}
        }
    }
}

/// Stops a live session, through all the stages that it needs.
pub(super) async fn stop(session: LiveSession, cell: &Arc<AccountCell>, config: &Config, mut close_by: CloseBy) -> AccountStop {
    let started = Instant::now();
    let LiveSession { mut task, stop, resources } = session;
    let mut report = AccountStop::nothing_ran(cell.cookie_id());
    let later = later_than_socket(config, &resources);
    let mut order = Some(stop);
    let over = within(&mut task, Limit { own: seconds(config.stop_socket_s), later }, &mut close_by, |end| {
        // Told a little less than the limit, so that a session which uses all of it still ends by itself. One that has ended
        // meanwhile does not hear it, and its task is over.
        if let Some(order) = order.take() {
            let _ = order.send(started + end.saturating_duration_since(started).mul_f64(TOLD_SHARE));
        }
    });
    let is_over = over.await.is_some();
    report.note(StopStage::Socket, is_over, started.elapsed());
    // Whatever is left of it belongs to an epoch that is over.
    drop(cell.next_epoch());
    task.abort();
    release(&mut report, (!is_over).then_some(task), &resources, config, close_by).await;
    report.took_s = started.elapsed().as_secs_f64();
    report
}

/// Releases what a session held that has ended by itself.
pub(super) async fn release_after_end(
    resources: Resources,
    cell: Arc<AccountCell>,
    config: Arc<Config>,
    close_by: CloseBy,
) -> AccountStop {
    let started = Instant::now();
    let mut report = AccountStop::nothing_ran(cell.cookie_id());
    release(&mut report, None, &resources, &config, close_by).await;
    report.took_s = started.elapsed().as_secs_f64();
    report
}

/// The stages after the first. `task` is given where the session has not ended.
async fn release(
    report: &mut AccountStop,
    task: Option<JoinHandle<SessionEnd>>,
    resources: &Resources,
    config: &Config,
    mut close_by: CloseBy,
) {
    resources.close();
    let thread = seconds(config.stop_thread_s);
    if resources.holds_processes() {
        let started = Instant::now();
        let limit = Limit { own: seconds(config.stop_process_s), later: thread };
        let over = within(resources.until_no_processes(), limit, &mut close_by, |end| resources.stop_processes(end)).await;
        let is_over = over.is_some() || resources.are_processes_gone_soon().await;
        report.note(StopStage::Process, is_over, started.elapsed());
    }
    if task.is_some() || resources.holds_work() {
        let started = Instant::now();
        let limit = Limit { own: thread, later: Duration::ZERO };
        let mut is_left = task.is_some();
        let all = async {
            if let Some(task) = task {
                // How it ended is of no interest any more.
                let _ = task.await;
                is_left = false;
            }
            resources.until_no_work().await;
        };
        let over = within(all, limit, &mut close_by, |_| ()).await;
        report.note(StopStage::Thread, over.is_some(), started.elapsed());
        report.left.extend(is_left.then(|| "its session's task".to_owned()));
    }
    report.left.extend(resources.left());
}

fn later_than_socket(config: &Config, resources: &Resources) -> Duration {
    let process_s = if resources.holds_processes() { config.stop_process_s } else { 0.0 };
    seconds(process_s + config.stop_thread_s)
}
