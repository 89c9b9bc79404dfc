//! The tables as they are made where they are missing (`spec/modern-core.md` 9.1), and the columns that are added to
//! those of older releases.
//!
//! Upstream's indexes on `app_id` or on `(app_id, tenant_id)` alone are left out: the primary keys begin with the same
//! columns and serve the same searches.

use super::names::Table;

/// Returns the statements that make a table with its indexes; `None` for one that isn't ours to make.
pub(super) const fn creation(table: Table) -> Option<&'static str> {
    Some(match table {
        Table::Apps => APPS,
        Table::Tenants => TENANTS,
        Table::KeyValue => KEY_VALUE,
        Table::SessionInfo => SESSION_INFO,
        Table::SigningKeys => SIGNING_KEYS,
        Table::StaticKeys => STATIC_KEYS,
        Table::TenantConfigs => TENANT_CONFIGS,
        Table::FirstFactors => FIRST_FACTORS,
        Table::RequiredFactors => REQUIRED_FACTORS,
        Table::LastActive => LAST_ACTIVE,
        Table::UserIdMapping | Table::UserIds | Table::RecipeUsers => return None,
    })
}

/// Returns the columns that every release has which can be taken over, upstream's 6.0 being the first.
pub(super) const fn required(table: Table) -> &'static [&'static str] {
    match table {
        Table::Apps => &["app_id"],
        Table::Tenants => &["app_id", "tenant_id"],
        Table::KeyValue => &["app_id", "tenant_id", "name", "value", "created_at_time"],
        Table::SessionInfo => &[
            "app_id",
            "tenant_id",
            "session_handle",
            "user_id",
            "refresh_token_hash_2",
            "session_data",
            "expires_at",
            "created_at_time",
            "jwt_user_payload",
            "use_static_key",
        ],
        Table::SigningKeys => &["app_id", "created_at_time", "value"],
        Table::StaticKeys => &["app_id", "key_id", "key_string", "algorithm", "created_at"],
        Table::TenantConfigs => &["connection_uri_domain", "app_id", "tenant_id", "core_config"],
        Table::FirstFactors
        | Table::RequiredFactors
        | Table::LastActive
        | Table::UserIdMapping
        | Table::UserIds
        | Table::RecipeUsers => &[],
    }
}

/// Columns that are added where they are missing: nullable and without a default, so that the database only notes them
/// and no other program finds its inserts refused.
pub(super) const ADDED: &[(Table, &str, &str)] = &[
    (Table::SessionInfo, "prev_refresh_token_hash_2", "VARCHAR(128)"),
    (Table::SessionInfo, "refresh_token_rotated_at", "BIGINT"),
    (Table::SessionInfo, "window_at", "BIGINT"),
    (Table::SessionInfo, "window_no", "BIGINT"),
    (Table::SessionInfo, "window_count", "BIGINT"),
    (Table::SessionInfo, "absolute_end", "BIGINT"),
    (Table::SessionInfo, "access_lifetime", "BIGINT"),
    (Table::SessionInfo, "refresh_lifetime", "BIGINT"),
    (Table::TenantConfigs, "is_first_factors_null", "BOOLEAN"),
];

const APPS: &str = "CREATE TABLE IF NOT EXISTS {apps} (
  app_id VARCHAR(64) NOT NULL DEFAULT 'public',
  created_at_time BIGINT,
  CONSTRAINT {constraint apps_pkey} PRIMARY KEY (app_id)
)";

const TENANTS: &str = "CREATE TABLE IF NOT EXISTS {tenants} (
  app_id VARCHAR(64) NOT NULL DEFAULT 'public',
  tenant_id VARCHAR(64) NOT NULL DEFAULT 'public',
  created_at_time BIGINT,
  CONSTRAINT {constraint tenants_pkey} PRIMARY KEY (app_id, tenant_id),
  CONSTRAINT {constraint tenants_app_id_fkey} FOREIGN KEY (app_id) REFERENCES {apps} (app_id) ON DELETE CASCADE
)";

const KEY_VALUE: &str = "CREATE TABLE IF NOT EXISTS {key_value} (
  app_id VARCHAR(64) NOT NULL DEFAULT 'public',
  tenant_id VARCHAR(64) NOT NULL DEFAULT 'public',
  name VARCHAR(128) NOT NULL,
  value TEXT,
  created_at_time BIGINT,
  CONSTRAINT {constraint key_value_pkey} PRIMARY KEY (app_id, tenant_id, name),
  CONSTRAINT {constraint key_value_tenant_id_fkey} FOREIGN KEY (app_id, tenant_id)
    REFERENCES {tenants} (app_id, tenant_id) ON DELETE CASCADE
)";

const SESSION_INFO: &str = "CREATE TABLE IF NOT EXISTS {session_info} (
  app_id VARCHAR(64) NOT NULL DEFAULT 'public',
  tenant_id VARCHAR(64) NOT NULL DEFAULT 'public',
  session_handle VARCHAR(255) NOT NULL,
  user_id VARCHAR(128) NOT NULL,
  refresh_token_hash_2 VARCHAR(128) NOT NULL,
  session_data TEXT,
  expires_at BIGINT NOT NULL,
  created_at_time BIGINT NOT NULL,
  jwt_user_payload TEXT,
  use_static_key BOOLEAN NOT NULL,
  prev_refresh_token_hash_2 VARCHAR(128),
  refresh_token_rotated_at BIGINT,
  window_at BIGINT,
  window_no BIGINT,
  window_count BIGINT,
  absolute_end BIGINT,
  access_lifetime BIGINT,
  refresh_lifetime BIGINT,
  CONSTRAINT {constraint session_info_pkey} PRIMARY KEY (app_id, tenant_id, session_handle),
  CONSTRAINT {constraint session_info_tenant_id_fkey} FOREIGN KEY (app_id, tenant_id)
    REFERENCES {tenants} (app_id, tenant_id) ON DELETE CASCADE
);
CREATE INDEX IF NOT EXISTS {index session_expiry_index} ON {session_info} (expires_at);
CREATE INDEX IF NOT EXISTS {index session_info_user_id_app_id_index} ON {session_info} (user_id, app_id)";

const SIGNING_KEYS: &str = "CREATE TABLE IF NOT EXISTS {session_access_token_signing_keys} (
  app_id VARCHAR(64) NOT NULL DEFAULT 'public',
  created_at_time BIGINT NOT NULL,
  value TEXT,
  CONSTRAINT {constraint session_access_token_signing_keys_pkey} PRIMARY KEY (app_id, created_at_time),
  CONSTRAINT {constraint session_access_token_signing_keys_app_id_fkey} FOREIGN KEY (app_id)
    REFERENCES {apps} (app_id) ON DELETE CASCADE
)";

const STATIC_KEYS: &str = "CREATE TABLE IF NOT EXISTS {jwt_signing_keys} (
  app_id VARCHAR(64) NOT NULL DEFAULT 'public',
  key_id VARCHAR(255) NOT NULL,
  key_string TEXT NOT NULL,
  algorithm VARCHAR(10) NOT NULL,
  created_at BIGINT,
  CONSTRAINT {constraint jwt_signing_keys_pkey} PRIMARY KEY (app_id, key_id),
  CONSTRAINT {constraint jwt_signing_keys_app_id_fkey} FOREIGN KEY (app_id) REFERENCES {apps} (app_id)
    ON DELETE CASCADE
)";

const TENANT_CONFIGS: &str = "CREATE TABLE IF NOT EXISTS {tenant_configs} (
  connection_uri_domain VARCHAR(256) NOT NULL DEFAULT '',
  app_id VARCHAR(64) NOT NULL DEFAULT 'public',
  tenant_id VARCHAR(64) NOT NULL DEFAULT 'public',
  core_config TEXT,
  email_password_enabled BOOLEAN,
  passwordless_enabled BOOLEAN,
  third_party_enabled BOOLEAN,
  is_first_factors_null BOOLEAN,
  CONSTRAINT {constraint tenant_configs_pkey} PRIMARY KEY (connection_uri_domain, app_id, tenant_id)
)";

const FIRST_FACTORS: &str = "CREATE TABLE IF NOT EXISTS {tenant_first_factors} (
  connection_uri_domain VARCHAR(256) NOT NULL DEFAULT '',
  app_id VARCHAR(64) NOT NULL DEFAULT 'public',
  tenant_id VARCHAR(64) NOT NULL DEFAULT 'public',
  factor_id VARCHAR(128) NOT NULL,
  CONSTRAINT {constraint tenant_first_factors_pkey} PRIMARY KEY (connection_uri_domain, app_id, tenant_id, factor_id),
  CONSTRAINT {constraint tenant_first_factors_tenant_id_fkey} FOREIGN KEY (connection_uri_domain, app_id, tenant_id)
    REFERENCES {tenant_configs} (connection_uri_domain, app_id, tenant_id) ON DELETE CASCADE
)";

const REQUIRED_FACTORS: &str = "CREATE TABLE IF NOT EXISTS {tenant_required_secondary_factors} (
  connection_uri_domain VARCHAR(256) NOT NULL DEFAULT '',
  app_id VARCHAR(64) NOT NULL DEFAULT 'public',
  tenant_id VARCHAR(64) NOT NULL DEFAULT 'public',
  factor_id VARCHAR(128) NOT NULL,
  CONSTRAINT {constraint tenant_required_secondary_factors_pkey}
    PRIMARY KEY (connection_uri_domain, app_id, tenant_id, factor_id),
  CONSTRAINT {constraint tenant_required_secondary_factors_tenant_id_fkey}
    FOREIGN KEY (connection_uri_domain, app_id, tenant_id)
    REFERENCES {tenant_configs} (connection_uri_domain, app_id, tenant_id) ON DELETE CASCADE
)";

const LAST_ACTIVE: &str = "CREATE TABLE IF NOT EXISTS {user_last_active} (
  app_id VARCHAR(64) NOT NULL DEFAULT 'public',
  user_id VARCHAR(128) NOT NULL,
  last_active_time BIGINT,
  CONSTRAINT {constraint user_last_active_pkey} PRIMARY KEY (app_id, user_id),
  CONSTRAINT {constraint user_last_active_app_id_fkey} FOREIGN KEY (app_id) REFERENCES {apps} (app_id)
    ON DELETE CASCADE
);
CREATE INDEX IF NOT EXISTS {index user_last_active_last_active_time_index}
  ON {user_last_active} (app_id, last_active_time)";
