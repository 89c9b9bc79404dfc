//! Where a connection stands, seen from outside of what reads and writes it.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering};

/// What a connection is waiting for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// For its client to begin a request, or to take the last answer.
    Idle,
    /// For the rest of a request's head.
    Head,
    /// For an answer of ours, or for a body, which has a clock of its own.
    Busy,
}

/// Shared by the two ends of one connection. All of it happens in one task, so no order is needed between the parts.
#[derive(Debug, Default)]
pub(super) struct Pace {
    phase: AtomicU8,
    answered: AtomicU32,
    is_refused: AtomicBool,
}

impl Pace {
    pub(super) fn phase(&self) -> Phase {
        match self.phase.load(Ordering::Relaxed) {
            0 => Phase::Idle,
            1 => Phase::Head,
            _ => Phase::Busy,
        }
    }

    /// How many requests were answered, until it begins anew.
    pub(super) fn answered(&self) -> u32 {
        self.answered.load(Ordering::Relaxed)
    }

    /// Bytes came.
    pub(super) fn received(&self) {
        if self.phase() == Phase::Idle {
            self.phase.store(1, Ordering::Relaxed);
        }
    }

    /// A request's head is whole.
    pub(super) fn begin(&self) {
        self.phase.store(2, Ordering::Relaxed);
    }

    /// A request is answered.
    pub(super) fn end(&self) {
        self.phase.store(0, Ordering::Relaxed);
        self.answered.fetch_add(1, Ordering::Relaxed);
    }

    /// The connection ends with a refusal, perhaps while its client is still sending.
    pub(super) fn refuse(&self) {
        self.is_refused.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_refused(&self) -> bool {
        self.is_refused.load(Ordering::Relaxed)
    }
}
