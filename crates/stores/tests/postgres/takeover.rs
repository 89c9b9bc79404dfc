//! Databases as SuperTokens cores of many releases left them: sessions, tokens and keys go on, and nothing is written that
//! such a core can't read.

use std::collections::BTreeSet;
use std::sync::Arc;

use doorward_engine::id::AppId;
use doorward_engine::payload::JsonText;
use doorward_engine::policy::{Policy, Rotation};
use doorward_engine::secret::Secret;
use doorward_engine::session::record::{Change, SessionLimits, Succession, Write};
use doorward_engine::time::{Lifetime, Millis};
use doorward_engine::token::version::AccessVersion;
use doorward_service::directory::{Directory as _, LoginMethods, StoredTenant};
use doorward_service::store::{Lacks, Store};
use doorward_service::{ConfirmOutcome, RefreshOutcome};
use doorward_stores::postgres::{OpenError, Options, Postgres};
use doorward_testkit::contract::given::*;
use doorward_testkit::fakes::SetClock;
use serde_json::Value;

use super::database::{self, Database};
use super::world::{is_good, new_session, refreshed, request, service_at, used};

/// The releases, and whether `session_info` has the columns of 12.1.
const RELEASES: [(&str, &str); 7] = [
    ("6", include_str!("../fixtures/takeover/core-6.sql")),
    ("7", include_str!("../fixtures/takeover/core-7.sql")),
    ("9", include_str!("../fixtures/takeover/core-9.sql")),
    ("10", include_str!("../fixtures/takeover/core-10.sql")),
    ("11", include_str!("../fixtures/takeover/core-11.sql")),
    ("12.0", include_str!("../fixtures/takeover/core-12.0.sql")),
    ("12.1", include_str!("../fixtures/takeover/core-12.1.sql")),
];
const ROWS: &str = include_str!("../fixtures/takeover/rows.sql");
const LEGACY_KEY: &str = include_str!("../fixtures/takeover/legacy-key.sql");

/// A moment at which the sessions and the tokens of the fixtures are alive.
const THEN: u64 = 1_767_225_601_000;

/// Its columns are those of every release from 6.0 on: a core's own insert and select name no others.
const JAVA_INSERT: &str = "INSERT INTO session_info (app_id, tenant_id, session_handle, user_id, refresh_token_hash_2, \
     session_data, expires_at, jwt_user_payload, created_at_time, use_static_key) VALUES ('public', 'public', 'theirs', 'u3', \
     '0000000000000000000000000000000000000000000000000000000000000001', '{}', 1775865600000, '{}', 1767222100000, FALSE)";

/// A token of `vectors/tokens`.
fn token(file: &str, id: u64) -> Secret {
    let path = format!("{}/../../vectors/tokens/{file}.json", env!("CARGO_MANIFEST_DIR"));
    let vectors: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let test = vectors["tests"].as_array().unwrap().iter().find(|test| test["id"] == id).unwrap().clone();
    Secret::new(test["input"]["token"].as_str().unwrap())
}

fn policy() -> Policy {
    Policy { oldest_access_version: AccessVersion::V2, ..Policy::default() }
}

async fn service(store: Arc<dyn Store>, policy: Policy) -> doorward_service::Service {
    service_at(store, policy, Arc::new(SetClock::at(Millis::saturating(THEN)))).await
}

async fn as_left(database: &Database, tables: &str) {
    database.sql(&format!("CREATE SCHEMA {}", database.schema())).await;
    database.sql(tables).await;
    database.sql(ROWS).await;
}

#[test]
fn sessions_and_tokens_go_on() {
    database::with(async |database| {
        for (release, tables) in RELEASES {
            let database = database.another();
            as_left(&database, tables).await;
            let store = database.open().await;
            assert_eq!(store.lacks(), Lacks::default(), "{release}");
            let service = service(store.clone(), policy()).await;

            // The keys are those that are there.
            let keys = store.keys(AppId::default()).await.unwrap();
            assert_eq!((keys.signing.len(), keys.static_keys.len()), (1, 1), "{release}");
            assert!(keys.refresh.unwrap().expose().starts_with("1000:abab"), "{release}");

            // A living access token of theirs: of CDI 2.7's form, and of today's.
            for (file, id) in [("formats", 1), ("access", 1)] {
                assert!(service.verify(token(file, id).expose()).await.unwrap().is_ok(), "{release} {file}");
            }
            // Their refresh token, in two tenants.
            let issued = refreshed(&service, &token("refresh", 1)).await;
            assert_eq!((issued.row.user.as_str(), issued.row.payload.as_str()), ("u1", r#"{"role":"editor"}"#));
            assert_eq!(issued.row.data.as_str(), r#"{"cart":[1,2]}"#);
            assert!(is_good(&service, &issued.access.token).await, "{release}");
            let next = refreshed(&service, &issued.refresh).await;
            assert!(is_good(&service, &next.access.token).await, "{release}");
            let of_tenant = refreshed(&service, &token("refresh", 3)).await;
            assert_eq!((of_tenant.row.key.tenant.as_str(), of_tenant.row.payload.as_str()), ("t-1", "{}"));
            assert!(of_tenant.row.use_static_key && is_good(&service, &of_tenant.access.token).await, "{release}");
            // The one before it is a theft as ever, long after.
            let clock = Arc::new(SetClock::at(Millis::saturating(THEN + 600_000)));
            let later = service_at(store.clone(), policy(), clock).await;
            let theft = later.refresh(request(&token("refresh", 1))).await.unwrap();
            assert!(matches!(theft, RefreshOutcome::Theft(_)), "{release}: {theft:?}");

            // Lists, and what is expired stays so.
            assert_eq!(store.list(user_in(None, "u1"), None, 10).await.unwrap().len(), 1, "{release}");
            assert_eq!(store.sweep(Millis::saturating(THEN), 10).await, Ok(1), "{release}");
            store.close().await.unwrap();
        }
    });
}

#[test]
fn a_core_beside_it_reads_and_writes_the_same_rows() {
    database::with(async |database| {
        for (release, tables) in RELEASES {
            let database = database.another();
            as_left(&database, tables).await;
            // A column of a release to come.
            database.sql("ALTER TABLE session_info ADD COLUMN theirs TEXT DEFAULT 'x'").await;
            let store = database.open().await;
            let service = service(store.clone(), policy()).await;
            database.sql(JAVA_INSERT).await;
            let theirs = key("theirs");
            let row = load(&*store, &theirs).await.unwrap();
            assert_eq!((row.window, row.prev, row.limits), (None, None, SessionLimits::default()), "{release}");

            // All that one of our rows goes through, and what it then is to them.
            let issued = service.create(new_session("ours")).await.unwrap();
            let next = refreshed(&service, &issued.refresh).await;
            assert!(is_good(&service, &next.access.token).await);
            refreshed(&service, &next.refresh).await;
            let handle = issued.row.key.handle.as_str();
            let is_readable = "SELECT length(refresh_token_hash_2) = 64 AND user_id = 'ours' AND session_data = '{}' \
                 AND jwt_user_payload::JSON ->> 'role' = 'editor' AND NOT use_static_key AND expires_at > created_at_time \
                 AND theirs = 'x' FROM session_info WHERE app_id = 'public' AND tenant_id = 'public'";
            let answer = database.text(&format!("{is_readable} AND session_handle = '{handle}'")).await;
            assert_eq!(answer.as_deref(), Some("true"), "{release}");

            // They move a row whose window is open: it is no window of the new token's.
            let moved = format!(
                "UPDATE session_info SET refresh_token_hash_2 = '{}' WHERE session_handle = '{handle}'",
                hash(5).as_str()
            );
            database.sql(&moved).await;
            let refused = service.refresh(request(&next.refresh)).await.unwrap();
            assert!(matches!(refused, RefreshOutcome::Theft(_)), "{release}: {refused:?}");
        }
    });
}

#[test]
fn tenants_are_taken_over() {
    database::with(async |database| {
        for (release, tables) in RELEASES {
            let database = database.another();
            as_left(&database, tables).await;
            let store = database.open().await;
            let mut tenants = store.tenants().await.unwrap();
            tenants.sort_by(|one, other| (&one.app, &one.tenant).cmp(&(&other.app, &other.tenant)));
            let names: Vec<String> = tenants.iter().map(|one| format!("{}/{}", one.app, one.tenant)).collect();
            // `elsewhere` is a tenant of another connection URI domain.
            assert_eq!(names, ["other/public", "public/public", "public/t-1"], "{release}");
            let shop = StoredTenant {
                app: AppId::default(),
                tenant: tenant("t-1"),
                core_config: JsonText::from_stored(r#"{"access_token_validity":1800}"#),
                first_factors: None,
                required_secondary_factors: None,
                login_methods: LoginMethods {
                    email_password: Some(true),
                    third_party: Some(false),
                    passwordless: None,
                },
            };
            assert_eq!(tenants[2], shop, "{release}");
            assert_eq!(
                store.value(AppId::default(), tenant("public"), "TELEMETRY_ID").await.unwrap().unwrap().len(),
                36
            );

            let changed = StoredTenant { first_factors: Some(vec!["custom".to_owned()]), ..shop };
            assert_eq!(store.put_tenant(changed.clone(), now()).await, Ok(false), "{release}");
            assert!(store.tenants().await.unwrap().contains(&changed), "{release}");
            store.mark_active(AppId::default(), user("u1"), now()).await.unwrap();
            assert_eq!(store.count_active(AppId::default(), now()).await, Ok(1), "{release}");
        }
    });
}

/// Beside tenants of its own, a domain may have settings for the app and the tenant that everybody has.
#[test]
fn of_other_domains_nothing_is_served() {
    database::with(async |database| {
        as_left(&database, RELEASES[6].1).await;
        let names = async |store: Arc<Postgres>| -> BTreeSet<String> {
            let tenants = store.tenants().await.unwrap();
            tenants.into_iter().map(|one| format!("{}/{} {}", one.app, one.tenant, one.core_config.as_str())).collect()
        };
        let before = names(database.open().await).await;
        database
            .sql(
                "DELETE FROM tenant_configs WHERE connection_uri_domain = '' AND tenant_id = 'public' AND app_id = 'public'; \
                 INSERT INTO apps (app_id, created_at_time) VALUES ('theirs', 0); \
                 INSERT INTO tenants (app_id, tenant_id, created_at_time) VALUES ('theirs', 'public', 0); \
                 INSERT INTO tenant_configs (connection_uri_domain, app_id, tenant_id, core_config) VALUES \
                 ('a.example', 'public', 'public', '{\"access_token_validity\":7}'), ('a.example', 'theirs', 'public', '{}'), \
                 ('a.example', 'public', 't-1', '{\"access_token_validity\":7}')",
            )
            .await;
        assert_eq!(names(database.open().await).await, before);
    });
}

#[test]
fn the_signing_key_of_old_releases_is_moved() {
    database::with(async |database| {
        for is_dynamic in [true, false] {
            let database = database.another();
            as_left(&database, RELEASES[0].1).await;
            database.sql(LEGACY_KEY).await;
            // Two processes that start at once move it once.
            let open = || database.options().legacy_signing_key_is_dynamic(is_dynamic).open();
            let (store, other) = tokio::join!(open(), open());
            let store: Arc<Postgres> = Arc::new(store.unwrap());
            let keys = store.keys(AppId::default()).await.unwrap();
            assert_eq!(keys, other.unwrap().keys(AppId::default()).await.unwrap());
            let left = database.text("SELECT count(*) FROM key_value WHERE name = 'access_token_signing_key'").await;
            assert_eq!(left.as_deref(), Some("0"));
            if is_dynamic {
                assert_eq!((keys.signing.len(), keys.static_keys.len()), (1, 1));
                assert_eq!(keys.signing[0].created_at.as_u64(), 1_767_222_000_000);
                // Its name is its creation time, so a token that it signed is still believed.
                let service = service(store, policy()).await;
                assert!(service.verify(token("access", 1).expose()).await.unwrap().is_ok());
            } else {
                assert_eq!((keys.signing.len(), keys.static_keys.len()), (0, 2));
                let moved = keys.static_keys.iter().find(|key| key.created_at.as_u64() == 1_767_222_000_000).unwrap();
                assert!(moved.id.len() == 38 && moved.id.starts_with("s-"), "{}", moved.id);
            }
        }
    });
}

/// Options of a user who may read and write the rows, and change nothing else.
async fn as_guest(database: &Database) -> Options {
    let guest = format!("guest_{}", database.schema());
    database
        .sql(&format!(
            "CREATE ROLE {guest} LOGIN PASSWORD 'guest'; GRANT USAGE ON SCHEMA {schema} TO {guest}; \
             GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {guest}",
            schema = database.schema()
        ))
        .await;
    let (_, place) = database.uri().rsplit_once('@').unwrap();
    database.options().uri(&format!("postgres://{guest}:guest@{place}")).unwrap()
}

#[test]
fn where_columns_may_not_be_added_what_needs_them_is_off() {
    database::with(async |database| {
        for (release, tables) in RELEASES {
            let database = database.another();
            as_left(&database, tables).await;
            let store = Arc::new(as_guest(&database).await.open().await.unwrap());
            let has_rotation = release == "12.1";
            let lacks = Lacks { windows: true, predecessors: !has_rotation, limits: true };
            assert_eq!(store.lacks(), lacks, "{release}");

            for rotation in [Rotation::OnUse, Rotation::OnRefresh] {
                // The service takes the grace away by itself.
                let absolute_limit = Some(Lifetime::from_hours(3000));
                let policy = Policy { rotation, absolute_limit, ..policy() };
                let service = service(store.clone(), policy).await;
                let issued = service.create(new_session("alice")).await.unwrap();
                let next = refreshed(&service, &issued.refresh).await;
                assert!(is_good(&service, &next.access.token).await, "{release}");
                let third = refreshed(&service, &next.refresh).await;
                let used = used(&service, &third.access.token).await.unwrap();
                assert!(!matches!(used, ConfirmOutcome::Unauthorised(_)), "{release}");
                // Strict, as upstream without a grace.
                let again = service.refresh(request(&issued.refresh)).await.unwrap();
                assert!(matches!(again, RefreshOutcome::Theft(_)), "{release}: {again:?}");
            }
            let service = service(store.clone(), Policy::default()).await.with_policy(policy());
            assert_eq!(service.policy().grace, Lifetime::from_secs(0));
            assert!(is_good(&service, &refreshed(&service, &token("refresh", 1)).await.access.token).await);

            // What would be lost without a word is refused.
            insert(&*store, &row("one")).await;
            let open = Change::Stay { window: Some(window(NOW, 1, 1)) };
            let moved =
                Change::Advance { to: hash(2), prev: None, lifetime: millis(1), window: Some(window(NOW, 1, 1)) };
            for change in [open, moved] {
                let error = store.commit(Write::Succeed(Succession { change, ..advance(&key("one"), 0) })).await;
                assert_eq!(error.unwrap_err().code(), "store.read_only", "{release}");
            }
            let mut limited = row("two");
            limited.limits.absolute_end = Some(at(NOW + 5));
            let error = store.commit(Write::Insert(Box::new(limited))).await.unwrap_err();
            assert_eq!(error.code(), "store.read_only", "{release}: {error}");
            assert_eq!(load(&*store, &key("one")).await, Some(row("one")), "{release}");

            // Its owner adds them, and the next start has them.
            assert_eq!(database.open().await.lacks(), Lacks::default(), "{release}");
            assert_eq!(as_guest_again(&database).open().await.unwrap().lacks(), Lacks::default(), "{release}");
        }
    });
}

fn as_guest_again(database: &Database) -> Options {
    let (_, place) = database.uri().rsplit_once('@').unwrap();
    database.options().uri(&format!("postgres://guest_{}:guest@{place}", database.schema())).unwrap()
}

#[test]
fn a_table_that_others_use_is_not_waited_for_long() {
    database::with(async |database| {
        as_left(&database, RELEASES[3].1).await;
        // A core in the middle of a transaction keeps columns from being added; others must get past the one who waits.
        let java = database.connect().await;
        java.client.batch_execute("BEGIN; UPDATE session_info SET session_data = '1'").await.unwrap();
        let (store, ()) = tokio::join!(database.options().open(), async {
            let other = database.connect().await;
            other.client.batch_execute("SET statement_timeout = '20s'").await.unwrap();
            other.client.query("SELECT * FROM session_info", &[]).await.unwrap();
        });
        let store = store.unwrap();
        assert_eq!(store.lacks(), Lacks { windows: true, predecessors: true, limits: true });
        drop(java);
        assert_eq!(database.open().await.lacks(), Lacks::default());
    });
}

#[test]
fn tables_of_a_release_before_6_are_refused_and_untouched() {
    database::with(async |database| {
        database.sql(&format!("CREATE SCHEMA {}", database.schema())).await;
        database
            .sql(
                "CREATE TABLE session_info (session_handle VARCHAR(255) PRIMARY KEY, user_id VARCHAR(128), \
                 refresh_token_hash_2 VARCHAR(128), session_data TEXT, expires_at BIGINT, created_at_time BIGINT, \
                 jwt_user_payload TEXT, use_static_key BOOLEAN); \
                 CREATE TABLE key_value (name VARCHAR(128) PRIMARY KEY, value TEXT, created_at_time BIGINT)",
            )
            .await;
        let error = database.options().open().await.unwrap_err();
        let OpenError::Store(store) = &error else { panic!("{error:?}") };
        assert_eq!(store.code(), "store.corrupt");
        assert!(error.to_string().contains("`app_id`") && error.to_string().contains("6.0"), "{error}");
        let columns =
            "SELECT count(*) FROM information_schema.columns WHERE table_name = 'session_info' AND table_schema";
        assert_eq!(database.text(&format!("{columns} = '{}'", database.schema())).await.as_deref(), Some("8"));
    });
}
