//! What a pushed entry becomes.

use crate::numbered::numbered;

/// One pushed entry, read. [`super::sync::decode_entry`] makes it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Entry {
    /// Somebody wrote to the seller.
    Chat(Message),
    /// The seller's own message: typed elsewhere, or the echo of what this client sent.
    Own(Message),
    /// The platform's card about an order, whoever it names as its sender.
    Order(OrderNotice),
    /// A change of an order's state that belongs to no chat message.
    TradeReminder {
        /// The buyer's user id.
        user_id: String,
        /// The new state; `None` for a reminder this version does not know.
        status: Option<OrderStatus>,
    },
    /// Somebody is typing.
    Typing,
    /// The platform's own tip, not a message.
    System,
    /// Well-formed, and nothing that this version knows.
    Unknown,
}

impl Entry {
    /// The kind's name, as in the vectors: `chat`, `own`, `order`, `trade_reminder`, `typing`, `system` or `unknown`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Chat(_) => "chat",
            Self::Own(_) => "own",
            Self::Order(_) => "order",
            Self::TradeReminder { .. } => "trade_reminder",
            Self::Typing => "typing",
            Self::System => "system",
            Self::Unknown => "unknown",
        }
    }

    /// The message inside: of a chat, an own message or an order card.
    pub fn message(&self) -> Option<&Message> {
        match self {
            Self::Chat(message) | Self::Own(message) => Some(message),
            Self::Order(notice) => Some(&notice.message),
            _ => None,
        }
    }
}

/// One message of a chat. Ids are without the `@goofish` that the service appends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The chat it stands in.
    pub chat_id: String,
    /// Who sent it: a user id.
    pub sender_id: String,
    /// The sender's name as people see it; empty if the entry has none.
    pub sender_name: String,
    /// The text shown: of a picture or card, the platform's words for it. Empty if the entry has none.
    pub text: String,
    /// The item the chat is about.
    pub item_id: Option<String>,
    /// The id by which a replayed message is known again. If the entry has none, one made of chat, time and sender.
    pub message_id: String,
    /// When it was sent, ms since 1970 by the service's clock; 0 if the entry does not say.
    pub created_at_ms: i64,
    /// Whether the chat is a group.
    pub group: bool,
    /// The first picture's URL.
    pub image_url: Option<String>,
    /// The service's number for the kind of content: 1 text, 2 picture, 26 card.
    pub content_type: Option<i64>,
    /// Whether this is a later version of a card, and so nobody's new words: its `message_id` may have been seen before.
    pub is_update: bool,
}

/// What a card says of an order. At least one of `order_id` and `status` is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderNotice {
    /// The card as a message.
    pub message: Message,
    /// The order's id, if a button or the card itself leads to the order.
    pub order_id: Option<String>,
    /// The order's state, if the text or the reminder names one.
    pub status: Option<OrderStatus>,
}

numbered! {
    /// Where an order stands, in the order in which an order passes it. Numbers and names are permanent; the names are those of
    /// the vectors and the store.
    OrderStatus
    /// The buyer has ordered and not paid.
    AwaitingPayment = 1, "awaiting_payment";
    /// Paid; the seller must ship.
    AwaitingShipment = 2, "awaiting_shipment";
    /// Shipped; the buyer must confirm.
    Shipped = 3, "shipped";
    /// The buyer has confirmed.
    Completed = 4, "completed";
    /// Ended without a sale, or refunded.
    Closed = 5, "closed";
}

impl OrderStatus {
    /// The state of that name; `None` if there is none such.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|status| status.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::OrderStatus;

    #[test]
    fn a_state_is_found_again_by_its_name() {
        for status in OrderStatus::ALL {
            assert_eq!(OrderStatus::from_name(status.name()), Some(*status));
        }
        assert_eq!(OrderStatus::from_name("lost"), None);
    }
}
