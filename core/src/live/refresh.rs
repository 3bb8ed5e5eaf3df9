//! A new token while a session lives: asked for in the background, and used on a new connection.

use std::pin::Pin;
use std::sync::Arc;

use tokio::time::{Duration, sleep};

use super::auth;
use super::xianyu::XianyuLive;
use crate::account::Fence;
use crate::states::ReasonCode;
use crate::worker::Failure;

/// Of the time between two tokens, what the next one may be early.
const EARLIER: f64 = 0.1;

/// A session's refresh. It resolves once, with what ends the session: a new token, which wants a new registration, or a login that
/// is over. Sessions of an account follow each other and each has one, so no two of them ask at the same time.
pub(super) type Refresh = Pin<Box<dyn Future<Output = Failure> + Send>>;

/// Begins to count from now.
pub(super) fn begin(live: &Arc<XianyuLive>, fence: &Fence) -> Refresh {
    Box::pin(refresh(Arc::clone(live), fence.clone()))
}

async fn refresh(live: Arc<XianyuLive>, fence: Fence) -> Failure {
    // A little sooner, by chance: accounts that signed in together must not all ask at the same moment.
    let mut rest = live.limit(|c| c.token_refresh_s).mul_f64(1.0 - EARLIER * rand::random::<f64>());
    loop {
        sleep(rest).await;
        // Boxed, so that what a call needs is not kept for the hour between two of them.
        let Err(failure) = Box::pin(ask(&live, &fence)).await else { return Failure::new(ReasonCode::TokenRenewed, "") };
        match failure.code {
            // As at sign-in: a person or the helper is needed, or the account is no longer this session's.
            ReasonCode::SessionExpired | ReasonCode::PersonMustVerify | ReasonCode::Replaced => return failure,
            // Whatever was granted is not on record: the next session asks again.
            ReasonCode::StoreFailed => {
                auth::forget_token(&live);
                return failure;
            }
            _ => rest = put_off(&live, &failure),
        }
    }
}

fn put_off(live: &XianyuLive, failure: &Failure) -> Duration {
    let rest = live.limit(|c| c.token_refresh_retry_s);
    tracing::warn!(
        cookie_id = live.cell.cookie_id(),
        reason = failure.code.name(),
        detail = failure.detail,
        again_in_s = rest.as_secs_f64(),
        "no new token could be had; the session goes on with the old one"
    );
    rest
}

async fn ask(live: &XianyuLive, fence: &Fence) -> Result<(), Failure> {
    let mut asking = Asking { live, is_answered: false };
    let refreshed = auth::refresh(live, fence).await;
    asking.is_answered = true;
    refreshed
}

/// A request that is cut off with its session may have been granted all the same, and then the old token is deaf: the next session
/// asks for one.
struct Asking<'a> {
    live: &'a XianyuLive,
    is_answered: bool,
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        if !self.is_answered {
            auth::forget_token(self.live);
        }
    }
}
