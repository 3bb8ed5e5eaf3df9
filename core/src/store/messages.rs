//! The inbox: what has come in, by message id.

use tokio::sync::oneshot;

use super::Store;
use super::writer::Fault;
use crate::account::Fence;
use crate::error::Error;

/// A message as it is recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InboxRow {
    pub(crate) message_id: String,
    pub(crate) chat_id: String,
    pub(crate) kind: RowKind,
    pub(crate) is_group: bool,
    pub(crate) sender_id: String,
    pub(crate) sender_name: String,
    pub(crate) text: String,
    pub(crate) item_id: Option<String>,
    pub(crate) created_at_ms: i64,
}

/// What kind of message a row holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RowKind {
    Chat,
    Own,
    Order,
    /// A later version of a card: nobody's new words.
    CardUpdate,
}

impl RowKind {
    fn name(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Own => "own",
            Self::Order => "order",
            Self::CardUpdate => "card_update",
        }
    }
}

impl Store {
    /// Hands the messages of one push over, together with whatever other accounts hand over at the same time. The answer comes
    /// when they are durable: those of them that had not been seen before.
    pub(crate) async fn record_messages(
        &self,
        fence: Fence,
        rows: Vec<InboxRow>,
        now_ms: i64,
    ) -> Result<oneshot::Receiver<Result<Vec<InboxRow>, Error>>, Error> {
        self.submit(move |db| {
            if !fence.is_current() {
                return Err(Fault::Refused(Error::Closed));
            }
            let mut insert = db.prepare_cached(
                "INSERT INTO messages (cookie_id, message_id, chat_id, kind, is_group, sender_id, sender_name, text, item_id, created_at_ms, received_at_ms)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT DO NOTHING",
            )?;
            let mut new = Vec::with_capacity(rows.len());
            for row in rows {
                let inserted = insert.execute((
                    fence.cell().cookie_id(),
                    &row.message_id,
                    &row.chat_id,
                    row.kind.name(),
                    row.is_group,
                    &row.sender_id,
                    &row.sender_name,
                    &row.text,
                    &row.item_id,
                    row.created_at_ms,
                    now_ms,
                ))?;
                if inserted > 0 {
                    new.push(row);
                }
            }
            Ok(new)
        })
        .await
    }
}
