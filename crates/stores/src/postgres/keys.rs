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
use super::sessions::ensure;
use super::sql::Sql;
use super::statement::{Statement, Writer};
use crate::sql::row::{Unreadable, moment, moment_column};

/// The one signing key of releases before 3.6, in `key_value`.
const LEGACY_KEY: &str = "access_token_signing_key";

/// Milliseconds that a moved key is made younger by at most, until no other key has its creation time.
const MOVE_LIMIT: i64 = 1000;

#[derive(Debug)]
pub(super) struct KeySql {
    keys: Statement,
    lock_app: Statement,
    lock_signing: Statement,
    lock_static: Statement,
    add_signing: Statement,
    add_static: Statement,
    add_refresh: Statement,
    remove: Statement,
    legacy: Statement,
    take_legacy: Statement,
    move_to_dynamic: Statement,
    move_to_static: Statement,
}

impl KeySql {
    /// Beside plain SQL: `RETURNING`, `ON CONFLICT DO NOTHING`, `FOR UPDATE` and `FOR NO KEY UPDATE` (which lets others
    /// refer to the row), `gen_random_uuid` (for the legacy key alone), advisory locks where there are any.
    pub(super) fn new(writer: &Writer<'_>) -> Self {
        Self {
            keys: writer.statement(
                "SELECT 'd', created_at_time, value, NULL FROM {session_access_token_signing_keys} WHERE app_id = $app \
                 UNION ALL SELECT 's', created_at, key_string, key_id FROM {jwt_signing_keys} \
                 WHERE app_id = $app AND algorithm = 'RS256' \
                 UNION ALL SELECT 'r', NULL, value, NULL FROM {key_value} \
                 WHERE app_id = $app AND tenant_id = 'public' AND name = 'refresh_token_key'",
            ),
            lock_app: writer.statement("SELECT app_id FROM {apps} WHERE app_id = $app FOR NO KEY UPDATE"),
            lock_signing: writer
                .statement("SELECT 1 FROM {session_access_token_signing_keys} WHERE app_id = $app FOR UPDATE"),
            lock_static: writer
                .statement("SELECT 1 FROM {jwt_signing_keys} WHERE app_id = $app AND algorithm = 'RS256' FOR UPDATE"),
            // These carry their condition themselves: a statement that locks sees only what was there when it began to wait.
            add_signing: writer.statement(
                "INSERT INTO {session_access_token_signing_keys} (app_id, created_at_time, value) \
                 SELECT $app::VARCHAR, $created_at::BIGINT, $value::TEXT WHERE (SELECT max(created_at_time) \
                 FROM {session_access_token_signing_keys} WHERE app_id = $app) IS NOT DISTINCT FROM $newest_seen::BIGINT \
                 ON CONFLICT (app_id, created_at_time) DO NOTHING",
            ),
            add_static: writer.statement(
                "INSERT INTO {jwt_signing_keys} (app_id, key_id, key_string, algorithm, created_at) \
                 SELECT $app::VARCHAR, $id::VARCHAR, $value::TEXT, 'RS256', $created_at::BIGINT WHERE NOT EXISTS \
                 (SELECT 1 FROM {jwt_signing_keys} WHERE app_id = $app AND algorithm = 'RS256') \
                 ON CONFLICT (app_id, key_id) DO NOTHING",
            ),
            add_refresh: writer.statement(
                "INSERT INTO {key_value} (app_id, tenant_id, name, value, created_at_time) \
                 SELECT $app::VARCHAR, 'public', 'refresh_token_key', $value::TEXT, $created_at::BIGINT WHERE {locked} \
                 ON CONFLICT (app_id, tenant_id, name) DO NOTHING",
            ),
            remove: writer.statement(
                "DELETE FROM {session_access_token_signing_keys} WHERE app_id = $app AND created_at_time < $before",
            ),
            legacy: writer.statement("SELECT app_id, tenant_id FROM {key_value} WHERE name = $name"),
            take_legacy: writer.statement(
                "DELETE FROM {key_value} WHERE app_id = $app AND tenant_id = $tenant AND name = $name AND {locked} \
                 RETURNING value, created_at_time",
            ),
            move_to_dynamic: writer.statement(
                "INSERT INTO {session_access_token_signing_keys} (app_id, created_at_time, value) \
                 VALUES ($app, $created_at, $value) ON CONFLICT (app_id, created_at_time) DO NOTHING",
            ),
            move_to_static: writer.statement(
                "INSERT INTO {jwt_signing_keys} (app_id, key_id, key_string, algorithm, created_at) \
                 VALUES ($app, 's-' || gen_random_uuid()::TEXT, $value, 'RS256', $created_at)",
            ),
        }
    }
}

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
                    ensure(db, sql, app, &TenantId::default(), *created_at).await?;
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
        ensure(db, sql, app, &TenantId::default(), now).await?;
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use futures_util::future::join_all;

    use super::*;
    use crate::postgres::connect::Target;
    use crate::postgres::names::Names;
    use crate::postgres::pool::Connections;
    use crate::postgres::statement::Room;
    use crate::postgres::{Postgres, limits, schema};

    /// A database of another make, as far as one can be had here: the same, asked for nothing that such a one lacks.
    #[tokio::test]
    async fn where_there_are_no_advisory_locks_one_key_is_made_all_the_same() {
        let Ok(uri) = std::env::var("DOORWARD_TEST_POSTGRES") else { return };
        let options = Postgres::options().uri(&uri).unwrap().schema(format!("test_{}_plain", std::process::id()));
        let names = Names::new(&options.naming).unwrap();
        let target = Target::new(&options).unwrap();
        let (client, _task) = target.patiently(options.startup_patience).await.unwrap();
        let room = Room { advisory_locks: false, ..schema::prepare(&client, &names).await.unwrap() };
        let pools: Vec<Arc<Connections>> = (0..2)
            .map(|_| Arc::new(Connections::new(&target, Sql::new(&names, room), limits(&options).unwrap()).unwrap()))
            .collect();
        for app in ["public", "other"] {
            let app = AppId::parse(app).unwrap();
            let calls = (0_u32..40).map(|number| {
                let value = Secret::new(number.to_string());
                let key = NewKey::Refresh { value, created_at: Millis::saturating(5) };
                let pool = if number % 2 == 0 { pools.first() } else { pools.last() };
                pool.unwrap().run(AddKey(app.clone(), key))
            });
            let mut seen: Vec<StoredKeys> = join_all(calls).await.into_iter().map(Result::unwrap).collect();
            seen.dedup();
            assert_eq!(seen.len(), 1);
            assert!(seen.pop().unwrap().refresh.is_some());
        }
    }
}
