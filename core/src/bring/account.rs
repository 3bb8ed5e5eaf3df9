//! An account on its way in, read and checked, and not on record yet.

use super::report::{ImportedAccount, Notes};
use crate::account::AccessToken;
use crate::reply::defaults::DefaultReplies;
use crate::reply::rules::NewRules;
use crate::secret::Secret;
use crate::store::AccountSettings;
use crate::wire::cookie::Cookie;

/// More accounts than this are no shop's: a file that holds them is refused, or read no further.
pub(super) const MAX_ACCOUNTS: usize = 100_000;

/// What a file holds.
#[derive(Default)]
pub(crate) struct Source {
    pub(crate) accounts: Vec<Brought>,
    /// Accounts that cannot be taken, each with its reason.
    pub(crate) refused: Vec<ImportedAccount>,
    /// What belongs to none of them.
    pub(crate) notes: Notes,
}

/// One account that can be taken.
pub(crate) struct Brought {
    pub(crate) cookie_id: String,
    /// `None`: the file leaves it out.
    pub(crate) login: Option<Login>,
    pub(crate) settings: AccountSettings,
    pub(crate) rules: NewRules,
    pub(crate) default_replies: DefaultReplies,
    pub(crate) not_taken: Notes,
    pub(crate) notes: Notes,
}

/// What an account signs in with.
pub(crate) struct Login {
    pub(crate) cookie: Cookie,
    /// `None`: a new device is made.
    pub(crate) device_id: Option<String>,
    pub(crate) token: Option<AccessToken>,
    /// The URL of its proxy.
    pub(crate) proxy: Option<Secret>,
}
