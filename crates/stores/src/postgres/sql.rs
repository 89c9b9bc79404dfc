//! All statements of a store, written once when it is opened.

use super::directory::DirectorySql;
use super::keys::KeySql;
use super::names::Names;
use super::sessions::SessionSql;
use super::statement::{Room, Statement, Writer};

/// The statements of one database, and what it has room for.
#[derive(Debug)]
pub(super) struct Sql {
    #[cfg(feature = "transfer")]
    pub(super) names: Names,
    pub(super) room: Room,
    pub(super) sessions: SessionSql,
    pub(super) keys: KeySql,
    pub(super) directory: DirectorySql,
    /// A session's or a key's app and tenant must be there. Needs `ON CONFLICT DO NOTHING`.
    pub(super) ensure_app: Statement,
    pub(super) ensure_tenant: Statement,
}

impl Sql {
    pub(super) fn new(names: &Names, room: Room) -> Self {
        let writer = Writer { names, room };
        Self {
            #[cfg(feature = "transfer")]
            names: names.clone(),
            room,
            sessions: SessionSql::new(&writer),
            keys: KeySql::new(&writer),
            directory: DirectorySql::new(&writer),
            ensure_app: writer.statement(
                "INSERT INTO {apps} (app_id, created_at_time) VALUES ($app, $now) ON CONFLICT (app_id) DO NOTHING",
            ),
            ensure_tenant: writer.statement(
                "INSERT INTO {tenants} (app_id, tenant_id, created_at_time) VALUES ($app, $tenant, $now) \
                 ON CONFLICT (app_id, tenant_id) DO NOTHING",
            ),
        }
    }
}
