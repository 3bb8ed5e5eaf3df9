//! One HTTP request: which of the three services it is for, and the way to them.

use std::convert::Infallible;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::upgrade::OnUpgrade;
use hyper::{Method, Request, Response, StatusCode};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::api::{self, Answer, Call};
use crate::login;
use crate::record::SeenKind;
use crate::state::{Shared, State};

/// The longest body a request may have.
const MAX_BODY_BYTES: usize = 1024 * 1024;
/// Time a body may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);
/// The page whose script the clients stand for.
pub(crate) const ORIGIN: &str = "https://www.goofish.com";

/// A WebSocket upgrade that was answered 101; the connection's task takes it up when HTTP has let go.
pub(crate) struct Upgrade {
    pub(crate) unb: String,
    pub(crate) on_upgrade: OnUpgrade,
}

/// Where a connection's request leaves the upgrade for its task.
pub(crate) type UpgradeSlot = Arc<Mutex<Option<Upgrade>>>;

/// The connection is to end without an answer.
#[derive(Debug)]
pub(crate) struct HangUp;

impl fmt::Display for HangUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("told to hang up")
    }
}

impl std::error::Error for HangUp {}

impl From<Infallible> for HangUp {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

type Reply = Response<Full<Bytes>>;

/// Answers one request.
pub(crate) async fn on_request(shared: Arc<Shared>, slot: UpgradeSlot, request: Request<Incoming>) -> Result<Reply, HangUp> {
    if is_websocket(request.headers()) {
        return Ok(upgrade(&shared, &slot, request));
    }
    let path = request.uri().path().to_owned();
    if path.starts_with("/newlogin/hasLogin.do") {
        return Ok(login_check(&shared, request).await);
    }
    let mut parts = path.trim_matches('/').split('/');
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some("h5"), Some(api), Some(version), None) => call(&shared, request, api, version).await,
        _ => Ok(plain(StatusCode::NOT_FOUND, "not here")),
    }
}

fn is_websocket(headers: &HeaderMap) -> bool {
    let upgrade = headers.get(header::UPGRADE).and_then(|value| value.to_str().ok());
    upgrade.is_some_and(|upgrade| upgrade.eq_ignore_ascii_case("websocket"))
}

/// A header's text; empty where there is none.
pub(crate) fn header_text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().trim()
}

/// All cookie headers as one.
fn cookie(headers: &HeaderMap) -> String {
    let cookies: Vec<_> = headers.get_all(header::COOKIE).iter().map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
    cookies.join("; ")
}

fn upgrade(shared: &Shared, slot: &UpgradeSlot, mut request: Request<Incoming>) -> Reply {
    let headers = request.headers();
    let Some(accept) = headers.get(header::SEC_WEBSOCKET_KEY).map(|key| derive_accept_key(key.as_bytes())) else {
        return plain(StatusCode::BAD_REQUEST, "no Sec-WebSocket-Key");
    };
    let accept = HeaderValue::from_str(&accept).unwrap_or(HeaderValue::from_static(""));
    let checked = shared.change(|state| {
        let checked = check_handshake(state, headers);
        if let Err((unb, reason)) = &checked {
            state.count(unb, |counters| counters.handshakes_refused += 1);
            state.see(unb, SeenKind::HandshakeRefused, *reason);
        }
        checked
    });
    let unb = match checked {
        Ok(unb) => unb,
        Err((_, reason)) => return plain(StatusCode::UNAUTHORIZED, reason),
    };
    let on_upgrade = hyper::upgrade::on(&mut request);
    *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(Upgrade { unb, on_upgrade });
    let mut reply = plain(StatusCode::SWITCHING_PROTOCOLS, "");
    let headers = reply.headers_mut();
    headers.remove(header::CONTENT_TYPE);
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    reply
}

/// The account the handshake is for, or whom it was refused, and why.
fn check_handshake(state: &mut State, headers: &HeaderMap) -> Result<String, (String, &'static str)> {
    let cookie = cookie(headers);
    let Some(unb) = login::unb_of(&cookie).map(str::to_owned) else {
        state.violation("", "handshake without a cookie that has unb", "");
        return Err((String::new(), "no unb in the cookie"));
    };
    let dead_refused = state.options.refuse_dead_login_at_handshake;
    let Some(account) = state.account_of_cookie(&unb) else {
        return Err((unb, "no such account"));
    };
    if dead_refused && !account.login.accepts(login::cookie_values(&cookie, "cookie2").last()) {
        return Err((unb, "the login is over"));
    }
    let origin = header_text(headers, &header::ORIGIN);
    if origin != ORIGIN {
        state.violation(&unb, "handshake without the page's Origin", origin);
    }
    if header_text(headers, &header::USER_AGENT).is_empty() {
        state.violation(&unb, "handshake without a User-Agent", "");
    }
    Ok(unb)
}

async fn call(shared: &Shared, request: Request<Incoming>, api: &str, version: &str) -> Result<Reply, HangUp> {
    let (head, body) = request.into_parts();
    let cookie = cookie(&head.headers);
    if head.method != Method::POST {
        let unb = login::unb_of(&cookie).unwrap_or_default();
        shared.change(|state| state.violation(unb, "api call that is no POST", format!("{} {api}", head.method)));
        return Ok(plain(StatusCode::METHOD_NOT_ALLOWED, "POST"));
    }
    let Some(body) = read(body).await else { return Ok(plain(StatusCode::BAD_REQUEST, "body")) };
    let call =
        Call { api, version, query: head.uri.query().unwrap_or_default(), cookie: &cookie, headers: &head.headers, body: &body };
    let (answer, slow) = shared.change(|state| (api::on_call(state, &call), slowness(state, &cookie)));
    if !slow.is_zero() {
        sleep(slow).await;
    }
    match answer {
        Answer::Json { body, set_cookies } => Ok(json_reply(&body, &set_cookies)),
        Answer::HttpStatus(status) => {
            Ok(plain(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), "as told"))
        }
        Answer::Disconnect => Err(HangUp),
    }
}

fn slowness(state: &State, cookie: &str) -> Duration {
    let account = login::unb_of(cookie).and_then(|unb| state.accounts.get(unb));
    account.map_or(Duration::ZERO, |account| account.script.slow)
}

/// Answers whether the cookie's login is alive; takes any method and any form, as the page's script sends many.
async fn login_check(shared: &Shared, request: Request<Incoming>) -> Reply {
    let (head, body) = request.into_parts();
    if read(body).await.is_none() {
        return plain(StatusCode::BAD_REQUEST, "body");
    }
    let cookie = cookie(&head.headers);
    let (alive, set_cookies) = shared.change(|state| {
        let unb = login::unb_of(&cookie).unwrap_or_default();
        let cookie2 = login::cookie_values(&cookie, "cookie2").last();
        let account = if unb.is_empty() { None } else { state.account_of_cookie(unb) };
        let alive = account.as_ref().is_some_and(|account| account.login.accepts(cookie2));
        let set_cookies = account.map(|account| std::mem::take(&mut account.script.set_cookies));
        state.count(unb, |counters| counters.login_checks += 1);
        state.see(unb, SeenKind::LoginCheck, if alive { "alive" } else { "over" });
        (alive, set_cookies.unwrap_or_default())
    });
    let content = if alive {
        json!({"success": true, "status": 0, "data": {"loginResult": "success", "resultCode": 100}})
    } else {
        json!({"success": false, "status": -1, "data": {"loginResult": "fail", "resultCode": 0}})
    };
    json_reply(&json!({"content": content, "hasError": false}), &set_cookies)
}

async fn read(body: Incoming) -> Option<Bytes> {
    let collected = timeout(BODY_TIMEOUT, Limited::new(body, MAX_BODY_BYTES).collect()).await;
    Some(collected.ok()?.ok()?.to_bytes())
}

fn json_reply(body: &Value, set_cookies: &[String]) -> Reply {
    let mut reply = plain(StatusCode::OK, "");
    *reply.body_mut() = Full::new(Bytes::from(body.to_string()));
    let json = HeaderValue::from_static("application/json;charset=UTF-8");
    reply.headers_mut().insert(header::CONTENT_TYPE, json);
    for cookie in set_cookies {
        // A value no header can hold was refused when the script gave it.
        if let Ok(value) = HeaderValue::from_str(cookie) {
            reply.headers_mut().append(HeaderName::from_static("set-cookie"), value);
        }
    }
    reply
}

fn plain(status: StatusCode, text: &'static str) -> Reply {
    let mut reply = Response::new(Full::new(Bytes::from_static(text.as_bytes())));
    *reply.status_mut() = status;
    let content_type = HeaderValue::from_static("text/plain;charset=UTF-8");
    reply.headers_mut().insert(header::CONTENT_TYPE, content_type);
    reply
}
