//! Accounts out of the database of today's Python program, and what is none.

use std::fs::{self, File};

use livekeeper::{Error, ImportOutcome, KeywordRule, Picture, ReasonCode};
use livekeeper_simulator::Options;
use livekeeper_tests::{LIMIT_S, ONLINE, PARKED, Scratch, add_online, config, converse, manager, simulator, wait};

use crate::files::{CANARY, TODAY, cookie, furnished, names, of, offline, xianyu_db};

#[test]
fn the_file_of_the_python_program_is_taken_with_a_reason_for_whatever_is_not() {
    let scratch = Scratch::new("bring-today");
    let path = scratch.join("xianyu data.db");
    let long = "长".repeat(400);
    drop(xianyu_db(
        &path,
        &format!(
            "{TODAY}
             INSERT INTO cookies VALUES ('shop', '{}', 7, 1, '主号', 0, NULL), ('off', '{}', 8, 0, NULL, NULL, NULL),
                 ('bad', 'cookie2={CANARY}; x=y', 7, 1, '', 10, NULL);
             INSERT INTO cookie_status VALUES ('shop', 1), ('off', 0);
             INSERT INTO keywords VALUES ('shop', '包邮', '全场包邮', NULL, 'text', NULL), ('shop', '尺码', NULL, '920001', 'image', 'https://img.alicdn.com/a.jpg'),
                 ('shop', '  ', 'x', '', 'text', NULL), ('shop', '包邮', 'again', '', 'text', NULL), ('shop', '{long}', 'x', NULL, 'text', NULL),
                 ('shop', '本地', NULL, NULL, 'image', '/static/a.jpg'), ('shop', '语音', NULL, NULL, 'voice', NULL), ('gone', 'a', 'b', NULL, 'text', NULL);
             INSERT INTO default_replies VALUES ('shop', NULL, 1, '稍后回复', 'https://img.alicdn.com/b.jpg', 1), ('shop', '920002', 0, 'x', NULL, 0),
                 ('off', '', 1, '', NULL, 0);",
            cookie("1001"),
            cookie("1002"),
        ),
    ));
    let before = fs::read(&path).unwrap();
    let manager = offline(":memory:");
    let report = manager.import_xianyu_db(&path).wait().unwrap();
    assert_eq!(report.to_string(), "3 accounts: 2 added, 0 updated, 0 kept, 1 refused");
    assert!(report.notes.len() == 1 && report.notes[0].contains("gone") && !report.is_complete(), "{:?}", report.notes);
    let shop = of(&report, "shop");
    assert_eq!(
        (shop.outcome, shop.cookie, shop.settings, shop.rules, shop.default_replies),
        (ImportOutcome::Added, true, true, 2, 1)
    );
    assert_eq!(shop.not_taken.len(), 6, "{:#?}", shop.not_taken);
    assert!(shop.notes[0].contains("2 pictures") && shop.notes[0].contains("800 × 600"), "{:?}", shop.notes);
    assert!(of(&report, "bad").not_taken[0].contains("`unb`"));
    assert!(!format!("{report:?}").contains(CANARY));

    let picture = |url: &str| Picture::new(url, 800, 600);
    assert_eq!(
        manager.get_keywords("shop").wait().unwrap(),
        [
            KeywordRule::new("包邮", "全场包邮"),
            KeywordRule::new("尺码", "").for_item("920001").with_picture(picture("https://img.alicdn.com/a.jpg"))
        ]
    );
    let default = manager.get_default_reply("shop", None).unwrap().unwrap();
    assert!(default.once_per_chat && default.content.text == "稍后回复" && default.content.picture.is_some());
    assert_eq!(manager.get_default_reply("shop", Some("920002")).unwrap(), None);
    assert_eq!(manager.get_remark("shop").wait().unwrap(), "主号");
    assert!(manager.get_auto_confirm_setting("shop").wait().unwrap() && !manager.get_auto_confirm_setting("off").wait().unwrap());
    assert_eq!(manager.get_enabled_cookies().unwrap(), ["shop"]);
    assert_eq!(manager.status("off").unwrap().reason.code, ReasonCode::Disabled);
    assert_eq!((fs::read(&path).unwrap(), names(path.parent().unwrap())), (before, vec!["xianyu data.db".to_owned()]));
}

#[test]
fn a_refused_account_is_named_by_an_id_that_is_short_and_no_cookie() {
    let scratch = Scratch::new("bring-ids");
    let path = scratch.join("x.db");
    let db = xianyu_db(&path, TODAY);
    let sql = "INSERT INTO cookies (id, value, user_id) VALUES (?1, ?2, 7)";
    let swapped = format!("{}; {}", cookie("1001"), "x".repeat(500));
    let ids = [("长".repeat(2_000_000), cookie("1")), (swapped.clone(), "shop".to_owned()), (cookie("1002"), "off".to_owned())];
    for (id, value) in &ids {
        db.execute(sql, (id, value)).unwrap();
    }
    db.execute("INSERT INTO keywords VALUES (?1, '包邮', 'x', NULL, 'text', NULL)", [&swapped]).unwrap();
    let manager = offline(":memory:");
    let report = manager.import_xianyu_db(&path).wait().unwrap();
    assert_eq!(report.count(ImportOutcome::Refused), 3);
    assert!(!format!("{report:?}").contains(CANARY), "{report:?}");
    assert!(report.accounts.iter().all(|account| account.cookie_id.chars().count() < 50 && account.not_taken[0].len() < 300));

    let document = scratch.join("accounts.json");
    furnished(":memory:").export_accounts(&document, None).wait().unwrap();
    let text = fs::read_to_string(&document).unwrap();
    fs::write(&document, text.replace("\"shop\"", &format!("\"\\u001b{}\"", "x".repeat(5_000)))).unwrap();
    let report = manager.import_accounts(&document, None).wait().unwrap();
    assert!(report.accounts[0].outcome == ImportOutcome::Refused && report.accounts[0].cookie_id.len() < 60, "{report:?}");
    assert!(!report.accounts[0].cookie_id.contains('\u{1b}'));
}

#[test]
fn an_older_file_has_fewer_columns_and_tables_and_other_types() {
    let scratch = Scratch::new("bring-older");
    let manager = offline(":memory:");
    let oldest = scratch.join("oldest.db");
    drop(xianyu_db(
        &oldest,
        &format!("CREATE TABLE cookies (id TEXT, value TEXT); INSERT INTO cookies VALUES ('a', '{}')", cookie("1")),
    ));
    let report = manager.import_xianyu_db(&oldest).wait().unwrap();
    assert_eq!(of(&report, "a").outcome, ImportOutcome::Added);
    assert!(report.is_complete() && !manager.get_auto_confirm_setting("a").wait().unwrap());

    let middle = scratch.join("middle.db");
    drop(xianyu_db(
        &middle,
        &format!(
            "CREATE TABLE Cookies (ID INTEGER, Value BLOB, user_id TEXT, pause_duration TEXT);
             CREATE TABLE keywords (cookie_id INTEGER, keyword TEXT, reply TEXT);
             CREATE TABLE cookie_status (cookie_id INTEGER, enabled TEXT);
             INSERT INTO Cookies VALUES (12, '{}', 'me', '-3');
             INSERT INTO keywords VALUES (12, '在吗', '在的'), (12, NULL, NULL);
             INSERT INTO cookie_status VALUES (12, 'false');",
            cookie("2")
        ),
    ));
    let report = manager.import_xianyu_db(&middle).wait().unwrap();
    let account = of(&report, "12");
    assert_eq!((account.outcome, account.rules, account.not_taken.len(), account.notes.len()), (ImportOutcome::Added, 1, 1, 1));
    assert_eq!(manager.get_enabled_cookies().unwrap(), ["a"]);
}

#[test]
fn the_second_time_nothing_is_doubled_and_what_was_changed_since_stays() {
    let scratch = Scratch::new("bring-twice");
    let path = scratch.join("x.db");
    let db =
        xianyu_db(&path, &format!("{TODAY} INSERT INTO cookies (id, value, user_id) VALUES ('shop', '{}', 7)", cookie("1001")));
    db.execute_batch("INSERT INTO keywords VALUES ('shop', '包邮', '全场包邮', NULL, 'text', NULL)").unwrap();
    let manager = offline(":memory:");
    manager.import_xianyu_db(&path).wait().unwrap();
    manager.update_keywords("shop", vec![KeywordRule::new("mine", "mine")]).wait().unwrap();
    manager.update_cookie_status("shop", false).wait().unwrap();
    let again = manager.import_xianyu_db(&path).wait().unwrap();
    assert_eq!((again.accounts.len(), of(&again, "shop").outcome, of(&again, "shop").cookie), (1, ImportOutcome::Kept, false));
    assert_eq!(manager.get_keywords("shop").wait().unwrap(), [KeywordRule::new("mine", "mine")]);
    assert_eq!(manager.list_cookies().unwrap(), ["shop"]);

    // One that was corrected in the old program, and one that belongs to somebody else now.
    db.execute_batch(&format!("INSERT INTO cookies (id, value, user_id) VALUES ('late', '{}', 7)", cookie("1003"))).unwrap();
    db.execute_batch(&format!("UPDATE cookies SET value = '{}' WHERE id = 'shop'", cookie("9999"))).unwrap();
    let third = manager.import_xianyu_db(&path).wait().unwrap();
    assert_eq!(of(&third, "late").outcome, ImportOutcome::Added);
    let shop = of(&third, "shop");
    assert!(shop.outcome == ImportOutcome::Refused && shop.not_taken[0].contains("belongs to user 1001"), "{:?}", shop.not_taken);
}

#[test]
fn an_account_whose_login_is_over_takes_that_of_the_file() {
    let simulator = simulator(Options::default());
    let scratch = Scratch::new("bring-over");
    let path = scratch.join("x.db");
    let manager = manager(config(&simulator));
    add_online(&manager, &simulator, "shop", "1001");
    simulator.expire_session("1001");
    let fresh = simulator.renew_cookie("1001");
    drop(xianyu_db(&path, &format!("{TODAY} INSERT INTO cookies (id, value, user_id) VALUES ('shop', '{fresh}', 7)")));
    let report = manager.import_xianyu_db(&path).wait().unwrap();
    assert_eq!(of(&report, "shop").outcome, ImportOutcome::Kept, "its session lives");
    simulator.expire_token("1001");
    simulator.drop_connection("1001");
    wait(&manager, "shop", PARKED);
    let report = manager.import_xianyu_db(&path).wait().unwrap();
    assert_eq!((of(&report, "shop").outcome, of(&report, "shop").cookie), (ImportOutcome::Updated, true));
    wait(&manager, "shop", ONLINE);
    converse(&simulator, "1001");
}

#[test]
fn a_file_that_another_program_writes_to_is_read_with_what_is_only_in_its_log() {
    let scratch = Scratch::new("bring-in-use");
    let path = scratch.join("x.db");
    let db = xianyu_db(&path, &format!("PRAGMA journal_mode = WAL; {TODAY}"));
    db.execute_batch(&format!("INSERT INTO cookies (id, value, user_id) VALUES ('shop', '{}', 7)", cookie("1"))).unwrap();
    let manager = offline(":memory:");
    db.execute_batch("BEGIN IMMEDIATE; DELETE FROM cookies").unwrap();
    let report = manager.import_xianyu_db(&path).wait().unwrap();
    assert_eq!(of(&report, "shop").outcome, ImportOutcome::Added);
    db.execute_batch("ROLLBACK").unwrap();
    drop(db);
    // Closed, it is one file again, and a look leaves no other beside it.
    assert_eq!(names(path.parent().unwrap()), ["x.db"]);
    manager.import_xianyu_db(&path).wait().unwrap();
    assert_eq!(names(path.parent().unwrap()), ["x.db"]);
}

#[test]
fn a_copy_with_its_log_is_read_whole_and_the_index_of_the_log_is_all_that_is_made_beside_it() {
    let scratch = Scratch::new("bring-copied");
    let (path, copy) = (scratch.join("x.db"), scratch.join("copy"));
    let db = xianyu_db(&path, &format!("PRAGMA journal_mode = WAL; {TODAY}"));
    db.execute_batch(&format!("INSERT INTO cookies (id, value, user_id) VALUES ('shop', '{}', 7)", cookie("1"))).unwrap();
    fs::create_dir(&copy).unwrap();
    for name in ["x.db", "x.db-wal"] {
        fs::copy(scratch.join(name), copy.join(name)).unwrap();
    }
    let bytes = || ["x.db", "x.db-wal"].map(|name| fs::read(copy.join(name)).unwrap());
    let before = bytes();
    for _ in 0..2 {
        let report = offline(":memory:").import_xianyu_db(copy.join("x.db")).wait().unwrap();
        assert_eq!(of(&report, "shop").outcome, ImportOutcome::Added);
        assert_eq!((names(&copy), bytes() == before), (["x.db", "x.db-shm", "x.db-wal"].map(str::to_owned).to_vec(), true));
    }
}

#[test]
fn what_is_no_file_of_the_python_program_is_refused_and_says_what_was_looked_for() {
    let scratch = Scratch::new("bring-foreign");
    let manager = offline(":memory:");
    let (text, other, empty) = (scratch.join("text"), scratch.join("other.db"), scratch.join("empty.db"));
    fs::write(&text, "no database, but long enough for its first page to be looked at".repeat(100)).unwrap();
    drop(xianyu_db(&other, "CREATE TABLE t (x)"));
    fs::write(&empty, "").unwrap();
    for path in [&text, &other, &empty] {
        let refused = manager.import_xianyu_db(path).wait();
        assert!(matches!(refused, Err(Error::NotADatabase { .. })), "{path:?}: {refused:?}");
    }
    assert!(manager.import_xianyu_db(&other).wait().unwrap_err().to_string().contains("cookies(id, value"));
    for path in [scratch.join("missing"), scratch.join("")] {
        let refused = manager.import_xianyu_db(path).wait();
        assert!(matches!(refused, Err(Error::StoreUnavailable { .. })), "{refused:?}");
    }
    assert!(manager.list_cookies().unwrap().is_empty());
}

#[test]
fn a_store_of_livekeeper_is_no_file_to_bring_accounts_from_and_says_what_to_do_instead() {
    let scratch = Scratch::new("bring-own");
    let (closed, open) = (scratch.join("closed.db"), scratch.join("open.db"));
    let manager = furnished(&open);
    furnished(&closed).close(LIMIT_S).wait().unwrap();
    // Larger than any document, if on no disk.
    let large = scratch.join("large.db");
    fs::copy(&closed, &large).unwrap();
    File::options().write(true).open(&large).unwrap().set_len(1 << 30).unwrap();
    let refusals = [
        manager.import_xianyu_db(&open).wait(),
        manager.import_xianyu_db(&closed).wait(),
        manager.import_accounts(&closed, None).wait(),
        manager.import_accounts(&large, None).wait(),
    ];
    for (refused, path) in refusals.into_iter().zip([&open, &closed, &closed, &large]) {
        let problem = refused.unwrap_err();
        assert!(matches!(problem, Error::InvalidArgument { field: "path", .. }), "{problem:?}");
        let sentence =
            format!("{path:?} is a store of livekeeper: open it with CookieManager; to have its accounts in another store");
        assert!(problem.to_string().contains(&sentence), "{problem}");
    }
}
