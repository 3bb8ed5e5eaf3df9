use serde_json::{Value, json};

use super::{Answer, Incoming, MAX_REFUSAL_CHARS, Push, Refusal, decode};
use crate::wire::sync::EntryError;

fn answer(text: &str) -> Answer<'_> {
    match decode(text) {
        Ok(Incoming::Answer(answer)) => answer,
        other => panic!("{text}: {other:?}"),
    }
}

fn push(text: &str) -> Push<'_> {
    match decode(text) {
        Ok(Incoming::Push(push)) => push,
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn a_frame_is_an_answer_a_push_or_neither() {
    for (text, want) in [
        (r#"{"code":200,"headers":{"mid":"1 0"}}"#, "answer"),
        (r#"{"code":"200","headers":{"mid":1}}"#, "answer"),
        (r#"{"headers":{"mid":"1 0"},"body":{"reason":"x"}}"#, "answer"),
        (r#"{"lwp":"/r/x","code":200,"headers":{"mid":"1 0"}}"#, "answer"),
        (r#"{"code":500}"#, "answer"),
        (r#"{"lwp":"/s/vulcan","headers":{"mid":"1 0"}}"#, "push"),
        (r#"{"lwp":"/s/brand-new"}"#, "push"),
        (r#"{"lwp":"/s/sync","code":200}"#, "push"),
        (r#"{"lwp":"/push/x","headers":{"mid":"1 0"}}"#, "other"),
        (r#"{"lwp":"/!","headers":null}"#, "other"),
        ("{}", "other"),
        (r#" {"new":[{"field":{}}]}"#, "other"),
        ("", "error"),
        ("null", "error"),
        ("[]", "error"),
        (r#"["/s/sync"]"#, "error"),
        ("{\"code\":200", "error"),
        (r#"{"headers":"x"}"#, "error"),
    ] {
        let found = match decode(text) {
            Ok(Incoming::Answer(_)) => "answer",
            Ok(Incoming::Push(_)) => "push",
            Ok(Incoming::Other(_)) => "other",
            Err(_) => "error",
        };
        assert_eq!(found, want, "{text}");
    }
}

#[test]
fn an_answer_tells_which_request_and_what_came_of_it() {
    let registered = answer(r#"{"code":"200","headers":{"mid":"7 0","reg-sid":"S1"},"body":{"timestamp":"1700000000123"}}"#);
    assert_eq!((registered.mid(), registered.code(), registered.is_ok()), ("7 0", Some(200), true));
    assert_eq!((registered.reg_sid(), registered.timestamp_ms()), (Some("S1"), Some(1_700_000_000_123)));

    for (body, message_id) in [
        (r#"{"messageId":"m1.PNM"}"#, Some("m1.PNM")),
        (r#"{"messageId":123}"#, Some("123")),
        (r#"{"messageId":""}"#, None),
        ("{}", None),
        ("null", None),
        ("[]", None),
        (r#"["a"]"#, None),
        (r#""text""#, None),
        ("3", None),
    ] {
        let text = format!(r#"{{"code":200,"headers":{{"mid":"7 0"}},"body":{body}}}"#);
        assert_eq!(answer(&text).message_id().as_deref(), message_id, "{body}");
        assert_eq!(answer(&text).refusal(), None, "{body}");
        assert!(answer(&text).history("chat", "1").is_err(), "{body}");
    }
    assert_eq!(answer(r#"{"code":200,"headers":{"mid":"7 0"}}"#).body(), None);
    assert!(answer(r#"{"code":400,"body":{"code":"400600001"}}"#).is_asked_too_often());
    assert!(answer(r#"{"code":400,"body":{"code":400600001}}"#).is_asked_too_often());
}

#[test]
fn a_reason_means_refused_whatever_the_code() {
    let refusal =
        |reason: &str, more: Option<&str>| Some(Refusal { reason: reason.to_owned(), more_info: more.map(str::to_owned) });
    for (code, body, want) in [
        ("200", r#"{"reason":"forbidden","moreInfo":"CSI_FORBID||x"}"#, refusal("forbidden", Some("CSI_FORBID||x"))),
        ("400", r#"{"reason":"forbidden","moreInfo":null}"#, refusal("forbidden", None)),
        ("200", r#"{"reason":17,"messageId":"m"}"#, refusal("17", None)),
        ("200", r#"{"reason":{"a":1}}"#, refusal(r#"{"a":1}"#, None)),
        ("200", r#"{"reason":null,"messageId":"m"}"#, None),
        ("200", r#"{"reason":"","messageId":"m"}"#, None),
    ] {
        assert_eq!(answer(&format!(r#"{{"code":{code},"body":{body}}}"#)).refusal(), want, "{body}");
    }
    let long = format!(r#"{{"code":400,"body":{{"reason":"{}"}}}}"#, "x".repeat(10_000));
    assert_eq!(answer(&long).refusal().map(|refusal| refusal.reason.len()), Some(MAX_REFUSAL_CHARS));
}

#[test]
fn the_chat_is_found_wherever_the_answer_holds_it() {
    for (body, want) in [
        (r#"{"cid":"47@goofish"}"#, Some("47")),
        (r#"{"singleChatConversation":{"x":[1],"cid":"47@goofish"}}"#, Some("47")),
        (r#"[{"a":{"cid":47}}]"#, Some("47")),
        (r#"{"cid":""}"#, None),
        ("{}", None),
    ] {
        assert_eq!(answer(&format!(r#"{{"code":200,"body":{body}}}"#)).chat_id().as_deref(), want, "{body}");
    }
}

#[test]
fn an_ack_copies_what_the_push_has() {
    for (headers, want) in [
        (
            r#"{"mid":"7 0","sid":"S","app-key":"K","ua":"U","dt":"j","x":1}"#,
            json!({"mid": "7 0", "sid": "S", "app-key": "K", "ua": "U", "dt": "j"}),
        ),
        (r#"{"mid":7,"sid":"S"}"#, json!({"mid": "7", "sid": "S"})),
        (r#"{"mid":"a\"b"}"#, json!({"mid": "a\"b", "sid": ""})),
    ] {
        let text = format!(r#"{{"lwp":"/s/sync","headers":{headers}}}"#);
        let ack: Value = serde_json::from_str(&push(&text).ack()).expect("an ack is JSON");
        assert_eq!(ack, json!({"code": 200, "headers": want}), "{headers}");
    }
    let Ok(Incoming::Other(request)) = decode(r#"{"lwp":"/x","headers":{"mid":"7 0","sid":"S"}}"#) else { panic!("neither") };
    assert_eq!(request.lwp(), Some("/x"));
    assert_eq!(request.ack().as_deref(), Some(r#"{"code":200,"headers":{"mid":"7 0","sid":"S"}}"#));
    let Ok(Incoming::Other(request)) = decode("{}") else { panic!("neither") };
    assert_eq!(request.ack(), None);
}

#[test]
fn one_broken_entry_costs_only_itself() {
    let text = r#"{"lwp":"/s/sync","headers":{"mid":"7 0"},"body":{"syncPushPackage":{"maxPts":9,"hasMore":0,"data":
        [{"data":"AA=="},{},null,"x",{"data":null},{"data":{"a":1}},["AA=="],{"bizType":40,"data":"B\/=="}]}}}"#;
    let entries = push(text).entries().expect("a list");
    let read: Vec<_> = entries.iter().map(|entry| entry.as_deref()).collect();
    let broken = Err(&EntryError::NoData);
    assert_eq!(read, [Ok("AA=="), broken, broken, broken, broken, broken, broken, Ok("B/==")]);
}

#[test]
fn a_push_without_a_package_has_no_entries_and_a_broken_one_can_still_be_acked() {
    for (body, entries) in [
        ("null", Some(0)),
        ("{}", Some(0)),
        ("[]", Some(0)),
        (r#""x""#, Some(0)),
        (r#"{"syncPushPackage":null}"#, Some(0)),
        (r#"{"syncPushPackage":{"data":[]}}"#, Some(0)),
        (r#"{"syncPushPackage":{"data":"x"}}"#, None),
        (r#"{"syncPushPackage":7}"#, None),
    ] {
        let text = format!(r#"{{"lwp":"/s/para","headers":{{"mid":"7 0"}},"body":{body}}}"#);
        let push = push(&text);
        assert_eq!(push.entries().ok().map(|entries| entries.len()), entries, "{body}");
        assert_eq!((push.lwp(), push.ack().contains("7 0")), ("/s/para", true));
    }
}
