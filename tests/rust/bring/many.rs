//! Many accounts at once.

use std::time::{Duration, Instant};

use livekeeper::{Config, CookieManager, ImportOutcome};
use livekeeper_tests::Scratch;

use crate::files::{TODAY, cookie, of, offline, xianyu_db};

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
