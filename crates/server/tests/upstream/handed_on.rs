//! What is handed on, and what never is.

use doorward_wire::cdi::route::Endpoint;

use super::stand_in::{Answers, StandIn};
use crate::cdi::world::{World, unknown};

const KEY: &str = "api-key: abcdefghijklmnopqrst-1";
const VERSION: &str = "cdi-version: 5.4";

#[tokio::test]
async fn a_request_goes_there_and_its_answer_comes_back() {
    let core = StandIn::start(Answers::Well).await;
    let world = World::new(&format!("{}base_path: /auth\n", core.yaml())).await;
    let headers = [
        VERSION,
        KEY,
        "rid: emailpassword",
        "content-type: application/json; charset=utf-8",
        "x-twice: a",
        "x-twice: b",
        "authorization: Bearer else",
        "connection: close, X-Hop",
        "x-hop: 1",
        "keep-alive: 3",
        "te: trailers",
        "upgrade: h2c",
        "proxy-authorization: p",
        "transfer-encoding: chunked",
        "expect: 100-continue",
        "host: evil.example",
        "via: 1.1 proxy",
    ];
    let answer = world.send("POST /auth/T1/recipe/Sign%49n/?a=%2f..&b=C&&", &headers, r#"{"b":"ü"}"#).await;
    assert_eq!(answer.line(), r#"207 {"status":"OK","from":"upstream"}"#);
    let names: Vec<String> = answer.headers.iter().map(|(name, value)| format!("{name}: {value:?}")).collect();
    let json = "content-type: \"application/json;charset=UTF-8\"";
    assert_eq!(
        names.iter().filter(|name| !name.starts_with("date:")).collect::<Vec<_>>(),
        [json, "x-one: \"1\"", "x-one: \"2\""]
    );

    let asked = core.asked();
    let [asked] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!((asked.line.as_str(), asked.body.as_str()), ("POST /t1/recipe/signin/?a=%2f..&b=C&&", r#"{"b":"ü"}"#));
    let mut names: Vec<String> =
        (asked.headers.iter()).map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
    names.sort();
    let expected = [
        "api-key: abcdefghijklmnopqrst-1",
        "authorization: Bearer else",
        "cdi-version: 5.4",
        "content-length: 10",
        "content-type: application/json; charset=utf-8",
        &format!("host: {}", core.address),
        "rid: emailpassword",
        "via: 1.1 doorward",
        "via: 1.1 proxy",
        "x-twice: a",
        "x-twice: b",
    ];
    assert_eq!(names, expected);
}

#[tokio::test]
async fn what_was_judged_stays_whatever_connection_says() {
    const NAMES: [&str; 5] = ["api-key", "authorization", "cdi-version", "content-type", "rid"];
    let core = StandIn::start(Answers::Well).await;
    let world = World::new(&format!("{}api_keys: abcdefghijklmnopqrst-1\n", core.yaml())).await;
    let connection = format!("connection: close, {}, x-hop", NAMES.join(",").to_uppercase());
    let headers =
        [&connection, VERSION, KEY, "rid: r", "content-type: application/json", "authorization: Basic x", "x-hop: 1"];
    assert_eq!(world.send("POST /recipe/user", &headers, "{}").await.status, 207);
    let asked = core.asked().remove(0).headers;
    let kept = NAMES.map(|name| asked.get(name).map_or("", |value| value.to_str().unwrap()));
    assert_eq!(kept, ["abcdefghijklmnopqrst-1", "Basic x", "5.4", "application/json", "r"]);
    assert!(!asked.contains_key("x-hop") && !asked.contains_key("connection"), "{asked:?}");
}

#[tokio::test]
async fn the_version_that_holds_here_holds_there() {
    for (yaml, headers, expected) in [
        ("", vec![], "5.6"),
        ("supertokens_max_cdi_version: 4.0\n", vec![], "4.0"),
        ("supertokens_max_cdi_version: 4.0\n", vec!["cdi-version:  3.1 "], "3.1"),
        ("", vec!["cdi-version: 2.21", "connection: cdi-version"], "2.21"),
    ] {
        let core = StandIn::start(Answers::Well).await;
        let world = World::new(&format!("{}{yaml}", core.yaml())).await;
        assert_eq!(world.send("GET /recipe/user", &headers, "").await.status, 207, "{yaml}{headers:?}");
        let asked = core.asked().remove(0).headers;
        let versions: Vec<&str> = asked.get_all("cdi-version").iter().map(|value| value.to_str().unwrap()).collect();
        assert_eq!(versions, [expected], "{yaml}{headers:?}");
    }
}

#[tokio::test]
async fn methods_of_endpoints_go_there() {
    let core = StandIn::start(Answers::Well).await;
    let world = World::new(&core.yaml()).await;
    for method in ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"] {
        let answer = world.send(&format!("{method} /recipe/user"), &[VERSION], "").await;
        assert_eq!((answer.status, answer.body.is_empty()), (207, method == "HEAD"), "{method}");
        assert_eq!(core.lines(), [format!("{method} /recipe/user")]);
    }
    // An echo would show the core's key, and a tunnel has no path.
    for (method, expected) in [
        ("TRACE", "405 Method not supported"),
        ("CONNECT", "405 Method not supported"),
        ("BREW", "501 Method not implemented"),
        ("trace", "501 Method not implemented"),
    ] {
        for path in ["/recipe/user", "/user/id?userId=u", "/users"] {
            let answer = world.send(&format!("{method} {path}"), &[VERSION], "").await;
            assert_eq!(answer.line(), expected, "{method} {path}");
        }
    }
    assert_eq!(core.lines(), [""; 0]);
}

#[tokio::test]
async fn its_base_path_and_its_key_are_the_configurations() {
    let core = StandIn::start(Answers::Well).await;
    let yaml = core.yaml().replace("\n", "/core/base/\n");
    let world = World::new(&format!("{yaml}upstream_core_api_key: its-own\napi_keys: abcdefghijklmnopqrst-1\n")).await;
    let bearer = "authorization: Bearer abcdefghijklmnopqrst-1";
    for (headers, authorization) in [
        (vec![VERSION, KEY], None),
        (vec![VERSION, bearer], None),
        // With a key beside it, this one is somebody else's.
        (vec![VERSION, KEY, "authorization: Basic x"], Some("Basic x")),
    ] {
        assert_eq!(world.send("GET /users?limit=1", &headers, "").await.status, 207, "{headers:?}");
        let asked = core.asked().remove(0);
        assert_eq!(asked.line, "GET /core/base/users?limit=1");
        let keys: Vec<_> = asked.headers.get_all("api-key").iter().map(|key| key.to_str().unwrap()).collect();
        assert_eq!(keys, ["its-own"]);
        let sent = asked.headers.get("authorization").map(|value| value.to_str().unwrap());
        assert_eq!(sent, authorization, "{headers:?}");
    }
}

#[tokio::test]
async fn who_may_not_come_gets_no_further() {
    let core = StandIn::start(Answers::Well).await;
    let yaml = format!("{}api_keys: abcdefghijklmnopqrst-1\nip_deny_regex: '10\\.0\\.0\\.9'\n", core.yaml());
    let world = World::new(&yaml).await;
    world.store_tenant("a", "public", r#"{"api_keys":"another-key-1234567890"}"#).await;
    world.wait(2000);
    assert_eq!(world.from("10.0.0.9", "/recipe/user").await.line(), "403 Forbidden");
    for (path, headers, expected) in [
        ("/recipe/user", vec![VERSION], "401 Invalid API key"),
        ("/users", vec![VERSION, "api-key: x"], "401 Invalid API key"),
        ("/user/id?userId=u", vec![VERSION], "401 Invalid API key"),
        ("/appid-a/recipe/user", vec![VERSION, KEY], "401 Invalid API key"),
        ("/recipe/user", vec!["cdi-version: 9.9", KEY], "400 cdi-version 9.9 not supported"),
        ("/recipe/user", vec!["cdi-version: 3.2", KEY], "400 cdi-version 3.2 not supported"),
        ("/t1/recipe/user", vec!["cdi-version: 2.21", KEY], "404 Not found"),
        ("/appid-nope/recipe/user", vec![VERSION, KEY], &unknown("nope", "public")),
        ("/appid-nope/t1/recipe/user", vec![VERSION], &unknown("nope", "t1")),
        ("/nope", vec![VERSION, KEY], "404 Not found"),
        ("/recipe/x/../session", vec![VERSION, KEY], "404 Not found"),
        ("//recipe/user", vec![VERSION, KEY], "404 Not found"),
        ("/recipe%2fuser", vec![VERSION, KEY], "400 Invalid path"),
        ("/recipe/user", vec![VERSION, KEY, "via: 1.0 x, 1.1 doorward"], "508 the upstream core is this server itself"),
    ] {
        assert_eq!(world.send(&format!("GET {path}"), &headers, "").await.line(), expected, "{path} {headers:?}");
    }
    assert_eq!(core.lines(), [""; 0]);
    assert_eq!(
        world.send("GET /appid-a/recipe/user", &[VERSION, "api-key: another-key-1234567890"], "").await.status,
        207
    );
    assert_eq!(core.lines(), ["GET /appid-a/recipe/user"]);
}

#[tokio::test]
async fn what_is_ours_is_never_handed_on() {
    let core = StandIn::start(Answers::Well).await;
    let world = World::new(&core.yaml()).await;
    world.store_tenant("a", "t1", "{}").await;
    world.wait(2000);
    let without = World::new("").await;
    without.store_tenant("a", "t1", "{}").await;
    without.wait(2000);
    for (path, endpoint) in Endpoint::ALL {
        // What needs an app to itself, or isn't the same twice.
        if matches!(endpoint, Endpoint::UserById | Endpoint::UserCount | Endpoint::AppRemove | Endpoint::TenantRemove) {
            continue;
        }
        for prefix in ["", "/appid-a", "/appid-a/t1", "/nope"] {
            for method in ["GET", "POST", "PUT", "DELETE", "HEAD", "PATCH"] {
                if (endpoint, method) == (Endpoint::UserRemove, "POST") {
                    continue;
                }
                let line = format!("{method} {prefix}{path}?userId=u");
                let (one, other) =
                    (world.send(&line, &[VERSION], "{}").await, without.send(&line, &[VERSION], "{}").await);
                assert_eq!(one.status, other.status, "{line}: {one:?} {other:?}");
                assert_eq!(core.lines(), [""; 0], "{line}");
            }
        }
    }
}

#[tokio::test]
async fn who_users_are_is_known_there() {
    let core = StandIn::start(Answers::Well).await;
    let world = World::new(&core.yaml()).await;
    for path in ["/user/id?userId=u", "/users/count"] {
        assert_eq!(world.get(path).await.status, 207, "{path}");
        assert_eq!(core.lines(), [format!("GET {path}")]);
    }
}
