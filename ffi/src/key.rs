//! The key of a store, and another one in its place.

use std::path::PathBuf;

use livekeeper::{Key, KeySource, Passphrase};

use crate::error::{Failure, lk_status};
use crate::guard::guard;
use crate::manager::lk_manager;
use crate::pointer::row;
use crate::text::lk_str;

/// The key that a pointer of C gives; `None` where it is null.
///
/// # Safety
/// As for [`row`].
pub(crate) unsafe fn read_key(first: *const u8, length: usize) -> Result<Option<Key>, Failure> {
    // SAFETY: the caller's promise.
    let bytes = unsafe { row(first, length, "key") }?;
    Ok(bytes.map(Key::new).transpose()?)
}

/// Changes the key that the credentials in the store are sealed with; give exactly one. From when this has returned, the store opens
/// with the new one only; before, and if the process ends meanwhile, with one of the two. Accounts go on undisturbed. Give the next
/// `lk_config` the new key: nothing but the key file beside the store is looked for by itself.
///
/// - `key`, `key_length`: exactly 32 bytes; or NULL and 0.
/// - `key_file`: a file that holds a key: 32 bytes in Base64 or hex. The one that is in use gets a new key; it belongs to one store, as
///   another one that uses it would no longer open. Of any other, the key in it is taken, or one is made, with mode 0600. A key file
///   that is used no more stays where it is: remove it yourself once no copy of the store needs it.
/// - `key_env`: the name of an environment variable (letters, digits and _) that holds a key in Base64 or hex.
/// - `passphrase`: words that the key is made of, 1 to 1,024 bytes; takes some tenths of a second.
///
/// Any thread. Blocks until it is on disk. Errors: `LK_STATUS_INVALID_ARGUMENT` for a key that cannot be had, and for none or two;
/// `LK_STATUS_STORE_FAILED`, the key is then still the one before; `LK_STATUS_CLOSED`, `LK_STATUS_FORKED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_manager_rekey(
    manager: *const lk_manager,
    key: *const u8,
    key_length: usize,
    key_file: lk_str,
    key_env: lk_str,
    passphrase: lk_str,
) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers and texts.
        let (manager, key, key_file, key_env, passphrase) = unsafe {
            (
                lk_manager::look(manager)?,
                read_key(key, key_length)?,
                key_file.optional("key_file")?,
                key_env.optional("key_env")?,
                passphrase.optional("passphrase")?,
            )
        };
        let passphrase = passphrase.map(Passphrase::new).transpose()?;
        let source = KeySource::one_of(key, key_file.map(PathBuf::from), key_env.map(str::to_owned), passphrase)?;
        let source = source
            .ok_or_else(|| Failure::invalid("key", "no key is given: give one of key, key_file, key_env, passphrase".to_owned()))?;
        Ok(manager.rekey(source).wait()?)
    })
}

#[cfg(test)]
mod tests {
    use super::read_key;

    #[test]
    fn a_key_has_exactly_32_bytes_and_null_is_none() {
        let bytes = [7u8; 33];
        // SAFETY: null, or a row of these bytes.
        unsafe {
            assert!(read_key(std::ptr::null(), 0).unwrap().is_none());
            assert!(read_key(std::ptr::null(), 32).is_err());
            assert!(read_key(bytes.as_ptr(), 32).unwrap().is_some());
            assert!(read_key(bytes.as_ptr(), 0).is_err());
            assert!(read_key(bytes.as_ptr(), 33).is_err());
        }
    }
}
