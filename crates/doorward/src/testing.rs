//! For an application's own tests: a clock that is set by hand, and requests that are signed in.
//!
//! With [`Algorithm::EdDsa`](crate::Algorithm::EdDsa) and [`Memory`](crate::Memory) sessions are set up in less than a
//! millisecond.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use doorward_engine::id::UserId;
use doorward_engine::time::Millis;
use doorward_service::env::{Clock, SystemClock};
use doorward_wire::fdi::response::Edit;

use crate::error::SessionError;
use crate::options::{NewSession, lifetime_of};
use crate::request_view::RequestView;
use crate::sessions::Sessions;

/// A clock that moves when it is told to. Clones are the same clock.
#[derive(Clone, Debug)]
pub struct SettableClock(Arc<AtomicU64>);

impl SettableClock {
    /// Starts at the present moment of the machine, and stays there.
    pub fn new() -> Self {
        Self::at(SystemClock.now())
    }

    /// Starts at this moment.
    pub fn at(now: Millis) -> Self {
        Self(Arc::new(AtomicU64::new(now.as_u64())))
    }

    /// Moves on.
    pub fn step(&self, by: Duration) {
        let now = self.now().after(lifetime_of(by));
        self.0.store(now.as_u64(), Ordering::SeqCst);
    }

    /// Moves to this moment, which may lie before.
    pub fn set(&self, now: Millis) {
        self.0.store(now.as_u64(), Ordering::SeqCst);
    }
}

impl Default for SettableClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SettableClock {
    fn now(&self) -> Millis {
        Millis::saturating(self.0.load(Ordering::SeqCst))
    }
}

/// The headers with which a signed-in browser sends its requests.
#[derive(Clone)]
pub struct SignedIn {
    headers: Vec<(&'static str, String)>,
}

impl std::fmt::Debug for SignedIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SignedIn(..)")
    }
}

impl SignedIn {
    /// The headers: `cookie`, or `authorization` where tokens travel in headers; and `anti-csrf` and `rid`, so that the
    /// request passes either check.
    pub fn headers(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.headers.iter().map(|(name, value)| (*name, value.as_str()))
    }

    /// A request with these headers and no body.
    pub fn request(&self, method: http::Method, uri: &str) -> http::Request<()> {
        let mut request = http::Request::new(());
        *request.method_mut() = method;
        *request.uri_mut() = uri.parse().unwrap_or_default();
        for (name, value) in &self.headers {
            if let Ok(value) = http::HeaderValue::from_str(value) {
                request.headers_mut().append(*name, value);
            }
        }
        request
    }
}

/// Creates a session for the user, and returns what its browser would send from then on.
pub async fn signed_in(sessions: &Sessions, user: &str) -> Result<SignedIn, SessionError> {
    signed_in_as(sessions, NewSession::for_user(UserId::parse(user)?)).await
}

/// The same for a session with a payload, data or limits of its own.
pub async fn signed_in_as(sessions: &Sessions, new: NewSession) -> Result<SignedIn, SessionError> {
    let exchange = sessions.exchange(RequestView::new("POST", "/").header("st-auth-mode", b"cookie"));
    exchange.create_session(new).await?;
    let edits = exchange.take_edits();
    let cookies: Vec<&str> = values(&edits, "set-cookie").filter_map(|cookie| cookie.split(';').next()).collect();
    let mut headers = vec![("rid", "anti-csrf".to_owned())];
    if !cookies.is_empty() {
        headers.push(("cookie", cookies.join("; ")));
    }
    headers.extend(values(&edits, "st-access-token").next().map(|token| ("authorization", format!("Bearer {token}"))));
    headers.extend(values(&edits, "anti-csrf").next().map(|value| ("anti-csrf", value.to_owned())));
    Ok(SignedIn { headers })
}

fn values<'a>(edits: &'a [Edit], name: &'a str) -> impl Iterator<Item = &'a str> {
    edits.iter().filter(move |edit| edit.name == name).map(|edit| edit.value.expose())
}
