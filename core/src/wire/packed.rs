//! The `MessagePack` reader.
//!
//! Why not a crate of the field: the one that reads to a borrowed tree takes the reserved byte `c1` for nil, keeps strings
//! that are no UTF-8, and counts depth but not values. All three must be errors here, so that a broken entry is seen as one.
//! The tests hold this reader against that crate.

use std::borrow::Cow;

use super::tree::{Key, MAX_DEPTH, MAX_NODES, Node};

/// Why bytes are no `MessagePack` value that this project reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PackedError {
    /// The bytes end inside a value, or a length claims more than there is.
    #[error("the MessagePack data ends too early")]
    Truncated,
    /// The value is complete and bytes follow it.
    #[error("bytes follow the MessagePack value")]
    Trailing,
    /// A string holds bytes that are no UTF-8.
    #[error("a MessagePack string is not UTF-8")]
    NotUtf8,
    /// The byte `c1`, which the format never uses.
    #[error("the MessagePack data holds the reserved byte c1")]
    Reserved,
    /// Arrays and maps nest deeper than any real entry does.
    #[error("the MessagePack data nests deeper than {MAX_DEPTH} levels")]
    TooDeep,
    /// More values than any real entry holds.
    #[error("the MessagePack data holds more than {MAX_NODES} values")]
    TooManyValues,
}

/// Reads one value and nothing after it. Never allocates by a length the data merely claims.
pub(super) fn from_packed(bytes: &[u8]) -> Result<Node<'_>, PackedError> {
    let mut reader = Reader { rest: bytes, nodes_left: MAX_NODES };
    let node = reader.node(MAX_DEPTH)?;
    if reader.rest.is_empty() { Ok(node) } else { Err(PackedError::Trailing) }
}

struct Reader<'a> {
    rest: &'a [u8],
    nodes_left: u32,
}

impl<'a> Reader<'a> {
    fn node(&mut self, depth_left: u32) -> Result<Node<'a>, PackedError> {
        self.nodes_left = self.nodes_left.checked_sub(1).ok_or(PackedError::TooManyValues)?;
        let marker = self.take(1)?[0];
        Ok(match marker {
            0x00..=0x7f => Node::Unsigned(marker.into()),
            0x80..=0x8f => self.map((marker & 0x0f).into(), depth_left)?,
            0x90..=0x9f => self.list((marker & 0x0f).into(), depth_left)?,
            0xa0..=0xbf => self.text((marker & 0x1f).into())?,
            0xc0 => Node::Other,
            0xc1 => return Err(PackedError::Reserved),
            0xc2 => Node::Bool(false),
            0xc3 => Node::Bool(true),
            0xc4..=0xc6 => {
                let length = self.length(1 << (marker - 0xc4))?;
                self.skip(length)?
            }
            0xc7..=0xc9 => {
                let length = self.length(1 << (marker - 0xc7))?;
                self.skip(length.saturating_add(1))?
            }
            0xca => self.skip(4)?,
            0xcb => self.skip(8)?,
            0xcc..=0xcf => Node::Unsigned(self.unsigned(1 << (marker - 0xcc))?),
            0xd0..=0xd3 => Node::Signed(self.signed(1 << (marker - 0xd0))?),
            0xd4..=0xd8 => self.skip((1 << (marker - 0xd4)) + 1)?,
            0xd9..=0xdb => {
                let length = self.length(1 << (marker - 0xd9))?;
                self.text(length)?
            }
            0xdc | 0xdd => {
                let length = self.length(2 << (marker - 0xdc))?;
                self.list(length, depth_left)?
            }
            0xde | 0xdf => {
                let length = self.length(2 << (marker - 0xde))?;
                self.map(length, depth_left)?
            }
            0xe0..=0xff => Node::Signed(i8::from_be_bytes([marker]).into()),
        })
    }

    fn list(&mut self, length: usize, depth_left: u32) -> Result<Node<'a>, PackedError> {
        let depth_left = self.enter(length, depth_left)?;
        let mut items = Vec::with_capacity(length.min(PREALLOCATED));
        for _ in 0..length {
            items.push(self.node(depth_left)?);
        }
        Ok(Node::List(items))
    }

    fn map(&mut self, length: usize, depth_left: u32) -> Result<Node<'a>, PackedError> {
        let depth_left = self.enter(length.saturating_mul(2), depth_left)?;
        let mut fields = Vec::with_capacity(length.min(PREALLOCATED));
        for _ in 0..length {
            let key = match self.node(depth_left)? {
                Node::Unsigned(number) => Key::Number(number),
                Node::Signed(number) => u64::try_from(number).map_or(Key::Other, Key::Number),
                Node::Text(text) => Key::from_text(text),
                _ => Key::Other,
            };
            fields.push((key, self.node(depth_left)?));
        }
        Ok(Node::Map(fields))
    }

    /// Every value takes at least a byte: a count above what is left is refused before anything is allocated for it.
    fn enter(&self, values: usize, depth_left: u32) -> Result<u32, PackedError> {
        if values > self.rest.len() {
            return Err(PackedError::Truncated);
        }
        depth_left.checked_sub(1).ok_or(PackedError::TooDeep)
    }

    fn text(&mut self, length: usize) -> Result<Node<'a>, PackedError> {
        let text = std::str::from_utf8(self.take(length)?).map_err(|_| PackedError::NotUtf8)?;
        Ok(Node::Text(Cow::Borrowed(text)))
    }

    fn skip(&mut self, length: usize) -> Result<Node<'a>, PackedError> {
        self.take(length)?;
        Ok(Node::Other)
    }

    fn length(&mut self, width: usize) -> Result<usize, PackedError> {
        usize::try_from(self.unsigned(width)?).map_err(|_| PackedError::Truncated)
    }

    fn unsigned(&mut self, width: usize) -> Result<u64, PackedError> {
        Ok(self.take(width)?.iter().fold(0, |number, &byte| number << 8 | u64::from(byte)))
    }

    fn signed(&mut self, width: usize) -> Result<i64, PackedError> {
        let unused_bits = 64 - 8 * width;
        let number = self.unsigned(width)?.cast_signed();
        Ok(number << unused_bits >> unused_bits)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], PackedError> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(PackedError::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }
}

/// How many items are made room for before the first is read: real lists and maps are shorter.
const PREALLOCATED: usize = 32;

#[cfg(test)]
mod tests {
    use rand::rngs::StdRng;
    use rand::{Rng, RngExt, SeedableRng};
    use rmpv::Value;

    use super::{PackedError, from_packed};
    use crate::wire::tree::{Key, MAX_DEPTH, Node};

    /// What the reader must make of a value, told independently of it.
    fn want(value: &Value) -> Node<'_> {
        match value {
            Value::Boolean(value) => Node::Bool(*value),
            Value::Integer(number) => match number.as_u64() {
                Some(number) => Node::Unsigned(number),
                None => Node::Signed(number.as_i64().expect("an integer is a u64 or an i64")),
            },
            Value::String(text) => Node::Text(text.as_str().expect("built from text").into()),
            Value::Array(items) => Node::List(items.iter().map(want).collect()),
            Value::Map(fields) => Node::Map(fields.iter().map(|(key, value)| (want_key(key), want(value))).collect()),
            _ => Node::Other,
        }
    }

    fn want_key(key: &Value) -> Key<'_> {
        match key {
            Value::Integer(number) => number.as_u64().map_or(Key::Other, Key::Number),
            Value::String(text) => Key::from_text(text.as_str().expect("built from text").into()),
            _ => Key::Other,
        }
    }

    fn any_value(random: &mut impl Rng, depth: u32) -> Value {
        let text_length = [0, 5, 31, 32, 255, 256, 70_000][random.random_range(0..7)];
        match random.random_range(0..if depth == 0 { 8 } else { 10 }) {
            0 => Value::Nil,
            1 => Value::Boolean(random.random()),
            2 => Value::from(random.random::<u64>() >> random.random_range(0..64)),
            3 => Value::from(random.random::<i64>() >> random.random_range(0..64)),
            4 => Value::F64(random.random()),
            5 => Value::from("é".repeat(text_length / 2)),
            6 => Value::Binary(vec![0xc1; text_length]),
            7 => Value::Ext(3, vec![0xc1; [0, 1, 2, 4, 8, 16, 17, 300, 70_000][random.random_range(0..9)]]),
            8 => Value::Array((0..random.random_range(0..20)).map(|_| any_value(random, depth - 1)).collect()),
            _ => {
                Value::Map((0..random.random_range(0..20)).map(|_| (any_value(random, 0), any_value(random, depth - 1))).collect())
            }
        }
    }

    fn packed(value: &Value) -> Vec<u8> {
        let mut bytes = Vec::new();
        rmpv::encode::write_value(&mut bytes, value).expect("a Vec takes every byte");
        bytes
    }

    #[test]
    fn it_reads_what_the_crate_of_the_field_writes() {
        let mut random = StdRng::seed_from_u64(1);
        for _ in 0..300 {
            let value = any_value(&mut random, 3);
            let bytes = packed(&value);
            let node = from_packed(&bytes).expect("written by an encoder");
            // Positive signed integers may be read under either name: compare them by value.
            assert_eq!(
                format!("{node:?}").replace("Signed", "Unsigned"),
                format!("{:?}", want(&value)).replace("Signed", "Unsigned")
            );
        }
    }

    #[test]
    fn signed_integers_of_every_width_keep_their_sign() {
        for (bytes, number) in [
            (&[0xe0][..], -32),
            (&[0xff], -1),
            (&[0xd0, 0x80], -128),
            (&[0xd1, 0xff, 0x00], -256),
            (&[0xd2, 0x80, 0, 0, 0], i64::from(i32::MIN)),
            (&[0xd3, 0x80, 0, 0, 0, 0, 0, 0, 0], i64::MIN),
            (&[0xd3, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], i64::MAX),
        ] {
            assert_eq!(from_packed(bytes), Ok(Node::Signed(number)), "{bytes:x?}");
        }
    }

    #[test]
    fn broken_data_is_an_error_that_says_what_is_wrong() {
        let deep = vec![0x91; MAX_DEPTH as usize + 2];
        let wide = [&[0xdd, 0, 2, 0, 0][..], &vec![0xc0; 0x2_0000]].concat();
        for (bytes, error) in [
            (&[][..], PackedError::Truncated),
            (&[0x81, 0x01], PackedError::Truncated),
            (&[0xdb, 0xff, 0xff, 0xff, 0xff, b'a'], PackedError::Truncated),
            (&[0xdd, 0xff, 0xff, 0xff, 0xff, 0x01], PackedError::Truncated),
            (&[0xdf, 0xff, 0xff, 0xff, 0xff, 0x01], PackedError::Truncated),
            (&[0xc6, 0xff, 0xff, 0xff, 0xff, 0x01], PackedError::Truncated),
            (&[0xc9, 0xff, 0xff, 0xff, 0xff, 0x01], PackedError::Truncated),
            (&[0xa2, 0xff, 0xfe], PackedError::NotUtf8),
            (&[0x81, 0xa1, 0xff, 0x01], PackedError::NotUtf8),
            (&[0x81, 0x01, 0xc1], PackedError::Reserved),
            (&[0x01, 0x01], PackedError::Trailing),
            (&deep, PackedError::TooDeep),
            (&wide, PackedError::TooManyValues),
        ] {
            assert_eq!(from_packed(bytes), Err(error), "{:x?}", &bytes[..bytes.len().min(8)]);
        }
    }

    #[test]
    fn noise_never_panics() {
        let mut random = StdRng::seed_from_u64(2);
        for _ in 0..50_000 {
            let mut bytes = vec![0; random.random_range(0..40)];
            random.fill_bytes(&mut bytes);
            let _ = from_packed(&bytes);
        }
    }
}
