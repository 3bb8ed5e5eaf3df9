//! Looking at a file before it is touched: whose it is, how old, and whether it is whole. Nothing is changed, and nothing repaired.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::faults;
use super::keys::HeldKey;
use super::looking::address;
use super::migrations::{self, Found};
use super::open::NamedFile;
use super::owner::beside;
use super::secrets::Secrets;
use crate::error::Error;

/// Up to this size a store is read through at each opening (about 0.1 s); of a larger one only the accounts are.
const READ_THROUGH_BYTES: u64 = 32 * 1024 * 1024;
/// SQLite's smallest page: a shorter file never was a database.
const SMALLEST_BYTES: u64 = 512;

/// Refuses what is no database, another program's, a newer livekeeper's, damaged, or sealed with another key. What its credentials
/// are sealed with, where they are.
pub(super) fn look_before_touching(file: &NamedFile<'_>, held: &HeldKey) -> Result<Option<Secrets>, Error> {
    let NamedFile { given: path, real } = *file;
    let size = fs::metadata(real).map_err(|problem| faults::of_file(path, &problem))?.len();
    let (journal, wal) = (has_content(real, "-journal"), has_content(real, "-wal"));
    if size == 0 {
        return refuse_emptied(path, wal).map(|()| None);
    }
    if size < SMALLEST_BYTES {
        return Err(faults::not_a_database(path, "it is no SQLite database"));
    }
    let alone = look_at_file_alone(path, real);
    if !journal && !wal {
        let looked = alone.and_then(|db| look_into(path, &db, size, held))?;
        return look_at_header(path, real, size).map(|()| looked);
    }
    // What a kill left beside the file belongs to it, unless the file is nobody's business.
    if let Err(error @ Error::NotADatabase { .. }) = alone {
        return Err(error);
    }
    // A transaction that was cut off in its journal is rolled back, for which the file is written; a WAL can be read as it is.
    let how = if journal { OpenFlags::SQLITE_OPEN_READ_WRITE } else { OpenFlags::SQLITE_OPEN_READ_ONLY };
    let db = Connection::open_with_flags(real, how | OpenFlags::SQLITE_OPEN_NO_MUTEX)
        .map_err(|problem| faults::of_open(path, &problem))?;
    look_into(path, &db, size, held)
}

/// A file that was made and never written is fine; one that has been cut to nothing is not, and SQLite would throw its WAL away.
fn refuse_emptied(path: &Path, has_wal: bool) -> Result<(), Error> {
    if has_wal {
        return Err(faults::damaged(path.display(), "it is empty, while its -wal file is not"));
    }
    Ok(())
}

/// Opens the file without those beside it, as if nobody could ever write it: no lock is taken and no file made.
fn look_at_file_alone(path: &Path, real: &Path) -> Result<Connection, Error> {
    let how = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(address(real, "immutable=1"), how).map_err(|problem| faults::of_open(path, &problem))?;
    whose(path, &db)?;
    Ok(db)
}

fn whose(path: &Path, db: &Connection) -> Result<Found, Error> {
    match migrations::look(db).map_err(|problem| faults::of_content(path, &problem))? {
        Found::Foreign => Err(faults::not_a_database(path, "it is the database of another program")),
        found => Ok(found),
    }
}

fn look_into(path: &Path, db: &Connection, size: u64, held: &HeldKey) -> Result<Option<Secrets>, Error> {
    match whose(path, db)? {
        Found::Ours(schema) if schema > migrations::NEWEST => {
            Err(Error::StoreTooNew { path: path.display().to_string(), found: schema, known: migrations::NEWEST })
        }
        Found::Ours(schema) => {
            read_through(path, db, size)?;
            (schema >= migrations::SEALED).then(|| Secrets::of_store(db, held, path)).transpose()
        }
        Found::Empty | Found::Foreign => Ok(None),
    }
}

fn read_through(path: &Path, db: &Connection, size: u64) -> Result<(), Error> {
    let check = if size <= READ_THROUGH_BYTES { "PRAGMA integrity_check(1)" } else { "PRAGMA integrity_check('accounts')" };
    let found: String = db.query_row(check, [], |row| row.get(0)).map_err(|problem| faults::of_content(path, &problem))?;
    if found == "ok" {
        return Ok(());
    }
    Err(faults::damaged(path.display(), found.replace('\n', " ")))
}

/// What SQLite itself lets pass: a length that is no number of pages, and a format that it would read and not write.
fn look_at_header(path: &Path, real: &Path, size: u64) -> Result<(), Error> {
    let mut header = [0; 20];
    // It is closed again, which drops this process's locks on it: there are none, for nobody here has the store open.
    File::open(real).and_then(|mut file| file.read_exact(&mut header)).map_err(|problem| faults::of_file(path, &problem))?;
    let page_bytes = match u16::from_be_bytes([header[16], header[17]]) {
        1 => 65_536,
        bytes => u64::from(bytes),
    };
    if !size.is_multiple_of(page_bytes) {
        return Err(faults::damaged(path.display(), "a part of its end is missing"));
    }
    if header[18] > 2 || header[19] > 2 {
        return Err(faults::damaged(path.display(), "its header is wrong"));
    }
    Ok(())
}

fn has_content(real: &Path, suffix: &str) -> bool {
    fs::metadata(beside(real, suffix)).is_ok_and(|file| file.len() > 0)
}
