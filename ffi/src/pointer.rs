//! What a pointer of C may be: each type of the interface is tagged once with who owns it, so that a wrong use, such as
//! freeing what is only lent, does not compile.

use std::ptr::NonNull;

use crate::error::Failure;
use crate::guard::guard_or;

/// An opaque type: given out on the heap, read through shared references (by several threads at once, hence `Sync`), and ended
/// once, by its `_free`.
pub(crate) trait Handle: Sync {}

/// A struct of plain fields that lies in C's memory: written as a whole, never kept, never freed.
pub(crate) trait Plain: Copy {}

/// One that is read, too: whatever C has put there.
///
/// # Safety
/// Any bits are a value of it: it has numbers and pointers, no enum and no `bool`.
pub(crate) unsafe trait Given: Plain {}

impl Plain for bool {}
impl Plain for usize {}
impl Plain for u8 {}

// SAFETY: it is a number.
unsafe impl Given for u8 {}
impl<T: Handle> Plain for *mut T {}

/// Looks at what a handle points at.
///
/// # Safety
/// `handle` is null, or came from [`give`] and is not freed before the reference is gone.
pub(crate) unsafe fn look<'a, T: Handle>(handle: *const T, argument: &'static str) -> Result<&'a T, Failure> {
    // SAFETY: the caller's promise.
    unsafe { look_if_any(handle) }.ok_or(Failure::NullPointer { argument })
}

/// The same where null is as good as a thing with nothing in it.
///
/// # Safety
/// As for [`look`].
pub(crate) unsafe fn look_if_any<'a, T: Handle>(handle: *const T) -> Option<&'a T> {
    // SAFETY: the caller's promise; what `give` gave is aligned, and never borrowed mutably.
    unsafe { handle.as_ref() }
}

/// Hands a value over to C, which must give it back to [`end`].
pub(crate) fn give<T: Handle>(value: T) -> *mut T {
    give_boxed(Box::new(value))
}

/// The same for one that lies on the heap already.
pub(crate) fn give_boxed<T: Handle>(value: Box<T>) -> *mut T {
    Box::into_raw(value)
}

/// Takes back what [`give`] gave, and drops it; nothing for null. The whole of every `_free`.
///
/// # Safety
/// `handle` is null, or came from [`give`] and is used by nobody any more.
pub(crate) unsafe fn end<T: Handle>(handle: *mut T) {
    if handle.is_null() {
        return;
    }
    // SAFETY: the caller's promise: it is a box that nobody else holds.
    let value = unsafe { Box::from_raw(handle) };
    guard_or((), || drop(value));
}

/// A place of C's where a result goes. It is only ever written: what is there before need not be a value.
pub(crate) struct Place<T: Plain>(NonNull<T>);

impl<T: Plain> Place<T> {
    /// # Safety
    /// `place` is null, or aligned and writable by us alone until the call is over.
    pub(crate) unsafe fn new(place: *mut T, argument: &'static str) -> Result<Self, Failure> {
        // SAFETY: as above.
        unsafe { Self::optional(place) }.ok_or(Failure::NullPointer { argument })
    }

    /// For a result that C need not ask for.
    ///
    /// # Safety
    /// As for [`Place::new`].
    pub(crate) unsafe fn optional(place: *mut T) -> Option<Self> {
        NonNull::new(place).map(Self)
    }

    pub(crate) fn put(&self, value: T) {
        // SAFETY: promised in `new`.
        unsafe { self.0.write(value) }
    }
}

impl<T: Handle> Place<*mut T> {
    /// NULL first, so that a call that fails leaves nothing behind that could be freed.
    pub(crate) fn emptied(self) -> Self {
        self.put(std::ptr::null_mut());
        self
    }
}

/// `count` structs in a row. Null is none at all, which is not the same as a row of length 0.
///
/// # Safety
/// `first` is null, or `count` aligned values that nobody writes to until the call is over.
pub(crate) unsafe fn row<'a, T: Given>(first: *const T, count: usize, argument: &'static str) -> Result<Option<&'a [T]>, Failure> {
    if first.is_null() {
        return if count == 0 { Ok(None) } else { Err(Failure::NullPointer { argument }) };
    }
    if count > isize::MAX as usize / size_of::<T>().max(1) {
        return Err(Failure::invalid(argument, format!("a count of {count} does not fit into memory")));
    }
    // SAFETY: the caller's promise; the length was checked.
    Ok(Some(unsafe { std::slice::from_raw_parts(first, count) }))
}

#[cfg(test)]
mod tests {
    use super::row;
    use crate::keywords::lk_keyword;

    #[test]
    fn no_row_and_an_empty_row_are_two_things() {
        let first = std::ptr::NonNull::<lk_keyword>::dangling().as_ptr();
        // SAFETY: null, or a row of length 0, or refused for its count.
        unsafe {
            assert!(row::<lk_keyword>(std::ptr::null(), 0, "keywords").unwrap().is_none());
            assert!(row(first, 0, "keywords").unwrap().unwrap().is_empty());
            assert!(row::<lk_keyword>(std::ptr::null(), 1, "keywords").is_err());
            assert!(row(first, usize::MAX, "keywords").is_err());
        }
    }
}
