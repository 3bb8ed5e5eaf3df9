//! `Rule` and `Picture`: what is answered with what, as frozen values.

use livekeeper::{KeywordRule, Matching};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyString, PyTuple};

use crate::arguments::{count, optional_user_id, text, texts, wrong_type};
use crate::display::{self, field};
use crate::errors;

/// A keyword rule that is more than a `(keyword, reply)` pair. Rules for the message's item are looked at first, then those for
/// every item; among those that match, the first in the list answers.
///
/// - `keywords`: a `str` or a sequence of them, none blank; one that is found is enough. At most 1,000 bytes each.
/// - `reply`: the text to send, at most 20,000 bytes. In it `{send_user_name}`, `{send_user_id}`, `{send_message}` and `{item_id}`
///   stand for what the message has, `{{` and `}}` for a brace. Empty, and no picture: a message that matches gets no reply.
/// - `matching`: `"contains"`, anywhere in the message; `"exact"`, the whole message; `"regex"`, a regular expression in the syntax
///   of Rust's crate `regex` (no look-around, no backreferences), anywhere in the message's first 4,000 bytes. Upper and lower case,
///   full-width and half-width forms are alike in all of them.
/// - `item_id`: the item that a message must be about; `None`: any, or none.
/// - `picture`: a `Picture` to send, after the text if there is one.
///
/// What cannot be a rule is refused by the manager, with its place.
///
///     livekeeper.Rule(["尺码", "多大"], "{send_user_name}，尺码见图", item_id="920001",
///                     picture=livekeeper.Picture("https://img.alicdn.com/size.jpg", 800, 600))
#[pyclass(frozen, eq, hash, module = "livekeeper")]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Rule(KeywordRule);

#[pymethods]
impl Rule {
    #[new]
    #[pyo3(signature = (keywords, reply=None, *, matching=None, item_id=None, picture=None), text_signature = "(keywords, reply='', *, matching='contains', item_id=None, picture=None)")]
    fn new(
        keywords: &Bound<'_, PyAny>,
        reply: Option<&Bound<'_, PyAny>>,
        matching: Option<&Bound<'_, PyAny>>,
        item_id: Option<&Bound<'_, PyAny>>,
        picture: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let several = if keywords.is_instance_of::<PyString>() {
            vec![text(keywords, "keywords")?]
        } else if keywords.try_iter().is_ok() {
            texts(keywords, "keywords")?
        } else {
            return Err(wrong_type("keywords", "str or a sequence of str", keywords));
        };
        let reply = reply.map_or(Ok(String::new()), |reply| text(reply, "reply"))?;
        let mut rule = KeywordRule::of(several, reply);
        if let Some(matching) = matching {
            rule = rule.matching(way(matching)?);
        }
        if let Some(item_id) = optional_user_id(item_id, "item_id")? {
            rule = rule.for_item(item_id);
        }
        if let Some(picture) = picture {
            let Ok(picture) = picture.cast::<Picture>() else { return Err(wrong_type("picture", "Picture or None", picture)) };
            rule = rule.with_picture(picture.get().core());
        }
        Ok(Self(rule))
    }

    /// What is looked for, one or more.
    #[getter]
    fn keywords<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, &self.0.keywords)
    }

    /// The text to send, as it was given.
    #[getter]
    fn reply(&self) -> &str {
        &self.0.reply
    }

    /// How the keywords are looked for: `"contains"`, `"exact"` or `"regex"`.
    #[getter]
    fn matching(&self) -> &'static str {
        self.0.matching.name()
    }

    /// The item that a message must be about, or `None`.
    #[getter]
    fn item_id(&self) -> Option<&str> {
        self.0.item_id.as_deref()
    }

    /// The picture to send, or `None`.
    #[getter]
    fn picture(&self) -> Option<Picture> {
        self.0.picture.clone().map(Picture)
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        display::repr("Rule", &self.fields(py)?)
    }

    /// By the protocol for constructors that take keywords.
    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyTuple>)> {
        static MAKE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let make = MAKE.import(py, "copyreg", "__newobj_ex__")?.clone();
        let named = PyDict::new(py);
        for (name, value) in self.fields(py)? {
            named.set_item(name, value)?;
        }
        Ok((make, (py.get_type::<Self>(), PyTuple::empty(py), named).into_pyobject(py)?))
    }
}

impl Rule {
    /// What the core takes.
    pub(crate) fn core(&self) -> KeywordRule {
        self.0.clone()
    }

    /// A rule of the core: a pair if it is one, else a `Rule`.
    pub(crate) fn show(py: Python<'_>, mut rule: KeywordRule) -> PyResult<Bound<'_, PyAny>> {
        if rule.is_pair()
            && let Some(keyword) = rule.keywords.pop()
        {
            return Ok((keyword, rule.reply).into_pyobject(py)?.into_any());
        }
        Ok(Bound::new(py, Self(rule))?.into_any())
    }

    fn fields<'py>(&self, py: Python<'py>) -> PyResult<Vec<(&'static str, Bound<'py, PyAny>)>> {
        Ok(vec![
            field(py, "keywords", self.keywords(py)?)?,
            field(py, "reply", self.reply())?,
            field(py, "matching", self.matching())?,
            field(py, "item_id", self.item_id())?,
            field(py, "picture", self.picture())?,
        ])
    }
}

fn way(value: &Bound<'_, PyAny>) -> PyResult<Matching> {
    let name = text(value, "matching")?;
    Matching::ALL.iter().copied().find(|way| way.name() == name).ok_or_else(|| {
        let allowed: Vec<_> = Matching::ALL.iter().map(|way| way.name()).collect();
        errors::invalid(value.py(), "matching", &format!("is {name:?}; allowed are {}", allowed.join(", ")))
    })
}

/// A picture that the site already has.
///
/// - `url`: its `https` or `http` URL on the site's image host, at most 2,000 bytes.
/// - `width`, `height`: in pixels, 1 … 20,000.
///
///     livekeeper.Picture("https://img.alicdn.com/size.jpg", 800, 600)
#[pyclass(frozen, eq, hash, module = "livekeeper")]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Picture(livekeeper::Picture);

#[pymethods]
impl Picture {
    #[new]
    fn new(url: &Bound<'_, PyAny>, width: &Bound<'_, PyAny>, height: &Bound<'_, PyAny>) -> PyResult<Self> {
        Ok(Self(livekeeper::Picture::new(text(url, "url")?, side(width, "width")?, side(height, "height")?)))
    }

    /// Where it is.
    #[getter]
    fn url(&self) -> &str {
        &self.0.url
    }

    /// Its width in pixels.
    #[getter]
    fn width(&self) -> u32 {
        self.0.width
    }

    /// Its height in pixels.
    #[getter]
    fn height(&self) -> u32 {
        self.0.height
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        display::repr("Picture", &self.fields(py)?)
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        display::reduce::<Self>(py, &self.fields(py)?)
    }
}

impl From<livekeeper::Picture> for Picture {
    fn from(core: livekeeper::Picture) -> Self {
        Self(core)
    }
}

impl Picture {
    /// What the core takes, of an argument.
    pub(crate) fn read(value: &Bound<'_, PyAny>) -> PyResult<livekeeper::Picture> {
        let Ok(picture) = value.cast::<Self>() else { return Err(wrong_type("picture", "Picture", value)) };
        Ok(picture.get().core())
    }

    /// What the core takes.
    pub(crate) fn core(&self) -> livekeeper::Picture {
        self.0.clone()
    }

    fn fields<'py>(&self, py: Python<'py>) -> PyResult<Vec<(&'static str, Bound<'py, PyAny>)>> {
        Ok(vec![field(py, "url", self.url())?, field(py, "width", self.width())?, field(py, "height", self.height())?])
    }
}

fn side(value: &Bound<'_, PyAny>, name: &str) -> PyResult<u32> {
    let pixels = count(value, name)?;
    u32::try_from(pixels).map_err(|_| errors::invalid(value.py(), name, &format!("is {pixels}, which no picture has")))
}
