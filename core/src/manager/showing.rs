//! The verbs that show how things stand: each account, what happens, what is used of what has a bound.

use super::CookieManager;
use crate::call::Call;
use crate::capacity::Capacity;
use crate::error::Error;
use crate::event::Events;
use crate::metrics::Metrics;
use crate::status::AccountStatus;
use crate::wanted::Wanted;

impl CookieManager {
    /// The account at this moment. Wait-free: never behind a writer.
    ///
    /// # Errors
    /// [`Error::AccountNotFound`], [`Error::Closed`].
    pub fn status(&self, cookie_id: &str) -> Result<AccountStatus, Error> {
        self.tasks.status(cookie_id)
    }

    /// All accounts, in the order of their ids. Does not block.
    ///
    /// # Errors
    /// [`Error::Closed`].
    pub fn statuses(&self) -> Result<Vec<AccountStatus>, Error> {
        self.tasks.statuses()
    }

    /// Waits until the account is as wanted, at most `timeout_s` seconds (0 … 86,400). An account that is being removed while
    /// it is waited for can still be seen to stop.
    ///
    /// # Errors
    /// [`Error::AccountNotFound`], [`Error::TimedOut`] saying how things stood, [`Error::InvalidArgument`], [`Error::Closed`].
    pub fn wait_for(&self, cookie_id: &str, wanted: Wanted, timeout_s: f64) -> Call<AccountStatus> {
        self.tasks.wait_for(cookie_id, wanted, timeout_s)
    }

    /// A reader of what happens from now on, over all accounts. Does not block. It ends when the manager is closed.
    ///
    /// # Errors
    /// [`Error::Closed`].
    pub fn events(&self) -> Result<Events, Error> {
        self.tasks.events()
    }

    /// What is used of everything that has a bound, at this moment. Reads `/proc`; blocks for about a millisecond.
    ///
    /// # Errors
    /// [`Error::Closed`].
    pub fn capacity(&self) -> Result<Capacity, Error> {
        self.tasks.capacity()
    }

    /// How many accounts stand how, what they have done, and the capacity. Blocks for about a millisecond.
    ///
    /// # Errors
    /// [`Error::Closed`].
    pub fn metrics(&self) -> Result<Metrics, Error> {
        self.tasks.metrics()
    }

    /// The same as text for a monitoring system, in the [OpenMetrics](https://prometheus.io/docs/specs/om/open_metrics_spec/)
    /// form. `per_account` adds series for each account: a few lines more for each of them.
    ///
    /// # Errors
    /// [`Error::Closed`].
    pub fn metrics_text(&self, per_account: bool) -> Result<String, Error> {
        self.tasks.metrics_text(per_account)
    }
}
