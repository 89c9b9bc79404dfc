//! Versions of the tables.

use doorward_service::directory::Directory as _;
use doorward_service::store::{Store, StoreError};
use doorward_stores::sqlite::Sqlite;
use doorward_testkit::contract::given::*;
use futures_executor::block_on;

use super::folder::Folder;

async fn refused(folder: &Folder) -> StoreError {
    let before = std::fs::read(folder.file()).unwrap();
    let error = Sqlite::open(folder.file()).await.unwrap_err();
    assert_eq!(std::fs::read(folder.file()).unwrap(), before, "the file is as it was");
    error
}

/// A file with one session, closed.
async fn some_file() -> Folder {
    let folder = Folder::new();
    let store = folder.open().await;
    insert(&store, &row("one")).await;
    store.close().await.unwrap();
    folder
}

#[test]
fn a_file_opens_again() {
    block_on(async {
        let folder = some_file().await;
        for _ in 0..2 {
            let store = folder.open().await;
            assert_eq!(load(&store, &key("one")).await, Some(row("one")));
            store.close().await.unwrap();
        }
    });
}

#[test]
fn a_newer_file_is_refused() {
    block_on(async {
        let folder = some_file().await;
        folder.sql("INSERT INTO doorward_schema VALUES (7, 'unknown')");
        assert_eq!(refused(&folder).await, StoreError::Newer { found: 7, known: 2 });
    });
}

#[test]
fn a_changed_checksum_is_refused() {
    block_on(async {
        let folder = some_file().await;
        folder.sql("UPDATE doorward_schema SET checksum = '0000000000000000'");
        assert!(matches!(refused(&folder).await, StoreError::Corrupt(text) if text.contains("schema version 1")));
    });
}

/// What is written here never changes: files that are out there have it.
#[test]
fn released_versions_keep_their_text() {
    block_on(async {
        let folder = some_file().await;
        let found = folder.connect().query_row(
            "SELECT group_concat(version || ' ' || checksum, ', ') FROM (SELECT * FROM doorward_schema ORDER BY version)",
            [],
            |row| row.get::<_, String>(0),
        );
        assert_eq!(found.unwrap(), "1 01bc87d9fdaa2ede, 2 11aa2ecede07e9cd");
    });
}

#[test]
fn a_file_of_the_first_version_is_brought_up_to_date() {
    block_on(async {
        let folder = some_file().await;
        folder.sql(
            "DROP TABLE tenant_first_factors; DROP TABLE tenant_required_secondary_factors; DROP TABLE tenant_configs; \
             DROP TABLE user_last_active; DELETE FROM doorward_schema WHERE version > 1",
        );
        let store = folder.open().await;
        assert_eq!(load(&store, &key("one")).await, Some(row("one")));
        assert_eq!(store.tenants().await.unwrap().len(), 1);
        store.mark_active(row("one").key.app, user("alice"), now()).await.unwrap();
    });
}

#[test]
fn other_programs_tables_of_our_names_are_refused() {
    block_on(async {
        let folder = Folder::new();
        folder.sql("CREATE TABLE tenants (name TEXT); CREATE TABLE theirs (a); INSERT INTO tenants VALUES ('x')");
        assert!(matches!(refused(&folder).await, StoreError::Corrupt(text) if text.contains("tenants")));
    });
}

#[test]
fn other_programs_tables_of_other_names_stay() {
    block_on(async {
        let folder = Folder::new();
        folder.sql("CREATE TABLE theirs (a); INSERT INTO theirs VALUES (17)");
        let store = folder.open().await;
        insert(&store, &row("one")).await;
        let theirs = folder.connect().query_row("SELECT a FROM theirs", [], |row| row.get::<_, i64>(0));
        assert_eq!(theirs.unwrap(), 17);
    });
}

#[test]
fn many_may_open_a_new_file_at_once() {
    let folder = Folder::new();
    std::thread::scope(|scope| {
        for number in 0..6 {
            let folder = &folder;
            scope.spawn(move || {
                block_on(async {
                    let store = folder.open().await;
                    insert(&store, &row(&number.to_string())).await;
                    store.close().await.unwrap();
                });
            });
        }
    });
    block_on(async {
        let store = folder.open().await;
        assert_eq!(store.list(user_in(None, "alice"), None, 100).await.unwrap().len(), 6);
    });
}

#[test]
fn apps_and_tenants_are_made_when_they_are_needed() {
    block_on(async {
        let folder = Folder::new();
        let store = folder.open().await;
        let names = || {
            let sql = "SELECT group_concat(app_id || '/' || tenant_id) FROM (SELECT * FROM tenants ORDER BY 1, 2)";
            folder.connect().query_row(sql, [], |row| row.get::<_, String>(0)).unwrap()
        };
        assert_eq!(names(), "public/public");
        insert(&store, &row_at(key_in("other", "shop", "one"))).await;
        insert(&store, &row_at(key_in("public", "shop", "one"))).await;
        assert_eq!(names(), "other/shop,public/public,public/shop");
        // Their end takes their sessions with them, as upstream's does.
        folder.sql("PRAGMA foreign_keys = ON; DELETE FROM apps WHERE app_id = 'other'");
        assert_eq!(load(&store, &key_in("other", "shop", "one")).await, None);
    });
}
