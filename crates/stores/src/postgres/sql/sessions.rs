//! The statements on `session_info`, written for one database.

use super::statement::{Statement, Writer};

#[derive(Debug)]
pub(crate) struct SessionSql {
    pub(crate) load: Statement,
    pub(crate) read: Statement,
    pub(crate) list: Statement,
    pub(crate) insert: Statement,
    pub(crate) stay: Statement,
    pub(crate) advance: Statement,
    pub(crate) displace: Statement,
    pub(crate) update: Statement,
    pub(crate) remove: Statement,
    pub(crate) remove_keys: Statement,
    pub(crate) remove_user: Statement,
    pub(crate) sweep: Statement,
}

impl SessionSql {
    /// Beside plain SQL: a short name for the table that is written (`AS sessions`), `RETURNING` (all writes; with what
    /// `users` asks for where there are users), `ON CONFLICT DO NOTHING`, `LEAST` that leaves nulls out, comparison of
    /// rows of columns, `convert_to` (an order by bytes whatever the collation is), `unnest` of one array and of several,
    /// `strpos`.
    pub(crate) fn new(writer: &Writer<'_>) -> Self {
        Self {
            load: writer.statement("SELECT {columns}, {primary} FROM {session_info} AS sessions WHERE {key}"),
            read: writer.statement("SELECT {columns}, {shown_primary} FROM {session_info} AS sessions WHERE {key}"),
            list: writer.statement(
                "SELECT {columns}, NULL::TEXT FROM {session_info} WHERE app_id = $app::VARCHAR AND {of_user} \
                 AND ($tenant::TEXT IS NULL OR tenant_id = $tenant) \
                 AND ($after_tenant::TEXT IS NULL OR (convert_to(tenant_id, 'UTF8'), convert_to(session_handle, 'UTF8')) \
                 > (convert_to($after_tenant, 'UTF8'), convert_to($after_handle, 'UTF8'))) \
                 ORDER BY convert_to(tenant_id, 'UTF8'), convert_to(session_handle, 'UTF8') LIMIT $limit::BIGINT",
            ),
            insert: writer.statement(
                "INSERT INTO {session_info} AS sessions (app_id, tenant_id, session_handle, user_id, \
                 refresh_token_hash_2, expires_at, created_at_time, jwt_user_payload, session_data, use_static_key\
                 {insert_rotation}{insert_window}{insert_limits}) \
                 VALUES ($app::VARCHAR, $tenant, $handle, {stored_user}, $current, $expires_at, $created_at, $payload, \
                 $data, $use_static_key\
                 {rotation_values}{window_values}{limit_values}) \
                 ON CONFLICT (app_id, tenant_id, session_handle) DO NOTHING RETURNING user_id, {primary}",
            ),
            stay: writer.statement(
                "UPDATE {session_info} AS sessions SET \
                 use_static_key = COALESCE($use_static_key, use_static_key){keep_or_set_window} \
                 WHERE {stands} RETURNING {columns}, {primary}",
            ),
            advance: writer.statement(
                "UPDATE {session_info} AS sessions SET use_static_key = COALESCE($use_static_key, use_static_key), \
                 refresh_token_hash_2 = $to{move_prev}{set_window}, expires_at = {extended} \
                 WHERE {stands} RETURNING {columns}, {primary}",
            ),
            displace: writer.statement(
                "UPDATE {session_info} AS sessions SET use_static_key = COALESCE($use_static_key, use_static_key), \
                 refresh_token_hash_2 = $to{clear_window} WHERE {stands} RETURNING {columns}, {primary}",
            ),
            update: writer.statement(
                "UPDATE {session_info} AS sessions SET jwt_user_payload = COALESCE($payload, jwt_user_payload), \
                 session_data = COALESCE($data, session_data) WHERE {key} AND {alive} \
                 AND ($seen::TEXT IS NULL OR {payload} = $seen) RETURNING {columns}, {primary}",
            ),
            remove: writer.statement(
                "DELETE FROM {session_info} AS sessions WHERE {key} AND refresh_token_hash_2 = $current \
                 RETURNING {columns}, {primary}",
            ),
            remove_keys: writer.statement(
                "DELETE FROM {session_info} WHERE (app_id, tenant_id, session_handle) \
                 IN (SELECT * FROM unnest($apps::TEXT[], $tenants::TEXT[], $handles::TEXT[])) \
                 RETURNING app_id, tenant_id, session_handle",
            ),
            remove_user: writer.statement(
                "DELETE FROM {session_info} WHERE app_id = $app::VARCHAR AND {of_user} \
                 AND ($tenant::TEXT IS NULL OR tenant_id = $tenant) \
                 AND ($except::TEXT IS NULL OR session_handle <> $except) \
                 AND ($now::BIGINT IS NULL OR {alive}) RETURNING app_id, tenant_id, session_handle",
            ),
            // The condition stands twice: a row that another writer holds is judged anew when that one is done.
            sweep: writer.statement(
                "DELETE FROM {session_info} WHERE expires_at < $before AND (app_id, tenant_id, session_handle) IN \
                 (SELECT app_id, tenant_id, session_handle FROM {session_info} WHERE expires_at < $before \
                 ORDER BY expires_at LIMIT $limit::BIGINT)",
            ),
        }
    }
}
