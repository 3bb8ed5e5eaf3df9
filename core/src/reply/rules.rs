//! Keyword rules, made ready for matching: once per change, and each message in one pass.

use std::collections::HashMap;
use std::sync::Arc;

use regex::{Regex, RegexBuilder};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};

use super::content::{self, MAX_ITEM_ID_BYTES};
use super::words::Words;
use crate::error::Error;
use crate::rule::{KeywordRule, Matching, Picture};

/// Rules of one account, at most.
pub(crate) const MAX_RULES: usize = 10_000;
/// Keywords of all rules of one account, at most.
pub(crate) const MAX_KEYWORDS: usize = 10_000;
/// The same in bytes: what they take in memory is about twenty times as much.
pub(crate) const MAX_KEYWORDS_BYTES: usize = 1_000_000;
/// Of the keywords, those that are regular expressions, at most: each is looked for by itself.
pub(crate) const MAX_REGEXES: usize = 200;
/// One keyword in bytes, at most.
pub(crate) const MAX_KEYWORD_BYTES: usize = 1_000;
/// One regular expression made ready, in bytes, at most; and as much again for what it learns while it runs.
const MAX_REGEX_MEMORY: usize = 256 * 1024;
/// Groups within groups of a regular expression, at most.
const MAX_REGEX_DEPTH: u32 = 50;
/// Regular expressions look at so much of a message: a usual one takes some 20 µs for it, the worst that the limits let through 2 ms.
const MAX_REGEX_TEXT_BYTES: usize = 4_000;

/// An account's keyword rules in their order, made ready. Of the rules as they were given it keeps the texts only, all of them as one:
/// most of an account's rules are a few words, and each word by itself would take more than its letters.
#[derive(Default)]
pub(crate) struct Rules {
    /// The replies of all rules, one after the other, then all keywords likewise.
    texts: Box<str>,
    /// Where each rule's reply ends in them.
    reply_ends: Box<[u32]>,
    /// Every keyword by its number.
    keywords: Box<[Keyword]>,
    /// Of rules that have one, in their order.
    pictures: Box<[(u32, Picture)]>,
    for_items: HashMap<Box<str>, Matcher>,
    for_all: Matcher,
}

/// A keyword's rule, and where it ends in the texts.
struct Keyword {
    rule: u32,
    end: u32,
}

/// Rules that are to be put on record and to use.
#[derive(Default)]
pub(crate) struct NewRules {
    /// As the host gave them.
    pub(crate) list: Arc<[KeywordRule]>,
    pub(crate) ready: Rules,
}

impl NewRules {
    /// # Errors
    /// Those of [`Rules::compile`].
    pub(crate) fn compile(list: Vec<KeywordRule>) -> Result<Self, Error> {
        let ready = Rules::compile(&list)?;
        Ok(Self { list: list.into(), ready })
    }
}

/// The rule that answers a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Match<'a> {
    /// The rule's place in the list, counted from 1.
    pub(crate) place: usize,
    /// Which of its keywords was found.
    pub(crate) keyword: &'a str,
    pub(crate) reply: Reply<'a>,
}

/// What a rule answers with. Neither text nor picture: nothing is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reply<'a> {
    /// May hold variables: see [`super::template`].
    pub(crate) text: &'a str,
    pub(crate) picture: Option<&'a Picture>,
}

impl Reply<'_> {
    pub(crate) fn is_empty(&self) -> bool {
        self.text.is_empty() && self.picture.is_none()
    }
}

impl Rules {
    /// Makes rules ready, on the caller's thread: of the largest, a second at most.
    ///
    /// # Errors
    /// What cannot be a rule, with its place in the list and what is wrong.
    pub(crate) fn compile(list: impl AsRef<[KeywordRule]>) -> Result<Self, Error> {
        let list = list.as_ref();
        check(list)?;
        let mut first_problem = None;
        let rules = Self::build(list, |place, problem| {
            first_problem.get_or_insert_with(|| at(place, &problem));
        });
        first_problem.map_or(Ok(rules), Err)
    }

    /// The same for rules on record: what an earlier version took and this one does not is left out, and the rest works.
    pub(crate) fn of_record(list: &[KeywordRule]) -> Self {
        Self::build(list, |place, problem| tracing::error!(place, problem, "a keyword on record is left out"))
    }

    /// The first rule for the item that matches, else the first of those for every item.
    pub(crate) fn first_match(&self, text: &str, item_id: Option<&str>) -> Option<Match<'_>> {
        if self.reply_ends.is_empty() {
            return None;
        }
        let text = fold(text);
        let for_item = item_id.and_then(|item_id| self.for_items.get(item_id)?.first_in(&text));
        let number = for_item.or_else(|| self.for_all.first_in(&text))? as usize;
        let Keyword { rule, end } = self.keywords[number];
        let place = rule as usize;
        let before =
            number.checked_sub(1).map_or_else(|| self.reply_end(self.reply_ends.len()), |before| self.keywords[before].end);
        let picture = self.pictures.binary_search_by_key(&rule, |(rule, _)| *rule).ok().map(|found| &self.pictures[found].1);
        Some(Match {
            place: place + 1,
            keyword: &self.texts[before as usize..end as usize],
            reply: Reply { text: &self.texts[self.reply_end(place) as usize..self.reply_end(place + 1) as usize], picture },
        })
    }

    /// Where the replies of so many rules end.
    fn reply_end(&self, rules: usize) -> u32 {
        rules.checked_sub(1).map_or(0, |last| self.reply_ends[last])
    }

    fn build(list: &[KeywordRule], mut refuse: impl FnMut(usize, String)) -> Self {
        let bytes = |rule: &KeywordRule| rule.reply.len() + rule.keywords.iter().map(String::len).sum::<usize>();
        let mut texts = String::with_capacity(list.iter().map(bytes).sum());
        let mut reply_ends = Vec::with_capacity(list.len());
        for rule in list {
            texts.push_str(&rule.reply);
            reply_ends.push(end_of(&texts));
        }
        let mut keywords = Vec::with_capacity(list.iter().map(|rule| rule.keywords.len()).sum());
        let mut pictures = Vec::new();
        let mut for_items: HashMap<&str, Gathered> = HashMap::new();
        let mut for_all = Gathered::default();
        for (rule_place, rule) in (0_u32..).zip(list) {
            let gathered = match &rule.item_id {
                Some(item_id) => for_items.entry(item_id).or_default(),
                None => &mut for_all,
            };
            pictures.extend(rule.picture.clone().map(|picture| (rule_place, picture)));
            for (keyword_place, keyword) in (1_u32..).zip(&rule.keywords) {
                let number = u32::try_from(keywords.len()).expect("an account has 10,000 keywords at most");
                texts.push_str(keyword);
                keywords.push(Keyword { rule: rule_place, end: end_of(&texts) });
                if let Err(problem) = gathered.take(number, rule.matching, keyword) {
                    let which = if rule.keywords.len() == 1 { String::new() } else { format!(" {keyword_place}") };
                    refuse(rule_place as usize + 1, format!("its keyword{which} {problem}"));
                }
            }
        }
        Self {
            for_items: for_items.into_iter().map(|(item_id, gathered)| (item_id.into(), gathered.ready())).collect(),
            for_all: for_all.ready(),
            texts: texts.into(),
            reply_ends: reply_ends.into(),
            keywords: keywords.into(),
            pictures: pictures.into(),
        }
    }
}

fn end_of(texts: &str) -> u32 {
    u32::try_from(texts.len()).expect("the rules of an account have 201 MB of texts at most")
}

/// What needs no look at a keyword's meaning.
fn check(list: &[KeywordRule]) -> Result<(), Error> {
    let too_many = |many: usize, what: &str, most: usize| {
        (many > most).then(|| Error::invalid("keywords", format!("has {many} {what}; allowed are at most {most}")))
    };
    let keywords = || list.iter().flat_map(|rule| &rule.keywords);
    let regexes = list.iter().filter(|rule| rule.matching == Matching::Regex).map(|rule| rule.keywords.len()).sum();
    let refused = too_many(list.len(), "rules", MAX_RULES)
        .or_else(|| too_many(keywords().count(), "keywords", MAX_KEYWORDS))
        .or_else(|| too_many(keywords().map(String::len).sum(), "bytes of keywords", MAX_KEYWORDS_BYTES))
        .or_else(|| too_many(regexes, "regular expressions", MAX_REGEXES));
    if let Some(refused) = refused {
        return Err(refused);
    }
    (1..).zip(list).try_for_each(|(place, rule)| check_rule(rule).map_err(|problem| at(place, &problem)))
}

fn check_rule(rule: &KeywordRule) -> Result<(), String> {
    if rule.keywords.is_empty() {
        return Err("it has no keyword; give it a word to look for".to_owned());
    }
    content::check_text(&rule.reply)?;
    if let Some(item_id) = &rule.item_id
        && !(1..=MAX_ITEM_ID_BYTES).contains(&item_id.len())
    {
        return Err(format!("its item_id has {} bytes; allowed are 1 … {MAX_ITEM_ID_BYTES}", item_id.len()));
    }
    rule.picture.as_ref().map_or(Ok(()), content::check_picture)
}

/// What is wrong with a rule by itself, in words that go on from its name.
pub(crate) fn check_alone(rule: &KeywordRule) -> Result<(), String> {
    check_rule(rule)?;
    let mut gathered = Gathered::default();
    let mut keywords = rule.keywords.iter();
    keywords.try_for_each(|keyword| gathered.take(0, rule.matching, keyword).map_err(|problem| format!("its keyword {problem}")))
}

fn at(place: usize, problem: &str) -> Error {
    Error::invalid("keywords", format!("rule {place}: {problem}"))
}

/// The keywords for one item, or for all, while they are gathered. A number is a keyword's place among all of the account.
#[derive(Default)]
struct Gathered {
    contains: Vec<(String, u32)>,
    exact: HashMap<Box<str>, u32>,
    regexes: Vec<(u32, Regex)>,
}

impl Gathered {
    fn take(&mut self, number: u32, matching: Matching, keyword: &str) -> Result<(), String> {
        if keyword.len() > MAX_KEYWORD_BYTES {
            return Err(format!("has {} bytes; allowed are at most {MAX_KEYWORD_BYTES}", keyword.len()));
        }
        let folded = fold(keyword);
        if folded.chars().all(is_nothing) {
            return Err("is empty, which would match every message; give it a word to look for".to_owned());
        }
        match matching {
            Matching::Contains => self.contains.push((folded, number)),
            Matching::Exact => {
                self.exact.entry(folded.trim().into()).or_insert(number);
            }
            Matching::Regex => self.regexes.push((number, regex(keyword)?)),
        }
        Ok(())
    }

    fn ready(self) -> Matcher {
        let words = self.contains.iter().map(|(word, number)| (word.as_str(), *number));
        let contains = (!self.contains.is_empty()).then(|| Words::new(words));
        Matcher { contains, exact: self.exact, regexes: self.regexes.into() }
    }
}

/// The keywords for one item, or for all, by the way in which they are looked for.
#[derive(Default)]
struct Matcher {
    contains: Option<Words>,
    exact: HashMap<Box<str>, u32>,
    /// In the order of their numbers.
    regexes: Box<[(u32, Regex)]>,
}

impl Matcher {
    /// The smallest number among the keywords that a folded text has.
    fn first_in(&self, text: &str) -> Option<u32> {
        let contained = self.contains.as_ref().and_then(|words| words.first_in(text));
        let exact = self.exact.get(text.trim()).copied();
        let first = contained.into_iter().chain(exact).min();
        let beginning = &text[..(0..=MAX_REGEX_TEXT_BYTES.min(text.len())).rev().find(|end| text.is_char_boundary(*end))?];
        let mut earlier = self.regexes.iter().take_while(|(number, _)| first.is_none_or(|first| *number < first));
        earlier.find(|(_, regex)| regex.is_match(beginning)).map(|(number, _)| *number).or(first)
    }
}

/// Text as it is compared: compatibility forms composed (NFKC), letters in lower case.
fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let (ideographs, after) = split_before(rest, |c| !is_ideograph(c));
        let (others, after) = split_before(after, is_ideograph);
        folded.push_str(ideographs);
        fold_others(others, &mut folded);
        rest = after;
    }
    folded
}

/// What stands between ideographs can be folded by itself. Mostly it is punctuation, of full width, or nothing.
fn fold_others(text: &str, folded: &mut String) {
    if text.chars().all(|c| of_usual_width(c).is_some()) {
        folded.extend(text.chars().filter_map(of_usual_width).map(|c| c.to_ascii_lowercase()));
    } else if is_nfkc_quick(text.chars()) == IsNormalized::Yes {
        folded.push_str(&text.to_lowercase());
    } else {
        folded.push_str(&text.nfkc().collect::<String>().to_lowercase());
    }
}

/// Most of what buyers write: characters that folding leaves as they are, and with which nothing composes.
fn is_ideograph(c: char) -> bool {
    matches!(c, '、' | '。' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}')
}

/// ASCII, also where it is of full width.
fn of_usual_width(c: char) -> Option<char> {
    match c {
        '\0'..='\x7f' => Some(c),
        '！'..='～' => char::from_u32(u32::from(c) - FULL_WIDTH),
        _ => None,
    }
}

/// From a character of ASCII to its form of full width.
const FULL_WIDTH: u32 = '！' as u32 - '!' as u32;

fn split_before(text: &str, ends: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(ends).unwrap_or(text.len()))
}

/// A character that nobody sees: a keyword of such only was meant as none.
fn is_nothing(c: char) -> bool {
    let is_invisible = matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{e0000}'..='\u{e0fff}'
    );
    is_invisible || c.is_whitespace() || c.is_control()
}

/// A regular expression, which will be tried on folded text.
fn regex(pattern: &str) -> Result<Regex, String> {
    let parsed = regex_syntax::ParserBuilder::new().case_insensitive(true).nest_limit(MAX_REGEX_DEPTH).build().parse(pattern);
    let not_one = |kind: String, place: usize| Err(format!("is no regular expression: {kind} (at byte {place})"));
    let meaning = match parsed {
        Ok(meaning) => meaning,
        Err(regex_syntax::Error::Parse(problem)) => return not_one(problem.kind().to_string(), problem.span().start.offset),
        Err(regex_syntax::Error::Translate(problem)) => {
            return not_one(problem.kind().to_string(), problem.span().start.offset);
        }
        Err(_) => return Err("is no regular expression".to_owned()),
    };
    if meaning.properties().minimum_len() == Some(0) {
        return Err("matches the empty text, and so every message; give it something to look for".to_owned());
    }
    let ready = RegexBuilder::new(&fold_pattern(pattern))
        .case_insensitive(true)
        .nest_limit(MAX_REGEX_DEPTH)
        .size_limit(MAX_REGEX_MEMORY)
        .dfa_size_limit(MAX_REGEX_MEMORY)
        .build();
    ready.map_err(|problem| match problem {
        regex::Error::CompiledTooBig(_) => format!("needs more than {MAX_REGEX_MEMORY} bytes made ready; use smaller repetitions"),
        other => format!("is no regular expression: {}", other.to_string().replace('\n', " ")),
    })
}

/// The pattern with its compatibility forms composed, as the text has them. What that makes of a full-width bracket or star
/// stands for itself, as it did before, and means nothing else.
fn fold_pattern(pattern: &str) -> String {
    let mut folded = String::with_capacity(pattern.len());
    let mut rest = pattern;
    while let Some(first) = rest.chars().next() {
        let run = if first == '\\' {
            // An escape stays as it is, with what it escapes.
            let end = rest.char_indices().nth(2).map_or(rest.len(), |(end, _)| end);
            folded.push_str(&rest[..end]);
            end
        } else if first.is_ascii() {
            folded.push(first);
            1
        } else {
            let end = rest.find(|c: char| c.is_ascii()).unwrap_or(rest.len());
            folded.push_str(&regex::escape(&rest[..end].nfkc().collect::<String>()));
            end
        };
        rest = &rest[run..];
    }
    folded
}

#[cfg(test)]
#[path = "rules_tests.rs"]
mod tests;
