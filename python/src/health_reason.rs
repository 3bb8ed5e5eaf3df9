//! `HealthReason`: one thing that is wrong with an account, as a frozen value.

use livekeeper::HealthCode;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::arguments;
use crate::display::{self, field};
use crate::states::Named;

/// One thing that is wrong with an account. `str(reason)` is the sentence with the evidence.
///
/// >>> import livekeeper
/// >>> print(livekeeper.HealthReason("not_connected", "for 75 s"))
/// not connected (for 75 s)
#[pyclass(frozen, eq, hash, module = "livekeeper")]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct HealthReason {
    code: HealthCode,
    detail: String,
}

#[pymethods]
impl HealthReason {
    #[new]
    fn new(code: &Bound<'_, PyAny>, detail: &Bound<'_, PyAny>) -> PyResult<Self> {
        Ok(Self { code: HealthCode::from_argument(code, "code")?, detail: arguments::text(detail, "detail")? })
    }

    /// The code: a member of `HealthCode`, which is also its name as a string.
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

    /// The evidence, for people: `for 75 s`, `6 in the last 600 s`.
    #[getter]
    fn detail(&self) -> &str {
        &self.detail
    }

    pub(crate) fn __str__(&self) -> String {
        format!("{} ({})", self.code.sentence(), self.detail)
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        display::repr("HealthReason", &self.fields(py)?)
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        display::reduce::<Self>(py, &self.fields(py)?)
    }
}

impl HealthReason {
    fn fields<'py>(&self, py: Python<'py>) -> PyResult<Vec<(&'static str, Bound<'py, PyAny>)>> {
        Ok(vec![field(py, "code", self.code.name())?, field(py, "detail", &self.detail)?])
    }
}

impl From<&livekeeper::HealthReason> for HealthReason {
    fn from(core: &livekeeper::HealthReason) -> Self {
        Self { code: core.code, detail: core.detail.clone() }
    }
}
