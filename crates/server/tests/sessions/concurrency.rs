//! Requests at once: an honest race never ends a session, at no version (`spec/modern-core.md`, corrections to 8.5 and
//! 8.6; design rule 2).

use std::sync::Arc;

use doorward_engine::time::Lifetime;
use doorward_service::directory::Directory;
use doorward_service::memory::Memory;
use doorward_service::store::Store as _;
use doorward_stores::sqlite::Sqlite;
use tokio::task::JoinSet;

use super::given::{Caller, Given, Session};

const AT_ONCE: usize = 12;
const GENERATIONS: usize = 4;

/// Refreshes one token many times at once, through these callers in turn.
async fn race(callers: &[Caller], token: &str) -> Vec<Session> {
    let mut tasks = JoinSet::new();
    for caller in callers.iter().cycle().take(AT_ONCE) {
        let (caller, token) = (caller.clone(), token.to_owned());
        tasks.spawn(async move { Session::from(caller.refresh(&token).await) });
    }
    tasks.join_all().await
}

/// Uses every answer of a race as its client would: asks who it is, with the store and without.
async fn use_all(callers: &[Caller], answers: &[Session]) {
    let mut tasks = JoinSet::new();
    for (at, (caller, answer)) in callers.iter().cycle().zip(answers).enumerate() {
        let (caller, token) = (caller.clone(), answer.access().to_owned());
        tasks.spawn(async move { caller.verify(&token, at % 2 == 0).await.ok() });
    }
    tasks.join_all().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_race_of_refreshes_ends_a_session() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = Arc::new(Sqlite::open(folder.path().join("sessions.db")).await.unwrap());
    let stores: [Arc<dyn Directory>; 2] = [Arc::new(Memory::new()), Arc::<Sqlite>::clone(&sqlite)];
    for store in stores {
        let (one, other) = Given::two(store).await;
        for version in ["2.9", "3.1", "5.4", "5.6"] {
            no_race_ends_a_session(&one, &[one.at(version), other.at(version)]).await;
        }
    }
    sqlite.close().await.unwrap();
}

async fn no_race_ends_a_session(given: &Given, callers: &[Caller]) {
    let session = callers[0].create("u").await;
    let mut token = session.refresh().to_owned();
    for _ in 0..GENERATIONS {
        let answers = race(callers, &token).await;
        use_all(callers, &answers).await;
        // Each of them goes on by itself, and so do those that come late.
        for answer in &answers {
            for next in race(callers, answer.refresh()).await {
                token = next.refresh().to_owned();
            }
        }
        use_all(callers, &answers).await;
        given.step(Lifetime::from_minutes(50));
    }
    callers[0].read(session.handle()).await.ok();
}

/// The response was lost, and the client asks again: below 5.6 however late, from 5.6 within the grace.
#[tokio::test]
async fn a_lost_response_costs_nothing() {
    for (version, pauses) in [("5.4", [1, 20, 1000, 100_000]), ("5.6", [1, 10, 10, 8])] {
        let given = Given::new().await;
        let caller = given.at(version);
        let session = caller.create("u").await;
        let mut last = session.clone();
        for pause in pauses {
            given.step(Lifetime::from_secs(pause));
            last = Session::from(caller.refresh(session.refresh()).await);
        }
        caller.verify(last.access(), true).await.ok();
        caller.refresh(last.refresh()).await.ok();
    }
}

/// Callers of both kinds of rotation refresh the same tokens at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn versions_that_rotate_differently_race() {
    let (one, other) = Given::two(Arc::new(Memory::new())).await;
    let callers = [one.at("5.4"), other.at("5.6")];
    let session = callers[0].create("u").await;
    let mut token = session.refresh().to_owned();
    for _ in 0..GENERATIONS {
        let answers = race(&callers, &token).await;
        use_all(&callers[..1], &answers).await;
        token = answers[0].refresh().to_owned();
        one.step(Lifetime::from_secs(5));
    }
    callers[0].read(session.handle()).await.ok();
}

/// Sessions that are created, verified, refreshed and ended at once don't disturb one another.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn each_session_has_its_own_life() {
    let given = Given::new().await;
    let mut tasks = JoinSet::new();
    for at in 0..24 {
        let caller = given.at(if at % 2 == 0 { "5.4" } else { "5.6" });
        tasks.spawn(async move {
            let user = format!("u{at}");
            let mut session = caller.create(&user).await;
            for _ in 0..3 {
                session = Session::from(caller.refresh(session.refresh()).await);
                let verified = caller.verify(session.access(), true).await.ok();
                assert_eq!(verified["session"]["userId"], user);
            }
            let ended = caller.post("/recipe/session/remove", serde_json::json!({"userId": user})).await.ok();
            assert_eq!(ended["sessionHandlesRevoked"], serde_json::json!([session.handle()]));
        });
    }
    tasks.join_all().await;
}
