//! How many requests an app had, minute by minute, for the last day (`spec/modern-core.md` 2.6). In memory only.

use std::sync::{Mutex, PoisonError};

use doorward_engine::time::Millis;
use doorward_wire::cdi::request_stats::Rates;

/// Minutes that are kept.
const MINUTES: u64 = 24 * 60;

const SECONDS: u64 = 60;

/// Counts the requests of an app.
#[derive(Debug, Default)]
pub(crate) struct RequestCounts(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    /// The second that is counted, since the epoch, and the requests in it.
    second: u64,
    in_second: u32,
    /// Of the minute of that second, up to the second before.
    running: Minute,
    /// The minutes before it, each at its number modulo [`MINUTES`]. Empty until the first one ended.
    ended: Vec<Option<(u64, Minute)>>,
}

/// The requests of one minute.
#[derive(Clone, Copy, Debug, Default)]
struct Minute {
    all: u32,
    /// The most in one of its seconds.
    peak: u32,
}

impl RequestCounts {
    /// Counts a request.
    pub(crate) fn add(&self, now: Millis) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.turn_to(now.as_secs());
        counts.in_second = counts.in_second.saturating_add(1);
    }

    /// Says what the minutes before this one had.
    pub(crate) fn rates(&self, now: Millis) -> Rates {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.turn_to(now.as_secs());
        let at_minute = now.as_secs() / SECONDS;
        let minutes: Vec<_> =
            (at_minute.saturating_sub(MINUTES)..at_minute).map(|minute| counts.ended(minute)).collect();
        Rates {
            at_minute,
            average: minutes.iter().map(|minute| Some(f64::from((*minute)?.all) / f64::from(SECONDS as u32))).collect(),
            peak: minutes.iter().map(|minute| Some((*minute)?.peak)).collect(),
        }
    }
}

impl Counts {
    fn turn_to(&mut self, second: u64) {
        if second == self.second {
            return;
        }
        self.running.all = self.running.all.saturating_add(self.in_second);
        self.running.peak = self.running.peak.max(self.in_second);
        self.in_second = 0;
        let minute = self.second / SECONDS;
        if minute != second / SECONDS {
            let ended = std::mem::take(&mut self.running);
            if ended.all > 0 {
                self.ended.resize(MINUTES as usize, None);
                if let Some(place) = self.ended.get_mut(place_of(minute)) {
                    *place = Some((minute, ended));
                }
            }
        }
        self.second = second;
    }

    fn ended(&self, minute: u64) -> Option<Minute> {
        let (number, counted) = self.ended.get(place_of(minute)).copied().flatten()?;
        (number == minute).then_some(counted)
    }
}

const fn place_of(minute: u64) -> usize {
    (minute % MINUTES) as usize
}
