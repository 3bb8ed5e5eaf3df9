//! What is damaged, cut off or somebody else's is refused with its name, and left as it is to the last byte.

use std::fs;
use std::path::Path;
use std::time::Duration;

use super::Store;
use super::tests::{Scratch, fence, record, row};
use crate::error::Error;
use crate::rule::KeywordRule;

const LIMIT: Duration = Duration::from_secs(10);

/// A small store, closed.
async fn small(path: &Path) -> Vec<u8> {
    let store = Store::open(path).unwrap();
    for cookie_id in ["a", "b", "c"] {
        store.put_account(record(cookie_id), Some(vec![KeywordRule::new("包邮", "包的")].into()), false, 1).await.unwrap();
        let rows = (0..20).map(|n| row(&format!("{cookie_id}{n}"))).collect();
        store.record_messages(fence(cookie_id), rows, 1).await.unwrap().await.unwrap().unwrap();
    }
    close(store).await;
    fs::read(path).unwrap()
}

async fn close(store: Store) {
    assert!(tokio::task::spawn_blocking(move || store.close(LIMIT)).await.unwrap());
}

fn names(scratch: &Scratch) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(&scratch.0).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Opened and read; the kind of error if that is refused anywhere.
async fn try_out(path: &Path) -> Result<(), Error> {
    let store = Store::open(path)?;
    let read = async {
        store.accounts().await?;
        store.all_rules().await?;
        store.all_default_replies().await?;
        for cookie_id in ["a", "b", "c"] {
            store.messages(cookie_id, None, 100).await?;
        }
        store.set_enabled("a", true, 2).await
    }
    .await;
    close(store).await;
    read
}

fn is_named(error: &Error, at: usize) -> bool {
    match error {
        // A changed row of the data key is as another key's.
        Error::Corrupt { .. } | Error::NotADatabase { .. } | Error::WrongKey { .. } => true,
        // The number of its schema.
        Error::StoreTooNew { .. } => (60..64).contains(&at),
        _ => false,
    }
}

#[tokio::test]
async fn a_byte_that_has_flipped_is_found_or_does_no_harm_and_the_file_is_left_as_it_is() {
    let scratch = Scratch::new("flips");
    let whole = small(&scratch.file()).await;
    let (mut refused, mut taken) = (0, 0);
    // The header byte by byte; after it in steps that meet every place of a page.
    for at in (0..100).chain((100..whole.len()).step_by(397)) {
        let mut flipped = whole.clone();
        flipped[at] ^= 0xff;
        for name in names(&scratch).into_iter().filter(|name| name != "shop.db.key") {
            fs::remove_file(scratch.0.join(name)).unwrap();
        }
        fs::write(scratch.file(), &flipped).unwrap();
        match Store::open(&scratch.file()) {
            Ok(store) => {
                close(store).await;
                taken += 1;
                if let Err(error) = try_out(&scratch.file()).await {
                    assert!(is_named(&error, at), "byte {at}: {error}");
                }
            }
            Err(error) => {
                refused += 1;
                assert!(is_named(&error, at), "byte {at}: {error}");
                assert!(fs::read(scratch.file()).unwrap() == flipped, "byte {at}: the file was changed");
                assert_eq!(names(&scratch), ["shop.db", "shop.db.key"], "byte {at}: {error}");
            }
        }
    }
    assert!(refused > 50 && taken > 50, "{refused} refused, {taken} taken: a test that finds only one of them shows nothing");
}

#[tokio::test]
async fn a_file_that_was_cut_off_is_refused_and_left_as_it_is() {
    let scratch = Scratch::new("cut");
    let whole = small(&scratch.file()).await;
    for length in [1, 50, 99, 100, 511, 4095, 4096, 8192, whole.len() / 2, whole.len() - 4096, whole.len() - 1] {
        fs::write(scratch.file(), &whole[..length]).unwrap();
        let Err(error) = try_out(&scratch.file()).await else { panic!("{length} bytes were taken") };
        assert!(matches!(error, Error::Corrupt { .. } | Error::NotADatabase { .. }), "{length} bytes: {error}");
        assert!(fs::read(scratch.file()).unwrap() == whole[..length], "{length} bytes: the file was changed");
        assert_eq!(names(&scratch), ["shop.db", "shop.db.key"], "{length} bytes");
    }
}

#[tokio::test]
async fn a_file_cut_to_nothing_beside_its_log_is_refused_and_the_log_is_kept() {
    let scratch = Scratch::new("emptied");
    fs::write(scratch.file(), b"").unwrap();
    fs::write(scratch.0.join("shop.db-wal"), b"what was acknowledged").unwrap();
    let error = try_out(&scratch.file()).await.unwrap_err();
    assert!(matches!(error, Error::Corrupt { .. }), "{error}");
    assert_eq!(fs::read(scratch.0.join("shop.db-wal")).unwrap(), b"what was acknowledged");
}

/// Copies of a store's files while it is open: what a kill would leave.
async fn killed(scratch: &Scratch) -> (Vec<u8>, Vec<u8>) {
    small(&scratch.file()).await;
    let store = Store::open(&scratch.file()).unwrap();
    for minute in 0..20 {
        store.set_pause_minutes("a", minute, 2).await.unwrap();
    }
    let left = (fs::read(scratch.file()).unwrap(), fs::read(scratch.0.join("shop.db-wal")).unwrap());
    close(store).await;
    left
}

#[tokio::test]
async fn a_log_left_by_a_kill_is_taken_up_and_damage_beside_it_is_found_without_touching_either() {
    let scratch = Scratch::new("log");
    let (file, log) = killed(&scratch).await;
    let wal = scratch.0.join("shop.db-wal");
    fs::write(scratch.file(), &file).unwrap();
    fs::write(&wal, &log).unwrap();
    try_out(&scratch.file()).await.unwrap();

    let mut damaged = file;
    let last_page = damaged.len() - 4096;
    damaged[last_page..].fill(0x5a);
    fs::write(scratch.file(), &damaged).unwrap();
    fs::write(&wal, &log).unwrap();
    let error = try_out(&scratch.file()).await.unwrap_err();
    assert!(matches!(error, Error::Corrupt { .. }), "{error}");
    assert!(fs::read(scratch.file()).unwrap() == damaged && fs::read(&wal).unwrap() == log);
}

#[tokio::test]
async fn another_program_s_database_with_a_log_or_a_journal_beside_it_is_left_alone() {
    let scratch = Scratch::new("foreign-log");
    let other = rusqlite::Connection::open(scratch.file()).unwrap();
    other.execute_batch("CREATE TABLE t (x)").unwrap();
    drop(other);
    let before = fs::read(scratch.file()).unwrap();
    for beside in ["shop.db-wal", "shop.db-journal"] {
        fs::write(scratch.0.join(beside), b"its own").unwrap();
        let error = try_out(&scratch.file()).await.unwrap_err();
        assert!(matches!(error, Error::NotADatabase { .. }), "{error}");
        assert_eq!(fs::read(scratch.file()).unwrap(), before);
        assert_eq!(fs::read(scratch.0.join(beside)).unwrap(), b"its own");
        fs::remove_file(scratch.0.join(beside)).unwrap();
    }
}

#[tokio::test]
async fn damage_under_a_store_that_is_open_is_told_as_such() {
    let scratch = Scratch::new("under");
    small(&scratch.file()).await;
    let store = Store::open(&scratch.file()).unwrap();
    let mut bytes = fs::read(scratch.file()).unwrap();
    bytes[100..].fill(0x5a);
    // Written through the same file, as a failing disk does.
    let file = fs::OpenOptions::new().write(true).open(scratch.file()).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&file, &bytes, 0).unwrap();
    let error = store.messages("a", None, 100).await.unwrap_err();
    assert!(matches!(&error, Error::Corrupt { path, .. } if path.ends_with("shop.db")), "{error}");
    drop(file);
}
