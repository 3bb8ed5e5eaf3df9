//! Unique names for everything the service makes up: message ids, tokens, cookie values.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use data_encoding::HEXLOWER;
use md5::{Digest, Md5};

/// The MD5 of a text as 32 lower-case hex digits.
pub(crate) fn md5_hex(text: &str) -> String {
    HEXLOWER.encode(&Md5::digest(text.as_bytes()))
}

/// Makes names that differ from each other and from those of another run. They look random and are not secret.
#[derive(Debug)]
pub(crate) struct Ids {
    seed: u128,
    next: AtomicU64,
}

impl Ids {
    pub(crate) fn new() -> Self {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { seed: since_epoch.as_nanos() ^ (u128::from(std::process::id()) << 64), next: AtomicU64::new(1) }
    }

    /// The next number: 1, 2, 3, ….
    pub(crate) fn number(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// 32 hex digits.
    pub(crate) fn hex(&self) -> String {
        md5_hex(&format!("{}:{}", self.seed, self.number()))
    }

    /// A decimal id of 13 digits, as users, chats and the `.PNM` numbers have.
    pub(crate) fn decimal(&self) -> String {
        let hex = self.hex();
        let value = u64::from_str_radix(&hex[..12], 16).unwrap_or_default();
        format!("{}", 1_000_000_000_000 + value % 9_000_000_000_000)
    }
}
