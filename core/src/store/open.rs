//! Opening the database file: looked at before it is touched, made private, in WAL mode, with its schema up to date.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::keys::{HeldKey, WrappedKey};
use super::migrations;
use super::sealing::random_key;
use super::secrets::{self, Secrets};
use crate::error::Error;
use crate::key::KeySource;

const MEMORY: &str = ":memory:";
/// For another process that holds the file for a moment (a backup tool, an inspection).
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// An open database.
pub(super) struct Opened {
    pub(super) writing: Connection,
    /// Absent in memory.
    pub(super) reading: Option<Connection>,
    pub(super) secrets: Secrets,
}

/// The writing connection, for a file the reading one, and what its credentials are sealed with.
pub(super) fn connections(path: &Path, key: Option<KeySource>) -> Result<Opened, Error> {
    if path == Path::new(MEMORY) {
        return in_memory(path, key);
    }
    let held = HeldKey::of(key, path)?;
    let is_new = make_private(path).map_err(|problem| unavailable(path, &advice(path, &problem)))?;
    let mut known = None;
    if !is_new {
        known = look_before_touching(path, &held)?;
        set_private(path).map_err(|problem| unavailable(path, &advice(path, &problem)))?;
    }
    let (secrets, wrapped) = match known {
        Some(secrets) => (secrets, None),
        None => {
            let made = Secrets::new(&held).inspect_err(|_| {
                // A store that cannot have a key is not begun.
                if is_new && fs::metadata(path).is_ok_and(|file| file.len() == 0) {
                    let _ = fs::remove_file(path);
                }
            });
            made.map(|(secrets, wrapped)| (secrets, Some(wrapped)))?
        }
    };
    let mut writing = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let mode: String = writing
        .pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))
        .map_err(|problem| explain(path, &problem))?;
    if mode != "wal" {
        return Err(unavailable(
            path,
            "its file system cannot share memory, which SQLite's WAL mode needs: name a path on a local disk",
        ));
    }
    migrations::apply(&mut writing, |db| seal_all(db, &secrets, wrapped.as_ref(), is_new))
        .map_err(|problem| explain(path, &problem))?;
    secrets::sweep(&writing);
    let reading = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    reading.pragma_update(None, "query_only", true).map_err(|problem| explain(path, &problem))?;
    Ok(Opened { writing, reading: Some(reading), secrets })
}

/// Without a key of the host's, a store in memory has one that goes with it.
fn in_memory(path: &Path, key: Option<KeySource>) -> Result<Opened, Error> {
    let held = match key {
        Some(source) => HeldKey::of_source(source)?,
        None => HeldKey::Key(random_key().map_err(|fault| Error::Internal { problem: fault.to_string() })?),
    };
    let (secrets, wrapped) = Secrets::new(&held)?;
    let mut writing = Connection::open_in_memory().map_err(|problem| explain(path, &problem))?;
    prepare(&writing)
        .and_then(|()| migrations::apply(&mut writing, |db| seal_all(db, &secrets, Some(&wrapped), true)))
        .map_err(|problem| explain(path, &problem))?;
    Ok(Opened { writing, reading: None, secrets })
}

fn seal_all(db: &Connection, secrets: &Secrets, wrapped: Option<&WrappedKey>, is_new: bool) -> rusqlite::Result<()> {
    // One whose data key is known is sealed already.
    wrapped.map_or(Ok(()), |wrapped| secrets.seal_all(db, wrapped, is_new))
}

/// Makes a new file before SQLite does, so that it is never readable by others, whatever the umask; SQLite gives the `-wal` and
/// `-shm` files the same mode. A file that exists is not opened here: closing it again would drop the locks that this process
/// may hold on it. Whether the file is new.
fn make_private(path: &Path) -> io::Result<bool> {
    if path.as_os_str().is_empty() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the path is empty"));
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(true),
        Err(problem) if problem.kind() == io::ErrorKind::AlreadyExists && path.is_file() => Ok(false),
        Err(problem) if problem.kind() == io::ErrorKind::AlreadyExists => Err(io::Error::from(io::ErrorKind::IsADirectory)),
        Err(problem) => Err(problem),
    }
}

/// Refuses, without changing anything, what is no database, another program's, a newer livekeeper's, or sealed with another key.
/// What its credentials are sealed with, where they are.
fn look_before_touching(path: &Path, held: &HeldKey) -> Result<Option<Secrets>, Error> {
    if fs::metadata(path).is_ok_and(|file| file.len() == 0) {
        return Ok(None);
    }
    let db = open(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let found = migrations::look(&db).map_err(|problem| explain(path, &problem))?;
    match found {
        migrations::Found::Ours(schema) if schema > migrations::NEWEST => {
            Err(Error::StoreTooNew { path: path.display().to_string(), found: schema, known: migrations::NEWEST })
        }
        migrations::Found::Ours(schema) if schema >= migrations::SEALED => Secrets::of_store(&db, held, path).map(Some),
        migrations::Found::Ours(_) | migrations::Found::Empty => Ok(None),
        migrations::Found::Foreign => {
            Err(unavailable(path, "it is the database of another program; nothing was changed; name another path"))
        }
    }
}

fn set_private(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    Ok(())
}

fn open(path: &Path, how: OpenFlags) -> Result<Connection, Error> {
    let db = Connection::open_with_flags(path, how | OpenFlags::SQLITE_OPEN_NO_MUTEX).map_err(|problem| explain(path, &problem))?;
    prepare(&db).map_err(|problem| explain(path, &problem))?;
    Ok(db)
}

fn prepare(db: &Connection) -> rusqlite::Result<()> {
    db.busy_timeout(BUSY_TIMEOUT)?;
    db.pragma_update(None, "synchronous", "FULL")?;
    db.pragma_update(None, "foreign_keys", true)?;
    // What is taken out of a page that is written anyway is overwritten, such as a data key's earlier wrapping. Credentials are
    // sealed, so what whole pages leave behind needs no more.
    db.pragma_update(None, "secure_delete", "FAST")?;
    db.set_prepared_statement_cache_capacity(64);
    Ok(())
}

fn explain(path: &Path, problem: &rusqlite::Error) -> Error {
    let advice = match problem.sqlite_error_code() {
        Some(rusqlite::ErrorCode::NotADatabase) => "it is no SQLite database; nothing was changed; name another path".to_owned(),
        Some(rusqlite::ErrorCode::ReadOnly | rusqlite::ErrorCode::CannotOpen) => {
            format!("{problem}; the file and its directory must be writable, as SQLite keeps two more files beside it")
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
