//! What is supervised: anything that runs for an account until something ends it, and then says why.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::account::Fence;
use crate::resources::Resources;
use crate::states::{ConnectionState, ReasonCode};

/// One kind of account session. A [`TaskManager`](crate::TaskManager) runs one for each account: it begins it when it is the
/// account's turn, begins it again after a rest when it fails, parks the account when trying again cannot help, and ends it in
/// stages when it is told to. The Xianyu session of a [`CookieManager`](crate::CookieManager) is one such worker.
///
/// `run` is called anew for each try, each time under a new epoch, and never while anything of an earlier run of the same
/// account is alive. A run that panics fails its account and no other.
///
/// ```
/// use std::sync::Arc;
/// use livekeeper::{AccountWorker, Config, ConnectionState, Failure, ReasonCode, SessionEnd, TaskManager, Wanted, WorkerTask};
///
/// /// Keeps a line to somewhere open, and says a word when it is told to stop.
/// struct Line { address: String }
///
/// impl AccountWorker for Line {
///     async fn run(self: Arc<Self>, mut task: WorkerTask) -> SessionEnd {
///         if self.address.is_empty() {
///             return SessionEnd::Failed(Failure::new(ReasonCode::ConnectFailed, "no address"));
///         }
///         task.connected(); // shows it, and lets the next account connect
///         let over_at = task.stop_ordered().await;
///         // Until `over_at`: finish what is in flight, say goodbye. What takes longer is cut off.
///         assert!(task.is_current());
///         drop(over_at);
///         SessionEnd::AsAsked
///     }
/// }
///
/// # fn main() -> Result<(), livekeeper::Error> {
/// let tasks = TaskManager::open(Config::default())?;
/// tasks.add("line 1", Line { address: "somewhere".to_owned() }).wait()?;
/// let connected = Wanted { connection: Some(ConnectionState::Connected), ..Wanted::default() };
/// println!("{}", tasks.wait_for("line 1", connected, 10.0).wait()?);
/// assert!(tasks.close(10.0).wait()?.is_clean());
/// # Ok(())
/// # }
/// ```
pub trait AccountWorker: Send + Sync + 'static {
    /// Runs one session until something ends it. It holds to three rules: it ends soon after [`WorkerTask::stop_ordered`]
    /// resolves, it calls [`WorkerTask::connected`] when it is, and it sends and writes only while
    /// [`WorkerTask::is_current`]. It must not block its thread: [`Resources::blocking`] is for that.
    fn run(self: Arc<Self>, task: WorkerTask) -> impl Future<Output = SessionEnd> + Send;
}

/// What a run is given: the account, the order to stop, and the registry of what it holds.
pub struct WorkerTask {
    pub(crate) fence: Fence,
    pub(crate) stop: StopSignal,
    pub(crate) turn: Option<Turn>,
    pub(crate) is_retry: bool,
    pub(crate) resources: Resources,
}

impl WorkerTask {
    /// The account.
    pub fn cookie_id(&self) -> &str {
        self.fence.cookie_id()
    }

    /// Whether an earlier session of this account has ended otherwise than by the host's wish since it was last started.
    pub fn is_retry(&self) -> bool {
        self.is_retry
    }

    /// Whether this run may still act. Once it may not, whatever it does more is nobody's wish: it must not send or write.
    pub fn is_current(&self) -> bool {
        self.fence.is_current()
    }

    /// The right to act, for parts of the session that live apart from it.
    pub fn fence(&self) -> Fence {
        self.fence.clone()
    }

    /// Whether the host has paused the account: it should receive and record, and answer nothing.
    pub fn is_paused(&self) -> bool {
        self.fence.cell().is_paused()
    }

    /// Shows what the run does on its way to a connection.
    pub fn connecting(&self, what: ReasonCode) {
        let connection = if self.is_retry { ConnectionState::Reconnecting } else { ConnectionState::Connecting };
        self.fence.show_connection(connection, what);
    }

    /// Shows that it is connected, and gives its place among those that connect to the next account.
    pub fn connected(&mut self) {
        self.fence.show_connection(ConnectionState::Connected, ReasonCode::Online);
        self.turn = None;
    }

    /// Notes a sign of life of the other side, for the account's health.
    pub fn heard(&self) {
        self.fence.cell().vitals.frame();
    }

    /// Resolves when the run is to wind itself down: with the moment by which it must have ended. After that moment it is
    /// cut off wherever it stands. May be cancelled.
    pub async fn stop_ordered(&mut self) -> Instant {
        self.stop.wait().await
    }

    /// Where child processes and blocking work are registered, so that they end with the run.
    pub fn resources(&self) -> &Resources {
        &self.resources
    }
}

/// Resolves when the session is to wind itself down.
pub(crate) struct StopSignal(oneshot::Receiver<Instant>);

impl StopSignal {
    pub(crate) fn new() -> (oneshot::Sender<Instant>, Self) {
        let (order, signal) = oneshot::channel();
        (order, Self(signal))
    }

    /// The moment by which the session must have ended. A supervisor that is gone wants it at once.
    pub(crate) async fn wait(&mut self) -> Instant {
        (&mut self.0).await.unwrap_or_else(|_| Instant::now())
    }
}

/// A place among those that connect. Dropping it lets the next one in.
pub(crate) struct Turn(Option<Box<dyn FnOnce() + Send + Sync>>);

impl Turn {
    pub(crate) fn new(give_back: impl FnOnce() + Send + Sync + 'static) -> Self {
        Self(Some(Box::new(give_back)))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(give_back) = self.0.take() {
            give_back();
        }
    }
}

/// How a session ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionEnd {
    /// The order to stop came, and it wound itself down.
    AsAsked,
    /// Anything else.
    Failed(Failure),
}

/// What ended a session against the host's wish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub(crate) code: ReasonCode,
    pub(crate) detail: String,
    pub(crate) stood_for: Option<Duration>,
}

impl Failure {
    /// `code` decides what follows (a try after a rest, or a parked account: see `ARCHITECTURE.md`, "How a session ends");
    /// `detail` is what exactly was seen, for people, and never a credential.
    pub fn new(code: ReasonCode, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), stood_for: None }
    }

    /// For how long the session had been connected before; one that never was has no such span. A long one makes earlier
    /// failures forgotten.
    #[must_use]
    pub fn after(self, stood_for: Duration) -> Self {
        Self { stood_for: Some(stood_for), ..self }
    }
}
