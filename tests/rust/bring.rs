//! Accounts that are brought along, documents, copies of a store, and looks into one: with files as people have them, and worse.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(clippy::print_stdout, reason = "a figure that people ask for")]

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use livekeeper::{
    AccountOptions, Config, CookieManager, DecisionCode, DefaultReply, Error, ImportOutcome, ImportReport, ImportedAccount,
    KeywordRule, Matching, Picture, ReasonCode, TaskState, inspect,
};
use livekeeper_simulator::Options;
use livekeeper_tests::{LIMIT_S, ONLINE, PARKED, Scratch, add_online, config, converse, manager, simulator, wait};
use rusqlite::Connection;

const CANARY: &str = "CANARY5f1d";

/// A manager whose accounts reach nobody.
fn offline(path: impl AsRef<Path>) -> CookieManager {
    CookieManager::open(path, offline_config()).unwrap()
}

fn offline_config() -> Config {
    let mut config = Config::default();
    (config.websocket_url, config.api_url) = ("ws://127.0.0.1:9/".to_owned(), "http://127.0.0.1:9/".to_owned());
    config
}

fn cookie(unb: &str) -> String {
    format!("unb={unb}; cookie2={CANARY}cookie; _m_h5_tk={CANARY}tk_1")
}

fn xianyu_db(path: &Path, sql: &str) -> Connection {
    let db = Connection::open(path).unwrap();
    db.execute_batch(sql).unwrap();
    db
}

const TODAY: &str = "
    CREATE TABLE cookies (id TEXT PRIMARY KEY, value TEXT NOT NULL, user_id INTEGER NOT NULL, auto_confirm INTEGER DEFAULT 1,
        remark TEXT DEFAULT '', pause_duration INTEGER DEFAULT 10, created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);
    CREATE TABLE keywords (cookie_id TEXT, keyword TEXT, reply TEXT, item_id TEXT, type TEXT DEFAULT 'text', image_url TEXT);
    CREATE TABLE cookie_status (cookie_id TEXT PRIMARY KEY, enabled BOOLEAN DEFAULT TRUE);
    CREATE TABLE default_replies (cookie_id TEXT, item_id TEXT, enabled BOOLEAN, reply_content TEXT, reply_image_url TEXT, reply_once BOOLEAN);";

fn of<'a>(report: &'a ImportReport, cookie_id: &str) -> &'a ImportedAccount {
    report.accounts.iter().find(|account| account.cookie_id == cookie_id).unwrap()
}

fn names(directory: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

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
    let refusals = [
        manager.import_xianyu_db(&open).wait(),
        manager.import_xianyu_db(&closed).wait(),
        manager.import_accounts(&closed, None).wait(),
    ];
    for (refused, path) in refusals.into_iter().zip([&open, &closed, &closed]) {
        let problem = refused.unwrap_err();
        assert!(matches!(problem, Error::InvalidArgument { field: "path", .. }), "{problem:?}");
        let sentence =
            format!("{path:?} is a store of livekeeper: open it with CookieManager; to have its accounts in another store");
        assert!(problem.to_string().contains(&sentence), "{problem}");
    }
}

/// A manager with one account that has everything.
fn furnished(path: impl AsRef<Path>) -> CookieManager {
    let manager = offline(path);
    let rules = vec![
        KeywordRule::new("包邮", "全场包邮"),
        KeywordRule::of(["多大", "尺码"], "见图").for_item("920001").with_picture(Picture::new("https://x/a.jpg", 8, 6)),
        KeywordRule::new("^a+b$", "x").matching(Matching::Regex),
    ];
    let options = AccountOptions::default().keywords(rules).user_id("me").proxy(format!("http://u:{CANARY}proxy@127.0.0.1:9"));
    manager.add_cookie_with("shop", &cookie("1001"), options).wait().unwrap();
    manager.set_remark("shop", "主号").wait().unwrap();
    manager.set_priority("shop", 7).wait().unwrap();
    manager.set_pause_duration("shop", 3).wait().unwrap();
    manager.update_auto_confirm_setting("shop", true).wait().unwrap();
    manager.pause("shop").wait().unwrap();
    manager.set_default_reply("shop", Some(DefaultReply::new("稍后").once_per_chat()), None).wait().unwrap();
    manager.set_default_reply("shop", Some(DefaultReply::new("无货")), Some("920001")).wait().unwrap();
    manager
}

fn assert_furnished(manager: &CookieManager, from: &CookieManager) {
    assert_eq!(manager.get_keywords("shop").wait(), from.get_keywords("shop").wait());
    assert_eq!(manager.get_remark("shop").wait(), from.get_remark("shop").wait());
    assert_eq!(manager.get_auto_confirm_setting("shop").wait(), Ok(true));
    for item in [None, Some("920001"), Some("x")] {
        assert_eq!(manager.get_default_reply("shop", item), from.get_default_reply("shop", item));
    }
    let (status, original) = (manager.status("shop").unwrap(), from.status("shop").unwrap());
    assert_eq!((status.enabled, status.paused, status.priority), (original.enabled, original.paused, original.priority));
}

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

#[test]
fn more_accounts_than_there_is_room_for_are_refused_one_by_one() {
    let scratch = Scratch::new("bring-room");
    let path = scratch.join("x.db");
    let db = xianyu_db(&path, TODAY);
    for id in 0..5 {
        let (sql, cookie) = ("INSERT INTO cookies (id, value, user_id) VALUES (?1, ?2, 1)", cookie(&id.to_string()));
        db.execute(sql, (id.to_string(), cookie)).unwrap();
    }
    let mut config = Config::default();
    (config.websocket_url, config.api_url, config.max_accounts) = ("ws://127.0.0.1:9/".into(), "http://127.0.0.1:9/".into(), 3);
    let manager = CookieManager::open(":memory:", config).unwrap();
    let report = manager.import_xianyu_db(&path).wait().unwrap();
    assert_eq!((report.count(ImportOutcome::Added), report.count(ImportOutcome::Refused)), (3, 2));
    assert!(of(&report, "4").not_taken[0].contains("bound of 3"), "{:?}", of(&report, "4"));
}

#[test]
fn a_copy_of_a_store_that_is_written_to_is_of_one_moment_and_needs_no_other_file() {
    let scratch = Scratch::new("bring-snapshot");
    let (store, first) = (scratch.join("shop.db"), scratch.join("copy.db"));
    let manager = furnished(&store);
    for number in 0..300 {
        manager.add_cookie(&format!("shop {number}"), &cookie(&number.to_string()), None, None).wait().unwrap();
    }
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        // Each write gives an account a rule and the same remark, so that a copy with the one has the other.
        scope.spawn(|| {
            for number in (0_u32..).take_while(|_| !stop.load(Ordering::Relaxed)) {
                let (id, word) = (format!("shop {}", number % 300), number.to_string());
                manager.set_remark(&id, &word).wait().unwrap();
                manager.update_keywords(&id, vec![KeywordRule::new("k", word)]).wait().unwrap();
            }
        });
        for number in 0..5 {
            let copy = scratch.join(format!("copy {number}.db"));
            manager.snapshot(&copy).wait().unwrap();
            let db = Connection::open(&copy).unwrap();
            let sound: String = db.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
            // The account that was written at that moment may have its remark and not yet its rule.
            let sql = "SELECT count(*) FROM accounts JOIN rules USING (cookie_id) WHERE remark <> reply AND cookie_id <> 'shop'";
            let torn: u32 = db.query_row(sql, [], |row| row.get(0)).unwrap();
            assert!(sound == "ok" && torn <= 1, "{sound} {torn}");
        }
        stop.store(true, Ordering::Relaxed);
    });
    manager.snapshot(&first).wait().unwrap();
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&first).unwrap().permissions()) & 0o777, 0o600);
    let refused = manager.snapshot(&first).wait().unwrap_err();
    assert!(refused.to_string().contains("exists already"), "{refused}");
    assert!(manager.snapshot(&store).wait().is_err() && manager.snapshot(scratch.join("no/x.db")).wait().is_err());
    fs::write(scratch.join("left.db-wal"), "x").unwrap();
    assert!(manager.snapshot(scratch.join("left.db")).wait().unwrap_err().to_string().contains("left.db-wal"));
    assert!(names(store.parent().unwrap()).iter().all(|name| !name.contains(".part")));
    assert!(names(store.parent().unwrap()).iter().all(|name| !name.starts_with("copy") || !name.contains(".db-")));

    // What is sealed in it is sealed with the store's key.
    let mut with_key = offline_config();
    with_key.key_file = Some(scratch.join("shop.db.key"));
    let copied = CookieManager::open(&first, with_key).unwrap();
    assert_eq!(copied.list_cookies().unwrap().len(), 301);
    assert_furnished(&copied, &manager);
    assert!(offline(":memory:").snapshot(scratch.join("m.db")).wait().unwrap_err().to_string().contains("memory"));
}

#[test]
fn a_look_into_a_store_shows_what_is_in_it_and_nothing_secret_whether_or_not_a_manager_runs() {
    let simulator = simulator(Options::default());
    let scratch = Scratch::new("bring-inspect");
    let store = scratch.join("shop.db");
    let manager = CookieManager::open(&store, config(&simulator)).unwrap();
    add_online(&manager, &simulator, "shop", "1001");
    converse(&simulator, "1001");
    manager.pause_chat("shop", "41", 60).wait().unwrap();
    manager.set_default_reply("shop", Some(DefaultReply::new("x")), None).wait().unwrap();
    let seen = inspect(&store, 10).unwrap();
    assert_eq!(seen.held_by, Some(std::process::id()));
    let check = |seen: &livekeeper::Inspection| {
        assert_eq!((seen.integrity.is_sound, seen.problems.len(), seen.schema), (Some(true), 0, seen.newest_schema));
        let account = &seen.accounts[0];
        assert_eq!((&*account.cookie_id, account.enabled, account.rule_count, account.default_reply_count), ("shop", true, 1, 1));
        assert!(account.token_expires_at_ms.is_some() && !account.has_proxy && account.message_count >= 1);
        assert_eq!((account.rules.as_slice(), &*account.paused_chats[0].chat_id), (&[KeywordRule::new("在吗", "在的")][..], "41"));
        assert!(seen.messages.iter().any(|one| one.message.decision == Some(DecisionCode::Reply) && one.message.reply.is_some()));
    };
    check(&seen);
    assert!(inspect(&store, 0).unwrap().messages.is_empty() && inspect(&store, 10_001).is_err());
    // The manager goes on with its store, whose locks were left to it.
    converse(&simulator, "1001");
    manager.close(LIMIT_S).wait().unwrap();
    let (bytes, beside) = (fs::read(&store).unwrap(), names(store.parent().unwrap()));
    check(&inspect(&store, 10).unwrap());
    assert_eq!((fs::read(&store).unwrap(), names(store.parent().unwrap())), (bytes, beside));
    let secret = simulator.cookie("1001");
    let shown = format!("{seen:?}");
    for (name, value) in secret.split("; ").filter_map(|pair| pair.split_once('=')) {
        // Who the seller is stands in the messages too, and is no credential.
        assert!(matches!(name, "unb" | "tracknick") || !shown.contains(value), "{name}");
    }
}

#[test]
fn a_damaged_store_shows_what_can_still_be_read_and_a_foreign_or_newer_one_says_what_it_is() {
    let scratch = Scratch::new("bring-damaged");
    let store = scratch.join("shop.db");
    let manager = furnished(&store);
    for number in 0..200 {
        let rules = vec![KeywordRule::new("k", "r".repeat(1_000))];
        manager.add_cookie(&format!("shop {number}"), &cookie(&number.to_string()), Some(rules), None).wait().unwrap();
    }
    manager.close(LIMIT_S).wait().unwrap();
    let db = Connection::open(&store).unwrap();
    db.execute_batch("PRAGMA journal_mode = DELETE").unwrap();
    let page: u32 = db.query_row("SELECT rootpage FROM sqlite_schema WHERE name = 'rules'", [], |row| row.get(0)).unwrap();
    drop(db);
    let mut bytes = fs::read(&store).unwrap();
    let page = page as usize * 4096;
    bytes[page - 4096..page].fill(0xa5);
    fs::write(&store, &bytes).unwrap();
    let seen = inspect(&store, 10).unwrap();
    assert_eq!((seen.integrity.is_sound, seen.accounts.len()), (Some(false), 201));
    assert!(seen.problems.iter().any(|problem| problem.starts_with("the rules")), "{:?}", seen.problems);

    let other = scratch.join("other.db");
    drop(xianyu_db(&other, "CREATE TABLE t (x)"));
    assert!(matches!(inspect(&other, 1), Err(Error::NotADatabase { .. })));
    fs::write(scratch.join("text"), "x".repeat(10_000)).unwrap();
    assert!(matches!(inspect(scratch.join("text"), 1), Err(Error::NotADatabase { .. })));
    assert!(matches!(inspect(scratch.join("missing"), 1), Err(Error::StoreUnavailable { .. })));
    drop(xianyu_db(&other, &format!("PRAGMA application_id = {}; PRAGMA user_version = 999", 0x6c6b_7072)));
    assert!(matches!(inspect(&other, 1), Err(Error::StoreTooNew { found: 999, .. })));
}

#[test]
fn ten_thousand_accounts_are_brought_along_quickly() {
    let many = if cfg!(debug_assertions) { 1_000 } else { 10_000 };
    let scratch = Scratch::new("bring-many");
    let document = scratch.join("accounts.json");
    let path = scratch.join("x.db");
    let db = xianyu_db(&path, &format!("{TODAY} BEGIN"));
    for id in 0..many {
        let (sql, cookie) = ("INSERT INTO cookies (id, value, user_id) VALUES (?1, ?2, 1)", cookie(&id.to_string()));
        db.execute(sql, (id.to_string(), cookie)).unwrap();
        db.execute("INSERT INTO cookie_status VALUES (?1, 0)", [id.to_string()]).unwrap();
        for keyword in ["包邮", "在吗", "尺码"] {
            db.execute("INSERT INTO keywords VALUES (?1, ?2, 'x', NULL, 'text', NULL)", [&id.to_string(), keyword]).unwrap();
        }
    }
    db.execute_batch("COMMIT").unwrap();
    let from = offline(scratch.join("a.db"));
    let started = Instant::now();
    let report = from.import_xianyu_db(&path).wait().unwrap();
    println!("{many} accounts taken from a database in {:?}", started.elapsed());
    assert_eq!(report.count(ImportOutcome::Added), many);
    from.export_accounts(&document, Some("p")).wait().unwrap();
    let to = offline(scratch.join("b.db"));
    let started = Instant::now();
    let report = to.import_accounts(&document, Some("p")).wait().unwrap();
    println!("{many} accounts taken from a document in {:?}", started.elapsed());
    assert_eq!(report.count(ImportOutcome::Added), many);
    assert!(started.elapsed() < Duration::from_secs(30));
}
