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
mod call;
mod clock;
mod closing;
mod config;
mod error;
mod live;
mod manager;
mod reply;
mod runtime;
mod secret;
mod status;
mod store;
mod supervisor;
pub mod wire;
mod worker;

pub use call::Call;
pub use config::Config;
pub use error::Error;
pub use live::SendOutcome;
pub use manager::{CookieManager, Wanted};
pub use secret::Secret;
pub use status::{AccountStatus, ConnectionState, Counters, Reason, ReasonCode, TaskState};
pub use store::KeywordRule;
pub use supervisor::{AccountStop, StageOutcome, StageReport, StopReport, StopStage};
