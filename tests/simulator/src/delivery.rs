//! From something said to a push on a connection, or to the pile that waits for the account.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use serde::Serialize;

use crate::account::{Account, End};
use crate::options::PushPath;
use crate::state::State;

/// What an entry is when it is one of a chat's messages.
const BIZ_TYPE: u32 = 40;

/// An entry as it is pushed, and what became of it.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) data: String,
    pub(crate) message_id: Option<String>,
    /// The chat, if a buyer said it there: what a send is measured against.
    pub(crate) buyer_chat_id: Option<String>,
    acked: AtomicBool,
    times_written: AtomicU32,
}

impl Stored {
    pub(crate) fn new(data: String, message_id: Option<String>, buyer_chat_id: Option<String>) -> Arc<Self> {
        let acked = AtomicBool::new(false);
        Arc::new(Self { data, message_id, buyer_chat_id, acked, times_written: AtomicU32::new(0) })
    }

    /// Marks it as written; `true`: it had been before.
    pub(crate) fn written(&self) -> bool {
        self.times_written.fetch_add(1, Ordering::Relaxed) > 0
    }

    pub(crate) fn mark_acked(&self) {
        self.acked.store(true, Ordering::Relaxed);
    }

    fn is_acked(&self) -> bool {
        self.acked.load(Ordering::Relaxed)
    }
}

/// Entries on their way to one connection, under one `mid`.
#[derive(Debug, Clone)]
pub(crate) struct Push {
    pub(crate) mid: String,
    pub(crate) sid: String,
    pub(crate) path: PushPath,
    pub(crate) entries: Vec<Arc<Stored>>,
}

impl Push {
    /// The frame. `ua` is the one the client registered with, as the service sends it back.
    pub(crate) fn frame(&self, app_key: &str, ua: &str, now_ms: u64) -> String {
        // Borrowed, entries are long.
        let entries = self.entries.iter().map(|entry| PushedEntry { biz_type: BIZ_TYPE, object_type: 40_000, data: &entry.data });
        let package = Package {
            data: entries.collect(),
            start_seq: 0,
            end_seq: 0,
            max_pts: now_ms.saturating_mul(1_000),
            max_high_pts: 0,
            has_more: 0,
            timestamp: now_ms,
        };
        let frame = PushFrame {
            lwp: self.path.lwp(),
            headers: PushHeaders { mid: &self.mid, sid: &self.sid, app_key, ua, dt: "j" },
            body: PushBody { package },
        };
        serde_json::to_string(&frame).expect("structs of text and numbers always become JSON")
    }
}

#[derive(Serialize)]
struct PushFrame<'a> {
    lwp: &'a str,
    headers: PushHeaders<'a>,
    body: PushBody<'a>,
}

#[derive(Serialize)]
struct PushHeaders<'a> {
    mid: &'a str,
    sid: &'a str,
    #[serde(rename = "app-key")]
    app_key: &'a str,
    ua: &'a str,
    dt: &'a str,
}

#[derive(Serialize)]
struct PushBody<'a> {
    #[serde(rename = "syncPushPackage")]
    package: Package<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Package<'a> {
    data: Vec<PushedEntry<'a>>,
    start_seq: u32,
    end_seq: u32,
    max_pts: u64,
    max_high_pts: u32,
    has_more: u32,
    timestamp: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PushedEntry<'a> {
    biz_type: u32,
    object_type: u32,
    data: &'a str,
}

impl State {
    /// Pushes entries to every connection of the account that takes pushes, or lets them wait.
    pub(crate) fn deliver(&mut self, unb: &str, path: PushPath, entries: Vec<Arc<Stored>>) {
        if entries.is_empty() {
            return;
        }
        let (ids, newest_only) = (Arc::clone(&self.ids), self.options.pushes_follow_newest_token);
        let limit = self.options.max_entries_per_account;
        let Some(account) = self.accounts.get_mut(unb) else { return };
        let newest = account.login.newest_grant();
        if account.script.pushes_lost {
            return;
        }
        let held = account.script.pushes_held || account.script.silent;
        let mut taken = false;
        for connection in &account.connections {
            if held || !connection.synced || (newest_only && connection.grant != newest) {
                continue;
            }
            let mid = format!("{} 0", ids.hex());
            let push = Push { mid, sid: ids.hex(), path, entries: entries.clone() };
            match connection.pushes.try_send(push) {
                Ok(()) => taken = true,
                // A client that reads so slowly that its queue is full is cut off; its entries wait for it.
                Err(_) => {
                    let _ = connection.end.send(End::WithoutFrame);
                }
            }
        }
        if !taken {
            let lost = wait(account, entries, limit);
            self.count(unb, |counters| counters.entries_lost += lost);
        }
    }

    /// Delivers what waited for the account.
    pub(crate) fn flush(&mut self, unb: &str) {
        let (path, size) = (self.options.push_path, self.options.backlog_entries_per_push.max(1));
        let Some(account) = self.accounts.get_mut(unb) else { return };
        let mut waiting: Vec<_> = account.waiting.drain(..).collect();
        while !waiting.is_empty() {
            let rest = waiting.split_off(size.min(waiting.len()));
            self.deliver(unb, path, std::mem::replace(&mut waiting, rest));
        }
    }

    /// Takes back what a connection that ended had not acknowledged. They go before what waits already.
    pub(crate) fn take_back(&mut self, unb: &str, entries: Vec<Arc<Stored>>) {
        if !self.options.push_again {
            return;
        }
        let limit = self.options.max_entries_per_account;
        let Some(account) = self.accounts.get_mut(unb) else { return };
        let mut unacked: Vec<_> = entries.into_iter().filter(|entry| !entry.is_acked()).collect();
        if unacked.is_empty() {
            return;
        }
        unacked.extend(account.waiting.drain(..));
        let lost = wait(account, unacked, limit);
        self.count(unb, |counters| counters.entries_lost += lost);
        self.flush(unb);
    }
}

/// Puts entries on the pile; the oldest beyond the limit are lost, and counted.
fn wait(account: &mut Account, entries: Vec<Arc<Stored>>, limit: usize) -> u64 {
    account.waiting.extend(entries);
    let mut lost = 0;
    while account.waiting.len() > limit {
        account.waiting.pop_front();
        lost += 1;
    }
    lost
}
