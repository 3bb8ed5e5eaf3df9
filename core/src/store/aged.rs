//! Which accounts have anything that is too old to be kept, and where messages are that lie among younger ones: a look on the reading
//! connection, so that nothing is written for the others.

use rusqlite::{Connection, Row};

use super::Store;
use super::backfill::ACTIVE_WITHIN_MS;
use super::cleaning::LOOK;
use crate::error::Error;

// What one step of `cleaning` would take out of an account is found, and nothing else.
const HAS_AGED: &str = "SELECT
     EXISTS (SELECT 1 FROM outbox INDEXED BY outbox_of_host WHERE cookie_id = ?1 AND message_id IS NULL AND created_at_ms < ?2)
     OR EXISTS (SELECT 1 FROM chats WHERE cookie_id = ?1 AND paused_until_ms < ?2)
     OR EXISTS (SELECT 1 FROM active_chats INDEXED BY active_chats_by_time WHERE cookie_id = ?1 AND noted_at_ms < ?3)
     OR EXISTS (SELECT 1 FROM orders INDEXED BY orders_by_change WHERE cookie_id = ?1 AND updated_at_ms < ?2
         AND coalesce(confirmation, '') NOT IN ('pending', 'confirming'))";

const PART: &str = "SELECT max(arrival), ifnull(min(received_at_ms) < ?2, 0) FROM
     (SELECT arrival, received_at_ms FROM messages WHERE arrival > ?1 ORDER BY arrival LIMIT ?3)";

/// A part of the messages, as large as one step of `cleaning` looks at.
pub(crate) struct Part {
    /// Its last row; `None`: there is nothing behind what was asked for.
    pub(crate) last: Option<i64>,
    pub(crate) has_aged: bool,
}

impl Store {
    /// The part of the messages that lies behind this row, from 0.
    pub(crate) async fn part_behind(&self, row: i64, before_ms: i64) -> Result<Part, Error> {
        self.read(move |db| {
            let read = |row: &Row<'_>| Ok(Part { last: row.get(0)?, has_aged: row.get(1)? });
            Ok(db.prepare_cached(PART)?.query_row((row, before_ms, LOOK), read)?)
        })
        .await
    }

    /// Those of these accounts for which [`Store::take_out_old`] has something to do.
    pub(crate) async fn with_aged(&self, cookie_ids: Vec<String>, before_ms: i64) -> Result<Vec<String>, Error> {
        self.read(move |db| {
            let mut aged = Vec::new();
            for cookie_id in &cookie_ids {
                if has_aged(db, cookie_id, before_ms)? {
                    aged.push(cookie_id.clone());
                }
            }
            Ok(aged)
        })
        .await
    }
}

fn has_aged(db: &Connection, cookie_id: &str, before_ms: i64) -> rusqlite::Result<bool> {
    let noted_before_ms = before_ms.saturating_sub(ACTIVE_WITHIN_MS);
    db.prepare_cached(HAS_AGED)?.query_row((cookie_id, before_ms, noted_before_ms), |row| row.get(0))
}
