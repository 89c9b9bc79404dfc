//! The statements on keys, written for one database.

use super::statement::{Statement, Writer};

#[derive(Debug)]
pub(crate) struct KeySql {
    pub(crate) keys: Statement,
    pub(crate) lock_app: Statement,
    pub(crate) lock_signing: Statement,
    pub(crate) lock_static: Statement,
    pub(crate) add_signing: Statement,
    pub(crate) add_static: Statement,
    pub(crate) add_refresh: Statement,
    pub(crate) remove: Statement,
    pub(crate) legacy: Statement,
    pub(crate) take_legacy: Statement,
    pub(crate) move_to_dynamic: Statement,
    pub(crate) move_to_static: Statement,
}

impl KeySql {
    /// Beside plain SQL: `RETURNING`, `ON CONFLICT DO NOTHING`, `FOR UPDATE` and `FOR NO KEY UPDATE` (which lets others
    /// refer to the row), `gen_random_uuid` (for the legacy key alone), advisory locks where there are any.
    pub(crate) fn new(writer: &Writer<'_>) -> Self {
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
