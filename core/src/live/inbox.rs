//! From a push to the rows of the inbox.

use crate::store::{InboxRow, OrderNote, RowKind};
use crate::wire::frame::Push;
use crate::wire::message::{Entry, Message, OrderNotice};
use crate::wire::sync;

/// What a push holds: the messages to record, and how many entries could not be read.
pub(super) struct Unpacked {
    pub(super) rows: Vec<InboxRow>,
    pub(super) broken: usize,
}

/// Reads every entry of a push. A broken one costs only itself.
pub(super) fn unpack(push: &Push<'_>, seller_id: &str) -> Unpacked {
    let mut unpacked = Unpacked { rows: Vec::new(), broken: 0 };
    let entries = match push.entries() {
        Ok(entries) => entries,
        Err(problem) => {
            tracing::warn!(%problem, "a push without readable entries");
            return Unpacked { broken: 1, ..unpacked };
        }
    };
    for entry in entries {
        match entry.and_then(|data| sync::decode_entry(&data, seller_id)) {
            Ok(Entry::Chat(message)) if message.is_update => unpacked.rows.push(row(RowKind::CardUpdate, message)),
            Ok(Entry::Chat(message)) => unpacked.rows.push(row(RowKind::Chat, message)),
            Ok(Entry::Own(message)) => unpacked.rows.push(row(RowKind::Own, message)),
            Ok(Entry::Order(notice)) => unpacked.rows.push(order_row(notice, seller_id)),
            Ok(_) => {}
            Err(problem) => {
                tracing::warn!(%problem, "an entry that cannot be read");
                unpacked.broken += 1;
            }
        }
    }
    unpacked
}

pub(super) fn row(kind: RowKind, message: Message) -> InboxRow {
    InboxRow {
        message_id: message.message_id,
        chat_id: message.chat_id,
        kind,
        is_group: message.group,
        sender_id: message.sender_id,
        sender_name: message.sender_name,
        text: message.text,
        item_id: message.item_id,
        created_at_ms: message.created_at_ms,
        order: None,
    }
}

/// A card that names no order, or no status that is known, is recorded and tells of none: nobody could say which, or what.
pub(super) fn order_row(notice: OrderNotice, seller_id: &str) -> InboxRow {
    let OrderNotice { message, order_id, status } = notice;
    let buyer_id = (message.sender_id != seller_id).then(|| message.sender_id.clone());
    let order = order_id.zip(status).map(|(order_id, status)| OrderNote { order_id, status, buyer_id });
    InboxRow { order, ..row(RowKind::Order, message) }
}
