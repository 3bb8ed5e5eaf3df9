//! One pushed entry to an [`Entry`].
//!
//! An entry is base64 of `MessagePack` or of JSON; both become one tree, and the rules below read that tree. Everything is
//! optional to them: a field that is missing or of another type reads as absent, and an entry without the fields that make
//! a message is [`Entry::Unknown`], never an error. Errors are for bytes that are no tree at all.

use std::borrow::Cow;

use data_encoding::BASE64_NOPAD;
use serde::Deserialize;

use super::loose::Loose;
use super::message::{Entry, Message, OrderNotice, OrderStatus};
use super::packed::{self, from_packed};
use super::platform;
use super::tree::{Key, Node, from_json};

pub use packed::PackedError;

/// The longest `data` of an entry that is read, in bytes of base64. Real ones have about 2,000.
pub const MAX_ENTRY_BYTES: usize = 1024 * 1024;

/// Why an entry could not be read. The message names no content of the entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EntryError {
    /// The item of the push has no `data`, or one that is no text.
    #[error("the pushed entry has no data")]
    NoData,
    /// Longer than [`MAX_ENTRY_BYTES`].
    #[error("the entry has {bytes} bytes, more than the {MAX_ENTRY_BYTES} that are read")]
    TooLong {
        /// How long it is.
        bytes: usize,
    },
    /// `data` is not base64.
    #[error("the entry is not base64, from byte {position}")]
    NotBase64 {
        /// Where it stops to be base64, in bytes from its start.
        position: usize,
    },
    /// It begins as JSON and is none, or nests too deep, or holds too many values.
    #[error("the entry is broken JSON, at line {line} column {column}")]
    BadJson {
        /// Line of the first fault, from 1.
        line: usize,
        /// Column of the first fault, in bytes.
        column: usize,
    },
    /// It is broken `MessagePack`.
    #[error(transparent)]
    BadPacked(#[from] PackedError),
    /// It is a well-formed value, but no map.
    #[error("the entry is not a map")]
    NotAMap,
}

/// Reads one entry's `data`. `seller_id` is the account's `unb`: who sent a message tells `chat` from `own`.
///
/// **When is a message an order?** If it is a card (content type 26, `dxCard` or `dynamicOperation` in its content, or a
/// card's later version under `4`) from which an order id or an order state can be read. A message that is no card is one
/// only if its text is an order text *and* the platform's own `redReminder` names a state; the state is then the
/// reminder's. So a buyer who types `[我已付款，等待你发货]` makes no order of it, and a question asked while an order is open
/// stays a question. The seller's order cards are orders too: the platform writes them in the seller's name, nobody typed them.
///
/// # Errors
/// [`EntryError`] if `data` is no base64 of one well-formed map. Stack and memory are bounded whatever it holds.
pub fn decode_entry(data: &str, seller_id: &str) -> Result<Entry, EntryError> {
    if data.len() > MAX_ENTRY_BYTES {
        return Err(EntryError::TooLong { bytes: data.len() });
    }
    let bytes = decode_base64(data)?;
    let root = match bytes.trim_ascii_start() {
        // No MessagePack map begins with these: as MessagePack they are small integers.
        json @ [b'{' | b'[', ..] => {
            from_json(json).map_err(|error| EntryError::BadJson { line: error.line(), column: error.column() })?
        }
        _ => from_packed(&bytes)?,
    };
    if root.is_map() { Ok(read_entry(&root, seller_id)) } else { Err(EntryError::NotAMap) }
}

fn decode_base64(data: &str) -> Result<Vec<u8>, EntryError> {
    let data = data.trim_ascii();
    // Padding may be missing, in part or whole: take off what there is of the two signs it can have.
    let bare = data.strip_suffix('=').unwrap_or(data);
    let bare = bare.strip_suffix('=').unwrap_or(bare);
    BASE64_NOPAD.decode(bare.as_bytes()).map_err(|error| EntryError::NotBase64 { position: error.position })
}

fn read_entry(root: &Node<'_>, seller_id: &str) -> Entry {
    let first = root.at(1);
    if first.is_map()
        && let Some(entry) = Fields::of_chat(first).read(seller_id)
    {
        return entry;
    }
    if root.at(4).is_map()
        && let Some(entry) = Fields::of_card_update(root).read(seller_id)
    {
        return entry;
    }
    if let (Some(user_id), Some(reminder)) = (first.text(), root.at(3).get("redReminder").text()) {
        return Entry::TradeReminder { user_id: without_domain(user_id).to_owned(), status: platform::order_status(reminder) };
    }
    if !first.items().is_empty() && first.items().iter().all(Node::is_map) {
        return Entry::Typing;
    }
    if root.get("chatType") == &Node::Other { Entry::Unknown } else { Entry::System }
}

/// Where the parts of a message stand: a chat message, a card's later version and a message of a chat's history differ in nothing
/// else.
pub(super) struct Fields<'t, 'a> {
    sender: &'t Node<'a>,
    chat_id: &'t Node<'a>,
    serial: &'t Node<'a>,
    created_at: &'t Node<'a>,
    content_type: &'t Node<'a>,
    /// The content's own JSON, read; broken JSON reads as none.
    content: Node<'t>,
    summary: &'t Node<'a>,
    details: &'t Node<'a>,
    is_update: bool,
}

impl<'t, 'a> Fields<'t, 'a> {
    fn of_chat(chat: &'t Node<'a>) -> Self {
        let content = chat.at(6).at(3);
        Self {
            sender: chat.at(1),
            chat_id: chat.at(2),
            serial: chat.at(3),
            created_at: chat.at(5),
            content_type: content.at(4),
            content: parsed(content.at(5).text().unwrap_or_default().as_bytes()),
            summary: content.at(2),
            details: chat.at(10),
            is_update: false,
        }
    }

    fn of_card_update(root: &'t Node<'a>) -> Self {
        let content = root.at(6).at(3);
        Self {
            sender: root.at(4).get("senderUserId"),
            chat_id: root.at(2),
            serial: root.at(1),
            created_at: root.at(5),
            content_type: content.at(4),
            content: parsed(content.at(5).text().unwrap_or_default().as_bytes()),
            summary: content.at(2),
            details: root.at(4),
            is_update: true,
        }
    }

    /// `content` is what `content.custom.data` holds, out of its base64.
    pub(super) fn of_history(message: &'t Node<'a>, chat_id: &'t Node<'a>, content: &'t [u8]) -> Self {
        let (details, custom) = (message.get("extension"), message.get("content").get("custom"));
        Self {
            sender: details.get("senderUserId"),
            chat_id,
            serial: message.get("messageId"),
            created_at: message.get("createAt"),
            content_type: custom.get("type"),
            content: parsed(content),
            summary: custom.get("summary"),
            details,
            is_update: false,
        }
    }

    /// `None` if there is no chat or no sender: then it is no message.
    pub(super) fn read(&self, seller_id: &str) -> Option<Entry> {
        let chat_id = self.chat_id.id()?;
        let chat_id = without_domain(&chat_id);
        let sender_id = self.sender_id()?;
        let sender_id = without_domain(&sender_id);
        if chat_id.is_empty() || sender_id.is_empty() {
            return None;
        }
        let (details, content) = (self.details, &self.content);
        let content_type = self.content_type.whole().or_else(|| content.get("contentType").whole());
        let created_at_ms = self.created_at.whole().unwrap_or(0);
        let shown = [content.get("text").get("text"), details.get("reminderContent"), self.summary];
        let message = Message {
            chat_id: chat_id.to_owned(),
            sender_id: sender_id.to_owned(),
            sender_name: first_text([details.get("senderNick"), details.get("reminderTitle")]),
            text: first_text(shown),
            item_id: details.get("reminderUrl").text().and_then(|url| digits_of(url, &["itemId"])).map(str::to_owned),
            message_id: self.message_id().unwrap_or_else(|| format!("{chat_id}:{created_at_ms}:{sender_id}")),
            created_at_ms,
            group: details.get("sessionType").id().is_some_and(|kind| kind == GROUP_SESSION),
            image_url: content.get("image").get("pics").items().first().and_then(|pic| pic.get("url").text()).map(str::to_owned),
            content_type,
            is_update: self.is_update,
        };
        Some(match self.order(&message) {
            Some((order_id, status)) => Entry::Order(OrderNotice { message, order_id, status }),
            None if message.sender_id == seller_id => Entry::Own(message),
            None => Entry::Chat(message),
        })
    }

    /// The sender stands in a map of its own, or bare, or only among the details.
    fn sender_id(&self) -> Option<Cow<'t, str>> {
        self.sender.at(1).id().or_else(|| self.sender.id()).or_else(|| self.details.get("senderUserId").id())
    }

    pub(super) fn message_id(&self) -> Option<String> {
        ["bizTag", "extJson"]
            .into_iter()
            .find_map(|name| message_id_in(self.details.get(name)))
            .or_else(|| self.serial.id().map(Cow::into_owned))
    }

    /// The order id and state, by the rule at [`decode_entry`].
    fn order(&self, message: &Message) -> Option<(Option<String>, Option<OrderStatus>)> {
        let cards = [self.content.get("dxCard"), self.content.get("dynamicOperation")];
        let is_card = self.is_update || message.content_type == Some(CARD_CONTENT) || cards.into_iter().any(Node::is_map);
        let by_text = platform::order_status(&message.text);
        let by_reminder = self.details.get("redReminder").text().and_then(platform::order_status);
        if is_card {
            let order_id = cards.into_iter().find_map(order_id_in).map(str::to_owned);
            let status = by_text.or(by_reminder);
            return (order_id.is_some() || status.is_some()).then_some((order_id, status));
        }
        by_text.and(by_reminder).map(|status| (None, Some(status)))
    }
}

/// `sessionType` of a group.
const GROUP_SESSION: &str = "30";

/// Content type of a card.
const CARD_CONTENT: i64 = 26;

/// The content is JSON inside the tree; broken JSON reads as none.
fn parsed(json: &[u8]) -> Node<'_> {
    from_json(json).unwrap_or(Node::Other)
}

fn first_text<const N: usize>(candidates: [&Node<'_>; N]) -> String {
    candidates.into_iter().find_map(Node::text).unwrap_or_default().to_owned()
}

/// `123@goofish` is `123`.
pub(super) fn without_domain(id: &str) -> &str {
    id.split_once('@').map_or(id, |(id, _)| id)
}

fn message_id_in(tag: &Node<'_>) -> Option<String> {
    #[derive(Deserialize)]
    struct Tag<'a> {
        #[serde(rename = "messageId", borrow, default)]
        message_id: Loose<'a>,
    }
    let tag: Tag<'_> = serde_json::from_str(tag.text()?).ok()?;
    tag.message_id.filled().map(Cow::into_owned)
}

/// The first `targetUrl` below that leads to an order.
fn order_id_in<'t>(card: &'t Node<'_>) -> Option<&'t str> {
    match card {
        Node::Map(fields) => fields.iter().find_map(|(key, value)| match (key, value.text()) {
            (Key::Name(name), Some(url)) if name == "targetUrl" => order_id_of_url(url),
            _ => order_id_in(value),
        }),
        Node::List(items) => items.iter().find_map(order_id_in),
        _ => None,
    }
}

fn order_id_of_url(url: &str) -> Option<&str> {
    let page_of_an_order = url.contains("order_detail?");
    digits_of(url, &["orderId", "bizOrderId"]).or_else(|| if page_of_an_order { digits_of(url, &["id"]) } else { None })
}

/// The digits after `name=` in a URL's query, in any position.
fn digits_of<'u>(url: &'u str, names: &[&str]) -> Option<&'u str> {
    url.split(['?', '&', '#']).find_map(|part| {
        let (name, value) = part.split_once('=')?;
        let digits = value.find(|sign: char| !sign.is_ascii_digit()).map_or(value, |end| &value[..end]);
        (names.contains(&name) && !digits.is_empty()).then_some(digits)
    })
}

#[cfg(test)]
#[path = "sync_tests.rs"]
mod tests;
