//! Processes of an application on one PostgreSQL. Without `DOORWARD_TEST_POSTGRES`, which `./dev test` sets, skipped.

use std::sync::atomic::{AtomicU32, Ordering};

use doorward::{GetSession, Postgres, PostgresOptions, Rotation, SessionsBuilder, UserId};
use http::StatusCode;

use crate::case_refresh::race;
use crate::case_world::{HOUR, World, code};

const URI: &str = "DOORWARD_TEST_POSTGRES";

/// A schema of this test's own, in the database that the tests share.
struct Schema(PostgresOptions);

impl Schema {
    fn new() -> Option<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let Ok(uri) = std::env::var(URI) else {
            eprintln!("skipped: {URI} is not set; `./dev postgres` starts a PostgreSQL and sets it");
            return None;
        };
        let schema = format!("sdk_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::SeqCst));
        Some(Self(Postgres::options().uri(&uri).unwrap().schema(schema).pool_size(8).minimum_idle(0)))
    }

    /// A process of its own: its connections are nobody else's.
    async fn process(&self, set: impl FnOnce(SessionsBuilder) -> SessionsBuilder) -> World {
        World::over(self.0.clone().open().await.unwrap(), set).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_token_gives_one_successor_through_two_processes() {
    for mode in [Rotation::OnUse, Rotation::OnRefresh] {
        let Some(schema) = Schema::new() else { return };
        let one = schema.process(|builder| builder.rotation(mode)).await;
        let two = schema.process(|builder| builder.rotation(mode)).await;
        race(&one, &two, mode).await;
        assert_eq!(one.store.moves() + two.store.moves(), usize::from(mode == Rotation::OnRefresh), "{mode:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_goes_on_in_another_process_and_ends_for_all() {
    let Some(schema) = Schema::new() else { return };
    let one = schema.process(|builder| builder).await;
    let mut ada = one.ada().await;
    one.sessions.close().await.unwrap();

    let two = schema.process(|builder| builder).await;
    let three = schema.process(|builder| builder).await;
    two.clock.step(HOUR);
    three.clock.set(two.sessions.now());
    assert_eq!(ada.refresh(&two).await.status, StatusCode::OK);
    assert_eq!(ada.me(&three).await, StatusCode::OK);
    assert_eq!(two.sessions.revoke_all_sessions_for_user(&UserId::parse("ada").unwrap()).await.unwrap().len(), 1);
    let request = ada.request("GET", "/me");
    let exchange = three.sessions.exchange(&request);
    assert_eq!(code(exchange.get_session(GetSession::new().check_store(true)).await), "session.absent");
    assert_eq!(ada.refresh(&three).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_fails_is_a_fault_of_ours() {
    let Some(schema) = Schema::new() else { return };
    let world = schema.process(|builder| builder).await;
    let mut ada = world.ada().await;
    world.sessions.close().await.unwrap();
    assert_eq!(ada.me(&world).await, StatusCode::OK, "what is signed needs no database");
    world.clock.step(HOUR);
    let answer = ada.refresh(&world).await;
    assert!(answer.status.is_server_error(), "{answer:?}");
    assert!(answer.touches_nothing(), "{answer:?}");
}

#[test]
fn an_address_that_is_none_says_so() {
    let error = Postgres::options().uri("mysql://db.example.com").unwrap_err();
    assert!(error.to_string().starts_with("`postgresql_connection_uri` "), "{error}");
}
