//! Orders: what the platform's cards tell of each, and the confirmation of its shipment, which is asked of the service once.

use rusqlite::{Connection, OptionalExtension, Row, named_params};

use super::Store;
use super::messages::InboxRow;
use super::writer::Fault;
use crate::account::Fence;
use crate::error::Error;
use crate::order::{Confirmation, ConfirmationState, Order, OrderStep};
use crate::wire::message::OrderStatus;

/// What a card tells of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OrderNote {
    pub(crate) order_id: String,
    pub(crate) status: OrderStatus,
    /// Not known from a card in the seller's own name.
    pub(crate) buyer_id: Option<String>,
}

impl Store {
    /// The account's orders, the newest first.
    pub(crate) async fn orders(&self, cookie_id: &str, limit: u32) -> Result<Vec<Order>, Error> {
        let cookie_id = cookie_id.to_owned();
        self.read(move |db| select(db, OF_ACCOUNT, &cookie_id, limit)).await
    }

    /// One order.
    pub(crate) async fn order(&self, cookie_id: &str, order_id: &str) -> Result<Option<Order>, Error> {
        let (cookie_id, order_id) = (cookie_id.to_owned(), order_id.to_owned());
        self.read(move |db| one(db, &cookie_id, &order_id)).await
    }

    /// Orders of whose status nobody was told yet, in the order of their ids.
    pub(crate) async fn untold_orders(&self, cookie_id: &str, limit: u32) -> Result<Vec<Order>, Error> {
        let cookie_id = cookie_id.to_owned();
        self.read(move |db| select(db, UNTOLD, &cookie_id, limit)).await
    }

    /// Notes that these were told of, each in that status. One that has another by now is to be told of again.
    pub(crate) async fn orders_told(&self, fence: Fence, told: Vec<(String, OrderStatus)>) -> Result<(), Error> {
        self.write(move |db| {
            if !fence.is_current() {
                return Err(Fault::Refused(Error::Closed));
            }
            let mut statement =
                db.prepare_cached("UPDATE orders SET is_told = 1 WHERE cookie_id = ?1 AND order_id = ?2 AND status = ?3")?;
            for (order_id, status) in &told {
                statement.execute((fence.cookie_id(), order_id, status.name()))?;
            }
            Ok(())
        })
        .await
    }

    /// Records whether orders that come to await shipment are confirmed by themselves.
    pub(crate) async fn set_auto_confirm(&self, cookie_id: &str, on: bool, now_ms: i64) -> Result<(), Error> {
        let cookie_id = cookie_id.to_owned();
        self.write(move |db| {
            db.prepare_cached("UPDATE accounts SET auto_confirm = ?2, updated_at_ms = ?3 WHERE cookie_id = ?1")?
                .execute((&cookie_id, on, now_ms))?;
            Ok(())
        })
        .await
    }

    /// Whether they are.
    pub(crate) async fn auto_confirm(&self, cookie_id: &str) -> Result<bool, Error> {
        let cookie_id = cookie_id.to_owned();
        self.read(move |db| {
            let on = db.prepare_cached(AUTO_CONFIRM)?.query_row([&cookie_id], |row| row.get(0)).optional()?;
            on.ok_or_else(|| Fault::Refused(Error::not_found(&cookie_id)))
        })
        .await
    }

    /// Somebody wants a shipment confirmed: what is confirmed or under way stays so; what was refused or is unknown is asked for
    /// anew. Answers how it stands now.
    pub(crate) async fn ask_confirmation(&self, cookie_id: &str, order_id: &str, now_ms: i64) -> Result<Confirmation, Error> {
        let (cookie_id, order_id) = (cookie_id.to_owned(), order_id.to_owned());
        self.write(move |db| {
            let refused = |problem: String| Fault::Refused(Error::invalid("order_id", problem));
            let Some(order) = one(db, &cookie_id, &order_id)? else {
                return Err(refused(format!("no order {order_id:?} of this account is on record; orders() tells the known ones")));
            };
            match order.confirmation {
                Some(standing) if standing.state == ConfirmationState::Confirmed || !standing.state.has_ended() => Ok(standing),
                _ if order.status != OrderStatus::AwaitingShipment => Err(refused(format!(
                    "order {order_id:?} is {}; only one that is awaiting_shipment can be confirmed",
                    order.status.name()
                ))),
                _ => {
                    let pending = Confirmation::new(ConfirmationState::Pending, now_ms);
                    put_confirmation(db, &cookie_id, &order_id, Some(&pending), now_ms)?;
                    Ok(pending)
                }
            }
        })
        .await
    }

    /// Begins the confirmation of one order that waits for it: the preferred one if it does, else the one that waits longest.
    /// It stands as begun before anything is asked of the service.
    pub(crate) async fn begin_confirming(
        &self,
        fence: Fence,
        preferred: Option<String>,
        now_ms: i64,
    ) -> Result<Option<String>, Error> {
        self.write(move |db| {
            if !fence.is_current() {
                return Err(Fault::Refused(Error::Closed));
            }
            let cookie_id = fence.cookie_id();
            let next: Option<String> =
                db.prepare_cached(NEXT_PENDING)?.query_row((cookie_id, &preferred), |row| row.get(0)).optional()?;
            if let Some(order_id) = &next {
                let begun = Confirmation::new(ConfirmationState::Confirming, now_ms);
                put_confirmation(db, cookie_id, order_id, Some(&begun), now_ms)?;
            }
            Ok(next)
        })
        .await
    }

    /// Stores how a confirmation that was begun has ended, or that it is pending again. It is a fact, whatever has become of its
    /// session: no fence is asked.
    pub(crate) async fn end_confirming(&self, cookie_id: &str, order_id: &str, ended: Confirmation) -> Result<(), Error> {
        let (cookie_id, order_id) = (cookie_id.to_owned(), order_id.to_owned());
        self.write(move |db| {
            let Some(order) = one(db, &cookie_id, &order_id)? else { return Ok(()) };
            if order.confirmation.is_none_or(|standing| standing.state != ConfirmationState::Confirming) {
                return Ok(());
            }
            // What has gone on meanwhile waits for no confirmation.
            let is_void = ended.state == ConfirmationState::Pending && order.status != OrderStatus::AwaitingShipment;
            put_confirmation(db, &cookie_id, &order_id, Some(&ended).filter(|_| !is_void), ended.at_ms)
        })
        .await
    }
}

// Without statistics SQLite would rather walk the whole account by its primary key: the index is named.
pub(super) const OF_ACCOUNT: &str =
    "SELECT * FROM orders INDEXED BY orders_by_time WHERE cookie_id = ?1 ORDER BY created_at_ms DESC LIMIT ?2";
pub(super) const UNTOLD: &str = "SELECT * FROM orders INDEXED BY orders_untold WHERE cookie_id = ?1 AND is_told = 0 LIMIT ?2";
pub(super) const ONE: &str = "SELECT * FROM orders WHERE cookie_id = ?1 AND order_id = ?2";
pub(super) const HISTORY: &str = "SELECT status, at_ms, message_id FROM order_history WHERE cookie_id = ?1 AND order_id = ?2";
pub(super) const NEXT_PENDING: &str = "SELECT order_id FROM orders INDEXED BY orders_by_confirmation
     WHERE cookie_id = ?1 AND confirmation = 'pending' ORDER BY order_id IS ?2 DESC, confirmation_at_ms LIMIT 1";
pub(super) const GIVE_UP: &str = "UPDATE orders INDEXED BY orders_by_confirmation
     SET confirmation = 'unknown', confirmation_at_ms = ?2, updated_at_ms = ?2
     WHERE cookie_id = ?1 AND confirmation = 'confirming' RETURNING order_id";
pub(super) const LEAVE_UNCONFIRMED: &str = "UPDATE orders INDEXED BY orders_by_confirmation
     SET confirmation = iif(confirmation = 'confirming', 'unknown', NULL), updated_at_ms = ?2,
         confirmation_at_ms = iif(confirmation = 'confirming', ?2, NULL)
     WHERE cookie_id = ?1 AND confirmation IN ('pending', 'confirming')";
pub(super) const TAKE_OUT_OLD: &str = "DELETE FROM orders WHERE cookie_id = ?1 AND order_id IN
     (SELECT order_id FROM orders INDEXED BY orders_by_change WHERE cookie_id = ?1 AND updated_at_ms < ?2
          AND coalesce(confirmation, '') NOT IN ('pending', 'confirming') LIMIT ?3)";
const AUTO_CONFIRM: &str = "SELECT auto_confirm FROM accounts WHERE cookie_id = ?1";

/// Notes what a message tells of an order, in the transaction that records the message. Whether it is something new: an order
/// that was not known, or one that has come further. A status that was told before, or that it has passed by now, is none.
pub(super) fn note(db: &Connection, cookie_id: &str, row: &InboxRow, now_ms: i64) -> Result<bool, Fault> {
    let Some(note) = &row.order else { return Ok(false) };
    let known = one(db, cookie_id, &note.order_id)?;
    let is_further = known.as_ref().is_none_or(|order| order.status.number() < note.status.number());
    // What one card leaves out another may say.
    db.prepare_cached(
        "INSERT INTO orders (cookie_id, order_id, chat_id, item_id, buyer_id, status, is_told, created_at_ms, updated_at_ms)
         VALUES (:cookie_id, :order_id, :chat_id, :item_id, :buyer_id, :status, 0, :now, :now)
         ON CONFLICT (cookie_id, order_id) DO UPDATE SET item_id = coalesce(item_id, :item_id), buyer_id = coalesce(buyer_id, :buyer_id),
             status = iif(:is_further, :status, status), is_told = iif(:is_further, 0, is_told), updated_at_ms = iif(:is_further, :now, updated_at_ms)",
    )?
    .execute(named_params! {
        ":cookie_id": cookie_id,
        ":order_id": note.order_id,
        ":chat_id": row.chat_id,
        ":item_id": row.item_id,
        ":buyer_id": note.buyer_id,
        ":status": note.status.name(),
        ":is_further": is_further,
        ":now": now_ms,
    })?;
    let at_ms = if row.created_at_ms > 0 { row.created_at_ms } else { now_ms };
    db.prepare_cached(
        "INSERT INTO order_history (cookie_id, order_id, status, at_ms, message_id) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
    )?
    .execute((cookie_id, &note.order_id, note.status.name(), at_ms, &row.message_id))?;
    if is_further {
        let confirmation = known.and_then(|order| order.confirmation);
        let is_pending = confirmation.is_some_and(|standing| standing.state == ConfirmationState::Pending);
        if note.status == OrderStatus::AwaitingShipment {
            let on: bool = db.prepare_cached(AUTO_CONFIRM)?.query_row([cookie_id], |row| row.get(0))?;
            let pending = on.then(|| Confirmation::new(ConfirmationState::Pending, now_ms));
            put_confirmation(db, cookie_id, &note.order_id, pending.as_ref(), now_ms)?;
        } else if is_pending {
            // It was shipped otherwise, or will not be.
            put_confirmation(db, cookie_id, &note.order_id, None, now_ms)?;
        }
    }
    Ok(is_further)
}

/// A session begins: a call that an earlier one has left without an outcome is unknown. Answers those orders.
pub(super) fn give_up(db: &Connection, cookie_id: &str, now_ms: i64) -> Result<Vec<String>, Fault> {
    let mut statement = db.prepare_cached(GIVE_UP)?;
    let orders = statement.query_map((cookie_id, now_ms), |row| row.get(0))?;
    Ok(orders.collect::<rusqlite::Result<_>>()?)
}

/// What waits for a confirmation was sold by somebody else.
pub(super) fn leave_unconfirmed(db: &Connection, cookie_id: &str, now_ms: i64) -> Result<(), Fault> {
    db.prepare_cached(LEAVE_UNCONFIRMED)?.execute((cookie_id, now_ms))?;
    Ok(())
}

fn put_confirmation(
    db: &Connection,
    cookie_id: &str,
    order_id: &str,
    confirmation: Option<&Confirmation>,
    now_ms: i64,
) -> Result<(), Fault> {
    db.prepare_cached(
        "UPDATE orders SET confirmation = ?3, confirmation_code = ?4, confirmation_text = ?5, confirmation_at_ms = ?6, updated_at_ms = ?7
         WHERE cookie_id = ?1 AND order_id = ?2",
    )?
    .execute((
        cookie_id,
        order_id,
        confirmation.map(|one| one.state.name()),
        confirmation.and_then(|one| one.code.as_ref()),
        confirmation.and_then(|one| one.text.as_ref()),
        confirmation.map(|one| one.at_ms),
        now_ms,
    ))?;
    Ok(())
}

fn one(db: &Connection, cookie_id: &str, order_id: &str) -> Result<Option<Order>, Fault> {
    let found = db.prepare_cached(ONE)?.query_row((cookie_id, order_id), order).optional()?;
    found.map(|order| with_history(db, cookie_id, order)).transpose()
}

fn select(db: &Connection, sql: &str, cookie_id: &str, limit: u32) -> Result<Vec<Order>, Fault> {
    let mut statement = db.prepare_cached(sql)?;
    let orders: Vec<Order> = statement.query_map((cookie_id, limit), order)?.collect::<rusqlite::Result<_>>()?;
    orders.into_iter().map(|order| with_history(db, cookie_id, order)).collect()
}

fn with_history(db: &Connection, cookie_id: &str, mut order: Order) -> Result<Order, Fault> {
    let mut statement = db.prepare_cached(HISTORY)?;
    let steps = statement.query_map((cookie_id, &order.order_id), |row| {
        Ok(OrderStep { status: status(row)?, at_ms: row.get("at_ms")?, message_id: row.get("message_id")? })
    })?;
    order.history = steps.collect::<rusqlite::Result<_>>()?;
    order.history.sort_by_key(|step| step.status.number());
    Ok(order)
}

fn order(row: &Row<'_>) -> rusqlite::Result<Order> {
    let state: Option<String> = row.get("confirmation")?;
    let confirmation = match state.as_deref().and_then(ConfirmationState::from_name) {
        None => None,
        Some(state) => Some(Confirmation {
            state,
            code: row.get("confirmation_code")?,
            text: row.get("confirmation_text")?,
            at_ms: row.get::<_, Option<i64>>("confirmation_at_ms")?.unwrap_or_default(),
        }),
    };
    Ok(Order {
        order_id: row.get("order_id")?,
        chat_id: row.get("chat_id")?,
        item_id: row.get("item_id")?,
        buyer_id: row.get("buyer_id")?,
        status: status(row)?,
        history: Vec::new(),
        confirmation,
        created_at_ms: row.get("created_at_ms")?,
        updated_at_ms: row.get("updated_at_ms")?,
    })
}

fn status(row: &Row<'_>) -> rusqlite::Result<OrderStatus> {
    let name: String = row.get("status")?;
    OrderStatus::from_name(&name).ok_or_else(|| rusqlite::Error::InvalidColumnName(format!("the order status {name:?}")))
}
