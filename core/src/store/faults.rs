//! From what SQLite and the operating system say to the errors that a host sees: a full disk, a failing one, a damaged file.

use std::io;
use std::path::Path;
use std::time::Duration;

use rusqlite::ErrorCode;

use crate::error::Error;

/// How long a read or a write waits for another process that keeps the database locked (a backup tool, a shell); only then is it
/// refused.
pub(super) const BUSY_LIMIT: Duration = Duration::from_secs(30);
/// With less room than this a file cannot grow by one page and its frame.
const NO_ROOM_BYTES: u64 = 16 * 1024;

/// What a read or a write of an open database failed with.
pub(super) fn of_call(path: &str, problem: &rusqlite::Error) -> Error {
    match problem.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => damaged(path, problem.to_string()),
        _ if is_misread(problem) => damaged(path, problem.to_string()),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Error::StoreFailed {
            problem: format!(
                "another process has kept {path:?} locked for {} s: end it, or have it copy a snapshot instead",
                BUSY_LIMIT.as_secs()
            ),
        },
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => Error::StoreFailed {
            problem: format!("{problem}; {path:?} and its directory must be writable, as SQLite keeps two more files beside it"),
        },
        _ => of_disk(Path::new(path), problem).unwrap_or_else(|| Error::StoreFailed { problem: problem.to_string() }),
    }
}

/// What opening failed with.
pub(super) fn of_open(path: &Path, problem: &rusqlite::Error) -> Error {
    match problem.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt) => damaged(path.display(), problem.to_string()),
        Some(ErrorCode::NotADatabase) => not_a_database(path, "it is no SQLite database"),
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => unavailable(
            path,
            &format!("{problem}; the file and its directory must be writable, as SQLite keeps two more files beside it"),
        ),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            unavailable(path, "another process keeps it locked (a backup tool, a shell): end it, and try again")
        }
        _ => of_disk(path, problem).unwrap_or_else(|| unavailable(path, &problem.to_string())),
    }
}

/// What looking into a store or bringing it up to date failed with. The statements for that are right, whatever store they meet:
/// one that cannot be carried out met tables that are not those which the store's schema number promises.
pub(super) fn of_content(path: &Path, problem: &rusqlite::Error) -> Error {
    match problem.sqlite_error_code() {
        Some(ErrorCode::Unknown) => damaged(path.display(), problem.to_string()),
        _ if is_misread(problem) => damaged(path.display(), problem.to_string()),
        _ => of_open(path, problem),
    }
}

/// Whether a value was not what its column holds by definition, or the column itself was not there.
fn is_misread(problem: &rusqlite::Error) -> bool {
    use rusqlite::Error as E;
    matches!(
        problem,
        E::FromSqlConversionFailure(..)
            | E::IntegralValueOutOfRange(..)
            | E::InvalidColumnName(..)
            | E::InvalidColumnType(..)
            | E::SqlInputError { .. }
            | E::Utf8Error(..)
    )
}

/// What the operating system refused while a store was opened.
pub(super) fn of_file(path: &Path, problem: &io::Error) -> Error {
    of_disk_io(problem).unwrap_or_else(|| unavailable(path, &advice(path, problem)))
}

/// A full or failing disk, if that is what the operating system refused something for.
pub(super) fn of_disk_io(problem: &io::Error) -> Option<Error> {
    match problem.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Some(Error::DiskFull { problem: problem.to_string() }),
        _ if problem.raw_os_error() == Some(rustix::io::Errno::IO.raw_os_error()) => {
            Some(Error::DiskFailed { problem: problem.to_string() })
        }
        _ => None,
    }
}

/// A full or failing disk, if that is what it was.
fn of_disk(path: &Path, problem: &rusqlite::Error) -> Option<Error> {
    let words = problem.to_string();
    match problem.sqlite_error_code()? {
        ErrorCode::DiskFull => Some(Error::DiskFull { problem: words }),
        // Of a quota, and where the shared memory finds no room, SQLite only says that the disk failed.
        ErrorCode::SystemIoFailure if is_full(path) => Some(Error::DiskFull { problem: words }),
        ErrorCode::SystemIoFailure => Some(Error::DiskFailed { problem: words }),
        _ => None,
    }
}

fn is_full(path: &Path) -> bool {
    rustix::fs::statvfs(path).is_ok_and(|disk| disk.f_bavail.saturating_mul(disk.f_frsize) < NO_ROOM_BYTES)
}

pub(super) fn damaged(path: impl std::fmt::Display, problem: impl Into<String>) -> Error {
    Error::Corrupt { path: path.to_string(), problem: problem.into() }
}

pub(super) fn not_a_database(path: &Path, problem: &str) -> Error {
    Error::NotADatabase { path: path.display().to_string(), problem: problem.to_owned() }
}

pub(super) fn unavailable(path: &Path, problem: &str) -> Error {
    Error::StoreUnavailable { path: path.display().to_string(), problem: problem.to_owned() }
}

fn advice(path: &Path, problem: &io::Error) -> String {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    match problem.kind() {
        io::ErrorKind::NotFound => match directory {
            // Of /proc and its like, whose files nobody can make, the system says the same as of a directory that is missing.
            Some(directory) if directory.is_dir() => {
                format!("no new file can be made in {}: name a directory on a local disk", directory.display())
            }
            Some(directory) => format!("the directory {} does not exist: make it first", directory.display()),
            None => "no such file or directory".to_owned(),
        },
        io::ErrorKind::IsADirectory if path.is_dir() => "it is no file: name a file in it".to_owned(),
        io::ErrorKind::IsADirectory => "it is no plain file: name another path".to_owned(),
        io::ErrorKind::PermissionDenied => {
            "permission denied: the file and its directory must be writable for this user".to_owned()
        }
        io::ErrorKind::ReadOnlyFilesystem => "the file system is read-only".to_owned(),
        _ => problem.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::path::Path;

    use rusqlite::ffi;

    use super::{of_call, of_file, of_open};

    fn sqlite(code: i32) -> rusqlite::Error {
        rusqlite::Error::SqliteFailure(ffi::Error::new(code), None)
    }

    #[test]
    fn what_sqlite_says_of_the_disk_and_the_file_gets_its_kind() {
        for (said, in_a_call, at_open) in [
            (ffi::SQLITE_FULL, 20, 20),
            (ffi::SQLITE_IOERR_FSYNC, 21, 21),
            (ffi::SQLITE_IOERR_WRITE, 21, 21),
            (ffi::SQLITE_CORRUPT, 17, 17),
            (ffi::SQLITE_NOTADB, 17, 18),
            (ffi::SQLITE_CANTOPEN, 5, 3),
            (ffi::SQLITE_READONLY, 5, 3),
            (ffi::SQLITE_BUSY, 5, 3),
            (ffi::SQLITE_CONSTRAINT, 5, 3),
        ] {
            let call = of_call("shop.db", &sqlite(said));
            assert_eq!(call.code(), in_a_call, "{call}");
            let open = of_open(Path::new("shop.db"), &sqlite(said));
            assert_eq!(open.code(), at_open, "{open}");
        }
    }

    #[test]
    fn what_the_system_says_gets_its_kind() {
        for (said, code) in [(28, 20), (5, 21), (13, 3), (30, 3)] {
            let error = of_file(Path::new("shop.db"), &io::Error::from_raw_os_error(said));
            assert_eq!(error.code(), code, "{error}");
        }
    }
}
