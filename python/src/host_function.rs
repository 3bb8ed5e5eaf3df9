//! Calling a function of the host's from a thread of the core's. That thread itself runs no Python code: it begins a thread of
//! Python's own for the call, and waits for it without the GIL. So the interpreter may exit under a call at any moment.

use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use livekeeper::{HostCall, HostError};
use pyo3::gc::PyVisit;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyTuple;
use pyo3::{BoundObject, PyTraverseError};

/// A function of the host's.
pub(crate) struct HostFunction {
    /// Empty once the garbage collector has taken it.
    function: Mutex<Option<Py<PyAny>>>,
    /// Where calls go that are refused a thread of their own: see `_threads.spare`.
    spare: Option<Py<PyAny>>,
}

/// What the thread that waits is told.
enum Told<T> {
    Answer(Result<T, String>),
    /// Nobody waits for the answer any more.
    Over,
}

impl HostFunction {
    /// `kind`: which of `_host_functions.VIEWS` its arguments are shown in.
    pub(crate) fn new(function: &Bound<'_, PyAny>, kind: &str) -> PyResult<Arc<Self>> {
        static CLASS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        static SPARE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let py = function.py();
        // Here, so that nothing is left to import on a thread of the core's.
        start_thread(py)?;
        let class = CLASS.import(py, "livekeeper._host_functions", "HostFunction")?;
        let spare: Option<Py<PyAny>> = SPARE.import(py, "livekeeper._threads", "spare")?.call0()?.extract()?;
        Ok(Arc::new(Self { function: Mutex::new(Some(class.call1((function, kind))?.unbind())), spare }))
    }

    /// Calls it, and waits until it has ended; what it awaits is cancelled when `call` is over. `read` makes the answer of
    /// what it returned.
    pub(crate) fn call<T: Send + 'static>(
        &self,
        call: &HostCall,
        arguments: impl for<'py> IntoPyObject<'py, Target = PyTuple>,
        read: impl FnOnce(&Bound<'_, PyAny>) -> Result<T, String> + Send + 'static,
    ) -> Result<T, HostError> {
        let (tell, told) = mpsc::channel();
        let tell_over = tell.clone();
        call.on_over(move || drop(tell_over.send(Told::Over)));
        // Whoever waited may have returned.
        let answer = Answer::new(move |value| {
            let answer = value.and_then(read);
            let problem = answer.as_ref().err().cloned();
            drop(tell.send(Told::Answer(answer)));
            problem
        });
        let over = Arc::clone(&answer.over);
        match Python::try_attach(|py| self.begin(py, answer, arguments)) {
            Some(Ok(())) => self.wait(&told, &over).map_err(HostError::new),
            Some(Err(error)) => Err(HostError::new(format!("the call could not be begun: {}", type_of(&error)))),
            None => Err(HostError::new("the Python interpreter is ending")),
        }
    }

    fn begin<'py>(&self, py: Python<'py>, answer: Answer, arguments: impl IntoPyObject<'py, Target = PyTuple>) -> PyResult<()> {
        let function = lock(&self.function).as_ref().map(|function| function.clone_ref(py));
        let Some(function) = function else {
            answer.reply(Err("the manager is gone".to_owned()));
            return Ok(());
        };
        let arguments = arguments.into_pyobject(py).map_err(Into::into)?.into_bound();
        let all = [Bound::new(py, answer)?.into_any()].into_iter().chain(arguments.iter());
        let all = PyTuple::new(py, all.collect::<Vec<_>>())?;
        self.on_thread(&function.bind(py).getattr("call")?, all)
    }

    /// Has it called on a thread of Python's own. Nothing here runs Python code.
    fn on_thread<'py>(&self, work: &Bound<'py, PyAny>, arguments: Bound<'py, PyTuple>) -> PyResult<()> {
        let py = work.py();
        match (start_thread(py)?.call1((work, &arguments)), &self.spare) {
            (Err(error), Some(spare)) if is_of_exit(&error) => spare.bind(py).call_method1("put", ((work, arguments),)).map(drop),
            (begun, _) => begun.map(drop),
        }
    }

    fn wait<T>(&self, told: &Receiver<Told<T>>, over: &Mutex<Over>) -> Result<T, String> {
        loop {
            match told.recv() {
                Ok(Told::Answer(answer)) => return answer,
                Ok(Told::Over) => self.end(over),
                Err(_) => return Err("it ended without an answer".to_owned()),
            }
        }
    }

    fn end(&self, over: &Mutex<Over>) {
        let then = {
            let mut over = lock(over);
            over.is_over = true;
            over.then.take()
        };
        let Some(then) = then else { return };
        // An interpreter that begins no thread any more needs none either.
        Python::try_attach(|py| self.on_thread(then.bind(py), PyTuple::empty(py)));
    }

    /// For the garbage collector; see `CookieManager::__traverse__`.
    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        // Held for a moment, by a thread that has a reference of its own meanwhile: then it is in use.
        let Ok(function) = self.function.try_lock() else { return Ok(()) };
        function.as_ref().map_or(Ok(()), |function| visit.call(function))
    }

    pub(crate) fn clear(&self) {
        let function = lock(&self.function).take();
        drop(function);
    }
}

/// What is called when nobody waits any more.
#[derive(Default)]
struct Over {
    is_over: bool,
    then: Option<Py<PyAny>>,
}

/// Takes what the function returned, or why it did not; what is wrong with that, if anything is.
type Reply = Box<dyn FnOnce(Result<&Bound<'_, PyAny>, String>) -> Option<String> + Send>;

/// Where a call's answer goes: see `_host_functions.Answer`.
#[pyclass(frozen, module = "livekeeper._livekeeper")]
struct Answer {
    reply: Mutex<Option<Reply>>,
    over: Arc<Mutex<Over>>,
}

impl Answer {
    fn new(reply: impl FnOnce(Result<&Bound<'_, PyAny>, String>) -> Option<String> + Send + 'static) -> Self {
        Self { reply: Mutex::new(Some(Box::new(reply))), over: Arc::default() }
    }

    fn reply(&self, value: Result<&Bound<'_, PyAny>, String>) -> Option<String> {
        let reply = lock(&self.reply).take();
        reply.and_then(|reply| reply(value))
    }
}

#[pymethods]
impl Answer {
    fn give(&self, value: &Bound<'_, PyAny>) -> Option<String> {
        self.reply(Ok(value))
    }

    fn fail(&self, sentence: String) {
        self.reply(Err(sentence));
    }

    fn is_over(&self) -> bool {
        lock(&self.over).is_over
    }

    fn on_over(&self, then: Bound<'_, PyAny>) -> PyResult<()> {
        let mut over = lock(&self.over);
        if !over.is_over {
            over.then = Some(then.unbind());
            return Ok(());
        }
        drop(over);
        then.call0().map(drop)
    }
}

impl Drop for Answer {
    /// Nobody is left who could answer: an event loop has ended with the call on it.
    fn drop(&mut self) {
        self.reply(Err("it ended without an answer".to_owned()));
    }
}

/// Whether a thread was refused because the interpreter is ending.
fn is_of_exit(error: &PyErr) -> bool {
    Python::try_attach(|py| error.value(py).to_string().contains("interpreter shutdown")).unwrap_or(true)
}

/// A thread of the system's, also under gevent: unlike `threading.Thread.start`, this waits for nothing and runs no Python code here.
fn start_thread(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    static START: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    START.import(py, "livekeeper._threads", "start_new_thread")
}

fn type_of(error: &PyErr) -> String {
    Python::try_attach(|py| error.get_type(py).name().map(|name| name.to_string()).ok()).flatten().unwrap_or_default()
}

fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
