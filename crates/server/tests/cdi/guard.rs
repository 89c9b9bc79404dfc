//! Who is let in: addresses, keys, versions, and in which order they are judged.

use super::world::{Answered, World, unknown};

const KEYS: &str = "api_keys: abcdefghijklmnopqrst-1,second-key-1234567890=\n";
const KEY: &str = "api-key: abcdefghijklmnopqrst-1";
const USER: &str = "GET /user/id?userId=u";
const NOBODY: &str = r#"200 {"status":"UNKNOWN_USER_ID_ERROR"}"#;
const NO_KEY: &str = "401 Invalid API key";

#[tokio::test]
async fn a_key_is_asked_for_where_keys_are_set() {
    let world = World::new(KEYS).await;
    let long = format!("api-key: {}", "x".repeat(10_000));
    let cases: [(&[&str], &str); 19] = [
        (&[], NO_KEY),
        (&[KEY], NOBODY),
        (&["api-key: second-key-1234567890="], NOBODY),
        (&["api-key:   abcdefghijklmnopqrst-1\t"], NOBODY),
        (&["authorization: abcdefghijklmnopqrst-1"], NOBODY),
        (&["authorization: bEARER  abcdefghijklmnopqrst-1 "], NOBODY),
        (&["authorization: Bearer"], NO_KEY),
        (&["authorization: Bearerabcdefghijklmnopqrst-1"], NO_KEY),
        (&["authorization: Basic abcdefghijklmnopqrst-1"], NO_KEY),
        (&["api-key: abcdefghijklmnopqrst"], NO_KEY),
        (&["api-key: abcdefghijklmnopqrst-1,second-key-1234567890="], NO_KEY),
        (&["api-key: ABCDEFGHIJKLMNOPQRST-1"], NO_KEY),
        (&["api-key: \u{ff}"], NO_KEY),
        (&[&long], NO_KEY),
        // The first header decides, and of two of a name none does.
        (&["api-key: ", "authorization: abcdefghijklmnopqrst-1"], NO_KEY),
        (&[KEY, "authorization: wrong"], NOBODY),
        (&[KEY, "api-key: wrong"], NO_KEY),
        (&["api-key: wrong", KEY], NO_KEY),
        (&["authorization: abcdefghijklmnopqrst-1", "authorization: wrong"], NO_KEY),
    ];
    for (headers, expected) in cases {
        assert_eq!(world.send(USER, headers, "").await.line(), expected, "{headers:?}");
    }
}

#[tokio::test]
async fn each_app_has_its_own_keys() {
    let world = World::new(KEYS).await;
    world.store_tenant("own", "public", r#"{"api_keys":"another-key-1234567890"}"#).await;
    world.store_tenant("own", "t1", "{}").await;
    world.store_tenant("same", "public", "{}").await;
    world.wait(2000);
    let own = "api-key: another-key-1234567890";
    for (path, header, expected) in [
        ("/appid-own", own, NOBODY),
        ("/appid-own", KEY, NO_KEY),
        ("", own, NO_KEY),
        ("/appid-same", KEY, NOBODY),
        ("/appid-same", own, NO_KEY),
        // A tenant that isn't there still is its app's; an app that isn't there has nothing to show.
        ("/appid-own/nope", KEY, NO_KEY),
        ("/appid-own/t1", KEY, NO_KEY),
        ("/appid-own/t1", own, NOBODY),
        ("/appid-nope", "x: y", &unknown("nope", "public")),
    ] {
        let answer = world.send(&format!("GET {path}/user/id?userId=u"), &[header, "cdi-version: 4.0"], "").await;
        assert_eq!(answer.line(), expected, "{path} {header}");
    }
}

#[tokio::test]
async fn addresses_are_judged_as_java_writes_them() {
    let cases = [
        ("ip_allow_regex: '10\\.0\\.0\\.\\d+'", "10.0.0.7", true),
        ("ip_allow_regex: '10\\.0\\.0\\.\\d+'", "110.0.0.7", false),
        ("ip_allow_regex: '10\\.0\\.0\\.1'", "10.0.0.12", false),
        ("ip_allow_regex: '10|10\\.0\\.0\\.1'", "10.0.0.1", true),
        ("ip_allow_regex: '.*:0:1'", "::1", true),
        ("ip_allow_regex: '0:0:0:0:0:0:0:1'", "::1", true),
        ("ip_allow_regex: '::1'", "::1", false),
        ("ip_allow_regex: 'fe80:0:0:0:a:0:0:b00'", "fe80::000a:0:0:0b00", true),
        ("ip_allow_regex: '10\\.0\\.0\\.1'", "::ffff:10.0.0.1", true),
        ("ip_deny_regex: '10\\.0\\.0\\.1'", "::ffff:10.0.0.1", false),
        ("ip_deny_regex: '10\\.0\\.0\\.1'", "10.0.0.2", true),
        ("ip_deny_regex: '10.*'\nip_allow_regex: '10\\.0\\.0\\.1'", "10.0.0.1", false),
        ("ip_deny_regex: '10.*'\nip_allow_regex: '11.*'", "11.0.0.1", true),
        ("ip_deny_regex: '10.*'\nip_allow_regex: '11.*'", "12.0.0.1", false),
        ("port: 0", "12.0.0.1", true),
    ];
    for (yaml, peer, may_come) in cases {
        let world = World::new(yaml).await;
        let expected = if may_come { "200 Hello" } else { "403 Forbidden" };
        assert_eq!(world.from(peer, "/hello").await.line(), expected, "{yaml} {peer}");
    }
}

#[tokio::test]
async fn address_rules_are_the_tenants_and_hold_everywhere() {
    let world = World::new("ip_deny_regex: '10\\.0\\.0\\.9'\n").await;
    world.store_tenant("a", "public", r#"{"ip_allow_regex":"10\\.0\\.0\\.1"}"#).await;
    world.store_tenant("a", "t1", r#"{"ip_allow_regex":"10\\.0\\.0\\.2"}"#).await;
    world.wait(2000);
    for (peer, path, expected) in [
        ("10.0.0.1", "/appid-a/hello", "200 Hello"),
        ("10.0.0.2", "/appid-a/hello", "403 Forbidden"),
        ("10.0.0.2", "/appid-a/t1/hello", "200 Hello"),
        ("10.0.0.1", "/appid-a/t1/hello", "403 Forbidden"),
        ("10.0.0.2", "/appid-a/nope/hello", "403 Forbidden"),
        ("10.0.0.9", "/hello", "403 Forbidden"),
        ("10.0.0.9", "/", "403 Forbidden"),
        ("10.0.0.9", "/nope/at/all", "403 Forbidden"),
        ("10.0.0.9", "/.well-known/jwks.json", "403 Forbidden"),
        ("10.0.0.9", "/config?pid=1", "403 Forbidden"),
        ("10.0.0.9", "/nope/hello", "403 Forbidden"),
    ] {
        assert_eq!(world.from(peer, path).await.line(), expected, "{peer} {path}");
    }
}

#[tokio::test]
async fn checks_come_in_their_order() {
    let world =
        World::new(&format!("{KEYS}ip_deny_regex: '10\\.0\\.0\\.9'\nsupertokens_min_cdi_version: \"2.21\"\n")).await;
    assert_eq!(world.from("10.0.0.9", "/user/id").await.status, 403, "the address before the key");
    for (line, headers, expected) in [
        (USER, vec!["cdi-version: x"], NO_KEY),
        (USER, vec![KEY, "cdi-version: x"], "400 cdi-version header is invalid"),
        (USER, vec![KEY, "cdi-version: 5.4", "cdi-version: 5.4"], "400 cdi-version header is invalid"),
        ("GET /hello", vec!["cdi-version: x"], "400 cdi-version header is invalid"),
        ("GET /hello", vec!["cdi-version: 99999999999.1"], "400 cdi-version header is invalid"),
        (
            "GET /t/user/id",
            vec![KEY, "cdi-version: 2.20"],
            "400 cdi-version 2.20 is lower than the minimum allowed version 2.21",
        ),
        ("GET /t/user/id", vec![KEY, "cdi-version: 2.22"], "404 Not found"),
        ("GET /t/user/id", vec![KEY, "cdi-version: 3.2"], "400 cdi-version 3.2 not supported"),
        ("PATCH /user/id", vec!["cdi-version: 5.4"], NO_KEY),
        ("PATCH /user/id", vec![KEY, "cdi-version: 5.7"], "400 cdi-version 5.7 not supported"),
        ("PATCH /user/id", vec![KEY, "cdi-version: 5.6"], "405 Method not supported"),
        ("GET /user/id", vec![KEY], "400 Field name 'userId' is missing in GET request"),
        ("BREW /user/id", vec![KEY], "501 Method not implemented"),
        ("BREW /nope/nope", vec![], "404 Not found"),
        (
            "GET /t/user/id?userId=u",
            vec![KEY, "cdi-version: 5.0"],
            "403 Only public tenantId can call this app specific API",
        ),
        ("GET /t/user/id", vec![KEY, "cdi-version: 5.0"], "400 Field name 'userId' is missing in GET request"),
    ] {
        assert_eq!(world.send(line, &headers, "").await.line(), expected, "{line} {headers:?}");
    }
}

#[tokio::test]
async fn the_highest_version_holds_for_a_request_without_one() {
    let world = World::new("supertokens_max_cdi_version: \"2.20\"\n").await;
    for (line, expected) in
        [("GET /hello", "200 Hello"), ("GET /t/hello", "404 Not found"), ("GET /t", "404 Not found")]
    {
        assert_eq!(world.send(line, &[], "").await.line(), expected, "{line}");
    }
    let versions = world.send("GET /apiversion", &[], "").await.body;
    assert!(versions.ends_with(r#""2.19","2.20"]}"#), "{versions}");
}

/// Some refusals repeat what they refuse, and SDKs want them as `text/html`.
#[tokio::test]
async fn a_browser_runs_nothing_of_what_a_refusal_repeats() {
    let world = World::new("").await;
    let of = |answer: &Answered, name: &str| answer.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
    let body = r#"{"tenantId":"<script>alert(1)</script>"}"#;
    let refused = world.send("PUT /recipe/multitenancy/tenant/v2", &[], body).await;
    for answer in [&refused, &world.get("/nope/nope").await, &world.get("/appid-x/telemetry").await] {
        assert!(answer.status >= 400, "{answer:?}");
        assert_eq!(of(answer, "content-type").unwrap(), "text/html;charset=UTF-8");
        assert_eq!(of(answer, "x-content-type-options").unwrap(), "nosniff");
        assert_eq!(of(answer, "content-security-policy").unwrap(), "default-src 'none'; sandbox");
    }
    for path in ["/hello", "/telemetry"] {
        let answer = world.get(path).await;
        assert_eq!((answer.status, answer.headers.len()), (200, 1), "{answer:?}");
    }
}
