//! The library's log, for `livekeeper._logs`: a thread of Python's reads it in batches.

use std::time::{Duration, UNIX_EPOCH};

use livekeeper::{LogLevel, LogRecord};
use pyo3::prelude::*;

use crate::blocking::without_gil;
use crate::errors;

/// A record: the level as a number of `logging`'s, the logger's name, source file and line, seconds since 1970, the account, the message.
type Record = (u32, String, &'static str, u32, f64, Option<String>, String);

/// The one reader of this process's log.
#[pyclass(frozen, module = "livekeeper._livekeeper")]
pub(crate) struct LogReader(livekeeper::LogReader);

#[pymethods]
impl LogReader {
    /// Collects from now on what is of this level of `logging`'s or above.
    #[new]
    fn new(py: Python<'_>, level: u32) -> PyResult<Self> {
        livekeeper::LogReader::open(at_least(level)).map(Self).map_err(|error| errors::to_python(py, &error))
    }

    /// Collects what is of this level of `logging`'s or above.
    fn set_level(&self, level: u32) {
        self.0.set_level(at_least(level));
    }

    /// Waits for records at most for `timeout_s` seconds: at most `count` of them, how many were lost before, and whether it is over.
    fn next_batch(&self, py: Python<'_>, count: usize, timeout_s: f64) -> (Vec<Record>, u64, bool) {
        let limit = Duration::try_from_secs_f64(timeout_s).unwrap_or_default();
        let batch = without_gil(py, || self.0.next_batch(count, limit));
        (batch.records.into_iter().map(shown).collect(), batch.lost, batch.is_over)
    }

    /// Ends it; what is there can still be read.
    fn close(&self) {
        self.0.close();
    }
}

fn shown(record: LogRecord) -> Record {
    let (file, line) = record.place.unwrap_or(("livekeeper", 0));
    let at_s = record.at.duration_since(UNIX_EPOCH).map_or(0.0, |age| age.as_secs_f64());
    (number(record.level), record.target.replace("::", "."), file, line, at_s, record.cookie_id, record.message)
}

/// From a threshold of `logging`'s, where levels are numbers that a host may add to.
fn at_least(level: u32) -> LogLevel {
    [LogLevel::Trace, LogLevel::Debug, LogLevel::Info, LogLevel::Warn, LogLevel::Error]
        .into_iter()
        .find(|&one| level <= number(one))
        .unwrap_or(LogLevel::Off)
}

fn number(level: LogLevel) -> u32 {
    match level {
        LogLevel::Trace => 5,
        LogLevel::Debug => 10,
        LogLevel::Info => 20,
        LogLevel::Warn => 30,
        _ => 40,
    }
}
