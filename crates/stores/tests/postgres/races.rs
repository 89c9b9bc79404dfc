//! Two server processes on one database.

use std::collections::BTreeSet;
use std::sync::Arc;

use doorward_engine::id::AppId;
use doorward_engine::policy::{Policy, Rotation};
use doorward_engine::secret::Secret;
use doorward_service::store::{NewKey, Store, StoredKey, StoredKeys, StoredStaticKey};
use doorward_testkit::contract::given::*;
use futures_util::future::join_all;

use super::database::{self, Database};
use super::world::{is_good, new_session, refreshed, service};

const CLIENTS: usize = 32;

/// Two stores with pools of their own.
async fn two(database: &Database) -> [Arc<dyn Store>; 2] {
    [database.open().await, database.open().await]
}

#[test]
fn clients_of_two_processes_get_the_same_successors() {
    database::with(async |database| {
        for rotation in [Rotation::OnUse, Rotation::OnRefresh] {
            let policy = Policy { rotation, ..Policy::default() };
            let [one, other] = two(&database).await;
            let services = [service(one, policy).await, service(other, policy).await];
            for user in 0..6 {
                let mut token = services[0].create(new_session(&user.to_string())).await.unwrap().refresh;
                for generation in 0..3 {
                    let calls = (0..CLIENTS).map(|client| refreshed(&services[client % 2], &token));
                    let issued = join_all(calls).await;
                    let tokens: BTreeSet<&str> = issued.iter().map(|issued| issued.refresh.expose()).collect();
                    assert_eq!(tokens.len(), 1, "{rotation:?}, user {user}, generation {generation}");
                    // Every answer can be used, by every client, at either process.
                    let calls = issued.iter().enumerate().map(|(client, issued)| {
                        let service = &services[(client + 1) % 2];
                        async move { is_good(service, &issued.access.token).await }
                    });
                    assert!(join_all(calls).await.into_iter().all(|good| good));
                    token = issued[0].refresh.clone();
                }
            }
        }
    });
}

#[test]
fn processes_that_start_at_once_agree_on_tables_and_keys() {
    database::with(async |database| {
        for _ in 0..5 {
            let database = database.another();
            let services =
                join_all((0..6).map(async |_| service(database.open().await, Policy::default()).await)).await;
            let names = |keys: doorward_engine::key::jwks::Jwks| format!("{keys:?}");
            let rings: BTreeSet<String> = services.iter().map(|service| names(service.jwks())).collect();
            assert_eq!(rings.len(), 1, "{rings:?}");
            let issued = services[0].create(new_session("alice")).await.unwrap();
            let again = refreshed(&services[5], &issued.refresh).await;
            assert!(is_good(&services[3], &again.access.token).await);

            // Whoever asks for a new key while another does gets one with it, or right after it.
            for outcome in join_all(services.iter().map(|service| service.rotate_key())).await {
                outcome.unwrap();
            }
            for service in &services {
                service.reread_keys().await.unwrap();
            }
            let rings: BTreeSet<String> = services.iter().map(|service| names(service.jwks())).collect();
            assert_eq!(rings.len(), 1, "{rings:?}");
            assert!(is_good(&services[4], &again.access.token).await);
        }
    });
}

/// The cases of the contract, over two pools, and again where the tables hold something already.
#[test]
fn makers_of_keys_at_two_processes_agree() {
    database::with(async |database| {
        let stores = two(&database).await;
        let agreed = async |round: u64, make: &dyn Fn(u64) -> NewKey| -> StoredKeys {
            let calls = (0..40).map(|number| stores[(number % 2) as usize].add_key(AppId::default(), make(number)));
            let mut seen: Vec<StoredKeys> = join_all(calls).await.into_iter().map(Result::unwrap).collect();
            for keys in &mut seen {
                keys.signing.sort_by_key(|key| key.created_at);
            }
            seen.dedup();
            assert_eq!(seen.len(), 1, "round {round}: all see the same keys");
            seen.remove(0)
        };
        let secret = |number: u64| Secret::new(number.to_string());
        let mut newest_seen = None;
        for round in 1..=5 {
            let make = |number| NewKey::Signing {
                key: StoredKey { created_at: at(round * 1000 + number), value: secret(number) },
                newest_seen,
            };
            let keys = agreed(round, &make).await.signing;
            assert_eq!(keys.len() as u64, round);
            newest_seen = keys.last().map(|key| key.created_at);
        }
        let make = |number| {
            NewKey::Static(StoredStaticKey { id: format!("s-{number}"), created_at: at(number), value: secret(number) })
        };
        assert_eq!(agreed(0, &make).await.static_keys.len(), 1);
        let make = |number| NewKey::Refresh { value: secret(number), created_at: at(number) };
        assert!(agreed(0, &make).await.refresh.is_some());
    });
}
