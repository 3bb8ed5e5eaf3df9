//! What a simulator can be told before it starts. Everything that can change while it runs is in [`crate::script`].

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

/// Settings of one simulator. `Options::default()` is a service that behaves: plain `ws://` and `http://` on a
/// free port of 127.0.0.1, every account welcome.
///
/// ```
/// use livekeeper_simulator::Options;
/// use std::time::Duration;
///
/// let options = Options { tls: true, ack_timeout: Duration::from_secs(1), ..Options::default() };
/// assert!(options.echo_sends);
/// ```
#[derive(Debug, Clone)]
pub struct Options {
    /// Where to listen. Default `127.0.0.1:0`: a free port. Only loopback addresses are taken.
    pub listen: SocketAddr,
    /// `wss://` and `https://` with a certificate of the simulator's own CA. Default off.
    pub tls: bool,
    /// Accounts nobody made with [`crate::Simulator::cookie`] are refused as logged out. Default off: a cookie with
    /// an unknown `unb` makes the account, so that a foreign client can be run with the cookie it has.
    pub strict_accounts: bool,
    /// A login that is over is refused when the WebSocket is opened (HTTP 401), and not only at `/reg`. Default off.
    pub refuse_dead_login_at_handshake: bool,
    /// Time a client has to acknowledge a push before its connection is closed. Default 5 s.
    pub ack_timeout: Duration,
    /// Time a new connection has to register before it is closed. Default 30 s.
    pub register_timeout: Duration,
    /// How long a connection stays open after `/reg` was answered 401. Default 1 s.
    pub grace_after_refusal: Duration,
    /// Life of an access token. Default 24 h.
    pub access_token_lifetime: Duration,
    /// How `accessTokenExpiredTime` is told. Default [`ExpiryForm::LifetimeMs`].
    pub expiry_form: ExpiryForm,
    /// Life of the `_m_h5_tk` that signs API calls. Default 7 days.
    pub signature_lifetime: Duration,
    /// How far a call's `t` may be from the simulator's clock. Default 10 minutes; `None`: not looked at (for tests
    /// that move the client's clock).
    pub clock_tolerance: Option<Duration>,
    /// An accepted send comes back to the seller as a push, as the real service does. Default on.
    pub echo_sends: bool,
    /// Entries that were never acknowledged are pushed again after a reconnect. Default on.
    pub push_again: bool,
    /// Only connections registered with the newest access token get pushes; the others get heartbeat answers and
    /// nothing else. Default off.
    pub pushes_follow_newest_token: bool,
    /// The `lwp` of pushes. Default [`PushPath::Vulcan`].
    pub push_path: PushPath,
    /// Entries in one push when a backlog is delivered. Default 10.
    pub backlog_entries_per_push: usize,
    /// Connections open at once, of both kinds; one more is dropped at once. Default 20,000.
    pub max_connections: usize,
    /// Accounts known at once; a further one is refused. Default 100,000.
    pub max_accounts: usize,
    /// Sends, violations, endings and connect times kept; the oldest go first, counted in
    /// [`crate::Counters::records_cut`]. Default 100,000 each.
    pub max_records: usize,
    /// Whether what happens is written to the log ([`crate::Simulator::seen`] and its like). Off, a message costs the simulator less:
    /// for measurements. Default on.
    pub log: bool,
    /// Log entries kept for each account. Default 200.
    pub max_log_per_account: usize,
    /// Entries kept for an account: those that wait for it, and those that can be replayed; and of its sends, the `uuid`s by which one
    /// that comes again is known. Default 10,000.
    pub max_entries_per_account: usize,
    /// Messages kept for a chat's history. Default 1,000.
    pub max_messages_per_chat: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0),
            tls: false,
            strict_accounts: false,
            refuse_dead_login_at_handshake: false,
            ack_timeout: Duration::from_secs(5),
            register_timeout: Duration::from_secs(30),
            grace_after_refusal: Duration::from_secs(1),
            access_token_lifetime: Duration::from_secs(24 * 3600),
            expiry_form: ExpiryForm::LifetimeMs,
            signature_lifetime: Duration::from_secs(7 * 24 * 3600),
            clock_tolerance: Some(Duration::from_secs(600)),
            echo_sends: true,
            push_again: true,
            pushes_follow_newest_token: false,
            push_path: PushPath::Vulcan,
            backlog_entries_per_push: 10,
            max_connections: 20_000,
            max_accounts: 100_000,
            max_records: 100_000,
            log: true,
            max_log_per_account: 200,
            max_entries_per_account: 10_000,
            max_messages_per_chat: 1_000,
        }
    }
}

/// The path a push arrives under; a client must take all of them alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PushPath {
    /// `/s/vulcan`
    #[default]
    Vulcan,
    /// `/s/sync`
    Sync,
    /// `/s/para`
    Para,
}

impl PushPath {
    pub(crate) fn lwp(self) -> &'static str {
        match self {
            Self::Vulcan => "/s/vulcan",
            Self::Sync => "/s/sync",
            Self::Para => "/s/para",
        }
    }
}

/// What the number in `accessTokenExpiredTime` means. The service's public clients take it for a life in
/// milliseconds; the other reading is here so that a client can be tried with both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ExpiryForm {
    /// Milliseconds from now.
    #[default]
    LifetimeMs,
    /// Milliseconds since 1970.
    SinceEpochMs,
}
