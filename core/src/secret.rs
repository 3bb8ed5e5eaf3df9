//! Text that must not be read by accident: cookies, tokens, proxy passwords.

use zeroize::Zeroizing;

/// A credential. It has neither `Debug` nor `Display`, so that it cannot slip into a log, an error or a panic message,
/// and its memory is wiped when it is dropped. Reading it is a visible act: [`Secret::expose`].
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes ownership of a credential.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The credential itself. Whoever calls this answers for where it goes.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn a_secret_gives_back_what_it_was_given() {
        assert_eq!(Secret::new("unb=1").expose(), "unb=1");
    }
}
