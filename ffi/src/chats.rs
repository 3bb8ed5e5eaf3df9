//! Chats that a person has taken over, or that the host has paused.

use livekeeper::PausedChat;

use crate::accounts::account;
use crate::error::{Failure, lk_status};
use crate::guard::{guard, guard_or};
use crate::manager::lk_manager;
use crate::pointer::{Handle, Place, Plain, end, give, look, look_if_any};
use crate::sized::{Growing, GrowingPlace};
use crate::text::{Text, lk_str};

/// Answers nothing in a chat for a while, from now on; what came in meanwhile stays unanswered. Remembered over a restart of the
/// process. A chat in which the seller writes by hand is paused by itself, for the minutes of `lk_manager_set_pause_duration`.
/// `lk_manager_send_text` goes out all the same.
///
/// - `chat_id`: the chat, without "@goofish".
/// - `minutes`: 1 to 525,600, from now on.
///
/// Any thread. Blocks until it is on disk. Errors: `LK_STATUS_INVALID_ARGUMENT`, `LK_STATUS_ACCOUNT_NOT_FOUND`,
/// `LK_STATUS_STORE_FAILED`, `LK_STATUS_CLOSED`, `LK_STATUS_FORKED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_manager_pause_chat(
    manager: *const lk_manager,
    cookie_id: lk_str,
    chat_id: lk_str,
    minutes: u32,
) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers and texts.
        let ((manager, cookie_id), chat_id) = unsafe { (account(manager, cookie_id)?, chat_id.required("chat_id")?) };
        Ok(manager.pause_chat(cookie_id, chat_id, minutes).wait()?)
    })
}

/// Lets a paused chat be answered again, from the next message on. Resuming one that is not paused is fine.
///
/// Any thread. Blocks until it is on disk. Errors: `LK_STATUS_INVALID_ARGUMENT`, `LK_STATUS_ACCOUNT_NOT_FOUND`,
/// `LK_STATUS_STORE_FAILED`, `LK_STATUS_CLOSED`, `LK_STATUS_FORKED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_manager_resume_chat(manager: *const lk_manager, cookie_id: lk_str, chat_id: lk_str) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers and texts.
        let ((manager, cookie_id), chat_id) = unsafe { (account(manager, cookie_id)?, chat_id.required("chat_id")?) };
        Ok(manager.resume_chat(cookie_id, chat_id).wait()?)
    })
}

/// Sets for how long a chat is left to a person who has written in it by hand. Remembered over a restart of the process.
///
/// - `minutes`: 0 to 525,600; 0: not at all; a new account has 10.
///
/// Any thread. Blocks until it is on disk. Errors: `LK_STATUS_INVALID_ARGUMENT`, `LK_STATUS_ACCOUNT_NOT_FOUND`,
/// `LK_STATUS_STORE_FAILED`, `LK_STATUS_CLOSED`, `LK_STATUS_FORKED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_manager_set_pause_duration(manager: *const lk_manager, cookie_id: lk_str, minutes: u32) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers and texts.
        let (manager, cookie_id) = unsafe { account(manager, cookie_id) }?;
        Ok(manager.set_pause_duration(cookie_id, minutes).wait()?)
    })
}

/// A chat in which nothing is answered for now. Begin with `LK_PAUSED_CHAT_INIT`. Its text belongs to the list.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct lk_paused_chat {
    /// `sizeof(lk_paused_chat)`, set by the init macro.
    pub size: usize,
    /// The chat.
    pub chat_id: lk_str,
    /// Until when: milliseconds since 1970 UTC.
    pub paused_until_ms: i64,
}

impl Plain for lk_paused_chat {}

// SAFETY: repr(C), and its first field is its size.
unsafe impl Growing for lk_paused_chat {
    const LEAST: usize = std::mem::offset_of!(Self, paused_until_ms) + size_of::<i64>();
}

/// A list of paused chats that is yours. End it with `lk_paused_chat_list_free`.
pub struct lk_paused_chat_list(Vec<(Text, i64)>);

impl Handle for lk_paused_chat_list {}

impl lk_paused_chat_list {
    fn new(chats: Vec<PausedChat>) -> Self {
        Self(chats.into_iter().map(|chat| (Text::new(chat.chat_id), chat.paused_until_ms)).collect())
    }
}

/// The account's chats that are paused now, in the order of their ids.
///
/// - `list`: where the list goes, yours to end with `lk_paused_chat_list_free`; NULL is put there on failure.
///
/// Any thread. Blocks while they are read from the store. Errors: `LK_STATUS_ACCOUNT_NOT_FOUND`, `LK_STATUS_STORE_FAILED`,
/// `LK_STATUS_CLOSED`, `LK_STATUS_FORKED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_manager_paused_chats(
    manager: *const lk_manager,
    cookie_id: lk_str,
    list: *mut *mut lk_paused_chat_list,
) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers and texts.
        let (place, (manager, cookie_id)) = unsafe { (Place::new(list, "list")?.emptied(), account(manager, cookie_id)?) };
        place.put(give(lk_paused_chat_list::new(manager.paused_chats(cookie_id).wait()?)));
        Ok(())
    })
}

/// How many chats a list has; 0 of NULL.
///
/// Any thread. Does not block.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_paused_chat_list_count(list: *const lk_paused_chat_list) -> usize {
    let list = look_if_any(list);
    guard_or(0, || list.map_or(0, |list| list.0.len()))
}

/// One of them.
///
/// - `index`: from 0, below the list's count.
/// - `chat`: where it goes; its `size` must be set.
///
/// Any thread. Does not block. Errors: `LK_STATUS_INVALID_ARGUMENT` beyond the end, `LK_STATUS_WRONG_SIZE`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_paused_chat_list_get(
    list: *const lk_paused_chat_list,
    index: usize,
    chat: *mut lk_paused_chat,
) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers.
        let (list, place) = unsafe { (look(list, "list")?, GrowingPlace::new(chat, "chat")?) };
        let beyond = || Failure::invalid("index", format!("is {index}, the list has {} chats", list.0.len()));
        let (chat_id, paused_until_ms) = list.0.get(index).ok_or_else(beyond)?;
        place.put(lk_paused_chat { size: size_of::<lk_paused_chat>(), chat_id: chat_id.lend(), paused_until_ms: *paused_until_ms });
        Ok(())
    })
}

/// Ends a list of chats and its texts. NULL is fine. Any thread. Does not block.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_paused_chat_list_free(list: *mut lk_paused_chat_list) {
    end(list);
}
