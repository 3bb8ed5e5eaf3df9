//! Accounts that are brought along, documents, copies of a store, and looks into one: with files as people have them, and worse.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(clippy::print_stdout, reason = "a figure that people ask for")]

mod copies;
mod documents;
mod files;
mod looks;
mod many;
mod xianyu_db;
