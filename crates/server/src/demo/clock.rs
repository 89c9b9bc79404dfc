//! The demo's clock: the machine's, and so far ahead as the button "expire" put it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use doorward::{Clock, Millis, SystemClock};

/// A clock that can be put ahead. Clones are the same clock.
#[derive(Clone, Debug, Default)]
pub(crate) struct DemoClock(Arc<AtomicU64>);

impl DemoClock {
    /// Puts the clock ahead for everybody.
    pub(crate) fn step(&self, by: Duration) {
        let by = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        self.0.fetch_add(by, Ordering::SeqCst);
    }
}

impl Clock for DemoClock {
    fn now(&self) -> Millis {
        Millis::saturating(SystemClock.now().as_u64().saturating_add(self.0.load(Ordering::SeqCst)))
    }
}
