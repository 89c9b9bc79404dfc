//! Cases about access tokens: what is believed of one, and what is not.

use axum::body::Body;
use doorward::{Algorithm, AppId, Store as _};
use doorward_crypto::AwsLc;
use doorward_engine::crypto::{Crypto as _, PublicNumbers};
use doorward_engine::secret::Secret;
use http::{Request, StatusCode};
use serde_json::{Value, json};

use crate::case_world::{HOUR, World, base64url, claims_text, with_access_cookie};

const TRY_REFRESH: &str = r#"{"message":"try refresh token"}"#;

/// A token is refused as both cookie and bearer; nothing is cleared, and the store isn't asked to change anything.
async fn refused(world: &World, token: &str, why: &str) {
    let answer = world.send(with_access_cookie("GET", token)).await;
    assert_eq!((answer.status, answer.body.as_str()), (StatusCode::UNAUTHORIZED, TRY_REFRESH), "{why}: {token}");
    assert!(answer.touches_nothing(), "{why}");
    let bearer = Request::get("/me").header("authorization", format!("Bearer {token}"));
    let Ok(bearer) = bearer.body(Body::empty()) else { return };
    let answer = world.send(bearer).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{why}: {token}");
    assert!(answer.touches_nothing(), "{why}");
}

async fn accepted(world: &World, token: &str) {
    assert_eq!(world.send(with_access_cookie("GET", token)).await.status, StatusCode::OK, "{token}");
}

#[tokio::test]
async fn case_cve_2026_25537_jsonwebtoken_wrong_typed_times_are_refused() {
    let world = World::new().await;
    let claims = world.ada().await.claims();
    let forger = world.forger().await;
    let header = forger.header();
    accepted(&world, &forger.signed(&header, &claims.to_string())).await;
    let wrong: [Value; 9] = [
        json!("1900000000"),
        json!(1_900_000_000.5),
        json!(-1),
        json!(null),
        json!([1_900_000_000]),
        json!({}),
        json!(true),
        json!(u64::MAX),
        json!(1e300),
    ];
    for name in ["exp", "iat", "nbf"] {
        for value in &wrong {
            let mut claims = claims.clone();
            claims[name] = value.clone();
            refused(&world, &forger.signed(&header, &claims.to_string()), &format!("{name} is {value}")).await;
        }
        let mut without = claims.clone();
        without.as_object_mut().unwrap().remove(name);
        let token = forger.signed(&header, &without.to_string());
        if name == "nbf" {
            accepted(&world, &token).await;
        } else {
            refused(&world, &token, "missing").await;
        }
        let mut twice = claims.to_string();
        twice.truncate(twice.len() - 1);
        twice.push_str(&format!(r#","exp":{0},"{name}":{0}}}"#, claims["exp"]));
        refused(&world, &forger.signed(&header, &twice), &format!("{name} twice")).await;
    }
}

#[tokio::test]
async fn case_cve_2026_22817_hono_the_algorithm_comes_from_our_key() {
    let world = World::with(|builder| builder.algorithm(Algorithm::Rs256)).await;
    let token = world.ada().await.access.unwrap();
    accepted(&world, &token).await;
    let forger = world.forger().await;
    let public = forger.key.public();
    let PublicNumbers::Rsa { n, e } = &public.numbers else { panic!("an RSA key") };
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", public.spki);
    let jwk = format!(r#"{{"kty":"RSA","n":"{n}","e":"{e}"}}"#);
    let jwks = world.sessions.jwks();
    let secrets = [pem.as_str(), pem.trim(), public.spki.as_str(), jwk.as_str(), jwks.as_str(), n.as_str(), ""];
    for secret in secrets {
        for algorithm in ["HS256", "RS256", "EdDSA"] {
            let header = forger.header().replace("RS256", algorithm);
            let input = format!("{}.{}", base64url(header.as_bytes()), base64url(claims_text(&token).as_bytes()));
            let mac = AwsLc.hmac_sha256(secret.as_bytes(), &[input.as_bytes()]);
            refused(&world, &format!("{input}.{}", base64url(&mac)), algorithm).await;
        }
    }
    // Signed by our own key, and yet it claims to be something else.
    for algorithm in ["HS256", "EdDSA", "RS384", "PS256"] {
        let header = forger.header().replace("RS256", algorithm);
        refused(&world, &forger.signed(&header, &claims_text(&token)), algorithm).await;
    }
}

#[tokio::test]
async fn case_cve_2026_23993_harbourjwt_odd_headers_are_refused() {
    let world = World::new().await;
    let token = world.ada().await.access.unwrap();
    let forger = world.forger().await;
    let (ours, claims) = (forger.header(), claims_text(&token));
    accepted(&world, &forger.signed(&ours, &claims)).await;
    let with_alg = |alg: &str| ours.replace(r#""alg":"EdDSA""#, alg);
    let mut headers: Vec<String> = ["none", "NONE", "nOnE", "", "HS256", "ES256", "eddsa", "EdDSA ", "XX", "Ed25519"]
        .iter()
        .map(|alg| with_alg(&format!(r#""alg":"{alg}""#)))
        .collect();
    let more = |member: &str| with_alg(&format!(r#""alg":"EdDSA",{member}"#));
    headers.extend([
        with_alg(r#""alg":null"#),
        with_alg(r#""alg":["EdDSA"]"#),
        with_alg(r#""alg":"none","alg":"EdDSA""#),
        with_alg(r#""alg":"EdDSA","alg":"none""#),
        with_alg(r#""alg":"EdDSA","alg":"EdDSA""#),
        more(r#""b64":false"#),
        more(r#""b64":true"#),
        more(r#""crit":["b64"]"#),
        more(r#""crit":[]"#),
        more(r#""crit":["of-my-own"],"of-my-own":1"#),
        ours.replace(r#""typ":"JWT""#, r#""typ":"at+jwt""#),
        ours.replace(r#""version":"5""#, r#""version":"6""#),
        ours.replace(r#","alg":"EdDSA""#, ""),
        "[]".into(),
        "null".into(),
        String::new(),
    ]);
    for header in headers {
        refused(&world, &forger.signed(&header, &claims), &header).await;
        let unsigned = format!("{}.{}.", base64url(header.as_bytes()), base64url(claims.as_bytes()));
        refused(&world, &unsigned, &header).await;
    }
}

#[tokio::test]
async fn case_cve_2026_34950_fast_jwt_white_space_changes_no_key_and_no_token() {
    let world = World::new().await;
    let token = world.ada().await.access.unwrap();
    let stored = world.store.keys(AppId::default()).await.unwrap().signing.remove(0).value;
    for before in [" ", "\n", "\t", "\u{feff}", "\u{a0}"] {
        let odd = Secret::new(format!("{before}{}", stored.expose()));
        // A stored key is what it is, or it is refused; it never becomes a key of another kind.
        if let Ok(key) = AwsLc.parse_signing_key(&odd) {
            assert_eq!(key.algorithm(), Algorithm::EdDsa);
        }
    }
    let mac_of = |key: &str| {
        let header = world_header_of(&token).replace("EdDSA", "HS256");
        let input = format!("{}.{}", base64url(header.as_bytes()), base64url(claims_text(&token).as_bytes()));
        format!("{input}.{}", base64url(&AwsLc.hmac_sha256(key.as_bytes(), &[input.as_bytes()])))
    };
    let public = world.forger().await.key.public().spki;
    for key in [format!("\n{public}"), format!(" {public}"), format!("\u{feff}{public}"), public] {
        refused(&world, &mac_of(&key), "a public key as a shared secret").await;
    }
    for odd in ["%EF%BB%BF", "%20", "%0A", "%00", "%C2%A0"] {
        for token in [format!("{odd}{token}"), format!("{token}{odd}"), token.replacen('.', &format!("{odd}."), 1)] {
            refused(&world, &token, odd).await;
        }
    }
    accepted(&world, &token).await;
}

fn world_header_of(token: &str) -> String {
    use base64::Engine as _;
    let header = token.split('.').next().unwrap();
    String::from_utf8(base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap()
}

#[tokio::test]
async fn case_cve_2026_29000_pac4j_nothing_is_a_session_without_a_verified_signature() {
    let world = World::new().await;
    let (token, other) = (world.ada().await.access.unwrap(), world.ada().await.access.unwrap());
    let parts = |token: &str| token.split('.').map(str::to_owned).collect::<Vec<_>>();
    let (ours, theirs) = (parts(&token), parts(&other));
    let admin = base64url(claims_text(&token).replace("ada", "root").as_bytes());
    // Another ring's key of the same name: right in form, and not ours.
    let elsewhere = World::new().await.forger().await;
    let foreign = elsewhere.signed(&world_header_of(&token), &claims_text(&token));
    let forged = [
        format!("{}.{}", ours[0], ours[1]),
        format!("{}.{}.", ours[0], ours[1]),
        format!("{}.{}.{}", ours[0], ours[1], theirs[2]),
        format!("{}.{}.{}", ours[0], theirs[1], ours[2]),
        format!("{}.{admin}.{}", ours[0], ours[2]),
        format!("{}..{}", ours[0], ours[2]),
        format!("{}.{}.{}.{}.{}", ours[0], ours[1], ours[1], ours[1], ours[2]),
        format!("{}.{}.{}", ours[0], ours[1], &ours[2][..ours[2].len() - 2]),
        format!("{}.{}.{}AA", ours[0], ours[1], ours[2]),
        foreign,
    ];
    for token in &forged {
        refused(&world, token, "unsigned").await;
        let home = Request::get("/home").header("cookie", format!("sAccessToken={token}"));
        let answer = world.send(home.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "an optional session isn't a way round: {token}");
    }
}

#[tokio::test]
async fn case_cve_2026_25748_authentik_whatever_cannot_be_read_is_refused() {
    let world = World::new().await;
    let ada = world.ada().await;
    let token = ada.access.clone().unwrap();
    // Each byte of a good token, changed.
    for at in 0..token.len() {
        let mut bytes = token.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(bytes).unwrap();
        // The last digit of base64 has bits that say nothing; where they are set the text is refused as well.
        let answer = world.send(with_access_cookie("GET", &changed)).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "byte {at}");
    }
    for length in 0..token.len() {
        let answer = world.send(with_access_cookie("GET", &token[..length])).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "cut to {length}");
    }
    let long = "a".repeat(9000);
    for garbage in ["%", "%%%", "%zz", "\"\"", "=", "a=b", ".", "..", "...", "null", "{}", "undefined", long.as_str()] {
        let answer = world.send(with_access_cookie("GET", garbage)).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{garbage}");
    }
    for bytes in [&b"sAccessToken=\xff\xfe\xfd"[..], b"\xff=\xff; sAccessToken=\x80", b"sAccessToken", b";;;=;"] {
        let mut request = Request::get("/me").body(Body::empty()).unwrap();
        request.headers_mut().insert("cookie", http::HeaderValue::from_bytes(bytes).unwrap());
        assert_eq!(world.send(request).await.status, StatusCode::UNAUTHORIZED, "{bytes:?}");
    }
    // A small generator of bytes, the same at each run.
    let mut state = 0x2545_f491_u32;
    for round in 0..2000 {
        let text: String = (0..round % 90)
            .map(|_| {
                state ^= state << 13;
                state ^= state >> 17;
                state ^= state << 5;
                char::from(b"ABCxyz019-_.%=\"{}"[state as usize % 17])
            })
            .collect();
        let answer = world.send(with_access_cookie("GET", &text)).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{text}");
    }
    accepted(&world, &token).await;
}

#[tokio::test]
async fn case_better_auth_9991_a_signed_token_that_has_expired_is_refused_cached_or_not() {
    for cache in [0, 100] {
        let world = World::with(|builder| builder.verified_token_cache(cache)).await;
        let token = world.ada().await.access.unwrap();
        for _ in 0..2 {
            accepted(&world, &token).await;
        }
        world.clock.step(HOUR);
        for _ in 0..2 {
            refused(&world, &token, "expired").await;
        }
    }
}

#[tokio::test]
async fn case_better_auth_9991_a_token_is_bound_to_its_cookie_and_its_kind() {
    let world = World::new().await;
    let ada = world.ada().await;
    let (access, refresh) = (ada.access.clone().unwrap(), ada.refresh.clone().unwrap());
    refused(&world, &refresh, "a refresh token where an access token belongs").await;
    let mut swapped = ada.clone();
    swapped.refresh = Some(access.clone());
    let answer = swapped.refresh(&world).await;
    assert_eq!((answer.status, answer.clears()), (StatusCode::UNAUTHORIZED, true));
    for name in ["saccesstoken", "SACCESSTOKEN", "sAccessToken2", "sRefreshToken", "access", "%73AccessToken"] {
        let request = Request::get("/me").header("cookie", format!("{name}={access}")).body(Body::empty()).unwrap();
        assert_eq!(world.send(request).await.status, StatusCode::UNAUTHORIZED, "{name}");
    }
    // A token for a purpose of the application's own, which the same key signed, is no access token.
    let forger = world.forger().await;
    let header = forger.header().replace(r#","version":"5""#, "");
    let claims = json!({ "iat": 1, "exp": 4_000_000_000_u64, "sub": "ada", "stt": 1 });
    refused(&world, &forger.signed(&header, &claims.to_string()), "a token of another kind").await;
    accepted(&world, &access).await;
}

#[test]
fn case_rustsec_2023_0071_rsa_is_not_in_the_tree() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let lock = std::fs::read_to_string(format!("{root}/Cargo.lock")).unwrap();
    assert!(!lock.contains("name = \"rsa\"\n"), "signing is aws-lc-rs's job");
    assert!(lock.contains("name = \"aws-lc-rs\"\n"));
    let deny = std::fs::read_to_string(format!("{root}/deny.toml")).unwrap();
    assert!(deny.contains(r#"{ crate = "rsa""#), "and cargo-deny keeps it out");
}

#[test]
fn case_rustsec_2026_0044_aws_lc_advisories_are_a_gate_and_certificates_are_not_in_the_path() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let deny = std::fs::read_to_string(format!("{root}/deny.toml")).unwrap();
    let advisories = deny.split("[advisories]").nth(1).unwrap().split("\n[").next().unwrap();
    assert!(!advisories.contains("ignore"), "no advisory is passed over");
    for crate_name in ["engine", "crypto", "wire"] {
        let manifest = std::fs::read_to_string(format!("{root}/crates/{crate_name}/Cargo.toml")).unwrap();
        for certificates in ["x509", "webpki", "rustls", "pkcs7"] {
            assert!(!manifest.contains(certificates), "{crate_name} reads no certificates");
        }
    }
}
