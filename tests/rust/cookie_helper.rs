//! The cookie helper: a command of the host's that brings a new cookie when a login is over.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;

use livekeeper::{Config, ConnectionState, EventKind, KeywordRule, ReasonCode, TaskState, Wanted};
use livekeeper_simulator::{Options, Simulator};
use livekeeper_tests::processes::{Ear, can_guard, lives};
use livekeeper_tests::{
    LIMIT, LIMIT_S, ONLINE, PARKED, Scratch, add_online, assert_no_violations, config, converse, hear_standing, heard, manager,
    simulator, wait,
};

/// Settings with this script as the helper; `$0` and what follows are `arguments`.
fn config_with(simulator: &Simulator, script: &str, arguments: &[&str]) -> Config {
    let mut config = config(simulator);
    config.cookie_helper = Some(["sh", "-c", script].iter().chain(arguments).map(|part| (*part).to_owned()).collect());
    config
}

/// Nothing of the cookie's values that is worth keeping to oneself is in the text, not even a part of one.
fn assert_holds_none_of(text: &str, cookie: &str) {
    for (name, value) in cookie.split("; ").filter_map(|pair| pair.split_once('=')).filter(|(name, _)| *name != "unb") {
        let part = value.get(..8).unwrap_or(value);
        assert!(!text.contains(part), "{name} is in {text:?}");
    }
}

#[test]
fn a_login_that_is_over_is_renewed_by_the_helper_and_the_account_comes_back_by_itself() {
    if !can_guard() {
        return;
    }
    let scratch = Scratch::new("helper-renews");
    let simulator = simulator(Options::default());
    let (input, output) = (scratch.join("in"), scratch.join("out"));
    let script = r#"cat > "$0"; cat "$1""#;
    let manager = manager(config_with(&simulator, script, &[input.to_str().unwrap(), output.to_str().unwrap()]));
    add_online(&manager, &simulator, "店 1", "1001");
    let old_cookie = simulator.cookie("1001");
    let new_cookie = simulator.renew_cookie("1001");
    fs::write(&output, format!("{{\"cookie\": \"{new_cookie}\"}}")).unwrap();
    let mut events = manager.events().unwrap();
    simulator.expire_token("1001");
    simulator.drop_connection("1001");
    simulator.wait_until_blocking(LIMIT, |seen| seen.counters().registers == 2 && seen.online("1001")).unwrap();
    wait(&manager, "店 1", ONLINE);
    converse(&simulator, "1001");

    let asked = fs::read_to_string(&input).unwrap();
    for part in [r#""version":1"#, r#""cookie_id":"店 1""#, r#""unb":"1001""#, r#""reason":"session_expired""#] {
        assert!(asked.contains(part), "{part} is not in {asked}");
    }
    let old_login = old_cookie.split("; ").find(|pair| pair.starts_with("cookie2=")).unwrap();
    assert!(asked.contains(old_login), "the cookie that is over is told");
    let reasons: Vec<_> = heard(&mut events)
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::StateChanged { new, .. } => Some(new.reason),
            _ => None,
        })
        .collect();
    let renewals: Vec<_> =
        reasons.into_iter().filter(|code| matches!(code, ReasonCode::RenewingCookie | ReasonCode::CookieRenewed)).collect();
    assert_eq!(renewals, [ReasonCode::RenewingCookie, ReasonCode::CookieRenewed]);

    // The new cookie is the one on record from here on.
    manager.restart("店 1").wait().unwrap();
    simulator.wait_until_blocking(LIMIT, |seen| seen.counters().registers == 3).unwrap();
    manager.close(LIMIT_S).wait().unwrap();
    assert_no_violations(&simulator);
}

#[test]
fn a_login_that_turns_out_to_be_over_while_the_session_lives_is_renewed_too() {
    if !can_guard() {
        return;
    }
    let scratch = Scratch::new("helper-renews-live");
    let simulator = simulator(Options::default());
    let output = scratch.join("out");
    let mut config = config_with(&simulator, r#"cat "$0""#, &[output.to_str().unwrap()]);
    config.token_refresh_s = 0.3;
    let manager = manager(config);
    let mut events = manager.events().unwrap();
    add_online(&manager, &simulator, "shop", "1001");
    let new_cookie = simulator.renew_cookie("1001");
    fs::write(&output, format!("{{\"cookie\": \"{new_cookie}\"}}")).unwrap();
    hear_standing(&mut events, |standing| standing.reason == ReasonCode::CookieRenewed);
    wait(&manager, "shop", ONLINE);
    converse(&simulator, "1001");
    manager.close(LIMIT_S).wait().unwrap();
    assert_no_violations(&simulator);
}

#[test]
fn a_helper_that_brings_no_good_cookie_leaves_the_account_parked_with_a_reason_that_holds_no_credential() {
    if !can_guard() {
        return;
    }
    // `$0` is the cookie's login value: a helper may say anything.
    let table = [
        (r#"echo '{"cookie": "unb=2002; cookie2=CANARY00"}'"#, ReasonCode::CookieUnusable, "another user's cookie"),
        (r#"echo '{"cookie": "cookie2=CANARY00; t=1"}'"#, ReasonCode::SessionExpired, "unb"),
        ("echo CANARY00 rubbish", ReasonCode::SessionExpired, "no JSON object with a cookie"),
        ("true", ReasonCode::SessionExpired, "no JSON object with a cookie"),
        ("echo '{}'", ReasonCode::SessionExpired, "neither a cookie nor an error"),
        (r#"echo '{"error": "open the window and log in"}'"#, ReasonCode::SessionExpired, "open the window and log in"),
        (r#"echo "{\"error\": \"refused $0 twice\"}""#, ReasonCode::SessionExpired, "refused … twice"),
        // A long sentence is cut; here in the middle of the credential.
        (r#"printf '{"error": "%0185d %s"}' 0 "$0""#, ReasonCode::SessionExpired, "000"),
        ("exit 3", ReasonCode::SessionExpired, "it ended with status 3"),
        ("kill -9 $$", ReasonCode::SessionExpired, "it ended with signal 9"),
        ("exec yes", ReasonCode::SessionExpired, "it wrote more than"),
    ];
    let simulator = simulator(Options::default());
    for (number, (script, code, expected)) in table.into_iter().enumerate() {
        let unb = (1001 + number).to_string();
        let cookie = simulator.cookie(&unb);
        let login = cookie.split("; ").find_map(|pair| pair.strip_prefix("cookie2=")).unwrap();
        let manager = manager(config_with(&simulator, script, &[login]));
        simulator.expire_session(&unb);
        manager.add_cookie("shop", &cookie, None, None).wait().unwrap();
        let status = wait(&manager, "shop", PARKED);
        assert_eq!(status.reason.code, code, "{script}: {status}");
        assert!(status.reason.detail.contains(expected), "{script}: {status}");
        assert_holds_none_of(&format!("{status:?} {status}"), &cookie);
        assert!(!format!("{status:?}").contains("CANARY00"), "{script}: {status}");
        assert!(status.enabled, "no failure writes what the host asked for");
        manager.close(LIMIT_S).wait().unwrap();
        assert_eq!(simulator.counters_of(&unb).api_calls, 1, "{script}");
    }
}

#[test]
fn a_helper_that_takes_too_long_or_cannot_be_started_leaves_the_account_parked_until_a_new_cookie_comes() {
    if !can_guard() {
        return;
    }
    let simulator = simulator(Options::default());
    let table: [(&[&str], &str); 2] = [
        (&["sleep", "1000"], "it was not ready within 300ms and was stopped"),
        (&["/no/such/helper", "x"], "\"/no/such/helper\" could not be started"),
    ];
    for (unb, (command, expected)) in ["1001", "1002"].into_iter().zip(table) {
        let mut config = config(&simulator);
        config.cookie_helper = Some(command.iter().map(|part| (*part).to_owned()).collect());
        config.cookie_helper_timeout_s = 0.3;
        let manager = manager(config);
        let cookie = simulator.cookie(unb);
        simulator.expire_session(unb);
        manager.add_cookie("shop", &cookie, Some(vec![KeywordRule::new("在吗", "在的")]), None).wait().unwrap();
        let status = wait(&manager, "shop", PARKED);
        assert_eq!(status.reason.code, ReasonCode::SessionExpired, "{status}");
        assert!(status.reason.detail.contains(expected), "{status}");
        assert_holds_none_of(&format!("{status:?}"), &cookie);

        manager.update_cookie("shop", &simulator.renew_cookie(unb)).wait().unwrap();
        wait(&manager, "shop", ONLINE);
        simulator.wait_online_blocking(unb, LIMIT).unwrap();
        converse(&simulator, unb);
    }
}

#[test]
fn without_a_helper_an_account_whose_login_is_over_is_parked() {
    let simulator = simulator(Options::default());
    let manager = manager(config(&simulator));
    let cookie = simulator.cookie("1001");
    simulator.expire_session("1001");
    manager.add_cookie("shop", &cookie, None, None).wait().unwrap();
    let status = wait(&manager, "shop", PARKED);
    assert_eq!((status.reason.code, status.reason.detail.as_str()), (ReasonCode::SessionExpired, ""));
}

#[test]
fn more_accounts_than_helpers_may_run_wait_for_each_other_and_all_come_back() {
    if !can_guard() {
        return;
    }
    let scratch = Scratch::new("helper-places");
    let simulator = simulator(Options::default());
    // Finds the answer by the user that it is asked for, and is the only one of its kind while it runs.
    let script = r#"mkdir "$0/alone" || exit 7
        unb=$(sed 's/.*"unb":"\([0-9]*\)".*/\1/'); rmdir "$0/alone"; cat "$0/$unb""#;
    let mut config = config_with(&simulator, script, &[scratch.join("").to_str().unwrap()]);
    config.max_helpers = 1;
    let manager = manager(config);
    let unbs = ["1001", "1002", "1003", "1004", "1005"];
    for unb in unbs {
        let old_cookie = simulator.cookie(unb);
        let new_cookie = simulator.renew_cookie(unb);
        fs::write(scratch.join(unb), format!("{{\"cookie\": \"{new_cookie}\"}}")).unwrap();
        drop(manager.add_cookie(unb, &old_cookie, None, None));
    }
    for unb in unbs {
        wait(&manager, unb, Wanted { connection: Some(ConnectionState::Connected), ..Wanted::default() });
    }
}

#[test]
fn stopping_an_account_ends_its_helper_and_the_account_can_go_on_with_a_cookie_of_the_hosts() {
    if !can_guard() {
        return;
    }
    let scratch = Scratch::new("helper-stopped");
    let mut ear = Ear::new(scratch.join("ear"));
    let simulator = simulator(Options::default());
    let manager = manager(config_with(&simulator, r#"echo $$ > "$0"; exec sleep 1000"#, &[ear.path().to_str().unwrap()]));
    let cookie = simulator.cookie("1001");
    simulator.expire_session("1001");
    manager.add_cookie("shop", &cookie, None, None).wait().unwrap();
    let first = ear.pid();
    assert_eq!(manager.status("shop").unwrap().reason.code, ReasonCode::RenewingCookie);
    manager.update_cookie_status("shop", false).wait().unwrap();
    assert!(!lives(first));
    assert_eq!(manager.status("shop").unwrap().state, TaskState::Stopped);

    manager.update_cookie_status("shop", true).wait().unwrap();
    let second = ear.pid();
    manager.update_cookie("shop", &simulator.renew_cookie("1001")).wait().unwrap();
    assert!(!lives(second));
    wait(&manager, "shop", ONLINE);

    simulator.expire_session("1001");
    manager.restart("shop").wait().unwrap();
    let third = ear.pid();
    assert!(manager.close(LIMIT_S).wait().unwrap().is_clean());
    assert!(!lives(third));
}
