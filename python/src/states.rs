//! The states and codes of the core as members of the enums in `livekeeper.states`.

use livekeeper::{ConnectionState, ReasonCode, TaskState};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

use crate::arguments;
use crate::errors;

const TASK_STATES: [TaskState; 8] = [
    TaskState::Created,
    TaskState::Registered,
    TaskState::Running,
    TaskState::Paused,
    TaskState::Parked,
    TaskState::Stopping,
    TaskState::Stopped,
    TaskState::Failed,
];

const CONNECTION_STATES: [ConnectionState; 6] = [
    ConnectionState::Disconnected,
    ConnectionState::Connecting,
    ConnectionState::Connected,
    ConnectionState::Reconnecting,
    ConnectionState::Failed,
    ConnectionState::Closed,
];

/// Something of the core that has a name, and an enum in `livekeeper.states` with that name as a value.
pub(crate) trait Named: Copy + 'static {
    const ENUM: &'static str;
    fn all() -> &'static [Self];
    fn name(self) -> &'static str;
    fn members() -> &'static PyOnceLock<Py<PyAny>>;

    /// The enum's member.
    fn member(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        Self::members().import(py, "livekeeper.states", Self::ENUM)?.call1((self.name(),))
    }

    /// From a member, or from its name; a wrong one is refused with the allowed ones.
    fn from_argument(value: &Bound<'_, PyAny>, argument: &str) -> PyResult<Self> {
        let name = arguments::text(value, argument)?;
        Self::all().iter().copied().find(|one| one.name() == name).ok_or_else(|| {
            let allowed: Vec<_> = Self::all().iter().map(|one| one.name()).collect();
            errors::invalid(value.py(), argument, &format!("is {name:?}; allowed are {}", allowed.join(", ")))
        })
    }
}

macro_rules! named {
    ($core:ident, $all:expr) => {
        impl Named for $core {
            const ENUM: &'static str = stringify!($core);

            fn all() -> &'static [Self] {
                &$all
            }

            fn name(self) -> &'static str {
                $core::name(self)
            }

            fn members() -> &'static PyOnceLock<Py<PyAny>> {
                static ENUM: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
                &ENUM
            }
        }
    };
}

named!(TaskState, TASK_STATES);
named!(ConnectionState, CONNECTION_STATES);
named!(ReasonCode, *ReasonCode::ALL);

/// Every reason code of the core: its name, its permanent number, its sentence.
#[pyfunction]
pub(crate) fn reason_codes() -> Vec<(&'static str, u16, &'static str)> {
    ReasonCode::ALL.iter().map(|code| (code.name(), code.number(), code.sentence())).collect()
}
