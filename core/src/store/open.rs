//! Opening the database file: made private, in WAL mode, with its schema up to date.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::migrations;
use crate::error::Error;

const MEMORY: &str = ":memory:";
/// For another process that holds the file for a moment (a backup tool, an inspection).
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The writing connection, and for a file the reading one.
pub(super) fn connections(path: &Path) -> Result<(Connection, Option<Connection>), Error> {
    if path == Path::new(MEMORY) {
        let db = Connection::open_in_memory().and_then(prepared).map_err(|problem| explain(path, &problem))?;
        return Ok((migrated(db, path)?, None));
    }
    make_private(path).map_err(|problem| unavailable(path, &advice(path, &problem)))?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let open = || Connection::open_with_flags(path, flags).and_then(prepared).map_err(|problem| explain(path, &problem));
    let writing = migrated(open()?, path)?;
    let reading = open()?;
    reading.pragma_update(None, "query_only", true).map_err(|problem| explain(path, &problem))?;
    Ok((writing, Some(reading)))
}

/// Makes the file before SQLite does, so that it is never readable by others, whatever the umask. SQLite gives the `-wal` and
/// `-shm` files the same mode.
fn make_private(path: &Path) -> io::Result<()> {
    if path.as_os_str().is_empty() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the path is empty"));
    }
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?;
    #[cfg(unix)]
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    Ok(())
}

fn prepared(db: Connection) -> rusqlite::Result<Connection> {
    db.busy_timeout(BUSY_TIMEOUT)?;
    db.pragma_update(None, "journal_mode", "WAL")?;
    db.pragma_update(None, "synchronous", "FULL")?;
    db.pragma_update(None, "foreign_keys", true)?;
    db.set_prepared_statement_cache_capacity(64);
    Ok(db)
}

fn migrated(mut db: Connection, path: &Path) -> Result<Connection, Error> {
    let found = migrations::found(&db).map_err(|problem| explain(path, &problem))?;
    if found > migrations::NEWEST {
        return Err(Error::StoreTooNew { path: path.display().to_string(), found, known: migrations::NEWEST });
    }
    migrations::apply(&mut db).map_err(|problem| explain(path, &problem))?;
    Ok(db)
}

fn explain(path: &Path, problem: &rusqlite::Error) -> Error {
    let advice = match problem.sqlite_error_code() {
        Some(rusqlite::ErrorCode::NotADatabase) => "it is no SQLite database; nothing was changed; name another path".to_owned(),
        Some(rusqlite::ErrorCode::ReadOnly | rusqlite::ErrorCode::CannotOpen) => {
            format!("{problem}; its directory must be writable, as SQLite keeps two more files beside it")
        }
        _ => problem.to_string(),
    };
    unavailable(path, &advice)
}

fn unavailable(path: &Path, problem: &str) -> Error {
    Error::StoreUnavailable { path: path.display().to_string(), problem: problem.to_owned() }
}

fn advice(path: &Path, problem: &io::Error) -> String {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    match problem.kind() {
        io::ErrorKind::NotFound => match directory {
            Some(directory) => format!("the directory {} does not exist: make it first", directory.display()),
            None => "no such file or directory".to_owned(),
        },
        io::ErrorKind::IsADirectory => "it is a directory: name a file in it".to_owned(),
        io::ErrorKind::PermissionDenied => {
            "permission denied: the file and its directory must be writable for this user".to_owned()
        }
        io::ErrorKind::ReadOnlyFilesystem => "the file system is read-only".to_owned(),
        _ => problem.to_string(),
    }
}
