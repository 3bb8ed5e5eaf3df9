//! What can be seen of an account: its states, the reason for them, its counters.

use std::fmt;

use serde::Serialize;

/// What the account's task is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TaskState {
    /// Known, not yet admitted.
    Created,
    /// Admitted: its actor runs, waiting for its turn to connect.
    Registered,
    /// Its session lives, or it is between two tries.
    Running,
    /// Alive and receiving; replies are held.
    Paused,
    /// Will not go on by itself: a person or the host is needed, the reason says why.
    Parked,
    /// Being wound down.
    Stopping,
    /// Nothing of it is left: no task, no socket, no child process.
    Stopped,
    /// Ended by its own fault; the reason stands; a restart is due or refused.
    Failed,
}

/// What the account's connection to the service is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ConnectionState {
    /// No connection, and none was tried yet.
    Disconnected,
    /// The first try: signing in, connecting, registering.
    Connecting,
    /// Registered with the service: messages come in, replies go out.
    Connected,
    /// It was lost or refused; tried again after a backoff.
    Reconnecting,
    /// It ended, and is not tried again by itself.
    Failed,
    /// Ended because the host wanted it so.
    Closed,
}

/// Defines `ReasonCode` with its permanent number, its name and its sentence in one table.
macro_rules! reason_codes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $number:literal, $name:literal, $sentence:literal;)+) => {
        /// Why an account is in its state. Numbers are permanent: a retired one is never used again.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
        #[serde(rename_all = "snake_case")]
        #[non_exhaustive]
        pub enum ReasonCode { $($(#[doc = $doc])+ $variant = $number,)+ }

        impl ReasonCode {
            /// Every code, in the order of the numbers.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The permanent number.
            pub fn number(self) -> u16 { self as u16 }

            /// The name as scripts see it, e.g. `heartbeat_lost`.
            pub fn name(self) -> &'static str { match self { $(Self::$variant => $name),+ } }

            /// The sentence for people.
            pub fn sentence(self) -> &'static str { match self { $(Self::$variant => $sentence),+ } }
        }
    };
}

reason_codes! {
    /// Just added or opened.
    Starting = 1, "starting", "starting";
    /// Admission: too many connect at once, or too fast.
    WaitingForTurn = 2, "waiting_for_turn", "waiting for its turn to connect";
    /// The token call is under way.
    SigningIn = 3, "signing_in", "signing in";
    /// The WebSocket is being opened and registered.
    Opening = 4, "opening", "opening the connection";
    /// Registered with the service.
    Online = 5, "online", "connected and registered";

    /// `update_cookie_status(…, false)`.
    Disabled = 20, "disabled", "disabled by the host";
    /// `remove_cookie`.
    Removed = 21, "removed", "removed by the host";
    /// `close`.
    ManagerClosed = 22, "manager_closed", "the manager was closed";
    /// `add_cookie` or `update_cookie` brought another cookie.
    Replaced = 23, "replaced", "being replaced with a new cookie";

    /// TCP, DNS or proxy.
    ConnectFailed = 40, "connect_failed", "the service could not be reached";
    /// TLS.
    TlsFailed = 41, "tls_failed", "the service's certificate was refused";
    /// The WebSocket handshake was answered with an HTTP status.
    HandshakeRefused = 42, "handshake_refused", "the service refused the WebSocket";
    /// `/reg` was answered with another code than 200.
    RegistrationRefused = 43, "registration_refused", "the service refused the registration";
    /// A close frame came.
    ClosedByService = 44, "closed_by_service", "the service closed the connection";
    /// The connection ended without a close frame.
    ConnectionLost = 45, "connection_lost", "the connection was lost";
    /// No answer to a heartbeat in time.
    HeartbeatLost = 46, "heartbeat_lost", "a heartbeat was not answered in time";
    /// The service does not read, or does not answer a handshake.
    ServiceStalled = 47, "service_stalled", "the service did not answer in time";
    /// A frame that breaks the protocol or a bound.
    ProtocolBroken = 48, "protocol_broken", "the service sent something that breaks the protocol";
    /// The API failed in a way that passes.
    ApiFailed = 49, "api_failed", "the service's API answered with an error";

    /// `FAIL_SYS_SESSION_EXPIRED`.
    SessionExpired = 60, "session_expired", "the login is over: give a new cookie with update_cookie";
    /// The platform wants a captcha or another verification.
    PersonMustVerify = 61, "person_must_verify", "the platform wants a person to verify: do so in a browser, then give the new cookie with update_cookie";

    /// The session panicked.
    Panicked = 80, "panicked", "the session failed by a fault of its own";
    /// Too many failures in the window.
    TooManyFailures = 81, "too_many_failures", "it failed too often in a short time: look at the failures, then give it a new cookie or disable and enable it";
    /// The store refused to record what came in.
    StoreFailed = 82, "store_failed", "messages could not be stored, so they were not acknowledged to the service";
}

/// Why an account is in its state, since when, and when the next try is due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Reason {
    /// The code, with its permanent number.
    pub code: ReasonCode,
    /// What exactly was seen (an error text, a close code, a URL for a person to open); may be empty. Never a credential.
    pub detail: String,
    /// Since when it holds: milliseconds since 1970 UTC.
    pub since_ms: i64,
    /// When the next try is due, where one is: milliseconds since 1970 UTC.
    pub next_try_ms: Option<i64>,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.sentence())?;
        if !self.detail.is_empty() {
            write!(f, ": {}", self.detail)?;
        }
        Ok(())
    }
}

/// What an account has done since its manager was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct Counters {
    /// Buyers' messages recorded for the first time.
    pub received: u64,
    /// Messages that came again and were recognised.
    pub duplicates: u64,
    /// Replies that the service confirmed.
    pub replied: u64,
    /// Sends that the service confirmed, the replies among them.
    pub delivered: u64,
    /// Sends that the service refused.
    pub rejected: u64,
    /// Sends whose outcome is not known; they are never sent again by themselves.
    pub unknown: u64,
    /// Entries and frames that could not be read.
    pub broken: u64,
    /// Connections that reached registration.
    pub connects: u64,
    /// Sessions that ended otherwise than by the host's wish.
    pub failures: u64,
}

/// One account at one moment: a value that never changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AccountStatus {
    /// The account.
    pub cookie_id: String,
    /// What the host asked for; no failure ever changes it.
    pub enabled: bool,
    /// What the task is doing.
    pub state: TaskState,
    /// What the connection is doing.
    pub connection: ConnectionState,
    /// Why.
    pub reason: Reason,
    /// Since when `state` holds: milliseconds since 1970 UTC.
    pub since_ms: i64,
    /// Counted since the manager was opened.
    pub counters: Counters,
}

impl fmt::Display for AccountStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}: {}", self.state.name(), self.connection.name(), self.reason)
    }
}

impl TaskState {
    /// The name as scripts see it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Registered => "registered",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Parked => "parked",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
        }
    }
}

impl ConnectionState {
    /// The name as scripts see it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Disconnected => "disconnected",
            Self::Connecting => "connecting",
            Self::Connected => "connected",
            Self::Reconnecting => "reconnecting",
            Self::Failed => "failed",
            Self::Closed => "closed",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::ReasonCode;

    #[test]
    fn reason_numbers_and_names_are_unique() {
        let numbers: BTreeSet<_> = ReasonCode::ALL.iter().map(|code| code.number()).collect();
        let names: BTreeSet<_> = ReasonCode::ALL.iter().map(|code| code.name()).collect();
        assert_eq!(numbers.len(), ReasonCode::ALL.len());
        assert_eq!(names.len(), ReasonCode::ALL.len());
    }
}
