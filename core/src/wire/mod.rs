//! The dialect of the IM service, sans-IO: bytes to types and types to bytes.
//!
//! Nothing here opens a socket, reads a clock, waits or logs: the time of day and the random source are arguments. So every
//! line can be tested by a table and fuzzed. What comes in is not trusted: any bytes give a value or an error, in bounded
//! stack and memory.
//!
//! ```text
//! a WebSocket text frame  ─ frame::decode ─►  Answer | Push | Other
//! a Push                  ─ entries ───────►  one text an entry
//! an entry's text         ─ sync::decode_entry ─►  Entry (message.rs)
//! ```
//!
//! | module | what it knows |
//! | --- | --- |
//! | [`cookie`] | the account's cookie: the three forms people paste, `Set-Cookie` merging |
//! | [`frame`] | incoming frames, and the acks of pushes |
//! | [`history`] | what the answer to a history request holds |
//! | [`message`] | the types an entry becomes |
//! | [`mtop`] | the signed HTTP call: query, form body, classes of answers |
//! | [`platform`] | the platform's own texts and order states, as data |
//! | [`request`] | outgoing frames, and the ids they carry |
//! | [`sync`] | one pushed entry to a [`message::Entry`] |
//!
//! `tree`, `packed` and `loose` are the private tools beneath: one borrowed tree for `MessagePack` and JSON alike, the
//! `MessagePack` reader, and a field that may be text or a number.

pub mod cookie;
pub mod frame;
pub mod history;
pub mod message;
pub mod mtop;
pub mod platform;
pub mod request;
pub mod sync;

mod loose;
mod packed;
mod tree;
