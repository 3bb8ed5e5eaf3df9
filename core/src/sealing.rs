//! Pure: one value sealed with XChaCha20-Poly1305, bound to the place where it belongs, so that it opens nowhere else.

use chacha20poly1305::aead::AeadInOut;
use chacha20poly1305::{KeyInit, Tag, XChaCha20Poly1305, XNonce};
use rand::TryRng;
use rand::rngs::SysRng;
use zeroize::Zeroizing;

use crate::key::{KEY_BYTES, Key};

/// The first byte of what is sealed: in which way.
const FORMAT: u8 = 1;
const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;
const HEAD_BYTES: usize = 1 + NONCE_BYTES;

/// Why something could not be sealed or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SealFault {
    #[error("the operating system gave no random numbers")]
    NoRandomness,
    #[error("it is too long to be sealed")]
    TooLong,
    #[error("it is sealed in a way that is not known here")]
    UnknownFormat,
    /// Another key, another place, or changed bytes: the three cannot be told apart.
    #[error("it does not open with its key in its place")]
    Refused,
}

/// Where a sealed value belongs: its parts, each of which must be the same when it is opened.
pub(crate) type Place<'a> = &'a [&'a [u8]];

/// Seals a value: the format, a nonce that is drawn for it, what is encrypted, its tag.
pub(crate) fn seal(key: &Key, place: Place<'_>, plain: &[u8]) -> Result<Vec<u8>, SealFault> {
    let nonce = random::<NONCE_BYTES>()?;
    // With room for all of it at once: a buffer that grows would leave the plain value behind.
    let mut sealed = Zeroizing::new(Vec::with_capacity(HEAD_BYTES + plain.len() + TAG_BYTES));
    sealed.push(FORMAT);
    sealed.extend_from_slice(&nonce);
    sealed.extend_from_slice(plain);
    let body = (&mut sealed[HEAD_BYTES..]).into();
    let tag = cipher(key).encrypt_inout_detached(&XNonce::from(nonce), &bound_to(place), body);
    sealed.extend_from_slice(&tag.map_err(|_| SealFault::TooLong)?);
    Ok(std::mem::take(&mut *sealed))
}

/// Opens what [`seal`] has sealed with the same key for the same place.
pub(crate) fn unseal(key: &Key, place: Place<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealFault> {
    let (head, rest) = sealed.split_at_checked(HEAD_BYTES).ok_or(SealFault::Refused)?;
    let (format, nonce) = head.split_first().ok_or(SealFault::Refused)?;
    if *format != FORMAT {
        return Err(SealFault::UnknownFormat);
    }
    let (body, tag) = rest.split_last_chunk::<TAG_BYTES>().ok_or(SealFault::Refused)?;
    let nonce = <[u8; NONCE_BYTES]>::try_from(nonce).map_err(|_| SealFault::Refused)?;
    let mut plain = Zeroizing::new(body.to_vec());
    cipher(key)
        .decrypt_inout_detached(&XNonce::from(nonce), &bound_to(place), plain.as_mut_slice().into(), &Tag::from(*tag))
        .map_err(|_| SealFault::Refused)?;
    Ok(plain)
}

/// A key that nobody knows.
pub(crate) fn random_key() -> Result<Key, SealFault> {
    let mut key = Key::zero();
    SysRng.try_fill_bytes(key.expose_mut()).map_err(|_| SealFault::NoRandomness)?;
    Ok(key)
}

/// From the system, not from a generator of this process: a fork would have the same one.
pub(crate) fn random<const BYTES: usize>() -> Result<[u8; BYTES], SealFault> {
    let mut bytes = [0; BYTES];
    SysRng.try_fill_bytes(&mut bytes).map_err(|_| SealFault::NoRandomness)?;
    Ok(bytes)
}

fn cipher(key: &Key) -> XChaCha20Poly1305 {
    let key: &[u8; KEY_BYTES] = key.expose();
    XChaCha20Poly1305::new(key.into())
}

/// Each part with its length before it, so that no two places look the same.
fn bound_to(place: Place<'_>) -> Vec<u8> {
    let mut bound = Vec::new();
    for part in place {
        bound.extend_from_slice(&(part.len() as u64).to_le_bytes());
        bound.extend_from_slice(part);
    }
    bound
}

#[cfg(test)]
mod tests {
    use super::{SealFault, random_key, seal, unseal};

    #[test]
    fn what_is_sealed_opens_with_its_key_in_its_place_and_nowhere_else() {
        let (key, other) = (random_key().unwrap(), random_key().unwrap());
        let sealed = seal(&key, &[b"a", b"cookie"], b"unb=1").unwrap();
        assert_eq!(*unseal(&key, &[b"a", b"cookie"], &sealed).unwrap(), b"unb=1");
        for place in [&[&b"b"[..], b"cookie"][..], &[b"a", b"token"], &[b"acookie"], &[b"ac", b"ookie"], &[b"a", b"cookie", b""]] {
            assert_eq!(unseal(&key, place, &sealed).unwrap_err(), SealFault::Refused);
        }
        assert_eq!(unseal(&other, &[b"a", b"cookie"], &sealed).unwrap_err(), SealFault::Refused);
    }

    #[test]
    fn a_byte_that_is_changed_anywhere_and_a_byte_that_is_missing_are_noticed() {
        let key = random_key().unwrap();
        let sealed = seal(&key, &[b"a"], b"unb=1").unwrap();
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert!(unseal(&key, &[b"a"], &changed).is_err(), "{place}");
            assert!(unseal(&key, &[b"a"], &sealed[..place]).is_err(), "{place}");
        }
    }

    #[test]
    fn the_same_value_never_looks_the_same_twice_and_nothing_of_it_shows() {
        let key = random_key().unwrap();
        let plain = b"CANARY".repeat(4);
        let sealed = [seal(&key, &[], &plain).unwrap(), seal(&key, &[], &plain).unwrap()];
        assert_ne!(sealed[0], sealed[1]);
        assert!(!sealed.iter().any(|sealed| sealed.windows(6).any(|part| part == b"CANARY")));
        assert_eq!(unseal(&key, &[], &seal(&key, &[], b"").unwrap()).unwrap().as_slice(), b"");
    }
}
