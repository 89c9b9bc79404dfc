//! `/hello` and the other endpoints that aren't about sessions.

use doorward_engine::id::{AppId, TenantId, UserId};
use doorward_engine::time::Millis;
use doorward_service::directory::Directory as _;
use doorward_service::env::Clock as _;
use doorward_wire::cdi::route::Endpoint;

use super::world::World;
use crate::process::PATIENCE;

#[tokio::test]
async fn hello_asks_the_database_five_times_and_then_five_times_a_second() {
    let world = World::new("").await;
    world.store.fail(true);
    let mut asked = Vec::new();
    for wait in [0, 0, 0, 0, 0, 0, 0, 199, 1, 0, 400, 0, 0, 10_000, 0, 0, 0, 0, 0] {
        world.wait(wait);
        asked.push(world.get("/hello").await.status == 500);
    }
    let (yes, no) = (true, false);
    assert_eq!(asked, [yes, yes, yes, yes, yes, no, no, no, yes, no, yes, yes, no, yes, yes, yes, yes, yes, no]);
    world.store.fail(false);
    world.wait(1000);
    assert_eq!(world.get("/").await.line(), "200 Hello");
}

#[tokio::test]
async fn each_app_has_its_own_limit() {
    let world = World::new("").await;
    world.store_tenant("a", "public", "{}").await;
    world.wait(2000);
    assert_eq!(world.get("/appid-a/hello").await.status, 200);
    world.store.fail(true);
    for expected in [500, 500, 500, 500, 500, 200] {
        assert_eq!(world.get("/hello").await.status, expected);
    }
    assert_eq!(world.get("/appid-a/hello").await.status, 500);
}

#[tokio::test]
async fn a_probe_with_head_is_answered_without_a_body() {
    let world = World::new("").await;
    for (path, status) in [("/hello", 200), ("/t/hello/", 200), ("/", 405), ("/apiversion", 405), ("/nope/nope", 404)] {
        let answer = world.send(&format!("HEAD {path}"), &[], "").await;
        assert_eq!((answer.status, &*answer.body), (status, ""), "{path}");
    }
}

#[tokio::test]
async fn where_an_application_lives_is_kept_if_it_can_be() {
    let world = World::new("").await;
    let value = |name| world.store.value(AppId::default(), TenantId::default(), name);
    let answer = world.get("/apiversion?websiteDomain=https%3A%2F%2Fa.example&apiDomain=https://b.example").await;
    assert_eq!(answer.status, 200);
    assert_eq!(value("websiteDomain").await.unwrap().as_deref(), Some("https://a.example"));
    assert_eq!(value("apiDomain").await.unwrap().as_deref(), Some("https://b.example"));
    world.get("/apiversion").await;
    assert_eq!(value("apiDomain").await.unwrap().as_deref(), Some("https://b.example"));
    world.store.fail(true);
    assert_eq!(world.get("/apiversion?websiteDomain=c").await.body, answer.body);
}

#[tokio::test]
async fn only_who_knows_the_process_learns_its_configuration() {
    let world = World::new("port: 0\n").await;
    let pid = std::process::id();
    let own = world.get(&format!("/config?pid={pid}")).await.body;
    assert!(own.starts_with(r#"{"status":"OK","path":"/"#) && own.ends_with(r#"config.yaml"}"#), "{own}");
    assert_eq!(world.get("/config?pid=0").await.line(), r#"200 {"status":"NOT_ALLOWED"}"#);
    let text = "403 you can call this only from the base connection uri domain, public app and tenant";
    for place in ["/t1", "/appid-a", "/appid-a/t1"] {
        assert_eq!(world.get(&format!("{place}/config?pid={pid}")).await.line(), text);
    }
}

#[tokio::test]
async fn requests_are_counted_by_app_and_minute() {
    let world = World::new("").await;
    let stats = async |app: &str| {
        let body = world.get(&format!("{app}/requests/stats")).await.body;
        let stats: serde_json::Value = serde_json::from_str(&body).unwrap();
        let numbers = |name: &str| {
            let numbers = stats[name].as_array().unwrap();
            assert_eq!(numbers.len(), 1440);
            numbers.iter().rev().take(3).map(|number| number.as_f64().unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(stats["atMinute"], world.clock.now().as_secs() / 60);
        (numbers("averageRequestsPerSecond"), numbers("peakRequestsPerSecond"))
    };
    world.store_tenant("a", "public", "{}").await;
    world.wait(60_000);
    // A second with three, and one with nine.
    for (count, wait) in [(3, 1000), (9, 58_000)] {
        for _ in 0..count {
            world.get("/telemetry").await;
        }
        world.wait(wait);
    }
    assert_eq!(stats("").await, (vec![-1.0; 3], vec![-1.0; 3]), "a minute counts when it is over");
    world.wait(2000);
    assert_eq!(stats("").await, (vec![13.0 / 60.0, -1.0, -1.0], vec![9.0, -1.0, -1.0]));
    assert_eq!(stats("/appid-a").await, (vec![-1.0; 3], vec![-1.0; 3]));
    world.wait(60_000);
    assert_eq!(stats("").await.1, [1.0, 9.0, -1.0]);
    world.wait(24 * 3_600_000);
    assert_eq!(stats("").await.1, [-1.0; 3], "a day later nothing is left");
}

#[tokio::test]
async fn active_users_are_counted_since_a_moment() {
    let world = World::new("").await;
    let now = world.clock.now().as_u64();
    for (user, at) in [("a", now - 10), ("b", now)] {
        let user = UserId::parse(user).unwrap();
        world.store.mark_active(AppId::default(), user, Millis::saturating(at)).await.unwrap();
    }
    for (since, count) in [(now - 10, 2), (now - 9, 1), (now + 1, 0), (0, 2)] {
        let answer = world.get(&format!("/users/count/active?since={since}")).await;
        assert_eq!(answer.line(), format!(r#"200 {{"status":"OK","count":{count}}}"#));
    }
    assert_eq!(world.get("/users/count").await.line(), r#"200 {"status":"OK","count":0}"#);
}

#[tokio::test]
async fn what_belongs_to_the_app_refuses_tenants_from_5_0() {
    let world = World::new("").await;
    world.store_tenant("public", "t1", "{}").await;
    world.wait(2000);
    let lines = [
        "GET /t1/apiversion",
        "GET /t1/telemetry",
        "GET /t1/ee/featureflag",
        "GET /t1/ee/license",
        "PUT /t1/ee/license",
        "DELETE /t1/ee/license",
        "GET /t1/requests/stats",
        "GET /t1/user/id?userId=u",
        "POST /t1/user/remove",
        "GET /t1/users/count/active?since=0",
        "GET /t1/recipe/jwt/jwks",
    ];
    for line in lines {
        for (version, status) in [("3.0", 200), ("4.0", 200), ("5.0", 403), ("5.6", 403)] {
            let body = if line.starts_with("POST") { r#"{"userId":"u"}"# } else { "" };
            let answer = world.send(line, &[&format!("cdi-version: {version}")], body).await;
            assert_eq!(answer.status, status, "{line} {version}: {answer:?}");
        }
    }
}

#[tokio::test]
async fn faults_of_the_store_are_5xx_and_never_401() {
    let world = World::new("").await;
    world.store.fail(true);
    for (line, body) in [
        ("GET /hello", ""),
        ("POST /user/remove", r#"{"userId":"u"}"#),
        ("GET /users/count/active?since=0", ""),
        ("PUT /recipe/multitenancy/app/v2", r#"{"appId":"a"}"#),
        ("PUT /recipe/multitenancy/tenant", r#"{"tenantId":"a"}"#),
        ("POST /recipe/multitenancy/tenant/remove", r#"{"tenantId":"a"}"#),
    ] {
        let answer = world.send(line, &["cdi-version: 5.4"], body).await;
        assert_eq!(answer.line(), "500 the session store is unavailable: the line is cut", "{line}");
        assert_eq!(answer.headers["content-type"], "text/html;charset=UTF-8");
    }
}

const NEW: &str = r#"{"userId":"u","userDataInJWT":{},"userDataInDatabase":{},"enableAntiCsrf":false}"#;

#[tokio::test]
async fn removing_a_user_ends_his_sessions_in_all_tenants_of_the_app() {
    let world = World::new("").await;
    for (app, tenant) in [("a", "public"), ("a", "t1"), ("b", "public")] {
        world.store_tenant(app, tenant, "{}").await;
    }
    world.wait(2000);
    for (place, body) in
        [("/appid-a", NEW), ("/appid-a/t1", NEW), ("/appid-b", NEW), ("/appid-a", &NEW.replace("\"u\"", "\"v\""))]
    {
        assert_eq!(world.send(&format!("POST {place}/recipe/session"), &[], body).await.status, 200);
    }
    let left = async |app: &str, user: &str| {
        let body = world.get(&format!("/appid-{app}/recipe/session/user?userId={user}")).await.body;
        body.matches('-').count() / 4
    };
    assert_eq!((left("a", "u").await, left("b", "u").await, left("a", "v").await), (2, 1, 1));
    let removed =
        world.send("POST /appid-a/user/remove", &[], r#"{"userId":"u","removeAllLinkedAccounts":true}"#).await;
    assert_eq!(removed.line(), r#"200 {"status":"OK"}"#);
    assert_eq!((left("a", "u").await, left("b", "u").await, left("a", "v").await), (0, 1, 1));
    for nobody in [r#"{"userId":""}"#, r#"{"userId":"\u0000"}"#, &format!(r#"{{"userId":"{}"}}"#, "x".repeat(200))] {
        assert_eq!(world.send("POST /user/remove", &[], nobody).await.line(), r#"200 {"status":"OK"}"#);
    }
}

#[tokio::test]
async fn a_users_activity_is_noted_once_in_five_minutes() {
    let world = World::new("").await;
    let create = async || world.send("POST /recipe/session", &[], NEW).await.status;
    let active_since = async |moment: Millis| {
        let body = world.get(&format!("/users/count/active?since={}", moment.as_u64())).await.body;
        body.contains(r#""count":1"#)
    };
    world.store.fail_to_mark(true);
    assert_eq!(create().await, 200, "an answer doesn't depend on it");
    assert!(!active_since(Millis::default()).await);
    world.store.fail_to_mark(false);
    assert_eq!(create().await, 200, "what failed is tried again");
    assert!(active_since(world.clock.now()).await);
    world.wait(299_999);
    assert_eq!(create().await, 200);
    assert!(!active_since(world.clock.now()).await);
    world.wait(1);
    assert_eq!(create().await, 200);
    assert!(active_since(world.clock.now()).await);
}

#[tokio::test]
async fn no_answer_waits_for_a_note() {
    let world = World::new("").await;
    let held = world.store.marking.lock().await;
    let created = tokio::time::timeout(PATIENCE, world.send("POST /recipe/session", &[], NEW)).await.unwrap();
    assert_eq!(created.status, 200);
    drop(held);
    let counted = world.get("/users/count/active?since=0").await;
    assert_eq!(counted.line(), r#"200 {"status":"OK","count":1}"#, "and whoever counts afterwards sees it");
}

#[tokio::test]
async fn a_key_set_may_be_kept_until_the_next_key() {
    let world = World::new("").await;
    let age = async || {
        let answer = world.send("GET /nope/.well-known/jwks.json", &[], "").await;
        assert_eq!(answer.status, 200);
        answer.headers["cache-control"].to_str().unwrap().to_owned()
    };
    let interval = 168 * 3600;
    assert_eq!(age().await, format!("max-age={}, must-revalidate", interval - 60));
    world.wait((interval - 62) * 1000);
    assert_eq!(age().await, "max-age=2, must-revalidate");
    world.wait(60_000);
    assert_eq!(age().await, "max-age=1, must-revalidate", "at least a second");
}

#[tokio::test]
async fn an_app_that_is_not_there_shows_nothing() {
    let world = World::new("api_keys: abcdefghijklmnopqrst-1\n").await;
    for (path, _) in Endpoint::ALL {
        for method in ["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"] {
            for (version, body) in
                [("2.7", "{}"), ("4.0", r#"{"userId":"u","tenantId":"t","appId":"a"}"#), ("5.6", NEW)]
            {
                let line = format!("{method} /appid-nope{path}?userId=u&since=0&sessionHandle=h&pid=0");
                let answer = world.send(&line, &[&format!("cdi-version: {version}")], body).await;
                let says_so = answer.line() == r#"200 {"status":"TENANT_NOT_FOUND_ERROR"}"#;
                assert!(says_so || [400, 403, 404, 405].contains(&answer.status), "{line} {version}: {answer:?}");
            }
        }
    }
    let apps = world.send("GET /recipe/multitenancy/app/list", &["api-key: abcdefghijklmnopqrst-1"], "").await.body;
    assert_eq!(apps.matches("appId").count(), 1, "{apps}");
}
