//! An account's rules as they are read from a file: each that cannot be one is left out by itself, so that the others are taken.

use std::collections::HashSet;

use super::report::{Notes, quoted};
use crate::reply::rules::{self, MAX_KEYWORDS, MAX_KEYWORDS_BYTES, MAX_REGEXES, MAX_RULES, NewRules};
use crate::rule::{KeywordRule, Matching};

#[derive(Default)]
pub(super) struct RuleList {
    rules: Vec<KeywordRule>,
    /// What the rules look for: a second that looks for the same never has a word.
    seen: HashSet<KeywordRule>,
    keywords: usize,
    bytes: usize,
    regexes: usize,
}

impl RuleList {
    /// Takes a rule, or notes why not.
    pub(super) fn take(&mut self, rule: KeywordRule, not_taken: &mut Notes) {
        if let Err(problem) = self.check(&rule) {
            let keyword = rule.keywords.first().map_or("", String::as_str);
            return not_taken.add(|| format!("the rule {}: {problem}", quoted(keyword)));
        }
        self.keywords += rule.keywords.len();
        self.bytes += bytes(&rule);
        self.regexes += regexes(&rule);
        self.seen.insert(matcher(&rule));
        self.rules.push(rule);
    }

    pub(super) fn ready(self, not_taken: &mut Notes) -> NewRules {
        NewRules::compile(self.rules).unwrap_or_else(|problem| {
            not_taken.add(|| format!("its rules: {problem}"));
            NewRules::default()
        })
    }

    fn check(&self, rule: &KeywordRule) -> Result<(), String> {
        rules::check_alone(rule)?;
        if self.seen.contains(&matcher(rule)) {
            return Err("an earlier rule has the same keyword for the same item, so it never has a word".to_owned());
        }
        let full = |what: &str, most: usize| Err(format!("the account has {most} {what} already, more are not allowed"));
        if self.rules.len() >= MAX_RULES {
            return full("rules", MAX_RULES);
        }
        if self.keywords + rule.keywords.len() > MAX_KEYWORDS {
            return full("keywords", MAX_KEYWORDS);
        }
        if self.bytes + bytes(rule) > MAX_KEYWORDS_BYTES {
            return full("bytes of keywords", MAX_KEYWORDS_BYTES);
        }
        if self.regexes + regexes(rule) > MAX_REGEXES {
            return full("regular expressions", MAX_REGEXES);
        }
        Ok(())
    }
}

fn bytes(rule: &KeywordRule) -> usize {
    rule.keywords.iter().map(String::len).sum()
}

fn regexes(rule: &KeywordRule) -> usize {
    if rule.matching == Matching::Regex { rule.keywords.len() } else { 0 }
}

/// What a rule looks for, without what it answers.
fn matcher(rule: &KeywordRule) -> KeywordRule {
    let matcher = KeywordRule::of(rule.keywords.clone(), "").matching(rule.matching);
    match &rule.item_id {
        Some(item_id) => matcher.for_item(item_id.clone()),
        None => matcher,
    }
}
