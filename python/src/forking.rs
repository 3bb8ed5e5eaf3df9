//! What is done around a fork, for `livekeeper._at_fork`.

use std::time::Duration;

use pyo3::prelude::*;

use crate::blocking::without_gil;

/// A transaction is over by then, unless the disk hangs.
const LIMIT: Duration = Duration::from_secs(2);

#[pyfunction]
pub(crate) fn before_fork(py: Python<'_>) {
    without_gil(py, || livekeeper::before_fork(LIMIT));
}

#[pyfunction]
pub(crate) fn after_fork_in_parent() {
    livekeeper::after_fork_in_parent();
}

#[pyfunction]
pub(crate) fn after_fork_in_child() {
    livekeeper::after_fork_in_child();
}
