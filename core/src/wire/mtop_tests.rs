use super::{
    ApiAnswer, MAX_TEXT_CHARS, SignedCall, TokenAnswer, classify, confirm_shipment_data, form_encode, sign, token_request_data,
};
use crate::secret::Secret;
use crate::wire::cookie::Cookie;

fn verify(url: &str) -> ApiAnswer<'static> {
    ApiAnswer::PersonMustVerify { url: (!url.is_empty()).then(|| url.to_owned()) }
}

fn transient(code: &str, text: &str) -> ApiAnswer<'static> {
    ApiAnswer::Transient { code: code.to_owned(), text: text.to_owned() }
}

#[test]
fn a_signature_is_the_md5_of_what_is_sent() {
    // printf '8b0a&1700000000123&34839810&{"orderId":"42"}' | md5sum
    assert_eq!(sign("8b0a", "1700000000123", "34839810", r#"{"orderId":"42"}"#), "3c39e1744c18ba509e4ab4fed779012b");
    // printf '&1700000000123&34839810&{}' | md5sum
    assert_eq!(sign("", "1700000000123", "34839810", "{}"), "26f7dcd5b2b6a2d918b013cce396f726");
}

#[test]
fn a_call_holds_its_signature_and_its_data_as_a_form() {
    let cookie = Cookie::parse("unb=22; _m_h5_tk=8b0a_1700000000000").expect("a cookie");
    let call = SignedCall::new("mtop.x.y", "1.0", r#"{"orderId":"42"}"#, 1_700_000_000_123, &cookie);
    assert_eq!(call.path, "mtop.x.y/1.0/");
    assert_eq!(
        call.query,
        "jsv=2.7.2&appKey=34839810&t=1700000000123&sign=3c39e1744c18ba509e4ab4fed779012b&v=1.0&type=originaljson\
         &accountSite=xianyu&dataType=json&timeout=20000&api=mtop.x.y&sessionOption=AutoLoginOnly"
    );
    assert_eq!(call.body, "data=%7B%22orderId%22%3A%2242%22%7D");

    let without_token = Cookie::parse("unb=22").expect("a cookie");
    let call = SignedCall::new("mtop.x.y", "1.0", "{}", 1_700_000_000_123, &without_token);
    assert!(call.query.contains("&sign=26f7dcd5b2b6a2d918b013cce396f726&"));
}

#[test]
fn a_form_is_encoded_as_browsers_do() {
    let mut out = String::new();
    form_encode(&mut out, "aZ09*-._ +&=%~中\n");
    assert_eq!(out, "aZ09*-._+%2B%26%3D%25%7E%E4%B8%AD%0A");
}

#[test]
fn the_data_of_each_call_has_its_keys_in_order() {
    assert_eq!(token_request_data("DEVICE-22"), r#"{"appKey":"444e9908a51d1cb236a27862abc769c9","deviceId":"DEVICE-22"}"#);
    assert_eq!(confirm_shipment_data("42"), r#"{"orderId":"42","tradeText":"","picList":[],"newUnconsign":true}"#);
}

#[test]
#[allow(clippy::too_many_lines)] // One table.
fn an_answer_is_classified_by_its_first_ret_and_its_url() {
    let punish = "https://h5api.m.goofish.com/_____tmd_____/punish?x5secdata=1";
    let with_url = |ret: &str, url: &str| format!(r#"{{"ret":["{ret}"],"data":{{"url":"{url}"}}}}"#);
    for (status, body, want) in [
        (200, r#"{"ret":["SUCCESS::调用成功"],"data":{"a":1}}"#.to_owned(), ApiAnswer::Ok { data: r#"{"a":1}"# }),
        (200, r#"{"ret":["SUCCESS::调用成功"]}"#.to_owned(), ApiAnswer::Ok { data: "null" }),
        (200, r#"{"ret":"SUCCESS::调用成功","data":{}}"#.to_owned(), ApiAnswer::Ok { data: "{}" }),
        (200, r#"{"ret":["FAIL_SYS_TOKEN_EXOIRED::令牌过期"]}"#.to_owned(), ApiAnswer::StaleSignature),
        (200, r#"{"ret":["FAIL_SYS_TOKEN_EXPIRED::x"],"data":{}}"#.to_owned(), ApiAnswer::StaleSignature),
        (200, r#"{"ret":["FAIL_SYS_TOKEN_EMPTY::x"],"data":{}}"#.to_owned(), ApiAnswer::StaleSignature),
        (200, r#"{"ret":["X::令牌为空"],"data":{}}"#.to_owned(), ApiAnswer::StaleSignature),
        (200, r#"{"ret":["FAIL_SYS_SESSION_EXPIRED::x"],"data":{}}"#.to_owned(), ApiAnswer::SessionOver),
        (200, r#"{"ret":["X::Session过期"],"data":{}}"#.to_owned(), ApiAnswer::SessionOver),
        (200, with_url("FAIL_SYS_USER_VALIDATE", punish), verify(punish)),
        (200, with_url("RGV587_ERROR::SM::哎哟喂,被挤爆啦", "https://x/y"), verify("https://x/y")),
        (200, r#"{"ret":["X::被挤爆啦"],"data":{}}"#.to_owned(), verify("")),
        (200, r#"{"ret":["FAIL_SYS_USER_VALIDATE"],"data":null}"#.to_owned(), verify("")),
        (200, with_url("FAIL_BIZ::x", "https://x/Captcha?y"), verify("https://x/Captcha?y")),
        (200, with_url("SUCCESS::x", punish), verify(punish)),
        (503, with_url("FAIL_SYS_TOKEN_EMPTY::x", punish), verify(punish)),
        (200, with_url("FAIL_BIZ::wait", "https://x/help"), transient("FAIL_BIZ", "wait")),
        (200, r#"{"ret":["FAIL_BIZ::a","SUCCESS::b"],"data":{}}"#.to_owned(), transient("FAIL_BIZ", "a")),
        (200, r#"{"ret":["ODD"],"data":{}}"#.to_owned(), transient("ODD", "")),
        (200, r#"{"ret":[],"data":{}}"#.to_owned(), transient("HTTP_200", "")),
        (200, "{}".to_owned(), transient("HTTP_200", "")),
        (200, "<html>".to_owned(), transient("NOT_JSON", "")),
        (200, String::new(), transient("NOT_JSON", "")),
        (200, "[]".to_owned(), transient("NOT_JSON", "")),
        (404, "<html>".to_owned(), transient("HTTP_404", "")),
        (502, r#"{"ret":["SUCCESS::x"],"data":{}}"#.to_owned(), transient("HTTP_502", "x")),
    ] {
        assert_eq!(classify(status, &body), want, "{status} {body}");
    }
}

#[test]
fn what_is_kept_of_an_unknown_error_is_bounded_and_of_one_line() {
    let body = format!(r#"{{"ret":["{0}::a\n{0}"]}}"#, "过".repeat(5_000));
    let ApiAnswer::Transient { code, text } = classify(200, &body) else { panic!("an unknown code is transient") };
    assert_eq!((code.chars().count(), text.chars().count()), (MAX_TEXT_CHARS, MAX_TEXT_CHARS));
    assert!(!text.contains('\n'));

    let body = format!(r#"{{"ret":["FAIL_SYS_USER_VALIDATE"],"data":{{"url":"https://x/{}"}}}}"#, "y".repeat(5_000));
    assert_eq!(classify(200, &body), verify(""));
}

#[test]
fn a_token_answer_needs_a_token_and_takes_its_expiry_as_text_or_number() {
    for (data, want) in [
        (r#"{"accessToken":"A","accessTokenExpiredTime":"86400000","refreshToken":"R"}"#, Some(("A", Some(86_400_000), Some("R")))),
        (r#"{"accessToken":"A","accessTokenExpiredTime":86400000}"#, Some(("A", Some(86_400_000), None))),
        (r#"{"accessToken":"A","accessTokenExpiredTime":"soon","refreshToken":""}"#, Some(("A", None, None))),
        (r#"{"accessToken":""}"#, None),
        (r#"{"accessToken":null}"#, None),
        (r#"["A"]"#, None),
        ("null", None),
    ] {
        let read = TokenAnswer::parse(data).ok();
        let read = read.as_ref().map(|answer| {
            (answer.access_token.expose(), answer.access_token_expired_time_ms, answer.refresh_token.as_ref().map(Secret::expose))
        });
        assert_eq!(read, want, "{data}");
    }
}

#[test]
fn the_debug_output_of_an_answer_holds_no_token() {
    let answer = classify(200, r#"{"ret":["SUCCESS::x"],"data":{"accessToken":"s3cret"}}"#);
    assert!(!format!("{answer:?}").contains("s3cret"));
}
