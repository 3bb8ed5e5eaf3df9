//! A directory of its own, removed with its value.

use std::fs;
use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// Names that are tried: others' directories may be left from a process that had the same number and was killed.
const MAX_TRIES: usize = 1_000;

/// A directory of its own, removed with this value.
#[derive(Debug)]
pub struct Scratch(PathBuf);

impl Scratch {
    /// A new one in `parent`, which is made if it is not there.
    ///
    /// # Errors
    /// `parent` cannot be written to.
    pub fn new(parent: &Path) -> Result<Self, Error> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let parent = std::path::absolute(parent)?;
        fs::create_dir_all(&parent)?;
        for _ in 0..MAX_TRIES {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let path = parent.join(format!("livekeeper-bench-{}-{number}", std::process::id()));
            // One that is there already is another's, and is left alone.
            match fs::create_dir(&path) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                made => return made.map(|()| Self(path)),
            }
        }
        Err(ErrorKind::AlreadyExists.into())
    }

    /// A path in it.
    pub fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed stays in a directory that `make clean` or the system removes.
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::Scratch;

    #[test]
    fn a_directory_that_is_there_already_is_neither_taken_over_nor_removed() {
        let parent = Scratch::new(&std::env::temp_dir()).unwrap();
        let in_the_way: Vec<_> =
            (0..5).map(|number| parent.join(&format!("livekeeper-bench-{}-{number}", std::process::id()))).collect();
        for path in &in_the_way {
            fs::create_dir(path).unwrap();
        }
        let own = Scratch::new(&parent.0).unwrap();
        assert!(own.0.is_dir() && !in_the_way.contains(&own.0));
        let path = own.0.clone();
        drop(own);
        assert!(!path.exists() && in_the_way.iter().all(|path| path.is_dir()));
        let top = parent.0.clone();
        drop(parent);
        assert!(!top.exists());
    }
}
