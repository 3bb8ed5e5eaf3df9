//! A new cookie from the host's helper, when the login is over: JSON in, JSON out.
//!
//! In: `{"version": 1, "cookie_id": "…", "unb": "…", "reason": "session_expired", "cookie": "name=value; …"}`.
//! Out: `{"cookie": …}` with the new cookie as a header string, or as the array of a browser extension; or `{"error": "…"}`
//! with a sentence for the person who reads the account's status.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::cookie_renewal::hide;
use super::xianyu::XianyuLive;
use crate::helper::{HelperFault, HelperProcess};
use crate::resources::Resources;
use crate::secret::Secret;
use crate::states::ReasonCode;
use crate::wire::cookie::Cookie;
use crate::worker::Failure;

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

/// Runs the helper for a new cookie.
pub(super) async fn ask(live: &XianyuLive, resources: &Resources, helper: &HelperProcess) -> Result<Cookie, Failure> {
    let failed = |sentence: String| Failure::new(ReasonCode::SessionExpired, sentence);
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
    let Some(Ok(input)) = input else { return Err(failed("the cookie helper could not be asked".to_owned())) };
    let output = match resources.run(helper, &input).await {
        Ok(output) => output,
        // It passes: the next try asks again.
        Err(fault @ HelperFault::NoRoom { .. }) => {
            return Err(Failure::new(ReasonCode::OutOfFiles, format!("the cookie helper: {fault}")));
        }
        Err(fault) => return Err(failed(format!("the cookie helper brought none: {fault}"))),
    };
    read(&output).map_err(|problem| failed(format!("the cookie helper's answer: {}", hide(live, &problem))))
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
