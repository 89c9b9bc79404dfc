//! Options of SuperTokens that change nothing here. They are accepted, so that an operator's file and environment go on
//! working; those that ask for something are named in one warning.

use crate::config::option::Initial::{Bool, Int, Unset};
use crate::config::option::{Kind, OptionSpec};

const fn ignored(name: &'static str, environment: &'static str) -> OptionSpec {
    OptionSpec::without_effect(name, Kind::Text, Unset).environment(environment)
}

/// Those that ask for nothing that is missing here: no warning names them.
pub(crate) static SILENT: &[&str] = &[
    "core_config_version",
    "deadlock_logger_enable",
    "disable_telemetry",
    "max_server_pool_size",
    "migration_mode",
    "postgresql_config_version",
    "webserver_https_enabled",
];

pub(crate) static ALL: &[OptionSpec] = &[
    OptionSpec::without_effect("core_config_version", Kind::Int, Int(0)),
    OptionSpec::without_effect("disable_telemetry", Kind::Bool, Bool(false)).environment("DISABLE_TELEMETRY"),
    OptionSpec::without_effect("max_server_pool_size", Kind::Int, Int(10)).environment("MAX_SERVER_POOL_SIZE").between(
        1.0,
        2_147_483_647.0,
        "'max_server_pool_size' must be >= 1.",
    ),
    OptionSpec::without_effect("deadlock_logger_enable", Kind::Bool, Bool(false)).environment("DEADLOCK_LOGGER_ENABLE"),
    OptionSpec::without_effect("webserver_https_enabled", Kind::Bool, Bool(false)),
    OptionSpec::without_effect("postgresql_config_version", Kind::Int, Int(0)),
    ignored("argon2_hashing_pool_size", "ARGON2_HASHING_POOL_SIZE"),
    ignored("argon2_iterations", "ARGON2_ITERATIONS"),
    ignored("argon2_memory_kb", "ARGON2_MEMORY_KB"),
    ignored("argon2_parallelism", "ARGON2_PARALLELISM"),
    ignored("bcrypt_log_rounds", "BCRYPT_LOG_ROUNDS"),
    ignored("bulk_migration_batch_size", "BULK_MIGRATION_BATCH_SIZE"),
    ignored("bulk_migration_parallelism", "BULK_MIGRATION_PARALLELISM"),
    ignored("email_verification_token_lifetime", "EMAIL_VERIFICATION_TOKEN_LIFETIME"),
    ignored("firebase_password_hashing_pool_size", "FIREBASE_PASSWORD_HASHING_POOL_SIZE"),
    ignored("firebase_password_hashing_signer_key", "FIREBASE_PASSWORD_HASHING_SIGNER_KEY"),
    ignored("migration_mode", "SUPERTOKENS_MIGRATION_MODE"),
    ignored("oauth_client_secret_encryption_key", "OAUTH_CLIENT_SECRET_ENCRYPTION_KEY"),
    ignored("oauth_provider_admin_service_url", "OAUTH_PROVIDER_ADMIN_SERVICE_URL").protected(),
    ignored("oauth_provider_consent_login_base_url", "OAUTH_PROVIDER_CONSENT_LOGIN_BASE_URL").protected(),
    ignored("oauth_provider_public_service_url", "OAUTH_PROVIDER_PUBLIC_SERVICE_URL").protected(),
    ignored("oauth_provider_url_configured_in_oauth_provider", "OAUTH_PROVIDER_URL_CONFIGURED_IN_OAUTH_PROVIDER")
        .protected(),
    ignored("otel_collector_connection_uri", "OTEL_COLLECTOR_CONNECTION_URI"),
    ignored("password_hashing_alg", "PASSWORD_HASHING_ALG"),
    ignored("password_reset_token_lifetime", "PASSWORD_RESET_TOKEN_LIFETIME"),
    ignored("passwordless_code_lifetime", "PASSWORDLESS_CODE_LIFETIME"),
    ignored("passwordless_max_code_input_attempts", "PASSWORDLESS_MAX_CODE_INPUT_ATTEMPTS"),
    ignored("postgresql_connection_attributes", "POSTGRESQL_CONNECTION_ATTRIBUTES"),
    ignored("postgresql_connection_scheme", "POSTGRESQL_CONNECTION_SCHEME"),
    ignored(
        "postgresql_emailpassword_pswd_reset_tokens_table_name",
        "POSTGRESQL_EMAILPASSWORD_PSWD_RESET_TOKENS_TABLE_NAME",
    ),
    ignored("postgresql_emailpassword_users_table_name", "POSTGRESQL_EMAILPASSWORD_USERS_TABLE_NAME"),
    ignored("postgresql_emailverification_tokens_table_name", "POSTGRESQL_EMAILVERIFICATION_TOKENS_TABLE_NAME"),
    ignored(
        "postgresql_emailverification_verified_emails_table_name",
        "POSTGRESQL_EMAILVERIFICATION_VERIFIED_EMAILS_TABLE_NAME",
    ),
    ignored("postgresql_thirdparty_users_table_name", "POSTGRESQL_THIRDPARTY_USERS_TABLE_NAME"),
    ignored("saml_claims_validity", "SAML_CLAIMS_VALIDITY").protected(),
    ignored("saml_legacy_acs_url", "SAML_LEGACY_ACS_URL").protected(),
    ignored("saml_relay_state_validity", "SAML_RELAY_STATE_VALIDITY").protected(),
    ignored("saml_sp_entity_id", "SAML_SP_ENTITY_ID").protected(),
    ignored("supertokens_default_cdi_version", "SUPERTOKENS_DEFAULT_CDI_VERSION"),
    ignored("supertokens_saas_load_only_cud", "SUPERTOKENS_SAAS_LOAD_ONLY_CUD"),
    ignored("totp_max_attempts", "TOTP_MAX_ATTEMPTS"),
    ignored("totp_rate_limit_cooldown_sec", "TOTP_RATE_LIMIT_COOLDOWN_SEC"),
    ignored("webauthn_recover_account_token_lifetime", "WEBAUTHN_RECOVER_ACCOUNT_TOKEN_LIFETIME"),
];
