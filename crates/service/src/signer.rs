//! Threads that sign and make keys.
//!
//! An RS256 signature takes a third of a millisecond of a core, which is more than everything else in a request
//! together. It is done on threads of its own, at most as many as there are cores, with a bounded queue: so signing
//! never holds a lock or a transaction, and never blocks an async worker. On Linux these threads also stand back where
//! the cores are busy, because what is cheap would otherwise wait for its turn behind signatures.

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use doorward_engine::token::jws::Unsigned;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::error::ServiceError;

/// Signatures that may be promised. At 3,000 a second and core this is a third of a second of work on two.
const SLOTS: usize = 2048;

/// How far the threads stand back (`nice`): with 5 they keep a quarter of a core that somebody else wants as well.
#[cfg(target_os = "linux")]
const NICE: i32 = 5;

type Job = Box<dyn FnOnce() + Send>;

/// A small pool of threads. Dropping it ends them once their queue is empty.
#[derive(Debug)]
pub struct Signer {
    jobs: SyncSender<Job>,
    slots: Arc<Semaphore>,
}

/// A place in the queue, taken before anything is written: what was committed can be signed.
#[derive(Debug)]
pub struct Slot {
    _permit: OwnedSemaphorePermit,
}

impl Signer {
    /// Starts as many threads as there are cores, at most eight.
    pub fn start() -> Result<Self, ServiceError> {
        let (jobs, queue) = sync_channel::<Job>(SLOTS);
        let queue = Arc::new(Mutex::new(queue));
        for number in 0..thread::available_parallelism().map_or(2, usize::from).min(8) {
            let queue = Arc::clone(&queue);
            let spawned = thread::Builder::new().name(format!("doorward-sign-{number}")).spawn(move || work(&queue));
            // One thread is enough to go on with.
            if spawned.is_err() && number == 0 {
                return Err(ServiceError::Overloaded);
            }
        }
        Ok(Self { jobs, slots: Arc::new(Semaphore::new(SLOTS)) })
    }

    /// Takes a place in the queue; [`ServiceError::Overloaded`] if there is none. Dropping it gives it back.
    pub fn reserve(&self) -> Result<Slot, ServiceError> {
        Arc::clone(&self.slots)
            .try_acquire_owned()
            .map(|permit| Slot { _permit: permit })
            .map_err(|_| ServiceError::Overloaded)
    }

    /// Runs a job on one of the threads.
    pub async fn run<T: Send + 'static>(
        &self,
        slot: Slot,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, ServiceError> {
        let (done, result) = oneshot::channel();
        let job: Job = Box::new(move || {
            let made = job();
            drop(slot);
            // Nobody waits any more if the request was dropped.
            let _ = done.send(made);
        });
        // INVARIANT: there are as many slots as the queue has places, so a job with a slot finds it not full.
        self.jobs.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => ServiceError::Overloaded,
            TrySendError::Disconnected(_) => ServiceError::Closed,
        })?;
        result.await.map_err(|_| ServiceError::Closed)
    }

    /// Signs a token: at once if that is cheap, else on one of the threads.
    pub async fn sign(&self, slot: Slot, unsigned: Unsigned) -> Result<String, ServiceError> {
        if unsigned.is_cheap() {
            return Ok(unsigned.sign()?);
        }
        Ok(self.run(slot, move || unsigned.sign()).await??)
    }
}

fn work(queue: &Mutex<Receiver<Job>>) {
    // On Linux this is the thread's own; elsewhere it would be the whole process'. Where it is refused, nothing is lost.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::nice(NICE);
    loop {
        let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match job {
            Ok(job) => job(),
            Err(_) => return,
        }
    }
}
