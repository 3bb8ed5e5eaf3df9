//! `XianyuLive`: an account's connected session, and what it is made of.

pub(crate) mod api;
mod auth;
mod cookie_helper;
mod heartbeat;
mod inbox;
mod network;
mod opening;
mod outbox;
mod session;
pub(crate) mod tls;
pub(crate) mod transport;
mod xianyu;

pub use self::outbox::SendOutcome;
pub(crate) use self::xianyu::{Credentials, Service, XianyuLive};
