//! An account's default replies: what is said where nothing else has a word.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use super::content;
use crate::error::Error;
use crate::reply_content::DefaultReply;

/// Items of one account with a default reply of their own, at most.
pub(crate) const MAX_ITEMS: usize = 10_000;

/// The default reply of the account, and those of items.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct DefaultReplies {
    of_account: Option<DefaultReply>,
    of_items: BTreeMap<String, DefaultReply>,
}

/// Of all accounts that have none.
static NONE: LazyLock<Arc<DefaultReplies>> = LazyLock::new(Arc::default);

impl DefaultReplies {
    /// To be kept; those of accounts that have none are kept once.
    pub(crate) fn shared(self) -> Arc<Self> {
        if self == **NONE { Self::none() } else { Arc::new(self) }
    }

    /// None.
    pub(crate) fn none() -> Arc<Self> {
        Arc::clone(&NONE)
    }

    /// The one for a message about this item: the item's own, else the account's.
    pub(crate) fn for_item(&self, item_id: Option<&str>) -> Option<&DefaultReply> {
        item_id.and_then(|item_id| self.of_items.get(item_id)).or(self.of_account.as_ref())
    }

    /// The item's own, or for no item the account's.
    pub(crate) fn get(&self, item_id: Option<&str>) -> Option<&DefaultReply> {
        item_id.map_or(self.of_account.as_ref(), |item_id| self.of_items.get(item_id))
    }

    /// Puts one in the place of the earlier one, or takes that away.
    pub(crate) fn set(&mut self, item_id: Option<&str>, reply: Option<DefaultReply>) {
        match (item_id, reply) {
            (None, reply) => self.of_account = reply,
            (Some(item_id), Some(reply)) => drop(self.of_items.insert(item_id.to_owned(), reply)),
            (Some(item_id), None) => drop(self.of_items.remove(item_id)),
        }
    }

    /// All of them, each with its item; the account's has none.
    pub(crate) fn all(&self) -> impl Iterator<Item = (Option<&str>, &DefaultReply)> {
        let of_items = self.of_items.iter().map(|(item_id, reply)| (Some(item_id.as_str()), reply));
        self.of_account.iter().map(|reply| (None, reply)).chain(of_items)
    }

    /// Whether there is room for one more of an item.
    pub(crate) fn has_room_for(&self, item_id: Option<&str>) -> bool {
        item_id.is_none_or(|item_id| self.of_items.len() < MAX_ITEMS || self.of_items.contains_key(item_id))
    }
}

/// Refuses what cannot be a default reply.
pub(crate) fn check(reply: &DefaultReply) -> Result<(), Error> {
    content::check(&reply.content).map_err(|problem| Error::invalid("reply", problem))
}

#[cfg(test)]
mod tests {
    use super::{DefaultReplies, MAX_ITEMS};
    use crate::reply_content::DefaultReply;

    #[test]
    fn an_item_s_own_reply_goes_before_the_account_s_until_it_is_taken_away() {
        let mut defaults = DefaultReplies::default();
        let text = |defaults: &DefaultReplies, item_id| defaults.for_item(item_id).map(|reply| reply.content.text.clone());
        assert_eq!(text(&defaults, Some("1")), None);
        defaults.set(None, Some(DefaultReply::new("account")));
        defaults.set(Some("1"), Some(DefaultReply::new("item")));
        assert_eq!(text(&defaults, Some("1")).as_deref(), Some("item"));
        assert_eq!(text(&defaults, Some("2")).as_deref(), Some("account"));
        assert_eq!(text(&defaults, None).as_deref(), Some("account"));
        assert_eq!(defaults.get(Some("2")), None);
        defaults.set(Some("1"), None);
        assert_eq!(text(&defaults, Some("1")).as_deref(), Some("account"));
        defaults.set(None, None);
        assert_eq!(defaults, DefaultReplies::default());
    }

    #[test]
    fn at_the_bound_only_an_item_that_has_one_can_be_given_another() {
        let mut defaults = DefaultReplies::default();
        for item in 0..MAX_ITEMS {
            defaults.set(Some(&item.to_string()), Some(DefaultReply::new("x")));
        }
        assert!(defaults.has_room_for(Some("7")) && defaults.has_room_for(None) && !defaults.has_room_for(Some("new")));
    }
}
