//! `MessageTrace` and `SendTrace`: what came, what was decided, what was sent, and how that ended, as frozen values.

use livekeeper::DecisionCode;
use pyo3::prelude::*;
use pyo3::types::{PyDateTime, PyTuple};

use crate::display::{self, datetime, field};
use crate::rule::Picture;
use crate::send_outcome::SendOutcome;
use crate::states::Named;

/// One message, and what came of it: a value that never changes; it compares, hashes and pickles. `str(trace)` is a line for
/// people.
///
/// >>> import livekeeper
/// >>> print(livekeeper.MessageTrace("1", "41", "chat", "9687", "小王", "在吗", decision="no_rule"))
/// 小王: "在吗": no rule matches
#[pyclass(frozen, eq, hash, module = "livekeeper")]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct MessageTrace {
    message_id: String,
    chat_id: String,
    kind: String,
    sender_id: String,
    sender_name: String,
    text: String,
    item_id: Option<String>,
    created_at_ms: i64,
    received_at_ms: i64,
    decision: Option<DecisionCode>,
    rule: Option<u32>,
    folded_into: Option<String>,
    reply: Option<SendTrace>,
    picture: Option<SendTrace>,
}

#[pymethods]
impl MessageTrace {
    #[new]
    #[pyo3(signature = (message_id, chat_id, kind, sender_id, sender_name=String::new(), text=String::new(), item_id=None, created_at_ms=0, received_at_ms=0, decision=None, rule=None, folded_into=None, reply=None, picture=None))]
    #[pyo3(
        text_signature = "(message_id, chat_id, kind, sender_id, sender_name='', text='', item_id=None, created_at_ms=0, received_at_ms=0, decision=None, rule=None, folded_into=None, reply=None, picture=None)"
    )]
    #[allow(clippy::too_many_arguments, reason = "a Python constructor has its fields")]
    fn new(
        message_id: String,
        chat_id: String,
        kind: String,
        sender_id: String,
        sender_name: String,
        text: String,
        item_id: Option<String>,
        created_at_ms: i64,
        received_at_ms: i64,
        decision: Option<&Bound<'_, PyAny>>,
        rule: Option<u32>,
        folded_into: Option<String>,
        reply: Option<&Bound<'_, SendTrace>>,
        picture: Option<&Bound<'_, SendTrace>>,
    ) -> PyResult<Self> {
        Ok(Self {
            message_id,
            chat_id,
            kind,
            sender_id,
            sender_name,
            text,
            item_id,
            created_at_ms,
            received_at_ms,
            decision: decision.map(|decision| DecisionCode::from_argument(decision, "decision")).transpose()?,
            rule,
            folded_into,
            reply: reply.map(|reply| reply.get().clone()),
            picture: picture.map(|picture| picture.get().clone()),
        })
    }

    /// The service's id for it.
    #[getter]
    fn message_id(&self) -> &str {
        &self.message_id
    }

    /// The chat it stands in.
    #[getter]
    fn chat_id(&self) -> &str {
        &self.chat_id
    }

    /// `"chat"` (somebody wrote), `"own"` (the seller did), `"order"` or `"card_update"` (the platform's cards).
    #[getter]
    fn kind(&self) -> &str {
        &self.kind
    }

    /// Who sent it: a user id.
    #[getter]
    fn sender_id(&self) -> &str {
        &self.sender_id
    }

    /// The sender's name as people see it; may be empty.
    #[getter]
    fn sender_name(&self) -> &str {
        &self.sender_name
    }

    /// The text shown; may be empty.
    #[getter]
    fn text(&self) -> &str {
        &self.text
    }

    /// The item the chat is about, or `None`.
    #[getter]
    fn item_id(&self) -> Option<&str> {
        self.item_id.as_deref()
    }

    /// When it was sent, by the service's clock: milliseconds since 1970 UTC; 0 if it does not say.
    #[getter]
    fn created_at_ms(&self) -> i64 {
        self.created_at_ms
    }

    /// The same as a time (UTC), or `None` if the service does not say.
    #[getter]
    fn created_at<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyDateTime>>> {
        Some(self.created_at_ms).filter(|ms| *ms != 0).map(|ms| datetime(py, ms)).transpose()
    }

    /// When it was recorded: milliseconds since 1970 UTC.
    #[getter]
    fn received_at_ms(&self) -> i64 {
        self.received_at_ms
    }

    /// The same as a time (UTC).
    #[getter]
    fn received_at<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDateTime>> {
        datetime(py, self.received_at_ms)
    }

    /// What was decided: a member of `Decision`, which is also its name as a string; `None` while it waits, for its chat to fall
    /// quiet say.
    #[getter]
    fn decision<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.decision.map(|decision| decision.member(py)).transpose()
    }

    /// The decision's sentence for people, or `None` while there is none.
    #[getter]
    fn decision_text(&self) -> Option<&'static str> {
        self.decision.map(DecisionCode::sentence)
    }

    /// The rule that decided: its place in the list as it was then, from 1; `None` where no rule did.
    #[getter]
    fn rule(&self) -> Option<u32> {
        self.rule
    }

    /// The id of the message that was answered in the place of this one, or `None`.
    #[getter]
    fn folded_into(&self) -> Option<&str> {
        self.folded_into.as_deref()
    }

    /// The text that was sent in answer to it: a `SendTrace`, or `None`.
    #[getter]
    fn reply(&self) -> Option<SendTrace> {
        self.reply.clone()
    }

    /// The picture that was sent in answer to it, after the text if there was one: a `SendTrace`, or `None`.
    #[getter]
    fn picture(&self) -> Option<SendTrace> {
        self.picture.clone()
    }

    fn __str__(&self) -> String {
        let sender = if self.sender_name.is_empty() { &self.sender_id } else { &self.sender_name };
        let decision = self.decision_text().unwrap_or("nothing is decided yet");
        let sent: Vec<_> = [&self.reply, &self.picture].into_iter().flatten().map(SendTrace::__str__).collect();
        let with = if sent.is_empty() { String::new() } else { format!(" with {}", sent.join(" and ")) };
        format!("{sender}: {:?}: {decision}{with}", self.text)
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        display::repr("MessageTrace", &self.fields(py)?)
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        display::reduce::<Self>(py, &self.fields(py)?)
    }
}

impl MessageTrace {
    fn fields<'py>(&self, py: Python<'py>) -> PyResult<Vec<(&'static str, Bound<'py, PyAny>)>> {
        Ok(vec![
            field(py, "message_id", &self.message_id)?,
            field(py, "chat_id", &self.chat_id)?,
            field(py, "kind", &self.kind)?,
            field(py, "sender_id", &self.sender_id)?,
            field(py, "sender_name", &self.sender_name)?,
            field(py, "text", &self.text)?,
            field(py, "item_id", self.item_id.as_deref())?,
            field(py, "created_at_ms", self.created_at_ms)?,
            field(py, "received_at_ms", self.received_at_ms)?,
            field(py, "decision", self.decision.map(DecisionCode::name))?,
            field(py, "rule", self.rule)?,
            field(py, "folded_into", self.folded_into.as_deref())?,
            field(py, "reply", self.reply.clone())?,
            field(py, "picture", self.picture.clone())?,
        ])
    }
}

impl From<livekeeper::MessageTrace> for MessageTrace {
    fn from(core: livekeeper::MessageTrace) -> Self {
        Self {
            message_id: core.message_id,
            chat_id: core.chat_id,
            kind: core.kind,
            sender_id: core.sender_id,
            sender_name: core.sender_name,
            text: core.text,
            item_id: core.item_id,
            created_at_ms: core.created_at_ms,
            received_at_ms: core.received_at_ms,
            decision: core.decision,
            rule: core.rule,
            folded_into: core.folded_into,
            reply: core.reply.map(SendTrace::from),
            picture: core.picture.map(SendTrace::from),
        }
    }
}

/// One send, and how it ended: a value that never changes. `str(trace)` is a line for people.
///
/// >>> import livekeeper
/// >>> print(livekeeper.SendTrace("在的", livekeeper.SendOutcome("rejected", reason="CSI_FORBID", code=403)))
/// "在的" (rejected: CSI_FORBID)
#[pyclass(frozen, eq, hash, module = "livekeeper")]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct SendTrace {
    text: String,
    outcome: Option<SendOutcome>,
    created_at_ms: i64,
    closed_at_ms: Option<i64>,
    picture: Option<Picture>,
}

#[pymethods]
impl SendTrace {
    #[new]
    #[pyo3(signature = (text, outcome=None, created_at_ms=0, closed_at_ms=None, picture=None))]
    fn new(
        text: String,
        outcome: Option<&Bound<'_, SendOutcome>>,
        created_at_ms: i64,
        closed_at_ms: Option<i64>,
        picture: Option<&Bound<'_, Picture>>,
    ) -> Self {
        let (outcome, picture) = (outcome.map(|outcome| outcome.get().clone()), picture.map(|picture| picture.get().clone()));
        Self { text, outcome, created_at_ms, closed_at_ms, picture }
    }

    /// The text; of a picture, what the service shows in its place.
    #[getter]
    fn text(&self) -> &str {
        &self.text
    }

    /// How it ended: a `SendOutcome`, or `None` while it is under way.
    #[getter]
    fn outcome(&self) -> Option<SendOutcome> {
        self.outcome.clone()
    }

    /// When it was put on its way: milliseconds since 1970 UTC.
    #[getter]
    fn created_at_ms(&self) -> i64 {
        self.created_at_ms
    }

    /// The same as a time (UTC).
    #[getter]
    fn created_at<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDateTime>> {
        datetime(py, self.created_at_ms)
    }

    /// When it ended: milliseconds since 1970 UTC, or `None` while it is under way.
    #[getter]
    fn closed_at_ms(&self) -> Option<i64> {
        self.closed_at_ms
    }

    /// The same as a time (UTC), or `None` while it is under way.
    #[getter]
    fn closed_at<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyDateTime>>> {
        self.closed_at_ms.map(|ms| datetime(py, ms)).transpose()
    }

    /// The `Picture`, where it was one, or `None`.
    #[getter]
    fn picture(&self) -> Option<Picture> {
        self.picture.clone()
    }

    fn __str__(&self) -> String {
        let outcome = self.outcome.as_ref().map_or_else(|| "under way".to_owned(), SendOutcome::in_words);
        format!("{:?} ({outcome})", self.text)
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        display::repr("SendTrace", &self.fields(py)?)
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        display::reduce::<Self>(py, &self.fields(py)?)
    }
}

impl SendTrace {
    fn fields<'py>(&self, py: Python<'py>) -> PyResult<Vec<(&'static str, Bound<'py, PyAny>)>> {
        Ok(vec![
            field(py, "text", &self.text)?,
            field(py, "outcome", self.outcome.clone())?,
            field(py, "created_at_ms", self.created_at_ms)?,
            field(py, "closed_at_ms", self.closed_at_ms)?,
            field(py, "picture", self.picture.clone())?,
        ])
    }
}

impl From<livekeeper::SendTrace> for SendTrace {
    fn from(core: livekeeper::SendTrace) -> Self {
        Self {
            text: core.text,
            outcome: core.outcome.map(SendOutcome::from),
            created_at_ms: core.created_at_ms,
            closed_at_ms: core.closed_at_ms,
            picture: core.picture.map(Picture::from),
        }
    }
}
