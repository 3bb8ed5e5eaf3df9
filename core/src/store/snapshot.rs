//! A consistent copy of the database while it is written to.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::Store;
use super::owner::beside;
use crate::error::Error;
use crate::fork;
use crate::private_file::PrivateFile;

/// How long a copy may take.
const LIMIT: Duration = Duration::from_secs(600);
/// Pages that are copied between two looks at the limit: a few milliseconds.
const STEP_PAGES: i32 = 1_000;

impl Store {
    /// The database's file.
    ///
    /// # Errors
    /// `InvalidArgument` where there is none.
    pub(crate) fn file(&self) -> Result<PathBuf, Error> {
        self.real.clone().ok_or_else(|| {
            Error::invalid("path", "a store in memory has no file to copy; use export_accounts, or open the manager on a file")
        })
    }
}

/// Copies the database at `file` as it is at this moment, whatever is written to it meanwhile: it is read in one transaction of a
/// connection of its own, and in WAL mode nobody waits for a reader. Blocks, until it is done, `LIMIT` has passed or `is_over`.
///
/// # Errors
/// `InvalidArgument` for a target that exists, `DiskFull`, `DiskFailed`, `StoreFailed`, `Closed`.
pub(crate) fn copy(file: &Path, target: &Path, is_over: &AtomicBool) -> Result<(), Error> {
    for suffix in ["-wal", "-shm", "-journal"] {
        let left = beside(target, suffix);
        if left.exists() {
            // SQLite would take it for the copy's own.
            return Err(Error::invalid(
                "path",
                format!("{:?} lies beside it: remove it, or name another file", left.display().to_string()),
            ));
        }
    }
    let copy = PrivateFile::new(target)?;
    copy_pages(file, copy.path(), is_over)?;
    copy.publish()
}

fn copy_pages(file: &Path, to: &Path, is_over: &AtomicBool) -> Result<(), Error> {
    let _at_work = fork::at_work();
    let flags = OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let from = Connection::open_with_flags(file, flags | OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(|e| failed(&e))?;
    let mut to = Connection::open_with_flags(to, flags | OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(|e| failed(&e))?;
    from.busy_timeout(Duration::from_secs(5)).map_err(|e| failed(&e))?;
    // What is half written is thrown away, and what is whole is synced as a file.
    to.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF").map_err(|e| failed(&e))?;
    // From here on it sees one moment: otherwise each write of the writer would begin the copy anew.
    from.execute_batch("BEGIN; SELECT count(*) FROM sqlite_schema").map_err(|e| failed(&e))?;
    run(&from, &mut to, is_over)?;
    // A copy of a database in WAL mode is in WAL mode too: this makes it a file that needs no other.
    to.pragma_update(None, "journal_mode", "DELETE").map_err(|e| failed(&e))?;
    to.close().map_err(|(_, e)| failed(&e))
}

fn run(from: &Connection, to: &mut Connection, is_over: &AtomicBool) -> Result<(), Error> {
    let begun = Instant::now();
    let backup = Backup::new(from, to).map_err(|e| failed(&e))?;
    loop {
        match backup.step(STEP_PAGES).map_err(|e| failed(&e))? {
            StepResult::Done => return Ok(()),
            StepResult::Busy | StepResult::Locked => std::thread::park_timeout(Duration::from_millis(5)),
            _ => {}
        }
        fork::pause();
        if is_over.load(Ordering::Relaxed) {
            return Err(Error::Closed);
        }
        if begun.elapsed() > LIMIT {
            let problem = format!("the copy was not whole within {} s, and was removed", LIMIT.as_secs());
            return Err(Error::StoreFailed { problem });
        }
    }
}

fn failed(problem: &rusqlite::Error) -> Error {
    let text = problem.to_string();
    match problem.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => Error::DiskFull { problem: text },
        Some(ErrorCode::SystemIoFailure) => Error::DiskFailed { problem: text },
        _ => Error::StoreFailed { problem: text },
    }
}
