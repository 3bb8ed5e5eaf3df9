//! What `livekeeper.testing.Simulator` is made of: the simulator on its own thread. Records cross as JSON and become values
//! in Python.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use livekeeper_simulator::{ApiFault, ExpiryForm, HistoryFault, Options, PushPath, Simulator, SimulatorThread, WaitTimeout};
use pyo3::exceptions::{PyOSError, PyRuntimeError, PyTimeoutError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};
use serde::Serialize;

use crate::arguments::{count, number, switch, text};
use crate::blocking::{wait_steps, without_gil};
use crate::errors;
use crate::simulator_entry::{Entry, one_of};

/// A running simulator; `livekeeper.testing.Simulator` is how it is used.
#[pyclass(frozen, module = "livekeeper._livekeeper")]
pub(crate) struct NativeSimulator {
    simulator: Simulator,
    /// `None` only in a fork that drops it.
    thread: Mutex<Option<SimulatorThread>>,
    owner_pid: u32,
}

const PATHS: [(&str, PushPath); 3] = [("/s/vulcan", PushPath::Vulcan), ("/s/sync", PushPath::Sync), ("/s/para", PushPath::Para)];

const EXPIRY_FORMS: [(&str, ExpiryForm); 2] =
    [("lifetime_ms", ExpiryForm::LifetimeMs), ("since_epoch_ms", ExpiryForm::SinceEpochMs)];

#[pymethods]
#[allow(clippy::needless_pass_by_value, reason = "what Python gives is taken by value")]
impl NativeSimulator {
    #[new]
    #[pyo3(signature = (**options))]
    fn new(py: Python<'_>, options: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        let options = read_options(py, options)?;
        let thread = without_gil(py, || SimulatorThread::start(options));
        let thread = thread.map_err(|error| PyOSError::new_err(error.to_string()))?;
        Ok(Self { simulator: thread.handle(), thread: Mutex::new(Some(thread)), owner_pid: std::process::id() })
    }

    fn stop(&self, py: Python<'_>) -> bool {
        if self.is_in_fork() {
            return false;
        }
        without_gil(py, || self.thread.lock().unwrap_or_else(PoisonError::into_inner).as_mut().is_none_or(SimulatorThread::stop))
    }

    fn websocket_url(&self) -> String {
        self.simulator.websocket_url()
    }

    fn api_url(&self) -> String {
        self.simulator.api_url()
    }

    fn login_check_url(&self) -> String {
        self.simulator.login_check_url()
    }

    fn port(&self) -> u16 {
        self.simulator.port()
    }

    fn ca_pem(&self) -> Option<&str> {
        self.simulator.ca_pem()
    }

    fn cookie(&self, unb: &str) -> String {
        self.simulator.cookie(unb)
    }

    fn renew_cookie(&self, unb: &str) -> String {
        self.simulator.renew_cookie(unb)
    }

    fn push(&self, py: Python<'_>, unb: &str, entries: Vec<Bound<'_, Entry>>, path: Option<&str>) -> PyResult<Vec<Option<String>>> {
        let entries = entries.iter().map(|entry| entry.get().core.clone()).collect();
        let Some(path) = path else { return Ok(self.simulator.push(unb, entries)) };
        Ok(self.simulator.push_by(unb, one_of(py, "path", path, &PATHS)?, entries))
    }

    fn replay(&self, unb: &str, message_id: &str) -> bool {
        self.simulator.replay(unb, message_id)
    }

    fn expire_session(&self, unb: &str) {
        self.simulator.expire_session(unb);
    }

    fn expire_signature(&self, unb: &str) {
        self.simulator.expire_signature(unb);
    }

    fn expire_token(&self, unb: &str) {
        self.simulator.expire_token(unb);
    }

    fn set_cookie_on_next_answer(&self, unb: &str, set_cookie: &str) {
        self.simulator.set_cookie_on_next_answer(unb, set_cookie);
    }

    fn require_verification(&self, unb: &str, url: Option<&str>) {
        self.simulator.require_verification(unb, url);
    }

    fn clear_verification(&self, unb: &str) {
        self.simulator.clear_verification(unb);
    }

    fn refuse_next_send(&self, unb: &str, reason: &str, code: u32, more_info: Option<&str>) {
        self.simulator.refuse_next_send(unb, reason, code, more_info);
    }

    fn swallow_next_send(&self, unb: &str) {
        self.simulator.swallow_next_send(unb);
    }

    fn api_http_errors(&self, unb: &str, times: usize, status: u16) {
        self.simulator.api_error(unb, times, &ApiFault::HttpStatus(status));
    }

    fn api_rets(&self, unb: &str, times: usize, ret: String) {
        self.simulator.api_error(unb, times, &ApiFault::Ret(ret));
    }

    fn api_disconnects(&self, unb: &str, times: usize) {
        self.simulator.api_error(unb, times, &ApiFault::Disconnect);
    }

    fn refuse_next_consign(&self, unb: &str, ret: &str) {
        self.simulator.refuse_next_consign(unb, ret);
    }

    fn lists_too_often(&self, unb: &str, times: u32) {
        self.simulator.lists_too_often(unb, times);
    }

    fn fail_histories(&self, py: Python<'_>, unb: &str, times: usize, fault: &str, code: u32) -> PyResult<()> {
        let faults = [
            ("too_often", HistoryFault::TooOften),
            ("code", HistoryFault::Code(code)),
            ("swallow", HistoryFault::Swallow),
            ("no_list", HistoryFault::NoList),
        ];
        self.simulator.fail_histories(unb, times, one_of(py, "fault", fault, &faults)?);
        Ok(())
    }

    fn lose_pushes(&self, unb: &str, lost: bool) {
        self.simulator.lose_pushes(unb, lost);
    }

    fn silence(&self, unb: &str, silent: bool) {
        self.simulator.silence(unb, silent);
    }

    fn hold_pushes(&self, unb: &str, held: bool) {
        self.simulator.hold_pushes(unb, held);
    }

    fn slow_answers(&self, unb: &str, delay_s: &Bound<'_, PyAny>) -> PyResult<()> {
        self.simulator.slow_answers(unb, span(delay_s, "delay_s")?);
        Ok(())
    }

    fn close_connection(&self, unb: &str, code: u16, reason: &str) {
        self.simulator.close(unb, code, reason);
    }

    fn drop_connection(&self, unb: &str) {
        self.simulator.drop_connection(unb);
    }

    fn drop_all(&self) {
        self.simulator.drop_all();
    }

    fn online(&self, unb: &str) -> bool {
        self.simulator.online(unb)
    }

    fn connections(&self) -> usize {
        self.simulator.connections()
    }

    fn accounts(&self) -> Vec<String> {
        self.simulator.accounts()
    }

    fn waiting(&self, unb: &str) -> usize {
        self.simulator.waiting(unb)
    }

    fn max_live_sessions(&self, unb: &str) -> usize {
        self.simulator.max_live_sessions(unb)
    }

    fn consigned_orders(&self, unb: &str) -> Vec<String> {
        self.simulator.consigned_orders(unb)
    }

    fn cookie_last_sent(&self, unb: &str, name: &str) -> Option<String> {
        self.simulator.cookie_last_sent(unb, name)
    }

    fn connect_times_ms(&self) -> Vec<u64> {
        self.simulator.connect_times_ms()
    }

    fn sends_json(&self, py: Python<'_>, unb: Option<&str>, skip: usize) -> PyResult<String> {
        without_gil(py, || {
            let sends = unb.map_or_else(|| self.simulator.all_sends(), |unb| self.simulator.sends(unb));
            json(&sends.get(skip..).unwrap_or_default())
        })
    }

    fn violations_json(&self) -> PyResult<String> {
        json(&self.simulator.violations())
    }

    fn endings_json(&self) -> PyResult<String> {
        json(&self.simulator.endings())
    }

    fn counters_json(&self, unb: Option<&str>) -> PyResult<String> {
        json(&unb.map_or_else(|| self.simulator.counters(), |unb| self.simulator.counters_of(unb)))
    }

    fn log_json(&self, unb: Option<&str>) -> PyResult<String> {
        json(&unb.map_or_else(|| self.simulator.seen(), |unb| self.simulator.log(unb)))
    }

    fn wait_online(&self, py: Python<'_>, unb: &str, timeout_s: &Bound<'_, PyAny>) -> PyResult<()> {
        let limit = span(timeout_s, "timeout_s")?;
        self.wait(py, limit, |simulator, step| simulator.wait_online_blocking(unb, step))
    }

    fn wait_sends(&self, py: Python<'_>, unb: Option<&str>, count: u64, timeout_s: &Bound<'_, PyAny>) -> PyResult<()> {
        let limit = span(timeout_s, "timeout_s")?;
        self.wait(py, limit, |simulator, step| match unb {
            Some(unb) => simulator.wait_sends_blocking(unb, count, step).map(drop),
            None => simulator.wait_until_blocking(step, |seen| seen.counters().sends >= count),
        })
    }

    /// Waits for the next change of anything, at most `timeout_s`; `False`: there was none.
    fn wait_change(&self, py: Python<'_>, timeout_s: &Bound<'_, PyAny>) -> PyResult<bool> {
        let limit = span(timeout_s, "timeout_s")?;
        let simulator = &self.simulator;
        let changed = wait_steps(py, limit, move |step| {
            let mut looked = false;
            // The first look is at how things stand, every further one is at a change.
            simulator.wait_until_blocking(step, |_| std::mem::replace(&mut looked, true)).ok()
        })?;
        Ok(changed.is_some())
    }
}

impl Drop for NativeSimulator {
    fn drop(&mut self) {
        if self.is_in_fork() {
            // The thread is the parent's: there is nothing to stop here, and waiting for it would take until the time-out.
            std::mem::forget(self.thread.get_mut().unwrap_or_else(PoisonError::into_inner).take());
        }
    }
}

impl NativeSimulator {
    fn is_in_fork(&self) -> bool {
        std::process::id() != self.owner_pid
    }

    fn wait(
        &self,
        py: Python<'_>,
        limit: Duration,
        mut look: impl FnMut(&Simulator, Duration) -> Result<(), WaitTimeout> + Send,
    ) -> PyResult<()> {
        let (simulator, started) = (&self.simulator, Instant::now());
        let waited = wait_steps(py, limit, |step| match look(simulator, step) {
            Ok(()) => Some(Ok(())),
            Err(timeout) if started.elapsed() >= limit => Some(Err(timeout)),
            Err(_) => None,
        })?;
        match waited {
            Some(Ok(())) => Ok(()),
            Some(Err(timeout)) => {
                Err(PyTimeoutError::new_err(format!("{} did not come within {limit:?}; seen: {}", timeout.what, timeout.saw)))
            }
            None => Err(PyTimeoutError::new_err(format!("it did not come within {limit:?}"))),
        }
    }
}

fn json(value: &impl Serialize) -> PyResult<String> {
    serde_json::to_string(value).map_err(|error| PyRuntimeError::new_err(error.to_string()))
}

fn span(value: &Bound<'_, PyAny>, name: &str) -> PyResult<Duration> {
    let seconds = number(value, name)?;
    Duration::try_from_secs_f64(seconds)
        .map_err(|_| errors::invalid(value.py(), name, &format!("is {seconds}; must be a number of seconds, 0 or more")))
}

fn read_options(py: Python<'_>, given: Option<&Bound<'_, PyDict>>) -> PyResult<Options> {
    let mut options = Options::default();
    for (name, value) in given.into_iter().flatten() {
        let name = name.cast_into::<PyString>()?.to_string_lossy().into_owned();
        match name.as_str() {
            "port" => {
                let port = count(&value, &name)?;
                let port =
                    u16::try_from(port).map_err(|_| errors::invalid(py, &name, &format!("is {port}; allowed is 0 … 65535")))?;
                options.listen.set_port(port);
            }
            "tls" => options.tls = switch(&value, &name)?,
            "strict_accounts" => options.strict_accounts = switch(&value, &name)?,
            "refuse_dead_login_at_handshake" => options.refuse_dead_login_at_handshake = switch(&value, &name)?,
            "ack_timeout_s" => options.ack_timeout = span(&value, &name)?,
            "register_timeout_s" => options.register_timeout = span(&value, &name)?,
            "grace_after_refusal_s" => options.grace_after_refusal = span(&value, &name)?,
            "access_token_lifetime_s" => options.access_token_lifetime = span(&value, &name)?,
            "expiry_form" => options.expiry_form = one_of(py, &name, &text(&value, &name)?, &EXPIRY_FORMS)?,
            "signature_lifetime_s" => options.signature_lifetime = span(&value, &name)?,
            "clock_tolerance_s" => {
                options.clock_tolerance = if value.is_none() { None } else { Some(span(&value, &name)?) };
            }
            "echo_sends" => options.echo_sends = switch(&value, &name)?,
            "push_again" => options.push_again = switch(&value, &name)?,
            "pushes_follow_newest_token" => options.pushes_follow_newest_token = switch(&value, &name)?,
            "push_path" => options.push_path = one_of(py, &name, &text(&value, &name)?, &PATHS)?,
            "backlog_entries_per_push" => options.backlog_entries_per_push = count(&value, &name)?,
            "max_connections" => options.max_connections = count(&value, &name)?,
            "max_accounts" => options.max_accounts = count(&value, &name)?,
            "max_records" => options.max_records = count(&value, &name)?,
            "max_log_per_account" => options.max_log_per_account = count(&value, &name)?,
            "max_entries_per_account" => options.max_entries_per_account = count(&value, &name)?,
            "max_messages_per_chat" => options.max_messages_per_chat = count(&value, &name)?,
            _ => return Err(PyTypeError::new_err(format!("Simulator() has no option {name:?}"))),
        }
    }
    Ok(options)
}
