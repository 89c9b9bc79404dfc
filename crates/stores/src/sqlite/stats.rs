//! What the store did so far, for an operator's metrics.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts since the store was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Reads that were answered.
    pub reads: u64,
    /// Writes that were answered, those that lost their precondition too.
    pub writes: u64,
    /// Transactions that were committed: many writes share one under load.
    pub commits: u64,
    /// The most writes that shared one.
    pub largest_batch: u64,
    /// SQL statements, without those that begin and end transactions.
    pub statements: u64,
    /// Reads and writes that ended in an error.
    pub failed: u64,
    /// Calls that were refused because a queue was full.
    pub refused: u64,
}

#[derive(Debug, Default)]
pub(super) struct Counters {
    reads: AtomicU64,
    writes: AtomicU64,
    commits: AtomicU64,
    largest_batch: AtomicU64,
    statements: AtomicU64,
    failed: AtomicU64,
}

// INVARIANT: the counts order nothing, so relaxed is enough.
impl Counters {
    pub(super) fn read(&self, statements: u64, ok: bool) {
        self.statements.fetch_add(statements, Ordering::Relaxed);
        if ok { &self.reads } else { &self.failed }.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn committed(&self, statements: u64, writes: usize) {
        let writes = u64::try_from(writes).unwrap_or(u64::MAX);
        self.statements.fetch_add(statements, Ordering::Relaxed);
        self.commits.fetch_add(1, Ordering::Relaxed);
        self.writes.fetch_add(writes, Ordering::Relaxed);
        self.largest_batch.fetch_max(writes, Ordering::Relaxed);
    }

    pub(super) fn failed(&self, writes: usize) {
        self.failed.fetch_add(u64::try_from(writes).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    pub(super) fn snapshot(&self, refused: u64) -> Stats {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Stats {
            reads: load(&self.reads),
            writes: load(&self.writes),
            commits: load(&self.commits),
            largest_batch: load(&self.largest_batch),
            statements: load(&self.statements),
            failed: load(&self.failed),
            refused,
        }
    }
}
