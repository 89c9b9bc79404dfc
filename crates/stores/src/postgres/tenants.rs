//! The rows that every other row hangs on: apps and tenants.

use doorward_engine::id::{AppId, TenantId};
use doorward_engine::time::Millis;

use super::db::Db;
use super::error::Fault;
use super::pool::Job;
use super::sql::Sql;
use crate::sql::row::moment_column;

/// Makes sure that an app and its tenant are there, and returns whether the tenant is new. Whether they may be is judged
/// above the store.
pub(super) async fn ensure(db: &Db<'_>, sql: &Sql, app: &AppId, tenant: &TenantId, now: Millis) -> Result<bool, Fault> {
    let (app, tenant, now) = (app.as_str(), tenant.as_str(), moment_column(now));
    db.execute(&sql.ensure_app, &[("app", &app), ("now", &now)]).await?;
    Ok(db.execute(&sql.ensure_tenant, &[("app", &app), ("tenant", &tenant), ("now", &now)]).await? > 0)
}

/// Makes `public` of `public` where that was missing (`spec/modern-core.md` 9.4). Another tenant that isn't there may have
/// been deleted by another process, and stays deleted.
pub(super) async fn ensure_public(
    db: &Db<'_>,
    sql: &Sql,
    app: &AppId,
    tenant: &TenantId,
    now: Millis,
) -> Result<(), Fault> {
    if !app.is_default() || !tenant.is_default() {
        return Err(Fault::NoTenant);
    }
    ensure(db, sql, app, tenant, now).await.map(drop)
}

/// Makes a tenant with its app, where they are missing.
pub(super) struct MakeTenant(pub(super) AppId, pub(super) TenantId, pub(super) Millis);

impl Job for MakeTenant {
    type Answer = ();

    async fn run(&self, db: &Db<'_>, sql: &Sql, _: bool) -> Result<(), Fault> {
        let Self(app, tenant, now) = self;
        db.begin().await?;
        ensure(db, sql, app, tenant, *now).await?;
        db.commit().await
    }
}
