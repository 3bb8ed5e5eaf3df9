//! The data key of an open store: it seals the credentials in the rows of accounts, each in its place.

use std::path::Path;

use rusqlite::Connection;

use super::keys::{HeldKey, KeyId, WrappedKey};
use super::writer::Fault;
use crate::error::Error;
use crate::key::Key;
use crate::sealing::{SealFault, random, random_key, seal, unseal};
use crate::secret::Secret;

/// The schema since which the sealed columns mean what they mean. Another meaning would have another number here.
const SCHEMA: &[u8] = b"livekeeper accounts 10";

/// What seals and opens credentials. Changing the key of a store leaves it as it is: only its wrapping is another one then.
pub(super) struct Secrets {
    key_id: KeyId,
    data_key: Key,
}

/// A column whose values are sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    Cookie,
    Token,
    Proxy,
}

impl Column {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Cookie => "cookie",
            Self::Token => "token",
            Self::Proxy => "proxy",
        }
    }

    /// Its name in the table.
    pub(super) fn place(self) -> &'static str {
        match self {
            Self::Cookie => "sealed_cookie",
            Self::Token => "sealed_token",
            Self::Proxy => "sealed_proxy",
        }
    }
}

impl Secrets {
    /// A data key for a store that has none, and how it stands in the store.
    pub(super) fn new(held: &HeldKey) -> Result<(Self, WrappedKey), Error> {
        let internal = |fault: SealFault| Error::Internal { problem: fault.to_string() };
        let (key_id, data_key) = (random().map_err(internal)?, random_key().map_err(internal)?);
        let wrapped = held.wrap(key_id, &data_key)?;
        Ok((Self { key_id, data_key }, wrapped))
    }

    /// Opens the data key of a store that is sealed already. Nothing is changed unless it opens; then a change of its key file that
    /// was cut off is finished.
    ///
    /// # Errors
    /// `WrongKey` saying what was seen and what to do; `Corrupt`.
    pub(super) fn of_store(db: &Connection, held: &HeldKey, path: &Path) -> Result<Self, Error> {
        let corrupt = |problem: String| Error::Corrupt { path: path.display().to_string(), problem };
        let row = WrappedKey::read(db).map_err(|problem| corrupt(format!("its data key cannot be read: {problem}")))?;
        let row =
            row.ok_or_else(|| corrupt("its data key is gone, without which nothing that is sealed can be opened".to_owned()))?;
        let wrong = |problem| Error::WrongKey { what: format!("the store {:?}", path.display().to_string()), problem };
        let (data_key, opened_with) = held.open(&row).map_err(wrong)?;
        held.settle(opened_with);
        Ok(Self { key_id: row.key_id, data_key })
    }

    /// Seals a credential for its place.
    pub(super) fn seal(&self, cookie_id: &str, column: Column, plain: &Secret) -> Result<Vec<u8>, Fault> {
        let sealed = seal(&self.data_key, &self.place(cookie_id, column), plain.expose().as_bytes());
        sealed.map_err(|fault| Fault::Refused(Error::Internal { problem: format!("the {}: {fault}", column.name()) }))
    }

    /// The same for what may be absent.
    pub(super) fn seal_some(&self, cookie_id: &str, column: Column, plain: Option<&Secret>) -> Result<Option<Vec<u8>>, Fault> {
        plain.map(|plain| self.seal(cookie_id, column, plain)).transpose()
    }

    /// Opens a credential in its place.
    pub(super) fn unseal(&self, cookie_id: &str, column: Column, sealed: &[u8]) -> Result<Secret, SealFault> {
        let mut plain = unseal(&self.data_key, &self.place(cookie_id, column), sealed)?;
        // Only text is ever sealed.
        String::from_utf8(std::mem::take(&mut *plain)).map(Secret::new).map_err(|_| SealFault::UnknownFormat)
    }

    /// The same data key under another key.
    pub(super) fn wrap(&self, held: &HeldKey) -> Result<WrappedKey, Error> {
        held.wrap(self.key_id, &self.data_key)
    }

    /// Seals what an earlier schema has plain, and puts the data key on record; in the transaction of the migration.
    pub(super) fn seal_all(&self, db: &Connection, wrapped: &WrappedKey, is_new: bool) -> rusqlite::Result<()> {
        wrapped.insert(db, is_new)?;
        let mut rows = db.prepare("SELECT cookie_id, cookie, token, proxy FROM accounts")?;
        let mut update =
            db.prepare("UPDATE accounts SET sealed_cookie = ?2, sealed_token = ?3, sealed_proxy = ?4 WHERE cookie_id = ?1")?;
        let mut rows = rows.query([])?;
        while let Some(row) = rows.next()? {
            let cookie_id: String = row.get("cookie_id")?;
            let plain = |column: Column| -> rusqlite::Result<Option<Secret>> {
                Ok(row.get::<_, Option<String>>(column.name())?.map(Secret::new))
            };
            let sealed = |column: Column| -> rusqlite::Result<Option<Vec<u8>>> {
                let place = self.place(&cookie_id, column);
                let sealed = plain(column)?.map(|plain| seal(&self.data_key, &place, plain.expose().as_bytes())).transpose();
                sealed.map_err(|fault| rusqlite::Error::ToSqlConversionFailure(Box::new(fault)))
            };
            update.execute((&cookie_id, sealed(Column::Cookie)?, sealed(Column::Token)?, sealed(Column::Proxy)?))?;
        }
        Ok(())
    }

    fn place<'a>(&'a self, cookie_id: &'a str, column: Column) -> [&'a [u8]; 4] {
        [SCHEMA, cookie_id.as_bytes(), column.name().as_bytes(), &self.key_id]
    }
}

/// Takes out of the file and its log what was plain in it before its credentials were sealed: nothing, in a store that was made
/// sealed. What a kill cuts off is done by the next open, and what cannot be done now is said and tried again then.
pub(super) fn sweep(db: &Connection) {
    match swept(db) {
        Ok(true) => {}
        Ok(false) => tracing::warn!(
            "credentials of an earlier version may still be plain in the store's file, which is in use elsewhere: close it there and open it again"
        ),
        Err(problem) => tracing::warn!(
            %problem, "credentials of an earlier version may still be plain in the store's file: it is swept when it is opened again"
        ),
    }
}

fn swept(db: &Connection) -> rusqlite::Result<bool> {
    if db.query_row("SELECT is_swept FROM data_keys", [], |row| row.get(0))? {
        return Ok(true);
    }
    // Writes the file anew: what rows and pages leave behind is in none of its pages then, and what is past its end is cut off.
    // What it needs for that may be as large as the file, and nothing in it is plain any more: on the disk, not in memory.
    db.execute_batch("PRAGMA temp_store = FILE; VACUUM; PRAGMA temp_store = MEMORY")?;
    if !empty_log(db)? {
        return Ok(false);
    }
    db.execute("UPDATE data_keys SET is_swept = 1", [])?;
    Ok(true)
}

/// Brings what is in the write-ahead log into the file and empties it; whether nobody else was in the way.
pub(super) fn empty_log(db: &Connection) -> rusqlite::Result<bool> {
    db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0)).map(|busy| busy == 0)
}
