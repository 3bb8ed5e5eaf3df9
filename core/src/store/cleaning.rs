//! Taking out what is too old to be kept, in steps so small that nobody who writes meanwhile has to wait.

use super::{Store, orders};
use crate::error::Error;

/// Rows that one step takes out, at most: a few milliseconds of the writing thread.
pub(super) const STEP: u32 = 200;

impl Store {
    /// Takes out messages that were recorded before that moment, their decisions and replies with them, sends of the host's from
    /// before it, and orders of which nothing was heard since: one step for one account. Whether there may be more.
    pub(crate) async fn take_out_old(&self, cookie_id: &str, before_ms: i64) -> Result<bool, Error> {
        let cookie_id = cookie_id.to_owned();
        self.write(move |db| {
            db.prepare_cached(
                "DELETE FROM outbox INDEXED BY outbox_by_message WHERE cookie_id = ?1 AND message_id IN
                     (SELECT message_id FROM (SELECT message_id, received_at_ms FROM messages INDEXED BY messages_by_arrival
                      WHERE cookie_id = ?1 ORDER BY arrival LIMIT ?3) WHERE received_at_ms < ?2)",
            )?
            .execute((&cookie_id, before_ms, STEP))?;
            let messages = db
                .prepare_cached(
                    "DELETE FROM messages WHERE cookie_id = ?1 AND message_id IN
                         (SELECT message_id FROM (SELECT message_id, received_at_ms FROM messages INDEXED BY messages_by_arrival
                          WHERE cookie_id = ?1 ORDER BY arrival LIMIT ?3) WHERE received_at_ms < ?2)",
                )?
                .execute((&cookie_id, before_ms, STEP))?;
            let sends = db
                .prepare_cached(
                    "DELETE FROM outbox WHERE cookie_id = ?1 AND uuid IN
                         (SELECT uuid FROM outbox INDEXED BY outbox_of_host WHERE cookie_id = ?1 AND message_id IS NULL AND created_at_ms < ?2 LIMIT ?3)",
                )?
                .execute((&cookie_id, before_ms, STEP))?;
            let chats = db
                .prepare_cached(
                    "DELETE FROM chats WHERE cookie_id = ?1 AND chat_id IN
                         (SELECT chat_id FROM chats WHERE cookie_id = ?1 AND paused_until_ms < ?2 LIMIT ?3)",
                )?
                .execute((&cookie_id, before_ms, STEP))?;
            let orders = db.prepare_cached(orders::TAKE_OUT_OLD)?.execute((&cookie_id, before_ms, STEP))?;
            Ok(messages.max(sends).max(chats).max(orders) >= STEP as usize)
        })
        .await
    }
}
