//! A bounded line from many to one session. An empty one takes 100 bytes; tokio's channel has a block of 32 places from the start,
//! which is 800, and most accounts' lines are empty most of the time.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// The end where things are put in. Dropping it closes the line: what waits in it is still taken.
pub(super) struct LineIn<T>(Arc<Line<T>>);

/// The end where they are taken. Dropping it closes the line and lets go of what waits.
pub(super) struct LineOut<T>(Arc<Line<T>>);

struct Line<T> {
    bound: usize,
    state: Mutex<State<T>>,
}

struct State<T> {
    waiting: VecDeque<T>,
    is_closed: bool,
    /// Who is to hear of the next one.
    taker: Option<Waker>,
}

/// It is full, or closed: what was to be put in is let go.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NotTaken;

/// `bound`: how many may wait in it.
pub(super) fn line<T>(bound: usize) -> (LineIn<T>, LineOut<T>) {
    let state = State { waiting: VecDeque::new(), is_closed: false, taker: None };
    let line = Arc::new(Line { bound, state: Mutex::new(state) });
    (LineIn(Arc::clone(&line)), LineOut(line))
}

impl<T> LineIn<T> {
    pub(super) fn put(&self, one: T) -> Result<(), NotTaken> {
        let mut state = self.0.lock();
        if state.is_closed || state.waiting.len() >= self.0.bound {
            return Err(NotTaken);
        }
        state.waiting.push_back(one);
        state.wake();
        Ok(())
    }
}

impl<T> LineOut<T> {
    /// Waits for the next one; `None` when the line is closed and empty. May be cancelled.
    pub(super) async fn next(&mut self) -> Option<T> {
        std::future::poll_fn(|context| self.poll_next(context)).await
    }

    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<T>> {
        let mut state = self.0.lock();
        match state.waiting.pop_front() {
            Some(one) => Poll::Ready(Some(one)),
            None if state.is_closed => Poll::Ready(None),
            None => {
                match &mut state.taker {
                    Some(taker) => taker.clone_from(context.waker()),
                    None => state.taker = Some(context.waker().clone()),
                }
                Poll::Pending
            }
        }
    }

    /// One that waits, if any does.
    pub(super) fn take(&mut self) -> Option<T> {
        self.0.lock().waiting.pop_front()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.lock().waiting.is_empty()
    }

    /// Takes no more in.
    pub(super) fn close(&self) {
        self.0.lock().is_closed = true;
    }

    pub(super) fn is_closed(&self) -> bool {
        self.0.lock().is_closed
    }
}

impl<T> State<T> {
    fn wake(&mut self) {
        if let Some(taker) = self.taker.take() {
            taker.wake();
        }
    }
}

impl<T> Line<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Drop for LineIn<T> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.is_closed = true;
        state.wake();
    }
}

impl<T> Drop for LineOut<T> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.is_closed = true;
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        // Outside the lock: dropping one may wake whoever waits for what comes of it.
        drop(waiting);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use futures_util::FutureExt;
    use tokio::sync::oneshot;

    use super::{NotTaken, line};

    #[tokio::test]
    async fn what_is_put_in_is_taken_in_its_order_and_wakes_whoever_waits() {
        let (put, mut out) = line(10);
        let taker = tokio::spawn(async move {
            let mut taken = Vec::new();
            while let Some(one) = out.next().await {
                taken.push(one);
            }
            taken
        });
        for one in 0..5 {
            put.put(one).unwrap();
            tokio::task::yield_now().await;
        }
        drop(put);
        assert_eq!(taker.await.unwrap(), [0, 1, 2, 3, 4]);
    }

    #[test]
    fn at_its_bound_and_once_closed_it_takes_nothing_and_what_waits_is_still_taken() {
        let (put, mut out) = line(2);
        assert_eq!([put.put(1), put.put(2), put.put(3)], [Ok(()), Ok(()), Err(NotTaken)]);
        out.close();
        assert!(out.is_closed() && !out.is_empty());
        assert_eq!(out.take(), Some(1));
        assert_eq!(put.put(4), Err(NotTaken));
        assert_eq!(out.next().now_or_never(), Some(Some(2)));
        assert_eq!(out.next().now_or_never(), Some(None));
    }

    #[tokio::test]
    async fn whoever_waits_for_what_is_in_it_hears_that_nobody_takes_it() {
        let (put, out) = line(2);
        let put = Arc::new(put);
        let (answer, answered) = oneshot::channel::<()>();
        put.put(answer).unwrap();
        drop(out);
        assert!(answered.await.is_err());
        assert!(put.put(oneshot::channel().0).is_err());
    }
}
