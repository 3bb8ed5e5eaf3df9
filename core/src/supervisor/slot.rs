//! What an actor holds of its account: the phase that it is in, and the moves between phases.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::task::JoinHandle;
use tokio::time::{Duration, Instant, Sleep, sleep_until};

use super::policy::{self, History, Verdict};
use super::registry::{Entry, Supervisor};
use super::stop;
use crate::config::seconds;
use crate::error::Error;
use crate::event::EventKind;
use crate::resources::Resources;
use crate::states::{ConnectionState, ReasonCode, TaskState};
use crate::stop_report::AccountStop;
use crate::worker::{AccountWorker, Failure, SessionEnd, StopSignal, Turn, WorkerTask};

/// The account as its actor sees it. Jobs get it one at a time.
pub(crate) struct Slot<W> {
    supervisor: Arc<Supervisor<W>>,
    entry: Arc<Entry<W>>,
    phase: Phase,
    history: History,
    /// How often chance was asked.
    draws: u64,
}

enum Phase {
    /// Nothing runs and nothing is due.
    Idle,
    /// Between two tries.
    Resting(Pin<Box<Sleep>>),
    /// Waiting for its turn to connect.
    Queued { turn: Pin<Box<dyn Future<Output = Turn> + Send>>, since: Instant },
    /// A session lives.
    Live(LiveSession),
    /// A session has ended by itself, and what it held is being released.
    Releasing { work: Pin<Box<dyn Future<Output = AccountStop> + Send>>, failure: Failure },
}

/// A session's task, and the way to tell it to stop.
pub(super) struct LiveSession {
    pub(super) task: JoinHandle<SessionEnd>,
    pub(super) stop: tokio::sync::oneshot::Sender<Instant>,
    pub(super) resources: Resources,
}

impl<W: AccountWorker> Slot<W> {
    pub(super) fn new(supervisor: Arc<Supervisor<W>>, entry: Arc<Entry<W>>) -> Self {
        Self { supervisor, entry, phase: Phase::Idle, history: History::default(), draws: 0 }
    }

    /// Waits for the next thing that the phase brings, and moves on. May be cancelled at its waits.
    pub(super) async fn advance(&mut self) {
        match &mut self.phase {
            Phase::Idle => std::future::pending().await,
            Phase::Resting(rest) => {
                rest.as_mut().await;
                self.queue(Instant::now());
            }
            Phase::Queued { turn, .. } => {
                let turn = turn.as_mut().await;
                self.begin_session(turn);
            }
            Phase::Live(session) => {
                let end = (&mut session.task).await.unwrap_or_else(|fault| SessionEnd::Failed(panicked(&fault)));
                let resources = session.resources.clone();
                self.after(end, resources);
            }
            Phase::Releasing { work, failure } => {
                let report = work.as_mut().await;
                let failure = failure.clone();
                self.tell_stopped(&report);
                self.decide(&failure);
            }
        }
    }

    /// Lets the account run, with a clean history. Does nothing while the manager is closing.
    pub(crate) fn start(&mut self) {
        if self.supervisor.is_closing() {
            return;
        }
        self.history = History::default();
        self.entry.cell.vitals.forget_failures();
        self.entry.cell.show(TaskState::Created, ConnectionState::Disconnected, ReasonCode::Starting, "");
        self.queue(Instant::now());
    }

    /// Winds down whatever runs, through the stages; when it returns, nothing of the account can act any more.
    pub(crate) async fn stop(&mut self, why: ReasonCode) -> AccountStop {
        let cell = &self.entry.cell;
        let connection = cell.standing().connection;
        cell.show(TaskState::Stopping, connection, why, "");
        let report = match std::mem::replace(&mut self.phase, Phase::Idle) {
            Phase::Live(session) => stop::stop(session, cell, &self.supervisor.common.config, self.supervisor.close_by()).await,
            Phase::Releasing { work, .. } => work.await,
            Phase::Idle | Phase::Resting(_) | Phase::Queued { .. } => AccountStop::nothing_ran(cell.cookie_id()),
        };
        // Whatever is left of it belongs to an epoch that is over.
        drop(cell.next_epoch());
        cell.show(TaskState::Stopped, ConnectionState::Closed, why, report.left.join(", "));
        self.tell_stopped(&report);
        report
    }

    /// Stops whatever runs and starts it anew, with a clean history.
    pub(crate) async fn restart(&mut self) {
        self.stop(ReasonCode::Restarted).await;
        self.start();
    }

    /// After a panic between two steps of its phase: nothing of the account can act any more, and it goes on as after a session that
    /// has panicked.
    pub(super) fn fail_anew(&mut self) {
        drop(self.entry.cell.next_epoch());
        if let Phase::Live(session) = std::mem::replace(&mut self.phase, Phase::Idle) {
            session.task.abort();
            session.resources.close();
        }
        self.decide(&Failure::new(ReasonCode::Panicked, "a panic outside of its session"));
    }

    pub(crate) fn cookie_id(&self) -> &str {
        self.entry.cell.cookie_id()
    }

    pub(crate) fn worker(&self) -> Arc<W> {
        self.entry.worker.load_full()
    }

    /// Another worker in the place of the old one, while nothing of the account runs.
    pub(crate) fn set_worker(&mut self, worker: Arc<W>) {
        self.entry.worker.store(worker);
    }

    /// Shows and remembers whether the host wants the account to run; starting and stopping are calls of their own.
    pub(crate) fn set_enabled(&self, enabled: bool) {
        self.entry.cell.set_enabled(enabled);
    }

    /// Switches the account on or off. Switching on one that is parked tries again.
    pub(crate) async fn switch(&mut self, enabled: bool) {
        self.set_enabled(enabled);
        if !enabled {
            self.stop(ReasonCode::Disabled).await;
        } else if !self.is_active() {
            self.start();
        }
    }

    /// Refuses what needs the account to be switched on.
    pub(crate) fn check_enabled(&self) -> Result<(), Error> {
        if self.is_enabled() {
            return Ok(());
        }
        Err(Error::AccountDisabled { cookie_id: self.cookie_id().to_owned() })
    }

    pub(crate) fn is_enabled(&self) -> bool {
        self.entry.cell.is_enabled()
    }

    /// Shows and remembers whether the account answers; a session looks at it before each reply.
    pub(crate) fn set_paused(&self, paused: bool) {
        self.entry.cell.set_paused(paused);
    }

    pub(crate) fn is_paused(&self) -> bool {
        self.entry.cell.is_paused()
    }

    pub(crate) fn priority(&self) -> i32 {
        self.entry.cell.priority()
    }

    /// An account that waits for its turn keeps what it has waited.
    pub(crate) fn set_priority(&mut self, priority: i32) {
        self.entry.cell.set_priority(priority);
        if let Phase::Queued { since, .. } = self.phase {
            self.queue(since);
        }
    }

    /// Shows why an account that is not started is not.
    pub(crate) fn show_stopped(&self, why: ReasonCode) {
        self.entry.cell.show(TaskState::Stopped, ConnectionState::Disconnected, why, "");
    }

    /// Shows that the account cannot go on without a person or the host.
    pub(crate) fn park(&mut self, code: ReasonCode, detail: String) {
        self.entry.cell.show(TaskState::Parked, ConnectionState::Failed, code, detail);
    }

    /// Whether it cannot go on without a person or the host.
    pub(crate) fn is_parked(&self) -> bool {
        self.entry.cell.standing().state == TaskState::Parked
    }

    /// Whether a session runs, or is to run when its time comes.
    pub(crate) fn is_active(&self) -> bool {
        !matches!(self.phase, Phase::Idle)
    }

    /// The account is on record.
    pub(crate) fn set_known(&mut self) {
        self.entry.is_known.store(true, Ordering::SeqCst);
    }

    /// The account is on record no more; its actor ends when nothing else waits for it.
    pub(crate) fn retire(&mut self) {
        // Whoever is added under this id while the entry still stands begins as a new account does.
        self.entry.cell.set_paused(false);
        self.entry.cell.set_priority(0);
        self.supervisor.common.absorb(&self.entry.cell.counters);
        self.entry.is_known.store(false, Ordering::SeqCst);
    }

    /// Whether it is on record.
    pub(crate) fn is_known(&self) -> bool {
        self.entry.is_known.load(Ordering::SeqCst)
    }

    fn queue(&mut self, since: Instant) {
        let connection = self.connection_between_tries();
        let state = if self.history.is_empty() { TaskState::Registered } else { TaskState::Running };
        let admission = &self.supervisor.admission;
        self.entry.cell.show(state, connection, ReasonCode::WaitingForTurn, admission.obstacle());
        self.phase = Phase::Queued { turn: Box::pin(admission.queue(self.priority(), since)), since };
    }

    fn begin_session(&mut self, turn: Turn) {
        let (order, stop) = StopSignal::new();
        let fence = self.entry.cell.next_epoch();
        let resources = self.supervisor.new_resources();
        let is_retry = !self.history.is_empty();
        let task = WorkerTask { fence, stop, turn: Some(turn), is_retry, resources: resources.clone() };
        let worker = self.worker();
        // Called in the session's own task: a worker that panics before its first wait fails its account, and not this actor.
        let session = tokio::spawn(async move { worker.run(task).await });
        self.phase = Phase::Live(LiveSession { task: session, stop: order, resources });
    }

    /// A session has ended by itself. The next begins only when all that it held is released.
    fn after(&mut self, end: SessionEnd, resources: Resources) {
        drop(self.entry.cell.next_epoch());
        resources.close();
        let failure = match end {
            SessionEnd::Failed(failure) => failure,
            SessionEnd::AsAsked => Failure::new(ReasonCode::Panicked, "it ended without being asked to"),
        };
        if !resources.holds_processes() && !resources.holds_work() {
            return self.decide(&failure);
        }
        let (cell, config) = (Arc::clone(&self.entry.cell), Arc::clone(&self.supervisor.common.config));
        cell.show(TaskState::Running, ConnectionState::Reconnecting, failure.code, failure.detail.as_str());
        let work = Box::pin(stop::release_after_end(resources, cell, config, self.supervisor.close_by()));
        self.phase = Phase::Releasing { work, failure };
    }

    fn decide(&mut self, failure: &Failure) {
        let (cell, config) = (&self.entry.cell, &self.supervisor.common.config);
        self.phase = Phase::Idle;
        let now = Instant::now();
        if policy::is_failure(failure.code) {
            cell.counters.failures.add(1);
            cell.vitals.failure(now, seconds(config.park_window_s));
        }
        self.draws += 1;
        let mut random = self.supervisor.common.random(cell.cookie_id(), self.draws);
        match policy::decide(failure, &mut self.history, now, &mut random, config) {
            Verdict::RestartAfter { rest, state } => self.rest(failure, rest, state),
            Verdict::Park { code, detail } => self.park(code, detail),
        }
    }

    /// Tells whoever reads the events what stopping came to, where there was anything to stop.
    fn tell_stopped(&self, report: &AccountStop) {
        if !report.stages.is_empty() || !report.left.is_empty() {
            self.entry.cell.publish(|| EventKind::Stopped { report: report.clone() });
        }
    }

    fn rest(&mut self, failure: &Failure, rest: Duration, state: TaskState) {
        let next_try = Instant::now() + rest;
        let detail = failure.detail.as_str();
        self.entry.cell.show_until(state, ConnectionState::Reconnecting, failure.code, detail, Some(next_try));
        self.phase = Phase::Resting(Box::pin(sleep_until(next_try)));
    }

    fn connection_between_tries(&self) -> ConnectionState {
        if self.history.is_empty() { ConnectionState::Disconnected } else { ConnectionState::Reconnecting }
    }
}

fn panicked(fault: &tokio::task::JoinError) -> Failure {
    // The panic's own message stays out: it may quote what it stumbled over.
    Failure::new(ReasonCode::Panicked, if fault.is_panic() { "a panic" } else { "its task was cancelled" })
}
