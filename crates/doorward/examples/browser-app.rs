//! The app that the browser tests drive (`compat/browser`): a page with the official browser kit, an API on the same or
//! another port, and a clock that the tests step.
//!
//! `browser-app --assets DIR [--port N] [--api-port N] [--anti-csrf none|token|header]`; port 0 picks a free one.

#![expect(clippy::print_stdout, reason = "it tells the tests where it is")]

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use doorward::testing::SettableClock;
use doorward::{
    ALLOW_HEADERS, AntiCsrf, EXPOSE_HEADERS, Exchange, Memory, NewSession, Session, SessionError, Sessions, UserId,
};
use http::{HeaderName, HeaderValue, Method};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tower_http::cors::CorsLayer;

#[derive(Clone)]
struct App {
    sessions: Sessions,
    clock: SettableClock,
    refreshes: Arc<AtomicU64>,
}

struct Settings {
    assets: PathBuf,
    port: u16,
    api_port: Option<u16>,
    anti_csrf: AntiCsrf,
}

impl Settings {
    fn from_arguments() -> Result<Self, String> {
        let mut settings = Self { assets: PathBuf::new(), port: 0, api_port: None, anti_csrf: AntiCsrf::ViaToken };
        let mut arguments = std::env::args().skip(1);
        while let Some(name) = arguments.next() {
            let value = arguments.next().ok_or(format!("{name} needs a value"))?;
            let port = || value.parse().map_err(|_| format!("{name} is no port"));
            match name.as_str() {
                "--assets" => settings.assets = value.into(),
                "--port" => settings.port = port()?,
                "--api-port" => settings.api_port = Some(port()?),
                "--anti-csrf" => {
                    settings.anti_csrf = match value.as_str() {
                        "none" => AntiCsrf::None,
                        "token" => AntiCsrf::ViaToken,
                        "header" => AntiCsrf::ViaCustomHeader,
                        _ => return Err("--anti-csrf is none, token or header".into()),
                    }
                }
                _ => return Err(format!("unknown option {name}")),
            }
        }
        Ok(settings)
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let settings = Settings::from_arguments()?;
    let page = TcpListener::bind(("localhost", settings.port)).await?;
    let website = format!("http://localhost:{}", page.local_addr()?.port());
    let api = match settings.api_port {
        Some(port) => Some(TcpListener::bind(("localhost", port)).await?),
        None => None,
    };
    let origin = match &api {
        Some(listener) => format!("http://localhost:{}", listener.local_addr()?.port()),
        None => website.clone(),
    };
    let clock = SettableClock::new();
    let sessions = Sessions::builder(&origin)
        .website(&website)
        .store(Memory::new())
        .anti_csrf(settings.anti_csrf)
        .clock(clock.clone())
        .build()
        .await?;
    let app = App { sessions, clock, refreshes: Arc::default() };
    let pages = pages(settings.assets);
    let routes = routes(app, &website)?;
    println!("page {website}");
    println!("api {origin}");
    match api {
        None => axum::serve(page, pages.merge(routes)).await?,
        Some(api) => {
            tokio::try_join!(axum::serve(page, pages).into_future(), axum::serve(api, routes).into_future())?;
        }
    }
    Ok(())
}

fn routes(app: App, website: &str) -> Result<Router, Box<dyn std::error::Error>> {
    let names = |names: &[&'static str]| names.iter().map(|name| HeaderName::from_static(name)).collect::<Vec<_>>();
    let mut allowed = names(&ALLOW_HEADERS);
    allowed.push(http::header::CONTENT_TYPE);
    let cors = CorsLayer::new()
        .allow_origin(HeaderValue::from_str(website)?)
        .allow_credentials(true)
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::DELETE])
        .allow_headers(allowed)
        .expose_headers(names(&EXPOSE_HEADERS));
    Ok(Router::new()
        .route("/login", post(login))
        .route("/me", get(me))
        .route("/write", post(write))
        .route("/revoke-me", post(revoke_me))
        .merge(app.sessions.routes())
        .layer(app.sessions.layer())
        .layer(from_fn_with_state(app.clone(), count_refreshes))
        .route("/test/step", post(step))
        .route("/test/counters", get(counters))
        .with_state(app)
        .layer(cors))
}

#[derive(Deserialize)]
struct Login {
    user: String,
    payload: Option<Value>,
}

async fn login(exchange: Exchange, Json(login): Json<Login>) -> Result<Json<Value>, SessionError> {
    let payload = login.payload.unwrap_or_else(|| json!({}));
    let new = NewSession::for_user(UserId::parse(&login.user)?).payload(payload);
    let session = exchange.create_session(new).await?;
    Ok(Json(json!({ "user": session.user_id().as_str() })))
}

async fn me(session: Session) -> Json<Value> {
    Json(json!({ "user": session.user_id().as_str(), "handle": session.handle().as_str() }))
}

async fn write(_session: Session) -> Json<Value> {
    Json(json!({ "ok": true }))
}

/// Ends the session as an administrator would: in the store, while the browser keeps its cookies.
async fn revoke_me(State(app): State<App>, session: Session) -> Result<Json<Value>, SessionError> {
    let revoked = app.sessions.revoke_session(session.handle()).await?;
    Ok(Json(json!({ "revoked": revoked })))
}

async fn count_refreshes(State(app): State<App>, request: Request, next: Next) -> Response {
    if request.method() == Method::POST && request.uri().path() == app.sessions.refresh_route() {
        app.refreshes.fetch_add(1, Ordering::SeqCst);
    }
    next.run(request).await
}

#[derive(Deserialize)]
struct Step {
    ms: u64,
}

async fn step(State(app): State<App>, Json(step): Json<Step>) {
    app.clock.step(Duration::from_millis(step.ms));
}

async fn counters(State(app): State<App>) -> Json<Value> {
    Json(json!({ "refresh": app.refreshes.load(Ordering::SeqCst) }))
}

fn pages(assets: PathBuf) -> Router {
    let file = |name: &'static str, kind: &'static str| {
        let path = assets.join(name);
        get(move || async move {
            let text = std::fs::read(path).unwrap_or_default();
            ([(http::header::CONTENT_TYPE, kind)], text)
        })
    };
    Router::new()
        .route("/", file("page.html", "text/html; charset=utf-8"))
        .route("/page.js", file("page.js", "text/javascript; charset=utf-8"))
        .route("/supertokens.js", file("supertokens.js", "text/javascript; charset=utf-8"))
}
