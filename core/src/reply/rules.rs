//! Keyword rules, made ready for matching.

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};

use crate::error::Error;
use crate::store::KeywordRule;

/// Rules of one account, at most.
pub(crate) const MAX_RULES: usize = 10_000;
/// One keyword in bytes, at most.
pub(crate) const MAX_KEYWORD_BYTES: usize = 1_000;
/// One reply in bytes, at most.
pub(crate) const MAX_REPLY_BYTES: usize = 20_000;

/// An account's keyword rules in their order, with the keywords folded once.
#[derive(Default)]
pub(crate) struct Rules {
    rules: Box<[Rule]>,
}

struct Rule {
    folded_keyword: Box<str>,
    reply: Box<str>,
}

/// A rule that matches.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Match<'a> {
    /// Its place in the list, from 1.
    pub(crate) place: u32,
    pub(crate) reply: &'a str,
}

impl Rules {
    /// Refuses what cannot be a rule, naming its place in the list.
    pub(crate) fn check(rules: &[KeywordRule]) -> Result<(), Error> {
        if rules.len() > MAX_RULES {
            return Err(Error::invalid("keywords", format!("has {} rules; allowed are at most {MAX_RULES}", rules.len())));
        }
        for (place, rule) in (1..).zip(rules) {
            let problem = if rule.keyword.trim().is_empty() {
                "its keyword is empty, which would match every message; give it a word to look for".to_owned()
            } else if rule.keyword.len() > MAX_KEYWORD_BYTES {
                format!("its keyword has {} bytes; allowed are at most {MAX_KEYWORD_BYTES}", rule.keyword.len())
            } else if rule.reply.len() > MAX_REPLY_BYTES {
                format!("its reply has {} bytes; allowed are at most {MAX_REPLY_BYTES}", rule.reply.len())
            } else {
                continue;
            };
            return Err(Error::invalid("keywords", format!("rule {place}: {problem}")));
        }
        Ok(())
    }

    pub(crate) fn compile(rules: Vec<KeywordRule>) -> Self {
        let ready = rules.into_iter().map(|rule| Rule { folded_keyword: fold(&rule.keyword).into(), reply: rule.reply.into() });
        Self { rules: ready.collect() }
    }

    /// The first rule whose keyword the text contains.
    pub(crate) fn first_match(&self, text: &str) -> Option<Match<'_>> {
        let text = fold(text);
        let place = self.rules.iter().position(|rule| text.contains(&*rule.folded_keyword))?;
        // There are at most 10,000.
        Some(Match { place: u32::try_from(place + 1).unwrap_or(u32::MAX), reply: &self.rules[place].reply })
    }
}

/// Text as it is compared: compatibility forms composed (NFKC), letters in lower case.
fn fold(text: &str) -> String {
    if is_nfkc_quick(text.chars()) == IsNormalized::Yes {
        return text.to_lowercase();
    }
    text.nfkc().collect::<String>().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::{MAX_KEYWORD_BYTES, MAX_REPLY_BYTES, MAX_RULES, Rules};
    use crate::store::KeywordRule;

    fn rules(pairs: &[(&str, &str)]) -> Vec<KeywordRule> {
        pairs.iter().map(|(keyword, reply)| KeywordRule::new(*keyword, *reply)).collect()
    }

    #[test]
    fn the_first_rule_in_the_list_that_matches_answers() {
        let compiled = Rules::compile(rules(&[
            ("最低多少", "不议价"),
            ("包邮", "包邮的"),
            ("price", "See the page"),
            ("多少", "九十"),
            ("没了", ""),
        ]));
        for (text, reply) in [
            ("请问包邮吗", Some("包邮的")),
            ("最低多少", Some("不议价")),
            ("多少,最低多少", Some("不议价")),
            ("多少钱 包邮?", Some("包邮的")),
            ("多少", Some("九十")),
            ("What's the PRICE?", Some("See the page")),
            ("ＰＲＩＣＥ？", Some("See the page")),
            ("没了吗", Some("")),
            ("在吗", None),
            ("", None),
        ] {
            assert_eq!(compiled.first_match(text).map(|found| found.reply), reply, "{text}");
        }
    }

    #[test]
    fn a_keyword_that_would_match_everything_is_refused_with_its_place() {
        for blank in ["", " ", "\n\t", "\u{3000}"] {
            let error = Rules::check(&rules(&[("包邮", "是"), (blank, "x")])).unwrap_err();
            assert!(error.to_string().starts_with("keywords: rule 2: its keyword is empty"), "{error}");
        }
    }

    #[test]
    fn sizes_are_bounded() {
        assert!(Rules::check(&vec![KeywordRule::new("a", "b"); MAX_RULES]).is_ok());
        assert!(Rules::check(&vec![KeywordRule::new("a", "b"); MAX_RULES + 1]).is_err());
        assert!(Rules::check(&[KeywordRule::new("a".repeat(MAX_KEYWORD_BYTES + 1), "b")]).is_err());
        assert!(Rules::check(&[KeywordRule::new("a", "b".repeat(MAX_REPLY_BYTES + 1))]).is_err());
    }
}
