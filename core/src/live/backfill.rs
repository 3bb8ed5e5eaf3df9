//! After a time without a connection: chats that were active are read back, and what was missed is recorded and answered like
//! anything else. One request at a time, no faster than the account's rate, in the gaps of what the session has to do anyway.
//!
//! Until a chat is read, nothing is decided there: the seller may have written in it by hand meanwhile. A chat in which a message
//! waits for that is read before the others.

use std::collections::{HashSet, VecDeque};

use tokio::time::{Duration, Instant};

use super::inbox;
use super::replying;
use super::session::Session;
use crate::reply::debounce::MAX_WAITING;
use crate::store::{ActiveChat, InboxRow, Recorded, RowKind};
use crate::wire::frame::Answer;
use crate::wire::history::History;
use crate::wire::message::Entry;
use crate::wire::request::{self, NEWEST};
use crate::worker::Failure;

/// Pages of one chat that are read, at most. What was missed before them stays unknown.
const MAX_PAGES: u32 = 5;
/// Messages of one chat that are taken from them, the newest of them; a page holds 20 as a rule.
const MAX_MESSAGES: usize = 200;
/// Messages that wait for their chat to be read, at most. Further ones do not wait.
const MAX_HELD: usize = MAX_WAITING as usize;
/// Requests in a row without an answer; then the service is asked no more on this connection.
const MAX_SILENT: u32 = 2;

/// The back-fill of one session. It knows neither socket nor store: it says what is to be done, and hears what came of it.
#[derive(Default)]
pub(super) struct Backfill {
    limits: Limits,
    seller_id: String,
    /// Chats that nobody has begun to read, the next one first.
    unread: VecDeque<ActiveChat>,
    /// The one that is being read.
    reading: Option<Reading>,
    /// When the next request may be made.
    next_at: Option<Instant>,
    /// Requests in a row without an answer.
    silent: u32,
    /// Messages that are to be decided when their chat is read.
    held: Vec<InboxRow>,
    /// Set once the session takes nothing more in.
    is_over: bool,
    /// What this session has recorded so: should it be pushed under another id, it is known all the same.
    read_back: HashSet<Words>,
}

/// How fast, how patient, and how far back.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Limits {
    pub(super) pace: Duration,
    pub(super) answer_within: Duration,
    pub(super) since_ms: i64,
}

struct Reading {
    chat: ActiveChat,
    pages: u32,
    /// What was found, the newest first.
    found: Vec<InboxRow>,
    step: Step,
}

enum Step {
    Ask { cursor: i64 },
    Asked { mid: String, cursor: i64, until: Instant },
    Record,
    Recording,
}

/// What one person wrote in a chat at one moment.
#[derive(PartialEq, Eq, Hash)]
struct Words {
    chat_id: String,
    sender_id: String,
    created_at_ms: i64,
    text: String,
}

impl Words {
    fn of(row: &InboxRow) -> Self {
        Self {
            chat_id: row.chat_id.clone(),
            sender_id: row.sender_id.clone(),
            created_at_ms: row.created_at_ms,
            text: row.text.clone(),
        }
    }
}

/// What is to be done next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ToDo {
    /// A page is to be asked for; [`Backfill::asked`] hears of it.
    Ask { chat_id: String, cursor: i64 },
    /// These are to be recorded, the oldest first; [`Backfill::recorded`] hears of it.
    Record(Vec<InboxRow>),
    /// Their chat has been read, or never will be: they are to be decided.
    Free(Vec<InboxRow>),
}

/// What a request came to.
#[derive(Debug)]
pub(super) enum Page {
    Read(History),
    /// The answer holds no page: this chat cannot be read.
    Unreadable,
    /// The service wants no more of it.
    Refused,
}

impl Backfill {
    pub(super) fn new(chats: Vec<ActiveChat>, seller_id: &str, limits: Limits) -> Self {
        Self { unread: chats.into(), seller_id: seller_id.to_owned(), limits, ..Self::default() }
    }

    /// What is to be done now; `None` until something happens or [`Backfill::next_due`] comes.
    pub(super) fn next(&mut self, now: Instant) -> Option<ToDo> {
        if self.is_over {
            return None;
        }
        self.give_up_unanswered(now);
        if self.reading.is_none() {
            let chat = self.unread.pop_front();
            self.reading = chat.map(|chat| Reading { chat, pages: 0, found: Vec::new(), step: Step::Ask { cursor: NEWEST } });
        }
        let Some(reading) = &mut self.reading else {
            return (!self.held.is_empty()).then(|| ToDo::Free(std::mem::take(&mut self.held)));
        };
        match &reading.step {
            Step::Record if reading.found.is_empty() => {
                let chat_id = self.reading.take()?.chat.chat_id;
                let freed = self.free(&chat_id);
                if freed.is_empty() { self.next(now) } else { Some(ToDo::Free(freed)) }
            }
            Step::Record => {
                reading.step = Step::Recording;
                Some(ToDo::Record(std::mem::take(&mut reading.found).into_iter().rev().collect()))
            }
            Step::Ask { cursor } if self.next_at.is_none_or(|at| at <= now) => {
                Some(ToDo::Ask { chat_id: reading.chat.chat_id.clone(), cursor: *cursor })
            }
            _ => None,
        }
    }

    /// When there is something to do, if nothing happens before.
    pub(super) fn next_due(&self, now: Instant) -> Option<Instant> {
        if self.is_over {
            return None;
        }
        match self.reading.as_ref().map(|reading| &reading.step) {
            Some(Step::Asked { until, .. }) => Some(*until),
            Some(Step::Record) => Some(now),
            Some(Step::Recording) => None,
            None if self.unread.is_empty() => (!self.held.is_empty()).then_some(now),
            Some(Step::Ask { .. }) | None => Some(self.next_at.unwrap_or(now)),
        }
    }

    /// The page was asked for under this mid.
    pub(super) fn asked(&mut self, mid: String, now: Instant) {
        self.next_at = Some(now + self.limits.pace);
        if let Some(reading) = &mut self.reading
            && let Step::Ask { cursor } = reading.step
        {
            reading.step = Step::Asked { mid, cursor, until: now + self.limits.answer_within };
        }
    }

    /// The chat whose page was asked for under this mid.
    pub(super) fn awaits(&self, mid: &str) -> Option<&str> {
        let reading = self.reading.as_ref()?;
        matches!(&reading.step, Step::Asked { mid: asked, .. } if asked == mid).then_some(&*reading.chat.chat_id)
    }

    /// The page that is awaited has come, or something in its place.
    pub(super) fn answered(&mut self, page: Page) {
        self.silent = 0;
        let Some(reading) = &mut self.reading else { return };
        let Step::Asked { cursor, .. } = reading.step else { return };
        reading.step = match page {
            Page::Read(page) => reading.take_page(page, cursor, self.limits.since_ms, &self.seller_id),
            Page::Unreadable => Step::Record,
            Page::Refused => {
                // What is held for the others goes free once this one is done.
                self.unread.clear();
                Step::Record
            }
        };
    }

    /// What was found is durable. Comes back what is to be decided in that chat now, the oldest first.
    pub(super) fn recorded(&mut self, recorded: Recorded) -> Vec<InboxRow> {
        self.read_back.extend(recorded.undecided.iter().map(Words::of));
        let chat_id = self.reading.take_if(|reading| matches!(reading.step, Step::Recording)).map(|reading| reading.chat.chat_id);
        let mut undecided = recorded.undecided;
        undecided.extend(chat_id.map(|chat_id| self.free(&chat_id)).unwrap_or_default());
        // Stable: those of one moment stay as they came. One without a date was pushed, and so is later than what was missed.
        undecided.sort_by_key(|row| if row.created_at_ms > 0 { row.created_at_ms } else { i64::MAX });
        undecided
    }

    /// Keeps a message whose chat is still to be read, and sees to that one next; gives it back where it need not wait.
    pub(super) fn hold(&mut self, row: InboxRow) -> Option<InboxRow> {
        let unread = self.unread.iter().position(|chat| chat.chat_id == row.chat_id);
        let is_read_now = self.reading.as_ref().is_some_and(|reading| reading.chat.chat_id == row.chat_id);
        if unread.is_none() && !is_read_now {
            return Some(row);
        }
        if self.is_over || self.held.iter().any(|held| held.message_id == row.message_id) {
            return None;
        }
        if self.held.len() >= MAX_HELD {
            return Some(row);
        }
        let is_first_held = self.held.iter().all(|held| held.chat_id != row.chat_id);
        if let Some(place) = unread.filter(|_| is_first_held)
            && let Some(chat) = self.unread.remove(place)
        {
            // Behind those in which one has waited for longer.
            let others = self.unread.iter().take_while(|chat| self.held.iter().any(|held| held.chat_id == chat.chat_id)).count();
            self.unread.insert(others, chat);
        }
        self.held.push(row);
        None
    }

    /// Whether no chat is to be read any more, and nothing waits for one.
    pub(super) fn is_done(&self) -> bool {
        self.unread.is_empty() && self.reading.is_none() && self.held.is_empty()
    }

    pub(super) fn holds_any(&self) -> bool {
        !self.held.is_empty()
    }

    /// Whether it was read back before by this session, under whatever id: recorded, and answered or not.
    pub(super) fn has_read_back(&self, row: &InboxRow) -> bool {
        !self.read_back.is_empty() && row.created_at_ms > 0 && self.read_back.contains(&Words::of(row))
    }

    /// Nothing more is asked for. What is held, or still comes to be, stays undecided for the next session to take up; what is
    /// being recorded is.
    pub(super) fn stop(&mut self) {
        self.is_over = true;
        self.held.clear();
    }

    fn free(&mut self, chat_id: &str) -> Vec<InboxRow> {
        self.held.extract_if(.., |row| row.chat_id == chat_id).collect()
    }

    fn give_up_unanswered(&mut self, now: Instant) {
        let Some(reading) = &mut self.reading else { return };
        if !matches!(reading.step, Step::Asked { until, .. } if until <= now) {
            return;
        }
        // What its earlier pages held counts all the same.
        reading.step = Step::Record;
        self.silent += 1;
        if self.silent >= MAX_SILENT {
            self.unread.clear();
        }
    }
}

impl Reading {
    /// Takes what is within the window, and says what is to be done about the chat next.
    fn take_page(&mut self, page: History, cursor: i64, since_ms: i64, seller_id: &str) -> Step {
        self.pages += 1;
        let rows: Vec<_> = page.messages.into_iter().filter_map(|entry| row(entry, &self.chat, seller_id)).collect();
        let oldest_ms = rows.iter().map(|row| row.created_at_ms).min();
        self.found.extend(rows.into_iter().filter(|row| row.created_at_ms >= since_ms));
        self.found.sort_by_key(|row| std::cmp::Reverse(row.created_at_ms));
        self.found.truncate(MAX_MESSAGES);
        // The first page is taken as a whole: what was missed may be older than what was pushed since. Further ones are read
        // only as far as nothing is known.
        let reaches_further = oldest_ms.is_some_and(|at_ms| at_ms >= since_ms && at_ms > self.chat.newest_at_ms);
        match page.next_cursor {
            Some(next) if page.has_more && reaches_further && self.pages < MAX_PAGES && next < cursor => Step::Ask { cursor: next },
            _ => Step::Record,
        }
    }
}

/// A message without a date could be of any time: it is left out. What it does not say of its chat is as it was.
fn row(entry: Entry, chat: &ActiveChat, seller_id: &str) -> Option<InboxRow> {
    let row = match entry {
        Entry::Chat(message) => inbox::row(RowKind::Chat, message),
        Entry::Own(message) => inbox::row(RowKind::Own, message),
        Entry::Order(notice) => inbox::order_row(notice, seller_id),
        _ => return None,
    };
    let is_dated = row.created_at_ms > 0;
    let (is_group, item_id) = (row.is_group || chat.is_group, row.item_id.clone().or_else(|| chat.item_id.clone()));
    is_dated.then_some(InboxRow { is_group, item_id, ..row })
}

impl Session<'_> {
    /// Since when a chat must have been active to be read back; `None` where none is.
    pub(super) fn active_since_ms(&self) -> Option<i64> {
        let window = self.live.limit(|c| c.backfill_window_s);
        (!window.is_zero()).then(|| self.now_ms() - i64::try_from(window.as_millis()).unwrap_or(i64::MAX))
    }

    /// Sees which chats are to be read back. A store that does not say leaves the session without.
    pub(super) async fn begin_backfill(&mut self, since_ms: i64) {
        let (store, config) = (&self.live.service.store, &self.live.service.config);
        let active = store.active_chats(self.live.cell.cookie_id(), since_ms, config.backfill_chats);
        match replying::within(self.live.store_limit(), active).await {
            Ok(chats) => {
                let pace = crate::config::seconds(1.0 / config.backfill_rate_per_s);
                let answer_within = self.live.limit(|c| c.answer_timeout_s);
                self.backfill = Backfill::new(chats, &self.unb, Limits { pace, answer_within, since_ms });
            }
            Err(failure) => {
                let cookie_id = self.live.cell.cookie_id();
                tracing::warn!(cookie_id, detail = failure.detail, "which chats were active is not known; none is read back");
            }
        }
    }

    /// Goes on reading back, where that is due.
    pub(super) async fn go_on_backfilling(&mut self) -> Result<(), Failure> {
        let now = Instant::now();
        while let Some(to_do) = self.backfill.next(now) {
            match to_do {
                ToDo::Ask { chat_id, cursor } => {
                    let mid = self.mids.next_mid(self.now_ms());
                    let frame = request::history(&mid, &chat_id, cursor);
                    self.backfill.asked(mid, now);
                    self.write(frame).await?;
                }
                ToDo::Record(rows) => Box::pin(self.record_history(rows)).await?,
                ToDo::Free(undecided) => self.take_in(undecided),
            }
        }
        Ok(())
    }

    /// The answer to a page's request, if it is one.
    pub(super) fn read_page(&mut self, answer: &Answer<'_>) {
        let Some(chat_id) = self.backfill.awaits(answer.mid()) else { return };
        let cookie_id = self.live.cell.cookie_id();
        let page = if !answer.is_ok() || answer.is_asked_too_often() || answer.refusal().is_some() {
            tracing::warn!(
                cookie_id,
                code = answer.code(),
                "the service refuses to have chats read back; none more is on this connection"
            );
            Page::Refused
        } else {
            match answer.history(chat_id, &self.unb) {
                Ok(page) => {
                    self.live.cell.counters.broken.add(page.left_out as u64);
                    Page::Read(page)
                }
                Err(problem) => {
                    tracing::warn!(cookie_id, %problem, "a chat that cannot be read back");
                    Page::Unreadable
                }
            }
        };
        self.backfill.answered(page);
    }
}

#[cfg(test)]
#[path = "backfill_tests.rs"]
mod tests;
