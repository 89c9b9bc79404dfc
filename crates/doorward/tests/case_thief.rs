//! Cases about a refresh token in two hands, and about a database in the wrong ones.

use std::collections::BTreeSet;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use doorward::{AppId, Rotation, Store as _};
use doorward_crypto::AwsLc;
use doorward_engine::crypto::Crypto as _;
use http::{Request, StatusCode};

use crate::case_world::{Answer, Browser, HOUR, REFRESH, World};

const THEFT: &str = r#"{"message":"token theft detected"}"#;

/// The owner refreshes after an hour, and uses what he gets.
async fn owner_goes_on(world: &World, owner: &mut Browser) {
    assert_eq!(owner.refresh(world).await.status, StatusCode::OK);
    assert_eq!(owner.me(world).await, StatusCode::OK);
}

#[tokio::test]
async fn case_patient_thief_holds_a_branch_of_his_own_and_is_found_when_he_uses_it() {
    for grace in [0, 30, 300] {
        let world = World::with(|builder| builder.grace(Duration::from_secs(grace))).await;
        let mut owner = world.ada().await;
        let mut thief = owner.clone();
        world.clock.step(Duration::from_secs(600));
        assert_eq!(thief.refresh(&world).await.status, StatusCode::OK);
        world.clock.step(Duration::from_secs(3001));
        owner_goes_on(&world, &mut owner).await;
        assert_ne!(owner.refresh, thief.refresh, "grace {grace}");
        // He waited, and now he uses what he got: his token was overtaken.
        assert_eq!(thief.refresh(&world).await.body, THEFT, "grace {grace}");
        assert_eq!(owner.me(&world).await, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn case_patient_thief_who_uses_his_branch_first_is_found_by_the_owner() {
    let world = World::new().await;
    let mut owner = world.ada().await;
    let mut thief = owner.clone();
    world.clock.step(Duration::from_secs(600));
    owner_goes_on(&world, &mut thief).await;
    world.clock.step(Duration::from_secs(3001));
    assert_eq!(owner.refresh(&world).await.body, THEFT);
    assert_eq!(world.store.rows_left().await, 0);
}

#[tokio::test]
async fn case_patient_thief_is_found_by_the_next_of_the_two_where_tokens_rotate_on_refresh() {
    for seconds in [31, 3001] {
        let world = World::with(|builder| builder.rotation(Rotation::OnRefresh)).await;
        let mut owner = world.ada().await;
        let mut thief = owner.clone();
        world.clock.step(Duration::from_secs(600));
        assert_eq!(thief.refresh(&world).await.status, StatusCode::OK);
        world.clock.step(Duration::from_secs(seconds));
        assert_eq!(owner.refresh(&world).await.body, THEFT);
        assert_eq!(thief.refresh(&world).await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(world.store.rows_left().await, 0);
    }
}

#[tokio::test]
async fn case_patient_thief_at_grace_0_shares_nothing_even_at_the_same_moment() {
    let world = World::with(|builder| builder.grace(Duration::ZERO)).await;
    let mut owner = world.ada().await;
    let mut thief = owner.clone();
    world.clock.step(HOUR);
    assert_eq!(thief.refresh(&world).await.status, StatusCode::OK);
    owner_goes_on(&world, &mut owner).await;
    assert_ne!(owner.refresh, thief.refresh);
    assert_eq!(thief.refresh(&world).await.body, THEFT);
}

#[tokio::test]
async fn case_polling_thief_runs_out_of_windows_after_four() {
    let world = World::new().await;
    let mut owner = world.ada().await;
    let stolen = owner.clone();
    let mut successors = Vec::new();
    for _ in 0..150 {
        let mut thief = stolen.clone();
        assert_eq!(thief.refresh(&world).await.status, StatusCode::OK);
        successors.push(thief);
        world.clock.step(Duration::from_secs(20));
    }
    let window = world.row(&owner).await.unwrap().window.unwrap();
    assert_eq!(window.count, 4, "four openings and new starts");
    let shared: BTreeSet<_> = successors.iter().take(5).map(|thief| thief.refresh.clone()).collect();
    assert_eq!(shared.len(), 1, "he sat in one window as long as its time could start anew");
    let distinct: BTreeSet<_> = successors.iter().map(|thief| thief.refresh.clone()).collect();
    assert_eq!(distinct.len(), 146, "then each presentation gave him a token of its own");
    world.clock.step(HOUR);
    owner_goes_on(&world, &mut owner).await;
    assert!(!distinct.contains(&owner.refresh), "he holds none that the owner has");
    assert_eq!(successors[0].clone().refresh(&world).await.body, THEFT);
}

/// A refresh token that somebody seals who has the key.
fn sealed(stored: &str, handle: &str, parent: Option<&str>) -> String {
    let nonce = "ab".repeat(32);
    let mut contents = serde_json::json!({ "sessionHandle": handle, "userId": "ada" });
    if let Some(parent) = parent {
        contents["parentRefreshTokenHash1"] = parent.into();
    }
    contents["nonce"] = nonce.as_str().into();
    let iv = [7; 12];
    let key = AwsLc.pbkdf2_sha512(stored.as_bytes(), &iv, 100);
    let mut bytes = iv.to_vec();
    bytes.extend(AwsLc.aes256_gcm_seal(&key, iv, contents.to_string().as_bytes()));
    format!("{}.{nonce}.V2", STANDARD.encode(bytes))
}

async fn present(world: &World, token: &str) -> Answer {
    let request = Request::post(REFRESH).header("authorization", format!("Bearer {token}"));
    world.send(request.body(axum::body::Body::empty()).unwrap()).await
}

#[tokio::test]
async fn case_leaked_database_gives_no_current_token_and_no_successor() {
    let world = World::new().await;
    let owner = world.ada().await;
    let keys = world.store.keys(AppId::default()).await.unwrap();
    let stored = keys.refresh.unwrap();
    let row = world.row(&owner).await.unwrap();
    let handle = row.key.handle.as_str();
    assert_ne!(row.current.as_str(), owner.claims()["refreshTokenHash1"], "the store has the hash of the hash");
    // Nothing in the row is a token or makes one that the row knows.
    for parent in [None, Some(row.current.as_str())] {
        let answer = present(&world, &sealed(stored.expose(), handle, parent)).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{answer:?}");
        assert_eq!(answer.header("st-refresh-token").as_deref(), Some(""), "and nothing is handed out");
    }
    // The seal itself was right: with a value that no row holds, he would have had a child of the current token.
    let world = World::new().await;
    let owner = world.ada().await;
    let stored = world.store.keys(AppId::default()).await.unwrap().refresh.unwrap();
    let claims = owner.claims();
    let (handle, hash1) = (claims["sessionHandle"].as_str().unwrap(), claims["refreshTokenHash1"].as_str());
    let answer = present(&world, &sealed(stored.expose(), handle, hash1)).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
}

#[tokio::test]
async fn case_leaked_database_with_succession_secret_gives_nothing_for_an_old_token_either() {
    let secret = "0123456789abcdef0123456789abcdef";
    for secret_is_set in [true, false] {
        let set = |builder: doorward::SessionsBuilder| {
            let builder = builder.rotation(Rotation::OnUse);
            if secret_is_set { builder.succession_secret(secret) } else { builder }
        };
        let world = World::with(set).await;
        let mut owner = world.ada().await;
        let old = owner.clone();
        world.clock.step(HOUR);
        assert_eq!(owner.refresh(&world).await.status, StatusCode::OK);
        // He has the store and a token of the past, and runs our own program on them.
        let leaked = world.node(|builder| builder).await;
        let mut thief = old;
        assert_eq!(thief.refresh(&leaked).await.status, StatusCode::OK);
        assert_eq!(thief.refresh == owner.refresh, !secret_is_set);
    }
}

/// The nonce of the successor in the first window, if it were derived from this text.
fn nonce_from(stored: &str, text: &str) -> String {
    let extracted = AwsLc.hmac_sha256(b"doorward succession v1", &[stored.as_bytes()]);
    let key = AwsLc.hmac_sha256(&extracted, &[b"public", &[1]]);
    let length = u32::try_from(text.len()).unwrap().to_be_bytes();
    let parts: [&[u8]; 5] = [b"nonce", &[0], &length, text.as_bytes(), &[1, 1]];
    hex::encode(AwsLc.hmac_sha256(&key, &parts))
}

#[tokio::test]
async fn case_published_hash_derives_nothing() {
    let world = World::new().await;
    let mut owner = world.ada().await;
    let stored = world.store.keys(AppId::default()).await.unwrap().refresh.unwrap();
    let (token, hash1) = (owner.refresh_token(), owner.claims()["refreshTokenHash1"].as_str().unwrap().to_owned());
    world.clock.step(HOUR);
    assert_eq!(owner.refresh(&world).await.status, StatusCode::OK);
    let successor = owner.refresh_token();
    let nonce = successor.split('.').nth(1).unwrap();
    assert_eq!(nonce, nonce_from(stored.expose(), &token), "the whole presented token derives it");
    assert_ne!(nonce, nonce_from(stored.expose(), &hash1), "the hash that access tokens carry doesn't");
    assert!(!owner.claims().to_string().contains(nonce));
}
