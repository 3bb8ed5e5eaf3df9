//! Which accounts have anything that is too old to be kept: a look on the reading connection, so that nothing is written for the others.

use rusqlite::Connection;

use super::Store;
use super::backfill::ACTIVE_WITHIN_MS;
use crate::error::Error;

// What one step of `cleaning` would take out of an account is found, and nothing else.
const HAS_AGED: &str = "SELECT
     EXISTS (SELECT 1 FROM outbox INDEXED BY outbox_of_host WHERE cookie_id = ?1 AND message_id IS NULL AND created_at_ms < ?2)
     OR EXISTS (SELECT 1 FROM chats WHERE cookie_id = ?1 AND paused_until_ms < ?2)
     OR EXISTS (SELECT 1 FROM active_chats INDEXED BY active_chats_by_time WHERE cookie_id = ?1 AND noted_at_ms < ?3)
     OR EXISTS (SELECT 1 FROM orders INDEXED BY orders_by_change WHERE cookie_id = ?1 AND updated_at_ms < ?2
         AND coalesce(confirmation, '') NOT IN ('pending', 'confirming'))";

impl Store {
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
