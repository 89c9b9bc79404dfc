-- The settings of tenants, and when users were there last (spec/modern-core.md 9.1). Upstream's tenant_configs has no
-- foreign key, because its tenants may lie in other databases; here they are in this file, and take their settings along.

CREATE TABLE tenant_configs (
  connection_uri_domain VARCHAR(256) NOT NULL DEFAULT '',
  app_id VARCHAR(64) NOT NULL DEFAULT 'public',
  tenant_id VARCHAR(64) NOT NULL DEFAULT 'public',
  core_config TEXT,
  email_password_enabled BOOLEAN,
  passwordless_enabled BOOLEAN,
  third_party_enabled BOOLEAN,
  is_first_factors_null BOOLEAN,
  CONSTRAINT tenant_configs_pkey PRIMARY KEY (connection_uri_domain, app_id, tenant_id),
  CONSTRAINT tenant_configs_tenant_id_fkey FOREIGN KEY (app_id, tenant_id) REFERENCES tenants (app_id, tenant_id)
    ON DELETE CASCADE
);

CREATE INDEX tenant_configs_tenant_id_index ON tenant_configs (app_id, tenant_id);

CREATE TABLE tenant_first_factors (
  connection_uri_domain VARCHAR(256) NOT NULL DEFAULT '',
  app_id VARCHAR(64) NOT NULL DEFAULT 'public',
  tenant_id VARCHAR(64) NOT NULL DEFAULT 'public',
  factor_id VARCHAR(128) NOT NULL,
  CONSTRAINT tenant_first_factors_pkey PRIMARY KEY (connection_uri_domain, app_id, tenant_id, factor_id),
  CONSTRAINT tenant_first_factors_tenant_id_fkey FOREIGN KEY (connection_uri_domain, app_id, tenant_id)
    REFERENCES tenant_configs (connection_uri_domain, app_id, tenant_id) ON DELETE CASCADE
);

CREATE TABLE tenant_required_secondary_factors (
  connection_uri_domain VARCHAR(256) NOT NULL DEFAULT '',
  app_id VARCHAR(64) NOT NULL DEFAULT 'public',
  tenant_id VARCHAR(64) NOT NULL DEFAULT 'public',
  factor_id VARCHAR(128) NOT NULL,
  CONSTRAINT tenant_required_secondary_factors_pkey
    PRIMARY KEY (connection_uri_domain, app_id, tenant_id, factor_id),
  CONSTRAINT tenant_required_secondary_factors_tenant_id_fkey FOREIGN KEY (connection_uri_domain, app_id, tenant_id)
    REFERENCES tenant_configs (connection_uri_domain, app_id, tenant_id) ON DELETE CASCADE
);

CREATE TABLE user_last_active (
  app_id VARCHAR(64) NOT NULL DEFAULT 'public',
  user_id VARCHAR(128) NOT NULL,
  last_active_time BIGINT,
  CONSTRAINT user_last_active_pkey PRIMARY KEY (app_id, user_id),
  CONSTRAINT user_last_active_app_id_fkey FOREIGN KEY (app_id) REFERENCES apps (app_id) ON DELETE CASCADE
);

CREATE INDEX user_last_active_last_active_time_index ON user_last_active (app_id, last_active_time);
