//! Sessions in a PostgreSQL database, SuperTokens' own or a new one.
//!
//! The store needs a tokio runtime with time and I/O: it is opened in one, and its futures are polled in it, because
//! connections and what is asked of them are tasks of that runtime.

mod connect;
mod db;
mod directory;
mod error;
mod keys;
mod names;
mod option_error;
mod options;
mod pool;
mod read;
mod schema;
mod sessions;
mod sql;
mod stats;
mod tables;
mod tenants;
mod tls;
#[cfg(feature = "transfer")]
mod transfer;
mod uri;

use std::sync::Arc;
use std::time::Duration;

use doorward_engine::flow::Seen;
use doorward_engine::id::{AppId, SessionKey, TenantId, UserId};
use doorward_engine::session::record::{Row, Write};
use doorward_engine::time::Millis;
use doorward_service::directory::{Directory, StoredTenant};
use doorward_service::env::{Clock as _, SystemClock};
use doorward_service::store::{
    BoxFuture, Lacks, NewKey, Selector, Store, StoreError, StoreResult, StoredKeys, UserSelector,
};
use tokio::task::JoinHandle;

use self::connect::Target;
use self::names::Names;
pub use self::option_error::OptionError;
pub use self::options::{OpenError, Options};
use self::pool::{Connections, Limits};
use self::sql::Sql;
pub use self::stats::Stats;
pub use self::uri::SslMode;

/// Keeps sessions, keys and tenants in a PostgreSQL database, with upstream's tables (`spec/modern-core.md` 9), beside
/// Java cores or instead of them.
///
/// Its statements keep to what PostgreSQL 13 and the databases that speak its language have; each group of them says
/// what it asks for. Connections go straight to the database, or through a pooler that keeps sessions whole.
///
/// Dropping the store closes its connections; [`Store::close`] also waits for what is under way.
#[derive(Debug)]
pub struct Postgres {
    connections: Arc<Connections>,
    keeper: JoinHandle<()>,
}

impl Postgres {
    /// Returns the default options, to change them and [`Options::open`] a database.
    pub fn options() -> Options {
        Options::default()
    }

    /// Returns what the store did since it was opened, and how its connections stand.
    pub fn stats(&self) -> Stats {
        self.connections.stats()
    }

    async fn start(options: Options) -> Result<Self, OpenError> {
        let limits = limits(&options)?;
        let mut naming = options.naming.clone();
        if let Some(schema) = &options.from_uri.schema {
            naming.schema.clone_from(schema);
        }
        let names = Names::new(&naming)?;
        let target = Target::new(&options)?;
        if !options.ignored.is_empty() {
            tracing::warn!(
                name: "doorward.store.parameters_ignored",
                target: "doorward",
                "these parameters of the connection URI mean nothing here: {}", options.ignored.join(", ")
            );
        }
        let room = {
            let (client, task) = target.patiently(options.startup_patience).await.map_err(StoreError::from)?;
            let prepared = if options.as_it_is {
                schema::look(&client, &names).await
            } else {
                schema::prepare(&client, &names).await
            };
            drop(client);
            task.abort();
            prepared?
        };
        let connections = Arc::new(Connections::new(&target, Sql::new(&names, room), limits)?);
        let moves = keys::MoveLegacyKeys { dynamic: options.legacy_key_is_dynamic };
        let moved = if options.as_it_is { 0 } else { connections.run(moves).await? };
        if moved > 0 {
            tracing::info!(name: "doorward.key.moved", target: "doorward", "moved {moved} signing keys of an old release");
        }
        let keeper = tokio::spawn(keep(Arc::clone(&connections), limits.idle_timeout));
        Ok(Self { connections, keeper })
    }
}

impl Postgres {
    /// Deletes a tenant or an app, its sessions first and a batch a statement: nobody waits long behind it.
    async fn remove(&self, app: AppId, tenant: Option<TenantId>) -> StoreResult<bool> {
        while !self.connections.run(directory::RemoveSessions(app.clone(), tenant.clone())).await? {}
        let now = SystemClock.now();
        self.connections.run(directory::RemoveTenant(app, tenant, now)).await
    }
}

/// Looks after idle connections until the store is dropped.
async fn keep(connections: Arc<Connections>, idle_timeout: Duration) {
    let often = (idle_timeout / 2).clamp(Duration::from_millis(10), Duration::from_secs(30));
    loop {
        connections.keep().await;
        tokio::time::sleep(often).await;
    }
}

fn limits(options: &Options) -> Result<Limits, OptionError> {
    let connections = options.pool_size;
    if connections == 0 {
        return Err(OptionError::new("postgresql_connection_pool_size", "must be > 0"));
    }
    let minimum_idle = options.minimum_idle.unwrap_or(connections);
    if minimum_idle > connections {
        return Err(OptionError::new(
            "postgresql_minimum_idle_connections",
            "must be less than or equal to `postgresql_connection_pool_size`",
        ));
    }
    Ok(Limits {
        connections,
        minimum_idle,
        idle_timeout: options.idle_timeout,
        checkout: options.checkout_timeout,
        statement: options.from_uri.statement_timeout.unwrap_or(options.statement_timeout),
        calls: options.queue_length,
    })
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.keeper.abort();
        self.connections.refuse();
    }
}

impl Store for Postgres {
    fn load<'a>(&'a self, key: &'a SessionKey) -> BoxFuture<'a, StoreResult<Option<Row>>> {
        Box::pin(self.connections.run(sessions::Load(key.clone())))
    }

    fn read<'a>(&'a self, key: &'a SessionKey) -> BoxFuture<'a, StoreResult<Option<Row>>> {
        Box::pin(self.connections.run(sessions::Read(key.clone())))
    }

    fn commit(&self, write: Write) -> BoxFuture<'_, StoreResult<Seen>> {
        Box::pin(self.connections.run(sessions::Commit(write)))
    }

    fn remove(&self, which: Selector) -> BoxFuture<'_, StoreResult<Vec<SessionKey>>> {
        Box::pin(self.connections.run(sessions::Remove(which)))
    }

    fn list(&self, user: UserSelector, after: Option<SessionKey>, limit: u32) -> BoxFuture<'_, StoreResult<Vec<Row>>> {
        Box::pin(self.connections.run(sessions::List { user, after, limit }))
    }

    fn keys(&self, app: AppId) -> BoxFuture<'_, StoreResult<StoredKeys>> {
        Box::pin(self.connections.run(keys::Keys(app)))
    }

    fn add_key(&self, app: AppId, key: NewKey) -> BoxFuture<'_, StoreResult<StoredKeys>> {
        Box::pin(self.connections.run(keys::AddKey(app, key)))
    }

    fn make_tenant(&self, app: AppId, tenant: TenantId, now: Millis) -> BoxFuture<'_, StoreResult<()>> {
        Box::pin(self.connections.run(tenants::MakeTenant(app, tenant, now)))
    }

    fn remove_keys(&self, app: AppId, created_before: Millis) -> BoxFuture<'_, StoreResult<u64>> {
        Box::pin(self.connections.run(keys::RemoveKeys { app, created_before }))
    }

    fn sweep(&self, expired_before: Millis, limit: u32) -> BoxFuture<'_, StoreResult<u64>> {
        Box::pin(self.connections.run(sessions::Sweep { expired_before, limit }))
    }

    fn lacks(&self) -> Lacks {
        let room = self.connections.sql().room;
        Lacks { windows: !room.windows, predecessors: !room.rotation, limits: !room.limits }
    }

    fn close(&self) -> BoxFuture<'_, StoreResult<()>> {
        Box::pin(async move {
            self.keeper.abort();
            self.connections.close().await;
            Ok(())
        })
    }
}

impl Directory for Postgres {
    fn tenants(&self) -> BoxFuture<'_, StoreResult<Vec<StoredTenant>>> {
        Box::pin(self.connections.run(directory::Tenants))
    }

    fn put_tenant(&self, tenant: StoredTenant, now: Millis) -> BoxFuture<'_, StoreResult<bool>> {
        Box::pin(self.connections.run(directory::PutTenant(tenant, now)))
    }

    fn remove_tenant(&self, app: AppId, tenant: TenantId) -> BoxFuture<'_, StoreResult<bool>> {
        Box::pin(self.remove(app, Some(tenant)))
    }

    fn remove_app(&self, app: AppId) -> BoxFuture<'_, StoreResult<bool>> {
        Box::pin(self.remove(app, None))
    }

    fn value(&self, app: AppId, tenant: TenantId, name: &'static str) -> BoxFuture<'_, StoreResult<Option<String>>> {
        Box::pin(self.connections.run(directory::ReadValue(app, tenant, name)))
    }

    fn put_value(
        &self,
        app: AppId,
        tenant: TenantId,
        name: &'static str,
        value: String,
        now: Millis,
    ) -> BoxFuture<'_, StoreResult<()>> {
        Box::pin(self.connections.run(directory::PutValue { app, tenant, name, value, now }))
    }

    fn mark_active(&self, app: AppId, user: UserId, now: Millis) -> BoxFuture<'_, StoreResult<()>> {
        Box::pin(self.connections.run(directory::MarkActive(app, user, now)))
    }

    fn count_active(&self, app: AppId, since: Millis) -> BoxFuture<'_, StoreResult<u64>> {
        Box::pin(self.connections.run(directory::CountActive(app, since)))
    }

    fn count_sessions(&self, now: Millis) -> BoxFuture<'_, StoreResult<u64>> {
        Box::pin(self.connections.run(directory::CountSessions(now)))
    }

    fn ping(&self) -> BoxFuture<'_, StoreResult<()>> {
        Box::pin(self.connections.run(directory::Ping))
    }
}
