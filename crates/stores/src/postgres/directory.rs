//! The statements on apps, tenants and what else a server keeps (`spec/modern-core.md` 5 and 9.1).
//!
//! Only tenants of the connection URI domain `''` are ours: upstream keeps the settings of the others in the same table.

use doorward_engine::id::{AppId, TenantId, UserId};
use doorward_engine::payload::JsonText;
use doorward_engine::time::Millis;
use doorward_service::directory::{LoginMethods, StoredTenant};

use super::db::{Db, Value};
use super::error::Fault;
use super::pool::Job;
use super::read::get;
use super::sql::{Sql, Statement};
use super::tenants::{ensure, ensure_public};
use crate::sql::row::{app_id, moment_column, tenant_id};

/// Sessions up to this number are counted one by one.
const COUNTED: i64 = 100_000;

/// Sessions that one statement deletes before a tenant or an app goes.
const BATCH: i64 = 1000;

/// Reads all tenants.
pub(super) struct Tenants;

impl Job for Tenants {
    type Answer = Vec<StoredTenant>;
    const WRITES: bool = false;

    async fn run(&self, db: &Db<'_>, sql: &Sql, _: bool) -> Result<Vec<StoredTenant>, Fault> {
        db.rows(&sql.directory.tenants, &[]).await?.iter().map(tenant_of).collect()
    }
}

fn tenant_of(row: &tokio_postgres::Row) -> Result<StoredTenant, Fault> {
    let config: Option<&str> = get(row, 2, "core_config")?;
    // Null where a release without the column wrote the row.
    let no_first_factors: Option<bool> = get(row, 6, "is_first_factors_null")?;
    let first: Option<Vec<String>> = get(row, 7, "factor_id")?;
    let required: Option<Vec<String>> = get(row, 8, "factor_id")?;
    let has_none = no_first_factors.unwrap_or(true);
    Ok(StoredTenant {
        app: app_id(get(row, 0, "app_id")?)?,
        tenant: tenant_id(get(row, 1, "tenant_id")?)?,
        core_config: config.map(JsonText::from_stored).unwrap_or_default(),
        first_factors: first.filter(|first| !has_none || !first.is_empty()),
        required_secondary_factors: required.filter(|required| !required.is_empty()),
        login_methods: LoginMethods {
            email_password: get(row, 3, "email_password_enabled")?,
            third_party: get(row, 4, "third_party_enabled")?,
            passwordless: get(row, 5, "passwordless_enabled")?,
        },
    })
}

/// Writes a tenant; the answer is whether it is new.
pub(super) struct PutTenant(pub(super) StoredTenant, pub(super) Millis);

impl Job for PutTenant {
    type Answer = bool;

    async fn run(&self, db: &Db<'_>, sql: &Sql, in_doubt: bool) -> Result<bool, Fault> {
        let Self(new, now) = self;
        let (first, required) = (new.first_factors.as_ref(), new.required_secondary_factors.as_ref());
        if !sql.room.factors && (first.is_some() || required.is_some()) {
            return Err(Fault::NoRoom("factors"));
        }
        db.begin().await?;
        let is_new = ensure(db, sql, &new.app, &new.tenant, *now).await?;
        let (app, tenant) = (("app", &new.app.as_str() as _), ("tenant", &new.tenant.as_str() as _));
        let values: [Value<'_>; 7] = [
            app,
            tenant,
            ("config", &new.core_config.as_str()),
            ("email_password", &new.login_methods.email_password),
            ("third_party", &new.login_methods.third_party),
            ("passwordless", &new.login_methods.passwordless),
            ("no_first_factors", &first.is_none()),
        ];
        db.execute(&sql.directory.put_config, &values).await?;
        if sql.room.factors {
            db.execute(&sql.directory.clear_first, &[app, tenant]).await?;
            db.execute(&sql.directory.clear_required, &[app, tenant]).await?;
            for (factors, add) in [(first, &sql.directory.add_first), (required, &sql.directory.add_required)] {
                if let Some(factors) = factors.filter(|factors| !factors.is_empty()) {
                    db.execute(add, &[app, tenant, ("factors", factors)]).await?;
                }
            }
        }
        db.commit().await?;
        // The attempt before this one may have made it.
        if in_doubt && !is_new { Err(Fault::Doubt) } else { Ok(is_new) }
    }
}

/// Deletes some sessions of a tenant or of an app, so that what deletes it is done soon; the answer is whether that was
/// all of them.
pub(super) struct RemoveSessions(pub(super) AppId, pub(super) Option<TenantId>);

impl Job for RemoveSessions {
    type Answer = bool;

    async fn run(&self, db: &Db<'_>, sql: &Sql, _: bool) -> Result<bool, Fault> {
        let tenant = self.1.as_ref().map(TenantId::as_str);
        let values: [Value<'_>; 3] = [("app", &self.0.as_str()), ("tenant", &tenant), ("limit", &BATCH)];
        let deleted = db.execute(&sql.directory.some_sessions, &values).await?;
        Ok(deleted < BATCH.unsigned_abs())
    }
}

/// Deletes a tenant, or an app with all its tenants; what hangs on them goes with them, by the foreign keys. The answer is
/// whether it was there. `public` is made anew at once.
pub(super) struct RemoveTenant(pub(super) AppId, pub(super) Option<TenantId>, pub(super) Millis);

impl Job for RemoveTenant {
    type Answer = bool;

    async fn run(&self, db: &Db<'_>, sql: &Sql, in_doubt: bool) -> Result<bool, Fault> {
        let tenant = self.1.as_ref().map(TenantId::as_str);
        let values: [Value<'_>; 2] = [("app", &self.0.as_str()), ("tenant", &tenant)];
        db.begin().await?;
        db.execute(&sql.directory.remove_configs, &values).await?;
        let statement = if tenant.is_some() { &sql.directory.remove_tenant } else { &sql.directory.remove_app };
        let was_there = db.execute(statement, &values).await? > 0;
        if self.0.is_default() {
            ensure(db, sql, &AppId::default(), &TenantId::default(), self.2).await?;
        }
        db.commit().await?;
        // The attempt before this one may have taken it.
        if in_doubt && !was_there { Err(Fault::Doubt) } else { Ok(was_there) }
    }
}

/// Reads a named value.
pub(super) struct ReadValue(pub(super) AppId, pub(super) TenantId, pub(super) &'static str);

impl Job for ReadValue {
    type Answer = Option<String>;
    const WRITES: bool = false;

    async fn run(&self, db: &Db<'_>, sql: &Sql, _: bool) -> Result<Option<String>, Fault> {
        let values: [Value<'_>; 3] = [("app", &self.0.as_str()), ("tenant", &self.1.as_str()), ("name", &self.2)];
        match db.row(&sql.directory.value, &values).await? {
            Some(row) => get(&row, 0, "value"),
            None => Ok(None),
        }
    }
}

/// Writes a named value.
pub(super) struct PutValue {
    pub(super) app: AppId,
    pub(super) tenant: TenantId,
    pub(super) name: &'static str,
    pub(super) value: String,
    pub(super) now: Millis,
}

impl Job for PutValue {
    type Answer = ();

    async fn run(&self, db: &Db<'_>, sql: &Sql, _: bool) -> Result<(), Fault> {
        let now = moment_column(self.now);
        let values: [Value<'_>; 5] = [
            ("app", &self.app.as_str()),
            ("tenant", &self.tenant.as_str()),
            ("name", &self.name),
            ("value", &self.value),
            ("now", &now),
        ];
        match db.execute(&sql.directory.put_value, &values).await {
            Err(fault) if fault.lacks_parent() => {
                ensure_public(db, sql, &self.app, &self.tenant, self.now).await?;
                db.execute(&sql.directory.put_value, &values).await.map(drop)
            }
            put => put.map(drop),
        }
    }
}

/// Notes that a user was there.
pub(super) struct MarkActive(pub(super) AppId, pub(super) UserId, pub(super) Millis);

impl Job for MarkActive {
    type Answer = ();

    async fn run(&self, db: &Db<'_>, sql: &Sql, _: bool) -> Result<(), Fault> {
        if !sql.room.last_active {
            return Ok(());
        }
        let now = moment_column(self.2);
        let values: [Value<'_>; 3] = [("app", &self.0.as_str()), ("user", &self.1.as_str()), ("now", &now)];
        match db.execute(&sql.directory.mark_active, &values).await {
            Err(fault) if fault.lacks_parent() => {
                ensure_public(db, sql, &self.0, &TenantId::default(), self.2).await?;
                db.execute(&sql.directory.mark_active, &values).await.map(drop)
            }
            marked => marked.map(drop),
        }
    }
}

/// Counts the users that were there.
pub(super) struct CountActive(pub(super) AppId, pub(super) Millis);

impl Job for CountActive {
    type Answer = u64;
    const WRITES: bool = false;

    async fn run(&self, db: &Db<'_>, sql: &Sql, _: bool) -> Result<u64, Fault> {
        if !sql.room.last_active {
            return Ok(0);
        }
        let since = moment_column(self.1);
        number(db, &sql.directory.count_active, &[("app", &self.0.as_str()), ("since", &since)]).await
    }
}

/// Counts the sessions that are alive.
pub(super) struct CountSessions(pub(super) Millis);

impl Job for CountSessions {
    type Answer = u64;
    const WRITES: bool = false;

    async fn run(&self, db: &Db<'_>, sql: &Sql, _: bool) -> Result<u64, Fault> {
        let now = moment_column(self.0);
        let counted = number(db, &sql.directory.count_sessions, &[("now", &now), ("limit", &(COUNTED + 1))]).await?;
        if counted <= COUNTED.unsigned_abs() {
            return Ok(counted);
        }
        Ok(number(db, &sql.directory.estimate_sessions, &[]).await?.max(counted))
    }
}

/// Reads the one number that a statement gives; 0 where it gives none.
async fn number(db: &Db<'_>, statement: &Statement, values: &[Value<'_>]) -> Result<u64, Fault> {
    let number: Option<i64> = match db.row(statement, values).await? {
        Some(row) => get(&row, 0, "count")?,
        None => None,
    };
    Ok(u64::try_from(number.unwrap_or_default()).unwrap_or_default())
}

/// Asks for something small.
pub(super) struct Ping;

impl Job for Ping {
    type Answer = ();
    const WRITES: bool = false;

    async fn run(&self, db: &Db<'_>, sql: &Sql, _: bool) -> Result<(), Fault> {
        db.row(&sql.directory.ping, &[]).await.map(drop)
    }
}
