//! Which store it is, and how PostgreSQL is reached (`spec/modern-core.md` 10.3).

use std::path::PathBuf;

use doorward_engine::secret::Secret;
use doorward_engine::time::Lifetime;

use super::option::OptionSpec;
use super::options::postgresql as options;
use super::options::server::store;
use super::uri::PostgresUri;
use super::value::Values;
use crate::settings::{PostgreSqlSettings, StoreSettings};

/// Which store the values ask for.
pub(super) fn settings(values: &Values) -> StoreSettings {
    match values.text(&store::STORE).as_deref() {
        Some("memory") => StoreSettings::Memory,
        Some("postgresql") => StoreSettings::PostgreSql(Box::new(postgresql(values))),
        None if names_postgresql(values) => StoreSettings::PostgreSql(Box::new(postgresql(values))),
        _ => StoreSettings::Sqlite(PathBuf::from(values.word(&store::SQLITE_DATA_DIR))),
    }
}

fn names_postgresql(values: &Values) -> bool {
    [&options::URI, &options::USER, &options::PASSWORD].iter().any(|option| values.text(option).is_some())
}

fn uri(values: &Values) -> PostgresUri {
    values.text(&options::URI).and_then(|text| PostgresUri::parse(&text)).unwrap_or_default()
}

fn postgresql(values: &Values) -> PostgreSqlSettings {
    let mut uri = uri(values);
    let mut schema = values.word(&options::SCHEMA);
    uri.attributes.retain(|(name, value)| {
        let is_schema = name == "currentSchema";
        if is_schema {
            schema.clone_from(value);
        }
        !is_schema
    });
    let pool_size = values.count(&options::POOL_SIZE).unwrap_or_default();
    let number = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
    PostgreSqlSettings {
        host: uri.host.unwrap_or_else(|| values.word(&options::HOST)),
        port: uri
            .port
            .unwrap_or_else(|| values.count(&options::PORT).and_then(|port| port.try_into().ok()).unwrap_or_default()),
        user: uri.user.or_else(|| values.text(&options::USER)),
        password: uri.password.or_else(|| values.text(&options::PASSWORD).map(Secret::new)),
        database: uri.database.unwrap_or_else(|| values.word(&options::DATABASE)),
        schema,
        prefix: values.word(&options::PREFIX).trim().to_owned(),
        session_info_table: values.text(&options::SESSION_INFO_TABLE),
        key_value_table: values.text(&options::KEY_VALUE_TABLE),
        attributes: uri.attributes,
        pool_size: number(pool_size),
        minimum_idle: number(values.count(&options::MINIMUM_IDLE).unwrap_or(pool_size)),
        idle_timeout: Lifetime::from_millis(values.count(&options::IDLE_TIMEOUT).unwrap_or_default()),
    }
}

/// What is wrong with values that are good one by one.
pub(super) fn contradictions(values: &Values) -> Vec<(&'static OptionSpec, String)> {
    let mut found = Vec::new();
    let is_postgresql = matches!(settings(values), StoreSettings::PostgreSql(_));
    if is_postgresql && values.text(&options::USER).is_none() && values.text(&options::URI).is_none() {
        let text =
            "'postgresql_user' and 'postgresql_connection_uri' are not set. Please set at least one of these values";
        found.push((&options::USER, text.to_owned()));
    }
    let pool_size = values.count(&options::POOL_SIZE);
    if values.count(&options::MINIMUM_IDLE).is_some_and(|idle| Some(idle) > pool_size) {
        let text = "'postgresql_minimum_idle_connections' must be less than or equal to \
             'postgresql_connection_pool_size'";
        found.push((&options::MINIMUM_IDLE, text.to_owned()));
    }
    found
}
