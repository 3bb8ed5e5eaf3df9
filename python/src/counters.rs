//! `Counters`: what has been done, as a frozen value.

use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::display::{self, field};

/// What an account has done since its manager was opened.
///
/// >>> import livekeeper
/// >>> livekeeper.Counters(received=3, replied=2).replied
/// 2
#[pyclass(frozen, eq, hash, get_all, module = "livekeeper")]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Counters {
    /// Buyers' messages recorded for the first time.
    received: u64,
    /// Messages that came again and were recognised.
    duplicates: u64,
    /// Those of the received ones that came by reading chats back, after a time without a connection.
    backfilled: u64,
    /// Replies that the service confirmed.
    replied: u64,
    /// Sends that the service confirmed, the replies among them.
    delivered: u64,
    /// Sends that the service refused.
    rejected: u64,
    /// Sends whose outcome is not known; they are never sent again by themselves.
    unknown: u64,
    /// Messages on which the host's reply function gave no answer: it failed or took too long.
    handler_failures: u64,
    /// Entries and frames that could not be read.
    broken: u64,
    /// Connections that reached registration.
    connects: u64,
    /// Sessions that ended otherwise than by the host's wish.
    failures: u64,
}

#[pymethods]
impl Counters {
    #[new]
    #[pyo3(signature = (received=0, duplicates=0, backfilled=0, replied=0, delivered=0, rejected=0, unknown=0, handler_failures=0, broken=0, connects=0, failures=0))]
    #[allow(clippy::too_many_arguments, reason = "a Python constructor has its fields")]
    fn new(
        received: u64,
        duplicates: u64,
        backfilled: u64,
        replied: u64,
        delivered: u64,
        rejected: u64,
        unknown: u64,
        handler_failures: u64,
        broken: u64,
        connects: u64,
        failures: u64,
    ) -> Self {
        Self {
            received,
            duplicates,
            backfilled,
            replied,
            delivered,
            rejected,
            unknown,
            handler_failures,
            broken,
            connects,
            failures,
        }
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        display::repr("Counters", &self.fields(py)?)
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        display::reduce::<Self>(py, &self.fields(py)?)
    }
}

impl Counters {
    fn fields<'py>(&self, py: Python<'py>) -> PyResult<Vec<(&'static str, Bound<'py, PyAny>)>> {
        Ok(vec![
            field(py, "received", self.received)?,
            field(py, "duplicates", self.duplicates)?,
            field(py, "backfilled", self.backfilled)?,
            field(py, "replied", self.replied)?,
            field(py, "delivered", self.delivered)?,
            field(py, "rejected", self.rejected)?,
            field(py, "unknown", self.unknown)?,
            field(py, "handler_failures", self.handler_failures)?,
            field(py, "broken", self.broken)?,
            field(py, "connects", self.connects)?,
            field(py, "failures", self.failures)?,
        ])
    }
}

impl From<livekeeper::Counters> for Counters {
    fn from(core: livekeeper::Counters) -> Self {
        Self {
            received: core.received,
            duplicates: core.duplicates,
            backfilled: core.backfilled,
            replied: core.replied,
            delivered: core.delivered,
            rejected: core.rejected,
            unknown: core.unknown,
            handler_failures: core.handler_failures,
            broken: core.broken,
            connects: core.connects,
            failures: core.failures,
        }
    }
}
