//! The numbers and names of states and reasons.

use std::ffi::{CStr, c_char};

use livekeeper::{ConnectionState, ReasonCode, TaskState};

use crate::error::Failure;

/// Where a state is asked for: any will do.
pub const LK_ANY: u32 = 0;

/// What an account's task is doing. The numbers are permanent.
#[repr(u32)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum lk_task_state {
    /// None: a struct that is not filled yet, or a state that this library has no number for.
    Unknown = 0,
    /// Known, not yet admitted.
    Created = 1,
    /// Admitted: waiting for its turn to connect.
    Registered = 2,
    /// Its session lives, or it is between two tries.
    Running = 3,
    /// Alive and receiving; replies are held.
    Paused = 4,
    /// Will not go on by itself: a person or your program is needed, the reason says why.
    Parked = 5,
    /// Being wound down.
    Stopping = 6,
    /// Nothing of it is left: no task, no socket, no child process.
    Stopped = 7,
    /// Ended by its own fault; the reason stands; a restart is due or refused.
    Failed = 8,
}

/// What an account's connection to the service is doing. The numbers are permanent.
#[repr(u32)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum lk_connection_state {
    /// None: a struct that is not filled yet, or a state that this library has no number for.
    Unknown = 0,
    /// No connection, and none was tried yet.
    Disconnected = 1,
    /// The first try: signing in, connecting, registering.
    Connecting = 2,
    /// Registered with the service: messages come in, replies go out.
    Connected = 3,
    /// It was lost or refused; tried again after a backoff.
    Reconnecting = 4,
    /// It ended, and is not tried again by itself.
    Failed = 5,
    /// Ended because your program wanted it so.
    Closed = 6,
}

/// Why an account is in its state. The numbers are permanent, and the same in every language.
#[repr(u32)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum lk_reason_code {
    /// None: a struct that is not filled yet, or a reason that this library has no number for.
    Unknown = 0,
    /// Starting.
    Starting = 1,
    /// Waiting for its turn to connect.
    WaitingForTurn = 2,
    /// Signing in.
    SigningIn = 3,
    /// Opening the connection.
    Opening = 4,
    /// Connected and registered.
    Online = 5,
    /// The login is over, and the cookie helper is asked for a new cookie.
    RenewingCookie = 6,
    /// The cookie helper brought a new cookie: signing in anew.
    CookieRenewed = 7,
    /// It has a new token: registering with it on a new connection.
    TokenRenewed = 8,
    /// Disabled by your program.
    Disabled = 20,
    /// Removed by your program.
    Removed = 21,
    /// The manager was closed.
    ManagerClosed = 22,
    /// Being replaced with a new cookie.
    Replaced = 23,
    /// Paused by your program: messages are recorded, none is answered until `lk_manager_resume`.
    Paused = 24,
    /// Being restarted by your program.
    Restarted = 25,
    /// The service could not be reached.
    ConnectFailed = 40,
    /// The service's certificate was refused.
    TlsFailed = 41,
    /// The service refused the WebSocket.
    HandshakeRefused = 42,
    /// The service refused the registration.
    RegistrationRefused = 43,
    /// The service closed the connection.
    ClosedByService = 44,
    /// The connection was lost.
    ConnectionLost = 45,
    /// A heartbeat was not answered in time.
    HeartbeatLost = 46,
    /// The service did not answer in time.
    ServiceStalled = 47,
    /// The service sent something that breaks the protocol.
    ProtocolBroken = 48,
    /// The service's API answered with an error.
    ApiFailed = 49,
    /// This process has no file descriptor left: raise its limit (ulimit -n), or run fewer accounts; sessions that live go on.
    OutOfFiles = 50,
    /// The account's proxy does not serve it: see that it runs, or give another one with `lk_manager_set_proxy`.
    ProxyFailed = 51,
    /// The login is over: give a new cookie with `lk_manager_update_cookie`.
    SessionExpired = 60,
    /// The platform wants a person to verify: do so in a browser, then give the new cookie with `lk_manager_update_cookie`.
    PersonMustVerify = 61,
    /// The cookie cannot be used: give a good one with `lk_manager_update_cookie`.
    CookieUnusable = 62,
    /// The session failed by a fault of its own.
    Panicked = 80,
    /// It failed too often in a short time: look at the failures, then restart it or give it a new cookie.
    TooManyFailures = 81,
    /// Messages could not be stored, so they were not acknowledged to the service.
    StoreFailed = 82,
}

/// A number of C's, what core calls it, and its name.
pub(crate) type Row<C, R> = (C, R, &'static CStr);

const TASK_STATES: [Row<lk_task_state, TaskState>; 8] = [
    (lk_task_state::Created, TaskState::Created, c"created"),
    (lk_task_state::Registered, TaskState::Registered, c"registered"),
    (lk_task_state::Running, TaskState::Running, c"running"),
    (lk_task_state::Paused, TaskState::Paused, c"paused"),
    (lk_task_state::Parked, TaskState::Parked, c"parked"),
    (lk_task_state::Stopping, TaskState::Stopping, c"stopping"),
    (lk_task_state::Stopped, TaskState::Stopped, c"stopped"),
    (lk_task_state::Failed, TaskState::Failed, c"failed"),
];

const CONNECTION_STATES: [Row<lk_connection_state, ConnectionState>; 6] = [
    (lk_connection_state::Disconnected, ConnectionState::Disconnected, c"disconnected"),
    (lk_connection_state::Connecting, ConnectionState::Connecting, c"connecting"),
    (lk_connection_state::Connected, ConnectionState::Connected, c"connected"),
    (lk_connection_state::Reconnecting, ConnectionState::Reconnecting, c"reconnecting"),
    (lk_connection_state::Failed, ConnectionState::Failed, c"failed"),
    (lk_connection_state::Closed, ConnectionState::Closed, c"closed"),
];

const REASON_CODES: [Row<lk_reason_code, ReasonCode>; 32] = [
    (lk_reason_code::Starting, ReasonCode::Starting, c"starting"),
    (lk_reason_code::WaitingForTurn, ReasonCode::WaitingForTurn, c"waiting_for_turn"),
    (lk_reason_code::SigningIn, ReasonCode::SigningIn, c"signing_in"),
    (lk_reason_code::Opening, ReasonCode::Opening, c"opening"),
    (lk_reason_code::Online, ReasonCode::Online, c"online"),
    (lk_reason_code::RenewingCookie, ReasonCode::RenewingCookie, c"renewing_cookie"),
    (lk_reason_code::CookieRenewed, ReasonCode::CookieRenewed, c"cookie_renewed"),
    (lk_reason_code::TokenRenewed, ReasonCode::TokenRenewed, c"token_renewed"),
    (lk_reason_code::Disabled, ReasonCode::Disabled, c"disabled"),
    (lk_reason_code::Removed, ReasonCode::Removed, c"removed"),
    (lk_reason_code::ManagerClosed, ReasonCode::ManagerClosed, c"manager_closed"),
    (lk_reason_code::Replaced, ReasonCode::Replaced, c"replaced"),
    (lk_reason_code::Paused, ReasonCode::Paused, c"paused"),
    (lk_reason_code::Restarted, ReasonCode::Restarted, c"restarted"),
    (lk_reason_code::ConnectFailed, ReasonCode::ConnectFailed, c"connect_failed"),
    (lk_reason_code::TlsFailed, ReasonCode::TlsFailed, c"tls_failed"),
    (lk_reason_code::HandshakeRefused, ReasonCode::HandshakeRefused, c"handshake_refused"),
    (lk_reason_code::RegistrationRefused, ReasonCode::RegistrationRefused, c"registration_refused"),
    (lk_reason_code::ClosedByService, ReasonCode::ClosedByService, c"closed_by_service"),
    (lk_reason_code::ConnectionLost, ReasonCode::ConnectionLost, c"connection_lost"),
    (lk_reason_code::HeartbeatLost, ReasonCode::HeartbeatLost, c"heartbeat_lost"),
    (lk_reason_code::ServiceStalled, ReasonCode::ServiceStalled, c"service_stalled"),
    (lk_reason_code::ProtocolBroken, ReasonCode::ProtocolBroken, c"protocol_broken"),
    (lk_reason_code::ApiFailed, ReasonCode::ApiFailed, c"api_failed"),
    (lk_reason_code::OutOfFiles, ReasonCode::OutOfFiles, c"out_of_files"),
    (lk_reason_code::ProxyFailed, ReasonCode::ProxyFailed, c"proxy_failed"),
    (lk_reason_code::SessionExpired, ReasonCode::SessionExpired, c"session_expired"),
    (lk_reason_code::PersonMustVerify, ReasonCode::PersonMustVerify, c"person_must_verify"),
    (lk_reason_code::CookieUnusable, ReasonCode::CookieUnusable, c"cookie_unusable"),
    (lk_reason_code::Panicked, ReasonCode::Panicked, c"panicked"),
    (lk_reason_code::TooManyFailures, ReasonCode::TooManyFailures, c"too_many_failures"),
    (lk_reason_code::StoreFailed, ReasonCode::StoreFailed, c"store_failed"),
];

impl From<TaskState> for lk_task_state {
    fn from(state: TaskState) -> Self {
        TASK_STATES.iter().find(|row| row.1 == state).map_or(Self::Unknown, |row| row.0)
    }
}

impl From<ConnectionState> for lk_connection_state {
    fn from(state: ConnectionState) -> Self {
        CONNECTION_STATES.iter().find(|row| row.1 == state).map_or(Self::Unknown, |row| row.0)
    }
}

impl From<ReasonCode> for lk_reason_code {
    fn from(code: ReasonCode) -> Self {
        REASON_CODES.iter().find(|row| row.1 == code).map_or(Self::Unknown, |row| row.0)
    }
}

/// The state that is asked for; `None` for `LK_ANY`.
pub(crate) fn wanted_state(number: u32) -> Result<Option<TaskState>, Failure> {
    let known = TASK_STATES.iter().find(|row| row.0 as u32 == number).map(|row| row.1);
    wanted("state", "lk_task_state", number, known)
}

/// The connection that is asked for; `None` for `LK_ANY`.
pub(crate) fn wanted_connection(number: u32) -> Result<Option<ConnectionState>, Failure> {
    let known = CONNECTION_STATES.iter().find(|row| row.0 as u32 == number).map(|row| row.1);
    wanted("connection", "lk_connection_state", number, known)
}

fn wanted<R>(field: &'static str, of: &str, number: u32, known: Option<R>) -> Result<Option<R>, Failure> {
    if known.is_none() && number != LK_ANY {
        return Err(Failure::invalid(field, format!("is {number}, which is no number of {of}, nor LK_ANY")));
    }
    Ok(known)
}

/// The name of an `lk_task_state`, such as `running`; `unknown` for a number that is none.
///
/// Never NULL, and valid for ever. Any thread. Does not block.
#[unsafe(no_mangle)]
pub extern "C" fn lk_task_state_name(state: u32) -> *const c_char {
    name_of(TASK_STATES.iter().find(|row| row.0 as u32 == state).map(|row| row.2))
}

/// The name of an `lk_connection_state`, such as `connected`; `unknown` for a number that is none.
///
/// Never NULL, and valid for ever. Any thread. Does not block.
#[unsafe(no_mangle)]
pub extern "C" fn lk_connection_state_name(connection: u32) -> *const c_char {
    name_of(CONNECTION_STATES.iter().find(|row| row.0 as u32 == connection).map(|row| row.2))
}

/// The name of an `lk_reason_code`, such as `heartbeat_lost`; `unknown` for a number that is none.
///
/// Never NULL, and valid for ever. Any thread. Does not block.
#[unsafe(no_mangle)]
pub extern "C" fn lk_reason_code_name(code: u32) -> *const c_char {
    name_of(REASON_CODES.iter().find(|row| row.0 as u32 == code).map(|row| row.2))
}

pub(crate) fn name_of(name: Option<&'static CStr>) -> *const c_char {
    name.unwrap_or(c"unknown").as_ptr()
}

#[cfg(test)]
mod tests {
    use livekeeper::{ConnectionState, ReasonCode, TaskState};

    use super::{
        CONNECTION_STATES, LK_ANY, REASON_CODES, TASK_STATES, lk_connection_state, lk_reason_code, lk_task_state,
        wanted_connection, wanted_state,
    };

    #[test]
    fn names_are_those_of_core() {
        for (_, state, name) in TASK_STATES {
            assert_eq!(name.to_str().unwrap(), state.name());
        }
        for (_, state, name) in CONNECTION_STATES {
            assert_eq!(name.to_str().unwrap(), state.name());
        }
        for (_, code, name) in REASON_CODES {
            assert_eq!(name.to_str().unwrap(), code.name());
        }
    }

    #[test]
    fn every_state_and_reason_of_core_has_its_own_number_here() {
        for state in TaskState::ALL {
            assert_eq!(lk_task_state::from(*state) as u32, u32::from(state.number()), "{state:?}");
        }
        for state in ConnectionState::ALL {
            assert_eq!(lk_connection_state::from(*state) as u32, u32::from(state.number()), "{state:?}");
        }
        for code in ReasonCode::ALL {
            assert_eq!(lk_reason_code::from(*code) as u32, u32::from(code.number()), "{code:?}");
        }
    }

    #[test]
    fn a_wanted_state_is_known_or_any_or_refused() {
        assert!(wanted_state(LK_ANY).unwrap().is_none());
        assert_eq!(wanted_state(3).unwrap(), Some(TaskState::Running));
        assert!(wanted_state(9).is_err());
        assert!(wanted_connection(7).is_err());
    }
}
