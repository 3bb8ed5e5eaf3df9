//! The inbox: what has come in, by message id, and what was decided about it.

use rusqlite::Savepoint;

use super::orders::OrderNote;
use super::writer::Fault;
use super::{Store, chats, orders, outbox};
use crate::account::Fence;
use crate::decision::DecisionCode;
use crate::error::Error;
use crate::wire::platform;

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
    /// What it tells of an order.
    pub(crate) order: Option<OrderNote>,
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

/// What recording the messages of a push came to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Recorded {
    /// Buyers' messages that had not been seen before.
    pub(crate) new: usize,
    /// Messages of any kind that had been seen before.
    pub(crate) duplicates: usize,
    /// Buyers' messages that wait for a decision: the new ones, and those for which an earlier session did not come to one.
    pub(crate) undecided: Vec<InboxRow>,
    /// Whether there is something new of an order.
    pub(crate) has_order_news: bool,
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
    /// What a session goes on to take up: messages that wait for a decision and are too old by now are decided, and the others come
    /// back, the oldest first, at most `limit` of them.
    pub(crate) async fn take_up(
        &self,
        fence: Fence,
        stale_before_ms: i64,
        now_ms: i64,
        limit: u32,
    ) -> Result<Vec<InboxRow>, Error> {
        self.write(move |db| {
            if !fence.is_current() {
                return Err(Fault::Refused(Error::Closed));
            }
            take_up(db, fence.cookie_id(), stale_before_ms, now_ms, limit)
        })
        .await
    }
}

// Without statistics SQLite would rather walk the whole account by its ids: the index is named. A message without a date
// is as old as its record.
pub(super) const DECIDE_STALE: &str = "UPDATE messages INDEXED BY messages_undecided SET decision = ?2, decided_at_ms = ?3
     WHERE cookie_id = ?1 AND decision IS NULL AND iif(created_at_ms > 0, created_at_ms, received_at_ms) < ?4";
pub(super) const UNDECIDED: &str = "SELECT message_id, chat_id, is_group, sender_id, sender_name, text, item_id, created_at_ms
     FROM messages INDEXED BY messages_undecided WHERE cookie_id = ?1 AND decision IS NULL ORDER BY arrival LIMIT ?2";
pub(super) const LEAVE_UNDECIDED: &str = "UPDATE messages INDEXED BY messages_undecided SET decision = ?2, decided_at_ms = ?3
     WHERE cookie_id = ?1 AND decision IS NULL";

/// Within a transaction, as [`Store::take_up`].
pub(super) fn take_up(
    db: &Savepoint<'_>,
    cookie_id: &str,
    stale_before_ms: i64,
    now_ms: i64,
    limit: u32,
) -> Result<Vec<InboxRow>, Fault> {
    db.prepare_cached(DECIDE_STALE)?.execute((cookie_id, DecisionCode::Stale.name(), now_ms, stale_before_ms))?;
    let mut statement = db.prepare_cached(UNDECIDED)?;
    let rows = statement.query_map((cookie_id, limit), |row| {
        Ok(InboxRow {
            message_id: row.get(0)?,
            chat_id: row.get(1)?,
            // Nothing else waits for a decision.
            kind: RowKind::Chat,
            is_group: row.get(2)?,
            sender_id: row.get(3)?,
            sender_name: row.get(4)?,
            text: row.get(5)?,
            item_id: row.get(6)?,
            created_at_ms: row.get(7)?,
            order: None,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// What waits for a decision was written to somebody else.
pub(super) fn leave_undecided(db: &Savepoint<'_>, cookie_id: &str, now_ms: i64) -> Result<(), Fault> {
    db.prepare_cached(LEAVE_UNDECIDED)?.execute((cookie_id, DecisionCode::OtherUser.name(), now_ms))?;
    Ok(())
}

pub(super) fn record(
    db: &Savepoint<'_>,
    cookie_id: &str,
    row: InboxRow,
    now_ms: i64,
    recorded: &mut Recorded,
) -> Result<(), Fault> {
    let at_once = match row.kind {
        RowKind::Order | RowKind::CardUpdate => Some(DecisionCode::Platform),
        // In the seller's name, too: that is no person who takes the chat. And in the buyer's: that is nothing which their own
        // words may be folded into.
        RowKind::Own | RowKind::Chat if platform::is_platform_text(&row.text) => Some(DecisionCode::Platform),
        RowKind::Chat | RowKind::Own => None,
    };
    let inserted = db
        .prepare_cached(
            "INSERT INTO messages (cookie_id, message_id, chat_id, kind, is_group, sender_id, sender_name, text, item_id, created_at_ms, received_at_ms, decision, decided_at_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, iif(?12 IS NULL, NULL, ?11)) ON CONFLICT DO NOTHING",
        )?
        .execute((
            cookie_id,
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
            at_once.map(DecisionCode::name),
        ))?;
    let is_new = inserted > 0;
    recorded.duplicates += usize::from(!is_new);
    // Also of a card that is known: its later version has the same id.
    recorded.has_order_news |= orders::note(db, cookie_id, &row, now_ms)?;
    match row.kind {
        RowKind::Chat if is_new => {
            recorded.new += 1;
            if at_once.is_none() {
                recorded.undecided.push(row);
            }
        }
        RowKind::Chat if is_undecided(db, cookie_id, &row.message_id)? => recorded.undecided.push(row),
        RowKind::Own if is_new && at_once.is_none() => tell_own_apart(db, cookie_id, &row, now_ms)?,
        _ => {}
    }
    Ok(())
}

fn is_undecided(db: &Savepoint<'_>, cookie_id: &str, message_id: &str) -> rusqlite::Result<bool> {
    db.prepare_cached("SELECT decision IS NULL FROM messages WHERE cookie_id = ?1 AND message_id = ?2")?
        .query_row((cookie_id, message_id), |row| row.get(0))
}

fn whose(db: &Savepoint<'_>, cookie_id: &str, row: &InboxRow, now_ms: i64) -> rusqlite::Result<DecisionCode> {
    if outbox::take_echo(db, cookie_id, row, now_ms)? {
        return Ok(DecisionCode::Echo);
    }
    let is_older = row.created_at_ms > 0 && row.created_at_ms < known_since_ms(db, cookie_id)?;
    Ok(if is_older { DecisionCode::BeforeAccount } else { DecisionCode::ByHand })
}

/// The outbox of an account that was removed and added again does not know what went out before.
pub(super) fn known_since_ms(db: &Savepoint<'_>, cookie_id: &str) -> rusqlite::Result<i64> {
    db.prepare_cached("SELECT created_at_ms FROM accounts WHERE cookie_id = ?1")?.query_row([cookie_id], |row| row.get(0))
}

fn tell_own_apart(db: &Savepoint<'_>, cookie_id: &str, row: &InboxRow, now_ms: i64) -> Result<(), Fault> {
    let decision = whose(db, cookie_id, row, now_ms)?;
    db.prepare_cached("UPDATE messages SET decision = ?3, decided_at_ms = ?4 WHERE cookie_id = ?1 AND message_id = ?2")?
        .execute((cookie_id, &row.message_id, decision.name(), now_ms))?;
    if decision == DecisionCode::ByHand {
        // From when it was written: one that comes late must not take the chat for longer.
        let written_at_ms = if row.created_at_ms > 0 { row.created_at_ms.min(now_ms) } else { now_ms };
        chats::take_over(db, cookie_id, &row.chat_id, written_at_ms)?;
    }
    Ok(())
}
