//! From the core's errors to those of `livekeeper.errors`.

use livekeeper::Error;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

/// The exception for an error of the core, with its permanent number, its account and its field.
pub(crate) fn to_python(py: Python<'_>, error: &Error) -> PyErr {
    let field = match error {
        Error::InvalidArgument { field, .. } => Some(*field),
        _ => None,
    };
    make(py, error.code(), &error.to_string(), error.cookie_id(), field, error.pid())
}

/// An `InvalidArgument` that the bindings themselves found: what Rust's types cannot even hold. In `rule 3: its keyword` after
/// `keywords: ` the field is `keywords`.
pub(crate) fn invalid(py: Python<'_>, name: &str, problem: &str) -> PyErr {
    let field = name.split(':').next().unwrap_or(name);
    make(py, INVALID_ARGUMENT, &format!("{name}: {problem}"), None, Some(field), None)
}

/// A `ManagerClosed` with a sentence of its own: a reader of events is at its end.
pub(crate) fn closed(py: Python<'_>, sentence: &str) -> PyErr {
    make(py, livekeeper::Error::Closed.code(), sentence, None, None, None)
}

/// The core's number for `InvalidArgument`: permanent, as all of them.
const INVALID_ARGUMENT: u32 = 1;

fn make(py: Python<'_>, code: u32, message: &str, cookie_id: Option<&str>, field: Option<&str>, pid: Option<u32>) -> PyErr {
    let particulars = || -> PyResult<PyErr> {
        let error = kind(py, code)?.call1((message,))?;
        // All of it into its `__dict__`, so it pickles.
        error.setattr("code", code)?;
        error.setattr("cookie_id", cookie_id)?;
        if error.hasattr("field")? {
            error.setattr("field", field)?;
        }
        if error.hasattr("pid")? {
            error.setattr("pid", pid)?;
        }
        Ok(PyErr::from_value(error))
    };
    particulars().unwrap_or_else(|error| error)
}

/// The class of errors with this number. Neither here nor in what is done with it does Python code run: see `states::Named::member`.
fn kind(py: Python<'_>, code: u32) -> PyResult<Bound<'_, PyAny>> {
    static KINDS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    KINDS.import(py, "livekeeper.errors", "_BY_CODE")?.get_item(code)
}
