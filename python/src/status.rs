//! `AccountStatus`: an account at one moment, as a frozen value.

use livekeeper::{ConnectionState, Health, TaskState};
use pyo3::prelude::*;
use pyo3::types::{PyDateTime, PyTuple};

use crate::arguments;
use crate::counters::Counters;
use crate::display::{self, datetime, field};
use crate::health_reason::HealthReason;
use crate::reason::Reason;
use crate::states::Named;

/// One account at one moment: a value that never changes; it compares, hashes and pickles. `str(status)` is a line for people.
///
///     status = manager.status("shop 1")
///     print(status.state, status.health, status.reason, status.counters.replied)
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
    paused: bool,
    priority: i32,
    health: Health,
    health_reasons: Vec<HealthReason>,
}

#[pymethods]
#[allow(clippy::needless_pass_by_value, reason = "what Python gives is taken by value")]
impl AccountStatus {
    #[new]
    #[pyo3(signature = (cookie_id, enabled, state, connection, reason, since_ms=0, counters=None, paused=None, priority=None, health=None, health_reasons=Vec::new()))]
    #[pyo3(
        text_signature = "(cookie_id, enabled, state, connection, reason, since_ms=0, counters=None, paused=False, priority=0, health='ok', health_reasons=())"
    )]
    #[allow(clippy::too_many_arguments, reason = "a Python constructor has its fields")]
    fn new(
        cookie_id: &Bound<'_, PyAny>,
        enabled: &Bound<'_, PyAny>,
        state: &Bound<'_, PyAny>,
        connection: &Bound<'_, PyAny>,
        reason: &Bound<'_, Reason>,
        since_ms: i64,
        counters: Option<&Bound<'_, Counters>>,
        paused: Option<&Bound<'_, PyAny>>,
        priority: Option<&Bound<'_, PyAny>>,
        health: Option<&Bound<'_, PyAny>>,
        health_reasons: Vec<Bound<'_, HealthReason>>,
    ) -> PyResult<Self> {
        Ok(Self {
            cookie_id: arguments::text(cookie_id, "cookie_id")?,
            enabled: arguments::switch(enabled, "enabled")?,
            state: TaskState::from_argument(state, "state")?,
            connection: ConnectionState::from_argument(connection, "connection")?,
            reason: reason.get().clone(),
            since_ms,
            counters: counters.map_or_else(|| livekeeper::Counters::default().into(), |counters| counters.get().clone()),
            paused: paused.map_or(Ok(false), |paused| arguments::switch(paused, "paused"))?,
            priority: priority.map_or(Ok(0), |priority| arguments::integer(priority, "priority"))?,
            health: health.map_or(Ok(Health::Ok), |health| Health::from_argument(health, "health"))?,
            health_reasons: health_reasons.iter().map(|reason| reason.get().clone()).collect(),
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

    /// Whether you have paused it: it answers nothing until it is resumed.
    #[getter]
    fn paused(&self) -> bool {
        self.paused
    }

    /// Its place among the accounts that wait to connect: higher goes first. −100 … 100.
    #[getter]
    fn priority(&self) -> i32 {
        self.priority
    }

    /// How it is, in one word: a member of `Health`, which is also a string.
    #[getter]
    fn health<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.health.member(py)
    }

    /// What is wrong: a tuple of `HealthReason`; empty where it is well.
    #[getter]
    fn health_reasons<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.health_reasons.iter().cloned())
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
            field(py, "paused", self.paused)?,
            field(py, "priority", self.priority)?,
            field(py, "health", Health::name(self.health))?,
            field(py, "health_reasons", self.health_reasons(py)?)?,
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
            paused: core.paused,
            priority: core.priority,
            health: core.health,
            health_reasons: core.health_reasons.iter().map(HealthReason::from).collect(),
        }
    }
}
