//! Looks into a store, whether or not a manager runs on it.

use std::fs;

use livekeeper::{CookieManager, DecisionCode, DefaultReply, Error, KeywordRule, inspect};
use livekeeper_simulator::Options;
use livekeeper_tests::{LIMIT_S, Scratch, add_online, config, converse, simulator};
use rusqlite::Connection;

use crate::files::{cookie, furnished, names, xianyu_db};

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
