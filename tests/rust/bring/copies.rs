//! Copies of a store that is in use.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};

use livekeeper::{CookieManager, KeywordRule};
use livekeeper_tests::Scratch;
use rusqlite::Connection;

use crate::files::{assert_furnished, cookie, furnished, names, offline, offline_config};

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
