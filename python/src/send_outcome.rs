//! `SendOutcome`: how a send ended.

use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::display::{self, field};
use crate::errors;

/// How a send ended.
///
/// - `outcome` `"delivered"`: the service took the message, `message_id` is its id for it.
/// - `"rejected"`: it refused it, with a `reason`, a `code` and perhaps `more_info`; the buyer has not got it.
/// - `"unknown"`: nobody knows, no answer came; it is never sent again by itself.
///
/// A refusal raises nothing: look at `outcome`.
///
///     if manager.send_text("shop 1", "20997167734", "9687236998962", "发货了").outcome == "rejected": ...
#[pyclass(frozen, eq, hash, module = "livekeeper")]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct SendOutcome {
    outcome: &'static str,
    message_id: Option<String>,
    reason: Option<String>,
    code: Option<i64>,
    more_info: Option<String>,
}

const OUTCOMES: [&str; 3] = ["delivered", "rejected", "unknown"];

#[pymethods]
impl SendOutcome {
    #[new]
    #[pyo3(signature = (outcome, message_id=None, reason=None, code=None, more_info=None))]
    fn new(
        py: Python<'_>,
        outcome: &str,
        message_id: Option<String>,
        reason: Option<String>,
        code: Option<i64>,
        more_info: Option<String>,
    ) -> PyResult<Self> {
        let Some(outcome) = OUTCOMES.into_iter().find(|one| *one == outcome) else {
            return Err(errors::invalid(py, "outcome", &format!("is {outcome:?}; allowed are {}", OUTCOMES.join(", "))));
        };
        Ok(Self { outcome, message_id, reason, code, more_info })
    }

    /// `"delivered"`, `"rejected"` or `"unknown"`.
    #[getter]
    fn outcome(&self) -> &'static str {
        self.outcome
    }

    /// The service's id for a delivered message, else `None`.
    #[getter]
    fn message_id(&self) -> Option<&str> {
        self.message_id.as_deref()
    }

    /// The service's reason for a rejected one, e.g. `CSI_FORBID`, else `None`.
    #[getter]
    fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    /// The code of the service's answer to a rejected one, else `None`.
    #[getter]
    fn code(&self) -> Option<i64> {
        self.code
    }

    /// What the service adds to its reason, e.g. `CSI_FORBID||…`, else `None`.
    #[getter]
    fn more_info(&self) -> Option<&str> {
        self.more_info.as_deref()
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        display::repr("SendOutcome", &self.fields(py)?)
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        display::reduce::<Self>(py, &self.fields(py)?)
    }
}

impl SendOutcome {
    /// For a line that tells of the send.
    pub(crate) fn in_words(&self) -> String {
        match &self.reason {
            Some(reason) => format!("{}: {reason}", self.outcome),
            None => self.outcome.to_owned(),
        }
    }

    fn fields<'py>(&self, py: Python<'py>) -> PyResult<Vec<(&'static str, Bound<'py, PyAny>)>> {
        Ok(vec![
            field(py, "outcome", self.outcome)?,
            field(py, "message_id", self.message_id.as_deref())?,
            field(py, "reason", self.reason.as_deref())?,
            field(py, "code", self.code)?,
            field(py, "more_info", self.more_info.as_deref())?,
        ])
    }
}

impl From<livekeeper::SendOutcome> for SendOutcome {
    fn from(core: livekeeper::SendOutcome) -> Self {
        let unknown = Self { outcome: "unknown", message_id: None, reason: None, code: None, more_info: None };
        match core {
            livekeeper::SendOutcome::Delivered { message_id } => {
                Self { outcome: "delivered", message_id: Some(message_id), ..unknown }
            }
            livekeeper::SendOutcome::Rejected { reason, code, more_info } => {
                Self { outcome: "rejected", reason: Some(reason), code: Some(code), more_info, ..unknown }
            }
            // Also what a later core may add: whoever does not know it must not take it for delivered.
            _ => unknown,
        }
    }
}
