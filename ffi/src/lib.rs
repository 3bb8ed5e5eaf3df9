//! The C interface: `livekeeper.h` is generated from what is public here. It converts and decides nothing.
//!
//! ```text
//! manager   open, close, free               guard     the one way in and out: panics, results
//! accounts  add, remove, replace, switch    error     result codes, the thread's last error
//! status    how an account is, waiting      text      strings in and out
//! sending   sending a text                  pointer   what C's pointers may be, who owns what
//! states    numbers and names of states     sized     structs that may grow
//! stopping  the stop report                 config    settings
//! keywords  keyword rules, in and out
//! ```
//! Each function of C has the same shape: `guard` runs a closure, `pointer`, `text` and `sized` turn what came into Rust
//! values or a failure, core does the work, and the answer goes out by pointer.
//!
//! The documentation of public items is that of the header, and speaks to people who write C.

#![allow(non_camel_case_types, reason = "one name for a thing in both languages, so that a search finds both")]
#![allow(clippy::missing_safety_doc, reason = "what a caller must keep to is the same everywhere; the header says it at its top")]
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test"))]

// In the order in which the header tells of them; the blank lines keep rustfmt from sorting.
pub mod error;

pub mod text;

pub mod keywords;

pub mod states;

pub mod config;

pub mod manager;

pub mod accounts;

pub mod status;

pub mod sending;

pub mod stopping;

mod guard;
mod pointer;
mod sized;
