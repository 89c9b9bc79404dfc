//! A store around another one: it counts what is asked of it, and fails when it is told to.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use doorward::{AppId, Store, TenantId, UserId};
use doorward_engine::flow::Seen;
use doorward_engine::id::SessionKey;
use doorward_engine::session::record::{Row, Write};
use doorward_engine::time::Millis;
use doorward_service::store::{BoxFuture, NewKey, Selector, StoreError, StoreResult, StoredKeys, UserSelector};

/// Clones watch the same store.
#[derive(Clone)]
pub(crate) struct Watched(Arc<Inner>);

struct Inner {
    store: Arc<dyn Store>,
    fault: Mutex<Option<Fault>>,
    loads: AtomicU64,
    commits: AtomicU64,
    removals: AtomicU64,
    key_reads: AtomicU64,
}

/// What goes wrong, until [`Watched::heal`].
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// Nothing is done, and this is answered.
    Error(StoreError),
    /// Writes and removals happen, and the answer is lost.
    LostAnswer,
    /// Another writer is always first.
    Contention,
}

impl Watched {
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        Self(Arc::new(Inner {
            store,
            fault: Mutex::default(),
            loads: AtomicU64::new(0),
            commits: AtomicU64::new(0),
            removals: AtomicU64::new(0),
            key_reads: AtomicU64::new(0),
        }))
    }

    pub(crate) fn fail(&self, fault: Fault) {
        *self.0.fault.lock().unwrap() = Some(fault);
    }

    pub(crate) fn heal(&self) {
        *self.0.fault.lock().unwrap() = None;
    }

    /// Everything that was asked so far: loads, commits, removals and readings of the keys.
    pub(crate) fn calls(&self) -> u64 {
        let Inner { loads, commits, removals, key_reads, .. } = &*self.0;
        [loads, commits, removals, key_reads].iter().map(|count| count.load(Ordering::SeqCst)).sum()
    }

    pub(crate) fn commits(&self) -> u64 {
        self.0.commits.load(Ordering::SeqCst)
    }

    pub(crate) fn key_reads(&self) -> u64 {
        self.0.key_reads.load(Ordering::SeqCst)
    }

    /// The store itself: what is asked of it is neither counted nor failed.
    pub(crate) fn inner(&self) -> &dyn Store {
        &*self.0.store
    }

    /// The rows of a user, as they are stored.
    pub(crate) async fn rows(&self, user: &str) -> Vec<Row> {
        let user =
            UserSelector { app: AppId::default(), tenant: None, linked: false, user: UserId::parse(user).unwrap() };
        self.inner().list(user, None, 100).await.unwrap()
    }

    fn fault(&self) -> Option<Fault> {
        self.0.fault.lock().unwrap().clone()
    }

    fn refused(&self) -> StoreResult<()> {
        match self.fault() {
            Some(Fault::Error(error)) => Err(error),
            _ => Ok(()),
        }
    }

    fn acknowledged<T>(&self, value: T) -> StoreResult<T> {
        match self.fault() {
            Some(Fault::LostAnswer) => Err(StoreError::Unavailable("the answer was lost".into())),
            _ => Ok(value),
        }
    }
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::SeqCst);
}

impl Store for Watched {
    fn load<'a>(&'a self, key: &'a SessionKey) -> BoxFuture<'a, StoreResult<Option<Row>>> {
        Box::pin(async move {
            count(&self.0.loads);
            self.refused()?;
            self.inner().load(key).await
        })
    }

    fn commit(&self, write: Write) -> BoxFuture<'_, StoreResult<Seen>> {
        Box::pin(async move {
            count(&self.0.commits);
            self.refused()?;
            if matches!(self.fault(), Some(Fault::Contention)) {
                return Ok(Seen::Row(self.inner().load(write.key()).await?));
            }
            let seen = self.inner().commit(write).await?;
            self.acknowledged(seen)
        })
    }

    fn remove(&self, which: Selector) -> BoxFuture<'_, StoreResult<Vec<SessionKey>>> {
        Box::pin(async move {
            count(&self.0.removals);
            self.refused()?;
            let removed = self.inner().remove(which).await?;
            self.acknowledged(removed)
        })
    }

    fn list(&self, user: UserSelector, after: Option<SessionKey>, limit: u32) -> BoxFuture<'_, StoreResult<Vec<Row>>> {
        Box::pin(async move {
            count(&self.0.loads);
            self.refused()?;
            self.inner().list(user, after, limit).await
        })
    }

    fn keys(&self, app: AppId) -> BoxFuture<'_, StoreResult<StoredKeys>> {
        Box::pin(async move {
            count(&self.0.key_reads);
            self.refused()?;
            self.inner().keys(app).await
        })
    }

    fn add_key(&self, app: AppId, key: NewKey) -> BoxFuture<'_, StoreResult<StoredKeys>> {
        Box::pin(async move {
            self.refused()?;
            self.inner().add_key(app, key).await
        })
    }

    fn make_tenant(&self, app: AppId, tenant: TenantId, now: Millis) -> BoxFuture<'_, StoreResult<()>> {
        self.inner().make_tenant(app, tenant, now)
    }

    fn remove_keys(&self, app: AppId, created_before: Millis) -> BoxFuture<'_, StoreResult<u64>> {
        Box::pin(async move {
            self.refused()?;
            self.inner().remove_keys(app, created_before).await
        })
    }

    fn sweep(&self, expired_before: Millis, limit: u32) -> BoxFuture<'_, StoreResult<u64>> {
        Box::pin(async move {
            self.refused()?;
            self.inner().sweep(expired_before, limit).await
        })
    }

    fn close(&self) -> BoxFuture<'_, StoreResult<()>> {
        Box::pin(async move { self.inner().close().await })
    }
}
