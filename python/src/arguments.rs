//! From Python values to Rust ones. A wrong type is a `TypeError` that names the argument and never shows its value, which
//! may be a cookie; text that is no Unicode is an `InvalidArgument` that names it.

use std::path::PathBuf;
use std::time::Duration;

use livekeeper::{Key, KeywordRule, Passphrase};
use pyo3::exceptions::{PyOverflowError, PyTypeError, PyUnicodeEncodeError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyInt, PyMapping, PySequence, PyString};

use crate::errors;
use crate::rule::Rule;

/// A `str`.
pub(crate) fn text(value: &Bound<'_, PyAny>, name: &str) -> PyResult<String> {
    let Ok(text) = value.cast::<PyString>() else { return Err(wrong_type(name, "str", value)) };
    match text.to_cow() {
        Ok(text) => Ok(text.into_owned()),
        Err(_) => Err(errors::invalid(value.py(), name, "holds half of a surrogate pair, which is no text; allowed is UTF-8")),
    }
}

/// The 32 bytes of a key: `bytes`, or `None`.
pub(crate) fn optional_key(value: Option<&Bound<'_, PyAny>>, name: &str) -> PyResult<Option<Key>> {
    let Some(value) = value else { return Ok(None) };
    let Ok(bytes) = value.cast::<PyBytes>() else { return Err(wrong_type(name, "bytes or None", value)) };
    Key::new(bytes.as_bytes()).map(Some).map_err(|error| errors::to_python(value.py(), &error))
}

/// The words of a passphrase: `str`, or `None`.
pub(crate) fn optional_passphrase(value: Option<&Bound<'_, PyAny>>, name: &str) -> PyResult<Option<Passphrase>> {
    let Some(value) = value else { return Ok(None) };
    let Some(words) = optional_text(Some(value), name)? else { return Ok(None) };
    Passphrase::new(words).map(Some).map_err(|error| errors::to_python(value.py(), &error))
}

/// A `str`, or `None`.
pub(crate) fn optional_text(value: Option<&Bound<'_, PyAny>>, name: &str) -> PyResult<Option<String>> {
    match value {
        Some(value) if !value.is_instance_of::<PyString>() => Err(wrong_type(name, "str or None", value)),
        value => value.map(|value| text(value, name)).transpose(),
    }
}

/// A `str` or an `int` as text, or `None`: the host's own user ids are either.
pub(crate) fn optional_user_id(value: Option<&Bound<'_, PyAny>>, name: &str) -> PyResult<Option<String>> {
    let Some(value) = value else { return Ok(None) };
    if value.is_instance_of::<PyInt>() && !value.is_instance_of::<PyBool>() {
        return text(value.str()?.as_any(), name).map(Some);
    }
    if value.is_instance_of::<PyString>() {
        return text(value, name).map(Some);
    }
    Err(wrong_type(name, "str, int or None", value))
}

/// A `str` or an `os.PathLike`.
pub(crate) fn path(value: &Bound<'_, PyAny>, name: &str) -> PyResult<PathBuf> {
    value.extract::<PathBuf>().map_err(|error| {
        if error.is_instance_of::<PyUnicodeEncodeError>(value.py()) {
            return errors::invalid(value.py(), name, "holds half of a surrogate pair, which is no text");
        }
        wrong_type(name, "str or os.PathLike", value)
    })
}

/// A sequence of `str`, such as a command: not one `str`, which is a sequence too.
pub(crate) fn texts(value: &Bound<'_, PyAny>, name: &str) -> PyResult<Vec<String>> {
    match value.cast::<PySequence>() {
        Ok(sequence) if !value.is_instance_of::<PyString>() => {
            (1..).zip(sequence.try_iter()?).map(|(place, one)| text(&one?, &format!("{name}: part {place}"))).collect()
        }
        _ => Err(wrong_type(name, "a sequence of str", value)),
    }
}

/// A `bool`; no other truth value, for `"false"` is one.
pub(crate) fn switch(value: &Bound<'_, PyAny>, name: &str) -> PyResult<bool> {
    value.extract().map_err(|_| wrong_type(name, "bool", value))
}

/// A `float`, or what converts to one; no `bool`.
pub(crate) fn number(value: &Bound<'_, PyAny>, name: &str) -> PyResult<f64> {
    if value.is_instance_of::<PyBool>() {
        return Err(wrong_type(name, "float", value));
    }
    match value.extract() {
        Ok(number) => Ok(number),
        // An int beyond every float is beyond every range too: the core says so with the field's name.
        Err(error) if error.is_instance_of::<PyOverflowError>(value.py()) => Ok(f64::INFINITY),
        Err(_) => Err(wrong_type(name, "float", value)),
    }
}

/// A whole number, 0 or more; no `bool`.
pub(crate) fn count(value: &Bound<'_, PyAny>, name: &str) -> PyResult<usize> {
    if value.is_instance_of::<PyBool>() {
        return Err(wrong_type(name, "int", value));
    }
    match value.extract() {
        Ok(count) => Ok(count),
        Err(error) if error.is_instance_of::<PyOverflowError>(value.py()) => {
            Err(errors::invalid(value.py(), name, &format!("is {}, which no count can be", value.str()?)))
        }
        Err(_) => Err(wrong_type(name, "int", value)),
    }
}

/// A whole number as the core counts minutes and messages: 0 … 4,294,967,295; no `bool`.
pub(crate) fn small_count(value: &Bound<'_, PyAny>, name: &str) -> PyResult<u32> {
    let count = count(value, name)?;
    u32::try_from(count).map_err(|_| errors::invalid(value.py(), name, &format!("is {count}, which is beyond every range")))
}

/// A whole number, also a negative one; no `bool`.
pub(crate) fn integer(value: &Bound<'_, PyAny>, name: &str) -> PyResult<i32> {
    if value.is_instance_of::<PyBool>() {
        return Err(wrong_type(name, "int", value));
    }
    match value.extract() {
        Ok(integer) => Ok(integer),
        Err(error) if error.is_instance_of::<PyOverflowError>(value.py()) => {
            Err(errors::invalid(value.py(), name, &format!("is {}, which is beyond every range", value.str()?)))
        }
        Err(_) => Err(wrong_type(name, "int", value)),
    }
}

/// A span in seconds that a wait may take, or `None`: as long as it takes.
pub(crate) fn optional_limit(value: Option<&Bound<'_, PyAny>>, name: &str) -> PyResult<Duration> {
    value.map_or(Ok(Duration::MAX), |value| limit(value, name))
}

/// A span in seconds that a wait may take.
pub(crate) fn limit(value: &Bound<'_, PyAny>, name: &str) -> PyResult<Duration> {
    let seconds = number(value, name)?;
    // A NaN is in no range.
    if !(0.0..=86_400.0).contains(&seconds) {
        return Err(errors::invalid(value.py(), name, &format!("is {seconds}, allowed is 0 … 86400")));
    }
    Ok(Duration::from_secs_f64(seconds))
}

/// Any iterable of `(keyword, reply)` pairs and `Rule`s.
pub(crate) fn rules(value: &Bound<'_, PyAny>, name: &str) -> PyResult<Vec<KeywordRule>> {
    let is_wrong = value.is_instance_of::<PyString>() || value.is_instance_of::<PyMapping>();
    let pairs = match value.try_iter() {
        Ok(pairs) if !is_wrong => pairs,
        _ => return Err(wrong_type(name, "an iterable of (keyword, reply) pairs and Rules", value)),
    };
    (1..).zip(pairs).map(|(place, pair)| rule(&pair?, name, place)).collect()
}

fn rule(pair: &Bound<'_, PyAny>, name: &str, place: usize) -> PyResult<KeywordRule> {
    if let Ok(rule) = pair.cast::<Rule>() {
        return Ok(rule.get().core());
    }
    let name = format!("{name}: rule {place}");
    match pair.cast::<PySequence>() {
        Ok(pair) if !pair.is_instance_of::<PyString>() && pair.len()? == 2 => Ok(KeywordRule::new(
            text(&pair.get_item(0)?, &format!("{name}: its keyword"))?,
            text(&pair.get_item(1)?, &format!("{name}: its reply"))?,
        )),
        Ok(pair) if !pair.is_instance_of::<PyString>() => {
            Err(errors::invalid(pair.py(), &name, &format!("has {} elements, must have 2: (keyword, reply)", pair.len()?)))
        }
        _ => Err(wrong_type(&name, "a pair (keyword, reply) or a Rule", pair)),
    }
}

/// The `TypeError` for an argument.
pub(crate) fn wrong_type(name: &str, wanted: &str, value: &Bound<'_, PyAny>) -> PyErr {
    let found = value.get_type().name().map_or_else(|_| "another type".to_owned(), |name| name.to_string());
    PyTypeError::new_err(format!("{name}: must be {wanted}, not {found}"))
}
