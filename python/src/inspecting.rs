//! Looking into a store: what `livekeeper.inspect` is made of.

use pyo3::prelude::*;

use crate::arguments::{path, small_count};
use crate::blocking::on_thread;
use crate::errors;
use crate::trail::MessageTrace;

/// What a store holds as JSON, and its latest messages once more as values, each with its account.
#[pyfunction]
pub(crate) fn look_into_store(
    py: Python<'_>,
    path: &Bound<'_, PyAny>,
    limit: &Bound<'_, PyAny>,
) -> PyResult<(String, Vec<(String, MessageTrace)>)> {
    let (path, limit) = (self::path(path, "path")?, small_count(limit, "limit")?);
    let looked = on_thread(py, "livekeeper-inspect", move || livekeeper::inspect(&path, limit))?;
    let inspection = looked.map_err(|error| errors::to_python(py, &error))?;
    let json = inspection.to_json();
    let messages = inspection.messages.into_iter().map(|one| (one.cookie_id, MessageTrace::from(one.message)));
    Ok((json, messages.collect()))
}
