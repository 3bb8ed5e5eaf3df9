//! A new cookie from the host's helper, when the login is over: JSON in, JSON out.
//!
//! In: `{"version": 1, "cookie_id": "…", "unb": "…", "reason": "session_expired", "cookie": "name=value; …"}`.
//! Out: `{"cookie": …}` with the new cookie as a header string, or as the array of a browser extension; or `{"error": "…"}`
//! with a sentence for the person who reads the account's status.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::auth;
use super::xianyu::XianyuLive;
use crate::account::Fence;
use crate::helper::HelperFault;
use crate::resources::Resources;
use crate::secret::Secret;
use crate::states::{ConnectionState, ReasonCode};
use crate::wire::cookie::Cookie;
use crate::worker::Failure;

/// Of a helper's own sentence, what is shown.
const MAX_SENTENCE_CHARS: usize = 200;

#[derive(Serialize)]
struct Request<'a> {
    version: u32,
    cookie_id: &'a str,
    unb: &'a str,
    reason: &'a str,
    cookie: &'a str,
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow, default)]
    cookie: Option<&'a RawValue>,
    #[serde(default)]
    error: Option<String>,
}

/// Asks the helper for a new cookie, where there is one, and stores it. What is answered ends the session either way: with a new
/// cookie the account signs in anew when it is its turn, without one it waits for the host.
pub(super) async fn renew(
    live: &XianyuLive,
    fence: &Fence,
    connecting: ConnectionState,
    resources: &Resources,
    expired: Failure,
) -> Failure {
    let Some(helper) = &live.service.cookie_helper else { return expired };
    if live.has_unproven_cookie() {
        // It would only bring the next one that is of no use.
        return Failure::new(ReasonCode::SessionExpired, "the cookie that the cookie helper brought is over, too");
    }
    let wait = if resources.are_places_taken() { "it waits for its turn: as many run as max_helpers allows" } else { "" };
    fence.show_connection_because(connecting, ReasonCode::RenewingCookie, wait);
    let input = live.with_credentials(|known| {
        let cookie = known.cookie.to_header();
        let request = Request {
            version: 1,
            cookie_id: live.cell.cookie_id(),
            unb: known.cookie.unb(),
            reason: ReasonCode::SessionExpired.name(),
            cookie: cookie.expose(),
        };
        serde_json::to_string(&request).map(Secret::new)
    });
    let Some(Ok(input)) = input else { return expired };
    let output = match resources.run(helper, &input).await {
        Ok(output) => output,
        // It passes: the next try asks again.
        Err(fault @ HelperFault::NoRoom { .. }) => {
            return Failure::new(ReasonCode::OutOfFiles, format!("the cookie helper: {fault}"));
        }
        Err(fault) => return Failure::new(ReasonCode::SessionExpired, format!("the cookie helper brought none: {fault}")),
    };
    match take_up(live, fence, &output).await {
        Ok(()) => Failure::new(ReasonCode::CookieRenewed, ""),
        Err(failure) => failure,
    }
}

async fn take_up(live: &XianyuLive, fence: &Fence, output: &Secret) -> Result<(), Failure> {
    let refused = |problem: &str| Failure::new(ReasonCode::SessionExpired, format!("the cookie helper's answer: {problem}"));
    let new = read(output).map_err(|problem| refused(&hide(live, &problem)))?;
    if !fence.is_current() {
        return Err(Failure::new(ReasonCode::Replaced, ""));
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
        return Err(Failure::new(ReasonCode::CookieUnusable, "the cookie helper brought another user's cookie"));
    }
    live.set_unproven_cookie(true);
    auth::save(live, fence).await
}

fn read(output: &Secret) -> Result<Cookie, String> {
    let answer: Answer<'_> = serde_json::from_str(output.expose().trim())
        // Where it is broken is said, what stands there is not.
        .map_err(|problem| format!("no JSON object with a cookie (line {}, column {})", problem.line(), problem.column()))?;
    if let Some(sentence) = answer.error {
        return Err(sentence);
    }
    let raw = answer.cookie.ok_or("it has neither a cookie nor an error")?.get();
    // A string holds the cookie; anything else is the cookie's own JSON.
    let text = serde_json::from_str::<String>(raw).map_or_else(|_| Secret::new(raw), Secret::new);
    Cookie::parse(text.expose()).map_err(|problem| problem.to_string())
}

/// A helper's own words must not carry the account's credentials into its status. Shortened only then: half a credential would
/// not be recognised.
fn hide(live: &XianyuLive, sentence: &str) -> String {
    let hidden = live.with_credentials(|known| {
        let hidden = known.cookie.redact(sentence);
        known.token.as_ref().map_or(hidden.clone(), |token| hidden.replace(token.text.expose(), "…"))
    });
    hidden.unwrap_or_default().chars().take(MAX_SENTENCE_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::read;
    use crate::secret::Secret;

    #[test]
    fn an_answer_holds_a_cookie_in_one_of_its_forms_or_says_why_not() {
        let table = [
            (r#"{"cookie": "unb=1; _m_h5_tk=t_1"}"#, Ok("unb=1; _m_h5_tk=t_1")),
            ("\n {\"cookie\": [{\"name\": \"unb\", \"value\": \"1\", \"domain\": \".goofish.com\"}]}\n", Ok("unb=1")),
            (r#"{"error": "open the window and log in"}"#, Err("open the window and log in")),
            (r#"{"error": null, "cookie": "unb=1"}"#, Ok("unb=1")),
            ("{}", Err("it has neither a cookie nor an error")),
            ("", Err("no JSON object with a cookie (line 1, column 0)")),
            ("unb=1; secret=s", Err("no JSON object with a cookie (line 1, column 1)")),
        ];
        for (output, expected) in table {
            let found = read(&Secret::new(output)).map(|cookie| cookie.to_header().expose().to_owned());
            assert_eq!(found.as_deref().map_err(String::as_str), expected, "{output}");
        }
        assert!(read(&Secret::new(r#"{"cookie": "no unb"}"#)).is_err());
    }
}
