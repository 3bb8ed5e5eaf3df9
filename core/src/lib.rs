//! livekeeper keeps Xianyu (闲鱼 / Goofish) seller accounts alive inside somebody else's program.
//!
//! [`CookieManager`] is the whole of it: it holds a store and a background runtime, and for each account in the store one
//! supervised task with one session to the service. The host calls it from any thread and owns no event loop for it.
//!
//! ```text
//! manager      every public verb, each a few lines
//! supervisor   one actor per account: its mailbox, its restarts, its stopping
//! live         XianyuLive: one connected session
//! reply        from a message to a decision; pure
//! wire         the dialect, sans-IO
//! store        SQLite
//! ```
//! Arrows point down only. `ARCHITECTURE.md` tells more.
#![forbid(unsafe_code)]

mod account;
mod account_options;
mod bring;
mod call;
mod capacity;
mod clock;
mod closing;
mod common;
mod config;
mod cookie_check;
mod counters;
mod decision;
mod error;
mod event;
mod fork;
mod health;
mod helper;
mod host_call;
mod housekeeping;
#[cfg(feature = "internals")]
#[doc(hidden)]
pub mod internals;
mod key;
mod key_work;
mod live;
mod logging;
mod manager;
mod metrics;
mod numbered;
mod order;
mod private_file;
mod reply;
mod reply_content;
mod reply_handler;
mod resources;
mod rule;
mod runtime;
mod sealing;
mod secret;
mod send_outcome;
mod states;
mod status;
mod stop_report;
mod store;
mod supervisor;
mod tasks;
mod vitals;
mod wanted;
pub mod wire;
mod worker;

pub use account::Fence;
pub use account_options::AccountOptions;
pub use bring::report::{ImportOutcome, ImportReport, ImportedAccount};
pub use call::Call;
pub use capacity::{Capacity, CapacityItem, CapacityKind, CapacityLevel};
pub use config::Config;
pub use cookie_check::validate_cookie;
pub use decision::DecisionCode;
pub use error::Error;
pub use event::{Event, EventKind, Events, News, Standing};
pub use fork::{after_fork_in_child, after_fork_in_parent, before_fork};
pub use health::{Health, HealthCode, HealthReason};
pub use helper::{HelperFault, HelperProcess};
pub use host_call::{HostCall, HostError};
pub use key::{Key, KeySource, Passphrase};
pub use live::{CookieProvider, CookieRequest};
pub use logging::{LogBatch, LogLevel, LogReader, LogRecord};
pub use manager::CookieManager;
pub use metrics::Metrics;
pub use order::{Confirmation, ConfirmationState, Order, OrderStep};
pub use reply_content::{DefaultReply, ReplyContent};
pub use reply_handler::{ChatMessage, ReplyHandler, ReplyRequest};
pub use resources::{Hold, Resources};
pub use rule::{KeywordRule, Matching, Picture};
pub use runtime::on_runtime_thread;
pub use secret::Secret;
pub use send_outcome::SendOutcome;
pub use states::{ConnectionState, Reason, ReasonCode, TaskState};
pub use status::{AccountStatus, Counters};
pub use stop_report::{AccountStop, StageOutcome, StageReport, StopReport, StopStage};
pub use store::{InspectedAccount, InspectedMessage, Inspection, Integrity, MessageTrace, PausedChat, SendTrace, inspect};
pub use tasks::TaskManager;
pub use wanted::Wanted;
pub use wire::message::OrderStatus;
pub use worker::{AccountWorker, Failure, SessionEnd, WorkerTask};
