//! What a call costs, and what the statements say to a database.

use doorward_engine::id::AppId;
use doorward_engine::session::record::{Change, Removal, Succession, Write};
use doorward_engine::time::Lifetime;
use doorward_service::directory::Directory as _;
use doorward_service::store::{BoxFuture, Selector, Store as _};
use doorward_testkit::contract::given::*;
use futures_util::FutureExt as _;

use super::database::{self, until};

#[test]
fn a_common_call_is_one_statement() {
    database::with(async |database| {
        let store = database.open().await;
        let statements = async |call: BoxFuture<'_, ()>| {
            let before = store.stats().statements;
            call.await;
            store.stats().statements - before
        };
        let write = |write: Write| -> BoxFuture<'_, ()> { store.commit(write).map(|seen| drop(seen.unwrap())).boxed() };
        let succeed = |change| Write::Succeed(Succession { change, ..advance(&key("one"), 0) });
        assert_eq!(statements(write(Write::Insert(Box::new(row("one"))))).await, 1, "create");
        let stay = Change::Stay { window: Some(window(NOW, 1, 1)) };
        assert_eq!(statements(write(succeed(stay))).await, 1, "refresh on use");
        assert_eq!(statements(write(Write::Succeed(advance(&key("one"), 2)))).await, 1, "refresh and promotion");
        let lost = Write::Succeed(Succession { current: hash(9), ..advance(&key("one"), 3) });
        assert_eq!(statements(write(lost)).await, 2, "a refresh that lost, and the row in its place");
        assert_eq!(statements(store.load(&key("one")).map(|row| drop(row.unwrap())).boxed()).await, 1, "load");
        let displace =
            Succession { current: hash(2), change: Change::Displace { to: hash(4) }, ..advance(&key("one"), 0) };
        assert_eq!(statements(write(Write::Succeed(displace))).await, 1, "displacement");
        let theft = Write::Remove(Removal { key: key("one"), current: hash(4) });
        assert_eq!(statements(write(theft)).await, 1, "theft");
        let revoke = |which| store.remove(which).map(|keys| drop(keys.unwrap())).boxed();
        assert_eq!(statements(revoke(Selector::Keys(vec![key("two")]))).await, 1, "revoke");
        assert_eq!(statements(revoke(Selector::Keys(vec![key("two"), key_in("a", "b", "c")]))).await, 1, "revoke some");
        let all = Selector::User { user: user_in(None, "alice"), alive_at: Some(now()), except: None };
        assert_eq!(statements(revoke(all)).await, 1, "revoke all of a user");
        assert_eq!(statements(store.keys(AppId::default()).map(|keys| drop(keys.unwrap())).boxed()).await, 1, "keys");
        assert_eq!(statements(store.tenants().map(|all| drop(all.unwrap())).boxed()).await, 1, "tenants");
        let stats = store.stats();
        assert_eq!((stats.failed, stats.conflicts, stats.lost, stats.refused), (0, 0, 0, 0), "{stats:?}");
    });
}

/// What the contract can't see: that the isolation and the time limits are those of the connection.
#[test]
fn connections_are_set_up() {
    database::with(async |database| {
        let options = database.options().pool_size(1).statement_timeout(std::time::Duration::from_millis(1234));
        let store = options.open().await.unwrap();
        // The tables are as another program made them: a trigger tells what it finds.
        database
            .sql(
                "CREATE TABLE told (name TEXT, value TEXT); \
                 CREATE FUNCTION tell() RETURNS TRIGGER LANGUAGE plpgsql AS $$ BEGIN \
                 INSERT INTO told SELECT name, setting FROM pg_settings; RETURN NEW; END $$; \
                 CREATE TRIGGER tell BEFORE INSERT ON session_info EXECUTE FUNCTION tell(); \
                 ALTER FUNCTION tell() SET search_path FROM CURRENT",
            )
            .await;
        insert(&store, &row("one")).await;
        for (name, expected) in [
            ("transaction_isolation", "read committed"),
            ("default_transaction_isolation", "read committed"),
            ("statement_timeout", "1234"),
            ("idle_in_transaction_session_timeout", "1234"),
            ("application_name", "doorward"),
        ] {
            let told = database.text(&format!("SELECT value FROM told WHERE name = '{name}'")).await;
            assert_eq!(told.as_deref(), Some(expected), "{name}");
        }
    });
}

/// No statement reads more rows than it needs: each of them on a table with many rows, by the plan that the database
/// makes for any parameters.
#[test]
fn every_statement_searches_an_index() {
    database::with(async |database| {
        let store = database.options().pool_size(1).open().await.unwrap();
        database
            .sql(&format!(
                "INSERT INTO session_info (session_handle, user_id, refresh_token_hash_2, expires_at, created_at_time, \
                 use_static_key) SELECT 'many-' || n, 'user-' || n, '{}', {NOW} + n, 0, FALSE \
                 FROM generate_series(1, 20000) AS n; ANALYZE session_info; \
                 SELECT pg_stat_reset_single_table_counters('session_info'::regclass)",
                hash(1).as_str()
            ))
            .await;
        let user = user_in(None, "user-7");
        for round in 0..12 {
            let one = key(&format!("one-{round}"));
            insert(&store, &row_at(one.clone())).await;
            for change in [
                Change::Stay { window: Some(window(NOW, 1, 1)) },
                Change::Displace { to: hash(1) },
                Change::Advance { to: hash(2), prev: None, lifetime: Lifetime::from_secs(60), window: None },
            ] {
                applied(&store, Write::Succeed(Succession { change, ..advance(&one, 0) })).await;
            }
            lost(
                &store,
                Write::Remove(Removal { key: one.clone(), current: hash(9) }),
                load(&store, &one).await.as_ref(),
            )
            .await;
            assert_eq!(store.list(user.clone(), None, 10).await.unwrap().len(), 1);
            let none = Selector::User { user: user_in(Some("public"), "nobody"), alive_at: Some(now()), except: None };
            assert_eq!(store.remove(none).await, Ok(Vec::new()));
            assert_eq!(store.remove(Selector::Keys(vec![one.clone(), key("none")])).await, Ok(vec![one]));
            assert_eq!(store.sweep(at(NOW + 5), 2).await.unwrap(), if round < 2 { 2 } else { 0 });
        }
        store.close().await.unwrap();
        let scans = async |column: &str| {
            let sql = format!(
                "SELECT sum({column}) FROM pg_stat_user_tables WHERE schemaname = '{}' AND relname = 'session_info'",
                database.schema()
            );
            // A connection that ends tells what it did; until all have, this waits.
            database.text(&sql).await.and_then(|count| count.parse::<u64>().ok()).unwrap_or_default()
        };
        until(async || scans("idx_scan").await >= 100).await;
        assert_eq!(scans("seq_scan").await, 0);
    });
}
