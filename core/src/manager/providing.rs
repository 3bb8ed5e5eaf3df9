//! What the host provides by functions of its own.

use std::sync::Arc;

use super::CookieManager;
use crate::error::Error;
use crate::live::{CookieProvider, SetProvider};

impl CookieManager {
    /// Sets the function that is asked for a new cookie when an account's login is over, in the place of an earlier one; `None`
    /// takes it away. A call of the earlier one that is under way is still waited for. Does not block.
    ///
    /// It is called with the account's id and the reason, on a thread of its own, where it may block and may call every method of
    /// this manager; as many at the same time as `max_helpers` says (together with cookie helpers), further accounts wait.
    /// With a cookie of the same user the account signs in anew. Without one (`None`, or an empty text) the cookie helper is asked
    /// where there is one ([`Config::cookie_helper`](crate::Config::cookie_helper)), else the account is parked; it is parked too, with
    /// a sentence, when the function fails, panics, or brings another user's cookie, or one that turns out to be over as well.
    /// An account that is parked is not asked for again by itself: [`Self::restart`] has it tried anew.
    ///
    /// - `timeout_s`: how long a call is waited for; then the account is parked. Seconds, 0.05 … 3,600; of no meaning for `None`. A function
    ///   that goes on after it keeps its place until it returns; [`HostCall`](crate::HostCall) tells it that nobody waits. When the account
    ///   is stopped meanwhile, it is waited for in the stop's last stage (`stop_thread_s`), then abandoned and named in the report.
    ///
    /// It is dropped when it is replaced, or the manager closed or dropped, and no call of it runs; on any thread.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`], [`Error::Closed`], [`Error::Forked`].
    ///
    /// ```
    /// use std::sync::Arc;
    /// use livekeeper::{Config, CookieManager, CookieRequest, HostError, Secret};
    ///
    /// # fn main() -> Result<(), livekeeper::Error> {
    /// let manager = CookieManager::open(":memory:", Config::default())?;
    /// let provider = |request: &CookieRequest| {
    ///     let path = format!("cookies/{}.txt", request.unb);
    ///     let cookie = std::fs::read_to_string(&path).map_err(|problem| HostError::new(format!("{path}: {problem}")))?;
    ///     Ok(Some(Secret::new(cookie)))
    /// };
    /// manager.set_cookie_provider(Some(Arc::new(provider)), 120.0)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_cookie_provider(&self, provider: Option<Arc<CookieProvider>>, timeout_s: f64) -> Result<(), Error> {
        self.tasks.check_open()?;
        let set = provider.map(|function| SetProvider::new(function, timeout_s)).transpose()?;
        self.service.cookie_provider.store(set.map(Arc::new));
        Ok(())
    }
}
