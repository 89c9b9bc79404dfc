//! What the five documents say of their call, asked of `get_session`. `docs/get-session.md` names the test of each line.

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use doorward::{
    AntiCsrf, Exchange, GeneralError, GetSession, NewSession, RequestView, Session, SessionError, TransferMethod,
    UserId,
};
use doorward_service::store::StoreError;
use http::StatusCode;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::case_world::{Answer, Browser, HOUR, World, code, with_access_cookie};
use crate::watched::Fault;

const TRY_REFRESH: &str = r#"{"message":"try refresh token"}"#;
const UNAUTHORISED: &str = r#"{"message":"unauthorised"}"#;

/// The call without a framework: an exchange over the request, and what it found.
pub(crate) async fn asked(
    world: &World,
    browser: &Browser,
    method: &str,
    options: GetSession,
) -> Result<Session, SessionError> {
    world.sessions.exchange(&browser.request(method, "/")).get_session(options).await
}

/// A world where ada has refreshed, and her new token was not used yet.
pub(crate) async fn refreshed() -> (World, Browser) {
    let world = World::new().await;
    let mut ada = world.ada().await;
    world.clock.step(HOUR);
    assert_eq!(ada.refresh(&world).await.status, StatusCode::OK);
    world.store.take_log();
    (world, ada)
}

#[tokio::test]
async fn seed_call_as_an_extractor_gives_the_session_or_answers() {
    let world = World::new().await;
    let answer = world.ada().await.send(&world, "GET", "/me").await;
    assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, "ada"));
    let answer = Browser::default().send(&world, "GET", "/me").await;
    assert_eq!((answer.status, answer.body.as_str()), (StatusCode::UNAUTHORIZED, UNAUTHORISED));
    assert_eq!(Browser::default().send(&world, "GET", "/home").await.body, "nobody");
}

#[tokio::test]
async fn seed_call_without_a_framework_takes_a_view_of_the_request() {
    let world = World::new().await;
    let ada = world.ada().await;
    let (cookie, anti_csrf) = (format!("sAccessToken={}", ada.access.unwrap()), ada.anti_csrf.unwrap());
    let view =
        RequestView::new("POST", "/like").header("cookie", cookie.as_bytes()).header("anti-csrf", anti_csrf.as_bytes());
    let exchange = world.sessions.exchange(view);
    let session = exchange.get_session(GetSession::new().anti_csrf(true)).await.unwrap();
    assert_eq!(session.user_id().as_str(), "ada");
    assert!(exchange.take_edits().is_empty(), "nothing to hand on");
}

#[tokio::test]
async fn seed_call_builds_a_middleware_of_ones_own() {
    async fn guard(exchange: Exchange, request: Request, next: Next) -> Response {
        match exchange.get_session(GetSession::new().anti_csrf(true)).await {
            Ok(_) => next.run(request).await,
            Err(error) => error.into_response(),
        }
    }
    let world = World::new().await;
    let router =
        Router::new().route("/like", post(|| async { "liked" })).layer(from_fn(guard)).layer(world.sessions.layer());
    let mut ada = world.ada().await;
    let answer = router.clone().oneshot(ada.request("POST", "/like")).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    ada.anti_csrf = None;
    assert_eq!(router.oneshot(ada.request("POST", "/like")).await.unwrap().status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn seed_call_may_be_matched_by_its_three_failures() {
    // The example of the documents: 500 for a fault, 440 where the session has ended or must be refreshed.
    let world = World::with(|builder| builder.session_expired_status(440)).await;
    let status = |result: Result<Session, SessionError>| match result {
        Ok(_) => 200,
        Err(SessionError::General(_) | SessionError::Input(_)) => 500,
        Err(error @ (SessionError::Unauthorised(_) | SessionError::TryRefresh(_) | SessionError::Theft(_))) => {
            error.reply().status
        }
    };
    let ada = world.ada().await;
    let strict = GetSession::new().check_store(true);
    assert_eq!(status(asked(&world, &ada, "GET", strict).await), 200);
    assert_eq!(status(asked(&world, &Browser { anti_csrf: None, ..ada.clone() }, "POST", strict).await), 440);
    world.store.fail(Fault::Error(StoreError::Unavailable("gone".into())));
    assert_eq!(status(asked(&world, &ada, "GET", strict).await), 500);
    world.store.heal();
    world.sessions.revoke_all_sessions_for_user(&UserId::parse("ada").unwrap()).await.unwrap();
    assert_eq!(status(asked(&world, &ada, "GET", strict).await), 440);
}

#[tokio::test]
async fn seed_argument_anti_csrf_true_asks_for_the_value_and_false_for_none() {
    let world = World::new().await;
    let ada = world.ada().await;
    let bare = Browser { anti_csrf: None, ..ada.clone() };
    let wrong = Browser { anti_csrf: Some("wrong".into()), ..ada.clone() };
    for method in ["GET", "POST"] {
        assert!(asked(&world, &ada, method, GetSession::new().anti_csrf(true)).await.is_ok());
        for browser in [&bare, &wrong] {
            let checked = asked(&world, browser, method, GetSession::new().anti_csrf(true)).await;
            assert_eq!(code(checked), "access.anti_csrf", "{method}");
            assert!(asked(&world, browser, method, GetSession::new().anti_csrf(false)).await.is_ok(), "{method}");
        }
    }
}

#[tokio::test]
async fn seed_argument_anti_csrf_left_out_follows_the_method() {
    let world = World::new().await;
    let bare = Browser { anti_csrf: None, ..world.ada().await };
    for method in ["GET", "HEAD", "OPTIONS", "TRACE"] {
        assert!(asked(&world, &bare, method, GetSession::new()).await.is_ok(), "{method}");
    }
    for method in ["POST", "PUT", "PATCH", "DELETE"] {
        assert_eq!(code(asked(&world, &bare, method, GetSession::new()).await), "access.anti_csrf", "{method}");
    }
}

#[tokio::test]
async fn seed_argument_anti_csrf_counts_for_nothing_where_it_is_off() {
    let world = World::with(|builder| builder.anti_csrf(AntiCsrf::None)).await;
    let ada = world.ada().await;
    assert_eq!(ada.anti_csrf, None);
    assert!(asked(&world, &ada, "POST", GetSession::new().anti_csrf(true)).await.is_ok(), "the setting is off");
    let world = World::with(|builder| builder.transfer_fallback(TransferMethod::Header)).await;
    let answer = world.send(http::Request::post("/login").body(Body::empty()).unwrap()).await;
    let bearer = format!("Bearer {}", answer.header("st-access-token").unwrap());
    let view = RequestView::new("POST", "/").header("authorization", bearer.as_bytes());
    let session = world.sessions.exchange(view).get_session(GetSession::new().anti_csrf(true)).await;
    assert!(session.is_ok(), "no browser sends a header by itself");
}

#[tokio::test]
async fn seed_argument_access_token_comes_from_a_cookie_or_a_header() {
    let world = World::new().await;
    let token = world.ada().await.access.unwrap();
    let (cookie, bearer) = (format!("sAccessToken={token}"), format!("Bearer {token}"));
    for (name, value) in [("cookie", &cookie), ("authorization", &bearer)] {
        let exchange = world.sessions.exchange(RequestView::new("GET", "/").header(name, value.as_bytes()));
        assert_eq!(exchange.get_session(GetSession::new()).await.unwrap().user_id().as_str(), "ada", "{name}");
    }
}

#[tokio::test]
async fn seed_argument_id_refresh_token_is_not_asked_for() {
    let world = World::new().await;
    let ada = world.ada().await;
    assert!(asked(&world, &ada, "GET", GetSession::new()).await.is_ok(), "there is no third cookie");
    // A browser of that age still has one: a refresh brings it up to date.
    let cookies = format!("{}; sIdRefreshToken=old", ada.access.unwrap());
    let answer = world.send(with_access_cookie("GET", &cookies)).await;
    assert_eq!((answer.body.as_str(), answer.touches_nothing()), (TRY_REFRESH, true));
}

#[tokio::test]
async fn seed_result_session_has_handle_user_and_payload() {
    let world = World::new().await;
    let user = UserId::parse("ada").unwrap();
    let ada = world.signed_in(NewSession::for_user(user.clone()).payload(json!({ "role": "editor" }))).await;
    let session = asked(&world, &ada, "GET", GetSession::new()).await.unwrap();
    assert_eq!(session.user_id(), &user);
    assert_eq!(session.handle().as_str(), ada.claims()["sessionHandle"]);
    assert_eq!(session.payload::<Value>().unwrap()["role"], "editor");
    assert_eq!(world.sessions.session_handles_for_user(&user).await.unwrap(), [session.handle().clone()]);
}

#[tokio::test]
async fn seed_result_new_access_token_has_what_a_cookie_needs() {
    let (world, ada) = refreshed().await;
    let exchange = world.sessions.exchange(&ada.request("GET", "/"));
    let session = exchange.get_session(GetSession::new()).await.unwrap();
    let answer = Answer::of_edits(&exchange);
    let cookie = answer.set_cookies().next().unwrap();
    for part in ["sAccessToken=ey", "; Path=/; ", "; Expires=", "; HttpOnly", "; SameSite=Lax"] {
        assert!(cookie.contains(part), "{part}: {cookie}");
    }
    assert!(session.issued_at() < session.expires_at(), "created and expiry, as the result has them");
    assert!(answer.header("front-token").is_some() && answer.header("anti-csrf") == ada.anti_csrf);
}

#[tokio::test]
async fn seed_error_general_is_a_5xx_that_clears_nothing() {
    let (world, mut ada) = refreshed().await;
    world.store.fail(Fault::Error(StoreError::Unavailable("disk 7 is on fire".into())));
    let general = asked(&world, &ada, "GET", GetSession::new()).await.unwrap_err();
    assert!(matches!(&general, SessionError::General(GeneralError::Service(_))), "{general:?}");
    let answer = ada.send(&world, "GET", "/me").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.touches_nothing() && !answer.body.contains("disk 7"), "{answer:?}");
    world.store.heal();
    assert_eq!(ada.me(&world).await, StatusCode::OK, "the session goes on");
}

/// What an answer clears: the cookies by name, and the front token.
fn cleared(answer: &Answer) -> (Vec<&str>, Option<String>) {
    let cookies = answer.set_cookies().filter(|cookie| cookie.contains("=;") && cookie.contains("01 Jan 1970"));
    (cookies.filter_map(|cookie| cookie.split('=').next()).collect(), answer.header("front-token"))
}

#[tokio::test]
async fn seed_error_unauthorised_is_for_a_revoked_session_where_the_store_is_checked() {
    let world = World::new().await;
    let elsewhere = world.node(|builder| builder).await;
    let ada = world.ada().await;
    let handle = world.row(&ada).await.unwrap().key.handle;
    assert!(elsewhere.sessions.revoke_session(&handle).await.unwrap());
    assert!(asked(&world, &ada, "GET", GetSession::new()).await.is_ok(), "nobody asked the store");
    let exchange = world.sessions.exchange(&ada.request("GET", "/"));
    let error = exchange.get_session(GetSession::new().check_store(true)).await.unwrap_err();
    let SessionError::Unauthorised(unauthorised) = &error else { panic!("{error:?}") };
    assert_eq!((unauthorised.code(), unauthorised.clears_tokens()), ("session.absent", true));
    let answer = Answer::of_edits(&exchange);
    assert_eq!(cleared(&answer), (vec!["sAccessToken", "sRefreshToken"], Some("remove".into())));
}

#[tokio::test]
async fn seed_error_unauthorised_is_seen_in_the_process_that_revoked_and_at_the_first_use_after_a_refresh() {
    let (world, ada) = refreshed().await;
    let elsewhere = world.node(|builder| builder).await;
    let handle = world.row(&ada).await.unwrap().key.handle;
    assert!(elsewhere.sessions.revoke_session(&handle).await.unwrap());
    // This process has to ask because of the refresh; that one knows.
    for node in [&world, &elsewhere] {
        let answer = ada.clone().send(node, "GET", "/me").await;
        assert_eq!((answer.status, answer.body.as_str()), (StatusCode::UNAUTHORIZED, UNAUTHORISED));
        assert_eq!(cleared(&answer), (vec!["sAccessToken", "sRefreshToken"], Some("remove".into())));
    }
}

#[tokio::test]
async fn seed_error_unauthorised_without_any_token_clears_nothing() {
    let world = World::new().await;
    let exchange = world.sessions.exchange(RequestView::new("GET", "/"));
    let error = exchange.get_session(GetSession::new()).await.unwrap_err();
    let SessionError::Unauthorised(unauthorised) = &error else { panic!("{error:?}") };
    assert_eq!((unauthorised.code(), unauthorised.clears_tokens()), ("token.absent", false));
    assert!(exchange.take_edits().is_empty());
    // The refresh cookie isn't sent on this path: the browser may have one, and it stays.
    let mut ada = world.ada().await;
    ada.access = None;
    let answer = ada.send(&world, "GET", "/me").await;
    assert_eq!((answer.body.as_str(), answer.touches_nothing()), (UNAUTHORISED, true));
    assert_eq!(ada.refresh(&world).await.status, StatusCode::OK);
}

#[tokio::test]
async fn seed_error_unauthorised_may_redirect_to_a_login_page() {
    let world = World::with(|builder| {
        builder.on_unauthorised(|why, reply| {
            assert_eq!(why.code(), "token.absent");
            reply.body = r#"{"message":"unauthorised","login":"/login"}"#.into();
        })
    })
    .await;
    let answer = Browser::default().send(&world, "GET", "/me").await;
    assert!(answer.body.contains("/login"));
}

#[tokio::test]
async fn seed_error_try_refresh_is_for_a_token_that_expired_or_whose_key_changed() {
    let world = World::new().await;
    let mut ada = world.ada().await;
    let foreign = World::new().await.ada().await;
    let mut tampered = ada.clone();
    tampered.access = ada.access.as_ref().map(|token| format!("{}AAAA", &token[..token.len() - 4]));
    for (browser, expected) in
        [(&foreign, ["access.unknown_key", "access.signature"]), (&tampered, ["access.signature"; 2])]
    {
        let found = code(asked(&world, browser, "GET", GetSession::new()).await);
        assert!(expected.contains(&found), "{found}");
    }
    world.clock.step(HOUR);
    assert_eq!(code(asked(&world, &ada, "GET", GetSession::new()).await), "access.expired");
    let answer = ada.send(&world, "GET", "/me").await;
    assert_eq!((answer.status, answer.body.as_str()), (StatusCode::UNAUTHORIZED, TRY_REFRESH));
}

#[tokio::test]
async fn seed_error_try_refresh_is_for_a_missing_or_wrong_anti_csrf_value() {
    let world = World::new().await;
    let ada = world.ada().await;
    for value in [None, Some(""), Some("wrong")] {
        let mut browser = Browser { anti_csrf: value.map(str::to_owned), ..ada.clone() };
        let answer = browser.send(&world, "POST", "/me").await;
        assert_eq!((answer.status, answer.body.as_str()), (StatusCode::UNAUTHORIZED, TRY_REFRESH), "{value:?}");
    }
}

#[tokio::test]
async fn seed_error_try_refresh_removes_no_cookie() {
    let world = World::new().await;
    let mut ada = world.ada().await;
    let bare = Browser { anti_csrf: None, ..ada.clone() }.send(&world, "POST", "/me").await;
    let garbage = world.send(with_access_cookie("GET", "garbage")).await;
    world.clock.step(HOUR);
    let expired = ada.send(&world, "GET", "/me").await;
    for answer in [bare, garbage, expired] {
        assert_eq!((answer.body.as_str(), answer.touches_nothing()), (TRY_REFRESH, true));
    }
    assert_eq!(ada.refresh(&world).await.status, StatusCode::OK, "which the kit does by itself");
    assert_eq!(ada.me(&world).await, StatusCode::OK);
}

#[tokio::test]
async fn seed_status_is_401_unless_it_is_set() {
    for (set, expected) in [(None, StatusCode::UNAUTHORIZED), (Some(440), StatusCode::from_u16(440).unwrap())] {
        let world = World::with(|builder| match set {
            None => builder,
            Some(status) => builder.session_expired_status(status),
        })
        .await;
        let mut ada = world.ada().await;
        assert_eq!(Browser::default().send(&world, "GET", "/me").await.status, expected, "unauthorised");
        world.clock.step(HOUR);
        assert_eq!(ada.me(&world).await, expected, "try refresh token");
        assert_eq!(ada.refresh(&world).await.status, StatusCode::OK);
    }
}
