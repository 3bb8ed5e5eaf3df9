//! Making a key of a passphrase: Argon2id, RFC 9106.

use argon2::{Algorithm, Argon2, Params, Version};

use crate::key::{Key, Passphrase};
use crate::sealing::random;

pub(crate) const SALT_BYTES: usize = 16;
/// What it takes: the second choice of RFC 9106 on one lane, some tenths of a second.
const MEMORY_KIB: u32 = 64 * 1024;
const PASSES: u32 = 3;
const LANES: u32 = 1;
/// What a file may ask for at most: it is not trusted before it is opened.
const MOST_MEMORY_KIB: u32 = 1024 * 1024;
const MOST_PASSES: u32 = 16;
const MOST_LANES: u32 = 16;

/// How a key is made of a passphrase. It is kept beside what is sealed with the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeyWork {
    pub(crate) salt: [u8; SALT_BYTES],
    pub(crate) memory_kib: u32,
    pub(crate) passes: u32,
    pub(crate) lanes: u32,
}

impl KeyWork {
    /// With a salt that is drawn for it.
    pub(crate) fn new() -> Result<Self, String> {
        let salt = random().map_err(|fault| fault.to_string())?;
        Ok(Self { salt, memory_kib: MEMORY_KIB, passes: PASSES, lanes: LANES })
    }

    /// Blocks for as long as the work takes.
    pub(crate) fn key_of(&self, words: &Passphrase) -> Result<Key, String> {
        if self.memory_kib > MOST_MEMORY_KIB || self.passes > MOST_PASSES || self.lanes > MOST_LANES {
            return Err(format!(
                "the file asks for {} KiB of memory and {} passes to open it, more than livekeeper ever does: the file was changed",
                self.memory_kib, self.passes
            ));
        }
        let failed = |problem: argon2::Error| format!("no key could be made of the passphrase: {problem}");
        let params = Params::new(self.memory_kib, self.passes, self.lanes, None).map_err(failed)?;
        let mut key = Key::zero();
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        argon2.hash_password_into(words.expose().as_bytes(), &self.salt, key.expose_mut()).map_err(failed)?;
        Ok(key)
    }

    /// All of it as bytes, for what is to be bound to it.
    pub(crate) fn marks(&self) -> Vec<u8> {
        let numbers = [self.memory_kib, self.passes, self.lanes];
        self.salt.into_iter().chain(numbers.into_iter().flat_map(u32::to_le_bytes)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::KeyWork;
    use crate::key::Passphrase;

    const CHEAP: KeyWork = KeyWork { salt: [7; 16], memory_kib: 64, passes: 1, lanes: 1 };

    #[test]
    fn a_passphrase_makes_the_same_key_with_the_same_salt_only() {
        let words = |words| Passphrase::new(words).unwrap();
        let key = CHEAP.key_of(&words("right")).unwrap();
        assert_eq!(CHEAP.key_of(&words("right")).unwrap(), key);
        assert_ne!(CHEAP.key_of(&words("wrong")).unwrap(), key);
        assert_ne!(KeyWork { salt: [8; 16], ..CHEAP }.key_of(&words("right")).unwrap(), key);
    }

    #[test]
    fn work_that_no_honest_file_asks_for_is_refused_before_it_is_done() {
        let words = Passphrase::new("x").unwrap();
        for work in [
            KeyWork { memory_kib: u32::MAX, ..CHEAP },
            KeyWork { memory_kib: 0, ..CHEAP },
            KeyWork { passes: 1_000, ..CHEAP },
            KeyWork { lanes: 255, ..CHEAP },
        ] {
            assert!(work.key_of(&words).is_err(), "{work:?}");
        }
    }
}
