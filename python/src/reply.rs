//! `ReplyContent` and `DefaultReply`: what hosts answer with, as frozen values.

use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple};

use crate::arguments::{switch, text, wrong_type};
use crate::display::{self, field};
use crate::rule::Picture;

/// What is sent in answer to a message: a text, a picture, or both. Neither: nothing is sent. Where one is taken, a `str` or a
/// `Picture` alone will do. A value that never changes; it compares, hashes and pickles.
///
/// - `text`: at most 20,000 bytes; empty: none.
/// - `picture`: a `Picture`, sent after the text if there is one.
///
///     livekeeper.ReplyContent("尺码见图", livekeeper.Picture("https://img.alicdn.com/size.jpg", 800, 600))
#[pyclass(frozen, eq, hash, module = "livekeeper")]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct ReplyContent(livekeeper::ReplyContent);

#[pymethods]
impl ReplyContent {
    #[new]
    #[pyo3(signature = (text=None, picture=None), text_signature = "(text='', picture=None)")]
    fn new(text: Option<&Bound<'_, PyAny>>, picture: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        let mut content = livekeeper::ReplyContent::text(text.map_or(Ok(String::new()), |text| self::text(text, "text"))?);
        if let Some(picture) = picture {
            let Ok(picture) = picture.cast::<Picture>() else { return Err(wrong_type("picture", "Picture or None", picture)) };
            content = content.with_picture(picture.get().core());
        }
        Ok(Self(content))
    }

    /// The text; empty: none.
    #[getter]
    fn text(&self) -> &str {
        &self.0.text
    }

    /// The `Picture`, or `None`.
    #[getter]
    fn picture(&self) -> Option<Picture> {
        self.0.picture.clone().map(Picture::from)
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        display::repr("ReplyContent", &self.fields(py)?)
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        display::reduce::<Self>(py, &self.fields(py)?)
    }
}

impl ReplyContent {
    /// What the core takes, of a `str`, a `Picture` or a `ReplyContent`; `None` of anything else.
    pub(crate) fn read(value: &Bound<'_, PyAny>, name: &str) -> PyResult<Option<livekeeper::ReplyContent>> {
        if value.is_instance_of::<PyString>() {
            return text(value, name).map(|text| Some(text.into()));
        }
        if let Ok(picture) = value.cast::<Picture>() {
            return Ok(Some(picture.get().core().into()));
        }
        Ok(value.cast::<Self>().ok().map(|content| content.get().0.clone()))
    }

    /// The same of an argument, which must be one of those.
    pub(crate) fn argument(value: &Bound<'_, PyAny>, name: &str, wanted: &str) -> PyResult<livekeeper::ReplyContent> {
        Self::read(value, name)?.ok_or_else(|| wrong_type(name, wanted, value))
    }

    fn fields<'py>(&self, py: Python<'py>) -> PyResult<Vec<(&'static str, Bound<'py, PyAny>)>> {
        Ok(vec![field(py, "text", self.text())?, field(py, "picture", self.picture())?])
    }
}

/// What is said to messages on which nothing else has a word: a value that never changes; it compares, hashes and pickles.
///
/// - `content`: a `str`, a `Picture` or a `ReplyContent`. Its text has the variables of a `Rule`'s reply. Empty: nothing is said.
/// - `once_per_chat`: whether it is said once in each chat.
///
/// >>> import livekeeper
/// >>> livekeeper.DefaultReply("稍后回复", once_per_chat=True).content.text
/// '稍后回复'
#[pyclass(frozen, eq, hash, module = "livekeeper")]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct DefaultReply(livekeeper::DefaultReply);

#[pymethods]
impl DefaultReply {
    #[new]
    #[pyo3(signature = (content, once_per_chat=None), text_signature = "(content, once_per_chat=False)")]
    fn new(content: &Bound<'_, PyAny>, once_per_chat: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        let content = ReplyContent::argument(content, "content", "str, Picture or ReplyContent")?;
        let once_per_chat = once_per_chat.map_or(Ok(false), |once_per_chat| switch(once_per_chat, "once_per_chat"))?;
        Ok(Self(Self::of(content, once_per_chat)))
    }

    /// What is said: a `ReplyContent`.
    #[getter]
    fn content(&self) -> ReplyContent {
        ReplyContent(self.0.content.clone())
    }

    /// Whether it is said once in each chat, for as long as the chat's messages are kept.
    #[getter]
    fn once_per_chat(&self) -> bool {
        self.0.once_per_chat
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        display::repr("DefaultReply", &self.fields(py)?)
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        display::reduce::<Self>(py, &self.fields(py)?)
    }
}

impl DefaultReply {
    /// What the core takes.
    pub(crate) fn of(content: livekeeper::ReplyContent, once_per_chat: bool) -> livekeeper::DefaultReply {
        let reply = livekeeper::DefaultReply::new(content);
        if once_per_chat { reply.once_per_chat() } else { reply }
    }

    fn fields<'py>(&self, py: Python<'py>) -> PyResult<Vec<(&'static str, Bound<'py, PyAny>)>> {
        Ok(vec![field(py, "content", self.content())?, field(py, "once_per_chat", self.once_per_chat())?])
    }
}

impl From<livekeeper::DefaultReply> for DefaultReply {
    fn from(core: livekeeper::DefaultReply) -> Self {
        Self(core)
    }
}
