//! `ChatMessage`: what the host's reply handler is asked about, as a frozen value.

use pyo3::prelude::*;
use pyo3::types::{PyDateTime, PyTuple};

use crate::display::{self, datetime, field};

/// A buyer's message, as a reply handler is asked about it: a value that never changes; it compares, hashes and pickles.
/// `str(message)` is a line for people.
///
/// >>> import livekeeper
/// >>> print(livekeeper.ChatMessage("shop 1", "m1", "41", "9687", "小王", "在吗"))
/// 小王: "在吗"
#[pyclass(frozen, eq, hash, module = "livekeeper")]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct ChatMessage {
    cookie_id: String,
    message_id: String,
    chat_id: String,
    sender_id: String,
    sender_name: String,
    text: String,
    item_id: Option<String>,
    created_at_ms: i64,
}

#[pymethods]
impl ChatMessage {
    #[new]
    #[pyo3(signature = (cookie_id, message_id, chat_id, sender_id, sender_name=String::new(), text=String::new(), item_id=None, created_at_ms=0))]
    #[pyo3(text_signature = "(cookie_id, message_id, chat_id, sender_id, sender_name='', text='', item_id=None, created_at_ms=0)")]
    #[allow(clippy::too_many_arguments, reason = "a Python constructor has its fields")]
    fn new(
        cookie_id: String,
        message_id: String,
        chat_id: String,
        sender_id: String,
        sender_name: String,
        text: String,
        item_id: Option<String>,
        created_at_ms: i64,
    ) -> Self {
        Self { cookie_id, message_id, chat_id, sender_id, sender_name, text, item_id, created_at_ms }
    }

    /// The account.
    #[getter]
    fn cookie_id(&self) -> &str {
        &self.cookie_id
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

    /// Its text; with `Config.join_messages` those of the messages that came shortly before it in the chat, too, a line each.
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

    fn __str__(&self) -> String {
        let sender = if self.sender_name.is_empty() { &self.sender_id } else { &self.sender_name };
        format!("{sender}: {:?}", self.text)
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        display::repr("ChatMessage", &self.fields(py)?)
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        display::reduce::<Self>(py, &self.fields(py)?)
    }
}

impl ChatMessage {
    fn fields<'py>(&self, py: Python<'py>) -> PyResult<Vec<(&'static str, Bound<'py, PyAny>)>> {
        Ok(vec![
            field(py, "cookie_id", &self.cookie_id)?,
            field(py, "message_id", &self.message_id)?,
            field(py, "chat_id", &self.chat_id)?,
            field(py, "sender_id", &self.sender_id)?,
            field(py, "sender_name", &self.sender_name)?,
            field(py, "text", &self.text)?,
            field(py, "item_id", self.item_id.as_deref())?,
            field(py, "created_at_ms", self.created_at_ms)?,
        ])
    }
}

impl From<livekeeper::ChatMessage> for ChatMessage {
    fn from(core: livekeeper::ChatMessage) -> Self {
        Self {
            cookie_id: core.cookie_id,
            message_id: core.message_id,
            chat_id: core.chat_id,
            sender_id: core.sender_id,
            sender_name: core.sender_name,
            text: core.text,
            item_id: core.item_id,
            created_at_ms: core.created_at_ms,
        }
    }
}
