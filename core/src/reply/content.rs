//! What may be sent: the bounds of texts and pictures.

use crate::reply_content::ReplyContent;
use crate::rule::Picture;

/// One reply in bytes, at most.
pub(crate) const MAX_REPLY_BYTES: usize = 20_000;
/// An item's id in bytes, at most.
pub(crate) const MAX_ITEM_ID_BYTES: usize = 255;
/// A picture's URL in bytes, at most.
pub(crate) const MAX_URL_BYTES: usize = 2_000;
/// A picture's width and height in pixels, at most.
pub(crate) const MAX_PICTURE_SIDE: u32 = 20_000;

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
    let Picture { url, width, height } = picture;
    if url.len() > MAX_URL_BYTES {
        return Err(format!("its picture's url has {} bytes; allowed are at most {MAX_URL_BYTES}", url.len()));
    }
    let after_scheme = ["https://", "http://"].iter().find_map(|scheme| {
        let (start, after) = url.split_at_checked(scheme.len())?;
        start.eq_ignore_ascii_case(scheme).then_some(after)
    });
    let names_a_host = after_scheme.is_some_and(|after| after.starts_with(|first: char| !"/?#:@".contains(first)));
    if !names_a_host || url.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err("its picture's url is none; it must begin with https:// or http:// and a host, without spaces".to_owned());
    }
    for (name, side) in [("width", *width), ("height", *height)] {
        if !(1..=MAX_PICTURE_SIDE).contains(&side) {
            return Err(format!("its picture's {name} is {side}; allowed is 1 … {MAX_PICTURE_SIDE}"));
        }
    }
    Ok(())
}
