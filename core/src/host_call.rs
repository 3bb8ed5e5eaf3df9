//! Calling a function of the host's: on a thread of its own, where it may block, and bounded for whoever waits for it. A function
//! that never ends keeps its place among those that run, and nothing else.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;
use tokio::time::{Duration, timeout};

use crate::config::seconds;
use crate::error::Error;
use crate::resources::Resources;

/// Why a function of the host's brought nothing, as a sentence for the person who reads the account's status.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct HostError(String);

impl HostError {
    /// The sentence is shown in statuses and events: it must hold no credential.
    pub fn new(sentence: impl Into<String>) -> Self {
        Self(sentence.into())
    }
}

/// One call of a host's function, as the function sees it. Clones are the same call.
#[derive(Clone, Default)]
pub struct HostCall(Arc<Mutex<Waiter>>);

#[derive(Default)]
struct Waiter {
    is_gone: bool,
    then: Option<Box<dyn FnOnce() + Send>>,
}

impl HostCall {
    /// Whether nobody waits for the answer any more: its time is over, or the account is being stopped. A function that takes
    /// long should look at it, and end: until it has, it takes up one of so many places. Does not block.
    pub fn is_over(&self) -> bool {
        self.lock().is_gone
    }

    /// Has `then` called as soon as nobody waits any more, at once where that is so already; not
    /// any more once the function has returned, unless both happen at the same moment. Only the last `then` counts. It may run on a thread of the runtime: it must not block.
    pub fn on_over(&self, then: impl FnOnce() + Send + 'static) {
        let mut waiter = self.lock();
        if !waiter.is_gone {
            waiter.then = Some(Box::new(then));
            return;
        }
        drop(waiter);
        then();
    }

    /// The function has returned: there is nothing left to be told.
    fn returned(&self) {
        self.lock().then = None;
    }

    fn end(&self) {
        let mut waiter = self.lock();
        waiter.is_gone = true;
        let then = waiter.then.take();
        // It may ask the call, so not under its lock.
        drop(waiter);
        if let Some(then) = then {
            then();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiter> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for HostCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostCall").field("is_over", &self.is_over()).finish()
    }
}

/// How long a function of the host's has, as the host gives it: 0.05 … 3,600 seconds.
pub(crate) fn limit(timeout_s: f64) -> Result<Duration, Error> {
    // A NaN is in no range.
    if (0.05..=3_600.0).contains(&timeout_s) {
        return Ok(seconds(timeout_s));
    }
    Err(Error::invalid("timeout_s", format!("is {timeout_s}, allowed is 0.05 … 3600")))
}

/// Why a call of a host's function brought no answer.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum HostFault {
    #[error("{0}")]
    Failed(HostError),
    #[error("it panicked")]
    Panicked,
    #[error("it did not answer within {0:?}")]
    TimedOut(Duration),
    /// It passes.
    #[error("the system has no room for a thread to call it on: {0}")]
    NoThread(String),
    /// The run is over, or holds as much as it may.
    #[error("it was not called: the account is being stopped")]
    Stopped,
}

/// Calls a function of the host's on a thread of its own, and waits for it for `limit` at most. It is held by the run under
/// `name`, and keeps its `place`, until it returns, however long that takes. Dropping the future tells it that nobody waits.
pub(crate) async fn call<T: Send + 'static>(
    resources: &Resources,
    place: impl Send + 'static,
    name: &'static str,
    limit: Duration,
    function: impl FnOnce(&HostCall) -> Result<T, HostError> + Send + 'static,
) -> Result<T, HostFault> {
    let hold = resources.hold(name).map_err(|_| HostFault::Stopped)?;
    let waiting = Waiting(HostCall::default());
    let (answer, answered) = oneshot::channel();
    let call = waiting.0.clone();
    let work = move || {
        let result = catch_unwind(AssertUnwindSafe(|| function(&call)));
        call.returned();
        // Before the answer: whoever hears it may want the place.
        drop((hold, place));
        // Nobody may wait for it any more.
        let _ = answer.send(match result {
            Ok(result) => result.map_err(HostFault::Failed),
            Err(panic) => {
                // A payload of the host's may panic when it is dropped.
                std::mem::forget(panic);
                Err(HostFault::Panicked)
            }
        });
    };
    let thread = std::thread::Builder::new().name("livekeeper-host".to_owned());
    thread.spawn(work).map_err(|problem| HostFault::NoThread(problem.to_string()))?;
    match timeout(limit, answered).await {
        Ok(answer) => answer.unwrap_or(Err(HostFault::Stopped)),
        Err(_) => Err(HostFault::TimedOut(limit)),
    }
}

/// Somebody who waits for a host's function, until this is dropped.
struct Waiting(HostCall);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.end();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, mpsc};

    use tokio::sync::{OwnedSemaphorePermit, Semaphore};
    use tokio::time::{Duration, timeout};

    use super::{HostError, HostFault, call};
    use crate::resources::Resources;

    /// For what comes at once.
    const LIMIT: Duration = Duration::from_secs(30);

    fn run() -> (Arc<Semaphore>, Resources) {
        let places = Arc::new(Semaphore::new(1));
        (Arc::clone(&places), Resources::new(places, LIMIT))
    }

    async fn place(places: &Arc<Semaphore>) -> OwnedSemaphorePermit {
        Arc::clone(places).acquire_owned().await.unwrap()
    }

    #[tokio::test]
    async fn an_answer_a_failure_and_a_panic_all_come_back_and_give_their_place_back_first() {
        let (places, resources) = run();
        let place = || Arc::clone(&places).try_acquire_owned().unwrap();
        assert_eq!(call(&resources, place(), "work", LIMIT, |call| Ok(call.is_over())).await, Ok(false));
        let failed = call(&resources, place(), "work", LIMIT, |_| Err::<(), _>(HostError::new("no"))).await;
        assert_eq!(failed, Err(HostFault::Failed(HostError::new("no"))));
        let panicked = call(&resources, place(), "work", LIMIT, |_| -> Result<(), _> { panic!("a test's own") }).await;
        assert_eq!(panicked, Err(HostFault::Panicked));
        assert!(places.available_permits() == 1 && !resources.holds_work());
    }

    #[tokio::test]
    async fn a_function_that_takes_too_long_is_told_and_keeps_its_place_until_it_returns() {
        let (places, resources) = run();
        let limit = Duration::from_millis(20);
        let (let_go, held) = mpsc::channel::<()>();
        let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
        let function = move |call: &super::HostCall| {
            let told = tell.clone();
            call.on_over(move || told.send("over").unwrap());
            held.recv().unwrap();
            // It is over already: this is called here.
            call.on_over(move || tell.send("asked again").unwrap());
            Ok(())
        };
        let answer = call(&resources, place(&places).await, "work", limit, function).await;
        assert_eq!(answer, Err(HostFault::TimedOut(limit)));
        assert_eq!(timeout(LIMIT, told.recv()).await.unwrap(), Some("over"));
        assert_eq!((places.available_permits(), resources.left()), (0, vec!["the work \"work\"".to_owned()]));
        let_go.send(()).unwrap();
        assert_eq!(timeout(LIMIT, told.recv()).await.unwrap(), Some("asked again"));
        drop(timeout(LIMIT, place(&places)).await.unwrap());
        timeout(LIMIT, resources.until_no_work()).await.unwrap();
    }

    #[tokio::test]
    async fn a_run_that_is_over_calls_nothing() {
        let (places, resources) = run();
        resources.close();
        let answer = call(&resources, place(&places).await, "work", LIMIT, |_| -> Result<(), _> { unreachable!() }).await;
        assert_eq!(answer, Err(HostFault::Stopped));
        assert_eq!(places.available_permits(), 1);
    }
}
