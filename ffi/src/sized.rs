//! Structs that may grow: the first field is the size that the caller's header gave them, so an old program and a new
//! library, or the other way round, agree on how much of it there is.

use std::mem::MaybeUninit;
use std::ptr::NonNull;

use crate::error::Failure;
use crate::pointer::{Given, Plain};

/// A struct whose first field is `size`. New fields are appended; nothing is ever moved or taken out.
///
/// # Safety
/// `repr(C)`, and the first field is a `usize`.
pub(crate) unsafe trait Growing: Plain {
    /// Its size in the first release.
    const LEAST: usize;
}

/// Reads a struct: fields that the caller's header does not know yet keep the value in `defaults`.
///
/// # Safety
/// `from` is null, or readable over the size that its first field tells, until the call is over.
pub(crate) unsafe fn read<T: Growing + Given>(from: *const T, defaults: T, argument: &'static str) -> Result<T, Failure> {
    let from = NonNull::new(from.cast_mut()).ok_or(Failure::NullPointer { argument })?;
    // SAFETY: `Growing`: the first field is its size.
    let size = unsafe { from.cast::<usize>().read() };
    // A field that this library does not know would be a setting silently ignored.
    check(size, T::LEAST, size_of::<T>(), argument)?;
    let mut value = defaults;
    // SAFETY: `size` bytes are readable, and no more than `value` has; `Given`: any bits are a value.
    unsafe { std::ptr::copy_nonoverlapping(from.as_ptr().cast::<u8>(), (&raw mut value).cast::<u8>(), size) };
    Ok(value)
}

/// `count` structs in a row: as the caller's compiler laid them out, each as far from the next as their common size says. Null is
/// none at all, which is not the same as a row of length 0.
///
/// # Safety
/// `first` is null, or `count` structs as for [`read`] in a row.
pub(crate) unsafe fn read_row<T: Growing + Given>(
    first: *const T,
    count: usize,
    defaults: T,
    argument: &'static str,
) -> Result<Option<Vec<T>>, Failure> {
    if first.is_null() {
        return if count == 0 { Ok(None) } else { Err(Failure::NullPointer { argument }) };
    }
    if count == 0 {
        return Ok(Some(Vec::new()));
    }
    // SAFETY: there is one; `Growing`: the first field is its size.
    let size = unsafe { first.cast::<usize>().read() };
    check(size, T::LEAST, size_of::<T>(), argument)?;
    if count > isize::MAX as usize / size {
        return Err(Failure::invalid(argument, format!("a count of {count} does not fit into memory")));
    }
    let one = |place: usize| {
        // SAFETY: the caller's promise, and the whole row fits into memory.
        let one = unsafe { first.byte_add(place * size) };
        // SAFETY: as above; its first field is read before more of it, and is held against that of the first.
        let own_size = unsafe { one.cast::<usize>().read() };
        check(own_size, size, size, argument)?;
        // SAFETY: as above.
        unsafe { read(one, defaults, argument) }
    };
    (0..count).map(one).collect::<Result<_, _>>().map(Some)
}

/// A struct of the caller's that a result goes to. Fields that the caller's header does not know are left out.
pub(crate) struct GrowingPlace<T: Growing> {
    place: NonNull<T>,
    size: usize,
}

impl<T: Growing> GrowingPlace<T> {
    /// # Safety
    /// `place` is null, or its first field tells its size, and it is writable by us alone over that size until the call is over.
    pub(crate) unsafe fn new(place: *mut T, argument: &'static str) -> Result<Self, Failure> {
        let place = NonNull::new(place).ok_or(Failure::NullPointer { argument })?;
        // SAFETY: `Growing`: the first field is its size.
        let size = unsafe { place.cast::<usize>().read() };
        // A program built for a newer library gets what this one knows; more than that is a size never set.
        check(size, T::LEAST, MOST, argument)?;
        Ok(Self { place, size: size.min(size_of::<T>()) })
    }

    /// For a result that the caller need not ask for.
    ///
    /// # Safety
    /// As for [`GrowingPlace::new`].
    pub(crate) unsafe fn optional(place: *mut T, argument: &'static str) -> Result<Option<Self>, Failure> {
        if place.is_null() {
            return Ok(None);
        }
        // SAFETY: the caller's promise.
        unsafe { Self::new(place, argument) }.map(Some)
    }

    /// For a struct that holds nothing yet: sets its size first.
    ///
    /// # Safety
    /// `place` is null, or writable by us alone over `size` bytes until the call is over.
    pub(crate) unsafe fn fresh(place: *mut T, size: usize, argument: &'static str) -> Result<Self, Failure> {
        check(size, T::LEAST, MOST, argument)?;
        if !place.is_null() {
            // SAFETY: the caller's promise; `Growing`: the first field is its size.
            unsafe { place.cast::<usize>().write(size) };
        }
        // SAFETY: the caller's promise, and its size is set.
        unsafe { Self::new(place, argument) }
    }

    /// Writes all but the size, which stays what the caller said.
    pub(crate) fn put(&self, value: T) {
        let value = MaybeUninit::new(value);
        let first = size_of::<usize>();
        // SAFETY: promised in `new`; both have `self.size` bytes, and what lies between fields is copied as bytes.
        unsafe {
            let from = value.as_ptr().cast::<MaybeUninit<u8>>().add(first);
            std::ptr::copy_nonoverlapping(from, self.place.as_ptr().cast::<MaybeUninit<u8>>().add(first), self.size - first);
        }
    }
}

/// No struct of a later version will be larger; a number above it is what lay in memory before.
const MOST: usize = 4096;

fn check(size: usize, least: usize, most: usize, argument: &'static str) -> Result<(), Failure> {
    if (least..=most).contains(&size) { Ok(()) } else { Err(Failure::WrongSize { argument, size, least, most }) }
}

#[cfg(test)]
mod tests {
    use super::{Growing, GrowingPlace, read, read_row};
    use crate::pointer::{Given, Plain};

    #[repr(C)]
    #[derive(Debug, Clone, Copy, PartialEq)]
    struct Sample {
        size: usize,
        old: u64,
        new: u64,
    }
    impl Plain for Sample {}
    // SAFETY: it has numbers only.
    unsafe impl Given for Sample {}
    // SAFETY: repr(C), and its first field is its size.
    unsafe impl Growing for Sample {
        const LEAST: usize = 16;
    }
    const DEFAULTS: Sample = Sample { size: 24, old: 1, new: 2 };

    fn read_with(size: usize) -> Option<Sample> {
        let given = Sample { size, old: 7, new: 7 };
        // SAFETY: `given` has more than the sizes that are not refused.
        unsafe { read(&raw const given, DEFAULTS, "sample") }.ok()
    }

    fn write_with(size: usize) -> Option<Sample> {
        let mut place = Sample { size, old: 0, new: 0 };
        // SAFETY: as above; what is written is bounded by the struct's own size.
        unsafe { GrowingPlace::new(&raw mut place, "sample") }.ok()?.put(DEFAULTS);
        Some(place)
    }

    #[test]
    fn what_an_old_program_does_not_know_has_its_default_and_what_is_newer_than_the_library_is_refused() {
        assert_eq!(read_with(16), Some(Sample { size: 16, old: 7, new: 2 }));
        assert_eq!(read_with(24), Some(Sample { size: 24, old: 7, new: 7 }));
        for size in [0, 8, 15, 25, usize::MAX] {
            assert_eq!(read_with(size), None, "{size}");
        }
    }

    #[test]
    fn a_row_is_read_in_steps_of_the_size_that_its_program_knows() {
        let old = [[16_usize, 3], [16, 4], [16, 5]];
        // SAFETY: as many of that size lie in a row.
        let read = |count| unsafe { read_row(old.as_ptr().cast::<Sample>(), count, DEFAULTS, "row") };
        let olds: Vec<_> = read(3).ok().flatten().unwrap().iter().map(|one| (one.size, one.old, one.new)).collect();
        assert_eq!(olds, [(16, 3, 2), (16, 4, 2), (16, 5, 2)]);
        assert_eq!(read(0).ok().flatten(), Some(vec![]));
        assert!(read(usize::MAX).is_err());
        let mixed = [[16_usize, 3], [24, 4]];
        // SAFETY: as above, but that the second's size is another: it is refused before more of it is read.
        assert!(unsafe { read_row(mixed.as_ptr().cast::<Sample>(), 2, DEFAULTS, "row") }.is_err());
        // SAFETY: null.
        let none = |count| unsafe { read_row(std::ptr::null::<Sample>(), count, DEFAULTS, "row") };
        assert_eq!(none(0).ok(), Some(None));
        assert!(none(1).is_err());
    }

    #[test]
    fn a_result_is_written_as_far_as_both_sides_know_it() {
        assert_eq!(write_with(16), Some(Sample { size: 16, old: 1, new: 0 }));
        assert_eq!(write_with(24), Some(Sample { size: 24, old: 1, new: 2 }));
        assert_eq!(write_with(32), Some(Sample { size: 32, old: 1, new: 2 }));
        for size in [0, 15, usize::MAX] {
            assert_eq!(write_with(size), None, "{size}");
        }
    }
}
