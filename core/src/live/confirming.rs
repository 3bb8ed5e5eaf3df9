//! Orders: what is new of them is told, and shipments are confirmed, one call at a time, each asked of the service once.
//!
//! A confirmation stands as begun before its call. Whoever finds one that was begun and not ended does not know what has become
//! of it, and asks no more; what was surely not sent waits for the next try.

use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::oneshot;
use tokio::time::{Duration, Instant, sleep_until};

use super::api::Answered;
use super::auth;
use super::line::{LineIn, LineOut, line};
use super::replying::within;
use super::xianyu::XianyuLive;
use crate::account::Fence;
use crate::error::Error;
use crate::event::EventKind;
use crate::order::{Confirmation, ConfirmationState};
use crate::states::ReasonCode;
use crate::wire::mtop::{self, ApiAnswer};
use crate::worker::Failure;

/// Calls to a desk that are not heard yet, at most.
const MAX_UNHEARD: usize = 64;
/// Orders that are told of in one step, at most.
const STEP: u32 = 100;
/// After a call that was surely not sent, and after each further one twice as long, up to the last. There is no last try: an
/// order waits for as long as it awaits shipment.
const FIRST_REST: Duration = Duration::from_secs(5);
const LAST_REST: Duration = Duration::from_secs(300);

/// The way to a session's confirmations; when every one of them is gone, the call under way is the last.
pub(super) type Desk = LineIn<Wake>;

/// A session's confirmations: they end when the desk is gone, or with what ends the session.
pub(super) type Confirming = Pin<Box<dyn Future<Output = Result<(), Failure>> + Send>>;

pub(super) enum Wake {
    /// There is something new of an order, or one more to confirm.
    Look,
    /// Somebody waits for the confirmation of an order, which is pending in the store.
    Asked(Box<Asked>),
}

pub(super) struct Asked {
    pub(super) order_id: String,
    pub(super) answer: oneshot::Sender<Result<Confirmation, Error>>,
}

/// Does whatever the desk hears of; of what earlier sessions have left it hears when its session begins.
pub(super) fn begin(live: &Arc<XianyuLive>, fence: &Fence) -> (Desk, Confirming) {
    let (desk, heard) = line(MAX_UNHEARD);
    let clerk = Clerk {
        live: Arc::clone(live),
        fence: fence.clone(),
        heard: Some(heard),
        callers: Vec::new(),
        calling: None,
        rest: FIRST_REST,
        rests_until: None,
    };
    (desk, Box::pin(clerk.work()))
}

/// Waits for the confirmations to end; `None` when they have.
pub(super) async fn ended(confirming: &mut Option<Confirming>) -> Option<Result<(), Failure>> {
    Some(confirming.as_mut()?.await)
}

/// Tells of calls that an earlier session has begun and not ended: nobody knows what has become of them.
pub(super) fn tell_given_up(live: &XianyuLive, order_ids: &[String], now_ms: i64) {
    for order_id in order_ids {
        publish(live, order_id, &Confirmation::new(ConfirmationState::Unknown, now_ms));
    }
}

fn publish(live: &XianyuLive, order_id: &str, confirmation: &Confirmation) {
    live.cell.publish(|| EventKind::ConfirmationEnded { order_id: order_id.to_owned(), confirmation: confirmation.clone() });
}

struct Clerk {
    live: Arc<XianyuLive>,
    fence: Fence,
    /// Absent when the desk is gone.
    heard: Option<LineOut<Wake>>,
    callers: Vec<Asked>,
    calling: Option<Calling>,
    rest: Duration,
    rests_until: Option<Instant>,
}

struct Calling {
    order_id: String,
    call: Pin<Box<dyn Future<Output = Result<Ended, Failure>> + Send>>,
}

/// What a call came to.
enum Ended {
    /// In a state that has ended.
    So(Confirmation),
    /// It was surely not carried out, and may be made again.
    NotMade(Failure),
}

enum Event {
    Heard(Option<Wake>),
    Called(Result<Ended, Failure>),
    Rested,
}

impl Clerk {
    /// What its steps need is boxed, so that it is not kept by every session whose account has no orders.
    async fn work(mut self) -> Result<(), Failure> {
        loop {
            match self.next_event().await {
                Event::Heard(None) => self.heard = None,
                Event::Heard(Some(wake)) => {
                    // Whatever is heard: a desk that was full has turned a look away.
                    Box::pin(self.tell()).await?;
                    Box::pin(self.take(wake)).await?;
                }
                Event::Called(ended) => Box::pin(self.end_call(ended)).await?,
                Event::Rested => self.rests_until = None,
            }
            Box::pin(self.begin_next()).await?;
            if self.heard.is_none() && self.calling.is_none() {
                return Ok(());
            }
        }
    }

    async fn next_event(&mut self) -> Event {
        let (heard, calling) = (self.heard.as_mut(), self.calling.as_mut());
        let rests_until = self.rests_until.filter(|_| heard.is_some());
        tokio::select! {
            biased;
            wake = async { heard?.next().await }, if heard.is_some() => Event::Heard(wake),
            Some(ended) = async { Some(calling?.call.as_mut().await) }, if calling.is_some() => Event::Called(ended),
            () = sleep_until(rests_until.unwrap_or_else(Instant::now)), if rests_until.is_some() => Event::Rested,
        }
    }

    /// Tells of orders that are new or have come further. What was told and not noted as told is told again.
    async fn tell(&mut self) -> Result<(), Failure> {
        loop {
            let store = &self.live.service.store;
            let orders = within(self.live.store_limit(), store.untold_orders(self.live.cell.cookie_id(), STEP)).await?;
            if orders.is_empty() {
                return Ok(());
            }
            let told = orders.iter().map(|order| (order.order_id.clone(), order.status)).collect();
            for order in orders {
                self.live.cell.publish(|| EventKind::OrderChanged { order: Box::new(order) });
            }
            within(self.live.store_limit(), store.orders_told(self.fence.clone(), told)).await?;
        }
    }

    /// Whoever asks waits, unless it has ended meanwhile.
    async fn take(&mut self, wake: Wake) -> Result<(), Failure> {
        let Wake::Asked(asked) = wake else { return Ok(()) };
        let order = self.live.service.store.order(self.live.cell.cookie_id(), &asked.order_id);
        let order = within(self.live.store_limit(), order).await?;
        match order.and_then(|order| order.confirmation) {
            Some(standing) if !standing.state.has_ended() => {
                // A person who asks is not kept waiting for a rest.
                self.rests_until = None;
                self.callers.push(*asked);
            }
            Some(standing) => answer(*asked, standing),
            // It has gone on, and there is nothing to confirm any more.
            None => answer(*asked, Confirmation::new(ConfirmationState::Unknown, self.now_ms())),
        }
        Ok(())
    }

    /// Begins the next call where none is under way and none is to be rested from.
    async fn begin_next(&mut self) -> Result<(), Failure> {
        if self.calling.is_some() || self.rests_until.is_some() || self.heard.as_ref().is_none_or(LineOut::is_closed) {
            return Ok(());
        }
        let Some(order_id) = self.next_order().await? else { return Ok(()) };
        let call = Box::pin(confirm(Arc::clone(&self.live), self.fence.clone(), order_id.clone()));
        self.calling = Some(Calling { order_id, call });
        Ok(())
    }

    /// The order to confirm next: one that somebody waits for goes first. Who waits for one that is not pending any more, as it was
    /// shipped otherwise, hears so.
    async fn next_order(&mut self) -> Result<Option<String>, Failure> {
        for _ in 0..=self.callers.len() {
            let preferred = self.callers.first().map(|asked| asked.order_id.clone());
            let begun = self.live.service.store.begin_confirming(self.fence.clone(), preferred.clone(), self.now_ms());
            let begun = within(self.live.store_limit(), begun).await?;
            let Some(gone) = preferred.filter(|preferred| begun.as_ref() != Some(preferred)) else { return Ok(begun) };
            let waiting: Vec<_> = self.callers.extract_if(.., |asked| asked.order_id == gone).collect();
            for asked in waiting {
                self.take(Wake::Asked(Box::new(asked))).await?;
            }
            if begun.is_some() {
                return Ok(begun);
            }
        }
        Ok(None)
    }

    async fn end_call(&mut self, ended: Result<Ended, Failure>) -> Result<(), Failure> {
        let Some(Calling { order_id, .. }) = &self.calling else { return Ok(()) };
        let order_id = order_id.clone();
        let (confirmation, failure) = match ended {
            Ok(Ended::So(confirmation)) => {
                self.rest = FIRST_REST;
                (confirmation, None)
            }
            Ok(Ended::NotMade(failure)) => {
                self.put_off(&failure);
                (self.pending(&failure), None)
            }
            // Surely refused: it waits until there is a login again.
            Err(failure) if matches!(failure.code, ReasonCode::SessionExpired | ReasonCode::PersonMustVerify) => {
                (self.pending(&failure), Some(failure))
            }
            // What was answered is not known: nor will it be.
            Err(failure) => return Err(failure),
        };
        let stored = self.live.service.store.end_confirming(self.live.cell.cookie_id(), &order_id, confirmation.clone());
        within(self.live.store_limit(), stored).await?;
        self.calling = None;
        if confirmation.state.has_ended() {
            publish(&self.live, &order_id, &confirmation);
        }
        for asked in self.callers.extract_if(.., |asked| asked.order_id == order_id) {
            answer(asked, confirmation.clone());
        }
        failure.map_or(Ok(()), Err)
    }

    fn pending(&self, failure: &Failure) -> Confirmation {
        Confirmation::new(ConfirmationState::Pending, self.now_ms()).because(failure.code.name(), detail_of(failure))
    }

    fn put_off(&mut self, failure: &Failure) {
        tracing::warn!(
            cookie_id = self.live.cell.cookie_id(),
            reason = failure.code.name(),
            detail = failure.detail,
            again_in_s = self.rest.as_secs_f64(),
            "a shipment could not be confirmed yet"
        );
        self.rests_until = Some(Instant::now() + self.rest);
        self.rest = (self.rest * 2).min(LAST_REST);
    }

    fn now_ms(&self) -> i64 {
        self.live.service.clock.now_ms()
    }
}

/// The session is over: what was under way is unknown, the rest waits for the next session.
impl Drop for Clerk {
    fn drop(&mut self) {
        let now_ms = self.now_ms();
        if let Some(heard) = &mut self.heard {
            heard.close();
            let unheard = std::iter::from_fn(|| heard.take());
            self.callers.extend(unheard.filter_map(|wake| if let Wake::Asked(asked) = wake { Some(*asked) } else { None }));
        }
        for asked in self.callers.drain(..) {
            let is_under_way = self.calling.as_ref().is_some_and(|calling| calling.order_id == asked.order_id);
            let state = if is_under_way { ConfirmationState::Unknown } else { ConfirmationState::Pending };
            answer(asked, Confirmation::new(state, now_ms));
        }
    }
}

fn answer(asked: Asked, confirmation: Confirmation) {
    // A caller who no longer waits has let it go.
    let _ = asked.answer.send(Ok(confirmation));
}

/// The address at which a person must verify is the account's reason, not the order's.
fn detail_of(failure: &Failure) -> &str {
    if failure.code == ReasonCode::PersonMustVerify { "" } else { &failure.detail }
}

async fn confirm(live: Arc<XianyuLive>, fence: Fence, order_id: String) -> Result<Ended, Failure> {
    let data = mtop::confirm_shipment_data(&order_id);
    let answered = auth::call(&live, &fence, mtop::CONFIRM_SHIPMENT_API, |_| data.clone()).await?;
    outcome(&answered, live.service.clock.now_ms())
}

fn outcome(answered: &Answered, now_ms: i64) -> Result<Ended, Failure> {
    let answer = match answered.answer() {
        Ok(answer) => answer,
        Err(failure) if answered.is_surely_unsent() => return Ok(Ended::NotMade(failure)),
        Err(failure) => {
            let unknown = Confirmation::new(ConfirmationState::Unknown, now_ms);
            return Ok(Ended::So(unknown.because(failure.code.name(), failure.detail)));
        }
    };
    meaning(answer, now_ms)
}

fn meaning(answer: ApiAnswer<'_>, now_ms: i64) -> Result<Ended, Failure> {
    match answer {
        ApiAnswer::Ok { .. } => Ok(Ended::So(Confirmation::new(ConfirmationState::Confirmed, now_ms))),
        ApiAnswer::Transient { code, text } => {
            let state = if tells(&code) { ConfirmationState::Refused } else { ConfirmationState::Unknown };
            Ok(Ended::So(Confirmation::new(state, now_ms).because(code, text)))
        }
        ApiAnswer::StaleSignature => {
            let failure = Failure::new(ReasonCode::ApiFailed, "the signature is called stale twice in a row");
            Ok(Ended::NotMade(failure))
        }
        ApiAnswer::SessionOver => Err(Failure::new(ReasonCode::SessionExpired, "")),
        ApiAnswer::PersonMustVerify { url } => Err(Failure::new(ReasonCode::PersonMustVerify, url.unwrap_or_default())),
    }
}

/// Whether an error's code says that the shipment was not confirmed. An HTTP status in place of an answer does not, nor does a
/// gateway that has waited too long for whoever confirms it.
fn tells(code: &str) -> bool {
    !code.starts_with("HTTP_") && code != "NOT_JSON" && !code.contains("TIMEOUT")
}

#[cfg(test)]
mod tests {
    use super::{Ended, meaning};
    use crate::order::ConfirmationState::{Confirmed, Refused, Unknown};
    use crate::states::ReasonCode;
    use crate::wire::mtop;

    #[test]
    fn a_shipment_is_confirmed_refused_or_unknown_by_what_was_answered() {
        for (status, ret, want) in [
            (200, "SUCCESS::调用成功", Some(Confirmed)),
            (200, "FAIL_BIZ_ORDER_STATUS::订单状态错误", Some(Refused)),
            (200, "FAIL_SYS_TRAFFIC_LIMIT::x", Some(Refused)),
            (200, "FAIL_SYS_SERVICE_TIMEOUT::服务超时", Some(Unknown)),
            (200, "", Some(Unknown)),
            (502, "SUCCESS::调用成功", Some(Unknown)),
            (503, "FAIL_BIZ::x", Some(Unknown)),
            (200, "FAIL_SYS_TOKEN_EXOIRED::令牌过期", None),
        ] {
            let body = format!(r#"{{"ret":["{ret}"]}}"#);
            let found = match meaning(mtop::classify(status, &body), 0) {
                Ok(Ended::So(confirmation)) => Some(confirmation.state),
                Ok(Ended::NotMade(_)) => None,
                Err(failure) => panic!("{ret}: {failure:?}"),
            };
            assert_eq!(found, want, "{status} {ret}");
        }
        assert!(matches!(meaning(mtop::classify(404, "<html>"), 0), Ok(Ended::So(found)) if found.state == Unknown));
    }

    #[test]
    fn a_login_that_is_over_ends_the_session_and_confirms_nothing() {
        for (ret, code) in [
            ("FAIL_SYS_SESSION_EXPIRED::Session过期", ReasonCode::SessionExpired),
            ("FAIL_SYS_USER_VALIDATE::x", ReasonCode::PersonMustVerify),
        ] {
            let body = format!(r#"{{"ret":["{ret}"]}}"#);
            let failure = meaning(mtop::classify(200, &body), 0).err().map(|failure| failure.code);
            assert_eq!(failure, Some(code), "{ret}");
        }
    }
}
