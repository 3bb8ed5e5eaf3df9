//! The token that registers a session: the stored one until it expires, else a new one from the signed API.

use super::api::Answered;
use super::replying;
use super::xianyu::{Credentials, XianyuLive};
use crate::account::{AccessToken, Fence};
use crate::secret::Secret;
use crate::states::ReasonCode;
use crate::wire::mtop::{self, ApiAnswer, SignedCall, TokenAnswer};
use crate::worker::Failure;

/// A token that ends sooner than this is not used any more: registering takes a moment.
const TOKEN_MARGIN_MS: i64 = 60_000;

/// What a registration needs.
pub(super) struct SignedIn {
    pub(super) token: Secret,
    pub(super) device_id: String,
    pub(super) cookie: Secret,
    pub(super) unb: String,
}

/// Signs in: with the stored token where it is still good, else with a new one, stored before it is used.
pub(super) async fn sign_in(live: &XianyuLive, fence: &Fence) -> Result<SignedIn, Failure> {
    let now_ms = live.service.clock.now_ms();
    let is_good =
        live.with_credentials(|known| known.token.as_ref().is_some_and(|token| token.expires_at_ms > now_ms + TOKEN_MARGIN_MS));
    if is_good != Some(true) {
        refresh(live, fence).await?;
    }
    live.with_credentials(|known| {
        Some(SignedIn {
            token: known.token.as_ref()?.text.clone(),
            device_id: known.device_id.clone(),
            cookie: known.cookie.to_header(),
            unb: known.cookie.unb().to_owned(),
        })
    })
    .flatten()
    .ok_or_else(no_cookie)
}

/// Forgets a token that the service has refused.
pub(super) fn forget_token(live: &XianyuLive) {
    live.with_credentials(|known| known.token = None);
}

/// Asks for a new token. What its answer changes of the cookie is stored together with it.
pub(super) async fn refresh(live: &XianyuLive, fence: &Fence) -> Result<(), Failure> {
    let Asked { answered, is_unsaved } =
        ask_with_fresh_signature(live, fence, mtop::TOKEN_API, |known| mtop::token_request_data(&known.device_id)).await?;
    let refused = match token(&answered, live.service.clock.now_ms()) {
        Ok(token) => {
            live.with_credentials(|known| known.token = Some(token));
            None
        }
        Err(failure) => Some(failure),
    };
    if refused.is_none() || is_unsaved {
        // What is not on record is not used: the next session asks anew.
        save(live, fence).await.inspect_err(|_| forget_token(live))?;
    }
    refused.map_or(Ok(()), Err)
}

/// Makes a signed call. Its `Set-Cookie` headers are merged and stored before anything else uses them.
pub(super) async fn call(
    live: &XianyuLive,
    fence: &Fence,
    api: &str,
    data: impl Fn(&Credentials) -> String,
) -> Result<Answered, Failure> {
    let Asked { answered, is_unsaved } = ask_with_fresh_signature(live, fence, api, data).await?;
    if is_unsaved {
        save(live, fence).await?;
    }
    Ok(answered)
}

/// A call that was made, and whether its `Set-Cookie` headers have changed the cookie, which is to be stored before it is used.
struct Asked {
    answered: Answered,
    is_unsaved: bool,
}

/// A stale signature brings the cookie that signs anew, and the same call is made once more with it.
async fn ask_with_fresh_signature(
    live: &XianyuLive,
    fence: &Fence,
    api: &str,
    data: impl Fn(&Credentials) -> String,
) -> Result<Asked, Failure> {
    let first = ask(live, fence, api, &data).await?;
    match first.answered.answer() {
        Ok(ApiAnswer::StaleSignature) => {
            if first.is_unsaved {
                save(live, fence).await?;
            }
            ask(live, fence, api, &data).await
        }
        _ => Ok(first),
    }
}

async fn ask(live: &XianyuLive, fence: &Fence, api: &str, data: impl Fn(&Credentials) -> String) -> Result<Asked, Failure> {
    let now_ms = live.service.clock.now_ms();
    let prepared = live.with_credentials(|known| {
        let call = SignedCall::new(api, mtop::API_VERSION, &data(known), now_ms, &known.cookie);
        (call, known.cookie.to_header())
    });
    let Some((call, cookie)) = prepared else { return Err(no_cookie()) };
    let answered = live.service.api.call(&call, &cookie, live.proxy()).await;
    if !fence.is_current() {
        return Err(Failure::new(ReasonCode::Replaced, ""));
    }
    let changed = live.with_credentials(|known| {
        let mut changed = false;
        for header in &answered.set_cookies {
            changed |= known.cookie.merge_set_cookie(header.expose());
        }
        changed
    });
    Ok(Asked { answered, is_unsaved: changed == Some(true) })
}

fn token(answered: &Answered, now_ms: i64) -> Result<AccessToken, Failure> {
    let data = match answered.answer()? {
        ApiAnswer::Ok { data } => data,
        ApiAnswer::StaleSignature => {
            return Err(Failure::new(ReasonCode::ApiFailed, "the signature is called stale twice in a row"));
        }
        ApiAnswer::SessionOver => return Err(Failure::new(ReasonCode::SessionExpired, "")),
        ApiAnswer::PersonMustVerify { url } => return Err(Failure::new(ReasonCode::PersonMustVerify, url.unwrap_or_default())),
        ApiAnswer::Transient { code, text } => return Err(Failure::new(ReasonCode::ApiFailed, format!("{code} {text}").trim())),
    };
    let token = TokenAnswer::parse(data).map_err(|problem| Failure::new(ReasonCode::ApiFailed, problem.to_string()))?;
    Ok(AccessToken { text: token.access_token, expires_at_ms: expires_at_ms(token.access_token_expired_time_ms, now_ms) })
}

/// The service gives a moment or a span, both in ms: what lies before 2001 as a moment is a span.
fn expires_at_ms(given: Option<i64>, now_ms: i64) -> i64 {
    const YEAR_2001_MS: i64 = 1_000_000_000_000;
    const UNSAID_MS: i64 = 3_600_000;
    match given {
        Some(moment) if moment >= YEAR_2001_MS => moment,
        Some(span) => now_ms.saturating_add(span),
        None => now_ms.saturating_add(UNSAID_MS),
    }
}

fn no_cookie() -> Failure {
    Failure::new(ReasonCode::SessionExpired, "no cookie is known")
}

/// Stores the credentials as they are known now, before anything uses them.
pub(super) async fn save(live: &XianyuLive, fence: &Fence) -> Result<(), Failure> {
    let Some((cookie, token)) = live.with_credentials(|known| (known.cookie.to_header(), known.token.clone())) else {
        return Ok(());
    };
    let save = live.service.store.save_credentials(fence.clone(), cookie, token, live.service.clock.now_ms());
    replying::within(live.store_limit(), save).await
}

#[cfg(test)]
mod tests {
    use super::expires_at_ms;

    #[test]
    fn a_tokens_end_is_read_as_a_moment_or_a_span() {
        let now_ms = 1_790_000_000_000;
        for (given, expected) in
            [(Some(1_790_000_360_000), 1_790_000_360_000), (Some(86_400_000), now_ms + 86_400_000), (None, now_ms + 3_600_000)]
        {
            assert_eq!(expires_at_ms(given, now_ms), expected);
        }
    }
}
