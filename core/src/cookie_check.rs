//! A look at a pasted cookie before an account is made of it.

use crate::error::Error;
use crate::wire::cookie::Cookie;

/// What a logged-in page has beside `unb`, and the service looks at.
const OF_A_LOGIN: [&str; 6] = ["cookie2", "sgcookie", "_m_h5_tk", "_m_h5_tk_enc", "t", "cna"];

/// Looks at a pasted cookie, in any form that [`CookieManager::add_cookie`](crate::CookieManager::add_cookie) takes, without asking
/// the service: whether it can be used at all, and what a logged-in page has that is not in it. With something missing it may work
/// for a while or be refused; nothing missing does not say that the login still holds. Does not block.
///
/// # Errors
/// [`Error::InvalidArgument`] where it cannot be used, with what to do; it holds no value of the cookie.
///
/// ```
/// assert_eq!(livekeeper::validate_cookie("unb=1; cookie2=a; t=b; cna=c")?, ["sgcookie", "_m_h5_tk", "_m_h5_tk_enc"]);
/// assert!(livekeeper::validate_cookie("cookie2=a; t=b").is_err_and(|error| error.to_string().contains("no `unb`")));
/// # Ok::<(), livekeeper::Error>(())
/// ```
pub fn validate_cookie(cookie_value: &str) -> Result<Vec<&'static str>, Error> {
    let cookie = Cookie::parse(cookie_value).map_err(|problem| Error::invalid("cookie_value", problem.to_string()))?;
    let is_missing = |name: &&str| cookie.get(name).is_none_or(str::is_empty);
    Ok(OF_A_LOGIN.into_iter().filter(is_missing).collect())
}
