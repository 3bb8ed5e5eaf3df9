//! A document's bytes, bounded on their way out and in.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::Path;

use serde::Serialize;
use serde_json::value::RawValue;

use super::own_store;
use crate::error::Error;
use crate::store::{Store, begins_as_ours};

/// What a document may have.
const MAX_BYTES: u64 = 512 * 1024 * 1024;
/// More than stands in a document beside its accounts.
const HEAD_BYTES: u64 = 64 * 1024;
/// What tells a store of livekeeper.
const BEGINNING_BYTES: u64 = 100;
/// What its accounts may have.
pub(super) const MAX_ENTRIES_BYTES: u64 = MAX_BYTES - HEAD_BYTES;

/// The entries as JSON of so many bytes at most.
pub(super) fn json_of(entries: &[impl Serialize], most: u64) -> Result<Box<RawValue>, Error> {
    let mut room = Room { bytes: Vec::new(), most };
    serde_json::to_writer_pretty(&mut room, entries).map_err(|_| Error::AtCapacity {
        what: "the document of all accounts, in bytes,".to_owned(),
        bound: usize::try_from(most).unwrap_or(usize::MAX),
        advice: "nothing was written, as import_accounts would not take it; copy the store with snapshot instead",
    })?;
    let json = String::from_utf8(room.bytes).map_err(|problem| problem.to_string());
    let json = json.and_then(|json| RawValue::from_string(json).map_err(|problem| problem.to_string()));
    json.map_err(|problem| Error::Internal { problem })
}

/// Bytes up to a bound. What is written to it fails only there.
struct Room {
    bytes: Vec<u8>,
    most: u64,
}

impl Write for Room {
    fn write(&mut self, more: &[u8]) -> std::io::Result<usize> {
        if (self.bytes.len() + more.len()) as u64 > self.most {
            return Err(std::io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(more);
        Ok(more.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The bytes of a document, at most `MAX_BYTES`. Blocks.
pub(super) fn read_file(path: &Path) -> Result<Vec<u8>, Error> {
    let shown = path.display().to_string();
    let unreadable = |problem: std::io::Error| Error::invalid("path", format!("{shown:?} cannot be read: {problem}"));
    // Opening a pipe waits until somebody writes into it.
    if !fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(Error::invalid("path", format!("{shown:?} is no plain file: name a file of export_accounts")));
    }
    if Store::is_open_here(path) {
        let problem = format!("{shown:?} is the store of a manager of this process: name a file of export_accounts");
        return Err(Error::invalid("path", problem));
    }
    let file = File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    (&file).take(BEGINNING_BYTES).read_to_end(&mut bytes).map_err(unreadable)?;
    // However large it is.
    if begins_as_ours(&bytes) {
        return Err(own_store::refused(path));
    }
    file.take(MAX_BYTES + 1 - bytes.len() as u64).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(Error::invalid("path", format!("{shown:?} has more than {MAX_BYTES} bytes, which no such document has")));
    }
    Ok(bytes)
}
