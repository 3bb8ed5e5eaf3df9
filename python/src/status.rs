//! `AccountStatus`, `Reason` and `Counters`: an account at one moment, as frozen values.

use livekeeper::{ConnectionState, ReasonCode, TaskState};
use pyo3::prelude::*;
use pyo3::types::{PyDateTime, PyTuple};

use crate::arguments;
use crate::display::{self, datetime, field};
use crate::states::Named;

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
    /// Replies that the service confirmed.
    replied: u64,
    /// Sends that the service confirmed, the replies among them.
    delivered: u64,
    /// Sends that the service refused.
    rejected: u64,
    /// Sends whose outcome is not known; they are never sent again by themselves.
    unknown: u64,
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
    #[pyo3(signature = (received=0, duplicates=0, replied=0, delivered=0, rejected=0, unknown=0, broken=0, connects=0, failures=0))]
    #[allow(clippy::too_many_arguments, reason = "a Python constructor has its fields")]
    fn new(
        received: u64,
        duplicates: u64,
        replied: u64,
        delivered: u64,
        rejected: u64,
        unknown: u64,
        broken: u64,
        connects: u64,
        failures: u64,
    ) -> Self {
        Self { received, duplicates, replied, delivered, rejected, unknown, broken, connects, failures }
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
            field(py, "replied", self.replied)?,
            field(py, "delivered", self.delivered)?,
            field(py, "rejected", self.rejected)?,
            field(py, "unknown", self.unknown)?,
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
            replied: core.replied,
            delivered: core.delivered,
            rejected: core.rejected,
            unknown: core.unknown,
            broken: core.broken,
            connects: core.connects,
            failures: core.failures,
        }
    }
}

/// Why an account is in its state, since when, and when the next try is due. `str(reason)` is the sentence with the detail.
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

    fn __str__(&self) -> String {
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

/// One account at one moment: a value that never changes; it compares, hashes and pickles. `str(status)` is a line for people.
#[pyclass(frozen, eq, hash, module = "livekeeper")]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct AccountStatus {
    cookie_id: String,
    enabled: bool,
    state: TaskState,
    connection: ConnectionState,
    reason: Reason,
    since_ms: i64,
    counters: Counters,
}

#[pymethods]
impl AccountStatus {
    #[new]
    #[pyo3(signature = (cookie_id, enabled, state, connection, reason, since_ms=0, counters=None))]
    fn new(
        cookie_id: &Bound<'_, PyAny>,
        enabled: &Bound<'_, PyAny>,
        state: &Bound<'_, PyAny>,
        connection: &Bound<'_, PyAny>,
        reason: &Bound<'_, Reason>,
        since_ms: i64,
        counters: Option<&Bound<'_, Counters>>,
    ) -> PyResult<Self> {
        Ok(Self {
            cookie_id: arguments::text(cookie_id, "cookie_id")?,
            enabled: arguments::switch(enabled, "enabled")?,
            state: TaskState::from_argument(state, "state")?,
            connection: ConnectionState::from_argument(connection, "connection")?,
            reason: reason.get().clone(),
            since_ms,
            counters: counters.map_or_else(|| livekeeper::Counters::default().into(), |counters| counters.get().clone()),
        })
    }

    /// The account.
    #[getter]
    fn cookie_id(&self) -> &str {
        &self.cookie_id
    }

    /// What the host asked for; no failure ever changes it.
    #[getter]
    fn enabled(&self) -> bool {
        self.enabled
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

    /// Why.
    #[getter]
    fn reason(&self) -> Reason {
        self.reason.clone()
    }

    /// Since when `state` holds (UTC).
    #[getter]
    fn since<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDateTime>> {
        datetime(py, self.since_ms)
    }

    /// Counted since the manager was opened.
    #[getter]
    fn counters(&self) -> Counters {
        self.counters.clone()
    }

    fn __str__(&self) -> String {
        format!("{}, {}: {}", TaskState::name(self.state), ConnectionState::name(self.connection), self.reason.__str__())
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        display::repr("AccountStatus", &self.fields(py)?)
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        display::reduce::<Self>(py, &self.fields(py)?)
    }
}

impl AccountStatus {
    fn fields<'py>(&self, py: Python<'py>) -> PyResult<Vec<(&'static str, Bound<'py, PyAny>)>> {
        Ok(vec![
            field(py, "cookie_id", &self.cookie_id)?,
            field(py, "enabled", self.enabled)?,
            field(py, "state", TaskState::name(self.state))?,
            field(py, "connection", ConnectionState::name(self.connection))?,
            field(py, "reason", self.reason.clone())?,
            field(py, "since_ms", self.since_ms)?,
            field(py, "counters", self.counters.clone())?,
        ])
    }
}

impl From<livekeeper::AccountStatus> for AccountStatus {
    fn from(core: livekeeper::AccountStatus) -> Self {
        Self {
            cookie_id: core.cookie_id,
            enabled: core.enabled,
            state: core.state,
            connection: core.connection,
            reason: core.reason.into(),
            since_ms: core.since_ms,
            counters: core.counters.into(),
        }
    }
}
