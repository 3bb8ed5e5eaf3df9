//! The store: a SQLite database in WAL mode with `synchronous=FULL`. A write is answered after it is durable.

mod accounts;
mod aged;
mod backfill;
mod beginning;
mod bringing;
mod chats;
mod cleaning;
mod damage;
mod default_replies;
mod echoes;
mod faults;
mod handover;
mod held;
mod inspection;
mod key_file;
mod keys;
mod looking;
mod messages;
mod migrations;
mod open;
mod orders;
mod outbox;
mod own_log;
mod owner;
mod rekeying;
mod rules;
mod secrets;
pub(crate) mod snapshot;
mod trail;
mod writer;

#[cfg(test)]
mod backfill_tests;
#[cfg(test)]
mod damage_tests;
#[cfg(test)]
mod echoes_tests;
#[cfg(test)]
mod fixture_tests;
#[cfg(test)]
mod orders_tests;
#[cfg(test)]
mod sealed_tests;
#[cfg(test)]
pub(crate) mod tests;
#[cfg(test)]
mod trail_tests;

use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::oneshot;

use self::owner::Owner;
use self::secrets::Secrets;
use self::writer::{AtEnd, Fault, Reader, Writer};
use crate::error::Error;
use crate::fork;
use crate::key::KeySource;

pub(crate) use self::aged::Part;
pub(crate) use self::backfill::ActiveChat;
pub(crate) use self::bringing::{AccountAnswers, AccountSettings};
pub use self::chats::PausedChat;
pub(crate) use self::cleaning::LOOK;
pub(crate) use self::default_replies::DefaultReplyOf;
pub(crate) use self::handover::{Answer, Handover, Taken};
pub use self::inspection::{InspectedAccount, InspectedMessage, Inspection, Integrity, inspect};
pub(crate) use self::looking::{explain, look_into};
pub(crate) use self::messages::{InboxRow, Recorded, RowKind};
pub(crate) use self::migrations::{begins_as_ours, is_ours};
pub(crate) use self::orders::OrderNote;
pub(crate) use self::outbox::{Content, Draft, EndedSend, NewSend};
pub use self::trail::{MessageTrace, SendTrace};

/// Everything that is stored. Cheap to share behind an `Arc`; every operation may be called from any task.
pub(crate) struct Store {
    writer: Writer,
    /// Absent for `:memory:`, whose only connection is the writer's.
    reader: Option<Reader>,
    secrets: Arc<Secrets>,
    /// The file, absolute; absent for `:memory:`.
    real: Option<PathBuf>,
    /// One change of the key at a time.
    rekeying: tokio::sync::Mutex<()>,
    /// Absent for `:memory:`. The threads hold it too, until they have closed their connections.
    owner: Option<std::sync::Weak<Owner>>,
    closed: std::sync::Mutex<mpsc::Receiver<()>>,
}

impl Store {
    /// Opens or makes the database, brings its schema up to date, and opens its data key with the key that the host chose; `None`
    /// is the key file beside it. Blocks while it does, also while another store of this process that is closing has the file.
    ///
    /// # Errors
    /// `AlreadyOpen`, `NotADatabase`, `Corrupt`, `StoreTooNew`, `WrongKey`: nothing was changed. `InvalidArgument` for a key that
    /// cannot be had. `DiskFull`, `DiskFailed`, `StoreUnavailable` with the path and what to do.
    pub(crate) fn open_with(path: &Path, key: Option<KeySource>) -> Result<Self, Error> {
        let (done, closed) = mpsc::channel();
        let at_work = fork::at_work();
        let open::Opened { writing, reading, secrets, real, owner } = open::open(path, key)?;
        drop(at_work);
        let (reader_done, reader_closed) = mpsc::channel();
        let at_end = |closed| AtEnd { owner: owner.clone(), closed };
        let reader = reading.map(|db| Reader::start(db, at_end(reader_done))).transpose()?;
        let writer = Writer::start(writing, real.as_deref(), reader.is_some().then_some(reader_closed), at_end(done))?;
        Ok(Self {
            writer,
            reader,
            secrets: Arc::new(secrets),
            real,
            rekeying: tokio::sync::Mutex::default(),
            owner: owner.as_ref().map(Arc::downgrade),
            closed: closed.into(),
        })
    }

    /// The same with the key file beside it.
    #[cfg(test)]
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        Self::open_with(path, None)
    }

    /// Whoever opens the same file in this process from now on waits until it is closed, instead of being refused.
    pub(crate) fn leave(&self) {
        if let Some(owner) = self.owner.as_ref().and_then(std::sync::Weak::upgrade) {
            owner.is_leaving();
        }
    }

    /// Finishes what was handed over before and closes the database; later operations answer `Closed`. Blocks up to `limit`;
    /// whether it was done by then.
    pub(crate) fn close(&self, limit: Duration) -> bool {
        self.leave();
        self.writer.close();
        if let Some(reader) = &self.reader {
            reader.close();
        }
        let closed = self.closed.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        // Nothing is ever sent: the threads drop their ends.
        closed.recv_timeout(limit) == Err(mpsc::RecvTimeoutError::Disconnected)
    }

    /// Writes that wait, and their bound.
    pub(crate) fn queue(&self) -> (usize, usize) {
        self.writer.queue()
    }

    async fn write<T: Send + 'static>(&self, work: impl Fn(&Connection) -> Result<T, Fault> + Send + 'static) -> Result<T, Error> {
        self.submit(work).await?.await.unwrap_or(Err(Error::Closed))
    }

    async fn submit<T: Send + 'static>(
        &self,
        work: impl Fn(&Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<oneshot::Receiver<Result<T, Error>>, Error> {
        self.writer.submit(work).await
    }

    async fn read<T: Send + 'static>(&self, work: impl Fn(&Connection) -> Result<T, Fault> + Send + 'static) -> Result<T, Error> {
        match &self.reader {
            Some(reader) => reader.read(work).await,
            None => self.write(move |db| work(db)).await,
        }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        // The threads close the database when they find that nobody can ask them any more.
        self.leave();
    }
}
