//! A small database of every released schema stands in `tests/fixtures`; each comes to the newest schema with all that is in it.
//!
//! A released schema gets its fixture once: `make fixtures` writes those that are missing, and never writes one again.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::Connection;

use super::migrations::{APPLICATION_ID, FILES, NEWEST, SEALED};
use super::tests::Scratch;
use super::{MessageTrace, Store};
use crate::decision::DecisionCode;
use crate::key::{Key, KeySource};
use crate::order::ConfirmationState;
use crate::rule::KeywordRule;
use crate::send_outcome::SendOutcome;
use crate::wire::message::OrderStatus;

fn fixture(schema: u32) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("../tests/fixtures/schema-{schema}.db"))
}

/// What a livekeeper of that schema would have written, with every column of its own filled.
fn content(schema: u32) -> String {
    let mut sql = vec![
        "INSERT INTO accounts (cookie_id, cookie, owner, enabled, remark, pause_minutes, auto_confirm, priority, device_id, token,
             token_expires_at_ms, created_at_ms, updated_at_ms)
         VALUES ('shop', 'unb=2200000000001; _m_h5_tk=t_1', '7', 1, '大客户', 7, 1, 3, 'DEVICE-1', 'token-1', 1790000000000, 1, 2),
                ('off', 'unb=2200000000002', NULL, 0, '', 10, 0, 0, 'DEVICE-2', NULL, NULL, 1, 2);
         INSERT INTO messages (cookie_id, message_id, chat_id, kind, is_group, sender_id, sender_name, text, item_id, created_at_ms,
             received_at_ms)
         VALUES ('shop', 'm1', '41', 'chat', 0, '9', '老王🐟', '在吗', '920', 10, 11), ('shop', 'm2', '41', 'own', 0, '1', '', '在', NULL, 12, 13);",
    ];
    match schema {
        ..4 => sql.push("INSERT INTO keyword_rules VALUES ('shop', 0, '在吗', '在的'), ('shop', 1, '包邮', '包的');"),
        _ => sql.push(
            "INSERT INTO rules (cookie_id, position, matching, reply) VALUES ('shop', 0, 'contains', '在的'), ('shop', 1, 'contains', '包的');
             INSERT INTO rule_keywords VALUES ('shop', 0, 0, '在吗'), ('shop', 1, 0, '包邮');",
        ),
    }
    let later = [
        (2, "UPDATE accounts SET paused = 1 WHERE cookie_id = 'off';"),
        (
            3,
            "UPDATE messages SET decision = iif(kind = 'own', 'by_hand', 'reply'), decided_at_ms = 14, rule = iif(kind = 'own', NULL, 1);
             INSERT INTO outbox (cookie_id, uuid, message_id, chat_id, peer_id, text, outcome, service_message_id, is_echoed, created_at_ms, closed_at_ms)
             VALUES ('shop', 'u1', 'm1', '41', '9', '在的', 'delivered', 's1', 0, 14, 15);
             INSERT INTO chats VALUES ('shop', '41', 4000000000000);",
        ),
        (5, "UPDATE accounts SET proxy = 'socks5://user:word@127.0.0.1:1080' WHERE cookie_id = 'shop';"),
        (6, "UPDATE messages SET arrival = iif(message_id = 'm1', 1, 2);"),
        (
            7,
            "INSERT INTO orders (cookie_id, order_id, chat_id, item_id, buyer_id, status, is_told, created_at_ms, updated_at_ms, confirmation, confirmation_at_ms)
             VALUES ('shop', '4700', '41', '920', '9', 'awaiting_shipment', 1, 16, 17, 'confirmed', 18);
             INSERT INTO order_history VALUES ('shop', '4700', 'awaiting_shipment', 16, 'm3');",
        ),
        (8, "INSERT INTO default_replies (cookie_id, item_id, reply, once_per_chat) VALUES ('shop', '', '稍等', 1);"),
        (
            9,
            "INSERT INTO outbox (cookie_id, uuid, chat_id, peer_id, text, outcome, reason, code, more_info, is_echoed, created_at_ms, closed_at_ms)
             VALUES ('shop', 'u2', '41', '9', '加微信', 'rejected', 'forbidden', 403, 'CSI_FORBID||1', 0, 20, 21);",
        ),
    ];
    sql.extend(later.iter().filter(|(since, _)| *since <= schema).map(|(_, sql)| *sql));
    sql.concat()
}

/// With the key that the sealed ones have.
fn open(path: &Path) -> Store {
    Store::open_with(path, Some(KeySource::Key(Key::new(&[7; 32]).unwrap()))).unwrap()
}

#[test]
#[ignore = "writes tests/fixtures: make fixtures"]
fn a_schema_without_a_fixture_gets_one() {
    for schema in 1..=NEWEST {
        let path = fixture(schema);
        if path.exists() {
            continue;
        }
        if schema >= SEALED {
            // Only the code of its own time can seal one: it is made of the one before, while it is the newest.
            fs::copy(fixture(schema - 1), &path).unwrap();
            assert!(open(&path).close(Duration::from_secs(10)));
            for beside in ["-wal", "-shm", ".lock"] {
                let _ = fs::remove_file(format!("{}{beside}", path.display()));
            }
            continue;
        }
        let db = Connection::open(&path).unwrap();
        // Small pages: these files are in the repository.
        db.execute_batch("PRAGMA page_size = 1024; PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON;").unwrap();
        for file in &FILES[..schema as usize] {
            db.execute_batch(file).unwrap();
        }
        db.execute_batch(&content(schema)).unwrap();
        db.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
        db.pragma_update(None, "user_version", schema).unwrap();
        db.close().unwrap();
    }
}

#[tokio::test]
async fn every_released_schema_comes_to_the_newest_with_all_that_is_in_it() {
    for schema in 1..=NEWEST {
        let scratch = Scratch::new(&format!("fixture-{schema}"));
        let path = fixture(schema);
        let copied = fs::copy(&path, scratch.file());
        assert!(copied.is_ok(), "{} is missing: make fixtures writes it; commit it", path.display());
        let store = open(&scratch.file());
        look_at_account(&store, schema).await;
        look_at_trail(&store, schema).await;
        look_at_orders(&store, schema).await;
        assert!(tokio::task::spawn_blocking(move || store.close(Duration::from_secs(10))).await.unwrap());
        look_at_file(&scratch);
    }
}

async fn look_at_account(store: &Store, schema: u32) {
    let accounts = store.accounts().await.unwrap();
    let [off, shop] = &accounts[..] else { panic!("schema {schema}: {} accounts", accounts.len()) };
    assert_eq!((&*shop.cookie_id, shop.cookie.expose()), ("shop", "unb=2200000000001; _m_h5_tk=t_1"));
    assert_eq!((shop.owner.as_deref(), shop.enabled, shop.paused, shop.priority), (Some("7"), true, false, 3));
    assert_eq!(shop.token.as_ref().map(|token| (token.text.expose(), token.expires_at_ms)), Some(("token-1", 1_790_000_000_000)));
    assert_eq!(shop.proxy.is_some(), schema >= 5, "schema {schema}");
    assert_eq!((&*off.cookie_id, off.enabled, off.paused), ("off", false, schema >= 2), "schema {schema}");
    assert!(off.token.is_none() && off.proxy.is_none());
    assert_eq!(store.remark("shop").await.unwrap(), "大客户");
    assert!(store.auto_confirm("shop").await.unwrap());
    assert_eq!(store.rules("shop").await.unwrap(), [KeywordRule::new("在吗", "在的"), KeywordRule::new("包邮", "包的")]);
    assert_eq!(store.all_default_replies().await.unwrap().len(), usize::from(schema >= 8), "schema {schema}");
}

async fn look_at_trail(store: &Store, schema: u32) {
    let traces = store.messages("shop", None, 10).await.unwrap();
    let first = traces.iter().find(|trace| trace.message_id == "m1").unwrap();
    assert_eq!((traces.len(), &*first.text, &*first.sender_name, first.item_id.as_deref()), (2, "在吗", "老王🐟", Some("920")));
    let expected = if schema >= 3 { DecisionCode::Reply } else { DecisionCode::NotRecorded };
    assert_eq!(first.decision, Some(expected), "schema {schema}");
    assert_eq!(delivered(first), schema >= 3, "schema {schema}");
    let paused = store.paused_chats("shop", 3_999_999_999_999).await.unwrap();
    assert_eq!(paused.len(), usize::from(schema >= 3), "schema {schema}");
}

fn delivered(trace: &MessageTrace) -> bool {
    let outcome = trace.reply.as_ref().and_then(|reply| reply.outcome.as_ref());
    matches!(outcome, Some(SendOutcome::Delivered { .. }))
}

async fn look_at_orders(store: &Store, schema: u32) {
    let orders = store.orders("shop", 10).await.unwrap();
    assert_eq!(orders.len(), usize::from(schema >= 7), "schema {schema}");
    for order in orders {
        assert_eq!((&*order.order_id, order.status, order.history.len()), ("4700", OrderStatus::AwaitingShipment, 1));
        assert_eq!(order.confirmation.map(|confirmation| confirmation.state), Some(ConfirmationState::Confirmed));
    }
}

fn look_at_file(scratch: &Scratch) {
    let db = Connection::open(scratch.file()).unwrap();
    let found: String = db.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    let orphans: u32 = db.query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get(0)).unwrap();
    let schema: u32 = db.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    assert_eq!((&*found, orphans, schema), ("ok", 0, NEWEST));
}

#[test]
fn what_came_to_the_newest_schema_step_by_step_has_the_tables_of_a_new_store() {
    let tables = |db: &Connection| -> Vec<String> {
        let mut rows = db
            .prepare("SELECT type || ' ' || name || ' ' || tbl_name || ' ' || ifnull(sql, '') FROM sqlite_schema ORDER BY 1")
            .unwrap();
        rows.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    let mut new = Connection::open_in_memory().unwrap();
    super::migrations::apply(&mut new, |_| Ok(())).unwrap();
    for schema in 1..=NEWEST {
        let scratch = Scratch::new(&format!("tables-{schema}"));
        fs::copy(fixture(schema), scratch.file()).unwrap();
        assert!(open(&scratch.file()).close(Duration::from_secs(10)));
        assert_eq!(tables(&Connection::open(scratch.file()).unwrap()), tables(&new), "schema {schema}");
    }
}
