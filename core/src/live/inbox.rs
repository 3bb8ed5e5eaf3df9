//! Pushes on their way to the store: each is acknowledged to the service only after its messages are durable.

use std::collections::VecDeque;

use tokio::sync::oneshot;

use crate::account::Fence;
use crate::error::Error;
use crate::store::{InboxRow, OrderNote, Recorded, RowKind, Store};
use crate::wire::frame::Push;
use crate::wire::message::{Entry, Message, OrderNotice};
use crate::wire::sync;

/// Pushes of one connection that wait for the store, at most. At the bound nothing more is read from the socket, and the
/// service's own flow control holds.
const MAX_UNRECORDED: usize = 64;

/// The pushes of one connection that are not recorded yet, in their order.
#[derive(Default)]
pub(super) struct Inbox {
    unrecorded: VecDeque<Unrecorded>,
}

struct Unrecorded {
    whence: Whence,
    recorded: oneshot::Receiver<Result<Recorded, Error>>,
}

/// How messages have come.
pub(super) enum Whence {
    /// Pushed: this frame acknowledges them.
    Push { ack: String },
    /// Read back from a chat's history: nobody waits for an ack.
    History,
}

/// Messages that are durable.
pub(super) struct RecordedBatch {
    pub(super) whence: Whence,
    pub(super) recorded: Recorded,
}

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

impl Inbox {
    pub(super) fn has_room(&self) -> bool {
        self.unrecorded.len() < MAX_UNRECORDED
    }

    pub(super) fn is_empty(&self) -> bool {
        self.unrecorded.is_empty()
    }

    /// Hands the messages of a push to the store.
    pub(super) async fn record(
        &mut self,
        store: &Store,
        fence: &Fence,
        rows: Vec<InboxRow>,
        ack: String,
        now_ms: i64,
    ) -> Result<(), Error> {
        let recorded = store.record_messages(fence.clone(), rows, now_ms).await?;
        self.unrecorded.push_back(Unrecorded { whence: Whence::Push { ack }, recorded });
        Ok(())
    }

    /// Hands what was read back of one chat to the store.
    pub(super) async fn record_history(
        &mut self,
        store: &Store,
        fence: &Fence,
        rows: Vec<InboxRow>,
        now_ms: i64,
    ) -> Result<(), Error> {
        let recorded = store.record_history(fence.clone(), rows, now_ms).await?;
        self.unrecorded.push_back(Unrecorded { whence: Whence::History, recorded });
        Ok(())
    }

    /// Waits for the oldest of them to be durable; for ever when there is none. May be cancelled.
    pub(super) async fn next_recorded(&mut self) -> Result<RecordedBatch, Error> {
        let Some(oldest) = self.unrecorded.front_mut() else { return std::future::pending().await };
        let answer = (&mut oldest.recorded).await.unwrap_or(Err(Error::Closed));
        // Taken out only now: a cancelled wait has changed nothing.
        let whence = self.unrecorded.pop_front().map_or(Whence::History, |batch| batch.whence);
        Ok(RecordedBatch { whence, recorded: answer? })
    }
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
