//! `kill -9` of PostgreSQL: what was acknowledged is there afterwards, and nobody was told that a session is gone.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use doorward_engine::id::SessionKey;
use doorward_engine::policy::{Policy, Rotation};
use doorward_engine::secret::Secret;
use doorward_service::Service;
use doorward_service::store::{Selector, Store};
use doorward_service::{ConfirmOutcome, RefreshOutcome};
use futures_util::future::join_all;

use super::cluster::Cluster;
use super::database::{Database, block_on, until};
use super::world::{is_good, new_session, request, service, used};

const CLIENTS: usize = 12;

/// What one client knows of its session for sure.
struct Client {
    token: Secret,
    access: Secret,
    key: SessionKey,
    revoked: Option<bool>,
}

/// Signs in, refreshes and uses its session until it is told to stop. Faults are waited out, with the tokens that it has;
/// any other answer than new tokens is a failure. At the end some sign out.
async fn live(service: &Service, stop: &AtomicBool, steps: &AtomicU64, number: usize) -> Client {
    let mut issued = loop {
        match service.create(new_session(&number.to_string())).await {
            Ok(issued) => break issued,
            Err(_) => tokio::task::yield_now().await,
        }
    };
    while !stop.load(Ordering::SeqCst) {
        match service.refresh(request(&issued.refresh)).await {
            Ok(RefreshOutcome::Issued(next)) => issued = *next,
            Ok(other) => panic!("client {number}: {other:?}"),
            Err(_) => continue,
        }
        steps.fetch_add(1, Ordering::SeqCst);
        if let Ok(ConfirmOutcome::Unauthorised(deny)) = used(service, &issued.access.token).await {
            panic!("client {number}: {deny:?}");
        }
    }
    let key = issued.row.key.clone();
    let mut client = Client { token: issued.refresh, access: issued.access.token, key, revoked: None };
    if number.is_multiple_of(3) {
        // An answer is final; after a fault it may be gone or not.
        let revoked = service.revoke(Selector::Keys(vec![issued.row.key])).await;
        client.revoked = Some(revoked.is_ok_and(|keys| keys.len() == 1));
    }
    client
}

#[test]
fn what_was_acknowledged_survives_kill_9_of_the_database() {
    let Some(mut cluster) = Cluster::start() else { return };
    block_on(async {
        for rotation in [Rotation::OnUse, Rotation::OnRefresh] {
            let database = Database::at(cluster.uri());
            let open = async || {
                let options = database.options().checkout_timeout(Duration::from_millis(1000));
                let store = Arc::new(options.open().await.unwrap()) as Arc<dyn Store>;
                service(store, Policy { rotation, ..Policy::default() }).await
            };
            let (service, other) = (open().await, open().await);
            let (stop, steps) = (AtomicBool::new(false), AtomicU64::new(0));
            let clients = join_all(
                (0..CLIENTS).map(|number| live(if number % 2 == 0 { &service } else { &other }, &stop, &steps, number)),
            );
            let more = async |more: u64| {
                let enough = steps.load(Ordering::SeqCst) + more;
                until(async || steps.load(Ordering::SeqCst) >= enough).await;
            };
            let murder = async {
                for _ in 0..3 {
                    more(60).await;
                    cluster.kill();
                    cluster.restart();
                }
                more(60).await;
                stop.store(true, Ordering::SeqCst);
            };
            let (clients, ()) = tokio::join!(clients, murder);
            for (number, client) in clients.iter().enumerate() {
                match client.revoked {
                    None => {
                        // The database may still be starting.
                        let answers = async |service: &Service| service.read(&client.key).await.is_ok();
                        until(async || answers(&service).await && answers(&other).await).await;
                        assert!(is_good(&service, &client.access).await, "{rotation:?} {number}");
                        let next = other.refresh(request(&client.token)).await.unwrap();
                        assert!(matches!(next, RefreshOutcome::Issued(_)), "{rotation:?} {number}: {next:?}");
                    }
                    Some(true) => {
                        let next = other.refresh(request(&client.token)).await.unwrap();
                        assert!(matches!(next, RefreshOutcome::Unauthorised(_)), "{rotation:?} {number}: {next:?}");
                    }
                    Some(false) => {}
                }
            }
            service.close().await.unwrap();
            other.close().await.unwrap();
        }
    });
}
