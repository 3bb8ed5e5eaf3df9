//! The inbox: what has come in, by message id, and what was decided about it.

use rusqlite::Connection;

use super::orders::OrderNote;
use super::outbox::Standing;
use super::writer::Fault;
use super::{Store, backfill, chats, echoes, orders, outbox};
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
    db: &Connection,
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
pub(super) fn leave_undecided(db: &Connection, cookie_id: &str, now_ms: i64) -> Result<(), Fault> {
    db.prepare_cached(LEAVE_UNDECIDED)?.execute((cookie_id, DecisionCode::OtherUser.name(), now_ms))?;
    Ok(())
}

/// What has become of a message that has come.
pub(super) enum Fate {
    /// It is new, and decided with that.
    Decided(DecisionCode),
    /// It waits for a decision, new or not.
    Undecided,
    /// It was known, and decided before.
    Known,
}

/// Records a message, with the decision that stands about it if there is one.
pub(super) fn record(
    db: &Connection,
    cookie_id: &str,
    row: &InboxRow,
    standing: Option<&Standing<'_>>,
    now_ms: i64,
    recorded: &mut Recorded,
) -> Result<Fate, Fault> {
    let found = Found::of(db, cookie_id, row, now_ms)?;
    let standing = standing.filter(|_| matches!(found, Found::Undecided));
    let decision = standing.map(|standing| standing.decision).or(found.decision());
    let is_new = insert(db, cookie_id, row, decision, standing, now_ms)?;
    recorded.duplicates += usize::from(!is_new);
    // Also of a card that is known: its later version has the same id.
    recorded.has_order_news |= orders::note(db, cookie_id, row, now_ms)?;
    if !is_new {
        let is_undecided = row.kind == RowKind::Chat && is_undecided(db, cookie_id, row)?;
        return Ok(if is_undecided { Fate::Undecided } else { Fate::Known });
    }
    recorded.new += usize::from(row.kind == RowKind::Chat);
    backfill::note_active(db, cookie_id, &row.chat_id, now_ms)?;
    match found {
        Found::Undecided => {
            for send in standing.map_or(&[][..], |standing| standing.sends) {
                outbox::insert(db, cookie_id, send, Some(&row.message_id), now_ms)?;
            }
        }
        Found::Echo(send) => echoes::take_echo(db, cookie_id, &send)?,
        // From when it was written: one that comes late must not take the chat for longer.
        Found::ByHand => chats::take_over(db, cookie_id, &row.chat_id, written_at_ms(row, now_ms))?,
        Found::Platform | Found::BeforeAccount => {}
    }
    Ok(decision.map_or(Fate::Undecided, Fate::Decided))
}

/// Records the echo of a send, known by its id. Whether it is new.
pub(super) fn record_echo(db: &Connection, cookie_id: &str, row: &InboxRow, now_ms: i64) -> Result<bool, Fault> {
    let is_new = insert(db, cookie_id, row, Some(DecisionCode::Echo), None, now_ms)?;
    if is_new {
        backfill::note_active(db, cookie_id, &row.chat_id, now_ms)?;
    }
    Ok(is_new)
}

/// What a message is found to be before it is recorded, so that its row is written once.
enum Found {
    Undecided,
    Platform,
    Echo(echoes::Unechoed),
    ByHand,
    BeforeAccount,
}

impl Found {
    fn of(db: &Connection, cookie_id: &str, row: &InboxRow, now_ms: i64) -> rusqlite::Result<Self> {
        match row.kind {
            RowKind::Order | RowKind::CardUpdate => return Ok(Self::Platform),
            // In the seller's name, too: that is no person who takes the chat. And in the buyer's: that is nothing which their own
            // words may be folded into.
            RowKind::Own | RowKind::Chat if platform::is_platform_text(&row.text) => return Ok(Self::Platform),
            RowKind::Chat => return Ok(Self::Undecided),
            RowKind::Own => {}
        }
        if let Some(send) = echoes::find_echoed(db, cookie_id, row, written_at_ms(row, now_ms))? {
            return Ok(Self::Echo(send));
        }
        let is_older = row.created_at_ms > 0 && row.created_at_ms < known_since_ms(db, cookie_id)?;
        Ok(if is_older { Self::BeforeAccount } else { Self::ByHand })
    }

    fn decision(&self) -> Option<DecisionCode> {
        match self {
            Self::Undecided => None,
            Self::Platform => Some(DecisionCode::Platform),
            Self::Echo(_) => Some(DecisionCode::Echo),
            Self::ByHand => Some(DecisionCode::ByHand),
            Self::BeforeAccount => Some(DecisionCode::BeforeAccount),
        }
    }
}

/// Whether it is new.
fn insert(
    db: &Connection,
    cookie_id: &str,
    row: &InboxRow,
    decision: Option<DecisionCode>,
    standing: Option<&Standing<'_>>,
    now_ms: i64,
) -> rusqlite::Result<bool> {
    let inserted = db.prepare_cached(INSERT)?.execute((
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
        decision.map(DecisionCode::name),
        decision.map(|_| now_ms),
        standing.and_then(|standing| standing.rule),
        standing.and_then(Standing::uuids).as_deref(),
    ))?;
    Ok(inserted > 0)
}

const INSERT: &str = "INSERT INTO messages (cookie_id, message_id, chat_id, kind, is_group, sender_id, sender_name, text, item_id,
         created_at_ms, received_at_ms, decision, decided_at_ms, rule, sends)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15) ON CONFLICT DO NOTHING";
const IS_UNDECIDED: &str = "SELECT decision IS NULL FROM messages WHERE cookie_id = ?1 AND chat_id = ?2 AND message_id = ?3";

fn is_undecided(db: &Connection, cookie_id: &str, row: &InboxRow) -> rusqlite::Result<bool> {
    db.prepare_cached(IS_UNDECIDED)?.query_row((cookie_id, &row.chat_id, &row.message_id), |row| row.get(0))
}

/// One that comes late was written all the same when it was.
fn written_at_ms(row: &InboxRow, now_ms: i64) -> i64 {
    if row.created_at_ms > 0 { row.created_at_ms.min(now_ms) } else { now_ms }
}

/// The outbox of an account that was removed and added again does not know what went out before.
pub(super) fn known_since_ms(db: &Connection, cookie_id: &str) -> rusqlite::Result<i64> {
    db.prepare_cached("SELECT created_at_ms FROM accounts WHERE cookie_id = ?1")?.query_row([cookie_id], |row| row.get(0))
}
