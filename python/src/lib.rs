//! The Python module `livekeeper._livekeeper`: conversions between Python and the crates `livekeeper` and
//! `livekeeper-simulator`; it decides nothing.
//!
//! | file | what is in it |
//! | --- | --- |
//! | `blocking`, `awaiting` | the one place that blocks; the one that awaits |
//! | `arguments`, `errors` | from Python values to Rust ones; from Rust errors to Python ones |
//! | `verbs`, `manager`, `config`, `events`, `async_events`, `filter`, `cookie_check` | what `livekeeper` does |
//! | `host_function`, `providing` | functions of the host's that the core calls |
//! | `interpreter`, `forking` | one interpreter of the process has the module; what is done around a fork |
//! | `logs` | what the core logs, for Python's `logging` |
//! | `status`, `reason`, `health_reason`, `counters`, `event`, `standing`, `capacity`, `metrics`, `stop_report`, `send_outcome`, `trail`, `paused_chat`, `order` | what it shows |
//! | `rule`, `reply`, `chat_message` | what is answered with what; what the host's function is asked about |
//! | `import_report`, `inspecting` | what is brought along; what a store holds |
//! | `states`, `display`, `show` | the enums of `livekeeper.states`; how values are written out |
//! | `seeing` | the way to what is shown to people, which is Python: `livekeeper._seeing` |
//! | `simulator`, `simulator_entry` | what `livekeeper.testing` is made of |
#![forbid(unsafe_code)]

mod arguments;
mod async_events;
mod awaiting;
mod blocking;
mod capacity;
mod chat_message;
mod config;
mod cookie_check;
mod counters;
mod display;
mod errors;
mod event;
mod events;
mod filter;
mod forking;
mod health_reason;
mod host_function;
mod import_report;
mod inspecting;
mod interpreter;
mod logs;
mod manager;
mod metrics;
mod order;
mod paused_chat;
mod providing;
mod reason;
mod reply;
mod rule;
mod seeing;
mod send_outcome;
mod show;
mod simulator;
mod simulator_entry;
mod standing;
mod states;
mod status;
mod stop_report;
mod trail;
mod verbs;

/// The native half of livekeeper; use the package `livekeeper`. It was never run without a GIL, and a build of Python that has none
/// turns it on for this module.
#[pyo3::pymodule(gil_used = true)]
mod _livekeeper {
    #[pymodule_export]
    use super::async_events::AsyncEvents;
    #[pymodule_export]
    use super::awaiting::Bell;
    #[pymodule_export]
    use super::capacity::{Capacity, CapacityItem};
    #[pymodule_export]
    use super::chat_message::ChatMessage;
    #[pymodule_export]
    use super::config::{Config, core_defaults};
    #[pymodule_export]
    use super::cookie_check::validate_cookie;
    #[pymodule_export]
    use super::counters::Counters;
    #[pymodule_export]
    use super::event::Event;
    #[pymodule_export]
    use super::events::Events;
    #[pymodule_export]
    use super::forking::{after_fork_in_child, after_fork_in_parent, before_fork};
    #[pymodule_export]
    use super::health_reason::HealthReason;
    #[pymodule_export]
    use super::import_report::{ImportReport, ImportedAccount};
    #[pymodule_export]
    use super::inspecting::look_into_store;
    #[pymodule_export]
    use super::logs::LogReader;
    #[pymodule_export]
    use super::manager::{AsyncCookieManager, CookieManager};
    #[pymodule_export]
    use super::metrics::Metrics;
    #[pymodule_export]
    use super::order::{Confirmation, Order, OrderStep};
    #[pymodule_export]
    use super::paused_chat::PausedChat;
    #[pymodule_export]
    use super::reason::Reason;
    #[pymodule_export]
    use super::reply::{DefaultReply, ReplyContent};
    #[pymodule_export]
    use super::rule::{Picture, Rule};
    #[pymodule_export]
    use super::send_outcome::SendOutcome;
    #[pymodule_export]
    use super::simulator::NativeSimulator;
    #[pymodule_export]
    use super::simulator_entry::Entry;
    #[pymodule_export]
    use super::standing::Standing;
    #[pymodule_export]
    use super::states::{core_enums, health_codes, reason_codes};
    #[pymodule_export]
    use super::status::AccountStatus;
    #[pymodule_export]
    use super::stop_report::{AccountStop, StageReport, StopReport};
    #[pymodule_export]
    use super::trail::{MessageTrace, SendTrace};

    #[pymodule_export]
    #[allow(non_upper_case_globals)]
    const __version__: &str = env!("CARGO_PKG_VERSION");

    #[pymodule_init]
    fn init(module: &pyo3::Bound<'_, pyo3::types::PyModule>) -> pyo3::PyResult<()> {
        super::interpreter::claim(module.py())
    }
}
