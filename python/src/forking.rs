//! What is done around a fork, for `livekeeper._at_fork`.

use pyo3::prelude::*;

use crate::blocking::without_gil;

#[pyfunction]
pub(crate) fn before_fork(py: Python<'_>) {
    without_gil(py, livekeeper::before_fork);
}

#[pyfunction]
pub(crate) fn after_fork_in_parent() {
    livekeeper::after_fork_in_parent();
}

#[pyfunction]
pub(crate) fn after_fork_in_child() {
    livekeeper::after_fork_in_child();
}
