//! Looking into a database without changing anything: neither the file, nor what lies beside it.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::held::{StoreFile, unless_held};
use super::owner::beside;
use crate::error::Error;
use crate::fork;

/// For another process that writes at this moment.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Steps of SQLite between two looks at the clock: about a millisecond.
const STEPS: i32 = 100_000;
/// How often a look is begun anew because somebody has opened the database meanwhile.
const TRIES: usize = 3;
const IN_URI: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'.').remove(b'-').remove(b'_');

/// Opens a database to be read only, and reads.
///
/// Where nobody has a database in WAL mode open, it is read as a file that cannot change: SQLite would else make two files beside it
/// and leave them there. Should somebody open it or write to it meanwhile, it is read anew.
///
/// A log that lies there without its index is no reason to write, but SQLite makes the index. It is left there: whether another
/// process has begun to use it cannot be told without a lock on the database that keeps others out.
///
/// # Errors
/// [`Error::StoreUnavailable`], [`Error::NotADatabase`], [`Error::Corrupt`], and whatever `read` answers.
pub(crate) fn look_into<T>(path: &Path, mut read: impl FnMut(&mut Connection) -> Result<T, Error>) -> Result<T, Error> {
    let file = path.canonicalize().map_err(|problem| unavailable(path, &problem.to_string()))?;
    if !file.is_file() {
        return Err(unavailable(path, "it is no plain file: name the database's file"));
    }
    let seen = |problem: io::Error| unavailable(path, &problem.to_string());
    for _ in 0..TRIES {
        let before = Stamp::of(&file).map_err(seen)?;
        // A manager of this process that has it open is one more who uses it.
        let is_in_wal_mode = unless_held(&StoreFile::of(&file).map_err(seen)?, || is_in_wal_mode(&file)).unwrap_or(Ok(false));
        if is_in_use(&file) || !is_in_wal_mode.map_err(seen)? {
            break;
        }
        let answer = read_open(path, &file, "immutable=1", &mut read);
        // Somebody may have opened it, written to it and closed it again, and what was read is of two moments then.
        if !is_in_use(&file) && Stamp::of(&file).is_ok_and(|after| after == before) {
            return answer;
        }
    }
    read_open(path, &file, "mode=ro", &mut read)
}

fn read_open<T>(
    path: &Path,
    file: &Path,
    how: &str,
    read: &mut impl FnMut(&mut Connection) -> Result<T, Error>,
) -> Result<T, Error> {
    let _at_work = fork::at_work();
    let mut db = open(path, file, how)?;
    end_when(&mut db, || false).map_err(|problem| explain(path, &problem))?;
    read(&mut db)
}

/// Whatever is read takes as long as it likes: every now and then a fork that waits goes first. Ends it as soon as `is_over` says so.
pub(super) fn end_when(db: &mut Connection, is_over: impl Fn() -> bool + Send + 'static) -> rusqlite::Result<()> {
    // SQLite calls this between two steps, where it has none of the locks that are the whole process's.
    let step = move || {
        fork::pause();
        is_over()
    };
    db.progress_handler(STEPS, Some(step))
}

/// What SQLite says of a file, in words.
pub(crate) fn explain(path: &Path, problem: &rusqlite::Error) -> Error {
    let shown = path.display().to_string();
    match problem.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => Error::NotADatabase { path: shown, problem: "it is no SQLite database at all".to_owned() },
        Some(ErrorCode::DatabaseCorrupt) => Error::Corrupt { path: shown, problem: problem.to_string() },
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            unavailable(path, "another program holds it locked: try again when that is done")
        }
        Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly) => unavailable(
            path,
            "a program was cut off while it wrote, or the file may not be read: start that program once, then try again",
        ),
        _ => unavailable(path, &problem.to_string()),
    }
}

/// The file as SQLite's addresses name it, whatever its name holds.
pub(super) fn address(file: &Path, how: &str) -> String {
    format!("file:{}?{how}", percent_encode(file.as_os_str().as_encoded_bytes(), IN_URI))
}

fn open(path: &Path, file: &Path, how: &str) -> Result<Connection, Error> {
    let uri = address(file, how);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(uri, flags).map_err(|problem| explain(path, &problem))?;
    db.busy_timeout(BUSY_TIMEOUT).map_err(|problem| explain(path, &problem))?;
    Ok(db)
}

/// What changes with a file: which it is (device and inode), how long it is, when it was written to and changed (in nanoseconds).
#[derive(PartialEq, Eq)]
struct Stamp([i64; 4], (u64, u64, u64));

impl Stamp {
    fn of(file: &Path) -> io::Result<Self> {
        let now = fs::metadata(file)?;
        Ok(Self([now.mtime(), now.mtime_nsec(), now.ctime(), now.ctime_nsec()], (now.dev(), now.ino(), now.size())))
    }
}

/// Whether a log lies beside it, as it does while a program has a database in WAL mode open, or has been cut off.
fn is_in_use(file: &Path) -> bool {
    beside(file, "-wal").exists()
}

/// The file is opened by itself only where no log lies beside it and no manager of this process has it open: closing it again drops
/// the locks that this process has on it.
fn is_in_wal_mode(file: &Path) -> io::Result<bool> {
    const VERSIONS: std::ops::Range<usize> = 18..20;
    let mut head = [0; VERSIONS.end];
    match File::open(file)?.read_exact(&mut head) {
        Ok(()) => Ok(head[VERSIONS] == [2, 2]),
        // It is shorter than any database but the empty one.
        Err(problem) if problem.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(problem) => Err(problem),
    }
}

fn unavailable(path: &Path, problem: &str) -> Error {
    Error::StoreUnavailable { path: path.display().to_string(), problem: problem.to_owned() }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use rusqlite::Connection;

    use super::{end_when, look_into};
    use crate::fork::Gate;
    use crate::store::held::{StoreFile, is_open_here, unless_held};
    use crate::store::owner::Owner;
    use crate::store::tests::Scratch;

    /// A database in WAL mode that nobody has open.
    fn closed(scratch: &Scratch) {
        let db = Connection::open(scratch.file()).unwrap();
        db.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE t (x)").unwrap();
    }

    fn write(scratch: &Scratch) {
        Connection::open(scratch.file()).unwrap().execute("INSERT INTO t VALUES (randomblob(100000))", []).unwrap();
        assert!(!scratch.0.join("shop.db-wal").exists());
    }

    fn rows(db: &Connection) -> u32 {
        db.query_row("SELECT count(*) FROM t", [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn a_store_that_this_process_is_just_opening_is_never_opened_by_itself() {
        let scratch = Scratch::new("looking-opening");
        closed(&scratch);
        let link = scratch.0.join("link.db");
        std::os::unix::fs::symlink(scratch.file(), &link).unwrap();
        let owner = Owner::take(&scratch.file()).unwrap();
        for path in [&scratch.file(), &link] {
            assert!(is_open_here(path));
            let file = StoreFile::of(path).unwrap();
            assert_eq!(unless_held(&file, || panic!("it is opened by itself")), Err::<(), _>(std::process::id()));
            // There is no log yet: it is read as one that is in use all the same.
            assert!(look_into(path, |db| Ok(rows(db) == 0 && scratch.0.join("shop.db-shm").exists())).unwrap());
            for suffix in ["-wal", "-shm"] {
                let _ = std::fs::remove_file(scratch.0.join(format!("shop.db{suffix}")));
            }
        }
        drop(owner);
        assert!(!is_open_here(&link) && !is_open_here(&scratch.0.join("missing")));
        assert!(look_into(&link, |_| Ok(!scratch.0.join("shop.db-shm").exists())).unwrap());
    }

    #[test]
    fn a_file_that_somebody_has_written_to_and_closed_meanwhile_is_read_anew_and_at_last_under_its_locks() {
        let scratch = Scratch::new("looking-anew");
        closed(&scratch);
        for (writes, reads) in [(0, 1), (1, 2), (2, 3), (9, 4)] {
            let (mut count, before) = (0, look_into(&scratch.file(), |db| Ok(rows(db))).unwrap());
            let seen = look_into(&scratch.file(), |db| {
                let seen = rows(db);
                count += 1;
                // What is read last is read under the locks of a database that is in use.
                if count <= writes && count < reads {
                    write(&scratch);
                }
                Ok(seen)
            });
            assert_eq!((seen.unwrap(), count), (before + reads - 1, reads));
            for suffix in ["-wal", "-shm"] {
                let _ = std::fs::remove_file(scratch.0.join(format!("shop.db{suffix}")));
            }
        }
    }

    #[test]
    fn a_fork_goes_ahead_while_a_long_statement_runs() {
        static GATE: Gate = Gate::new();
        let (begun, has_begun) = mpsc::channel();
        let reading = std::thread::spawn(move || {
            let _at_work = GATE.at_work();
            let mut db = Connection::open_in_memory().unwrap();
            end_when(&mut db, || false).unwrap();
            begun.send(db.get_interrupt_handle()).unwrap();
            let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
            db.query_row(endless, [], |_| Ok(())).unwrap_err()
        });
        let handle = has_begun.recv().unwrap();
        assert_eq!(GATE.fork_within(Duration::from_secs(60)), 0);
        while !reading.is_finished() {
            // It is of no meaning before the statement has begun.
            handle.interrupt();
            std::thread::yield_now();
        }
        assert_eq!(reading.join().unwrap().sqlite_error_code(), Some(rusqlite::ErrorCode::OperationInterrupted));
    }
}
