//! A call that is under way, or over: waited for by threads, told of to functions.

use std::future::Future;
use std::pin::Pin;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use livekeeper::{AccountStatus, Call, Confirmation, Error, SendOutcome, StopReport, on_runtime_thread};

use crate::bell::Bell;
use crate::dispatch::Dispatch;
use crate::error::Failure;
use crate::guard::{catch, guard_or};

/// What a call came to.
#[derive(Clone)]
pub(crate) enum Answer {
    Done,
    Sent(SendOutcome),
    Seen(AccountStatus),
    Confirmed(Confirmation),
    Stopped(StopReport),
}

impl From<()> for Answer {
    fn from((): ()) -> Self {
        Self::Done
    }
}

impl From<SendOutcome> for Answer {
    fn from(outcome: SendOutcome) -> Self {
        Self::Sent(outcome)
    }
}

impl From<AccountStatus> for Answer {
    fn from(status: AccountStatus) -> Self {
        Self::Seen(status)
    }
}

impl From<Confirmation> for Answer {
    fn from(confirmation: Confirmation) -> Self {
        Self::Confirmed(confirmation)
    }
}

impl From<StopReport> for Answer {
    fn from(report: StopReport) -> Self {
        Self::Stopped(report)
    }
}

pub(crate) struct Pending {
    state: Mutex<State>,
    bell: Arc<Bell>,
    dispatch: Arc<Dispatch>,
    owner_pid: u32,
}

enum State {
    UnderWay(Work, Vec<Completion>),
    Over(Outcome, Vec<Completion>),
}

impl State {
    /// The first outcome counts.
    fn settle(&mut self, outcome: Outcome) {
        if let Self::UnderWay(_, completions) = self {
            *self = Self::Over(outcome, std::mem::take(completions));
        }
    }
}

type Work = Pin<Box<dyn Future<Output = Result<Answer, Error>> + Send>>;
/// Called once, on the dispatch thread.
pub(crate) type Completion = Box<dyn FnOnce(Arc<Pending>, Result<(), Failure>) + Send>;

#[derive(Clone)]
enum Outcome {
    Answered(Arc<Result<Answer, Error>>),
    /// The host waits for it no more.
    Cancelled,
    /// By a fault of ours, with its message.
    Panicked(String),
}

impl Outcome {
    fn told(self) -> Result<Answer, Failure> {
        match self {
            Self::Answered(answer) => Ok(Result::clone(&answer)?),
            Self::Cancelled => Err(Failure::Cancelled),
            Self::Panicked(problem) => Err(Failure::Panicked { problem }),
        }
    }
}

impl Pending {
    pub(crate) fn new<T: Into<Answer> + Send + 'static>(call: Call<T>, dispatch: Arc<Dispatch>) -> Arc<Self> {
        Self::of(Box::pin(async move { call.await.map(Into::into) }), dispatch)
    }

    fn of(work: Work, dispatch: Arc<Dispatch>) -> Arc<Self> {
        let state = Mutex::new(State::UnderWay(work, Vec::new()));
        Arc::new(Self { state, bell: Arc::default(), dispatch, owner_pid: std::process::id() })
    }

    /// Blocks until it is over, at most for `limit`: then `None`.
    pub(crate) fn wait(&self, limit: Duration) -> Result<Option<Result<Answer, Failure>>, Failure> {
        self.check_fork()?;
        let until = Instant::now().checked_add(limit);
        loop {
            let times = self.bell.times();
            if let Some(outcome) = self.look() {
                return Ok(Some(outcome.told()));
            }
            // What is over is told on any thread; only waiting is refused.
            if on_runtime_thread() {
                return Err(Error::WouldDeadlock.into());
            }
            if !self.bell.wait_beyond(times, until) {
                return Ok(None);
            }
        }
    }

    /// Ends it for those who wait; the work goes on.
    pub(crate) fn cancel(&self) -> Result<(), Failure> {
        self.check_fork()?;
        self.lock().settle(Outcome::Cancelled);
        self.bell.ring();
        Ok(())
    }

    /// Has `completion` called when it is over, or soon if it is.
    pub(crate) fn on_done(self: &Arc<Self>, completion: Completion) -> Result<(), Failure> {
        self.check_fork()?;
        let sender = self.dispatch.sender()?;
        match &mut *self.lock() {
            State::UnderWay(_, completions) | State::Over(_, completions) => completions.push(completion),
        }
        self.ring_for(sender);
        // If it is over already, nothing else rings.
        if self.look().is_some() {
            self.bell.ring();
        }
        Ok(())
    }

    /// Tells those who are to be told, if it is over. On the dispatch thread, and with no lock held.
    pub(crate) fn tell(self: &Arc<Self>) {
        let Some(outcome) = self.look() else { return };
        // From here on the call is held by nobody but who uses it.
        self.bell.on_ring(None);
        let completions = match &mut *self.lock() {
            State::Over(_, completions) => std::mem::take(completions),
            State::UnderWay(..) => return,
        };
        for completion in completions {
            // One that panics keeps none of the others from being told.
            guard_or((), || completion(Arc::clone(self), outcome.clone().told().map(drop)));
        }
    }

    /// The bell hands the call to the dispatch thread, and so keeps it until it is over, whoever lets go of it before.
    fn ring_for(self: &Arc<Self>, sender: Sender<Arc<Self>>) {
        let call = Arc::clone(self);
        self.bell.on_ring(Some(Box::new(move || {
            // The thread is there as long as a sender is.
            let _ = sender.send(Arc::clone(&call));
        })));
    }

    /// How it ended, if it has; else the bell rings when it does.
    fn look(&self) -> Option<Outcome> {
        let mut state = self.lock();
        if let State::UnderWay(work, _) = &mut *state {
            let waker = Waker::from(Arc::clone(&self.bell));
            // What has panicked must not be polled again, and whoever waits for it hears of it once and for all.
            let outcome = match catch(|| work.as_mut().poll(&mut Context::from_waker(&waker))) {
                Ok(Poll::Pending) => return None,
                Ok(Poll::Ready(answer)) => Outcome::Answered(Arc::new(answer)),
                Err(problem) => Outcome::Panicked(problem),
            };
            state.settle(outcome);
            self.bell.ring();
        }
        match &*state {
            State::Over(outcome, _) => Some(outcome.clone()),
            State::UnderWay(..) => None,
        }
    }

    fn check_fork(&self) -> Result<(), Failure> {
        if std::process::id() == self.owner_pid { Ok(()) } else { Err(Error::Forked { owner_pid: self.owner_pid }.into()) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, mpsc};
    use std::time::Duration;

    use super::{Failure, Pending};

    #[test]
    fn a_call_that_panics_is_over_for_all_who_wait_and_tells_each_who_is_to_be_told_also_past_one_that_panics() {
        let pending = Pending::of(Box::pin(async { panic!("the parser fell over") }), Arc::default());
        let (tell, told) = mpsc::channel();
        pending.on_done(Box::new(|_, _| panic!("a test's own"))).unwrap();
        pending.on_done(Box::new(move |_, ended| tell.send(ended).unwrap())).unwrap();
        assert!(matches!(told.recv().unwrap(), Err(Failure::Panicked { problem }) if problem == "the parser fell over"));
        for _ in 0..2 {
            assert!(matches!(pending.wait(Duration::MAX), Ok(Some(Err(Failure::Panicked { .. })))));
        }
    }
}
