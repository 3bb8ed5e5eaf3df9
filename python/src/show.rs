//! From what the core answers to what Python sees.

use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

use crate::order::Order;
use crate::rule::Rule;
use crate::status::AccountStatus;
use crate::trail::MessageTrace;

/// Makes a Python value of an answer, where the GIL is held.
pub(crate) trait Show<T>: FnOnce(Python<'_>, T) -> PyResult<Py<PyAny>> + Send + 'static {}

impl<T, F: FnOnce(Python<'_>, T) -> PyResult<Py<PyAny>> + Send + 'static> Show<T> for F {}

/// `None`.
#[allow(clippy::unnecessary_wraps, reason = "one of several that are passed alike")]
pub(crate) fn nothing(py: Python<'_>, (): ()) -> PyResult<Py<PyAny>> {
    Ok(py.None())
}

/// What Python has a type of its own for.
pub(crate) fn plain<T: for<'py> IntoPyObject<'py>>(py: Python<'_>, value: T) -> PyResult<Py<PyAny>> {
    value.into_py_any(py)
}

/// One value of ours.
pub(crate) fn one<T, P: From<T> + for<'py> IntoPyObject<'py>>(py: Python<'_>, value: T) -> PyResult<Py<PyAny>> {
    P::from(value).into_py_any(py)
}

/// One value of ours, or `None`.
pub(crate) fn optional<T, P: From<T> + for<'py> IntoPyObject<'py>>(py: Python<'_>, value: Option<T>) -> PyResult<Py<PyAny>> {
    value.map(P::from).into_py_any(py)
}

/// A list of values of ours.
pub(crate) fn list<T, P: From<T> + for<'py> IntoPyObject<'py>>(py: Python<'_>, values: Vec<T>) -> PyResult<Py<PyAny>> {
    values.into_iter().map(P::from).collect::<Vec<_>>().into_py_any(py)
}

/// Accounts, as a list that can be shown as a table.
pub(crate) fn statuses(py: Python<'_>, statuses: Vec<livekeeper::AccountStatus>) -> PyResult<Py<PyAny>> {
    static KIND: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    table(py, &KIND, "Statuses", list::<_, AccountStatus>(py, statuses)?)
}

/// Messages, as a list that can be shown as a table.
pub(crate) fn messages(py: Python<'_>, traces: Vec<livekeeper::MessageTrace>) -> PyResult<Py<PyAny>> {
    static KIND: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    table(py, &KIND, "Messages", list::<_, MessageTrace>(py, traces)?)
}

/// Orders, as a list that can be shown as a table.
pub(crate) fn orders(py: Python<'_>, orders: Vec<livekeeper::Order>) -> PyResult<Py<PyAny>> {
    static KIND: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    table(py, &KIND, "Orders", list::<_, Order>(py, orders)?)
}

fn table(py: Python<'_>, kind: &PyOnceLock<Py<PyAny>>, name: &str, rows: Py<PyAny>) -> PyResult<Py<PyAny>> {
    kind.import(py, "livekeeper._seeing.rows", name)?.call1((rows,)).map(Bound::unbind)
}

/// Rules: a pair for each plain one.
pub(crate) fn rules(py: Python<'_>, rules: Vec<livekeeper::KeywordRule>) -> PyResult<Py<PyAny>> {
    rules.into_iter().map(|rule| Rule::show(py, rule)).collect::<PyResult<Vec<_>>>()?.into_py_any(py)
}
