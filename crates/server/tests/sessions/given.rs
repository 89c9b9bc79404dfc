//! A server of this process, callers of several versions, and what they were answered.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use bytes::Bytes;
use doorward_engine::time::{Lifetime, Millis};
use doorward_server::cdi::Cdi;
use doorward_server::config::{self, Sources};
use doorward_service::directory::Directory;
use doorward_service::env::Clock;
use doorward_service::memory::Memory;
use doorward_testkit::fakes::SetClock;
use doorward_testkit::machine;
use http::{Method, Request};
use serde_json::{Value, json};

/// A server and its clock. Clones are the same server.
#[derive(Clone)]
pub(super) struct Given {
    cdi: Arc<Cdi>,
    clock: SetClock,
}

/// Not on a second: what is floored must be seen to be.
const START: u64 = 1_767_222_000_347;

impl Given {
    /// A server without configuration, on a store of its own.
    pub(super) async fn new() -> Self {
        Self::with("").await
    }

    /// A server with this text as its configuration file.
    pub(super) async fn with(config: &str) -> Self {
        Self::over(Arc::new(Memory::new()), SetClock::at(Millis::saturating(START)), config).await
    }

    /// Two servers on this store.
    pub(super) async fn two(store: Arc<dyn Directory>) -> (Self, Self) {
        let clock = SetClock::at(Millis::saturating(START));
        let one = Self::over(Arc::clone(&store), clock.clone(), "").await;
        (one, Self::over(store, clock, "").await)
    }

    /// A server on this store.
    pub(super) async fn over(store: Arc<dyn Directory>, clock: SetClock, config: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.yaml");
        std::fs::write(&file, format!("access_token_validity_jitter: 0\n{config}")).unwrap();
        let sources = Sources { file: Some(file), ..Sources::default() };
        let settings = config::load(&sources).unwrap_or_else(|error| panic!("{config}{error}")).settings;
        let cdi = Cdi::new(store, machine::world(clock.clone()), Arc::new(settings)).await.unwrap();
        Self { cdi: Arc::new(cdi), clock }
    }

    /// A caller of this version.
    pub(super) fn at(&self, version: &str) -> Caller {
        Caller { given: self.clone(), version: version.to_owned(), base: String::new() }
    }

    /// Lets time pass.
    pub(super) fn step(&self, by: Lifetime) {
        self.clock.set(self.clock.now().after(by));
    }

    /// What a server does every 20 seconds.
    pub(super) async fn reread_keys(&self) {
        self.cdi.reread_keys().await.unwrap();
    }

    pub(super) fn now(&self) -> u64 {
        self.clock.now().as_u64()
    }
}

/// Somebody who calls the server in one version, under one path.
#[derive(Clone)]
pub(super) struct Caller {
    given: Given,
    version: String,
    base: String,
}

impl Caller {
    /// The same under `/appid-...`, `/tenant` or both.
    pub(super) fn under(&self, base: &str) -> Self {
        Self { base: base.to_owned(), ..self.clone() }
    }

    pub(super) fn version(&self) -> &str {
        &self.version
    }

    pub(super) async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, String::new()).await
    }

    pub(super) async fn post(&self, path: &str, body: Value) -> Reply {
        self.send(Method::POST, path, body.to_string()).await
    }

    pub(super) async fn put(&self, path: &str, body: Value) -> Reply {
        self.send(Method::PUT, path, body.to_string()).await
    }

    pub(super) async fn send(&self, method: Method, path: &str, body: String) -> Reply {
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header("cdi-version", &self.version)
            .body(Bytes::from(body))
            .unwrap();
        let response = self.given.cdi.answer(request, IpAddr::V4(Ipv4Addr::LOCALHOST)).await;
        let text = String::from_utf8(response.body().to_vec()).unwrap();
        Reply { status: response.status().as_u16(), text }
    }

    /// Makes a session for a user.
    pub(super) async fn create(&self, user: &str) -> Session {
        let body = json!({
            "userId": user, "userDataInJWT": {"role": "member"}, "userDataInDatabase": {"note": 1},
            "enableAntiCsrf": false, "useDynamicSigningKey": true,
        });
        Session(self.post("/recipe/session", body).await.ok())
    }

    pub(super) async fn verify(&self, token: &str, check: bool) -> Reply {
        let body = json!({
            "accessToken": token, "doAntiCsrfCheck": false, "enableAntiCsrf": false, "checkDatabase": check,
        });
        self.post("/recipe/session/verify", body).await
    }

    pub(super) async fn refresh(&self, token: &str) -> Reply {
        let body = json!({"refreshToken": token, "enableAntiCsrf": false, "useDynamicSigningKey": true});
        self.post("/recipe/session/refresh", body).await
    }

    pub(super) async fn regenerate(&self, token: &str) -> Reply {
        self.post("/recipe/session/regenerate", json!({"accessToken": token})).await
    }

    pub(super) async fn read(&self, handle: &str) -> Reply {
        self.get(&format!("/recipe/session?sessionHandle={handle}")).await
    }
}

/// What was answered.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) text: String,
}

impl Reply {
    /// The answer, which is JSON.
    pub(super) fn json(&self) -> Value {
        assert_eq!(self.status, 200, "{self:?}");
        assert!(self.text.ends_with('\n') && !self.text.trim_end().contains('\n'), "not one line: {self:?}");
        serde_json::from_str(&self.text).unwrap()
    }

    /// The answer, which says that all is well.
    pub(super) fn ok(self) -> Value {
        let json = self.json();
        assert_eq!(json["status"], "OK", "{self:?}");
        json
    }

    /// The answer, which says this and why.
    #[track_caller]
    pub(super) fn says(self, status: &str, message: &str) {
        let json = self.json();
        assert_eq!((&json["status"], &json["message"]), (&json!(status), &json!(message)), "{self:?}");
    }

    /// The answer, which is no answer but a message.
    #[track_caller]
    pub(super) fn refuses(self, status: u16, text: &str) {
        assert_eq!((self.status, self.text.trim_end()), (status, text));
    }
}

/// The answer that came with new tokens.
#[derive(Clone, Debug)]
pub(super) struct Session(pub(super) Value);

impl Session {
    pub(super) fn handle(&self) -> &str {
        self.0["session"]["handle"].as_str().unwrap()
    }

    pub(super) fn access(&self) -> &str {
        self.0["accessToken"]["token"].as_str().unwrap()
    }

    pub(super) fn refresh(&self) -> &str {
        self.0["refreshToken"]["token"].as_str().unwrap()
    }
}

impl From<Reply> for Session {
    fn from(reply: Reply) -> Self {
        Self(reply.ok())
    }
}
