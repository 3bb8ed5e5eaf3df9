//! Messages are kept for so many days: a look each hour takes out what is older.

use std::sync::Arc;

use tokio::time::{Duration, sleep};

use crate::error::Error;
use crate::live::{Service, XianyuLive};
use crate::store::{LOOK, Part, Store};
use crate::supervisor::Supervisor;

const BETWEEN_LOOKS: Duration = Duration::from_secs(3_600);
/// Between two steps, so that whoever writes goes first.
const BETWEEN_STEPS: Duration = Duration::from_millis(50);
/// Accounts that are looked at together: most have nothing that old.
const AT_ONCE: usize = 64;
/// Parts of the messages that a look goes through, beside where the oldest lie: those that are out of their order are found within
/// an hour for each 50,000 messages.
const PARTS: usize = 25;
const DAY_MS: i64 = 86_400_000;

/// Goes on until the runtime ends, or the store is closed.
pub(crate) async fn keep_house(service: Arc<Service>, supervisor: Arc<Supervisor<XianyuLive>>) {
    // The row behind which the next look goes on.
    let mut place = 0;
    loop {
        let before_ms =
            service.clock.now_ms() - i64::try_from(service.config.keep_messages_days).unwrap_or(i64::MAX).saturating_mul(DAY_MS);
        let store = &service.store;
        if take_out(store, Old::Messages { behind: 0 }, before_ms).await == Look::IsLast
            || look_through(store, &mut place, PARTS, before_ms).await == Look::IsLast
        {
            return;
        }
        for cells in supervisor.cells().chunks(AT_ONCE) {
            let cookie_ids = cells.iter().map(|cell| cell.cookie_id().to_owned()).collect();
            if look(store, cookie_ids, before_ms).await == Look::IsLast {
                return;
            }
        }
        sleep(BETWEEN_LOOKS).await;
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Look {
    IsDone,
    /// The store is closed: there is nothing to be said of the other accounts either.
    IsLast,
}

/// Goes on with the messages from that place on, and begins anew behind the last.
async fn look_through(store: &Store, place: &mut i64, parts: usize, before_ms: i64) -> Look {
    for _ in 0..parts {
        match store.part_behind(*place, before_ms).await {
            Ok(Part { has_aged: true, .. })
                if take_out(store, Old::Messages { behind: *place }, before_ms).await == Look::IsLast =>
            {
                return Look::IsLast;
            }
            Ok(Part { last: Some(last), .. }) => *place = last,
            Ok(Part { last: None, .. }) => {
                *place = 0;
                return Look::IsDone;
            }
            Err(problem) => {
                // Else what lies behind a damaged page would never be looked at.
                *place += i64::from(LOOK);
                return not_known(&problem);
            }
        }
        sleep(BETWEEN_STEPS).await;
    }
    Look::IsDone
}

async fn look(store: &Store, cookie_ids: Vec<String>, before_ms: i64) -> Look {
    match store.with_aged(cookie_ids, before_ms).await {
        Ok(aged) => {
            for cookie_id in aged {
                if take_out(store, Old::Of(&cookie_id), before_ms).await == Look::IsLast {
                    return Look::IsLast;
                }
            }
            Look::IsDone
        }
        Err(problem) => not_known(&problem),
    }
}

fn not_known(problem: &Error) -> Look {
    if *problem == Error::Closed {
        return Look::IsLast;
    }
    // The next look tries again.
    tracing::warn!(%problem, "where old messages are is not known; they are still there");
    Look::IsDone
}

/// What is taken out.
#[derive(Clone, Copy)]
enum Old<'a> {
    /// Messages of all accounts, among the rows behind this one.
    Messages { behind: i64 },
    /// Whatever else there is of an account.
    Of(&'a str),
}

async fn take_out(store: &Store, old: Old<'_>, before_ms: i64) -> Look {
    loop {
        let step = match old {
            Old::Of(cookie_id) => store.take_out_old(cookie_id, before_ms).await,
            Old::Messages { behind } => store.take_out_old_messages(behind, before_ms).await,
        };
        match step {
            Ok(true) => sleep(BETWEEN_STEPS).await,
            Ok(false) => return Look::IsDone,
            Err(Error::Closed) => return Look::IsLast,
            Err(problem) => {
                let cookie_id = if let Old::Of(cookie_id) = old { Some(cookie_id) } else { None };
                // The next look tries again.
                tracing::warn!(cookie_id, %problem, "old messages are still there");
                return Look::IsDone;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Duration, Look, Old, Store, look, look_through, take_out};
    use crate::store::tests::{fence, record, row};
    use crate::store::{Handover, InboxRow};

    #[tokio::test]
    async fn a_look_ends_with_the_first_account_after_the_store_is_closed() {
        let store = Store::open(Path::new(":memory:")).unwrap();
        let all = [Old::Messages { behind: 0 }, Old::Of("shop")];
        for old in all {
            assert_eq!(take_out(&store, old, 0).await, Look::IsDone);
        }
        assert!(store.close(Duration::from_secs(10)));
        for old in all {
            assert_eq!(take_out(&store, old, 0).await, Look::IsLast);
        }
        assert_eq!(look_through(&store, &mut 0, 1, 0).await, Look::IsLast);
        assert_eq!(look(&store, vec!["shop".to_owned()], 0).await, Look::IsLast);
    }

    #[tokio::test(start_paused = true)]
    async fn an_old_message_behind_more_young_ones_than_a_step_looks_at_is_found_by_a_look_that_goes_on() {
        let store = Store::open(Path::new(":memory:")).unwrap();
        store.put_account(record("a"), None, false, 0).await.unwrap();
        let put = async |from: usize, count: usize, now_ms: i64| {
            let rows = (from..from + count).map(|id| InboxRow { created_at_ms: now_ms, ..row(&format!("{id}")) }).collect();
            let answer = store.room().await.unwrap().take(fence("a"), Handover { rows, ..Handover::default() }, now_ms);
            answer.await.unwrap().unwrap().unwrap();
        };
        // As the numbers of an earlier schema leave them, or a clock that was ahead for a while.
        put(0, 5_000, 1_000).await;
        put(5_000, 500, 10).await;
        let newest = async || store.messages("a", None, 1).await.unwrap().remove(0).message_id;
        let mut place = 0;
        assert_eq!(take_out(&store, Old::Messages { behind: 0 }, 100).await, Look::IsDone);
        assert_eq!(look_through(&store, &mut place, 2, 100).await, Look::IsDone);
        assert_eq!((newest().await, place), ("5499".to_owned(), 4_000));
        assert_eq!(look_through(&store, &mut place, 2, 100).await, Look::IsDone);
        assert_eq!((newest().await, place), ("4999".to_owned(), 0));
    }
}
