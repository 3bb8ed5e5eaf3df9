//! The threads that own the database connections. One writes: it takes what waits, runs it in one transaction, and answers
//! each caller after that transaction is durable (group commit). One reads, so that a read never waits for a write.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rusqlite::Connection;
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

    /// Hands a write over, waiting for room if need be. The answer comes after the write is durable. It may be done a second time,
    /// what the first has written being taken back: it does nothing but read and write.
    pub(super) async fn submit<T: Send + 'static>(
        &self,
        work: impl Fn(&Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<oneshot::Receiver<Result<T, Error>>, Error> {
        Ok(self.room().await?.submit(work))
    }

    /// Room for one write, if there is.
    pub(super) fn try_room(&self) -> Option<Room<'_>> {
        self.jobs.try_reserve().ok().map(Room)
    }

    /// Waits for room for one write.
    pub(super) async fn room(&self) -> Result<Room<'_>, Error> {
        self.jobs.reserve().await.map(Room).map_err(|_| Error::Closed)
    }

    /// Jobs that wait, and their bound.
    pub(super) fn queue(&self) -> (usize, usize) {
        (QUEUE - self.jobs.capacity(), QUEUE)
    }

    /// What was handed over before is done; what comes later finds the store closed. Does not block.
    pub(super) fn close(&self) {
        self.closing.store(true, Ordering::SeqCst);
        // An empty job wakes the thread; with a full queue it is awake.
        let (answer, _) = oneshot::channel();
        let _ = self.jobs.try_send(Box::new(Asked { work: |_: &Connection| Ok(()), outcome: None, answer }));
    }
}

/// Room for one write: whoever has it hands over at once, so that a wait which is cut short has lost nothing.
pub(super) struct Room<'a>(mpsc::Permit<'a, WriteJob>);

impl Room<'_> {
    /// As [`Writer::submit`].
    pub(super) fn submit<T: Send + 'static>(
        self,
        work: impl Fn(&Connection) -> Result<T, Fault> + Send + 'static,
    ) -> oneshot::Receiver<Result<T, Error>> {
        let (answer, receiver) = oneshot::channel();
        self.0.send(Box::new(Asked { work, outcome: None, answer }));
        receiver
    }
}

/// A job as the thread sees it.
trait Job: Send {
    /// Runs in the group's transaction, and keeps what came of it. Whether it has not failed.
    fn run(&mut self, db: &Connection) -> bool;
    /// It fails with this, whatever came of it.
    fn fail(&mut self, with: Error);
    /// What it has failed with.
    fn failed_with(&self) -> Option<&Error>;
    /// Answers its caller, once the fate of its transaction is known.
    fn answer(self: Box<Self>, committed: Result<(), Error>);
}

type WriteJob = Box<dyn Job>;

struct Asked<T, W> {
    work: W,
    /// Absent until it has run.
    outcome: Option<Result<T, Error>>,
    answer: oneshot::Sender<Result<T, Error>>,
}

impl<T: Send, W: Fn(&Connection) -> Result<T, Fault> + Send> Job for Asked<T, W> {
    fn run(&mut self, db: &Connection) -> bool {
        let outcome = self.outcome.insert(guarded(|| (self.work)(db)).map_err(|fault| fault.told(db)));
        outcome.is_ok()
    }

    fn fail(&mut self, with: Error) {
        self.outcome = Some(Err(with));
    }

    fn failed_with(&self) -> Option<&Error> {
        self.outcome.as_ref()?.as_ref().err()
    }

    fn answer(self: Box<Self>, committed: Result<(), Error>) {
        let Self { work, outcome, answer } = *self;
        // First: of what its caller holds as well, the caller is the last to let go, on the thread that has it at hand.
        drop(work);
        // The job's own error says more than that of the transaction which it brought down.
        let told = match outcome {
            Some(outcome) => outcome.and_then(|value| committed.map(|()| value)),
            None => Err(committed.err().unwrap_or_else(rolled_back)),
        };
        // A caller that no longer waits is no reason to fail: the write stands.
        drop(answer.send(told));
    }
}

/// A job that panics is refused; the thread goes on with the others.
fn guarded<T>(work: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(Fault::Refused(Error::Internal { problem: "a store job panicked".to_owned() })))
}

fn write_all(
    db: Connection,
    mut log: Option<OwnLog>,
    mut waiting: mpsc::Receiver<WriteJob>,
    is_closing: &AtomicBool,
) -> Connection {
    let mut group = Vec::new();
    while waiting.blocking_recv_many(&mut group, GROUP) > 0 {
        commit_group(&db, log.as_mut(), std::mem::take(&mut group));
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

fn commit_group(db: &Connection, log: Option<&mut OwnLog>, mut jobs: Vec<WriteJob>) {
    let _at_work = fork::at_work();
    let committed = run_all(db, &mut jobs).and_then(|()| log.map_or(Ok(()), |log| log.keep_safe(db)));
    if let Err(error) = &committed {
        tracing::warn!(%error, "the store could not write; whoever asked for it was told, and the next write is tried anew");
    }
    for job in jobs {
        job.answer(committed.clone());
    }
}

/// A job that fails leaves no trace, and the others of its group stand. Few fail, and of these few have written anything by then:
/// only where one has, all are run again, each in a savepoint, which copies aside whatever page it changes.
fn run_all(db: &Connection, jobs: &mut [WriteJob]) -> Result<(), Error> {
    if run_together(db, jobs)? == Ran::ToBeTakenBack {
        run_one_by_one(db, jobs)?;
    }
    Ok(())
}

#[derive(PartialEq, Eq)]
enum Ran {
    IsCommitted,
    /// A job has failed after it had written.
    ToBeTakenBack,
}

fn run_together(db: &Connection, jobs: &mut [WriteJob]) -> Result<Ran, Error> {
    say(db, BEGIN)?;
    for job in jobs {
        let before = db.total_changes();
        if !job.run(db) && db.total_changes() != before && !db.is_autocommit() {
            say(db, ROLLBACK)?;
            return Ok(Ran::ToBeTakenBack);
        }
        still_stands(db, &**job)?;
    }
    commit(db).map(|()| Ran::IsCommitted)
}

/// Where a job's trace cannot be taken back, the disk failing, the whole group is given up rather than half of the job kept.
fn run_one_by_one(db: &Connection, jobs: &mut [WriteJob]) -> Result<(), Error> {
    say(db, BEGIN)?;
    for job in jobs {
        say(db, SAVEPOINT).inspect_err(|_| give_up(db))?;
        let kept = if job.run(db) { say(db, RELEASE).map_err(|error| job.fail(error)) } else { Err(()) };
        if kept.is_err() && !db.is_autocommit() {
            say(db, TAKE_BACK).and_then(|()| say(db, RELEASE)).inspect_err(|_| give_up(db))?;
        }
        still_stands(db, &**job)?;
    }
    commit(db)
}

/// A full disk or an I/O error can make SQLite give up the whole transaction inside one job. A job after it must not run: what it
/// writes would be durable by itself, while its caller hears that it is not.
fn still_stands(db: &Connection, job: &dyn Job) -> Result<(), Error> {
    if db.is_autocommit() { Err(job.failed_with().cloned().unwrap_or_else(rolled_back)) } else { Ok(()) }
}

fn commit(db: &Connection) -> Result<(), Error> {
    say(db, COMMIT).inspect_err(|_| give_up(db))
}

fn give_up(db: &Connection) {
    if !db.is_autocommit()
        && let Err(error) = say(db, ROLLBACK)
    {
        tracing::warn!(%error, "a transaction of the store could not be taken back");
    }
}

const BEGIN: &str = "BEGIN IMMEDIATE";
const COMMIT: &str = "COMMIT";
const ROLLBACK: &str = "ROLLBACK";
const SAVEPOINT: &str = "SAVEPOINT job";
const RELEASE: &str = "RELEASE job";
const TAKE_BACK: &str = "ROLLBACK TO job";

fn say(db: &Connection, sql: &str) -> Result<(), Error> {
    let said = db.prepare_cached(sql).and_then(|mut statement| statement.execute([]));
    said.map(drop).map_err(|problem| Fault::Sql(problem).told(db))
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
    use tokio::sync::oneshot;

    use super::{AtEnd, Fault, Writer};
    use crate::error::Error;

    fn writer() -> Writer {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch("CREATE TABLE t (x INTEGER) STRICT").unwrap();
        Writer::start(db, None, None, AtEnd { owner: None, closed: mpsc::channel().0 }).unwrap()
    }

    /// Holds the thread with a group of its own until it is told to go on, so that whatever is handed over meanwhile makes the next.
    async fn hold(writer: &Writer) -> (mpsc::Sender<()>, oneshot::Receiver<Result<bool, Error>>) {
        let ((go, wait), (begun, has_begun)) = (mpsc::channel::<()>(), mpsc::channel());
        let held = writer.submit(move |_| Ok(begun.send(()).is_ok() && wait.recv().is_ok())).await.unwrap();
        has_begun.recv().unwrap();
        (go, held)
    }

    async fn count(writer: &Writer) -> u32 {
        let rows = writer.submit(|db| Ok(db.query_row("SELECT count(*) FROM t", [], |row| row.get(0))?)).await.unwrap();
        rows.await.unwrap().unwrap()
    }

    #[tokio::test]
    async fn when_a_job_brings_the_transaction_down_every_caller_of_the_group_hears_it_and_nothing_is_stored() {
        let writer = writer();
        let (go, held) = hold(&writer).await;
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
        held.await.unwrap().unwrap();
        assert!(matches!(first.await.unwrap(), Err(Error::StoreFailed { .. })));
        assert_eq!(fatal.await.unwrap(), Err(Error::StoreFailed { problem: "database or disk is full".to_owned() }));
        assert!(matches!(last.await.unwrap(), Err(Error::StoreFailed { .. })));
        assert_eq!(count(&writer).await, 0);
        insert(3).await.unwrap().await.unwrap().unwrap();
        assert_eq!(count(&writer).await, 1);
    }

    #[tokio::test]
    async fn a_job_that_fails_or_panics_half_way_leaves_no_trace_and_the_others_of_its_group_stand() {
        let writer = writer();
        let (go, held) = hold(&writer).await;
        let insert = |x: i64| writer.submit(move |db| Ok(db.execute("INSERT INTO t VALUES (?1)", [x])?));
        let first = insert(1).await.unwrap();
        let fails = writer.submit(|db| -> Result<(), Fault> {
            db.execute("INSERT INTO t VALUES (2)", [])?;
            Err(Fault::Refused(Error::Closed))
        });
        let fails = fails.await.unwrap();
        let panics = writer.submit(|db| -> Result<(), Fault> {
            db.execute("INSERT INTO t VALUES (3)", [])?;
            panic!("as told")
        });
        let panics = panics.await.unwrap();
        let last = insert(4).await.unwrap();
        go.send(()).unwrap();
        held.await.unwrap().unwrap();
        assert_eq!((first.await.unwrap(), last.await.unwrap()), (Ok(1), Ok(1)));
        assert_eq!(fails.await.unwrap(), Err(Error::Closed));
        assert!(matches!(panics.await.unwrap(), Err(Error::Internal { .. })));
        let kept = writer.submit(|db| Ok(db.query_row("SELECT group_concat(x) FROM t", [], |row| row.get::<_, String>(0))?));
        assert_eq!(kept.await.unwrap().await.unwrap().unwrap(), "1,4");
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
