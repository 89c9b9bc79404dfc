//! What callers hand to the store's threads: jobs, in bounded queues.

use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use doorward_service::store::{StoreError, StoreResult};
use tokio::sync::oneshot;

use super::db::Db;
use super::error::Fault;

/// Something to do on a connection, and somebody who waits for the answer.
pub(super) trait Job: Send {
    /// Whether somebody still waits. A job that nobody waits for and that wasn't begun is left out.
    fn is_wanted(&self) -> bool;

    /// Does it, and keeps the answer. It may be done again after a rollback.
    fn run(&mut self, db: &Db) -> Result<(), Fault>;

    /// Hands the answer, or the error in its place, to the one who waits.
    fn finish(self: Box<Self>, outcome: StoreResult<()>);
}

struct Call<T, F> {
    run: F,
    answer: Option<T>,
    reply: oneshot::Sender<StoreResult<T>>,
}

impl<T, F> Job for Call<T, F>
where
    T: Send,
    F: FnMut(&Db) -> Result<T, Fault> + Send,
{
    fn is_wanted(&self) -> bool {
        !self.reply.is_closed()
    }

    fn run(&mut self, db: &Db) -> Result<(), Fault> {
        self.answer = None;
        self.answer = Some((self.run)(db)?);
        Ok(())
    }

    fn finish(self: Box<Self>, outcome: StoreResult<()>) {
        let Self { answer, reply, .. } = *self;
        let answer = outcome.and_then(|()| answer.ok_or_else(thread_ended));
        // Who doesn't wait any more doesn't get it.
        let _ = reply.send(answer);
    }
}

fn thread_ended() -> StoreError {
    StoreError::Unavailable("a thread of the SQLite store has ended".to_owned())
}

/// Jobs for the writer, or for the readers.
pub(super) struct Queue {
    // INVARIANT: nothing under the lock can fail half-way, so a poisoned one is as good as a sound one.
    state: Mutex<State>,
    changed: Condvar,
    length: usize,
    refused: AtomicU64,
}

struct State {
    jobs: VecDeque<Box<dyn Job>>,
    closed: bool,
}

impl Queue {
    pub(super) fn new(length: usize) -> Self {
        let state = State { jobs: VecDeque::with_capacity(length.min(1024)), closed: false };
        Self { state: Mutex::new(state), changed: Condvar::new(), length, refused: AtomicU64::new(0) }
    }

    /// Queues a call at once, or refuses it; then waits for its answer.
    pub(super) async fn call<T, F>(&self, run: F) -> StoreResult<T>
    where
        T: Send + 'static,
        F: FnMut(&Db) -> Result<T, Fault> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        self.push(Box::new(Call { run, answer: None, reply }))?;
        answer.await.unwrap_or_else(|_| Err(thread_ended()))
    }

    fn push(&self, job: Box<dyn Job>) -> StoreResult<()> {
        let mut state = self.lock();
        if state.closed {
            return Err(StoreError::Closed);
        }
        if state.jobs.len() >= self.length {
            self.refused.fetch_add(1, Ordering::Relaxed);
            return Err(StoreError::Unavailable("its queue is full".to_owned()));
        }
        state.jobs.push_back(job);
        drop(state);
        self.changed.notify_one();
        Ok(())
    }

    /// Waits for jobs and moves at most `limit` of them into `batch`; `false` when the queue is closed and empty.
    pub(super) fn take(&self, limit: usize, batch: &mut Vec<Box<dyn Job>>) -> bool {
        let mut state = self.lock();
        while state.jobs.is_empty() {
            if state.closed {
                return false;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let count = state.jobs.len().min(limit);
        batch.extend(state.jobs.drain(..count));
        true
    }

    /// Moves at most `limit` of the jobs that are there by now into `batch`, and doesn't wait for any.
    pub(super) fn take_more(&self, limit: usize, batch: &mut Vec<Box<dyn Job>>) {
        let mut state = self.lock();
        let count = state.jobs.len().min(limit);
        batch.extend(state.jobs.drain(..count));
    }

    /// Refuses further jobs. What is queued will still be done.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    /// Refuses further jobs and drops those that are queued: nobody will do them.
    pub(super) fn abandon(&self) {
        let mut state = self.lock();
        state.closed = true;
        let jobs = std::mem::take(&mut state.jobs);
        drop(state);
        drop(jobs);
    }

    /// How many jobs were refused because the queue was full.
    pub(super) fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue").field("length", &self.length).finish_non_exhaustive()
    }
}
