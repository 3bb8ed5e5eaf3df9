//! From a message to a decision: pure, no tokio, the clock is an argument.

pub(crate) mod content;
pub(crate) mod debounce;
pub(crate) mod defaults;
pub(crate) mod pipeline;
pub(crate) mod rules;
pub(crate) mod template;
mod words;
