//! Options of PostgreSQL (`spec/modern-core.md` 10.3).

use crate::config::check;
use crate::config::option::Initial::{Int, Text, Unset};
use crate::config::option::{Kind, OptionSpec, options};

options! {
    URI = OptionSpec::new("postgresql_connection_uri", Kind::Text, Unset,
        "postgresql://user:password@host:port/database?attribute=value. What it names goes before the options below; \
         the attributes are sslmode, sslrootcert and currentSchema.")
        .environment("POSTGRESQL_CONNECTION_URI").secret().passes(check::postgresql_uri);
    USER = OptionSpec::new("postgresql_user", Kind::Text, Unset, "Who connects.").environment("POSTGRESQL_USER");
    PASSWORD = OptionSpec::new("postgresql_password", Kind::Text, Unset, "His password.")
        .environment("POSTGRESQL_PASSWORD").secret();
    HOST = OptionSpec::new("postgresql_host", Kind::Text, Text("localhost"), "Where the database is.")
        .environment("POSTGRESQL_HOST").passes(check::not_empty);
    PORT = OptionSpec::new("postgresql_port", Kind::Int, Int(5432), "Its port.")
        .environment("POSTGRESQL_PORT").between(1.0, 65_535.0, "a port must be between 1 and 65535");
    DATABASE = OptionSpec::new("postgresql_database_name", Kind::Text, Text("supertokens"), "Its name.")
        .environment("POSTGRESQL_DATABASE_NAME").passes(check::not_empty);
    SCHEMA = OptionSpec::new("postgresql_table_schema", Kind::Text, Text("public"), "The schema of the tables.")
        .environment("POSTGRESQL_TABLE_SCHEMA").passes(check::not_empty);
    PREFIX = OptionSpec::new("postgresql_table_names_prefix", Kind::Text, Text(""),
        "What the names of the tables begin with, with a `_` behind it.")
        .environment("POSTGRESQL_TABLE_NAMES_PREFIX");
    POOL_SIZE = OptionSpec::new("postgresql_connection_pool_size", Kind::Int, Int(10),
        "How many connections are opened at most.")
        .environment("POSTGRESQL_CONNECTION_POOL_SIZE")
        .between(1.0, 10_000.0, "'postgresql_connection_pool_size' in the config.yaml file must be > 0");
    MINIMUM_IDLE = OptionSpec::new("postgresql_minimum_idle_connections", Kind::Int, Unset,
        "How many connections stay open when there is nothing to do. Without it, as many as the pool has.")
        .environment("POSTGRESQL_MINIMUM_IDLE_CONNECTIONS")
        .between(0.0, 10_000.0, "'postgresql_minimum_idle_connections' must be >= 0");
    IDLE_TIMEOUT = OptionSpec::new("postgresql_idle_connection_timeout", Kind::Long, Int(60_000),
        "Milliseconds after which the other idle connections are closed.")
        .environment("POSTGRESQL_IDLE_CONNECTION_TIMEOUT")
        .between(0.0, 86_400_000.0, "it must be between 0 and 86400000 milliseconds");
    KEY_VALUE_TABLE = OptionSpec::new("postgresql_key_value_table_name", Kind::Text, Unset,
        "The name of the table `key_value`, where it is another.")
        .environment("POSTGRESQL_KEY_VALUE_TABLE_NAME");
    SESSION_INFO_TABLE = OptionSpec::new("postgresql_session_info_table_name", Kind::Text, Unset,
        "The name of the table `session_info`, where it is another.")
        .environment("POSTGRESQL_SESSION_INFO_TABLE_NAME");
}
