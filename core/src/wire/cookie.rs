//! The account's cookie: read from whatever form it was pasted in, sent as one header, kept fresh by `Set-Cookie`.

use std::fmt;

use serde::Deserialize;
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::loose::Loose;
use crate::secret::Secret;

/// The longest cookie kept, in bytes of its header. Browsers send 4 KiB to 8 KiB.
pub const MAX_COOKIE_BYTES: usize = 64 * 1024;

/// The longest paste that is looked at, in bytes: an export may hold the cookies of other sites too.
pub const MAX_PASTE_BYTES: usize = 1024 * 1024;

/// The longest `unb`, in bytes. Real ones have 13 digits.
const MAX_UNB_BYTES: usize = 64;

/// Only these cookies are the account's, where a paste says which site each belongs to.
const SITE: &str = "goofish.com";

/// Why a pasted cookie is refused. The message says what to do, and holds no value of the cookie.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CookieError {
    /// Nothing was pasted.
    #[error("the cookie is empty: paste the Cookie header of a logged-in goofish.com page")]
    Empty,
    /// Longer than [`MAX_COOKIE_BYTES`], or a paste longer than [`MAX_PASTE_BYTES`].
    #[error("the cookie has {bytes} bytes, more than {limit}: paste only the cookies of goofish.com")]
    TooLong {
        /// Its length in bytes.
        bytes: usize,
        /// The length that is allowed.
        limit: usize,
    },
    /// A character that no HTTP header may hold.
    #[error("{field} holds {which} at byte {position}: copy the cookie again, as one line without control characters")]
    ControlCharacter {
        /// `the cookie`, or which cookie of it by name.
        field: String,
        /// The character's name.
        which: &'static str,
        /// Where it stands in that field, in bytes from 0.
        position: usize,
    },
    /// A name or value holds a `;`, which would split it in two.
    #[error("{field} holds a semicolon: export the cookies again, or paste the header string")]
    Semicolon {
        /// Which cookie of it, by name.
        field: String,
    },
    /// It reads as none of the three forms.
    #[error("this is no cookie ({form}): paste `name=value; name=value`, a JSON array of cookies, or a cookies.txt")]
    NotACookie {
        /// The form it was taken for.
        form: &'static str,
    },
    /// There is no `unb`.
    #[error("the cookie has no `unb`: log in at goofish.com first, then copy the whole cookie")]
    MissingUnb,
    /// `unb` is not a user id.
    #[error("`unb` in the cookie is not a user id: it must be 1 to 64 letters or digits; copy the whole cookie again")]
    InvalidUnb,
}

/// A cookie that has an `unb` and can be sent as a header. Its values are wiped when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Cookie {
    /// As it is sent: one text takes a third of the memory of its parts. No name or value holds a semicolon, no name a `=`, and none
    /// begins or ends with a space, so that the parts can be told.
    header: Zeroizing<String>,
}

/// What stands between two cookies in the header.
const BETWEEN: &str = "; ";

impl Cookie {
    /// Reads a pasted cookie: a header string (with or without `Cookie:`), a JSON array as browser extensions export it
    /// (also inside `{"cookies": …}`), or a Netscape `cookies.txt`.
    ///
    /// White space around JSON and `cookies.txt` does not matter. A header string may have spaces around it, but no line
    /// break, not even at its end: a line break in what becomes a header is refused, never repaired. Where cookies come with
    /// domains and any belongs to `goofish.com` or below, only those are kept. Of two with one name the later wins.
    ///
    /// # Errors
    /// [`CookieError`], which names the field at fault and what to do.
    pub fn parse(pasted: &str) -> Result<Self, CookieError> {
        if pasted.len() > MAX_PASTE_BYTES {
            return Err(CookieError::TooLong { bytes: pasted.len(), limit: MAX_PASTE_BYTES });
        }
        let trimmed = pasted.trim();
        let jar = match trimmed.as_bytes() {
            [] => return Err(CookieError::Empty),
            [b'[' | b'{', ..] => from_json(trimmed)?,
            _ if looks_like_cookies_txt(trimmed) => from_cookies_txt(trimmed)?,
            _ => from_header(pasted)?,
        };
        let unb = jar.get("unb").filter(|unb| !unb.is_empty()).ok_or(CookieError::MissingUnb)?;
        if unb.len() > MAX_UNB_BYTES || !unb.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(CookieError::InvalidUnb);
        }
        let bytes = header_length(jar.pairs());
        if bytes > MAX_COOKIE_BYTES {
            return Err(CookieError::TooLong { bytes, limit: MAX_COOKIE_BYTES });
        }
        Ok(Self { header: header(jar.pairs()) })
    }

    /// The account's user id.
    pub fn unb(&self) -> &str {
        self.get("unb").unwrap_or_default()
    }

    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.pairs().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// What signs API calls: the part of `_m_h5_tk` before its first `_`. `None` if the cookie has none yet.
    pub fn h5_token(&self) -> Option<&str> {
        let whole = self.get("_m_h5_tk")?;
        let token = whole.split_once('_').map_or(whole, |(token, _)| token);
        (!token.is_empty()).then_some(token)
    }

    /// The value of the `Cookie` header: `name=value; name=value`.
    pub fn to_header(&self) -> Secret {
        Secret::new(self.header.as_str())
    }

    /// A text with every value of this cookie that is long enough to be a credential left out.
    pub(crate) fn redact(&self, text: &str) -> String {
        const SHORTEST: usize = 6;
        let mut values: Vec<_> = self.pairs().map(|(_, value)| value).filter(|value| value.len() >= SHORTEST).collect();
        // A value may begin as another does: the longer one goes first, so that nothing of it stays.
        values.sort_by_key(|value| std::cmp::Reverse(value.len()));
        values.into_iter().fold(text.to_owned(), |text, value| text.replace(value, "…"))
    }

    /// Takes over one `Set-Cookie` header value, and says whether anything changed. The same name is replaced where it
    /// stands, a new one goes to the end, and one that is expired (`Max-Age` of 0 or less, `Expires` in 1970) is removed.
    ///
    /// `unb` never changes: another account's id in an answer must not turn this account into that one. What is malformed,
    /// holds a control character, or would make the cookie longer than [`MAX_COOKIE_BYTES`] is ignored.
    pub fn merge_set_cookie(&mut self, header_value: &str) -> bool {
        if control_character(header_value).is_some() {
            return false;
        }
        let (pair, attributes) = header_value.split_once(';').unwrap_or((header_value, ""));
        let Some((name, value)) = pair.split_once('=').map(|(name, value)| (name.trim(), value.trim())) else {
            return false;
        };
        if name.is_empty() || name == "unb" {
            return false;
        }
        let known = self.get(name);
        if is_expired(attributes) {
            let is_known = known.is_some();
            if is_known {
                self.header = header(self.pairs().filter(|(other, _)| *other != name));
            }
            return is_known;
        }
        if known == Some(value) {
            return false;
        }
        let replaced = self.pairs().map(|(other, old)| (other, if other == name { value } else { old }));
        let added = known.is_none().then_some((name, value));
        let pairs = replaced.chain(added);
        if header_length(pairs.clone()) > MAX_COOKIE_BYTES {
            return false;
        }
        self.header = header(pairs);
        true
    }

    fn pairs(&self) -> impl Iterator<Item = (&str, &str)> + Clone {
        self.header.split(BETWEEN).filter_map(|pair| pair.split_once('='))
    }
}

/// Each with a separator, the last one too.
fn header_length<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> usize {
    pairs.map(|(name, value)| name.len() + "=".len() + value.len() + BETWEEN.len()).sum()
}

fn header<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)> + Clone) -> Zeroizing<String> {
    // Sized at once: a String that grows leaves copies of the credential behind.
    let mut header = Zeroizing::new(String::with_capacity(header_length(pairs.clone()).saturating_sub(BETWEEN.len())));
    for (name, value) in pairs {
        if !header.is_empty() {
            header.push_str(BETWEEN);
        }
        header.push_str(name);
        header.push('=');
        header.push_str(value);
    }
    header
}

/// Names only: a value must not reach a log.
impl fmt::Debug for Cookie {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.pairs().map(|(name, _)| name).collect();
        formatter.debug_struct("Cookie").field("unb", &self.unb()).field("names", &names).finish()
    }
}

/// Pairs as they are found, before it is known whether they are an account's.
#[derive(Default)]
struct Jar {
    pairs: Vec<Pair>,
}

struct Pair {
    name: String,
    value: Zeroizing<String>,
}

impl Jar {
    fn pairs(&self) -> impl Iterator<Item = (&str, &str)> + Clone {
        self.pairs.iter().map(|pair| (pair.name.as_str(), pair.value.as_str()))
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|pair| pair.name == name).map(|pair| pair.value.as_str())
    }

    fn put(&mut self, name: &str, value: &str) {
        let value = Zeroizing::new(value.to_owned());
        match self.pairs.iter_mut().find(|pair| pair.name == name) {
            Some(pair) => pair.value = value,
            None => self.pairs.push(Pair { name: name.to_owned(), value }),
        }
    }

    /// Fills a jar from cookies that may say which site they belong to.
    fn of_site(found: &[Found<'_>]) -> Result<Self, CookieError> {
        let any_of_site = found.iter().any(|cookie| is_of_site(cookie.domain));
        let mut jar = Self::default();
        for cookie in found.iter().filter(|cookie| !any_of_site || is_of_site(cookie.domain)) {
            let (name, value) = (cookie.name.trim(), cookie.value.trim_matches(' '));
            refuse_control_characters("a cookie's name", name)?;
            if name.contains([';', '=']) {
                return Err(CookieError::Semicolon { field: "a cookie's name".to_owned() });
            }
            refuse_control_characters(&format!("cookie `{name}`"), value)?;
            if value.contains(';') {
                return Err(CookieError::Semicolon { field: format!("cookie `{name}`") });
            }
            if !name.is_empty() {
                jar.put(name, value);
            }
        }
        Ok(jar)
    }
}

struct Found<'a> {
    name: &'a str,
    value: &'a str,
    domain: &'a str,
}

fn is_of_site(domain: &str) -> bool {
    let domain = domain.trim_start_matches('.').to_ascii_lowercase();
    domain.strip_suffix(SITE).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

fn from_header(pasted: &str) -> Result<Jar, CookieError> {
    refuse_control_characters("the cookie", pasted)?;
    let line = pasted.trim();
    let line = match line.get(..7) {
        Some(prefix) if prefix.eq_ignore_ascii_case("cookie:") => &line[7..],
        _ => line,
    };
    let mut jar = Jar::default();
    for (name, value) in line.split(';').filter_map(|part| part.split_once('=')) {
        if !name.trim().is_empty() {
            jar.put(name.trim(), value.trim());
        }
    }
    if jar.pairs.is_empty() { Err(CookieError::NotACookie { form: "no `name=value` in it" }) } else { Ok(jar) }
}

fn from_json(text: &str) -> Result<Jar, CookieError> {
    #[derive(Deserialize)]
    struct Export<'a> {
        #[serde(borrow)]
        cookies: Vec<&'a RawValue>,
    }
    #[derive(Deserialize)]
    struct Exported<'a> {
        #[serde(borrow)]
        name: Loose<'a>,
        #[serde(borrow, default)]
        value: Loose<'a>,
        #[serde(borrow, default)]
        domain: Loose<'a>,
    }
    let not_a_cookie = |_| CookieError::NotACookie { form: "taken for JSON, and it is no array of {name, value}" };
    let items: Vec<&RawValue> = if text.starts_with('[') {
        serde_json::from_str(text).map_err(not_a_cookie)?
    } else {
        serde_json::from_str::<Export<'_>>(text).map_err(not_a_cookie)?.cookies
    };
    let exported = items
        .iter()
        .map(|item| serde_json::from_str::<Exported<'_>>(item.get()).map_err(not_a_cookie))
        .collect::<Result<Vec<_>, _>>()?;
    let found: Vec<Found<'_>> = exported
        .iter()
        .map(|cookie| Found {
            name: cookie.name.0.as_deref().unwrap_or_default(),
            value: cookie.value.0.as_deref().unwrap_or_default(),
            domain: cookie.domain.0.as_deref().unwrap_or_default(),
        })
        .collect();
    Jar::of_site(&found)
}

/// Domain, subdomains too, path, secure, expiry, name, value: seven columns with tabs between.
fn cookies_txt_line(line: &str) -> Option<Found<'_>> {
    let line = line.strip_prefix("#HttpOnly_").or(Some(line).filter(|line| !line.starts_with('#')))?;
    let mut columns = line.splitn(7, '\t');
    let domain = columns.next()?.trim();
    let name = columns.nth(4)?;
    // An empty value at the end of a line loses its tab in many editors.
    Some(Found { domain, name, value: columns.next().unwrap_or_default() })
}

fn looks_like_cookies_txt(text: &str) -> bool {
    text.starts_with("# Netscape") || text.starts_with("# HTTP Cookie") || text.lines().any(|line| cookies_txt_line(line).is_some())
}

fn from_cookies_txt(text: &str) -> Result<Jar, CookieError> {
    let found: Vec<Found<'_>> = text.lines().filter_map(cookies_txt_line).collect();
    if found.is_empty() {
        return Err(CookieError::NotACookie { form: "taken for a cookies.txt, and no line of it has seven columns" });
    }
    Jar::of_site(&found)
}

fn refuse_control_characters(field: &str, text: &str) -> Result<(), CookieError> {
    match control_character(text) {
        None => Ok(()),
        Some((position, which)) => Err(CookieError::ControlCharacter { field: field.to_owned(), which, position }),
    }
}

fn control_character(text: &str) -> Option<(usize, &'static str)> {
    let position = text.bytes().position(|byte| byte.is_ascii_control())?;
    let which = match text.as_bytes()[position] {
        b'\r' => "CR",
        b'\n' => "LF",
        b'\t' => "TAB",
        0 => "NUL",
        _ => "a control character",
    };
    Some((position, which))
}

/// `Max-Age` counts before `Expires`, as in RFC 6265. Other dates in the past need a clock, and this has none.
fn is_expired(attributes: &str) -> bool {
    let attribute = |wanted: &str| {
        attributes
            .split(';')
            .filter_map(|part| part.split_once('='))
            .filter(|(name, _)| name.trim().eq_ignore_ascii_case(wanted))
            .map(|(_, value)| value.trim())
            .next_back()
    };
    if let Some(max_age_s) = attribute("max-age").and_then(|value| value.parse::<i64>().ok()) {
        return max_age_s <= 0;
    }
    // `Thu, 01 Jan 1970 …`, `Thu, 01-Jan-1970 …`, and the old two-digit `Thu, 01-Jan-70 …`.
    attribute("expires").is_some_and(|date| date.split([' ', '-']).any(|part| part == "1970" || part == "70"))
}

#[cfg(test)]
#[path = "cookie_tests.rs"]
mod tests;
