//! A client with connections that stay open, and what a backend SDK sends on them.

use std::net::SocketAddr;
use std::time::Instant;

use anyhow::{Result, ensure};
use futures_util::future::try_join_all;
use http::{Method, Request};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;

/// One connection.
pub(super) struct Caller(SendRequest<Full<Bytes>>);

/// A session, as the SDK holds it.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub(super) access: String,
    pub(super) refresh: String,
    pub(super) anti_csrf: String,
    pub(super) handle: String,
}

impl Caller {
    pub(super) async fn connect(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        // It ends when its sender is dropped; an error shows in the next answer.
        tokio::spawn(connection);
        Ok(Self(sender))
    }

    pub(super) async fn many(address: SocketAddr, count: usize) -> Result<Vec<Self>> {
        try_join_all((0..count).map(|_| Self::connect(address))).await
    }

    /// Sends a request with the headers of an official SDK, and returns the body.
    pub(super) async fn send(&mut self, method: Method, path: &str, body: Bytes) -> Result<Bytes> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "localhost:3567")
            .header("cdi-version", "5.4")
            .header("rid", "session")
            .header("content-type", "application/json; charset=utf-8")
            .header("accept", "*/*")
            .header("user-agent", "node")
            .body(Full::from(body))?;
        self.0.ready().await?;
        let (head, body) = self.0.send_request(request).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        ensure!(head.status.is_success(), "{path} answered {}: {}", head.status, String::from_utf8_lossy(&body));
        Ok(body)
    }

    async fn post(&mut self, path: &str, body: &Value) -> Result<Value> {
        let answer: Value = serde_json::from_slice(&self.send(Method::POST, path, body.to_string().into()).await?)?;
        let status = text_at(&answer, "/status");
        ensure!(status == "OK", "{path} answered {status}");
        Ok(answer)
    }

    pub(super) async fn create(&mut self) -> Result<Held> {
        held(&self.post("/public/recipe/session", &creation()).await?, None)
    }

    pub(super) async fn refresh(&mut self, held: &Held) -> Result<Held> {
        let body = json!({ "refreshToken": held.refresh, "enableAntiCsrf": true, "antiCsrfToken": held.anti_csrf,
            "useDynamicSigningKey": true });
        self::held(&self.post("/recipe/session/refresh", &body).await?, Some(held))
    }

    /// Verifies; where a token replaces the one that was shown, it is kept.
    pub(super) async fn verify(&mut self, held: &mut Held) -> Result<()> {
        let answer = self.post("/recipe/session/verify", &verification(held)).await?;
        let token = text_at(&answer, "/accessToken/token");
        if !token.is_empty() {
            held.access = token;
        }
        Ok(())
    }
}

/// The body of a creation.
pub(super) fn creation() -> Value {
    json!({ "userId": "fa7a0841-b533-4478-9553-0fde890c3483",
        "userDataInJWT": { "iss": "https://api.example.com/auth", "role": "editor" }, "userDataInDatabase": {},
        "useDynamicSigningKey": true, "enableAntiCsrf": true })
}

/// The body of a verification.
pub(super) fn verification(held: &Held) -> Value {
    json!({ "accessToken": held.access, "antiCsrfToken": held.anti_csrf, "doAntiCsrfCheck": true, "enableAntiCsrf": true,
        "checkDatabase": false })
}

/// The text at a place of an answer; empty if there is none.
fn text_at(answer: &Value, place: &str) -> String {
    answer.pointer(place).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn held(answer: &Value, before: Option<&Held>) -> Result<Held> {
    let held = Held {
        access: text_at(answer, "/accessToken/token"),
        refresh: text_at(answer, "/refreshToken/token"),
        anti_csrf: text_at(answer, "/antiCsrfToken"),
        handle: before.map_or_else(|| text_at(answer, "/session/handle"), |before| before.handle.clone()),
    };
    ensure!(!held.access.is_empty() && !held.refresh.is_empty(), "an answer lacks its tokens");
    Ok(held)
}

/// Lets every caller do one thing after the other, all at once, and returns how long each one took, in nanoseconds.
pub(super) async fn together<T, E: Send>(
    callers: &mut [Caller],
    states: &mut [T],
    times: usize,
    act: impl AsyncFn(&mut Caller, &mut T) -> Result<E>,
) -> Result<Vec<f64>> {
    let act = &act;
    let all = callers.iter_mut().zip(states).map(|(caller, state)| async move {
        let mut took = Vec::new();
        for _ in 0..times {
            let started = Instant::now();
            act(caller, state).await?;
            took.push(started.elapsed().as_nanos() as f64);
        }
        anyhow::Ok(took)
    });
    Ok(try_join_all(all).await?.concat())
}
