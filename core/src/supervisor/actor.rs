//! The account's actor: one job after the other, and between them whatever its session does.

use std::sync::Arc;

use super::registry::{Entry, Supervisor};
use super::slot::Slot;
use crate::worker::AccountWorker;

/// Runs until the account is on record no more and nothing waits for it.
pub(super) async fn run<W: AccountWorker>(supervisor: Arc<Supervisor<W>>, entry: Arc<Entry<W>>) {
    let mut slot = Slot::new(Arc::clone(&supervisor), Arc::clone(&entry));
    loop {
        let job = tokio::select! {
            biased;
            job = entry.mailbox.next() => job,
            () = slot.advance() => continue,
        };
        job(&mut slot).await;
        if !slot.is_known() && supervisor.take_out(&entry) {
            return;
        }
    }
}
