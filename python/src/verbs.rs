//! Every verb of the core, once, for both faces: `CookieManager` waits for the answer, `AsyncCookieManager` gives something to await.

use std::sync::Arc;

use livekeeper::{AccountOptions, Call, ConnectionState, Error, Secret, TaskState, Wanted};
use pyo3::PyTraverseError;
use pyo3::gc::PyVisit;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::arguments::{self, integer, number, optional_text, optional_user_id, rules, small_count, switch, text};
use crate::awaiting;
use crate::blocking::{wait, without_gil};
use crate::capacity::Capacity;
use crate::config::Config;
use crate::errors;
use crate::import_report::ImportReport;
use crate::metrics::Metrics;
use crate::order::{Confirmation, Order};
use crate::paused_chat::PausedChat;
use crate::providing::{Functions, cookie_provider, reply_handler};
use crate::reply::{DefaultReply, ReplyContent};
use crate::rule::Picture;
use crate::seeing;
use crate::send_outcome::SendOutcome;
use crate::show::{self, Show};
use crate::states::Named;
use crate::status::AccountStatus;
use crate::stop_report::StopReport;

/// How long closing may take where nothing else is said.
pub(crate) const CLOSE_TIMEOUT_S: f64 = 10.0;
/// How long a cookie provider is waited for where nothing else is said.
const PROVIDER_TIMEOUT_S: f64 = 120.0;
/// How long a reply handler is waited for where nothing else is said.
const HANDLER_TIMEOUT_S: f64 = 30.0;
/// How many messages, or orders, a look brings where nothing else is said.
const MESSAGES: u32 = 100;

/// What a verb gives back: its answer, or something to await for it.
type Answer<'py> = PyResult<Bound<'py, PyAny>>;

/// How a verb gives its answer.
#[derive(Clone, Copy)]
enum Face {
    /// It waits for it.
    Blocking,
    /// It gives something to await.
    Awaitable,
}

/// What `CookieManager` and `AsyncCookieManager` have in common.
#[pyclass(subclass, frozen, weakref, module = "livekeeper._livekeeper")]
pub(crate) struct Verbs {
    core: Arc<livekeeper::CookieManager>,
    functions: Arc<Functions>,
    config: Py<Config>,
    face: Face,
    /// The `CookieManager` whose face for event loops this is.
    owner: Option<Py<PyAny>>,
}

#[pymethods]
impl Verbs {
    /// Adds an account and starts it, or replaces the cookie of one that exists: the old session is fully gone first.
    /// Returns when it is durable; the connection comes later (`wait_for`).
    ///
    /// - `cookie_id`: your name for the account, 1 … 255 bytes.
    /// - `cookie_value`: a header string, a JSON array of a browser extension, or a Netscape cookies.txt; it must hold `unb`.
    /// - `keywords`: an iterable of `(keyword, reply)` and `Rule`, at most 10,000; `None` leaves those of an account that exists.
    /// - `user_id`: your own user (str or int) that the account belongs to; `None` leaves that of an account that exists.
    /// - `proxy`: what it goes through from its first connection on, as for `set_proxy`; `None` leaves that of an account that exists.
    ///
    /// Raises `InvalidArgument`, `AtCapacity`, `StoreFailed`, `ManagerClosed`.
    ///
    ///     manager.add_cookie("shop 1", "unb=…; cookie2=…; _m_h5_tk=…", keywords=[("包邮", "全场包邮")])
    #[pyo3(signature = (cookie_id, cookie_value, keywords=None, user_id=None, proxy=None))]
    fn add_cookie<'py>(
        &self,
        py: Python<'py>,
        cookie_id: &Bound<'_, PyAny>,
        cookie_value: &Bound<'_, PyAny>,
        keywords: Option<&Bound<'_, PyAny>>,
        user_id: Option<&Bound<'_, PyAny>>,
        proxy: Option<&Bound<'_, PyAny>>,
    ) -> Answer<'py> {
        let (cookie_id, cookie_value) = (text(cookie_id, "cookie_id")?, Secret::new(text(cookie_value, "cookie_value")?));
        let mut options = AccountOptions::default();
        options.keywords = keywords.map(|keywords| rules(keywords, "keywords")).transpose()?;
        options.user_id = optional_user_id(user_id, "user_id")?;
        options.proxy = optional_text(proxy, "proxy")?.map(Secret::new);
        self.answer(py, self.core.add_cookie_with(&cookie_id, cookie_value.expose(), options), show::nothing)
    }

    /// Stops the account, and removes it with its rules and messages. Returns when nothing of it runs and it is off the record.
    ///
    /// Raises `AccountNotFound`, `StoreFailed` (it is then stopped, and still on record), `ManagerClosed`.
    ///
    ///     manager.remove_cookie("shop 1")
    fn remove_cookie<'py>(&self, py: Python<'py>, cookie_id: &Bound<'_, PyAny>) -> Answer<'py> {
        self.answer(py, self.core.remove_cookie(&text(cookie_id, "cookie_id")?), show::nothing)
    }

    /// Gives an account a new cookie of the same Xianyu user; one that is enabled starts anew with it, also one that was parked.
    ///
    /// Raises `InvalidArgument`, `AccountNotFound`, `WrongOwner`, `StoreFailed`, `ManagerClosed`.
    ///
    ///     manager.update_cookie("shop 1", "unb=…; cookie2=…; _m_h5_tk=…")
    fn update_cookie<'py>(&self, py: Python<'py>, cookie_id: &Bound<'_, PyAny>, cookie_value: &Bound<'_, PyAny>) -> Answer<'py> {
        let (cookie_id, cookie_value) = (text(cookie_id, "cookie_id")?, Secret::new(text(cookie_value, "cookie_value")?));
        self.answer(py, self.core.update_cookie(&cookie_id, cookie_value.expose()), show::nothing)
    }

    /// Switches an account on or off. Switching on one that is parked tries again.
    ///
    /// Raises `AccountNotFound`, `StoreFailed`, `ManagerClosed`.
    ///
    ///     manager.update_cookie_status("shop 1", False)
    fn update_cookie_status<'py>(&self, py: Python<'py>, cookie_id: &Bound<'_, PyAny>, enabled: &Bound<'_, PyAny>) -> Answer<'py> {
        let (cookie_id, enabled) = (text(cookie_id, "cookie_id")?, switch(enabled, "enabled")?);
        self.answer(py, self.core.update_cookie_status(&cookie_id, enabled), show::nothing)
    }

    /// Pauses an account: it stays connected, receives and records, and answers nothing until `resume`; what came in meanwhile
    /// stays unanswered. Remembered over a restart of the process. `send_text` goes out all the same. Returns when it is durable.
    ///
    /// Raises `AccountNotFound`, `StoreFailed`, `ManagerClosed`.
    ///
    ///     manager.pause("shop 1")
    fn pause<'py>(&self, py: Python<'py>, cookie_id: &Bound<'_, PyAny>) -> Answer<'py> {
        self.answer(py, self.core.pause(&text(cookie_id, "cookie_id")?), show::nothing)
    }

    /// Lets a paused account answer again, from the next message on. Returns when it is durable.
    ///
    /// Raises `AccountNotFound`, `StoreFailed`, `ManagerClosed`.
    ///
    ///     manager.resume("shop 1")
    fn resume<'py>(&self, py: Python<'py>, cookie_id: &Bound<'_, PyAny>) -> Answer<'py> {
        self.answer(py, self.core.resume(&text(cookie_id, "cookie_id")?), show::nothing)
    }

    /// Ends the account's session and starts it anew, with its failures forgotten; also one that was parked. Returns when
    /// nothing of the old session is left (a stop's limits at most); the connection comes later (`wait_for`).
    ///
    /// Raises `AccountNotFound`, `AccountDisabled`, `ManagerClosed`.
    ///
    ///     manager.restart("shop 1")
    fn restart<'py>(&self, py: Python<'py>, cookie_id: &Bound<'_, PyAny>) -> Answer<'py> {
        self.answer(py, self.core.restart(&text(cookie_id, "cookie_id")?), show::nothing)
    }

    /// The account's place among those that wait to connect: −100 … 100, higher goes first, 0 at first. A step is worth 10 s of
    /// waiting, so that nobody starves. Remembered over a restart of the process. Returns when it is durable.
    ///
    /// Raises `InvalidArgument`, `AccountNotFound`, `StoreFailed`, `ManagerClosed`.
    ///
    ///     manager.set_priority("shop 1", 10)
    fn set_priority<'py>(&self, py: Python<'py>, cookie_id: &Bound<'_, PyAny>, priority: &Bound<'_, PyAny>) -> Answer<'py> {
        let (cookie_id, priority) = (text(cookie_id, "cookie_id")?, integer(priority, "priority")?);
        self.answer(py, self.core.set_priority(&cookie_id, priority), show::nothing)
    }

    /// Has the account reach the service through a proxy from now on, with the API and the WebSocket, or with `None` by itself. A
    /// session that runs is ended and starts anew with it; an account that is parked stays so until `restart`. Remembered over a
    /// restart of the process. Returns when nothing of the old session is left; the connection comes later (`wait_for`).
    ///
    /// - `proxy`: `http://host:port` (with CONNECT) or `socks5://host:port`, with `user:password@` before the host where the proxy
    ///   wants it, special characters in those percent-encoded. The proxy resolves the service's name. It is shown nowhere.
    ///
    /// Raises `InvalidArgument`, `AccountNotFound`, `StoreFailed`, `ManagerClosed`.
    ///
    ///     manager.set_proxy("shop 1", "socks5://user:password@proxy.example:1080")
    fn set_proxy<'py>(&self, py: Python<'py>, cookie_id: &Bound<'_, PyAny>, proxy: Option<&Bound<'_, PyAny>>) -> Answer<'py> {
        let (cookie_id, proxy) = (text(cookie_id, "cookie_id")?, optional_text(proxy, "proxy")?.map(Secret::new));
        self.answer(py, self.core.set_proxy(&cookie_id, proxy.as_ref().map(Secret::expose)), show::nothing)
    }

    /// Changes the key that the credentials in the store are sealed with; give exactly one. From when it returns, the store opens with
    /// the new one only; before, and if the process ends meanwhile, with one of the two. Accounts go on undisturbed. Give the next
    /// `Config` the new key: nothing but the key file beside the store is looked for by itself.
    ///
    /// - `key`: bytes, exactly 32.
    /// - `key_file`: a file that holds a key: 32 bytes in Base64 or hex. The one that is in use gets a new key; it belongs to one
    ///   store, as another one that uses it would no longer open. Of any other, the key in it is taken, or one is made, with mode
    ///   0600. A key file that is used no more stays where it is: remove it yourself once no copy of the store needs it.
    /// - `key_env`: the name of an environment variable (letters, digits and _) that holds a key in Base64 or hex.
    /// - `passphrase`: words that the key is made of, 1 to 1,024 bytes; takes some tenths of a second.
    ///
    /// Raises `InvalidArgument` for a key that cannot be had, and for none or two; `StoreFailed`, the key is then still the one
    /// before; `ManagerClosed`.
    ///
    ///     manager.rekey(key_file="shop.db.key")
    #[pyo3(signature = (*, key=None, key_file=None, key_env=None, passphrase=None))]
    fn rekey<'py>(
        &self,
        py: Python<'py>,
        key: Option<&Bound<'_, PyAny>>,
        key_file: Option<&Bound<'_, PyAny>>,
        key_env: Option<&Bound<'_, PyAny>>,
        passphrase: Option<&Bound<'_, PyAny>>,
    ) -> Answer<'py> {
        let source = livekeeper::KeySource::one_of(
            arguments::optional_key(key, "key")?,
            key_file.map(|path| arguments::path(path, "key_file")).transpose()?,
            optional_text(key_env, "key_env")?,
            arguments::optional_passphrase(passphrase, "passphrase")?,
        );
        let source = source.map_err(|error| errors::to_python(py, &error))?;
        let none = || errors::invalid(py, "key", "no key is given: give one of key, key_file, key_env, passphrase");
        self.answer(py, self.core.rekey(source.ok_or_else(none)?), show::nothing)
    }

    /// Takes the accounts of today's most used Python program out of its SQLite file, which is opened to be read only and may be in
    /// use: cookies, keywords, default replies, and whether each account is on, its remark, its user, its pause and whether it
    /// confirms shipments. The `ImportReport` says of each account what was taken and what was not, and why. Columns that an older
    /// file does not have take their defaults; shipments are confirmed only where the file says so.
    ///
    /// It can be called again. An account that is here already is left as it is, with whatever you have changed since: only one that
    /// is parked, or has no cookie, takes that of the file, if it is of the same Xianyu user. Returns when all is durable.
    ///
    /// Raises `NotADatabase` for another kind of file, `InvalidArgument` for a store of livekeeper's own, `StoreUnavailable` for one that
    /// cannot be opened, `Corrupt`, `StoreFailed` and its like where nothing could be stored, `ManagerClosed`.
    ///
    ///     for account in manager.import_xianyu_db("xianyu_data.db").accounts: print(account)
    fn import_xianyu_db<'py>(&self, py: Python<'py>, path: &Bound<'_, PyAny>) -> Answer<'py> {
        self.answer(py, self.core.import_xianyu_db(arguments::path(path, "path")?), show::one::<_, ImportReport>)
    }

    /// Writes all accounts to a new file, as JSON, readable for its owner only, and returns how many they are: with their settings,
    /// rules and default replies; without messages, orders and statistics.
    ///
    /// - `path`: where there is no file yet.
    /// - `passphrase`: cookie, device, token and proxy of each account are sealed under it, 1 … 1,024 bytes; `None`: they are left
    ///   out.
    ///
    /// Raises `InvalidArgument`, `StoreFailed`, `DiskFull`, `DiskFailed`, `ManagerClosed`.
    ///
    ///     manager.export_accounts("accounts.json", passphrase="…")
    #[pyo3(signature = (path, *, passphrase=None))]
    fn export_accounts<'py>(&self, py: Python<'py>, path: &Bound<'_, PyAny>, passphrase: Option<&Bound<'_, PyAny>>) -> Answer<'py> {
        let (path, passphrase) = (arguments::path(path, "path")?, optional_text(passphrase, "passphrase")?.map(Secret::new));
        self.answer(py, self.core.export_accounts(path, passphrase.as_ref().map(Secret::expose)), show::plain)
    }

    /// Takes accounts out of a document of `export_accounts`, each with its settings, rules and default replies, which take the place
    /// of those of an account that is here already.
    ///
    /// A new account takes its login too: cookie, device, token and proxy. Where the document leaves the secrets out it is parked, and
    /// waits for `update_cookie`. An account that is here already keeps its own login; only one that is parked, or has no cookie,
    /// takes that of the document, if it is of the same Xianyu user. An account of another user is refused.
    ///
    /// Raises `WrongKey` for another passphrase or a document that was tampered with: nothing was changed. `InvalidArgument` for a
    /// path that is no such document, or a passphrase that is missing; `ManagerClosed`.
    ///
    ///     print(manager.import_accounts("accounts.json", passphrase="…"))
    #[pyo3(signature = (path, *, passphrase=None))]
    fn import_accounts<'py>(&self, py: Python<'py>, path: &Bound<'_, PyAny>, passphrase: Option<&Bound<'_, PyAny>>) -> Answer<'py> {
        let (path, passphrase) = (arguments::path(path, "path")?, optional_text(passphrase, "passphrase")?.map(Secret::new));
        self.answer(py, self.core.import_accounts(path, passphrase.as_ref().map(Secret::expose)), show::one::<_, ImportReport>)
    }

    /// Copies the store as it is at this moment to a new file, readable for its owner only, while everything goes on; 10 minutes at
    /// most. The copy is a whole store of its own. What is sealed in it is sealed with the store's key: open it with that, with
    /// `Config(key_file="shop.db.key")` where it is in the file beside the store.
    ///
    /// Raises `InvalidArgument` for a path where something is and for a store in memory, `StoreFailed`, `DiskFull`, `DiskFailed`,
    /// `ManagerClosed`.
    ///
    ///     manager.snapshot("shop-2026-01-31.db")
    fn snapshot<'py>(&self, py: Python<'py>, path: &Bound<'_, PyAny>) -> Answer<'py> {
        self.answer(py, self.core.snapshot(arguments::path(path, "path")?), show::nothing)
    }

    /// Sets your function that is asked for a new cookie when an account's login is over, in the place of an earlier one; `None`
    /// takes it away. Does not block.
    ///
    /// `provider(cookie_id, reason)` returns the new cookie, in any form that `add_cookie` takes, or `None` where it has none: then
    /// `Config.cookie_helper` is asked where there is one, else the account is parked. It is parked too, with a sentence, when the
    /// function raises (the error's type is shown, its text is not), takes longer than `timeout_s` seconds (0.05 … 3,600), or brings a
    /// cookie of another user or one that is over as well; `restart` has it tried anew.
    ///
    /// A function is called on a thread of its own, where it may block and call every method of this manager; as many calls run at the
    /// same time as `Config.max_helpers` says. A coroutine function, or one that returns an awaitable, is awaited on the event loop that
    /// runs in the thread which calls this (keep that loop free), else on a loop of the library's own; it is cancelled when its time is
    /// over. A function that goes on after that keeps its place until it returns; `close` does not wait for it longer than
    /// `Config.stop_thread_s`.
    ///
    /// Raises `InvalidArgument`, `ManagerClosed`.
    ///
    ///     manager.set_cookie_provider(lambda cookie_id, reason: open(f"{cookie_id}.txt").read())
    #[pyo3(signature = (provider, timeout_s=None), text_signature = "($self, provider, timeout_s=120.0)")]
    fn set_cookie_provider<'py>(
        &self,
        py: Python<'py>,
        provider: Option<&Bound<'_, PyAny>>,
        timeout_s: Option<&Bound<'_, PyAny>>,
    ) -> Answer<'py> {
        let timeout_s = timeout_s.map_or(Ok(PROVIDER_TIMEOUT_S), |timeout_s| number(timeout_s, "timeout_s"))?;
        let provider = provider.map(cookie_provider).transpose()?;
        let function = provider.as_ref().map(|provider| provider.of_core());
        let set = without_gil(py, || self.core.set_cookie_provider(function, timeout_s));
        if set.is_ok() {
            self.functions.set_cookie_provider(provider);
        }
        self.now(py, set, show::nothing)
    }

    /// Has buyers' messages on which no rule has a word answered by your function, for all accounts, from the next message on, in the
    /// place of an earlier one; `None`: by nobody. This is where an AI model goes. Does not block.
    ///
    /// `handler(message)` gets a `ChatMessage` and returns what is to be sent: a `str`, a `Picture`, or a `ReplyContent` (both); `None`
    /// where it has nothing to say, and then the default reply is said (`set_default_reply`); or `""` where nothing at all is to be
    /// sent. It is sent as it stands: braces mean nothing in it. When the function raises, returns anything else, or takes longer than
    /// `timeout_s` seconds (0.05 … 3,600, the wait for a free place included), that is counted
    /// (`AccountStatus.counters.handler_failures`) and told to the logger `livekeeper` (of an error its type and place, not its text), and
    /// the default reply is said. What it says goes out only if no person has taken the chat meanwhile.
    ///
    /// It is called on a thread of its own, where it may block and call every method of this manager; by as many threads at the same
    /// time as `Config.max_handler_calls` says, eight for one account, one for a chat, whose later messages wait for it. A coroutine
    /// function, or one that returns an awaitable, is awaited on the event loop that runs in the thread which calls this (keep that loop
    /// free), else on a loop of the library's own; it is cancelled when its time is over. A function that goes on after that keeps its
    /// place until it returns; `close` does not wait for it longer than `Config.stop_thread_s`. A message whose session ends while the
    /// function thinks is asked about again by the next one.
    ///
    /// Python 3.12 begins no threads after its main thread has ended: while other threads go on there, or functions of `atexit`, four
    /// calls of your functions run at the same time at most, and the others wait.
    ///
    /// Raises `InvalidArgument`, `ManagerClosed`.
    ///
    ///     manager.set_reply_handler(lambda message: ask_model(message.text), timeout_s=60)
    #[pyo3(signature = (handler, timeout_s=None), text_signature = "($self, handler, timeout_s=30.0)")]
    fn set_reply_handler<'py>(
        &self,
        py: Python<'py>,
        handler: Option<&Bound<'_, PyAny>>,
        timeout_s: Option<&Bound<'_, PyAny>>,
    ) -> Answer<'py> {
        let set = self.put_reply_handler(py, handler, timeout_s)?;
        self.now(py, set, show::nothing)
    }

    /// Sets the function that is asked where no rule has a word, as `set_reply_handler` does, by decoration: `@manager.on_message`, or
    /// `@manager.on_message(timeout_s=60)`. The function stays what it is. Not awaited; does not block.
    ///
    /// Raises `InvalidArgument`, `ManagerClosed`.
    ///
    ///     @manager.on_message
    ///     def answer(message): return ask_model(message.text)
    #[pyo3(signature = (handler=None, *, timeout_s=None), text_signature = "($self, handler=None, *, timeout_s=30.0)")]
    fn on_message<'py>(
        this: &Bound<'py, Self>,
        handler: Option<&Bound<'py, PyAny>>,
        timeout_s: Option<&Bound<'py, PyAny>>,
    ) -> Answer<'py> {
        let py = this.py();
        let Some(handler) = handler else {
            let arguments = PyDict::new(py);
            arguments.set_item("timeout_s", timeout_s)?;
            return py.import("functools")?.getattr("partial")?.call((this.getattr("on_message")?,), Some(&arguments));
        };
        let set = this.get().put_reply_handler(py, Some(handler), timeout_s)?;
        set.map(|()| handler.clone()).map_err(|error| errors::to_python(py, &error))
    }

    /// Sets what is said to buyers' messages on which neither a rule nor the reply handler has a word, from the next message on, in the
    /// place of the earlier one; `None` takes that away. Remembered over a restart of the process. Returns when it is durable.
    ///
    /// - `reply`: a `str`, a `Picture`, or a `ReplyContent` (both). Its text has the variables of a `Rule`'s reply. An empty one says
    ///   nothing: for an item, say, whose account has another.
    /// - `item_id`: the item (str or int) for whose messages it is said in the place of the account's; `None`: the account's.
    /// - `once_per_chat`: say it once in each chat, for as long as the chat's messages are kept.
    ///
    /// Raises `InvalidArgument`, `AccountNotFound`, `AtCapacity` (10,000 items have one), `StoreFailed`, `ManagerClosed`.
    ///
    ///     manager.set_default_reply("shop 1", "您好 {send_user_name}，稍后回复您", once_per_chat=True)
    #[pyo3(signature = (cookie_id, reply, *, item_id=None, once_per_chat=None), text_signature = "($self, cookie_id, reply, *, item_id=None, once_per_chat=False)")]
    fn set_default_reply<'py>(
        &self,
        py: Python<'py>,
        cookie_id: &Bound<'_, PyAny>,
        reply: Option<&Bound<'_, PyAny>>,
        item_id: Option<&Bound<'_, PyAny>>,
        once_per_chat: Option<&Bound<'_, PyAny>>,
    ) -> Answer<'py> {
        let (cookie_id, item_id) = (text(cookie_id, "cookie_id")?, optional_user_id(item_id, "item_id")?);
        let once_per_chat = once_per_chat.map_or(Ok(false), |once_per_chat| switch(once_per_chat, "once_per_chat"))?;
        let reply = reply.map(|reply| ReplyContent::argument(reply, "reply", "str, Picture, ReplyContent or None")).transpose()?;
        let reply = reply.map(|content| DefaultReply::of(content, once_per_chat));
        self.answer(py, self.core.set_default_reply(&cookie_id, reply, item_id.as_deref()), show::nothing)
    }

    /// The account's default reply, or the item's own: a `DefaultReply`; `None`: it has none. Does not block.
    ///
    /// Raises `AccountNotFound`, `InvalidArgument`, `ManagerClosed`.
    ///
    ///     manager.get_default_reply("shop 1")
    #[pyo3(signature = (cookie_id, item_id=None))]
    fn get_default_reply<'py>(
        &self,
        py: Python<'py>,
        cookie_id: &Bound<'_, PyAny>,
        item_id: Option<&Bound<'_, PyAny>>,
    ) -> Answer<'py> {
        let (cookie_id, item_id) = (text(cookie_id, "cookie_id")?, optional_user_id(item_id, "item_id")?);
        self.now(py, self.core.get_default_reply(&cookie_id, item_id.as_deref()), show::optional::<_, DefaultReply>)
    }

    /// Whether the account is switched on. Does not block.
    ///
    /// Raises `AccountNotFound`, `ManagerClosed`.
    ///
    ///     manager.get_cookie_status("shop 1")
    fn get_cookie_status<'py>(&self, py: Python<'py>, cookie_id: &Bound<'_, PyAny>) -> Answer<'py> {
        self.now(py, self.core.get_cookie_status(&text(cookie_id, "cookie_id")?), show::plain)
    }

    /// The ids of all accounts, in their order. Does not block.
    ///
    /// Raises `ManagerClosed`.
    ///
    ///     for cookie_id in manager.list_cookies(): ...
    fn list_cookies<'py>(&self, py: Python<'py>) -> Answer<'py> {
        self.now(py, self.core.list_cookies(), show::plain)
    }

    /// The ids of the accounts that are switched on, in their order. Does not block.
    ///
    /// Raises `ManagerClosed`.
    ///
    ///     manager.get_enabled_cookies()
    fn get_enabled_cookies<'py>(&self, py: Python<'py>) -> Answer<'py> {
        self.now(py, self.core.get_enabled_cookies(), show::plain)
    }

    /// Puts these rules, an iterable of `(keyword, reply)` and `Rule`, in the place of the account's earlier ones, from the next
    /// message on. An empty one: no rules.
    ///
    /// Raises `InvalidArgument` naming the rule's place, `AccountNotFound`, `StoreFailed`, `ManagerClosed`.
    ///
    ///     manager.update_keywords("shop 1", [("包邮", "全场包邮"), ("在吗", "在的")])
    fn update_keywords<'py>(&self, py: Python<'py>, cookie_id: &Bound<'_, PyAny>, keywords: &Bound<'_, PyAny>) -> Answer<'py> {
        let (cookie_id, keywords) = (text(cookie_id, "cookie_id")?, rules(keywords, "keywords")?);
        self.answer(py, self.core.update_keywords(&cookie_id, keywords), show::nothing)
    }

    /// The account's rules in their order: a list with `(keyword, reply)` for each plain rule and a `Rule` for each other.
    ///
    /// Raises `AccountNotFound`, `StoreFailed`, `ManagerClosed`.
    ///
    ///     manager.get_keywords("shop 1")
    fn get_keywords<'py>(&self, py: Python<'py>, cookie_id: &Bound<'_, PyAny>) -> Answer<'py> {
        self.answer(py, self.core.get_keywords(&text(cookie_id, "cookie_id")?), show::rules)
    }

    /// The account at this moment: a frozen `AccountStatus`. Does not block.
    ///
    /// Raises `AccountNotFound`, `ManagerClosed`.
    ///
    ///     print(manager.status("shop 1"))     # running, connected: connected and registered
    fn status<'py>(&self, py: Python<'py>, cookie_id: &Bound<'_, PyAny>) -> Answer<'py> {
        self.now(py, self.core.status(&text(cookie_id, "cookie_id")?), show::one::<_, AccountStatus>)
    }

    /// All accounts at this moment, in the order of their ids: `Statuses`, a list that is a table in a notebook and goes into a
    /// data frame. Does not block.
    ///
    /// Raises `ManagerClosed`.
    ///
    ///     for status in manager.statuses(): print(status.cookie_id, status)
    fn statuses<'py>(&self, py: Python<'py>) -> Answer<'py> {
        self.now(py, self.core.statuses(), show::statuses)
    }

    /// Waits until the account's task is in `state` and its connection in `connection` (enum members or their names; at least
    /// one of the two), at most `timeout_s` seconds (0 … 86,400), and returns its status then.
    ///
    /// Raises `TimedOut` saying how things stood, `AccountNotFound`, `InvalidArgument`, `ManagerClosed`.
    ///
    ///     manager.wait_for("shop 1", connection="connected", timeout_s=30)
    #[pyo3(signature = (cookie_id, *, state=None, connection=None, timeout_s))]
    fn wait_for<'py>(
        &self,
        py: Python<'py>,
        cookie_id: &Bound<'_, PyAny>,
        state: Option<&Bound<'_, PyAny>>,
        connection: Option<&Bound<'_, PyAny>>,
        timeout_s: &Bound<'_, PyAny>,
    ) -> Answer<'py> {
        if state.is_none() && connection.is_none() {
            return Err(errors::invalid(py, "state", "says nothing to wait for, and neither does connection: give one or both"));
        }
        let wanted = Wanted {
            state: state.map(|state| TaskState::from_argument(state, "state")).transpose()?,
            connection: connection.map(|one| ConnectionState::from_argument(one, "connection")).transpose()?,
        };
        let (cookie_id, timeout_s) = (text(cookie_id, "cookie_id")?, number(timeout_s, "timeout_s")?);
        self.answer(py, self.core.wait_for(&cookie_id, wanted, timeout_s), show::one::<_, AccountStatus>)
    }

    /// What is used of everything that has a bound, at this moment: a frozen `Capacity`. Blocks for about a millisecond.
    ///
    /// Raises `ManagerClosed`.
    ///
    ///     for item in manager.capacity().warnings: print(item)
    fn capacity<'py>(&self, py: Python<'py>) -> Answer<'py> {
        self.now(py, without_gil(py, || self.core.capacity()), show::one::<_, Capacity>)
    }

    /// How many accounts stand how, what they have done, and the capacity: a frozen `Metrics`. Blocks for about a millisecond.
    ///
    /// Raises `ManagerClosed`.
    ///
    ///     manager.metrics().states["parked"]
    fn metrics<'py>(&self, py: Python<'py>) -> Answer<'py> {
        self.now(py, without_gil(py, || self.core.metrics()), show::one::<_, Metrics>)
    }

    /// The same as text for a monitoring system, in the `OpenMetrics` form. `per_account` adds series for each account: a few
    /// lines more for each of them. Blocks for about a millisecond.
    ///
    /// Raises `ManagerClosed`.
    ///
    ///     manager.metrics_text()
    #[pyo3(signature = (per_account=None), text_signature = "($self, per_account=False)")]
    fn metrics_text<'py>(&self, py: Python<'py>, per_account: Option<&Bound<'_, PyAny>>) -> Answer<'py> {
        let per_account = per_account.map_or(Ok(false), |per_account| switch(per_account, "per_account"))?;
        self.now(py, without_gil(py, || self.core.metrics_text(per_account)), show::plain)
    }

    /// Sends a text (1 … 20,000 bytes) into a chat and tells how that ended. `chat_id` and `user_id` are the chat and the buyer,
    /// without `@goofish`. Into one chat, messages go out in the order of the calls, no faster than `Config.chat_send_rate_per_s`
    /// and `Config.send_rate_per_s`; returns within `Config.answer_timeout_s` of when it goes out, which is usually at once.
    ///
    /// Raises `NotConnected` (also when the session ends before it could go out) and `AtCapacity` (256 calls wait already): nothing
    /// was sent; `AccountNotFound`, `StoreFailed`, `InvalidArgument`, `ManagerClosed`.
    ///
    ///     outcome = manager.send_text("shop 1", "20997167734", "9687236998962", "发货了")
    ///     if outcome.outcome != "delivered": ...
    fn send_text<'py>(
        &self,
        py: Python<'py>,
        cookie_id: &Bound<'_, PyAny>,
        chat_id: &Bound<'_, PyAny>,
        user_id: &Bound<'_, PyAny>,
        text: &Bound<'_, PyAny>,
    ) -> Answer<'py> {
        let (cookie_id, chat_id) = (self::text(cookie_id, "cookie_id")?, self::text(chat_id, "chat_id")?);
        let (user_id, text) = (self::text(user_id, "user_id")?, self::text(text, "text")?);
        self.answer(py, self.core.send_text(&cookie_id, &chat_id, &user_id, &text), show::one::<_, SendOutcome>)
    }

    /// Sends a `Picture` that the site already has into a chat, and tells how that ended: as `send_text`, in one order with the
    /// texts.
    ///
    /// Raises as `send_text` does.
    ///
    ///     picture = livekeeper.Picture("https://img.alicdn.com/size.jpg", 800, 600)
    ///     outcome = manager.send_image("shop 1", "20997167734", "9687236998962", picture)
    fn send_image<'py>(
        &self,
        py: Python<'py>,
        cookie_id: &Bound<'_, PyAny>,
        chat_id: &Bound<'_, PyAny>,
        user_id: &Bound<'_, PyAny>,
        picture: &Bound<'_, PyAny>,
    ) -> Answer<'py> {
        let (cookie_id, chat_id) = (self::text(cookie_id, "cookie_id")?, self::text(chat_id, "chat_id")?);
        let (user_id, picture) = (self::text(user_id, "user_id")?, Picture::read(picture)?);
        self.answer(py, self.core.send_image(&cookie_id, &chat_id, &user_id, picture), show::one::<_, SendOutcome>)
    }

    /// What came for the account, the newest first, with what was decided about each message, by which rule, what was sent, and
    /// how that ended: `Messages`, a list of `MessageTrace` that is a table in a notebook and goes into a data frame. `chat_id`: of one
    /// chat only. `limit`: 1 … 10,000 messages.
    ///
    /// Raises `AccountNotFound`, `InvalidArgument`, `StoreFailed`, `ManagerClosed`.
    ///
    ///     for trace in manager.messages("shop 1", limit=20): print(trace.received_at, trace)
    #[pyo3(signature = (cookie_id, chat_id=None, *, limit=None), text_signature = "($self, cookie_id, chat_id=None, *, limit=100)")]
    fn messages<'py>(
        &self,
        py: Python<'py>,
        cookie_id: &Bound<'_, PyAny>,
        chat_id: Option<&Bound<'_, PyAny>>,
        limit: Option<&Bound<'_, PyAny>>,
    ) -> Answer<'py> {
        let (cookie_id, chat_id) = (text(cookie_id, "cookie_id")?, optional_text(chat_id, "chat_id")?);
        let limit = limit.map_or(Ok(MESSAGES), |limit| small_count(limit, "limit"))?;
        self.answer(py, self.core.messages(&cookie_id, chat_id.as_deref(), limit), show::messages)
    }

    /// Answers nothing in a chat for so many minutes (1 … 525,600) from now on; what came in meanwhile stays unanswered.
    /// Remembered over a restart of the process. A chat in which the seller writes by hand is paused by itself, for the minutes
    /// of `set_pause_duration`. `send_text` goes out all the same. Returns when it is durable.
    ///
    /// Raises `AccountNotFound`, `InvalidArgument`, `StoreFailed`, `ManagerClosed`.
    ///
    ///     manager.pause_chat("shop 1", "20997167734", 60)
    fn pause_chat<'py>(
        &self,
        py: Python<'py>,
        cookie_id: &Bound<'_, PyAny>,
        chat_id: &Bound<'_, PyAny>,
        minutes: &Bound<'_, PyAny>,
    ) -> Answer<'py> {
        let (cookie_id, chat_id) = (text(cookie_id, "cookie_id")?, text(chat_id, "chat_id")?);
        self.answer(py, self.core.pause_chat(&cookie_id, &chat_id, small_count(minutes, "minutes")?), show::nothing)
    }

    /// Lets a paused chat be answered again, from the next message on; one that is not paused is fine. Returns when it is
    /// durable.
    ///
    /// Raises `AccountNotFound`, `InvalidArgument`, `StoreFailed`, `ManagerClosed`.
    ///
    ///     manager.resume_chat("shop 1", "20997167734")
    fn resume_chat<'py>(&self, py: Python<'py>, cookie_id: &Bound<'_, PyAny>, chat_id: &Bound<'_, PyAny>) -> Answer<'py> {
        let (cookie_id, chat_id) = (text(cookie_id, "cookie_id")?, text(chat_id, "chat_id")?);
        self.answer(py, self.core.resume_chat(&cookie_id, &chat_id), show::nothing)
    }

    /// The account's chats that are paused now, in the order of their ids: a list of `PausedChat`.
    ///
    /// Raises `AccountNotFound`, `StoreFailed`, `ManagerClosed`.
    ///
    ///     for chat in manager.paused_chats("shop 1"): print(chat.chat_id, chat.paused_until)
    fn paused_chats<'py>(&self, py: Python<'py>, cookie_id: &Bound<'_, PyAny>) -> Answer<'py> {
        self.answer(py, self.core.paused_chats(&text(cookie_id, "cookie_id")?), show::list::<_, PausedChat>)
    }

    /// For how many minutes (0 … 525,600; 10 at first) a chat is left to a person who has written in it by hand; 0: not at all.
    /// Remembered over a restart of the process. Returns when it is durable.
    ///
    /// Raises `AccountNotFound`, `InvalidArgument`, `StoreFailed`, `ManagerClosed`.
    ///
    ///     manager.set_pause_duration("shop 1", 30)
    fn set_pause_duration<'py>(&self, py: Python<'py>, cookie_id: &Bound<'_, PyAny>, minutes: &Bound<'_, PyAny>) -> Answer<'py> {
        let (cookie_id, minutes) = (text(cookie_id, "cookie_id")?, small_count(minutes, "minutes")?);
        self.answer(py, self.core.set_pause_duration(&cookie_id, minutes), show::nothing)
    }

    /// The account's orders, the newest first, each with its history and how the confirmation of its shipment stands: `Orders`, a
    /// list of `Order` that is a table in a notebook and goes into a data frame. `limit`: 1 … 10,000 orders. They are kept for `Config.keep_messages_days` after they have changed last.
    ///
    /// Raises `AccountNotFound`, `InvalidArgument`, `StoreFailed`, `ManagerClosed`.
    ///
    ///     for order in manager.orders("shop 1"): print(order.updated_at, order)
    #[pyo3(signature = (cookie_id, *, limit=None), text_signature = "($self, cookie_id, *, limit=100)")]
    fn orders<'py>(&self, py: Python<'py>, cookie_id: &Bound<'_, PyAny>, limit: Option<&Bound<'_, PyAny>>) -> Answer<'py> {
        let limit = limit.map_or(Ok(MESSAGES), |limit| small_count(limit, "limit"))?;
        self.answer(py, self.core.orders(&text(cookie_id, "cookie_id")?, limit), show::orders)
    }

    /// One of the account's orders, an `Order`; `None`: no such order is on record.
    ///
    /// Raises `AccountNotFound`, `InvalidArgument`, `StoreFailed`, `ManagerClosed`.
    ///
    ///     manager.order("shop 1", "6276084829544251257")
    fn order<'py>(&self, py: Python<'py>, cookie_id: &Bound<'_, PyAny>, order_id: &Bound<'_, PyAny>) -> Answer<'py> {
        let (cookie_id, order_id) = (text(cookie_id, "cookie_id")?, text(order_id, "order_id")?);
        self.answer(py, self.core.order(&cookie_id, &order_id), show::optional::<_, Order>)
    }

    /// Whether an order that comes to await shipment from now on has its shipment confirmed to the service by itself, once; off
    /// at first. Orders that await it already are left as they are (`confirm_shipment`). An account that is paused confirms all
    /// the same: it is no reply. Remembered over a restart of the process. Returns when it is durable.
    ///
    /// Raises `AccountNotFound`, `InvalidArgument`, `StoreFailed`, `ManagerClosed`.
    ///
    ///     manager.update_auto_confirm_setting("shop 1", True)
    fn update_auto_confirm_setting<'py>(
        &self,
        py: Python<'py>,
        cookie_id: &Bound<'_, PyAny>,
        on: &Bound<'_, PyAny>,
    ) -> Answer<'py> {
        let (cookie_id, on) = (text(cookie_id, "cookie_id")?, switch(on, "on")?);
        self.answer(py, self.core.update_auto_confirm_setting(&cookie_id, on), show::nothing)
    }

    /// Whether shipments are confirmed by themselves.
    ///
    /// Raises `AccountNotFound`, `StoreFailed`, `ManagerClosed`.
    ///
    ///     manager.get_auto_confirm_setting("shop 1")
    fn get_auto_confirm_setting<'py>(&self, py: Python<'py>, cookie_id: &Bound<'_, PyAny>) -> Answer<'py> {
        self.answer(py, self.core.get_auto_confirm_setting(&text(cookie_id, "cookie_id")?), show::plain)
    }

    /// Has the shipment of an order confirmed to the service, and tells how that ended: a `Confirmation`. One that is confirmed
    /// already is not asked for again; one that was refused, or of which nobody knows, is: by this call and never by itself.
    /// `"pending"`: the account is not connected, or its session has ended first; it is confirmed as soon as it is connected
    /// again, and the event tells.
    ///
    /// Raises `InvalidArgument` for no such order, or one that does not await shipment; `AccountNotFound`, `StoreFailed`,
    /// `ManagerClosed`.
    ///
    ///     manager.confirm_shipment("shop 1", "6276084829544251257")
    fn confirm_shipment<'py>(&self, py: Python<'py>, cookie_id: &Bound<'_, PyAny>, order_id: &Bound<'_, PyAny>) -> Answer<'py> {
        let (cookie_id, order_id) = (text(cookie_id, "cookie_id")?, text(order_id, "order_id")?);
        self.answer(py, self.core.confirm_shipment(&cookie_id, &order_id), show::one::<_, Confirmation>)
    }

    /// Keeps a remark with the account, for people: 0 … 1,000 bytes, empty at first. It has no effect. Returns when it is durable.
    ///
    /// Raises `InvalidArgument`, `AccountNotFound`, `StoreFailed`, `ManagerClosed`.
    ///
    ///     manager.set_remark("shop 1", "老王的店")
    fn set_remark<'py>(&self, py: Python<'py>, cookie_id: &Bound<'_, PyAny>, remark: &Bound<'_, PyAny>) -> Answer<'py> {
        let (cookie_id, remark) = (text(cookie_id, "cookie_id")?, text(remark, "remark")?);
        self.answer(py, self.core.set_remark(&cookie_id, &remark), show::nothing)
    }

    /// The account's remark.
    ///
    /// Raises `AccountNotFound`, `StoreFailed`, `ManagerClosed`.
    ///
    ///     manager.get_remark("shop 1")
    fn get_remark<'py>(&self, py: Python<'py>, cookie_id: &Bound<'_, PyAny>) -> Answer<'py> {
        self.answer(py, self.core.get_remark(&text(cookie_id, "cookie_id")?), show::plain)
    }

    /// Why the account answers, or why it does not, in sentences that say what to do, with the evidence: an `Explanation`.
    /// `messages`: how many of the newest messages on record are looked at (1 … 10,000). `print` it, or end a notebook's cell with it.
    ///
    /// Raises `AccountNotFound`, `InvalidArgument`, `StoreFailed`, `ManagerClosed`.
    ///
    ///     print(manager.explain("shop 1"))
    #[pyo3(signature = (cookie_id, *, messages=None), text_signature = "($self, cookie_id, *, messages=100)")]
    fn explain<'py>(this: &Bound<'py, Self>, cookie_id: &Bound<'py, PyAny>, messages: Option<&Bound<'py, PyAny>>) -> Answer<'py> {
        let cookie_id = text(cookie_id, "cookie_id")?;
        let messages = messages.map_or(Ok(MESSAGES), |messages| small_count(messages, "messages"))?;
        let own = this.get();
        let (has_handler, config) = (own.functions.has_reply_handler(), own.config.clone_ref(this.py()));
        seeing::call(this.py(), "explain", "explain", (this, own.is_awaitable(), cookie_id, messages, has_handler, config))
    }

    /// What a report about the account needs, with what is nobody's business left out: a `Diagnosis`, to be looked at, saved and
    /// attached. It holds no cookie, token, password or proxy; ids are replaced by names that mean nothing elsewhere, and of what
    /// people and rules say only the length is told, or with `texts` also the texts of the messages. `messages`: how many of the
    /// newest it tells of (1 … 10,000).
    ///
    /// Raises `AccountNotFound`, `InvalidArgument`, `StoreFailed`, `ManagerClosed`.
    ///
    ///     manager.diagnose("shop 1").save("report.json")
    #[pyo3(
        signature = (cookie_id, *, texts=None, messages=None),
        text_signature = "($self, cookie_id, *, texts=False, messages=100)"
    )]
    fn diagnose<'py>(
        this: &Bound<'py, Self>,
        cookie_id: &Bound<'py, PyAny>,
        texts: Option<&Bound<'py, PyAny>>,
        messages: Option<&Bound<'py, PyAny>>,
    ) -> Answer<'py> {
        let cookie_id = text(cookie_id, "cookie_id")?;
        let texts = texts.map_or(Ok(false), |texts| switch(texts, "texts"))?;
        let messages = messages.map_or(Ok(MESSAGES), |messages| small_count(messages, "messages"))?;
        let own = this.get();
        let (has_handler, config) = (own.functions.has_reply_handler(), own.config.clone_ref(this.py()));
        let arguments = (this, own.is_awaitable(), cookie_id, messages, has_handler, config, texts);
        seeing::call(this.py(), "diagnose", "diagnose", arguments)
    }

    /// Stops every account and closes the store within about `timeout_s` seconds (0 … 86,400), and reports on each account.
    /// Calling it again returns the same report.
    ///
    /// Raises `InvalidArgument`, `Forked`.
    ///
    ///     print(manager.close())              # closed 5 accounts in 0.04 s: nothing is left
    #[pyo3(signature = (timeout_s=None), text_signature = "($self, timeout_s=10.0)")]
    fn close<'py>(&self, py: Python<'py>, timeout_s: Option<&Bound<'_, PyAny>>) -> Answer<'py> {
        let timeout_s = timeout_s.map_or(Ok(CLOSE_TIMEOUT_S), |timeout_s| number(timeout_s, "timeout_s"))?;
        self.end(py, timeout_s)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        match &self.owner {
            // It shows them: a function that is held once must not be counted twice.
            Some(owner) => visit.call(owner),
            None => self.functions.traverse(&visit),
        }
    }

    fn __clear__(&self) {
        self.functions.clear();
    }
}

impl Verbs {
    /// Those that wait.
    pub(crate) fn blocking(core: Arc<livekeeper::CookieManager>, config: Py<Config>) -> Self {
        Self { core, functions: Arc::default(), config, face: Face::Blocking, owner: None }
    }

    /// The same verbs of `owner`, as something to await.
    pub(crate) fn awaitable(&self, owner: Bound<'_, PyAny>) -> Self {
        let (core, functions) = (Arc::clone(&self.core), Arc::clone(&self.functions));
        let config = self.config.clone_ref(owner.py());
        Self { core, functions, config, face: Face::Awaitable, owner: Some(owner.unbind()) }
    }

    fn is_awaitable(&self) -> bool {
        matches!(self.face, Face::Awaitable)
    }

    pub(crate) fn core(&self) -> &livekeeper::CookieManager {
        &self.core
    }

    /// Closes the manager, and lets go of the functions that it was given.
    pub(crate) fn end<'py>(&self, py: Python<'py>, timeout_s: f64) -> Answer<'py> {
        let functions = Arc::clone(&self.functions);
        self.answer(py, self.core.close(timeout_s), move |py, report| {
            functions.let_go();
            show::one::<_, StopReport>(py, report)
        })
    }

    /// The same, and nothing to see of it.
    pub(crate) fn leave<'py>(&self, py: Python<'py>) -> Answer<'py> {
        let functions = Arc::clone(&self.functions);
        self.answer(py, self.core.close(CLOSE_TIMEOUT_S), move |py, _| {
            functions.let_go();
            Ok(py.None())
        })
    }

    /// The answer of a call that is under way.
    fn answer<'py, T: Send + 'static>(&self, py: Python<'py>, call: Call<T>, show: impl Show<T>) -> Answer<'py> {
        match self.face {
            Face::Blocking => Ok(show(py, wait(py, call)?)?.into_bound(py)),
            Face::Awaitable => awaiting::call(py, call, show),
        }
    }

    /// Has the host's function asked from now on. The outer error is of the arguments' types.
    fn put_reply_handler(
        &self,
        py: Python<'_>,
        handler: Option<&Bound<'_, PyAny>>,
        timeout_s: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Result<(), Error>> {
        let timeout_s = timeout_s.map_or(Ok(HANDLER_TIMEOUT_S), |timeout_s| number(timeout_s, "timeout_s"))?;
        let handler = handler.map(reply_handler).transpose()?;
        let function = handler.as_ref().map(|handler| handler.of_core());
        let set = without_gil(py, || self.core.set_reply_handler(function, timeout_s));
        if set.is_ok() {
            self.functions.set_reply_handler(handler);
        }
        Ok(set)
    }

    /// What the core answers without waiting.
    fn now<'py, T: Send + 'static>(&self, py: Python<'py>, answer: Result<T, Error>, show: impl Show<T>) -> Answer<'py> {
        match self.face {
            Face::Blocking => Ok(show(py, answer.map_err(|error| errors::to_python(py, &error))?)?.into_bound(py)),
            Face::Awaitable => awaiting::answer(py, answer, show),
        }
    }
}
