//! The handle: starts and stops the service, tells where it is, and what it has seen.

use std::fmt;
use std::sync::Arc;

use tokio::sync::broadcast;

use crate::error::StartError;
use crate::options::Options;
use crate::record::{Counters, Ending, Seen, Send, Violation};
use crate::server;
use crate::state::{Shared, raised};

/// A running simulator. Clones are handles to the same one; when the last is dropped, it stops.
#[derive(Clone)]
pub struct Simulator {
    alive: Arc<Alive>,
}

/// Held by handles only, not by the tasks: its drop is the sign that nobody is interested any more.
struct Alive {
    shared: Arc<Shared>,
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.shared.stopping.send_replace(true);
    }
}

impl fmt::Debug for Simulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulator").field("address", &self.shared().address).finish_non_exhaustive()
    }
}

impl Simulator {
    /// Starts a simulator on the current tokio runtime (with its I/O and time drivers on).
    ///
    /// # Errors
    /// [`StartError`]: the address is taken or not loopback, or the certificate could not be made.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let shared = server::start(options).await?;
        Ok(Self { alive: Arc::new(Alive { shared }) })
    }

    /// Ends every connection with a close frame (1001), those that do not answer after 1 s without, and returns when
    /// nothing of the simulator runs any more. What it has seen can still be asked.
    pub async fn stop(&self) {
        let mut stopped = self.shared().stopped.subscribe();
        self.shared().stopping.send_replace(true);
        raised(&mut stopped).await;
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.alive.shared
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.shared().address.port()
    }

    /// Where the IM service is: `ws://127.0.0.1:PORT/`, or `wss://localhost:PORT/` with TLS.
    pub fn websocket_url(&self) -> String {
        format!("{}://{}/", if self.shared().options.tls { "wss" } else { "ws" }, self.host())
    }

    /// Where the signed API is: `http://127.0.0.1:PORT/h5`, or `https://localhost:PORT/h5` with TLS.
    pub fn api_url(&self) -> String {
        format!("{}/h5", self.http_url())
    }

    /// Where the login check is.
    pub fn login_check_url(&self) -> String {
        format!("{}/newlogin/hasLogin.do", self.http_url())
    }

    fn http_url(&self) -> String {
        format!("{}://{}", if self.shared().options.tls { "https" } else { "http" }, self.host())
    }

    fn host(&self) -> String {
        let address = self.shared().address;
        if self.shared().options.tls { format!("localhost:{}", address.port()) } else { address.to_string() }
    }

    /// The certificate authority a client must trust, as PEM; `None` without TLS.
    pub fn ca_pem(&self) -> Option<&str> {
        self.shared().ca_pem.as_deref()
    }

    /// Whether pushes flow to the account: connected, registered, and synced.
    pub fn online(&self, unb: &str) -> bool {
        self.shared().lock().accounts.get(unb).is_some_and(crate::account::Account::is_online)
    }

    /// WebSocket connections open.
    pub fn connections(&self) -> usize {
        self.shared().lock().connections
    }

    /// The accounts known, sorted.
    pub fn accounts(&self) -> Vec<String> {
        let mut accounts: Vec<_> = self.shared().lock().accounts.keys().cloned().collect();
        accounts.sort();
        accounts
    }

    /// The most registered connections the account ever had at one instant.
    pub fn max_live_sessions(&self, unb: &str) -> usize {
        self.shared().lock().accounts.get(unb).map_or(0, |account| account.max_live_sessions)
    }

    /// An account's sends, oldest first, those that were refused too.
    pub fn sends(&self, unb: &str) -> Vec<Send> {
        self.shared().lock().sends.iter().filter(|send| send.unb == unb).cloned().collect()
    }

    /// Every account's sends, oldest first.
    pub fn all_sends(&self) -> Vec<Send> {
        self.shared().lock().sends.iter().cloned().collect()
    }

    /// What was found wrong with clients, oldest first.
    pub fn violations(&self) -> Vec<Violation> {
        self.shared().lock().violations.iter().cloned().collect()
    }

    /// How connections ended, oldest first.
    pub fn endings(&self) -> Vec<Ending> {
        self.shared().lock().endings.iter().cloned().collect()
    }

    /// When WebSocket connections were opened, ms since 1970, oldest first: for the rate of reconnects.
    pub fn connect_times_ms(&self) -> Vec<u64> {
        self.shared().lock().connect_times_ms.iter().copied().collect()
    }

    /// The counters of all accounts together.
    pub fn counters(&self) -> Counters {
        self.shared().lock().counters
    }

    /// One account's counters; all zero if it is not known.
    pub fn counters_of(&self, unb: &str) -> Counters {
        self.shared().lock().accounts.get(unb).map(|account| account.counters).unwrap_or_default()
    }

    /// The log of all accounts, oldest first.
    pub fn seen(&self) -> Vec<Seen> {
        self.shared().lock().seen.iter().cloned().collect()
    }

    /// One account's log, oldest first.
    pub fn log(&self, unb: &str) -> Vec<Seen> {
        let state = self.shared().lock();
        state.accounts.get(unb).map(|account| account.log.iter().cloned().collect()).unwrap_or_default()
    }

    /// The log as it is written from here on. A reader that lags is told how many lines it missed.
    pub fn subscribe(&self) -> broadcast::Receiver<Seen> {
        self.shared().lock().subscribe()
    }

    /// Every account's sends as they are heard from here on. A reader that lags is told how many it missed.
    pub fn subscribe_sends(&self) -> broadcast::Receiver<Send> {
        self.shared().lock().subscribe_sends()
    }

    /// The orders the account confirmed as shipped, oldest first.
    pub fn consigned_orders(&self, unb: &str) -> Vec<String> {
        let state = self.shared().lock();
        state.accounts.get(unb).map(|account| account.consigned.iter().cloned().collect()).unwrap_or_default()
    }

    /// Entries that wait for the account to come online.
    pub fn waiting(&self, unb: &str) -> usize {
        self.shared().lock().accounts.get(unb).map_or(0, |account| account.waiting.len())
    }

    /// The value of a cookie in the account's latest API call: what the client made of the `Set-Cookie`s it got.
    pub fn cookie_last_sent(&self, unb: &str, name: &str) -> Option<String> {
        let state = self.shared().lock();
        let header = state.accounts.get(unb)?.last_cookie.as_deref()?;
        crate::login::cookie_values(header, name).last().map(str::to_owned)
    }
}
