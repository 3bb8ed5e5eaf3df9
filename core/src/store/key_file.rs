//! The file that holds a store's key: 32 bytes in Base64, a line of text, readable for its owner only. It comes into being whole or
//! not at all, and no key that a store may be sealed with is ever overwritten.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::faults;
use super::owner::is_open_here;
use crate::error::Error;
use crate::key::Key;
use crate::private_file::{give_name, sync_directory_of};
use crate::sealing::{random, random_key};

/// More than any key has; whoever names a log file or a device by mistake hears so at once.
const MAX_BYTES: u16 = 4_096;

/// A key file, there or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KeyFile(PathBuf);

impl KeyFile {
    /// One name, whatever the directory of the process and the links to the file become.
    pub(super) fn new(path: PathBuf) -> Self {
        let absolute = path.canonicalize().or_else(|_| std::path::absolute(&path));
        Self(absolute.unwrap_or(path))
    }

    /// The one that belongs to a store whose host names none: beside it.
    pub(super) fn beside(store: &Path) -> Self {
        Self::new(with_ending(store, ".key"))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// Where the next key waits while a store goes over to it.
    pub(super) fn next(&self) -> Self {
        Self(with_ending(&self.0, ".new"))
    }

    /// The key in it; `None` where there is no such file.
    pub(super) fn read(&self) -> Result<Option<Key>, String> {
        let text = match read_text(&self.0) {
            Ok(text) => text,
            Err(problem) if problem.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(problem) => return Err(format!("the key file {} cannot be read: {problem}", self.0.display())),
        };
        let problem = || format!("the key file {} holds no key: it must be 32 bytes in Base64 or hex", self.0.display());
        Key::parse(&text).map(Some).ok_or_else(problem)
    }

    /// The key in it; where there is no such file, it is made, with a new key, and durable before this answers.
    ///
    /// # Errors
    /// `InvalidArgument`, `DiskFull`, `DiskFailed`.
    pub(super) fn read_or_make(&self) -> Result<Key, Error> {
        let refused = |problem| Error::invalid("key_file", problem);
        if let Some(key) = self.read().map_err(refused)? {
            // One that was made before its directory could be synced is synced now.
            let synced = sync_directory_of(&self.0).err().and_then(|problem| faults::of_disk_io(&problem));
            return synced.map_or(Ok(key), Err);
        }
        let key = random_key().map_err(|fault| Error::Internal { problem: fault.to_string() })?;
        match self.make(&key) {
            Ok(()) => Ok(key),
            // Somebody else was faster: theirs is the key.
            Err(problem) if problem.kind() == io::ErrorKind::AlreadyExists => {
                self.read().map_err(refused)?.ok_or_else(|| self.not_made(&io::Error::from(io::ErrorKind::NotFound)))
            }
            Err(problem) => Err(self.not_made(&problem)),
        }
    }

    /// Puts the next key in the place of this one.
    pub(super) fn take_next(&self) -> io::Result<()> {
        fs::rename(self.next().0, &self.0)?;
        sync_directory_of(&self.0)
    }

    /// Takes the file away from everybody but its owner. Where that cannot be (a secret that a container mounts, for one), it is said.
    pub(super) fn make_private(&self) {
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let Ok(found) = fs::metadata(&self.0) else { return };
            if found.permissions().mode() & 0o777 == 0o600 {
                return;
            }
            if let Err(problem) = fs::set_permissions(&self.0, PermissionsExt::from_mode(0o600)) {
                tracing::warn!(key_file = %self.0.display(), %problem, "others may read the key file, and its mode cannot be changed");
            }
        }
    }

    /// Under another name first, so that nobody ever sees half a key; then its own, unless that is taken.
    fn make(&self, key: &Key) -> io::Result<()> {
        let number = random::<8>().map_err(io::Error::other)?;
        let draft = with_ending(&self.0, &format!(".{:016x}", u64::from_le_bytes(number)));
        let made = write_private(&draft, key).and_then(|()| give_name(&draft, &self.0));
        if draft.exists()
            && let Err(problem) = fs::remove_file(&draft)
        {
            tracing::warn!(draft = %draft.display(), %problem, "a draft of the key file could not be removed: remove it yourself");
        }
        made?;
        sync_directory_of(&self.0)
    }

    fn not_made(&self, problem: &io::Error) -> Error {
        let path = self.0.display();
        let words = match problem.kind() {
            io::ErrorKind::NotFound => format!("the key file {path} cannot be made: its directory does not exist; make it first"),
            _ => format!("the key file {path} cannot be made: {problem}"),
        };
        faults::of_disk_io(problem).unwrap_or_else(|| Error::invalid("key_file", words))
    }
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(ending);
    name.into()
}

fn read_text(path: &Path) -> io::Result<Zeroizing<String>> {
    // Reading it would end the locks of a store that is open.
    if is_open_here(path) {
        return Err(io::Error::other("it is a file of a store that is open in this process, and no key file"));
    }
    // With room for all of it at once: a buffer that grows would leave parts of the key behind.
    let mut text = Zeroizing::new(String::with_capacity(usize::from(MAX_BYTES)));
    File::open(path)?.take(u64::from(MAX_BYTES)).read_to_string(&mut text)?;
    Ok(text)
}

fn write_private(path: &Path, key: &Key) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(key.to_text().expose().as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()
}
