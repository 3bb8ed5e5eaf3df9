//! Taking out what is too old to be kept, in steps so small that nobody who writes meanwhile has to wait.

use super::backfill::ACTIVE_WITHIN_MS;
use super::{Store, orders, outbox};
use crate::error::Error;

/// Rows that one step takes out, at most: a few milliseconds of the writing thread.
const STEP: u32 = 200;
/// Rows that one step looks at, at most: the oldest lie first, but for those of a clock that was set back, and those of accounts
/// that an earlier schema has numbered each by itself.
pub(crate) const LOOK: u32 = 2_000;

impl Store {
    /// Takes out messages of all accounts that were recorded before that moment, their decisions and replies with them: one step,
    /// among the rows that lie behind this one, from 0. Whether there may be more.
    pub(crate) async fn take_out_old_messages(&self, behind: i64, before_ms: i64) -> Result<bool, Error> {
        self.write(move |db| {
            let mut statement = db.prepare_cached(OLD_MESSAGES)?;
            let old = statement.query_map((before_ms, STEP, LOOK, behind), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
            let old: Vec<(i64, String, Option<String>)> = old.collect::<rusqlite::Result<_>>()?;
            for (arrival, cookie_id, sends) in &old {
                outbox::remove(db, cookie_id, sends.as_deref())?;
                db.prepare_cached(TAKE_OUT_MESSAGE)?.execute([arrival])?;
            }
            Ok(old.len() >= STEP as usize)
        })
        .await
    }

    /// Takes out what is as old of an account's chats and of what its host has sent, and orders of which nothing was heard since:
    /// one step. Whether there may be more.
    pub(crate) async fn take_out_old(&self, cookie_id: &str, before_ms: i64) -> Result<bool, Error> {
        let cookie_id = cookie_id.to_owned();
        self.write(move |db| {
            let sends = db.prepare_cached(TAKE_OUT_OLD_SENDS)?.execute((&cookie_id, before_ms, STEP))?;
            let paused = db.prepare_cached(TAKE_OUT_OLD_CHATS)?.execute((&cookie_id, before_ms, STEP))?;
            let noted_before_ms = before_ms.saturating_sub(ACTIVE_WITHIN_MS);
            let active = db.prepare_cached(TAKE_OUT_OLD_ACTIVE)?.execute((&cookie_id, noted_before_ms, STEP))?;
            let orders = db.prepare_cached(orders::TAKE_OUT_OLD)?.execute((&cookie_id, before_ms, STEP))?;
            Ok(sends.max(paused).max(active).max(orders) >= STEP as usize)
        })
        .await
    }
}

const OLD_MESSAGES: &str = "SELECT arrival, cookie_id, sends FROM
         (SELECT arrival, cookie_id, sends, received_at_ms FROM messages WHERE arrival > ?4 ORDER BY arrival LIMIT ?3)
     WHERE received_at_ms < ?1 LIMIT ?2";
const TAKE_OUT_MESSAGE: &str = "DELETE FROM messages WHERE arrival = ?1";
pub(super) const TAKE_OUT_OLD_SENDS: &str = "DELETE FROM outbox WHERE cookie_id = ?1 AND uuid IN
     (SELECT uuid FROM outbox INDEXED BY outbox_of_host WHERE cookie_id = ?1 AND message_id IS NULL AND created_at_ms < ?2 LIMIT ?3)";
const TAKE_OUT_OLD_CHATS: &str = "DELETE FROM chats WHERE cookie_id = ?1 AND chat_id IN
     (SELECT chat_id FROM chats WHERE cookie_id = ?1 AND paused_until_ms < ?2 LIMIT ?3)";
pub(super) const TAKE_OUT_OLD_ACTIVE: &str = "DELETE FROM active_chats WHERE cookie_id = ?1 AND chat_id IN
     (SELECT chat_id FROM active_chats INDEXED BY active_chats_by_time WHERE cookie_id = ?1 AND noted_at_ms < ?2 LIMIT ?3)";
