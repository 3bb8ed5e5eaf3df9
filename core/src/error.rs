//! Every way a call can fail, with a permanent number and a sentence that says what to do.

/// What went wrong with a call. `Display` is for people: it names the account, the field and what is allowed,
/// and never holds a credential.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A value was refused before anything was done or stored.
    #[error("{field}: {problem}")]
    InvalidArgument {
        /// The argument or [`Config`](crate::Config) field.
        field: &'static str,
        /// What is wrong with it and what is allowed.
        problem: String,
    },
    /// No account has this id.
    #[error("no account has the cookie_id {cookie_id:?}: add it with add_cookie, or see list_cookies for the known ones")]
    AccountNotFound {
        /// The id that was asked for.
        cookie_id: String,
    },
    /// The database cannot be opened.
    #[error("cannot open the store {path:?}: {problem}")]
    StoreUnavailable {
        /// The path as it was given.
        path: String,
        /// What the file system or `SQLite` said, and what to do.
        problem: String,
    },
    /// The database was written by a newer livekeeper.
    #[error(
        "the store {path:?} has schema {found}, this livekeeper knows schemas up to {known}: use a newer livekeeper; nothing was changed"
    )]
    StoreTooNew {
        /// The path as it was given.
        path: String,
        /// The schema number in the file.
        found: u32,
        /// The newest schema number known here.
        known: u32,
    },
    /// The database refused a read or a write; the call was not carried out.
    #[error("the store could not do it, and nothing was changed: {problem}")]
    StoreFailed {
        /// What `SQLite` said.
        problem: String,
    },
    /// The disk is full; the call was not carried out. The store works again when there is room.
    #[error("the disk is full, and nothing was changed ({problem}): make room; the store goes on by itself then")]
    DiskFull {
        /// What `SQLite` or the operating system said.
        problem: String,
    },
    /// The disk failed to read or write; the call was not carried out. The store works again when the disk does.
    #[error(
        "the disk failed, and nothing was changed ({problem}): look at the disk and the system's log; the store goes on by itself when it works again"
    )]
    DiskFailed {
        /// What `SQLite` or the operating system said.
        problem: String,
    },
    /// The database is damaged. It is neither deleted nor repaired.
    #[error(
        "the store {path:?} is damaged, and was left as it is ({problem}): copy it, then go back to your newest snapshot of it"
    )]
    Corrupt {
        /// The path as it was given; once it is open, in full.
        path: String,
        /// What `SQLite` said, or where the damage is.
        problem: String,
    },
    /// The file is no `SQLite` database, or one of another program.
    #[error("{path:?} is no store of livekeeper, and was left as it is: {problem}; name another path")]
    NotADatabase {
        /// The path as it was given.
        path: String,
        /// What it is instead.
        problem: String,
    },
    /// The database is open already, in this process or another.
    #[error("the store {path:?} is open already, {holder}: close it there first, or name another path")]
    AlreadyOpen {
        /// The path as it was given.
        path: String,
        /// Who holds it, as far as is known: `in process 4711`.
        holder: String,
        /// The process that holds it, where it could be told.
        pid: Option<u32>,
    },
    /// The key or passphrase does not open what is sealed. Nothing was touched.
    #[error("{what} does not open with this key, and nothing was changed: {problem}")]
    WrongKey {
        /// What is sealed: the store with its path, or a document.
        what: String,
        /// What was seen, and what to do.
        problem: String,
    },
    /// The manager is closed, or is closing.
    #[error("this CookieManager is closed: open the store again to go on")]
    Closed,
    /// A wait reached its limit.
    #[error("{what} did not happen within {limit_s} s (account {cookie_id:?}: {now})")]
    TimedOut {
        /// What was waited for.
        what: String,
        /// The account.
        cookie_id: String,
        /// The limit, in seconds.
        limit_s: String,
        /// How things stood when the limit was reached.
        now: String,
    },
    /// The account has no registered session to send on.
    #[error("account {cookie_id:?} is not connected ({now}): nothing was sent; wait_for(connection=connected) first")]
    NotConnected {
        /// The account.
        cookie_id: String,
        /// How things stand.
        now: String,
    },
    /// A new cookie belongs to another Xianyu user.
    #[error(
        "account {cookie_id:?} belongs to user {expected}, the new cookie to user {found}: nothing was changed; add it under a cookie_id of its own"
    )]
    WrongOwner {
        /// The account.
        cookie_id: String,
        /// The `unb` on record.
        expected: String,
        /// The `unb` of the refused cookie.
        found: String,
    },
    /// The account is switched off, and what was asked for needs it on.
    #[error("account {cookie_id:?} is disabled: switch it on with update_cookie_status(…, true)")]
    AccountDisabled {
        /// The account.
        cookie_id: String,
    },
    /// A bound was reached.
    #[error("{what} is at its bound of {bound}: {advice}")]
    AtCapacity {
        /// What is full.
        what: String,
        /// Its bound.
        bound: usize,
        /// What to do.
        advice: &'static str,
    },
    /// The process forked after the manager was opened.
    #[error(
        "this CookieManager was opened in process {owner_pid} and cannot be used in its fork: open one in the child, on another store"
    )]
    Forked {
        /// The process that opened it.
        owner_pid: u32,
    },
    /// A blocking wait was asked for on a thread that must not block.
    #[error(
        "waiting here would deadlock: this is a thread of livekeeper's own runtime; await the call, or move it to another thread"
    )]
    WouldDeadlock,
    /// The operating system refused a thread or the runtime.
    #[error("cannot start the runtime: {problem}")]
    RuntimeUnavailable {
        /// What the operating system said.
        problem: String,
    },
    /// A fault of livekeeper itself.
    #[error("internal fault: {problem}; please report it")]
    Internal {
        /// What was found.
        problem: String,
    },
}

impl Error {
    /// The permanent number of this kind of error. A number is never used again for another kind; 0 is success and none of these.
    pub fn code(&self) -> u32 {
        match self {
            Self::InvalidArgument { .. } => 1,
            Self::AccountNotFound { .. } => 2,
            Self::StoreUnavailable { .. } => 3,
            Self::StoreTooNew { .. } => 4,
            Self::StoreFailed { .. } => 5,
            Self::Closed => 6,
            Self::TimedOut { .. } => 7,
            Self::NotConnected { .. } => 8,
            Self::WrongOwner { .. } => 9,
            Self::AtCapacity { .. } => 10,
            Self::Forked { .. } => 11,
            Self::WouldDeadlock => 12,
            Self::RuntimeUnavailable { .. } => 13,
            Self::Internal { .. } => 14,
            Self::AccountDisabled { .. } => 15,
            Self::AlreadyOpen { .. } => 16,
            Self::Corrupt { .. } => 17,
            Self::NotADatabase { .. } => 18,
            Self::WrongKey { .. } => 19,
            Self::DiskFull { .. } => 20,
            Self::DiskFailed { .. } => 21,
        }
    }

    /// The process that holds the store, of [`Error::AlreadyOpen`], where it could be told.
    pub fn pid(&self) -> Option<u32> {
        match self {
            Self::AlreadyOpen { pid, .. } => *pid,
            _ => None,
        }
    }

    /// The account that the call was about, where there is one.
    pub fn cookie_id(&self) -> Option<&str> {
        match self {
            Self::AccountNotFound { cookie_id }
            | Self::TimedOut { cookie_id, .. }
            | Self::NotConnected { cookie_id, .. }
            | Self::AccountDisabled { cookie_id }
            | Self::WrongOwner { cookie_id, .. } => Some(cookie_id),
            _ => None,
        }
    }

    pub(crate) fn invalid(field: &'static str, problem: impl Into<String>) -> Self {
        Self::InvalidArgument { field, problem: problem.into() }
    }

    pub(crate) fn not_found(cookie_id: &str) -> Self {
        Self::AccountNotFound { cookie_id: cookie_id.to_owned() }
    }
}
