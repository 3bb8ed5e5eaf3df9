//! The accounts that are known, each with its mailbox. An entry is the account's lock: while work of the account lives, its
//! entry stays in the map, and all work goes through it.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arc_swap::ArcSwap;
use futures_util::FutureExt;
use futures_util::future::join_all;
use papaya::HashMap;
use tokio::sync::{Semaphore, oneshot, watch};
use tokio::time::{Duration, Instant};

use super::actor;
use super::admission::Admission;
use super::health;
use super::mailbox::{Job, MAX_JOBS, Mailbox, NotTaken};
use super::slot::Slot;
use super::stop::CloseBy;
use crate::account::AccountCell;
use crate::call::Call;
use crate::common::Common;
use crate::config::seconds;
use crate::error::Error;
use crate::resources::Resources;
use crate::states::{ConnectionState, ReasonCode, TaskState};
use crate::status::Counters;
use crate::stop_report::{AccountStop, StopReport};
use crate::worker::AccountWorker;

/// Work for an account, under way.
pub(crate) type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// All accounts and what their actors share. `W` is the kind of session that they run.
pub(crate) struct Supervisor<W> {
    entries: HashMap<Arc<str>, Arc<Entry<W>>>,
    runtime: tokio::runtime::Handle,
    pub(super) admission: Admission,
    pub(super) common: Arc<Common>,
    /// Helpers at the same time.
    helper_places: Arc<Semaphore>,
    closing: AtomicBool,
    /// When closing must be over, once it has begun.
    close_by: watch::Sender<Option<Instant>>,
}

/// One account.
pub(super) struct Entry<W> {
    pub(super) cell: Arc<AccountCell>,
    pub(super) worker: ArcSwap<W>,
    pub(super) mailbox: Mailbox<W>,
    /// Whether the account is on record. Set by its jobs; until it is, and when it is no more, readers do not find it.
    pub(super) is_known: AtomicBool,
}

impl<W: AccountWorker> Supervisor<W> {
    pub(crate) fn new(runtime: tokio::runtime::Handle, common: Arc<Common>) -> Arc<Self> {
        let config = &common.config;
        let supervisor = Arc::new(Self {
            entries: HashMap::new(),
            admission: Admission::new(&runtime, config.connect_rate_per_s, config.max_connecting),
            helper_places: Arc::new(Semaphore::new(config.max_helpers)),
            runtime,
            common,
            closing: AtomicBool::new(false),
            close_by: watch::Sender::new(None),
        });
        supervisor.runtime.spawn(health::watch(Arc::downgrade(&supervisor)));
        supervisor
    }

    pub(super) fn close_by(&self) -> CloseBy {
        self.close_by.subscribe()
    }

    pub(super) fn new_resources(&self) -> Resources {
        Resources::new(Arc::clone(&self.helper_places), seconds(self.common.config.stop_process_s))
    }

    /// Every account that is known to anybody, in no order.
    pub(super) fn all(&self) -> Vec<Arc<Entry<W>>> {
        self.entries.pin().values().cloned().collect()
    }

    /// What all accounts have counted, those that are gone included.
    pub(crate) fn counters(&self) -> Counters {
        self.common.with_absorbed(|mut counters| {
            self.entries.pin().values().for_each(|entry| counters.add(&entry.cell.counters.read()));
            counters
        })
    }

    /// Looks at each account on record, in no order.
    pub(crate) fn for_each_cell(&self, mut look: impl FnMut(&AccountCell)) {
        let entries = self.entries.pin();
        entries.values().filter(|entry| entry.is_known.load(Ordering::SeqCst)).for_each(|entry| look(&entry.cell));
    }

    /// Calls that wait for the account for which most wait.
    pub(crate) fn longest_mailbox(&self) -> usize {
        self.entries.pin().values().map(|entry| entry.mailbox.len()).max().unwrap_or_default()
    }

    /// Accounts that wait for their turn to connect, and accounts that connect.
    pub(crate) fn connects(&self) -> (usize, usize) {
        self.admission.load()
    }

    /// Helpers that run.
    pub(crate) fn helpers(&self) -> usize {
        self.common.config.max_helpers - self.helper_places.available_permits()
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn is_closing(&self) -> bool {
        self.closing.load(Ordering::SeqCst)
    }

    /// The cell of an account on record.
    pub(crate) fn cell(&self, cookie_id: &str) -> Result<Arc<AccountCell>, Error> {
        self.entry_on_record(cookie_id).map(|entry| Arc::clone(&entry.cell))
    }

    /// The cell of an account on record, or of one whose first job is still under way.
    pub(crate) fn cell_to_be(&self, cookie_id: &str) -> Result<Arc<AccountCell>, Error> {
        self.entry(cookie_id).map(|entry| Arc::clone(&entry.cell))
    }

    /// The worker of an account on record.
    pub(crate) fn worker(&self, cookie_id: &str) -> Result<Arc<W>, Error> {
        self.entry_on_record(cookie_id).map(|entry| entry.worker.load_full())
    }

    /// The cells of all accounts on record, in the order of their ids.
    pub(crate) fn cells(&self) -> Vec<Arc<AccountCell>> {
        let entries = self.entries.pin();
        let on_record = entries.values().filter(|entry| entry.is_known.load(Ordering::SeqCst));
        let mut cells: Vec<_> = on_record.map(|entry| Arc::clone(&entry.cell)).collect();
        cells.sort_by(|a, b| a.cookie_id().cmp(b.cookie_id()));
        cells
    }

    /// Does `work` for a known account, alone and in its turn.
    pub(crate) fn on_account<T: Send + 'static>(
        self: &Arc<Self>,
        cookie_id: &str,
        work: impl for<'a> FnOnce(&'a mut Slot<W>) -> BoxFuture<'a, Result<T, Error>> + Send + 'static,
    ) -> Call<T> {
        let entry = match self.entry(cookie_id) {
            Ok(entry) => entry,
            Err(error) => return Call::ready(Err(error)),
        };
        let not_found = Error::not_found(cookie_id);
        let (answer, call) = oneshot::channel();
        let job: Job<W> = Box::new(move |slot| {
            Box::pin(async move {
                // It may have been removed by a job before this one.
                let result = if slot.is_known() { guarded(work(slot)).await } else { Err(not_found) };
                let _ = answer.send(result);
            })
        });
        match entry.mailbox.push(job) {
            Ok(()) => Call::under_way(call),
            Err(NotTaken::Closed(_)) if self.is_closing() => Call::ready(Err(Error::Closed)),
            Err(NotTaken::Closed(_)) => Call::ready(Err(Error::not_found(cookie_id))),
            Err(NotTaken::Full) => Call::ready(Err(mailbox_full(cookie_id))),
        }
    }

    /// Does `work` for an account that may be new; `new_worker` makes its worker if it is. It stays unknown unless
    /// the work calls [`Slot::set_known`].
    pub(crate) fn on_new_account<T: Send + 'static>(
        self: &Arc<Self>,
        cookie_id: &str,
        new_worker: impl Fn(&Arc<AccountCell>) -> Arc<W>,
        work: impl for<'a> FnOnce(&'a mut Slot<W>) -> BoxFuture<'a, Result<T, Error>> + Send + 'static,
    ) -> Call<T> {
        let (answer, call) = oneshot::channel();
        let mut job: Job<W> = Box::new(move |slot| {
            Box::pin(async move {
                let _ = answer.send(guarded(work(slot)).await);
            })
        });
        loop {
            let entry = match self.entry_or_new(cookie_id, &new_worker) {
                Ok(entry) => entry,
                Err(error) => return Call::ready(Err(error)),
            };
            match entry.mailbox.push(job) {
                Ok(()) => return Call::under_way(call),
                Err(NotTaken::Full) => return Call::ready(Err(mailbox_full(cookie_id))),
                // It left the map before its door closed: the next look finds another, or none.
                Err(NotTaken::Closed(back)) => job = back,
            }
        }
    }

    /// Stops every account, all at the same time, within `limit`. What is not done by then is listed as left.
    pub(crate) async fn close(self: &Arc<Self>, limit: Duration) -> StopReport {
        let started = Instant::now();
        self.closing.store(true, Ordering::SeqCst);
        self.close_by.send_replace(Some(started + limit));
        let cells = self.cells();
        let stops = cells.iter().filter_map(|cell| self.entry(cell.cookie_id()).ok()).map(|entry| stop_entry(entry, limit));
        let accounts = join_all(stops).await.into_iter().flatten().collect();
        StopReport { took_s: started.elapsed().as_secs_f64(), accounts }
    }

    /// Lets go of every call that still waits for its turn: the runtime that would carry it out is gone.
    pub(crate) fn abandon_calls(&self) {
        self.entries.pin().values().for_each(|entry| entry.mailbox.abandon());
    }

    /// Nothing happens any more: readers of the events hear their end.
    pub(crate) fn end_events(&self) {
        self.common.events.close();
    }

    /// Takes an account that is on record no more out of the map, unless a new job waits for it. Whether it is out.
    pub(super) fn take_out(&self, entry: &Arc<Entry<W>>) -> bool {
        entry.mailbox.close_if_empty(|| {
            self.common.absorb_with(&entry.cell.counters, || {
                self.entries.pin().remove(entry.cell.cookie_id());
            });
            // Whoever waits for an account whose first call has failed waits for nothing.
            if entry.cell.standing().state != TaskState::Stopped {
                entry.cell.show(TaskState::Stopped, ConnectionState::Closed, ReasonCode::Removed, "");
            }
        })
    }

    fn entry(&self, cookie_id: &str) -> Result<Arc<Entry<W>>, Error> {
        self.entries.pin().get(cookie_id).cloned().ok_or_else(|| Error::not_found(cookie_id))
    }

    fn entry_on_record(&self, cookie_id: &str) -> Result<Arc<Entry<W>>, Error> {
        let entry = self.entry(cookie_id)?;
        if entry.is_known.load(Ordering::SeqCst) { Ok(entry) } else { Err(Error::not_found(cookie_id)) }
    }

    fn entry_or_new(
        self: &Arc<Self>,
        cookie_id: &str,
        new_worker: &impl Fn(&Arc<AccountCell>) -> Arc<W>,
    ) -> Result<Arc<Entry<W>>, Error> {
        if self.is_closing() {
            return Err(Error::Closed);
        }
        let entries = self.entries.pin();
        if let Some(entry) = entries.get(cookie_id) {
            return Ok(Arc::clone(entry));
        }
        // Two threads may both pass this look: the bound is kept to within the number of threads that add at once.
        if entries.len() >= self.common.config.max_accounts {
            return Err(Error::AtCapacity {
                what: "the number of accounts".to_owned(),
                bound: self.common.config.max_accounts,
                advice: "nothing was stored; remove an account, or open with a higher max_accounts",
            });
        }
        let cell = AccountCell::new(cookie_id, Arc::clone(&self.common));
        let worker = ArcSwap::new(new_worker(&cell));
        let new = Arc::new(Entry { cell, worker, mailbox: Mailbox::new(), is_known: AtomicBool::new(false) });
        match entries.try_insert(cookie_id.into(), Arc::clone(&new)) {
            Ok(_) => {
                self.runtime.spawn(actor::run(Arc::clone(self), Arc::clone(&new)));
                Ok(new)
            }
            // Another thread was faster: its entry is the account's.
            Err(occupied) => Ok(Arc::clone(occupied.current)),
        }
    }
}

/// Stops one account before anything else that waits for it; `None` if it was removed in the meantime.
async fn stop_entry<W: AccountWorker>(entry: Arc<Entry<W>>, limit: Duration) -> Option<AccountStop> {
    let (answer, stopped) = oneshot::channel();
    entry.mailbox.push_first(Box::new(move |slot| {
        Box::pin(async move {
            let _ = answer.send(slot.stop(ReasonCode::ManagerClosed).await);
        })
    }));
    match tokio::time::timeout(limit, stopped).await {
        Ok(report) => report.ok(),
        Err(_) => {
            drop(entry.cell.next_epoch());
            Some(AccountStop::left(entry.cell.cookie_id(), limit, "it was not over when the limit of close was".to_owned()))
        }
    }
}

/// A job that panics is answered as a fault; the account's actor goes on.
async fn guarded<T>(work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let outcome = AssertUnwindSafe(work).catch_unwind().await;
    outcome.unwrap_or_else(|_| Err(Error::Internal { problem: "a call to an account panicked".to_owned() }))
}

fn mailbox_full(cookie_id: &str) -> Error {
    Error::AtCapacity {
        what: format!("the mailbox of account {cookie_id:?}"),
        bound: MAX_JOBS,
        advice: "nothing was done; wait for earlier calls to this account",
    }
}
