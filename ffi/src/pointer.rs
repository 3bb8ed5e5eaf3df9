//! What a pointer of C may be: each type of the interface is tagged once with who owns it, so that a wrong use, such as
//! freeing what is only lent, does not compile.

use std::ptr::NonNull;
use std::sync::Arc;

use crate::error::Failure;
use crate::guard::guard;
use crate::table;

/// An opaque type: given out as a handle of the table, read through shared references by several threads at once, and ended once,
/// by its `_free`.
pub(crate) trait Handle: Send + Sync + 'static {}

/// A struct of plain fields that lies in C's memory: written as a whole, never kept, never freed.
pub(crate) trait Plain: Copy {}

/// One that is read, too: whatever C has put there.
///
/// # Safety
/// Any bits are a value of it: it has numbers and pointers, no enum and no `bool`.
pub(crate) unsafe trait Given: Plain {}

impl Plain for bool {}
impl Plain for i32 {}
impl Plain for usize {}
impl Plain for u8 {}

// SAFETY: it is a number.
unsafe impl Given for u8 {}
impl<T: Handle> Plain for *mut T {}

/// What a handle stands for. Whoever has it keeps it, also when another thread frees the handle meanwhile.
pub(crate) fn look<T: Handle>(handle: *const T, argument: &'static str) -> Result<Arc<T>, Failure> {
    if handle.is_null() {
        return Err(Failure::NullPointer { argument });
    }
    table::find(handle.addr()).ok_or_else(|| Failure::InvalidHandle { argument, kind: kind::<T>() })
}

/// The same where null is as good as a thing with nothing in it, in a function that has no way to tell of a failure: one that is
/// no handle is left as this thread's last error.
pub(crate) fn look_if_any<T: Handle>(handle: *const T) -> Option<Arc<T>> {
    if handle.is_null() {
        return None;
    }
    look(handle, "argument").map_err(|failure| guard(|| Err(failure))).ok()
}

/// Hands a value over to C, which must give it back to [`end`]. NULL where the table is full, which takes 4,294,967,296 of them.
pub(crate) fn give<T: Handle>(value: T) -> *mut T {
    share(Arc::new(value))
}

/// The same for one that the library goes on using.
pub(crate) fn share<T: Handle>(value: Arc<T>) -> *mut T {
    std::ptr::without_provenance_mut(table::put(value).unwrap_or_default())
}

/// Takes back what [`give`] gave, and drops it when no call uses it any more; nothing for null. The whole of every `_free`. One
/// that is no handle (any more) is left alone, and as this thread's last error.
pub(crate) fn end<T: Handle>(handle: *mut T) {
    if handle.is_null() {
        return;
    }
    guard(|| {
        let value = table::take::<T>(handle.addr());
        value.map(drop).ok_or_else(|| Failure::InvalidHandle { argument: "argument", kind: kind::<T>() })
    });
}

/// A handle that C is only lent: it ends with this.
pub(crate) struct Lent<T: Handle>(*mut T);

// SAFETY: the pointer is a number, and what it stands for is `Send` and `Sync`.
unsafe impl<T: Handle> Send for Lent<T> {}
// SAFETY: as above.
unsafe impl<T: Handle> Sync for Lent<T> {}

impl<T: Handle> Lent<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(give(value))
    }

    pub(crate) fn shared(value: Arc<T>) -> Self {
        Self(share(value))
    }

    pub(crate) fn handle(&self) -> *mut T {
        self.0
    }

    /// It is C's to end from now on.
    pub(crate) fn leave(self) {
        std::mem::forget(self);
    }
}

impl<T: Handle> Drop for Lent<T> {
    fn drop(&mut self) {
        // C may have freed what was not its own to free: that is its affair, and harmless.
        drop(table::take::<T>(self.0.addr()));
    }
}

/// The type's name in C, which is that in Rust.
fn kind<T>() -> &'static str {
    std::any::type_name::<T>().rsplit("::").next().unwrap_or_default()
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
