//! Paths, and where they go.

use doorward_wire::cdi::route::{Endpoint, Generation, Route, decode, fold};

/// The endpoint, app and tenant of a path, as a line.
fn line(raw: &str) -> String {
    let Ok(path) = decode(raw) else { return "refused".into() };
    let path = fold(&path);
    let Route { endpoint, app, tenant } = Route::find(&path);
    format!("{} {app} {tenant}", endpoint.path())
}

#[test]
fn paths_go_where_they_should() {
    let cases = [
        ("/hello", "/hello public public"),
        ("/hello/", "/hello public public"),
        ("/HELLO", "/hello public public"),
        ("/%68ello", "/hello public public"),
        ("/%48ELLO", "/hello public public"),
        ("/public/hello", "/hello public public"),
        ("/x/hello", "/hello public x"),
        ("/A/hello", "/hello public a"),
        ("/appid-a/hello", "/hello a public"),
        ("/APPID-A/T1/Hello/", "/hello a t1"),
        ("/appid-/hello", "/hello public public"),
        ("/appid-public/public/hello", "/hello public public"),
        ("/appid-a/appid-b/hello", "/hello a appid-b"),
        ("/-/hello", "/hello public -"),
        ("/recipes/hello", "/hello public recipes"),
        ("/", "/ public public"),
        ("/t", "/ public t"),
        ("/t/", "/ public t"),
        ("/appid-a", "/ a public"),
        ("/appid-a/t/", "/ a t"),
        ("/.well-known/jwks.json", "/.well-known/jwks.json public public"),
        ("/appid-a/t/.well-known/jwks.json", "/.well-known/jwks.json a t"),
        ("/recipe/session", "/recipe/session public public"),
        ("/t/recipe/session/verify", "/recipe/session/verify public t"),
        ("/t/recipe/multitenancy/tenant/list/v2", "/recipe/multitenancy/tenant/list/v2 public t"),
        ("/users/count", "/users/count public public"),
        ("/t/users/count/active", "/users/count/active public t"),
        // Words that no tenant has.
        ("/recipe/hello", "unknown public public"),
        ("/config/hello", "unknown public public"),
        ("/users/hello", "unknown public public"),
        ("/hello/hello", "unknown public public"),
        ("/RECIPE/hello", "unknown public public"),
        ("/recipe", "unknown public public"),
        ("/users/", "unknown public public"),
        ("/appid-a/recipe", "unknown a public"),
        // Not one path but another.
        ("", "/ public public"),
        ("//", "unknown public public"),
        ("//hello", "unknown public public"),
        ("/hello//", "unknown public public"),
        ("/./hello", "unknown public public"),
        ("/x/../hello", "unknown public x"),
        ("/x/%2e%2e/hello", "unknown public x"),
        ("/hello;x=1", "unknown public public"),
        ("/hello%3bx", "unknown public public"),
        ("/hello%00", "refused"),
        ("/hello%2f", "refused"),
        ("/recipe%2Fsession", "refused"),
        ("/recipe%5csession", "refused"),
        ("/recipe\\session", "refused"),
        ("/hello%", "refused"),
        ("/hello%zz", "refused"),
        ("/%ff", "refused"),
        ("/%c3%a9", "unknown public public"),
        ("/%2568ello", "unknown public public"),
        // U+212A folds to `k` where letters beyond ASCII are folded.
        ("/recipe/jwt/jw%e2%84%aas", "unknown public public"),
        ("/hello%20", "unknown public public"),
        ("/ hello", "unknown public public"),
        ("/a_b/hello", "unknown public public"),
        ("/appid-a_b/hello", "unknown public public"),
        ("/x/y/hello", "unknown public x"),
        ("/hello/x", "unknown public public"),
        ("/favicon.ico", "unknown public public"),
        ("/.well-known/openid-configuration", "unknown public public"),
        ("hello", "unknown public public"),
    ];
    for (path, expected) in cases {
        assert_eq!(line(path), expected, "{path:?}");
    }
}

#[test]
fn every_endpoint_is_found_in_all_its_forms() {
    for (path, endpoint) in Endpoint::ALL {
        for slash in ["", "/"] {
            for (prefix, app, tenant) in [
                ("", "public", "public"),
                ("/t-1", "public", "t-1"),
                ("/appid-a1", "a1", "public"),
                ("/appid-a1/t-1", "a1", "t-1"),
            ] {
                let path = format!("{prefix}{path}{slash}");
                assert_eq!(Route::find(&path), Route { endpoint, app, tenant }, "{path}");
            }
        }
        assert_eq!(endpoint.path(), path);
        assert_eq!(Route::find(&format!("/t{path}x")).endpoint, Endpoint::Unknown, "{path}");
    }
}

#[test]
fn only_these_are_open_and_only_these_answer_any_version() {
    let paths = |holds: fn(Endpoint) -> bool| {
        let all = Endpoint::ALL.iter().map(|(_, endpoint)| *endpoint).chain([Endpoint::Root, Endpoint::Unknown]);
        all.filter(|endpoint| holds(*endpoint)).map(Endpoint::path).collect::<Vec<_>>()
    };
    assert_eq!(paths(Endpoint::is_open), ["/hello", "/config", "/.well-known/jwks.json", "/", "unknown"]);
    assert_eq!(paths(|endpoint| !endpoint.needs_version()), ["/hello", "/apiversion", "/.well-known/jwks.json"]);
}

#[test]
fn generations_differ() {
    assert_eq!(Route::find("/recipe/multitenancy/app").endpoint, Endpoint::App(Generation::First));
    assert_eq!(Route::find("/recipe/multitenancy/app/v2").endpoint, Endpoint::App(Generation::Second));
}
