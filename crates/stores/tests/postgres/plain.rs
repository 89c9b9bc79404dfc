//! A database of another make, as far as one can be had here: one that lets nobody take advisory locks.

use std::sync::Arc;

use doorward_engine::id::{AppId, TenantId};
use doorward_engine::policy::Policy;
use doorward_engine::secret::Secret;
use doorward_service::store::{NewKey, Store as _, StoredKeys};
use doorward_stores::postgres::Postgres;
use doorward_testkit::contract::given::*;
use futures_util::future::join_all;

use super::database::{self, Database};
use super::world::{is_good, new_session, refreshed, service};

/// All that a lock could be taken by.
const FORBID: &str = "DO $$ DECLARE called REGPROCEDURE; BEGIN \
     FOR called IN SELECT oid FROM pg_proc WHERE proname LIKE 'pg%advisory%' LOOP \
     EXECUTE 'REVOKE EXECUTE ON FUNCTION ' || called || ' FROM PUBLIC'; END LOOP; END $$";

/// Runs a test in a database of its own, as a user who owns it and may take no locks.
async fn without_locks(outer: &Database, test: impl AsyncFnOnce(Database)) {
    let name = format!("plain_{}", outer.schema());
    let (place, _) = outer.uri().rsplit_once('/').unwrap();
    let (_, host) = place.rsplit_once('@').unwrap();
    outer.sql(&format!("CREATE ROLE {name} LOGIN PASSWORD 'plain'")).await;
    // No statement may stand beside this one.
    outer.sql(&format!("CREATE DATABASE {name} OWNER {name}")).await;
    Database::at(format!("{place}/{name}")).sql(FORBID).await;
    test(Database::at(format!("postgres://{name}:plain@{host}/{name}"))).await;
    outer.sql(&format!("DROP DATABASE {name} WITH (FORCE)")).await;
}

#[test]
fn one_key_of_each_kind_is_made_all_the_same() {
    database::with(async |outer| {
        without_locks(&outer, async |database| {
            let refused = database.connect().await.client.batch_execute("SELECT pg_try_advisory_xact_lock(1)").await;
            assert_eq!(refused.unwrap_err().code().unwrap().code(), "42501");

            // Tables too are made by several at once.
            let stores: Vec<Arc<Postgres>> = join_all((0..4).map(|_| database.open())).await;
            for app in ["public", "other"] {
                let app = AppId::parse(app).unwrap();
                make_tenant(&*stores[0], &app, &TenantId::default()).await;
                let calls = (0_u32..40).map(|number| {
                    let key = NewKey::Refresh { value: Secret::new(number.to_string()), created_at: at(5) };
                    stores[usize::try_from(number).unwrap() % 4].add_key(app.clone(), key)
                });
                let mut seen: Vec<StoredKeys> = join_all(calls).await.into_iter().map(Result::unwrap).collect();
                seen.dedup();
                assert_eq!(seen.len(), 1);
                assert!(seen.pop().unwrap().refresh.is_some());
            }
        })
        .await;
    });
}

#[test]
fn servers_that_start_at_once_serve_each_others_sessions() {
    database::with(async |outer| {
        without_locks(&outer, async |database| {
            let services =
                join_all((0..3).map(async |_| service(database.open().await, Policy::default()).await)).await;
            let rings: Vec<String> = services.iter().map(|service| format!("{:?}", service.jwks())).collect();
            assert!(rings.iter().all(|ring| *ring == rings[0]), "{rings:?}");
            let issued = services[0].create(new_session("alice")).await.unwrap();
            let next = refreshed(&services[1], &issued.refresh).await;
            assert!(is_good(&services[2], &next.access.token).await);
        })
        .await;
    });
}
