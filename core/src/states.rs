//! The states of an account, and the reasons for them.

use std::fmt;

use serde::Serialize;

use crate::numbered::numbered;

numbered! {
    /// What the account's task is doing. Numbers are permanent.
    TaskState
    /// Known, not yet admitted.
    Created = 1, "created";
    /// Admitted: its actor runs, waiting for its turn to connect.
    Registered = 2, "registered";
    /// Its session lives, or it is between two tries.
    Running = 3, "running";
    /// Alive and receiving; replies are held.
    Paused = 4, "paused";
    /// Will not go on by itself: a person or the host is needed, the reason says why.
    Parked = 5, "parked";
    /// Being wound down.
    Stopping = 6, "stopping";
    /// Nothing of it is left: no task, no socket, no child process.
    Stopped = 7, "stopped";
    /// Ended by its own fault; the reason stands; a restart is due or refused.
    Failed = 8, "failed";
}

numbered! {
    /// What the account's connection to the service is doing. Numbers are permanent.
    ConnectionState
    /// No connection, and none was tried yet.
    Disconnected = 1, "disconnected";
    /// The first try: signing in, connecting, registering.
    Connecting = 2, "connecting";
    /// Registered with the service: messages come in, replies go out.
    Connected = 3, "connected";
    /// It was lost or refused; tried again after a backoff.
    Reconnecting = 4, "reconnecting";
    /// It ended, and is not tried again by itself.
    Failed = 5, "failed";
    /// Ended because the host wanted it so.
    Closed = 6, "closed";
}

numbered! {
    /// Why an account is in its state. Numbers are permanent: a retired one is never used again.
    ReasonCode
    /// Just added or opened.
    Starting = 1, "starting";
    /// Admission: too many connect at once, or too fast.
    WaitingForTurn = 2, "waiting_for_turn";
    /// The token call is under way.
    SigningIn = 3, "signing_in";
    /// The WebSocket is being opened and registered.
    Opening = 4, "opening";
    /// Registered with the service.
    Online = 5, "online";
    /// The login is over, and the cookie helper is asked for a new cookie.
    RenewingCookie = 6, "renewing_cookie";
    /// The cookie helper brought a new cookie: the account signs in anew.
    CookieRenewed = 7, "cookie_renewed";
    /// The session has a new token: it registers with it on a new connection.
    TokenRenewed = 8, "token_renewed";
    /// `update_cookie_status(…, false)`.
    Disabled = 20, "disabled";
    /// `remove_cookie`.
    Removed = 21, "removed";
    /// `close`.
    ManagerClosed = 22, "manager_closed";
    /// `add_cookie` or `update_cookie` brought another cookie.
    Replaced = 23, "replaced";
    /// `pause`: connected, receiving and recording, answering nothing.
    Paused = 24, "paused";
    /// `restart`.
    Restarted = 25, "restarted";
    /// TCP or DNS.
    ConnectFailed = 40, "connect_failed";
    /// TLS.
    TlsFailed = 41, "tls_failed";
    /// The WebSocket handshake was answered with an HTTP status.
    HandshakeRefused = 42, "handshake_refused";
    /// `/reg` was answered with another code than 200.
    RegistrationRefused = 43, "registration_refused";
    /// A close frame came.
    ClosedByService = 44, "closed_by_service";
    /// The connection ended without a close frame.
    ConnectionLost = 45, "connection_lost";
    /// No answer to a heartbeat in time.
    HeartbeatLost = 46, "heartbeat_lost";
    /// The service does not read, or does not answer a handshake.
    ServiceStalled = 47, "service_stalled";
    /// A frame that breaks the protocol or a bound.
    ProtocolBroken = 48, "protocol_broken";
    /// The API failed in a way that passes.
    ApiFailed = 49, "api_failed";
    /// The operating system gives this process no more file descriptors.
    OutOfFiles = 50, "out_of_files";
    /// The account's proxy cannot be reached, refuses, or cannot be used.
    ProxyFailed = 51, "proxy_failed";
    /// `FAIL_SYS_SESSION_EXPIRED`.
    SessionExpired = 60, "session_expired";
    /// The platform wants a captcha or another verification.
    PersonMustVerify = 61, "person_must_verify";
    /// The cookie cannot be used: it cannot be read, or is another user's.
    CookieUnusable = 62, "cookie_unusable";
    /// The session panicked.
    Panicked = 80, "panicked";
    /// Too many failures in the window.
    TooManyFailures = 81, "too_many_failures";
    /// The store refused to record what came in.
    StoreFailed = 82, "store_failed";
}

impl ReasonCode {
    /// The sentence for people.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::WaitingForTurn => "waiting for its turn to connect",
            Self::SigningIn => "signing in",
            Self::Opening => "opening the connection",
            Self::Online => "connected and registered",
            Self::RenewingCookie => "the login is over: the cookie helper is asked for a new cookie",
            Self::CookieRenewed => "the cookie helper brought a new cookie: signing in anew",
            Self::TokenRenewed => "it has a new token: registering with it on a new connection",
            Self::Disabled => "disabled by the host",
            Self::Removed => "removed by the host",
            Self::ManagerClosed => "the manager was closed",
            Self::Replaced => "being replaced with a new cookie",
            Self::Paused => "paused by the host: messages are recorded, none is answered until resume",
            Self::Restarted => "being restarted by the host",
            Self::ConnectFailed => "the service could not be reached",
            Self::TlsFailed => "the service's certificate was refused",
            Self::HandshakeRefused => "the service refused the WebSocket",
            Self::RegistrationRefused => "the service refused the registration",
            Self::ClosedByService => "the service closed the connection",
            Self::ConnectionLost => "the connection was lost",
            Self::HeartbeatLost => "a heartbeat was not answered in time",
            Self::ServiceStalled => "the service did not answer in time",
            Self::ProtocolBroken => "the service sent something that breaks the protocol",
            Self::ApiFailed => "the service's API answered with an error",
            Self::OutOfFiles => {
                "this process has no file descriptor left: raise its limit (ulimit -n), or run fewer accounts; sessions that live go on"
            }
            Self::ProxyFailed => "the account's proxy does not serve it: see that it runs, or give another one with set_proxy",
            Self::SessionExpired => "the login is over: give a new cookie with update_cookie",
            Self::PersonMustVerify => {
                "the platform wants a person to verify: do so in a browser, then give the new cookie with update_cookie"
            }
            Self::CookieUnusable => "the cookie cannot be used: give a good one with update_cookie",
            Self::Panicked => "the session failed by a fault of its own",
            Self::TooManyFailures => {
                "it failed too often in a short time: look at the failures, then restart it or give it a new cookie"
            }
            Self::StoreFailed => "messages could not be stored, so they were not acknowledged to the service",
        }
    }
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{ConnectionState, ReasonCode, TaskState};

    /// The compiler sees to it that numbers are unique; names it does not look at.
    #[test]
    fn names_are_unique_and_none_of_the_numbers_is_0() {
        let states = TaskState::ALL.iter().map(|state| (state.name(), state.number()));
        let connections = ConnectionState::ALL.iter().map(|state| (state.name(), state.number()));
        let reasons = ReasonCode::ALL.iter().map(|code| (code.name(), code.number()));
        for table in [states.collect::<Vec<_>>(), connections.collect(), reasons.collect()] {
            let names: BTreeSet<_> = table.iter().map(|(name, _)| name).collect();
            assert_eq!(names.len(), table.len());
            assert!(table.iter().all(|(_, number)| *number > 0));
        }
    }
}
