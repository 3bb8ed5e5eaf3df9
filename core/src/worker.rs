//! What is supervised: anything that runs for an account until something ends it, and then says why.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tokio::time::Instant;

use crate::account::Fence;
use crate::status::ReasonCode;

/// One kind of account session. `run` is called again for each new try, each time under a new epoch, and never while an
/// earlier run of the same account is alive.
pub(crate) trait AccountWorker: Send + Sync + 'static {
    /// Runs one session until something ends it. It owns `task` and holds to three rules: it ends soon after `task.stop`
    /// resolves, it gives `task.turn` back when it has connected, and it sends and writes only while `task.fence` is current.
    fn run(&self, task: WorkerTask) -> Pin<Box<dyn Future<Output = SessionEnd> + Send>>;
}

/// What a run is given.
pub(crate) struct WorkerTask {
    pub(crate) fence: Fence,
    pub(crate) stop: StopSignal,
    pub(crate) turn: Turn,
    /// Whether an earlier session of this account has ended otherwise than by the host's wish since it was last started.
    pub(crate) is_retry: bool,
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
pub(crate) struct Turn(#[allow(dead_code, reason = "held for its drop")] pub(crate) OwnedSemaphorePermit);

/// How a session ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SessionEnd {
    /// The stop signal came, and it wound itself down.
    AsAsked,
    /// Anything else.
    Failed(Failure),
}

/// What ended a session against the host's wish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) code: ReasonCode,
    /// What exactly was seen; never a credential.
    pub(crate) detail: String,
    /// For how long the session had been registered; `None` when it never was.
    pub(crate) stood_for: Option<Duration>,
}

impl Failure {
    pub(crate) fn new(code: ReasonCode, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), stood_for: None }
    }
}
