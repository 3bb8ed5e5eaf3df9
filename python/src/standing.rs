//! `Standing`: how an account stands before and after an event, as a frozen value.

use livekeeper::{ConnectionState, ReasonCode, TaskState};
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::display::{self, field};
use crate::states::Named;

/// An account's state and connection, and the code of the reason for them. `str(standing)` names the three.
///
///     for event in manager.events(): print(event.old, "→", event.new)
#[pyclass(frozen, eq, hash, module = "livekeeper")]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Standing {
    state: TaskState,
    connection: ConnectionState,
    reason: ReasonCode,
}

#[pymethods]
impl Standing {
    #[new]
    fn new(state: &Bound<'_, PyAny>, connection: &Bound<'_, PyAny>, reason: &Bound<'_, PyAny>) -> PyResult<Self> {
        Ok(Self {
            state: TaskState::from_argument(state, "state")?,
            connection: ConnectionState::from_argument(connection, "connection")?,
            reason: ReasonCode::from_argument(reason, "reason")?,
        })
    }

    /// What the task is doing: a member of `TaskState`, which is also a string.
    #[getter]
    fn state<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.state.member(py)
    }

    /// What the connection is doing: a member of `ConnectionState`, which is also a string.
    #[getter]
    fn connection<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.connection.member(py)
    }

    /// Why: a member of `ReasonCode`, which is also a string.
    #[getter]
    fn reason<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.reason.member(py)
    }

    fn __str__(&self) -> String {
        format!("{}, {}", self.states(), self.reason.name())
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        display::repr("Standing", &self.fields(py)?)
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        display::reduce::<Self>(py, &self.fields(py)?)
    }
}

impl Standing {
    /// Its two states, for people.
    pub(crate) fn states(&self) -> String {
        format!("{}, {}", self.state.name(), self.connection.name())
    }

    fn fields<'py>(&self, py: Python<'py>) -> PyResult<Vec<(&'static str, Bound<'py, PyAny>)>> {
        Ok(vec![
            field(py, "state", self.state.name())?,
            field(py, "connection", self.connection.name())?,
            field(py, "reason", self.reason.name())?,
        ])
    }
}

impl From<livekeeper::Standing> for Standing {
    fn from(core: livekeeper::Standing) -> Self {
        Self { state: core.state, connection: core.connection, reason: core.reason }
    }
}
