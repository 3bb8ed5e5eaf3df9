//! The stores that are open in this process, so that none is opened twice, and that none of their files is opened past SQLite:
//! whatever closes such a file ends the locks that this process has on it.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use super::faults;
use super::owner::beside;
use crate::error::Error;
use crate::fork;

/// How long an open waits for a manager of this process that is closing the same store.
const LEAVING_LIMIT: Duration = Duration::from_secs(20);
/// How long a fork waits for the list, which a thread may hold that exists in its parent only.
const FORK_LIMIT: Duration = Duration::from_secs(1);
const BETWEEN_TRIES: Duration = Duration::from_millis(2);
/// What lies beside a database and is locked as well.
const LOCKED_BESIDE: [&str; 2] = [".lock", "-shm"];

static HELD: Held = Held::new();

struct Held {
    stores: Mutex<Vec<Holding>>,
    released: Condvar,
    /// The process that has asked last; in a fork it is another one. 0: nobody has asked.
    process: AtomicU32,
}

struct Holding {
    file: StoreFile,
    /// Not this process's number: it was open when this process was forked off.
    pid: u32,
    is_leaving: bool,
}

/// A store's file.
#[derive(Clone)]
pub(super) struct StoreFile {
    /// Where it is, whatever links lead there.
    pub(super) real: PathBuf,
    /// Which it is, whatever it is called: device and inode.
    id: (u64, u64),
}

impl StoreFile {
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        let real = path.canonicalize()?;
        let id = id_of(&real)?;
        Ok(Self { real, id })
    }

    /// Of the same file, or in the same place: a file that was replaced has the lock file of its successor.
    fn meets(&self, other: &Self) -> bool {
        self.id == other.id || self.real == other.real
    }

    fn is_or_lies_beside(&self, id: (u64, u64)) -> bool {
        self.id == id || LOCKED_BESIDE.iter().any(|suffix| id_of(&beside(&self.real, suffix)).is_ok_and(|beside| beside == id))
    }
}

/// A store's place in the list, until it is dropped.
pub(super) struct Place {
    file: StoreFile,
    pid: u32,
}

impl Place {
    /// Waits only for a manager of this process that is closing the store; `path` is what the host calls it.
    ///
    /// # Errors
    /// `AlreadyOpen`; `StoreUnavailable` in a fork that cannot know.
    pub(super) fn take(path: &Path, file: StoreFile) -> Result<Self, Error> {
        let until = Instant::now() + LEAVING_LIMIT;
        let pid = std::process::id();
        let mut stores = HELD.list(pid).ok_or_else(|| faults::unavailable(path, FORKED))?;
        while let Some(holding) = stores.iter().find(|holding| holding.file.meets(&file)) {
            let left = until.saturating_duration_since(Instant::now());
            if holding.pid != pid || !holding.is_leaving || left.is_zero() {
                return Err(refusal(path, holding));
            }
            // The one that closes waits for a fork that waits for this thread. The list is let go of before anything else is asked for.
            fork::aside(move || drop(HELD.released.wait_timeout(stores, left)));
            stores = HELD.list(pid).ok_or_else(|| faults::unavailable(path, FORKED))?;
        }
        stores.push(Holding { file: file.clone(), pid, is_leaving: false });
        Ok(Self { file, pid })
    }

    /// Whoever takes it next in this process waits for its end instead of being refused.
    pub(super) fn is_leaving(&self) {
        self.change(|stores, at| {
            if let Some(holding) = stores.get_mut(at) {
                holding.is_leaving = true;
            }
        });
    }

    fn change(&self, change: impl FnOnce(&mut Vec<Holding>, usize)) {
        // In a fork it stays as it is: SQLite's memory of the parent's locks was copied with everything else, and cannot be trusted.
        if self.pid != std::process::id() {
            return;
        }
        let Some(mut stores) = HELD.list(self.pid) else { return };
        if let Some(at) = stores.iter().position(|holding| holding.pid == self.pid && holding.file.id == self.file.id) {
            change(&mut stores, at);
        }
        HELD.released.notify_all();
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.change(|stores, at| drop(stores.swap_remove(at)));
    }
}

/// Whether this is a file of a store that is open in this process, by whatever name: its database, or one that is locked beside it.
/// Such a file must not be opened by itself: closing it again ends the locks that this process has on it.
pub(crate) fn is_open_here(path: &Path) -> bool {
    let Ok(id) = id_of(path) else { return false };
    let pid = std::process::id();
    // A fork that cannot know has no locks to lose.
    let Some(stores) = HELD.list(pid) else { return false };
    stores.iter().any(|holding| holding.pid == pid && holding.file.is_or_lies_beside(id))
}

/// Opens, reads and closes files of a store by hand while nobody in this process can open it, or answers which process has it
/// open: this one, or the one of which it is a fork. `look` is short, and asks nothing of this list.
pub(super) fn unless_held<T>(file: &StoreFile, look: impl FnOnce() -> T) -> Result<T, u32> {
    let Some(stores) = HELD.list(std::process::id()) else { return Ok(look()) };
    if let Some(holding) = stores.iter().find(|holding| holding.file.meets(file)) {
        return Err(holding.pid);
    }
    let seen = look();
    drop(stores);
    Ok(seen)
}

const FORKED: &str = "this process was forked off while its parent opened or closed a store, and cannot know which are open: open it in \
                      a process that is started anew (in Python, multiprocessing's start method spawn)";

impl Held {
    const fn new() -> Self {
        Self { stores: Mutex::new(Vec::new()), released: Condvar::new(), process: AtomicU32::new(0) }
    }

    /// The list; `None` in a fork of a process where another thread had it at that instant: nobody will ever give it back.
    fn list(&self, pid: u32) -> Option<MutexGuard<'_, Vec<Holding>>> {
        let last = self.process.compare_exchange(0, pid, Ordering::SeqCst, Ordering::SeqCst).map_or_else(|last| last, |_| pid);
        if last == pid {
            return Some(self.stores.lock().unwrap_or_else(PoisonError::into_inner));
        }
        let until = Instant::now() + FORK_LIMIT;
        loop {
            let stores = match self.stores.try_lock() {
                Ok(stores) => stores,
                Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
                Err(TryLockError::WouldBlock) if Instant::now() >= until => return None,
                Err(TryLockError::WouldBlock) => {
                    std::thread::sleep(BETWEEN_TRIES);
                    continue;
                }
            };
            // From now on whoever holds it is a thread of this process.
            self.process.store(pid, Ordering::SeqCst);
            return Some(stores);
        }
    }
}

fn refusal(path: &Path, holding: &Holding) -> Error {
    let holder = match holding {
        Holding { pid, .. } if *pid != std::process::id() => format!("in process {pid}, of which this one is a fork"),
        Holding { is_leaving: true, .. } => "in this process, which is still closing it".to_owned(),
        Holding { .. } => "in this process".to_owned(),
    };
    Error::AlreadyOpen { path: path.display().to_string(), holder, pid: Some(holding.pid) }
}

fn id_of(path: &Path) -> io::Result<(u64, u64)> {
    fs::metadata(path).map(|file| (file.dev(), file.ino()))
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::{Held, Place, StoreFile, is_open_here, unless_held};
    use crate::error::Error;
    use crate::fork::Gate;
    use crate::store::tests::Scratch;

    #[test]
    fn a_fork_whose_parent_had_the_list_at_that_instant_does_not_wait_for_ever() {
        let held = Held::new();
        let parents = held.list(1).unwrap();
        assert!(held.list(2).is_none());
        drop(parents);
        assert!(held.list(2).is_some());
        // From now on it is this process's own, and is waited for.
        let mine = held.list(2).unwrap();
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| held.list(2).is_some());
            drop(mine);
            assert!(waiting.join().unwrap());
        });
    }

    #[test]
    fn nobody_takes_a_store_while_its_files_are_looked_at_by_hand() {
        let scratch = Scratch::new("by-hand");
        std::fs::write(scratch.file(), b"").unwrap();
        let file = StoreFile::of(&scratch.file()).unwrap();
        let (sender, taken) = mpsc::channel();
        let look = || {
            let (path, file) = (scratch.file(), file.clone());
            let taking = std::thread::spawn(move || sender.send(Place::take(&path, file)));
            (taking, taken.recv_timeout(Duration::from_millis(100)).is_err())
        };
        let (taking, is_kept_out) = unless_held(&file, look).unwrap();
        assert!(is_kept_out);
        let place = taken.recv().unwrap().unwrap();
        taking.join().unwrap().unwrap();
        assert_eq!(unless_held(&file, || ()), Err(std::process::id()));
        drop(place);
        assert_eq!(unless_held(&file, || ()), Ok(()));
    }

    #[test]
    fn a_fork_does_not_wait_for_who_waits_for_a_manager_that_closes() {
        static GATE: Gate = Gate::new();
        let scratch = Scratch::new("fork-and-close");
        std::fs::write(scratch.file(), b"").unwrap();
        let take = || Place::take(&scratch.file(), StoreFile::of(&scratch.file()).unwrap());
        let place = take().unwrap();
        place.is_leaving();
        std::thread::scope(|scope| {
            let (begun, has_begun) = mpsc::channel();
            let next = scope.spawn(move || {
                let _at_work = GATE.at_work();
                begun.send(()).unwrap();
                take().map(drop)
            });
            has_begun.recv().unwrap();
            assert_eq!(GATE.fork_within(Duration::from_secs(10)), 0);
            drop(place);
            next.join().unwrap().unwrap();
        });
    }

    #[test]
    fn a_store_is_known_by_its_place_and_by_its_file() {
        let scratch = Scratch::new("place-and-file");
        let (path, moved) = (scratch.file(), scratch.0.join("moved.db"));
        std::fs::write(&path, b"").unwrap();
        std::fs::write(scratch.0.join("shop.db-shm"), b"").unwrap();
        std::os::unix::fs::symlink(&path, scratch.0.join("link.db")).unwrap();
        assert!(!is_open_here(&path));
        let place = Place::take(&path, StoreFile::of(&path).unwrap()).unwrap();
        for name in ["shop.db", "link.db", "shop.db-shm"] {
            assert!(is_open_here(&scratch.0.join(name)), "{name}");
        }
        std::fs::rename(&path, &moved).unwrap();
        std::fs::write(&path, b"").unwrap();
        for (name, is_here) in [(&path, false), (&moved, true)] {
            assert_eq!(is_open_here(name), is_here);
            assert!(matches!(Place::take(name, StoreFile::of(name).unwrap()), Err(Error::AlreadyOpen { .. })), "{name:?}");
        }
        drop(place);
        assert!(!is_open_here(&moved));
        Place::take(&path, StoreFile::of(&path).unwrap()).unwrap();
    }
}
