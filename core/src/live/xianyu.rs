//! The account's worker: what outlives its sessions (credentials, rules, messages that wait), and the way to the live one.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::{ArcSwap, ArcSwapOption};
use tokio::sync::{Semaphore, oneshot};
use tokio::time::Instant;

use super::api::Api;
use super::asking::{MAX_CALLS_OF_ACCOUNT, ReplyFunction};
use super::confirming::{Asked, Desk, Wake};
use super::cookie_provider::SetProvider;
use super::orders::{NotTaken, Outgoing};
use super::outbox::MAX_UNANSWERED;
use super::pacing::Pacing;
use super::proxy::Proxy;
use super::session;
use super::transport::Connector;
use crate::account::{AccessToken, AccountCell};
use crate::clock::Clock;
use crate::config::Config;
use crate::error::Error;
use crate::helper::HelperProcess;
use crate::order::Confirmation;
use crate::reply::defaults::DefaultReplies;
use crate::reply::rules::Rules;
use crate::send_outcome::SendOutcome;
use crate::store::{Content, Store};
use crate::wire::cookie::Cookie;
use crate::wire::request::UuidSource;
use crate::worker::{AccountWorker, SessionEnd, WorkerTask};

/// What the sessions of all accounts share.
pub(crate) struct Service {
    pub(crate) config: Arc<Config>,
    pub(crate) opened_at: Instant,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) store: Arc<Store>,
    pub(crate) api: Api,
    pub(crate) connector: Connector,
    /// Is asked for a new cookie when a login is over.
    pub(crate) cookie_provider: ArcSwapOption<SetProvider>,
    /// Fetches one when the provider has none.
    pub(crate) cookie_helper: Option<HelperProcess>,
    /// The host's own function that replies.
    pub(crate) reply_function: ArcSwapOption<ReplyFunction>,
    /// Calls of it at the same time, over all accounts.
    pub(crate) handler_places: Arc<Semaphore>,
}

/// Who the account is to the service.
pub(crate) struct Credentials {
    pub(crate) cookie: Cookie,
    pub(crate) device_id: String,
    pub(crate) token: Option<AccessToken>,
}

/// One account's worker. Messages that wait for an answer are not kept here: each session takes them up from the store.
pub(crate) struct XianyuLive {
    pub(super) cell: Arc<AccountCell>,
    pub(super) service: Arc<Service>,
    pub(super) rules: ArcSwap<Rules>,
    /// The account's share of the calls of the host's reply function.
    pub(super) handler_places: Arc<Semaphore>,
    default_replies: ArcSwap<DefaultReplies>,
    /// Whether the cookie came from the provider or helper and has not served yet.
    unproven_cookie: AtomicBool,
    /// What the account's connections go through; absent where they go by themselves.
    proxy: ArcSwapOption<Proxy>,
    /// Absent until the host has given a cookie.
    credentials: Mutex<Option<Credentials>>,
    /// Kept over reconnects, so that no two sends of the account are taken for one.
    uuids: Mutex<UuidSource>,
    /// The way to the registered session, while there is one.
    outgoing: ArcSwapOption<Outgoing>,
    /// The way to its confirmations, likewise.
    desk: ArcSwapOption<Desk>,
    /// Kept over reconnects, so that a connection that breaks again and again sends no faster.
    pacing: Mutex<Pacing>,
}

impl XianyuLive {
    pub(crate) fn new(cell: Arc<AccountCell>, service: Arc<Service>) -> Self {
        let pacing = Pacing::new(service.config.send_rate_per_s, service.config.chat_send_rate_per_s);
        Self {
            cell,
            service,
            rules: ArcSwap::default(),
            handler_places: Arc::new(Semaphore::new(MAX_CALLS_OF_ACCOUNT)),
            default_replies: ArcSwap::new(DefaultReplies::none()),
            unproven_cookie: AtomicBool::new(false),
            proxy: ArcSwapOption::empty(),
            credentials: Mutex::new(None),
            uuids: Mutex::default(),
            outgoing: ArcSwapOption::empty(),
            desk: ArcSwapOption::empty(),
            pacing: Mutex::new(pacing),
        }
    }

    /// Takes new credentials, while no session of the account lives.
    pub(crate) fn set_credentials(&self, credentials: Credentials) {
        self.set_unproven_cookie(false);
        *lock(&self.credentials) = Some(credentials);
    }

    pub(super) fn set_unproven_cookie(&self, is_unproven: bool) {
        self.unproven_cookie.store(is_unproven, Ordering::Relaxed);
    }

    pub(super) fn has_unproven_cookie(&self) -> bool {
        self.unproven_cookie.load(Ordering::Relaxed)
    }

    /// Forgets everything: the account is removed.
    pub(crate) fn reset(&self) {
        *lock(&self.credentials) = None;
        self.proxy.store(None);
        self.rules.store(Arc::default());
        self.default_replies.store(DefaultReplies::none());
    }

    pub(crate) fn proxy(&self) -> Option<Arc<Proxy>> {
        self.proxy.load_full()
    }

    /// Another way to the service, while no session of the account lives.
    pub(crate) fn set_proxy(&self, proxy: Option<Arc<Proxy>>) {
        self.proxy.store(proxy);
    }

    pub(crate) fn set_rules(&self, rules: Rules) {
        self.rules.store(Arc::new(rules));
    }

    pub(crate) fn default_replies(&self) -> Arc<DefaultReplies> {
        self.default_replies.load_full()
    }

    pub(crate) fn set_default_replies(&self, replies: DefaultReplies) {
        self.default_replies.store(replies.shared());
    }

    /// Whether a person has the chat, in words where the store cannot tell.
    pub(super) async fn is_chat_paused(&self, chat_id: &str) -> Result<bool, String> {
        let now_ms = self.service.clock.now_ms();
        let paused = self.service.store.is_chat_paused(self.cell.cookie_id(), chat_id, now_ms).await;
        paused.map_err(|problem| problem.to_string())
    }

    /// Looks at or changes the credentials, briefly: it holds a lock.
    pub(crate) fn with_credentials<T>(&self, look: impl FnOnce(&mut Credentials) -> T) -> Option<T> {
        lock(&self.credentials).as_mut().map(look)
    }

    pub(super) fn next_uuid(&self, now_ms: i64) -> String {
        lock(&self.uuids).next_uuid(now_ms)
    }

    /// Goes on after the latest one that an earlier process has used.
    pub(super) fn go_on_after(&self, uuid: &str) {
        lock(&self.uuids).go_on_after(uuid);
    }

    pub(super) fn set_outgoing(&self, outgoing: Option<Outgoing>) {
        self.outgoing.store(outgoing.map(Arc::new));
    }

    /// How fast the account sends; only its session looks, briefly: it holds a lock.
    pub(super) fn pacing(&self) -> MutexGuard<'_, Pacing> {
        lock(&self.pacing)
    }

    /// Hands a message to the registered session. The outcome comes when the service has answered, or the wait for it is over.
    pub(crate) fn send(
        &self,
        chat_id: &str,
        peer_id: &str,
        content: Content,
    ) -> Result<oneshot::Receiver<Result<SendOutcome, Error>>, Error> {
        let outgoing = self.outgoing.load();
        let Some(outgoing) = outgoing.as_ref() else { return Err(self.not_connected()) };
        outgoing.order(chat_id, peer_id, content).map_err(|refused| match refused {
            NotTaken::TooMany => Error::AtCapacity {
                what: format!("the send queue of account {:?}", self.cell.cookie_id()),
                bound: MAX_UNANSWERED,
                advice: "nothing was sent; wait for the outcome of earlier sends",
            },
            NotTaken::SessionIsOver => self.not_connected(),
        })
    }

    pub(super) fn set_desk(&self, desk: Option<Desk>) {
        self.desk.store(desk.map(Arc::new));
    }

    /// Says that there is something new of an order.
    pub(super) fn look_at_orders(&self) {
        if let Some(desk) = &*self.desk.load() {
            // A desk that is full or gone looks all the same, or the next session's does.
            let _ = desk.put(Wake::Look);
        }
    }

    /// Waits with the registered session for the confirmation of an order that is pending in the store. `None`: there is no
    /// session, and it waits for the next one.
    pub(crate) fn await_confirmation(&self, order_id: &str) -> Option<oneshot::Receiver<Result<Confirmation, Error>>> {
        let desk = self.desk.load();
        let (answer, receiver) = oneshot::channel();
        desk.as_ref()?.put(Wake::Asked(Box::new(Asked { order_id: order_id.to_owned(), answer }))).ok()?;
        Some(receiver)
    }

    pub(super) fn not_connected(&self) -> Error {
        Error::NotConnected { cookie_id: self.cell.cookie_id().to_owned(), now: self.cell.status().to_string() }
    }

    /// How long the store may take over something that a session wants of it.
    pub(super) fn store_limit(&self) -> Duration {
        self.limit(|c| c.store_timeout_s)
    }

    pub(super) fn limit(&self, of: impl FnOnce(&Config) -> f64) -> Duration {
        crate::config::seconds(of(&self.service.config))
    }
}

impl AccountWorker for XianyuLive {
    async fn run(self: Arc<Self>, task: WorkerTask) -> SessionEnd {
        session::run(self, task).await
    }
}

/// A poisoned lock is taken all the same: what it guards is replaced as a whole, never left half-changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
