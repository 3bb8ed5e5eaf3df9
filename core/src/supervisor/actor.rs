//! The account's actor: one job after the other, and between them whatever its session does.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;

use super::registry::{Entry, Supervisor};
use super::slot::Slot;
use crate::worker::AccountWorker;

/// Runs until the account is on record no more and nothing waits for it.
pub(super) async fn run<W: AccountWorker>(supervisor: Arc<Supervisor<W>>, entry: Arc<Entry<W>>) {
    let mut slot = Slot::new(Arc::clone(&supervisor), Arc::clone(&entry));
    loop {
        // Sessions and jobs that panic are dealt with where they run. Whatever else does must not take the account's calls with it.
        if AssertUnwindSafe(step(&mut slot, &entry)).catch_unwind().await.is_err() {
            recover(&mut slot);
        }
        if !slot.is_known() && supervisor.take_out(&entry) {
            return;
        }
    }
}

async fn step<W: AccountWorker>(slot: &mut Slot<W>, entry: &Entry<W>) {
    let job = tokio::select! {
        biased;
        job = entry.mailbox.next() => job,
        () = slot.advance() => return,
    };
    job(slot).await;
}

fn recover<W: AccountWorker>(slot: &mut Slot<W>) {
    let cookie_id = slot.cookie_id().to_owned();
    tracing::error!(cookie_id, "the account's own task panicked, and not its session; the account begins anew");
    if std::panic::catch_unwind(AssertUnwindSafe(|| slot.fail_anew())).is_err() {
        tracing::error!(cookie_id, "it panicked again: the account rests until it is restarted");
    }
}
