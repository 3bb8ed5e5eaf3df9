//! What a host gives to seal the credentials in a store with: a key, or a passphrase that one is made of. Neither is ever shown.

use std::fmt;
use std::path::{Path, PathBuf};

use data_encoding::{BASE64, BASE64_NOPAD, HEXLOWER_PERMISSIVE};
use zeroize::Zeroizing;

use crate::error::Error;
use crate::secret::Secret;

/// A key in bytes.
pub(crate) const KEY_BYTES: usize = 32;
/// A passphrase in bytes, at most.
const MAX_PASSPHRASE_BYTES: usize = 1_024;

/// 32 bytes that nobody can guess. Its memory is wiped when it is dropped, and `Debug` shows `Key(…)`.
///
/// ```
/// use livekeeper::Key;
///
/// let key = Key::new(&[7; 32])?;
/// assert_eq!(format!("{key:?}"), "Key(…)");
/// assert!(Key::new(b"too short").is_err());
/// # Ok::<(), livekeeper::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Key(Zeroizing<[u8; KEY_BYTES]>);

impl Key {
    /// A key of exactly 32 bytes, best made by the system's random numbers. For words that a person remembers there is
    /// [`Passphrase`].
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for any other length.
    pub fn new(bytes: &[u8]) -> Result<Self, Error> {
        let mut key = Self::zero();
        if bytes.len() != KEY_BYTES {
            let problem = format!("has {} bytes, a key has exactly {KEY_BYTES}; for words there is passphrase", bytes.len());
            return Err(Error::invalid("key", problem));
        }
        key.0.copy_from_slice(bytes);
        Ok(key)
    }

    /// Reads a key as it is written in key files and environment variables: 32 bytes in Base64 (44 characters, or 43 without
    /// padding) or in hex (64 characters), with blanks around it or not. `None`: it is something else.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let encoding = match text.len() {
            43 => BASE64_NOPAD,
            44 => BASE64,
            64 => HEXLOWER_PERMISSIVE,
            _ => return None,
        };
        Self::new(&Zeroizing::new(encoding.decode(text.as_bytes()).ok()?)).ok()
    }

    /// As [`Self::parse`] reads it, in Base64.
    pub(crate) fn to_text(&self) -> Secret {
        Secret::new(BASE64.encode(self.expose()))
    }

    /// For what makes or derives one.
    pub(crate) fn zero() -> Self {
        Self(Zeroizing::new([0; KEY_BYTES]))
    }

    /// The bytes themselves. Whoever calls this answers for where they go.
    pub(crate) fn expose(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }

    pub(crate) fn expose_mut(&mut self) -> &mut [u8; KEY_BYTES] {
        &mut self.0
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

/// Words that a key is made of, with Argon2id. Its memory is wiped when it is dropped, and `Debug` shows `Passphrase(…)`.
///
/// ```
/// use livekeeper::Passphrase;
///
/// let passphrase = Passphrase::new("correct horse battery staple")?;
/// assert_eq!(format!("{passphrase:?}"), "Passphrase(…)");
/// # Ok::<(), livekeeper::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Passphrase(Secret);

impl Passphrase {
    /// A passphrase of 1 … 1,024 bytes; every byte counts, blanks too.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for any other length.
    pub fn new(text: impl Into<String>) -> Result<Self, Error> {
        let text = Secret::new(text);
        let length = text.expose().len();
        if length == 0 || length > MAX_PASSPHRASE_BYTES {
            return Err(Error::invalid("passphrase", format!("has {length} bytes, allowed are 1 … {MAX_PASSPHRASE_BYTES}")));
        }
        Ok(Self(text))
    }

    /// The words themselves. Whoever calls this answers for where they go.
    pub(crate) fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(…)")
    }
}

/// Where the key of a store comes from: see [`CookieManager::rekey`](crate::CookieManager::rekey). When a store is opened, the fields
/// of [`Config`](crate::Config) with the same names say so.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeySource {
    /// The key itself.
    Key(Key),
    /// A file that holds the key in Base64 or hex; made, with a new key and mode 0600, where it does not exist.
    File(PathBuf),
    /// The name of an environment variable (letters, digits and _) that holds the key in Base64 or hex.
    Env(String),
    /// Words that the key is made of.
    Passphrase(Passphrase),
}

impl KeySource {
    /// The one source that is given, or `None`; each under the name by which the host knows it.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] where two are given, naming both, or one that cannot be.
    pub fn one_of(
        key: Option<Key>,
        key_file: Option<PathBuf>,
        key_env: Option<String>,
        passphrase: Option<Passphrase>,
    ) -> Result<Option<Self>, Error> {
        let given = [
            key.map(|key| ("key", Self::Key(key))),
            key_file.map(|path| ("key_file", Self::File(path))),
            key_env.map(|name| ("key_env", Self::Env(name))),
            passphrase.map(|words| ("passphrase", Self::Passphrase(words))),
        ];
        let mut given = given.into_iter().flatten();
        let Some((field, source)) = given.next() else { return Ok(None) };
        if let Some((other, _)) = given.next() {
            return Err(Error::invalid(other, format!("is given beside {field}: a store has one key; give one of the two")));
        }
        source.check().map(|()| Some(source))
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        match self {
            Self::File(path) if path.as_os_str().is_empty() => Err(Error::invalid("key_file", "the path is empty")),
            Self::File(path) if !is_path(path) => Err(Error::invalid(
                "key_file",
                "is a key itself and no path, and is not shown here: give it as key, in 32 bytes, or write it into a file and name that; \
                 where it is a file's name after all, write ./ before it",
            )),
            Self::Env(name) if !is_variable(name) => Err(Error::invalid(
                "key_env",
                "is no name of an environment variable (letters, digits and _), and is not shown here, as it may be a key itself: put \
                 the key into a variable, and give the name of that",
            )),
            _ => Ok(()),
        }
    }
}

impl fmt::Debug for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(key) => f.debug_tuple("Key").field(key).finish(),
            Self::File(path) => f.debug_tuple("File").field(&shown_file(path)).finish(),
            Self::Env(name) => f.debug_tuple("Env").field(&shown_variable(name)).finish(),
            Self::Passphrase(words) => f.debug_tuple("Passphrase").field(words).finish(),
        }
    }
}

/// A path as it may be shown: not where it is a key that was given in the wrong place.
pub(crate) fn shown_file(path: &Path) -> &Path {
    if is_path(path) { path } else { Path::new("…") }
}

/// The same of a variable's name.
pub(crate) fn shown_variable(name: &str) -> &str {
    if is_variable(name) { name } else { "…" }
}

/// A key in Base64 may look like a path, and the other way round: one in a directory that exists is a path.
fn is_path(path: &Path) -> bool {
    let is_in_directory = || path.parent().is_some_and(|parent| parent.file_name().is_some() && parent.is_dir());
    let is_key = path.to_str().and_then(Key::parse).is_some();
    !is_key || path.exists() || is_in_directory()
}

fn is_variable(name: &str) -> bool {
    let is_word = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    is_word && name.starts_with(|first: char| !first.is_ascii_digit()) && Key::parse(name).is_none()
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::{Key, KeySource, Passphrase};
    use crate::config::Config;

    #[test]
    fn a_key_in_the_place_of_a_name_is_refused_and_shown_nowhere() {
        let key = Key::new(&[0xa7; 32]).unwrap();
        let base64 = key.to_text().expose().to_owned();
        let bare = base64.trim_end_matches('=').to_owned();
        for written in [base64, bare, "a7".repeat(32), format!(" {}", "a7".repeat(32))] {
            let (file, env) = (KeySource::File(PathBuf::from(&written)), KeySource::Env(written.clone()));
            let mut config = Config { key_file: Some(PathBuf::from(&written)), ..Config::default() };
            let named = config.validate().unwrap_err();
            config.key_file = None;
            config.key_env = Some(written.clone());
            let shown = format!("{:?} {file:?} {env:?} {config:?}", (file.check(), env.check(), named, config.validate()));
            assert!(!shown.contains(written.trim()), "{shown}");
            assert!(file.check().is_err() && env.check().is_err() && config.validate().is_err());
        }
        for wrong in ["", "A=B", "1A", "my secret", "GEHEIMNIS!", "schlüssel"] {
            let refused = KeySource::Env(wrong.to_owned()).check().unwrap_err().to_string();
            assert!(wrong.is_empty() || !refused.contains(wrong), "{refused}");
        }
        let names = [KeySource::Env("_SHOP_KEY_2".to_owned()), KeySource::File("shop.key".into())];
        assert!(names.iter().all(|source| source.check().is_ok()));
        assert_eq!(format!("{names:?}"), r#"[Env("_SHOP_KEY_2"), File("shop.key")]"#);
    }

    #[test]
    fn a_path_that_reads_like_a_key_is_one_where_its_directory_exists() {
        let directory = std::env::temp_dir();
        let room = 43 - directory.as_os_str().len() - 1;
        let path = directory.join("A".repeat(room));
        assert!(KeySource::File(path).check().is_ok());
    }

    #[test]
    fn a_key_is_read_from_base64_and_hex_and_from_nothing_else() {
        let key = Key::new(&[0xa7; 32]).unwrap();
        let text = key.to_text();
        let hex = "a7".repeat(32);
        for written in [text.expose(), text.expose().trim_end_matches('='), &hex, &hex.to_uppercase(), &format!("  {hex}\r\n")] {
            assert!(Key::parse(written) == Some(key.clone()), "{written}");
        }
        for wrong in ["", "a7", &"a7".repeat(31), &"zz".repeat(32), &"=".repeat(44), "correct horse battery staple"] {
            assert!(Key::parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn of_two_sources_both_are_named() {
        let key = || Some(Key::new(&[1; 32]).unwrap());
        let words = || Some(Passphrase::new("words").unwrap());
        let refused = KeySource::one_of(key(), None, None, words()).unwrap_err().to_string();
        assert_eq!(refused, "passphrase: is given beside key: a store has one key; give one of the two");
        assert_eq!(KeySource::one_of(None, None, None, None), Ok(None));
        assert_eq!(KeySource::one_of(key(), None, None, None).unwrap(), key().map(KeySource::Key));
        assert!(KeySource::one_of(None, Some("".into()), None, None).is_err());
        assert!(KeySource::one_of(None, None, Some("A=B".to_owned()), None).is_err());
    }

    #[test]
    fn a_passphrase_has_1_to_1024_bytes_and_a_refusal_does_not_quote_it() {
        assert!(Passphrase::new("").is_err());
        let refused = Passphrase::new("x".repeat(1_025)).unwrap_err().to_string();
        assert_eq!(refused, "passphrase: has 1025 bytes, allowed are 1 … 1024");
    }
}
