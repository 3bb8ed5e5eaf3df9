//! `Event`: something that happened, as a frozen value.

use livekeeper::{EventKind, Health};
use pyo3::PyClass;
use pyo3::prelude::*;
use pyo3::types::{PyDateTime, PyTuple};

use crate::arguments::{optional_text, wrong_type};
use crate::capacity::CapacityItem;
use crate::display::{self, datetime, field};
use crate::errors;
use crate::health_reason::HealthReason;
use crate::order::{Confirmation, Order};
use crate::reason::Reason;
use crate::standing::Standing;
use crate::states::Named;
use crate::stop_report::AccountStop;

/// Something that happened. `kind` says what, and which of the other fields there are; those that are not are `None`.
///
/// - `"state_changed"`: an account's state, its connection, or the reason for them is another one: `old`, `new` (each a
///   `Standing`), `reason`.
/// - `"health_changed"`: an account's health is another one: `old`, `new` (each a `Health`), `reasons`.
/// - `"stopped"`: what ran for an account was stopped: `report`.
/// - `"capacity_changed"`: a bound is near or reached, or no longer: `item`; it has no `cookie_id`.
/// - `"order_changed"`: an order is new, or its status is another one: `order`. Told at least once.
/// - `"confirmation_ended"`: the confirmation of a shipment has ended: `order_id`, `confirmation`.
/// - `"lagged"`: this reader was so slow that `missed` events were dropped before the next one; it has no `cookie_id`.
///
/// `str(event)` is a line for people.
///
/// >>> import livekeeper
/// >>> print(livekeeper.Event("lagged", at_ms=0, missed=3))
/// 3 events were missed
#[pyclass(frozen, eq, module = "livekeeper")]
#[derive(PartialEq)]
pub(crate) struct Event {
    at_ms: i64,
    cookie_id: Option<String>,
    what: What,
}

#[derive(PartialEq)]
enum What {
    StateChanged { old: Standing, new: Standing, reason: Reason },
    HealthChanged { old: Health, new: Health, reasons: Vec<HealthReason> },
    Stopped { report: AccountStop },
    CapacityChanged { item: CapacityItem },
    OrderChanged { order: Box<Order> },
    ConfirmationEnded { order_id: String, confirmation: Confirmation },
    Lagged { missed: u64 },
}

/// Each kind with the fields that are its own.
pub(crate) const KINDS: [(&str, &[&str]); 7] = [
    ("state_changed", &["old", "new", "reason"]),
    ("health_changed", &["old", "new", "reasons"]),
    ("stopped", &["report"]),
    ("capacity_changed", &["item"]),
    ("order_changed", &["order"]),
    ("confirmation_ended", &["order_id", "confirmation"]),
    ("lagged", &["missed"]),
];

#[pymethods]
impl Event {
    #[new]
    #[pyo3(signature = (kind, at_ms, cookie_id=None, old=None, new=None, reason=None, reasons=None, report=None, item=None, missed=None, order=None, order_id=None, confirmation=None))]
    #[pyo3(
        text_signature = "(kind, at_ms, cookie_id=None, old=None, new=None, reason=None, reasons=(), report=None, item=None, missed=None, order=None, order_id=None, confirmation=None)"
    )]
    #[allow(clippy::too_many_arguments, reason = "a Python constructor has its fields")]
    fn new(
        py: Python<'_>,
        kind: &str,
        at_ms: i64,
        cookie_id: Option<&Bound<'_, PyAny>>,
        old: Option<&Bound<'_, PyAny>>,
        new: Option<&Bound<'_, PyAny>>,
        reason: Option<&Bound<'_, PyAny>>,
        reasons: Option<Vec<Bound<'_, HealthReason>>>,
        report: Option<&Bound<'_, PyAny>>,
        item: Option<&Bound<'_, PyAny>>,
        missed: Option<u64>,
        order: Option<&Bound<'_, PyAny>>,
        order_id: Option<String>,
        confirmation: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let Some((kind, own)) = KINDS.into_iter().find(|(name, _)| *name == kind) else {
            let names: Vec<_> = KINDS.iter().map(|(name, _)| *name).collect();
            return Err(errors::invalid(py, "kind", &format!("is {kind:?}; allowed are {}", names.join(", "))));
        };
        let reasons: Vec<_> = reasons.unwrap_or_default().iter().map(|reason| reason.get().clone()).collect();
        let given = [
            ("old", old.is_some()),
            ("new", new.is_some()),
            ("reason", reason.is_some()),
            ("reasons", !reasons.is_empty()),
            ("report", report.is_some()),
            ("item", item.is_some()),
            ("missed", missed.is_some()),
            ("order", order.is_some()),
            ("order_id", order_id.is_some()),
            ("confirmation", confirmation.is_some()),
        ];
        for (name, is_given) in given {
            if is_given && !own.contains(&name) {
                return Err(errors::invalid(py, name, &format!("is given, and an event of the kind {kind} has none")));
            }
        }
        let needed = Needed { py, kind };
        let what = match kind {
            "state_changed" => What::StateChanged {
                old: needed.value::<Standing>("old", old)?.get().clone(),
                new: needed.value::<Standing>("new", new)?.get().clone(),
                reason: needed.value::<Reason>("reason", reason)?.get().clone(),
            },
            "health_changed" => What::HealthChanged {
                old: Health::from_argument(needed.any("old", old)?, "old")?,
                new: Health::from_argument(needed.any("new", new)?, "new")?,
                reasons,
            },
            "stopped" => What::Stopped { report: needed.value::<AccountStop>("report", report)?.get().clone() },
            "capacity_changed" => What::CapacityChanged { item: needed.value::<CapacityItem>("item", item)?.get().clone() },
            "order_changed" => What::OrderChanged { order: Box::new(needed.value::<Order>("order", order)?.get().clone()) },
            "confirmation_ended" => What::ConfirmationEnded {
                order_id: needed.any("order_id", order_id)?,
                confirmation: needed.value::<Confirmation>("confirmation", confirmation)?.get().clone(),
            },
            _ => What::Lagged { missed: needed.any("missed", missed)? },
        };
        Ok(Self { at_ms, cookie_id: optional_text(cookie_id, "cookie_id")?, what })
    }

    /// What happened: `"state_changed"`, `"health_changed"`, `"stopped"`, `"capacity_changed"`, `"order_changed"`,
    /// `"confirmation_ended"` or `"lagged"`.
    #[getter]
    fn kind(&self) -> &'static str {
        match self.what {
            What::StateChanged { .. } => "state_changed",
            What::HealthChanged { .. } => "health_changed",
            What::Stopped { .. } => "stopped",
            What::CapacityChanged { .. } => "capacity_changed",
            What::OrderChanged { .. } => "order_changed",
            What::ConfirmationEnded { .. } => "confirmation_ended",
            What::Lagged { .. } => "lagged",
        }
    }

    /// When it happened, or, for `"lagged"`, when this reader heard of it (UTC).
    #[getter]
    fn at<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDateTime>> {
        datetime(py, self.at_ms)
    }

    /// The account; `None` for what concerns the whole manager.
    #[getter]
    fn cookie_id(&self) -> Option<&str> {
        self.cookie_id.as_deref()
    }

    /// How it was before: a `Standing`, or a member of `Health`.
    #[getter]
    fn old<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        match &self.what {
            What::StateChanged { old, .. } => Ok(Some(Bound::new(py, old.clone())?.into_any())),
            What::HealthChanged { old, .. } => old.member(py).map(Some),
            _ => Ok(None),
        }
    }

    /// How it is now: a `Standing`, or a member of `Health`.
    #[getter(new)]
    fn new_<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        match &self.what {
            What::StateChanged { new, .. } => Ok(Some(Bound::new(py, new.clone())?.into_any())),
            What::HealthChanged { new, .. } => new.member(py).map(Some),
            _ => Ok(None),
        }
    }

    /// Why the state is another one: a `Reason`.
    #[getter]
    fn reason(&self) -> Option<Reason> {
        match &self.what {
            What::StateChanged { reason, .. } => Some(reason.clone()),
            _ => None,
        }
    }

    /// What is wrong with the account's health: a tuple of `HealthReason`; empty where it is well, and for other kinds.
    #[getter]
    fn reasons<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        match &self.what {
            What::HealthChanged { reasons, .. } => PyTuple::new(py, reasons.iter().cloned()),
            _ => Ok(PyTuple::empty(py)),
        }
    }

    /// How stopping went: an `AccountStop`.
    #[getter]
    fn report(&self) -> Option<AccountStop> {
        match &self.what {
            What::Stopped { report } => Some(report.clone()),
            _ => None,
        }
    }

    /// What is used, and its bound: a `CapacityItem`.
    #[getter]
    fn item(&self) -> Option<CapacityItem> {
        match &self.what {
            What::CapacityChanged { item } => Some(item.clone()),
            _ => None,
        }
    }

    /// How many events were dropped.
    #[getter]
    fn missed(&self) -> Option<u64> {
        match self.what {
            What::Lagged { missed } => Some(missed),
            _ => None,
        }
    }

    /// The order as it stands: an `Order`.
    #[getter]
    fn order(&self) -> Option<Order> {
        match &self.what {
            What::OrderChanged { order } => Some(Order::clone(order)),
            _ => None,
        }
    }

    /// The order whose confirmation has ended.
    #[getter]
    fn order_id(&self) -> Option<&str> {
        match &self.what {
            What::ConfirmationEnded { order_id, .. } => Some(order_id),
            _ => None,
        }
    }

    /// How it ended: a `Confirmation`.
    #[getter]
    fn confirmation(&self) -> Option<Confirmation> {
        match &self.what {
            What::ConfirmationEnded { confirmation, .. } => Some(confirmation.clone()),
            _ => None,
        }
    }

    fn __str__(&self) -> String {
        let what = match &self.what {
            What::StateChanged { new, reason, .. } => {
                format!("{}: {}", new.states(), reason.__str__())
            }
            What::HealthChanged { old, new, reasons } => {
                let reasons: Vec<_> = reasons.iter().map(HealthReason::__str__).collect();
                let why = if reasons.is_empty() { String::new() } else { format!(": {}", reasons.join(", ")) };
                format!("health was {}, is {}{why}", old.name(), new.name())
            }
            What::Stopped { report } => report.__str__(),
            What::CapacityChanged { item } => item.__str__(),
            What::OrderChanged { order } => order.__str__(),
            What::ConfirmationEnded { order_id, confirmation } => {
                format!("confirmation of order {order_id}: {}", confirmation.__str__())
            }
            What::Lagged { missed } => format!("{missed} events were missed"),
        };
        self.cookie_id.as_ref().map_or_else(|| what.clone(), |cookie_id| format!("{cookie_id}: {what}"))
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let mut fields = self.fields(py)?;
        fields.retain(|(name, value)| !value.is_none() && (*name != "reasons" || value.len().is_ok_and(|length| length > 0)));
        display::repr("Event", &fields)
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        display::reduce::<Self>(py, &self.fields(py)?)
    }
}

impl Event {
    fn fields<'py>(&self, py: Python<'py>) -> PyResult<Vec<(&'static str, Bound<'py, PyAny>)>> {
        let (old, new) = match &self.what {
            // Its name, which makes the same member.
            What::HealthChanged { old, new, .. } => (field(py, "old", old.name())?, field(py, "new", new.name())?),
            _ => (field(py, "old", self.old(py)?)?, field(py, "new", self.new_(py)?)?),
        };
        Ok(vec![
            field(py, "kind", self.kind())?,
            field(py, "at_ms", self.at_ms)?,
            field(py, "cookie_id", self.cookie_id())?,
            old,
            new,
            field(py, "reason", self.reason())?,
            field(py, "reasons", self.reasons(py)?)?,
            field(py, "report", self.report())?,
            field(py, "item", self.item())?,
            field(py, "missed", self.missed())?,
            field(py, "order", self.order())?,
            field(py, "order_id", self.order_id())?,
            field(py, "confirmation", self.confirmation())?,
        ])
    }

    /// `None`: a kind that only a later core has.
    pub(crate) fn from_core(core: &livekeeper::Event) -> Option<Self> {
        let what = match &core.kind {
            EventKind::StateChanged { old, new, reason } => {
                What::StateChanged { old: (*old).into(), new: (*new).into(), reason: reason.clone().into() }
            }
            EventKind::HealthChanged { old, new, reasons } => {
                What::HealthChanged { old: *old, new: *new, reasons: reasons.iter().map(HealthReason::from).collect() }
            }
            EventKind::Stopped { report } => What::Stopped { report: report.clone().into() },
            EventKind::CapacityChanged { item } => What::CapacityChanged { item: (*item).into() },
            EventKind::OrderChanged { order } => What::OrderChanged { order: Box::new(Order::from((**order).clone())) },
            EventKind::ConfirmationEnded { order_id, confirmation } => {
                What::ConfirmationEnded { order_id: order_id.clone(), confirmation: confirmation.clone().into() }
            }
            _ => return None,
        };
        let cookie_id = (!core.cookie_id.is_empty()).then(|| (*core.cookie_id).to_owned());
        Some(Self { at_ms: core.at_ms, cookie_id, what })
    }

    pub(crate) fn lagged(missed: u64, at_ms: i64) -> Self {
        Self { at_ms, cookie_id: None, what: What::Lagged { missed } }
    }
}

/// Fields that an event of a kind must have.
struct Needed<'py> {
    py: Python<'py>,
    kind: &'static str,
}

impl Needed<'_> {
    fn any<T>(&self, name: &str, value: Option<T>) -> PyResult<T> {
        value.ok_or_else(|| errors::invalid(self.py, name, &format!("is missing: an event of the kind {} has one", self.kind)))
    }

    fn value<'a, 'py, T: PyClass>(&self, name: &str, value: Option<&'a Bound<'py, PyAny>>) -> PyResult<&'a Bound<'py, T>> {
        let value = self.any(name, value)?;
        value.cast::<T>().map_err(|_| wrong_type(name, T::NAME, value))
    }
}
