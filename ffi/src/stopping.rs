//! The report of a manager's end, or an account's.

use livekeeper::{AccountStop, StageOutcome, StopReport, StopStage};

use crate::error::{Failure, lk_status};
use crate::guard::guard;
use crate::pointer::{Handle, Plain, end, look};
use crate::sized::{Growing, GrowingPlace};
use crate::text::{Text, lk_str};

/// How one stage of stopping an account ended. The numbers are permanent.
#[repr(u32)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum lk_stage_outcome {
    /// The stage was not needed.
    NotNeeded = 0,
    /// All that it is for was over within its limit.
    Done = 1,
    /// Its limit was reached; the next stage followed.
    TimedOut = 2,
}

/// What closing a manager came to, for each account. Yours: end it with `lk_stop_report_free`. That of an event has the one
/// account that was stopped, and belongs to the event.
pub struct lk_stop_report {
    summary: lk_stop_summary,
    accounts: Vec<Account>,
}

impl Handle for lk_stop_report {}

struct Account {
    cookie_id: Text,
    left: Text,
    is_clean: bool,
    took_s: f64,
    socket: lk_stage_outcome,
    process: lk_stage_outcome,
    thread: lk_stage_outcome,
}

impl From<AccountStop> for Account {
    fn from(account: AccountStop) -> Self {
        Self {
            is_clean: account.left.is_empty(),
            took_s: account.took_s,
            socket: outcome_of(&account, StopStage::Socket),
            process: outcome_of(&account, StopStage::Process),
            thread: outcome_of(&account, StopStage::Thread),
            left: Text::new(account.left.join("\n")),
            cookie_id: Text::new(account.cookie_id),
        }
    }
}

fn outcome_of(account: &AccountStop, stage: StopStage) -> lk_stage_outcome {
    match account.stages.iter().find(|report| report.stage == stage).map(|report| report.outcome) {
        None => lk_stage_outcome::NotNeeded,
        Some(StageOutcome::Done) => lk_stage_outcome::Done,
        Some(_) => lk_stage_outcome::TimedOut,
    }
}

impl lk_stop_report {
    pub(crate) fn new(report: StopReport) -> Self {
        let summary = lk_stop_summary {
            size: size_of::<lk_stop_summary>(),
            account_count: report.accounts.len(),
            took_s: report.took_s,
            is_clean: report.is_clean(),
        };
        Self { summary, accounts: report.accounts.into_iter().map(Account::from).collect() }
    }

    /// Of one account that was stopped while its manager goes on.
    pub(crate) fn of_one(account: AccountStop) -> Self {
        let summary = lk_stop_summary {
            size: size_of::<lk_stop_summary>(),
            account_count: 1,
            took_s: account.took_s,
            is_clean: account.left.is_empty(),
        };
        Self { summary, accounts: vec![account.into()] }
    }
}

/// A stop report in a few numbers. Begin with `LK_STOP_SUMMARY_INIT`.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct lk_stop_summary {
    /// `sizeof(lk_stop_summary)`, set by the init macro.
    pub size: usize,
    /// How many accounts there were.
    pub account_count: usize,
    /// How long it took, in seconds.
    pub took_s: f64,
    /// Whether nothing is left of any account.
    pub is_clean: bool,
}

impl Plain for lk_stop_summary {}

// SAFETY: repr(C), and its first field is its size.
unsafe impl Growing for lk_stop_summary {
    const LEAST: usize = std::mem::offset_of!(Self, is_clean) + size_of::<bool>();
}

/// What stopping one account came to. Begin with `LK_ACCOUNT_STOP_INIT`. Its texts belong to the report.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct lk_account_stop {
    /// `sizeof(lk_account_stop)`, set by the init macro.
    pub size: usize,
    /// The account.
    pub cookie_id: lk_str,
    /// What is still there, each on a line of its own; empty: nothing. It can neither send nor write any more.
    pub left: lk_str,
    /// How long it took, in seconds.
    pub took_s: f64,
    /// Whether nothing is left.
    pub is_clean: bool,
    /// First stage: replies in flight finish, the connection is closed with a close frame.
    pub socket: lk_stage_outcome,
    /// Second stage: child processes are asked to end, then killed.
    pub process: lk_stage_outcome,
    /// Third stage: what still runs is cut off.
    pub thread: lk_stage_outcome,
}

impl Plain for lk_account_stop {}

// SAFETY: repr(C), and its first field is its size.
unsafe impl Growing for lk_account_stop {
    const LEAST: usize = std::mem::offset_of!(Self, thread) + size_of::<lk_stage_outcome>();
}

/// A report in a few numbers.
///
/// - `summary`: where they go; its `size` must be set.
///
/// Any thread. Does not block. Errors: `LK_STATUS_NULL_POINTER`, `LK_STATUS_WRONG_SIZE`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_stop_report_summary(report: *const lk_stop_report, summary: *mut lk_stop_summary) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers.
        let (report, summary) = unsafe { (look(report, "report")?, GrowingPlace::new(summary, "summary")?) };
        summary.put(report.summary);
        Ok(())
    })
}

/// What a report says of one account.
///
/// - `index`: from 0, in the order of the ids, below the summary's `account_count`.
/// - `account`: where it goes; its `size` must be set.
///
/// Any thread. Does not block. Errors: `LK_STATUS_INVALID_ARGUMENT` beyond the end, `LK_STATUS_NULL_POINTER`,
/// `LK_STATUS_WRONG_SIZE`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_stop_report_account(
    report: *const lk_stop_report,
    index: usize,
    account: *mut lk_account_stop,
) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers.
        let (report, place) = unsafe { (look(report, "report")?, GrowingPlace::new(account, "account")?) };
        let beyond = || Failure::invalid("index", format!("is {index}, the report has {} accounts", report.accounts.len()));
        let account = report.accounts.get(index).ok_or_else(beyond)?;
        place.put(lk_account_stop {
            size: size_of::<lk_account_stop>(),
            cookie_id: account.cookie_id.lend(),
            left: account.left.lend(),
            took_s: account.took_s,
            is_clean: account.is_clean,
            socket: account.socket,
            process: account.process,
            thread: account.thread,
        });
        Ok(())
    })
}

/// Ends a report and its texts. NULL is fine. Any thread. Does not block.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_stop_report_free(report: *mut lk_stop_report) {
    end(report);
}
