//! Messages are kept for so many days: a look each hour takes out what is older.

use std::sync::Arc;

use tokio::time::{Duration, sleep};

use crate::error::Error;
use crate::live::{Service, XianyuLive};
use crate::store::Store;
use crate::supervisor::Supervisor;

const BETWEEN_LOOKS: Duration = Duration::from_secs(3_600);
/// Between two steps, so that whoever writes goes first.
const BETWEEN_STEPS: Duration = Duration::from_millis(50);
/// Accounts that are looked at together: most have nothing that old.
const AT_ONCE: usize = 64;
const DAY_MS: i64 = 86_400_000;

/// Goes on until the runtime ends, or the store is closed.
pub(crate) async fn keep_house(service: Arc<Service>, supervisor: Arc<Supervisor<XianyuLive>>) {
    loop {
        let before_ms =
            service.clock.now_ms() - i64::try_from(service.config.keep_messages_days).unwrap_or(i64::MAX).saturating_mul(DAY_MS);
        let store = &service.store;
        if take_out(store, None, before_ms).await == Look::IsLast {
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

async fn look(store: &Store, cookie_ids: Vec<String>, before_ms: i64) -> Look {
    match store.with_aged(cookie_ids, before_ms).await {
        Ok(aged) => {
            for cookie_id in aged {
                if take_out(store, Some(&cookie_id), before_ms).await == Look::IsLast {
                    return Look::IsLast;
                }
            }
            Look::IsDone
        }
        Err(Error::Closed) => Look::IsLast,
        Err(problem) => {
            // The next look tries again.
            tracing::warn!(%problem, "which accounts have old messages is not known; they are still there");
            Look::IsDone
        }
    }
}

/// Of an account, or, for `None`, what is of all of them.
async fn take_out(store: &Store, cookie_id: Option<&str>, before_ms: i64) -> Look {
    loop {
        let step = match cookie_id {
            Some(cookie_id) => store.take_out_old(cookie_id, before_ms).await,
            None => store.take_out_old_messages(before_ms).await,
        };
        match step {
            Ok(true) => sleep(BETWEEN_STEPS).await,
            Ok(false) => return Look::IsDone,
            Err(Error::Closed) => return Look::IsLast,
            Err(problem) => {
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

    use super::{Duration, Look, Store, look, take_out};

    #[tokio::test]
    async fn a_look_ends_with_the_first_account_after_the_store_is_closed() {
        let store = Store::open(Path::new(":memory:")).unwrap();
        for of in [None, Some("shop")] {
            assert_eq!(take_out(&store, of, 0).await, Look::IsDone);
        }
        assert!(store.close(Duration::from_secs(10)));
        for of in [None, Some("shop")] {
            assert_eq!(take_out(&store, of, 0).await, Look::IsLast);
        }
        assert_eq!(look(&store, vec!["shop".to_owned()], 0).await, Look::IsLast);
    }
}
