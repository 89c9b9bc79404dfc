//! A store whose calls take their time, fail before they did anything, or fail after they did it.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use doorward_engine::flow::Seen;
use doorward_engine::id::{AppId, SessionKey, TenantId};
use doorward_engine::session::record::{Row, Write};
use doorward_engine::time::Millis;
use doorward_service::memory::Memory;
use doorward_service::store::{BoxFuture, NewKey, Selector, Store, StoreError, StoreResult, StoredKeys, UserSelector};

use crate::fakes::Dice;

/// The memory store, with faults that the dice decide.
#[derive(Debug)]
pub struct Faulty {
    /// What is really stored.
    pub inner: Memory,
    dice: Mutex<Dice>,
    once_in: AtomicUsize,
}

impl Faulty {
    /// Makes an empty store without faults.
    pub fn new(seed: u64) -> Arc<Self> {
        Arc::new(Self { inner: Memory::new(), dice: Mutex::new(Dice::new(seed)), once_in: AtomicUsize::new(0) })
    }

    /// From now on one call in so many fails before it did anything, and as many after; 0 is none.
    pub fn fail_once_in(&self, calls: usize) {
        self.once_in.store(calls, Ordering::Relaxed);
    }

    fn roll(&self, sides: usize) -> usize {
        self.dice.lock().unwrap_or_else(PoisonError::into_inner).below(sides)
    }

    fn fault(&self, words: &str) -> StoreResult<()> {
        match self.once_in.load(Ordering::Relaxed) {
            0 => Ok(()),
            calls if self.roll(calls) == 0 => Err(StoreError::Unavailable(words.into())),
            _ => Ok(()),
        }
    }

    async fn pause(&self) {
        for _ in 0..self.roll(4) {
            GoOn::default().await;
        }
    }

    async fn shaken<T>(&self, call: impl Future<Output = StoreResult<T>>) -> StoreResult<T> {
        self.pause().await;
        self.fault("nothing was done")?;
        let answer = call.await?;
        self.pause().await;
        // The acknowledgement is lost.
        self.fault("it was done")?;
        Ok(answer)
    }
}

/// Lets others go first, once.
#[derive(Default)]
struct GoOn(bool);

impl Future for GoOn {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.0 {
            return Poll::Ready(());
        }
        self.0 = true;
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Store for Faulty {
    fn load<'a>(&'a self, key: &'a SessionKey) -> BoxFuture<'a, StoreResult<Option<Row>>> {
        Box::pin(self.shaken(self.inner.load(key)))
    }

    fn commit(&self, write: Write) -> BoxFuture<'_, StoreResult<Seen>> {
        Box::pin(self.shaken(self.inner.commit(write)))
    }

    fn remove(&self, which: Selector) -> BoxFuture<'_, StoreResult<Vec<SessionKey>>> {
        Box::pin(self.shaken(self.inner.remove(which)))
    }

    fn list(&self, user: UserSelector, after: Option<SessionKey>, limit: u32) -> BoxFuture<'_, StoreResult<Vec<Row>>> {
        Box::pin(self.shaken(self.inner.list(user, after, limit)))
    }

    fn keys(&self, app: AppId) -> BoxFuture<'_, StoreResult<StoredKeys>> {
        Box::pin(self.shaken(self.inner.keys(app)))
    }

    fn add_key(&self, app: AppId, key: NewKey) -> BoxFuture<'_, StoreResult<StoredKeys>> {
        Box::pin(self.shaken(self.inner.add_key(app, key)))
    }

    fn make_tenant(&self, app: AppId, tenant: TenantId, now: Millis) -> BoxFuture<'_, StoreResult<()>> {
        Box::pin(self.shaken(self.inner.make_tenant(app, tenant, now)))
    }

    fn remove_keys(&self, app: AppId, created_before: Millis) -> BoxFuture<'_, StoreResult<u64>> {
        Box::pin(self.shaken(self.inner.remove_keys(app, created_before)))
    }

    fn sweep(&self, expired_before: Millis, limit: u32) -> BoxFuture<'_, StoreResult<u64>> {
        Box::pin(self.shaken(self.inner.sweep(expired_before, limit)))
    }

    fn close(&self) -> BoxFuture<'_, StoreResult<()>> {
        Box::pin(self.shaken(self.inner.close()))
    }
}
