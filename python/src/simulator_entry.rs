//! `Entry`: one thing inside a push, made by name.

use livekeeper_simulator::{BuyerMessage, Encoding, Entry as CoreEntry, OrderIdIn, OrderStatus};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use crate::arguments::{count, optional_text, switch, text};
use crate::errors;

/// One thing inside a push: a buyer's message, a picture, an order's card, somebody typing, … Made by its class methods.
///
/// >>> from livekeeper.testing import Entry
/// >>> Entry.message("20997167734", "9687236998962", "还在吗？", item_id="526822747770")
/// <Entry message>
/// >>> Entry.order_card("20997167734", "9687236998962", order_id="1", status="awaiting_shipment")
/// <Entry order_card>
#[pyclass(frozen, module = "livekeeper.testing")]
pub(crate) struct Entry {
    pub(crate) core: CoreEntry,
}

#[pymethods]
impl Entry {
    /// A buyer's text. Further keywords: `name`, `nick`, `item_id`, `message_id` (str), `created_at_ms` (int), `group`,
    /// `padded`, `bare_sender`, `id_in_ext_json_only` (bool), `encoding` (`"integer_keys"`, `"string_keys"` or `"plain_json"`).
    #[staticmethod]
    #[pyo3(signature = (chat_id, buyer_id, text, **more))]
    fn message(
        chat_id: &Bound<'_, PyAny>,
        buyer_id: &Bound<'_, PyAny>,
        text: &Bound<'_, PyAny>,
        more: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        Ok(CoreEntry::Message(buyer_message(chat_id, buyer_id, Some(text), more)?).into())
    }

    /// A text of the seller's own, as typed on a phone.
    #[staticmethod]
    fn own_message(chat_id: String, buyer_id: String, text: String) -> Self {
        CoreEntry::OwnMessage { chat_id, peer_id: buyer_id, text }.into()
    }

    /// A picture from a buyer. Further keywords as those of `message`.
    #[staticmethod]
    #[pyo3(signature = (chat_id, buyer_id, url, width=800, height=600, **more))]
    fn picture(
        chat_id: &Bound<'_, PyAny>,
        buyer_id: &Bound<'_, PyAny>,
        url: String,
        width: u32,
        height: u32,
        more: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        let message = buyer_message(chat_id, buyer_id, None, more)?;
        Ok(CoreEntry::Picture { message, url, width, height }.into())
    }

    /// An order's card in a chat. `status`: `"awaiting_payment"`, `"awaiting_shipment"`, `"shipped"`, `"completed"` or `"closed"`;
    /// `id_in`: where its id stands, `"button"`, `"detail"`, `"biz_order_id"` or `"dynamic"`. Further keywords as those of `message`.
    #[staticmethod]
    #[pyo3(signature = (chat_id, buyer_id, *, order_id, status, id_in="button", **more))]
    fn order_card(
        chat_id: &Bound<'_, PyAny>,
        buyer_id: &Bound<'_, PyAny>,
        order_id: String,
        status: &str,
        id_in: &str,
        more: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        let py = chat_id.py();
        let (status, id_in) = (one_of(py, "status", status, &STATUSES)?, one_of(py, "id_in", id_in, &PLACES)?);
        Ok(CoreEntry::OrderCard { message: buyer_message(chat_id, buyer_id, None, more)?, order_id, status, id_in }.into())
    }

    /// An order's card in its later version. `status` as for `order_card`, further keywords as those of `message`.
    #[staticmethod]
    #[pyo3(signature = (chat_id, buyer_id, *, status, **more))]
    fn card_update(
        chat_id: &Bound<'_, PyAny>,
        buyer_id: &Bound<'_, PyAny>,
        status: &str,
        more: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        let status = one_of(chat_id.py(), "status", status, &STATUSES)?;
        Ok(CoreEntry::CardUpdate { message: buyer_message(chat_id, buyer_id, None, more)?, status }.into())
    }

    /// A trade reminder: only the buyer and the status (as for `order_card`).
    #[staticmethod]
    fn trade_reminder(py: Python<'_>, buyer_id: String, status: &str) -> PyResult<Self> {
        Ok(CoreEntry::TradeReminder { buyer_id, status: one_of(py, "status", status, &STATUSES)? }.into())
    }

    /// Somebody types.
    #[staticmethod]
    fn typing(user_id: String) -> Self {
        CoreEntry::Typing { user_id }.into()
    }

    /// The platform's own tip.
    #[staticmethod]
    fn system_tip(text: String) -> Self {
        CoreEntry::SystemTip { text }.into()
    }

    /// Bytes that cannot be read.
    #[staticmethod]
    fn broken() -> Self {
        CoreEntry::Broken.into()
    }

    /// An entry's `data` as it is to be sent.
    #[staticmethod]
    fn raw(data: String) -> Self {
        CoreEntry::Raw(data).into()
    }

    fn __repr__(&self) -> &'static str {
        match self.core {
            CoreEntry::Message(_) => "<Entry message>",
            CoreEntry::OwnMessage { .. } => "<Entry own_message>",
            CoreEntry::Picture { .. } => "<Entry picture>",
            CoreEntry::OrderCard { .. } => "<Entry order_card>",
            CoreEntry::CardUpdate { .. } => "<Entry card_update>",
            CoreEntry::TradeReminder { .. } => "<Entry trade_reminder>",
            CoreEntry::Typing { .. } => "<Entry typing>",
            CoreEntry::SystemTip { .. } => "<Entry system_tip>",
            CoreEntry::Broken => "<Entry broken>",
            CoreEntry::Raw(_) => "<Entry raw>",
        }
    }
}

impl From<CoreEntry> for Entry {
    fn from(core: CoreEntry) -> Self {
        Self { core }
    }
}

const STATUSES: [(&str, OrderStatus); 5] = [
    ("awaiting_payment", OrderStatus::AwaitingPayment),
    ("awaiting_shipment", OrderStatus::AwaitingShipment),
    ("shipped", OrderStatus::Shipped),
    ("completed", OrderStatus::Completed),
    ("closed", OrderStatus::Closed),
];

const PLACES: [(&str, OrderIdIn); 4] = [
    ("button", OrderIdIn::Button),
    ("detail", OrderIdIn::Detail),
    ("biz_order_id", OrderIdIn::BizOrderId),
    ("dynamic", OrderIdIn::Dynamic),
];

const ENCODINGS: [(&str, Encoding); 3] =
    [("integer_keys", Encoding::IntegerKeys), ("string_keys", Encoding::StringKeys), ("plain_json", Encoding::PlainJson)];

/// The value of a name, or a refusal that lists the names.
pub(crate) fn one_of<T: Copy>(py: Python<'_>, argument: &str, name: &str, known: &[(&str, T)]) -> PyResult<T> {
    known.iter().find(|(one, _)| *one == name).map(|(_, value)| *value).ok_or_else(|| {
        let allowed: Vec<_> = known.iter().map(|(one, _)| *one).collect();
        errors::invalid(py, argument, &format!("is {name:?}; allowed are {}", allowed.join(", ")))
    })
}

/// A buyer's message with what the keywords change. One without a text of its own gets it from the simulator.
fn buyer_message(
    chat_id: &Bound<'_, PyAny>,
    buyer_id: &Bound<'_, PyAny>,
    words: Option<&Bound<'_, PyAny>>,
    more: Option<&Bound<'_, PyDict>>,
) -> PyResult<BuyerMessage> {
    let words = optional_text(words, "text")?.unwrap_or_default();
    let mut message = BuyerMessage::new(text(chat_id, "chat_id")?, text(buyer_id, "buyer_id")?, words);
    for (name, value) in more.into_iter().flatten() {
        let name = name.cast_into::<PyString>()?.to_string_lossy().into_owned();
        let given = Some(&value).filter(|value| !value.is_none());
        match name.as_str() {
            "name" => message.buyer_name = text(&value, &name)?,
            "nick" => message.buyer_nick = optional_text(given, &name)?,
            "item_id" => message.item_id = optional_text(given, &name)?,
            "message_id" => message.message_id = optional_text(given, &name)?,
            "created_at_ms" => message.created_at_ms = given.map(|given| count(given, &name)).transpose()?.map(|ms| ms as u64),
            "group" => message.group = switch(&value, &name)?,
            "padded" => message.padded = switch(&value, &name)?,
            "bare_sender" => message.bare_sender = switch(&value, &name)?,
            "id_in_ext_json_only" => message.id_in_ext_json_only = switch(&value, &name)?,
            "encoding" => message.encoding = one_of(value.py(), &name, &text(&value, &name)?, &ENCODINGS)?,
            _ => return Err(PyTypeError::new_err(format!("a message has no keyword {name:?}"))),
        }
    }
    Ok(message)
}
