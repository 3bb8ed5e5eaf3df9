//! Keyword rules, in and out.

use livekeeper::KeywordRule;

use crate::error::Failure;
use crate::guard::guard_or;
use crate::pointer::{Given, Handle, Plain, end, look_if_any, row};
use crate::text::{Text, lk_str};

/// A keyword rule: the first rule whose keyword a buyer's message contains is answered with its reply. `lk_rule` is the form for
/// several keywords, other ways of matching, an item, a picture.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct lk_keyword {
    /// Looked for anywhere in the message; upper and lower case, full-width and half-width forms are alike. Not blank.
    pub keyword: lk_str,
    /// The text to send; what may be in it says `lk_rule`. Empty: a message that matches gets no reply.
    pub reply: lk_str,
}

impl Plain for lk_keyword {}

// SAFETY: it has lengths and pointers only.
unsafe impl Given for lk_keyword {}

impl lk_keyword {
    const NONE: Self = Self { keyword: lk_str::NONE, reply: lk_str::NONE };

    fn lend((keyword, reply): &(Text, Text)) -> Self {
        Self { keyword: keyword.lend(), reply: reply.lend() }
    }

    /// # Safety
    /// As for [`lk_str::optional`], for both texts.
    pub(crate) unsafe fn read(&self) -> Result<KeywordRule, Failure> {
        // SAFETY: the caller's promise.
        let (keyword, reply) = unsafe { (self.keyword.required("keyword")?, self.reply.required("reply")?) };
        Ok(KeywordRule::new(keyword, reply))
    }
}

/// A list of keyword rules that is yours. End it with `lk_keyword_list_free`.
pub struct lk_keyword_list(Vec<(Text, Text)>);

impl Handle for lk_keyword_list {}

impl lk_keyword_list {
    /// A rule that is more than a keyword and a reply is refused: shown as one it would be lost when the list is given back.
    pub(crate) fn new(rules: Vec<KeywordRule>) -> Result<Self, Failure> {
        let pair = |(place, mut rule): (usize, KeywordRule)| match rule.is_pair().then(|| rule.keywords.pop()).flatten() {
            Some(keyword) => Ok((Text::new(keyword), Text::new(rule.reply))),
            None => {
                let problem = format!("rule {place} is more than a keyword and a reply: use lk_manager_get_rules");
                Err(Failure::invalid("keywords", problem))
            }
        };
        (1..).zip(rules).map(pair).collect::<Result<_, _>>().map(Self)
    }
}

/// The rules of a row; `None` where there is no row.
///
/// # Safety
/// As for [`row`], and each text as for [`lk_str::optional`].
pub(crate) unsafe fn read_rules(first: *const lk_keyword, count: usize) -> Result<Option<Vec<KeywordRule>>, Failure> {
    // SAFETY: the caller's promise.
    let Some(rules) = (unsafe { row(first, count, "keywords") })? else { return Ok(None) };
    // SAFETY: the caller's promise.
    rules.iter().map(|rule| unsafe { rule.read() }).collect::<Result<_, _>>().map(Some)
}

/// How many rules a list has; 0 of NULL.
///
/// Any thread. Does not block.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_keyword_list_count(list: *const lk_keyword_list) -> usize {
    let list = look_if_any(list);
    guard_or(0, || list.map_or(0, |list| list.0.len()))
}

/// The rule at `index`, counted from 0. Beyond the end: no texts, each `data` is NULL.
///
/// What it gives belongs to `list`. Any thread. Does not block.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_keyword_list_get(list: *const lk_keyword_list, index: usize) -> lk_keyword {
    let list = look_if_any(list);
    guard_or(lk_keyword::NONE, || list.as_ref().and_then(|list| list.0.get(index)).map_or(lk_keyword::NONE, lk_keyword::lend))
}

/// Ends a list of rules. NULL is fine. Any thread. Does not block.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_keyword_list_free(list: *mut lk_keyword_list) {
    end(list);
}
