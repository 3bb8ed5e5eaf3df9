//! What an account is added with, beside its cookie.

use std::fmt;

use crate::rule::KeywordRule;
use crate::secret::Secret;

/// What an account is added with, beside its cookie: see [`CookieManager::add_cookie_with`](crate::CookieManager::add_cookie_with).
/// Whatever is left out stays as it is for an account that exists.
///
/// ```
/// use livekeeper::{AccountOptions, KeywordRule};
///
/// let options = AccountOptions::default()
///     .keywords(vec![KeywordRule::new("包邮", "全场包邮")])
///     .user_id("42")
///     .proxy("socks5://user:password@proxy.example:1080");
/// assert_eq!(options.user_id.as_deref(), Some("42"));
/// ```
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct AccountOptions {
    /// The rules in their order, at most 10,000. Default: those of an account that exists; none for a new one.
    pub keywords: Option<Vec<KeywordRule>>,
    /// The host's own user that the account belongs to. Default: that of an account that exists; none for a new one.
    pub user_id: Option<String>,
    /// The URL of the proxy that the account goes through, from its first connection on: as for
    /// [`CookieManager::set_proxy`](crate::CookieManager::set_proxy), which also takes one away. Default: that of an account that
    /// exists; none for a new one.
    pub proxy: Option<Secret>,
}

impl AccountOptions {
    /// With these rules; an empty list takes those of an account that exists away.
    #[must_use]
    pub fn keywords(mut self, keywords: Vec<KeywordRule>) -> Self {
        self.keywords = Some(keywords);
        self
    }

    /// Belonging to this user of the host's.
    #[must_use]
    pub fn user_id(mut self, user_id: impl Into<String>) -> Self {
        self.user_id = Some(user_id.into());
        self
    }

    /// Through this proxy: `http://host:port` or `socks5://host:port`, with `user:password@` before the host where it wants it.
    #[must_use]
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.proxy = Some(Secret::new(url));
        self
    }
}

/// Without the proxy, whose URL may hold a password.
impl fmt::Debug for AccountOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccountOptions")
            .field("keywords", &self.keywords)
            .field("user_id", &self.user_id)
            .field("proxy", &self.proxy.as_ref().map(|_| "…"))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::AccountOptions;

    #[test]
    fn what_is_shown_of_options_holds_no_proxy() {
        let shown = format!("{:?}", AccountOptions::default().user_id("u").proxy("http://a:CANARY@b:1"));
        assert_eq!(shown, r#"AccountOptions { keywords: None, user_id: Some("u"), proxy: Some("…") }"#);
    }
}
