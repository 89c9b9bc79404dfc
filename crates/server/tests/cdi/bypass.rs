//! No other spelling of a path gets past the checks of the one that it stands for.

use super::world::World;

const KEY: &str = "api-key: abcdefghijklmnopqrst-1";

/// Ways to write a path, some of which other servers take for the same.
fn spellings(path: &str) -> Vec<String> {
    let (path, query) = path.split_once('?').unwrap();
    let mut paths = vec![
        path.to_owned(),
        path.to_uppercase(),
        format!("{path}/"),
        format!("{path}//"),
        format!("/{path}"),
        format!("/.{path}"),
        format!("/x/..{path}"),
        format!("/hello/..{path}"),
        format!("/hello;{path}"),
        format!("/hello%2f..{path}"),
        format!("/hello%00{path}"),
        format!("{path};x=1"),
        format!("{path}%20"),
        format!("{path}%00"),
        format!("{path}%3fx"),
        format!("{path}%23"),
        path.replacen('/', "//", 1),
        path.replace('/', "%2f"),
        path.replace('/', "/%2e/"),
        path.replace('/', "%5c"),
        path.replace("id", "%69d"),
        path.replace("id", "%2569d"),
        path.replace('u', "%u0075"),
        path.replace('s', "\u{17f}"),
    ];
    // Each letter alone, encoded, in both cases of the digits.
    for (at, letter) in path.char_indices().filter(|(_, letter)| letter.is_ascii_alphabetic()) {
        let (before, after) = (&path[..at], &path[at + 1..]);
        paths.push(format!("{before}%{:02x}{after}", u32::from(letter)));
        paths.push(format!("{before}%{:02X}{after}", u32::from(letter.to_ascii_uppercase())));
    }
    let mut all = Vec::new();
    for prefix in [
        "",
        "/public",
        "/t",
        "/nope",
        "/appid-public",
        "/appid-",
        "/APPID-public/T",
        "/recipe",
        "/hello",
        "/config",
        "/.well-known",
    ] {
        all.extend(paths.iter().map(|path| format!("{prefix}{path}?{query}")));
    }
    all
}

#[tokio::test]
async fn no_spelling_goes_without_a_key() {
    for base in ["", "/base"] {
        let world = World::new(&format!("api_keys: abcdefghijklmnopqrst-1\nbase_path: \"{base}\"\n")).await;
        let (mut let_in, mut tried) = (0, 0);
        for path in ["/user/id?userId=u", "/apiversion?x", "/recipe/jwt/jwks?x", "/users/count?x"]
            .iter()
            .flat_map(|path| spellings(path))
        {
            for path in [path.clone(), format!("{base}{path}"), format!("{}{path}", base.to_uppercase())] {
                if path.parse::<http::Uri>().is_err() {
                    continue;
                }
                let without = world.send(&format!("GET {path}"), &["cdi-version: 4.0"], "").await;
                assert!([400, 401, 404].contains(&without.status), "{path}: {without:?}");
                let with = world.send(&format!("GET {path}"), &["cdi-version: 4.0", KEY], "").await;
                // What a key opens is closed without one; what isn't there, isn't there for anybody.
                assert_eq!(with.status == 200, without.status == 401 && with.status != 400, "{path}: {with:?}");
                let_in += usize::from(with.status == 200);
                tried += 1;
            }
        }
        assert!(tried > 3000 && let_in > 500, "{let_in} of {tried}");
    }
}

#[tokio::test]
async fn the_base_path_is_a_door_and_not_a_prefix() {
    let world = World::new("base_path: /auth/core\n").await;
    for (path, status) in [
        ("/auth/core/hello", 200),
        ("/auth/core/", 200),
        ("/auth/core/t/hello", 200),
        ("/auth/%63ore/hello", 200),
        ("/auth/core", 302),
        ("/hello", 404),
        ("/", 404),
        ("/auth", 404),
        ("/auth/cor", 404),
        ("/auth/corehello", 404),
        ("/auth/core;x/hello", 404),
        ("/AUTH/core/hello", 404),
        ("//auth/core/hello", 404),
        ("/x/auth/core/hello", 404),
        ("/appid-a/auth/core/hello", 404),
        ("/auth/core/auth/core/hello", 404),
        ("/auth%2fcore/hello", 400),
        ("/auth/../auth/core/hello", 404),
    ] {
        let answer = world.get(path).await;
        assert_eq!(answer.status, status, "{path}: {answer:?}");
    }
    assert_eq!(world.get("/auth/core").await.headers["location"], "/auth/core/");
}
