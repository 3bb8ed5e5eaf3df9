//! `ImportReport` and `ImportedAccount`: what bringing accounts along came to, as frozen values.

use livekeeper::ImportOutcome;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::display::{self, field};
use crate::states::Named;

/// What became of one account of a file. `str(account)` is a line for people.
///
/// >>> import livekeeper
/// >>> print(livekeeper.ImportedAccount("shop", "added", cookie=True, settings=True, rules=2))
/// shop: added (its cookie, 2 rules, 0 default replies)
#[pyclass(frozen, eq, hash, module = "livekeeper")]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct ImportedAccount {
    cookie_id: String,
    outcome: ImportOutcome,
    cookie: bool,
    settings: bool,
    rules: usize,
    default_replies: usize,
    not_taken: Vec<String>,
    notes: Vec<String>,
}

#[pymethods]
impl ImportedAccount {
    #[new]
    #[pyo3(signature = (cookie_id, outcome, cookie=false, settings=false, rules=0, default_replies=0, not_taken=Vec::new(), notes=Vec::new()))]
    #[pyo3(
        text_signature = "(cookie_id, outcome, cookie=False, settings=False, rules=0, default_replies=0, not_taken=(), notes=())"
    )]
    #[allow(clippy::too_many_arguments, reason = "a Python constructor has its fields")]
    fn new(
        cookie_id: String,
        outcome: &Bound<'_, PyAny>,
        cookie: bool,
        settings: bool,
        rules: usize,
        default_replies: usize,
        not_taken: Vec<String>,
        notes: Vec<String>,
    ) -> PyResult<Self> {
        let outcome = ImportOutcome::from_argument(outcome, "outcome")?;
        Ok(Self { cookie_id, outcome, cookie, settings, rules, default_replies, not_taken, notes })
    }

    /// The account.
    #[getter]
    fn cookie_id(&self) -> &str {
        &self.cookie_id
    }

    /// What became of it: an `ImportOutcome`.
    #[getter]
    fn outcome<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.outcome.member(py)
    }

    /// Whether its cookie was taken.
    #[getter]
    fn cookie(&self) -> bool {
        self.cookie
    }

    /// Whether its settings were taken: owner, enabled, paused, priority, remark, pause minutes, confirmation of shipments.
    #[getter]
    fn settings(&self) -> bool {
        self.settings
    }

    /// How many rules were taken.
    #[getter]
    fn rules(&self) -> usize {
        self.rules
    }

    /// How many default replies were taken.
    #[getter]
    fn default_replies(&self) -> usize {
        self.default_replies
    }

    /// What was not taken, and why: sentences, at most 100.
    #[getter]
    fn not_taken<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, &self.not_taken)
    }

    /// What was taken otherwise than it stands in the file, and how: sentences, at most 100.
    #[getter]
    fn notes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, &self.notes)
    }

    fn __str__(&self) -> String {
        let Self { cookie_id, rules, default_replies, .. } = self;
        let taken = match self.outcome {
            ImportOutcome::Added | ImportOutcome::Updated => {
                let cookie = if self.cookie { "its cookie, " } else { "" };
                format!(" ({cookie}{rules} rules, {default_replies} default replies)")
            }
            _ => String::new(),
        };
        let not_taken =
            if self.not_taken.is_empty() { String::new() } else { format!("; not taken: {}", self.not_taken.join("; ")) };
        format!("{cookie_id}: {}{taken}{not_taken}", self.outcome.name())
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        display::repr("ImportedAccount", &self.fields(py)?)
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        display::reduce::<Self>(py, &self.fields(py)?)
    }
}

impl ImportedAccount {
    fn fields<'py>(&self, py: Python<'py>) -> PyResult<Vec<(&'static str, Bound<'py, PyAny>)>> {
        Ok(vec![
            field(py, "cookie_id", &self.cookie_id)?,
            field(py, "outcome", self.outcome.name())?,
            field(py, "cookie", self.cookie)?,
            field(py, "settings", self.settings)?,
            field(py, "rules", self.rules)?,
            field(py, "default_replies", self.default_replies)?,
            field(py, "not_taken", self.not_taken(py)?)?,
            field(py, "notes", self.notes(py)?)?,
        ])
    }
}

/// What an import came to. `str(report)` is a sentence.
///
///     print(manager.import_xianyu_db("xianyu_data.db"))
#[pyclass(frozen, eq, hash, module = "livekeeper")]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct ImportReport {
    accounts: Vec<ImportedAccount>,
    notes: Vec<String>,
}

#[pymethods]
#[allow(clippy::needless_pass_by_value, reason = "what Python gives is taken by value")]
impl ImportReport {
    #[new]
    #[pyo3(signature = (accounts, notes=Vec::new()), text_signature = "(accounts, notes=())")]
    fn new(accounts: Vec<Bound<'_, ImportedAccount>>, notes: Vec<String>) -> Self {
        Self { accounts: accounts.iter().map(|account| account.get().clone()).collect(), notes }
    }

    /// Each account of the file, in the order of the ids.
    #[getter]
    fn accounts<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.accounts.iter().cloned())
    }

    /// What belongs to no account of the file, in sentences, at most 100.
    #[getter]
    fn notes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, &self.notes)
    }

    /// Whether everything in the file was taken.
    #[getter]
    fn is_complete(&self) -> bool {
        self.notes.is_empty() && self.accounts.iter().all(|account| account.not_taken.is_empty())
    }

    fn __str__(&self) -> String {
        let count = |outcome| self.accounts.iter().filter(|account| account.outcome == outcome).count();
        let counts: Vec<_> = ImportOutcome::ALL.iter().map(|outcome| format!("{} {}", count(*outcome), outcome.name())).collect();
        format!("{} accounts: {}", self.accounts.len(), counts.join(", "))
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        display::repr("ImportReport", &self.fields(py)?)
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        display::reduce::<Self>(py, &self.fields(py)?)
    }
}

impl ImportReport {
    fn fields<'py>(&self, py: Python<'py>) -> PyResult<Vec<(&'static str, Bound<'py, PyAny>)>> {
        Ok(vec![field(py, "accounts", self.accounts(py)?)?, field(py, "notes", self.notes(py)?)?])
    }
}

impl From<livekeeper::ImportReport> for ImportReport {
    fn from(core: livekeeper::ImportReport) -> Self {
        Self { accounts: core.accounts.into_iter().map(ImportedAccount::from).collect(), notes: core.notes }
    }
}

impl From<livekeeper::ImportedAccount> for ImportedAccount {
    fn from(core: livekeeper::ImportedAccount) -> Self {
        Self {
            cookie_id: core.cookie_id,
            outcome: core.outcome,
            cookie: core.cookie,
            settings: core.settings,
            rules: core.rules,
            default_replies: core.default_replies,
            not_taken: core.not_taken,
            notes: core.notes,
        }
    }
}
