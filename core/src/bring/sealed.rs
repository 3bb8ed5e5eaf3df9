//! Sealing the secrets of a document under a passphrase: argon2id, then XChaCha20-Poly1305.

use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use rand::Rng;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::secret::Secret;

const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;
pub(super) const SALT_BYTES: usize = 16;
/// What a document may ask for: 1 GiB of memory, so that a hostile one takes no more.
const MAX_MEMORY_KIB: u32 = 1024 * 1024;
const MAX_PASSES: u32 = 20;
const MAX_LANES: u32 = 16;

/// What deriving a key costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cost {
    pub(super) memory_kib: u32,
    pub(super) passes: u32,
    pub(super) lanes: u32,
}

impl Cost {
    /// About a tenth of a second.
    pub(super) const USUAL: Self = Self { memory_kib: 64 * 1024, passes: 3, lanes: 1 };
}

/// A key of a passphrase. Wiped when it is dropped.
pub(super) struct Key(Zeroizing<[u8; KEY_BYTES]>);

/// The key of a passphrase; blocks for as long as the cost says. The problem is in words.
pub(super) fn derive(passphrase: &Secret, salt: &[u8], cost: Cost) -> Result<Key, String> {
    let Cost { memory_kib, passes, lanes } = cost;
    if memory_kib > MAX_MEMORY_KIB || passes > MAX_PASSES || lanes > MAX_LANES {
        return Err(format!("its key would take {memory_kib} KiB and {passes} passes, more than is allowed"));
    }
    let params = Params::new(memory_kib, passes, lanes, Some(KEY_BYTES)).map_err(|problem| problem.to_string())?;
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase.expose().as_bytes(), salt, &mut *key)
        .map_err(|problem| problem.to_string())?;
    Ok(Key(key))
}

/// A text under the key: the nonce, then the cipher text. `context` must be the same when it is opened.
pub(super) fn seal(key: &Key, context: &[u8], text: &str) -> Option<Vec<u8>> {
    let mut nonce = [0; NONCE_BYTES];
    rand::rng().fill_bytes(&mut nonce);
    let payload = Payload { msg: text.as_bytes(), aad: context };
    let sealed = cipher(key).encrypt(&XNonce::from(nonce), payload).ok()?;
    Some([&nonce[..], &sealed].concat())
}

/// The text; `None`: another key, another context, or not what was sealed.
pub(super) fn open(key: &Key, context: &[u8], sealed: &[u8]) -> Option<Secret> {
    let (nonce, sealed) = sealed.split_first_chunk::<NONCE_BYTES>()?;
    let text = cipher(key).decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: context }).ok()?;
    String::from_utf8(text).ok().map(Secret::new)
}

fn cipher(key: &Key) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new((&*key.0).into())
}

#[cfg(test)]
mod tests {
    use super::{Cost, derive, open, seal};
    use crate::secret::Secret;

    const CHEAP: Cost = Cost { memory_kib: 64, passes: 1, lanes: 1 };

    #[test]
    fn what_is_sealed_opens_with_the_same_passphrase_and_context_only() {
        let key = |passphrase| derive(&Secret::new(passphrase), b"0123456789abcdef", CHEAP).unwrap();
        let sealed = seal(&key("right"), b"a", "unb=1; 密码").unwrap();
        assert_eq!(open(&key("right"), b"a", &sealed).map(|text| text.expose().to_owned()).as_deref(), Some("unb=1; 密码"));
        assert!(open(&key("wrong"), b"a", &sealed).is_none());
        assert!(open(&key("right"), b"b", &sealed).is_none());
        for end in [0, 10, sealed.len() - 1] {
            assert!(open(&key("right"), b"a", &sealed[..end]).is_none());
        }
        assert_ne!(seal(&key("right"), b"a", "x"), seal(&key("right"), b"a", "x"), "a nonce is used once");
    }

    #[test]
    fn a_cost_that_no_honest_document_asks_for_is_refused_before_it_is_paid() {
        for cost in [Cost { memory_kib: u32::MAX, ..CHEAP }, Cost { passes: 1_000, ..CHEAP }, Cost { lanes: 255, ..CHEAP }] {
            assert!(derive(&Secret::new("x"), b"0123456789abcdef", cost).is_err());
        }
        assert!(derive(&Secret::new("x"), b"0123456789abcdef", Cost { memory_kib: 0, ..CHEAP }).is_err());
    }
}
