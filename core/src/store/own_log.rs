//! The write-ahead log under an open store: whether it is still there, under its name.
//!
//! Whatever in this process opens and closes the store's file past this library (a host with a second copy of SQLite in it) ends the
//! locks that this process has on it: that is how POSIX locks are. Another process may then believe that it is the last to close
//! the database, and unlink the log. What is committed from then on goes to a file without a name, and ends with this process.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::faults;
use super::owner::beside;
use crate::error::Error;

/// The log as the writing connection has it open.
pub(super) struct OwnLog {
    path: PathBuf,
    /// Device and inode. While it is open, its number is nobody else's.
    id: Option<(u64, u64)>,
    is_lost: bool,
}

impl OwnLog {
    /// That of the database whose true path is `real`, which a connection has open.
    pub(super) fn of(real: &Path) -> Self {
        let path = beside(real, "-wal");
        Self { id: id_of(&path), path, is_lost: false }
    }

    /// Asked after each commit and before it is acknowledged. Once the log has lost its name, each commit is carried into the database
    /// file itself, from then on; what a lost log held before goes along.
    ///
    /// # Errors
    /// `StoreFailed`, `DiskFull`, `DiskFailed`: it cannot be carried there, so the commit must not be acknowledged.
    pub(super) fn keep_safe(&mut self, db: &Connection) -> Result<(), Error> {
        if !self.is_lost {
            let now = id_of(&self.path);
            // SQLite makes it with the first transaction; after a commit it is there.
            self.id = self.id.or(now);
            if now.is_some() && now == self.id {
                return Ok(());
            }
            self.is_lost = true;
            tracing::warn!(
                log = %self.path.display(),
                "the store's write-ahead log was removed or replaced while the store is open: another program of this process has \
                 opened the store's file by itself, or somebody has removed the log; every write now goes into the store's file at \
                 once, which is slower; read a store that is open with inspect, or read a snapshot of it"
            );
        }
        empty_into_database(db)
    }
}

fn empty_into_database(db: &Connection) -> Result<(), Error> {
    let path = db.path().unwrap_or_default();
    // With synchronous=FULL both files are synced on the way.
    let (is_busy, frames, done): (bool, i64, i64) = db
        .query_row("PRAGMA wal_checkpoint(FULL)", [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .map_err(|problem| faults::of_call(path, &problem))?;
    if !is_busy && frames == done {
        return Ok(());
    }
    let problem = format!(
        "the write-ahead log of {path:?} was removed by another program, and what was written cannot be carried into the store's file \
         while somebody reads it: it may be lost when this process ends; try again when that is done, and open the store anew"
    );
    Err(Error::StoreFailed { problem })
}

fn id_of(path: &Path) -> Option<(u64, u64)> {
    fs::symlink_metadata(path).ok().map(|file| (file.dev(), file.ino()))
}
