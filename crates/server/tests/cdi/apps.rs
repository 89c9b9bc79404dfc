//! Which apps and tenants there are, as one process among several sees it.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use doorward_engine::id::AppId;
use doorward_service::store::Store as _;
use futures_util::future::join_all;

use super::world::{World, unknown};

const TENANT: &str = r#"200 {"tenantId":"t1","thirdParty":{"providers":[]},"coreConfig":{},"status":"OK"}"#;

fn reads(world: &World) -> usize {
    world.store.tenant_reads.load(Ordering::Relaxed)
}

#[tokio::test]
async fn a_new_name_is_seen_at_once_but_looked_for_once_a_second() {
    let world = World::new("").await;
    world.wait(2000);
    world.store_tenant("a", "t1", "{}").await;
    assert_eq!(world.get("/appid-a/t1/recipe/multitenancy/tenant/v2").await.line(), TENANT);
    assert_eq!(reads(&world), 2);
    // Another one within the second waits, and whoever makes names up costs nothing.
    world.store_tenant("a", "t2", "{}").await;
    for number in 0..100 {
        assert_eq!(
            world.get(&format!("/appid-x{number}/hello")).await.line(),
            unknown(&format!("x{number}"), "public")
        );
        assert_eq!(world.get("/appid-a/t2").await.line(), "404 Not found");
    }
    assert_eq!(reads(&world), 2);
    world.wait(1000);
    assert_eq!(world.get("/appid-a/t2").await.line(), "200 Hello");
    assert_eq!(reads(&world), 3);
}

#[tokio::test]
async fn many_who_ask_for_a_new_name_read_once() {
    let world = World::new("").await;
    world.wait(2000);
    world.store_tenant("a", "public", "{}").await;
    for answer in join_all((0..32).map(|_| world.get("/appid-a"))).await {
        assert_eq!(answer.line(), "200 Hello");
    }
    assert_eq!(reads(&world), 2);
}

#[tokio::test]
async fn what_others_change_is_seen_after_a_minute() {
    let world = World::new("").await;
    world.store_tenant("public", "public", r#"{"api_keys":"abcdefghijklmnopqrst-1"}"#).await;
    world.wait(59_000);
    assert_eq!(world.get("/telemetry").await.status, 200);
    world.wait(1000);
    for answer in join_all((0..8).map(|_| world.get("/telemetry"))).await {
        assert!([200, 401].contains(&answer.status), "the others go on with what they have");
    }
    assert_eq!(world.get("/telemetry").await.status, 401);
    assert_eq!(reads(&world), 2);
}

#[tokio::test]
async fn a_cut_line_says_nothing_about_a_name() {
    let world = World::new("").await;
    world.store_tenant("a", "public", "{}").await;
    world.store.fail(true);
    world.wait(2000);
    let cut = "500 the session store is unavailable: the line is cut";
    assert_eq!(world.get("/appid-a/telemetry").await.line(), cut);
    assert_eq!(world.get("/appid-b/telemetry").await.line(), cut, "within the cooldown as well");
    assert_eq!(reads(&world), 2);
    // What is known goes on, however old.
    world.wait(3_600_000);
    assert_eq!(world.get("/telemetry").await.status, 200);
    world.store.fail(false);
    world.wait(1000);
    assert_eq!(world.get("/appid-a/telemetry").await.status, 200);
}

#[tokio::test]
async fn the_first_requests_of_an_app_open_it_once() {
    let store = Arc::clone(&World::new("").await.store);
    store.key_reads.store(0, Ordering::Relaxed);
    let world = World::on(store, "").await;
    world.store_tenant("a", "public", "{}").await;
    world.wait(2000);
    let opened = world.store.key_reads.load(Ordering::Relaxed);
    for answer in join_all((0..32).map(|_| world.get("/appid-a/recipe/jwt/jwks"))).await {
        assert_eq!(answer.status, 200);
    }
    assert_eq!(world.store.key_reads.load(Ordering::Relaxed), opened + 1);
}

#[tokio::test]
async fn an_app_has_keys_from_its_first_moment_and_new_ones_when_it_comes_again() {
    let world = World::new("").await;
    let app = AppId::parse("a").unwrap();
    let mut seen = Vec::new();
    for _ in 0..2 {
        let made = world.send("PUT /recipe/multitenancy/app/v2", &[], r#"{"appId":"a"}"#).await;
        assert_eq!(made.line(), r#"200 {"status":"OK","createdNew":true}"#);
        let keys = world.store.keys(app.clone()).await.unwrap();
        assert_eq!(keys.signing.len(), 1);
        seen.push(keys.refresh.unwrap());
        assert_eq!(world.get("/appid-a/hello").await.status, 200);
        let gone = world.send("POST /recipe/multitenancy/app/remove", &[], r#"{"appId":"a"}"#).await;
        assert_eq!(gone.line(), r#"200 {"status":"OK","didExist":true}"#);
        assert_eq!(world.get("/appid-a/hello").await.line(), unknown("a", "public"));
    }
    assert_ne!(seen[0], seen[1]);
}

#[tokio::test]
async fn settings_that_cannot_hold_close_what_they_are_for() {
    let world = World::new("").await;
    world.store_tenant("a", "public", r#"{"api_keys":"tiny-one"}"#).await;
    world.store_tenant("b", "public", "{}").await;
    world.store_tenant("b", "t1", r#"{"ip_allow_regex":"("}"#).await;
    world.wait(2000);
    for (path, status) in [
        ("/appid-a/hello", 500),
        ("/appid-a/telemetry", 500),
        ("/appid-b/hello", 200),
        ("/appid-b/t1/hello", 500),
        ("/hello", 200),
    ] {
        let answer = world.get(path).await;
        assert_eq!(answer.status, status, "{path}: {answer:?}");
        assert_eq!(answer.body.contains("can't be used"), status == 500, "{answer:?}");
        assert!(!answer.body.contains("tiny-one"), "{answer:?}");
    }
}
