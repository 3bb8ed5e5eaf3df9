//! Enums whose values have permanent numbers.

/// Defines an enum with each value's permanent number and name in one table.
macro_rules! numbered {
    (
        $(#[$meta:meta])* $enum:ident
        $($(#[doc = $doc:literal])+ $variant:ident = $number:literal, $name:literal;)+
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
        #[serde(rename_all = "snake_case")]
        #[non_exhaustive]
        pub enum $enum { $($(#[doc = $doc])+ $variant = $number,)+ }

        impl $enum {
            /// Every value, in the order of the numbers.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The permanent number; the same in every language.
            pub fn number(self) -> u16 { self as u16 }

            /// The name as scripts see it.
            pub fn name(self) -> &'static str { match self { $(Self::$variant => $name),+ } }
        }
    };
}
pub(crate) use numbered;
