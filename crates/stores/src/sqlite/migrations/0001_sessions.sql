-- The tables of upstream's sessions (spec/modern-core.md 9.1), with our nullable columns at the end of session_info.
-- Upstream's indexes on app_id or on (app_id, tenant_id) alone are left out: the primary keys begin with the same
-- columns and serve the same searches.

CREATE TABLE apps (
  app_id VARCHAR(64) NOT NULL DEFAULT 'public',
  created_at_time BIGINT,
  CONSTRAINT apps_pkey PRIMARY KEY (app_id)
);

CREATE TABLE tenants (
  app_id VARCHAR(64) NOT NULL DEFAULT 'public',
  tenant_id VARCHAR(64) NOT NULL DEFAULT 'public',
  created_at_time BIGINT,
  CONSTRAINT tenants_pkey PRIMARY KEY (app_id, tenant_id),
  CONSTRAINT tenants_app_id_fkey FOREIGN KEY (app_id) REFERENCES apps (app_id) ON DELETE CASCADE
);

CREATE TABLE key_value (
  app_id VARCHAR(64) NOT NULL DEFAULT 'public',
  tenant_id VARCHAR(64) NOT NULL DEFAULT 'public',
  name VARCHAR(128) NOT NULL,
  value TEXT,
  created_at_time BIGINT,
  CONSTRAINT key_value_pkey PRIMARY KEY (app_id, tenant_id, name),
  CONSTRAINT key_value_tenant_id_fkey FOREIGN KEY (app_id, tenant_id) REFERENCES tenants (app_id, tenant_id)
    ON DELETE CASCADE
);

CREATE TABLE session_info (
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
  -- ours
  window_at BIGINT,
  window_no BIGINT,
  window_count BIGINT,
  absolute_end BIGINT,
  access_lifetime BIGINT,
  refresh_lifetime BIGINT,
  CONSTRAINT session_info_pkey PRIMARY KEY (app_id, tenant_id, session_handle),
  CONSTRAINT session_info_tenant_id_fkey FOREIGN KEY (app_id, tenant_id) REFERENCES tenants (app_id, tenant_id)
    ON DELETE CASCADE
);

CREATE INDEX session_expiry_index ON session_info (expires_at);
CREATE INDEX session_info_user_id_app_id_index ON session_info (user_id, app_id);

CREATE TABLE session_access_token_signing_keys (
  app_id VARCHAR(64) NOT NULL DEFAULT 'public',
  created_at_time BIGINT NOT NULL,
  value TEXT,
  CONSTRAINT session_access_token_signing_keys_pkey PRIMARY KEY (app_id, created_at_time),
  CONSTRAINT session_access_token_signing_keys_app_id_fkey FOREIGN KEY (app_id) REFERENCES apps (app_id)
    ON DELETE CASCADE
);

CREATE TABLE jwt_signing_keys (
  app_id VARCHAR(64) NOT NULL DEFAULT 'public',
  key_id VARCHAR(255) NOT NULL,
  key_string TEXT NOT NULL,
  algorithm VARCHAR(10) NOT NULL,
  created_at BIGINT,
  CONSTRAINT jwt_signing_keys_pkey PRIMARY KEY (app_id, key_id),
  CONSTRAINT jwt_signing_keys_app_id_fkey FOREIGN KEY (app_id) REFERENCES apps (app_id) ON DELETE CASCADE
);

INSERT INTO apps (app_id, created_at_time) VALUES ('public', CAST(strftime('%s', 'now') AS INTEGER) * 1000);
INSERT INTO tenants (app_id, tenant_id, created_at_time)
  VALUES ('public', 'public', CAST(strftime('%s', 'now') AS INTEGER) * 1000);
