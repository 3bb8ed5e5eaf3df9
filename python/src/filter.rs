//! Which events a reader is shown.

use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::arguments::{optional_text, texts, wrong_type};
use crate::errors;
use crate::event::{Event, KINDS};

/// Of which account, and of which kinds; what is not said is not looked at. `"lagged"` is always shown: what was lost may have been
/// of these.
#[derive(Default)]
pub(crate) struct Filter {
    cookie_id: Option<String>,
    kinds: Option<Vec<String>>,
}

impl Filter {
    /// From the arguments of `events`.
    pub(crate) fn read(cookie_id: Option<&Bound<'_, PyAny>>, kinds: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        let cookie_id = optional_text(cookie_id, "cookie_id")?;
        let kinds = kinds.map(read_kinds).transpose()?;
        Ok(Self { cookie_id, kinds })
    }

    /// The event as it is shown, if it is.
    pub(crate) fn show(&self, event: &Arc<livekeeper::Event>) -> Option<Event> {
        let is_wanted = self.cookie_id.as_deref().is_none_or(|wanted| *wanted == *event.cookie_id)
            && self.kinds.as_ref().is_none_or(|kinds| kinds.iter().any(|kind| kind == event.kind.name()));
        if is_wanted { Event::from_core(event) } else { None }
    }
}

fn read_kinds(given: &Bound<'_, PyAny>) -> PyResult<Vec<String>> {
    if given.is_instance_of::<PyString>() {
        return Err(wrong_type("kinds", "a sequence of str or None", given));
    }
    let kinds = texts(given, "kinds")?;
    match kinds.iter().find(|kind| !KINDS.iter().any(|(name, _)| name == kind)) {
        None => Ok(kinds),
        Some(unknown) => {
            let known: Vec<&str> = KINDS.iter().map(|(name, _)| *name).collect();
            Err(errors::invalid(given.py(), "kinds", &format!("{unknown:?} is no kind of event; there are {}", known.join(", "))))
        }
    }
}
