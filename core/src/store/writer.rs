//! The threads that own the database connections. One writes: it takes what waits, runs it in one transaction, and answers
//! each caller after that transaction is durable (group commit). One reads, so that a read never waits for a write.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rusqlite::{Connection, Savepoint, Transaction, TransactionBehavior};
use tokio::sync::{mpsc, oneshot};

use super::faults;
use super::own_log::OwnLog;
use super::owner::Owner;
use crate::error::Error;
use crate::fork;

/// Jobs that wait at most; at the bound a caller waits for room.
const QUEUE: usize = 4_096;
/// Jobs in one transaction at most, so that the first of them is not kept waiting by the last.
const GROUP: usize = 512;

/// Answers a job's caller, once the fate of its transaction is known.
type Answer = Box<dyn FnOnce(Result<(), Error>) + Send>;
/// Runs in the group's transaction, or hears why there is none. What it failed with, if it did.
type WriteJob = Box<dyn FnOnce(Result<&mut Transaction<'_>, Error>) -> (Answer, Option<Error>) + Send>;
type ReadJob = Box<dyn FnOnce(&Connection) + Send>;

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

impl Fault {
    fn told(self, db: &Connection) -> Error {
        match self {
            Self::Sql(problem) => faults::of_call(db.path().unwrap_or_default(), &problem),
            Self::Refused(error) => error,
        }
    }
}

/// What a thread lets go of once it has closed its connection, in this order.
#[derive(Clone)]
pub(super) struct AtEnd {
    pub(super) owner: Option<Arc<Owner>>,
    /// Hears of it by being dropped.
    pub(super) closed: std::sync::mpsc::Sender<()>,
}

/// The end that callers of the writing thread hold.
pub(super) struct Writer {
    jobs: mpsc::Sender<WriteJob>,
    closing: Arc<AtomicBool>,
}

impl Writer {
    /// `real` is the true path of the database's file, `None` for one in memory. `reader` ends when the reading thread has closed its
    /// connection: whoever closes the last one empties the log into the database, and of two at the same time neither does.
    pub(super) fn start(
        db: Connection,
        real: Option<&Path>,
        reader: Option<std::sync::mpsc::Receiver<()>>,
        at_end: AtEnd,
    ) -> Result<Self, Error> {
        let log = real.map(OwnLog::of);
        let (jobs, waiting) = mpsc::channel(QUEUE);
        let closing = Arc::new(AtomicBool::new(false));
        let is_closing = Arc::clone(&closing);
        spawn("livekeeper-store", move || {
            let db = write_all(db, log, waiting, &is_closing);
            // Nothing is ever sent.
            reader.map(|reader| reader.recv());
            close(db);
            let AtEnd { owner, closed } = at_end;
            drop(owner);
            drop(closed);
        })?;
        Ok(Self { jobs, closing })
    }

    /// Hands a write over, waiting for room if need be. The answer comes after the write is durable.
    pub(super) async fn submit<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Savepoint<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> Result<oneshot::Receiver<Result<T, Error>>, Error> {
        let (sender, receiver) = oneshot::channel();
        let job: WriteJob = Box::new(move |transaction| {
            let outcome = transaction
                .and_then(|transaction| guarded(|| in_savepoint(transaction, work)).map_err(|fault| fault.told(transaction)));
            let failed_with = outcome.as_ref().err().cloned();
            // A caller that no longer waits is no reason to fail: the write stands.
            // The job's own error says more than that of the transaction which it brought down.
            let answer: Answer = Box::new(move |committed| drop(sender.send(outcome.and_then(|value| committed.map(|()| value)))));
            (answer, failed_with)
        });
        self.jobs.send(job).await.map_err(|_| Error::Closed)?;
        Ok(receiver)
    }

    /// Jobs that wait, and their bound.
    pub(super) fn queue(&self) -> (usize, usize) {
        (QUEUE - self.jobs.capacity(), QUEUE)
    }

    /// What was handed over before is done; what comes later finds the store closed. Does not block.
    pub(super) fn close(&self) {
        self.closing.store(true, Ordering::SeqCst);
        // An empty job wakes the thread; with a full queue it is awake.
        let _ = self.jobs.try_send(Box::new(|_| (Box::new(drop), None)));
    }
}

/// A job that panics is refused; the thread goes on with the others.
fn guarded<T>(work: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(Fault::Refused(Error::Internal { problem: "a store job panicked".to_owned() })))
}

/// A job that fails leaves no trace, and the others of its group stand. Where its trace cannot be taken back, the disk failing, the
/// whole group is given up rather than half of the job kept.
fn in_savepoint<T>(transaction: &mut Transaction<'_>, work: impl FnOnce(&Savepoint<'_>) -> Result<T, Fault>) -> Result<T, Fault> {
    let mut savepoint = transaction.savepoint()?;
    let fault = match work(&savepoint) {
        Ok(value) => {
            savepoint.commit()?;
            return Ok(value);
        }
        Err(fault) => fault,
    };
    let is_taken_back = savepoint.is_autocommit() || savepoint.rollback().is_ok();
    drop(savepoint);
    if !is_taken_back {
        transaction.execute_batch("ROLLBACK")?;
    }
    Err(fault)
}

fn write_all(
    mut db: Connection,
    mut log: Option<OwnLog>,
    mut waiting: mpsc::Receiver<WriteJob>,
    is_closing: &AtomicBool,
) -> Connection {
    let mut group = Vec::new();
    while waiting.blocking_recv_many(&mut group, GROUP) > 0 {
        commit_group(&mut db, log.as_mut(), std::mem::take(&mut group));
        if is_closing.load(Ordering::SeqCst) {
            waiting.close();
        }
    }
    db
}

fn close(db: Connection) {
    let _at_work = fork::at_work();
    if let Err((_, problem)) = db.close() {
        tracing::warn!(%problem, "the store was not closed cleanly; what was acknowledged is safe in its write-ahead log");
    }
}

fn commit_group(db: &mut Connection, log: Option<&mut OwnLog>, jobs: Vec<WriteJob>) {
    let _at_work = fork::at_work();
    if let Err(error) = begin_and_commit(db, log, jobs) {
        tracing::warn!(%error, "the store could not write; whoever asked for it was told, and the next write is tried anew");
    }
}

fn begin_and_commit(db: &mut Connection, log: Option<&mut OwnLog>, jobs: Vec<WriteJob>) -> Result<(), Error> {
    let path = Connection::path(db).unwrap_or_default().to_owned();
    let mut transaction = match db.transaction_with_behavior(TransactionBehavior::Immediate) {
        Ok(transaction) => transaction,
        Err(problem) => {
            let error = faults::of_call(&path, &problem);
            for job in jobs {
                job(Err(error.clone())).0(Ok(()));
            }
            return Err(error);
        }
    };
    let mut answers = Vec::with_capacity(jobs.len());
    let mut given_up = None;
    for job in jobs {
        answers.push(run(&mut transaction, job, &mut given_up));
    }
    let committed = match given_up {
        Some(error) => {
            drop(transaction);
            Err(error)
        }
        None => transaction.commit().map_err(|problem| faults::of_call(&path, &problem)),
    };
    let committed = committed.and_then(|()| log.map_or(Ok(()), |log| log.keep_safe(db)));
    for answer in answers {
        answer(committed.clone());
    }
    committed
}

/// A full disk or an I/O error can make SQLite give up the whole transaction inside one job. A job after it must not run: its
/// savepoint would begin a transaction of its own, and be durable while its caller hears that it is not.
fn run(transaction: &mut Transaction<'_>, job: WriteJob, given_up: &mut Option<Error>) -> Answer {
    if let Some(error) = given_up {
        return job(Err(error.clone())).0;
    }
    let (answer, failed_with) = job(Ok(transaction));
    if transaction.is_autocommit() {
        *given_up = Some(failed_with.unwrap_or_else(rolled_back));
    }
    answer
}

fn rolled_back() -> Error {
    Error::StoreFailed { problem: "the transaction was rolled back".to_owned() }
}

/// The end that callers of the reading thread hold.
pub(super) struct Reader {
    jobs: mpsc::Sender<ReadJob>,
    closing: Arc<AtomicBool>,
}

impl Reader {
    pub(super) fn start(db: Connection, at_end: AtEnd) -> Result<Self, Error> {
        let (jobs, mut waiting) = mpsc::channel::<ReadJob>(QUEUE);
        let closing = Arc::new(AtomicBool::new(false));
        let is_closing = Arc::clone(&closing);
        spawn("livekeeper-read", move || {
            while let Some(job) = waiting.blocking_recv() {
                let at_work = fork::at_work();
                job(&db);
                drop(at_work);
                if is_closing.load(Ordering::SeqCst) {
                    waiting.close();
                }
            }
            let at_work = fork::at_work();
            drop((db, at_work));
            let AtEnd { owner, closed } = at_end;
            drop(owner);
            drop(closed);
        })?;
        Ok(Self { jobs, closing })
    }

    pub(super) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Error> {
        let (sender, receiver) = oneshot::channel();
        let job: ReadJob = Box::new(move |db| drop(sender.send(guarded(|| work(db)).map_err(|fault| fault.told(db)))));
        self.jobs.send(job).await.map_err(|_| Error::Closed)?;
        receiver.await.unwrap_or(Err(Error::Closed))
    }

    /// As [`Writer::close`].
    pub(super) fn close(&self) {
        self.closing.store(true, Ordering::SeqCst);
        let _ = self.jobs.try_send(Box::new(|_| ()));
    }
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), Error> {
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(work)
        .map(drop)
        .map_err(|problem| Error::RuntimeUnavailable { problem: format!("the thread {name}: {problem}") })
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use rusqlite::Connection;

    use super::{AtEnd, Fault, Writer};
    use crate::error::Error;

    fn writer() -> Writer {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch("CREATE TABLE t (x INTEGER) STRICT").unwrap();
        Writer::start(db, None, None, AtEnd { owner: None, closed: mpsc::channel().0 }).unwrap()
    }

    async fn count(writer: &Writer) -> u32 {
        let rows = writer.submit(|db| Ok(db.query_row("SELECT count(*) FROM t", [], |row| row.get(0))?)).await.unwrap();
        rows.await.unwrap().unwrap()
    }

    #[tokio::test]
    async fn when_a_job_brings_the_transaction_down_every_caller_of_the_group_hears_it_and_nothing_is_stored() {
        let writer = writer();
        // The thread is held by a group of its own until all three are in its queue, so that they make the next.
        let ((go, wait), (begun, has_begun)) = (mpsc::channel::<()>(), mpsc::channel());
        let pause = writer.submit(move |_| Ok(begun.send(()).is_ok() && wait.recv().is_ok())).await.unwrap();
        has_begun.recv().unwrap();
        let insert = |x: i64| writer.submit(move |db| Ok(db.execute("INSERT INTO t VALUES (?1)", [x])?));
        let first = insert(1).await.unwrap();
        let fatal = writer.submit(|db| -> Result<(), Fault> {
            // What SQLite does by itself when the disk is full.
            db.execute_batch("ROLLBACK")?;
            Err(Fault::Refused(Error::StoreFailed { problem: "database or disk is full".to_owned() }))
        });
        let fatal = fatal.await.unwrap();
        let last = insert(2).await.unwrap();
        go.send(()).unwrap();
        pause.await.unwrap().unwrap();
        assert!(matches!(first.await.unwrap(), Err(Error::StoreFailed { .. })));
        assert_eq!(fatal.await.unwrap(), Err(Error::StoreFailed { problem: "database or disk is full".to_owned() }));
        assert!(matches!(last.await.unwrap(), Err(Error::StoreFailed { .. })));
        assert_eq!(count(&writer).await, 0);
        insert(3).await.unwrap().await.unwrap().unwrap();
        assert_eq!(count(&writer).await, 1);
    }

    #[tokio::test]
    async fn a_job_that_panics_is_answered_and_the_thread_goes_on() {
        let writer = writer();
        let bad = writer.submit(|_| -> Result<(), Fault> { panic!("as told") }).await.unwrap();
        assert!(matches!(bad.await.unwrap(), Err(Error::Internal { .. })));
        assert_eq!(count(&writer).await, 0);
    }

    #[tokio::test]
    async fn what_was_handed_over_before_the_close_is_done_and_what_comes_later_is_refused() {
        let writer = writer();
        let before = writer.submit(|_| Ok(7)).await.unwrap();
        writer.close();
        assert_eq!(before.await.unwrap(), Ok(7));
        let after = async {
            loop {
                if let Err(error) = writer.submit(|_| Ok(())).await {
                    return error;
                }
            }
        };
        assert_eq!(after.await, Error::Closed);
    }
}
