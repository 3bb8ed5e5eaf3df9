//! One contract for both kinds of store: what holds for a file holds for `:memory:`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{InboxRow, Recorded, RowKind, Store};
use crate::account::{AccessToken, AccountCell, AccountRecord, Fence};
use crate::common::Common;
use crate::error::Error;
use crate::rule::{KeywordRule, Matching, Picture};
use crate::secret::Secret;

/// A directory of its own for one test, removed with it.
pub(super) struct Scratch(pub(super) PathBuf);

impl Scratch {
    pub(super) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("livekeeper-store-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(super) fn file(&self) -> PathBuf {
        self.0.join("shop.db")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub(crate) fn record(cookie_id: &str) -> AccountRecord {
    AccountRecord {
        cookie_id: cookie_id.to_owned(),
        cookie: Secret::new("unb=1; _m_h5_tk=t_1"),
        owner: Some("7".to_owned()),
        enabled: true,
        paused: false,
        priority: 0,
        device_id: "DEVICE-1".to_owned(),
        proxy: None,
        token: None,
        unreadable: None,
    }
}

pub(crate) fn fence(cookie_id: &str) -> Fence {
    AccountCell::new(cookie_id, Common::for_tests()).next_epoch()
}

pub(crate) fn row(message_id: &str) -> InboxRow {
    InboxRow {
        message_id: message_id.to_owned(),
        chat_id: "chat".to_owned(),
        kind: RowKind::Chat,
        is_group: false,
        sender_id: "2".to_owned(),
        sender_name: "老王🐟".to_owned(),
        text: "在吗".to_owned(),
        item_id: None,
        created_at_ms: 1,
        order: None,
    }
}

/// Runs the same contract on a file and in memory.
pub(super) async fn on_both(name: &str, contract: impl AsyncFn(Store)) {
    let scratch = Scratch::new(name);
    contract(Store::open(&scratch.file()).unwrap()).await;
    contract(Store::open(Path::new(":memory:")).unwrap()).await;
}

#[tokio::test]
async fn an_account_comes_back_as_it_was_put() {
    on_both("put", async |store| {
        store.put_account(record("b"), Some(vec![KeywordRule::new("包邮", "包的")].into()), false, 1).await.unwrap();
        store.put_account(record("a"), None, false, 1).await.unwrap();
        let accounts = store.accounts().await.unwrap();
        assert_eq!(accounts.iter().map(|a| a.cookie_id.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(accounts[1].cookie.expose(), "unb=1; _m_h5_tk=t_1");
        assert_eq!(accounts[1].owner.as_deref(), Some("7"));
        assert_eq!(store.rules("b").await.unwrap(), [KeywordRule::new("包邮", "包的")]);
    })
    .await;
}

#[tokio::test]
async fn putting_an_account_again_keeps_its_rules_and_owner_unless_new_ones_are_given() {
    on_both("again", async |store| {
        store.put_account(record("a"), Some(vec![KeywordRule::new("1", "one")].into()), false, 1).await.unwrap();
        store.put_account(AccountRecord { owner: None, ..record("a") }, None, false, 2).await.unwrap();
        assert_eq!(store.rules("a").await.unwrap(), [KeywordRule::new("1", "one")]);
        assert_eq!(store.accounts().await.unwrap()[0].owner.as_deref(), Some("7"));
        store
            .put_account(record("a"), Some(vec![KeywordRule::new("2", "two"), KeywordRule::new("1", "one")].into()), false, 3)
            .await
            .unwrap();
        assert_eq!(store.rules("a").await.unwrap(), [KeywordRule::new("2", "two"), KeywordRule::new("1", "one")]);
    })
    .await;
}

#[tokio::test]
async fn putting_an_account_again_with_a_proxy_keeps_that_and_without_one_the_earlier() {
    on_both("proxy", async |store| {
        let with = |url: Option<&str>| AccountRecord { proxy: url.map(Secret::new), ..record("a") };
        for (put, kept) in [(None, None), (Some("http://x:1"), Some("http://x:1")), (None, Some("http://x:1"))] {
            store.put_account(with(put), None, false, 1).await.unwrap();
            let account = store.accounts().await.unwrap().remove(0);
            assert_eq!(account.proxy.as_ref().map(Secret::expose), kept);
        }
    })
    .await;
}

#[tokio::test]
async fn rules_come_back_as_they_were_put() {
    on_both("rules", async |store| {
        let picture = Picture::new("https://img.alicdn.com/a.jpg", 800, 600);
        let rules = [
            KeywordRule::of(["包邮", "邮费", ""], "包的").for_item("920").with_picture(picture.clone()),
            KeywordRule::new("在吗", "在的").matching(Matching::Exact),
            KeywordRule::new(r"\d+元", "").matching(Matching::Regex).with_picture(picture),
            KeywordRule::new("邮费", "包的"),
        ];
        store.put_account(record("a"), Some(rules.clone().into()), false, 1).await.unwrap();
        store.put_account(record("b"), Some(rules[3..].into()), false, 1).await.unwrap();
        store.put_account(record("c"), None, false, 1).await.unwrap();
        assert_eq!(store.rules("a").await.unwrap(), rules);
        let all = store.all_rules().await.unwrap();
        let expected = rules.iter().map(|rule| ("a", rule)).chain([("b", &rules[3])]);
        assert!(all.iter().map(|(cookie_id, rule)| (cookie_id.as_str(), rule)).eq(expected), "{all:?}");
        store.put_rules("a", [].into()).await.unwrap();
        assert_eq!(store.rules("a").await.unwrap(), []);
    })
    .await;
}

#[tokio::test]
async fn rules_of_an_unknown_account_are_refused() {
    on_both("unknown", async |store| {
        let refused = store.put_rules("nobody", vec![KeywordRule::new("1", "one")].into()).await;
        assert_eq!(refused, Err(Error::AccountNotFound { cookie_id: "nobody".to_owned() }));
    })
    .await;
}

#[tokio::test]
async fn a_removed_account_takes_its_rules_and_messages_along() {
    on_both("remove", async |store| {
        store.put_account(record("a"), Some(vec![KeywordRule::new("1", "one")].into()), false, 1).await.unwrap();
        store.record_messages(fence("a"), vec![row("m1")], 1).await.unwrap().await.unwrap().unwrap();
        store.delete_account("a").await.unwrap();
        store.put_account(record("a"), None, false, 2).await.unwrap();
        assert_eq!(store.rules("a").await.unwrap(), []);
        assert_eq!(store.record_messages(fence("a"), vec![row("m1")], 2).await.unwrap().await.unwrap().unwrap().new, 1);
    })
    .await;
}

#[tokio::test]
async fn a_message_is_new_once() {
    on_both("inbox", async |store| {
        store.put_account(record("a"), None, false, 1).await.unwrap();
        let fence = fence("a");
        let first =
            store.record_messages(fence.clone(), vec![row("m1"), row("m2"), row("m1")], 1).await.unwrap().await.unwrap().unwrap();
        // The third is the first again, and waits for its decision as long as that has none.
        assert_eq!(
            first,
            Recorded { new: 2, duplicates: 1, undecided: vec![row("m1"), row("m2"), row("m1")], has_order_news: false }
        );
        let again = store.record_messages(fence, vec![row("m2"), row("m3")], 2).await.unwrap().await.unwrap().unwrap();
        assert_eq!((again.new, again.duplicates), (1, 1));
    })
    .await;
}

#[tokio::test]
async fn what_is_left_of_an_old_epoch_writes_nothing() {
    on_both("fence", async |store| {
        store.put_account(record("a"), None, false, 1).await.unwrap();
        let cell = AccountCell::new("a", Common::for_tests());
        let old = cell.next_epoch();
        let new = cell.next_epoch();
        assert!(store.record_messages(old.clone(), vec![row("m1")], 1).await.unwrap().await.unwrap().is_err());
        assert!(store.save_credentials(old, Secret::new("unb=9"), None, 2).await.is_err());
        let token = AccessToken { text: Secret::new("t"), expires_at_ms: 5 };
        store.save_credentials(new, Secret::new("unb=1; x=2"), Some(token), 3).await.unwrap();
        let account = store.accounts().await.unwrap().remove(0);
        assert_eq!(account.cookie.expose(), "unb=1; x=2");
        assert_eq!(account.token.unwrap().expires_at_ms, 5);
    })
    .await;
}

#[tokio::test]
async fn a_write_that_fails_leaves_the_others_of_its_group_standing() {
    on_both("group", async |store| {
        store.put_account(record("a"), None, false, 1).await.unwrap();
        let good = store.record_messages(fence("a"), vec![row("m1")], 1);
        let bad = store.record_messages(fence("not on record"), vec![row("m2")], 1);
        let also_good = store.record_messages(fence("a"), vec![row("m3")], 1);
        let (good, bad, also_good) = tokio::join!(good, bad, also_good);
        assert_eq!(good.unwrap().await.unwrap().unwrap().new, 1);
        assert!(matches!(bad.unwrap().await.unwrap(), Err(Error::StoreFailed { .. })));
        assert_eq!(also_good.unwrap().await.unwrap().unwrap().new, 1);
    })
    .await;
}

#[tokio::test]
async fn what_was_acknowledged_is_there_when_the_file_is_opened_again() {
    let scratch = Scratch::new("reopen");
    let store = Store::open(&scratch.file()).unwrap();
    store.put_account(record("a"), None, false, 1).await.unwrap();
    store.set_enabled("a", false, 2).await.unwrap();
    assert!(tokio::task::spawn_blocking(move || store.close(Duration::from_secs(10))).await.unwrap());
    let account = Store::open(&scratch.file()).unwrap().accounts().await.unwrap().remove(0);
    assert!(!account.enabled);
}

#[cfg(unix)]
#[tokio::test]
async fn the_files_are_readable_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let scratch = Scratch::new("mode");
    rustix::process::umask(rustix::fs::Mode::empty());
    let store = Store::open(&scratch.file()).unwrap();
    store.put_account(record("a"), None, false, 1).await.unwrap();
    for entry in std::fs::read_dir(&scratch.0).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", entry.file_name());
    }
    let mut names: Vec<_> = std::fs::read_dir(&scratch.0).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["shop.db", "shop.db-shm", "shop.db-wal", "shop.db.key", "shop.db.lock"]);
}

#[test]
fn a_path_that_cannot_be_a_store_is_refused_with_what_to_do() {
    let scratch = Scratch::new("paths");
    let no_database = scratch.0.join("letter.txt");
    std::fs::write(&no_database, "Dear reader, this is no database. ".repeat(100)).unwrap();
    for (path, code, words) in [
        (scratch.0.join("missing/shop.db"), 3, "does not exist: make it first"),
        (scratch.0.clone(), 3, "it is no file"),
        (PathBuf::new(), 3, "the path is empty"),
        (no_database.clone(), 18, "it is no SQLite database"),
        (no_database.join("shop.db"), 3, "Not a directory"),
    ] {
        let Err(error) = Store::open(&path) else { panic!("{path:?} was opened") };
        assert_eq!(error.code(), code);
        assert!(error.to_string().contains(words), "{error}");
    }
    assert!(std::fs::read_to_string(&no_database).unwrap().starts_with("Dear reader"));
}

#[test]
fn the_database_of_another_program_is_refused_and_left_alone() {
    let scratch = Scratch::new("foreign");
    let other = rusqlite::Connection::open(scratch.file()).unwrap();
    other.execute_batch("CREATE TABLE cookies (id TEXT, value TEXT); INSERT INTO cookies VALUES ('1', 'x')").unwrap();
    drop(other);
    let before = std::fs::read(scratch.file()).unwrap();
    let mode = std::fs::metadata(scratch.file()).unwrap().permissions();
    let Err(error) = Store::open(&scratch.file()) else { panic!("it was opened") };
    assert!(error.to_string().contains("it is the database of another program"), "{error}");
    assert_eq!(std::fs::read(scratch.file()).unwrap(), before);
    assert_eq!(std::fs::metadata(scratch.file()).unwrap().permissions(), mode);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn opening_a_store_once_more_is_refused_and_leaves_the_locks_of_the_first_in_place() {
    use std::os::unix::fs::MetadataExt;
    let scratch = Scratch::new("twice");
    let first = Store::open(&scratch.file()).unwrap();
    first.put_account(record("a"), None, false, 1).await.unwrap();
    let inode = std::fs::metadata(scratch.file()).unwrap().ino();
    let locks =
        || std::fs::read_to_string("/proc/locks").unwrap().lines().filter(|line| line.contains(&format!(":{inode} "))).count();
    assert!(locks() > 0, "a connection in WAL mode holds a shared lock");
    let other_name = scratch.0.join("link.db");
    std::os::unix::fs::symlink(scratch.file(), &other_name).unwrap();
    for path in [scratch.file(), other_name] {
        let Err(error) = Store::open(&path) else { panic!("{path:?} was opened twice") };
        assert!(matches!(&error, Error::AlreadyOpen { pid: Some(pid), .. } if *pid == std::process::id()), "{error}");
        assert!(error.to_string().contains("in this process"), "{error}");
    }
    assert!(locks() > 0);
    drop(first);
    // It is being closed: this waits for it.
    drop(Store::open(&scratch.file()).unwrap());
}

#[test]
fn a_store_of_a_newer_livekeeper_is_refused_and_left_alone() {
    let scratch = Scratch::new("newer");
    assert!(Store::open(&scratch.file()).unwrap().close(Duration::from_secs(10)));
    assert!(!scratch.0.join("shop.db.lock").exists());
    let db = rusqlite::Connection::open(scratch.file()).unwrap();
    db.pragma_update(None, "user_version", 99).unwrap();
    drop(db);
    let Err(error) = Store::open(&scratch.file()) else { panic!("it was opened") };
    assert_eq!(
        error,
        Error::StoreTooNew { path: scratch.file().display().to_string(), found: 99, known: super::migrations::NEWEST }
    );
}

#[tokio::test]
async fn a_lock_of_another_program_is_waited_for_and_reads_do_not_wait() {
    let scratch = Scratch::new("busy");
    let store = std::sync::Arc::new(Store::open(&scratch.file()).unwrap());
    store.put_account(record("a"), None, false, 1).await.unwrap();
    let shell = rusqlite::Connection::open(scratch.file()).unwrap();
    shell.execute_batch("BEGIN IMMEDIATE; UPDATE accounts SET remark = 'by hand'").unwrap();
    let writing = tokio::spawn({
        let store = std::sync::Arc::clone(&store);
        async move { store.set_enabled("a", false, 2).await }
    });
    assert!(store.accounts().await.unwrap()[0].enabled, "what is not committed is not read");
    assert!(!writing.is_finished());
    shell.execute_batch("COMMIT").unwrap();
    writing.await.unwrap().unwrap();
    assert!(!store.accounts().await.unwrap()[0].enabled);
    assert_eq!(store.remark("a").await.unwrap(), "by hand");
}

#[tokio::test]
async fn a_log_without_its_store_is_not_thrown_away_by_a_new_one() {
    let scratch = Scratch::new("orphaned-log");
    std::fs::write(scratch.0.join("shop.db-wal"), b"what was acknowledged").unwrap();
    let Err(error) = Store::open(&scratch.file()) else { panic!("it was opened") };
    assert!(matches!(error, Error::Corrupt { .. }), "{error}");
    assert_eq!(std::fs::read(scratch.0.join("shop.db-wal")).unwrap(), b"what was acknowledged");
    assert!(!scratch.file().exists(), "a store that cannot be opened is not begun");
}

#[tokio::test]
async fn a_name_that_sqlite_would_take_for_an_address_is_a_name() {
    let scratch = Scratch::new("address");
    let other = scratch.0.join("foreign.db");
    rusqlite::Connection::open(&other).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
    let before = std::fs::read(&other).unwrap();
    let named = PathBuf::from(format!("file:{}", other.display()));
    // The directory `file:` is not there.
    assert!(Store::open(&named).is_err());
    let store = Store::open(&scratch.0.join("file:foreign.db?mode=ro")).unwrap();
    store.put_account(record("a"), None, false, 1).await.unwrap();
    assert_eq!(std::fs::read(&other).unwrap(), before);
}

#[cfg(unix)]
#[tokio::test]
async fn a_store_is_the_same_under_each_of_its_names_and_its_key_lies_beside_the_file() {
    let scratch = Scratch::new("names");
    let link = scratch.0.join("link.db");
    std::os::unix::fs::symlink(scratch.file(), &link).unwrap();
    let store = Store::open(&scratch.file()).unwrap();
    store.put_account(record("a"), None, false, 1).await.unwrap();
    assert!(matches!(Store::open(&link), Err(Error::AlreadyOpen { .. })));
    assert!(tokio::task::spawn_blocking(move || store.close(std::time::Duration::from_secs(10))).await.unwrap());
    let store = Store::open(&link).unwrap();
    assert_eq!(store.accounts().await.unwrap()[0].cookie.expose(), record("a").cookie.expose());
    assert!(!scratch.0.join("link.db.key").exists());
}

#[cfg(unix)]
#[tokio::test]
async fn what_came_along_with_a_store_is_made_private_too() {
    use std::os::unix::fs::PermissionsExt;
    let (from, to) = (Scratch::new("mode-from"), Scratch::new("mode-to"));
    let store = Store::open(&from.file()).unwrap();
    store.put_account(record("a"), None, false, 1).await.unwrap();
    for name in ["shop.db", "shop.db-wal", "shop.db.key"] {
        std::fs::copy(from.0.join(name), to.0.join(name)).unwrap();
        std::fs::set_permissions(to.0.join(name), PermissionsExt::from_mode(0o644)).unwrap();
    }
    let _copy = Store::open(&to.file()).unwrap();
    for entry in std::fs::read_dir(&to.0).unwrap().map(Result::unwrap) {
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", entry.file_name());
    }
}

/// What a kill would leave: the database's file without a log that has lost its name.
fn accounts_in_file(scratch: &Scratch) -> u32 {
    let copy = scratch.0.join("copy.db");
    std::fs::copy(scratch.file(), &copy).unwrap();
    let db = rusqlite::Connection::open(&copy).unwrap();
    db.query_row("SELECT count(*) FROM accounts", [], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn what_is_acknowledged_after_the_log_was_taken_away_is_in_the_database_itself() {
    let scratch = Scratch::new("lost-log");
    let store = Store::open(&scratch.file()).unwrap();
    store.put_account(record("a"), None, false, 0).await.unwrap();
    std::fs::remove_file(scratch.0.join("shop.db-wal")).unwrap();
    std::fs::remove_file(scratch.0.join("shop.db-shm")).unwrap();
    store.put_account(record("b"), None, false, 0).await.unwrap();
    assert_eq!(accounts_in_file(&scratch), 2, "what the lost log held goes along");
    // Another log of that name is not this one.
    std::fs::write(scratch.0.join("shop.db-wal"), b"").unwrap();
    store.put_account(record("c"), None, false, 0).await.unwrap();
    assert_eq!(accounts_in_file(&scratch), 3);
    assert_eq!(store.accounts().await.unwrap().len(), 3);
}

#[tokio::test]
async fn what_cannot_be_carried_out_of_a_lost_log_is_not_acknowledged() {
    let scratch = Scratch::new("lost-log-refused");
    let store = Store::open(&scratch.file()).unwrap();
    store.put_account(record("a"), None, false, 0).await.unwrap();
    // Somebody reads what was before, so that the log cannot go further into the file; the writer does not wait for that here.
    store.write(|db| Ok(db.busy_timeout(Duration::ZERO)?)).await.unwrap();
    let reader = rusqlite::Connection::open(scratch.file()).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM accounts").unwrap();
    std::fs::remove_file(scratch.0.join("shop.db-wal")).unwrap();
    let refused = store.put_account(record("b"), None, false, 0).await.unwrap_err();
    assert!(matches!(&refused, Error::StoreFailed { problem } if problem.contains("write-ahead log")), "{refused}");
    reader.execute_batch("COMMIT").unwrap();
    store.put_account(record("c"), None, false, 0).await.unwrap();
    assert_eq!(accounts_in_file(&scratch), 3);
}
