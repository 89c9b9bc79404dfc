//! Access tokens that are not what they should be, with signatures of our own key where that matters.

use doorward::GetSession;
use serde_json::{Value, json};

use crate::app::{App, Deed, both};
use crate::client::{Browser, Call, claims};

/// Serves a token in every place, and asserts that it is *try refresh token* and changes nothing.
async fn assert_not_good(app: &App, token: &str) {
    let before = app.store.calls();
    let cookie = format!("sAccessToken={}", token.replace('+', "%2B").replace('=', "%3D").replace(';', "%3B"));
    for call in [
        Call::get("/me").cookie(&cookie),
        Call::get("/home").cookie(&cookie),
        Call::post("/auth/signout").cookie(&cookie),
        Call::to(Deed::get(GetSession::new().anti_csrf(false))).cookie(&cookie),
    ] {
        app.serve(&call).await.assert_try_refresh();
    }
    // As a bearer token it may be one of another kind: then it counts for nothing.
    let answer = app.serve(&Call::get("/me").bearer(token)).await;
    assert_eq!(answer.status, 401, "{token}");
    answer.assert_untouched();
    assert_eq!(app.store.commits(), 1, "nothing but the login was written");
    assert!(app.store.calls() <= before + 5);
}

struct Given {
    header: Value,
    claims: Value,
}

impl Given {
    async fn make(browser: &mut Browser<'_>) -> (Self, String) {
        use base64::Engine as _;
        browser.login("ada").await;
        let token = browser.access_token();
        let header = token.split('.').next().unwrap();
        let header = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(header).unwrap();
        (Self { header: serde_json::from_slice(&header).unwrap(), claims: claims(&token) }, token)
    }

    fn header(&self, name: &str, value: Value) -> String {
        let mut header = self.header.clone();
        header[name] = value;
        header.to_string()
    }

    fn claims(&self, name: &str, value: Value) -> String {
        let mut claims = self.claims.clone();
        claims[name] = value;
        claims.to_string()
    }
}

#[tokio::test]
async fn a_token_that_our_key_signed_is_good() {
    both(async |way| {
        let app = App::new(way).await;
        let (given, _) = Given::make(&mut app.browser()).await;
        let token = app.signed(&given.header.to_string(), &given.claims.to_string()).await;
        assert_eq!(app.serve(&Call::get("/me").bearer(&token)).await.shown("user"), "ada");
    })
    .await;
}

#[tokio::test]
async fn algorithms_and_headers_that_are_not_our_keys_are_refused() {
    both(async |way| {
        let app = App::new(way).await;
        let (given, _) = Given::make(&mut app.browser()).await;
        let claims = given.claims.to_string();
        for alg in ["none", "NONE", "nOnE", "", "HS256", "RS256", "ES256", "eddsa", "EdDSA "] {
            assert_not_good(&app, &app.signed(&given.header("alg", json!(alg)), &claims).await).await;
        }
        for (name, value) in [
            ("alg", json!(null)),
            ("alg", json!(["EdDSA"])),
            ("kid", json!("d-1")),
            ("kid", json!("../../key")),
            ("kid", json!(null)),
            ("typ", json!("JWS")),
            ("version", json!("4")),
            ("crit", json!(["exp"])),
            ("b64", json!(false)),
        ] {
            assert_not_good(&app, &app.signed(&given.header(name, value), &claims).await).await;
        }
        let kid = given.header["kid"].as_str().unwrap();
        let twice = format!(r#"{{"kid":"{kid}","typ":"JWT","version":"5","alg":"EdDSA","alg":"none"}}"#);
        assert_not_good(&app, &app.signed(&twice, &claims).await).await;
        assert_not_good(&app, &app.signed("{}", &claims).await).await;
        assert_not_good(&app, &app.signed("", &claims).await).await;
    })
    .await;
}

#[tokio::test]
async fn claims_of_another_type_are_refused_though_the_signature_is_good() {
    both(async |way| {
        let app = App::new(way).await;
        let (given, _) = Given::make(&mut app.browser()).await;
        let header = given.header.to_string();
        for time in ["iat", "exp"] {
            for odd in [json!("1800003600"), json!(1_800_003_600.5), json!(-1), json!(null), json!([1]), json!(1e300)] {
                assert_not_good(&app, &app.signed(&header, &given.claims(time, odd)).await).await;
            }
            assert_not_good(&app, &app.signed(&header, &given.claims(time, json!(u64::MAX))).await).await;
        }
        for (name, odd) in [
            ("sub", json!(7)),
            ("sub", json!("x".repeat(129))),
            ("rsub", json!(null)),
            ("tId", json!("Not A Tenant")),
            ("sessionHandle", json!("")),
            ("refreshTokenHash1", json!("short")),
            ("parentRefreshTokenHash1", json!("short")),
            ("antiCsrfToken", json!(5)),
            ("stt", json!(1)),
            ("nbf", json!(1_900_000_000)),
        ] {
            assert_not_good(&app, &app.signed(&header, &given.claims(name, odd)).await).await;
        }
        for missing in ["iat", "exp", "sub", "rsub", "tId", "sessionHandle", "refreshTokenHash1"] {
            let mut claims = given.claims.clone();
            claims.as_object_mut().unwrap().remove(missing);
            assert_not_good(&app, &app.signed(&header, &claims.to_string()).await).await;
        }
        for odd in ["", "[]", "null", "{", "\u{feff}{}"] {
            assert_not_good(&app, &app.signed(&header, odd).await).await;
        }
        let text = given.claims.to_string();
        let twice = format!(r#"{},"sub":"eve"}}"#, &text[..text.len() - 1]);
        assert_not_good(&app, &app.signed(&header, &twice).await).await;
    })
    .await;
}

#[tokio::test]
async fn tampered_and_truncated_tokens_are_refused() {
    both(async |way| {
        let app = App::new(way).await;
        let (given, token) = Given::make(&mut app.browser()).await;
        let eve = app.signed(&given.header.to_string(), &given.claims("sub", json!("eve"))).await;
        let [head, claims, signature] = token.split('.').collect::<Vec<_>>()[..] else { panic!("{token}") };
        let others = eve.split('.').nth(1).unwrap();
        for odd in [
            format!("{head}.{others}.{signature}"),
            format!("{head}.{claims}."),
            format!("{head}.{claims}"),
            format!("{head}.{claims}.{signature}.{signature}"),
            format!("{head}.{claims}.{signature}=="),
            format!("{head}.{claims}.{}", &signature[..signature.len() - 4]),
            format!("{head}.{claims}.{}", signature.chars().rev().collect::<String>()),
            format!("{claims}.{head}.{signature}"),
            format!("{head}==.{claims}.{signature}"),
            "..".to_owned(),
            ".".repeat(1000),
        ] {
            assert_not_good(&app, &odd).await;
        }
        for at in [1, 10, token.len() / 2, token.len() - 1] {
            assert_not_good(&app, &token[..at]).await;
        }
    })
    .await;
}
