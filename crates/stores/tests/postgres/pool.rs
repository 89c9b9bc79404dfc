//! Connections: how many, for how long, and what happens when there are none.

use std::sync::Arc;
use std::time::Duration;

use doorward_engine::session::record::Write;
use doorward_service::directory::Directory as _;
use doorward_service::store::{Store as _, StoreError};
use doorward_stores::postgres::{OpenError, Postgres};
use doorward_testkit::contract::given::*;
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use tokio::net::TcpListener;

use super::database::{self, Database, until};
use super::proxy::Proxy;

/// Keeps the store's writes of rows waiting until it is dropped.
async fn lock(database: &Database) -> database::Other {
    let other = database.connect().await;
    other.client.batch_execute("BEGIN; LOCK TABLE session_info IN EXCLUSIVE MODE").await.unwrap();
    other
}

fn insertion(handle: &str) -> Write {
    Write::Insert(Box::new(row(handle)))
}

#[test]
fn a_call_waits_for_a_connection_and_not_for_ever() {
    database::with(async |database| {
        // Both connections are there before the clock runs.
        let options = database.options().pool_size(2).minimum_idle(2).checkout_timeout(Duration::from_millis(500));
        let store = options.open().await.unwrap();
        until(async || store.stats().idle == 2).await;
        let locked = lock(&database).await;
        let held = [store.commit(insertion("a")), store.commit(insertion("b"))];
        let third = async {
            until(async || store.stats().idle == 0).await;
            let answer = store.commit(insertion("c")).await;
            assert!(matches!(&answer, Err(StoreError::Unavailable(text)) if text.contains("busy")), "{answer:?}");
            drop(locked);
        };
        let (held, ()) = tokio::join!(join_all(held), third);
        assert!(held.iter().all(Result::is_ok), "{held:?}");
        assert_eq!(load(&store, &key("c")).await, None, "what was refused is not written");
    });
}

#[test]
fn too_many_calls_are_refused_at_once() {
    database::with(async |database| {
        let store = database.options().pool_size(1).queue_length(3).open().await.unwrap();
        let locked = lock(&database).await;
        let mut calls: Vec<_> = (0..3).map(|number| store.commit(insertion(&number.to_string()))).collect();
        for call in &mut calls {
            assert!(call.now_or_never().is_none());
        }
        let answer = store.commit(insertion("late")).now_or_never();
        assert!(matches!(&answer, Some(Err(StoreError::Unavailable(text))) if text.contains("full")), "{answer:?}");
        assert_eq!(store.stats().refused, 1);
        drop(locked);
        assert!(join_all(calls).await.iter().all(Result::is_ok));
        assert_eq!(load(&store, &key("late")).await, None);
    });
}

#[test]
fn a_dropped_call_gives_its_connection_back() {
    database::with(async |database| {
        let store = database.options().pool_size(1).queue_length(2).open().await.unwrap();
        let locked = lock(&database).await;
        let mut first = store.commit(insertion("first"));
        assert!((&mut first).now_or_never().is_none());
        until(async || store.stats().connections == 1 && store.stats().idle == 0).await;
        // One that has its statement under way, and one that waits for the connection.
        let mut second = store.commit(insertion("second"));
        assert!((&mut second).now_or_never().is_none());
        drop((first, second));
        drop(locked);
        insert(&store, &row("third")).await;
        assert_eq!(load(&store, &key("second")).await, None, "nobody waited for it, and it hadn't begun");
    });
}

#[test]
fn closing_waits_for_what_is_under_way() {
    database::with(async |database| {
        let store = Arc::new(database.options().pool_size(1).open().await.unwrap());
        let locked = lock(&database).await;
        let mut first = store.commit(insertion("first"));
        assert!((&mut first).now_or_never().is_none());
        until(async || store.stats().connections == 1 && store.stats().idle == 0).await;
        let mut waiting = store.commit(insertion("waiting"));
        assert!((&mut waiting).now_or_never().is_none());
        let mut closing = store.close();
        assert!((&mut closing).now_or_never().is_none(), "it waits");
        assert_eq!(waiting.await, Err(StoreError::Closed));
        drop(locked);
        assert!(first.await.is_ok());
        assert_eq!(closing.await, Ok(()));
        assert_eq!(store.ping().await, Err(StoreError::Closed));
        assert!(load(&*database.open().await, &key("first")).await.is_some());
    });
}

#[test]
fn idle_connections_are_closed_and_some_are_kept() {
    database::with(async |database| {
        let options = database.options().pool_size(6).minimum_idle(2).idle_timeout(Duration::from_millis(50));
        let store = options.open().await.unwrap();
        until(async || store.stats().connections == 2).await;
        join_all((0..6).map(|_| store.ping())).await;
        until(async || store.stats().connections == 2).await;
        assert_eq!(store.ping().await, Ok(()));
    });
}

#[test]
fn options_that_cannot_work_are_refused_by_name() {
    let given = || Postgres::options().user("u").host("127.0.0.1");
    let cases = [
        (given().pool_size(0), "postgresql_connection_pool_size"),
        (given().pool_size(2).minimum_idle(3), "postgresql_minimum_idle_connections"),
        (given().schema("a\"b"), "postgresql_table_schema"),
        (Postgres::options(), "postgresql_user"),
        (given().ssl_mode(doorward_stores::postgres::SslMode::VerifyFull).ssl_root_cert("/nowhere"), "sslrootcert"),
    ];
    for (options, option) in cases {
        let Err(OpenError::Option(error)) = database::block_on(options.open()) else { panic!("{option}") };
        assert_eq!((error.option(), error.code()), (option, "config.postgresql"), "{error}");
    }
}

#[test]
fn a_database_that_is_not_there_yet_is_waited_for() {
    database::with(async |database| {
        // A port that nobody listens at.
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let (user, rest) = database.uri().rsplit_once('@').unwrap();
        let uri = format!("{user}@{address}/{}", rest.split_once('/').unwrap().1);
        let options = || database.options().uri(&uri).unwrap();

        let error = options().startup_patience(Duration::ZERO).open().await.unwrap_err();
        assert!(error.to_string().contains("refuses connections"), "{error}");
        // Whoever loses patience drops the future.
        let mut opening = Box::pin(options().open());
        assert!(tokio::time::timeout(Duration::from_millis(20), &mut opening).await.is_err());
        let (proxy, _) = Proxy::listening(database.uri(), TcpListener::bind(address).await.unwrap());
        let store = opening.await.unwrap();
        assert_eq!(store.ping().await, Ok(()));
        drop(proxy);
    });
}
