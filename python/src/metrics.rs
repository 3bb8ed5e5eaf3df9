//! `Metrics`: a manager's figures at one moment, as a frozen value.

use std::collections::BTreeMap;

use pyo3::prelude::*;
use pyo3::types::{PyDateTime, PyTuple};

use crate::capacity::Capacity;
use crate::counters::Counters;
use crate::display::{self, datetime, field};

/// How many there are of each, by name.
type Counts = BTreeMap<String, u64>;

/// A manager's figures at one moment: a value that never changes. Its dicts are made anew each time that they are asked for.
///
///     print(manager.metrics().counters.replied)
#[pyclass(frozen, eq, module = "livekeeper")]
#[derive(PartialEq)]
pub(crate) struct Metrics {
    at_ms: i64,
    uptime_s: f64,
    accounts: u64,
    states: Counts,
    connections: Counts,
    health: Counts,
    counters: Counters,
    capacity: Capacity,
}

#[pymethods]
impl Metrics {
    #[new]
    #[allow(clippy::too_many_arguments, reason = "a Python constructor has its fields")]
    fn new(
        at_ms: i64,
        uptime_s: f64,
        accounts: u64,
        states: Counts,
        connections: Counts,
        health: Counts,
        counters: &Bound<'_, Counters>,
        capacity: &Bound<'_, Capacity>,
    ) -> Self {
        let (counters, capacity) = (counters.get().clone(), capacity.get().clone());
        Self { at_ms, uptime_s, accounts, states, connections, health, counters, capacity }
    }

    /// When (UTC).
    #[getter]
    fn at<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDateTime>> {
        datetime(py, self.at_ms)
    }

    /// Since the manager was opened, in seconds.
    #[getter]
    fn uptime_s(&self) -> f64 {
        self.uptime_s
    }

    /// Accounts on record.
    #[getter]
    fn accounts(&self) -> u64 {
        self.accounts
    }

    /// How many of them are in each state: a dict by the names in `TaskState`; every state is there.
    #[getter]
    fn states(&self) -> Counts {
        self.states.clone()
    }

    /// How many connections are in each state: a dict by the names in `ConnectionState`; every state is there.
    #[getter]
    fn connections(&self) -> Counts {
        self.connections.clone()
    }

    /// How many accounts are how: a dict by the names in `Health`; every one is there.
    #[getter]
    fn health(&self) -> Counts {
        self.health.clone()
    }

    /// What all accounts have done, those that are removed by now included.
    #[getter]
    fn counters(&self) -> Counters {
        self.counters.clone()
    }

    /// What is used of everything that has a bound.
    #[getter]
    fn capacity(&self) -> Capacity {
        self.capacity.clone()
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        display::repr("Metrics", &self.fields(py)?)
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        display::reduce::<Self>(py, &self.fields(py)?)
    }
}

impl Metrics {
    fn fields<'py>(&self, py: Python<'py>) -> PyResult<Vec<(&'static str, Bound<'py, PyAny>)>> {
        Ok(vec![
            field(py, "at_ms", self.at_ms)?,
            field(py, "uptime_s", self.uptime_s)?,
            field(py, "accounts", self.accounts)?,
            field(py, "states", self.states())?,
            field(py, "connections", self.connections())?,
            field(py, "health", self.health())?,
            field(py, "counters", self.counters())?,
            field(py, "capacity", self.capacity())?,
        ])
    }
}

impl From<livekeeper::Metrics> for Metrics {
    fn from(core: livekeeper::Metrics) -> Self {
        let named =
            |counts: BTreeMap<&'static str, u64>| counts.into_iter().map(|(name, count)| (name.to_owned(), count)).collect();
        Self {
            at_ms: core.at_ms,
            uptime_s: core.uptime_s,
            accounts: core.accounts,
            states: named(core.states),
            connections: named(core.connections),
            health: named(core.health),
            counters: core.counters.into(),
            capacity: core.capacity.into(),
        }
    }
}
