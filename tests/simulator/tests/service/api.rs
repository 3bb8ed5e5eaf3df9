//! The signed API and the login check.

use std::time::Duration;

use livekeeper_simulator::{ApiFault, ExpiryForm, Options, Simulator};
use serde_json::json;

use crate::client::{LIMIT, TOKEN_API, UNB, call, call_text, http, simulator, tcp, token_data, what_was_violated};

/// The cookie with what the `Set-Cookie`s bring.
fn merged(cookie: &str, set_cookies: &[String]) -> String {
    set_cookies.iter().fold(cookie.to_owned(), |cookie, set| {
        let (name, value) = set.split(';').next().unwrap().split_once('=').unwrap();
        let kept: Vec<_> = cookie.split("; ").filter(|pair| pair.split('=').next() != Some(name)).collect();
        format!("{}; {name}={value}", kept.join("; "))
    })
}

#[tokio::test]
async fn a_signed_call_gets_a_token_of_its_own_each_time() {
    let simulator = simulator().await;
    let cookie = simulator.cookie(UNB);
    let first = call(&simulator, &cookie, TOKEN_API, &token_data(UNB)).await;
    let second = call(&simulator, &cookie, TOKEN_API, &token_data(UNB)).await;
    assert_eq!(first.ret(), "SUCCESS::调用成功");
    assert_eq!(first.json()["data"]["accessTokenExpiredTime"], "86400000");
    assert_ne!(first.json()["data"]["accessToken"], second.json()["data"]["accessToken"]);
    assert_eq!(simulator.counters_of(UNB).token_calls, 2);
    assert_eq!(what_was_violated(&simulator), [""; 0]);
}

#[tokio::test]
async fn the_expiry_can_be_told_as_a_point_in_time() {
    let options = Options { expiry_form: ExpiryForm::SinceEpochMs, ..Options::default() };
    let simulator = Simulator::start(options).await.unwrap();
    let answer = call(&simulator, &simulator.cookie(UNB), TOKEN_API, &token_data(UNB)).await.json();
    let expiry: u64 = answer["data"]["accessTokenExpiredTime"].as_str().unwrap().parse().unwrap();
    assert!(expiry.abs_diff(crate::client::now_ms() + 86_400_000) < 60_000);
}

#[tokio::test]
async fn a_path_without_the_last_slash_is_the_same() {
    let simulator = simulator().await;
    let text = call_text(&simulator.cookie(UNB), TOKEN_API, &token_data(UNB), |query| query).replace("/1.0/?", "/1.0?");
    assert_eq!(http(tcp(&simulator).await, text).await.ret(), "SUCCESS::调用成功");
}

#[tokio::test]
async fn a_wrong_signature_is_illegal_access_and_a_violation() {
    let simulator = simulator().await;
    let cookie = simulator.cookie(UNB);
    let text = call_text(&cookie, TOKEN_API, &token_data(UNB), |query| query.replace("sign=", "sign=0"));
    let answer = http(tcp(&simulator).await, text).await;
    assert_eq!(answer.ret(), "FAIL_SYS_ILLEGAL_ACCESS::非法请求");
    assert_eq!(what_was_violated(&simulator), ["wrong signature"]);
}

#[tokio::test]
async fn a_call_without_the_headers_of_the_page_is_answered_and_a_violation() {
    let simulator = simulator().await;
    let cookie = simulator.cookie(UNB);
    let good = call_text(&cookie, TOKEN_API, &token_data(UNB), |query| query);
    let (origin, referer) = ("Origin: https://www.goofish.com\r\n", "Referer: https://www.goofish.com/\r\n");
    let spoilt = [
        (origin, "", "api call without the page's Origin"),
        (referer, "", "api call without the page's Referer"),
        (referer, "Referer: https://www.goofish.com.example/\r\n", "api call without the page's Referer"),
        ("User-Agent: Test\r\n", "", "api call without a User-Agent"),
        ("User-Agent: Test\r\n", "User-Agent: \r\n", "api call without a User-Agent"),
    ];
    for (header, instead, _) in spoilt {
        assert_eq!(http(tcp(&simulator).await, good.replace(header, instead)).await.ret(), "SUCCESS::调用成功");
    }
    assert_eq!(what_was_violated(&simulator), spoilt.map(|(_, _, what)| what));
}

#[tokio::test]
async fn a_missing_signing_token_is_brought_by_set_cookie_and_then_works() {
    let simulator = simulator().await;
    let cookie = simulator.cookie(UNB);
    let without: Vec<_> = cookie.split("; ").filter(|pair| !pair.starts_with("_m_h5_tk")).collect();
    let without = without.join("; ");
    let answer = call(&simulator, &without, TOKEN_API, &token_data(UNB)).await;
    assert_eq!(answer.ret(), "FAIL_SYS_TOKEN_EMPTY::令牌为空");
    assert_eq!(answer.set_cookies.len(), 2);
    let again = call(&simulator, &merged(&without, &answer.set_cookies), TOKEN_API, &token_data(UNB)).await;
    assert_eq!(again.ret(), "SUCCESS::调用成功");
    assert_eq!(what_was_violated(&simulator), [""; 0]);
}

#[tokio::test]
async fn a_stale_signing_token_is_replaced_by_set_cookie_and_the_old_one_stays_stale() {
    let simulator = simulator().await;
    let cookie = simulator.cookie(UNB);
    simulator.expire_signature(UNB);
    let answer = call(&simulator, &cookie, TOKEN_API, &token_data(UNB)).await;
    assert_eq!(answer.ret(), "FAIL_SYS_TOKEN_EXOIRED::令牌过期");
    let new = merged(&cookie, &answer.set_cookies);
    assert_eq!(call(&simulator, &new, TOKEN_API, &token_data(UNB)).await.ret(), "SUCCESS::调用成功");
    assert_ne!(simulator.cookie_last_sent(UNB, "_m_h5_tk").unwrap(), "");
    let old = call(&simulator, &cookie, TOKEN_API, &token_data(UNB)).await;
    assert_eq!(old.ret(), "FAIL_SYS_TOKEN_EXOIRED::令牌过期");
}

#[tokio::test]
async fn an_unknown_cookie_is_taken_in_open_mode_and_refused_in_strict_mode() {
    let foreign = "unb=77; _m_h5_tk=0123456789abcdef_1; cna=x";
    let foreign = &foreign.replace("_1;", &format!("_{};", crate::client::now_ms() + 60_000));
    let open = simulator().await;
    assert_eq!(call(&open, foreign, TOKEN_API, &token_data("77")).await.ret(), "SUCCESS::调用成功");
    open.expire_signature("77");
    assert_eq!(call(&open, foreign, TOKEN_API, &token_data("77")).await.ret(), "FAIL_SYS_TOKEN_EXOIRED::令牌过期");
    assert_eq!(what_was_violated(&open), [""; 0]);

    let strict = Simulator::start(Options { strict_accounts: true, ..Options::default() }).await.unwrap();
    let answer = call(&strict, foreign, TOKEN_API, &token_data("77")).await;
    assert_eq!(answer.ret(), "FAIL_SYS_SESSION_EXPIRED::Session过期");
}

#[tokio::test]
async fn a_session_that_is_over_comes_back_with_a_new_cookie_only() {
    let simulator = simulator().await;
    let old = simulator.cookie(UNB);
    simulator.expire_session(UNB);
    let answer = call(&simulator, &old, TOKEN_API, &token_data(UNB)).await;
    assert_eq!(answer.ret(), "FAIL_SYS_SESSION_EXPIRED::Session过期");
    let new = simulator.cookie(UNB);
    assert_eq!(call(&simulator, &new, TOKEN_API, &token_data(UNB)).await.ret(), "SUCCESS::调用成功");
    let only_signature_renewed = merged(&old, &[format!("_m_h5_tk={}", value(&new, "_m_h5_tk"))]);
    let answer = call(&simulator, &only_signature_renewed, TOKEN_API, &token_data(UNB)).await;
    assert_eq!(answer.ret(), "FAIL_SYS_SESSION_EXPIRED::Session过期");
}

fn value<'a>(cookie: &'a str, name: &str) -> &'a str {
    cookie.split("; ").find_map(|pair| pair.strip_prefix(&format!("{name}="))).unwrap()
}

#[tokio::test]
async fn a_verification_names_its_url_until_it_is_cleared() {
    let simulator = simulator().await;
    let cookie = simulator.cookie(UNB);
    simulator.require_verification(UNB, Some("https://example.invalid/punish?x=1"));
    let answer = call(&simulator, &cookie, TOKEN_API, &token_data(UNB)).await;
    assert!(answer.ret().starts_with("FAIL_SYS_USER_VALIDATE"));
    assert_eq!(answer.json()["data"]["url"], "https://example.invalid/punish?x=1");
    simulator.require_verification(UNB, None);
    assert!(call(&simulator, &cookie, TOKEN_API, &token_data(UNB)).await.ret().starts_with("RGV587_ERROR"));
    simulator.clear_verification(UNB);
    assert_eq!(call(&simulator, &cookie, TOKEN_API, &token_data(UNB)).await.ret(), "SUCCESS::调用成功");
}

#[tokio::test]
async fn scripted_errors_come_in_their_order_and_end() {
    let simulator = simulator().await;
    let cookie = simulator.cookie(UNB);
    simulator.api_error(UNB, 1, &ApiFault::HttpStatus(503));
    simulator.api_error(UNB, 1, &ApiFault::Ret("FAIL_SYS_SERVICE_TIMEOUT::服务超时".into()));
    simulator.api_error(UNB, 1, &ApiFault::Disconnect);
    assert_eq!(call(&simulator, &cookie, TOKEN_API, &token_data(UNB)).await.status, 503);
    assert!(call(&simulator, &cookie, TOKEN_API, &token_data(UNB)).await.ret().starts_with("FAIL_SYS_SERVICE"));
    assert_eq!(call(&simulator, &cookie, TOKEN_API, &token_data(UNB)).await.status, 0);
    assert_eq!(call(&simulator, &cookie, TOKEN_API, &token_data(UNB)).await.status, 200);
}

#[tokio::test]
async fn a_scripted_cookie_comes_with_the_next_answer_and_is_good() {
    let simulator = simulator().await;
    let cookie = simulator.cookie(UNB);
    simulator.set_cookie_on_next_answer(UNB, "cookie2=fresh; Path=/; HttpOnly");
    let answer = call(&simulator, &cookie, TOKEN_API, &token_data(UNB)).await;
    assert_eq!(answer.set_cookies, ["cookie2=fresh; Path=/; HttpOnly"]);
    let new = merged(&cookie, &answer.set_cookies);
    let answer = call(&simulator, &new, TOKEN_API, &token_data(UNB)).await;
    assert_eq!((answer.ret().as_str(), answer.set_cookies.len()), ("SUCCESS::调用成功", 0));
    assert_eq!(simulator.cookie_last_sent(UNB, "cookie2").as_deref(), Some("fresh"));
}

#[tokio::test]
async fn a_shipment_is_written_down_or_refused_as_told() {
    let simulator = simulator().await;
    let api = "mtop.taobao.idle.logistic.consign.dummy";
    let data = json!({"orderId": "6276084829544251257", "tradeText": "", "picList": [], "newUnconsign": true}).to_string();
    simulator.refuse_next_consign(UNB, "FAIL_BIZ_ORDER_STATUS::订单状态错误");
    let cookie = simulator.cookie(UNB);
    assert!(call(&simulator, &cookie, api, &data).await.ret().starts_with("FAIL_BIZ"));
    assert!(call(&simulator, &cookie, api, &data).await.ret().starts_with("SUCCESS"));
    assert_eq!(simulator.consigned_orders(UNB), ["6276084829544251257"]);
}

#[tokio::test]
async fn a_device_of_another_account_gets_no_token() {
    let simulator = simulator().await;
    let answer = call(&simulator, &simulator.cookie(UNB), TOKEN_API, &token_data("123")).await;
    assert!(answer.ret().starts_with("FAIL_BIZ"));
    assert_eq!(what_was_violated(&simulator), ["deviceId does not end in the account's id"]);
}

#[tokio::test]
async fn query_and_path_must_name_the_same_api_and_t_must_be_near_now() {
    let simulator = simulator().await;
    let cookie = simulator.cookie(UNB);
    let other = call_text(&cookie, TOKEN_API, &token_data(UNB), |query| query.replace("&v=1.0", "&v=2.0"));
    assert!(http(tcp(&simulator).await, other).await.ret().starts_with("FAIL_SYS_API_NOT_FOUNDED"));
    let far = call_text(&cookie, TOKEN_API, &token_data(UNB), |query| query.replace("&t=1", "&t=2"));
    http(tcp(&simulator).await, far).await;
    let violations = what_was_violated(&simulator);
    assert_eq!(violations[..2], ["query and path name different apis", "t is far from now"]);
}

#[tokio::test]
async fn slow_answers_are_late_by_what_was_said() {
    let simulator = simulator().await;
    let cookie = simulator.cookie(UNB);
    simulator.slow_answers(UNB, Duration::from_millis(80));
    let started = std::time::Instant::now();
    assert_eq!(call(&simulator, &cookie, TOKEN_API, &token_data(UNB)).await.status, 200);
    assert!(started.elapsed() >= Duration::from_millis(80));
}

#[tokio::test]
async fn the_login_check_knows_whether_the_login_lives() {
    let simulator = simulator().await;
    let cookie = simulator.cookie(UNB);
    let text = format!(
        "POST /newlogin/hasLogin.do?appName=xianyu&fromSite=77 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
         Cookie: {cookie}\r\nContent-Length: 9\r\n\r\nhid=12345"
    );
    assert_eq!(http(tcp(&simulator).await, text.clone()).await.json()["content"]["success"], true);
    simulator.expire_session(UNB);
    assert_eq!(http(tcp(&simulator).await, text).await.json()["content"]["success"], false);
    simulator.wait_until(LIMIT, |seen| seen.counters_of(UNB).login_checks == 2).await.unwrap();
}
