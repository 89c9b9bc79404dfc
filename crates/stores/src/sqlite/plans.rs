//! What the contract cannot see: that no statement reads more rows than it needs, however many there are.

use rusqlite::Connection;

use super::{directory, keys, open, sessions};

const SESSION: &str = "SEARCH session_info USING INDEX sqlite_autoindex_session_info_1 \
     (app_id=? AND tenant_id=? AND session_handle=?)";
const USER: &str = "SEARCH session_info USING INDEX session_info_user_id_app_id_index (user_id=? AND app_id=?)";
const ROWID: &str = "SEARCH session_info USING INTEGER PRIMARY KEY (rowid=?)";
const ENDING: &str = "SEARCH session_info USING COVERING INDEX session_expiry_index (expires_at>?)";
const CONFIG_OF: &str = "sqlite_autoindex_tenant_configs_1 (connection_uri_domain=? AND app_id=? AND tenant_id=?)";

/// Statements, and what must be among the steps of each. None may scan a table or an index from end to end, but for
/// those of [`SCANS`].
const STATEMENTS: &[(&str, &[&str])] = &[
    (sessions::LOAD, &[SESSION]),
    (sessions::LIST, &[USER]),
    (sessions::STAY, &[SESSION]),
    (sessions::ADVANCE, &[SESSION]),
    (sessions::DISPLACE, &[SESSION]),
    (sessions::UPDATE, &[SESSION]),
    (sessions::REMOVE, &[SESSION]),
    (sessions::REMOVE_KEY, &[SESSION]),
    (sessions::REMOVE_USER, &[USER]),
    (sessions::SWEEP, &[ROWID, "SEARCH session_info USING COVERING INDEX session_expiry_index (expires_at<?)"]),
    (
        keys::KEYS,
        &[
            "session_access_token_signing_keys_1 (app_id=?)",
            "jwt_signing_keys_1 (app_id=?)",
            "key_value_1 (app_id=? AND tenant_id=? AND name=?)",
        ],
    ),
    (keys::ADD_SIGNING, &["session_access_token_signing_keys_1 (app_id=?)"]),
    (keys::ADD_STATIC, &["jwt_signing_keys_1 (app_id=?)"]),
    (keys::REMOVE, &["session_access_token_signing_keys_1 (app_id=? AND created_at_time<?)"]),
    (directory::CLEAR_FIRST, &["(connection_uri_domain=? AND app_id=? AND tenant_id=?)"]),
    (directory::CLEAR_SECONDARY, &["(connection_uri_domain=? AND app_id=? AND tenant_id=?)"]),
    (directory::SOME_SESSIONS_OF_TENANT, &[ROWID, "autoindex_session_info_1 (app_id=? AND tenant_id=?)"]),
    (directory::SOME_SESSIONS_OF_APP, &[ROWID, "autoindex_session_info_1 (app_id=?)"]),
    // Their plans show what the foreign keys search as well.
    (directory::REMOVE_TENANT, &["sqlite_autoindex_tenants_1 (app_id=? AND tenant_id=?)"]),
    (directory::REMOVE_APP, &["sqlite_autoindex_apps_1 (app_id=?)"]),
    (directory::VALUE, &["sqlite_autoindex_key_value_1 (app_id=? AND tenant_id=? AND name=?)"]),
    (
        directory::COUNT_ACTIVE,
        &["COVERING INDEX user_last_active_last_active_time_index (app_id=? AND last_active_time>?)"],
    ),
    (directory::COUNT_SOME, &[ENDING]),
    (directory::COUNT_ALL, &[ENDING]),
    (directory::TENANTS, &[CONFIG_OF]),
    (directory::PING, &[]),
];

/// Statements that read a table of tenants or of apps, which is small, or one row of it.
const SCANS: &[&str] = &[directory::TENANTS, directory::PING];

#[test]
fn every_statement_searches_the_right_index() {
    let connection = Connection::open_in_memory().unwrap();
    for migration in open::MIGRATIONS {
        connection.execute_batch(migration.sql).unwrap();
    }
    for (sql, searches) in STATEMENTS {
        let mut explained = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let count = explained.parameter_count();
        let plan = explained.query_map(rusqlite::params_from_iter((0..count).map(|_| 1)), |row| row.get(3)).unwrap();
        let plan: Vec<String> = plan.map(Result::unwrap).collect();
        for search in *searches {
            assert!(plan.iter().any(|step| step.contains(search)), "{sql}: no `{search}` in {plan:#?}");
        }
        // What a sub-query found may be read from end to end.
        let of_few = |step: &str| step.starts_with("SCAN CONSTANT ROW") || step.starts_with("SCAN (subquery");
        let scans = plan.iter().any(|step| step.starts_with("SCAN") && !of_few(step));
        assert!(!scans || SCANS.contains(sql), "{sql}: {plan:#?}");
    }
}
