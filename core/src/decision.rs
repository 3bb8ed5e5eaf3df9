//! What was decided about a message, as it is stored and shown.

use crate::numbered::numbered;

numbered! {
    /// What was decided about a message. Numbers and names are permanent.
    DecisionCode
    /// It is answered by a rule.
    Reply = 1, "reply";
    /// A text or card of the platform's.
    Platform = 2, "platform";
    /// The echo of what this library sent.
    Echo = 3, "echo";
    /// The seller's own words, by hand: a person has taken the chat over.
    ByHand = 4, "by_hand";
    /// Said in a group, where a reply to one buyer has no place.
    Group = 5, "group";
    /// Older than `stale_after_s` when it was looked at.
    Stale = 6, "stale";
    /// The account is paused.
    AccountPaused = 7, "account_paused";
    /// A person has taken the chat over, or the host has paused it.
    ChatPaused = 8, "chat_paused";
    /// The rule that matches says: nothing.
    RuleSaysNothing = 9, "rule_says_nothing";
    /// No rule matches.
    NoRule = 10, "no_rule";
    /// A later message of the same chat was answered in its place.
    Folded = 11, "folded";
    /// Recorded by a version that stored no decisions.
    NotRecorded = 12, "not_recorded";
    /// It was written to another user, whose cookie was replaced before it was looked at.
    OtherUser = 13, "other_user";
    /// The seller's own, from before the account was on record: nobody knows whether by hand or from here.
    BeforeAccount = 14, "before_account";
    /// It is answered by the host's function.
    HandlerReply = 15, "handler_reply";
    /// It is answered with the default reply.
    DefaultReply = 16, "default_reply";
    /// The host's function says: nothing.
    HandlerSaysNothing = 17, "handler_says_nothing";
    /// The host's function failed or took too long, and there is no default reply.
    HandlerFailed = 18, "handler_failed";
    /// The default reply for its item says: nothing.
    DefaultSaysNothing = 19, "default_says_nothing";
    /// The default reply is said once in a chat, and was.
    DefaultSaidBefore = 20, "default_said_before";
}

impl DecisionCode {
    /// The sentence for people.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Reply => "it is answered",
            Self::Platform => "it is the platform's own text",
            Self::Echo => "it is the echo of what was sent",
            Self::ByHand => "the seller wrote it by hand: the chat is a person's for a while",
            Self::Group => "it was said in a group",
            Self::Stale => "it was too old when it was looked at",
            Self::AccountPaused => "the account is paused",
            Self::ChatPaused => "a person has the chat",
            Self::RuleSaysNothing => "the rule that matches says nothing",
            Self::NoRule => "no rule matches",
            Self::Folded => "a later message of the chat was answered in its place",
            Self::OtherUser => "it was written to another user, whose cookie has been replaced",
            Self::BeforeAccount => "the seller's own, written before the account was on record",
            Self::HandlerReply => "the host's function answers it",
            Self::DefaultReply => "it is answered by default",
            Self::HandlerSaysNothing => "the host's function says nothing",
            Self::HandlerFailed => "no rule matches, and the host's function failed or took too long",
            Self::DefaultSaysNothing => "the default reply for its item says nothing",
            Self::DefaultSaidBefore => "no rule matches, and the default reply was said in this chat before",
            Self::NotRecorded => "an earlier version of livekeeper recorded it, and not what it decided",
        }
    }

    /// Whether something is sent.
    pub fn is_reply(self) -> bool {
        matches!(self, Self::Reply | Self::HandlerReply | Self::DefaultReply)
    }

    /// Whether it was decided by what the message says, which comes after whether the account or its chat is paused.
    pub(crate) fn is_about_content(self) -> bool {
        let is_silent = matches!(
            self,
            Self::NoRule | Self::RuleSaysNothing | Self::HandlerSaysNothing | Self::HandlerFailed | Self::DefaultSaysNothing
        );
        is_silent || self.is_reply()
    }

    /// The code of that name.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.name() == name)
    }
}
