//! What may be sent: the bounds of texts and pictures.

use crate::reply_content::ReplyContent;
use crate::rule::Picture;

/// One reply in bytes, at most.
pub(crate) const MAX_REPLY_BYTES: usize = 20_000;
/// An item's id in bytes, at most.
pub(crate) const MAX_ITEM_ID_BYTES: usize = 255;

/// What is wrong with a reply, in words that go on from its name.
pub(crate) fn check(content: &ReplyContent) -> Result<(), String> {
    check_text(&content.text)?;
    content.picture.as_ref().map_or(Ok(()), check_picture)
}

pub(crate) fn check_text(text: &str) -> Result<(), String> {
    if text.len() > MAX_REPLY_BYTES {
        return Err(format!("its reply has {} bytes; allowed are at most {MAX_REPLY_BYTES}", text.len()));
    }
    Ok(())
}

pub(crate) fn check_picture(picture: &Picture) -> Result<(), String> {
    picture.check().map_err(|(field, problem)| format!("its picture's {field} {problem}"))
}
