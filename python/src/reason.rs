//! `Reason`: why an account is in its state, as a frozen value.

use livekeeper::ReasonCode;
use pyo3::prelude::*;
use pyo3::types::{PyDateTime, PyTuple};

use crate::display::{self, datetime, field};
use crate::states::Named;

/// Why an account is in its state, since when, and when the next try is due. `str(reason)` is the sentence with the detail.
///
///     print(manager.status("shop 1").reason)      # connected and registered
#[pyclass(frozen, eq, hash, module = "livekeeper")]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Reason {
    code: ReasonCode,
    detail: String,
    since_ms: i64,
    next_try_ms: Option<i64>,
}

#[pymethods]
impl Reason {
    #[new]
    #[pyo3(signature = (code, detail="", since_ms=0, next_try_ms=None))]
    fn new(code: &Bound<'_, PyAny>, detail: &str, since_ms: i64, next_try_ms: Option<i64>) -> PyResult<Self> {
        Ok(Self { code: ReasonCode::from_argument(code, "code")?, detail: detail.to_owned(), since_ms, next_try_ms })
    }

    /// The code: a member of `ReasonCode`, which is also its name as a string.
    #[getter]
    fn code<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.code.member(py)
    }

    /// The code's permanent number.
    #[getter]
    fn number(&self) -> u16 {
        self.code.number()
    }

    /// The code's sentence for people.
    #[getter]
    fn text(&self) -> &'static str {
        self.code.sentence()
    }

    /// What exactly was seen (an error text, a close code, a URL for a person to open); may be empty. Never a credential.
    #[getter]
    fn detail(&self) -> &str {
        &self.detail
    }

    /// Since when it holds (UTC).
    #[getter]
    fn since<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDateTime>> {
        datetime(py, self.since_ms)
    }

    /// When the next try is due (UTC), or `None` where none is.
    #[getter]
    fn next_try<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyDateTime>>> {
        self.next_try_ms.map(|ms| datetime(py, ms)).transpose()
    }

    pub(crate) fn __str__(&self) -> String {
        if self.detail.is_empty() {
            return self.code.sentence().to_owned();
        }
        format!("{}: {}", self.code.sentence(), self.detail)
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        display::repr("Reason", &self.fields(py)?)
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        display::reduce::<Self>(py, &self.fields(py)?)
    }
}

impl Reason {
    fn fields<'py>(&self, py: Python<'py>) -> PyResult<Vec<(&'static str, Bound<'py, PyAny>)>> {
        Ok(vec![
            field(py, "code", self.code.name())?,
            field(py, "detail", &self.detail)?,
            field(py, "since_ms", self.since_ms)?,
            field(py, "next_try_ms", self.next_try_ms)?,
        ])
    }
}

impl From<livekeeper::Reason> for Reason {
    fn from(core: livekeeper::Reason) -> Self {
        Self { code: core.code, detail: core.detail, since_ms: core.since_ms, next_try_ms: core.next_try_ms }
    }
}
