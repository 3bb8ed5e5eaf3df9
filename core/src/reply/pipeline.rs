//! The order of decisions: what a recorded message is answered with, or why with nothing.

use super::rules::Rules;
use crate::store::{InboxRow, RowKind};
use crate::wire::platform;

/// What to do about a message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Decision<'a> {
    /// Send this text.
    Reply(&'a str),
    /// Send nothing.
    Silence(Silence),
}

/// Why a message gets no reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Silence {
    /// The platform's own text or card.
    Platform,
    /// Written by the seller.
    Own,
    /// The host has paused the account.
    Paused,
    /// Said in a group, where a reply to one buyer has no place.
    Group,
    /// The rule that matches says: nothing.
    RuleSaysNothing,
    /// No rule matches.
    NoRule,
}

/// Decides about one message. The first point that holds, decides.
pub(crate) fn decide<'a>(message: &InboxRow, rules: &'a Rules, is_paused: bool) -> Decision<'a> {
    if matches!(message.kind, RowKind::Order | RowKind::CardUpdate) || platform::is_platform_text(&message.text) {
        return Decision::Silence(Silence::Platform);
    }
    if message.kind == RowKind::Own {
        return Decision::Silence(Silence::Own);
    }
    if message.is_group {
        return Decision::Silence(Silence::Group);
    }
    if is_paused {
        return Decision::Silence(Silence::Paused);
    }
    match rules.first_match(&message.text) {
        Some("") => Decision::Silence(Silence::RuleSaysNothing),
        Some(reply) => Decision::Reply(reply),
        None => Decision::Silence(Silence::NoRule),
    }
}

#[cfg(test)]
mod tests {
    use super::{Decision, Silence, decide};
    use crate::reply::rules::Rules;
    use crate::store::{InboxRow, KeywordRule, RowKind};

    #[test]
    fn the_first_point_that_holds_decides() {
        let rules =
            Rules::compile(vec![KeywordRule::new("在吗", "在的"), KeywordRule::new("发", "好的"), KeywordRule::new("骗子", "")]);
        for (kind, is_group, text, decision) in [
            (RowKind::Chat, false, "在吗？", Decision::Reply("在的")),
            (RowKind::Chat, false, "骗子", Decision::Silence(Silence::RuleSaysNothing)),
            (RowKind::Chat, false, "你好", Decision::Silence(Silence::NoRule)),
            (RowKind::Chat, true, "在吗", Decision::Silence(Silence::Group)),
            (RowKind::Own, false, "在吗", Decision::Silence(Silence::Own)),
            (RowKind::Order, false, "在吗", Decision::Silence(Silence::Platform)),
            (RowKind::CardUpdate, false, "在吗", Decision::Silence(Silence::Platform)),
            (RowKind::Chat, false, "[已付款，待发货]", Decision::Silence(Silence::Platform)),
            (RowKind::Chat, false, "什么时候发货", Decision::Reply("好的")),
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
                created_at_ms: 0,
            };
            assert_eq!(decide(&message, &rules, false), decision, "{text}");
            let paused = decide(&message, &rules, true);
            assert!(matches!(paused, Decision::Silence(_)), "{text}: an account that is paused answers nothing");
        }
    }
}
