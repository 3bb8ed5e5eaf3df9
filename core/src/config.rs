//! Settings: one flat value, validated once when a manager is opened. Every field has its unit in its name.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use http::Uri;

use crate::error::Error;
use crate::helper::HelperProcess;
use crate::key::{Key, KeySource, Passphrase, shown_file, shown_variable};

/// Settings of a [`CookieManager`](crate::CookieManager). The defaults are what an operator wants against the real service.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Config {
    /// The IM WebSocket: `wss://…`; plain `ws://` is taken for loopback addresses only. Default: the service's.
    pub websocket_url: String,
    /// The base of the signed API, without the API's name: `https://…`; plain `http://` for loopback addresses only. Default: the service's.
    pub api_url: String,
    /// A PEM file with certificates of further authorities to trust, beside the public ones. Default: none.
    pub ca_file: Option<PathBuf>,

    /// The key that the credentials in the store are sealed with, at most one of this, `key_file`, `key_env` and `passphrase`. The
    /// key itself. Default: none, and with none of the four, the key file `<store>.key` beside the store, made when it does not
    /// exist; for a store in memory, a key that goes with it.
    pub key: Option<Key>,
    /// Or a file that holds it: 32 bytes in Base64 or hex; made, with a new key and mode 0600, when it does not exist and the store
    /// is new. It belongs to one store. Default: none.
    pub key_file: Option<PathBuf>,
    /// Or the name of an environment variable (letters, digits and _) that holds it in Base64 or hex. Default: none.
    pub key_env: Option<String>,
    /// Or words that it is made of, with Argon2id: opening takes some tenths of a second and 64 MiB. Default: none.
    pub passphrase: Option<Passphrase>,

    /// A chat must have been quiet for this long before its last message is answered; 0 answers every message at once. Seconds, 0 … 60. Default 1.
    pub debounce_s: f64,
    /// Whether a rule, the host's function and `{send_message}` see all the messages that are answered together, a line each; else the
    /// last of them. Default: no.
    pub join_messages: bool,
    /// A message that is older than this when it is looked at is recorded and not answered. Seconds, 1 … 86,400. Default 300.
    pub stale_after_s: f64,
    /// How far back a session that begins looks for what was missed meanwhile: the chats that were active within it are read back, and what of it is not recorded yet is, and is answered like anything else; 0 turns it off. Seconds, 0 … 86,400. Default 3,600.
    pub backfill_window_s: f64,
    /// Chats that are read back for one session, the most recently active first. 1 … 1,000. Default 50.
    pub backfill_chats: usize,
    /// Requests a second for it, of one account. 0.1 … 100. Default 2.
    pub backfill_rate_per_s: f64,
    /// Messages that an account sends a second, replies and the host's own together, and into all chats; after a pause, 10 at once.
    /// What would be faster waits. 0.01 … 10,000. Default 5.
    pub send_rate_per_s: f64,
    /// The same into one chat; after a pause, 3 at once. A chat that waits holds up no other. 0.01 … 10,000. Default 1.
    pub chat_send_rate_per_s: f64,
    /// Between two heartbeats. Seconds, 0.05 … 300. Default 15.
    pub heartbeat_interval_s: f64,
    /// A heartbeat not answered for this long means that the connection is dead. Seconds, 0.05 … 300. Default 30.
    pub heartbeat_timeout_s: f64,
    /// Between two new tokens of a connection that lives: it asks for one in the background, then registers with it on a new connection. Seconds, 0.05 … 86,400. Default 3,600.
    pub token_refresh_s: f64,
    /// And after one that could not be had; the connection goes on meanwhile. Seconds, 0.05 … 86,400. Default 600.
    pub token_refresh_retry_s: f64,

    /// For name look-up, TCP, TLS and the WebSocket handshake together. Seconds, 0.05 … 300. Default 15.
    pub connect_timeout_s: f64,
    /// For one API call, its answer read. Seconds, 0.05 … 300. Default 20.
    pub api_timeout_s: f64,
    /// For the answer to a registration or a send; a send without one by then is unknown. Seconds, 0.05 … 300. Default 10.
    pub answer_timeout_s: f64,
    /// For the service to take what is written; then the connection counts as dead. Seconds, 0.05 … 300. Default 10.
    pub write_timeout_s: f64,

    /// For the service's answer to the close frame of a session that ends by itself; a stop has `stop_socket_s`. Seconds, 0.05 … 300. Default 1.
    pub close_timeout_s: f64,
    /// For the store to take or finish a write of a session, and to close; a disk that hangs for longer ends the session. Seconds, 0.05 … 300. Default 10.
    pub store_timeout_s: f64,

    /// Connects started a second, over all accounts. 0.1 … 10,000. Default 5.
    pub connect_rate_per_s: f64,
    /// Accounts that connect at the same time; 0: none connects, for a store that is only to be changed. 0 … 1,000. Default 8.
    pub max_connecting: usize,
    /// The longest wait before the first new try; it doubles with each failure, and the wait is drawn between 0 and it. Seconds, 0.01 … 3,600. Default 1.
    pub backoff_initial_s: f64,
    /// What that wait never exceeds. Seconds, `backoff_initial_s` … 3,600. Default 60.
    pub backoff_max_s: f64,
    /// A connection that stood this long makes earlier failures forgotten. Seconds, 0.05 … 3,600. Default 60.
    pub stable_after_s: f64,
    /// This many failures by its own fault (not the network's) within `park_window_s` park an account. 1 … 1,000. Default 5.
    pub park_after_failures: usize,
    /// See `park_after_failures`. Seconds, 1 … 86,400. Default 600.
    pub park_window_s: f64,

    /// Stopping, stage 1: replies in flight and the closing handshake. Seconds, 0.05 … 300. Default 5.
    pub stop_socket_s: f64,
    /// Stopping, stage 2: for child processes to end, asked first and killed shortly before it is over. Seconds, 0.05 … 300. Default 10.
    pub stop_process_s: f64,
    /// Stopping, stage 3: for what still runs after that to end, before it is abandoned behind its fence. Seconds, 0.05 … 300. Default 3.
    pub stop_thread_s: f64,

    /// A command that is run for an account whose login is over: the program, found through `PATH`, and its arguments. It gets
    /// JSON on stdin and writes JSON with a new cookie to stdout; `README.md` shows one. Linux only. Default: none.
    pub cookie_helper: Option<Vec<String>>,
    /// For one run of it; then it is stopped, and the account parked. Seconds, 0.05 … 3,600. Default 120.
    pub cookie_helper_timeout_s: f64,
    /// Helpers that run at the same time; further accounts wait. 1 … 100. Default 4.
    pub max_helpers: usize,

    /// Calls of the host's reply function at the same time, over all accounts; further messages wait within its deadline. 1 … 64. Default 16.
    pub max_handler_calls: usize,

    /// Between two looks at every account's health and at the capacity. Seconds, 0.05 … 3,600. Default 30.
    pub health_interval_s: f64,
    /// An account that has had no connection for this long is degraded. Seconds, 0.05 … 86,400. Default 30.
    pub degraded_after_s: f64,
    /// And down after this long. Seconds, `degraded_after_s` … 86,400. Default 300.
    pub down_after_s: f64,
    /// Events that are kept for a reader that has not read them yet; one that falls behind further loses the oldest and hears
    /// how many. Rounded up to a power of two. 16 … 1,000,000. Default 10,000.
    pub event_queue: usize,

    /// Messages, with what was decided and sent, are kept for this many days. 1 … 3,650. Default 30.
    pub keep_messages_days: usize,

    /// Accounts at most. 1 … 1,000,000. Default 20,000. At the bound, `add_cookie` is refused.
    pub max_accounts: usize,
    /// Threads of the background runtime. 1 … 64. Default 2.
    pub worker_threads: usize,
}

/// What may be a key that was given in the wrong place is not shown.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        macro_rules! show {
            ($($before:ident)+; $($after:ident)+) => {{
                // Named one by one, so that none is left out, and in their order.
                let Self { $($before,)+ key_file, key_env, $($after),+ } = self;
                f.debug_struct("Config")
                    $(.field(stringify!($before), $before))+
                    .field("key_file", &key_file.as_deref().map(shown_file))
                    .field("key_env", &key_env.as_deref().map(shown_variable))
                    $(.field(stringify!($after), $after))+
                    .finish()
            }};
        }
        show! {
            websocket_url api_url ca_file key;
            passphrase debounce_s join_messages stale_after_s backfill_window_s backfill_chats
            backfill_rate_per_s send_rate_per_s chat_send_rate_per_s heartbeat_interval_s heartbeat_timeout_s
            token_refresh_s token_refresh_retry_s connect_timeout_s api_timeout_s answer_timeout_s
            write_timeout_s close_timeout_s store_timeout_s connect_rate_per_s max_connecting
            backoff_initial_s backoff_max_s stable_after_s park_after_failures park_window_s
            stop_socket_s stop_process_s stop_thread_s cookie_helper cookie_helper_timeout_s
            max_helpers max_handler_calls health_interval_s degraded_after_s down_after_s
            event_queue keep_messages_days max_accounts worker_threads
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            websocket_url: "wss://wss-goofish.dingtalk.com/".to_owned(),
            api_url: "https://h5api.m.goofish.com/h5".to_owned(),
            ca_file: None,
            key: None,
            key_file: None,
            key_env: None,
            passphrase: None,
            debounce_s: 1.0,
            join_messages: false,
            stale_after_s: 300.0,
            backfill_window_s: 3_600.0,
            backfill_chats: 50,
            backfill_rate_per_s: 2.0,
            send_rate_per_s: 5.0,
            chat_send_rate_per_s: 1.0,
            heartbeat_interval_s: 15.0,
            heartbeat_timeout_s: 30.0,
            token_refresh_s: 3_600.0,
            token_refresh_retry_s: 600.0,
            connect_timeout_s: 15.0,
            api_timeout_s: 20.0,
            answer_timeout_s: 10.0,
            write_timeout_s: 10.0,
            close_timeout_s: 1.0,
            store_timeout_s: 10.0,
            connect_rate_per_s: 5.0,
            max_connecting: 8,
            backoff_initial_s: 1.0,
            backoff_max_s: 60.0,
            stable_after_s: 60.0,
            park_after_failures: 5,
            park_window_s: 600.0,
            stop_socket_s: 5.0,
            stop_process_s: 10.0,
            stop_thread_s: 3.0,
            cookie_helper: None,
            cookie_helper_timeout_s: 120.0,
            max_helpers: 4,
            max_handler_calls: 16,
            health_interval_s: 30.0,
            degraded_after_s: 30.0,
            down_after_s: 300.0,
            event_queue: 10_000,
            keep_messages_days: 30,
            max_accounts: 20_000,
            worker_threads: 2,
        }
    }
}

impl Config {
    /// Looks at every field.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] naming the first field that is out of its range, its value, and what is allowed.
    pub fn validate(&self) -> Result<(), Error> {
        check_url("websocket_url", &self.websocket_url, "wss", "ws")?;
        check_url("api_url", &self.api_url, "https", "http")?;
        for (field, value, least, most) in [
            ("debounce_s", self.debounce_s, 0.0, 60.0),
            ("stale_after_s", self.stale_after_s, 1.0, 86_400.0),
            ("backfill_window_s", self.backfill_window_s, 0.0, 86_400.0),
            ("backfill_rate_per_s", self.backfill_rate_per_s, 0.1, 100.0),
            ("send_rate_per_s", self.send_rate_per_s, 0.01, 10_000.0),
            ("chat_send_rate_per_s", self.chat_send_rate_per_s, 0.01, 10_000.0),
            ("heartbeat_interval_s", self.heartbeat_interval_s, 0.05, 300.0),
            ("heartbeat_timeout_s", self.heartbeat_timeout_s, 0.05, 300.0),
            ("token_refresh_s", self.token_refresh_s, 0.05, 86_400.0),
            ("token_refresh_retry_s", self.token_refresh_retry_s, 0.05, 86_400.0),
            ("connect_timeout_s", self.connect_timeout_s, 0.05, 300.0),
            ("api_timeout_s", self.api_timeout_s, 0.05, 300.0),
            ("answer_timeout_s", self.answer_timeout_s, 0.05, 300.0),
            ("write_timeout_s", self.write_timeout_s, 0.05, 300.0),
            ("close_timeout_s", self.close_timeout_s, 0.05, 300.0),
            ("store_timeout_s", self.store_timeout_s, 0.05, 300.0),
            ("connect_rate_per_s", self.connect_rate_per_s, 0.1, 10_000.0),
            ("backoff_initial_s", self.backoff_initial_s, 0.01, 3_600.0),
            ("backoff_max_s", self.backoff_max_s, self.backoff_initial_s, 3_600.0),
            ("stable_after_s", self.stable_after_s, 0.05, 3_600.0),
            ("park_window_s", self.park_window_s, 1.0, 86_400.0),
            ("stop_socket_s", self.stop_socket_s, 0.05, 300.0),
            ("stop_process_s", self.stop_process_s, 0.05, 300.0),
            ("stop_thread_s", self.stop_thread_s, 0.05, 300.0),
            ("cookie_helper_timeout_s", self.cookie_helper_timeout_s, 0.05, 3_600.0),
            ("health_interval_s", self.health_interval_s, 0.05, 3_600.0),
            ("degraded_after_s", self.degraded_after_s, 0.05, 86_400.0),
            ("down_after_s", self.down_after_s, self.degraded_after_s, 86_400.0),
        ] {
            // A NaN is in no range.
            if !(least..=most).contains(&value) {
                return Err(Error::invalid(field, format!("is {value}, allowed is {least} … {most}")));
            }
        }
        for (field, value, least, most) in [
            ("backfill_chats", self.backfill_chats, 1, 1_000),
            ("max_connecting", self.max_connecting, 0, 1_000),
            ("park_after_failures", self.park_after_failures, 1, 1_000),
            ("max_helpers", self.max_helpers, 1, 100),
            ("max_handler_calls", self.max_handler_calls, 1, 64),
            ("event_queue", self.event_queue, 16, 1_000_000),
            ("keep_messages_days", self.keep_messages_days, 1, 3_650),
            ("max_accounts", self.max_accounts, 1, 1_000_000),
            ("worker_threads", self.worker_threads, 1, 64),
        ] {
            if !(least..=most).contains(&value) {
                return Err(Error::invalid(field, format!("is {value}, allowed is {least} … {most}")));
            }
        }
        let key = (self.key.clone(), self.key_file.clone(), self.key_env.clone(), self.passphrase.clone());
        KeySource::one_of(key.0, key.1, key.2, key.3)?;
        self.helper().map(drop)
    }

    /// Where the store's key comes from; what is kept while a manager is open has it no more.
    pub(crate) fn take_key(&mut self) -> Result<Option<KeySource>, Error> {
        KeySource::one_of(self.key.take(), self.key_file.take(), self.key_env.take(), self.passphrase.take())
    }

    /// The cookie helper, where there is one.
    pub(crate) fn helper(&self) -> Result<Option<HelperProcess>, Error> {
        let limit = seconds(self.cookie_helper_timeout_s);
        self.cookie_helper.as_ref().map(|command| HelperProcess::new(command.clone(), limit)).transpose()
    }
}

/// A span from a validated `_s` field.
pub(crate) fn seconds(value: f64) -> Duration {
    Duration::try_from_secs_f64(value).unwrap_or_default()
}

fn check_url(field: &'static str, url: &str, secure: &str, plain: &str) -> Result<(), Error> {
    let uri: Uri = url.parse().map_err(|problem| Error::invalid(field, format!("{url:?} is no URL: {problem}")))?;
    let (Some(scheme), Some(host)) = (uri.scheme_str(), uri.host()) else {
        return Err(Error::invalid(field, format!("{url:?} must begin with {secure}:// and a host")));
    };
    if scheme == secure || (scheme == plain && is_loopback(host)) {
        return Ok(());
    }
    let problem = if scheme == plain {
        format!("{url:?}: plain {plain}:// is taken for loopback addresses only (127.0.0.1, [::1], localhost); use {secure}://")
    } else {
        format!("{url:?} must begin with {secure}://")
    };
    Err(Error::invalid(field, problem))
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || address.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::Config;

    #[test]
    fn the_defaults_are_valid() {
        Config::default().validate().unwrap();
    }

    #[test]
    fn plain_addresses_are_taken_for_loopback_only() {
        for (url, allowed) in [
            ("ws://127.0.0.1:9/", true),
            ("ws://[::1]:9/", true),
            ("ws://localhost:9/", true),
            ("wss://example.com/", true),
            ("ws://example.com/", false),
            ("ws://10.0.0.1:9/", false),
            ("ws://127.0.0.1.example.com/", false),
            ("http://127.0.0.1:9/", false),
            ("127.0.0.1:9", false),
            ("", false),
        ] {
            let config = Config { websocket_url: url.to_owned(), ..Config::default() };
            assert_eq!(config.validate().is_ok(), allowed, "{url}");
        }
    }

    #[test]
    fn a_value_out_of_range_is_refused_by_name_with_what_is_allowed() {
        type Spoil = fn(&mut Config);
        let table: [(Spoil, &str); 14] = [
            (|c| c.debounce_s = -1.0, "debounce_s: is -1, allowed is 0 … 60"),
            (|c| c.backfill_window_s = -1.0, "backfill_window_s: is -1, allowed is 0 … 86400"),
            (|c| c.backfill_chats = 0, "backfill_chats: is 0, allowed is 1 … 1000"),
            (|c| c.heartbeat_interval_s = f64::NAN, "heartbeat_interval_s: is NaN, allowed is 0.05 … 300"),
            (|c| c.heartbeat_timeout_s = f64::INFINITY, "heartbeat_timeout_s: is inf, allowed is 0.05 … 300"),
            (|c| c.token_refresh_s = 0.0, "token_refresh_s: is 0, allowed is 0.05 … 86400"),
            (|c| c.send_rate_per_s = 0.0, "send_rate_per_s: is 0, allowed is 0.01 … 10000"),
            (|c| c.chat_send_rate_per_s = 10_001.0, "chat_send_rate_per_s: is 10001, allowed is 0.01 … 10000"),
            (|c| c.backoff_max_s = 0.5, "backoff_max_s: is 0.5, allowed is 1 … 3600"),
            (|c| c.max_connecting = 1_001, "max_connecting: is 1001, allowed is 0 … 1000"),
            (|c| c.max_accounts = 0, "max_accounts: is 0, allowed is 1 … 1000000"),
            (|c| c.event_queue = 15, "event_queue: is 15, allowed is 16 … 1000000"),
            (
                |c| c.cookie_helper = Some(Vec::new()),
                "cookie_helper: is empty: name a program and its arguments, e.g. [\"node\", \"refresh.js\"]",
            ),
            (|c| c.worker_threads = 65, "worker_threads: is 65, allowed is 1 … 64"),
        ];
        for (spoil, message) in table {
            let mut config = Config::default();
            spoil(&mut config);
            assert_eq!(config.validate().unwrap_err().to_string(), message);
        }
    }
}
