//! The functions that the host has given a manager.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use livekeeper::{CookieRequest, ReplyRequest, Secret};
use pyo3::PyTraverseError;
use pyo3::gc::PyVisit;
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::arguments::wrong_type;
use crate::chat_message::ChatMessage;
use crate::host_function::HostFunction;
use crate::reply::ReplyContent;

/// They are the core's, and are held here too so that the garbage collector sees them: a function may hold its manager.
#[derive(Default)]
pub(crate) struct Functions {
    cookie_provider: Held,
    reply_handler: Held,
}

/// A cookie provider.
pub(crate) struct CookieProvider(Arc<HostFunction>);

/// A reply handler.
pub(crate) struct ReplyHandler(Arc<HostFunction>);

/// The host's `provider`, which must be callable.
pub(crate) fn cookie_provider(provider: &Bound<'_, PyAny>) -> PyResult<CookieProvider> {
    function(provider, "provider", "cookie_provider").map(CookieProvider)
}

/// The host's `handler`, which must be callable.
pub(crate) fn reply_handler(handler: &Bound<'_, PyAny>) -> PyResult<ReplyHandler> {
    function(handler, "handler", "reply_handler").map(ReplyHandler)
}

fn function(given: &Bound<'_, PyAny>, name: &str, kind: &str) -> PyResult<Arc<HostFunction>> {
    if !given.is_callable() {
        return Err(wrong_type(name, "a function or None", given));
    }
    HostFunction::new(given, kind)
}

impl CookieProvider {
    pub(crate) fn of_core(&self) -> Arc<livekeeper::CookieProvider> {
        let function = Arc::clone(&self.0);
        Arc::new(move |request: &CookieRequest| {
            let arguments = (request.cookie_id.clone(), request.reason.name());
            function.call(&request.call, arguments, read_cookie)
        })
    }
}

impl ReplyHandler {
    pub(crate) fn of_core(&self) -> Arc<livekeeper::ReplyHandler> {
        let function = Arc::clone(&self.0);
        Arc::new(move |request: &ReplyRequest| {
            function.call(&request.call, (ChatMessage::from(request.message.clone()),), read_reply)
        })
    }
}

/// What a provider has returned.
fn read_cookie(value: &Bound<'_, PyAny>) -> Result<Option<Secret>, String> {
    if value.is_none() {
        return Ok(None);
    }
    let Ok(text) = value.cast::<PyString>() else { return Err(returned(value, "str or None")) };
    let text = text.to_cow().map_err(|_| NO_TEXT.to_owned())?;
    Ok(Some(Secret::new(text)))
}

/// What a handler has returned.
fn read_reply(value: &Bound<'_, PyAny>) -> Result<Option<livekeeper::ReplyContent>, String> {
    if value.is_none() {
        return Ok(None);
    }
    // The only thing that can be wrong with one of these types.
    let content = ReplyContent::read(value, "reply").map_err(|_| NO_TEXT.to_owned())?;
    content.map(Some).ok_or_else(|| returned(value, "str, Picture, ReplyContent or None"))
}

const NO_TEXT: &str = "it returned half of a surrogate pair, which is no text";

fn returned(value: &Bound<'_, PyAny>, wanted: &str) -> String {
    let kind = value.get_type().name().map_or_else(|_| "something else".to_owned(), |name| name.to_string());
    format!("it returned {kind}, must be {wanted}")
}

impl Functions {
    pub(crate) fn set_cookie_provider(&self, provider: Option<CookieProvider>) {
        self.cookie_provider.set(provider.map(|provider| provider.0));
    }

    pub(crate) fn set_reply_handler(&self, handler: Option<ReplyHandler>) {
        self.reply_handler.set(handler.map(|handler| handler.0));
    }

    pub(crate) fn has_reply_handler(&self) -> bool {
        self.reply_handler.lock().is_some()
    }

    /// When the manager is closed: nobody calls them any more.
    pub(crate) fn let_go(&self) {
        self.cookie_provider.set(None);
        self.reply_handler.set(None);
    }

    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.cookie_provider.traverse(visit)?;
        self.reply_handler.traverse(visit)
    }

    pub(crate) fn clear(&self) {
        self.cookie_provider.clear();
        self.reply_handler.clear();
    }
}

/// A function that the manager has, or none.
#[derive(Default)]
struct Held(Mutex<Option<Arc<HostFunction>>>);

impl Held {
    fn set(&self, function: Option<Arc<HostFunction>>) {
        let earlier = std::mem::replace(&mut *self.lock(), function);
        // Its end may run Python code, so not under the lock.
        drop(earlier);
    }

    fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        let Ok(function) = self.0.try_lock() else { return Ok(()) };
        function.as_ref().map_or(Ok(()), |function| function.traverse(visit))
    }

    fn clear(&self) {
        let function = self.lock().take();
        if let Some(function) = function {
            function.clear();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Arc<HostFunction>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
