//! A reply's variables, filled in one pass: what a buyer wrote goes into the reply and is never looked at for variables itself.

use std::borrow::Cow;

use super::content::MAX_REPLY_BYTES;

/// What the variables of a reply stand for.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Variables<'a> {
    pub(crate) send_user_name: &'a str,
    pub(crate) send_user_id: &'a str,
    pub(crate) send_message: &'a str,
    /// Empty where the message is about no item.
    pub(crate) item_id: &'a str,
}

impl<'a> Variables<'a> {
    fn value(&self, name: &str) -> Option<&'a str> {
        match name {
            "send_user_name" => Some(self.send_user_name),
            "send_user_id" => Some(self.send_user_id),
            "send_message" => Some(self.send_message),
            "item_id" => Some(self.item_id),
            _ => None,
        }
    }
}

/// The text to send for a reply: variables filled, `{{` and `}}` as one brace, everything else as it stands.
pub(crate) fn fill<'a>(reply: &'a str, variables: &Variables<'_>) -> Cow<'a, str> {
    if next_brace(reply).is_none() {
        return Cow::Borrowed(cut(reply, MAX_REPLY_BYTES));
    }
    let mut filled = String::with_capacity(reply.len());
    let mut rest = reply;
    while let Some(brace) = next_brace(rest) {
        let (taken, text) = token(&rest[brace..], variables);
        if !(push(&mut filled, &rest[..brace]) && push(&mut filled, text)) {
            return Cow::Owned(filled);
        }
        rest = &rest[brace + taken..];
    }
    push(&mut filled, rest);
    Cow::Owned(filled)
}

/// By bytes, for less work: no part of a longer character looks like a brace.
fn next_brace(text: &str) -> Option<usize> {
    text.bytes().position(|byte| matches!(byte, b'{' | b'}'))
}

/// What stands at a brace: how many bytes it takes, and what it comes to.
fn token<'a>(rest: &'a str, variables: &Variables<'a>) -> (usize, &'a str) {
    for brace in ["{", "}"] {
        if rest.strip_prefix(brace).is_some_and(|after| after.starts_with(brace)) {
            return (2, &rest[..1]);
        }
    }
    // Only as far as the next brace is looked: so the whole takes one pass.
    if let Some(end) = next_brace(&rest[1..]).map(|end| end + 1)
        && rest.starts_with('{')
        && rest[end..].starts_with('}')
        && let Some(value) = variables.value(&rest[1..end])
    {
        return (end + 1, value);
    }
    (1, &rest[..1])
}

/// Appends as much as there is room for, and tells whether that was all of it.
fn push(filled: &mut String, text: &str) -> bool {
    let fits = cut(text, MAX_REPLY_BYTES - filled.len());
    filled.push_str(fits);
    fits.len() == text.len()
}

/// The beginning of a text: so many bytes at most, and whole characters.
fn cut(text: &str, most: usize) -> &str {
    let end = (0..=most.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::{MAX_REPLY_BYTES, Variables, fill};

    const VARIABLES: Variables<'_> =
        Variables { send_user_name: "摸鱼的猫", send_user_id: "968", send_message: "{item_id}? {{", item_id: "920" };

    #[test]
    fn variables_are_filled_once_and_all_else_stays_as_it_stands() {
        for (reply, text) in [
            ("", ""),
            ("在的", "在的"),
            ("亲爱的{send_user_name}，在的", "亲爱的摸鱼的猫，在的"),
            ("{send_user_id}/{item_id}", "968/920"),
            ("您说：{send_message}", "您说：{item_id}? {{"),
            ("{send_message}{item_id}", "{item_id}? {{920"),
            ("{unknown} {} { item_id }", "{unknown} {} { item_id }"),
            ("{{item_id}}", "{item_id}"),
            ("{{{item_id}}}", "{920}"),
            ("{{{{", "{{"),
            ("a } b { c", "a } b { c"),
            ("{item_id", "{item_id"),
            ("item_id}", "item_id}"),
            ("{x{item_id}", "{x920"),
            ("{", "{"),
            ("}", "}"),
            ("{中}", "{中}"),
        ] {
            assert_eq!(fill(reply, &VARIABLES), text, "{reply}");
        }
    }

    #[test]
    fn what_is_sent_is_cut_at_a_whole_character() {
        let long = "好".repeat(MAX_REPLY_BYTES);
        let variables = Variables { send_message: &long, ..VARIABLES };
        for (reply, least) in [("{send_message}", 19_998), ("ab{send_message}{item_id}", 20_000), (&*long, 19_998)] {
            let text = fill(reply, &variables);
            assert!((least..=MAX_REPLY_BYTES).contains(&text.len()), "{}", text.len());
        }
        assert!(fill("{send_message}ab", &variables).ends_with('好'), "nothing follows what was cut");
        let many = "{send_message}".repeat(1_400);
        assert!(fill(&many, &variables).len() <= MAX_REPLY_BYTES);
    }
}
