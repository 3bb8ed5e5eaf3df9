//! A login that is over: the host's function is asked for a new cookie, then its helper; without one the account is parked.

use super::auth;
use super::xianyu::XianyuLive;
use super::{cookie_helper, cookie_provider};
use crate::account::Fence;
use crate::resources::Resources;
use crate::states::{ConnectionState, ReasonCode};
use crate::wire::cookie::Cookie;
use crate::worker::Failure;

/// Of the host's own sentence, what is shown.
const MAX_SENTENCE_CHARS: usize = 200;

/// Asks for a new cookie, where there is somebody to ask, and stores it. What is answered ends the session either way: with a new
/// cookie the account signs in anew when it is its turn, without one it waits for the host.
pub(super) async fn renew(
    live: &XianyuLive,
    fence: &Fence,
    connecting: ConnectionState,
    resources: &Resources,
    expired: Failure,
) -> Failure {
    let (provider, helper) = (live.service.cookie_provider.load_full(), live.service.cookie_helper.as_ref());
    let source = match (&provider, helper) {
        (Some(_), _) => "provider",
        (None, Some(_)) => "helper",
        (None, None) => return expired,
    };
    if live.has_unproven_cookie() {
        // It would only bring the next one that is of no use.
        return Failure::new(ReasonCode::SessionExpired, format!("the cookie that the cookie {source} brought is over, too"));
    }
    let wait = if resources.are_places_taken() { "it waits for its turn: as many run as max_helpers allows" } else { "" };
    fence.show_connection_because(connecting, ReasonCode::RenewingCookie, wait);
    if let Some(provider) = provider {
        match cookie_provider::ask(live, resources, provider).await {
            Ok(Some(cookie)) => return take_up(live, fence, "provider", cookie).await,
            Ok(None) if helper.is_none() => return Failure::new(ReasonCode::SessionExpired, "the cookie provider brought none"),
            Ok(None) => {}
            Err(failure) => return failure,
        }
    }
    let Some(helper) = helper else { return expired };
    match cookie_helper::ask(live, resources, helper).await {
        Ok(cookie) => take_up(live, fence, "helper", cookie).await,
        Err(failure) => failure,
    }
}

/// Puts a new cookie in the place of the one that is over. The session ends with what this answers.
async fn take_up(live: &XianyuLive, fence: &Fence, source: &str, new: Cookie) -> Failure {
    if !fence.is_current() {
        return Failure::new(ReasonCode::Replaced, "");
    }
    let is_same_user = live.with_credentials(|known| {
        let is_same_user = known.cookie.unb() == new.unb();
        if is_same_user {
            known.cookie = new;
            known.token = None;
        }
        is_same_user
    });
    if is_same_user != Some(true) {
        return Failure::new(ReasonCode::CookieUnusable, format!("the cookie {source} brought another user's cookie"));
    }
    live.set_unproven_cookie(true);
    match auth::save(live, fence).await {
        Ok(()) => Failure::new(ReasonCode::CookieRenewed, ""),
        Err(failure) => failure,
    }
}

/// The host's own words must not carry the account's credentials into its status. Shortened only then: half a credential would
/// not be recognised.
pub(super) fn hide(live: &XianyuLive, sentence: &str) -> String {
    let hidden = live.with_credentials(|known| {
        let hidden = known.cookie.redact(sentence);
        known.token.as_ref().map_or(hidden.clone(), |token| hidden.replace(token.text.expose(), "…"))
    });
    hidden.unwrap_or_default().chars().take(MAX_SENTENCE_CHARS).collect()
}
