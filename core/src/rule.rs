//! Keyword rules as the host gives them: which words of a buyer, about which item, are answered with what.

use serde::{Deserialize, Serialize};

/// A picture's URL in bytes, at most.
pub(crate) const MAX_URL_BYTES: usize = 2_000;
/// A picture's width and height in pixels, at most.
pub(crate) const MAX_PICTURE_SIDE: u32 = 20_000;

/// A rule: a message in which one of its keywords is found is answered with its reply. Rules for the message's item are looked at
/// first, then those for every item; among those that match, the first in the list answers.
///
/// ```
/// use livekeeper::{KeywordRule, Matching, Picture};
///
/// let simple = KeywordRule::new("包邮", "全场包邮");
/// let full = KeywordRule::new("尺码", "亲爱的{send_user_name}，尺码见图")
///     .or_keyword("多大")
///     .matching(Matching::Contains)
///     .for_item("920001")
///     .with_picture(Picture::new("https://img.alicdn.com/size.jpg", 800, 600));
/// assert!(simple.is_pair() && !full.is_pair());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct KeywordRule {
    /// What is looked for, one or more, none of them blank; one that is found is enough. Each at most 1,000 bytes; of all rules of
    /// an account together at most 10,000, at most 200 of them for [`Matching::Regex`], and at most 1,000,000 bytes.
    pub keywords: Vec<String>,
    /// How the keywords are looked for.
    pub matching: Matching,
    /// The item that a message must be about, at most 255 bytes; `None`: any, or none.
    pub item_id: Option<String>,
    /// The text to send, at most 20,000 bytes. In it `{send_user_name}`, `{send_user_id}`, `{send_message}` and `{item_id}` stand
    /// for what the message has, `{{` and `}}` for a brace; anything else in braces stays as it stands. What is sent is cut at
    /// 20,000 bytes. Empty, and no picture: a message that matches gets no reply.
    pub reply: String,
    /// The picture to send, after the text if there is one.
    pub picture: Option<Picture>,
}

/// How the keywords of a rule are looked for. Upper and lower case, full-width and half-width forms (NFKC) are alike in all ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Matching {
    /// Anywhere in the message.
    #[default]
    Contains,
    /// As the whole message, spaces around either aside.
    Exact,
    /// As a regular expression in the syntax of the crate `regex`, anywhere in the first 4,000 bytes of the message. It takes time
    /// in proportion to the message, whatever the expression. One that matches the empty text is refused, and so is one that
    /// needs more than 256 KiB when it is made ready.
    Regex,
}

impl Matching {
    /// All of them.
    pub const ALL: &'static [Self] = &[Self::Contains, Self::Exact, Self::Regex];

    /// Its name: `contains`, `exact`, `regex`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Contains => "contains",
            Self::Exact => "exact",
            Self::Regex => "regex",
        }
    }
}

/// A picture that the site already has.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Picture {
    /// Its `https` or `http` URL on the site's image host, at most 2,000 bytes.
    pub url: String,
    /// Its width in pixels, 1 … 20,000.
    pub width: u32,
    /// Its height in pixels, 1 … 20,000.
    pub height: u32,
}

impl KeywordRule {
    /// A rule for any item with one keyword, which is looked for anywhere in the message.
    pub fn new(keyword: impl Into<String>, reply: impl Into<String>) -> Self {
        Self { keywords: vec![keyword.into()], matching: Matching::Contains, item_id: None, reply: reply.into(), picture: None }
    }

    /// The same for several keywords.
    pub fn of(keywords: impl IntoIterator<Item = impl Into<String>>, reply: impl Into<String>) -> Self {
        Self { keywords: keywords.into_iter().map(Into::into).collect(), ..Self::new("", reply) }
    }

    /// With one more keyword.
    #[must_use]
    pub fn or_keyword(mut self, keyword: impl Into<String>) -> Self {
        self.keywords.push(keyword.into());
        self
    }

    /// With keywords that are looked for in this way.
    #[must_use]
    pub fn matching(self, matching: Matching) -> Self {
        Self { matching, ..self }
    }

    /// For messages about this item only.
    #[must_use]
    pub fn for_item(self, item_id: impl Into<String>) -> Self {
        Self { item_id: Some(item_id.into()), ..self }
    }

    /// With a picture.
    #[must_use]
    pub fn with_picture(self, picture: Picture) -> Self {
        Self { picture: Some(picture), ..self }
    }

    /// Whether it is one keyword and a reply and nothing else: what [`KeywordRule::new`] makes.
    pub fn is_pair(&self) -> bool {
        self.keywords.len() == 1 && self.matching == Matching::Contains && self.item_id.is_none() && self.picture.is_none()
    }
}

impl Picture {
    /// A picture.
    pub fn new(url: impl Into<String>, width: u32, height: u32) -> Self {
        Self { url: url.into(), width, height }
    }

    /// Whether the site could have it; else which field is wrong, and how.
    pub(crate) fn check(&self) -> Result<(), (&'static str, String)> {
        let Self { url, width, height } = self;
        if url.len() > MAX_URL_BYTES {
            return Err(("url", format!("has {} bytes; allowed are at most {MAX_URL_BYTES}", url.len())));
        }
        let after_scheme = ["https://", "http://"].iter().find_map(|scheme| {
            let (start, after) = url.split_at_checked(scheme.len())?;
            start.eq_ignore_ascii_case(scheme).then_some(after)
        });
        let names_a_host = after_scheme.is_some_and(|after| after.starts_with(|first: char| !"/?#:@".contains(first)));
        if !names_a_host || url.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(("url", "is none; it must begin with https:// or http:// and a host, without spaces".to_owned()));
        }
        for (name, side) in [("width", *width), ("height", *height)] {
            if !(1..=MAX_PICTURE_SIDE).contains(&side) {
                return Err((name, format!("is {side}; allowed is 1 … {MAX_PICTURE_SIDE}")));
            }
        }
        Ok(())
    }
}
