//! The states, codes and kinds of the core as members of the enums in `livekeeper.states`.

use std::collections::BTreeMap;

use livekeeper::{
    CapacityKind, CapacityLevel, ConfirmationState, ConnectionState, DecisionCode, Health, HealthCode, ImportOutcome, OrderStatus,
    ReasonCode, TaskState,
};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

use crate::arguments;
use crate::errors;

/// Something of the core that has a name, and an enum in `livekeeper.states` with that name as a value.
pub(crate) trait Named: Copy + 'static {
    const ENUM: &'static str;
    fn all() -> &'static [Self];
    fn name(self) -> &'static str;
    /// The enum's members by their values.
    fn members() -> &'static PyOnceLock<Py<PyAny>>;

    /// The enum's member. It is looked up where the enum keeps them: calling the enum runs Python code, in which another thread may
    /// get the GIL, and before Python 3.14 one that wants it back while the interpreter exits is unwound, which no frame here allows.
    fn member(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        let members = Self::members().get_or_try_init(py, || {
            let kind = py.import("livekeeper.states")?.getattr(Self::ENUM)?;
            kind.getattr("_value2member_map_").map(Bound::unbind)
        })?;
        members.bind(py).get_item(self.name())
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
    ($core:ident) => {
        named!($core, stringify!($core));
    };
    ($core:ident, $enum:expr) => {
        impl Named for $core {
            const ENUM: &'static str = $enum;

            fn all() -> &'static [Self] {
                $core::ALL
            }

            fn name(self) -> &'static str {
                $core::name(self)
            }

            fn members() -> &'static PyOnceLock<Py<PyAny>> {
                static MEMBERS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
                &MEMBERS
            }
        }
    };
}

named!(TaskState);
named!(ConnectionState);
named!(ReasonCode);
named!(Health);
named!(HealthCode);
named!(CapacityKind);
named!(CapacityLevel);
named!(DecisionCode, "Decision");
named!(OrderStatus);
named!(ConfirmationState);
named!(ImportOutcome);

/// The enums of the core by their names, and the names of their values: the tests hold `livekeeper.states` against it.
#[pyfunction]
pub(crate) fn core_enums() -> BTreeMap<&'static str, Vec<&'static str>> {
    fn names<T: Named>() -> (&'static str, Vec<&'static str>) {
        (T::ENUM, T::all().iter().map(|one| one.name()).collect())
    }
    BTreeMap::from([
        names::<TaskState>(),
        names::<ConnectionState>(),
        names::<ReasonCode>(),
        names::<Health>(),
        names::<HealthCode>(),
        names::<CapacityKind>(),
        names::<CapacityLevel>(),
        names::<DecisionCode>(),
        names::<OrderStatus>(),
        names::<ConfirmationState>(),
        names::<ImportOutcome>(),
    ])
}

/// Every reason code of the core: its name, its permanent number, its sentence.
#[pyfunction]
pub(crate) fn reason_codes() -> Vec<(&'static str, u16, &'static str)> {
    ReasonCode::ALL.iter().map(|code| (code.name(), code.number(), code.sentence())).collect()
}

/// Every health code of the core: its name, its permanent number, its sentence.
#[pyfunction]
pub(crate) fn health_codes() -> Vec<(&'static str, u16, &'static str)> {
    HealthCode::ALL.iter().map(|code| (code.name(), code.number(), code.sentence())).collect()
}
