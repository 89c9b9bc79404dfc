//! The statements on apps and tenants, written for one database.

use super::statement::{Statement, Writer};

#[derive(Debug)]
pub(crate) struct DirectorySql {
    pub(crate) tenants: Statement,
    pub(crate) put_config: Statement,
    pub(crate) clear_first: Statement,
    pub(crate) clear_required: Statement,
    pub(crate) add_first: Statement,
    pub(crate) add_required: Statement,
    pub(crate) some_sessions: Statement,
    pub(crate) remove_configs: Statement,
    pub(crate) remove_tenant: Statement,
    pub(crate) remove_app: Statement,
    pub(crate) value: Statement,
    pub(crate) put_value: Statement,
    pub(crate) mark_active: Statement,
    pub(crate) count_active: Statement,
    pub(crate) count_sessions: Statement,
    pub(crate) estimate_sessions: Statement,
    pub(crate) ping: Statement,
}

impl DirectorySql {
    /// Beside plain SQL: `ON CONFLICT` with `DO NOTHING` and with `DO UPDATE ... WHERE`, `ARRAY(SELECT ...)`, `unnest`, and
    /// for large tables the estimate in `pg_class`.
    pub(crate) fn new(writer: &Writer<'_>) -> Self {
        Self {
            // Tenants whose settings are those of another domain are left out; those without any are ours, and so is `public`.
            tenants: writer.statement(
                "SELECT tenants.app_id, tenants.tenant_id, core_config, email_password_enabled, third_party_enabled, \
                 passwordless_enabled, {factors} FROM {tenants} AS tenants LEFT JOIN {tenant_configs} AS configs \
                 ON configs.connection_uri_domain = '' AND configs.app_id = tenants.app_id \
                 AND configs.tenant_id = tenants.tenant_id WHERE configs.app_id IS NOT NULL \
                 OR (tenants.app_id = 'public' AND tenants.tenant_id = 'public') OR NOT EXISTS \
                 (SELECT 1 FROM {tenant_configs} AS others \
                 WHERE others.app_id = tenants.app_id AND others.tenant_id = tenants.tenant_id)",
            ),
            put_config: writer.statement(
                "INSERT INTO {tenant_configs} (connection_uri_domain, app_id, tenant_id, core_config, \
                 email_password_enabled, third_party_enabled, passwordless_enabled{insert_factors}) \
                 VALUES ('', $app, $tenant, $config, $email_password, $third_party, $passwordless{factor_values}) \
                 ON CONFLICT (connection_uri_domain, app_id, tenant_id) DO UPDATE SET core_config = EXCLUDED.core_config, \
                 email_password_enabled = EXCLUDED.email_password_enabled, \
                 third_party_enabled = EXCLUDED.third_party_enabled, \
                 passwordless_enabled = EXCLUDED.passwordless_enabled{set_factors}",
            ),
            clear_first: writer.statement(
                "DELETE FROM {tenant_first_factors} \
                 WHERE connection_uri_domain = '' AND app_id = $app AND tenant_id = $tenant",
            ),
            clear_required: writer.statement(
                "DELETE FROM {tenant_required_secondary_factors} \
                 WHERE connection_uri_domain = '' AND app_id = $app AND tenant_id = $tenant",
            ),
            add_first: writer.statement(
                "INSERT INTO {tenant_first_factors} (connection_uri_domain, app_id, tenant_id, factor_id) \
                 SELECT '', $app::VARCHAR, $tenant::VARCHAR, factor FROM unnest($factors::TEXT[]) AS factor \
                 ON CONFLICT (connection_uri_domain, app_id, tenant_id, factor_id) DO NOTHING",
            ),
            add_required: writer.statement(
                "INSERT INTO {tenant_required_secondary_factors} (connection_uri_domain, app_id, tenant_id, factor_id) \
                 SELECT '', $app::VARCHAR, $tenant::VARCHAR, factor FROM unnest($factors::TEXT[]) AS factor \
                 ON CONFLICT (connection_uri_domain, app_id, tenant_id, factor_id) DO NOTHING",
            ),
            some_sessions: writer.statement(
                "DELETE FROM {session_info} WHERE (app_id, tenant_id, session_handle) IN \
                 (SELECT app_id, tenant_id, session_handle FROM {session_info} WHERE app_id = $app \
                 AND ($tenant::TEXT IS NULL OR tenant_id = $tenant) LIMIT $limit::BIGINT)",
            ),
            remove_configs: writer.statement(
                "DELETE FROM {tenant_configs} WHERE connection_uri_domain = '' AND app_id = $app \
                 AND ($tenant::TEXT IS NULL OR tenant_id = $tenant)",
            ),
            remove_tenant: writer.statement("DELETE FROM {tenants} WHERE app_id = $app AND tenant_id = $tenant"),
            remove_app: writer.statement("DELETE FROM {apps} WHERE app_id = $app"),
            value: writer.statement(
                "SELECT value FROM {key_value} WHERE app_id = $app AND tenant_id = $tenant AND name = $name",
            ),
            put_value: writer.statement(
                "INSERT INTO {key_value} (app_id, tenant_id, name, value, created_at_time) \
                 VALUES ($app, $tenant, $name, $value, $now) ON CONFLICT (app_id, tenant_id, name) \
                 DO UPDATE SET value = EXCLUDED.value, created_at_time = EXCLUDED.created_at_time",
            ),
            mark_active: writer.statement(
                "INSERT INTO {user_last_active} AS known (app_id, user_id, last_active_time) \
                 VALUES ($app::VARCHAR, {active_user}, $now) \
                 ON CONFLICT (app_id, user_id) DO UPDATE SET last_active_time = EXCLUDED.last_active_time \
                 WHERE known.last_active_time IS NULL OR known.last_active_time < EXCLUDED.last_active_time",
            ),
            count_active: writer
                .statement("SELECT count(*) FROM {user_last_active} WHERE app_id = $app AND last_active_time >= $since"),
            count_sessions: writer.statement(
                "SELECT count(*) FROM \
                 (SELECT 1 FROM {session_info} WHERE expires_at >= $now LIMIT $limit::BIGINT) AS alive",
            ),
            estimate_sessions: writer.statement(
                "SELECT reltuples::BIGINT FROM pg_catalog.pg_class AS tables \
                 JOIN pg_catalog.pg_namespace AS schemas ON schemas.oid = tables.relnamespace \
                 WHERE schemas.nspname::TEXT = {text schema} AND tables.relname::TEXT = {text session_info}",
            ),
            ping: writer.statement("SELECT 1"),
        }
    }
}
