//! Which apps and tenants there are, as one process among several sees it.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use doorward_engine::id::{AppId, TenantId};
use doorward_service::directory::Directory as _;
use doorward_service::store::Store as _;
use futures_util::future::join_all;
use tokio::time::timeout;

use super::world::{World, unknown};
use crate::process::PATIENCE;

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

/// Whoever is refused anyway makes nobody read, and sees what changed no later than others.
#[tokio::test]
async fn a_tenant_is_not_looked_for_on_behalf_of_whom_its_app_refuses() {
    let key = "api-key: abcdefghijklmnopqrst-1";
    let yaml = "api_keys: abcdefghijklmnopqrst-1\nip_deny_regex: '10\\.0\\.0\\.9'\n";
    let world = World::new(yaml).await;
    world.store_tenant("public", "t1", r#"{"ip_deny_regex":"127.*"}"#).await;
    world.wait(2000);
    let users = "GET /t1/recipe/session/user?userId=u";
    for headers in [&[] as &[_], &["api-key: wrong"]] {
        assert_eq!(world.send(users, headers, "").await.line(), "401 Invalid API key");
    }
    assert_eq!(world.from("10.0.0.9", "/t1/hello").await.line(), "403 Forbidden");
    assert_eq!(reads(&world), 1);
    assert_eq!(world.send(users, &[key], "").await.line(), "403 Forbidden", "the tenant's own rule");
    assert_eq!(reads(&world), 2);
    // An open endpoint asks for no key.
    world.wait(1000);
    assert_eq!(world.from("10.0.0.8", "/t2").await.line(), "404 Not found");
    assert_eq!(reads(&world), 3);
    // Their own snapshot grows old all the same.
    world.store_tenant("public", "t2", r#"{"ip_deny_regex":"127.*"}"#).await;
    world.wait(60_000);
    assert_eq!(world.from("10.0.0.9", "/t2").await.line(), "200 Hello");
    assert_eq!(reads(&world), 4);
}

/// The rows of a tenant may take seconds to delete.
#[tokio::test]
async fn nobody_who_asks_waits_for_a_removal() {
    let world = World::new("").await;
    world.store_tenant("public", "t1", "{}").await;
    world.wait(2000);
    let held = world.store.removing.lock().await;
    let mut removal = pin!(world.send("POST /recipe/multitenancy/tenant/remove", &[], r#"{"tenantId":"t1"}"#));
    for _ in 0..2 {
        world.wait(1000);
        tokio::select! {
            biased;
            answer = &mut removal => panic!("it isn't over: {answer:?}"),
            answer = timeout(PATIENCE, world.get("/t2")) => {
                assert_eq!(answer.expect("it waits").line(), "404 Not found");
            }
        }
    }
    drop(held);
    assert_eq!(removal.await.line(), r#"200 {"status":"OK","didExist":true}"#);
    assert_eq!(world.get("/t1").await.line(), "404 Not found");
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

/// A core lets a tenant, or an app, have a database of its own. Here none has, and its sessions are not looked for elsewhere.
#[tokio::test]
async fn a_tenant_with_a_database_of_its_own_is_closed_until_it_has_none() {
    let world = World::new("").await;
    world.store_tenant("public", "t1", "{}").await;
    world.wait(2000);
    let body = r#"{"userId":"u","userDataInJWT":{},"userDataInDatabase":{},"enableAntiCsrf":false}"#;
    let created = world.send("POST /t1/recipe/session", &["cdi-version: 5.4"], body).await;
    let created: serde_json::Value = serde_json::from_str(&created.body).unwrap();
    let (access, token) = (&created["accessToken"]["token"], &created["refreshToken"]["token"]);
    let verify =
        format!(r#"{{"accessToken":{access},"doAntiCsrfCheck":false,"enableAntiCsrf":false,"checkDatabase":true}}"#);
    let refresh = format!(r#"{{"refreshToken":{token},"enableAntiCsrf":false,"useDynamicSigningKey":true}}"#);
    let regenerate = format!(r#"{{"accessToken":{access}}}"#);
    // As if they were in that database.
    world.store.remove_tenant(AppId::default(), TenantId::parse("t1").unwrap()).await.unwrap();
    let elsewhere =
        r#"{"postgresql_connection_uri":"postgresql://u:pass-word@h/x","email_verification_token_lifetime":9}"#;
    world.store_tenant("public", "t1", elsewhere).await;
    world.store_tenant("a", "public", elsewhere).await;
    world.wait(60_000);
    world.get("/hello").await;
    for path in ["/t1/hello", "/appid-a/hello"] {
        let answer = world.get(path).await;
        assert!(answer.status == 500 && answer.body.contains("postgresql_connection_uri"), "{path}: {answer:?}");
        assert!(!answer.body.contains("pass-word"), "{answer:?}");
    }
    assert_eq!(world.get("/hello").await.status, 200);
    // SDKs name the tenant by handle or token alone. Nothing that is said of its sessions may sign anybody out.
    for (line, body) in [
        ("GET /recipe/session?sessionHandle=x_t1".to_owned(), String::new()),
        ("POST /recipe/session/remove".to_owned(), r#"{"sessionHandles":["x_t1"]}"#.to_owned()),
        ("POST /recipe/session/verify".to_owned(), verify),
        ("POST /recipe/session/refresh".to_owned(), refresh),
        ("POST /recipe/session/regenerate".to_owned(), regenerate),
    ] {
        let answer = world.send(&line, &["cdi-version: 5.4"], &body).await;
        assert!(answer.status == 500 && answer.body.contains("postgresql_connection_uri"), "{line}: {answer:?}");
    }
    for (endpoint, named) in [("tenant", r#""tenantId":"t1""#), ("app", r#""appId":"a""#)] {
        let body = format!(r#"{{{named},"coreConfig":{{"postgresql_connection_uri":null}}}}"#);
        let put = world.send(&format!("PUT /recipe/multitenancy/{endpoint}/v2"), &["cdi-version: 5.4"], &body).await;
        assert_eq!(put.line(), r#"200 {"status":"OK","createdNew":false}"#);
    }
    for path in ["/t1/hello", "/appid-a/hello"] {
        assert_eq!(world.get(path).await.status, 200, "{path}");
    }
}
