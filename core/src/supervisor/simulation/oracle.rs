//! The books: what was asked for, what lives, what was sent and when; and the rules that every moment is checked against. It
//! asks the supervisor nothing that it can know by itself.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::{Duration, Instant};

use crate::event::{Event, EventKind, Standing};
use crate::states::{ReasonCode, TaskState};

/// What must hold at every moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    /// An account has one session at most.
    OneSession,
    /// A session begins only when all work of an earlier one is over.
    NoWorkOfAnEarlierSession,
    /// A session begins only for an account that is on record and switched on.
    OnlyTheWanted,
    /// Nothing is sent by what is left of a session that is over.
    NoSendFromAnOldEpoch,
    /// Nothing is sent for an account that is paused.
    NoReplyWhilePaused,
    /// No second has more connects than the rate.
    ConnectRate,
    /// No more connect at the same time than may.
    ConnectsAtOnce,
    /// What was answered is done.
    AcknowledgedIsDone,
    /// Calls to one account are carried out in their order.
    CommandsInOrder,
    /// A parked account begins nothing until it is told to.
    ParkedStaysParked,
    /// An account that should be connected gets its next try.
    NobodyIsForgotten,
    /// No failure changes what the host asked for.
    DesiredStands,
    /// A stop keeps its limits.
    StopKeepsItsLimits,
    /// Each transition begins where the last one ended, and none is missed.
    EventsAreAChain,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Violation {
    pub(super) rule: Rule,
    pub(super) what: String,
}

/// What the oracle holds the supervisor to. Not read from the supervisor's own settings.
#[derive(Debug, Clone, Copy)]
pub(super) struct Promises {
    pub(super) connects_a_second: usize,
    pub(super) connects_at_once: usize,
    pub(super) park_after: usize,
    pub(super) park_window: Duration,
    /// Longer than the longest backoff and a turn in the queue behind everybody else in an outage.
    pub(super) next_try_within: Duration,
    pub(super) stop_within_s: f64,
}

/// How much happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Counts {
    pub(super) sessions: usize,
    pub(super) sends: usize,
    pub(super) leftovers: usize,
    pub(super) late_work: usize,
    pub(super) commands: usize,
    pub(super) parked: usize,
    pub(super) events: usize,
    pub(super) stops: usize,
}

pub(super) struct Oracle {
    promises: Promises,
    books: Mutex<Books>,
}

#[derive(Default)]
struct Books {
    accounts: BTreeMap<String, Account>,
    /// When the latest sessions began, so many as may in a second.
    begins: VecDeque<Instant>,
    connecting: usize,
    /// How long the machine slept.
    slept: Duration,
    counts: Counts,
    violations: Vec<Violation>,
}

#[derive(Default)]
struct Account {
    is_on_record: bool,
    is_enabled: bool,
    is_paused: bool,
    live: BTreeSet<usize>,
    last_ended: Option<(usize, Instant)>,
    /// Pieces of work that sessions hold.
    work: usize,
    parked: Option<ReasonCode>,
    /// When sessions failed in a way that counts.
    counted: VecDeque<Instant>,
    /// Since when it should have a session and has none.
    waits_since: Option<Instant>,
    last_issued: u64,
    last_done: u64,
    standing: Option<Standing>,
}

/// A session in the books; dropping it ends it there.
pub(super) struct Session {
    oracle: Arc<Oracle>,
    pub(super) cookie_id: String,
    pub(super) number: usize,
    is_connecting: bool,
    /// Why it ends; `None`: it is stopped.
    end: Option<ReasonCode>,
}

/// What a session leaves running.
#[derive(Clone)]
pub(super) struct Leftover {
    pub(super) oracle: Arc<Oracle>,
    pub(super) cookie_id: String,
    pub(super) number: usize,
}

impl Oracle {
    pub(super) fn new(promises: Promises) -> Arc<Self> {
        Arc::new(Self { promises, books: Mutex::default() })
    }

    pub(super) fn result(&self) -> (Vec<Violation>, Counts) {
        let books = self.lock();
        (books.violations.clone(), books.counts)
    }

    /// The host makes a call: its number, in the order of the account's calls.
    pub(super) fn issued(&self, cookie_id: &str) -> u64 {
        let mut books = self.lock();
        books.counts.commands += 1;
        let account = books.account(cookie_id);
        account.last_issued += 1;
        account.last_issued
    }

    /// A call is carried out, in the account's turn.
    pub(super) fn carried_out(&self, cookie_id: &str, number: u64) {
        let mut books = self.lock();
        let last = std::mem::replace(&mut books.account(cookie_id).last_done, number);
        if number <= last {
            books.violated(Rule::CommandsInOrder, format!("{cookie_id}: call {number} after call {last}"));
        }
    }

    /// A call was answered with an error: it was not carried out.
    pub(super) fn refused(&self, cookie_id: &str, number: u64) {
        let mut books = self.lock();
        let account = books.account(cookie_id);
        account.last_done = account.last_done.max(number);
    }

    /// Whether no call of the account was made after this one, so that its answer says how things must stand.
    pub(super) fn is_latest(&self, cookie_id: &str, number: u64) -> bool {
        self.lock().account(cookie_id).last_issued == number
    }

    pub(super) fn has_calls_under_way(&self, cookie_id: &str) -> bool {
        let mut books = self.lock();
        let account = books.account(cookie_id);
        account.last_issued != account.last_done
    }

    pub(super) fn lives(&self, cookie_id: &str) -> bool {
        !self.lock().account(cookie_id).live.is_empty()
    }

    /// The host wants the account to run, from now on, with its failures forgotten.
    pub(super) fn wanted(&self, cookie_id: &str) {
        let mut books = self.lock();
        let account = books.account(cookie_id);
        (account.is_on_record, account.is_enabled, account.parked) = (true, true, None);
        account.counted.clear();
        account.waits_since = account.live.is_empty().then(Instant::now);
    }

    /// The host wants it to run: one that does already, or is about to, goes on as it is.
    pub(super) fn switched_on(&self, cookie_id: &str) {
        let mut books = self.lock();
        let account = books.account(cookie_id);
        let is_under_way = account.is_enabled && account.parked.is_none();
        drop(books);
        if !is_under_way {
            self.wanted(cookie_id);
        }
    }

    /// The host wants it no more.
    pub(super) fn unwanted(&self, cookie_id: &str, is_on_record: bool) {
        let mut books = self.lock();
        let account = books.account(cookie_id);
        (account.is_on_record, account.is_enabled, account.waits_since) = (is_on_record, false, None);
        account.is_paused &= is_on_record;
    }

    pub(super) fn paused(&self, cookie_id: &str, is_paused: bool) {
        self.lock().account(cookie_id).is_paused = is_paused;
    }

    /// What the host wants, of those that are on record: enabled, paused, parked.
    pub(super) fn on_record(&self) -> Vec<(String, bool, bool, Option<ReasonCode>)> {
        let books = self.lock();
        let on_record = books.accounts.iter().filter(|(_, account)| account.is_on_record);
        on_record.map(|(id, account)| (id.clone(), account.is_enabled, account.is_paused, account.parked)).collect()
    }

    /// A session begins: its account was admitted.
    pub(super) fn begun(self: &Arc<Self>, cookie_id: &str) -> Session {
        let now = Instant::now();
        let mut books = self.lock();
        books.counts.sessions += 1;
        let number = books.counts.sessions;
        let account = books.account(cookie_id);
        let (others, work, is_wanted) = (account.live.len(), account.work, account.is_on_record && account.is_enabled);
        let parked = account.parked;
        account.live.insert(number);
        account.waits_since = None;
        if others > 0 {
            books.violated(Rule::OneSession, format!("{cookie_id} has {} sessions", others + 1));
        }
        if work > 0 {
            books.violated(Rule::NoWorkOfAnEarlierSession, format!("{cookie_id} begins a session, and {work} pieces of work live"));
        }
        if !is_wanted {
            books.violated(Rule::OnlyTheWanted, format!("{cookie_id} begins a session, and nobody wants it"));
        }
        if let Some(code) = parked {
            books.violated(Rule::ParkedStaysParked, format!("{cookie_id} begins a session, and is parked: {}", code.name()));
        }
        books.connecting += 1;
        if books.connecting > self.promises.connects_at_once {
            let what = format!("{} connect at the same time", books.connecting);
            books.violated(Rule::ConnectsAtOnce, what);
        }
        books.begins.push_back(now);
        if books.begins.len() > self.promises.connects_a_second {
            // A timer may be late by its grain, and the next one on time.
            let grain = Duration::from_millis(2);
            let first = books.begins.pop_front().unwrap_or(now);
            if now - first + grain < Duration::from_secs(1) {
                let what = format!("{} sessions began within {:?}", self.promises.connects_a_second + 1, now - first);
                books.violated(Rule::ConnectRate, what);
            }
        }
        drop(books);
        Session { oracle: Arc::clone(self), cookie_id: cookie_id.to_owned(), number, is_connecting: true, end: None }
    }

    /// Something was sent for an account by a session, or what is left of it.
    fn sent(&self, cookie_id: &str, number: usize) {
        let mut books = self.lock();
        books.counts.sends += 1;
        let account = books.account(cookie_id);
        // At the very instant of its end nobody can tell which came first.
        let is_live = account.live.contains(&number) || account.last_ended == Some((number, Instant::now()));
        let is_paused = account.is_paused;
        if !is_live {
            books.violated(Rule::NoSendFromAnOldEpoch, format!("{cookie_id}: session {number} is over and sends"));
        }
        if is_paused {
            books.violated(Rule::NoReplyWhilePaused, format!("{cookie_id} is paused and sends"));
        }
    }

    fn ended(&self, session: &Session) {
        let now = Instant::now();
        let mut books = self.lock();
        books.connecting -= usize::from(session.is_connecting);
        let promises = self.promises;
        let account = books.account(&session.cookie_id);
        account.live.remove(&session.number);
        account.last_ended = Some((session.number, now));
        let Some(code) = session.end else { return };
        account.waits_since = Some(now);
        match code {
            ReasonCode::PersonMustVerify | ReasonCode::SessionExpired => account.parked = Some(code),
            ReasonCode::Panicked | ReasonCode::RegistrationRefused => {
                account.counted.push_back(now);
                account.counted.retain(|at| now - *at <= promises.park_window);
                if account.counted.len() >= promises.park_after {
                    account.parked = Some(ReasonCode::TooManyFailures);
                }
            }
            // The network's faults park nobody.
            _ => {}
        }
        if account.parked.is_some() {
            account.waits_since = None;
            books.counts.parked += 1;
        }
    }

    /// Takes an event into the books.
    pub(super) fn heard(&self, event: &Event) {
        let mut books = self.lock();
        books.counts.events += 1;
        match &event.kind {
            EventKind::StateChanged { old, new, .. } => {
                let before = books.account(&event.cookie_id).standing.replace(*new);
                let is_anew = |before: Standing| before.state == TaskState::Stopped && old.state == TaskState::Created;
                if before.is_some_and(|before| before != *old && !is_anew(before)) {
                    books.violated(Rule::EventsAreAChain, format!("{}: from {old:?}, but it was {before:?}", event.cookie_id));
                }
            }
            EventKind::Stopped { report } => {
                books.counts.stops += 1;
                // A stop that was under way when the machine fell asleep went on when it woke.
                let slept_s = books.slept.as_secs_f64();
                let awake_s = if report.took_s > slept_s { report.took_s - slept_s } else { report.took_s };
                if awake_s > self.promises.stop_within_s || !report.left.is_empty() {
                    books.violated(Rule::StopKeepsItsLimits, format!("{}: {report:?}", event.cookie_id));
                }
            }
            _ => {}
        }
    }

    pub(super) fn machine_slept(&self, span: Duration) {
        self.lock().slept = span;
    }

    /// Looks for those who wait too long.
    pub(super) fn audit(&self) {
        let now = Instant::now();
        let mut books = self.lock();
        let late: Vec<_> = books
            .accounts
            .iter()
            .filter_map(|(id, account)| account.waits_since.map(|since| (id.clone(), now - since)))
            .filter(|(_, span)| *span > self.promises.next_try_within)
            .collect();
        for (cookie_id, span) in late {
            books.violated(Rule::NobodyIsForgotten, format!("{cookie_id} has waited {span:?} for its next try"));
        }
    }

    pub(super) fn violated(&self, rule: Rule, what: String) {
        self.lock().violated(rule, what);
    }

    fn lock(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Books {
    fn account(&mut self, cookie_id: &str) -> &mut Account {
        if !self.accounts.contains_key(cookie_id) {
            self.accounts.insert(cookie_id.to_owned(), Account::default());
        }
        self.accounts.get_mut(cookie_id).expect("it was inserted")
    }

    fn violated(&mut self, rule: Rule, what: String) {
        // The first few say what is wrong; a broken rule breaks again and again.
        if self.violations.iter().filter(|violation| violation.rule == rule).count() < 5 {
            self.violations.push(Violation { rule, what });
        }
    }
}

impl Session {
    pub(super) fn connected(&mut self) {
        self.is_connecting = false;
        self.oracle.lock().connecting -= 1;
    }

    pub(super) fn sent(&self) {
        self.oracle.sent(&self.cookie_id, self.number);
    }

    /// Says why it is about to end by itself.
    pub(super) fn ends_with(&mut self, code: ReasonCode) {
        self.end = Some(code);
    }

    pub(super) fn works(&self) -> Work {
        let mut books = self.oracle.lock();
        books.counts.late_work += 1;
        books.account(&self.cookie_id).work += 1;
        Work { oracle: Arc::clone(&self.oracle), cookie_id: self.cookie_id.clone() }
    }

    pub(super) fn leaves(&self) -> Leftover {
        self.oracle.lock().counts.leftovers += 1;
        Leftover { oracle: Arc::clone(&self.oracle), cookie_id: self.cookie_id.clone(), number: self.number }
    }
}

/// Work that a session holds; dropping it ends it in the books.
pub(super) struct Work {
    oracle: Arc<Oracle>,
    cookie_id: String,
}

impl Drop for Work {
    fn drop(&mut self) {
        self.oracle.lock().account(&self.cookie_id).work -= 1;
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.oracle.ended(self);
    }
}

impl Leftover {
    pub(super) fn sent(&self) {
        self.oracle.sent(&self.cookie_id, self.number);
    }
}
