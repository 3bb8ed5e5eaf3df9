//! The signed HTTP call: its query, its form body, and what an answer means.

use std::borrow::Cow;
use std::fmt::{self, Write as _};

use data_encoding::HEXLOWER;
use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::cookie::Cookie;
use super::loose::Loose;
use super::request;
use crate::secret::Secret;

/// Names the site to the API, in the query and in the signature.
pub const MTOP_APP_KEY: &str = "34839810";

/// The API that gives the access token of the IM service; data is [`token_request_data`].
pub const TOKEN_API: &str = "mtop.taobao.idlemessage.pc.login.token";

/// The API that confirms a shipment; data is [`confirm_shipment_data`].
pub const CONFIRM_SHIPMENT_API: &str = "mtop.taobao.idle.logistic.consign.dummy";

/// The version of both APIs.
pub const API_VERSION: &str = "1.0";

/// The longest text of an answer that is kept, in characters.
const MAX_TEXT_CHARS: usize = 200;

/// The longest URL that is handed to the host, in bytes. A cut URL opens nothing, so a longer one is left out.
const MAX_URL_BYTES: usize = 4096;

/// One call, ready to send: `POST {base}/{path}?{query}` with `body` as `application/x-www-form-urlencoded`.
///
/// Has no token in it, only the signature made with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCall {
    /// `{api}/{version}/`, to put after the base URL and a slash.
    pub path: String,
    /// Without the `?`.
    pub query: String,
    /// `data=…`, form-encoded.
    pub body: String,
}

impl SignedCall {
    /// Signs `data`, a JSON text, with the token in the cookie. A cookie without one gives a signature that the API
    /// refuses as stale, with a new token in the answer's `Set-Cookie`. `now_ms` is ms since 1970.
    pub fn new(api: &str, version: &str, data: &str, now_ms: i64, cookie: &Cookie) -> Self {
        let t = now_ms.to_string();
        let signature = sign(cookie.h5_token().unwrap_or_default(), &t, MTOP_APP_KEY, data);
        let mut body = String::with_capacity("data=".len() + 3 * data.len());
        body.push_str("data=");
        form_encode(&mut body, data);
        Self {
            path: format!("{api}/{version}/"),
            query: format!(
                "jsv=2.7.2&appKey={MTOP_APP_KEY}&t={t}&sign={signature}&v={version}&type=originaljson&accountSite=xianyu\
                 &dataType=json&timeout=20000&api={api}&sessionOption=AutoLoginOnly"
            ),
            body,
        }
    }
}

/// The signature: MD5, in lower-case hex, of token, time, key and data with `&` between, all byte for byte as sent.
pub fn sign(h5_token: &str, t: &str, app_key: &str, data: &str) -> String {
    let mut hash = Md5::new();
    for part in [h5_token, "&", t, "&", app_key, "&", data] {
        hash.update(part.as_bytes());
    }
    HEXLOWER.encode(&hash.finalize())
}

/// As browsers encode a form: what the URL standard leaves as it is, `+` for a space, `%XX` for the rest.
fn form_encode(out: &mut String, text: &str) {
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'*' | b'-' | b'.' | b'_' => {
                out.push(byte.into());
            }
            b' ' => out.push('+'),
            _ => write!(out, "%{byte:02X}").expect("a String takes every write"),
        }
    }
}

/// The data of a call to [`TOKEN_API`].
pub fn token_request_data(device_id: &str) -> String {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Data<'a> {
        app_key: &'static str,
        device_id: &'a str,
    }
    json(&Data { app_key: request::APP_KEY, device_id })
}

/// The data of a call to [`CONFIRM_SHIPMENT_API`].
pub fn confirm_shipment_data(order_id: &str) -> String {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Data<'a> {
        order_id: &'a str,
        trade_text: &'static str,
        pic_list: [(); 0],
        new_unconsign: bool,
    }
    json(&Data { order_id, trade_text: "", pic_list: [], new_unconsign: true })
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("structs of text and numbers always become JSON")
}

/// What an answer means for who made the call.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ApiAnswer<'a> {
    /// Done.
    Ok {
        /// The answer's `data`, as JSON; `null` if it has none.
        data: &'a str,
    },
    /// The signature's token is missing or old: merge the answer's `Set-Cookie`, and call once more.
    StaleSignature,
    /// The login is over: a new cookie is needed, and trying again with this one is of no use.
    SessionOver,
    /// The service wants to see a person. Never to be solved or retried by a program.
    PersonMustVerify {
        /// Where the person can do so, if the answer says.
        url: Option<String>,
    },
    /// Something else went wrong: try again later.
    Transient {
        /// The answer's code before `::`, or `HTTP_{status}`, or `NOT_JSON`. At most 200 characters.
        code: String,
        /// What the answer says after `::`. At most 200 characters, without control characters.
        text: String,
    },
}

/// Without the data: that of a token call is a credential.
impl fmt::Debug for ApiAnswer<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ok { data } => write!(formatter, "Ok {{ {} bytes }}", data.len()),
            Self::StaleSignature => formatter.write_str("StaleSignature"),
            Self::SessionOver => formatter.write_str("SessionOver"),
            Self::PersonMustVerify { url } => write!(formatter, "PersonMustVerify {{ {url:?} }}"),
            Self::Transient { code, text } => write!(formatter, "Transient {{ {code}: {text} }}"),
        }
    }
}

const STALE_SIGNATURE: &[&str] =
    &["FAIL_SYS_TOKEN_EXOIRED", "FAIL_SYS_TOKEN_EXPIRED", "FAIL_SYS_TOKEN_EMPTY", "令牌过期", "令牌为空"];
const SESSION_OVER: &[&str] = &["FAIL_SYS_SESSION_EXPIRED", "Session过期"];
const PERSON_MUST_VERIFY: &[&str] = &["FAIL_SYS_USER_VALIDATE", "RGV587_ERROR", "被挤爆"];
const VERIFY_URLS: &[&str] = &["punish", "captcha", "validate"];

/// Classifies an answer by its first `ret` and its `data.url`.
///
/// That a person must verify is looked for first and believed whatever else the answer says, since to go on calling then is
/// what gets an account blocked. After that an HTTP status of 5xx is transient whatever its body says.
pub fn classify(http_status: u16, body: &str) -> ApiAnswer<'_> {
    #[derive(Default, Deserialize)]
    struct Body<'a> {
        #[serde(borrow, default)]
        ret: Option<&'a RawValue>,
        #[serde(borrow, default)]
        data: Option<&'a RawValue>,
    }
    let is_object = body.trim_ascii_start().starts_with('{');
    let parsed = if is_object { serde_json::from_str::<Body<'_>>(body).ok() } else { None };
    let is_json = parsed.is_some();
    let Body { ret, data } = parsed.unwrap_or_default();
    let ret = ret.map(first_ret).unwrap_or_default();
    let holds = |marks: &[&str]| marks.iter().any(|mark| ret.contains(mark));
    let url = data.and_then(url_in);
    let is_verify_url = url.as_deref().is_some_and(|url| {
        let url = url.to_ascii_lowercase();
        VERIFY_URLS.iter().any(|mark| url.contains(mark))
    });
    if holds(PERSON_MUST_VERIFY) || is_verify_url {
        return ApiAnswer::PersonMustVerify { url: url.filter(|url| url.len() <= MAX_URL_BYTES) };
    }
    let (code, text) = ret.split_once("::").unwrap_or((&ret, ""));
    if http_status >= 500 || !is_json {
        let code = if http_status >= 400 { format!("HTTP_{http_status}") } else { "NOT_JSON".to_owned() };
        return ApiAnswer::Transient { code, text: bounded(text) };
    }
    if holds(&["SUCCESS::"]) {
        return ApiAnswer::Ok { data: data.map_or("null", RawValue::get) };
    }
    if holds(STALE_SIGNATURE) {
        return ApiAnswer::StaleSignature;
    }
    if holds(SESSION_OVER) {
        return ApiAnswer::SessionOver;
    }
    if code.is_empty() {
        return ApiAnswer::Transient { code: format!("HTTP_{http_status}"), text: bounded(text) };
    }
    ApiAnswer::Transient { code: bounded(code), text: bounded(text) }
}

/// The first text of a list, or the text itself.
fn first_ret(ret: &RawValue) -> String {
    let of_list = || serde_json::from_str::<Vec<Loose<'_>>>(ret.get()).ok()?.into_iter().next()?.0;
    let itself = || serde_json::from_str::<Loose<'_>>(ret.get()).ok()?.0;
    of_list().or_else(itself).map(Cow::into_owned).unwrap_or_default()
}

fn url_in(data: &RawValue) -> Option<String> {
    #[derive(Deserialize)]
    struct Data<'a> {
        #[serde(borrow, default)]
        url: Loose<'a>,
    }
    if !data.get().starts_with('{') {
        return None;
    }
    serde_json::from_str::<Data<'_>>(data.get()).ok()?.url.filled().map(Cow::into_owned)
}

fn bounded(text: &str) -> String {
    text.chars().filter(|sign| !sign.is_control()).take(MAX_TEXT_CHARS).collect()
}

/// What [`TOKEN_API`] gives.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenAnswer {
    /// What `/reg` wants.
    pub access_token: Secret,
    /// `accessTokenExpiredTime` as it came, in ms; `None` if it is missing or no number.
    pub access_token_expired_time_ms: Option<i64>,
    /// What could renew it; nothing here uses it.
    pub refresh_token: Option<Secret>,
}

/// The API said that the call succeeded, and gave no access token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the answer of the token API holds no accessToken")]
pub struct NoAccessToken;

impl TokenAnswer {
    /// Reads the `data` of an [`ApiAnswer::Ok`] to a call of [`TOKEN_API`].
    ///
    /// # Errors
    /// [`NoAccessToken`] if there is none or it is empty.
    pub fn parse(data: &str) -> Result<Self, NoAccessToken> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Data<'a> {
            #[serde(borrow, default)]
            access_token: Loose<'a>,
            #[serde(borrow, default)]
            access_token_expired_time: Loose<'a>,
            #[serde(borrow, default)]
            refresh_token: Loose<'a>,
        }
        if !data.starts_with('{') {
            return Err(NoAccessToken);
        }
        let data: Data<'_> = serde_json::from_str(data).map_err(|_| NoAccessToken)?;
        let expired_time_ms = data.access_token_expired_time.whole();
        Ok(Self {
            access_token: Secret::new(data.access_token.filled().ok_or(NoAccessToken)?),
            access_token_expired_time_ms: expired_time_ms,
            refresh_token: data.refresh_token.filled().map(Secret::new),
        })
    }
}

#[cfg(test)]
#[path = "mtop_tests.rs"]
mod tests;
