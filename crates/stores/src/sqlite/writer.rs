//! The one writer: what is queued shares a transaction (group commit).
//!
//! INVARIANT: nobody gets an answer before the transaction that it rests on is committed, "no such row" included.

use doorward_service::store::StoreError;

use super::db::Db;
use super::error::Fault;
use super::queue::{Job, Queue};
use super::stats::Counters;

/// Does what is queued until the queue is closed and empty.
pub(super) fn run(db: &Db, queue: &Queue, batch_limit: usize, counters: &Counters) {
    let mut batch = Vec::with_capacity(batch_limit);
    while queue.take(batch_limit, &mut batch) {
        batch.retain(|job| job.is_wanted());
        // What is queued while the batch runs joins it: those whom the last commit answered come back in that time, and
        // would otherwise take turns with the others, half of them in each commit.
        let more = |batch: &mut Vec<Box<dyn Job>>| queue.take_more(batch_limit.saturating_sub(batch.len()), batch);
        match transact(db, &mut batch, more, counters) {
            // One job of several failed: each gets a transaction of its own, so that it fails alone. It costs a sync
            // for each, but only when something is wrong; a savepoint for each would cost in every good batch, and
            // wouldn't help when SQLite itself ends the transaction, as on a full disk.
            Err(Failure::Job(_)) if batch.len() > 1 => {
                let mut jobs = batch.drain(..);
                while let Some(job) = jobs.next() {
                    let mut answered = vec![job];
                    let outcome = transact(db, &mut answered, |_| {}, counters);
                    if let Err(Failure::Transaction(_)) = outcome {
                        answered.extend(jobs.by_ref());
                    }
                    finish(answered, outcome, counters);
                }
            }
            outcome => finish(batch.drain(..), outcome, counters),
        }
    }
}

enum Failure {
    /// A job failed. Its transaction was rolled back.
    Job(Fault),
    /// The transaction could not begin or end. Nothing of it is kept.
    Transaction(Fault),
}

/// Does all jobs in one transaction, and those that `more` adds meanwhile. After an error nothing of it is kept.
fn transact(
    db: &Db,
    batch: &mut Vec<Box<dyn Job>>,
    more: impl Fn(&mut Vec<Box<dyn Job>>),
    counters: &Counters,
) -> Result<(), Failure> {
    if batch.is_empty() {
        return Ok(());
    }
    let outcome = attempt(db, batch, more);
    let statements = db.take_statements();
    match &outcome {
        Ok(()) => counters.committed(statements, batch.len()),
        // SQLite ends a transaction by itself after some errors; if this fails too, the next one says why.
        Err(_) if !db.connection().is_autocommit() => drop(db.control("ROLLBACK")),
        Err(_) => {}
    }
    outcome
}

fn attempt(db: &Db, batch: &mut Vec<Box<dyn Job>>, more: impl Fn(&mut Vec<Box<dyn Job>>)) -> Result<(), Failure> {
    db.control("BEGIN IMMEDIATE").map_err(Failure::Transaction)?;
    let mut done = 0;
    while done < batch.len() {
        batch.iter_mut().skip(done).try_for_each(|job| job.run(db)).map_err(Failure::Job)?;
        done = batch.len();
        more(batch);
    }
    db.control("COMMIT").map_err(Failure::Transaction)
}

fn finish(
    jobs: impl IntoIterator<Item = Box<dyn Job>, IntoIter: ExactSizeIterator>,
    outcome: Result<(), Failure>,
    counters: &Counters,
) {
    let jobs = jobs.into_iter();
    let outcome = outcome.map_err(|failure| match failure {
        Failure::Job(fault) | Failure::Transaction(fault) => StoreError::from(fault),
    });
    if let Err(error) = &outcome {
        counters.failed(jobs.len());
        tracing::warn!(
            name: "doorward.store.write_failed",
            target: "doorward",
            code = error.code(),
            %error,
            writes = jobs.len(),
        );
    }
    jobs.for_each(|job| job.finish(outcome.clone()));
}
