//! Many words looked for in one pass over a text (Aho and Corasick's automaton), kept for one question: which of the words found
//! anywhere stands first in the list.
//!
//! The crates of the field keep at each place every word that ends there, which for words within words grows with the square of
//! their lengths. Only the first in the list is asked for here: so time and memory are in proportion to the words, and the time of
//! a search to the text, whatever words somebody thinks of.

use std::collections::VecDeque;

const ROOT: u32 = 0;
/// So many children are looked through faster than a table of a kilobyte is worth, as most accounts have few words.
const FEW: usize = 8;

/// Words made ready for searching.
pub(super) struct Words {
    nodes: Nodes,
    /// The root's children by their byte, where there are many: nearly every step of a search that finds nothing is one from here.
    first_steps: Option<Box<[u32; 256]>>,
}

/// With places and numbers as small as the words allow: those of most accounts take half the memory so.
enum Nodes {
    Few(Box<[Node<u16>]>),
    Many(Box<[Node<u32>]>),
}

/// A place among the nodes, or the number of a word.
trait Number: Copy + Ord + Into<u32> {
    /// No word.
    const NONE: Self;
}

impl Number for u16 {
    const NONE: Self = Self::MAX;
}

impl Number for u32 {
    const NONE: Self = Self::MAX;
}

/// A beginning of a word. 20 bytes for each byte of the words, at most.
#[derive(Clone, Copy)]
struct Node<N> {
    /// The byte that it ends with.
    byte: u8,
    first_child: N,
    /// The next child of its parent; the root is nobody's child, and so ends the row.
    sibling: N,
    /// The longest of its own ends that is the beginning of a word, too.
    fallback: N,
    /// The smallest number of a word that it ends with.
    number: N,
}

impl Words {
    /// Words with their numbers, in the order of the numbers. None is empty.
    pub(super) fn new<'a>(words: impl IntoIterator<Item = (&'a str, u32)>) -> Self {
        let root = Node { byte: 0, first_child: ROOT, sibling: ROOT, fallback: ROOT, number: Number::NONE };
        let mut nodes = vec![root];
        for (word, number) in words {
            let mut at = ROOT;
            for byte in word.bytes() {
                at = child(&nodes, at, byte).unwrap_or_else(|| add_child(&mut nodes, at, byte));
            }
            let end = &mut nodes[at as usize].number;
            *end = number.min(*end);
        }
        let first_steps = (children(&nodes, ROOT).count() > FEW).then(|| {
            let mut steps = Box::new([ROOT; 256]);
            for child in children(&nodes, ROOT) {
                steps[usize::from(nodes[child as usize].byte)] = child;
            }
            steps
        });
        link(&mut nodes, first_steps.as_deref());
        let few = nodes.iter().map(Node::small).collect::<Option<_>>();
        Self { nodes: few.map_or_else(|| Nodes::Many(nodes.into()), Nodes::Few), first_steps }
    }

    /// The smallest number among the words that the text contains.
    pub(super) fn first_in(&self, text: &str) -> Option<u32> {
        let first_steps = self.first_steps.as_deref();
        match &self.nodes {
            Nodes::Few(nodes) => first_in(nodes, first_steps, text),
            Nodes::Many(nodes) => first_in(nodes, first_steps, text),
        }
    }
}

impl Node<u32> {
    /// The same with small numbers, where they are.
    fn small(&self) -> Option<Node<u16>> {
        let small = |number: u32| u16::try_from(number).ok().filter(|number| *number != u16::NONE);
        Some(Node {
            byte: self.byte,
            first_child: small(self.first_child)?,
            sibling: small(self.sibling)?,
            fallback: small(self.fallback)?,
            number: if self.number == u32::NONE { u16::NONE } else { small(self.number)? },
        })
    }
}

fn first_in<N: Number>(nodes: &[Node<N>], first_steps: Option<&[u32; 256]>, text: &str) -> Option<u32> {
    let mut at = ROOT;
    let mut number = N::NONE;
    for byte in text.bytes() {
        at = step(nodes, first_steps, at, byte);
        number = number.min(nodes[at as usize].number);
    }
    (number != N::NONE).then(|| number.into())
}

/// Falls back to shorter ends until one goes on with the byte. Over a whole text there are no more falls than bytes.
fn step<N: Number>(nodes: &[Node<N>], first_steps: Option<&[u32; 256]>, mut at: u32, byte: u8) -> u32 {
    while at != ROOT {
        if let Some(next) = child(nodes, at, byte) {
            return next;
        }
        at = nodes[at as usize].fallback.into();
    }
    match first_steps {
        Some(steps) => steps[usize::from(byte)],
        // No word begins within a character.
        None if is_continuation(byte) => ROOT,
        None => child(nodes, ROOT, byte).unwrap_or(ROOT),
    }
}

/// Level by level, so that what a node falls back to, which is shorter, is complete before it.
fn link(nodes: &mut [Node<u32>], first_steps: Option<&[u32; 256]>) {
    let mut queue: VecDeque<u32> = children(nodes, ROOT).collect();
    while let Some(parent) = queue.pop_front() {
        let mut next = nodes[parent as usize].first_child;
        while next != ROOT {
            let fallback = step(nodes, first_steps, nodes[parent as usize].fallback, nodes[next as usize].byte);
            let number = nodes[fallback as usize].number;
            let node = &mut nodes[next as usize];
            node.fallback = fallback;
            node.number = node.number.min(number);
            queue.push_back(next);
            next = node.sibling;
        }
    }
}

/// Whether it is one of UTF-8's that follow a character's first.
fn is_continuation(byte: u8) -> bool {
    byte & 0b1100_0000 == 0b1000_0000
}

fn add_child(nodes: &mut Vec<Node<u32>>, parent: u32, byte: u8) -> u32 {
    let child = u32::try_from(nodes.len()).expect("the words of an account have a million bytes at most");
    let sibling = std::mem::replace(&mut nodes[parent as usize].first_child, child);
    nodes.push(Node { byte, first_child: ROOT, sibling, fallback: ROOT, number: Number::NONE });
    child
}

/// At most 256 children are looked at.
fn child<N: Number>(nodes: &[Node<N>], parent: u32, byte: u8) -> Option<u32> {
    children(nodes, parent).find(|child| nodes[*child as usize].byte == byte)
}

fn children<N: Number>(nodes: &[Node<N>], parent: u32) -> impl Iterator<Item = u32> {
    let is_any = |node: N| Some(node.into()).filter(|node| *node != ROOT);
    std::iter::successors(is_any(nodes[parent as usize].first_child), move |child| is_any(nodes[*child as usize].sibling))
}

#[cfg(test)]
mod tests {
    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};

    use super::{Nodes, Words};

    fn search(words: &[String], text: &str) -> Option<usize> {
        Words::new((0..).zip(words).map(|(number, word)| (word.as_str(), number))).first_in(text).map(|number| number as usize)
    }

    #[test]
    fn the_first_word_in_the_list_is_found_wherever_it_stands() {
        let words = ["ushers", "包邮吗", "he", "she", "邮"].map(str::to_owned);
        for (text, word) in [
            ("ushe", Some("he")),
            ("xushersx", Some("ushers")),
            ("包邮", Some("邮")),
            ("包邮包邮吗", Some("包邮吗")),
            ("包", None),
            ("", None),
        ] {
            assert_eq!(search(&words, text).map(|number| &*words[number]), word, "{text}");
        }
    }

    #[test]
    fn it_finds_what_looking_for_each_word_finds() {
        let random = &mut StdRng::seed_from_u64(4);
        let mut text = |most: usize| -> String {
            let length = random.random_range(1..=most);
            (0..length).map(|_| ['a', 'b', '包', '邮'][random.random_range(0..4)]).collect()
        };
        for round in 0..2_000 {
            // Every second time with so many beginnings that the table is made.
            let more = if round % 2 == 0 { vec![] } else { ('k'..'z').map(String::from).collect() };
            let words: Vec<String> = (0..5).map(|_| text(5)).chain(more).collect();
            let message = text(12);
            let expected = words.iter().position(|word| message.contains(word.as_str()));
            assert_eq!(search(&words, &message), expected, "{words:?} in {message:?}");
        }
    }

    #[test]
    fn with_many_or_great_numbers_it_finds_the_same() {
        for (beginning, is_small) in [(0, true), (u32::from(u16::MAX), false)] {
            let ready = Words::new((beginning..).zip(["包邮吗", "邮", "在吗"]).map(|(number, word)| (word, number)));
            assert_eq!(matches!(ready.nodes, Nodes::Few(_)), is_small);
            assert_eq!(["包邮", "包邮吗", "在"].map(|text| ready.first_in(text)), [Some(beginning + 1), Some(beginning), None]);
        }
        let many: Vec<String> = (0..8_000).map(|number| format!("{number:09}")).rev().collect();
        assert!(matches!(Words::new((0..).zip(&many).map(|(number, word)| (word.as_str(), number))).nodes, Nodes::Few(_)));
        let more: Vec<String> = (0..9_999).map(|number| format!("{number:04}{number:09}")).collect();
        let ready = Words::new((0..).zip(&more).map(|(number, word)| (word.as_str(), number)));
        assert!(matches!(ready.nodes, Nodes::Many(_)));
        assert_eq!(ready.first_in("0123000000123"), Some(123));
    }

    #[test]
    fn words_within_words_cost_no_more_than_their_length() {
        let tail = "a".repeat(999);
        let words: Vec<String> = (1..=999).map(|n| tail[..n].to_owned()).chain((0..200).map(|n| format!("{n}{tail}"))).collect();
        let total: usize = words.iter().map(String::len).sum();
        let ready = Words::new((0..).zip(words.iter().rev()).map(|(number, word)| (word.as_str(), number)));
        let nodes = match &ready.nodes {
            Nodes::Few(nodes) => nodes.len(),
            Nodes::Many(nodes) => nodes.len(),
        };
        assert!(nodes <= total);
        assert_eq!(ready.first_in(&format!("7{}", "a".repeat(1_000_000))), Some(192));
    }
}
