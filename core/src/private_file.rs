//! A new file that only its owner may read: written beside its place, and put there when it is whole and on the disk.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;

use crate::error::Error;
use crate::sealing::random;

/// A file on its way to its place. It is removed unless it gets there.
pub(crate) struct PrivateFile {
    target: PathBuf,
    temporary: PathBuf,
}

impl PrivateFile {
    /// Begins a file for a place where there is none yet.
    ///
    /// # Errors
    /// `InvalidArgument` for `path` where there is something already, or none can be made there; `DiskFull`, `DiskFailed`.
    pub(crate) fn new(target: &Path) -> Result<Self, Error> {
        let Some(name) = target.file_name() else {
            return Err(Error::invalid("path", format!("{:?} names no file", shown(target))));
        };
        if fs::symlink_metadata(target).is_ok() {
            return Err(exists(target));
        }
        let mut hidden = std::ffi::OsString::from(".");
        hidden.push(name);
        // Drawn, not counted: a process that was killed may have had this one's number, in a container it always has.
        let drawn = random::<8>().map_err(|fault| Error::Internal { problem: fault.to_string() })?;
        hidden.push(format!(".{}.part", HEXLOWER.encode(&drawn)));
        let temporary = target.with_file_name(hidden);
        begin(&temporary).map_err(|problem| match problem.kind() {
            io::ErrorKind::AlreadyExists => {
                Error::invalid("path", format!("{:?} is in the way: remove it, then try again", shown(&temporary)))
            }
            _ => explain(target, &problem),
        })?;
        Ok(Self { target: target.to_owned(), temporary })
    }

    /// Where it is written to; the file exists and is empty.
    pub(crate) fn path(&self) -> &Path {
        &self.temporary
    }

    /// Puts it into its place, when it is durable.
    pub(crate) fn publish(self) -> Result<(), Error> {
        self.try_publish().map_err(|problem| explain(&self.target, &problem))
    }

    /// What went wrong with it, for the caller.
    pub(crate) fn explain(&self, problem: &io::Error) -> Error {
        explain(&self.target, problem)
    }

    fn try_publish(&self) -> io::Result<()> {
        File::open(&self.temporary)?.sync_all()?;
        give_name(&self.temporary, &self.target)?;
        sync_directory_of(&self.target)
    }
}

impl Drop for PrivateFile {
    fn drop(&mut self) {
        // In its place it is gone from here.
        let _ = fs::remove_file(&self.temporary);
    }
}

/// A name that nobody has yet: what has it already stays.
pub(crate) fn give_name(draft: &Path, name: &Path) -> io::Result<()> {
    match fs::hard_link(draft, name) {
        // Not every file system has links.
        #[cfg(target_os = "linux")]
        Err(problem) if problem.kind() != io::ErrorKind::AlreadyExists && problem.kind() != io::ErrorKind::NotFound => {
            use rustix::fs::{CWD, RenameFlags, renameat_with};
            // Where that cannot be either, the first problem says more.
            renameat_with(CWD, draft, CWD, name, RenameFlags::NOREPLACE).map_err(|_| problem)
        }
        linked => linked,
    }
}

/// A file's name outlasts a loss of power only once its directory is on the disk.
pub(crate) fn sync_directory_of(path: &Path) -> io::Result<()> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(directory)?.sync_all()
}

fn begin(temporary: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(temporary)
}

fn shown(target: &Path) -> String {
    target.display().to_string()
}

fn exists(target: &Path) -> Error {
    Error::invalid("path", format!("{:?} exists already, and was left as it is: name a new file", shown(target)))
}

fn explain(target: &Path, problem: &io::Error) -> Error {
    match problem.kind() {
        io::ErrorKind::AlreadyExists => exists(target),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Error::DiskFull { problem: problem.to_string() },
        io::ErrorKind::NotFound => {
            Error::invalid("path", format!("the directory of {:?} does not exist: make it first", shown(target)))
        }
        _ if problem.raw_os_error() == Some(rustix::io::Errno::IO.raw_os_error()) => {
            Error::DiskFailed { problem: problem.to_string() }
        }
        _ => Error::invalid("path", format!("{:?} cannot be written: {problem}", shown(target))),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::PrivateFile;

    #[test]
    fn a_file_is_private_and_there_only_when_it_is_whole_and_never_in_the_place_of_another() {
        let directory = std::env::temp_dir().join(format!("livekeeper-private-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        let target = directory.join("copy.json");
        let names = || fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().file_name()).collect::<Vec<_>>();
        drop(PrivateFile::new(&target).unwrap());
        assert!(names().is_empty(), "{:?}", names());

        let (first, second) = (PrivateFile::new(&target).unwrap(), PrivateFile::new(&target).unwrap());
        fs::write(first.path(), "whole").unwrap();
        assert!(!target.exists());
        first.publish().unwrap();
        assert!(second.publish().is_err());
        assert!(PrivateFile::new(&target).is_err());
        assert_eq!((fs::read_to_string(&target).unwrap().as_str(), names().len()), ("whole", 1));
        #[cfg(unix)]
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&target).unwrap().permissions()) & 0o777, 0o600);
        assert!(PrivateFile::new(&directory.join("missing/copy.json")).is_err());
        fs::remove_dir_all(&directory).unwrap();
    }

    #[test]
    fn what_a_killed_process_of_the_same_number_has_left_is_in_nobodys_way() {
        let directory = std::env::temp_dir().join(format!("livekeeper-private-left-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        let target = directory.join("copy.json");
        let left: Vec<_> =
            (0..50).map(|number| directory.join(format!(".copy.json.{}-{number}.part", std::process::id()))).collect();
        for path in &left {
            fs::write(path, "half").unwrap();
        }
        let (first, second) = (PrivateFile::new(&target).unwrap(), PrivateFile::new(&target).unwrap());
        assert_ne!(first.path(), second.path());
        first.publish().unwrap();
        assert!(left.iter().all(|path| path.exists()));
        fs::remove_dir_all(&directory).unwrap();
    }
}
