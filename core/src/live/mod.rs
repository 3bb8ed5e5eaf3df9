//! `XianyuLive`: an account's connected session, and what it is made of.

pub(crate) mod api;
mod asking;
mod at_once;
mod auth;
mod backfill;
mod beginning;
mod confirming;
mod cookie_helper;
mod cookie_provider;
mod cookie_renewal;
mod head;
mod heartbeat;
mod inbox;
mod limit;
mod line;
mod moments;
mod network;
mod opening;
mod orders;
mod outbox;
mod pacing;
mod proxy;
mod refresh;
mod replying;
mod session;
mod storing;
pub(crate) mod tls;
pub(crate) mod transport;
mod turns;
mod winding_down;
mod xianyu;

pub(crate) use self::asking::ReplyFunction;
pub(crate) use self::cookie_provider::SetProvider;
pub use self::cookie_provider::{CookieProvider, CookieRequest};
pub(crate) use self::proxy::Proxy;
pub(crate) use self::xianyu::{Credentials, Service, XianyuLive};
