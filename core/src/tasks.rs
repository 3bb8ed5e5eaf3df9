//! `TaskManager`: supervised tasks of any kind, without a store. `CookieManager` is one of these with a store and Xianyu sessions.

use std::future::Future;
use std::sync::Arc;

use tokio::sync::oneshot;
use tokio::time::Duration;

use crate::account::{AccountCell, PRIORITIES, check_cookie_id};
use crate::call::Call;
use crate::capacity::{Capacity, CapacityItem};
use crate::clock::SystemClock;
use crate::closing::Closing;
use crate::common::Common;
use crate::config::{Config, seconds};
use crate::error::Error;
use crate::event::Events;
use crate::metrics::{Metrics, Observer};
use crate::runtime::Runtime;
use crate::states::{ReasonCode, TaskState};
use crate::status::AccountStatus;
use crate::stop_report::StopReport;
use crate::supervisor::{BoxFuture, Slot, Supervisor};
use crate::wanted::Wanted;
use crate::worker::AccountWorker;

/// Supervises one task for each account, of a kind that the host writes: see [`AccountWorker`]. What the tasks need to be known
/// again after a restart of the process is the host's matter; [`CookieManager`](crate::CookieManager) has a store for that.
///
/// Every method may be called from any thread, at the same time. Methods that change something return a [`Call`] at once;
/// calls to one account are carried out in the order in which they were made, calls to different accounts do not wait for
/// each other. Dropping the manager closes it without waiting.
pub struct TaskManager<W: AccountWorker> {
    common: Arc<Common>,
    supervisor: Arc<Supervisor<W>>,
    observer: Arc<Observer<W>>,
    runtime: Runtime,
    closing: Closing,
}

impl<W: AccountWorker> TaskManager<W> {
    /// Starts the background runtime. Blocks for about a millisecond.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a setting out of its range, [`Error::RuntimeUnavailable`].
    pub fn open(config: Config) -> Result<Self, Error> {
        config.validate()?;
        Self::open_with(Arc::new(config), Vec::new)
    }

    /// `further` tells what else has a bound, for [`Self::capacity`].
    pub(crate) fn open_with(
        config: Arc<Config>,
        further: impl Fn() -> Vec<CapacityItem> + Send + Sync + 'static,
    ) -> Result<Self, Error> {
        let runtime = Runtime::start(config.worker_threads, seconds(config.stop_thread_s))?;
        let common = Common::new(config, Arc::new(SystemClock::new()), rand::random());
        let supervisor = Supervisor::new(runtime.handle().clone(), Arc::clone(&common));
        let observer = Observer::start(runtime.handle(), Arc::clone(&common), &supervisor, further);
        Ok(Self { common, supervisor, observer, runtime, closing: Closing::default() })
    }

    /// Adds an account with its worker and starts it, or replaces the worker of one that exists: its old session is fully gone
    /// first. `cookie_id`: the host's name for it, 1 … 255 bytes.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`], [`Error::AtCapacity`], [`Error::Closed`].
    pub fn add(&self, cookie_id: &str, worker: W) -> Call<()> {
        if let Err(error) = self.check_open().and_then(|()| check_cookie_id(cookie_id)) {
            return Call::ready(Err(error));
        }
        let worker = Arc::new(worker);
        let first = Arc::clone(&worker);
        self.supervisor.on_new_account(
            cookie_id,
            move |_| Arc::clone(&first),
            |slot| {
                Box::pin(async move {
                    if slot.is_active() {
                        slot.stop(ReasonCode::Replaced).await;
                    }
                    slot.set_worker(worker);
                    slot.set_known();
                    slot.set_enabled(true);
                    slot.start();
                    Ok(())
                })
            },
        )
    }

    /// Stops the account and forgets it. Answered when nothing of it runs.
    ///
    /// # Errors
    /// [`Error::AccountNotFound`], [`Error::Closed`].
    pub fn remove(&self, cookie_id: &str) -> Call<()> {
        self.change(cookie_id, |slot| {
            Box::pin(async {
                slot.stop(ReasonCode::Removed).await;
                slot.retire();
                Ok(())
            })
        })
    }

    /// Switches an account on or off.
    ///
    /// # Errors
    /// [`Error::AccountNotFound`], [`Error::Closed`].
    pub fn set_enabled(&self, cookie_id: &str, enabled: bool) -> Call<()> {
        self.change(cookie_id, move |slot| {
            Box::pin(async move {
                slot.switch(enabled).await;
                Ok(())
            })
        })
    }

    /// Pauses an account, or lets it go on: its worker is asked to receive and to answer nothing ([`WorkerTask::is_paused`](crate::WorkerTask::is_paused)).
    ///
    /// # Errors
    /// [`Error::AccountNotFound`], [`Error::Closed`].
    pub fn set_paused(&self, cookie_id: &str, paused: bool) -> Call<()> {
        self.change(cookie_id, move |slot| {
            Box::pin(async move {
                slot.set_paused(paused);
                Ok(())
            })
        })
    }

    /// Ends what runs for the account and starts it anew, with its failures forgotten; also one that was parked.
    ///
    /// # Errors
    /// [`Error::AccountNotFound`], [`Error::AccountDisabled`], [`Error::Closed`].
    pub fn restart(&self, cookie_id: &str) -> Call<()> {
        self.change(cookie_id, |slot| {
            Box::pin(async {
                slot.check_enabled()?;
                slot.restart().await;
                Ok(())
            })
        })
    }

    /// The account's place among those that wait to connect: −100 … 100, higher goes first. A step is worth 10 s of waiting,
    /// so that nobody starves.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`], [`Error::AccountNotFound`], [`Error::Closed`].
    pub fn set_priority(&self, cookie_id: &str, priority: i32) -> Call<()> {
        if let Err(error) = check_priority(priority) {
            return Call::ready(Err(error));
        }
        self.change(cookie_id, move |slot| {
            Box::pin(async move {
                slot.set_priority(priority);
                Ok(())
            })
        })
    }

    /// The account at this moment. Wait-free: never behind a writer.
    ///
    /// # Errors
    /// [`Error::AccountNotFound`], [`Error::Closed`].
    pub fn status(&self, cookie_id: &str) -> Result<AccountStatus, Error> {
        self.check_open()?;
        Ok(self.supervisor.cell(cookie_id)?.status())
    }

    /// All accounts, in the order of their ids. Does not block.
    ///
    /// # Errors
    /// [`Error::Closed`].
    pub fn statuses(&self) -> Result<Vec<AccountStatus>, Error> {
        Ok(self.cells()?.iter().map(|cell| cell.status()).collect())
    }

    /// Waits until the account is as wanted, at most `timeout_s` seconds (0 … 86,400). An account that is being removed while
    /// it is waited for can still be seen to stop.
    ///
    /// # Errors
    /// [`Error::AccountNotFound`], [`Error::TimedOut`] saying how things stood, [`Error::InvalidArgument`], [`Error::Closed`].
    pub fn wait_for(&self, cookie_id: &str, wanted: Wanted, timeout_s: f64) -> Call<AccountStatus> {
        let cell =
            match self.check_open().and_then(|()| check_timeout(timeout_s)).and_then(|()| self.supervisor.cell_to_be(cookie_id)) {
                Ok(cell) => cell,
                Err(error) => return Call::ready(Err(error)),
            };
        self.look(async move {
            let seen = cell.wait_until(|status| verdict(wanted, status));
            tokio::time::timeout(seconds(timeout_s), seen).await.unwrap_or_else(|_| {
                Err(Error::TimedOut {
                    what: wanted.to_string(),
                    cookie_id: cell.cookie_id().to_owned(),
                    limit_s: timeout_s.to_string(),
                    now: cell.status().to_string(),
                })
            })
        })
    }

    /// A reader of what happens from now on, over all accounts. Does not block. It ends when the manager is closed.
    ///
    /// # Errors
    /// [`Error::Closed`].
    pub fn events(&self) -> Result<Events, Error> {
        self.check_open()?;
        self.common.events.subscribe()
    }

    /// What is used of everything that has a bound, at this moment. Reads `/proc`; blocks for about a millisecond.
    ///
    /// # Errors
    /// [`Error::Closed`].
    pub fn capacity(&self) -> Result<Capacity, Error> {
        self.check_open()?;
        Ok(self.observer.capacity())
    }

    /// How many accounts stand how, what they have done, and the capacity. Blocks for about a millisecond.
    ///
    /// # Errors
    /// [`Error::Closed`].
    pub fn metrics(&self) -> Result<Metrics, Error> {
        self.check_open()?;
        Ok(self.observer.metrics())
    }

    /// The same as text for a monitoring system, in the [OpenMetrics](https://prometheus.io/docs/specs/om/open_metrics_spec/)
    /// form. `per_account` adds series for each account: a few lines more for each of them.
    ///
    /// # Errors
    /// [`Error::Closed`].
    pub fn metrics_text(&self, per_account: bool) -> Result<String, Error> {
        self.check_open()?;
        Ok(self.observer.text(per_account))
    }

    /// Stops every account and the runtime, within about `timeout_s` seconds (0 … 86,400), and reports on each account. A
    /// second call answers with the first one's report.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`], [`Error::Forked`].
    pub fn close(&self, timeout_s: f64) -> Call<StopReport> {
        self.close_with(timeout_s, || ())
    }

    /// `finally` runs when all accounts are stopped.
    pub(crate) fn close_with(&self, timeout_s: f64, finally: impl FnOnce() + Send + 'static) -> Call<StopReport> {
        if let Err(error) = self.runtime.check().and_then(|()| check_timeout(timeout_s)) {
            return Call::ready(Err(error));
        }
        let thread_limit = seconds(self.common.config.stop_thread_s);
        self.closing.close(&self.runtime, &self.supervisor, seconds(timeout_s), thread_limit, finally)
    }

    /// What a close needs at most, when nobody says.
    pub(crate) fn stop_limit(&self) -> Duration {
        let config = &self.common.config;
        seconds(config.stop_socket_s + config.stop_process_s + config.stop_thread_s)
    }

    pub(crate) fn check_open(&self) -> Result<(), Error> {
        self.runtime.check()?;
        if self.closing.has_begun() { Err(Error::Closed) } else { Ok(()) }
    }

    /// In a fork there is nothing to close: the threads are the parent's.
    pub(crate) fn is_in_fork(&self) -> bool {
        self.runtime.check().is_err()
    }

    pub(crate) fn common(&self) -> &Arc<Common> {
        &self.common
    }

    pub(crate) fn supervisor(&self) -> &Arc<Supervisor<W>> {
        &self.supervisor
    }

    pub(crate) fn cells(&self) -> Result<Vec<Arc<AccountCell>>, Error> {
        self.check_open()?;
        Ok(self.supervisor.cells())
    }

    /// Does `work` for a known account, alone and in its turn.
    pub(crate) fn change<T: Send + 'static>(
        &self,
        cookie_id: &str,
        work: impl for<'a> FnOnce(&'a mut Slot<W>) -> BoxFuture<'a, Result<T, Error>> + Send + 'static,
    ) -> Call<T> {
        match self.check_open() {
            Ok(()) => self.supervisor.on_account(cookie_id, work),
            Err(error) => Call::ready(Err(error)),
        }
    }

    /// Runs something until the runtime ends.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.runtime.spawn(work);
    }

    /// Does something that changes nothing. A caller that stops waiting ends it.
    pub(crate) fn look<T: Send + 'static>(&self, work: impl Future<Output = Result<T, Error>> + Send + 'static) -> Call<T> {
        let (mut answer, call) = oneshot::channel();
        self.runtime.spawn(async move {
            tokio::select! {
                () = answer.closed() => {}
                result = work => drop(answer.send(result)),
            }
        });
        Call::under_way(call)
    }
}

impl<W: AccountWorker> Drop for TaskManager<W> {
    fn drop(&mut self) {
        if !self.is_in_fork() {
            drop(self.close(self.stop_limit().as_secs_f64()));
        }
    }
}

impl<W: AccountWorker> std::fmt::Debug for TaskManager<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TaskManager").field("accounts", &self.supervisor.len()).finish_non_exhaustive()
    }
}

pub(crate) fn check_priority(priority: i32) -> Result<(), Error> {
    if PRIORITIES.contains(&priority) {
        return Ok(());
    }
    Err(Error::invalid("priority", format!("is {priority}, allowed is {} … {}", PRIORITIES.start(), PRIORITIES.end())))
}

fn check_timeout(timeout_s: f64) -> Result<(), Error> {
    if (0.0..=86_400.0).contains(&timeout_s) {
        return Ok(());
    }
    Err(Error::invalid("timeout_s", format!("is {timeout_s}, allowed is 0 … 86400")))
}

/// The answer to a wait, once there is one.
fn verdict(wanted: Wanted, status: AccountStatus) -> Option<Result<AccountStatus, Error>> {
    if wanted.is_met_by(&status) {
        return Some(Ok(status));
    }
    let is_gone = status.state == TaskState::Stopped && status.reason.code == ReasonCode::Removed;
    is_gone.then_some(Err(Error::AccountNotFound { cookie_id: status.cookie_id }))
}
