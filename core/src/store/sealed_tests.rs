//! Credentials at rest: nothing of them plain in any file, opened with the right key only, each in its own place only.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use rusqlite::Connection;

use super::keys::HeldKey;
use super::migrations;
use super::secrets::Secrets;
use super::tests::{Scratch, fence, record};
use super::{Store, secrets};
use crate::account::{AccessToken, AccountRecord};
use crate::error::Error;
use crate::key::{Key, KeySource, Passphrase};
use crate::secret::Secret;

const CANARY: &str = "CANARY-7f3a";

fn key(byte: u8) -> KeySource {
    KeySource::Key(Key::new(&[byte; 32]).unwrap())
}

fn words(text: &str) -> KeySource {
    KeySource::Passphrase(Passphrase::new(text).unwrap())
}

fn account(cookie_id: &str) -> AccountRecord {
    AccountRecord {
        cookie: Secret::new(format!("unb=1; secret={CANARY}-cookie-of-{cookie_id}")),
        proxy: Some(Secret::new(format!("http://u:{CANARY}@proxy:1"))),
        token: Some(AccessToken { text: Secret::new(format!("{CANARY}-token-of-{cookie_id}")), expires_at_ms: 5 }),
        ..record(cookie_id)
    }
}

async fn filled(path: &Path, source: Option<KeySource>) -> Store {
    let store = Store::open_with(path, source).unwrap();
    for cookie_id in ["a", "b", "c"] {
        store.put_account(account(cookie_id), None, false, 1).await.unwrap();
    }
    store
}

async fn closed(store: Store) {
    assert!(tokio::task::spawn_blocking(move || store.close(std::time::Duration::from_secs(10))).await.unwrap());
}

/// Every file of a directory.
fn files(scratch: &Scratch) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(&scratch.0).unwrap().map(Result::unwrap);
    entries.map(|entry| (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap())).collect()
}

/// To look, `SQLite` needs a log and an index of it: the log that it makes is empty, and an index holds no data.
fn assert_untouched(before: &BTreeMap<String, Vec<u8>>, scratch: &Scratch) {
    let data = |files: &BTreeMap<String, Vec<u8>>| -> BTreeMap<String, Vec<u8>> {
        let files = files.iter().filter(|(name, bytes)| *name != "shop.db-shm" && !bytes.is_empty());
        files.map(|(name, bytes)| (name.clone(), bytes.clone())).collect()
    };
    assert!(data(before) == data(&files(scratch)), "{:?}", scratch.0);
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|part| part == text.as_bytes())
}

fn refused(path: &Path, source: Option<KeySource>) -> Error {
    let Err(error) = Store::open_with(path, source) else { panic!("it was opened") };
    error
}

/// What a kill leaves: the files as they are while the store is open, under the same names elsewhere.
fn killed(from: &Scratch, name: &str) -> Scratch {
    let to = Scratch::new(name);
    for (name, bytes) in files(from) {
        std::fs::write(to.0.join(name), bytes).unwrap();
    }
    // SQLite makes it anew; and whoever holds the lock, this process, has not been killed.
    for name in ["shop.db-shm", "shop.db.lock"] {
        std::fs::remove_file(to.0.join(name)).unwrap();
    }
    to
}

async fn opens(path: &Path, source: Option<KeySource>) {
    let store = Store::open_with(path, source).unwrap();
    let accounts = store.accounts().await.unwrap();
    for (account, cookie_id) in accounts.iter().zip(["a", "b", "c"]) {
        assert_eq!((&*account.cookie_id, account.unreadable), (cookie_id, None));
        assert!(account.cookie.expose().ends_with(&format!("-cookie-of-{cookie_id}")));
        assert!(account.token.as_ref().unwrap().text.expose().ends_with(&format!("-token-of-{cookie_id}")));
        assert_eq!(account.proxy.as_ref().unwrap().expose(), format!("http://u:{CANARY}@proxy:1"));
    }
    assert_eq!(accounts.len(), 3);
    closed(store).await;
}

#[tokio::test]
async fn no_credential_is_plain_in_the_database_its_log_or_any_file_beside_it() {
    let scratch = Scratch::new("plain");
    let store = filled(&scratch.file(), None).await;
    store.save_credentials(fence("a"), Secret::new(format!("unb=1; new={CANARY}")), None, 2).await.unwrap();
    store.set_proxy("b", Some(Secret::new(format!("http://{CANARY}:x@proxy:1"))), 3).await.unwrap();
    store.delete_account("c").await.unwrap();
    let found = files(&scratch);
    assert_eq!(found.keys().collect::<Vec<_>>(), ["shop.db", "shop.db-shm", "shop.db-wal", "shop.db.key", "shop.db.lock"]);
    assert!(found.values().any(|bytes| holds(bytes, "DEVICE-1")), "what is not sealed is found");
    for (name, bytes) in found {
        assert!(!holds(&bytes, CANARY), "{name}");
    }
}

#[tokio::test]
async fn a_store_opens_again_with_its_key_wherever_that_comes_from() {
    for (name, source) in [("file", None), ("key", Some(key(7))), ("words", Some(words("correct horse")))] {
        let scratch = Scratch::new(&format!("again-{name}"));
        closed(filled(&scratch.file(), source.clone()).await).await;
        opens(&scratch.file(), source).await;
        assert_eq!(scratch.0.join("shop.db.key").exists(), name == "file", "{name}");
    }
    let scratch = Scratch::new("again-named");
    let named = scratch.0.join("named.key");
    closed(filled(&scratch.file(), Some(KeySource::File(named.clone()))).await).await;
    opens(&scratch.file(), Some(KeySource::File(named.clone()))).await;
    // The key is the same one whichever way it is given.
    let held = Key::parse(&std::fs::read_to_string(named).unwrap()).unwrap();
    opens(&scratch.file(), Some(KeySource::Key(held))).await;
    assert!(!scratch.0.join("shop.db.key").exists());
}

#[tokio::test]
async fn a_wrong_key_is_told_so_and_no_file_is_touched_also_after_a_kill() {
    let by_key = Scratch::new("wrong-key");
    let store = filled(&by_key.file(), Some(key(7))).await;
    let after_kill = killed(&by_key, "wrong-after-kill");
    closed(store).await;
    let by_words = Scratch::new("wrong-words");
    closed(filled(&by_words.file(), Some(words("correct horse"))).await).await;
    let by_file = Scratch::new("wrong-file");
    closed(filled(&by_file.file(), None).await).await;
    let other_file = by_file.0.join("other.key");
    std::fs::write(&other_file, "A".repeat(43)).unwrap();
    let nowhere = by_file.0.join("nowhere.key");
    for (scratch, source, words_of_it) in [
        (&by_key, Some(key(8)), "the key is another one"),
        (&after_kill, Some(key(8)), "the key is another one"),
        (&by_key, None, "is not there: bring it back"),
        (&by_key, Some(words("correct horse")), "it is sealed with a key, and a passphrase was given"),
        (&by_words, Some(words("correct hors")), "the passphrase is another one"),
        (&by_words, Some(key(7)), "it is sealed with a passphrase"),
        (&by_words, None, "it is sealed with a passphrase"),
        (&by_file, Some(KeySource::File(other_file)), "holds another key"),
        (&by_file, Some(KeySource::File(nowhere.clone())), "is not there: bring it back"),
    ] {
        let before = files(scratch);
        let error = refused(&scratch.file(), source);
        assert!(matches!(&error, Error::WrongKey { what, .. } if what.contains("shop.db")), "{error}");
        assert!(error.to_string().contains(words_of_it), "{error}");
        assert_untouched(&before, scratch);
    }
    assert!(!nowhere.exists());
    opens(&by_key.file(), Some(key(7))).await;
    opens(&after_kill.file(), Some(key(7))).await;
}

#[tokio::test]
async fn a_key_file_that_is_gone_is_asked_for_and_never_made_anew() {
    let scratch = Scratch::new("gone");
    closed(filled(&scratch.file(), None).await).await;
    let (file, away) = (scratch.0.join("shop.db.key"), scratch.0.join("away"));
    std::fs::rename(&file, &away).unwrap();
    let error = refused(&scratch.file(), None).to_string();
    assert!(error.contains(&format!("its key file {} is not there", file.display())), "{error}");
    assert!(!file.exists());
    std::fs::rename(&away, &file).unwrap();
    opens(&scratch.file(), None).await;
}

#[tokio::test]
async fn what_is_swapped_between_rows_or_columns_costs_its_own_account_only_and_changes_nothing() {
    for (swap, column) in [
        ("sealed_cookie = (SELECT sealed_cookie FROM accounts WHERE cookie_id = 'a')", "cookie"),
        ("sealed_token = sealed_cookie", "token"),
        ("sealed_proxy = (SELECT sealed_proxy FROM accounts WHERE cookie_id = 'a')", "proxy"),
        ("sealed_cookie = x''", "cookie"),
        ("sealed_cookie = x'01'", "cookie"),
    ] {
        let scratch = Scratch::new(&format!("swap-{column}-{}", swap.len()));
        closed(filled(&scratch.file(), None).await).await;
        let db = Connection::open(scratch.file()).unwrap();
        db.execute(&format!("UPDATE accounts SET {swap} WHERE cookie_id = 'b'"), []).unwrap();
        drop(db);
        let before = files(&scratch);
        let store = Store::open(&scratch.file()).unwrap();
        let accounts = store.accounts().await.unwrap();
        assert_eq!(accounts.iter().map(|account| account.unreadable).collect::<Vec<_>>(), [None, Some(column), None]);
        let (cookie, token, proxy) = (&accounts[1].cookie, &accounts[1].token, accounts[1].proxy.as_ref().unwrap());
        // The others of its columns open.
        let is_empty = [cookie.expose().is_empty(), token.is_none(), proxy.expose().is_empty()];
        assert_eq!(is_empty, ["cookie", "token", "proxy"].map(|name| name == column));
        closed(store).await;
        assert_untouched(&before, &scratch);
    }
}

/// A store as an earlier version left it: plain, with a long cookie, and one of an account that was removed.
fn earlier(path: &Path) {
    let db = Connection::open(path).unwrap();
    db.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(())).unwrap();
    for file in migrations::before_sealed() {
        db.execute_batch(file).unwrap();
    }
    for (cookie_id, length) in [("a", 0), ("b", 0), ("removed", 100), ("c", 20_000)] {
        let cookie = format!("unb=1; long={}; secret={CANARY}-cookie-of-{cookie_id}", CANARY.repeat(length));
        db.execute(
            "INSERT INTO accounts (cookie_id, cookie, device_id, token, token_expires_at_ms, proxy, created_at_ms, updated_at_ms)
             VALUES (?1, ?2, 'DEVICE-1', ?3, 5, ?4, 1, 1)",
            (cookie_id, cookie, format!("{CANARY}-token-of-{cookie_id}"), format!("http://u:{CANARY}@proxy:1")),
        )
        .unwrap();
    }
    db.execute("DELETE FROM accounts WHERE cookie_id = 'removed'", []).unwrap();
    db.pragma_update(None, "application_id", 0x6c6b_7072).unwrap();
    db.pragma_update(None, "user_version", migrations::SEALED - 1).unwrap();
}

fn plain_files(scratch: &Scratch) -> Vec<String> {
    files(scratch).into_iter().filter(|(_, bytes)| holds(bytes, CANARY)).map(|(name, _)| name).collect()
}

#[tokio::test]
async fn the_plain_credentials_of_an_earlier_version_are_sealed_and_gone_from_the_file_and_its_log() {
    let scratch = Scratch::new("earlier");
    earlier(&scratch.file());
    assert_eq!(plain_files(&scratch), ["shop.db"]);
    let store = Store::open(&scratch.file()).unwrap();
    assert_eq!(plain_files(&scratch), [""; 0]);
    closed(store).await;
    assert_eq!(plain_files(&scratch), [""; 0]);
    opens(&scratch.file(), None).await;
}

#[tokio::test]
async fn a_kill_between_sealing_and_sweeping_leaves_the_sweeping_to_the_next_open() {
    let scratch = Scratch::new("unswept");
    earlier(&scratch.file());
    let held = HeldKey::of(None, &scratch.file()).unwrap();
    let (sealing, wrapped) = Secrets::new(&held).unwrap();
    let mut db = Connection::open(scratch.file()).unwrap();
    migrations::apply(&mut db, |db| sealing.seal_all(db, &wrapped, false)).unwrap();
    drop(db);
    assert_eq!(plain_files(&scratch), ["shop.db"], "the rows are sealed, and the pages still have what was plain");
    opens(&scratch.file(), None).await;
    assert_eq!(plain_files(&scratch), [""; 0]);
}

#[tokio::test]
async fn a_sweep_that_finds_the_file_in_use_is_done_by_the_next_open() {
    let scratch = Scratch::new("in-use");
    earlier(&scratch.file());
    let held = HeldKey::of(None, &scratch.file()).unwrap();
    let (sealing, wrapped) = Secrets::new(&held).unwrap();
    let mut db = Connection::open(scratch.file()).unwrap();
    migrations::apply(&mut db, |db| sealing.seal_all(db, &wrapped, false)).unwrap();
    let other = Connection::open(scratch.file()).unwrap();
    other.execute_batch("BEGIN; SELECT * FROM accounts").unwrap();
    let _: u32 = other.query_row("SELECT count(*) FROM accounts", [], |row| row.get(0)).unwrap();
    secrets::sweep(&db);
    drop((other, db));
    opens(&scratch.file(), None).await;
    assert_eq!(plain_files(&scratch), [""; 0]);
}

#[tokio::test]
async fn after_a_change_of_the_key_the_store_opens_with_the_new_one_only() {
    let scratch = Scratch::new("rekey");
    let named = || Some(KeySource::File(scratch.0.join("named.key")));
    closed(filled(&scratch.file(), None).await).await;
    let way = [None, Some(key(7)), Some(key(8)), Some(words("correct horse")), Some(words("battery staple")), named()];
    for pair in way.windows(2) {
        let store = Store::open_with(&scratch.file(), pair[0].clone()).unwrap();
        store.rekey(pair[1].clone().unwrap()).await.unwrap();
        // It goes on, and what it writes opens with the new key, too.
        store.put_account(account("b"), None, false, 9).await.unwrap();
        closed(store).await;
        assert!(matches!(refused(&scratch.file(), pair[0].clone()), Error::WrongKey { .. }));
        opens(&scratch.file(), pair[1].clone()).await;
    }
}

#[tokio::test]
async fn the_key_file_in_use_gets_another_key_and_the_store_opens_by_itself() {
    let scratch = Scratch::new("rotate");
    let file = scratch.0.join("shop.db.key");
    let store = filled(&scratch.file(), None).await;
    let before = std::fs::read_to_string(&file).unwrap();
    for _ in 0..2 {
        store.rekey(KeySource::File(file.clone())).await.unwrap();
    }
    assert_ne!(std::fs::read_to_string(&file).unwrap(), before);
    let names: Vec<String> = files(&scratch).into_keys().collect();
    assert_eq!(names, ["shop.db", "shop.db-shm", "shop.db-wal", "shop.db.key", "shop.db.lock"]);
    closed(store).await;
    opens(&scratch.file(), None).await;
    assert!(matches!(refused(&scratch.file(), Key::parse(&before).map(KeySource::Key)), Error::WrongKey { .. }));
}

#[tokio::test]
async fn a_change_of_the_key_that_is_cut_off_anywhere_leaves_a_store_that_opens() {
    let scratch = Scratch::new("cut-off");
    let file = scratch.0.join("shop.db.key");
    let store = filled(&scratch.file(), None).await;
    let in_use = KeySource::File(file.clone());
    // While the new key's file is made: only drafts are half.
    std::fs::write(scratch.0.join("shop.db.key.new.0123456789abcdef"), "half a k").unwrap();
    opens(&killed(&scratch, "cut-1").file(), None).await;
    // After it is made, before the change is durable.
    let row = super::keys::WrappedKey::read(&Connection::open(scratch.file()).unwrap()).unwrap().unwrap();
    let change = super::rekeying::prepare(in_use.clone(), &row, &store.secrets).unwrap();
    assert!(scratch.0.join("shop.db.key.new").exists());
    let cut = killed(&scratch, "cut-2");
    opens(&cut.file(), None).await;
    let again = Store::open(&cut.file()).unwrap();
    again.rekey(KeySource::File(cut.0.join("shop.db.key"))).await.unwrap();
    closed(again).await;
    opens(&cut.file(), None).await;
    // After the change is durable, before the file has its name.
    store.write(move |db| Ok(change.wrapped.replace(db)?)).await.unwrap();
    let cut = killed(&scratch, "cut-3");
    opens(&cut.file(), None).await;
    assert!(!cut.0.join("shop.db.key.new").exists(), "opening it finishes the change");
    opens(&cut.file(), None).await;
    // The same, with a change of the key as the first thing that happens, in the process that goes on.
    store.rekey(in_use).await.unwrap();
    assert!(!scratch.0.join("shop.db.key.new").exists());
    closed(store).await;
    opens(&scratch.file(), None).await;
}

#[tokio::test]
async fn a_key_that_cannot_be_had_is_refused_and_the_key_stays_as_it_was() {
    let scratch = Scratch::new("refused");
    let store = filled(&scratch.file(), None).await;
    std::fs::write(scratch.0.join("letter.txt"), format!("Dear {CANARY}, this is no key.")).unwrap();
    for (source, field) in [
        (KeySource::File(scratch.0.join("letter.txt")), "key_file"),
        (KeySource::File(scratch.0.join("missing/shop.key")), "key_file"),
        (KeySource::Env(CANARY.to_owned() + "="), "key_env"),
        (KeySource::Env("LIVEKEEPER_TEST_UNSET".to_owned()), "key_env"),
        (KeySource::Env("PATH".to_owned()), "key_env"),
    ] {
        for error in [store.rekey(source.clone()).await.unwrap_err(), refused(&scratch.0.join("other.db"), Some(source))] {
            assert!(matches!(error, Error::InvalidArgument { field: found, .. } if found == field), "{error}");
            assert!(!error.to_string().contains(CANARY), "{error}");
        }
        assert!(!scratch.0.join("other.db").exists());
    }
    closed(store).await;
    opens(&scratch.file(), None).await;
}

#[tokio::test]
async fn a_file_of_an_open_store_is_not_read_as_a_key_file() {
    let scratch = Scratch::new("mixed-up");
    let store = filled(&scratch.file(), None).await;
    std::os::unix::fs::symlink(scratch.file(), scratch.0.join("link.key")).unwrap();
    for name in ["shop.db", "link.key", "shop.db-shm", "shop.db.lock"] {
        let refused = store.rekey(KeySource::File(scratch.0.join(name))).await.unwrap_err().to_string();
        assert!(refused.contains("a file of a store that is open in this process"), "{name}: {refused}");
        let locks = Command::new("sqlite3").arg(scratch.file()).arg("SELECT count(*) FROM accounts").output();
        assert!(scratch.0.join("shop.db-wal").exists(), "{name}: {locks:?}");
    }
    closed(store).await;
    opens(&scratch.file(), None).await;
}

#[test]
fn a_file_that_asks_for_too_much_work_is_refused_at_once() {
    let scratch = Scratch::new("greedy");
    drop(Store::open_with(&scratch.file(), Some(words("correct horse"))).unwrap());
    let db = Connection::open(scratch.file()).unwrap();
    for change in ["memory_kib = 104857600", "passes = 1000000", "lanes = 100000", "memory_kib = -1", "wrapped = x''"] {
        db.execute_batch(&format!("BEGIN; UPDATE data_keys SET {change}; COMMIT")).unwrap();
        let error = refused(&scratch.file(), Some(words("correct horse")));
        assert!(matches!(error, Error::WrongKey { .. } | Error::Corrupt { .. }), "{change}: {error}");
    }
    db.execute("DELETE FROM data_keys", []).unwrap();
    assert!(matches!(refused(&scratch.file(), Some(words("correct horse"))), Error::Corrupt { .. }));
}

#[cfg(unix)]
#[test]
fn a_key_file_that_others_may_read_is_taken_away_from_them() {
    use std::os::unix::fs::PermissionsExt;
    let scratch = Scratch::new("loose");
    let file = scratch.0.join("shop.db.key");
    std::fs::write(&file, "A".repeat(43)).unwrap();
    for _ in 0..2 {
        std::fs::set_permissions(&file, PermissionsExt::from_mode(0o644)).unwrap();
        drop(Store::open(&scratch.file()).unwrap());
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
