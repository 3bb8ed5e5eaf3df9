//! `Order`, `OrderStep` and `Confirmation`: what is known of an order, as frozen values.

use livekeeper::{ConfirmationState, OrderStatus};
use pyo3::prelude::*;
use pyo3::types::{PyDateTime, PyTuple};

use crate::display::{self, datetime, field};
use crate::states::Named;

/// An order that the platform's cards have told of: a value that never changes; it compares, hashes and pickles. `str(order)` is
/// a line for people. Whoever delivers goods for it does so once for its `order_id`.
///
/// >>> import livekeeper
/// >>> print(livekeeper.Order("627", "41", "awaiting_shipment"))
/// order 627: awaiting_shipment
#[pyclass(frozen, eq, hash, module = "livekeeper")]
#[derive(Clone, PartialEq, Eq, Hash)]
#[allow(clippy::struct_field_names, reason = "an order's id is called so wherever it goes")]
pub(crate) struct Order {
    order_id: String,
    chat_id: String,
    status: OrderStatus,
    item_id: Option<String>,
    buyer_id: Option<String>,
    history: Vec<OrderStep>,
    confirmation: Option<Confirmation>,
    created_at_ms: i64,
    updated_at_ms: i64,
}

#[pymethods]
impl Order {
    #[new]
    #[pyo3(signature = (order_id, chat_id, status, item_id=None, buyer_id=None, history=None, confirmation=None, created_at_ms=0, updated_at_ms=0))]
    #[pyo3(
        text_signature = "(order_id, chat_id, status, item_id=None, buyer_id=None, history=(), confirmation=None, created_at_ms=0, updated_at_ms=0)"
    )]
    #[allow(clippy::too_many_arguments, reason = "a Python constructor has its fields")]
    fn new(
        order_id: String,
        chat_id: String,
        status: &Bound<'_, PyAny>,
        item_id: Option<String>,
        buyer_id: Option<String>,
        history: Option<Vec<Bound<'_, OrderStep>>>,
        confirmation: Option<&Bound<'_, Confirmation>>,
        created_at_ms: i64,
        updated_at_ms: i64,
    ) -> PyResult<Self> {
        Ok(Self {
            order_id,
            chat_id,
            status: OrderStatus::from_argument(status, "status")?,
            item_id,
            buyer_id,
            history: history.unwrap_or_default().iter().map(|step| step.get().clone()).collect(),
            confirmation: confirmation.map(|confirmation| confirmation.get().clone()),
            created_at_ms,
            updated_at_ms,
        })
    }

    /// The service's id for it.
    #[getter]
    fn order_id(&self) -> &str {
        &self.order_id
    }

    /// The chat in which its cards stand.
    #[getter]
    fn chat_id(&self) -> &str {
        &self.chat_id
    }

    /// Where it stands, a member of `OrderStatus`: the furthest that a card has told. A card that comes late sets it back no more.
    #[getter]
    fn status<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.status.member(py)
    }

    /// What was bought; `None` if no card says so.
    #[getter]
    fn item_id(&self) -> Option<&str> {
        self.item_id.as_deref()
    }

    /// Who bought it, a user id; `None` while only cards in the seller's own name have told of it.
    #[getter]
    fn buyer_id(&self) -> Option<&str> {
        self.buyer_id.as_deref()
    }

    /// Every status that a card has told, in the order in which an order passes them: a tuple of `OrderStep`.
    #[getter]
    fn history<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.history.iter().cloned())
    }

    /// How the confirmation of its shipment stands, a `Confirmation`; `None`: nobody has asked for one.
    #[getter]
    fn confirmation(&self) -> Option<Confirmation> {
        self.confirmation.clone()
    }

    /// When its first card was recorded: milliseconds since 1970 UTC.
    #[getter]
    fn created_at_ms(&self) -> i64 {
        self.created_at_ms
    }

    /// The same as a time (UTC).
    #[getter]
    fn created_at<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDateTime>> {
        datetime(py, self.created_at_ms)
    }

    /// When its status or its confirmation changed last: milliseconds since 1970 UTC.
    #[getter]
    fn updated_at_ms(&self) -> i64 {
        self.updated_at_ms
    }

    /// The same as a time (UTC).
    #[getter]
    fn updated_at<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDateTime>> {
        datetime(py, self.updated_at_ms)
    }

    pub(crate) fn __str__(&self) -> String {
        let confirmation = self.confirmation.as_ref().map_or_else(String::new, |one| format!(", confirmation {}", one.__str__()));
        format!("order {}: {}{confirmation}", self.order_id, self.status.name())
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        display::repr("Order", &self.fields(py)?)
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        display::reduce::<Self>(py, &self.fields(py)?)
    }
}

impl Order {
    fn fields<'py>(&self, py: Python<'py>) -> PyResult<Vec<(&'static str, Bound<'py, PyAny>)>> {
        Ok(vec![
            field(py, "order_id", &self.order_id)?,
            field(py, "chat_id", &self.chat_id)?,
            field(py, "status", self.status.name())?,
            field(py, "item_id", self.item_id.as_deref())?,
            field(py, "buyer_id", self.buyer_id.as_deref())?,
            field(py, "history", self.history(py)?)?,
            field(py, "confirmation", self.confirmation.clone())?,
            field(py, "created_at_ms", self.created_at_ms)?,
            field(py, "updated_at_ms", self.updated_at_ms)?,
        ])
    }
}

impl From<livekeeper::Order> for Order {
    fn from(core: livekeeper::Order) -> Self {
        Self {
            order_id: core.order_id,
            chat_id: core.chat_id,
            status: core.status,
            item_id: core.item_id,
            buyer_id: core.buyer_id,
            history: core.history.into_iter().map(OrderStep::from).collect(),
            confirmation: core.confirmation.map(Confirmation::from),
            created_at_ms: core.created_at_ms,
            updated_at_ms: core.updated_at_ms,
        }
    }
}

/// One status of an order, and the card that told of it: a value that never changes; it compares, hashes and pickles.
///
///     for step in manager.order("shop 1", "6276084829544251257").history: print(step.status, step.at)
#[pyclass(frozen, eq, hash, module = "livekeeper")]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct OrderStep {
    status: OrderStatus,
    at_ms: i64,
    message_id: String,
}

#[pymethods]
impl OrderStep {
    #[new]
    fn new(status: &Bound<'_, PyAny>, at_ms: i64, message_id: String) -> PyResult<Self> {
        Ok(Self { status: OrderStatus::from_argument(status, "status")?, at_ms, message_id })
    }

    /// The status: a member of `OrderStatus`.
    #[getter]
    fn status<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.status.member(py)
    }

    /// Since when, by the service's clock, or when it was recorded where the card does not say: milliseconds since 1970 UTC.
    #[getter]
    fn at_ms(&self) -> i64 {
        self.at_ms
    }

    /// The same as a time (UTC).
    #[getter]
    fn at<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDateTime>> {
        datetime(py, self.at_ms)
    }

    /// The first card that told of it: its message's id.
    #[getter]
    fn message_id(&self) -> &str {
        &self.message_id
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        display::repr("OrderStep", &self.fields(py)?)
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        display::reduce::<Self>(py, &self.fields(py)?)
    }
}

impl OrderStep {
    fn fields<'py>(&self, py: Python<'py>) -> PyResult<Vec<(&'static str, Bound<'py, PyAny>)>> {
        Ok(vec![
            field(py, "status", self.status.name())?,
            field(py, "at_ms", self.at_ms)?,
            field(py, "message_id", &self.message_id)?,
        ])
    }
}

impl From<livekeeper::OrderStep> for OrderStep {
    fn from(core: livekeeper::OrderStep) -> Self {
        Self { status: core.status, at_ms: core.at_ms, message_id: core.message_id }
    }
}

/// How the confirmation of an order's shipment stands: a value that never changes; it compares, hashes and pickles.
/// `str(confirmation)` is a line for people.
///
/// >>> import livekeeper
/// >>> print(livekeeper.Confirmation("refused", "FAIL_BIZ_ORDER_STATUS", "订单状态错误"))
/// refused FAIL_BIZ_ORDER_STATUS 订单状态错误
#[pyclass(frozen, eq, hash, module = "livekeeper")]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Confirmation {
    state: ConfirmationState,
    code: Option<String>,
    text: Option<String>,
    at_ms: i64,
}

#[pymethods]
impl Confirmation {
    #[new]
    #[pyo3(signature = (state, code=None, text=None, at_ms=0))]
    fn new(state: &Bound<'_, PyAny>, code: Option<String>, text: Option<String>, at_ms: i64) -> PyResult<Self> {
        Ok(Self { state: ConfirmationState::from_argument(state, "state")?, code, text, at_ms })
    }

    /// Where it stands: a member of `ConfirmationState`.
    #[getter]
    fn state<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.state.member(py)
    }

    /// The service's code where it refused, or what was seen in place of an answer, e.g. `"HTTP_502"`; else `None`.
    #[getter]
    fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// The service's words for it, or what was seen; else `None`.
    #[getter]
    fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }

    /// Since when it stands so: milliseconds since 1970 UTC.
    #[getter]
    fn at_ms(&self) -> i64 {
        self.at_ms
    }

    /// The same as a time (UTC).
    #[getter]
    fn at<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDateTime>> {
        datetime(py, self.at_ms)
    }

    pub(crate) fn __str__(&self) -> String {
        let parts = [Some(self.state.name()), self.code.as_deref(), self.text.as_deref()];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        display::repr("Confirmation", &self.fields(py)?)
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        display::reduce::<Self>(py, &self.fields(py)?)
    }
}

impl Confirmation {
    fn fields<'py>(&self, py: Python<'py>) -> PyResult<Vec<(&'static str, Bound<'py, PyAny>)>> {
        Ok(vec![
            field(py, "state", self.state.name())?,
            field(py, "code", self.code.as_deref())?,
            field(py, "text", self.text.as_deref())?,
            field(py, "at_ms", self.at_ms)?,
        ])
    }
}

impl From<livekeeper::Confirmation> for Confirmation {
    fn from(core: livekeeper::Confirmation) -> Self {
        Self { state: core.state, code: core.code, text: core.text, at_ms: core.at_ms }
    }
}
