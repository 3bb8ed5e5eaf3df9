//! An order, as hosts see it: what the platform's cards have told of it, and how its shipment was confirmed.

use std::fmt;

use serde::Serialize;

use crate::numbered::numbered;
use crate::wire::message::OrderStatus;

/// An order that the platform's cards have told of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Order {
    /// The service's id for it. Whoever delivers goods for it does so once for this id.
    pub order_id: String,
    /// The chat in which its cards stand.
    pub chat_id: String,
    /// What was bought, where a card says so.
    pub item_id: Option<String>,
    /// Who bought it: a user id; `None` while only cards in the seller's own name have told of it.
    pub buyer_id: Option<String>,
    /// Where it stands: the furthest status that a card has told. A card that comes late sets it back no more.
    pub status: OrderStatus,
    /// Every status that a card has told, in the order in which an order passes them.
    pub history: Vec<OrderStep>,
    /// How the confirmation of its shipment stands; `None`: nobody has asked for one.
    pub confirmation: Option<Confirmation>,
    /// When its first card was recorded: milliseconds since 1970 UTC.
    pub created_at_ms: i64,
    /// When its status or its confirmation changed last: milliseconds since 1970 UTC.
    pub updated_at_ms: i64,
}

/// One status of an order, and the card that told of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct OrderStep {
    /// The status.
    pub status: OrderStatus,
    /// Since when, by the service's clock, or when it was recorded where the card does not say: milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// The first card that told of it: its message's id.
    pub message_id: String,
}

/// How the confirmation of an order's shipment stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Confirmation {
    /// Where it stands.
    pub state: ConfirmationState,
    /// The service's code where it refused, or what was seen in place of an answer, e.g. `FAIL_BIZ_ORDER_STATUS`, `HTTP_502`.
    pub code: Option<String>,
    /// The service's words for it, or what was seen, for people.
    pub text: Option<String>,
    /// Since when it stands so: milliseconds since 1970 UTC.
    pub at_ms: i64,
}

numbered! {
    /// Where the confirmation of an order's shipment stands. Numbers and names are permanent.
    ConfirmationState
    /// It is to be made as soon as the account is connected.
    Pending = 1, "pending";
    /// The call to the service is under way.
    Confirming = 2, "confirming";
    /// The service has taken it.
    Confirmed = 3, "confirmed";
    /// The service has refused it. It is not asked again by itself.
    Refused = 4, "refused";
    /// Nobody knows: no answer came that tells. It is not asked again by itself.
    Unknown = 5, "unknown";
}

impl ConfirmationState {
    /// Whether nothing more follows by itself.
    pub fn has_ended(self) -> bool {
        matches!(self, Self::Confirmed | Self::Refused | Self::Unknown)
    }

    /// The state of that name.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|state| state.name() == name)
    }
}

impl Confirmation {
    pub(crate) fn new(state: ConfirmationState, at_ms: i64) -> Self {
        Self { state, code: None, text: None, at_ms }
    }

    pub(crate) fn because(self, code: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            code: Some(code.into()).filter(|code| !code.is_empty()),
            text: Some(text.into()).filter(|text| !text.is_empty()),
            ..self
        }
    }
}

impl fmt::Display for Confirmation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.state.name())?;
        for part in [&self.code, &self.text].into_iter().flatten() {
            write!(f, " {part}")?;
        }
        Ok(())
    }
}
