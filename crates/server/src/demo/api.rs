//! What the page calls: sign in, who am I, my sessions.

use std::time::Duration;

use axum::extract::{FromRequest, Request, State};
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use doorward::{Exchange, NewSession, Session, SessionError, SessionHandle, UserId};
use http::header::CONTENT_TYPE;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::{ACCESS_LIFETIME, Demo};

pub(super) fn routes() -> Router<Demo> {
    Router::new()
        .route("/login", post(login))
        .route("/api/me", get(me))
        .route("/api/hello", post(hello))
        .route("/api/expire", post(expire))
        .route("/api/sessions", get(list))
        .route("/api/sessions/revoke", post(revoke))
        .route("/api/sessions/revoke-others", post(revoke_others))
}

/// A name, and no password: this is a demo.
#[derive(Debug, Default, Deserialize)]
struct Login {
    #[serde(default)]
    name: String,
}

/// What the demo keeps beside each session.
#[derive(Debug, Default, Deserialize, Serialize)]
struct Beside {
    #[serde(default)]
    device: String,
}

async fn login(exchange: Exchange, request: Request) -> Result<Json<Value>, SessionError> {
    let is_json =
        request.headers().get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    let login = if is_json {
        Json::<Login>::from_request(request, &()).await.ok().map(|Json(login)| login)
    } else {
        Form::<Login>::from_request(request, &()).await.ok().map(|Form(login)| login)
    };
    let user = UserId::parse(login.unwrap_or_default().name.trim())?;
    let device = exchange.user_agent().unwrap_or_default().to_owned();
    let payload = json!({ "role": "guest" });
    let session = exchange.create_session(NewSession::for_user(user).payload(payload).data(Beside { device })).await?;
    Ok(Json(json!({ "user": session.user_id().as_str() })))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Me<'a> {
    user: &'a str,
    handle: &'a str,
    tenant: &'a str,
    now: u64,
    issued_at: u64,
    expires_at: u64,
    payload: Box<RawValue>,
    anti_csrf: &'static str,
}

async fn me(State(demo): State<Demo>, session: Session) -> Json<Value> {
    let me = Me {
        user: session.user_id().as_str(),
        handle: session.handle().as_str(),
        tenant: session.tenant().as_str(),
        now: demo.sessions.now().as_u64(),
        issued_at: session.issued_at().as_u64(),
        expires_at: session.expires_at().as_u64(),
        payload: RawValue::from_string(session.claims_text().to_owned()).unwrap_or_default(),
        anti_csrf: "via token",
    };
    Json(serde_json::to_value(me).unwrap_or_default())
}

async fn hello(session: Session) -> Json<Value> {
    Json(
        json!({ "message": format!("Hello {}. This request proved itself without asking the store.", session.user_id()) }),
    )
}

/// Puts the demo's clock past the end of the access token.
async fn expire(State(demo): State<Demo>, _session: Session) -> Json<Value> {
    let by = ACCESS_LIFETIME + Duration::from_secs(1);
    demo.clock.step(by);
    Json(json!({ "steppedMs": by.as_millis() as u64 }))
}

async fn list(State(demo): State<Demo>, session: Session) -> Result<Json<Value>, SessionError> {
    let mut found = demo.sessions.sessions_for_user(session.user_id()).await?;
    found.sort_by_key(|one| std::cmp::Reverse(one.created_at));
    let shown: Vec<Value> = found
        .iter()
        .map(|one| {
            json!({
                "handle": one.handle.as_str(),
                "device": one.data::<Beside>().unwrap_or_default().device,
                "createdAt": one.created_at.as_u64(),
                "refreshedAt": one.refreshed_at.map(|at| at.as_u64()),
                "expiresAt": one.expires_at.as_u64(),
                "current": one.handle == *session.handle(),
            })
        })
        .collect();
    Ok(Json(json!({ "sessions": shown })))
}

#[derive(Debug, Deserialize)]
struct Revoke {
    handle: String,
}

/// Ends one of the caller's own sessions, and no one else's.
async fn revoke(
    State(demo): State<Demo>,
    session: Session,
    Json(wanted): Json<Revoke>,
) -> Result<Json<Value>, SessionError> {
    let handle = SessionHandle::parse(&wanted.handle)?;
    if handle == *session.handle() {
        session.revoke().await?;
        return Ok(Json(json!({ "revoked": true })));
    }
    let is_own = demo.sessions.session_handles_for_user(session.user_id()).await?.contains(&handle);
    let revoked = is_own && demo.sessions.revoke_session(&handle).await?;
    Ok(Json(json!({ "revoked": revoked })))
}

async fn revoke_others(State(demo): State<Demo>, session: Session) -> Result<Json<Value>, SessionError> {
    let revoked = demo.sessions.revoke_other_sessions(&session).await?;
    Ok(Json(json!({ "revoked": revoked.len() })))
}
