//! The periodic look at every account, for what time alone makes wrong: silence, a state that lasts, calls that wait.

use std::sync::{Arc, Weak};

use tokio::time::{Instant, MissedTickBehavior, interval_at};

use super::registry::Supervisor;
use crate::config::seconds;
use crate::worker::AccountWorker;

/// Accounts that are looked at in one go; then others have their turn on the thread.
const IN_ONE_GO: usize = 256;

/// Looks at every account each `health_interval_s`, for as long as the supervisor lives.
pub(super) async fn watch<W: AccountWorker>(supervisor: Weak<Supervisor<W>>) {
    let Some(period) = supervisor.upgrade().map(|supervisor| seconds(supervisor.common.config.health_interval_s)) else { return };
    let mut ticks = interval_at(Instant::now() + period, period);
    // After a sleep of the machine one look is owed, not hundreds.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let Some(supervisor) = supervisor.upgrade() else { return };
        look(&supervisor).await;
    }
}

async fn look<W: AccountWorker>(supervisor: &Arc<Supervisor<W>>) {
    for some in supervisor.all().chunks(IN_ONE_GO) {
        for entry in some {
            entry.cell.vitals.set_task_latency(entry.mailbox.oldest_wait());
            entry.cell.look();
        }
        tokio::task::yield_now().await;
    }
}
