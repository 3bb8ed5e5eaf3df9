//! How a session comes to its end: no more intake, what is in flight may finish, nobody is left without an answer.

use tokio::time::{Instant, timeout_at};

use super::session::Session;
use crate::worker::Failure;

/// Of a stop's limit, what is kept for the closing handshake.
const GOODBYE_SHARE: f64 = 0.2;

/// The limits of an end that was ordered, or that a new token wants.
pub(super) struct WindingDown {
    pub(super) replies_until: Instant,
    pub(super) over_at: Instant,
    /// What it comes to, where nobody ordered it.
    pub(super) of_itself: Option<Failure>,
}

impl Session<'_> {
    pub(super) fn wind_down_of_itself(&mut self, failure: Failure) {
        // Nobody waits for it: every answer that is due may come.
        let answered_by = self.live.limit(|c| c.answer_timeout_s).div_f64(1.0 - GOODBYE_SHARE);
        self.wind_down(Instant::now() + answered_by, Some(failure));
    }

    /// The call that confirms a shipment may end before its session does: cut off, nobody would know what it came to. A stop that
    /// is ordered meanwhile sets its limit.
    pub(super) async fn end_confirming(&mut self, ended: Result<(), Failure>) -> Result<(), Failure> {
        self.live.set_desk(None);
        let Some(mut confirming) = self.confirming.take() else { return ended };
        // A stale signature takes a second call.
        let of_itself = Instant::now() + self.live.limit(|c| c.api_timeout_s) * 2;
        let stopped = self.winding_down.as_ref().filter(|_| self.is_stopped());
        let until = stopped.map_or(of_itself, |limits| limits.replies_until);
        tokio::select! {
            biased;
            _ = timeout_at(until, &mut confirming) => return ended,
            over_at = self.stop.wait(), if !self.is_stopped() => self.wind_down(over_at, None),
        }
        let until = self.winding_down.as_ref().map_or_else(Instant::now, |limits| limits.replies_until);
        let _ = timeout_at(until, confirming).await;
        Ok(())
    }

    /// Stage 1 of a stop: no more intake; what waits for quiet is answered now as far as the pace allows, or by the next session
    /// where one follows; what is in flight may finish.
    pub(super) fn wind_down(&mut self, over_at: Instant, of_itself: Option<Failure>) {
        let now = Instant::now();
        let replies_until = over_at - over_at.saturating_duration_since(now).mul_f64(GOODBYE_SHARE);
        self.winding_down = Some(WindingDown { replies_until, over_at, of_itself });
        self.live.set_outgoing(None);
        self.live.set_desk(None);
        self.orders.close();
        self.backfill.stop();
        if self.is_stopped() {
            self.waiting.hasten();
        }
    }

    /// Whether it takes nothing more in, told to stop or of itself.
    pub(super) fn is_winding_down(&self) -> bool {
        self.winding_down.is_some()
    }

    /// Whether it was told to stop.
    pub(super) fn is_stopped(&self) -> bool {
        self.winding_down.as_ref().is_some_and(|limits| limits.of_itself.is_none())
    }

    pub(super) fn has_wound_down(&self) -> bool {
        let Some(limits) = &self.winding_down else { return false };
        // What waits still waits for its pace, or for quiet when another session follows: it stays undecided, and is taken up by
        // whichever session comes next. A stop waits for no pace; a session that ends for a new token sends what was ordered.
        let is_idle = self.storing.is_empty()
            && self.outbox.len() + self.outbox.ended().len() == 0
            && !self.asking.is_under_way()
            && self.orders.is_empty()
            && (self.ordered.is_empty() || self.is_stopped())
            && self.confirming.is_none();
        is_idle || limits.replies_until <= Instant::now()
    }

    /// Nothing more is sent for callers; what they ordered and was not written they hear at once.
    pub(super) fn refuse_orders(&mut self) {
        self.live.set_outgoing(None);
        self.orders.close();
        while let Some(order) = self.orders.take() {
            self.ordered.push(order);
        }
        for order in self.ordered.take_all() {
            // A caller who no longer waits has let it go.
            let _ = order.outcome.send(Err(self.live.not_connected()));
        }
    }
}
