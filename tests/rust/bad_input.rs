//! Bad input gets a clear error at the call, and nothing is stored.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use livekeeper::{Config, CookieManager, Error, KeywordRule};
use livekeeper_simulator::Options;
use livekeeper_tests::{Scratch, config, manager, simulator};

fn field(error: &Error) -> &str {
    match error {
        Error::InvalidArgument { field, .. } => field,
        other => panic!("{other}"),
    }
}

#[test]
fn a_cookie_that_cannot_work_is_refused_by_name_and_its_value_is_not_repeated() {
    let simulator = simulator(Options::default());
    let manager = manager(config(&simulator));
    for cookie in [
        "",
        "   ",
        "sgcookie=CANARY; t=1",
        "unb=; t=CANARY",
        "unb=1\r\nX: CANARY",
        "unb=1; t=CANARY\n",
        "unb=1; t=\0CANARY",
        "CANARY",
        "[]",
        "{}",
    ] {
        let error = manager.add_cookie("shop", cookie, None, None).wait().unwrap_err();
        assert_eq!(field(&error), "cookie_value", "{cookie:?}");
        assert!(!error.to_string().contains("CANARY"), "{error}");
    }
    assert_eq!(manager.list_cookies().unwrap(), [""; 0]);
}

#[test]
fn an_id_that_cannot_be_one_is_refused_by_name() {
    let simulator = simulator(Options::default());
    let manager = manager(config(&simulator));
    let cookie = simulator.cookie("1001");
    for cookie_id in ["", &*"a".repeat(256), &*"a".repeat(1024 * 1024), "a\0b"] {
        let error = manager.add_cookie(cookie_id, &cookie, None, None).wait().unwrap_err();
        assert_eq!(field(&error), "cookie_id");
        assert!(error.to_string().len() < 200);
    }
    let hostile = "'; DROP TABLE accounts; --";
    manager.add_cookie(hostile, &cookie, None, None).wait().unwrap();
    assert_eq!(manager.list_cookies().unwrap(), [hostile]);
}

#[test]
fn the_three_pasted_forms_of_a_cookie_are_taken() {
    let simulator = simulator(Options::default());
    let manager = manager(config(&simulator));
    let json =
        r#"[{"name":"unb","value":"1001","domain":".goofish.com"},{"name":"_m_h5_tk","value":"a_1","domain":".goofish.com"}]"#;
    let netscape = "# Netscape HTTP Cookie File\n.goofish.com\tTRUE\t/\tTRUE\t0\tunb\t1002\n#HttpOnly_.goofish.com\tTRUE\t/\tTRUE\t0\tcookie2\tx\n";
    for (cookie_id, cookie) in [("json", json), ("netscape", netscape), ("header", "unb=1003; t=a=b")] {
        manager.add_cookie(cookie_id, cookie, None, None).wait().unwrap();
    }
    assert_eq!(manager.list_cookies().unwrap(), ["header", "json", "netscape"]);
}

#[test]
fn keywords_that_are_empty_are_refused_and_the_old_ones_stay() {
    let simulator = simulator(Options::default());
    let manager = manager(config(&simulator));
    let cookie = simulator.cookie("1001");
    let empty = vec![KeywordRule::new("a", "b"), KeywordRule::new("", "c")];
    assert_eq!(field(&manager.add_cookie("shop", &cookie, Some(empty.clone()), None).wait().unwrap_err()), "keywords");
    assert_eq!(manager.list_cookies().unwrap(), [""; 0]);

    manager.add_cookie("shop", &cookie, Some(vec![KeywordRule::new("a", "b")]), None).wait().unwrap();
    assert_eq!(field(&manager.update_keywords("shop", empty).wait().unwrap_err()), "keywords");
    assert_eq!(manager.get_keywords("shop").wait().unwrap(), [KeywordRule::new("a", "b")]);
}

#[test]
fn an_unknown_account_is_named_by_every_call_about_it() {
    let simulator = simulator(Options::default());
    let manager = manager(config(&simulator));
    let not_found = Error::AccountNotFound { cookie_id: "无此店".to_owned() };
    let errors = [
        manager.remove_cookie("无此店").wait().unwrap_err(),
        manager.update_cookie("无此店", "unb=1").wait().unwrap_err(),
        manager.update_cookie_status("无此店", true).wait().unwrap_err(),
        manager.get_cookie_status("无此店").unwrap_err(),
        manager.update_keywords("无此店", vec![]).wait().unwrap_err(),
        manager.get_keywords("无此店").wait().unwrap_err(),
        manager.status("无此店").unwrap_err(),
        manager.wait_for("无此店", livekeeper_tests::ONLINE, 1.0).wait().unwrap_err(),
        manager.send_text("无此店", "c", "9", "x").wait().unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error, not_found);
    }
    assert!(not_found.to_string().contains("无此店"));
}

#[test]
fn a_path_or_a_setting_that_cannot_be_used_is_refused_before_anything_is_made() {
    let scratch = Scratch::new("bad-path");
    let error = CookieManager::open(scratch.join("missing/shop.db"), Config::default()).unwrap_err();
    assert!(error.to_string().contains("does not exist: make it first"), "{error}");
    assert!(!scratch.join("missing").exists());
    let mut cases = vec![(scratch.join("."), "it is no file: name a file in it")];
    if cfg!(target_os = "linux") {
        cases.push(("/proc/shop.db".into(), "no new file can be made in /proc: name a directory on a local disk"));
        cases.push(("/dev/null".into(), "it is no plain file: name another path"));
    }
    for (path, sentence) in cases {
        let error = CookieManager::open(&path, Config::default()).unwrap_err();
        assert!(error.to_string().contains(sentence), "{error}");
    }

    let mut config = Config::default();
    config.ca_file = Some(scratch.join("no-such.pem"));
    assert_eq!(field(&CookieManager::open(scratch.join("shop.db"), config).unwrap_err()), "ca_file");
    let mut config = Config::default();
    config.websocket_url = "ws://example.com/".to_owned();
    assert_eq!(field(&CookieManager::open(scratch.join("shop.db"), config).unwrap_err()), "websocket_url");
    assert!(!scratch.join("shop.db").exists());
}

#[test]
fn a_bound_on_accounts_is_kept_and_named() {
    let simulator = simulator(Options::default());
    let mut config = config(&simulator);
    config.max_accounts = 1;
    let manager = manager(config);
    manager.add_cookie("1", &simulator.cookie("1001"), None, None).wait().unwrap();
    let error = manager.add_cookie("2", &simulator.cookie("1002"), None, None).wait().unwrap_err();
    assert!(matches!(error, Error::AtCapacity { bound: 1, .. }));
    manager.add_cookie("1", &simulator.cookie("1001"), None, None).wait().unwrap();
}
