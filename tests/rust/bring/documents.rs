//! Documents that accounts are exported to and come back from, and what is none.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use livekeeper::{Error, ImportOutcome, ReasonCode, TaskState};
use livekeeper_tests::{LIMIT_S, PARKED, Scratch, wait};
use rusqlite::Connection;

use crate::files::{CANARY, assert_furnished, cookie, furnished, of, offline};

#[test]
fn what_is_exported_under_a_passphrase_comes_back_whole_and_shows_no_secret() {
    let scratch = Scratch::new("bring-document");
    let (store, document) = (scratch.join("a.db"), scratch.join("accounts.json"));
    let from = furnished(&store);
    assert_eq!(from.export_accounts(&document, Some("口令 1")).wait(), Ok(1));
    let text = fs::read_to_string(&document).unwrap();
    assert!(!text.contains(CANARY) && !text.contains("unb") && text.contains("livekeeper accounts"));
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&document).unwrap().permissions()) & 0o777, 0o600);
    let refused = from.export_accounts(&document, Some("口令 1")).wait().unwrap_err();
    assert!(refused.to_string().contains("exists already"), "{refused}");
    assert_eq!(fs::read_to_string(&document).unwrap(), text);

    let copy = scratch.join("b.db");
    let to = offline(&copy);
    for passphrase in [Some("口令 2"), None] {
        let refused = to.import_accounts(&document, passphrase).wait().unwrap_err();
        assert!(matches!(refused, Error::WrongKey { .. } | Error::InvalidArgument { field: "passphrase", .. }), "{refused}");
    }
    assert!(to.import_accounts(&document, Some("")).wait().is_err() && to.list_cookies().unwrap().is_empty());
    let report = to.import_accounts(&document, Some("口令 1")).wait().unwrap();
    assert!(report.is_complete(), "{report:?}");
    let shop = of(&report, "shop");
    assert_eq!((shop.outcome, shop.cookie, shop.rules, shop.default_replies), (ImportOutcome::Added, true, 3, 2));
    assert_furnished(&to, &from);
    let again = to.import_accounts(&document, Some("口令 1")).wait().unwrap();
    assert_eq!((of(&again, "shop").outcome, of(&again, "shop").cookie), (ImportOutcome::Updated, false));
    assert_furnished(&to, &from);
    to.close(LIMIT_S).wait().unwrap();
    from.close(LIMIT_S).wait().unwrap();

    assert_eq!(login(&store), login(&copy));
}

/// What is sealed is told by its length: cookie, device, proxy of the only account.
fn login(store: &Path) -> (u32, String, Option<u32>) {
    let sql = "SELECT length(sealed_cookie), device_id, length(sealed_proxy) FROM accounts";
    Connection::open(store).unwrap().query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap()
}

#[test]
fn an_account_that_waits_for_its_cookie_takes_the_whole_login_of_a_document_and_says_what_it_leaves() {
    let scratch = Scratch::new("bring-whole-login");
    let (store, plain, sealed) = (scratch.join("a.db"), scratch.join("plain.json"), scratch.join("sealed.json"));
    let from = furnished(&store);
    from.export_accounts(&plain, None).wait().unwrap();
    from.export_accounts(&sealed, Some("p")).wait().unwrap();
    from.close(LIMIT_S).wait().unwrap();

    let copy = scratch.join("b.db");
    let to = offline(&copy);
    to.import_accounts(&plain, None).wait().unwrap();
    let report = to.import_accounts(&sealed, Some("p")).wait().unwrap();
    assert!(report.is_complete() && of(&report, "shop").cookie, "{report:?}");
    to.close(LIMIT_S).wait().unwrap();
    assert_eq!(login(&copy), login(&store));

    let own = scratch.join("c.db");
    let to = offline(&own);
    to.import_accounts(&plain, None).wait().unwrap();
    to.set_proxy("shop", Some("http://127.0.0.1:8")).wait().unwrap();
    let report = to.import_accounts(&sealed, Some("p")).wait().unwrap();
    let shop = of(&report, "shop");
    assert!(shop.not_taken.len() == 1 && shop.not_taken[0].contains("its proxy"), "{report:?}");
    assert!(!format!("{report:?}").contains(CANARY) && shop.cookie && shop.settings);
    to.close(LIMIT_S).wait().unwrap();
    assert!(login(&own).1 == login(&store).1 && login(&own).2 < login(&store).2);
}

#[test]
fn without_a_passphrase_the_secrets_are_left_out_and_a_new_account_waits_for_its_cookie() {
    let scratch = Scratch::new("bring-plain");
    let document = scratch.join("accounts.json");
    let from = furnished(":memory:");
    from.export_accounts(&document, None).wait().unwrap();
    let text = fs::read_to_string(&document).unwrap();
    assert!(!text.contains(CANARY) && text.contains("\"secrets\": null"));

    let store = scratch.join("b.db");
    let to = offline(&store);
    let report = to.import_accounts(&document, None).wait().unwrap();
    assert!(!of(&report, "shop").cookie && of(&report, "shop").not_taken[0].contains("update_cookie"));
    assert_furnished(&to, &from);
    let status = to.status("shop").unwrap();
    assert_eq!((status.state, status.reason.code), (TaskState::Parked, ReasonCode::CookieUnusable));
    // It waits also after a restart, and is exported as what it is.
    to.close(LIMIT_S).wait().unwrap();
    let to = offline(&store);
    wait(&to, "shop", PARKED);
    let sealed = scratch.join("sealed.json");
    to.export_accounts(&sealed, Some("p")).wait().unwrap();
    assert!(offline(":memory:").import_accounts(&sealed, Some("p")).wait().unwrap().accounts[0].outcome == ImportOutcome::Added);
    to.update_cookie("shop", &cookie("1001")).wait().unwrap();
    assert_ne!(to.status("shop").unwrap().state, TaskState::Parked);
    // One that has a cookie keeps it.
    let report = from.import_accounts(&document, None).wait().unwrap();
    assert!(of(&report, "shop").not_taken.is_empty() && of(&report, "shop").outcome == ImportOutcome::Updated);
    assert_ne!(from.status("shop").unwrap().state, TaskState::Parked);
}

#[test]
fn a_hostile_document_is_refused_and_nothing_of_it_is_quoted() {
    let scratch = Scratch::new("bring-hostile");
    let document = scratch.join("accounts.json");
    furnished(":memory:").export_accounts(&document, Some("p")).wait().unwrap();
    let text = fs::read_to_string(&document).unwrap();
    let to = offline(":memory:");
    let import = |text: &str| {
        let path = scratch.join("hostile.json");
        fs::write(&path, text).unwrap();
        let started = Instant::now();
        let refused = to.import_accounts(&path, Some("p")).wait().unwrap_err();
        assert!(started.elapsed() < Duration::from_secs(20) && !refused.to_string().contains(CANARY), "{refused}");
        assert!(to.list_cookies().unwrap().is_empty());
        refused
    };
    let cut = &text[..text.len() / 2];
    for text in ["", "[]", "null", "{}", cut, &format!(r#"{{"format":"{CANARY}","version":1}}"#), &"[".repeat(100_000)] {
        assert!(matches!(import(text), Error::InvalidArgument { field: "path", .. }));
    }
    assert!(import(&text.replace("\"version\": 1", "\"version\": 2")).to_string().contains("newer livekeeper"));
    assert!(
        import(&text.replace("\"memory_kib\": 65536", "\"memory_kib\": 4294967295"))
            .to_string()
            .contains("more than livekeeper ever does")
    );
    assert!(matches!(import(&text.replace("\"cookie_id\": \"shop\"", "\"cookie_id\": \"another\"")), Error::WrongKey { .. }));
    let place = text.find("\"token\"").unwrap();
    let swapped = format!("{}\"token\": \"AAAA\",\n        \"x\"{}", &text[..place], &text[place + "\"token\"".len()..]);
    assert!(matches!(import(&swapped), Error::WrongKey { .. }));

    // What stands there to be read is no more to be changed than what is sealed.
    for (from, to) in [
        ("全场包邮", "加我微信"),
        ("\"priority\": 7", "\"priority\": 700"),
        ("\"auto_confirm\": true", "\"auto_confirm\": false"),
        ("无货", "有货"),
        ("\"paused\": true", "\"x\": 1, \"paused\": true"),
        ("\"made_at_ms\": ", "\"made_at_ms\": 1"),
    ] {
        assert!(text.contains(from));
        let refused = import(&text.replace(from, to));
        assert!(matches!(refused, Error::WrongKey { .. }) && refused.to_string().contains("changed since"), "{from}: {refused}");
    }
    let (begin, end) = (text.find("\"accounts\": [").unwrap() + "\"accounts\": [".len(), text.rfind(']').unwrap());
    assert!(matches!(import(&format!("{}{}", &text[..begin], &text[end..])), Error::WrongKey { .. }));
    let place = text.find("\"proxy\": \"").unwrap() + "\"proxy\": ".len();
    let end = place + 1 + text[place + 1..].find('"').unwrap() + 1;
    assert!(matches!(import(&format!("{}null{}", &text[..place], &text[end..])), Error::WrongKey { .. }));
    // Nor may somebody leave the seals out: whoever gives a passphrase wants them.
    let plain = scratch.join("plain.json");
    furnished(":memory:").export_accounts(&plain, None).wait().unwrap();
    let text = fs::read_to_string(&plain).unwrap();
    assert!(matches!(import(&text), Error::InvalidArgument { field: "passphrase", .. }));

    // What is only out of its bounds costs its account, or itself.
    let path = scratch.join("odd.json");
    fs::write(&path, text.replace("\"priority\": 7", "\"priority\": 700")).unwrap();
    assert!(of(&to.import_accounts(&path, None).wait().unwrap(), "shop").not_taken[0].contains("priority"));
    fs::write(&path, text.replace("^a+b$", "(a")).unwrap();
    let report = to.import_accounts(&path, None).wait().unwrap();
    assert_eq!((of(&report, "shop").rules, of(&report, "shop").not_taken.len()), (2, 2));
}

#[test]
fn a_pipe_in_the_place_of_a_document_is_refused_instead_of_waited_for() {
    let scratch = Scratch::new("bring-pipe");
    let pipe = scratch.join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let (told, answer) = std::sync::mpsc::channel();
    std::thread::spawn(move || told.send(offline(":memory:").import_accounts(&pipe, None).wait()));
    let refused = answer.recv_timeout(Duration::from_secs(20)).expect("it waits").unwrap_err().to_string();
    assert!(refused.contains("no plain file"), "{refused}");
    let directory = offline(":memory:").import_accounts(scratch.join(""), None).wait().unwrap_err();
    assert!(directory.to_string().contains("no plain file"), "{directory}");
}

#[test]
fn the_store_itself_in_the_place_of_a_document_is_refused_without_being_opened() {
    let scratch = Scratch::new("bring-own-store");
    let (store, link) = (scratch.join("shop.db"), scratch.join("link.json"));
    let manager = furnished(&store);
    std::os::unix::fs::symlink(&store, &link).unwrap();
    let inode = format!(":{} ", std::os::unix::fs::MetadataExt::ino(&fs::metadata(&store).unwrap()));
    // The locks that this process has on it, where the system tells them.
    let locks = || fs::read_to_string("/proc/locks").unwrap_or_default().lines().filter(|line| line.contains(&inode)).count();
    let before = locks();
    for path in [&store, &link] {
        let refused = manager.import_accounts(path, None).wait().unwrap_err().to_string();
        assert!(refused.contains("the store of a manager of this process"), "{refused}");
    }
    assert_eq!(locks(), before);
}
