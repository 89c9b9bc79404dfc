//! From one database to another, and between a database and a file.

use std::collections::BTreeSet;
use std::sync::Arc;

use doorward_engine::id::{AppId, TenantId};
use doorward_service::directory::Directory;
use doorward_service::store::Store as _;
use doorward_stores::sqlite::Sqlite;
use doorward_stores::transfer::{CopyError, Mode, Tables, Ties, Value};

use super::given::*;
use crate::postgres::database::{self, Database};

/// A schema of a database, or a file, that is empty.
async fn open(database: &Database, folder: &tempfile::TempDir, kind: char, name: &str) -> Arc<dyn Tables> {
    match kind {
        'p' => database.another().open().await,
        _ => Arc::new(Sqlite::open(folder.path().join(name)).await.unwrap()),
    }
}

fn with(from: char, to: char, test: impl AsyncFnOnce(Arc<dyn Tables>, Arc<dyn Tables>)) {
    database::with(async |database| {
        let folder = tempfile::tempdir().unwrap();
        let from = open(&database, &folder, from, "from").await;
        test(from, open(&database, &folder, to, "to").await).await;
    });
}

fn postgres_to_file(test: impl AsyncFnOnce(Arc<dyn Tables>, Arc<dyn Tables>)) {
    with('p', 's', test);
}

fn file_to_postgres(test: impl AsyncFnOnce(Arc<dyn Tables>, Arc<dyn Tables>)) {
    with('s', 'p', test);
}

fn postgres_to_postgres(test: impl AsyncFnOnce(Arc<dyn Tables>, Arc<dyn Tables>)) {
    with('p', 'p', test);
}

cases! { from_postgres_to_file: postgres_to_file }
cases! { from_file_to_postgres: file_to_postgres }
cases! { from_postgres_to_postgres: postgres_to_postgres }

#[test]
fn what_went_there_and_back_is_as_it_was() {
    database::with(async |database| {
        let folder = tempfile::tempdir().unwrap();
        let first = open(&database, &folder, 'p', "").await;
        let file = open(&database, &folder, 's', "between").await;
        let last = open(&database, &folder, 'p', "").await;
        fill(&*first, 700).await;
        copy_all(&*first, &*file, Mode::Add).await.unwrap();
        copy_all(&*file, &*last, Mode::Add).await.unwrap();
        assert_eq!(dump(&*last).await, dump(&*first).await);
    });
}

/// A core below 12.1 has no columns for rotation, none has ours, and some tables are newer than 6.0.
#[test]
fn a_source_of_an_old_core_is_read_as_it_is() {
    database::with(async |database| {
        let folder = tempfile::tempdir().unwrap();
        fill(&*database.open().await, 30).await;
        let added = ["prev_refresh_token_hash_2", "refresh_token_rotated_at", "window_at", "window_no", "window_count"];
        let all = added.into_iter().chain(["absolute_end", "access_lifetime", "refresh_lifetime"]);
        for column in all {
            database.sql(&format!("ALTER TABLE session_info DROP COLUMN {column}")).await;
        }
        database.sql("DROP TABLE tenant_first_factors, tenant_required_secondary_factors, user_last_active").await;
        let columns = "SELECT string_agg(table_name || '.' || column_name, ' ' ORDER BY 1) \
             FROM information_schema.columns WHERE table_schema = current_schema()";
        let before = database.text(columns).await;

        let from = database.options().as_it_is().open().await.unwrap();
        let to = open(&database, &folder, 's', "to").await;
        let copied = copy_all(&from, &*to, Mode::Add).await.unwrap();
        assert_eq!(database.text(columns).await, before, "the source is as it was");
        assert_eq!(copied.tables.last().unwrap().in_target, 31);
        assert_eq!(rows(&*to, "session_info").await, rows(&from, "session_info").await);
        assert_eq!(dump(&*to).await, dump(&from).await);

        // The way back into the same tables would lose columns of sessions that have them now.
        let one = session(["public", "public", "one"], &[("window_at", Value::Integer(1))]);
        to.write(table("session_info"), vec![one], Ties::Stay).await.unwrap();
        let refused = copy_all(&*to, &from, Mode::Mirror).await;
        assert!(matches!(refused, Err(CopyError::NoColumn { table: "session_info", .. })), "{refused:?}");
    });
}

#[test]
fn what_the_target_has_no_table_for_is_left_out() {
    database::with(async |database| {
        let folder = tempfile::tempdir().unwrap();
        let from = open(&database, &folder, 's', "from").await;
        fill(&*from, 3).await;
        database.open().await.close().await.unwrap();
        database.sql("DROP TABLE user_last_active").await;
        let to = database.options().as_it_is().open().await.unwrap();
        let copied = copy_all(&*from, &to, Mode::Add).await.unwrap();
        assert_eq!(copied.left_out, [("moments of users' last activity", 2)]);
    });
}

#[test]
fn a_database_without_sessions_is_refused_and_stays_empty() {
    database::with(async |database| {
        let error = database.options().as_it_is().open().await.unwrap_err();
        assert!(error.to_string().contains("has no table `apps`"), "{error}");
        let schema = database.schema();
        let tables = format!("SELECT count(*) FROM information_schema.tables WHERE table_schema = '{schema}'");
        assert_eq!(database.text(&tables).await.as_deref(), Some("0"));
    });
}

/// Settings that a core keeps for tenants of other databases stay there. Those of other connection URI domains come along:
/// without them their tenants would be served, and by everybody's settings.
#[test]
fn settings_of_tenants_elsewhere_stay_there() {
    database::with(async |database| {
        let folder = tempfile::tempdir().unwrap();
        let from = database.open().await;
        fill(&*from, 3).await;
        let (settings, ours) = (rows(&*from, "tenant_configs").await, served(&*from).await);
        database
            .sql(
                "INSERT INTO apps (app_id, created_at_time) VALUES ('theirs', 0); \
                 INSERT INTO tenants (app_id, tenant_id, created_at_time) VALUES ('theirs', 'public', 0); \
                 INSERT INTO tenant_configs (connection_uri_domain, app_id, tenant_id, core_config) \
                 VALUES ('', 'public', 'elsewhere', '{}'), ('example.com', 'public', 'public', '{}'), \
                 ('example.com', 'theirs', 'public', '{}')",
            )
            .await;
        assert_eq!(served(&*from).await, ours);
        let file = Sqlite::open(folder.path().join("to")).await.unwrap();
        copy_all(&*from, &file, Mode::Add).await.unwrap();
        let back = database.another().open().await;
        copy_all(&file, &*back, Mode::Add).await.unwrap();
        for copied in [rows(&file, "tenant_configs").await, rows(&*back, "tenant_configs").await] {
            assert_eq!(copied.len(), settings.len() + 2);
            assert!(settings.iter().all(|row| copied.contains(row)));
        }
        assert_eq!(served(&file).await, ours);
        assert_eq!(served(&*back).await, ours);
    });
}

/// The apps and tenants that a server on this database has.
async fn served(directory: &dyn Directory) -> BTreeSet<(AppId, TenantId)> {
    directory.tenants().await.unwrap().into_iter().map(|one| (one.app, one.tenant)).collect()
}
