//! What a session that begins finds of earlier ones: looked for in one job of the writing thread, after all that they have handed over.

use rusqlite::Connection;

use super::Store;
use super::backfill::ACTIVE_WITHIN_MS;
use super::messages::{self, InboxRow};
use super::writer::Fault;
use super::{echoes, orders, outbox};
use crate::account::Fence;
use crate::error::Error;

/// What earlier sessions of the account, of this process or another, have left.
#[derive(Debug, Default)]
pub(crate) struct Left {
    /// Buyers' messages that wait for a decision, the oldest first.
    pub(crate) undecided: Vec<InboxRow>,
    /// The latest `uuid` that was used for a send, by any account.
    pub(crate) last_uuid: Option<String>,
    /// Whether chats may have been active since the moment that was asked for.
    pub(crate) was_active: bool,
    /// Orders whose confirmation was under way: what became of it is unknown from now on.
    pub(crate) given_up: Vec<String>,
    /// Whether an order is still to be told of, or waits for its confirmation.
    pub(crate) has_order_news: bool,
}

/// Whether there is anything of each kind. Most accounts have nothing, and then nothing else is asked.
struct Found {
    open_sends: bool,
    overdue_echoes: bool,
    undecided: bool,
    was_active: bool,
    confirming: bool,
    order_news: bool,
    last_uuid: Option<String>,
}

// Without statistics SQLite would rather walk the whole account by its primary key: the indices are named.
// The latest uuid, of any account, is found by their order as texts: they are as long as each other for as long as times in ms have
// 13 digits, so that it is that of the times.
pub(super) const FIND: &str = "SELECT
     EXISTS (SELECT 1 FROM outbox INDEXED BY outbox_open WHERE cookie_id = ?1 AND is_open = 1 AND outcome = 'sending'),
     EXISTS (SELECT 1 FROM outbox INDEXED BY outbox_open WHERE cookie_id = ?1 AND is_open = 1 AND created_at_ms < ?3),
     EXISTS (SELECT 1 FROM messages INDEXED BY messages_undecided WHERE cookie_id = ?1 AND decision IS NULL),
     EXISTS (SELECT 1 FROM active_chats INDEXED BY active_chats_by_time WHERE cookie_id = ?1 AND noted_at_ms >= ?2),
     EXISTS (SELECT 1 FROM orders INDEXED BY orders_by_confirmation WHERE cookie_id = ?1 AND confirmation = 'confirming'),
     EXISTS (SELECT 1 FROM orders INDEXED BY orders_untold WHERE cookie_id = ?1 AND is_told = 0)
         OR EXISTS (SELECT 1 FROM orders INDEXED BY orders_by_confirmation WHERE cookie_id = ?1 AND confirmation = 'pending'),
     (SELECT max(uuid) FROM outbox)";

impl Store {
    /// A session begins. Sends and confirmations that an earlier one has left without an outcome become unknown; messages without a
    /// decision are taken up, as by [`Store::take_up`].
    pub(crate) async fn begin_session(
        &self,
        fence: Fence,
        stale_before_ms: i64,
        active_since_ms: i64,
        now_ms: i64,
        limit: u32,
    ) -> Result<Left, Error> {
        self.write(move |db| {
            if !fence.is_current() {
                return Err(Fault::Refused(Error::Closed));
            }
            let cookie_id = fence.cookie_id();
            let found = find(db, cookie_id, active_since_ms, now_ms)?;
            if found.open_sends {
                outbox::give_up(db, cookie_id, now_ms)?;
            }
            if found.overdue_echoes {
                echoes::give_up_echoes(db, cookie_id, now_ms)?;
            }
            let undecided =
                if found.undecided { messages::take_up(db, cookie_id, stale_before_ms, now_ms, limit)? } else { Vec::new() };
            let given_up = if found.confirming { orders::give_up(db, cookie_id, now_ms)? } else { Vec::new() };
            Ok(Left {
                undecided,
                last_uuid: found.last_uuid,
                was_active: found.was_active,
                given_up,
                has_order_news: found.order_news,
            })
        })
        .await
    }
}

fn find(db: &Connection, cookie_id: &str, active_since_ms: i64, now_ms: i64) -> rusqlite::Result<Found> {
    let noted_since_ms = active_since_ms.saturating_sub(ACTIVE_WITHIN_MS);
    db.prepare_cached(FIND)?.query_row((cookie_id, noted_since_ms, now_ms - echoes::ECHO_WITHIN_MS), |row| {
        Ok(Found {
            open_sends: row.get(0)?,
            overdue_echoes: row.get(1)?,
            undecided: row.get(2)?,
            was_active: row.get(3)?,
            confirming: row.get(4)?,
            order_news: row.get(5)?,
            last_uuid: row.get(6)?,
        })
    })
}
