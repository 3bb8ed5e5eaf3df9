//! `PausedChat`: a chat in which nothing is answered for now, as a frozen value.

use pyo3::prelude::*;
use pyo3::types::{PyDateTime, PyTuple};

use crate::display::{self, datetime, field};

/// A chat in which nothing is answered for now: a value that never changes; it compares, hashes and pickles.
///
///     for chat in manager.paused_chats("shop 1"): print(chat.chat_id, chat.paused_until)
#[pyclass(frozen, eq, hash, module = "livekeeper")]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct PausedChat {
    chat_id: String,
    paused_until_ms: i64,
}

#[pymethods]
impl PausedChat {
    #[new]
    fn new(chat_id: String, paused_until_ms: i64) -> Self {
        Self { chat_id, paused_until_ms }
    }

    /// The chat.
    #[getter]
    fn chat_id(&self) -> &str {
        &self.chat_id
    }

    /// Until when: milliseconds since 1970 UTC.
    #[getter]
    fn paused_until_ms(&self) -> i64 {
        self.paused_until_ms
    }

    /// The same as a time (UTC).
    #[getter]
    fn paused_until<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDateTime>> {
        datetime(py, self.paused_until_ms)
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        display::repr("PausedChat", &self.fields(py)?)
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        display::reduce::<Self>(py, &self.fields(py)?)
    }
}

impl PausedChat {
    fn fields<'py>(&self, py: Python<'py>) -> PyResult<Vec<(&'static str, Bound<'py, PyAny>)>> {
        Ok(vec![field(py, "chat_id", &self.chat_id)?, field(py, "paused_until_ms", self.paused_until_ms)?])
    }
}

impl From<livekeeper::PausedChat> for PausedChat {
    fn from(core: livekeeper::PausedChat) -> Self {
        Self { chat_id: core.chat_id, paused_until_ms: core.paused_until_ms }
    }
}
