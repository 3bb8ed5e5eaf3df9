//! One call under way: awaited by whoever has an event loop, waited for by whoever has none.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::error::Error;
use crate::runtime::on_runtime_thread;

/// A call that was handed to the background runtime. It is already under way: dropping this ends the wait, not the work.
///
/// It is a future (of any executor), and it can be waited for without one: [`Call::wait`].
#[must_use = "the call goes on either way, but its error would be lost: wait() or await it"]
#[derive(Debug)]
pub struct Call<T> {
    state: State<T>,
}

#[derive(Debug)]
enum State<T> {
    /// Refused or answered before it reached the runtime.
    Ready(Option<Result<T, Error>>),
    UnderWay(oneshot::Receiver<Result<T, Error>>),
}

impl<T> Call<T> {
    pub(crate) fn ready(result: Result<T, Error>) -> Self {
        Self { state: State::Ready(Some(result)) }
    }

    pub(crate) fn under_way(receiver: oneshot::Receiver<Result<T, Error>>) -> Self {
        Self { state: State::UnderWay(receiver) }
    }

    /// Blocks this thread until the call is answered.
    ///
    /// # Errors
    /// The call's own, and [`Error::WouldDeadlock`] on a thread of livekeeper's runtime.
    pub fn wait(mut self) -> Result<T, Error> {
        // Every call is answered: by the runtime, or when the runtime goes away.
        self.wait_for(Duration::MAX).unwrap_or(Err(Error::Closed))
    }

    /// Blocks this thread until the call is answered, or `limit` has passed: then `None`, and it can be waited for again.
    /// A host that must look at its signals between (Python's Ctrl-C) waits in short steps.
    pub fn wait_for(&mut self, limit: Duration) -> Option<Result<T, Error>> {
        if let State::Ready(result) = &mut self.state {
            return Some(result.take().unwrap_or(Err(Error::Closed)));
        }
        if on_runtime_thread() {
            return Some(Err(Error::WouldDeadlock));
        }
        wait_for(pin!(self), limit)
    }
}

/// Polls a future on this thread until it is ready, or until `limit` has passed: then `None`. It can be polled again.
pub(crate) fn wait_for<F: Future>(mut future: Pin<&mut F>, limit: Duration) -> Option<F::Output> {
    // A limit beyond the clock's range is none.
    let until = Instant::now().checked_add(limit);
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return Some(output);
        }
        match until {
            Some(until) => std::thread::park_timeout(until.checked_duration_since(Instant::now())?),
            None => std::thread::park(),
        }
    }
}

impl<T> Future for Call<T> {
    type Output = Result<T, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.state {
            State::Ready(result) => Poll::Ready(result.take().unwrap_or(Err(Error::Closed))),
            // The sender is dropped unanswered only when the runtime goes away under it.
            State::UnderWay(receiver) => Pin::new(receiver).poll(context).map(|answer| answer.unwrap_or(Err(Error::Closed))),
        }
    }
}

// Nothing in it is pinned: the receiver is Unpin, and a result is only moved out.
impl<T> Unpin for Call<T> {}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::sync::oneshot;

    use super::Call;
    use crate::error::Error;

    #[test]
    fn a_wait_without_a_loop_ends_when_another_thread_answers() {
        let (answer, receiver) = oneshot::channel();
        let call = Call::under_way(receiver);
        let other = std::thread::spawn(move || answer.send(Ok(7)).unwrap());
        assert_eq!(call.wait(), Ok(7));
        other.join().unwrap();
    }

    #[test]
    fn a_wait_that_reaches_its_limit_can_be_taken_up_again() {
        let (answer, receiver) = oneshot::channel();
        let mut call = Call::under_way(receiver);
        assert_eq!(call.wait_for(Duration::ZERO), None);
        answer.send(Ok(7)).unwrap();
        assert_eq!(call.wait_for(Duration::ZERO), Some(Ok(7)));
    }

    #[test]
    fn a_call_whose_runtime_went_away_is_closed() {
        let (answer, receiver) = oneshot::channel::<Result<(), Error>>();
        drop(answer);
        assert_eq!(Call::under_way(receiver).wait(), Err(Error::Closed));
    }
}
