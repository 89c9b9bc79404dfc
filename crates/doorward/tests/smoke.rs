use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::{get, post};
use doorward::testing::{SettableClock, signed_in};
use doorward::{Algorithm, AntiCsrf, Exchange, Memory, NewSession, Session, SessionError, Sessions, UserId};
use http::{Method, Request, StatusCode};
use tower::ServiceExt as _;

async fn app(clock: &SettableClock) -> (Sessions, Router) {
    let sessions = Sessions::builder("http://localhost:3000")
        .store(Memory::new())
        .algorithm(Algorithm::EdDsa)
        .anti_csrf(AntiCsrf::ViaToken)
        .clock(clock.clone())
        .build()
        .await
        .unwrap();
    let router = Router::new()
        .route("/login", post(login))
        .route("/me", get(me))
        .merge(sessions.routes())
        .layer(sessions.layer());
    (sessions, router)
}

async fn login(exchange: Exchange) -> Result<String, SessionError> {
    let session = exchange.create_session(NewSession::for_user(UserId::parse("ada")?)).await?;
    Ok(format!("hello {}", session.user_id()))
}

async fn me(session: Session) -> String {
    session.user_id().to_string()
}

#[tokio::test]
async fn a_session_is_created_used_and_refreshed() {
    let clock = SettableClock::new();
    let (sessions, router) = app(&clock).await;
    let ada = signed_in(&sessions, "ada").await.unwrap();
    let answer = router.clone().oneshot(ada.request(Method::GET, "/me").map(|()| Body::empty())).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    clock.step(Duration::from_secs(3601));
    let answer = router.clone().oneshot(ada.request(Method::GET, "/me").map(|()| Body::empty())).await.unwrap();
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    let refresh = ada.request(Method::POST, "/auth/session/refresh").map(|()| Body::empty());
    let answer = router.clone().oneshot(refresh).await.unwrap();
    println!("{answer:#?}");
    assert_eq!(answer.status(), StatusCode::OK);
    let answer = router.oneshot(Request::get("/me").body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
}
