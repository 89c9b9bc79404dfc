//! The statements on apps, tenants, their settings and values, and on who was there last (`spec/modern-core.md` 9.1).

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use doorward_engine::id::{AppId, TenantId, UserId};
use doorward_engine::payload::JsonText;
use doorward_engine::time::Millis;
use doorward_service::directory::{Directory, LoginMethods, StoredTenant};
use doorward_service::store::{BoxFuture, StoreResult};
use rusqlite::{Params, params};

use super::Sqlite;
use super::db::Db;
use super::error::Fault;
use super::read::{boolean_or_null, integer, text, text_or_null};
use super::tenants;
use crate::sql::row::{app_id, moment_column, tenant_id};

/// All tenants, and the factors of all of them: one statement, so that nothing changes in between. Tenants whose settings
/// are those of another domain, which an import brings along, are left out; those without any are ours, and so is `public`.
pub(super) const TENANTS: &str = "SELECT 't', tenants.app_id, tenants.tenant_id, core_config, email_password_enabled, \
     third_party_enabled, passwordless_enabled, is_first_factors_null FROM tenants LEFT JOIN tenant_configs \
     ON connection_uri_domain = '' AND tenant_configs.app_id = tenants.app_id \
     AND tenant_configs.tenant_id = tenants.tenant_id \
     WHERE tenant_configs.app_id IS NOT NULL OR (tenants.app_id = 'public' AND tenants.tenant_id = 'public') \
     OR NOT EXISTS (SELECT 1 FROM tenant_configs AS others \
     WHERE others.app_id = tenants.app_id AND others.tenant_id = tenants.tenant_id) \
     UNION ALL SELECT 'f', app_id, tenant_id, factor_id, NULL, NULL, NULL, NULL FROM tenant_first_factors \
     WHERE connection_uri_domain = '' \
     UNION ALL SELECT 's', app_id, tenant_id, factor_id, NULL, NULL, NULL, NULL FROM tenant_required_secondary_factors \
     WHERE connection_uri_domain = ''";

pub(super) const PUT_CONFIG: &str = "INSERT INTO tenant_configs (connection_uri_domain, app_id, tenant_id, core_config, \
     email_password_enabled, third_party_enabled, passwordless_enabled, is_first_factors_null) \
     VALUES ('', ?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (connection_uri_domain, app_id, tenant_id) DO UPDATE \
     SET core_config = excluded.core_config, email_password_enabled = excluded.email_password_enabled, \
     third_party_enabled = excluded.third_party_enabled, passwordless_enabled = excluded.passwordless_enabled, \
     is_first_factors_null = excluded.is_first_factors_null";

pub(super) const CLEAR_FIRST: &str =
    "DELETE FROM tenant_first_factors WHERE connection_uri_domain = '' AND app_id = ?1 AND tenant_id = ?2";

pub(super) const CLEAR_SECONDARY: &str =
    "DELETE FROM tenant_required_secondary_factors WHERE connection_uri_domain = '' AND app_id = ?1 AND tenant_id = ?2";

pub(super) const ADD_FIRST: &str = "INSERT INTO tenant_first_factors (connection_uri_domain, app_id, tenant_id, factor_id) \
     VALUES ('', ?1, ?2, ?3) ON CONFLICT DO NOTHING";

pub(super) const ADD_SECONDARY: &str = "INSERT INTO tenant_required_secondary_factors (connection_uri_domain, app_id, tenant_id, \
     factor_id) VALUES ('', ?1, ?2, ?3) ON CONFLICT DO NOTHING";

pub(super) const SOME_SESSIONS_OF_TENANT: &str = "DELETE FROM session_info WHERE rowid IN \
     (SELECT rowid FROM session_info WHERE app_id = ?1 AND tenant_id = ?2 LIMIT ?3)";

pub(super) const SOME_SESSIONS_OF_APP: &str =
    "DELETE FROM session_info WHERE rowid IN (SELECT rowid FROM session_info WHERE app_id = ?1 LIMIT ?2)";

/// What hangs on it goes with it, by the foreign keys.
pub(super) const REMOVE_TENANT: &str = "DELETE FROM tenants WHERE app_id = ?1 AND tenant_id = ?2";

/// What hangs on it goes with it, by the foreign keys.
pub(super) const REMOVE_APP: &str = "DELETE FROM apps WHERE app_id = ?1";

pub(super) const VALUE: &str = "SELECT value FROM key_value WHERE app_id = ?1 AND tenant_id = ?2 AND name = ?3";

pub(super) const PUT_VALUE: &str = "INSERT INTO key_value (app_id, tenant_id, name, value, created_at_time) \
     VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (app_id, tenant_id, name) DO UPDATE \
     SET value = excluded.value, created_at_time = excluded.created_at_time";

pub(super) const MARK_ACTIVE: &str = "INSERT INTO user_last_active (app_id, user_id, last_active_time) VALUES (?1, ?2, ?3) \
     ON CONFLICT (app_id, user_id) DO UPDATE SET last_active_time = excluded.last_active_time \
     WHERE last_active_time IS NULL OR last_active_time < excluded.last_active_time";

pub(super) const COUNT_ACTIVE: &str =
    "SELECT count(*) FROM user_last_active WHERE app_id = ?1 AND last_active_time >= ?2";

/// At most ?2 of the sessions that end at ?1 or later.
pub(super) const COUNT_SOME: &str = "SELECT count(*) FROM (SELECT 1 FROM session_info WHERE expires_at >= ?1 LIMIT ?2)";

pub(super) const COUNT_ALL: &str = "SELECT count(*) FROM session_info WHERE expires_at >= ?1";

pub(super) const PING: &str = "SELECT count(*) FROM (SELECT 1 FROM apps LIMIT 1)";

/// Sessions that one statement deletes before a tenant or an app goes, so that other writes never wait long behind it.
const BATCH: u32 = 1000;

/// Fewer sessions than this are counted whenever someone asks: about a millisecond.
const COUNTED_AT_ONCE: u32 = 20_000;

/// How long a count of more than that is answered again. Metrics are read every few seconds, and a count of a million
/// keeps a reader busy for some tens of milliseconds.
const COUNT_LASTS: Duration = Duration::from_secs(60);

/// The last count that took long.
#[derive(Debug, Default)]
pub(super) struct Counted(Mutex<Option<(Instant, u64)>>);

impl Counted {
    fn get(&self) -> Option<u64> {
        let last = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.filter(|(at, _)| at.elapsed() < COUNT_LASTS).map(|(_, count)| count)
    }

    fn set(&self, count: u64) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), count));
    }
}

impl Directory for Sqlite {
    fn tenants(&self) -> BoxFuture<'_, StoreResult<Vec<StoredTenant>>> {
        Box::pin(self.shared.reads.call(all_tenants))
    }

    fn put_tenant(&self, tenant: StoredTenant, now: Millis) -> BoxFuture<'_, StoreResult<bool>> {
        Box::pin(self.shared.writes.call(move |db| put_tenant(db, &tenant, now)))
    }

    fn remove_tenant(&self, app: AppId, tenant: TenantId) -> BoxFuture<'_, StoreResult<bool>> {
        Box::pin(async move {
            let (of, at) = (app.clone(), tenant.clone());
            self.remove_sessions(move |db| {
                db.execute(SOME_SESSIONS_OF_TENANT, params![of.as_str(), at.as_str(), BATCH])
            })
            .await?;
            self.shared.writes.call(move |db| remove(db, REMOVE_TENANT, params![app.as_str(), tenant.as_str()])).await
        })
    }

    fn remove_app(&self, app: AppId) -> BoxFuture<'_, StoreResult<bool>> {
        Box::pin(async move {
            let of = app.clone();
            self.remove_sessions(move |db| db.execute(SOME_SESSIONS_OF_APP, params![of.as_str(), BATCH])).await?;
            self.shared.writes.call(move |db| remove(db, REMOVE_APP, params![app.as_str()])).await
        })
    }

    fn value(&self, app: AppId, tenant: TenantId, name: &'static str) -> BoxFuture<'_, StoreResult<Option<String>>> {
        Box::pin(self.shared.reads.call(move |db| {
            let params = params![app.as_str(), tenant.as_str(), name];
            let found = db.rows(VALUE, params, |row| Ok(text_or_null(row, 0, "value")?.map(str::to_owned)))?;
            Ok(found.into_iter().next().flatten())
        }))
    }

    fn put_value(
        &self,
        app: AppId,
        tenant: TenantId,
        name: &'static str,
        value: String,
        now: Millis,
    ) -> BoxFuture<'_, StoreResult<()>> {
        Box::pin(self.shared.writes.call(move |db| {
            let put = || db.execute(PUT_VALUE, params![app.as_str(), tenant.as_str(), name, value, moment_column(now)]);
            tenants::with_tenant(db, &app, &tenant, now, put).map(drop)
        }))
    }

    fn mark_active(&self, app: AppId, user: UserId, now: Millis) -> BoxFuture<'_, StoreResult<()>> {
        Box::pin(self.shared.writes.call(move |db| {
            let mark = || db.execute(MARK_ACTIVE, params![app.as_str(), user.as_str(), moment_column(now)]);
            tenants::with_tenant(db, &app, &TenantId::default(), now, mark).map(drop)
        }))
    }

    fn count_active(&self, app: AppId, since: Millis) -> BoxFuture<'_, StoreResult<u64>> {
        Box::pin(self.shared.reads.call(move |db| count(db, COUNT_ACTIVE, params![app.as_str(), moment_column(since)])))
    }

    /// Counts fewer than 20,000 sessions exactly; a greater number is up to a minute old.
    fn count_sessions(&self, now: Millis) -> BoxFuture<'_, StoreResult<u64>> {
        Box::pin(async move {
            let now = moment_column(now);
            let some = self.shared.reads.call(move |db| count(db, COUNT_SOME, params![now, COUNTED_AT_ONCE])).await?;
            if some < u64::from(COUNTED_AT_ONCE) {
                return Ok(some);
            }
            if let Some(all) = self.shared.counted.get() {
                return Ok(all);
            }
            let all = self.shared.reads.call(move |db| count(db, COUNT_ALL, params![now])).await?;
            self.shared.counted.set(all);
            Ok(all)
        })
    }

    fn ping(&self) -> BoxFuture<'_, StoreResult<()>> {
        Box::pin(self.shared.reads.call(|db| count(db, PING, []).map(drop)))
    }
}

impl Sqlite {
    /// Deletes sessions a batch a job, until a batch isn't full.
    async fn remove_sessions(
        &self,
        batch: impl Fn(&Db) -> Result<usize, rusqlite::Error> + Clone + Send + 'static,
    ) -> StoreResult<()> {
        loop {
            let batch = batch.clone();
            let deleted = self.shared.writes.call(move |db| Ok(batch(db)?)).await?;
            if deleted < usize::try_from(BATCH).unwrap_or(usize::MAX) {
                return Ok(());
            }
        }
    }
}

fn all_tenants(db: &Db) -> Result<Vec<StoredTenant>, Fault> {
    let mut tenants = Vec::new();
    let mut factors: BTreeMap<(AppId, TenantId), (Vec<String>, Vec<String>)> = BTreeMap::new();
    let mut first_is_none = Vec::new();
    db.rows(TENANTS, [], |row| {
        let (app, tenant) = (text(row, 1, "app_id")?, text(row, 2, "tenant_id")?);
        let (app, tenant) = (app_id(app)?, tenant_id(tenant)?);
        match text(row, 0, "kind")? {
            "t" => {
                let core_config = text_or_null(row, 3, "core_config")?.map(JsonText::from_stored).unwrap_or_default();
                let login_methods = LoginMethods {
                    email_password: boolean_or_null(row, 4, "email_password_enabled")?,
                    third_party: boolean_or_null(row, 5, "third_party_enabled")?,
                    passwordless: boolean_or_null(row, 6, "passwordless_enabled")?,
                };
                first_is_none.push(boolean_or_null(row, 7, "is_first_factors_null")?.unwrap_or(true));
                let (first_factors, required_secondary_factors) = (None, None);
                tenants.push(StoredTenant {
                    app,
                    tenant,
                    core_config,
                    first_factors,
                    required_secondary_factors,
                    login_methods,
                });
            }
            kind => {
                let (first, secondary) = factors.entry((app, tenant)).or_default();
                let list = if kind == "f" { first } else { secondary };
                list.push(text(row, 3, "factor_id")?.to_owned());
            }
        }
        Ok(())
    })?;
    for (tenant, first_is_none) in tenants.iter_mut().zip(first_is_none) {
        let place = (tenant.app.clone(), tenant.tenant.clone());
        let (first, secondary) = factors.remove(&place).unwrap_or_default();
        // Factors count even where a release without the column wrote them.
        tenant.first_factors = (!first_is_none || !first.is_empty()).then_some(first);
        tenant.required_secondary_factors = (!secondary.is_empty()).then_some(secondary);
    }
    Ok(tenants)
}

fn put_tenant(db: &Db, tenant: &StoredTenant, now: Millis) -> Result<bool, Fault> {
    let StoredTenant { app, tenant, core_config, first_factors, required_secondary_factors, login_methods } = tenant;
    let is_new = tenants::ensure(db, app, tenant, now)?;
    let (app, tenant) = (app.as_str(), tenant.as_str());
    db.execute(
        PUT_CONFIG,
        params![
            app,
            tenant,
            core_config.as_str(),
            login_methods.email_password,
            login_methods.third_party,
            login_methods.passwordless,
            first_factors.is_none(),
        ],
    )?;
    for (clear, add, factors) in
        [(CLEAR_FIRST, ADD_FIRST, first_factors), (CLEAR_SECONDARY, ADD_SECONDARY, required_secondary_factors)]
    {
        db.execute(clear, params![app, tenant])?;
        for factor in factors.iter().flatten() {
            db.execute(add, params![app, tenant, factor])?;
        }
    }
    Ok(is_new)
}

/// Deletes a tenant or an app. `public` is made anew at once.
fn remove(db: &Db, sql: &'static str, params: impl Params) -> Result<bool, Fault> {
    let there = db.execute(sql, params)? > 0;
    db.execute(tenants::ENSURE_PUBLIC_APP, [])?;
    db.execute(tenants::ENSURE_PUBLIC_TENANT, [])?;
    Ok(there)
}

fn count(db: &Db, sql: &'static str, params: impl Params) -> Result<u64, Fault> {
    let found = db.rows(sql, params, |row| integer(row, 0, "count"))?;
    Ok(found.first().and_then(|count| u64::try_from(*count).ok()).unwrap_or_default())
}
