//! The signed HTTP API: checks a call as the real one would, and answers it.

use std::sync::Arc;

use hyper::header::{self, HeaderMap};
use serde_json::{Value, json};

use crate::account::{ApiFault, Verification};
use crate::clock::{after, now_ms};
use crate::form;
use crate::frames::APP_KEY;
use crate::http::{ORIGIN, header_text};
use crate::ids::md5_hex;
use crate::login::{self, SignatureState};
use crate::options::ExpiryForm;
use crate::record::SeenKind;
use crate::state::{State, signature_lifetime_ms};

/// The web page's key in the query of every call.
const API_APP_KEY: &str = "34839810";

/// A call as it came in.
pub(crate) struct Call<'a> {
    pub(crate) api: &'a str,
    pub(crate) version: &'a str,
    pub(crate) query: &'a str,
    pub(crate) cookie: &'a str,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a [u8],
}

/// What is answered.
pub(crate) enum Answer {
    Json { body: Value, set_cookies: Vec<String> },
    HttpStatus(u16),
    Disconnect,
}

/// A call's outcome before it is wrapped: the first `ret`, and `data`.
struct Outcome {
    ret: String,
    data: Value,
}

impl Outcome {
    fn ok(data: Value) -> Self {
        Self { ret: "SUCCESS::调用成功".to_owned(), data }
    }

    fn refused(ret: impl Into<String>) -> Self {
        Self { ret: ret.into(), data: json!({}) }
    }
}

/// Answers a call. `unb` is what the cookie names, if it names anybody.
pub(crate) fn on_call(state: &mut State, call: &Call<'_>) -> Answer {
    let unb = login::unb_of(call.cookie).unwrap_or_default().to_owned();
    let known = !unb.is_empty() && state.account_of_cookie(&unb).is_some();
    state.count(&unb, |counters| counters.api_calls += 1);
    if let Some(account) = state.accounts.get_mut(&unb) {
        account.last_cookie = Some(call.cookie.to_owned());
    }
    let mut set_cookies = Vec::new();
    let outcome = if unb.is_empty() {
        state.violation("", "api call without unb", call.api.to_owned());
        Outcome::refused("FAIL_SYS_SESSION_EXPIRED::Session过期")
    } else if known {
        match next_fault(state, &unb) {
            Some(ApiFault::HttpStatus(status)) => return refuse_plainly(state, &unb, call, Answer::HttpStatus(status)),
            Some(ApiFault::Disconnect) => return refuse_plainly(state, &unb, call, Answer::Disconnect),
            Some(ApiFault::Ret(ret)) => Outcome::refused(ret),
            None => check_and_run(state, &unb, call, &mut set_cookies),
        }
    } else {
        Outcome::refused("FAIL_SYS_SESSION_EXPIRED::Session过期")
    };
    if let Some(account) = state.accounts.get_mut(&unb) {
        set_cookies.append(&mut account.script.set_cookies);
    }
    let refused = !outcome.ret.starts_with("SUCCESS");
    state.count(&unb, |counters| counters.api_refusals += u64::from(refused));
    state.see(&unb, SeenKind::ApiCall, format_args!("{} {}: {}", call.api, call.version, outcome.ret));
    let body = json!({"api": call.api, "v": call.version, "ret": [outcome.ret], "data": outcome.data});
    Answer::Json { body, set_cookies }
}

fn next_fault(state: &mut State, unb: &str) -> Option<ApiFault> {
    state.accounts.get_mut(unb)?.script.api_faults.pop_front()
}

fn refuse_plainly(state: &mut State, unb: &str, call: &Call<'_>, answer: Answer) -> Answer {
    state.count(unb, |counters| counters.api_refusals += 1);
    state.see(unb, SeenKind::ApiCall, format_args!("{} {}: no answer in JSON, as told", call.api, call.version));
    answer
}

fn check_and_run(state: &mut State, unb: &str, call: &Call<'_>, set_cookies: &mut Vec<String>) -> Outcome {
    check_headers(state, unb, call.headers);
    let form = form::pairs(call.body);
    let Some(data) = form::value(&form, "data") else {
        state.violation(unb, "api call without data", call.api.to_owned());
        return Outcome::refused("FAIL_SYS_PARAM_MISSING::缺少参数");
    };
    if let Some(refused) = check_query(state, unb, call) {
        return refused;
    }
    if let Some(refused) = check_signature(state, unb, call, data, set_cookies) {
        return refused;
    }
    let cookie2 = login::cookie_values(call.cookie, "cookie2").last();
    let Some(account) = state.accounts.get(unb) else {
        return Outcome::refused("FAIL_SYS_SESSION_EXPIRED::Session过期");
    };
    if !account.login.accepts(cookie2) {
        if cookie2.is_none() && account.login.is_issued() && account.login.is_alive() {
            state.violation(unb, "cookie2 is missing", call.api.to_owned());
        }
        return Outcome::refused("FAIL_SYS_SESSION_EXPIRED::Session过期");
    }
    if let Some(verification) = &account.script.verification {
        return verify(verification);
    }
    run(state, unb, call, data)
}

fn verify(verification: &Verification) -> Outcome {
    match &verification.url {
        Some(url) => {
            Outcome { ret: "FAIL_SYS_USER_VALIDATE::哎哟喂,被挤爆啦,请稍后重试!".to_owned(), data: json!({"url": url}) }
        }
        None => Outcome::refused("RGV587_ERROR::SM::哎哟喂,被挤爆啦,请稍后重试"),
    }
}

/// A browser sends these of itself; the call is answered all the same.
fn check_headers(state: &mut State, unb: &str, headers: &HeaderMap) {
    let origin = header_text(headers, &header::ORIGIN);
    if origin != ORIGIN {
        state.violation(unb, "api call without the page's Origin", origin);
    }
    let referer = header_text(headers, &header::REFERER);
    if referer.strip_prefix(ORIGIN).is_none_or(|path| !path.starts_with('/')) {
        state.violation(unb, "api call without the page's Referer", referer);
    }
    if header_text(headers, &header::USER_AGENT).is_empty() {
        state.violation(unb, "api call without a User-Agent", "");
    }
}

fn check_query(state: &mut State, unb: &str, call: &Call<'_>) -> Option<Outcome> {
    let query = form::pairs(call.query.as_bytes());
    let value = |name| form::value(&query, name).unwrap_or_default();
    for name in ["jsv", "type", "dataType", "sessionOption", "accountSite"] {
        if value(name).is_empty() {
            state.violation(unb, "query parameter missing", name);
        }
    }
    if value("appKey") != API_APP_KEY {
        state.violation(unb, "wrong appKey", value("appKey"));
        return Some(Outcome::refused("FAIL_SYS_ILLEGAL_ACCESS::非法请求"));
    }
    if value("api") != call.api || value("v") != call.version {
        let detail = format!("query {} {}, path {} {}", value("api"), value("v"), call.api, call.version);
        state.violation(unb, "query and path name different apis", detail);
        return Some(Outcome::refused("FAIL_SYS_API_NOT_FOUNDED::请求API不存在"));
    }
    let distance_ms = value("t").parse::<u64>().map(|t| t.abs_diff(now_ms()));
    match (distance_ms, state.options.clock_tolerance) {
        (Err(_), _) => {
            state.violation(unb, "t is no number", value("t"));
            return Some(Outcome::refused("FAIL_SYS_ILLEGAL_ACCESS::非法请求"));
        }
        (Ok(distance_ms), Some(tolerance)) if u128::from(distance_ms) > tolerance.as_millis() => {
            state.violation(unb, "t is far from now", format!("{distance_ms} ms"));
        }
        _ => {}
    }
    None
}

/// Checks `_m_h5_tk` and the signature made with it.
fn check_signature(state: &mut State, unb: &str, call: &Call<'_>, data: &str, set_cookies: &mut Vec<String>) -> Option<Outcome> {
    let candidates: Vec<&str> = login::cookie_values(call.cookie, "_m_h5_tk").filter(|value| !value.is_empty()).collect();
    let open = !state.options.strict_accounts;
    let (ids, lifetime_ms) = (Arc::clone(&state.ids), signature_lifetime_ms(&state.options));
    let account = state.accounts.get_mut(unb)?;
    if let (true, false, [only]) = (open, account.login.has_signatures(), candidates.as_slice()) {
        account.login.adopt_signature(only);
    }
    let states: Vec<_> = candidates.iter().map(|value| (*value, account.login.signature_state(value))).collect();
    let good: Vec<&str> = states.iter().filter(|(_, state)| *state == SignatureState::Good).map(|(value, _)| *value).collect();
    if good.is_empty() {
        let value = account.login.new_signature(&ids, lifetime_ms);
        set_cookies.push(format!("_m_h5_tk={value}; Path=/; Max-Age={}", lifetime_ms / 1_000));
        set_cookies.push(format!("_m_h5_tk_enc={}; Path=/; Max-Age={}", md5_hex(&value), lifetime_ms / 1_000));
        if candidates.is_empty() {
            return Some(Outcome::refused("FAIL_SYS_TOKEN_EMPTY::令牌为空"));
        }
        if states.iter().all(|(_, state)| *state == SignatureState::Unknown) {
            state.violation(unb, "_m_h5_tk was never issued", call.api.to_owned());
        }
        return Some(Outcome::refused("FAIL_SYS_TOKEN_EXOIRED::令牌过期"));
    }
    let query = form::pairs(call.query.as_bytes());
    let t = form::value(&query, "t").unwrap_or_default();
    let sign = form::value(&query, "sign").unwrap_or_default();
    let right = good.iter().any(|value| {
        let token = value.split('_').next().unwrap_or_default();
        md5_hex(&format!("{token}&{t}&{API_APP_KEY}&{data}")) == sign
    });
    if right {
        return None;
    }
    state.violation(unb, "wrong signature", call.api.to_owned());
    Some(Outcome::refused("FAIL_SYS_ILLEGAL_ACCESS::非法请求"))
}

fn run(state: &mut State, unb: &str, call: &Call<'_>, data: &str) -> Outcome {
    let Ok(data) = serde_json::from_str::<Value>(data) else {
        state.violation(unb, "data is no JSON", call.api.to_owned());
        return Outcome::refused("FAIL_SYS_PARAM_FORMAT_ERROR::参数格式错误");
    };
    match (call.api, call.version) {
        ("mtop.taobao.idlemessage.pc.login.token", "1.0") => issue_token(state, unb, &data),
        ("mtop.taobao.idle.logistic.consign.dummy", "1.0") => consign(state, unb, &data),
        ("mtop.taobao.idle.pc.detail", _) => item_detail(&data),
        _ => Outcome::ok(json!({})),
    }
}

fn issue_token(state: &mut State, unb: &str, data: &Value) -> Outcome {
    let text = |name: &str| data.get(name).and_then(Value::as_str).unwrap_or_default();
    if text("appKey") != APP_KEY {
        state.violation(unb, "token call with a wrong appKey", text("appKey"));
        return Outcome::refused("FAIL_BIZ_PARAM_ERROR::appKey无效");
    }
    let device_id = text("deviceId");
    if !device_id.ends_with(&format!("-{unb}")) {
        state.violation(unb, "deviceId does not end in the account's id", "");
        return Outcome::refused("FAIL_BIZ_PARAM_ERROR::deviceId无效");
    }
    let lifetime = state.options.access_token_lifetime;
    let lifetime_ms = u64::try_from(lifetime.as_millis()).unwrap_or(u64::MAX);
    let expired_time = match state.options.expiry_form {
        ExpiryForm::LifetimeMs => lifetime_ms,
        ExpiryForm::SinceEpochMs => now_ms().saturating_add(lifetime_ms),
    };
    let token = format!("oauth_k1:{}", state.ids.hex());
    let refresh_token = format!("oauth_k1:{}", state.ids.hex());
    if let Some(account) = state.accounts.get_mut(unb) {
        account.login.add_grant(token.clone(), device_id.to_owned(), after(lifetime));
    }
    state.count(unb, |counters| counters.token_calls += 1);
    Outcome::ok(json!({
        "accessToken": token,
        "accessTokenExpiredTime": expired_time.to_string(),
        "refreshToken": refresh_token,
        "refreshTokenExpiredTime": expired_time.to_string(),
    }))
}

fn consign(state: &mut State, unb: &str, data: &Value) -> Outcome {
    let order_id = data.get("orderId").and_then(Value::as_str).unwrap_or_default().to_owned();
    if order_id.is_empty() {
        state.violation(unb, "consign without orderId", "");
        return Outcome::refused("FAIL_BIZ_PARAM_ERROR::orderId无效");
    }
    let Some(account) = state.accounts.get_mut(unb) else { return Outcome::ok(json!({})) };
    if let Some(ret) = account.script.consign_faults.pop_front() {
        return Outcome::refused(ret);
    }
    account.consigned.push(order_id.clone());
    Outcome::ok(json!({"orderId": order_id, "success": "true"}))
}

/// Public clients ask what the item of a chat is before they answer in it.
fn item_detail(data: &Value) -> Outcome {
    let item_id = data.get("itemId").and_then(Value::as_str).unwrap_or_default();
    Outcome::ok(json!({"itemDO": {
        "itemId": item_id, "title": format!("item {item_id}"), "desc": "an item of the simulator's",
        "soldPrice": "10.00", "quantity": 1, "skuList": [],
    }}))
}
