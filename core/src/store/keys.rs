//! From what a host gives to the key that a store's data key is sealed with.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, Row, named_params};
use zeroize::Zeroizing;

use super::key_file::KeyFile;
use crate::error::Error;
use crate::fork;
use crate::key::{Key, KeySource, Passphrase};
use crate::key_work::{KeyWork, SALT_BYTES};
use crate::sealing::{seal, unseal};

/// What a data key is known by.
pub(super) type KeyId = [u8; 16];

/// A host's key, ready for use.
pub(super) enum HeldKey {
    Key(Key),
    File(KeyFile),
    Passphrase(Passphrase),
}

/// A store's data key as its file has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WrappedKey {
    pub(super) key_id: KeyId,
    wrapped: Vec<u8>,
    /// Present where it is wrapped with a passphrase.
    work: Option<KeyWork>,
}

impl HeldKey {
    /// Reads what the host gives for a store; nothing given means the key file beside it.
    ///
    /// # Errors
    /// `InvalidArgument` naming what is wrong with it.
    pub(super) fn of(source: Option<KeySource>, store: &Path) -> Result<Self, Error> {
        match source {
            None => Ok(Self::File(KeyFile::beside(store))),
            Some(source) => Self::of_source(source),
        }
    }

    pub(super) fn of_source(source: KeySource) -> Result<Self, Error> {
        source.check()?;
        match source {
            KeySource::Key(key) => Ok(Self::Key(key)),
            KeySource::File(path) => Ok(Self::File(KeyFile::new(path))),
            KeySource::Env(name) => key_of_environment(&name).map(Self::Key),
            KeySource::Passphrase(words) => Ok(Self::Passphrase(words)),
        }
    }

    /// Opens a data key, and changes nothing. The file is told whose key fitted, where there are files.
    ///
    /// # Errors
    /// What was seen, and what to do.
    pub(super) fn open(&self, row: &WrappedKey) -> Result<(Key, Option<KeyFile>), String> {
        match (self, &row.work) {
            (Self::Passphrase(words), Some(work)) => {
                let opened = row.unwrap(&fork::aside(|| work.key_of(words))?);
                opened.map(|key| (key, None)).ok_or_else(|| "the passphrase is another one".to_owned())
            }
            (Self::Passphrase(_), None) => {
                Err("it is sealed with a key, and a passphrase was given: give key, key_file or key_env".to_owned())
            }
            (_, Some(_)) => Err("it is sealed with a passphrase: give passphrase, and no key".to_owned()),
            (Self::Key(key), None) => row.unwrap(key).map(|key| (key, None)).ok_or_else(|| "the key is another one".to_owned()),
            (Self::File(file), None) => open_with_file(file, row),
        }
    }

    /// Wraps a data key for a store that has none yet. A key file that is missing is made.
    ///
    /// # Errors
    /// `InvalidArgument` for a key file that cannot be had, else `Internal`.
    pub(super) fn wrap(&self, key_id: KeyId, data_key: &Key) -> Result<WrappedKey, Error> {
        let internal = |problem: String| Error::Internal { problem };
        match self {
            Self::Key(key) => WrappedKey::wrap(key_id, data_key, key, None).map_err(internal),
            Self::File(file) => {
                let key = file.read_or_make()?;
                file.make_private();
                WrappedKey::wrap(key_id, data_key, &key, None).map_err(internal)
            }
            Self::Passphrase(words) => {
                let work = KeyWork::new().map_err(internal)?;
                let key = fork::aside(|| work.key_of(words)).map_err(internal)?;
                WrappedKey::wrap(key_id, data_key, &key, Some(work)).map_err(internal)
            }
        }
    }
}

impl HeldKey {
    /// After a data key was opened: a key file that was about to be another one is, and nobody else may read it.
    pub(super) fn settle(&self, opened_with: Option<KeyFile>) {
        let (Self::File(file), Some(opened_with)) = (self, opened_with) else { return };
        if opened_with != *file
            && let Err(problem) = file.take_next()
        {
            let (next, file) = (opened_with.path().display(), file.path().display());
            tracing::warn!(%problem, "the store's key is in {next}, which cannot be renamed to {file}; it is looked for in both");
            return opened_with.make_private();
        }
        file.make_private();
    }
}

/// The file, and where a change of the key was cut off after it was durable, the one with the next key.
fn open_with_file(file: &KeyFile, row: &WrappedKey) -> Result<(Key, Option<KeyFile>), String> {
    let found = file.read();
    if let Ok(Some(key)) = &found
        && let Some(data_key) = row.unwrap(key)
    {
        return Ok((data_key, Some(file.clone())));
    }
    if let Ok(Some(key)) = file.next().read()
        && let Some(data_key) = row.unwrap(&key)
    {
        return Ok((data_key, Some(file.next())));
    }
    let path = file.path().display();
    Err(match found? {
        Some(_) => {
            format!("the key file {path} holds another key: bring the right one back, or give the key that it was changed to")
        }
        None => format!(
            "its key file {path} is not there: bring it back, or say where it is with key_file; where a key or passphrase was chosen, give that"
        ),
    })
}

fn key_of_environment(name: &str) -> Result<Key, Error> {
    let refused = |problem: &str| Error::invalid("key_env", format!("the environment variable {name} {problem}"));
    let text = std::env::var(name).map(Zeroizing::new).map_err(|_| refused("is not set, or no UTF-8"))?;
    Key::parse(&text).ok_or_else(|| refused("holds no key: it must be 32 bytes in Base64 or hex"))
}

impl WrappedKey {
    fn wrap(key_id: KeyId, data_key: &Key, key: &Key, work: Option<KeyWork>) -> Result<Self, String> {
        let marks = work.as_ref().map(KeyWork::marks).unwrap_or_default();
        let wrapped = seal(key, &place(&key_id, &marks), data_key.expose()).map_err(|fault| fault.to_string())?;
        Ok(Self { key_id, wrapped, work })
    }

    /// `None`: it is another key, or the row was changed.
    pub(super) fn unwrap(&self, key: &Key) -> Option<Key> {
        let marks = self.work.as_ref().map(KeyWork::marks).unwrap_or_default();
        let plain = unseal(key, &place(&self.key_id, &marks), &self.wrapped).ok()?;
        Key::new(&plain).ok()
    }

    /// The store's row; `None` where it has none.
    pub(super) fn read(db: &Connection) -> rusqlite::Result<Option<Self>> {
        let sql = "SELECT key_id, wrapped, salt, memory_kib, passes, lanes FROM data_keys";
        db.query_row(sql, [], Self::from_row).optional()
    }

    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        let salt: Option<[u8; SALT_BYTES]> = row.get("salt")?;
        let work = match salt {
            Some(salt) => {
                Some(KeyWork { salt, memory_kib: row.get("memory_kib")?, passes: row.get("passes")?, lanes: row.get("lanes")? })
            }
            None => None,
        };
        Ok(Self { key_id: row.get("key_id")?, wrapped: row.get("wrapped")?, work })
    }

    /// Puts it on record in a store that has none.
    pub(super) fn insert(&self, db: &Connection, is_swept: bool) -> rusqlite::Result<()> {
        db.execute(
            "INSERT INTO data_keys (key_id, wrapped, salt, memory_kib, passes, lanes, is_swept)
             VALUES (:key_id, :wrapped, :salt, :memory_kib, :passes, :lanes, :is_swept)",
            named_params! {
                ":key_id": self.key_id,
                ":wrapped": self.wrapped,
                ":salt": self.work.as_ref().map(|work| work.salt),
                ":memory_kib": self.work.as_ref().map(|work| work.memory_kib),
                ":passes": self.work.as_ref().map(|work| work.passes),
                ":lanes": self.work.as_ref().map(|work| work.lanes),
                ":is_swept": is_swept,
            },
        )?;
        Ok(())
    }

    /// Puts it in the place of the same data key as it was wrapped before.
    pub(super) fn replace(&self, db: &Connection) -> rusqlite::Result<()> {
        db.execute(
            "UPDATE data_keys SET wrapped = :wrapped, salt = :salt, memory_kib = :memory_kib, passes = :passes, lanes = :lanes
             WHERE key_id = :key_id",
            named_params! {
                ":key_id": self.key_id,
                ":wrapped": self.wrapped,
                ":salt": self.work.as_ref().map(|work| work.salt),
                ":memory_kib": self.work.as_ref().map(|work| work.memory_kib),
                ":passes": self.work.as_ref().map(|work| work.passes),
                ":lanes": self.work.as_ref().map(|work| work.lanes),
            },
        )?;
        Ok(())
    }
}

/// Where a wrapped data key belongs.
fn place<'a>(key_id: &'a KeyId, marks: &'a [u8]) -> [&'a [u8]; 3] {
    [b"livekeeper data key", key_id, marks]
}
