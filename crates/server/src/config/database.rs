//! Which store it is, and how PostgreSQL is reached (`spec/modern-core.md` 10.3).

use std::path::PathBuf;

use doorward_engine::secret::Secret;
use doorward_engine::time::Lifetime;

use super::options::postgresql as options;
use super::options::server::store;
use super::together::Contradiction;
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

fn postgresql(values: &Values) -> PostgreSqlSettings {
    let number = |option| values.count(option).and_then(|count| usize::try_from(count).ok());
    PostgreSqlSettings {
        uri: values.text(&options::URI).map(Secret::new),
        host: values.word(&options::HOST),
        port: values.count(&options::PORT).and_then(|port| port.try_into().ok()).unwrap_or_default(),
        user: values.text(&options::USER),
        password: values.text(&options::PASSWORD).map(Secret::new),
        database: values.word(&options::DATABASE),
        schema: values.word(&options::SCHEMA),
        prefix: values.word(&options::PREFIX).trim().to_owned(),
        session_info_table: values.text(&options::SESSION_INFO_TABLE),
        key_value_table: values.text(&options::KEY_VALUE_TABLE),
        pool_size: number(&options::POOL_SIZE).unwrap_or_default(),
        minimum_idle: number(&options::MINIMUM_IDLE),
        idle_timeout: Lifetime::from_millis(values.count(&options::IDLE_TIMEOUT).unwrap_or_default()),
    }
}

/// What is wrong with values that are good one by one.
pub(super) fn contradictions(values: &Values) -> Vec<Contradiction> {
    let mut found = Vec::new();
    let is_postgresql = matches!(settings(values), StoreSettings::PostgreSql(_));
    if is_postgresql && values.text(&options::USER).is_none() && values.text(&options::URI).is_none() {
        let text =
            "'postgresql_user' and 'postgresql_connection_uri' are not set. Please set at least one of these values";
        // What asks for PostgreSQL stands somewhere.
        let asks = if values.text(&store::STORE).is_some() { &store::STORE } else { &options::PASSWORD };
        found.push(Contradiction::new(asks, &options::URI, text));
    }
    let pool_size = values.count(&options::POOL_SIZE);
    if values.count(&options::MINIMUM_IDLE).is_some_and(|idle| Some(idle) > pool_size) {
        let text = "'postgresql_minimum_idle_connections' must be less than or equal to \
             'postgresql_connection_pool_size'";
        found.push(Contradiction::new(&options::MINIMUM_IDLE, &options::POOL_SIZE, text));
    }
    found
}
