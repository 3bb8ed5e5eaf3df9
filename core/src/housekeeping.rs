//! Messages are kept for so many days: a look each hour takes out what is older.

use std::sync::Arc;

use tokio::time::{Duration, sleep};

use crate::live::{Service, XianyuLive};
use crate::supervisor::Supervisor;

const BETWEEN_LOOKS: Duration = Duration::from_secs(3_600);
/// Between two steps, so that whoever writes goes first.
const BETWEEN_STEPS: Duration = Duration::from_millis(50);
const DAY_MS: i64 = 86_400_000;

/// Goes on until the runtime ends.
pub(crate) async fn keep_house(service: Arc<Service>, supervisor: Arc<Supervisor<XianyuLive>>) {
    loop {
        let before_ms =
            service.clock.now_ms() - i64::try_from(service.config.keep_messages_days).unwrap_or(i64::MAX).saturating_mul(DAY_MS);
        for cell in supervisor.cells() {
            while take_out(&service, cell.cookie_id(), before_ms).await {
                sleep(BETWEEN_STEPS).await;
            }
        }
        sleep(BETWEEN_LOOKS).await;
    }
}

async fn take_out(service: &Service, cookie_id: &str, before_ms: i64) -> bool {
    service.store.take_out_old(cookie_id, before_ms).await.unwrap_or_else(|problem| {
        // The next look tries again.
        tracing::warn!(cookie_id, %problem, "old messages are still there");
        false
    })
}
