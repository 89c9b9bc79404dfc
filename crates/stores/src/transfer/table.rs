//! The tables that are carried over (`spec/modern-core.md` 9.1), as data.

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `TEXT` or `VARCHAR`.
    Text,
    /// `BIGINT`.
    Integer,
    /// `BOOLEAN`.
    Boolean,
}

/// A column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
}

/// A table.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// Its name, without a prefix.
    pub name: &'static str,
    /// What its rows are called in a report.
    pub what: &'static str,
    /// Its columns; those of the key come first.
    pub columns: &'static [Column],
    /// How many columns the key has.
    pub key: usize,
    /// Which rows count, where not all do. `{tenants}` stands for the name of that table.
    pub(crate) only: Option<&'static str>,
    /// How two rows of one key are compared.
    pub(crate) newer: Newer,
    /// Whether a row that the source lacks is deleted when the target shall be its mirror. Never where others' tables may
    /// hang on the row, nor where a row does no harm.
    pub(crate) mirrored: bool,
}

/// Which of two rows of one key is newer. Terms are compared in their order, `{row}` stands for the row.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Newer {
    /// Nothing in a row tells.
    Unknown,
    /// The one whose terms are greater.
    Greater(&'static [&'static str]),
    /// The one whose terms are smaller: a name was taken when it was taken first.
    Smaller(&'static [&'static str]),
}

impl Table {
    /// The columns of the key.
    pub fn key_columns(&self) -> &'static [Column] {
        self.columns.get(..self.key).unwrap_or_default()
    }
}

macro_rules! columns {
    ($($name:ident: $kind:ident),* $(,)?) => {
        &[$(Column { name: stringify!($name), kind: Kind::$kind }),*]
    };
}

pub(crate) static APPS: Table = Table {
    name: "apps",
    what: "apps",
    columns: columns![app_id: Text, created_at_time: Integer],
    key: 1,
    only: None,
    newer: Newer::Smaller(&["COALESCE({row}.created_at_time, 9223372036854775807)"]),
    mirrored: false,
};

pub(crate) static TENANTS: Table = Table {
    name: "tenants",
    what: "tenants",
    columns: columns![app_id: Text, tenant_id: Text, created_at_time: Integer],
    key: 2,
    only: None,
    newer: Newer::Smaller(&["COALESCE({row}.created_at_time, 9223372036854775807)"]),
    mirrored: false,
};

/// Settings of tenants that lie in other databases mean nothing here. Those of another connection URI domain say that a
/// tenant isn't ours to serve, and so go where its sessions go.
const OF_OUR_TENANTS: &str = "EXISTS (SELECT 1 FROM {tenants} AS parent \
     WHERE parent.app_id = {row}.app_id AND parent.tenant_id = {row}.tenant_id)";

pub(crate) static TENANT_CONFIGS: Table = Table {
    name: "tenant_configs",
    what: "settings of tenants",
    columns: columns![
        connection_uri_domain: Text, app_id: Text, tenant_id: Text, core_config: Text, email_password_enabled: Boolean,
        passwordless_enabled: Boolean, third_party_enabled: Boolean, is_first_factors_null: Boolean,
    ],
    key: 3,
    only: Some(OF_OUR_TENANTS),
    newer: Newer::Unknown,
    mirrored: false,
};

pub(crate) static FIRST_FACTORS: Table = Table {
    name: "tenant_first_factors",
    what: "first factors of tenants",
    columns: columns![connection_uri_domain: Text, app_id: Text, tenant_id: Text, factor_id: Text],
    key: 4,
    only: Some(OF_OUR_TENANTS),
    newer: Newer::Unknown,
    mirrored: true,
};

pub(crate) static SECONDARY_FACTORS: Table = Table {
    name: "tenant_required_secondary_factors",
    what: "secondary factors of tenants",
    columns: columns![connection_uri_domain: Text, app_id: Text, tenant_id: Text, factor_id: Text],
    key: 4,
    only: Some(OF_OUR_TENANTS),
    newer: Newer::Unknown,
    mirrored: true,
};

pub(crate) static KEY_VALUE: Table = Table {
    name: "key_value",
    what: "named values",
    columns: columns![app_id: Text, tenant_id: Text, name: Text, value: Text, created_at_time: Integer],
    key: 3,
    only: Some("name <> 'doorward_import'"),
    newer: Newer::Greater(&["COALESCE({row}.created_at_time, 0)"]),
    mirrored: false,
};

pub(crate) static SIGNING_KEYS: Table = Table {
    name: "session_access_token_signing_keys",
    what: "signing keys that rotate",
    columns: columns![app_id: Text, created_at_time: Integer, value: Text],
    key: 2,
    only: None,
    newer: Newer::Unknown,
    mirrored: false,
};

pub(crate) static STATIC_KEYS: Table = Table {
    name: "jwt_signing_keys",
    what: "static signing keys",
    columns: columns![app_id: Text, key_id: Text, key_string: Text, algorithm: Text, created_at: Integer],
    key: 2,
    only: None,
    newer: Newer::Unknown,
    mirrored: false,
};

pub(crate) static LAST_ACTIVE: Table = Table {
    name: "user_last_active",
    what: "moments of users' last activity",
    columns: columns![app_id: Text, user_id: Text, last_active_time: Integer],
    key: 2,
    only: None,
    newer: Newer::Greater(&["COALESCE({row}.last_active_time, 0)"]),
    mirrored: false,
};

pub(crate) static SESSIONS: Table = Table {
    name: "session_info",
    what: "sessions",
    columns: columns![
        app_id: Text, tenant_id: Text, session_handle: Text, user_id: Text, refresh_token_hash_2: Text,
        session_data: Text, expires_at: Integer, created_at_time: Integer, jwt_user_payload: Text,
        use_static_key: Boolean, prev_refresh_token_hash_2: Text, refresh_token_rotated_at: Integer, window_at: Integer,
        window_no: Integer, window_count: Integer, absolute_end: Integer, access_lifetime: Integer,
        refresh_lifetime: Integer,
    ],
    key: 3,
    only: None,
    // A core below 12.1 writes no `refresh_token_rotated_at`: there a later end tells of a refresh.
    newer: Newer::Greater(&[
        "COALESCE({row}.refresh_token_rotated_at, {row}.created_at_time)",
        "{row}.expires_at",
        "COALESCE({row}.window_at, 0)",
        "COALESCE({row}.window_no, 0)",
        "COALESCE({row}.window_count, 0)",
    ]),
    mirrored: true,
};

/// All of them, parents before their children.
pub static TABLES: [&Table; 10] = [
    &APPS,
    &TENANTS,
    &TENANT_CONFIGS,
    &FIRST_FACTORS,
    &SECONDARY_FACTORS,
    &KEY_VALUE,
    &SIGNING_KEYS,
    &STATIC_KEYS,
    &LAST_ACTIVE,
    &SESSIONS,
];
