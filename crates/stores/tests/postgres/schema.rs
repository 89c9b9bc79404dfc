//! What a new database begins with.

use doorward_service::directory::Directory as _;
use doorward_service::store::{Selector, Store as _};
use doorward_stores::postgres::{OpenError, Postgres};
use doorward_testkit::contract::given::*;

use super::database::{self, Database, URI};

/// The names of the tables' constraints and indexes, with the columns they are on.
async fn named(database: &Database) -> Vec<String> {
    let other = database.connect().await;
    let rows = other
        .client
        .query(
            "SELECT relname || ': ' || pg_get_constraintdef(c.oid) || ' ' || conname FROM pg_constraint AS c \
             JOIN pg_class AS t ON t.oid = conrelid WHERE connamespace = $1::TEXT::REGNAMESPACE AND contype IN ('p', 'f') \
             UNION ALL SELECT tablename || ': ' || indexname FROM pg_indexes WHERE schemaname = $1 ORDER BY 1",
            &[&database.schema()],
        )
        .await
        .unwrap();
    rows.iter().map(|row| row.get::<_, String>(0).replace(&format!("{}.", database.schema()), "")).collect()
}

#[test]
fn a_new_database_has_upstream_s_tables_and_names() {
    database::with(async |database| {
        let store = database.open().await;
        let named = named(&database).await;
        for expected in [
            "apps: PRIMARY KEY (app_id) apps_pkey",
            "tenants: FOREIGN KEY (app_id) REFERENCES apps(app_id) ON DELETE CASCADE tenants_app_id_fkey",
            "key_value: FOREIGN KEY (app_id, tenant_id) REFERENCES tenants(app_id, tenant_id) ON DELETE CASCADE \
             key_value_tenant_id_fkey",
            "session_info: PRIMARY KEY (app_id, tenant_id, session_handle) session_info_pkey",
            "session_info: FOREIGN KEY (app_id, tenant_id) REFERENCES tenants(app_id, tenant_id) ON DELETE CASCADE \
             session_info_tenant_id_fkey",
            "session_info: session_expiry_index",
            "session_info: session_info_user_id_app_id_index",
            "session_access_token_signing_keys: PRIMARY KEY (app_id, created_at_time) \
             session_access_token_signing_keys_pkey",
            "session_access_token_signing_keys: FOREIGN KEY (app_id) REFERENCES apps(app_id) ON DELETE CASCADE \
             session_access_token_signing_keys_app_id_fkey",
            "jwt_signing_keys: PRIMARY KEY (app_id, key_id) jwt_signing_keys_pkey",
            "tenant_configs: PRIMARY KEY (connection_uri_domain, app_id, tenant_id) tenant_configs_pkey",
            "user_last_active: PRIMARY KEY (app_id, user_id) user_last_active_pkey",
        ] {
            assert!(named.iter().any(|name| name == expected), "{expected} is not in {named:#?}");
        }
        // The next start finds all of it and changes nothing.
        insert(&*store, &row("one")).await;
        let again = database.open().await;
        assert_eq!(self::named(&database).await, named);
        assert_eq!(load(&*again, &key("one")).await, Some(row("one")));
    });
}

#[test]
fn names_may_be_chosen_and_two_share_a_schema() {
    database::with(async |database| {
        let plain = database.open().await;
        let chosen = || database.options().table_names_prefix("App1").session_info_table_name("Sessions");
        let other = chosen().open().await.unwrap();
        insert(&*plain, &row("one")).await;
        assert_eq!(load(&other, &key("one")).await, None);
        insert(&other, &row("two")).await;
        assert_eq!(load(&*plain, &key("two")).await, None);
        assert_eq!(database.text("SELECT session_handle FROM sessions").await.as_deref(), Some("two"));
        let named = named(&database).await;
        for expected in [
            "app1_apps: PRIMARY KEY (app_id) app1_apps_pkey",
            "app1_tenants: FOREIGN KEY (app_id) REFERENCES app1_apps(app_id) ON DELETE CASCADE app1_tenants_app_id_fkey",
            "sessions: FOREIGN KEY (app_id, tenant_id) REFERENCES app1_tenants(app_id, tenant_id) ON DELETE CASCADE \
             sessions_tenant_id_fkey",
            "sessions: app1_session_expiry_index",
        ] {
            assert!(named.iter().any(|name| name == expected), "{expected} is not in {named:#?}");
        }
        // The schema of a URI wins.
        let uri = format!("{}?currentSchema={}", database.uri(), database.schema());
        let same = Postgres::options().uri(&uri).unwrap().schema("another").minimum_idle(0).open().await.unwrap();
        assert_eq!(same.remove(Selector::Keys(vec![key("one")])).await, Ok(vec![key("one")]));
    });
}

#[test]
fn a_database_that_only_follows_is_refused_at_once() {
    database::with(async |database| {
        let uri = format!("{}?options=-c%20default_transaction_read_only%3Don", database.uri());
        let error = database.options().uri(&uri).unwrap().open().await.unwrap_err();
        assert_eq!(error.code(), "store.read_only", "{error}");
    });
}

#[test]
fn a_user_who_may_make_no_tables_is_told_which() {
    database::with(async |database| {
        let guest = format!("nobody_{}", database.schema());
        database
            .sql(&format!(
                "CREATE SCHEMA {0}; CREATE ROLE {guest} LOGIN PASSWORD 'p'; GRANT USAGE ON SCHEMA {0} TO {guest}",
                database.schema()
            ))
            .await;
        let (_, place) = database.uri().rsplit_once('@').unwrap();
        let options = database.options().uri(&format!("postgres://{guest}:p@{place}")).unwrap();
        let error = options.open().await.unwrap_err();
        assert_eq!(error.code(), "store.read_only", "{error}");
        assert!(error.to_string().contains("`apps`") && error.to_string().contains("permission denied"), "{error}");
    });
}

/// Through a socket of this machine, where nothing is encrypted and the operating system may vouch for the user.
#[test]
fn a_socket_of_this_machine_leads_there_too() {
    let Ok(uri) = std::env::var(format!("{URI}_SOCKET")) else {
        println!("skipped: {URI}_SOCKET is not set");
        return;
    };
    database::with(async |database| {
        for uri in [uri.clone(), format!("{uri}&sslmode=require")] {
            let store = database.options().uri(&uri).unwrap().open().await.unwrap();
            assert_eq!(store.ping().await, Ok(()));
        }
    });
}

#[test]
fn what_cannot_be_opened_says_why_and_shows_no_password() {
    database::with(async |database| {
        let (_, place) = database.uri().rsplit_once('@').unwrap();
        let (host, _) = place.split_once('/').unwrap();
        for (uri, expected) in [
            (format!("postgres://doorward:very-secret@{place}"), "28P01"),
            (format!("postgres://{place}"), "postgresql_user"),
            (database.uri().replace(place, &format!("{host}/nothing-here")), "3D000"),
        ] {
            let error = match database.options().uri(&uri).unwrap().open().await {
                Err(error) => error,
                Ok(_) => panic!("{expected}"),
            };
            let text = format!("{error} {error:?}");
            assert!(text.contains(expected), "{text}");
            let password = database.uri().split(['@', ':']).nth(2).unwrap();
            assert!(!text.contains("very-secret") && !text.contains(password), "{text}");
            assert_eq!(matches!(error, OpenError::Option(_)), expected == "postgresql_user");
        }
    });
}
