//! `CookieManager`: every public verb, each a few lines.

mod work;

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::oneshot;

use crate::account::{AccountCell, check_cookie_id};
use crate::call::Call;
use crate::clock::{Clock, SystemClock};
use crate::closing::Closing;
use crate::config::{Config, seconds};
use crate::error::Error;
use crate::live::api::Api;
use crate::live::transport::Connector;
use crate::live::{SendOutcome, Service, XianyuLive, tls};
use crate::reply::rules::Rules;
use crate::runtime::Runtime;
use crate::status::{AccountStatus, ConnectionState, ReasonCode, TaskState};
use crate::store::{KeywordRule, Store};
use crate::supervisor::{Slot, StopReport, Supervisor};
use crate::wire::cookie::Cookie;

/// One message that is sent, in bytes, at most.
const MAX_TEXT_BYTES: usize = 20_000;
/// A chat's or user's id in bytes, at most.
const MAX_ID_BYTES: usize = 255;

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Keeps the accounts of one store alive on a background runtime.
///
/// Every method may be called from any thread, at the same time. Methods that change something return a [`Call`] at once: the
/// work is under way, and the call can be awaited in any executor or waited for with [`Call::wait`]. Bad input is refused in the
/// call, with the field's name, and nothing is done. Calls to one account are carried out in the order in which they were
/// made; calls to different accounts do not wait for each other.
///
/// Dropping the manager closes it without waiting; [`CookieManager::close`] closes it and says how that went.
///
/// ```no_run
/// # fn main() -> Result<(), livekeeper::Error> {
/// use livekeeper::{Config, CookieManager, KeywordRule};
///
/// let manager = CookieManager::open("shop.db", Config::default())?;
/// let rules = vec![KeywordRule::new("包邮", "全场包邮")];
/// manager.add_cookie("shop 1", "unb=…; _m_h5_tk=…; …", Some(rules), None).wait()?;
/// println!("{}", manager.status("shop 1")?);
/// let report = manager.close(10.0).wait()?;
/// assert!(report.is_clean());
/// # Ok(())
/// # }
/// ```
pub struct CookieManager {
    service: Arc<Service>,
    supervisor: Arc<Supervisor<Arc<XianyuLive>>>,
    runtime: Runtime,
    closing: Closing,
}

/// What to wait for. A field that is `None` does not matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wanted {
    /// The task's state.
    pub state: Option<TaskState>,
    /// The connection's state.
    pub connection: Option<ConnectionState>,
}

impl CookieManager {
    /// Opens the store at `path` (`:memory:` for one that is gone with the manager), and starts every enabled account in it.
    /// Blocks while the file is opened and read.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a setting out of its range, [`Error::StoreUnavailable`], [`Error::StoreTooNew`],
    /// [`Error::RuntimeUnavailable`].
    pub fn open(path: impl AsRef<Path>, config: Config) -> Result<Self, Error> {
        config.validate()?;
        let tls = tls::client_config(config.ca_file.as_deref())?;
        let uri = config.websocket_url.parse().map_err(|_| Error::invalid("websocket_url", "is no URL"))?;
        let store = Arc::new(Store::open(path.as_ref())?);
        let runtime = Runtime::start(config.worker_threads, seconds(config.stop_thread_s))?;
        let config = Arc::new(config);
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let service = Arc::new(Service {
            api: Api::new(&config.api_url, &tls, seconds(config.api_timeout_s)),
            connector: Connector::new(uri, tls),
            config: Arc::clone(&config),
            clock: Arc::clone(&clock),
            store,
        });
        let supervisor = Supervisor::new(&runtime, config, clock);
        let manager = Self { service, supervisor, runtime, closing: Closing::default() };
        manager.start_known_accounts()?;
        Ok(manager)
    }

    /// Adds an account and starts it, or replaces the cookie of one that exists: the old session is fully gone first, its
    /// rules stay unless `keywords` are given. Answered when it is durable; the connection comes later ([`Self::wait_for`]).
    ///
    /// - `cookie_id`: the host's name for the account, 1 … 255 bytes.
    /// - `cookie_value`: a header string, a JSON array of a browser extension, or a Netscape `cookies.txt`; it must hold `unb`.
    /// - `keywords`: the rules in their order, at most 10,000; `None` leaves those of an account that exists.
    /// - `user_id`: the host's own user that the account belongs to; `None` leaves that of an account that exists.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`], [`Error::AtCapacity`], [`Error::StoreFailed`], [`Error::Closed`].
    pub fn add_cookie(
        &self,
        cookie_id: &str,
        cookie_value: &str,
        keywords: Option<Vec<KeywordRule>>,
        user_id: Option<&str>,
    ) -> Call<()> {
        let cookie = match self.check(cookie_id).and_then(|()| parse_cookie(cookie_value)) {
            Ok(cookie) => cookie,
            Err(error) => return Call::ready(Err(error)),
        };
        if let Err(error) = Rules::check(keywords.as_deref().unwrap_or_default()) {
            return Call::ready(Err(error));
        }
        let owner = user_id.map(str::to_owned);
        let service = Arc::clone(&self.service);
        self.supervisor.on_new_account(cookie_id, self.new_worker(), move |slot| {
            Box::pin(async move { work::put(&service, slot, cookie, keywords, owner).await })
        })
    }

    /// Stops the account, and removes it with its rules and messages. Answered when nothing of it runs and it is off the record.
    ///
    /// # Errors
    /// [`Error::AccountNotFound`], [`Error::StoreFailed`] (it is then stopped, and still on record), [`Error::Closed`].
    pub fn remove_cookie(&self, cookie_id: &str) -> Call<()> {
        self.change(cookie_id, |service, slot| Box::pin(async move { work::remove(&service, slot).await }))
    }

    /// Gives an account a new cookie of the same Xianyu user; an account that is enabled starts anew with it, also one that
    /// was parked.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`], [`Error::AccountNotFound`], [`Error::WrongOwner`], [`Error::StoreFailed`], [`Error::Closed`].
    pub fn update_cookie(&self, cookie_id: &str, cookie_value: &str) -> Call<()> {
        let cookie = match parse_cookie(cookie_value) {
            Ok(cookie) => cookie,
            Err(error) => return Call::ready(Err(error)),
        };
        self.change(cookie_id, |service, slot| Box::pin(async move { work::replace_cookie(&service, slot, cookie).await }))
    }

    /// Switches an account on or off. Switching on one that is parked tries again.
    ///
    /// # Errors
    /// [`Error::AccountNotFound`], [`Error::StoreFailed`], [`Error::Closed`].
    pub fn update_cookie_status(&self, cookie_id: &str, enabled: bool) -> Call<()> {
        self.change(cookie_id, move |service, slot| Box::pin(async move { work::switch(&service, slot, enabled).await }))
    }

    /// Whether the account is switched on. Does not block.
    ///
    /// # Errors
    /// [`Error::AccountNotFound`], [`Error::Closed`].
    pub fn get_cookie_status(&self, cookie_id: &str) -> Result<bool, Error> {
        self.check_open()?;
        Ok(self.supervisor.cell(cookie_id)?.is_enabled())
    }

    /// The ids of all accounts, in their order. Does not block.
    ///
    /// # Errors
    /// [`Error::Closed`].
    pub fn list_cookies(&self) -> Result<Vec<String>, Error> {
        self.check_open()?;
        Ok(self.supervisor.cells().iter().map(|cell| cell.cookie_id().to_owned()).collect())
    }

    /// The ids of the accounts that are switched on, in their order. Does not block.
    ///
    /// # Errors
    /// [`Error::Closed`].
    pub fn get_enabled_cookies(&self) -> Result<Vec<String>, Error> {
        self.check_open()?;
        let cells = self.supervisor.cells();
        Ok(cells.iter().filter(|cell| cell.is_enabled()).map(|cell| cell.cookie_id().to_owned()).collect())
    }

    /// Puts these rules in the place of the account's earlier ones, from the next message on. An empty list: no rules.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] naming the rule's place, [`Error::AccountNotFound`], [`Error::StoreFailed`], [`Error::Closed`].
    pub fn update_keywords(&self, cookie_id: &str, keywords: Vec<KeywordRule>) -> Call<()> {
        if let Err(error) = Rules::check(&keywords) {
            return Call::ready(Err(error));
        }
        self.change(cookie_id, |service, slot| Box::pin(async move { work::put_rules(&service, slot, keywords).await }))
    }

    /// The account's rules in their order.
    ///
    /// # Errors
    /// [`Error::AccountNotFound`], [`Error::StoreFailed`], [`Error::Closed`].
    pub fn get_keywords(&self, cookie_id: &str) -> Call<Vec<KeywordRule>> {
        if let Err(error) = self.check_open().and_then(|()| self.supervisor.cell(cookie_id).map(drop)) {
            return Call::ready(Err(error));
        }
        let (store, cookie_id) = (Arc::clone(&self.service.store), cookie_id.to_owned());
        self.look(async move { store.rules(&cookie_id).await })
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
        self.check_open()?;
        Ok(self.supervisor.cells().iter().map(|cell| cell.status()).collect())
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
            let seen = cell.wait_until(|status| wanted.verdict(status));
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

    /// Sends a text into a chat and tells how that ended: delivered, rejected with the service's reason, or unknown. What is
    /// unknown is never sent again by itself. Answered within `answer_timeout_s`.
    ///
    /// - `chat_id`, `user_id`: the chat and the buyer, without `@goofish`.
    /// - `text`: 1 … 20,000 bytes.
    ///
    /// # Errors
    /// [`Error::AccountNotFound`], [`Error::NotConnected`] and [`Error::AtCapacity`] (nothing was sent),
    /// [`Error::InvalidArgument`], [`Error::Closed`].
    pub fn send_text(&self, cookie_id: &str, chat_id: &str, user_id: &str, text: &str) -> Call<SendOutcome> {
        let sent = self
            .check_open()
            .and_then(|()| check_send(chat_id, user_id, text))
            .and_then(|()| self.supervisor.worker(cookie_id))
            .and_then(|worker| worker.send_text(chat_id, user_id, text));
        match sent {
            Ok(outcome) => Call::under_way(outcome),
            Err(error) => Call::ready(Err(error)),
        }
    }

    /// Stops every account, closes the store and the runtime, within about `timeout_s` seconds (0 … 86,400), and reports on
    /// each account. A second call answers with the first one's report.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`], [`Error::Forked`].
    pub fn close(&self, timeout_s: f64) -> Call<StopReport> {
        if let Err(error) = self.runtime.check().and_then(|()| check_timeout(timeout_s)) {
            return Call::ready(Err(error));
        }
        self.closing.close(&self.runtime, &self.supervisor, &self.service, seconds(timeout_s))
    }

    fn check_open(&self) -> Result<(), Error> {
        self.runtime.check()?;
        if self.closing.has_begun() { Err(Error::Closed) } else { Ok(()) }
    }

    fn check(&self, cookie_id: &str) -> Result<(), Error> {
        self.check_open()?;
        check_cookie_id(cookie_id)
    }

    /// Does `work` for a known account, alone and in its turn.
    fn change<T: Send + 'static>(
        &self,
        cookie_id: &str,
        work: impl for<'a> FnOnce(Arc<Service>, &'a mut Slot<Arc<XianyuLive>>) -> BoxFuture<'a, Result<T, Error>> + Send + 'static,
    ) -> Call<T> {
        if let Err(error) = self.check_open() {
            return Call::ready(Err(error));
        }
        let service = Arc::clone(&self.service);
        self.supervisor.on_account(cookie_id, move |slot| work(service, slot))
    }

    /// Does something that changes nothing. A caller that stops waiting ends it.
    fn look<T: Send + 'static>(&self, work: impl Future<Output = Result<T, Error>> + Send + 'static) -> Call<T> {
        let (mut answer, call) = oneshot::channel();
        self.runtime.spawn(async move {
            tokio::select! {
                () = answer.closed() => {}
                result = work => drop(answer.send(result)),
            }
        });
        Call::under_way(call)
    }

    fn start_known_accounts(&self) -> Result<(), Error> {
        let store = Arc::clone(&self.service.store);
        let load = self.look(async move { Ok((store.accounts().await?, store.all_rules().await?)) });
        let (accounts, rules) = load.wait()?;
        let mut rules_of: BTreeMap<String, Vec<KeywordRule>> = BTreeMap::new();
        for (cookie_id, rule) in rules {
            rules_of.entry(cookie_id).or_default().push(rule);
        }
        let taken_up: Vec<_> = accounts
            .into_iter()
            .map(|record| {
                let rules = rules_of.remove(&record.cookie_id).unwrap_or_default();
                let cookie_id = record.cookie_id.clone();
                self.supervisor.on_new_account(&cookie_id, self.new_worker(), |slot| {
                    Box::pin(async move {
                        work::take_up(slot, record, rules);
                        Ok(())
                    })
                })
            })
            .collect();
        taken_up.into_iter().try_for_each(Call::wait)
    }

    fn new_worker(&self) -> impl Fn(&Arc<AccountCell>) -> Arc<XianyuLive> + use<> {
        let service = Arc::clone(&self.service);
        move |cell| Arc::new(XianyuLive::new(Arc::clone(cell), Arc::clone(&service)))
    }
}

impl Drop for CookieManager {
    fn drop(&mut self) {
        let config = &self.service.config;
        // In a fork there is nothing to close: the threads are the parent's.
        if self.runtime.check().is_ok() {
            drop(self.close(config.stop_socket_s + config.stop_thread_s));
        }
    }
}

impl fmt::Debug for CookieManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CookieManager").field("accounts", &self.supervisor.len()).finish_non_exhaustive()
    }
}

impl Wanted {
    /// The answer to a wait, once there is one.
    fn verdict(self, status: AccountStatus) -> Option<Result<AccountStatus, Error>> {
        let state_is_met = self.state.is_none_or(|state| state == status.state);
        if state_is_met && self.connection.is_none_or(|connection| connection == status.connection) {
            return Some(Ok(status));
        }
        let is_gone = status.state == TaskState::Stopped && status.reason.code == ReasonCode::Removed;
        is_gone.then_some(Err(Error::AccountNotFound { cookie_id: status.cookie_id }))
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state.map(|state| format!("state={}", state.name()));
        let connection = self.connection.map(|connection| format!("connection={}", connection.name()));
        f.write_str(&state.into_iter().chain(connection).collect::<Vec<_>>().join(", "))
    }
}

fn parse_cookie(cookie_value: &str) -> Result<Cookie, Error> {
    Cookie::parse(cookie_value).map_err(|problem| Error::invalid("cookie_value", problem.to_string()))
}

fn check_timeout(timeout_s: f64) -> Result<(), Error> {
    if (0.0..=86_400.0).contains(&timeout_s) {
        return Ok(());
    }
    Err(Error::invalid("timeout_s", format!("is {timeout_s}, allowed is 0 … 86400")))
}

fn check_send(chat_id: &str, user_id: &str, text: &str) -> Result<(), Error> {
    for (field, value) in [("chat_id", chat_id), ("user_id", user_id)] {
        if value.is_empty() || value.len() > MAX_ID_BYTES || value.contains('\0') {
            return Err(Error::invalid(field, format!("must have 1 … {MAX_ID_BYTES} bytes and no NUL")));
        }
    }
    if text.is_empty() || text.len() > MAX_TEXT_BYTES {
        return Err(Error::invalid("text", format!("has {} bytes, allowed are 1 … {MAX_TEXT_BYTES}", text.len())));
    }
    Ok(())
}
