//! The statements on signing keys and on the refresh-token key (`spec/modern-core.md` 7.6, 7.8, 8.12).
//!
//! Of processes that make a key at once, one has it stored. For signing keys they take turns at the row of their app, and
//! at the rows of the keys, which a Java core locks as well. The refresh-token key has upstream's advisory lock, and
//! where the database has no such locks, the primary key of its table.

use doorward_engine::id::{AppId, TenantId};
use doorward_engine::secret::Secret;
use doorward_engine::time::Millis;
use doorward_service::store::{NewKey, StoredKey, StoredKeys, StoredStaticKey};

use super::db::{Db, Value};
use super::error::Fault;
use super::pool::Job;
use super::read::get;

use super::sql::Sql;
use super::tenants::ensure_public;
use crate::sql::row::{Unreadable, moment, moment_column};

/// The one signing key of releases before 3.6, in `key_value`.
const LEGACY_KEY: &str = "access_token_signing_key";

/// Milliseconds that a moved key is made younger by at most, until no other key has its creation time.
const MOVE_LIMIT: i64 = 1000;

/// Reads the keys of an app.
pub(super) struct Keys(pub(super) AppId);

impl Job for Keys {
    type Answer = StoredKeys;
    const WRITES: bool = false;

    async fn run(&self, db: &Db<'_>, sql: &Sql, _: bool) -> Result<StoredKeys, Fault> {
        keys(db, sql, &self.0).await
    }
}

async fn keys(db: &Db<'_>, sql: &Sql, app: &AppId) -> Result<StoredKeys, Fault> {
    let mut keys = StoredKeys::default();
    for row in db.rows(&sql.keys.keys, &[("app", &app.as_str())]).await? {
        let created_at: Option<i64> = get(&row, 1, "created_at_time")?;
        let value = Secret::new(get::<&str>(&row, 2, "value")?);
        match get(&row, 0, "kind")? {
            "d" => {
                let created_at = created_at.and_then(moment).ok_or(Unreadable("created_at_time"))?;
                keys.signing.push(StoredKey { created_at, value });
            }
            "s" => {
                // Upstream's column may be null: such a key is older than any other.
                let created_at = moment(created_at.unwrap_or_default()).ok_or(Unreadable("created_at"))?;
                keys.static_keys.push(StoredStaticKey { id: get(&row, 3, "key_id")?, created_at, value });
            }
            _ => keys.refresh = Some(value),
        }
    }
    Ok(keys)
}

/// Adds a key.
pub(super) struct AddKey(pub(super) AppId, pub(super) NewKey);

impl Job for AddKey {
    type Answer = StoredKeys;

    async fn run(&self, db: &Db<'_>, sql: &Sql, _: bool) -> Result<StoredKeys, Fault> {
        let Self(app, key) = self;
        match key {
            NewKey::Signing { key, newest_seen } => add_signing(db, sql, app, key, *newest_seen).await?,
            NewKey::Static(key) => add_static(db, sql, app, key).await?,
            NewKey::Refresh { value, created_at } => match add_refresh(db, sql, app, value, *created_at).await {
                Err(fault) if fault.lacks_parent() => {
                    ensure_public(db, sql, app, &TenantId::default(), *created_at).await?;
                    add_refresh(db, sql, app, value, *created_at).await?;
                }
                added => added?,
            },
        }
        let keys = keys(db, sql, app).await?;
        if keys.refresh.is_none() && matches!(key, NewKey::Refresh { .. }) {
            // Someone else is making it.
            return Err(Fault::Locked);
        }
        Ok(keys)
    }
}

async fn add_signing(
    db: &Db<'_>,
    sql: &Sql,
    app: &AppId,
    key: &StoredKey,
    newest_seen: Option<Millis>,
) -> Result<(), Fault> {
    take_turns(db, sql, app, key.created_at).await?;
    db.rows(&sql.keys.lock_signing, &[("app", &app.as_str())]).await?;
    let values: [Value<'_>; 4] = [
        ("app", &app.as_str()),
        ("created_at", &moment_column(key.created_at)),
        ("value", &key.value.expose()),
        ("newest_seen", &newest_seen.map(moment_column)),
    ];
    db.execute(&sql.keys.add_signing, &values).await?;
    db.commit().await
}

async fn add_static(db: &Db<'_>, sql: &Sql, app: &AppId, key: &StoredStaticKey) -> Result<(), Fault> {
    take_turns(db, sql, app, key.created_at).await?;
    db.rows(&sql.keys.lock_static, &[("app", &app.as_str())]).await?;
    let values: [Value<'_>; 4] = [
        ("app", &app.as_str()),
        ("id", &key.id),
        ("created_at", &moment_column(key.created_at)),
        ("value", &key.value.expose()),
    ];
    db.execute(&sql.keys.add_static, &values).await?;
    db.commit().await
}

/// Begins a transaction, and waits for others that make a key for this app.
async fn take_turns(db: &Db<'_>, sql: &Sql, app: &AppId, now: Millis) -> Result<(), Fault> {
    db.begin().await?;
    while db.rows(&sql.keys.lock_app, &[("app", &app.as_str())]).await?.is_empty() {
        ensure_public(db, sql, app, &TenantId::default(), now).await?;
    }
    Ok(())
}

async fn add_refresh(db: &Db<'_>, sql: &Sql, app: &AppId, value: &Secret, created_at: Millis) -> Result<(), Fault> {
    let values: [Value<'_>; 4] = [
        ("app", &app.as_str()),
        ("value", &value.expose()),
        ("created_at", &moment_column(created_at)),
        ("lock", &lock(app.as_str(), TenantId::DEFAULT, "refresh_token_key")),
    ];
    db.execute(&sql.keys.add_refresh, &values).await.map(drop)
}

/// What upstream calls the lock of a value.
fn lock(app: &str, tenant: &str, name: &str) -> String {
    format!("{app}~{tenant}~{name}")
}

/// Deletes signing keys of an app.
pub(super) struct RemoveKeys {
    pub(super) app: AppId,
    pub(super) created_before: Millis,
}

impl Job for RemoveKeys {
    type Answer = u64;

    async fn run(&self, db: &Db<'_>, sql: &Sql, _: bool) -> Result<u64, Fault> {
        let before = moment_column(self.created_before);
        db.execute(&sql.keys.remove, &[("app", &self.app.as_str()), ("before", &before)]).await
    }
}

/// Moves the signing keys of releases before 3.6 to where newer ones look for them, in all apps. Returns how many.
pub(super) struct MoveLegacyKeys {
    /// Whether they become keys that rotate.
    pub(super) dynamic: bool,
}

impl Job for MoveLegacyKeys {
    type Answer = usize;

    async fn run(&self, db: &Db<'_>, sql: &Sql, _: bool) -> Result<usize, Fault> {
        let found = db.rows(&sql.keys.legacy, &[("name", &LEGACY_KEY)]).await?;
        let mut moved = 0;
        for row in &found {
            let (app, tenant): (&str, &str) = (get(row, 0, "app_id")?, get(row, 1, "tenant_id")?);
            db.begin().await?;
            let values: [Value<'_>; 4] =
                [("app", &app), ("tenant", &tenant), ("name", &LEGACY_KEY), ("lock", &lock(app, tenant, LEGACY_KEY))];
            // Nothing comes where another process is at it, or was.
            if let Some(taken) = db.row(&sql.keys.take_legacy, &values).await? {
                let value: &str = get(&taken, 0, "value")?;
                let created_at = get::<Option<i64>>(&taken, 1, "created_at_time")?.unwrap_or_default();
                self.put(db, sql, app, value, created_at).await?;
                moved += 1;
            }
            db.commit().await?;
        }
        Ok(moved)
    }
}

impl MoveLegacyKeys {
    async fn put(&self, db: &Db<'_>, sql: &Sql, app: &str, value: &str, created_at: i64) -> Result<(), Fault> {
        if !self.dynamic {
            let values: [Value<'_>; 3] = [("app", &app), ("value", &value), ("created_at", &created_at)];
            return db.execute(&sql.keys.move_to_static, &values).await.map(drop);
        }
        for created_at in created_at..=created_at.saturating_add(MOVE_LIMIT) {
            let values: [Value<'_>; 3] = [("app", &app), ("value", &value), ("created_at", &created_at)];
            if db.execute(&sql.keys.move_to_dynamic, &values).await? > 0 {
                return Ok(());
            }
        }
        Err(Fault::Row(Unreadable("created_at_time")))
    }
}
