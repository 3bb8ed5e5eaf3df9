//! What a caller waits for.

use std::fmt;

use crate::states::{ConnectionState, TaskState};
use crate::status::AccountStatus;

/// What to wait for. A field that is `None` does not matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wanted {
    /// The task's state.
    pub state: Option<TaskState>,
    /// The connection's state.
    pub connection: Option<ConnectionState>,
}

impl Wanted {
    pub(crate) fn is_met_by(self, status: &AccountStatus) -> bool {
        self.state.is_none_or(|state| state == status.state)
            && self.connection.is_none_or(|connection| connection == status.connection)
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state.map(|state| format!("state={}", state.name()));
        let connection = self.connection.map(|connection| format!("connection={}", connection.name()));
        f.write_str(&state.into_iter().chain(connection).collect::<Vec<_>>().join(", "))
    }
}
