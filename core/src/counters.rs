//! What an account has done, counted by its session and read by anybody.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::status::Counters;

/// Defines the counters once: as cells that are counted up, and as the value that is read.
macro_rules! counter_cells {
    ($($name:ident),+) => {
        #[derive(Default)]
        pub(crate) struct CounterCells { $(pub(crate) $name: CounterCell),+ }

        impl CounterCells {
            pub(crate) fn read(&self) -> Counters {
                Counters { $($name: self.$name.0.load(Ordering::Relaxed)),+ }
            }

            /// What was counted; it begins at 0 again.
            pub(crate) fn take(&self) -> Counters {
                Counters { $($name: self.$name.0.swap(0, Ordering::Relaxed)),+ }
            }
        }
    };
}

counter_cells!(
    received,
    duplicates,
    backfilled,
    replied,
    delivered,
    rejected,
    unknown,
    handler_failures,
    broken,
    connects,
    failures
);

#[derive(Default)]
pub(crate) struct CounterCell(AtomicU64);

impl CounterCell {
    pub(crate) fn add(&self, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }
}
