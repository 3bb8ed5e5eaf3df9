//! One borrowed tree for the two encodings of an entry, so that the rules of `sync` are written once.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

/// How deep an entry may nest. Real ones reach 10; the readers recurse, and this bounds their stack.
pub(super) const MAX_DEPTH: u32 = 64;

/// How many values an entry may hold. Real ones hold under 100; one byte of input can become a value of about 50 bytes,
/// and this bounds the memory to a few MiB.
pub(super) const MAX_NODES: u32 = 65_536;

/// A value of an entry. What no rule reads (nil, floats, binary data, extensions) is `Other`.
#[derive(Debug, PartialEq)]
pub(super) enum Node<'a> {
    Other,
    Bool(bool),
    Signed(i64),
    Unsigned(u64),
    Text(Cow<'a, str>),
    List(Vec<Node<'a>>),
    Map(Vec<(Key<'a>, Node<'a>)>),
}

/// A key of a map. `1` and `"1"` are the same key: the service writes either.
#[derive(Debug, PartialEq)]
pub(super) enum Key<'a> {
    Number(u64),
    Name(Cow<'a, str>),
    Other,
}

impl<'a> Key<'a> {
    pub(super) fn from_text(text: Cow<'a, str>) -> Self {
        // Only the spelling a number itself would have: "01" and "+1" stay names.
        let digits = text.as_bytes();
        let plain = matches!(digits, [b'1'..=b'9', ..] | [b'0']) && digits.iter().all(u8::is_ascii_digit);
        if !plain {
            return Self::Name(text);
        }
        // More digits than a number can have: a name too.
        text.parse().map_or(Self::Name(text), Self::Number)
    }
}

/// What an absent field reads as, so that paths can be written without a check at each step.
static NOTHING: Node<'static> = Node::Other;

impl<'a> Node<'a> {
    /// The value under a numbered key; `Other` if there is none.
    pub(super) fn at(&self, number: u64) -> &Node<'a> {
        self.find(|key| matches!(key, Key::Number(found) if *found == number))
    }

    /// The value under a named key; `Other` if there is none.
    pub(super) fn get(&self, name: &str) -> &Node<'a> {
        self.find(|key| matches!(key, Key::Name(found) if found == name))
    }

    // From the back: of a key that stands twice the last one counts, as with every decoder that builds a dictionary.
    fn find(&self, is_wanted: impl Fn(&Key<'a>) -> bool) -> &Node<'a> {
        let Self::Map(fields) = self else {
            return &NOTHING;
        };
        fields.iter().rev().find(|(key, _)| is_wanted(key)).map_or(&NOTHING, |(_, value)| value)
    }

    /// Text that is not empty.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) if !text.is_empty() => Some(text),
            _ => None,
        }
    }

    /// An id: text that is not empty, or a whole number as its digits.
    pub(super) fn id(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Text(text) if !text.is_empty() => Some(Cow::Borrowed(text)),
            Self::Signed(number) => Some(Cow::Owned(number.to_string())),
            Self::Unsigned(number) => Some(Cow::Owned(number.to_string())),
            _ => None,
        }
    }

    /// A whole number, or text of digits.
    pub(super) fn whole(&self) -> Option<i64> {
        match self {
            Self::Signed(number) => Some(*number),
            Self::Unsigned(number) => i64::try_from(*number).ok(),
            Self::Text(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// The items of a list; none of anything else.
    pub(super) fn items(&self) -> &[Node<'a>] {
        match self {
            Self::List(items) => items,
            _ => &[],
        }
    }

    pub(super) fn is_map(&self) -> bool {
        matches!(self, Self::Map(_))
    }
}

/// Reads one JSON value and nothing after it.
pub(super) fn from_json(json: &[u8]) -> Result<Node<'_>, serde_json::Error> {
    let nodes_left = Cell::new(MAX_NODES);
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let node = JsonNode { depth_left: MAX_DEPTH, nodes_left: &nodes_left }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(node)
}

#[derive(Clone, Copy)]
struct JsonNode<'b> {
    depth_left: u32,
    nodes_left: &'b Cell<u32>,
}

impl JsonNode<'_> {
    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        let depth_left = self.depth_left.checked_sub(1).ok_or_else(|| E::custom("nested too deep"))?;
        Ok(Self { depth_left, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for JsonNode<'_> {
    type Value = Node<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node<'de>, D::Error> {
        let left = self.nodes_left.get().checked_sub(1).ok_or_else(|| D::Error::custom("too many values"))?;
        self.nodes_left.set(left);
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for JsonNode<'_> {
    type Value = Node<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node<'de>, E> {
        Ok(Node::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node<'de>, E> {
        Ok(Node::Signed(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node<'de>, E> {
        Ok(Node::Unsigned(value))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Node<'de>, E> {
        Ok(Node::Other)
    }

    fn visit_unit<E>(self) -> Result<Node<'de>, E> {
        Ok(Node::Other)
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Node<'de>, E> {
        Ok(Node::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Node<'de>, E> {
        Ok(Node::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut source: A) -> Result<Node<'de>, A::Error> {
        let item = self.deeper()?;
        let mut items = Vec::new();
        while let Some(node) = source.next_element_seed(item)? {
            items.push(node);
        }
        Ok(Node::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut source: A) -> Result<Node<'de>, A::Error> {
        let value = self.deeper()?;
        let mut fields = Vec::new();
        while let Some(key) = source.next_key_seed(JsonKey)? {
            fields.push((key, source.next_value_seed(value)?));
        }
        Ok(Node::Map(fields))
    }
}

struct JsonKey;

impl<'de> DeserializeSeed<'de> for JsonKey {
    type Value = Key<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Key<'de>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for JsonKey {
    type Value = Key<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a key")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Key<'de>, E> {
        Ok(Key::from_text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Key<'de>, E> {
        Ok(Key::from_text(Cow::Owned(text.to_owned())))
    }
}

#[cfg(test)]
mod tests {
    use super::{Node, from_json};

    fn json(text: &str) -> Node<'_> {
        from_json(text.as_bytes()).expect(text)
    }

    #[test]
    fn a_path_reads_through_maps_and_an_absent_step_reads_as_nothing() {
        let tree = json(r#"{"1":{"10":{"name":"Ann","n":7}},"list":[1,2]}"#);
        assert_eq!(tree.at(1).at(10).get("name").text(), Some("Ann"));
        assert_eq!(tree.at(1).at(10).get("n").id().as_deref(), Some("7"));
        assert_eq!(tree.at(2).at(10).get("name").text(), None);
        assert_eq!(tree.get("list").items().len(), 2);
        assert!(tree.at(1).is_map());
    }

    #[test]
    fn of_a_key_that_stands_twice_the_last_one_counts() {
        assert_eq!(json(r#"{"1":"a","1":"b"}"#).at(1).text(), Some("b"));
    }

    #[test]
    fn only_the_plain_spelling_of_a_number_is_a_numbered_key() {
        let tree = json(r#"{"01":"a","+2":"b","3x":"c","":"d","99999999999999999999999":"e","0":"f"}"#);
        for number in 1..=3 {
            assert_eq!(tree.at(number), &Node::Other);
        }
        assert_eq!(tree.get("01").text(), Some("a"));
        assert_eq!(tree.at(0).text(), Some("f"));
    }

    #[test]
    fn deep_or_huge_json_is_an_error() {
        let deep = format!("{}{}", "[".repeat(100), "]".repeat(100));
        let wide = format!("[{}1]", "1,".repeat(100_000));
        for bad in [deep.as_str(), wide.as_str(), "", "{", "[1] 2", "{\"a\":\"\\ud800\"}"] {
            assert!(from_json(bad.as_bytes()).is_err(), "{}", bad.len());
        }
        assert!(from_json(b"{\"a\":\"\xff\"}").is_err());
    }
}
