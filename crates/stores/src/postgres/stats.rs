//! What the store did so far, for an operator's metrics.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts since the store was opened, and how its connections stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Reads that were answered.
    pub reads: u64,
    /// Writes that were answered, those that lost their precondition too.
    pub writes: u64,
    /// SQL statements, without those that begin and end transactions, and without what a new connection needs.
    pub statements: u64,
    /// Reads and writes that ended in an error.
    pub failed: u64,
    /// Attempts that met a conflict with another writer and were made again.
    pub conflicts: u64,
    /// Attempts whose connection was lost, made again or not.
    pub lost: u64,
    /// Calls that were refused because too many were under way.
    pub refused: u64,
    /// Connections that are open now.
    pub connections: u64,
    /// Those of them that nobody uses.
    pub idle: u64,
    /// Calls that wait for a connection now.
    pub waiting: u64,
}

#[derive(Debug, Default)]
pub(super) struct Counters {
    reads: AtomicU64,
    writes: AtomicU64,
    statements: AtomicU64,
    failed: AtomicU64,
    conflicts: AtomicU64,
    lost: AtomicU64,
    refused: AtomicU64,
}

// INVARIANT: the counts order nothing, so relaxed is enough.
impl Counters {
    pub(super) fn statement(&self) {
        self.statements.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn answered(&self, writes: bool) {
        if writes { &self.writes } else { &self.reads }.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn failed(&self) {
        self.failed.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn conflict(&self) {
        self.conflicts.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn lost(&self) {
        self.lost.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn snapshot(&self) -> Stats {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Stats {
            reads: load(&self.reads),
            writes: load(&self.writes),
            statements: load(&self.statements),
            failed: load(&self.failed),
            conflicts: load(&self.conflicts),
            lost: load(&self.lost),
            refused: load(&self.refused),
            ..Stats::default()
        }
    }
}
