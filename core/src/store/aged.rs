//! Which accounts have anything that is too old to be kept: a look on the reading connection, so that nothing is written for the others.

use rusqlite::Connection;

use super::Store;
use crate::error::Error;

// As far as one step of `cleaning` looks: what it would take out is found, and nothing else.
const HAS_AGED: &str = "SELECT
     EXISTS (SELECT 1 FROM (SELECT received_at_ms FROM messages INDEXED BY messages_by_arrival WHERE cookie_id = ?1 ORDER BY arrival LIMIT ?3)
         WHERE received_at_ms < ?2)
     OR EXISTS (SELECT 1 FROM outbox INDEXED BY outbox_of_host WHERE cookie_id = ?1 AND message_id IS NULL AND created_at_ms < ?2)
     OR EXISTS (SELECT 1 FROM chats WHERE cookie_id = ?1 AND paused_until_ms < ?2)
     OR EXISTS (SELECT 1 FROM orders INDEXED BY orders_by_change WHERE cookie_id = ?1 AND updated_at_ms < ?2
         AND coalesce(confirmation, '') NOT IN ('pending', 'confirming'))";

impl Store {
    /// Those of these accounts for which [`Store::take_out_old`] has something to do.
    pub(crate) async fn with_aged(&self, cookie_ids: Vec<String>, before_ms: i64) -> Result<Vec<String>, Error> {
        self.read(move |db| {
            let mut aged = Vec::new();
            for cookie_id in cookie_ids {
                if has_aged(db, &cookie_id, before_ms)? {
                    aged.push(cookie_id);
                }
            }
            Ok(aged)
        })
        .await
    }
}

fn has_aged(db: &Connection, cookie_id: &str, before_ms: i64) -> rusqlite::Result<bool> {
    db.prepare_cached(HAS_AGED)?.query_row((cookie_id, before_ms, super::cleaning::STEP), |row| row.get(0))
}
