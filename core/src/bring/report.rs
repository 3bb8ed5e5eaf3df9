//! What bringing accounts along came to, account by account.

use std::fmt;

use serde::Serialize;

use crate::account::check_cookie_id;
use crate::numbered::numbered;

/// Sentences of one kind about one account, at most; the last says how many more there are.
const MAX_NOTES: usize = 100;

numbered! {
    /// What became of an account of the file. Numbers and names are permanent.
    ImportOutcome
    /// It is new here, and on record now.
    Added = 1, "added";
    /// It was here; something of it was put in the place of what it had.
    Updated = 2, "updated";
    /// It was here, and was left as it is.
    Kept = 3, "kept";
    /// Nothing of it was taken; `not_taken` says why.
    Refused = 4, "refused";
}

/// What an import came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ImportReport {
    /// Each account of the file, in the order of the ids.
    pub accounts: Vec<ImportedAccount>,
    /// What belongs to no account of the file, in sentences, at most 100: rules of one that is not in it, say.
    pub notes: Vec<String>,
}

/// What became of one account of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ImportedAccount {
    /// The account. Of a refused one whose id can be none, or is a cookie: what can be shown of it.
    pub cookie_id: String,
    /// What became of it.
    pub outcome: ImportOutcome,
    /// Whether its cookie was taken.
    pub cookie: bool,
    /// Whether its settings were taken: owner, enabled, paused, priority, remark, pause minutes, confirmation of shipments.
    pub settings: bool,
    /// Rules that were taken.
    pub rules: usize,
    /// Default replies that were taken.
    pub default_replies: usize,
    /// What was not taken, and why: sentences, at most 100.
    pub not_taken: Vec<String>,
    /// What was taken otherwise than it stands in the file, and how: sentences, at most 100.
    pub notes: Vec<String>,
}

impl ImportReport {
    /// How many accounts ended so.
    pub fn count(&self, outcome: ImportOutcome) -> usize {
        self.accounts.iter().filter(|account| account.outcome == outcome).count()
    }

    /// Whether everything in the file was taken. An account that was here already and was kept is not: what the file has of it may
    /// be newer.
    pub fn is_complete(&self) -> bool {
        self.notes.is_empty() && self.accounts.iter().all(|account| account.not_taken.is_empty())
    }
}

impl ImportedAccount {
    /// An account of which nothing is taken, for this reason.
    pub(crate) fn refused(cookie_id: &str, reason: impl Into<String>) -> Self {
        Self {
            cookie_id: shown_id(cookie_id),
            outcome: ImportOutcome::Refused,
            cookie: false,
            settings: false,
            rules: 0,
            default_replies: 0,
            not_taken: vec![reason.into()],
            notes: Vec::new(),
        }
    }
}

impl fmt::Display for ImportReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = |outcome| self.count(outcome);
        write!(
            f,
            "{} accounts: {} added, {} updated, {} kept, {} refused",
            self.accounts.len(),
            count(ImportOutcome::Added),
            count(ImportOutcome::Updated),
            count(ImportOutcome::Kept),
            count(ImportOutcome::Refused)
        )
    }
}

impl fmt::Display for ImportedAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cookie_id, outcome, rules, default_replies, .. } = self;
        write!(f, "{cookie_id}: {}", outcome.name())?;
        if matches!(outcome, ImportOutcome::Added | ImportOutcome::Updated) {
            let cookie = if self.cookie { "its cookie, " } else { "" };
            write!(f, " ({cookie}{rules} rules, {default_replies} default replies)")?;
        }
        if !self.not_taken.is_empty() {
            write!(f, "; not taken: {}", self.not_taken.join("; "))?;
        }
        Ok(())
    }
}

/// Sentences, gathered up to a bound.
#[derive(Default)]
pub(crate) struct Notes {
    sentences: Vec<String>,
    more: usize,
}

impl Notes {
    /// The sentence is made only where there is room for it.
    pub(crate) fn add(&mut self, sentence: impl FnOnce() -> String) {
        if self.sentences.len() < MAX_NOTES - 1 {
            self.sentences.push(sentence());
        } else {
            self.more += 1;
        }
    }

    pub(crate) fn sentences(&self) -> Vec<String> {
        let mut sentences = self.sentences.clone();
        if self.more > 0 {
            sentences.push(format!("… and {} more", self.more));
        }
        sentences
    }
}

/// The id of an account that is refused: whole if it can be an id, else as a sentence quotes it.
fn shown_id(id: &str) -> String {
    if check_cookie_id(id).is_err() || has_cookie(id) { quoted(id) } else { id.to_owned() }
}

/// Where id and cookie have changed places, or a column is another program's, the one holds the other.
fn has_cookie(text: &str) -> bool {
    ["unb=", "cookie2=", "_m_h5_tk="].iter().any(|name| text.contains(name))
}

/// A text of the file as a sentence quotes it: short, without what a terminal would obey, and never a cookie.
pub(crate) fn quoted(text: &str) -> String {
    const LONGEST: usize = 40;
    if has_cookie(text) {
        return "(a cookie)".to_owned();
    }
    let short: String = text.chars().take(LONGEST).collect();
    let more = if text.chars().nth(LONGEST).is_some() { "…" } else { "" };
    format!("{short:?}{more}")
}

#[cfg(test)]
mod tests {
    use super::{ImportedAccount, MAX_NOTES, Notes, quoted};

    #[test]
    fn sentences_beyond_the_bound_are_counted() {
        let mut notes = Notes::default();
        (0..MAX_NOTES + 5).for_each(|number| notes.add(|| number.to_string()));
        let sentences = notes.sentences();
        assert_eq!((sentences.len(), &*sentences[MAX_NOTES - 1]), (MAX_NOTES, "… and 6 more"));
    }

    #[test]
    fn a_refused_account_says_why_in_a_sentence() {
        let account = ImportedAccount::refused("shop", "the cookie has no `unb`");
        assert_eq!(account.to_string(), "shop: refused; not taken: the cookie has no `unb`");
        assert_eq!(quoted(&"包".repeat(41)), format!("{:?}…", "包".repeat(40)));
        assert_eq!(quoted("a\u{1b}[2J"), r#""a\u{1b}[2J""#);
    }

    #[test]
    fn an_id_that_can_be_none_is_shown_short_and_a_cookie_in_its_place_not_at_all() {
        let shown = |id: &str| ImportedAccount::refused(id, "x").cookie_id;
        assert_eq!((shown("主号"), shown("")), ("主号".to_owned(), "\"\"".to_owned()));
        assert_eq!(shown(&"\u{1b}]0;x".repeat(1_000_000)), format!("{:?}…", "\u{1b}]0;x".repeat(8)));
        for cookie in ["unb=1; cookie2=CANARY", &format!("cookie2=CANARY; {}", "x".repeat(5_000)), "t=1; _m_h5_tk=CANARY"] {
            assert_eq!((shown(cookie), quoted(cookie)), ("(a cookie)".to_owned(), "(a cookie)".to_owned()));
        }
    }
}
