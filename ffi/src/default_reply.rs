//! What is answered where nothing else has a word.

use livekeeper::{DefaultReply, Picture, ReplyContent};

use crate::accounts::account;
use crate::error::{Failure, lk_status};
use crate::guard::guard;
use crate::manager::lk_manager;
use crate::pointer::{Given, Handle, Place, Plain, end, give, look};
use crate::sized::{Growing, GrowingPlace, read};
use crate::text::{Text, lk_str};

/// What is said to buyers' messages on which neither a rule nor the reply handler has a word. Begin with `LK_DEFAULT_REPLY_INIT`.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct lk_default_reply {
    /// `sizeof(lk_default_reply)`, set by the init macro.
    pub size: usize,
    /// The text to send, at most 20,000 bytes, with the variables of a rule's reply; no text is an empty one. Empty, and no picture:
    /// nothing is said, for an item, say, whose account has another.
    pub text: lk_str,
    /// The `https` or `http` URL of a picture that the site already has, sent after the text; no text: no picture.
    pub picture_url: lk_str,
    /// The picture's width in pixels, 1 to 20,000.
    pub picture_width: u32,
    /// The picture's height in pixels, 1 to 20,000.
    pub picture_height: u32,
    /// 1: it is said once in each chat, for as long as the chat's messages are kept; 0: to every message.
    pub once_per_chat: u32,
}

impl Plain for lk_default_reply {}

// SAFETY: it has lengths, numbers and pointers only.
unsafe impl Given for lk_default_reply {}

// SAFETY: repr(C), and its first field is its size.
unsafe impl Growing for lk_default_reply {
    const LEAST: usize = std::mem::offset_of!(Self, once_per_chat) + size_of::<u32>();
}

impl lk_default_reply {
    const NONE: Self = Self {
        size: size_of::<Self>(),
        text: lk_str::NONE,
        picture_url: lk_str::NONE,
        picture_width: 0,
        picture_height: 0,
        once_per_chat: 0,
    };

    /// # Safety
    /// As for [`lk_str::optional`], for its texts.
    unsafe fn read(&self) -> Result<DefaultReply, Failure> {
        // SAFETY: the caller's promise.
        let (text, url) = unsafe { (self.text.optional("text")?, self.picture_url.optional("picture_url")?) };
        let mut content = ReplyContent::text(text.unwrap_or_default());
        content.picture = url.map(|url| Picture::new(url, self.picture_width, self.picture_height));
        let reply = DefaultReply::new(content);
        match self.once_per_chat {
            0 => Ok(reply),
            1 => Ok(reply.once_per_chat()),
            other => Err(Failure::invalid("once_per_chat", format!("is {other}, allowed are 0 and 1"))),
        }
    }
}

/// A default reply that was asked for, which is yours. End it with `lk_stored_reply_free`.
pub struct lk_stored_reply {
    text: Text,
    picture: Option<(Text, u32, u32)>,
    once_per_chat: bool,
}

impl Handle for lk_stored_reply {}

impl lk_stored_reply {
    fn new(reply: DefaultReply) -> Self {
        Self {
            text: Text::new(reply.content.text),
            picture: reply.content.picture.map(|picture| (Text::new(picture.url), picture.width, picture.height)),
            once_per_chat: reply.once_per_chat,
        }
    }

    fn lend(&self) -> lk_default_reply {
        let picture = self.picture.as_ref();
        lk_default_reply {
            text: self.text.lend(),
            picture_url: picture.map_or(lk_str::NONE, |picture| picture.0.lend()),
            picture_width: picture.map_or(0, |picture| picture.1),
            picture_height: picture.map_or(0, |picture| picture.2),
            once_per_chat: self.once_per_chat.into(),
            ..lk_default_reply::NONE
        }
    }
}

/// Sets what is said to buyers' messages on which neither a rule nor the reply handler has a word, from the next message on, in the
/// place of the earlier one. Remembered over a restart of the process.
///
/// - `item_id`: the item for whose messages it is said in the place of the account's, 1 to 255 bytes; no text: the account's.
/// - `reply`: the reply; NULL takes it away.
///
/// Any thread. Blocks until it is on disk. Errors: `LK_STATUS_INVALID_ARGUMENT`, `LK_STATUS_WRONG_SIZE`,
/// `LK_STATUS_ACCOUNT_NOT_FOUND`, `LK_STATUS_AT_CAPACITY` (10,000 items have one), `LK_STATUS_STORE_FAILED`, `LK_STATUS_CLOSED`,
/// `LK_STATUS_FORKED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_manager_set_default_reply(
    manager: *const lk_manager,
    cookie_id: lk_str,
    item_id: lk_str,
    reply: *const lk_default_reply,
) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers and texts.
        let ((manager, cookie_id), item_id) = unsafe { (account(manager, cookie_id)?, item_id.optional("item_id")?) };
        let reply = if reply.is_null() {
            None
        } else {
            // SAFETY: the header's contract on structs and texts.
            Some(unsafe { read(reply, lk_default_reply::NONE, "reply")?.read()? })
        };
        Ok(manager.set_default_reply(cookie_id, reply, item_id).wait()?)
    })
}

/// The account's default reply, or the item's own.
///
/// - `item_id`: the item; no text: the account's.
/// - `reply`: where it goes, yours to end with `lk_stored_reply_free`; NULL is put there where there is none, and on failure.
///
/// Any thread. Does not block. Errors: `LK_STATUS_INVALID_ARGUMENT`, `LK_STATUS_ACCOUNT_NOT_FOUND`, `LK_STATUS_CLOSED`,
/// `LK_STATUS_FORKED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_manager_get_default_reply(
    manager: *const lk_manager,
    cookie_id: lk_str,
    item_id: lk_str,
    reply: *mut *mut lk_stored_reply,
) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers and texts.
        let (place, (manager, cookie_id)) = unsafe { (Place::new(reply, "reply")?.emptied(), account(manager, cookie_id)?) };
        // SAFETY: as above.
        let item_id = unsafe { item_id.optional("item_id") }?;
        if let Some(reply) = manager.get_default_reply(cookie_id, item_id)? {
            place.put(give(lk_stored_reply::new(reply)));
        }
        Ok(())
    })
}

/// What a default reply says. The texts belong to `stored`; a text that is empty is there.
///
/// - `reply`: where it goes; its `size` must be set.
///
/// Any thread. Does not block. Errors: `LK_STATUS_WRONG_SIZE`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_stored_reply_view(stored: *const lk_stored_reply, reply: *mut lk_default_reply) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers.
        let (stored, place) = unsafe { (look(stored, "stored")?, GrowingPlace::new(reply, "reply")?) };
        place.put(stored.lend());
        Ok(())
    })
}

/// Ends a default reply that was asked for, and its texts. NULL is fine. Any thread. Does not block.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_stored_reply_free(stored: *mut lk_stored_reply) {
    end(stored);
}
