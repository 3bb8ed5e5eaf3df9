//! A database of the program that accounts are brought along from.

use std::fs;
use std::path::PathBuf;

use super::scratch;

/// A new directory of this name with `foreign.db` in it: the account `shop` with a keyword, and `bad`, which cannot be taken.
pub(crate) fn foreign_database(name: &str) -> PathBuf {
    let directory = scratch(name);
    let _ = fs::remove_dir_all(&directory);
    fs::create_dir_all(&directory).unwrap();
    let foreign = rusqlite::Connection::open(directory.join("foreign.db")).unwrap();
    foreign
        .execute_batch(
            "CREATE TABLE cookies (id, value); CREATE TABLE keywords (cookie_id, keyword, reply);
             INSERT INTO cookies VALUES ('shop', 'unb=1; cookie2=CANARY'), ('bad', 'cookie2=x');
             INSERT INTO keywords VALUES ('shop', '包邮', '全场包邮')",
        )
        .unwrap();
    directory
}
