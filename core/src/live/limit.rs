//! A limit on work that is mostly done at once: a timer is made only where there is something to wait for.

use std::pin::pin;
use std::task::Poll;

use futures_util::poll;
use tokio::time::error::Elapsed;
use tokio::time::{self, Duration};

/// As tokio's, from the moment at which the work turns out not to be done.
pub(super) async fn timeout<F: Future>(limit: Duration, work: F) -> Result<F::Output, Elapsed> {
    let mut work = pin!(work);
    match poll!(work.as_mut()) {
        Poll::Ready(done) => Ok(done),
        // Boxed, so that whoever waits for nothing has no room for it.
        Poll::Pending => Box::pin(time::timeout(limit, work)).await,
    }
}
