//! Adding an account with more than its cookie.

use livekeeper::AccountOptions;

use crate::accounts::account;
use crate::error::{Failure, lk_status};
use crate::guard::guard;
use crate::keywords::{lk_keyword, read_rules};
use crate::manager::lk_manager;
use crate::pointer::{Given, Plain};
use crate::sized::{Growing, read};
use crate::text::lk_str;

/// What an account is added with, beside its cookie. What is left out stays as it is for an account that exists. Begin with
/// `LK_ACCOUNT_OPTIONS_INIT`.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct lk_account_options {
    /// `sizeof(lk_account_options)`, set by the init macro.
    pub size: usize,
    /// The rules in their order, at most 10,000. NULL and a count of 0 leave those of an account that exists; a pointer and 0 take
    /// them away. Rules that are more than a keyword and a reply: `lk_manager_update_rules`.
    pub keywords: *const lk_keyword,
    /// How many rules `keywords` has.
    pub keyword_count: usize,
    /// Your own user that the account belongs to; no text leaves that of an account that exists.
    pub user_id: lk_str,
    /// What the account goes through from its first connection on, as for `lk_manager_set_proxy`, which also takes one away; no text
    /// leaves that of an account that exists.
    pub proxy: lk_str,
}

impl Plain for lk_account_options {}

// SAFETY: it has lengths and pointers only.
unsafe impl Given for lk_account_options {}

// SAFETY: repr(C), and its first field is its size.
unsafe impl Growing for lk_account_options {
    const LEAST: usize = std::mem::offset_of!(Self, proxy) + size_of::<lk_str>();
}

impl lk_account_options {
    const NONE: Self =
        Self { size: size_of::<Self>(), keywords: std::ptr::null(), keyword_count: 0, user_id: lk_str::NONE, proxy: lk_str::NONE };

    /// # Safety
    /// As for `read_rules` and [`lk_str::optional`].
    unsafe fn to_core(self) -> Result<AccountOptions, Failure> {
        let mut options = AccountOptions::default();
        // SAFETY: the caller's promise.
        options.keywords = unsafe { read_rules(self.keywords, self.keyword_count) }?;
        // SAFETY: the caller's promise.
        let (user_id, proxy) = unsafe { (self.user_id.optional("user_id")?, self.proxy.optional("proxy")?) };
        options.user_id = user_id.map(str::to_owned);
        Ok(match proxy {
            Some(url) => options.proxy(url),
            None => options,
        })
    }
}

/// The options that C gives; NULL: none.
///
/// # Safety
/// As for [`read`] and [`lk_account_options::to_core`].
pub(crate) unsafe fn read_options(options: *const lk_account_options) -> Result<AccountOptions, Failure> {
    if options.is_null() {
        return Ok(AccountOptions::default());
    }
    // SAFETY: the caller's promise.
    unsafe { read(options, lk_account_options::NONE, "options")?.to_core() }
}

/// Adds an account as `lk_manager_add_cookie` does, with whatever else it may begin with, such as a proxy that its first connection
/// goes through already.
///
/// - `cookie_id`, `cookie_value`: as for `lk_manager_add_cookie`.
/// - `options`: what else; NULL: nothing. Nothing of it is needed once this has returned.
///
/// Any thread. Blocks until it is on disk, and for as long as an old session takes to stop; the connection comes later
/// (`lk_manager_wait_for`). Errors: `LK_STATUS_INVALID_ARGUMENT`, `LK_STATUS_AT_CAPACITY`, `LK_STATUS_STORE_FAILED`,
/// `LK_STATUS_CLOSED`, `LK_STATUS_FORKED`, `LK_STATUS_WRONG_SIZE`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_manager_add_cookie_with(
    manager: *const lk_manager,
    cookie_id: lk_str,
    cookie_value: lk_str,
    options: *const lk_account_options,
) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers and texts.
        let ((manager, cookie_id), cookie_value) =
            unsafe { (account(manager, cookie_id)?, cookie_value.required("cookie_value")?) };
        // SAFETY: as above.
        let options = unsafe { read_options(options) }?;
        Ok(manager.add_cookie_with(cookie_id, cookie_value, options).wait()?)
    })
}
