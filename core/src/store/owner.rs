//! One owner: while a store is open, nobody else opens it, neither another process nor another manager of this one.
//!
//! Other processes are kept out by a POSIX lock on `<store>.lock`, which ends with this process however it ends, and which a fork
//! does not inherit, so that a child that lives on holds nothing. Such a lock also ends when anything in this process closes the
//! file (a host that copies the directory): so the file names its holder, and a holder that lives keeps the store all the same.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{FlockOperation, OFlags, fcntl_lock};
use rustix::io::Errno;

use super::faults;
pub(crate) use super::held::is_open_here;
use super::held::{Place, StoreFile, unless_held};
use crate::error::Error;

/// How often a lock file is looked at again that was replaced, or whose holder has not written its name yet.
const TRIES: u32 = 50;
const BETWEEN_TRIES: Duration = Duration::from_millis(2);
/// A lock file of ours is shorter; anything longer is somebody else's.
const MAX_NAME_BYTES: u64 = 64;

/// How a lock file of ours begins.
const OURS: &[u8] = b"livekeeper ";

/// Holds a store until it is dropped.
pub(super) struct Owner {
    // In this order: the lock is given back before the store counts as free here.
    _lock: Lock,
    place: Place,
}

impl Owner {
    /// Takes the store whose file is at `path`, which exists. Waits only for a manager of this process that is closing it.
    ///
    /// # Errors
    /// `AlreadyOpen`; `StoreUnavailable`, `DiskFull` and `DiskFailed` where no lock file can be had.
    pub(super) fn take(path: &Path) -> Result<Self, Error> {
        let file = StoreFile::of(path).map_err(|problem| faults::of_file(path, &problem))?;
        let place = Place::take(path, file.clone())?;
        let lock = Lock::take(path, beside(&file.real, ".lock"))?;
        Ok(Self { _lock: lock, place })
    }

    /// Whoever opens this store in this process next waits for its end instead of being refused.
    pub(super) fn is_leaving(&self) {
        self.place.is_leaving();
    }
}

/// The process that has the store at `path` open, if one has. Takes no lock, and changes nothing.
pub(super) fn holder(path: &Path) -> Option<u32> {
    let file = StoreFile::of(path).ok()?;
    // A lock file of this process is not opened: closing it again would give the lock back.
    unless_held(&file, || holder_by_name(&beside(&file.real, ".lock"))).unwrap_or_else(Some)
}

fn holder_by_name(lock: &Path) -> Option<u32> {
    let no_follow = OFlags::NOFOLLOW.bits().cast_signed();
    let mut file = OpenOptions::new().read(true).custom_flags(no_follow).open(lock).ok()?;
    match read_name(&mut file).ok()? {
        Content::Name(name) if name.lives() => Some(name.pid),
        _ => None,
    }
}

/// The file of that ending beside the database.
pub(super) fn beside(real: &Path, suffix: &str) -> PathBuf {
    let mut name = real.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// The lock file, locked; removed again at the end.
struct Lock {
    path: PathBuf,
    file: File,
    pid: u32,
}

/// How one try to lock went.
enum Try {
    Locked(File),
    /// It was removed or replaced under us, or its holder has not said who it is.
    Again,
    Held(Name),
}

impl Lock {
    fn take(store: &Path, path: PathBuf) -> Result<Self, Error> {
        let of_file = |problem: io::Error| faults::of_file(store, &problem);
        for _ in 0..TRIES {
            match try_lock(&path).map_err(of_file)? {
                Try::Locked(file) => return Self { path, file, pid: std::process::id() }.named(store),
                Try::Held(name) => return Err(refusal(store, Some(name.pid))),
                Try::Again => std::thread::sleep(BETWEEN_TRIES),
            }
        }
        Err(refusal(store, None))
    }

    /// Writes who holds it, unless the file is another program's or its last holder lives.
    fn named(mut self, store: &Path) -> Result<Self, Error> {
        match read_name(&mut self.file).map_err(|problem| faults::of_file(store, &problem)) {
            Ok(Content::Empty) => {}
            Ok(Content::Name(name)) if !name.lives() || name.pid == self.pid => {}
            Ok(Content::Name(name)) => {
                self.leave_in_place();
                return Err(refusal(store, Some(name.pid)));
            }
            Ok(Content::Strange) => {
                let strange = self.path.display().to_string();
                self.leave_in_place();
                return Err(faults::unavailable(store, &format!("{strange} is another program's file: name another path")));
            }
            Err(error) => {
                self.leave_in_place();
                return Err(error);
            }
        }
        self.write_name().map_err(|problem| faults::of_file(store, &problem))?;
        Ok(self)
    }

    fn write_name(&mut self) -> io::Result<()> {
        self.file.set_len(0)?;
        self.file.rewind()?;
        self.file.write_all(Name::own().to_string().as_bytes())
    }

    fn is_mine(&self) -> bool {
        self.pid == std::process::id()
    }

    /// Gives the lock back and leaves the file.
    fn leave_in_place(&mut self) {
        self.pid = 0;
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // In a fork both the lock and the file are the parent's. Removed while it is locked: whoever has it open already finds,
        // once the lock is theirs, that it is no longer the one of that name.
        if self.is_mine() {
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn try_lock(path: &Path) -> io::Result<Try> {
    let no_follow = OFlags::NOFOLLOW.bits().cast_signed();
    let mut file =
        OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).custom_flags(no_follow).open(path)?;
    match fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        Err(Errno::AGAIN | Errno::ACCESS) => {
            return Ok(match read_name(&mut file)? {
                Content::Name(name) if name.lives() => Try::Held(name),
                _ => Try::Again,
            });
        }
        Err(problem) => return Err(problem.into()),
    }
    let mine = file.metadata()?;
    let is_current = fs::symlink_metadata(path).is_ok_and(|now| (now.dev(), now.ino()) == (mine.dev(), mine.ino()));
    Ok(if is_current { Try::Locked(file) } else { Try::Again })
}

fn refusal(store: &Path, pid: Option<u32>) -> Error {
    let holder = pid.map_or_else(|| "in another process".to_owned(), |pid| format!("in process {pid}"));
    Error::AlreadyOpen { path: store.display().to_string(), holder, pid }
}

enum Content {
    Empty,
    Name(Name),
    Strange,
}

fn read_name(file: &mut File) -> io::Result<Content> {
    let mut text = Vec::new();
    file.rewind()?;
    file.take(MAX_NAME_BYTES).read_to_end(&mut text)?;
    // A loss of power may leave the length of what was written and none of it, and a kill a part of it.
    let is_unfinished = text.iter().all(|byte| *byte == 0) || text.starts_with(OURS) || OURS.starts_with(&text);
    match std::str::from_utf8(&text).ok().and_then(Name::parse) {
        Some(name) => Ok(Content::Name(name)),
        None if is_unfinished => Ok(Content::Empty),
        None => Ok(Content::Strange),
    }
}

/// A process, told apart from a later one of the same number by when it began.
#[derive(Debug, PartialEq, Eq)]
struct Name {
    pid: u32,
    /// In the system's own ticks since it was started; 0 where it does not tell.
    started: u64,
}

impl Name {
    fn own() -> Self {
        let pid = std::process::id();
        Self { pid, started: started(pid).unwrap_or(0) }
    }

    fn parse(text: &str) -> Option<Self> {
        let (pid, started) = text.strip_prefix("livekeeper ")?.strip_suffix('\n')?.split_once(' ')?;
        Some(Self { pid: pid.parse().ok()?, started: started.parse().ok()? })
    }

    /// Whether that process lives; a zombie does not.
    fn lives(&self) -> bool {
        started(self.pid).is_some_and(|started| started == self.started)
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "livekeeper {} {}", self.pid, self.started)
    }
}

/// When a process that lives began.
#[cfg(target_os = "linux")]
fn started(pid: u32) -> Option<u64> {
    let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may hold anything, also half a character where it was cut; after it come the state (field 3) and, as
    // field 22, the start.
    let after_name = stat.iter().rposition(|byte| *byte == b')')? + 1;
    let mut fields = std::str::from_utf8(stat.get(after_name..)?).ok()?.split_ascii_whitespace();
    if matches!(fields.next()?, "Z" | "X") {
        return None;
    }
    fields.nth(18)?.parse().ok()
}

#[cfg(not(target_os = "linux"))]
fn started(pid: u32) -> Option<u64> {
    let pid = rustix::process::Pid::from_raw(pid.cast_signed())?;
    (rustix::process::test_kill_process(pid) != Err(Errno::SRCH)).then_some(0)
}

#[cfg(test)]
#[path = "owner_tests.rs"]
mod tests;
