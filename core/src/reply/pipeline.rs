//! The order of decisions: what a recorded message is answered with, or why with nothing.

use super::rules::{Match, Rules};
use crate::decision::DecisionCode;
use crate::store::{InboxRow, RowKind};
use crate::wire::platform;

/// What to do about a message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Decision<'a> {
    /// Send what this rule says.
    Reply(Match<'a>),
    /// Send nothing, for this reason; a rule may have said so.
    Silence { why: DecisionCode, rule: Option<usize> },
}

/// What the account is like at the moment of the decision.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Circumstances {
    pub(crate) now_ms: i64,
    pub(crate) stale_after_ms: i64,
    pub(crate) is_paused: bool,
}

/// Decides about one message. The first point that holds, decides. Whether a person has the chat is looked at by the store, in
/// the transaction that makes the decision durable.
pub(crate) fn decide<'a>(message: &InboxRow, rules: &'a Rules, circumstances: Circumstances) -> Decision<'a> {
    let silence = |why| Decision::Silence { why, rule: None };
    if matches!(message.kind, RowKind::Order | RowKind::CardUpdate) || platform::is_platform_text(&message.text) {
        return silence(DecisionCode::Platform);
    }
    if message.kind == RowKind::Own {
        return silence(DecisionCode::ByHand);
    }
    if message.is_group {
        return silence(DecisionCode::Group);
    }
    // One without a date cannot be called old.
    if message.created_at_ms > 0 && circumstances.now_ms - message.created_at_ms > circumstances.stale_after_ms {
        return silence(DecisionCode::Stale);
    }
    if circumstances.is_paused {
        return silence(DecisionCode::AccountPaused);
    }
    match rules.first_match(&message.text, message.item_id.as_deref()) {
        Some(found) if found.reply.is_empty() => Decision::Silence { why: DecisionCode::RuleSaysNothing, rule: Some(found.place) },
        Some(found) => Decision::Reply(found),
        None => silence(DecisionCode::NoRule),
    }
}

#[cfg(test)]
mod tests {
    use super::{Circumstances, Decision, decide};
    use crate::decision::DecisionCode;
    use crate::reply::rules::{Match, Reply, Rules};
    use crate::rule::KeywordRule;
    use crate::store::{InboxRow, RowKind};

    const NOW: Circumstances = Circumstances { now_ms: 1_000_000, stale_after_ms: 300_000, is_paused: false };
    const PAUSED: Circumstances = Circumstances { is_paused: true, ..NOW };

    #[test]
    fn the_first_point_that_holds_decides() {
        use DecisionCode::{AccountPaused, ByHand, Group, NoRule, Platform, RuleSaysNothing, Stale};
        let rules =
            Rules::compile(vec![KeywordRule::new("在吗", "在的"), KeywordRule::new("发", "好的"), KeywordRule::new("骗子", "")]);
        let rules = rules.unwrap();
        let reply = |place, keyword, text| Decision::Reply(Match { place, keyword, reply: Reply { text, picture: None } });
        let silence = |why| Decision::Silence { why, rule: None };
        for (kind, is_group, age_ms, circumstances, text, decision) in [
            (RowKind::Chat, false, 0, NOW, "在吗？", reply(1, "在吗", "在的")),
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
            (RowKind::Chat, false, 0, NOW, "什么时候发货", reply(2, "发", "好的")),
            (RowKind::Chat, false, 300_000, NOW, "在吗", reply(1, "在吗", "在的")),
            (RowKind::Chat, false, 300_001, NOW, "在吗", silence(Stale)),
            (RowKind::Chat, false, 300_001, PAUSED, "在吗", silence(Stale)),
            (RowKind::Chat, false, NOW.now_ms, NOW, "在吗", reply(1, "在吗", "在的")),
            (RowKind::Chat, false, 0, PAUSED, "在吗", silence(AccountPaused)),
            (RowKind::Chat, false, 0, PAUSED, "骗子", silence(AccountPaused)),
        ] {
            let message = InboxRow {
                message_id: "m".to_owned(),
                chat_id: "c".to_owned(),
                kind,
                is_group,
                sender_id: "2".to_owned(),
                sender_name: "Ann".to_owned(),
                text: text.to_owned(),
                item_id: None,
                created_at_ms: NOW.now_ms - age_ms,
            };
            assert_eq!(decide(&message, &rules, circumstances), decision, "{text}, {age_ms} ms old, {circumstances:?}");
        }
    }
}
