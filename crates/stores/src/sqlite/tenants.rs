//! The rows that every other row hangs on: apps and tenants.

use doorward_engine::id::{AppId, TenantId};
use doorward_engine::time::Millis;
use rusqlite::ffi::SQLITE_CONSTRAINT_FOREIGNKEY;
use rusqlite::params;

use super::db::Db;
use super::error::Fault;
use crate::sql::row::moment_column;

const ENSURE_APP: &str = "INSERT INTO apps (app_id, created_at_time) VALUES (?1, ?2) ON CONFLICT (app_id) DO NOTHING";

const ENSURE_TENANT: &str = "INSERT INTO tenants (app_id, tenant_id, created_at_time) VALUES (?1, ?2, ?3) \
     ON CONFLICT (app_id, tenant_id) DO NOTHING";

/// `public`, if it was deleted a statement ago.
pub(super) const ENSURE_PUBLIC_APP: &str = "INSERT INTO apps (app_id, created_at_time) \
     VALUES ('public', CAST(strftime('%s', 'now') AS INTEGER) * 1000) ON CONFLICT (app_id) DO NOTHING";

/// `public` of `public`, if it was deleted a statement ago.
pub(super) const ENSURE_PUBLIC_TENANT: &str = "INSERT INTO tenants (app_id, tenant_id, created_at_time) \
     VALUES ('public', 'public', CAST(strftime('%s', 'now') AS INTEGER) * 1000) \
     ON CONFLICT (app_id, tenant_id) DO NOTHING";

/// Makes sure that an app and its tenant are there, and returns whether the tenant is new. Whether they may be is judged
/// above the store.
pub(super) fn ensure(db: &Db, app: &AppId, tenant: &TenantId, now: Millis) -> Result<bool, Fault> {
    let now = moment_column(now);
    db.execute(ENSURE_APP, params![app.as_str(), now])?;
    Ok(db.execute(ENSURE_TENANT, params![app.as_str(), tenant.as_str(), now])? > 0)
}

/// Runs a statement that writes what belongs to a tenant. `public` of `public` is made where it is missing
/// (`spec/modern-core.md` 9.4); another one that isn't there may have been deleted by another process, and stays deleted.
pub(super) fn with_tenant(
    db: &Db,
    app: &AppId,
    tenant: &TenantId,
    now: Millis,
    run: impl Fn() -> Result<usize, rusqlite::Error>,
) -> Result<usize, Fault> {
    match run() {
        Err(error) if lacks_parent(&error) && app.is_default() && tenant.is_default() => {
            ensure(db, app, tenant, now)?;
            Ok(run()?)
        }
        Err(error) if lacks_parent(&error) => Err(Fault::NoTenant),
        done => Ok(done?),
    }
}

/// Whether a statement failed because its app or tenant has no row.
fn lacks_parent(error: &rusqlite::Error) -> bool {
    error.sqlite_error().is_some_and(|error| error.extended_code == SQLITE_CONSTRAINT_FOREIGNKEY)
}
