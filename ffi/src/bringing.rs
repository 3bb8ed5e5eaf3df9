//! Bringing accounts along, documents of them, copies of the store, and looks into one.

use livekeeper::{ImportOutcome, ImportReport, ImportedAccount};

use crate::error::{Failure, lk_status};
use crate::guard::guard;
use crate::manager::lk_manager;
use crate::pointer::{Handle, Place, Plain, end, give, look};
use crate::sized::{Growing, GrowingPlace};
use crate::text::{Text, lk_str, lk_string};

/// What became of an account of a file. The numbers are permanent, and the same in every language.
#[repr(u32)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum lk_import_outcome {
    /// One that this library has no number for.
    Unknown = 0,
    /// It is new here, and on record now.
    Added = 1,
    /// It was here; something of it was put in the place of what it had.
    Updated = 2,
    /// It was here, and was left as it is.
    Kept = 3,
    /// Nothing of it was taken; `not_taken` says why.
    Refused = 4,
}

impl From<ImportOutcome> for lk_import_outcome {
    fn from(outcome: ImportOutcome) -> Self {
        match outcome {
            ImportOutcome::Added => Self::Added,
            ImportOutcome::Updated => Self::Updated,
            ImportOutcome::Kept => Self::Kept,
            ImportOutcome::Refused => Self::Refused,
            _ => Self::Unknown,
        }
    }
}

/// What an import came to, account by account. Yours: end it with `lk_import_report_free`.
pub struct lk_import_report {
    summary: Summary,
    accounts: Vec<Account>,
}

impl Handle for lk_import_report {}

struct Summary {
    added: usize,
    updated: usize,
    kept: usize,
    refused: usize,
    is_complete: bool,
    notes: Text,
}

struct Account {
    cookie_id: Text,
    outcome: lk_import_outcome,
    has_cookie: bool,
    has_settings: bool,
    rules: usize,
    default_replies: usize,
    not_taken: Text,
    notes: Text,
}

impl From<ImportReport> for lk_import_report {
    fn from(report: ImportReport) -> Self {
        let summary = Summary {
            added: report.count(ImportOutcome::Added),
            updated: report.count(ImportOutcome::Updated),
            kept: report.count(ImportOutcome::Kept),
            refused: report.count(ImportOutcome::Refused),
            is_complete: report.is_complete(),
            notes: Text::new(report.notes.join("\n")),
        };
        Self { summary, accounts: report.accounts.into_iter().map(Account::from).collect() }
    }
}

impl From<ImportedAccount> for Account {
    fn from(account: ImportedAccount) -> Self {
        Self {
            outcome: account.outcome.into(),
            has_cookie: account.cookie,
            has_settings: account.settings,
            rules: account.rules,
            default_replies: account.default_replies,
            not_taken: Text::new(account.not_taken.join("\n")),
            notes: Text::new(account.notes.join("\n")),
            cookie_id: Text::new(account.cookie_id),
        }
    }
}

/// An import report in a few numbers. Begin with `LK_IMPORT_SUMMARY_INIT`. Its text belongs to the report.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct lk_import_summary {
    /// `sizeof(lk_import_summary)`, set by the init macro.
    pub size: usize,
    /// Accounts of the file.
    pub account_count: usize,
    /// Those that are new here.
    pub added_count: usize,
    /// Those that were here, and of which something was taken.
    pub updated_count: usize,
    /// Those that were here, and were left as they are.
    pub kept_count: usize,
    /// Those of which nothing was taken.
    pub refused_count: usize,
    /// What belongs to no account of the file, each on a line of its own; empty: nothing.
    pub notes: lk_str,
    /// Whether everything in the file was taken.
    pub is_complete: bool,
}

impl Plain for lk_import_summary {}

// SAFETY: repr(C), and its first field is its size.
unsafe impl Growing for lk_import_summary {
    const LEAST: usize = std::mem::offset_of!(Self, is_complete) + size_of::<bool>();
}

/// What became of one account of a file. Begin with `LK_IMPORTED_ACCOUNT_INIT`. Its texts belong to the report.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct lk_imported_account {
    /// `sizeof(lk_imported_account)`, set by the init macro.
    pub size: usize,
    /// The account.
    pub cookie_id: lk_str,
    /// What was not taken, and why, each on a line of its own; empty: all was taken.
    pub not_taken: lk_str,
    /// What was taken otherwise than it stands in the file, and how, each on a line of its own; empty: nothing.
    pub notes: lk_str,
    /// Rules that were taken.
    pub rule_count: usize,
    /// Default replies that were taken.
    pub default_reply_count: usize,
    /// What became of it.
    pub outcome: lk_import_outcome,
    /// Whether its cookie was taken.
    pub has_cookie: bool,
    /// Whether its settings were taken.
    pub has_settings: bool,
}

impl Plain for lk_imported_account {}

// SAFETY: repr(C), and its first field is its size.
unsafe impl Growing for lk_imported_account {
    const LEAST: usize = std::mem::offset_of!(Self, has_settings) + size_of::<bool>();
}

/// Takes the accounts of today's most used Python program out of its SQLite file, which is opened to be read only and may be in use:
/// cookies, keywords, default replies, and whether each account is on, its remark, its user, its pause and whether it confirms
/// shipments. Columns that an older file does not have take their defaults; shipments are confirmed only where the file says so.
///
/// It can be called again. An account that is here already is left as it is: only one that is parked, or has no cookie, takes that of
/// the file, if it is of the same Xianyu user.
///
/// - `path`: the file.
/// - `report`: where the report goes, yours to end with `lk_import_report_free`; NULL is put there on failure.
///
/// Any thread. Blocks until all accounts are on record. Errors: `LK_STATUS_NOT_A_DATABASE`, `LK_STATUS_INVALID_ARGUMENT` for a
/// store of livekeeper's own, `LK_STATUS_STORE_UNAVAILABLE` for a file that cannot be opened, `LK_STATUS_CORRUPT`; where nothing could
/// be stored `LK_STATUS_STORE_FAILED`, `LK_STATUS_DISK_FULL`, `LK_STATUS_DISK_FAILED`; `LK_STATUS_CLOSED`, `LK_STATUS_FORKED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_manager_import_xianyu_db(
    manager: *const lk_manager,
    path: lk_str,
    report: *mut *mut lk_import_report,
) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers and texts.
        let (place, manager, path) =
            unsafe { (Place::new(report, "report")?.emptied(), lk_manager::look(manager)?, path.required("path")?) };
        place.put(give(manager.import_xianyu_db(path).wait()?.into()));
        Ok(())
    })
}

/// Takes accounts out of a document of `lk_manager_export_accounts`, each with its settings, rules and default replies, which take the
/// place of those of an account that is here already.
///
/// A new account takes its login too; where the document leaves the secrets out it is parked, and waits for `lk_manager_update_cookie`.
/// An account that is here already keeps its own login; only one that is parked, or has no cookie, takes that of the document, if it
/// is of the same Xianyu user. An account of another user is refused.
///
/// - `path`: the document.
/// - `passphrase`: what it was exported with; no text (`lk_str_of(NULL)`) where its secrets are left out.
/// - `report`: where the report goes, yours to end with `lk_import_report_free`; NULL is put there on failure.
///
/// Any thread. Blocks until all accounts are on record. Errors: `LK_STATUS_WRONG_KEY` for another passphrase or a document that was
/// tampered with: nothing was changed; `LK_STATUS_INVALID_ARGUMENT`; those of `lk_manager_import_xianyu_db` for what could not be stored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_manager_import_accounts(
    manager: *const lk_manager,
    path: lk_str,
    passphrase: lk_str,
    report: *mut *mut lk_import_report,
) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers and texts.
        let (place, manager, path, passphrase) = unsafe {
            let place = Place::new(report, "report")?.emptied();
            (place, lk_manager::look(manager)?, path.required("path")?, passphrase.optional("passphrase")?)
        };
        place.put(give(manager.import_accounts(path, passphrase).wait()?.into()));
        Ok(())
    })
}

/// Writes all accounts to a new file, as JSON, readable for its owner only: with their settings, rules and default replies; without
/// messages, orders and statistics.
///
/// - `path`: where there is no file yet.
/// - `passphrase`: cookie, device, token and proxy of each account are sealed under it; 1 to 1,024 bytes. No text
///   (`lk_str_of(NULL)`): they are left out.
/// - `count`: where the number of accounts goes; NULL if you do not want it.
///
/// Any thread. Blocks until the file is on the disk. Errors: `LK_STATUS_INVALID_ARGUMENT`, `LK_STATUS_STORE_FAILED`,
/// `LK_STATUS_DISK_FULL`, `LK_STATUS_DISK_FAILED`, `LK_STATUS_CLOSED`, `LK_STATUS_FORKED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_manager_export_accounts(
    manager: *const lk_manager,
    path: lk_str,
    passphrase: lk_str,
    count: *mut usize,
) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers and texts.
        let (place, manager, path, passphrase) = unsafe {
            let place = Place::optional(count);
            (place, lk_manager::look(manager)?, path.required("path")?, passphrase.optional("passphrase")?)
        };
        let count = manager.export_accounts(path, passphrase).wait()?;
        place.inspect(|place| place.put(count));
        Ok(())
    })
}

/// Copies the store as it is at this moment to a new file, readable for its owner only, while everything goes on. The copy is a whole
/// store of its own. What is sealed in it is sealed with the store's own key: open it with that, as `key_file` where it is in the file
/// beside the store.
///
/// - `path`: where there is no file yet.
///
/// Any thread. Blocks until the copy is on the disk, 10 minutes at most. Errors: `LK_STATUS_INVALID_ARGUMENT`, also for a store in
/// memory; `LK_STATUS_STORE_FAILED`, `LK_STATUS_DISK_FULL`, `LK_STATUS_DISK_FAILED`, `LK_STATUS_CLOSED`, `LK_STATUS_FORKED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_manager_snapshot(manager: *const lk_manager, path: lk_str) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers and texts.
        let (manager, path) = unsafe { (lk_manager::look(manager)?, path.required("path")?) };
        Ok(manager.snapshot(path).wait()?)
    })
}

/// Looks into a store, whether or not a manager runs on it, and tells as JSON what it holds: its accounts with their rules, the latest
/// messages with what was decided, and whether the file is sound. Nothing of a cookie, a token or a proxy is in it. The file is read
/// only, and nothing is made beside it, but a `-shm` beside a copy that came with its log.
///
/// - `path`: the store.
/// - `limit`: so many messages at most, and so many rules of each account, 0 to 10,000.
/// - `json`: where the text goes, yours to end with `lk_string_free`; NULL is put there on failure.
///
/// Any thread; it needs no manager. Blocks while the whole file is checked, 30 s of that at most. Errors: `LK_STATUS_NOT_A_DATABASE`,
/// `LK_STATUS_STORE_TOO_NEW`, `LK_STATUS_STORE_UNAVAILABLE`, `LK_STATUS_CORRUPT` where not even its beginning can be read,
/// `LK_STATUS_INVALID_ARGUMENT`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_inspect(path: lk_str, limit: u32, json: *mut *mut lk_string) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers and texts.
        let (place, path) = unsafe { (Place::new(json, "json")?.emptied(), path.required("path")?) };
        let inspection = livekeeper::inspect(path, limit)?;
        place.put(give(lk_string::new(inspection.to_json())));
        Ok(())
    })
}

/// An import report in a few numbers.
///
/// - `summary`: where they go; its `size` must be set.
///
/// Any thread. Does not block. Errors: `LK_STATUS_NULL_POINTER`, `LK_STATUS_WRONG_SIZE`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_import_report_summary(report: *const lk_import_report, summary: *mut lk_import_summary) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers.
        let (report, place) = unsafe { (look(report, "report")?, GrowingPlace::new(summary, "summary")?) };
        let Summary { added, updated, kept, refused, is_complete, notes } = &report.summary;
        place.put(lk_import_summary {
            size: size_of::<lk_import_summary>(),
            account_count: report.accounts.len(),
            added_count: *added,
            updated_count: *updated,
            kept_count: *kept,
            refused_count: *refused,
            notes: notes.lend(),
            is_complete: *is_complete,
        });
        Ok(())
    })
}

/// What an import report says of one account.
///
/// - `index`: from 0, in the order of the ids, below the summary's `account_count`.
/// - `account`: where it goes; its `size` must be set.
///
/// Any thread. Does not block. Errors: `LK_STATUS_INVALID_ARGUMENT` beyond the end, `LK_STATUS_NULL_POINTER`,
/// `LK_STATUS_WRONG_SIZE`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_import_report_account(
    report: *const lk_import_report,
    index: usize,
    account: *mut lk_imported_account,
) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers.
        let (report, place) = unsafe { (look(report, "report")?, GrowingPlace::new(account, "account")?) };
        let beyond = || Failure::invalid("index", format!("is {index}, the report has {} accounts", report.accounts.len()));
        let account = report.accounts.get(index).ok_or_else(beyond)?;
        place.put(lk_imported_account {
            size: size_of::<lk_imported_account>(),
            cookie_id: account.cookie_id.lend(),
            not_taken: account.not_taken.lend(),
            notes: account.notes.lend(),
            rule_count: account.rules,
            default_reply_count: account.default_replies,
            outcome: account.outcome,
            has_cookie: account.has_cookie,
            has_settings: account.has_settings,
        });
        Ok(())
    })
}

/// Ends an import report and its texts. NULL is fine. Any thread. Does not block.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_import_report_free(report: *mut lk_import_report) {
    end(report);
}

#[cfg(test)]
mod tests {
    use livekeeper::ImportOutcome;

    use super::lk_import_outcome;

    #[test]
    fn every_outcome_of_core_has_its_own_number_here() {
        for outcome in ImportOutcome::ALL {
            assert_eq!(lk_import_outcome::from(*outcome) as u32, u32::from(outcome.number()), "{outcome:?}");
        }
    }
}
