//! Changing the key of a store: its data key is wrapped anew, in one transaction. At whatever moment the process ends, the store
//! opens with the key before or the key after, and with a key file under the same name it opens by itself.

use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::Store;
use super::key_file::KeyFile;
use super::keys::{HeldKey, WrappedKey};
use super::secrets::{self, Secrets};
use super::writer::Fault;
use crate::error::Error;
use crate::fork;
use crate::key::KeySource;

/// How long emptying the log waits for whoever reads from it.
const BUSY_LIMIT: Duration = Duration::from_millis(200);

/// A key that a store goes over to.
pub(super) struct Change {
    pub(super) wrapped: WrappedKey,
    /// The key file that takes its next key when the change is durable.
    file: Option<KeyFile>,
}

impl Store {
    /// Has the store open with another key from now on.
    ///
    /// # Errors
    /// `InvalidArgument` for a key that cannot be had, `StoreFailed`: the key is then still the one before.
    pub(crate) async fn rekey(&self, source: KeySource) -> Result<(), Error> {
        let _turn = self.rekeying.lock().await;
        let row = self.read(|db| Ok(WrappedKey::read(db)?)).await?;
        let row = row.ok_or_else(|| Error::StoreFailed { problem: "the data key is gone from the store".to_owned() })?;
        let secrets = Arc::clone(&self.secrets);
        let Change { wrapped, file } = blocking(move || prepare(source, &row, &secrets)).await?;
        self.write(move |db| wrapped.replace(db).map_err(Fault::from)).await?;
        let real = self.real.clone();
        blocking(move || {
            if let Some(file) = file {
                HeldKey::File(file.clone()).settle(Some(file.next()));
            }
            if let Some(real) = real {
                forget_earlier_wrapping(&real);
            }
            Ok(())
        })
        .await
    }
}

/// Everything but the change itself. A new key is durable in its file before anything is sealed with it.
pub(super) fn prepare(source: KeySource, row: &WrappedKey, secrets: &Secrets) -> Result<Change, Error> {
    let held = HeldKey::of_source(source)?;
    let HeldKey::File(file) = held else {
        return Ok(Change { wrapped: secrets.wrap(&held)?, file: None });
    };
    let held = HeldKey::File(file.clone());
    let Ok((_, opened_with)) = held.open(row) else {
        // Another file than the one in use, or none yet: a key that is in it is taken.
        return Ok(Change { wrapped: secrets.wrap(&held)?, file: None });
    };
    // The file in use gets another key. An earlier change that was cut off is finished first.
    if opened_with.is_some_and(|opened_with| opened_with != file) {
        file.take_next().map_err(|problem| Error::invalid("key_file", format!("cannot be renamed: {problem}")))?;
    }
    let wrapped = secrets.wrap(&HeldKey::File(file.next()))?;
    Ok(Change { wrapped, file: Some(file) })
}

/// What the log still has of the wrapping before would open with the key before.
fn forget_earlier_wrapping(path: &std::path::Path) {
    match empty_log(path) {
        Ok(true) => {}
        Ok(false) => {
            tracing::info!("the store is in use, and its log has the key's earlier wrapping until it is next written anew");
        }
        Err(problem) => {
            tracing::info!(%problem, "the store's log could not be emptied after its key was changed; it is by and by");
        }
    }
}

fn empty_log(path: &std::path::Path) -> rusqlite::Result<bool> {
    let _at_work = fork::at_work();
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(path, flags)?;
    // Who waits for a reader here holds up every write.
    db.busy_timeout(BUSY_LIMIT)?;
    secrets::empty_log(&db)
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Error> + Send + 'static) -> Result<T, Error> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|problem| {
        Err(if problem.is_cancelled() {
            Error::Closed
        } else {
            Error::Internal { problem: "changing the key panicked".to_owned() }
        })
    })
}
