//! Beside a Java core, which locks a row before it changes it, and beside other writers.

use std::time::Duration;

use doorward_engine::flow::Seen;
use doorward_engine::id::AppId;
use doorward_engine::secret::Secret;
use doorward_engine::session::record::{Row, Write};
use doorward_service::store::{NewKey, Selector, Store, StoreError};
use doorward_stores::postgres::Postgres;
use doorward_testkit::contract::given::*;

use super::database::{self, Database, Other, until};

/// Waits until a statement of the store waits for a lock of another's.
async fn until_one_waits(database: &Database, count: i64) {
    let other = database.connect().await;
    until(async || {
        let waiting = "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1 AND wait_event_type = 'Lock'";
        other.client.query_one(waiting, &[&database.schema()]).await.unwrap().get::<_, i64>(0) == count
    })
    .await;
}

/// A store whose connections can be told from those of other tests.
async fn open(database: &Database) -> Postgres {
    let uri = format!("{}?application_name={}", database.uri(), database.schema());
    database.options().uri(&uri).unwrap().open().await.unwrap()
}

async fn java(database: &Database) -> Other {
    let java = database.connect().await;
    java.client
        .batch_execute("BEGIN; SELECT * FROM session_info WHERE session_handle = 'one' FOR UPDATE")
        .await
        .unwrap();
    java
}

#[test]
fn a_row_that_another_core_holds_is_waited_for_and_judged_anew() {
    database::with(async |database| {
        let store = open(&database).await;
        // What the other core does to the row, and whether our write then happens.
        let moved = format!("UPDATE session_info SET refresh_token_hash_2 = '{}'", hash(8).as_str());
        let cases = [
            ("SELECT 1", true),
            ("UPDATE session_info SET session_data = 'other'", true),
            (&*moved, false),
            ("UPDATE session_info SET expires_at = 1", false),
            ("DELETE FROM session_info", false),
        ];
        for (change, happens) in cases {
            insert(&store, &row("one")).await;
            let java = java(&database).await;
            let ours = store.commit(Write::Succeed(advance(&key("one"), 2)));
            let theirs = async {
                until_one_waits(&database, 1).await;
                java.client.batch_execute(&format!("{change}; COMMIT")).await.unwrap();
            };
            let (seen, ()) = tokio::join!(ours, theirs);
            match seen.unwrap() {
                Seen::Applied(row) => assert!(happens && row.current == hash(2), "{change}: {row:?}"),
                Seen::Row(row) => {
                    assert!(!happens, "{change}");
                    assert_eq!(row, load(&store, &key("one")).await, "{change}: the row as it stands");
                }
            }
            store.remove(Selector::Keys(vec![key("one")])).await.unwrap();
        }
        assert_eq!(store.stats().conflicts, 0, "waiting is no conflict");
    });
}

#[test]
fn an_expired_row_that_another_core_extends_is_not_swept() {
    database::with(async |database| {
        let store = open(&database).await;
        insert(&store, &Row { expires_at: at(NOW - 1), ..row("one") }).await;
        let java = java(&database).await;
        let theirs = async {
            until_one_waits(&database, 1).await;
            java.client
                .batch_execute(&format!("UPDATE session_info SET expires_at = {}; COMMIT", NOW + 1))
                .await
                .unwrap();
        };
        let (swept, ()) = tokio::join!(store.sweep(now(), 10), theirs);
        assert_eq!(swept, Ok(0));
        assert!(load(&store, &key("one")).await.is_some());
    });
}

#[test]
fn a_row_that_is_held_too_long_is_a_fault_and_stands() {
    database::with(async |database| {
        let store = database.options().statement_timeout(Duration::from_millis(300)).open().await.unwrap();
        insert(&store, &row("one")).await;
        let java = java(&database).await;
        let answer = store.commit(Write::Succeed(advance(&key("one"), 2))).await;
        assert!(matches!(&answer, Err(StoreError::Unavailable(text)) if text.contains("57014")), "{answer:?}");
        assert_eq!(load(&store, &key("one")).await, Some(row("one")), "reads go on");
        drop(java);
        applied(&store, Write::Succeed(advance(&key("one"), 3))).await;
    });
}

/// Raises an error of this code for the next so many statements that write a row.
async fn fail_next(database: &Database, times: u32, code: &str) {
    database
        .sql(&format!(
            "CREATE SEQUENCE attempts; \
             CREATE FUNCTION fail() RETURNS TRIGGER LANGUAGE plpgsql AS $$ BEGIN \
             IF nextval('{schema}.attempts') <= {times} THEN RAISE EXCEPTION 'as asked' USING ERRCODE = '{code}'; END IF; \
             RETURN NEW; END $$; \
             CREATE TRIGGER fail BEFORE UPDATE ON session_info EXECUTE FUNCTION fail()",
            schema = database.schema(),
        ))
        .await;
}

#[test]
fn conflicts_are_tried_again_within_limits() {
    database::with(async |database| {
        for (code, times, conflicts) in [("40001", 3, 3), ("40P01", 9, 9), ("40001", 1000, 10)] {
            let database = database.another();
            let store = database.open().await;
            insert(&*store, &row("one")).await;
            fail_next(&database, times, code).await;
            let answer = store.commit(Write::Succeed(advance(&key("one"), 2))).await;
            match times {
                1000 => {
                    assert!(matches!(&answer, Err(StoreError::Unavailable(text)) if text.contains(code)), "{answer:?}");
                }
                _ => assert!(matches!(&answer, Ok(Seen::Applied(row)) if row.current == hash(2)), "{answer:?}"),
            }
            assert_eq!(store.stats().conflicts, conflicts, "{code}");
            assert_eq!(store.stats().lost, 0);
        }
    });
}

#[test]
fn other_errors_are_reported_by_their_fault_and_nothing_else() {
    database::with(async |database| {
        for (code, expected) in [
            ("53100", "store.full"),
            ("25006", "store.read_only"),
            ("53300", "store.unavailable"),
            ("XX001", "store.corrupt"),
            ("22023", "store.corrupt"),
        ] {
            let database = database.another();
            let store = database.open().await;
            insert(&*store, &row("one")).await;
            fail_next(&database, 1, code).await;
            let error = store.commit(Write::Succeed(advance(&key("one"), 2))).await.unwrap_err();
            assert_eq!(error.code(), expected, "{code}");
            assert!(error.to_string().contains(code) && !error.to_string().contains("as asked"), "{error}");
            assert_eq!(load(&*store, &key("one")).await, Some(row("one")));
            applied(&*store, Write::Succeed(advance(&key("one"), 2))).await;
        }
    });
}

#[test]
fn a_table_that_changes_under_a_statement_is_no_fault() {
    database::with(async |database| {
        let store = database.options().pool_size(1).open().await.unwrap();
        insert(&store, &row("one")).await;
        applied(&store, Write::Succeed(advance(&key("one"), 1))).await;
        database.sql("ALTER TABLE session_info ALTER COLUMN user_id TYPE TEXT").await;
        assert!(load(&store, &key("one")).await.is_some());
        applied(&store, Write::Succeed(advance(&key("one"), 2))).await;
        database.sql("ALTER TABLE session_info ADD COLUMN theirs TEXT DEFAULT 'x'").await;
        applied(&store, Write::Succeed(advance(&key("one"), 2)).with_current(2)).await;
        assert_eq!(database.text("SELECT theirs FROM session_info").await.as_deref(), Some("x"));
    });
}

trait WithCurrent {
    fn with_current(self, current: u64) -> Self;
}

impl WithCurrent for Write {
    fn with_current(self, current: u64) -> Self {
        match self {
            Self::Succeed(succession) => {
                Self::Succeed(doorward_engine::session::record::Succession { current: hash(current), ..succession })
            }
            other => other,
        }
    }
}

#[test]
fn the_refresh_token_key_is_made_under_the_other_core_s_lock() {
    database::with(async |database| {
        // The lock is the database's, not the schema's: an app of its own keeps other tests out of it.
        let id = app(&database.schema().replace('_', "-"));
        let store = database.open().await;
        let java = database.connect().await;
        java.client
            .batch_execute(&format!(
                "INSERT INTO apps VALUES ('{id}', 0); INSERT INTO tenants VALUES ('{id}', 'public', 0)"
            ))
            .await
            .unwrap();
        let lock = format!("hashtext('{id}~public~refresh_token_key')");
        java.client.batch_execute(&format!("BEGIN; SELECT pg_advisory_xact_lock({lock})")).await.unwrap();
        let new = || NewKey::Refresh { value: Secret::new("ours"), created_at: at(5) };
        let error = store.add_key(id.clone(), new()).await.unwrap_err();
        assert_eq!(error.code(), "store.unavailable", "{error}");
        assert_eq!(store.keys(id.clone()).await.unwrap().refresh, None);

        // The other core makes its own meanwhile: that one holds for both.
        let ours = store.add_key(id.clone(), new());
        let theirs = async {
            let before = store.stats().conflicts;
            until(async || store.stats().conflicts >= before + 2).await;
            java.client
                .batch_execute(&format!(
                    "INSERT INTO key_value (app_id, tenant_id, name, value, created_at_time) \
                     VALUES ('{id}', 'public', 'refresh_token_key', 'theirs', 1); COMMIT"
                ))
                .await
                .unwrap();
        };
        let (keys, ()) = tokio::join!(ours, theirs);
        assert_eq!(keys.unwrap().refresh, Some(Secret::new("theirs")));
    });
}

#[test]
fn a_signing_key_of_another_core_is_waited_for_and_taken_over() {
    database::with(async |database| {
        let store = open(&database).await;
        let first = NewKey::Signing {
            key: doorward_service::store::StoredKey { created_at: at(10), value: Secret::new("first") },
            newest_seen: None,
        };
        store.add_key(AppId::default(), first).await.unwrap();
        let java = database.connect().await;
        java.client
            .batch_execute(
                "BEGIN; SELECT * FROM session_access_token_signing_keys WHERE app_id = 'public' FOR UPDATE; \
                 INSERT INTO session_access_token_signing_keys VALUES ('public', 20, 'theirs')",
            )
            .await
            .unwrap();
        let second = NewKey::Signing {
            key: doorward_service::store::StoredKey { created_at: at(21), value: Secret::new("ours") },
            newest_seen: Some(at(10)),
        };
        let theirs = async {
            until_one_waits(&database, 1).await;
            java.client.batch_execute("COMMIT").await.unwrap();
        };
        let (keys, ()) = tokio::join!(store.add_key(AppId::default(), second), theirs);
        let mut keys = keys.unwrap().signing;
        keys.sort_by_key(|key| key.created_at);
        let values: Vec<&str> = keys.iter().map(|key| key.value.expose()).collect();
        assert_eq!(values, ["first", "theirs"]);
    });
}
