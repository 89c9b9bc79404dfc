//! A store that is counted, and that fails when it is told to.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use doorward_engine::flow::Seen;
use doorward_engine::id::{AppId, SessionKey, TenantId, UserId};
use doorward_engine::session::record::{Row, Write};
use doorward_engine::time::Millis;
use doorward_service::directory::{Directory, StoredTenant};
use doorward_service::memory::Memory;
use doorward_service::store::{BoxFuture, NewKey, Selector, Store, StoreError, StoreResult, StoredKeys, UserSelector};

/// A store in memory, watched.
#[derive(Debug, Default)]
pub(crate) struct Watched {
    memory: Memory,
    fails: AtomicBool,
    fails_to_mark: AtomicBool,
    /// Nobody's activity is noted while this is held.
    pub(crate) marking: tokio::sync::Mutex<()>,
    /// No tenant is removed while this is held.
    pub(crate) removing: tokio::sync::Mutex<()>,
    /// How often all tenants were read, and how often keys were.
    pub(crate) tenant_reads: AtomicUsize,
    pub(crate) key_reads: AtomicUsize,
}

impl Watched {
    /// From now on nothing can be reached, or all can again.
    pub(crate) fn fail(&self, fails: bool) {
        self.fails.store(fails, Ordering::Relaxed);
    }

    /// From now on nobody's activity can be noted, or it can again.
    pub(crate) fn fail_to_mark(&self, fails: bool) {
        self.fails_to_mark.store(fails, Ordering::Relaxed);
    }

    fn sound(&self) -> StoreResult<&Memory> {
        if self.fails.load(Ordering::Relaxed) {
            return Err(StoreError::Unavailable("the line is cut".into()));
        }
        Ok(&self.memory)
    }
}

macro_rules! watched {
    ($($name:ident($($arg:ident: $type:ty),*) -> $answer:ty;)*) => {
        $(fn $name(&self, $($arg: $type),*) -> BoxFuture<'_, StoreResult<$answer>> {
            Box::pin(async move { self.sound()?.$name($($arg),*).await })
        })*
    };
}

impl Store for Watched {
    fn load<'a>(&'a self, key: &'a SessionKey) -> BoxFuture<'a, StoreResult<Option<Row>>> {
        Box::pin(async move { self.sound()?.load(key).await })
    }

    fn keys(&self, app: AppId) -> BoxFuture<'_, StoreResult<StoredKeys>> {
        self.key_reads.fetch_add(1, Ordering::Relaxed);
        Box::pin(async move {
            tokio::task::yield_now().await;
            self.sound()?.keys(app).await
        })
    }

    watched! {
        commit(write: Write) -> Seen;
        remove(which: Selector) -> Vec<SessionKey>;
        list(user: UserSelector, after: Option<SessionKey>, limit: u32) -> Vec<Row>;
        add_key(app: AppId, key: NewKey) -> StoredKeys;
        make_tenant(app: AppId, tenant: TenantId, now: Millis) -> ();
        remove_keys(app: AppId, created_before: Millis) -> u64;
        sweep(expired_before: Millis, limit: u32) -> u64;
        close() -> ();
    }
}

impl Directory for Watched {
    fn tenants(&self) -> BoxFuture<'_, StoreResult<Vec<StoredTenant>>> {
        self.tenant_reads.fetch_add(1, Ordering::Relaxed);
        Box::pin(async move {
            tokio::task::yield_now().await;
            self.sound()?.tenants().await
        })
    }

    fn mark_active(&self, app: AppId, user: UserId, now: Millis) -> BoxFuture<'_, StoreResult<()>> {
        Box::pin(async move {
            let _marking = self.marking.lock().await;
            if self.fails_to_mark.load(Ordering::Relaxed) {
                return Err(StoreError::Full("no space left".into()));
            }
            self.sound()?.mark_active(app, user, now).await
        })
    }

    fn remove_tenant(&self, app: AppId, tenant: TenantId) -> BoxFuture<'_, StoreResult<bool>> {
        Box::pin(async move {
            let _removing = self.removing.lock().await;
            self.sound()?.remove_tenant(app, tenant).await
        })
    }

    watched! {
        put_tenant(tenant: StoredTenant, now: Millis) -> bool;
        remove_app(app: AppId) -> bool;
        value(app: AppId, tenant: TenantId, name: &'static str) -> Option<String>;
        put_value(app: AppId, tenant: TenantId, name: &'static str, value: String, now: Millis) -> ();
        count_active(app: AppId, since: Millis) -> u64;
        count_sessions(now: Millis) -> u64;
        ping() -> ();
    }
}
