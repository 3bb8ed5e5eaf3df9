//! Strings: `lk_str` is lent for a call, `lk_string` and the lists are owned.

use std::ffi::{CStr, c_char};

use crate::error::Failure;
use crate::guard::guard_or;
use crate::pointer::{Given, Handle, Plain, end, look_if_any};

/// A `length` of `lk_str`: `data` ends with a NUL, and the library counts.
/// cbindgen:ignore (it is no plain number; cbindgen.toml has it)
pub const LK_NUL_TERMINATED: usize = usize::MAX;

/// A text that is lent: UTF-8, `length` bytes from `data` on.
///
/// Into the library: `length` may be `LK_NUL_TERMINATED`, and `lk_str_of` makes one of a C string; `data` NULL means that no
/// text is given. The library copies what it keeps, so the bytes may go when the call returns.
///
/// Out of the library: it belongs to what it was asked of, and is valid as long as that is; `length` does not count the NUL
/// that is always there after the last byte, so `data` is a C string.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct lk_str {
    /// The first byte; NULL: no text.
    pub data: *const c_char,
    /// Bytes, without a NUL at the end; or `LK_NUL_TERMINATED`.
    pub length: usize,
}

impl Plain for lk_str {}

// SAFETY: it has a length and a pointer only.
unsafe impl Given for lk_str {}

/// Whether there are so many bytes that no memory holds them; such a length would be undefined behaviour.
fn is_impossible(length: usize) -> bool {
    length > isize::MAX as usize
}

impl lk_str {
    pub(crate) const NONE: Self = Self { data: std::ptr::null(), length: 0 };
    pub(crate) const EMPTY: Self = Self { data: c"".as_ptr(), length: 0 };

    /// The text, which must be there.
    ///
    /// # Safety
    /// As for [`lk_str::optional`].
    pub(crate) unsafe fn required<'a>(self, argument: &'static str) -> Result<&'a str, Failure> {
        // SAFETY: the caller's promise.
        unsafe { self.optional(argument) }?.ok_or(Failure::NullPointer { argument })
    }

    /// The text, or `None` where `data` is null.
    ///
    /// # Safety
    /// `data` is null, or readable over `length` (or to its NUL), and nobody writes to it until the call is over.
    pub(crate) unsafe fn optional<'a>(self, argument: &'static str) -> Result<Option<&'a str>, Failure> {
        if self.data.is_null() {
            return Ok(None);
        }
        let bytes = if self.length == LK_NUL_TERMINATED {
            // SAFETY: the caller's promise: there is a NUL.
            unsafe { CStr::from_ptr(self.data) }.to_bytes()
        } else if is_impossible(self.length) {
            return Err(Failure::invalid(argument, format!("a length of {} does not fit into memory", self.length)));
        } else {
            // SAFETY: the caller's promise; the length was checked.
            unsafe { std::slice::from_raw_parts(self.data.cast::<u8>(), self.length) }
        };
        let text = std::str::from_utf8(bytes);
        text.map(Some).map_err(|error| Failure::NotUtf8 { argument, place: error.valid_up_to() })
    }
}

/// A text with a NUL after it, which `lk_str` lends.
pub(crate) struct Text(String);

impl Text {
    pub(crate) fn new(mut text: String) -> Self {
        text.push('\0');
        Self(text)
    }

    pub(crate) fn lend(&self) -> lk_str {
        lk_str { data: self.0.as_ptr().cast(), length: self.0.len() - 1 }
    }
}

/// A text that is yours. End it with `lk_string_free`.
pub struct lk_string(Text);

impl Handle for lk_string {}

impl lk_string {
    pub(crate) fn new(text: String) -> Self {
        Self(Text::new(text))
    }
}

/// A list of texts that is yours. End it with `lk_string_list_free`.
pub struct lk_string_list(Vec<Text>);

impl Handle for lk_string_list {}

impl lk_string_list {
    pub(crate) fn new(texts: Vec<String>) -> Self {
        Self(texts.into_iter().map(Text::new).collect())
    }
}

/// The C string `nul_terminated` as a text for a call; of NULL, no text.
///
/// Nothing is copied: the text is valid as long as the C string is. Any thread. Does not block.
#[unsafe(no_mangle)]
pub extern "C" fn lk_str_of(nul_terminated: *const c_char) -> lk_str {
    lk_str { data: nul_terminated, length: LK_NUL_TERMINATED }
}

/// Looks into a text. Of NULL: no text, `data` is NULL.
///
/// What it gives belongs to `string`. Any thread. Does not block.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_string_view(string: *const lk_string) -> lk_str {
    let string = look_if_any(string);
    guard_or(lk_str::NONE, || string.map_or(lk_str::NONE, |string| string.0.lend()))
}

/// Ends a text. NULL is fine. Any thread. Does not block.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_string_free(string: *mut lk_string) {
    end(string);
}

/// How many texts a list has; 0 of NULL.
///
/// Any thread. Does not block.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_string_list_count(list: *const lk_string_list) -> usize {
    let list = look_if_any(list);
    guard_or(0, || list.map_or(0, |list| list.0.len()))
}

/// The text at `index`, counted from 0. Beyond the end: no text, `data` is NULL.
///
/// What it gives belongs to `list`. Any thread. Does not block.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_string_list_get(list: *const lk_string_list, index: usize) -> lk_str {
    let list = look_if_any(list);
    guard_or(lk_str::NONE, || list.as_ref().and_then(|list| list.0.get(index)).map_or(lk_str::NONE, Text::lend))
}

/// Ends a list and its texts. NULL is fine. Any thread. Does not block.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_string_list_free(list: *mut lk_string_list) {
    end(list);
}
