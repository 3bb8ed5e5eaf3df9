//! What is shown to people is made in Python, in `livekeeper._seeing`, which is imported when it is first asked for.

use pyo3::call::PyCallArgs;
use pyo3::prelude::*;

/// What `function` of `livekeeper._seeing.<module>` returns.
pub(crate) fn call<'py>(
    py: Python<'py>,
    module: &str,
    function: &str,
    arguments: impl PyCallArgs<'py>,
) -> PyResult<Bound<'py, PyAny>> {
    py.import(format!("livekeeper._seeing.{module}"))?.getattr(function)?.call1(arguments)
}
