//! The table of handles. What C holds is the number of a place in it and that place's generation, dressed up as a pointer that
//! nobody ever follows: so a handle that was freed, is of another type or never existed is told from a good one, and a call that
//! is under way while another thread frees its handle keeps what it uses.
//!
//! This is the one table that outlives a call without hanging on a manager: C has nothing but the number to find a thing by. It
//! holds no setting and no behaviour, only who owns what.
//!
//! Looking something up takes no lock. Neither do giving and taking back in a fork: there, a thread of the parent may have held
//! one when it forked, and nobody would ever let go of it.

use std::any::Any;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use arc_swap::ArcSwapOption;

/// A thing that C holds, and the one handle that it is held by.
struct Entry {
    handle: usize,
    value: Arc<dyn Any + Send + Sync>,
}

type Place = ArcSwapOption<Entry>;

/// Half of a handle is the place, the other half its generation: 4,294,967,296 things at the same time on 64-bit machines,
/// 65,536 on 32-bit ones.
const PLACE_BITS: u32 = usize::BITS / 2;
const MOST_PLACES: usize = 1 << PLACE_BITS;
const LAST_GENERATION: usize = usize::MAX >> PLACE_BITS;
/// Places in the first row; each further row has twice as many, and none ever moves.
const FIRST_ROW: usize = 64;
const ROWS: usize = (MOST_PLACES / FIRST_ROW).ilog2() as usize + 1;

static TABLE: Table = Table::new();

struct Table {
    rows: [OnceLock<Box<[Place]>>; ROWS],
    /// Places from here on were never used.
    unused: AtomicUsize,
    freed: ArcSwapOption<Freed>,
}

/// Places to use again, each with its next generation: as this process knows them. A fork begins with none of its parent's.
struct Freed {
    pid: u32,
    places: Mutex<Vec<(usize, usize)>>,
}

impl Freed {
    fn lock(&self) -> MutexGuard<'_, Vec<(usize, usize)>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Puts a thing into the table; `None` where it is full.
pub(crate) fn put(value: Arc<dyn Any + Send + Sync>) -> Option<usize> {
    TABLE.put(value)
}

/// What a handle stands for; `None` if it was freed, is no handle, or is one of another type.
pub(crate) fn find<T: Send + Sync + 'static>(handle: usize) -> Option<Arc<T>> {
    let place = TABLE.place(handle % MOST_PLACES)?;
    let entry = place.load();
    let entry = entry.as_deref().filter(|entry| entry.handle == handle)?;
    Arc::clone(&entry.value).downcast().ok()
}

/// Takes a thing out of the table: the handle stands for nothing from now on. Of two threads that take the same, one gets it.
pub(crate) fn take<T: Send + Sync + 'static>(handle: usize) -> Option<Arc<T>> {
    let number = handle % MOST_PLACES;
    let place = TABLE.place(number)?;
    let entry = place.load_full().filter(|entry| entry.handle == handle && entry.value.is::<T>())?;
    let before = place.compare_and_swap(&entry, None);
    if !before.as_ref().is_some_and(|before| Arc::ptr_eq(before, &entry)) {
        return None;
    }
    let generation = handle >> PLACE_BITS;
    // A place whose generations have run out is never used again, so that no handle ever comes twice.
    if generation < LAST_GENERATION {
        TABLE.freed().lock().push((number, generation + 1));
    }
    Arc::clone(&entry.value).downcast().ok()
}

impl Table {
    const fn new() -> Self {
        Self { rows: [const { OnceLock::new() }; ROWS], unused: AtomicUsize::new(0), freed: ArcSwapOption::const_empty() }
    }

    fn put(&self, value: Arc<dyn Any + Send + Sync>) -> Option<usize> {
        let freed = self.freed().lock().pop();
        // The first generation is 1, so that no handle is NULL.
        let (number, generation) = freed.unwrap_or_else(|| (self.unused.fetch_add(1, Ordering::Relaxed), 1));
        if number >= MOST_PLACES {
            return None;
        }
        let (row, _) = row_of(number);
        self.rows[row].get_or_init(|| (0..FIRST_ROW << row).map(|_| Place::empty()).collect());
        let handle = generation << PLACE_BITS | number;
        self.place(number)?.store(Some(Arc::new(Entry { handle, value })));
        Some(handle)
    }

    fn place(&self, number: usize) -> Option<&Place> {
        let (row, within) = row_of(number);
        self.rows.get(row)?.get()?.get(within)
    }

    fn freed(&self) -> Arc<Freed> {
        let pid = std::process::id();
        let now = self.freed.load_full();
        if let Some(freed) = now.as_ref().filter(|freed| freed.pid == pid) {
            return Arc::clone(freed);
        }
        let new = Arc::new(Freed { pid, places: Mutex::default() });
        let before = self.freed.compare_and_swap(&now, Some(Arc::clone(&new)));
        // Another thread may have been first; its list is the one then.
        before.as_ref().filter(|freed| freed.pid == pid).map_or(new, Arc::clone)
    }
}

/// Which row a place is in, and where in it: row 0 has the first 64, row 1 the next 128, and so on.
fn row_of(number: usize) -> (usize, usize) {
    let row = (number / FIRST_ROW + 1).ilog2() as usize;
    (row, number - FIRST_ROW * ((1 << row) - 1))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, Barrier};

    use super::{FIRST_ROW, MOST_PLACES, PLACE_BITS, ROWS, find, put, row_of, take};

    #[test]
    fn every_place_is_in_a_row_of_its_own_and_in_order() {
        let expected = [(0, (0, 0)), (63, (0, 63)), (64, (1, 0)), (191, (1, 127)), (192, (2, 0)), (447, (2, 255)), (448, (3, 0))];
        for (number, place) in expected {
            assert_eq!(row_of(number), place, "{number}");
        }
        let (row, within) = row_of(MOST_PLACES - 1);
        assert!(row < ROWS && within < FIRST_ROW << row);
    }

    #[test]
    fn a_handle_that_was_freed_stays_so_however_often_its_place_is_used_again() {
        let old = put(Arc::new(7_u32)).unwrap();
        assert_eq!(take::<u32>(old).as_deref(), Some(&7));
        let newer: Vec<_> = (0..1_000_u32).map(|number| put(Arc::new(number)).unwrap()).collect();
        assert_eq!((find::<u32>(old), take::<u32>(old)), (None, None));
        for (number, handle) in newer.iter().enumerate() {
            assert_eq!(find::<u32>(*handle).map(|found| *found as usize), Some(number));
            assert!(*handle != old && take::<u32>(*handle).is_some());
        }
    }

    #[test]
    fn what_is_no_handle_or_of_another_type_is_found_by_nobody() {
        let handle = put(Arc::new(7_u32)).unwrap();
        let strangers = [0, 1, usize::MAX, handle + (1 << PLACE_BITS), &raw const handle as usize];
        for stranger in strangers {
            assert!(find::<u32>(stranger).is_none() && take::<u32>(stranger).is_none(), "{stranger:x}");
        }
        assert!(find::<u64>(handle).is_none() && take::<u64>(handle).is_none());
        assert!(take::<u32>(handle).is_some());
    }

    #[test]
    fn of_many_threads_that_free_the_same_handle_one_gets_it_and_who_uses_it_meanwhile_keeps_it() {
        struct Counted(Arc<AtomicUsize>);
        impl Drop for Counted {
            fn drop(&mut self) {
                self.0.fetch_add(1, Ordering::SeqCst);
            }
        }
        let ended = Arc::new(AtomicUsize::new(0));
        for round in 1..=200 {
            let handle = put(Arc::new(Counted(Arc::clone(&ended)))).unwrap();
            let used = find::<Counted>(handle).unwrap();
            let (taken, start) = (AtomicUsize::new(0), Barrier::new(4));
            std::thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(|| {
                        start.wait();
                        drop(find::<Counted>(handle));
                        taken.fetch_add(take::<Counted>(handle).iter().count(), Ordering::SeqCst);
                    });
                }
            });
            assert_eq!((taken.load(Ordering::SeqCst), ended.load(Ordering::SeqCst)), (1, round - 1));
            drop(used);
            assert_eq!(ended.load(Ordering::SeqCst), round);
        }
    }
}
