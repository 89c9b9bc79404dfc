//! What the cases share: an application, a browser that keeps what it is given, a store that counts, and forged tokens.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::routing::{any, get, post};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use doorward::testing::SettableClock;
use doorward::{
    Algorithm, AntiCsrf, AppId, Exchange, Memory, NewSession, RequestView, Session, SessionError, Sessions,
    SessionsBuilder, Store, UserId,
};
use doorward_crypto::AwsLc;
use doorward_engine::crypto::{Crypto as _, SigningKey};
use doorward_engine::id::KeyId;
use doorward_engine::session::record::Row;
use http::{HeaderMap, Request, StatusCode, header};
use serde_json::Value;
use tower::ServiceExt as _;

use crate::watched::Watched;

/// The path of the refresh route.
pub(crate) const REFRESH: &str = "/auth/session/refresh";
/// The path of the sign-out route.
pub(crate) const SIGN_OUT: &str = "/auth/signout";
/// The life of an access token, and a little more.
pub(crate) const HOUR: Duration = Duration::from_secs(3601);

/// One process of an application, and the store and clock that others may share.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) sessions: Sessions,
    pub(crate) store: Watched,
    pub(crate) clock: SettableClock,
    pub(crate) router: Router,
}

impl World {
    /// EdDSA keys, anti-CSRF by token, a store in memory, a clock that stands still.
    pub(crate) async fn new() -> Self {
        Self::with(|builder| builder).await
    }

    pub(crate) async fn with(set: impl FnOnce(SessionsBuilder) -> SessionsBuilder) -> Self {
        Self::over(Memory::new(), set).await
    }

    pub(crate) async fn over(store: impl Store, set: impl FnOnce(SessionsBuilder) -> SessionsBuilder) -> Self {
        Self::made(Watched::new(Arc::new(store)), SettableClock::new(), set).await
    }

    /// Another process over the same store, that sees the same time.
    pub(crate) async fn node(&self, set: impl FnOnce(SessionsBuilder) -> SessionsBuilder) -> Self {
        Self::made(self.store.clone(), self.clock.clone(), set).await
    }

    async fn made(store: Watched, clock: SettableClock, set: impl FnOnce(SessionsBuilder) -> SessionsBuilder) -> Self {
        let builder = Sessions::builder("http://localhost:3000")
            .store(store.clone())
            .algorithm(Algorithm::EdDsa)
            .anti_csrf(AntiCsrf::ViaToken)
            .clock(clock.clone());
        let sessions = set(builder).build().await.unwrap();
        let router = Router::new()
            .route("/login", post(login))
            .route("/me", any(me))
            .route("/home", get(home))
            .merge(sessions.routes())
            .layer(sessions.layer());
        store.take_log();
        Self { sessions, store, clock, router }
    }

    /// The milliseconds of the clock.
    #[cfg(feature = "sqlite")]
    pub(crate) fn clock_now(&self) -> u64 {
        self.sessions.now().as_u64()
    }

    /// A browser that is signed in.
    pub(crate) async fn ada(&self) -> Browser {
        self.signed_in(NewSession::for_user(UserId::parse("ada").unwrap())).await
    }

    pub(crate) async fn signed_in(&self, new: NewSession) -> Browser {
        let exchange = self.sessions.exchange(RequestView::new("POST", "/login"));
        exchange.create_session(new).await.unwrap();
        let mut browser = Browser::default();
        browser.keep(&Answer::of_edits(&exchange));
        self.store.take_log();
        browser
    }

    /// Sends a request as it is.
    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        Answer { status: parts.status, headers: parts.headers, body: String::from_utf8(body.to_vec()).unwrap() }
    }

    /// The row of a browser's session as it is stored.
    pub(crate) async fn row(&self, browser: &Browser) -> Option<Row> {
        let handle = browser.claims()["sessionHandle"].as_str().unwrap().to_owned();
        self.store.row(&handle).await
    }

    /// Signs what it is told to with the key that signs now.
    pub(crate) async fn forger(&self) -> Forger {
        let stored = self.store.keys(AppId::default()).await.unwrap();
        let newest = stored.signing.iter().max_by_key(|key| key.created_at).unwrap();
        let key = AwsLc.parse_signing_key(&newest.value).unwrap();
        Forger { key, kid: KeyId::dynamic(newest.created_at).as_str().to_owned() }
    }
}

async fn login(exchange: Exchange) -> Result<String, SessionError> {
    let session = exchange.create_session(NewSession::for_user(UserId::parse("ada")?)).await?;
    Ok(session.user_id().to_string())
}

async fn me(session: Session) -> String {
    session.user_id().to_string()
}

async fn home(session: Option<Session>) -> String {
    session.map_or("nobody".to_owned(), |session| session.user_id().to_string())
}

/// A browser: the cookies, as they were set, and the anti-CSRF value that its page repeats.
#[derive(Clone, Debug, Default)]
pub(crate) struct Browser {
    pub(crate) access: Option<String>,
    pub(crate) refresh: Option<String>,
    pub(crate) anti_csrf: Option<String>,
}

impl Browser {
    pub(crate) fn request(&self, method: &str, path: &str) -> Request<Body> {
        let mut cookies = Vec::new();
        cookies.extend(self.access.as_ref().map(|token| format!("sAccessToken={token}")));
        if path == REFRESH {
            cookies.extend(self.refresh.as_ref().map(|token| format!("sRefreshToken={token}")));
        }
        let mut request = Request::builder().method(method).uri(path);
        if !cookies.is_empty() {
            request = request.header(header::COOKIE, cookies.join("; "));
        }
        if let Some(value) = &self.anti_csrf {
            request = request.header("anti-csrf", value);
        }
        request.body(Body::empty()).unwrap()
    }

    /// Sends a request, and keeps what the answer sets.
    pub(crate) async fn send(&mut self, world: &World, method: &str, path: &str) -> Answer {
        let answer = world.send(self.request(method, path)).await;
        self.keep(&answer);
        answer
    }

    pub(crate) async fn refresh(&mut self, world: &World) -> Answer {
        self.send(world, "POST", REFRESH).await
    }

    pub(crate) async fn me(&mut self, world: &World) -> StatusCode {
        self.send(world, "GET", "/me").await.status
    }

    pub(crate) fn keep(&mut self, answer: &Answer) {
        let kept = |old: &mut Option<String>, new: Option<String>| {
            if let Some(new) = new {
                *old = (!new.is_empty()).then_some(new);
            }
        };
        kept(&mut self.access, answer.cookie("sAccessToken"));
        kept(&mut self.refresh, answer.cookie("sRefreshToken"));
        kept(&mut self.anti_csrf, answer.header("anti-csrf"));
    }

    /// What the access token says.
    pub(crate) fn claims(&self) -> Value {
        claims_of(self.access.as_ref().unwrap())
    }

    /// The refresh token, as it was before it was encoded for a cookie.
    pub(crate) fn refresh_token(&self) -> String {
        decoded(self.refresh.as_ref().unwrap())
    }
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    /// What an exchange without a framework would answer.
    pub(crate) fn of_edits(exchange: &Exchange) -> Self {
        let mut headers = HeaderMap::new();
        for edit in exchange.take_edits() {
            headers.append(edit.name, edit.value.expose().parse().unwrap());
        }
        Self { status: StatusCode::OK, headers, body: String::new() }
    }

    pub(crate) fn header(&self, name: &str) -> Option<String> {
        self.headers.get(name).map(|value| value.to_str().unwrap().to_owned())
    }

    pub(crate) fn set_cookies(&self) -> impl Iterator<Item = &str> {
        self.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap())
    }

    /// The value that a cookie is set to; empty if it is cleared.
    pub(crate) fn cookie(&self, name: &str) -> Option<String> {
        let mut values = self.set_cookies().filter_map(|cookie| cookie.split(';').next()?.split_once('='));
        values.find(|(set, _)| *set == name).map(|(_, value)| value.to_owned())
    }

    /// Whether any cookie or token header is cleared.
    pub(crate) fn clears(&self) -> bool {
        self.set_cookies().any(|cookie| cookie.contains("=;"))
            || self.header("front-token").is_some_and(|value| value == "remove")
            || ["st-access-token", "st-refresh-token"]
                .iter()
                .any(|name| self.header(name).is_some_and(|v| v.is_empty()))
    }

    /// Whether the answer touches no token at all.
    pub(crate) fn touches_nothing(&self) -> bool {
        ["set-cookie", "front-token", "anti-csrf", "st-access-token", "st-refresh-token"]
            .iter()
            .all(|name| !self.headers.contains_key(*name))
    }
}

/// Who has the signing key.
pub(crate) struct Forger {
    pub(crate) key: Arc<dyn SigningKey>,
    pub(crate) kid: String,
}

impl Forger {
    /// The header of our own tokens.
    pub(crate) fn header(&self) -> String {
        let alg = self.key.algorithm().name();
        format!(r#"{{"kid":"{}","typ":"JWT","version":"5","alg":"{alg}"}}"#, self.kid)
    }

    pub(crate) fn signed(&self, header: &str, claims: &str) -> String {
        let input = format!("{}.{}", base64url(header.as_bytes()), base64url(claims.as_bytes()));
        let signature = self.key.sign(input.as_bytes()).unwrap();
        format!("{input}.{}", base64url(&signature))
    }
}

pub(crate) fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(crate) fn claims_text(token: &str) -> String {
    let claims = token.split('.').nth(1).unwrap();
    String::from_utf8(URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap()
}

pub(crate) fn claims_of(token: &str) -> Value {
    serde_json::from_str(&claims_text(token)).unwrap()
}

/// Takes percent-encoding off.
pub(crate) fn decoded(text: &str) -> String {
    let mut pieces = text.split('%');
    let mut out = pieces.next().unwrap().to_owned();
    for piece in pieces {
        out.push(char::from(u8::from_str_radix(&piece[..2], 16).unwrap()));
        out.push_str(&piece[2..]);
    }
    out
}

/// A request to `/me` with this text as its access cookie.
pub(crate) fn with_access_cookie(method: &str, token: &str) -> Request<Body> {
    Request::builder()
        .method(method)
        .uri("/me")
        .header(header::COOKIE, format!("sAccessToken={token}"))
        .body(Body::empty())
        .unwrap()
}

/// The code of a failed call.
pub(crate) fn code<T: std::fmt::Debug>(result: Result<T, SessionError>) -> &'static str {
    result.unwrap_err().code()
}
