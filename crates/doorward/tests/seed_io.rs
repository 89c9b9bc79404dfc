//! What `get_session` asks of the store, and who hands a changed access token on. `docs/get-session.md` names the test of
//! each line.

use std::time::Duration;

use doorward::GetSession;
use http::StatusCode;
use serde_json::{Value, json};

use crate::case_world::{Answer, Browser, HOUR, World};
use crate::seed_get_session::{asked, refreshed};
use crate::watched::Op;

#[tokio::test]
async fn seed_io_none_for_a_token_that_verifies_and_none_for_one_that_does_not() {
    let world = World::new().await;
    let ada = world.ada().await;
    for method in ["GET", "POST"] {
        assert!(asked(&world, &ada, method, GetSession::new()).await.is_ok());
    }
    assert!(asked(&world, &Browser { anti_csrf: None, ..ada.clone() }, "POST", GetSession::new()).await.is_err());
    assert!(asked(&world, &Browser::default(), "POST", GetSession::new()).await.is_err());
    let token = ada.access.clone().unwrap();
    for wrong in ["garbage".to_owned(), format!("{}AAAA", &token[..token.len() - 4])] {
        assert!(
            asked(&world, &Browser { access: Some(wrong), ..ada.clone() }, "GET", GetSession::new()).await.is_err()
        );
    }
    world.clock.step(HOUR);
    assert!(asked(&world, &ada, "GET", GetSession::new()).await.is_err());
    assert_eq!(world.store.take_log(), []);
}

#[tokio::test]
async fn seed_io_one_write_for_the_first_use_after_a_refresh() {
    let (world, mut ada) = refreshed().await;
    let old = ada.clone();
    assert_eq!(ada.me(&world).await, StatusCode::OK);
    assert_eq!(world.store.take_log(), [Op::Commit]);
    for mut browser in [ada, old] {
        assert_eq!(browser.me(&world).await, StatusCode::OK);
    }
    assert_eq!(world.store.take_log(), [], "not even for a client that keeps the old token");
}

#[tokio::test]
async fn seed_io_one_read_where_the_caller_asks_for_it() {
    let world = World::new().await;
    let ada = world.ada().await;
    assert!(asked(&world, &ada, "GET", GetSession::new().check_store(true)).await.is_ok());
    assert_eq!(world.store.take_log(), [Op::Load]);
}

#[tokio::test]
async fn seed_io_one_read_for_a_key_that_is_not_known_here() {
    let set = |builder: doorward::SessionsBuilder| builder.key_interval(Duration::from_secs(3600));
    let world = World::with(set).await;
    let elsewhere = world.node(set).await;
    world.clock.step(Duration::from_secs(7200));
    let ada = elsewhere.ada().await;
    assert!(asked(&world, &ada, "GET", GetSession::new()).await.is_ok(), "a new key is no reason to refresh");
    assert_eq!(world.store.take_log(), [Op::Keys]);
}

#[tokio::test]
async fn seed_changed_access_token_is_written_by_the_layer() {
    let (world, mut ada) = refreshed().await;
    let before = ada.access.clone();
    let answer = ada.send(&world, "GET", "/me").await;
    assert_eq!(answer.body, "ada");
    assert!(ada.access.is_some() && ada.access != before, "the handler did nothing for it");
    assert_eq!(answer.cookie("sRefreshToken"), None, "the refresh token stays");
    assert_eq!(ada.claims()["parentRefreshTokenHash1"], Value::Null, "and this one asks for no other");
}

#[tokio::test]
async fn seed_changed_access_token_is_the_callers_to_write_without_a_framework() {
    let (world, ada) = refreshed().await;
    let exchange = world.sessions.exchange(&ada.request("GET", "/"));
    exchange.get_session(GetSession::new()).await.unwrap();
    let edits = exchange.take_edits();
    let names: Vec<_> = edits.iter().map(|edit| edit.name).collect();
    let expected = ["set-cookie", "front-token", "anti-csrf", "access-control-expose-headers", "cache-control"];
    assert_eq!(names, expected);
    // Whoever forgets them loses nothing: the token that the browser has stays good.
    assert!(asked(&world, &ada, "GET", GetSession::new()).await.is_ok());
}

#[tokio::test]
async fn seed_changed_access_token_is_handed_on_after_an_own_change_too() {
    let world = World::new().await;
    let mut ada = world.ada().await;
    let exchange = world.sessions.exchange(&ada.request("POST", "/"));
    let mut session = exchange.get_session(GetSession::new()).await.unwrap();
    session.merge_into_access_token_payload(json!({ "role": "admin" })).await.unwrap();
    ada.keep(&Answer::of_edits(&exchange));
    assert_eq!(ada.claims()["role"], "admin");
}
