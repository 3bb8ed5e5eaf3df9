//! The threads that own the database connections. One writes: it takes what waits, runs it in one transaction, and answers
//! each caller after that transaction is durable (group commit). One reads, so that a read never waits for a write.

use rusqlite::{Connection, Savepoint, Transaction, TransactionBehavior};
use tokio::sync::{mpsc, oneshot};

use crate::error::Error;

/// Jobs that wait at most; at the bound a caller waits for room.
const QUEUE: usize = 4_096;
/// Jobs in one transaction at most, so that the first of them is not kept waiting by the last.
const GROUP: usize = 512;

/// Answers a job's caller, once the fate of its transaction is known.
type Answer = Box<dyn FnOnce(Result<(), Error>) + Send>;
/// Runs in the group's transaction, or hears why there is none.
type WriteJob = Box<dyn FnOnce(Result<&mut Transaction<'_>, Error>) -> Answer + Send>;
type ReadJob = Box<dyn FnOnce(&Connection) + Send>;

enum Order<J> {
    Do(J),
    /// What was ordered before is done; what comes later finds the store closed.
    Close,
}

/// What a database operation may fail with inside its job.
pub(super) enum Fault {
    Sql(rusqlite::Error),
    Refused(Error),
}

impl From<rusqlite::Error> for Fault {
    fn from(problem: rusqlite::Error) -> Self {
        Self::Sql(problem)
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Sql(problem) => failed(&problem),
            Fault::Refused(error) => error,
        }
    }
}

fn failed(problem: &rusqlite::Error) -> Error {
    Error::StoreFailed { problem: problem.to_string() }
}

/// The end that callers of the writing thread hold.
pub(super) struct Writer(mpsc::Sender<Order<WriteJob>>);

impl Writer {
    /// `closed` hears when the thread has closed the database.
    pub(super) fn start(db: Connection, closed: std::sync::mpsc::Sender<()>) -> Result<Self, Error> {
        let (sender, orders) = mpsc::channel(QUEUE);
        spawn("livekeeper-store", move || {
            write_all(db, orders);
            drop(closed);
        })?;
        Ok(Self(sender))
    }

    /// Hands a write over, waiting for room if need be. The answer comes after the write is durable.
    pub(super) async fn submit<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Savepoint<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> Result<oneshot::Receiver<Result<T, Error>>, Error> {
        let (sender, receiver) = oneshot::channel();
        let job: WriteJob = Box::new(move |transaction| {
            let outcome = transaction.and_then(|transaction| in_savepoint(transaction, work).map_err(Error::from));
            // A caller that no longer waits is no reason to fail: the write stands.
            Box::new(move |committed| drop(sender.send(committed.and(outcome))))
        });
        self.0.send(Order::Do(job)).await.map_err(|_| Error::Closed)?;
        Ok(receiver)
    }

    /// Blocks only while the queue is full.
    pub(super) fn close(&self) {
        // A send that fails finds the thread gone already.
        let _ = self.0.blocking_send(Order::Close);
    }
}

/// A job that fails leaves no trace, and the others of its group stand.
fn in_savepoint<T>(transaction: &mut Transaction<'_>, work: impl FnOnce(&Savepoint<'_>) -> Result<T, Fault>) -> Result<T, Fault> {
    let savepoint = transaction.savepoint()?;
    let value = work(&savepoint)?;
    savepoint.commit()?;
    Ok(value)
}

fn write_all(mut db: Connection, mut orders: mpsc::Receiver<Order<WriteJob>>) {
    let mut group = Vec::new();
    let mut open = true;
    while open && orders.blocking_recv_many(&mut group, GROUP) > 0 {
        let jobs = group.drain(..).filter_map(|order| match order {
            Order::Do(job) => Some(job),
            Order::Close => {
                open = false;
                None
            }
        });
        let jobs: Vec<WriteJob> = jobs.collect();
        commit_group(&mut db, jobs);
    }
    if let Err((_, problem)) = db.close() {
        tracing::warn!(%problem, "the store was not closed cleanly; what was acknowledged is safe in its write-ahead log");
    }
}

fn commit_group(db: &mut Connection, jobs: Vec<WriteJob>) {
    let mut transaction = match db.transaction_with_behavior(TransactionBehavior::Immediate) {
        Ok(transaction) => transaction,
        Err(problem) => return jobs.into_iter().for_each(|job| job(Err(failed(&problem)))(Ok(()))),
    };
    let answers: Vec<Answer> = jobs.into_iter().map(|job| job(Ok(&mut transaction))).collect();
    let committed = transaction.commit().map_err(|problem| failed(&problem));
    for answer in answers {
        answer(committed.clone());
    }
}

/// The end that callers of the reading thread hold.
pub(super) struct Reader(mpsc::Sender<Order<ReadJob>>);

impl Reader {
    /// `closed` hears when the thread has closed its connection.
    pub(super) fn start(db: Connection, closed: std::sync::mpsc::Sender<()>) -> Result<Self, Error> {
        let (sender, mut orders) = mpsc::channel::<Order<ReadJob>>(QUEUE);
        spawn("livekeeper-read", move || {
            while let Some(Order::Do(job)) = orders.blocking_recv() {
                job(&db);
            }
            drop((db, closed));
        })?;
        Ok(Self(sender))
    }

    pub(super) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Error> {
        let (sender, receiver) = oneshot::channel();
        let job: ReadJob = Box::new(move |db| drop(sender.send(work(db).map_err(Error::from))));
        self.0.send(Order::Do(job)).await.map_err(|_| Error::Closed)?;
        receiver.await.unwrap_or(Err(Error::Closed))
    }

    /// Blocks only while the queue is full.
    pub(super) fn close(&self) {
        let _ = self.0.blocking_send(Order::Close);
    }
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), Error> {
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(work)
        .map(drop)
        .map_err(|problem| Error::RuntimeUnavailable { problem: format!("the thread {name}: {problem}") })
}
