//! Cases about ending sessions: what is gone stays gone, and nobody ends what isn't theirs.

use doorward::{GetSession, NewSession, UserId};
use http::{Request, StatusCode};
use serde_json::json;

use crate::case_world::{Browser, HOUR, REFRESH, SIGN_OUT, World, base64url, claims_text, code};
use crate::watched::{Fault, Op, Side};

const UNAUTHORISED: &str = r#"{"message":"unauthorised"}"#;

#[tokio::test]
async fn case_cve_2025_29928_authentik_a_deleted_session_is_refused_everywhere() {
    for cache in [0, 100] {
        let one = World::with(|builder| builder.verified_token_cache(cache)).await;
        let two = one.node(|builder| builder.verified_token_cache(cache)).await;
        let mut ada = one.ada().await;
        // Both processes know the token by now.
        for node in [&one, &two] {
            assert_eq!(ada.clone().me(node).await, StatusCode::OK);
        }
        let handle = one.row(&ada).await.unwrap().key.handle;
        assert!(one.sessions.revoke_session(&handle).await.unwrap());
        assert_eq!(one.store.rows_left().await, 0, "the row is gone, not a cache's entry");
        assert_eq!(ada.clone().send(&one, "GET", "/me").await.body, UNAUTHORISED);
        // Another process finds it gone as soon as it asks.
        let request = ada.request("GET", "/me");
        let exchange = two.sessions.exchange(&request);
        let checked = exchange.get_session(GetSession::new().check_store(true)).await;
        assert_eq!(code(checked), "session.absent");
        let answer = ada.refresh(&two).await;
        assert_eq!((answer.body.as_str(), answer.clears()), (UNAUTHORISED, true));
    }
}

#[tokio::test]
async fn case_better_auth_11073_revoke_by_user_ends_every_session_and_no_refresh_brings_one_back() {
    let world = World::new().await;
    let mut all = Vec::new();
    for _ in 0..250 {
        all.push(world.ada().await);
    }
    let eve = world.signed_in(NewSession::for_user(UserId::parse("ada2").unwrap())).await;
    let ada = UserId::parse("ada").unwrap();
    assert_eq!(world.sessions.session_handles_for_user(&ada).await.unwrap().len(), 250, "over more pages than one");
    let ended = world.sessions.revoke_all_sessions_for_user(&ada).await.unwrap();
    assert_eq!(ended.len(), 250);
    for browser in &mut all {
        assert_eq!(browser.refresh(&world).await.body, UNAUTHORISED);
    }
    assert!(world.sessions.session_handles_for_user(&ada).await.unwrap().is_empty());
    assert_eq!(world.store.rows_left().await, 1, "a user whose name begins alike keeps hers");
    assert_eq!(eve.clone().refresh(&world).await.status, StatusCode::OK);
    // A store that can't be asked is an error, never "nothing to revoke".
    world.store.fail(Fault::Error(doorward_service::store::StoreError::Unavailable("gone".into())));
    assert_eq!(code(world.sessions.revoke_all_sessions_for_user(&ada).await), "store.unavailable");
}

#[tokio::test]
async fn case_starsessions_58_a_slow_request_does_not_restore_a_session_that_was_signed_out() {
    for merges in [false, true] {
        let world = World::new().await;
        let mut ada = world.ada().await;
        let request = ada.request("GET", "/slow");
        let exchange = world.sessions.exchange(&request);
        let mut session = exchange.get_session(GetSession::new()).await.unwrap();
        // The slow request stands before its write when the user signs out.
        let mut held = world.store.hold(Op::Commit, Side::Before);
        let slow = tokio::spawn(async move {
            if merges {
                session.merge_into_access_token_payload(json!({ "cart": 3 })).await
            } else {
                session.update_data(json!({ "cart": 3 })).await
            }
        });
        if merges {
            // A merge reads the row before it writes.
            tokio::task::yield_now().await;
        }
        held.reached().await;
        assert_eq!(ada.send(&world, "POST", SIGN_OUT).await.body, r#"{"status":"OK"}"#);
        held.go_on();
        assert_eq!(code(slow.await.unwrap()), "session.absent");
        assert_eq!(world.store.rows_left().await, 0);
        let edits = exchange.take_edits();
        assert!(edits.iter().all(|edit| edit.name != "set-cookie" || edit.value.expose().contains("=;")));
    }
}

#[tokio::test]
async fn case_ghsa_xg6x_h9c9_2m83_better_auth_a_pending_session_never_reads_as_full() {
    let world = World::with(|builder| builder.verified_token_cache(100)).await;
    let pending = NewSession::for_user(UserId::parse("ada").unwrap()).payload(json!({ "mfa": "pending" }));
    let mut ada = world.signed_in(pending).await;
    let reads = async |browser: &Browser, check: bool| {
        let request = browser.request("GET", "/");
        let exchange = world.sessions.exchange(&request);
        let session = exchange.get_session(GetSession::new().check_store(check)).await.unwrap();
        session.payload::<serde_json::Value>().unwrap()["mfa"].clone()
    };
    let before = ada.clone();
    assert_eq!(reads(&before, false).await, "pending");
    let request = ada.request("POST", "/second-factor");
    let exchange = world.sessions.exchange(&request);
    let mut session = exchange.get_session(GetSession::new()).await.unwrap();
    session.merge_into_access_token_payload(json!({ "mfa": "done" })).await.unwrap();
    ada.keep(&crate::case_world::Answer::of_edits(&exchange));
    assert_eq!(reads(&ada, false).await, "done", "the new token says so at once");
    assert_eq!(reads(&before, false).await, "pending", "the old token says what it said, cached or not");
    // The level falls again: whoever asks the store sees it, and the full token is replaced.
    let handle = world.row(&ada).await.unwrap().key.handle;
    assert!(world.sessions.merge_into_access_token_payload(&handle, json!({ "mfa": "pending" })).await.unwrap());
    assert_eq!(reads(&ada, true).await, "pending");
    world.clock.step(HOUR);
    assert_eq!(ada.refresh(&world).await.status, StatusCode::OK);
    assert_eq!(ada.claims()["mfa"], "pending", "claims are taken from the row at each refresh");
}

#[tokio::test]
async fn case_winfunc_multi_session_no_handle_is_taken_from_an_unverified_cookie() {
    let world = World::new().await;
    let (ada, eve) = (world.ada().await, world.ada().await);
    let (ours, theirs) = (ada.access.clone().unwrap(), eve.access.clone().unwrap());
    let parts: Vec<_> = theirs.split('.').collect();
    let swapped = format!("{}.{}.{}", parts[0], base64url(claims_text(&ours).as_bytes()), parts[2]);
    let handle = ada.claims()["sessionHandle"].as_str().unwrap().to_owned();
    for cookie in [
        format!("sAccessToken={swapped}"),
        format!("sAccessToken={handle}"),
        format!("sAccessToken={handle}.{}", parts[2]),
        format!("sAccessToken_multi-1={ours}"),
        format!("sIdRefreshToken={handle}"),
        format!("sRefreshToken={}", ada.refresh.clone().unwrap()),
        format!("sessionHandle={handle}"),
    ] {
        for path in [SIGN_OUT, "/me"] {
            let mut request = Request::post(path).header("cookie", &cookie);
            if let Some(value) = &ada.anti_csrf {
                request = request.header("anti-csrf", value);
            }
            let answer = world.send(request.body(axum::body::Body::empty()).unwrap()).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{cookie}");
        }
        assert_eq!(world.store.rows_left().await, 2, "{cookie}");
    }
    // A refresh token that nobody sealed names no session either.
    let mut forged = ada.clone();
    forged.refresh = Some(format!("{}.{}.V2", base64url(handle.as_bytes()), "ab".repeat(32)));
    assert_eq!(forged.refresh(&world).await.body, UNAUTHORISED);
    assert_eq!(world.store.rows_left().await, 2);
    assert_eq!(ada.clone().send(&world, "POST", SIGN_OUT).await.status, StatusCode::OK);
    assert_eq!(world.store.rows_left().await, 1, "and the real one does");
}

#[tokio::test]
async fn case_better_auth_9991_no_get_changes_a_session() {
    let world = World::new().await;
    let mut ada = world.ada().await;
    for path in [SIGN_OUT, REFRESH] {
        for method in ["GET", "HEAD", "OPTIONS"] {
            let answer = ada.send(&world, method, path).await;
            assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
            assert!(answer.touches_nothing(), "{method} {path}");
        }
    }
    assert_eq!(world.store.take_log(), [], "the store wasn't asked");
    assert_eq!(ada.me(&world).await, StatusCode::OK);
}
