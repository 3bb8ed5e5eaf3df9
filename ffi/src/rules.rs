//! Rules that are more than a keyword and a reply, in and out.

use livekeeper::{KeywordRule, Matching, Picture};

use crate::accounts::account;
use crate::error::{Failure, lk_status};
use crate::guard::{guard, guard_or};
use crate::manager::lk_manager;
use crate::pointer::{Given, Handle, Place, Plain, end, give, look, look_if_any, row};
use crate::sized::{Growing, GrowingPlace, read_row};
use crate::text::{Text, lk_str};

/// How the keywords of a rule are looked for. Upper and lower case, full-width and half-width forms are alike in all of them. The
/// numbers are permanent.
#[repr(u32)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum lk_matching {
    /// Anywhere in the message.
    Contains = 0,
    /// As the whole message, spaces around either aside.
    Exact = 1,
    /// As a regular expression in the syntax of Rust's crate `regex` (no look-around, no backreferences), anywhere in the first 4,000
    /// bytes of the message. One that matches the empty text is refused, and so is one that needs more than 256 KiB made ready.
    Regex = 2,
}

const WAYS: [(lk_matching, Matching); 3] =
    [(lk_matching::Contains, Matching::Contains), (lk_matching::Exact, Matching::Exact), (lk_matching::Regex, Matching::Regex)];

/// A rule: a message in which one of its keywords is found is answered with its reply. Rules for the message's item are looked at
/// first, then those for every item; among those that match, the first in the list answers. Begin with `LK_RULE_INIT`.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct lk_rule {
    /// `sizeof(lk_rule)`, set by the init macro.
    pub size: usize,
    /// What is looked for: `keyword_count` texts in a row, none blank, each at most 1,000 bytes. One that is found is enough.
    pub keywords: *const lk_str,
    /// How many texts `keywords` has.
    pub keyword_count: usize,
    /// How they are looked for: an `lk_matching`.
    pub matching: u32,
    /// The item that a message must be about; no text: any, or none.
    pub item_id: lk_str,
    /// The text to send, at most 20,000 bytes; no text is an empty one. In it `{send_user_name}`, `{send_user_id}`, `{send_message}`
    /// and `{item_id}` stand for what the message has, `{{` and `}}` for a brace. Empty, and no picture: no reply.
    pub reply: lk_str,
    /// The `https` or `http` URL of a picture that the site already has, sent after the text; no text: no picture.
    pub picture_url: lk_str,
    /// The picture's width in pixels, 1 to 20,000.
    pub picture_width: u32,
    /// The picture's height in pixels, 1 to 20,000.
    pub picture_height: u32,
}

impl Plain for lk_rule {}

// SAFETY: it has lengths, numbers and pointers only.
unsafe impl Given for lk_rule {}

// SAFETY: repr(C), and its first field is its size.
unsafe impl Growing for lk_rule {
    const LEAST: usize = std::mem::offset_of!(Self, picture_height) + size_of::<u32>();
}

impl lk_rule {
    const NONE: Self = Self {
        size: size_of::<Self>(),
        keywords: std::ptr::null(),
        keyword_count: 0,
        matching: lk_matching::Contains as u32,
        item_id: lk_str::NONE,
        reply: lk_str::NONE,
        picture_url: lk_str::NONE,
        picture_width: 0,
        picture_height: 0,
    };

    /// # Safety
    /// As for [`row`] and [`lk_str::optional`], for its keywords and all texts.
    unsafe fn read(&self) -> Result<KeywordRule, Failure> {
        // SAFETY: the caller's promise.
        let keywords = unsafe { row(self.keywords, self.keyword_count, "keywords") }?.unwrap_or_default();
        // SAFETY: the caller's promise.
        let keywords = keywords.iter().map(|keyword| unsafe { keyword.required("keyword") }).collect::<Result<Vec<_>, _>>()?;
        // SAFETY: the caller's promise.
        let (item_id, reply, url) = unsafe {
            (self.item_id.optional("item_id")?, self.reply.optional("reply")?, self.picture_url.optional("picture_url")?)
        };
        let way = WAYS.iter().find(|way| way.0 as u32 == self.matching);
        let beyond = || Failure::invalid("matching", format!("is {}, which is no lk_matching", self.matching));
        let mut rule = KeywordRule::of(keywords, reply.unwrap_or_default()).matching(way.ok_or_else(beyond)?.1);
        rule.item_id = item_id.map(str::to_owned);
        rule.picture = url.map(|url| Picture::new(url, self.picture_width, self.picture_height));
        Ok(rule)
    }
}

/// A list of rules that is yours. End it with `lk_rule_list_free`.
pub struct lk_rule_list(Vec<Rule>);

struct Rule {
    _keywords: Vec<Text>,
    lent_keywords: LentRow,
    matching: lk_matching,
    item_id: Option<Text>,
    reply: Text,
    picture: Option<(Text, u32, u32)>,
}

/// Texts of a rule, lent in a row.
struct LentRow(Vec<lk_str>);

// SAFETY: it points at texts that lie beside it in the same rule, and which nobody changes.
unsafe impl Send for LentRow {}
// SAFETY: as above.
unsafe impl Sync for LentRow {}

impl Handle for lk_rule_list {}

impl Rule {
    fn new(rule: KeywordRule) -> Self {
        let keywords: Vec<_> = rule.keywords.into_iter().map(Text::new).collect();
        Self {
            lent_keywords: LentRow(keywords.iter().map(Text::lend).collect()),
            _keywords: keywords,
            matching: WAYS.iter().find(|way| way.1 == rule.matching).map_or(lk_matching::Contains, |way| way.0),
            item_id: rule.item_id.map(Text::new),
            reply: Text::new(rule.reply),
            picture: rule.picture.map(|picture| (Text::new(picture.url), picture.width, picture.height)),
        }
    }

    fn lend(&self) -> lk_rule {
        let picture = self.picture.as_ref();
        lk_rule {
            keywords: self.lent_keywords.0.as_ptr(),
            keyword_count: self.lent_keywords.0.len(),
            matching: self.matching as u32,
            item_id: self.item_id.as_ref().map_or(lk_str::NONE, Text::lend),
            reply: self.reply.lend(),
            picture_url: picture.map_or(lk_str::NONE, |picture| picture.0.lend()),
            picture_width: picture.map_or(0, |picture| picture.1),
            picture_height: picture.map_or(0, |picture| picture.2),
            ..lk_rule::NONE
        }
    }
}

/// The rules of a row; `None` where there is no row.
///
/// # Safety
/// As for [`read_row`], and each rule as for [`lk_rule::read`].
unsafe fn read_rules(first: *const lk_rule, count: usize) -> Result<Option<Vec<KeywordRule>>, Failure> {
    // SAFETY: the caller's promise.
    let Some(rules) = (unsafe { read_row(first, count, lk_rule::NONE, "rules") })? else { return Ok(None) };
    // SAFETY: the caller's promise.
    rules.iter().map(|rule| unsafe { rule.read() }).collect::<Result<_, _>>().map(Some)
}

/// `lk_manager_add_cookie` with rules that may be more than a keyword and a reply.
///
/// - `rules`, `rule_count`: the rules in their order, at most 10,000; NULL and 0 leave those of an account that exists. All else
///   is as there.
///
/// Any thread. Blocks until it is on disk, and an old session is gone. Errors: those of `lk_manager_add_cookie`, and
/// `LK_STATUS_WRONG_SIZE`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_manager_add_cookie_with_rules(
    manager: *const lk_manager,
    cookie_id: lk_str,
    cookie_value: lk_str,
    rules: *const lk_rule,
    rule_count: usize,
    user_id: lk_str,
) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers and texts.
        let ((manager, cookie_id), rules) = unsafe { (account(manager, cookie_id)?, read_rules(rules, rule_count)?) };
        // SAFETY: as above.
        let (cookie_value, user_id) = unsafe { (cookie_value.required("cookie_value")?, user_id.optional("user_id")?) };
        Ok(manager.add_cookie(cookie_id, cookie_value, rules, user_id).wait()?)
    })
}

/// Puts these rules in the place of the account's earlier ones, from the next message on.
///
/// - `rules`, `rule_count`: the rules in their order, at most 10,000 with 10,000 keywords, 200 of them regular expressions; all of
///   the same `size`. A count of 0 means no rules.
///
/// Any thread. Blocks until it is on disk. Errors: `LK_STATUS_INVALID_ARGUMENT` naming the rule's place,
/// `LK_STATUS_WRONG_SIZE`, `LK_STATUS_ACCOUNT_NOT_FOUND`, `LK_STATUS_STORE_FAILED`, `LK_STATUS_CLOSED`, `LK_STATUS_FORKED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_manager_update_rules(
    manager: *const lk_manager,
    cookie_id: lk_str,
    rules: *const lk_rule,
    rule_count: usize,
) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers and texts.
        let ((manager, cookie_id), rules) = unsafe { (account(manager, cookie_id)?, read_rules(rules, rule_count)?) };
        Ok(manager.update_keywords(cookie_id, rules.unwrap_or_default()).wait()?)
    })
}

/// All rules of the account in their order, also those that were given as a keyword and a reply.
///
/// - `list`: where the list goes, yours to end with `lk_rule_list_free`; NULL is put there on failure.
///
/// Any thread. Blocks while they are read from the store. Errors: `LK_STATUS_ACCOUNT_NOT_FOUND`, `LK_STATUS_STORE_FAILED`,
/// `LK_STATUS_CLOSED`, `LK_STATUS_FORKED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_manager_get_rules(
    manager: *const lk_manager,
    cookie_id: lk_str,
    list: *mut *mut lk_rule_list,
) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers and texts.
        let (place, (manager, cookie_id)) = unsafe { (Place::new(list, "list")?.emptied(), account(manager, cookie_id)?) };
        let rules = manager.get_keywords(cookie_id).wait()?;
        place.put(give(lk_rule_list(rules.into_iter().map(Rule::new).collect())));
        Ok(())
    })
}

/// How many rules a list has; 0 of NULL.
///
/// Any thread. Does not block.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_rule_list_count(list: *const lk_rule_list) -> usize {
    let list = look_if_any(list);
    guard_or(0, || list.map_or(0, |list| list.0.len()))
}

/// One of them. Its keywords and texts belong to the list.
///
/// - `index`: from 0, below the list's count.
/// - `rule`: where it goes; its `size` must be set.
///
/// Any thread. Does not block. Errors: `LK_STATUS_INVALID_ARGUMENT` beyond the end, `LK_STATUS_WRONG_SIZE`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_rule_list_get(list: *const lk_rule_list, index: usize, rule: *mut lk_rule) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers.
        let (list, place) = unsafe { (look(list, "list")?, GrowingPlace::new(rule, "rule")?) };
        let beyond = || Failure::invalid("index", format!("is {index}, the list has {} rules", list.0.len()));
        place.put(list.0.get(index).ok_or_else(beyond)?.lend());
        Ok(())
    })
}

/// Ends a list of rules and its texts. NULL is fine. Any thread. Does not block.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_rule_list_free(list: *mut lk_rule_list) {
    end(list);
}

#[cfg(test)]
mod tests {
    use livekeeper::Matching;

    use super::WAYS;

    #[test]
    fn every_way_of_core_has_its_own_number_here() {
        assert!(WAYS.iter().map(|way| way.1).eq(Matching::ALL.iter().copied()));
    }
}
