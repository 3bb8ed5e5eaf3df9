//! How values are written out, and times and pickles made, the same for all of them.

use pyo3::BoundObject;
use pyo3::prelude::*;
use pyo3::types::{PyDateTime, PyTuple, PyTzInfo};

/// Milliseconds since 1970 as a `datetime` in UTC.
pub(crate) fn datetime(py: Python<'_>, since_1970_ms: i64) -> PyResult<Bound<'_, PyDateTime>> {
    #[allow(clippy::cast_precision_loss, reason = "a double holds milliseconds exactly for the next 280,000 years")]
    let seconds = since_1970_ms as f64 / 1_000.0;
    PyDateTime::from_timestamp(py, seconds, Some(&*PyTzInfo::utc(py)?))
}

/// What a value's constructor takes, in its order.
pub(crate) type Fields<'py> = [(&'static str, Bound<'py, PyAny>)];

/// `Name(field=…, …)`.
pub(crate) fn repr(name: &str, fields: &Fields<'_>) -> PyResult<String> {
    let fields: PyResult<Vec<_>> = fields.iter().map(|(field, value)| Ok(format!("{field}={}", value.repr()?))).collect();
    Ok(format!("{name}({})", fields?.join(", ")))
}

/// What `__reduce__` answers: the class and its arguments.
pub(crate) fn reduce<'py, T: pyo3::PyTypeInfo>(py: Python<'py>, fields: &Fields<'py>) -> PyResult<Bound<'py, PyTuple>> {
    let arguments = PyTuple::new(py, fields.iter().map(|(_, value)| value))?;
    (py.get_type::<T>(), arguments).into_pyobject(py)
}

/// One field for [`repr`] and [`reduce`].
pub(crate) fn field<'py, T>(py: Python<'py>, name: &'static str, value: T) -> PyResult<(&'static str, Bound<'py, PyAny>)>
where
    T: IntoPyObject<'py>,
    PyErr: From<T::Error>,
{
    Ok((name, value.into_pyobject(py)?.into_bound().into_any()))
}
