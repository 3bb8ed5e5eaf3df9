//! Accounts that are brought along: from the database of another program, or from a document of our own. Reading and writing the
//! files blocks; nothing here touches an account that runs.

mod account;
mod bounded;
mod document;
mod own_store;
pub(crate) mod report;
mod rule_list;
mod whole;
mod xianyu_db;

pub(crate) use self::account::{Brought, Login, Source};
pub(crate) use self::document::{Exported, read as read_document, write as write_document};
pub(crate) use self::xianyu_db::read as read_xianyu_db;
