//! The module belongs to the first interpreter of a process that imports it: its threads could not tell into which one they call.

use std::sync::OnceLock;

use pyo3::exceptions::PyImportError;
use pyo3::prelude::*;

/// Refused with `ImportError` in any interpreter but the first.
pub(crate) fn claim(py: Python<'_>) -> PyResult<()> {
    static OWNER: OnceLock<usize> = OnceLock::new();
    // Each interpreter has a module `sys` of its own.
    let this = py.import("sys")?.as_ptr() as usize;
    if *OWNER.get_or_init(|| this) == this {
        return Ok(());
    }
    Err(PyImportError::new_err(
        "livekeeper works in one interpreter of a process, and another one has imported it already: \
         instead of sub-interpreters use threads or processes (with mod_wsgi: WSGIApplicationGroup %{GLOBAL})",
    ))
}
