//! The axum adapter: where the layer stands, what it writes into, and what it never does.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use doorward::{ALLOW_HEADERS, EXPOSE_HEADERS, Exchange, GetSession, NewSession, Session, SessionError};
use http::{HeaderName, HeaderValue, Method, StatusCode};
use tower::ServiceExt as _;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::CorsLayer;

use crate::app::{App, Way, user};
use crate::client::{Answer, Call};

async fn app() -> App {
    App::new(Way::Axum).await
}

async fn login(exchange: Exchange) -> Result<String, SessionError> {
    let session = exchange.create_session(NewSession::for_user(user("ada"))).await?;
    Ok(session.user_id().to_string())
}

async fn me(session: Session) -> String {
    session.user_id().to_string()
}

async fn ask(router: &Router, call: Call) -> Answer {
    Answer::of(router.clone().oneshot(call.to_request()).await.unwrap()).await
}

#[tokio::test]
async fn below_nest_the_gateway_path_is_the_prefix() {
    let mut app = App::with(Way::Axum, |builder| builder.gateway_path("/api")).await;
    let inner = Router::new()
        .route("/login", post(login))
        .route("/me", get(me))
        .merge(app.sessions.routes())
        .layer(app.sessions.layer());
    app.router = Router::new().nest("/api", inner);
    let mut browser = app.browser();
    browser.post("/api/login").await.assert_ok();
    assert_eq!(browser.get("/api/me").await.assert_ok().body, "ada");
    assert!(browser.cookies("/api/auth/session/refresh").contains("sRefreshToken"));
    browser.post("/api/auth/session/refresh").await.assert_ok();
    assert_eq!(browser.get("/api/me").await.assert_ok().body, "ada");
    browser.post("/api/auth/signout").await.assert_ok();
    assert_eq!(browser.post("/auth/signout").await.status, 404);
}

#[tokio::test]
async fn beside_nest_the_base_path_has_the_prefix_itself() {
    let mut app = App::with(Way::Axum, |builder| builder.base_path("/api/auth")).await;
    let inner = Router::new().route("/login", post(login)).route("/me", get(me));
    app.router = Router::new().nest("/api", inner).merge(app.sessions.routes()).layer(app.sessions.layer());
    let mut browser = app.browser();
    browser.post("/api/login").await.assert_ok();
    browser.post("/api/auth/session/refresh").await.assert_ok();
    assert!(browser.get("/api/me").await.carries_access_token());
    browser.post("/api/auth/signout").await.assert_ok();
}

#[tokio::test]
async fn a_fallback_may_have_a_session_and_a_state() {
    async fn fallback(State(name): State<&'static str>, session: Option<Session>) -> String {
        format!("{name} {}", session.map_or("nobody".to_owned(), |session| session.user_id().to_string()))
    }
    let mut app = app().await;
    app.router = Router::new()
        .route("/login", post(login))
        .merge(app.sessions.routes())
        .fallback(fallback)
        .with_state("state")
        .layer(app.sessions.layer());
    let mut browser = app.browser();
    assert_eq!(browser.get("/any/where").await.assert_ok().body, "state nobody");
    browser.post("/login").await.assert_ok();
    browser.refresh().await.assert_ok();
    let answer = browser.get("/any/where").await;
    assert_eq!(answer.assert_ok().body, "state ada");
    assert!(answer.carries_access_token());
    assert_eq!(browser.get("/auth/signout").await.status, 405);
}

fn cors() -> CorsLayer {
    let names = |names: &[&'static str]| names.iter().map(|name| HeaderName::from_static(name)).collect::<Vec<_>>();
    CorsLayer::new()
        .allow_origin(HeaderValue::from_static("http://localhost:8080"))
        .allow_methods([Method::GET, Method::POST])
        .allow_credentials(true)
        .allow_headers([names(&ALLOW_HEADERS), names(&["content-type"])].concat())
        .expose_headers([names(&EXPOSE_HEADERS), names(&["x-own"])].concat())
}

#[tokio::test]
async fn a_cors_layer_outermost_answers_preflights_and_exposes_our_headers() {
    let mut app = app().await;
    app.router = app.router.clone().layer(cors());
    let preflight = Call::new(Method::OPTIONS, "/me")
        .header("origin", "http://localhost:8080")
        .header("access-control-request-method", "GET")
        .header("access-control-request-headers", "rid,fdi-version,anti-csrf,authorization,st-auth-mode");
    let answer = ask(&app.router, preflight).await;
    assert_eq!(answer.assert_ok().header("access-control-allow-credentials"), Some("true"));
    let allowed = answer.header("access-control-allow-headers").unwrap();
    for name in ALLOW_HEADERS {
        assert!(allowed.split(',').any(|known| known == name), "{name} in {allowed}");
    }
    answer.assert_untouched();

    let mut browser = app.browser().with_headers();
    let new = NewSession::for_user(user("ada"));
    let answer = browser.send(Call::create(new).header("origin", "http://localhost:8080")).await;
    let exposed = answer.assert_ok().header("access-control-expose-headers").unwrap();
    for name in EXPOSE_HEADERS.iter().chain(&["x-own"]) {
        assert!(exposed.split(',').any(|known| known.trim() == *name), "{name} in {exposed}");
    }
    let refused = ask(&app.router, Call::get("/me").header("origin", "http://localhost:8080")).await;
    refused.assert_refused("unauthorised");
    assert_eq!(refused.header("access-control-allow-origin"), Some("http://localhost:8080"));
}

#[tokio::test]
async fn a_layer_between_may_add_to_the_list_of_exposed_headers() {
    let mut app = app().await;
    app.router = Router::new()
        .route("/login", post(login))
        .layer(axum::middleware::map_response(async |mut answer: Response| {
            let headers = answer.headers_mut();
            headers.append("access-control-expose-headers", HeaderValue::from_static("x-one, Front-Token"));
            headers.append("access-control-expose-headers", HeaderValue::from_static("x-two"));
            answer
        }))
        .layer(app.sessions.layer());
    let answer = app.browser().post("/login").await;
    assert_eq!(answer.assert_ok().header("access-control-expose-headers"), Some("x-one, Front-Token, x-two"));
}

#[tokio::test]
async fn a_handler_that_refuses_after_it_created_a_session_hands_it_out() {
    async fn refuses(exchange: Exchange) -> Result<String, StatusCode> {
        login(exchange).await.unwrap();
        Err(StatusCode::FORBIDDEN)
    }
    let mut app = app().await;
    app.router = Router::new().route("/login", post(refuses)).route("/me", get(me)).layer(app.sessions.layer());
    let mut browser = app.browser();
    let answer = browser.post("/login").await;
    assert_eq!((answer.status, answer.header("cache-control")), (403, Some("no-store")));
    assert_eq!(browser.get("/me").await.assert_ok().body, "ada");
}

#[tokio::test]
async fn a_token_that_changed_is_in_a_403_of_the_handler() {
    async fn editors_only(_: Session) -> StatusCode {
        StatusCode::FORBIDDEN
    }
    let mut app = app().await;
    app.router = Router::new()
        .route("/login", post(login))
        .route("/edit", get(editors_only))
        .merge(app.sessions.routes())
        .layer(app.sessions.layer());
    let mut browser = app.browser();
    browser.post("/login").await.assert_ok();
    browser.refresh().await.assert_ok();
    let answer = browser.get("/edit").await;
    assert_eq!(answer.status, 403);
    assert!(answer.carries_access_token());
    let answer = browser.get("/edit").await;
    assert_eq!(answer.status, 403);
    answer.assert_untouched();
}

#[tokio::test]
async fn an_edit_after_the_head_is_stored_and_an_error_to_its_caller() {
    type Errors = Arc<Mutex<Vec<SessionError>>>;
    async fn streams(State(errors): State<Errors>, exchange: Exchange, mut session: Session) -> Response {
        let stream = futures_util::stream::once(async move {
            let merged = session.merge_into_access_token_payload(serde_json::json!({ "late": true })).await;
            let created = exchange.create_session(NewSession::for_user(user("late"))).await;
            errors.lock().unwrap().extend([merged.unwrap_err(), created.unwrap_err()]);
            // What is only asked goes on.
            let session = exchange.get_session(GetSession::new()).await.unwrap();
            Ok::<_, std::convert::Infallible>(session.user_id().to_string())
        });
        Body::from_stream(stream).into_response()
    }
    let (mut app, errors) = (app().await, Errors::default());
    app.router = Router::new()
        .route("/login", post(login))
        .route("/stream", get(streams))
        .with_state(Arc::clone(&errors))
        .layer(app.sessions.layer());
    let mut browser = app.browser();
    browser.post("/login").await.assert_ok();
    let (answer, log) = crate::log::captured(async { browser.get("/stream").await }).await;
    assert_eq!(answer.assert_ok().body, "ada");
    answer.assert_untouched();
    let codes: Vec<_> = errors.lock().unwrap().iter().map(SessionError::code).collect();
    assert_eq!(codes, ["exchange.head_sent", "exchange.head_sent"]);
    assert!(log.contains("doorward.head_sent"), "{log}");
    assert!(app.store.rows("ada").await[0].payload.as_str().contains("late"));
    assert_eq!(app.store.rows("late").await.len(), 1);
}

#[tokio::test]
async fn a_handler_that_panics_is_a_500_and_leaves_the_session_whole() {
    async fn panics(exchange: Exchange, session: Session) -> String {
        drop((exchange, session));
        panic!("a bug of the handler")
    }
    for inside in [true, false] {
        let mut app = app().await;
        let routes = Router::new().route("/login", post(login)).route("/panic", get(panics)).route("/me", get(me));
        let routes = routes.merge(app.sessions.routes());
        app.router = match inside {
            true => routes.layer(CatchPanicLayer::new()).layer(app.sessions.layer()),
            false => routes.layer(app.sessions.layer()).layer(CatchPanicLayer::new()),
        };
        let mut browser = app.browser();
        browser.post("/login").await.assert_ok();
        browser.refresh().await.assert_ok();
        let answer = browser.get("/panic").await;
        assert_eq!(answer.status, 500);
        assert_eq!(answer.carries_access_token(), inside, "the layer writes what happened inside of it");
        assert!(answer.cleared_cookies().is_empty());
        browser.get("/me").await.assert_ok();
        browser.refresh().await.assert_ok();
        browser.get("/me").await.assert_ok();
    }
}

#[tokio::test]
async fn an_extractor_without_the_layer_is_a_500_that_names_it() {
    async fn optional(_: Option<Session>) {}
    async fn exchange(_: Exchange) {}
    let app = app().await;
    let routes = Router::new().route("/me", get(me)).route("/home", get(optional)).route("/do", get(exchange));
    let router = routes.merge(app.sessions.routes());
    for call in [Call::get("/me"), Call::get("/home"), Call::get("/do"), Call::post("/auth/session/refresh")] {
        let answer = ask(&router, call).await;
        answer.assert_error(500, "exchange.no_layer");
        assert!(answer.body.contains(".layer(sessions.layer())"), "{}", answer.body);
    }
}

#[tokio::test]
async fn of_two_layers_one_counts() {
    let mut app = app().await;
    app.router = Router::new()
        .route("/login", post(login))
        .route("/me", get(me))
        .layer(app.sessions.layer())
        .merge(app.sessions.routes())
        .layer(app.sessions.layer());
    let mut browser = app.browser();
    assert_eq!(browser.post("/login").await.assert_ok().set_cookies().len(), 2);
    assert_eq!(browser.refresh().await.assert_ok().set_cookies().len(), 2);
    assert_eq!(browser.get("/me").await.assert_ok().set_cookies().len(), 1);
}

#[tokio::test]
async fn cookies_of_the_handler_stay_beside_ours() {
    let app = app().await;
    let answer = app.browser().login("ada").await;
    let all: Vec<_> = answer.headers.get_all("set-cookie").iter().map(|line| line.to_str().unwrap()).collect();
    assert_eq!((all.len(), all[0]), (3, "own=1; Path=/"));
}

#[tokio::test]
async fn tokens_are_marked_so_that_http_2_and_logs_leave_them_out() {
    let mut app = app().await;
    app.router = Router::new().route("/login", post(login)).layer(app.sessions.layer());
    let answer = app.browser().with_headers().post("/login").await;
    for name in ["st-access-token", "st-refresh-token", "front-token"] {
        assert!(answer.headers[name].is_sensitive(), "{name}");
    }
    let answer = app.browser().post("/login").await;
    assert!(answer.headers.get_all("set-cookie").iter().all(HeaderValue::is_sensitive));
}

#[tokio::test]
async fn head_and_options_reach_their_handlers_as_get_does() {
    let app = app().await;
    let mut browser = app.browser();
    browser.login("ada").await;
    browser.refresh().await.assert_ok();
    let answer = browser.send(Call::new(Method::HEAD, "/me")).await;
    assert!(answer.assert_ok().body.is_empty() && answer.carries_access_token());
    let answer = browser.send(Call::new(Method::OPTIONS, "/me")).await;
    assert_eq!(answer.status, 405, "the application has no handler for it");
    let options = Call::by(Method::OPTIONS, crate::app::Deed::get(GetSession::new()));
    assert_eq!(browser.send(options).await.shown("user"), "ada");
}

#[tokio::test]
async fn a_handler_that_wants_no_session_is_left_alone() {
    let mut app = app().await;
    app.router = Router::new().route("/", get(async || "plain")).layer(app.sessions.layer());
    let mut browser = app.browser();
    browser.set_cookie("sAccessToken=garbage; Path=/");
    browser.set_cookie("sIdRefreshToken=old; Path=/");
    let answer = browser.get("/").await;
    assert_eq!((answer.status, &*answer.body), (200, "plain"));
    answer.assert_untouched();
    assert_eq!(answer.header("access-control-expose-headers"), None);
}

#[tokio::test]
async fn a_device_is_known_by_what_it_says_of_itself() {
    let app = app().await;
    let deed = crate::app::Deed::new(|exchange| async move { Ok(exchange.user_agent().unwrap_or("none").to_owned()) });
    let mut browser = app.browser();
    assert_eq!(browser.send(Call::to(deed.clone())).await.body, "none");
    let call = Call::to(deed).header("user-agent", "x".repeat(2000));
    assert_eq!(browser.send(call).await.body.len(), 512);
}
