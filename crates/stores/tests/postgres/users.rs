//! Tables that hold the users of a SuperTokens core as well (`spec/modern-core.md` 8.9): what asking for them costs. What
//! is answered, the server's tests see.

use doorward_engine::session::record::{Change, Removal, Row, Succession, Write};
use doorward_engine::time::Lifetime;
use doorward_service::directory::Directory as _;
use doorward_service::store::{Selector, Store as _};
use doorward_stores::postgres::Postgres;
use doorward_testkit::contract::given::*;

use super::database::{self, Database, until};

const TABLES: &str = include_str!("../fixtures/takeover/core-12.1.sql");
const USERS: &str = include_str!("../fixtures/takeover/users.sql");

/// Makes the tables with users in them, and nothing else.
pub(crate) async fn furnish(database: &Database) {
    database.sql(&format!("CREATE SCHEMA {}", database.schema())).await;
    database.sql(TABLES).await;
    database.sql("INSERT INTO apps VALUES ('public', 0); INSERT INTO tenants VALUES ('public', 'public', 0)").await;
    database.sql(USERS).await;
}

/// Each statement once, for a user who is linked to another.
async fn all_calls(store: &Postgres, name: &str, calls: &mut u64) {
    let one = key(name);
    let new = Row { user: user("ext-d"), ..row_at(one.clone()) };
    let seen = store.commit(Write::Insert(Box::new(new))).await.unwrap();
    let doorward_engine::flow::Seen::Applied(inserted) = seen else { panic!("{seen:?}") };
    assert_eq!((inserted.user, inserted.primary), (user("ext-d"), Some(user("ext-c"))));
    for change in [
        Change::Stay { window: Some(window(NOW, 1, 1)) },
        Change::Displace { to: hash(1) },
        Change::Advance { to: hash(2), prev: None, lifetime: Lifetime::from_secs(60), window: None },
    ] {
        let seen = store.commit(Write::Succeed(Succession { change, ..advance(&one, 0) })).await.unwrap();
        let doorward_engine::flow::Seen::Applied(row) = seen else { panic!("{seen:?}") };
        assert_eq!(row.primary, Some(user("ext-c")), "{change:?}");
    }
    assert_eq!(store.load(&one).await.unwrap().unwrap().primary, Some(user("ext-c")));
    assert_eq!(store.read(&one).await.unwrap().unwrap().primary, None, "not by a name from outside");
    for name in ["ext-c", "ext-d", "dddddddd-0000-4000-8000-000000000000"] {
        assert_eq!(store.list(user_in(None, name), None, 10).await.unwrap().len(), 1, "{name}");
    }
    store.mark_active(app("public"), user("ext-d"), now()).await.unwrap();
    let removed = store.commit(Write::Remove(Removal { key: one.clone(), current: hash(2) })).await.unwrap();
    let doorward_engine::flow::Seen::Applied(row) = removed else { panic!("{removed:?}") };
    assert_eq!(row.primary, Some(user("ext-c")));
    let all = Selector::User { user: user_in(None, "ext-c"), alive_at: Some(now()), except: None };
    assert_eq!(store.remove(all).await, Ok(Vec::new()));
    *calls += 12;
}

#[test]
fn who_it_is_comes_with_the_one_statement() {
    database::with(async |database| {
        furnish(&database).await;
        let store = database.open().await;
        let (before, mut calls) = (store.stats().statements, 0);
        all_calls(&store, "one", &mut calls).await;
        assert_eq!(store.stats().statements - before, calls);
    });
}

#[test]
fn users_are_found_by_an_index() {
    database::with(async |database| {
        furnish(&database).await;
        database
            .sql(
                "INSERT INTO app_id_to_user_id (user_id, recipe_id, primary_or_recipe_user_id) \
                 SELECT gen_random_uuid(), 'passwordless', 'ffffffff-0000-4000-8000-000000000000' \
                 FROM generate_series(1, 20000); \
                 UPDATE app_id_to_user_id SET primary_or_recipe_user_id = user_id WHERE recipe_id = 'passwordless'; \
                 INSERT INTO all_auth_recipe_users (user_id, recipe_id, primary_or_recipe_user_id) \
                 SELECT user_id, recipe_id, user_id FROM app_id_to_user_id ON CONFLICT DO NOTHING; \
                 INSERT INTO userid_mapping (supertokens_user_id, external_user_id) \
                 SELECT user_id, 'x-' || user_id FROM app_id_to_user_id ON CONFLICT DO NOTHING; \
                 ANALYZE app_id_to_user_id, all_auth_recipe_users, userid_mapping",
            )
            .await;
        let count = async |column: &str| {
            let sql = format!(
                "SELECT sum({column}) FROM pg_stat_user_tables WHERE schemaname = '{}' \
                 AND relname IN ('app_id_to_user_id', 'all_auth_recipe_users', 'userid_mapping')",
                database.schema()
            );
            database.text(&sql).await.and_then(|count| count.parse::<u64>().ok()).unwrap_or_default()
        };
        let store = database.options().pool_size(1).open().await.unwrap();
        let mut calls = 0;
        // One round, so that what making the tables cost is told.
        all_calls(&store, "first", &mut calls).await;
        drop(store);
        until(async || count("idx_scan").await > 0).await;
        database
            .sql(
                "SELECT pg_stat_reset_single_table_counters(name::regclass) FROM \
                 unnest(ARRAY['app_id_to_user_id', 'all_auth_recipe_users', 'userid_mapping']) AS name",
            )
            .await;
        let store = database.options().pool_size(1).open().await.unwrap();
        for round in 0..12 {
            all_calls(&store, &format!("one-{round}"), &mut calls).await;
        }
        store.close().await.unwrap();
        // A connection that ends tells what it did; until all have, this waits.
        until(async || count("idx_scan").await >= 12 * 12).await;
        assert_eq!(count("seq_scan").await, 0);
    });
}

/// Who may not see the users is served without them, and told.
#[test]
fn a_user_who_may_not_read_them_does_without() {
    database::with(async |database| {
        furnish(&database).await;
        let store = database.open().await;
        store.close().await.unwrap();
        let guest = format!("guest_{}", database.schema());
        database
            .sql(&format!(
                "CREATE ROLE {guest} LOGIN PASSWORD 'guest'; GRANT USAGE ON SCHEMA {schema} TO {guest}; \
                 GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {guest}; \
                 REVOKE ALL ON all_auth_recipe_users, app_id_to_user_id, userid_mapping FROM {guest}; \
                 GRANT INSERT ON userid_mapping TO {guest}",
                schema = database.schema()
            ))
            .await;
        let (_, place) = database.uri().rsplit_once('@').unwrap();
        let options = database.options().uri(&format!("postgres://{guest}:guest@{place}")).unwrap();
        let store = options.open().await.unwrap();
        insert(&store, &Row { user: user("ext-d"), ..row("one") }).await;
        assert_eq!(store.load(&key("one")).await.unwrap().unwrap().primary, None);
    });
}
