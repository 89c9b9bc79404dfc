//! Connections that are cut while a request or its answer is on its way: what was asked happens once, and nobody is told
//! that a session is gone or stolen because of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use doorward_engine::flow::Seen;
use doorward_engine::id::AppId;
use doorward_engine::policy::{Policy, Rotation};
use doorward_engine::secret::Secret;
use doorward_engine::session::record::{Change, Removal, Row, Succession, Update, Write};
use doorward_engine::time::Lifetime;
use doorward_service::directory::Directory as _;
use doorward_service::store::{NewKey, Selector, Store, StoreError, StoredKey, StoredStaticKey};
use doorward_service::{ConfirmOutcome, RefreshOutcome, ServiceError};
use doorward_stores::postgres::Postgres;
use doorward_testkit::contract::given::*;

use super::database::{self, Database};
use super::proxy::{Cut, Proxy, Request};
use super::world::{is_good, new_session, refreshed, request, service, used};

const CUTS: [Cut; 2] = [Cut::Before, Cut::After];

/// A store with one connection, which goes through a proxy.
async fn open(database: &Database) -> (Proxy, Arc<Postgres>) {
    let (proxy, uri) = Proxy::before(database.uri()).await;
    let store = database.options().uri(&uri).unwrap().pool_size(1).open().await.unwrap();
    (proxy, Arc::new(store))
}

/// All statements that a case may need, so that they are prepared when the case begins.
async fn warm_up(store: &Postgres) {
    let one = key("warm");
    insert(store, &row("warm")).await;
    for change in changes() {
        applied(store, Write::Succeed(Succession { change, ..advance(&one, 0) })).await;
        applied(store, Write::Succeed(Succession { current: current(&change), ..advance(&one, 1) })).await;
    }
    applied(store, Write::Update(Update { key: one.clone(), now: now(), seen: None, payload: None, data: None })).await;
    lost(store, Write::Remove(Removal { key: one.clone(), current: hash(9) }), load(store, &one).await.as_ref()).await;
    store.remove(Selector::Keys(vec![one])).await.unwrap();
    store.remove(Selector::User { user: user_in(None, "nobody"), alive_at: None, except: None }).await.unwrap();
}

fn changes() -> [Change; 3] {
    [
        Change::Stay { window: Some(window(NOW, 1, 1)) },
        Change::Advance { to: hash(2), prev: None, lifetime: Lifetime::from_secs(60), window: Some(window(NOW, 1, 1)) },
        Change::Displace { to: hash(2) },
    ]
}

fn current(change: &Change) -> doorward_engine::hash::Hash2 {
    if matches!(change, Change::Stay { .. }) { hash(1) } else { hash(2) }
}

#[test]
fn a_write_whose_connection_is_cut_happens_once() {
    database::with(async |database| {
        let (proxy, store) = open(&database).await;
        warm_up(&store).await;
        let payload = Update {
            payload: Some(payload("{}")),
            ..Update { key: key("one"), now: now(), seen: Some(row("one").payload), payload: None, data: None }
        };
        let mut writes: Vec<(Write, bool)> =
            vec![(Write::Insert(Box::new(row("one"))), false), (Write::Update(payload), true)];
        writes.extend(changes().map(|change| (Write::Succeed(Succession { change, ..advance(&key("one"), 0) }), true)));
        for (write, needs_row) in writes {
            for cut in CUTS {
                if needs_row {
                    insert(&*store, &row("one")).await;
                }
                let cuts = proxy.cuts();
                proxy.cut(Request::Statement(1), cut);
                let Seen::Applied(after) = commit(&*store, write.clone()).await else { panic!("{write:?} {cut:?}") };
                assert_eq!(proxy.cuts(), cuts + 1, "{write:?} {cut:?}");
                assert_eq!(load(&*store, &key("one")).await, Some(after), "{write:?} {cut:?}");
                store.remove(Selector::Keys(vec![key("one")])).await.unwrap();
            }
        }
        let stats = store.stats();
        assert_eq!((stats.lost, stats.failed), (10, 0), "{stats:?}");
    });
}

#[test]
fn a_removal_whose_answer_is_lost_is_done_and_says_that_it_cannot_tell() {
    database::with(async |database| {
        let (proxy, store) = open(&database).await;
        warm_up(&store).await;
        let theft = || store.commit(Write::Remove(Removal { key: key("one"), current: hash(1) }));
        insert(&*store, &row("one")).await;
        proxy.cut(Request::Statement(1), Cut::Before);
        assert_eq!(theft().await, Ok(Seen::Applied(row("one"))));
        insert(&*store, &row("one")).await;
        proxy.cut(Request::Statement(1), Cut::After);
        assert_eq!(theft().await.unwrap_err().code(), "store.unavailable");
        assert_eq!(theft().await, Ok(Seen::Row(None)));

        let revoke = || store.remove(Selector::Keys(vec![key("one")]));
        insert(&*store, &row("one")).await;
        proxy.cut(Request::Statement(1), Cut::Before);
        assert_eq!(revoke().await, Ok(vec![key("one")]));
        insert(&*store, &row("one")).await;
        proxy.cut(Request::Statement(1), Cut::After);
        assert_eq!(revoke().await.unwrap_err().code(), "store.unavailable");
        assert_eq!(revoke().await, Ok(Vec::new()));

        for cut in CUTS {
            insert(&*store, &row("one")).await;
            proxy.cut(Request::Statement(1), cut);
            let all = Selector::User { user: user_in(None, "alice"), alive_at: None, except: None };
            assert_eq!(store.remove(all).await.unwrap_err().code(), "store.unavailable");
            assert_eq!(load(&*store, &key("one")).await, None);
        }
        assert_eq!(proxy.cuts(), 6);
    });
}

/// The same writes where somebody else has changed the row in between: the doubt must not turn into a wrong answer.
#[test]
fn a_write_that_lost_both_its_connection_and_its_race_sees_the_row() {
    database::with(async |database| {
        let (proxy, store) = open(&database).await;
        warm_up(&store).await;
        for change in changes() {
            for cut in CUTS {
                let stands = Row { current: hash(7), ..row("one") };
                insert(&*store, &stands).await;
                proxy.cut(Request::Statement(1), cut);
                let write = Write::Succeed(Succession { change, ..advance(&key("one"), 0) });
                assert_eq!(commit(&*store, write).await, Seen::Row(Some(stands)), "{change:?} {cut:?}");
                store.remove(Selector::Keys(vec![key("one")])).await.unwrap();
            }
        }
        let other = Row { current: hash(7), ..row("one") };
        insert(&*store, &other).await;
        for cut in CUTS {
            proxy.cut(Request::Statement(1), cut);
            assert_eq!(commit(&*store, Write::Insert(Box::new(row("one")))).await, Seen::Row(Some(other.clone())));
        }
        assert_eq!(proxy.cuts(), 8);
    });
}

#[test]
fn transactions_that_are_cut_in_their_middle_or_at_their_end_happen_once() {
    database::with(async |database| {
        let requests = [Request::Statement(1), Request::Statement(2), Request::Statement(3), Request::Commit];
        for cut in CUTS {
            for request in requests {
                let database = database.another();
                let (proxy, store) = open(&database).await;
                let signing = |time: u64, newest_seen: Option<u64>| NewKey::Signing {
                    key: StoredKey { created_at: at(time), value: Secret::new("value") },
                    newest_seen: newest_seen.map(at),
                };
                store.add_key(AppId::default(), signing(1, None)).await.unwrap();
                proxy.cut(request, cut);
                let keys = store.add_key(AppId::default(), signing(2, Some(1))).await.unwrap();
                assert_eq!(keys.signing.len(), 2, "{request:?} {cut:?}");

                proxy.cut(request, cut);
                let key = StoredStaticKey { id: "s-1".to_owned(), created_at: at(1), value: Secret::new("value") };
                let keys = store.add_key(AppId::default(), NewKey::Static(key)).await.unwrap();
                assert_eq!(keys.static_keys.len(), 1, "{request:?} {cut:?}");

                proxy.cut(Request::Statement(1), cut);
                let key = NewKey::Refresh { value: Secret::new("value"), created_at: at(1) };
                assert_eq!(store.add_key(AppId::default(), key).await.unwrap().refresh, Some(Secret::new("value")));

                let tenants = store.tenants().await.unwrap();
                let shop =
                    || doorward_service::directory::StoredTenant { tenant: tenant("shop"), ..tenants[0].clone() };
                proxy.cut(request, cut);
                match store.put_tenant(shop(), now()).await {
                    Ok(is_new) => assert!(is_new, "{request:?} {cut:?}"),
                    Err(error) => {
                        assert_eq!((request, cut, error.code()), (Request::Commit, Cut::After, "store.unavailable"));
                    }
                }
                assert_eq!(store.put_tenant(shop(), now()).await, Ok(false));
                assert_eq!(store.tenants().await.unwrap().len(), 2);
                assert!(proxy.cuts() >= 3, "{request:?} {cut:?}: {}", proxy.cuts());
            }
        }
    });
}

/// What a client sees. With a grace of zero every successor is drawn at random, and a second answer would be a theft.
#[test]
fn a_client_whose_refresh_is_cut_goes_on() {
    database::with(async |database| {
        for rotation in [Rotation::OnUse, Rotation::OnRefresh] {
            for grace in [0, 30] {
                for cut in CUTS {
                    let database = database.another();
                    let (proxy, store) = open(&database).await;
                    let policy = Policy { rotation, grace: Lifetime::from_secs(grace), ..Policy::default() };
                    let service = service(store, policy).await;
                    let mut token = service.create(new_session("alice")).await.unwrap().refresh;
                    let mut cuts = 0;
                    for round in 0..6 {
                        let is_cut = round >= 2;
                        if is_cut {
                            proxy.cut(Request::Statement(1), cut);
                        }
                        let issued = refreshed(&service, &token).await;
                        if is_cut {
                            proxy.cut(Request::Statement(1), cut);
                        }
                        assert!(is_good(&service, &issued.access.token).await, "{rotation:?} {grace} {cut:?} {round}");
                        token = issued.refresh;
                        cuts = proxy.cuts();
                    }
                    assert!(cuts >= 4, "{cuts}");
                }
            }
        }
    });
}

#[test]
fn while_the_database_is_away_the_fault_is_said_and_no_session_ends() {
    database::with(async |database| {
        let (proxy, uri) = Proxy::before(database.uri()).await;
        let options = database.options().uri(&uri).unwrap().checkout_timeout(Duration::from_millis(500));
        let store = Arc::new(options.open().await.unwrap());
        let service = service(Arc::clone(&store) as Arc<dyn Store>, Policy::default()).await;
        let issued = patiently(async || service.create(new_session("alice")).await).await;
        let RefreshOutcome::Issued(next) = patiently(async || service.refresh(request(&issued.refresh)).await).await
        else {
            panic!("a refresh")
        };

        proxy.close(true);
        database.sql(&end_connections(&database)).await;
        for _ in 0..3 {
            let refresh = service.refresh(request(&next.refresh)).await;
            assert!(refresh.is_err(), "{refresh:?}");
            let used = used(&service, &next.access.token).await;
            assert!(used.is_err(), "{used:?}");
            assert_eq!(store.load(&issued.row.key).await.unwrap_err().code(), "store.unavailable");
            assert_eq!(store.ping().await.unwrap_err().code(), "store.unavailable");
        }
        proxy.close(false);
        let used = patiently(async || used(&service, &next.access.token).await).await;
        assert!(!matches!(used, ConfirmOutcome::Unauthorised(_)), "{used:?}");
        let next = patiently(async || service.refresh(request(&next.refresh)).await).await;
        assert!(matches!(next, RefreshOutcome::Issued(_)), "{next:?}");
    });
}

/// Asks until there is an answer.
async fn patiently<T>(ask: impl AsyncFn() -> Result<T, ServiceError>) -> T {
    let started = Instant::now();
    loop {
        match ask().await {
            Ok(answer) => return answer,
            Err(error) => assert!(started.elapsed() < Duration::from_secs(60), "{error}"),
        }
    }
}

/// Ends the connections of the stores that look at this schema's tables.
fn end_connections(database: &Database) -> String {
    // The last statement of a connection names the schema.
    format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
         WHERE application_name = 'doorward' AND query LIKE '%{}%' AND pid <> pg_backend_pid()",
        database.schema()
    )
}

#[test]
fn connections_that_the_database_ends_are_replaced() {
    database::with(async |database| {
        let store = database.open().await;
        insert(&*store, &row("one")).await;
        for number in 2..6 {
            load(&*store, &key("one")).await;
            database.sql(&end_connections(&database)).await;
            let write = Succession { current: hash(number - 1), ..advance(&key("one"), number) };
            applied(&*store, Write::Succeed(write)).await;
        }
        assert_eq!(store.stats().failed, 0);
        let gone: Result<(), StoreError> = store.close().await;
        gone.unwrap();
    });
}
