//! One application that is served two ways: by axum, and by the exchange alone. Each scenario runs both ways.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{any, get};
use axum::{Extension, Router};
use doorward::testing::SettableClock;
use doorward::{
    Algorithm, Edit, Exchange, GetSession, How, Memory, Millis, NewSession, RequestView, Session, SessionError,
    Sessions, SessionsBuilder, Store, UserId,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use tower::ServiceExt as _;

use crate::client::{Answer, Browser, Call};
use crate::watched::Watched;

/// Fri, 15 Jan 2027 08:00:00 GMT.
pub(crate) const START: Millis = Millis::saturating(1_800_000_000_000);

/// How an application is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// By the axum router, with layer, extractors and routes.
    Axum,
    /// With no framework, by `Sessions::exchange`.
    Bare,
}

/// Runs a scenario both ways.
pub(crate) async fn both(scenario: impl AsyncFn(Way)) {
    for way in [Way::Axum, Way::Bare] {
        eprintln!("served by {way:?}");
        scenario(way).await;
    }
}

type Done = Pin<Box<dyn Future<Output = Result<String, SessionError>> + Send>>;

/// What a handler does with its exchange.
#[derive(Clone)]
pub(crate) struct Deed(Arc<dyn Fn(Exchange) -> Done + Send + Sync>);

impl Deed {
    pub(crate) fn new<F>(deed: impl Fn(Exchange) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<String, SessionError>> + Send + 'static,
    {
        Self(Arc::new(move |exchange| Box::pin(deed(exchange))))
    }

    pub(crate) fn create(new: NewSession) -> Self {
        Self::new(move |exchange| {
            let new = new.clone();
            async move { exchange.create_session(new).await.map(|session| shown(&session)) }
        })
    }

    pub(crate) fn get(options: GetSession) -> Self {
        Self::new(move |exchange| async move { exchange.get_session(options).await.map(|session| shown(&session)) })
    }

    pub(crate) fn get_optional(options: GetSession) -> Self {
        Self::new(move |exchange| async move {
            Ok(exchange.get_optional_session(options).await?.map_or("nobody".to_owned(), |session| shown(&session)))
        })
    }
}

/// What a page of the application shows of a session.
pub(crate) fn shown(session: &Session) -> String {
    serde_json::json!({
        "user": session.user_id().as_str(),
        "handle": session.handle().as_str(),
        "tenant": session.tenant().as_str(),
        "payload": session.payload_text(),
    })
    .to_string()
}

pub(crate) fn user(name: &str) -> UserId {
    UserId::parse(name).unwrap()
}

/// An application over a store.
pub(crate) struct App {
    pub(crate) way: Way,
    pub(crate) sessions: Sessions,
    pub(crate) router: Router,
    pub(crate) clock: SettableClock,
    pub(crate) store: Watched,
    pub(crate) host: &'static str,
}

/// The store of an application under test. Any store that passes the contract will do.
pub(crate) fn fresh_store() -> Arc<dyn Store> {
    Arc::new(Memory::new())
}

impl App {
    pub(crate) async fn new(way: Way) -> Self {
        Self::with(way, |builder| builder).await
    }

    pub(crate) async fn with(way: Way, set: impl FnOnce(SessionsBuilder) -> SessionsBuilder) -> Self {
        Self::at(way, "localhost", "http://localhost:3000", set).await
    }

    /// An API at another origin.
    pub(crate) async fn at(
        way: Way,
        host: &'static str,
        origin: &str,
        set: impl FnOnce(SessionsBuilder) -> SessionsBuilder,
    ) -> Self {
        let (store, clock) = (Watched::new(fresh_store()), SettableClock::at(START));
        let builder = Sessions::builder(origin);
        let sessions = set(builder.store(store.clone()).algorithm(Algorithm::EdDsa).clock(clock.clone()));
        let sessions = sessions.build().await.unwrap();
        let router = router(&sessions);
        Self { way, sessions, router, clock, store, host }
    }

    /// Another process on the same store.
    pub(crate) async fn sibling(&self, set: impl FnOnce(SessionsBuilder) -> SessionsBuilder) -> Self {
        let builder = Sessions::builder("http://localhost:3000").store(self.store.clone());
        let sessions = set(builder.algorithm(Algorithm::EdDsa).clock(self.clock.clone())).build().await.unwrap();
        let router = router(&sessions);
        Self { sessions, router, clock: self.clock.clone(), store: self.store.clone(), ..*self }
    }

    /// The same application by another name.
    pub(crate) fn alias(&self) -> Self {
        let Self { way, sessions, router, clock, store, host } = self;
        let (sessions, router) = (sessions.clone(), router.clone());
        Self { way: *way, sessions, router, clock: clock.clone(), store: store.clone(), host }
    }

    pub(crate) fn browser(&self) -> Browser<'_> {
        Browser::new(self)
    }

    /// Serves one request, whose headers are all there.
    pub(crate) async fn serve(&self, call: &Call) -> Answer {
        match self.way {
            Way::Axum => {
                let answer = self.router.clone().oneshot(call.to_request()).await.unwrap();
                Answer::of(answer).await
            }
            Way::Bare => {
                let mut view = RequestView::new(call.method.as_str(), &call.path);
                for (name, value) in &call.headers {
                    view = view.header(name, value);
                }
                self.serve_bare(view, call).await
            }
        }
    }

    async fn serve_bare(&self, view: RequestView<'_>, call: &Call) -> Answer {
        let exchange = self.sessions.exchange(view);
        let path = call.path.split('?').next().unwrap_or_default();
        let result = match path {
            "/me" => exchange.get_session(GetSession::new()).await.map(|session| shown(&session)),
            "/home" => {
                let session = exchange.get_optional_session(GetSession::new()).await;
                session.map(|session| session.map_or("nobody".to_owned(), |session| shown(&session)))
            }
            path if path == self.sessions.refresh_route() => exchange.refresh_session().await.map(|_| "{}".to_owned()),
            path if path == self.sessions.sign_out_route() => {
                exchange.sign_out().await.map(|()| r#"{"status":"OK"}"#.to_owned())
            }
            _ => (call.deed.clone().unwrap().0)(exchange.clone()).await,
        };
        let mut headers = HeaderMap::new();
        let (status, body) = match result {
            Ok(body) => {
                add_own_headers(&mut headers);
                (200, body)
            }
            Err(error) => {
                let reply = error.reply();
                headers.insert("content-type", HeaderValue::from_static("application/json"));
                (reply.status, reply.body.into_owned())
            }
        };
        exchange.take_edits().iter().for_each(|edit| write(edit, &mut headers));
        Answer { status, headers, body }
    }

    /// Signs a token with the key of this application, whatever it says.
    pub(crate) async fn signed(&self, header: &str, claims: &str) -> String {
        use base64::Engine as _;
        use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
        use doorward_engine::crypto::Crypto as _;
        let keys = self.store.inner().keys(doorward::AppId::default()).await.unwrap();
        let key = doorward_crypto::AwsLc.parse_signing_key(&keys.signing[0].value).unwrap();
        let text = format!("{}.{}", BASE64.encode(header), BASE64.encode(claims));
        let signature = key.sign(text.as_bytes()).unwrap();
        format!("{text}.{}", BASE64.encode(signature))
    }
}

/// What the application's own handlers say of every answer that is no refusal.
fn add_own_headers(headers: &mut HeaderMap) {
    headers.insert("cache-control", HeaderValue::from_static("public, max-age=600"));
    headers.insert("access-control-expose-headers", HeaderValue::from_static("x-own"));
    headers.append("set-cookie", HeaderValue::from_static("own=1; Path=/"));
}

/// Carries out an edit as its documentation says.
fn write(edit: &Edit, headers: &mut HeaderMap) {
    let name = HeaderName::from_static(edit.name);
    let value = match edit.how {
        How::Append | How::Set => edit.value.expose().to_owned(),
        How::AddToList => edit.merged_into(headers.get_all(&name).iter().map(|value| value.to_str().unwrap())),
    };
    let value = HeaderValue::try_from(value).unwrap();
    match edit.how {
        How::Append => headers.append(name, value),
        How::Set | How::AddToList => headers.insert(name, value).is_some(),
    };
}

fn router(sessions: &Sessions) -> Router {
    Router::new()
        .route("/me", get(me).post(me))
        .route("/home", get(home).post(home))
        .route("/do", any(deed))
        .merge(sessions.routes())
        .layer(sessions.layer())
}

fn own(body: String) -> Response {
    let mut answer = (StatusCode::OK, body).into_response();
    add_own_headers(answer.headers_mut());
    answer
}

async fn me(session: Session) -> Response {
    own(shown(&session))
}

async fn home(session: Option<Session>) -> Response {
    own(session.map_or("nobody".to_owned(), |session| shown(&session)))
}

async fn deed(exchange: Exchange, Extension(Deed(deed)): Extension<Deed>) -> Result<Response, SessionError> {
    deed(exchange).await.map(own)
}

impl Call {
    pub(crate) fn to_request(&self) -> http::Request<Body> {
        let mut request = http::Request::new(Body::empty());
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.path.parse().unwrap();
        for (name, value) in &self.headers {
            let name = HeaderName::try_from(name).unwrap();
            request.headers_mut().append(name, HeaderValue::from_bytes(value).unwrap());
        }
        if let Some(deed) = &self.deed {
            request.extensions_mut().insert(deed.clone());
        }
        request
    }
}
