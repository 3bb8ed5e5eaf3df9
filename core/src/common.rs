//! What the accounts of a manager have in common.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

use rand::SeedableRng;
use rand::rngs::StdRng;

use crate::clock::Clock;
use crate::config::Config;
use crate::counters::CounterCells;
use crate::event::EventBus;
use crate::status::Counters;

/// Shared by every account's cell and by the supervisor.
pub(crate) struct Common {
    pub(crate) config: Arc<Config>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) events: Arc<EventBus>,
    /// What accounts have counted that are gone; held while one goes, so that nothing is counted twice or not at all.
    retired: Mutex<Counters>,
    /// Where the accounts' randomness comes from; a simulation gives its own, and can be replayed.
    seed: u64,
}

impl Common {
    pub(crate) fn new(config: Arc<Config>, clock: Arc<dyn Clock>, seed: u64) -> Arc<Self> {
        let events = EventBus::new(config.event_queue);
        Arc::new(Self { config, clock, events, retired: Mutex::default(), seed })
    }

    /// An account's own randomness, for the time that it asks `draw`. Made anew each time: a generator that is kept is 320
    /// bytes an account.
    pub(crate) fn random(&self, cookie_id: &str, draw: u64) -> StdRng {
        let mut hasher = DefaultHasher::new();
        (self.seed, cookie_id, draw).hash(&mut hasher);
        StdRng::seed_from_u64(hasher.finish())
    }

    /// Takes over what an account has counted: it begins at 0 again.
    pub(crate) fn absorb(&self, counters: &CounterCells) {
        self.absorb_with(counters, || ());
    }

    /// The same, and `leave` at the same moment for whoever counts.
    pub(crate) fn absorb_with(&self, counters: &CounterCells, leave: impl FnOnce()) {
        let mut retired = self.retired.lock().unwrap_or_else(PoisonError::into_inner);
        retired.add(&counters.take());
        leave();
    }

    /// Counts on from what was taken over.
    pub(crate) fn with_absorbed<T>(&self, count: impl FnOnce(Counters) -> T) -> T {
        count(*self.retired.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
impl Common {
    pub(crate) fn for_tests() -> Arc<Self> {
        Self::new(Arc::default(), Arc::new(crate::clock::SystemClock::new()), 0)
    }
}
