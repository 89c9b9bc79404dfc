//! All statements of a store, written once when it is opened.

mod directory;
mod keys;
mod pieces;
mod room;
mod sessions;
mod statement;
mod users;

use self::directory::DirectorySql;
use self::keys::KeySql;
pub(crate) use self::room::Room;
use self::sessions::SessionSql;
pub(crate) use self::statement::{Statement, Writer};
use super::names::Names;

/// The statements of one database, and what it has room for.
#[derive(Debug)]
pub(crate) struct Sql {
    #[cfg(feature = "transfer")]
    pub(crate) names: Names,
    pub(crate) room: Room,
    pub(crate) sessions: SessionSql,
    pub(crate) keys: KeySql,
    pub(crate) directory: DirectorySql,
    /// A session's or a key's app and tenant must be there. Asks for: `ON CONFLICT DO NOTHING`.
    pub(crate) ensure_app: Statement,
    pub(crate) ensure_tenant: Statement,
}

impl Sql {
    pub(crate) fn new(names: &Names, room: Room) -> Self {
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
