//! Opening the database file: locked, looked at before it is touched, made private, in WAL mode, with its schema up to date.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::keys::{HeldKey, WrappedKey};
use super::owner::{Owner, beside};
use super::secrets::{self, Secrets};
use super::{damage, faults, migrations};
use crate::error::Error;
use crate::key::KeySource;
use crate::private_file::sync_directory_of;
use crate::sealing::random_key;

const MEMORY: &str = ":memory:";
/// While a store is opened, another process may hold the file for a moment (a backup tool, an inspection).
const BUSY_AT_OPEN: Duration = Duration::from_secs(5);

/// What a store consists of while it is open.
pub(super) struct Opened {
    pub(super) writing: Connection,
    /// Absent for `:memory:`, as is the owner: nobody else can open that.
    pub(super) reading: Option<Connection>,
    pub(super) secrets: Secrets,
    /// The file, whatever it was called; absent for `:memory:`.
    pub(super) real: Option<PathBuf>,
    pub(super) owner: Option<Arc<Owner>>,
}

/// The writing connection, for a file the reading one, what its credentials are sealed with, and the lock that keeps others out.
pub(super) fn open(path: &Path, key: Option<KeySource>) -> Result<Opened, Error> {
    if path == Path::new(MEMORY) {
        return open_memory(path, key);
    }
    // What is wrong with a key is said before anything is made.
    let given = key.map(HeldKey::of_source).transpose()?;
    let is_made = make_private(path).map_err(|problem| faults::of_file(path, &problem))?;
    // One name from here on, whatever the directory of the process and the links to the file become; and none that SQLite would
    // take for an address.
    let real = path.canonicalize().map_err(|problem| faults::of_file(path, &problem))?;
    let file = NamedFile { given: path, real: &real };
    let owner = Arc::new(Owner::take(path)?);
    let held = given.map_or_else(|| HeldKey::of(None, &real), Ok)?;
    open_owned(&file, &held, owner).inspect_err(|_| {
        // A store that cannot be opened is not begun.
        if is_made && fs::metadata(&real).is_ok_and(|file| file.len() == 0) {
            let _ = fs::remove_file(&real);
        }
    })
}

/// A store's file: as it was named, for errors, and where it is.
pub(super) struct NamedFile<'a> {
    pub(super) given: &'a Path,
    pub(super) real: &'a Path,
}

/// Whether the file is new is only known once nobody else can fill it.
fn open_owned(file: &NamedFile<'_>, held: &HeldKey, owner: Arc<Owner>) -> Result<Opened, Error> {
    let path = file.given;
    let is_new = fs::metadata(file.real).map_err(|problem| faults::of_file(path, &problem))?.len() == 0;
    sync_directory_of(file.real).map_err(|problem| faults::of_file(path, &problem))?;
    let known = damage::look_before_touching(file, held)?;
    set_private(file.real).map_err(|problem| faults::of_file(path, &problem))?;
    let (secrets, wrapped) = match known {
        Some(secrets) => (secrets, None),
        None => Secrets::new(held).map(|(secrets, wrapped)| (secrets, Some(wrapped)))?,
    };
    let mut writing = connect(file)?;
    use_wal(path, &writing)?;
    migrations::apply(&mut writing, |db| seal_all(db, &secrets, wrapped.as_ref(), is_new))
        .map_err(|problem| faults::of_content(path, &problem))?;
    secrets::sweep(&writing);
    // Rows of many accounts lie in many pages. With SQLite's own 2 MiB each message has some of them read anew, and others written
    // before their transaction ends. Taken up only as far as it is needed.
    writing.pragma_update(None, "cache_size", -WRITING_CACHE_KIB).map_err(|problem| faults::of_open(path, &problem))?;
    let reading = connect(file)?;
    reading.pragma_update(None, "query_only", true).map_err(|problem| faults::of_open(path, &problem))?;
    for db in [&writing, &reading] {
        db.busy_timeout(faults::BUSY_LIMIT).map_err(|problem| faults::of_open(path, &problem))?;
    }
    Ok(Opened { writing, reading: Some(reading), secrets, real: Some(file.real.to_owned()), owner: Some(owner) })
}

/// Without a key of the host's, a store in memory has one that goes with it.
fn open_memory(path: &Path, key: Option<KeySource>) -> Result<Opened, Error> {
    let held = match key {
        Some(source) => HeldKey::of_source(source)?,
        None => HeldKey::Key(random_key().map_err(|fault| Error::Internal { problem: fault.to_string() })?),
    };
    let (secrets, wrapped) = Secrets::new(&held)?;
    let mut writing = Connection::open_in_memory().map_err(|problem| faults::of_open(path, &problem))?;
    prepare(&writing)
        .and_then(|()| migrations::apply(&mut writing, |db| seal_all(db, &secrets, Some(&wrapped), true)))
        .map_err(|problem| faults::of_open(path, &problem))?;
    Ok(Opened { writing, reading: None, secrets, real: None, owner: None })
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

/// The file, and what lies beside it already: a copy may have come with a log that others may read.
fn set_private(real: &Path) -> io::Result<()> {
    #[cfg(unix)]
    for suffix in ["", "-wal", "-shm", "-journal"] {
        match fs::set_permissions(beside(real, suffix), std::os::unix::fs::PermissionsExt::from_mode(0o600)) {
            Err(problem) if problem.kind() == io::ErrorKind::NotFound && !suffix.is_empty() => {}
            set => set?,
        }
    }
    Ok(())
}

fn connect(file: &NamedFile<'_>) -> Result<Connection, Error> {
    let how = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(file.real, how).map_err(|problem| faults::of_open(file.given, &problem))?;
    prepare(&db).map_err(|problem| faults::of_open(file.given, &problem))?;
    Ok(db)
}

fn use_wal(path: &Path, db: &Connection) -> Result<(), Error> {
    let mode: String = db
        .pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))
        .map_err(|problem| faults::of_open(path, &problem))?;
    if mode == "wal" {
        return Ok(());
    }
    Err(faults::unavailable(
        path,
        "its file system cannot share memory, which SQLite's WAL mode needs: name a path on a local disk",
    ))
}

/// Of pages that the writing connection keeps, in KiB.
const WRITING_CACHE_KIB: i32 = 32 * 1024;
/// Of 4 KiB.
const CHECKPOINT_PAGES: u32 = 4_000;

fn prepare(db: &Connection) -> rusqlite::Result<()> {
    db.busy_timeout(BUSY_AT_OPEN)?;
    db.pragma_update(None, "synchronous", "FULL")?;
    db.pragma_update(None, "foreign_keys", true)?;
    // What is taken out of a page that is written anyway is overwritten, such as a data key's earlier wrapping. Credentials are
    // sealed, so what whole pages leave behind needs no more.
    db.pragma_update(None, "secure_delete", "FAST")?;
    // What SQLite puts aside would else go to a directory of everybody's, whose disk may be another.
    db.pragma_update(None, "temp_store", "MEMORY")?;
    // The log is emptied into the file less often, so that a page that changes again and again is copied there once.
    db.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    db.set_prepared_statement_cache_capacity(128);
    // Plans do not look at the values that are bound: else a statement that is kept is compiled anew for each of them.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}
