//! A session that begins takes up what earlier sessions of the account, of this process or another, have left.

use super::confirming;
use super::replying::within;
use super::session::Session;
use crate::reply::debounce::MAX_WAITING;
use crate::worker::Failure;

impl Session<'_> {
    /// Asks the store once: most accounts have nothing left, and need nothing else.
    pub(super) async fn begin(&mut self) -> Result<(), Failure> {
        let (now_ms, active_since_ms) = (self.now_ms(), self.active_since_ms());
        let store = &self.live.service.store;
        let left = store.begin_session(
            self.fence.clone(),
            self.stale_before_ms(),
            active_since_ms.unwrap_or(i64::MAX),
            now_ms,
            MAX_WAITING,
        );
        let left = within(self.live.store_limit(), left).await?;
        if let Some(uuid) = &left.last_uuid {
            self.live.go_on_after(uuid);
        }
        confirming::tell_given_up(&self.live, &left.given_up, now_ms);
        if left.has_order_news {
            self.live.look_at_orders();
        }
        // Before anything is taken up: what waits in a chat that is to be read back is decided after that.
        if let Some(since_ms) = active_since_ms.filter(|_| left.was_active) {
            self.begin_backfill(since_ms).await;
        }
        self.take_up(left.undecided);
        Ok(())
    }
}
