//! What an actor holds of its account: the phase that it is in, and the moves between phases.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::task::JoinHandle;
use tokio::time::{Duration, Instant, Sleep, sleep};

use super::policy::{self, History, Verdict};
use super::registry::{Entry, Supervisor};
use super::stop::{self, AccountStop};
use crate::status::{ConnectionState, ReasonCode, TaskState};
use crate::worker::{AccountWorker, Failure, SessionEnd, StopSignal, Turn, WorkerTask};

/// The account as its actor sees it. Jobs get it one at a time.
pub(crate) struct Slot<W> {
    supervisor: Arc<Supervisor<W>>,
    entry: Arc<Entry<W>>,
    phase: Phase,
    history: History,
    random: StdRng,
}

enum Phase {
    /// Nothing runs and nothing is due.
    Idle,
    /// Between two tries.
    Resting(Pin<Box<Sleep>>),
    /// Waiting for its turn to connect.
    Queued(Pin<Box<dyn Future<Output = Turn> + Send>>),
    /// A session lives.
    Live(LiveSession),
}

/// A session's task, and the way to tell it to stop.
pub(super) struct LiveSession {
    pub(super) task: JoinHandle<SessionEnd>,
    pub(super) stop: tokio::sync::oneshot::Sender<Instant>,
}

impl<W: AccountWorker + Clone> Slot<W> {
    pub(super) fn new(supervisor: Arc<Supervisor<W>>, entry: Arc<Entry<W>>) -> Self {
        let random = StdRng::seed_from_u64(rand::random());
        Self { supervisor, entry, phase: Phase::Idle, history: History::default(), random }
    }

    /// Waits for the next thing that the phase brings, and moves on. May be cancelled at its waits.
    pub(super) async fn advance(&mut self) {
        match &mut self.phase {
            Phase::Idle => std::future::pending().await,
            Phase::Resting(rest) => {
                rest.as_mut().await;
                self.queue();
            }
            Phase::Queued(turn) => {
                let turn = turn.as_mut().await;
                self.begin_session(turn);
            }
            Phase::Live(session) => {
                let end = (&mut session.task).await.unwrap_or_else(|fault| SessionEnd::Failed(panicked(&fault)));
                self.after(end);
            }
        }
    }

    /// Lets the account run, with a clean history. Does nothing while the manager is closing.
    pub(crate) fn start(&mut self) {
        if self.supervisor.is_closing() {
            return;
        }
        self.history = History::default();
        self.entry.cell.show(TaskState::Created, ConnectionState::Disconnected, ReasonCode::Starting, "");
        self.queue();
    }

    /// Winds down whatever runs, through the stages; when it returns, nothing of the account can act any more.
    pub(crate) async fn stop(&mut self, why: ReasonCode) -> AccountStop {
        let cell = &self.entry.cell;
        let connection = cell.status().connection;
        cell.show(TaskState::Stopping, connection, why, "");
        let report = match std::mem::replace(&mut self.phase, Phase::Idle) {
            Phase::Live(session) => stop::stop(session, cell, &self.supervisor.config).await,
            Phase::Idle | Phase::Resting(_) | Phase::Queued(_) => AccountStop::nothing_ran(cell.cookie_id()),
        };
        // Whatever is left of it belongs to an epoch that is over.
        drop(cell.next_epoch());
        cell.show(TaskState::Stopped, ConnectionState::Closed, why, "");
        report
    }

    pub(crate) fn cookie_id(&self) -> &str {
        self.entry.cell.cookie_id()
    }

    pub(crate) fn worker(&self) -> &W {
        &self.entry.worker
    }

    /// Shows and remembers whether the host wants the account to run; starting and stopping are calls of their own.
    pub(crate) fn set_enabled(&self, enabled: bool) {
        self.entry.cell.set_enabled(enabled);
    }

    pub(crate) fn is_enabled(&self) -> bool {
        self.entry.cell.is_enabled()
    }

    /// Shows why an account that is not started is not.
    pub(crate) fn show_stopped(&self, why: ReasonCode) {
        self.entry.cell.show(TaskState::Stopped, ConnectionState::Disconnected, why, "");
    }

    /// Shows that the account cannot go on without a person or the host.
    pub(crate) fn park(&mut self, code: ReasonCode, detail: String) {
        self.entry.cell.show(TaskState::Parked, ConnectionState::Failed, code, detail);
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
        self.entry.is_known.store(false, Ordering::SeqCst);
    }

    pub(super) fn is_known(&self) -> bool {
        self.entry.is_known.load(Ordering::SeqCst)
    }

    fn queue(&mut self) {
        let connection = self.connection_between_tries();
        let state = if self.history.is_empty() { TaskState::Registered } else { TaskState::Running };
        self.entry.cell.show(state, connection, ReasonCode::WaitingForTurn, "");
        let supervisor = Arc::clone(&self.supervisor);
        self.phase = Phase::Queued(Box::pin(async move { supervisor.admission.turn().await }));
    }

    fn begin_session(&mut self, turn: Turn) {
        let (order, stop) = StopSignal::new();
        let fence = self.entry.cell.next_epoch();
        let task = WorkerTask { fence, stop, turn, is_retry: !self.history.is_empty() };
        let session = self.entry.worker.run(task);
        self.phase = Phase::Live(LiveSession { task: tokio::spawn(session), stop: order });
    }

    /// A session has ended by itself.
    fn after(&mut self, end: SessionEnd) {
        let cell = &self.entry.cell;
        drop(cell.next_epoch());
        self.phase = Phase::Idle;
        let failure = match end {
            SessionEnd::Failed(failure) => failure,
            SessionEnd::AsAsked => Failure::new(ReasonCode::Panicked, "it ended without being asked to"),
        };
        cell.counters.failures.add(1);
        match policy::decide(&failure, &mut self.history, Instant::now(), &mut self.random, &self.supervisor.config) {
            Verdict::RestartAfter { rest, state } => self.rest(&failure, rest, state),
            Verdict::Park { code, detail } => self.park(code, detail),
        }
    }

    fn rest(&mut self, failure: &Failure, rest: Duration, state: TaskState) {
        let next_try_ms = self.supervisor.clock.now_ms() + i64::try_from(rest.as_millis()).unwrap_or(i64::MAX);
        let detail = failure.detail.as_str();
        self.entry.cell.show_until(state, ConnectionState::Reconnecting, failure.code, detail, Some(next_try_ms));
        self.phase = Phase::Resting(Box::pin(sleep(rest)));
    }

    fn connection_between_tries(&self) -> ConnectionState {
        if self.history.is_empty() { ConnectionState::Disconnected } else { ConnectionState::Reconnecting }
    }
}

fn panicked(fault: &tokio::task::JoinError) -> Failure {
    // The panic's own message stays out: it may quote what it stumbled over.
    Failure::new(ReasonCode::Panicked, if fault.is_panic() { "a panic" } else { "its task was cancelled" })
}
