//! Runs futures one poll at a time, in an order that the dice decide.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use doorward_engine::crypto::KeyError;
use doorward_engine::secret::Secret;
use doorward_service::env::KeyMaker;

use crate::fakes::{Dice, SeededKeys};

/// Polls tasks until all are done or were dropped.
pub struct Executor {
    tasks: Vec<Task>,
    keys: Arc<GatedKeys>,
}

struct Task {
    future: Pin<Box<dyn Future<Output = ()>>>,
    woken: Arc<Woken>,
    /// The service that it runs on: it dies with it.
    service: usize,
}

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Release);
    }
}

impl Executor {
    /// Makes one. The services that its tasks use make their keys with these.
    pub fn new(keys: Arc<GatedKeys>) -> Self {
        Self { tasks: Vec::new(), keys }
    }

    /// Adds a task.
    pub fn spawn(&mut self, service: usize, future: impl Future<Output = ()> + 'static) {
        let woken = Arc::new(Woken(AtomicBool::new(true)));
        self.tasks.push(Task { future: Box::pin(future), woken, service });
    }

    /// How many tasks are not done.
    pub fn len(&self) -> usize {
        self.tasks.len()
    }

    /// Whether all tasks are done.
    pub fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    /// Polls one task that can go on.
    ///
    /// # Panics
    ///
    /// If tasks are left and none can go on: somebody kept a lock.
    pub fn poll_one(&mut self, dice: &mut Dice) {
        let ready: Vec<usize> =
            (0..self.tasks.len()).filter(|at| self.tasks[*at].woken.0.load(Ordering::Acquire)).collect();
        assert!(!ready.is_empty(), "{} tasks wait for each other", self.tasks.len());
        let at = ready[dice.below(ready.len())];
        let task = &mut self.tasks[at];
        if poll(task.future.as_mut(), &task.woken, &self.keys).is_ready() {
            self.tasks.swap_remove(at);
        }
    }

    /// Drops a task where it stands.
    pub fn drop_one(&mut self, dice: &mut Dice) {
        let at = dice.below(self.tasks.len());
        if at < self.tasks.len() {
            self.tasks.swap_remove(at);
        }
    }

    /// Drops all tasks of a service.
    pub fn drop_service(&mut self, service: usize) {
        self.tasks.retain(|task| task.service != service);
    }
}

/// Runs one future alone, to its end.
pub fn run_alone<T>(keys: &Arc<GatedKeys>, future: impl Future<Output = T>) -> T {
    let mut future = Box::pin(future);
    let woken = Arc::new(Woken(AtomicBool::new(true)));
    loop {
        assert!(woken.0.load(Ordering::Acquire), "a future that runs alone waits for another");
        if let Poll::Ready(done) = poll(future.as_mut(), &woken, keys) {
            return done;
        }
    }
}

fn poll<F: Future + ?Sized>(future: Pin<&mut F>, woken: &Arc<Woken>, keys: &Arc<GatedKeys>) -> Poll<F::Output> {
    woken.0.store(false, Ordering::Release);
    let users = Arc::strong_count(keys);
    let polled = future.poll(&mut Context::from_waker(&Waker::from(Arc::clone(woken))));
    // A key is made on a thread of the service, by a job that holds the key maker; the gate keeps it there. Now it may
    // be done, and nothing else goes on before it is: so the threads decide nothing.
    if polled.is_pending() && Arc::strong_count(keys) > users {
        keys.open();
        while !woken.0.load(Ordering::Acquire) {
            std::thread::yield_now();
        }
    }
    polled
}

/// Makes keys from a seed, one each time that the gate is opened.
#[derive(Debug)]
pub struct GatedKeys {
    keys: SeededKeys,
    open: Mutex<bool>,
    changed: Condvar,
}

impl GatedKeys {
    /// Makes one, with its gate closed.
    pub fn new(seed: u64) -> Self {
        Self { keys: SeededKeys::new(seed), open: Mutex::new(false), changed: Condvar::new() }
    }

    fn open(&self) {
        *self.open.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }

    /// Waits for the gate, and closes it behind itself.
    fn wait(&self) {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let mut open = self.changed.wait_while(open, |open| !*open).unwrap_or_else(PoisonError::into_inner);
        *open = false;
    }
}

impl KeyMaker for GatedKeys {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), KeyError> {
        self.keys.fill(bytes)
    }

    fn signing_key(&self) -> Result<Secret, KeyError> {
        self.wait();
        self.keys.signing_key()
    }

    fn two_signing_keys(&self) -> Result<(Secret, Secret), KeyError> {
        self.wait();
        self.keys.two_signing_keys()
    }

    fn refresh_key(&self) -> Result<Secret, KeyError> {
        self.keys.refresh_key()
    }
}
