//! `StopReport`, `AccountStop` and `StageReport`: what closing came to, as frozen values.

use livekeeper::{StageOutcome, StopStage};
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::display::{self, field};

/// One stage of a stop.
///
///     for stop in manager.close().accounts: print([stage.outcome for stage in stop.stages])
#[pyclass(frozen, eq, get_all, module = "livekeeper")]
#[derive(Clone, PartialEq)]
pub(crate) struct StageReport {
    /// Which: `"socket"`, `"process"` or `"thread"`.
    stage: String,
    /// How it ended: `"done"`, or `"timed_out"`, and then the next stage followed.
    outcome: String,
    /// How long it took, in seconds.
    took_s: f64,
}

#[pymethods]
impl StageReport {
    #[new]
    fn new(stage: String, outcome: String, took_s: f64) -> Self {
        Self { stage, outcome, took_s }
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        display::repr("StageReport", &self.fields(py)?)
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        display::reduce::<Self>(py, &self.fields(py)?)
    }
}

impl StageReport {
    fn fields<'py>(&self, py: Python<'py>) -> PyResult<Vec<(&'static str, Bound<'py, PyAny>)>> {
        Ok(vec![field(py, "stage", &self.stage)?, field(py, "outcome", &self.outcome)?, field(py, "took_s", self.took_s)?])
    }
}

/// What stopping one account came to. `str(stop)` is a sentence.
///
///     for stop in manager.close().accounts: print(stop.cookie_id, stop.took_s, stop.left)
#[pyclass(frozen, eq, module = "livekeeper")]
#[derive(Clone, PartialEq)]
pub(crate) struct AccountStop {
    cookie_id: String,
    took_s: f64,
    stages: Vec<StageReport>,
    left: Vec<String>,
}

#[pymethods]
#[allow(clippy::needless_pass_by_value, reason = "what Python gives is taken by value")]
impl AccountStop {
    #[new]
    #[pyo3(signature = (cookie_id, took_s, stages, left))]
    fn new(cookie_id: String, took_s: f64, stages: Vec<Bound<'_, StageReport>>, left: Vec<String>) -> Self {
        Self { cookie_id, took_s, stages: stages.iter().map(|stage| stage.get().clone()).collect(), left }
    }

    /// The account.
    #[getter]
    fn cookie_id(&self) -> &str {
        &self.cookie_id
    }

    /// How long it took, in seconds.
    #[getter]
    fn took_s(&self) -> f64 {
        self.took_s
    }

    /// The stages that were needed, in their order; none where nothing ran.
    #[getter]
    fn stages<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.stages.iter().cloned())
    }

    /// What is still there, in words. It can neither send nor write.
    #[getter]
    fn left<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, &self.left)
    }

    pub(crate) fn __str__(&self) -> String {
        let end = if self.left.is_empty() { "nothing is left".to_owned() } else { format!("left: {}", self.left.join(", ")) };
        format!("stopped in {:.2} s: {end}", self.took_s)
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        display::repr("AccountStop", &self.fields(py)?)
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        display::reduce::<Self>(py, &self.fields(py)?)
    }
}

impl AccountStop {
    fn fields<'py>(&self, py: Python<'py>) -> PyResult<Vec<(&'static str, Bound<'py, PyAny>)>> {
        Ok(vec![
            field(py, "cookie_id", &self.cookie_id)?,
            field(py, "took_s", self.took_s)?,
            field(py, "stages", self.stages(py)?)?,
            field(py, "left", self.left(py)?)?,
        ])
    }
}

/// What closing a manager came to. `str(report)` is a sentence.
///
///     report = manager.close()
///     if not report.is_clean: print(report)
#[pyclass(frozen, eq, module = "livekeeper")]
#[derive(Clone, PartialEq)]
pub(crate) struct StopReport {
    took_s: f64,
    accounts: Vec<AccountStop>,
}

#[pymethods]
#[allow(clippy::needless_pass_by_value, reason = "what Python gives is taken by value")]
impl StopReport {
    #[new]
    fn new(took_s: f64, accounts: Vec<Bound<'_, AccountStop>>) -> Self {
        Self { took_s, accounts: accounts.iter().map(|account| account.get().clone()).collect() }
    }

    /// How long it took, in seconds.
    #[getter]
    fn took_s(&self) -> f64 {
        self.took_s
    }

    /// Each account, in the order of the ids.
    #[getter]
    fn accounts<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.accounts.iter().cloned())
    }

    /// Whether nothing is left of any account.
    #[getter]
    fn is_clean(&self) -> bool {
        self.accounts.iter().all(|account| account.left.is_empty())
    }

    fn __str__(&self) -> String {
        let unclean: Vec<_> = self.accounts.iter().filter(|account| !account.left.is_empty()).collect();
        let end = match unclean.as_slice() {
            [] => "nothing is left".to_owned(),
            some => {
                let left: Vec<_> = some.iter().map(|one| format!("{} ({})", one.cookie_id, one.left.join(", "))).collect();
                format!("left of {}", left.join("; "))
            }
        };
        format!("closed {} accounts in {:.2} s: {end}", self.accounts.len(), self.took_s)
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        display::repr("StopReport", &self.fields(py)?)
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        display::reduce::<Self>(py, &self.fields(py)?)
    }
}

impl StopReport {
    fn fields<'py>(&self, py: Python<'py>) -> PyResult<Vec<(&'static str, Bound<'py, PyAny>)>> {
        Ok(vec![field(py, "took_s", self.took_s)?, field(py, "accounts", self.accounts(py)?)?])
    }
}

impl From<livekeeper::StopReport> for StopReport {
    fn from(core: livekeeper::StopReport) -> Self {
        Self { took_s: core.took_s, accounts: core.accounts.into_iter().map(AccountStop::from).collect() }
    }
}

impl From<livekeeper::AccountStop> for AccountStop {
    fn from(core: livekeeper::AccountStop) -> Self {
        let stages = core.stages.into_iter().map(StageReport::from).collect();
        Self { cookie_id: core.cookie_id, took_s: core.took_s, stages, left: core.left }
    }
}

impl From<livekeeper::StageReport> for StageReport {
    fn from(core: livekeeper::StageReport) -> Self {
        let stage = match core.stage {
            StopStage::Socket => "socket",
            StopStage::Process => "process",
            StopStage::Thread => "thread",
            _ => "another",
        };
        let outcome = match core.outcome {
            StageOutcome::Done => "done",
            StageOutcome::TimedOut => "timed_out",
            _ => "another",
        };
        Self { stage: stage.to_owned(), outcome: outcome.to_owned(), took_s: core.took_s }
    }
}
