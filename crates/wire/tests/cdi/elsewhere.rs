//! Paths where a core for other recipes stands behind the server.

use doorward_wire::cdi::elsewhere;
use doorward_wire::cdi::route::{Endpoint, Route, decode, fold};

/// The endpoint, app and tenant of a path, as a line.
fn line(raw: &str) -> String {
    let Ok(path) = decode(raw) else { return "refused".into() };
    let path = fold(&path);
    let Route { endpoint, app, tenant } = elsewhere::find(&path);
    format!("{} {app} {tenant}", endpoint.path())
}

#[test]
fn paths_of_other_recipes_go_there() {
    let cases = [
        ("/recipe/signin", "upstream public public"),
        ("/RECIPE/SignIn/", "upstream public public"),
        ("/public/recipe/signin", "upstream public public"),
        ("/t1/recipe/user/role", "upstream public t1"),
        ("/appid-a/recipe/signin", "upstream a public"),
        ("/appid-a/t1/recipe/signin", "upstream a t1"),
        ("/appid-/t1/recipe/signin", "upstream public t1"),
        ("/recipe/oauth/clients", "upstream public public"),
        ("/recipe/multitenancy/config/thirdparty", "upstream public public"),
        ("/recipe/multitenancy/tenant/user", "upstream public public"),
        ("/recipe/session/other", "upstream public public"),
        ("/users", "upstream public public"),
        ("/users/", "upstream public public"),
        ("/t1/users", "upstream public t1"),
        ("/users/by-accountinfo", "upstream public public"),
        ("/user/search/tags", "upstream public public"),
        ("/appid-a/user/search/tags", "upstream a public"),
        ("/t1/user/search/tags", "upstream public t1"),
        ("/bulk-import/users", "upstream public public"),
        ("/bulk-import/users/remove", "upstream public public"),
        ("/bulk-import/backgroundjob", "upstream public public"),
        ("/appid-a/bulk-import/users/count", "upstream a public"),
        // Whoever gave a tenant such a name still has it.
        ("/user/recipe/signin", "upstream public user"),
        ("/bulk-import/recipe/signin", "upstream public bulk-import"),
        // Users are theirs.
        ("/user/id", "upstream public public"),
        ("/t1/users/count", "upstream public t1"),
    ];
    for (path, expected) in cases {
        assert_eq!(line(path), expected, "{path}");
    }
}

#[test]
fn what_is_ours_stays() {
    for (path, endpoint) in Endpoint::ALL {
        if matches!(endpoint, Endpoint::UserById | Endpoint::UserCount) {
            continue;
        }
        for prefix in ["", "/t1", "/appid-a", "/appid-a/t1", "/appid-", "/public", "/user", "/bulk-import"] {
            for path in
                [format!("{prefix}{path}"), format!("{prefix}{path}/"), format!("{prefix}{path}").to_uppercase()]
            {
                let route = fold(&path);
                // A core would see a path of its own in this one.
                let is_theirs = route.trim_end_matches('/') == "/bulk-import/users/count";
                assert_eq!(elsewhere::find(&route) == Route::find(&route), !is_theirs, "{path}");
            }
        }
    }
    for path in ["/", "/t1", "/appid-a", "/hello"] {
        assert_eq!(elsewhere::find(path), Route::find(path), "{path}");
    }
}

/// What a core could read as another path than the one that was judged.
#[test]
fn a_path_with_two_readings_is_nobodys() {
    for path in [
        "",
        "//",
        "/nope",
        "/nope/at/all",
        "/.well-known/openid-configuration",
        "/recipe",
        "/userss",
        "/users-x",
        "/recipes/signin",
        "/t1/t2/recipe/signin",
        "/appid-a/t1/t2/recipe/signin",
        "//recipe/signin",
        "/recipe//signin",
        "/recipe/signin//",
        "/recipe/./session",
        "/recipe/../recipe/session",
        "/recipe/x/../session",
        "/recipe/x/%2e%2e/session",
        "/recipe/.../session",
        "/appid-a/../recipe/signin",
        "/t1/../recipe/session",
        "/recipe/session;x=1",
        "/recipe;x/session",
        "/recipe/signin;",
        "/recipe/sign%20in",
        "/recipe/sign+in",
        "/recipe/session%3fx",
        "/recipe/session%23x",
        "/recipe/%2573ession",
        "/recipe/jwt/jw\u{212a}s",
        "/recipe/ses\u{17f}ion",
        "/recipe/signin\r\n",
        "/recipe/@x",
        "/recipe/x:80",
    ] {
        let path = decode(path).unwrap();
        let path = fold(&path);
        assert_ne!(elsewhere::find(&path).endpoint, Endpoint::Elsewhere, "{path:?}");
    }
}
