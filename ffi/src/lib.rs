//! The C interface: `livekeeper.h` is generated from what is public here. It converts and decides nothing.
//!
//! ```text
//! manager   open, close, free               guard     the one way in and out: panics, results
//! accounts  add, remove, replace, switch    error     result codes, the thread's last error
//! control   pause, resume, restart, queue   text      strings in and out
//! status    how an account is, waiting      pointer   what C's pointers may be, who owns what
//! health    what is wrong with an account   sized     structs that may grow
//! sending   sending a text                  config    settings
//! table     what C's handles stand for
//! events    a reader of what happens        event     one piece of news
//! capacity  what has a bound                states    numbers and names of states
//! metrics   figures for a monitor           keywords  keyword rules, in and out
//! stopping  the stop report                 rules     rules that are more than that
//! chats     pausing a chat, letting it go on   trail     what came of each message
//! cookie_provider   a function that brings cookies   host_function   what such a function needs
//! account_options   adding with more than a cookie
//! key       the store's key, another one
//! bringing  accounts brought along, documents, copies, looks into a store   forking   a fork waits for the stores
//! reply_handler     a function that answers        default_reply   what is said where nothing else has a word
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

pub mod key;

pub mod accounts;

pub mod account_options;

pub mod rules;

pub mod control;

pub mod cookie_provider;

pub mod reply_handler;

pub mod default_reply;

pub mod status;

pub mod health;

pub mod sending;

pub mod chats;

pub mod trail;

pub mod orders;

pub mod bringing;

pub mod stopping;

pub mod event;

pub mod events;

pub mod event_callback;

pub mod call;

pub mod beginning;

pub mod capacity;

pub mod metrics;

pub mod log_hook;

mod answer;
mod bell;
mod dispatch;
mod forking;
mod guard;
mod host_function;
mod life;
mod pending;
mod pointer;
mod signal;
mod sized;
mod table;
