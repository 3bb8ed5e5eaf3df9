//! `CookieManager`: every public verb, each a few lines.

mod answering;
mod bringing;
mod chats;
mod orders;
mod providing;
mod remarks;
mod sending;
mod showing;
mod taking;
mod work;

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::account::{AccountCell, check_cookie_id};
use crate::account_options::AccountOptions;
use crate::call::Call;
use crate::capacity::{CapacityItem, CapacityKind};
use crate::config::{Config, seconds};
use crate::error::Error;
use crate::housekeeping::keep_house;
use crate::key::KeySource;
use crate::live::api::Api;
use crate::live::transport::Connector;
use crate::live::{Proxy, Service, XianyuLive, tls};
use crate::reply::defaults::DefaultReplies;
use crate::reply::rules::{NewRules, Rules};
use crate::rule::KeywordRule;
use crate::stop_report::StopReport;
use crate::store::{DefaultReplyOf, Store};
use crate::supervisor::{BoxFuture, Slot};
use crate::tasks::{TaskManager, check_priority};
use crate::wire::cookie::Cookie;

/// Accounts whose rules are read ahead of being made ready, when a store is opened.
const READ_AHEAD: usize = 256;
/// A chat's or user's id in bytes, at most.
const MAX_ID_BYTES: usize = 255;
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
    tasks: TaskManager<XianyuLive>,
}

impl CookieManager {
    /// Opens the store at `path` (`:memory:` for one that is gone with the manager), and starts every enabled account in it.
    /// Blocks while the file is opened and read, also while another manager of this process that is closing has it (20 s at most).
    ///
    /// While it is open, nothing else in this process may open the store's files, not even to read them (another copy of SQLite, a
    /// backup in the program itself): closing them again ends the locks that keep other processes from taking the log away. Use
    /// [`inspect`](crate::inspect) or [`snapshot`](Self::snapshot).
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a setting out of its range; [`Error::AlreadyOpen`], [`Error::NotADatabase`],
    /// [`Error::Corrupt`], [`Error::StoreTooNew`] (the file is left as it was); [`Error::StoreUnavailable`], [`Error::DiskFull`],
    /// [`Error::DiskFailed`]; [`Error::WrongKey`]; [`Error::RuntimeUnavailable`].
    pub fn open(path: impl AsRef<Path>, mut config: Config) -> Result<Self, Error> {
        config.validate()?;
        let tls = tls::client_config(config.ca_file.as_deref())?;
        let uri = config.websocket_url.parse().map_err(|_| Error::invalid("websocket_url", "is no URL"))?;
        let cookie_helper = config.helper()?;
        let store = Arc::new(Store::open_with(path.as_ref(), config.take_key()?)?);
        let handler_places = Arc::new(Semaphore::new(config.max_handler_calls));
        let config = Arc::new(config);
        let queue = Arc::clone(&store);
        let tasks = TaskManager::open_with(Arc::clone(&config), move || {
            let (used, bound) = queue.queue();
            vec![CapacityItem::new(CapacityKind::StoreQueue, used as u64, Some(bound as u64))]
        })?;
        let service = Arc::new(Service {
            api: Api::new(
                &config.api_url,
                &tls,
                seconds(config.api_timeout_s),
                seconds(config.connect_timeout_s),
                config.max_connecting,
            ),
            connector: Connector::new(uri, tls),
            config,
            opened_at: Instant::now(),
            clock: Arc::clone(&tasks.common().clock),
            store,
            cookie_provider: ArcSwapOption::empty(),
            cookie_helper,
            reply_function: ArcSwapOption::empty(),
            handler_places,
        });
        let manager = Self { service, tasks };
        manager.start_known_accounts()?;
        manager.tasks.spawn(keep_house(Arc::clone(&manager.service), Arc::clone(manager.tasks.supervisor())));
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
        let user_id = user_id.map(str::to_owned);
        self.add_cookie_with(cookie_id, cookie_value, AccountOptions { keywords, user_id, proxy: None })
    }

    /// The same with whatever else an account may begin with, such as a proxy that its first connection goes through already.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`], [`Error::AtCapacity`], [`Error::StoreFailed`], [`Error::Closed`].
    pub fn add_cookie_with(&self, cookie_id: &str, cookie_value: &str, options: AccountOptions) -> Call<()> {
        let AccountOptions { keywords, user_id, proxy } = options;
        let read = || {
            self.check(cookie_id)?;
            let cookie = parse_cookie(cookie_value)?;
            let rules = keywords.map(NewRules::compile).transpose()?;
            let proxy = proxy.map(|url| Proxy::parse(url.expose())).transpose()?;
            Ok((cookie, rules, proxy.map(Arc::new)))
        };
        let (cookie, rules, proxy) = match read() {
            Ok(read) => read,
            Err(error) => return Call::ready(Err(error)),
        };
        let service = Arc::clone(&self.service);
        self.tasks.supervisor().on_new_account(cookie_id, self.new_worker(), move |slot| {
            Box::pin(async move { work::put(&service, slot, cookie, rules, user_id, proxy).await })
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

    /// Pauses an account: it stays connected, receives and records, and answers nothing until [`Self::resume`]; what came in
    /// meanwhile stays unanswered. Remembered over a restart of the process. `send_text` goes out all the same.
    ///
    /// # Errors
    /// [`Error::AccountNotFound`], [`Error::StoreFailed`], [`Error::Closed`].
    pub fn pause(&self, cookie_id: &str) -> Call<()> {
        self.change(cookie_id, |service, slot| Box::pin(async move { work::set_paused(&service, slot, true).await }))
    }

    /// Lets a paused account answer again, from the next message on.
    ///
    /// # Errors
    /// [`Error::AccountNotFound`], [`Error::StoreFailed`], [`Error::Closed`].
    pub fn resume(&self, cookie_id: &str) -> Call<()> {
        self.change(cookie_id, |service, slot| Box::pin(async move { work::set_paused(&service, slot, false).await }))
    }

    /// Ends the account's session and starts it anew, with its failures forgotten; also one that was parked.
    ///
    /// # Errors
    /// [`Error::AccountNotFound`], [`Error::AccountDisabled`], [`Error::Closed`].
    pub fn restart(&self, cookie_id: &str) -> Call<()> {
        self.tasks.restart(cookie_id)
    }

    /// The account's place among those that wait to connect: −100 … 100, higher goes first, 0 at first. A step is worth 10 s
    /// of waiting, so that nobody starves. Remembered over a restart of the process.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`], [`Error::AccountNotFound`], [`Error::StoreFailed`], [`Error::Closed`].
    pub fn set_priority(&self, cookie_id: &str, priority: i32) -> Call<()> {
        if let Err(error) = check_priority(priority) {
            return Call::ready(Err(error));
        }
        self.change(cookie_id, move |service, slot| Box::pin(async move { work::set_priority(&service, slot, priority).await }))
    }

    /// Has the account reach the service through a proxy from now on, with the API and the WebSocket, or with `None` by itself.
    /// A session that runs is ended and starts anew with it; an account that is parked stays so until [`Self::restart`].
    /// Remembered over a restart of the process.
    ///
    /// - `proxy`: `http://host:port` (with CONNECT) or `socks5://host:port`, with `user:password@` before the host where the proxy
    ///   wants it, special characters in those percent-encoded. The proxy resolves the service's name. The URL is stored, and shown
    ///   nowhere.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`], [`Error::AccountNotFound`], [`Error::StoreFailed`], [`Error::Closed`].
    pub fn set_proxy(&self, cookie_id: &str, proxy: Option<&str>) -> Call<()> {
        let proxy = match proxy.map(Proxy::parse).transpose() {
            Ok(proxy) => proxy.map(Arc::new),
            Err(error) => return Call::ready(Err(error)),
        };
        self.change(cookie_id, move |service, slot| Box::pin(async move { work::set_proxy(&service, slot, proxy).await }))
    }

    /// Whether the account is switched on. Does not block.
    ///
    /// # Errors
    /// [`Error::AccountNotFound`], [`Error::Closed`].
    pub fn get_cookie_status(&self, cookie_id: &str) -> Result<bool, Error> {
        self.tasks.check_open()?;
        Ok(self.tasks.supervisor().cell(cookie_id)?.is_enabled())
    }

    /// The ids of all accounts, in their order. Does not block.
    ///
    /// # Errors
    /// [`Error::Closed`].
    pub fn list_cookies(&self) -> Result<Vec<String>, Error> {
        Ok(self.tasks.cells()?.iter().map(|cell| cell.cookie_id().to_owned()).collect())
    }

    /// The ids of the accounts that are switched on, in their order. Does not block.
    ///
    /// # Errors
    /// [`Error::Closed`].
    pub fn get_enabled_cookies(&self) -> Result<Vec<String>, Error> {
        let cells = self.tasks.cells()?;
        Ok(cells.iter().filter(|cell| cell.is_enabled()).map(|cell| cell.cookie_id().to_owned()).collect())
    }

    /// Puts these rules in the place of the account's earlier ones, from the next message on. An empty list: no rules.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] naming the rule's place, [`Error::AccountNotFound`], [`Error::StoreFailed`], [`Error::Closed`].
    pub fn update_keywords(&self, cookie_id: &str, keywords: Vec<KeywordRule>) -> Call<()> {
        let rules = match NewRules::compile(keywords) {
            Ok(rules) => rules,
            Err(error) => return Call::ready(Err(error)),
        };
        self.change(cookie_id, |service, slot| Box::pin(async move { work::put_rules(&service, slot, rules).await }))
    }

    /// The account's rules in their order.
    ///
    /// # Errors
    /// [`Error::AccountNotFound`], [`Error::StoreFailed`], [`Error::Closed`].
    pub fn get_keywords(&self, cookie_id: &str) -> Call<Vec<KeywordRule>> {
        if let Err(error) = self.tasks.check_open().and_then(|()| self.tasks.supervisor().cell(cookie_id).map(drop)) {
            return Call::ready(Err(error));
        }
        let (store, cookie_id) = (Arc::clone(&self.service.store), cookie_id.to_owned());
        self.tasks.look(async move { store.rules(&cookie_id).await })
    }

    /// Stops every account, closes the store and the runtime, within about `timeout_s` seconds (0 … 86,400), and reports on
    /// each account. A second call answers with the first one's report.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`], [`Error::Forked`].
    pub fn close(&self, timeout_s: f64) -> Call<StopReport> {
        let service = Arc::clone(&self.service);
        let closing = self.tasks.close_with(timeout_s, move || {
            // The host's functions may hold this manager.
            service.cookie_provider.store(None);
            service.reply_function.store(None);
            if !service.store.close(seconds(service.config.store_timeout_s)) {
                tracing::warn!("the store was still busy when the manager closed; what was acknowledged is durable");
            }
        });
        if self.tasks.check_open() == Err(Error::Closed) {
            self.service.store.leave();
        }
        closing
    }

    /// Changes the key that the credentials in the store are sealed with. From when it is answered, the store opens with the new one
    /// only; before, and if the process ends meanwhile, with one of the two. Accounts go on undisturbed. Give the next
    /// [`Config`] the new key: nothing but the key file beside the store is looked for by itself.
    ///
    /// [`KeySource::File`] with the file that is in use puts a new key into it; a key file belongs to one store, as another one that
    /// uses it would no longer open. With any other file, the key in it is taken, or one is made. A key file that is used no more
    /// stays where it is: remove it yourself once no copy of the store needs it.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a key that cannot be had, [`Error::StoreFailed`] (the key is then still the one before),
    /// [`Error::Closed`].
    pub fn rekey(&self, new: KeySource) -> Call<()> {
        if let Err(error) = self.tasks.check_open().and_then(|()| new.check()) {
            return Call::ready(Err(error));
        }
        let store = Arc::clone(&self.service.store);
        self.begin(async move { store.rekey(new).await })
    }

    fn check(&self, cookie_id: &str) -> Result<(), Error> {
        self.tasks.check_open()?;
        check_cookie_id(cookie_id)
    }

    fn check_known(&self, cookie_id: &str) -> Result<(), Error> {
        self.tasks.check_open()?;
        self.tasks.supervisor().cell(cookie_id).map(drop)
    }

    /// Does `work` for a known account, alone and in its turn.
    fn change<T: Send + 'static>(
        &self,
        cookie_id: &str,
        work: impl for<'a> FnOnce(Arc<Service>, &'a mut Slot<XianyuLive>) -> BoxFuture<'a, Result<T, Error>> + Send + 'static,
    ) -> Call<T> {
        let service = Arc::clone(&self.service);
        self.tasks.change(cookie_id, move |slot| work(service, slot))
    }

    fn start_known_accounts(&self) -> Result<(), Error> {
        let store = Arc::clone(&self.service.store);
        let (read, rules) = std::sync::mpsc::sync_channel(READ_AHEAD);
        let load = self.tasks.look(async move {
            // Should nobody take them any more, nobody waits for what comes after them either.
            store.each_of_rules(move |cookie_id, rules| drop(read.send((cookie_id, rules)))).await?;
            Ok((store.accounts().await?, store.all_default_replies().await?))
        });
        // Made ready while the next ones are read.
        let ready = |(cookie_id, rules): (String, Vec<KeywordRule>)| (cookie_id, Rules::of_record(&rules));
        let mut rules_of: BTreeMap<String, Rules> = rules.into_iter().map(ready).collect();
        let (accounts, default_replies) = load.wait()?;
        let mut defaults_of: BTreeMap<String, DefaultReplies> = BTreeMap::new();
        for DefaultReplyOf { cookie_id, item_id, reply } in default_replies {
            defaults_of.entry(cookie_id).or_default().set(item_id.as_deref(), Some(reply));
        }
        let taken_up: Vec<_> = accounts
            .into_iter()
            .map(|record| {
                let rules = rules_of.remove(&record.cookie_id).unwrap_or_default();
                let defaults = defaults_of.remove(&record.cookie_id).unwrap_or_default();
                let cookie_id = record.cookie_id.clone();
                self.tasks.supervisor().on_new_account(&cookie_id, self.new_worker(), |slot| {
                    Box::pin(async move {
                        work::take_up(slot, record, rules, defaults);
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
        if !self.tasks.is_in_fork() {
            drop(self.close(self.tasks.stop_limit().as_secs_f64()));
        }
    }
}

impl fmt::Debug for CookieManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CookieManager").field("accounts", &self.tasks.supervisor().len()).finish_non_exhaustive()
    }
}

fn parse_cookie(cookie_value: &str) -> Result<Cookie, Error> {
    Cookie::parse(cookie_value).map_err(|problem| Error::invalid("cookie_value", problem.to_string()))
}

fn check_id(field: &'static str, id: &str) -> Result<(), Error> {
    if id.is_empty() || id.len() > MAX_ID_BYTES || id.contains('\0') {
        return Err(Error::invalid(field, format!("must have 1 … {MAX_ID_BYTES} bytes and no NUL")));
    }
    Ok(())
}
