//! What the simulator promises, tried with a raw client that shares no code with it.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod api;
mod client;
mod endings;
mod history;
mod program;
mod pushes;
mod registration;
mod sends;
mod threads;
mod tls;
