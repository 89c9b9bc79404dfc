//! The statements on signing keys and on the refresh-token key (`spec/modern-core.md` 7.6, 7.8).

use doorward_engine::id::{AppId, TenantId};
use doorward_engine::secret::Secret;
use doorward_engine::time::Millis;
use doorward_service::store::{NewKey, StoredKey, StoredKeys, StoredStaticKey};
use rusqlite::params;

use super::db::Db;
use super::error::Fault;
use super::read::{integer_or_null, text};
use super::tenants;
use crate::sql::row::{Unreadable, moment, moment_column};

/// All keys of an app: those that rotate, those that don't, and the refresh-token key.
pub(super) const KEYS: &str = "SELECT 'd', created_at_time, value, NULL FROM session_access_token_signing_keys WHERE app_id = ?1 \
     UNION ALL SELECT 's', created_at, key_string, key_id FROM jwt_signing_keys WHERE app_id = ?1 AND algorithm = 'RS256' \
     UNION ALL SELECT 'r', NULL, value, NULL FROM key_value WHERE app_id = ?1 AND tenant_id = 'public' \
     AND name = 'refresh_token_key'";

pub(super) const ADD_SIGNING: &str = "INSERT INTO session_access_token_signing_keys (app_id, created_at_time, value) \
     SELECT ?1, ?2, ?3 WHERE (SELECT max(created_at_time) FROM session_access_token_signing_keys WHERE app_id = ?1) IS ?4 \
     ON CONFLICT (app_id, created_at_time) DO NOTHING";

pub(super) const ADD_REFRESH: &str = "INSERT INTO key_value (app_id, tenant_id, name, value, created_at_time) \
     VALUES (?1, 'public', 'refresh_token_key', ?2, ?3) ON CONFLICT (app_id, tenant_id, name) DO NOTHING";

pub(super) const ADD_STATIC: &str = "INSERT INTO jwt_signing_keys (app_id, key_id, key_string, algorithm, created_at) \
     SELECT ?1, ?2, ?3, 'RS256', ?4 WHERE NOT EXISTS (SELECT 1 FROM jwt_signing_keys WHERE app_id = ?1 AND algorithm = 'RS256')";

pub(super) const REMOVE: &str =
    "DELETE FROM session_access_token_signing_keys WHERE app_id = ?1 AND created_at_time < ?2";

pub(super) fn keys(db: &Db, app: &AppId) -> Result<StoredKeys, Fault> {
    let mut keys = StoredKeys::default();
    db.rows(KEYS, params![app.as_str()], |row| {
        let value = Secret::new(text(row, 2, "value")?);
        let created_at = integer_or_null(row, 1, "created_at_time")?;
        match text(row, 0, "kind")? {
            "d" => {
                let created_at = created_at.and_then(moment).ok_or(Unreadable("created_at_time"))?;
                keys.signing.push(StoredKey { created_at, value });
            }
            "s" => {
                // Upstream's column may be null: such a key is older than any other.
                let created_at = moment(created_at.unwrap_or_default()).ok_or(Unreadable("created_at"))?;
                let id = text(row, 3, "key_id")?.to_owned();
                keys.static_keys.push(StoredStaticKey { id, created_at, value });
            }
            _ => keys.refresh = Some(value),
        }
        Ok(())
    })?;
    Ok(keys)
}

pub(super) fn add(db: &Db, app: &AppId, key: &NewKey) -> Result<StoredKeys, Fault> {
    let (NewKey::Signing { key: StoredKey { created_at, .. }, .. }
    | NewKey::Static(StoredStaticKey { created_at, .. })
    | NewKey::Refresh { created_at, .. }) = key;
    tenants::with_tenant(db, app, &TenantId::default(), *created_at, || add_once(db, app, key))?;
    keys(db, app)
}

fn add_once(db: &Db, app: &AppId, key: &NewKey) -> Result<usize, rusqlite::Error> {
    match key {
        NewKey::Signing { key, newest_seen } => db.execute(
            ADD_SIGNING,
            params![app.as_str(), moment_column(key.created_at), key.value.expose(), newest_seen.map(moment_column),],
        ),
        NewKey::Static(key) => {
            db.execute(ADD_STATIC, params![app.as_str(), key.id, key.value.expose(), moment_column(key.created_at)])
        }
        NewKey::Refresh { value, created_at } => {
            db.execute(ADD_REFRESH, params![app.as_str(), value.expose(), moment_column(*created_at)])
        }
    }
}

pub(super) fn remove(db: &Db, app: &AppId, created_before: Millis) -> Result<u64, Fault> {
    let deleted = db.execute(REMOVE, params![app.as_str(), moment_column(created_before)])?;
    Ok(u64::try_from(deleted).unwrap_or(u64::MAX))
}
