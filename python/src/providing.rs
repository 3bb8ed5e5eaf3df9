//! The functions that the host has given a manager.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use livekeeper::{CookieRequest, Secret};
use pyo3::PyTraverseError;
use pyo3::gc::PyVisit;
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::arguments::wrong_type;
use crate::host_function::HostFunction;

/// They are the core's, and are held here too so that the garbage collector sees them: a function may hold its manager.
#[derive(Default)]
pub(crate) struct Functions {
    cookie_provider: Mutex<Option<CookieProvider>>,
}

/// A cookie provider.
pub(crate) struct CookieProvider(Arc<HostFunction>);

/// The host's `provider`, which must be callable.
pub(crate) fn cookie_provider(provider: &Bound<'_, PyAny>) -> PyResult<CookieProvider> {
    if !provider.is_callable() {
        return Err(wrong_type("provider", "a function or None", provider));
    }
    HostFunction::new(provider, "cookie_provider").map(CookieProvider)
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

/// What a provider has returned.
fn read_cookie(value: &Bound<'_, PyAny>) -> Result<Option<Secret>, String> {
    if value.is_none() {
        return Ok(None);
    }
    let Ok(text) = value.cast::<PyString>() else {
        let kind = value.get_type().name().map_or_else(|_| "something else".to_owned(), |name| name.to_string());
        return Err(format!("it returned {kind}, must be str or None"));
    };
    let text = text.to_cow().map_err(|_| "it returned half of a surrogate pair, which is no text".to_owned())?;
    Ok(Some(Secret::new(text)))
}

impl Functions {
    pub(crate) fn set_cookie_provider(&self, provider: Option<CookieProvider>) {
        let earlier = std::mem::replace(&mut *lock(&self.cookie_provider), provider);
        // Its end may run Python code, so not under the lock.
        drop(earlier);
    }

    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        let Ok(provider) = self.cookie_provider.try_lock() else { return Ok(()) };
        provider.as_ref().map_or(Ok(()), |provider| provider.0.traverse(visit))
    }

    pub(crate) fn clear(&self) {
        let provider = lock(&self.cookie_provider).take();
        if let Some(provider) = provider {
            provider.0.clear();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
