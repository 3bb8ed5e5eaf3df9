//! What came for an account, what was decided about it, what was sent, and how that ended.

use std::ffi::c_char;

use livekeeper::{DecisionCode, MessageTrace, SendTrace};

use crate::accounts::account;
use crate::error::{Failure, lk_status};
use crate::guard::{guard, guard_or};
use crate::manager::lk_manager;
use crate::pointer::{Handle, Place, Plain, end, give, look, look_if_any};
use crate::sending::{Told, lk_send_result};
use crate::sized::{Growing, GrowingPlace};
use crate::states::{Row, name_of};
use crate::text::{Text, lk_str};

/// What was decided about a message. The numbers are permanent, and the same in every language.
#[repr(u32)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum lk_decision {
    /// Nothing yet: it waits, for its chat to fall quiet say. Also: a decision that this library has no number for.
    Unknown = 0,
    /// It is answered by a rule.
    Reply = 1,
    /// A text or card of the platform's.
    Platform = 2,
    /// The echo of what this library sent.
    Echo = 3,
    /// The seller's own words, by hand: a person has taken the chat over.
    ByHand = 4,
    /// Said in a group, where a reply to one buyer has no place.
    Group = 5,
    /// Older than `stale_after_s` when it was looked at.
    Stale = 6,
    /// The account is paused.
    AccountPaused = 7,
    /// A person has taken the chat over, or your program has paused it.
    ChatPaused = 8,
    /// The rule that matches says: nothing.
    RuleSaysNothing = 9,
    /// No rule matches.
    NoRule = 10,
    /// A later message of the same chat was answered in its place.
    Folded = 11,
    /// Recorded by a version that stored no decisions.
    NotRecorded = 12,
    /// It was written to another user, whose cookie was replaced before it was looked at.
    OtherUser = 13,
    /// The seller's own, from before the account was on record: nobody knows whether by hand or from here.
    BeforeAccount = 14,
    /// It is answered by your reply function.
    HandlerReply = 15,
    /// It is answered with the default reply.
    DefaultReply = 16,
    /// Your reply function says: nothing.
    HandlerSaysNothing = 17,
    /// Your reply function failed or took too long, and there is no default reply.
    HandlerFailed = 18,
    /// The default reply for its item says: nothing.
    DefaultSaysNothing = 19,
    /// The default reply is said once in a chat, and was.
    DefaultSaidBefore = 20,
}

const DECISIONS: [Row<lk_decision, DecisionCode>; 20] = [
    (lk_decision::Reply, DecisionCode::Reply, c"reply"),
    (lk_decision::Platform, DecisionCode::Platform, c"platform"),
    (lk_decision::Echo, DecisionCode::Echo, c"echo"),
    (lk_decision::ByHand, DecisionCode::ByHand, c"by_hand"),
    (lk_decision::Group, DecisionCode::Group, c"group"),
    (lk_decision::Stale, DecisionCode::Stale, c"stale"),
    (lk_decision::AccountPaused, DecisionCode::AccountPaused, c"account_paused"),
    (lk_decision::ChatPaused, DecisionCode::ChatPaused, c"chat_paused"),
    (lk_decision::RuleSaysNothing, DecisionCode::RuleSaysNothing, c"rule_says_nothing"),
    (lk_decision::NoRule, DecisionCode::NoRule, c"no_rule"),
    (lk_decision::Folded, DecisionCode::Folded, c"folded"),
    (lk_decision::NotRecorded, DecisionCode::NotRecorded, c"not_recorded"),
    (lk_decision::OtherUser, DecisionCode::OtherUser, c"other_user"),
    (lk_decision::BeforeAccount, DecisionCode::BeforeAccount, c"before_account"),
    (lk_decision::HandlerReply, DecisionCode::HandlerReply, c"handler_reply"),
    (lk_decision::DefaultReply, DecisionCode::DefaultReply, c"default_reply"),
    (lk_decision::HandlerSaysNothing, DecisionCode::HandlerSaysNothing, c"handler_says_nothing"),
    (lk_decision::HandlerFailed, DecisionCode::HandlerFailed, c"handler_failed"),
    (lk_decision::DefaultSaysNothing, DecisionCode::DefaultSaysNothing, c"default_says_nothing"),
    (lk_decision::DefaultSaidBefore, DecisionCode::DefaultSaidBefore, c"default_said_before"),
];

impl From<DecisionCode> for lk_decision {
    fn from(code: DecisionCode) -> Self {
        DECISIONS.iter().find(|row| row.1 == code).map_or(Self::Unknown, |row| row.0)
    }
}

/// The name of an `lk_decision`, such as `chat_paused`; `unknown` for a number that is none.
///
/// Never NULL, and valid for ever. Any thread. Does not block.
#[unsafe(no_mangle)]
pub extern "C" fn lk_decision_name(decision: u32) -> *const c_char {
    name_of(DECISIONS.iter().find(|row| row.0 as u32 == decision).map(|row| row.2))
}

/// One message, and what came of it. Begin with `LK_MESSAGE_TRACE_INIT`. Its texts belong to the list.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct lk_message_trace {
    /// `sizeof(lk_message_trace)`, set by the init macro.
    pub size: usize,
    /// The service's id for it.
    pub message_id: lk_str,
    /// The chat it stands in.
    pub chat_id: lk_str,
    /// `chat` (somebody wrote), `own` (the seller did), `order` or `card_update` (the platform's cards).
    pub kind: lk_str,
    /// Who sent it: a user id.
    pub sender_id: lk_str,
    /// The sender's name as people see it; may be empty.
    pub sender_name: lk_str,
    /// The text shown; may be empty.
    pub text: lk_str,
    /// The item the chat is about; `data` NULL: none.
    pub item_id: lk_str,
    /// When it was sent, by the service's clock: milliseconds since 1970 UTC; 0 if it does not say.
    pub created_at_ms: i64,
    /// When it was recorded: milliseconds since 1970 UTC.
    pub received_at_ms: i64,
    /// What was decided; `UNKNOWN` while it waits.
    pub decision: lk_decision,
    /// The rule that decided: its place in the list as it was then, from 1; 0: no rule did.
    pub rule: u32,
    /// The decision as a sentence for people; `data` NULL while there is none.
    pub decision_text: lk_str,
    /// The id of the message that was answered in the place of this one; `data` NULL: none.
    pub folded_into: lk_str,
    /// Whether a text was sent in answer to it, or is under way. If not, the fields that follow are empty.
    pub has_reply: bool,
    /// Whether that send has ended.
    pub reply_has_ended: bool,
    /// How it ended.
    pub reply_result: lk_send_result,
    /// The text that was sent.
    pub reply_text: lk_str,
    /// The service's id of a delivered one, or its reason for a rejected one; `data` NULL: neither.
    pub reply_detail: lk_str,
    /// The code of the service's answer where it was rejected; otherwise 0.
    pub reply_code: i64,
    /// When it was put on its way: milliseconds since 1970 UTC.
    pub reply_created_at_ms: i64,
    /// When it ended: milliseconds since 1970 UTC; 0 while it is under way.
    pub reply_closed_at_ms: i64,
    /// What the service adds to its reason for a rejected one; `data` NULL: nothing.
    pub reply_more_info: lk_str,
    /// Whether a picture was sent in answer to it, after the text if there was one, or is under way. If not, the fields that follow
    /// are empty.
    pub has_picture: bool,
    /// Whether that send has ended.
    pub picture_has_ended: bool,
    /// How it ended.
    pub picture_result: lk_send_result,
    /// Where the picture is.
    pub picture_url: lk_str,
    /// Its width in pixels.
    pub picture_width: u32,
    /// Its height in pixels.
    pub picture_height: u32,
    /// The service's id of a delivered one, or its reason for a rejected one; `data` NULL: neither.
    pub picture_detail: lk_str,
    /// What the service adds to its reason for a rejected one; `data` NULL: nothing.
    pub picture_more_info: lk_str,
    /// The code of the service's answer where it was rejected; otherwise 0.
    pub picture_code: i64,
    /// When it was put on its way: milliseconds since 1970 UTC.
    pub picture_created_at_ms: i64,
    /// When it ended: milliseconds since 1970 UTC; 0 while it is under way.
    pub picture_closed_at_ms: i64,
}

impl Plain for lk_message_trace {}

// SAFETY: repr(C), and its first field is its size.
unsafe impl Growing for lk_message_trace {
    const LEAST: usize = std::mem::offset_of!(Self, reply_closed_at_ms) + size_of::<i64>();
}

/// A list of messages that is yours. End it with `lk_message_list_free`.
pub struct lk_message_list(Vec<Entry>);

impl Handle for lk_message_list {}

struct Entry {
    message_id: Text,
    chat_id: Text,
    kind: Text,
    sender_id: Text,
    sender_name: Text,
    text: Text,
    item_id: Option<Text>,
    created_at_ms: i64,
    received_at_ms: i64,
    decision: lk_decision,
    decision_text: Option<Text>,
    rule: u32,
    folded_into: Option<Text>,
    reply: Option<Sent>,
    picture: Option<Sent>,
}

struct Sent {
    /// Of a picture, its URL.
    text: Text,
    size: (u32, u32),
    has_ended: bool,
    result: lk_send_result,
    detail: Option<Text>,
    more_info: Option<Text>,
    code: i64,
    created_at_ms: i64,
    closed_at_ms: i64,
}

impl From<MessageTrace> for Entry {
    fn from(trace: MessageTrace) -> Self {
        Self {
            message_id: Text::new(trace.message_id),
            chat_id: Text::new(trace.chat_id),
            kind: Text::new(trace.kind),
            sender_id: Text::new(trace.sender_id),
            sender_name: Text::new(trace.sender_name),
            text: Text::new(trace.text),
            item_id: trace.item_id.map(Text::new),
            created_at_ms: trace.created_at_ms,
            received_at_ms: trace.received_at_ms,
            decision: trace.decision.map_or(lk_decision::Unknown, lk_decision::from),
            decision_text: trace.decision.map(|decision| Text::new(decision.sentence().to_owned())),
            rule: trace.rule.unwrap_or_default(),
            folded_into: trace.folded_into.map(Text::new),
            reply: trace.reply.map(Sent::from),
            picture: trace.picture.map(Sent::from),
        }
    }
}

impl From<SendTrace> for Sent {
    fn from(trace: SendTrace) -> Self {
        let has_ended = trace.outcome.is_some();
        let told = trace.outcome.map(Told::from);
        let result = told.as_ref().map_or(lk_send_result::Unknown, |told| told.result);
        let code = told.as_ref().map_or(0, |told| told.code);
        let (detail, more_info) = told.map_or((None, None), |told| (told.detail, told.more_info));
        let (text, size) = match trace.picture {
            Some(picture) => (picture.url, (picture.width, picture.height)),
            None => (trace.text, (0, 0)),
        };
        Self {
            text: Text::new(text),
            size,
            has_ended,
            result,
            detail: detail.map(Text::new),
            more_info: more_info.map(Text::new),
            code,
            created_at_ms: trace.created_at_ms,
            closed_at_ms: trace.closed_at_ms.unwrap_or_default(),
        }
    }
}

impl Entry {
    /// Valid as long as the list is.
    fn lend(&self) -> lk_message_trace {
        let optional = |text: &Option<Text>| text.as_ref().map_or(lk_str::NONE, Text::lend);
        let (reply, picture) = (self.reply.as_ref(), self.picture.as_ref());
        lk_message_trace {
            size: size_of::<lk_message_trace>(),
            message_id: self.message_id.lend(),
            chat_id: self.chat_id.lend(),
            kind: self.kind.lend(),
            sender_id: self.sender_id.lend(),
            sender_name: self.sender_name.lend(),
            text: self.text.lend(),
            item_id: optional(&self.item_id),
            created_at_ms: self.created_at_ms,
            received_at_ms: self.received_at_ms,
            decision: self.decision,
            rule: self.rule,
            decision_text: optional(&self.decision_text),
            folded_into: optional(&self.folded_into),
            has_reply: reply.is_some(),
            reply_has_ended: reply.is_some_and(|reply| reply.has_ended),
            reply_result: reply.map_or(lk_send_result::Unknown, |reply| reply.result),
            reply_text: reply.map_or(lk_str::NONE, |reply| reply.text.lend()),
            reply_detail: reply.map_or(lk_str::NONE, |reply| optional(&reply.detail)),
            reply_code: reply.map_or(0, |reply| reply.code),
            reply_created_at_ms: reply.map_or(0, |reply| reply.created_at_ms),
            reply_closed_at_ms: reply.map_or(0, |reply| reply.closed_at_ms),
            reply_more_info: reply.map_or(lk_str::NONE, |reply| optional(&reply.more_info)),
            has_picture: picture.is_some(),
            picture_has_ended: picture.is_some_and(|picture| picture.has_ended),
            picture_result: picture.map_or(lk_send_result::Unknown, |picture| picture.result),
            picture_url: picture.map_or(lk_str::NONE, |picture| picture.text.lend()),
            picture_width: picture.map_or(0, |picture| picture.size.0),
            picture_height: picture.map_or(0, |picture| picture.size.1),
            picture_detail: picture.map_or(lk_str::NONE, |picture| optional(&picture.detail)),
            picture_more_info: picture.map_or(lk_str::NONE, |picture| optional(&picture.more_info)),
            picture_code: picture.map_or(0, |picture| picture.code),
            picture_created_at_ms: picture.map_or(0, |picture| picture.created_at_ms),
            picture_closed_at_ms: picture.map_or(0, |picture| picture.closed_at_ms),
        }
    }
}

/// What came for an account, the newest first, with what was decided about each message, by which rule, what was sent, and how
/// that ended.
///
/// - `chat_id`: of this chat only, without "@goofish"; no text (`lk_str_of(NULL)`): of all of them.
/// - `limit`: at most so many messages, 1 to 10,000.
/// - `list`: where the list goes, yours to end with `lk_message_list_free`; NULL is put there on failure.
///
/// Any thread. Blocks while they are read from the store. Errors: `LK_STATUS_INVALID_ARGUMENT`, `LK_STATUS_ACCOUNT_NOT_FOUND`,
/// `LK_STATUS_STORE_FAILED`, `LK_STATUS_CLOSED`, `LK_STATUS_FORKED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_manager_messages(
    manager: *const lk_manager,
    cookie_id: lk_str,
    chat_id: lk_str,
    limit: u32,
    list: *mut *mut lk_message_list,
) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers and texts.
        let (place, (manager, cookie_id)) = unsafe { (Place::new(list, "list")?.emptied(), account(manager, cookie_id)?) };
        // SAFETY: as above.
        let chat_id = unsafe { chat_id.optional("chat_id") }?;
        let traces = manager.messages(cookie_id, chat_id, limit).wait()?;
        place.put(give(lk_message_list(traces.into_iter().map(Entry::from).collect())));
        Ok(())
    })
}

/// How many messages a list has; 0 of NULL.
///
/// Any thread. Does not block.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_message_list_count(list: *const lk_message_list) -> usize {
    let list = look_if_any(list);
    guard_or(0, || list.map_or(0, |list| list.0.len()))
}

/// One of them.
///
/// - `index`: from 0, below the list's count.
/// - `message`: where it goes; its `size` must be set.
///
/// Any thread. Does not block. Errors: `LK_STATUS_INVALID_ARGUMENT` beyond the end, `LK_STATUS_WRONG_SIZE`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_message_list_get(
    list: *const lk_message_list,
    index: usize,
    message: *mut lk_message_trace,
) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers.
        let (list, place) = unsafe { (look(list, "list")?, GrowingPlace::new(message, "message")?) };
        let beyond = || Failure::invalid("index", format!("is {index}, the list has {} messages", list.0.len()));
        place.put(list.0.get(index).ok_or_else(beyond)?.lend());
        Ok(())
    })
}

/// Ends a list of messages and its texts. NULL is fine. Any thread. Does not block.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_message_list_free(list: *mut lk_message_list) {
    end(list);
}

#[cfg(test)]
mod tests {
    use livekeeper::DecisionCode;

    use super::{DECISIONS, Entry, Sent, lk_decision};
    use crate::sending::lk_send_result;
    use crate::text::Text;

    fn message(reply: Option<Sent>, picture: Option<Sent>) -> Entry {
        Entry {
            message_id: Text::new("m1".to_owned()),
            chat_id: Text::new("41".to_owned()),
            kind: Text::new("chat".to_owned()),
            sender_id: Text::new("9687".to_owned()),
            sender_name: Text::new(String::new()),
            text: Text::new("包邮吗".to_owned()),
            item_id: None,
            created_at_ms: 1,
            received_at_ms: 2,
            decision: lk_decision::Reply,
            decision_text: None,
            rule: 3,
            folded_into: None,
            reply,
            picture,
        }
    }

    #[test]
    fn every_decision_of_core_has_its_own_number_and_name_here() {
        for code in DecisionCode::ALL {
            assert_eq!(lk_decision::from(*code) as u32, u32::from(code.number()), "{code:?}");
        }
        for (_, code, name) in DECISIONS {
            assert_eq!(name.to_str().unwrap(), code.name());
        }
    }

    #[test]
    fn a_message_that_was_not_answered_has_no_reply_and_one_that_was_has_all_of_it() {
        let unanswered = message(None, None);
        let lent = unanswered.lend();
        assert!(!lent.has_picture && !lent.picture_has_ended && lent.picture_url.data.is_null());
        assert!(!lent.has_reply && !lent.reply_has_ended && lent.reply_text.data.is_null() && lent.item_id.data.is_null());
        assert_eq!((lent.text.length, lent.sender_name.length, lent.rule), (9, 0, 3));
        assert!(!lent.sender_name.data.is_null(), "an empty text is a text");

        let sent = |text: &str, size, from: i64| Sent {
            text: Text::new(text.to_owned()),
            size,
            has_ended: true,
            result: lk_send_result::Rejected,
            detail: Some(Text::new("CSI_FORBID".to_owned())),
            more_info: Some(Text::new("CSI_FORBID||x".to_owned())),
            code: 400 + from,
            created_at_ms: from + 1,
            closed_at_ms: from + 2,
        };
        let answered = message(Some(sent("全场包邮", (0, 0), 3)), Some(sent("https://x/a.jpg", (8, 6), 5)));
        let lent = answered.lend();
        assert!(lent.has_reply && lent.reply_has_ended);
        assert_eq!((lent.reply_result, lent.reply_code), (lk_send_result::Rejected, 403));
        assert_eq!((lent.reply_text.length, lent.reply_detail.length), (12, 10));
        assert_eq!((lent.reply_created_at_ms, lent.reply_closed_at_ms, lent.reply_more_info.length), (4, 5, 13));
        assert!(lent.has_picture && lent.picture_has_ended);
        assert_eq!((lent.picture_result, lent.picture_code), (lk_send_result::Rejected, 405));
        assert_eq!((lent.picture_url.length, lent.picture_width, lent.picture_height), (15, 8, 6));
        assert_eq!((lent.picture_detail.length, lent.picture_more_info.length), (10, 13));
        assert_eq!((lent.picture_created_at_ms, lent.picture_closed_at_ms), (6, 7));
    }
}
