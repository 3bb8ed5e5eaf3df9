//! How a send ended.

use serde::Serialize;

/// How a send ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
#[non_exhaustive]
pub enum SendOutcome {
    /// The service took the message.
    Delivered {
        /// The service's id for it.
        message_id: String,
    },
    /// The service refused the message; the buyer has not got it.
    Rejected {
        /// The service's reason, e.g. `CSI_FORBID`.
        reason: String,
        /// The code of its answer.
        code: i64,
        /// What it adds to its reason, where it does, e.g. `CSI_FORBID||…`.
        more_info: Option<String>,
    },
    /// Nobody knows: no answer came in time, or the connection ended first. It is never sent again by itself.
    Unknown,
}
