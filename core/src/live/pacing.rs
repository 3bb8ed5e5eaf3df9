//! How fast an account sends: so many messages a second over all its chats, so many into one chat, and a few at once after a pause.
//! Pure; the clock is an argument.
//!
//! Each rate is a token bucket, kept as the moment at which it is full again (the generic cell rate algorithm). A send that is
//! decided and not written yet (its row is on its way to the store) has its token reserved, and spends it when its frame is
//! written: so what counts is what the service sees, however long the store takes.

use std::collections::HashMap;
use std::time::{Duration, Instant};

/// Messages that an account may send at once after a pause: the replies of one busy moment, say to all who wrote while it was
/// disconnected, go out as they always did.
const ACCOUNT_BURST: u32 = 10;
/// Messages into one chat at once after a pause: a reply of a text and a picture, and one more.
const CHAT_BURST: u32 = 3;
/// Chats whose pace is remembered. Beyond it, which takes rates far from any account's, those are forgotten that may soonest send
/// as if nothing had been.
const MAX_CHATS: usize = 10_000;

/// What an account has sent lately, as far as it holds up what it sends next.
pub(super) struct Pacing {
    account: Bucket,
    account_rate: Rate,
    chat_rate: Rate,
    /// By chat id, those that are not full.
    chats: HashMap<String, Bucket>,
    /// With so many of them, those that are full again are taken out.
    clean_at: usize,
}

#[derive(Clone, Copy)]
struct Rate {
    interval: Duration,
    burst: u32,
}

#[derive(Clone, Copy, Default)]
struct Bucket {
    /// `None`: it has been full since ever.
    full_at: Option<Instant>,
}

/// The pace at one moment, beside what is under way.
pub(super) struct Moment<'a> {
    pacing: &'a Pacing,
    now: Instant,
    of_account: Option<Instant>,
    /// Sends that are reserved, by chat.
    reserved: HashMap<&'a str, u32>,
}

impl Pacing {
    /// Messages a second: over the account, and into one chat.
    pub(super) fn new(per_s: f64, chat_per_s: f64) -> Self {
        Self {
            account: Bucket::default(),
            account_rate: Rate::new(per_s, ACCOUNT_BURST),
            chat_rate: Rate::new(chat_per_s, CHAT_BURST),
            chats: HashMap::new(),
            clean_at: 16,
        }
    }

    /// What may be sent now, with sends into these chats under way and not written.
    pub(super) fn at<'a>(&'a self, now: Instant, under_way: impl Iterator<Item = &'a str>) -> Moment<'a> {
        let mut reserved = HashMap::new();
        let mut of_all = 0_u32;
        for chat_id in under_way {
            *reserved.entry(chat_id).or_default() += 1;
            of_all = of_all.saturating_add(1);
        }
        Moment { pacing: self, now, of_account: self.account_rate.next(self.account, of_all, now), reserved }
    }

    /// A send is written. It is never refused here: a reply of two parts whose first may go takes its second along, on credit.
    pub(super) fn sent(&mut self, chat_id: &str, now: Instant) {
        self.account_rate.spend(&mut self.account, now);
        match self.chats.get_mut(chat_id) {
            Some(bucket) => self.chat_rate.spend(bucket, now),
            None => {
                self.clean(now);
                let mut bucket = Bucket::default();
                self.chat_rate.spend(&mut bucket, now);
                self.chats.insert(chat_id.to_owned(), bucket);
            }
        }
    }

    /// Forgets the chats whose buckets are full again, now and then: a send costs the same in the long run, however many there are.
    fn clean(&mut self, now: Instant) {
        if self.chats.len() < self.clean_at {
            return;
        }
        self.chats.retain(|_, bucket| bucket.full_at.is_some_and(|full_at| full_at > now));
        if self.chats.len() >= MAX_CHATS {
            let mut ends: Vec<_> = self.chats.values().filter_map(|bucket| bucket.full_at).collect();
            let (_, middle, _) = ends.select_nth_unstable(MAX_CHATS / 2);
            let middle = *middle;
            self.chats.retain(|_, bucket| bucket.full_at.is_some_and(|full_at| full_at > middle));
        }
        self.chats.shrink_to_fit();
        self.clean_at = (self.chats.len() * 2).clamp(16, MAX_CHATS);
    }
}

impl Moment<'_> {
    /// When the next message into a chat may be decided and sent; `None`: not before one that is under way is written.
    pub(super) fn next_send(&self, chat_id: &str) -> Option<Instant> {
        let bucket = self.pacing.chats.get(chat_id).copied().unwrap_or_default();
        let reserved = self.reserved.get(chat_id).copied().unwrap_or_default();
        let of_chat = self.pacing.chat_rate.next(bucket, reserved, self.now)?;
        Some(of_chat.max(self.of_account?))
    }

    /// Whether it may be now.
    pub(super) fn may_send(&self, chat_id: &str) -> bool {
        self.next_send(chat_id).is_some_and(|next| next <= self.now)
    }
}

impl Rate {
    fn new(per_s: f64, burst: u32) -> Self {
        Self { interval: Duration::from_secs_f64(per_s.recip()), burst }
    }

    /// From when on there is a token beside those that are reserved.
    fn next(self, bucket: Bucket, reserved: u32, now: Instant) -> Option<Instant> {
        let spare = self.burst.checked_sub(reserved)?.checked_sub(1)?;
        let at = bucket.full_at.and_then(|full_at| full_at.checked_sub(self.interval * spare));
        Some(at.map_or(now, |at| at.max(now)))
    }

    fn spend(self, bucket: &mut Bucket, now: Instant) {
        let from = bucket.full_at.map_or(now, |full_at| full_at.max(now));
        bucket.full_at = Some(from + self.interval);
    }
}

#[cfg(test)]
#[path = "pacing_tests.rs"]
mod tests;
