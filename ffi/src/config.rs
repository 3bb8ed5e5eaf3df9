//! Settings.

use std::path::PathBuf;

use livekeeper::{Config, Passphrase};

use crate::error::{Failure, lk_status};
use crate::guard::guard;
use crate::key::read_key;
use crate::pointer::{Given, Plain, row};
use crate::sized::{Growing, GrowingPlace, read};
use crate::text::lk_str;

/// Settings of a manager. Begin with `LK_CONFIG_INIT` or `lk_config_init`, which give every field its default, what an operator
/// wants against the real service; then change what you need. Ranges are checked when a manager is opened.
///
/// Of a text, `data` NULL means the default. Texts and rows must stay valid until `lk_manager_open` has returned.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct lk_config {
    /// `sizeof(lk_config)`, set by the init macro and function.
    pub size: usize,
    /// The IM WebSocket: `wss://…`; plain `ws://` is taken for loopback addresses only. Default: the service's.
    pub websocket_url: lk_str,
    /// The base of the signed API, without the API's name: `https://…`; plain `http://` for loopback addresses only. Default: the service's.
    pub api_url: lk_str,
    /// A PEM file with certificates of further authorities to trust, beside the public ones. Default: none.
    pub ca_file: lk_str,
    /// The key that the credentials in the store are sealed with, at most one of this, `key_file`, `key_env` and `passphrase`: exactly
    /// 32 bytes. Default: NULL and 0, none; and with none of the four, the key file `<store>.key` beside the store, made when it does
    /// not exist; for a store in memory, a key that goes with it.
    pub key: *const u8,
    /// How many bytes `key` has: 32.
    pub key_length: usize,
    /// Or a file that holds it: 32 bytes in Base64 or hex; made, with a new key and mode 0600, when it does not exist and the store
    /// is new. It belongs to one store. Default: none.
    pub key_file: lk_str,
    /// Or the name of an environment variable (letters, digits and _) that holds it in Base64 or hex. Default: none.
    pub key_env: lk_str,
    /// Or words that it is made of, with Argon2id: opening takes some tenths of a second and 64 MiB. Default: none.
    pub passphrase: lk_str,
    /// A chat must have been quiet for this long before its last message is answered; 0 answers every message at once. Seconds, 0 … 60. Default 1.
    pub debounce_s: f64,
    /// Whether a rule, your reply function and `{send_message}` see all the messages that are answered together, a line each; else the last of them. Default: no.
    pub join_messages: bool,
    /// A message that is older than this when it is looked at is recorded and not answered. Seconds, 1 … 86,400. Default 300.
    pub stale_after_s: f64,
    /// How far back a session that begins looks for what was missed meanwhile: the chats that were active within it are read back, and what of it is not recorded yet is, and is answered like anything else; 0 turns it off. Seconds, 0 … 86,400. Default 3,600.
    pub backfill_window_s: f64,
    /// Chats that are read back for one session, the most recently active first. 1 … 1,000. Default 50.
    pub backfill_chats: usize,
    /// Requests a second for it, of one account. 0.1 … 100. Default 2.
    pub backfill_rate_per_s: f64,
    /// Messages that an account sends a second, replies and your own together, and into all chats; after a pause, 10 at once.
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
    /// A command that is run for an account whose login is over: the program, found through `PATH`, and its arguments, as
    /// `cookie_helper_count` texts in a row. It gets JSON on stdin and writes JSON with a new cookie to stdout; the README shows
    /// one. Linux only. Default: NULL and 0, none.
    pub cookie_helper: *const lk_str,
    /// How many texts `cookie_helper` has.
    pub cookie_helper_count: usize,
    /// For one run of it; then it is stopped, and the account parked. Seconds, 0.05 … 3,600. Default 120.
    pub cookie_helper_timeout_s: f64,
    /// Helpers that run at the same time; further accounts wait. 1 … 100. Default 4.
    pub max_helpers: usize,
    /// Calls of your reply function at the same time, over all accounts; further messages wait within its deadline. 1 … 64. Default 16.
    pub max_handler_calls: usize,
    /// Between two looks at every account's health and at the capacity. Seconds, 0.05 … 3,600. Default 30.
    pub health_interval_s: f64,
    /// An account that has had no connection for this long is degraded. Seconds, 0.05 … 86,400. Default 30.
    pub degraded_after_s: f64,
    /// And down after this long. Seconds, `degraded_after_s` … 86,400. Default 300.
    pub down_after_s: f64,
    /// Events that are kept for a reader that has not read them yet; one that falls behind further loses the oldest and hears
    /// how many. 16 … 1,000,000. Default 10,000.
    pub event_queue: usize,
    /// Messages, with what was decided and sent, are kept for this many days. 1 … 3,650. Default 30.
    pub keep_messages_days: usize,
    /// Accounts at most. 1 … 1,000,000. Default 20,000. At the bound, `add_cookie` is refused.
    pub max_accounts: usize,
    /// Threads of the background runtime. 1 … 64. Default 2.
    pub worker_threads: usize,
}

impl Plain for lk_config {}

// SAFETY: it has numbers and pointers only.
unsafe impl Given for lk_config {}

// SAFETY: repr(C), and its first field is its size.
unsafe impl Growing for lk_config {
    const LEAST: usize = std::mem::offset_of!(Self, worker_threads) + size_of::<usize>();
}

impl From<Config> for lk_config {
    fn from(config: Config) -> Self {
        Self {
            size: size_of::<Self>(),
            websocket_url: lk_str::NONE,
            api_url: lk_str::NONE,
            ca_file: lk_str::NONE,
            key: std::ptr::null(),
            key_length: 0,
            key_file: lk_str::NONE,
            key_env: lk_str::NONE,
            passphrase: lk_str::NONE,
            debounce_s: config.debounce_s,
            join_messages: config.join_messages,
            stale_after_s: config.stale_after_s,
            backfill_window_s: config.backfill_window_s,
            backfill_chats: config.backfill_chats,
            backfill_rate_per_s: config.backfill_rate_per_s,
            send_rate_per_s: config.send_rate_per_s,
            chat_send_rate_per_s: config.chat_send_rate_per_s,
            heartbeat_interval_s: config.heartbeat_interval_s,
            heartbeat_timeout_s: config.heartbeat_timeout_s,
            token_refresh_s: config.token_refresh_s,
            token_refresh_retry_s: config.token_refresh_retry_s,
            connect_timeout_s: config.connect_timeout_s,
            api_timeout_s: config.api_timeout_s,
            answer_timeout_s: config.answer_timeout_s,
            write_timeout_s: config.write_timeout_s,
            close_timeout_s: config.close_timeout_s,
            store_timeout_s: config.store_timeout_s,
            connect_rate_per_s: config.connect_rate_per_s,
            max_connecting: config.max_connecting,
            backoff_initial_s: config.backoff_initial_s,
            backoff_max_s: config.backoff_max_s,
            stable_after_s: config.stable_after_s,
            park_after_failures: config.park_after_failures,
            park_window_s: config.park_window_s,
            stop_socket_s: config.stop_socket_s,
            stop_process_s: config.stop_process_s,
            stop_thread_s: config.stop_thread_s,
            cookie_helper: std::ptr::null(),
            cookie_helper_count: 0,
            cookie_helper_timeout_s: config.cookie_helper_timeout_s,
            max_helpers: config.max_helpers,
            max_handler_calls: config.max_handler_calls,
            health_interval_s: config.health_interval_s,
            degraded_after_s: config.degraded_after_s,
            down_after_s: config.down_after_s,
            event_queue: config.event_queue,
            keep_messages_days: config.keep_messages_days,
            max_accounts: config.max_accounts,
            worker_threads: config.worker_threads,
        }
    }
}

/// The settings that a pointer of C gives; null gives the defaults.
///
/// # Safety
/// `config` is null, or as [`read`] wants it, with each text as [`lk_str::optional`] wants it.
pub(crate) unsafe fn read_config(config: *const lk_config) -> Result<Config, Failure> {
    let mut settings = Config::default();
    if config.is_null() {
        return Ok(settings);
    }
    // SAFETY: the caller's promise.
    let given = unsafe { read(config, lk_config::from(Config::default()), "config") }?;
    // SAFETY: the caller's promise.
    unsafe {
        if let Some(url) = given.websocket_url.optional("websocket_url")? {
            url.clone_into(&mut settings.websocket_url);
        }
        if let Some(url) = given.api_url.optional("api_url")? {
            url.clone_into(&mut settings.api_url);
        }
        settings.ca_file = given.ca_file.optional("ca_file")?.map(PathBuf::from);
        settings.key = read_key(given.key, given.key_length)?;
        settings.key_file = given.key_file.optional("key_file")?.map(PathBuf::from);
        settings.key_env = given.key_env.optional("key_env")?.map(str::to_owned);
        settings.passphrase = given.passphrase.optional("passphrase")?.map(Passphrase::new).transpose()?;
        settings.cookie_helper = read_command(given.cookie_helper, given.cookie_helper_count)?;
    }
    settings.debounce_s = given.debounce_s;
    settings.join_messages = given.join_messages;
    settings.stale_after_s = given.stale_after_s;
    settings.backfill_window_s = given.backfill_window_s;
    settings.backfill_chats = given.backfill_chats;
    settings.backfill_rate_per_s = given.backfill_rate_per_s;
    settings.send_rate_per_s = given.send_rate_per_s;
    settings.chat_send_rate_per_s = given.chat_send_rate_per_s;
    settings.heartbeat_interval_s = given.heartbeat_interval_s;
    settings.heartbeat_timeout_s = given.heartbeat_timeout_s;
    settings.token_refresh_s = given.token_refresh_s;
    settings.token_refresh_retry_s = given.token_refresh_retry_s;
    settings.connect_timeout_s = given.connect_timeout_s;
    settings.api_timeout_s = given.api_timeout_s;
    settings.answer_timeout_s = given.answer_timeout_s;
    settings.write_timeout_s = given.write_timeout_s;
    settings.close_timeout_s = given.close_timeout_s;
    settings.store_timeout_s = given.store_timeout_s;
    settings.connect_rate_per_s = given.connect_rate_per_s;
    settings.max_connecting = given.max_connecting;
    settings.backoff_initial_s = given.backoff_initial_s;
    settings.backoff_max_s = given.backoff_max_s;
    settings.stable_after_s = given.stable_after_s;
    settings.park_after_failures = given.park_after_failures;
    settings.park_window_s = given.park_window_s;
    settings.stop_socket_s = given.stop_socket_s;
    settings.stop_process_s = given.stop_process_s;
    settings.stop_thread_s = given.stop_thread_s;
    settings.cookie_helper_timeout_s = given.cookie_helper_timeout_s;
    settings.max_helpers = given.max_helpers;
    settings.max_handler_calls = given.max_handler_calls;
    settings.health_interval_s = given.health_interval_s;
    settings.degraded_after_s = given.degraded_after_s;
    settings.down_after_s = given.down_after_s;
    settings.event_queue = given.event_queue;
    settings.keep_messages_days = given.keep_messages_days;
    settings.max_accounts = given.max_accounts;
    settings.worker_threads = given.worker_threads;
    Ok(settings)
}

/// The words of a command; `None` where there is no row.
///
/// # Safety
/// As for [`row`], and each text as for [`lk_str::optional`].
unsafe fn read_command(first: *const lk_str, count: usize) -> Result<Option<Vec<String>>, Failure> {
    // SAFETY: the caller's promise.
    let Some(words) = (unsafe { row(first, count, "cookie_helper") })? else { return Ok(None) };
    // SAFETY: the caller's promise.
    words.iter().map(|word| unsafe { word.required("cookie_helper") }.map(str::to_owned)).collect::<Result<_, _>>().map(Some)
}

/// Gives every field of `config` its default, and sets its size. The same as `LK_CONFIG_INIT`, for languages without macros.
///
/// - `size`: `sizeof(lk_config)` as your program knows it.
///
/// Any thread. Does not block. Errors: `LK_STATUS_NULL_POINTER`, `LK_STATUS_WRONG_SIZE`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_config_init(config: *mut lk_config, size: usize) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract: null, or writable over `size`.
        unsafe { GrowingPlace::fresh(config, size, "config") }?.put(lk_config::from(Config::default()));
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use std::mem::offset_of;

    use livekeeper::Config;

    use super::{lk_config, read_config};
    use crate::error::Failure;
    use crate::text::{lk_str, lk_str_of};

    /// The names of a struct's fields, as `Debug` shows them.
    fn fields(shown: &str) -> Vec<&str> {
        let top = shown.lines().filter(|line| line.starts_with("    ") && !line.starts_with("     "));
        top.filter_map(|line| line.trim().split_once(": ")).map(|(name, _)| name).collect()
    }

    #[test]
    fn every_setting_of_core_is_here_in_the_same_order() {
        let (core, here) = (format!("{:#?}", Config::default()), format!("{:#?}", lk_config::from(Config::default())));
        // A row has its count behind it, and a key its length; nothing else is of C alone but the size.
        let of_c_alone = ["size", "key_length", "cookie_helper_count"];
        let here: Vec<&str> = fields(&here).into_iter().filter(|name| !of_c_alone.contains(name)).collect();
        assert_eq!(fields(&core), here);
    }

    #[test]
    #[cfg(target_pointer_width = "64")]
    fn every_number_arrives() {
        let mut given = lk_config::from(Config::default());
        given.join_messages = true;
        let row = offset_of!(lk_config, cookie_helper) / 8;
        let others = [row, row + 1, offset_of!(lk_config, join_messages) / 8];
        // SAFETY: after the size, the texts and the key come numbers only, but for the row and the switch; each gets bits of its own.
        unsafe {
            let words = (&raw mut given).cast::<u64>();
            let first = offset_of!(lk_config, debounce_s) / 8;
            for place in (first..size_of::<lk_config>() / 8).filter(|place| !others.contains(place)) {
                words.add(place).write(place as u64);
            }
        }
        // SAFETY: a whole struct, whose texts and row are null.
        let settings = unsafe { read_config(&raw const given) }.unwrap();
        let mut back = lk_config::from(settings);
        back.size = given.size;
        assert_eq!(format!("{back:?}"), format!("{given:?}"));
    }

    #[test]
    fn a_command_arrives_word_by_word_and_none_at_all_is_another_thing_than_an_empty_one() {
        let words = [lk_str_of(c"node".as_ptr()), lk_str_of(c"refresh.js".as_ptr())];
        let read = |first, count| {
            let given = lk_config { cookie_helper: first, cookie_helper_count: count, ..lk_config::from(Config::default()) };
            // SAFETY: a whole struct, whose texts are null, and a row that is null or `words`.
            unsafe { read_config(&raw const given) }.map(|settings| settings.cookie_helper)
        };
        assert_eq!(read(words.as_ptr(), 2).unwrap().unwrap(), ["node", "refresh.js"]);
        assert_eq!(read(words.as_ptr(), 0).unwrap(), Some(Vec::new()));
        assert_eq!(read(std::ptr::null(), 0).unwrap(), None);
        assert!(matches!(read(std::ptr::null(), 1), Err(Failure::NullPointer { argument: "cookie_helper" })));
        let hole = [words[0], lk_str::NONE];
        assert!(matches!(read(hole.as_ptr(), 2), Err(Failure::NullPointer { argument: "cookie_helper" })));
    }
}
