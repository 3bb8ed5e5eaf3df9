//! `Capacity` and `CapacityItem`: what is used of everything that has a bound, as frozen values.

use livekeeper::{CapacityKind, CapacityLevel};
use pyo3::prelude::*;
use pyo3::types::{PyDateTime, PyTuple};

use crate::display::{self, datetime, field};
use crate::states::Named;

/// What is used of one thing, and its bound. `str(item)` is a line for people.
///
/// >>> import livekeeper
/// >>> print(livekeeper.CapacityItem("file_descriptors", 900, 1024, "near"))
/// file_descriptors: 900 of 1024 (near)
#[pyclass(frozen, eq, hash, module = "livekeeper")]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct CapacityItem {
    kind: CapacityKind,
    used: u64,
    bound: Option<u64>,
    level: CapacityLevel,
}

#[pymethods]
impl CapacityItem {
    #[new]
    #[pyo3(signature = (kind, used, bound, level))]
    fn new(kind: &Bound<'_, PyAny>, used: u64, bound: Option<u64>, level: &Bound<'_, PyAny>) -> PyResult<Self> {
        let (kind, level) = (CapacityKind::from_argument(kind, "kind")?, CapacityLevel::from_argument(level, "level")?);
        Ok(Self { kind, used, bound, level })
    }

    /// What: a member of `CapacityKind`, which is also a string.
    #[getter]
    fn kind<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.kind.member(py)
    }

    /// How much of it is used.
    #[getter]
    fn used(&self) -> u64 {
        self.used
    }

    /// How much there is; `None` where the system sets no bound or does not tell.
    #[getter]
    fn bound(&self) -> Option<u64> {
        self.bound
    }

    /// How near the bound is: a member of `CapacityLevel`, which is also a string.
    #[getter]
    fn level<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.level.member(py)
    }

    pub(crate) fn __str__(&self) -> String {
        let bound = self.bound.map_or_else(|| "no bound".to_owned(), |bound| bound.to_string());
        format!("{}: {} of {bound} ({})", self.kind.name(), self.used, self.level.name())
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        display::repr("CapacityItem", &self.fields(py)?)
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        display::reduce::<Self>(py, &self.fields(py)?)
    }
}

impl CapacityItem {
    fn fields<'py>(&self, py: Python<'py>) -> PyResult<Vec<(&'static str, Bound<'py, PyAny>)>> {
        Ok(vec![
            field(py, "kind", self.kind.name())?,
            field(py, "used", self.used)?,
            field(py, "bound", self.bound)?,
            field(py, "level", self.level.name())?,
        ])
    }
}

impl From<livekeeper::CapacityItem> for CapacityItem {
    fn from(core: livekeeper::CapacityItem) -> Self {
        Self { kind: core.kind, used: core.used, bound: core.bound, level: core.level }
    }
}

/// What is used of everything that has a bound, at one moment: a value that never changes.
///
///     print(manager.capacity().get("accounts").used)
#[pyclass(frozen, eq, hash, module = "livekeeper")]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Capacity {
    at_ms: i64,
    items: Vec<CapacityItem>,
}

#[pymethods]
#[allow(clippy::needless_pass_by_value, reason = "what Python gives is taken by value")]
impl Capacity {
    #[new]
    fn new(at_ms: i64, items: Vec<Bound<'_, CapacityItem>>) -> Self {
        Self { at_ms, items: items.iter().map(|item| item.get().clone()).collect() }
    }

    /// When (UTC).
    #[getter]
    fn at<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDateTime>> {
        datetime(py, self.at_ms)
    }

    /// Each thing once, a tuple of `CapacityItem` in the order of `CapacityKind`.
    #[getter]
    fn items<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.items.iter().cloned())
    }

    /// What is near its bound or has reached it: a tuple of `CapacityItem`.
    #[getter]
    fn warnings<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let near: Vec<_> = self.items.iter().filter(|item| item.level != CapacityLevel::Ok).cloned().collect();
        PyTuple::new(py, near)
    }

    /// The item of this kind, a member of `CapacityKind` or its name; `None` where there is none.
    ///
    /// Raises `InvalidArgument`.
    ///
    ///     manager.capacity().get("file_descriptors").used
    fn get(&self, kind: &Bound<'_, PyAny>) -> PyResult<Option<CapacityItem>> {
        let kind = CapacityKind::from_argument(kind, "kind")?;
        Ok(self.items.iter().find(|item| item.kind == kind).cloned())
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        display::repr("Capacity", &self.fields(py)?)
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        display::reduce::<Self>(py, &self.fields(py)?)
    }
}

impl Capacity {
    fn fields<'py>(&self, py: Python<'py>) -> PyResult<Vec<(&'static str, Bound<'py, PyAny>)>> {
        Ok(vec![field(py, "at_ms", self.at_ms)?, field(py, "items", self.items(py)?)?])
    }
}

impl From<livekeeper::Capacity> for Capacity {
    fn from(core: livekeeper::Capacity) -> Self {
        Self { at_ms: core.at_ms, items: core.items.iter().map(|item| (*item).into()).collect() }
    }
}
