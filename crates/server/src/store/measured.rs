//! A store whose calls are counted and timed.

use std::sync::Arc;
use std::time::Instant;

use doorward_engine::flow::Seen;
use doorward_engine::id::{AppId, SessionKey, TenantId, UserId};
use doorward_engine::session::record::{Row, Write};
use doorward_engine::time::Millis;
use doorward_service::directory::{Directory, StoredTenant};
use doorward_service::store::{BoxFuture, Lacks, NewKey, Selector, Store, StoreResult, StoredKeys, UserSelector};

use crate::metrics::Metrics;

/// Another store, with its calls in the metrics.
pub(crate) struct Measured {
    inner: Arc<dyn Directory>,
    metrics: Arc<Metrics>,
}

impl Measured {
    pub(crate) fn new(inner: Arc<dyn Directory>, metrics: Arc<Metrics>) -> Self {
        Self { inner, metrics }
    }

    fn timed<'a, T: Send + 'a>(
        &'a self,
        operation: &'static str,
        call: BoxFuture<'a, StoreResult<T>>,
    ) -> BoxFuture<'a, StoreResult<T>> {
        Box::pin(async move {
            let started = Instant::now();
            let outcome = call.await;
            self.metrics.store_call(operation, started.elapsed(), outcome.is_ok());
            outcome
        })
    }
}

impl Store for Measured {
    fn load<'a>(&'a self, key: &'a SessionKey) -> BoxFuture<'a, StoreResult<Option<Row>>> {
        self.timed("load", self.inner.load(key))
    }

    fn read<'a>(&'a self, key: &'a SessionKey) -> BoxFuture<'a, StoreResult<Option<Row>>> {
        self.timed("load", self.inner.read(key))
    }

    fn commit(&self, write: Write) -> BoxFuture<'_, StoreResult<Seen>> {
        self.timed("commit", self.inner.commit(write))
    }

    fn remove(&self, which: Selector) -> BoxFuture<'_, StoreResult<Vec<SessionKey>>> {
        self.timed("remove", self.inner.remove(which))
    }

    fn list(&self, user: UserSelector, after: Option<SessionKey>, limit: u32) -> BoxFuture<'_, StoreResult<Vec<Row>>> {
        self.timed("list", self.inner.list(user, after, limit))
    }

    fn keys(&self, app: AppId) -> BoxFuture<'_, StoreResult<StoredKeys>> {
        self.timed("keys", self.inner.keys(app))
    }

    fn add_key(&self, app: AppId, key: NewKey) -> BoxFuture<'_, StoreResult<StoredKeys>> {
        self.timed("add_key", self.inner.add_key(app, key))
    }

    fn make_tenant(&self, app: AppId, tenant: TenantId, now: Millis) -> BoxFuture<'_, StoreResult<()>> {
        self.timed("make_tenant", self.inner.make_tenant(app, tenant, now))
    }

    fn remove_keys(&self, app: AppId, created_before: Millis) -> BoxFuture<'_, StoreResult<u64>> {
        self.timed("remove_keys", self.inner.remove_keys(app, created_before))
    }

    fn sweep(&self, expired_before: Millis, limit: u32) -> BoxFuture<'_, StoreResult<u64>> {
        self.timed("sweep", self.inner.sweep(expired_before, limit))
    }

    fn lacks(&self) -> Lacks {
        self.inner.lacks()
    }

    fn close(&self) -> BoxFuture<'_, StoreResult<()>> {
        self.inner.close()
    }
}

impl Directory for Measured {
    fn tenants(&self) -> BoxFuture<'_, StoreResult<Vec<StoredTenant>>> {
        self.timed("tenants", self.inner.tenants())
    }

    fn put_tenant(&self, tenant: StoredTenant, now: Millis) -> BoxFuture<'_, StoreResult<bool>> {
        self.timed("put_tenant", self.inner.put_tenant(tenant, now))
    }

    fn remove_tenant(&self, app: AppId, tenant: TenantId) -> BoxFuture<'_, StoreResult<bool>> {
        self.timed("remove_tenant", self.inner.remove_tenant(app, tenant))
    }

    fn remove_app(&self, app: AppId) -> BoxFuture<'_, StoreResult<bool>> {
        self.timed("remove_app", self.inner.remove_app(app))
    }

    fn value(&self, app: AppId, tenant: TenantId, name: &'static str) -> BoxFuture<'_, StoreResult<Option<String>>> {
        self.timed("value", self.inner.value(app, tenant, name))
    }

    fn put_value(
        &self,
        app: AppId,
        tenant: TenantId,
        name: &'static str,
        value: String,
        now: Millis,
    ) -> BoxFuture<'_, StoreResult<()>> {
        self.timed("put_value", self.inner.put_value(app, tenant, name, value, now))
    }

    fn mark_active(&self, app: AppId, user: UserId, now: Millis) -> BoxFuture<'_, StoreResult<()>> {
        self.timed("mark_active", self.inner.mark_active(app, user, now))
    }

    fn count_active(&self, app: AppId, since: Millis) -> BoxFuture<'_, StoreResult<u64>> {
        self.timed("count_active", self.inner.count_active(app, since))
    }

    fn count_sessions(&self, now: Millis) -> BoxFuture<'_, StoreResult<u64>> {
        self.inner.count_sessions(now)
    }

    fn ping(&self) -> BoxFuture<'_, StoreResult<()>> {
        self.timed("ping", self.inner.ping())
    }
}
