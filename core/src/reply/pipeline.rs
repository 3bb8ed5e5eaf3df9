//! The order of decisions: what a recorded message is answered with, or why with nothing.

use super::defaults::DefaultReplies;
use super::rules::{Reply, Rules};
use crate::decision::DecisionCode;
use crate::reply_content::{DefaultReply, ReplyContent};
use crate::store::{InboxRow, RowKind};
use crate::wire::platform;

/// What to do about a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision<'a> {
    /// Send this; of a rule, its place in the list.
    Say { why: DecisionCode, rule: Option<usize>, reply: Reply<'a>, once_per_chat: bool },
    /// Send nothing, for this reason; a rule may have said so.
    Silence { why: DecisionCode, rule: Option<usize> },
}

/// What comes next for a message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next<'a, H> {
    /// It is decided.
    Decided(Decision<'a>),
    /// No rule has a word on it: ask the host's function, then [`decide_after_host`].
    Ask(H),
}

/// What there is to answer with.
#[derive(Clone, Copy)]
pub(crate) struct Answers<'a, H> {
    pub(crate) rules: &'a Rules,
    pub(crate) defaults: &'a DefaultReplies,
    /// The host's function, where it has one.
    pub(crate) handler: Option<H>,
}

/// What the account is like at the moment of the decision.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Circumstances {
    pub(crate) now_ms: i64,
    pub(crate) stale_after_ms: i64,
    pub(crate) is_paused: bool,
}

/// What came of asking the host's function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum HostAnswer {
    /// An empty one says: nothing.
    Say(ReplyContent),
    /// It has no word on it.
    Pass,
    /// It failed, or took too long.
    Failed,
    /// It was not asked: a person has the chat.
    ChatPaused,
}

/// Decides about one message. The first point that holds, decides. Whether a person has the chat is looked at by the store, in
/// the transaction that makes the decision durable.
pub(crate) fn decide<'a, H>(message: &InboxRow, answers: Answers<'a, H>, circumstances: Circumstances) -> Next<'a, H> {
    if let Some(why) = speaks_against(message, circumstances) {
        return Next::Decided(silence(why));
    }
    Next::Decided(match answers.rules.first_match(&message.text, message.item_id.as_deref()) {
        Some(found) if found.reply.is_empty() => Decision::Silence { why: DecisionCode::RuleSaysNothing, rule: Some(found.place) },
        Some(found) => {
            Decision::Say { why: DecisionCode::Reply, rule: Some(found.place), reply: found.reply, once_per_chat: false }
        }
        None => match answers.handler {
            Some(handler) => return Next::Ask(handler),
            None => say_default(message, answers.defaults, DecisionCode::NoRule),
        },
    })
}

fn speaks_against(message: &InboxRow, circumstances: Circumstances) -> Option<DecisionCode> {
    if matches!(message.kind, RowKind::Order | RowKind::CardUpdate) || platform::is_platform_text(&message.text) {
        return Some(DecisionCode::Platform);
    }
    if message.kind == RowKind::Own {
        return Some(DecisionCode::ByHand);
    }
    if message.is_group {
        return Some(DecisionCode::Group);
    }
    // One without a date cannot be called old.
    if message.created_at_ms > 0 && circumstances.now_ms - message.created_at_ms > circumstances.stale_after_ms {
        return Some(DecisionCode::Stale);
    }
    circumstances.is_paused.then_some(DecisionCode::AccountPaused)
}

/// Goes on where the host's function was asked.
pub(crate) fn decide_after_host<'a>(message: &InboxRow, answer: &'a HostAnswer, defaults: &'a DefaultReplies) -> Decision<'a> {
    match answer {
        HostAnswer::ChatPaused => silence(DecisionCode::ChatPaused),
        HostAnswer::Say(content) if content.is_empty() => silence(DecisionCode::HandlerSaysNothing),
        HostAnswer::Say(content) => {
            Decision::Say { why: DecisionCode::HandlerReply, rule: None, reply: content.into(), once_per_chat: false }
        }
        HostAnswer::Pass => say_default(message, defaults, DecisionCode::NoRule),
        HostAnswer::Failed => say_default(message, defaults, DecisionCode::HandlerFailed),
    }
}

/// The default reply for the message's item, else the account's, else nothing.
fn say_default<'a>(message: &InboxRow, defaults: &'a DefaultReplies, otherwise: DecisionCode) -> Decision<'a> {
    match defaults.for_item(message.item_id.as_deref()) {
        None => silence(otherwise),
        Some(reply) if reply.content.is_empty() => silence(DecisionCode::DefaultSaysNothing),
        Some(DefaultReply { content, once_per_chat }) => {
            Decision::Say { why: DecisionCode::DefaultReply, rule: None, reply: content.into(), once_per_chat: *once_per_chat }
        }
    }
}

fn silence(why: DecisionCode) -> Decision<'static> {
    Decision::Silence { why, rule: None }
}

impl<'a> From<&'a ReplyContent> for Reply<'a> {
    fn from(content: &'a ReplyContent) -> Self {
        Self { text: &content.text, picture: content.picture.as_ref() }
    }
}

#[cfg(test)]
mod tests {
    use super::{Answers, Circumstances, Decision, HostAnswer, Next, decide, decide_after_host, silence};
    use crate::decision::DecisionCode;
    use crate::reply::defaults::DefaultReplies;
    use crate::reply::rules::{Reply, Rules};
    use crate::reply_content::{DefaultReply, ReplyContent};
    use crate::rule::KeywordRule;
    use crate::store::{InboxRow, RowKind};

    const NOW: Circumstances = Circumstances { now_ms: 1_000_000, stale_after_ms: 300_000, is_paused: false };
    const PAUSED: Circumstances = Circumstances { is_paused: true, ..NOW };

    fn message(kind: RowKind, is_group: bool, age_ms: i64, text: &str, item_id: Option<&str>) -> InboxRow {
        InboxRow {
            message_id: "m".to_owned(),
            chat_id: "c".to_owned(),
            kind,
            is_group,
            sender_id: "2".to_owned(),
            sender_name: "Ann".to_owned(),
            text: text.to_owned(),
            item_id: item_id.map(str::to_owned),
            created_at_ms: NOW.now_ms - age_ms,
            order: None,
        }
    }

    fn say(why: DecisionCode, rule: Option<usize>, text: &str, once_per_chat: bool) -> Decision<'_> {
        Decision::Say { why, rule, reply: Reply { text, picture: None }, once_per_chat }
    }

    #[test]
    fn the_first_point_that_holds_decides() {
        use DecisionCode::{AccountPaused, ByHand, Group, NoRule, Platform, RuleSaysNothing, Stale};
        let rules =
            Rules::compile(vec![KeywordRule::new("在吗", "在的"), KeywordRule::new("发", "好的"), KeywordRule::new("骗子", "")]);
        let rules = rules.unwrap();
        let (none, reply) = (DefaultReplies::default(), |place, text| say(DecisionCode::Reply, Some(place), text, false));
        let answers = Answers { rules: &rules, defaults: &none, handler: None::<()> };
        for (kind, is_group, age_ms, circumstances, text, decision) in [
            (RowKind::Chat, false, 0, NOW, "在吗？", reply(1, "在的")),
            (RowKind::Chat, false, 0, NOW, "骗子", Decision::Silence { why: RuleSaysNothing, rule: Some(3) }),
            (RowKind::Chat, false, 0, NOW, "你好", silence(NoRule)),
            (RowKind::Chat, true, 0, NOW, "在吗", silence(Group)),
            (RowKind::Chat, true, 900_000, PAUSED, "在吗", silence(Group)),
            (RowKind::Own, false, 0, NOW, "在吗", silence(ByHand)),
            (RowKind::Own, true, 900_000, PAUSED, "在吗", silence(ByHand)),
            (RowKind::Order, false, 0, NOW, "在吗", silence(Platform)),
            (RowKind::CardUpdate, false, 0, NOW, "在吗", silence(Platform)),
            (RowKind::Own, false, 0, NOW, "[已付款，待发货]", silence(Platform)),
            (RowKind::Chat, false, 900_000, PAUSED, "[已付款，待发货]", silence(Platform)),
            (RowKind::Chat, false, 0, NOW, "什么时候发货", reply(2, "好的")),
            (RowKind::Chat, false, 300_000, NOW, "在吗", reply(1, "在的")),
            (RowKind::Chat, false, 300_001, NOW, "在吗", silence(Stale)),
            (RowKind::Chat, false, 300_001, PAUSED, "在吗", silence(Stale)),
            (RowKind::Chat, false, NOW.now_ms, NOW, "在吗", reply(1, "在的")),
            (RowKind::Chat, false, 0, PAUSED, "在吗", silence(AccountPaused)),
            (RowKind::Chat, false, 0, PAUSED, "骗子", silence(AccountPaused)),
        ] {
            let message = message(kind, is_group, age_ms, text, None);
            assert_eq!(
                decide(&message, answers, circumstances),
                Next::Decided(decision),
                "{text}, {age_ms} ms old, {circumstances:?}"
            );
        }
    }

    #[test]
    fn where_no_rule_matches_the_host_is_asked_then_the_item_s_default_reply_is_said_then_the_account_s() {
        use DecisionCode::{
            ChatPaused, DefaultReply as Default, DefaultSaysNothing, HandlerFailed, HandlerReply, HandlerSaysNothing, NoRule,
        };
        let rules = Rules::compile(vec![KeywordRule::new("在吗", "在的")]).unwrap();
        let mut defaults = DefaultReplies::default();
        defaults.set(None, Some(DefaultReply::new("稍后回复").once_per_chat()));
        defaults.set(Some("1"), Some(DefaultReply::new("这件有货")));
        defaults.set(Some("2"), Some(DefaultReply::default()));
        let none = DefaultReplies::default();
        let host_says = |text: &str| HostAnswer::Say(ReplyContent::text(text));
        let by_default = || say(Default, None, "稍后回复", true);
        for (asked, defaults, item_id, decision) in [
            (None, &none, None, silence(NoRule)),
            (None, &defaults, None, by_default()),
            (None, &defaults, Some("1"), say(Default, None, "这件有货", false)),
            (None, &defaults, Some("2"), silence(DefaultSaysNothing)),
            (None, &defaults, Some("3"), by_default()),
            (Some(host_says("您好")), &defaults, Some("1"), say(HandlerReply, None, "您好", false)),
            (Some(host_says("")), &defaults, Some("1"), silence(HandlerSaysNothing)),
            (Some(HostAnswer::Pass), &defaults, None, by_default()),
            (Some(HostAnswer::Pass), &none, None, silence(NoRule)),
            (Some(HostAnswer::Failed), &defaults, Some("1"), say(Default, None, "这件有货", false)),
            (Some(HostAnswer::Failed), &none, None, silence(HandlerFailed)),
            (Some(HostAnswer::ChatPaused), &defaults, None, silence(ChatPaused)),
        ] {
            let message = message(RowKind::Chat, false, 0, "你好", item_id);
            let answers = Answers { rules: &rules, defaults, handler: asked.as_ref() };
            let decided = match decide(&message, answers, NOW) {
                Next::Decided(decided) => decided,
                Next::Ask(answer) => decide_after_host(&message, answer, defaults),
            };
            assert_eq!(decided, decision, "{asked:?}, {item_id:?}");
        }
        let matched = message(RowKind::Chat, false, 0, "在吗", Some("1"));
        let answers = Answers { rules: &rules, defaults: &defaults, handler: Some(()) };
        assert_eq!(decide(&matched, answers, NOW), Next::Decided(say(DecisionCode::Reply, Some(1), "在的", false)));
        let paused = message(RowKind::Chat, false, 0, "你好", Some("1"));
        assert_eq!(decide(&paused, answers, PAUSED), Next::Decided(silence(DecisionCode::AccountPaused)));
    }
}
