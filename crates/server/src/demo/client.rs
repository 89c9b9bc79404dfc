//! A small browser for `demo --check`: real HTTP, and a cookie jar of one host.

use std::collections::BTreeMap;

use anyhow::Context as _;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

type Http = Client<HttpConnector, Full<axum::body::Bytes>>;

/// A browser. A clone has the same cookies, and from then on its own.
#[derive(Clone, Debug)]
pub(super) struct Browser {
    http: Http,
    pub(super) origin: String,
    cookies: BTreeMap<String, Cookie>,
    pub(super) anti_csrf: Option<String>,
}

#[derive(Clone, Debug)]
struct Cookie {
    value: String,
    path: String,
}

/// An answer, as far as the story looks at it.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    body: Value,
}

impl Answer {
    /// A member of the body; null if it isn't there.
    pub(super) fn member(&self, name: &str) -> Value {
        self.body.get(name).cloned().unwrap_or_default()
    }
}

impl Browser {
    pub(super) fn new(origin: &str) -> Self {
        let http = Client::builder(TokioExecutor::new()).build_http();
        Self { http, origin: origin.to_owned(), cookies: BTreeMap::new(), anti_csrf: None }
    }

    pub(super) async fn get(&mut self, path: &str) -> anyhow::Result<Answer> {
        self.send(Method::GET, path, None).await
    }

    pub(super) async fn post(&mut self, path: &str, body: Option<Value>) -> anyhow::Result<Answer> {
        self.send(Method::POST, path, body).await
    }

    /// The value of a cookie; it is compared, and never printed.
    pub(super) fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.get(name).map(|cookie| cookie.value.as_str())
    }

    async fn send(&mut self, method: Method, path: &str, body: Option<Value>) -> anyhow::Result<Answer> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.origin));
        let cookies: Vec<String> = (self.cookies.iter())
            .filter(|(_, cookie)| path.starts_with(&cookie.path))
            .map(|(name, cookie)| format!("{name}={}", cookie.value))
            .collect();
        if !cookies.is_empty() {
            request = request.header("cookie", cookies.join("; "));
        }
        if let Some(value) = &self.anti_csrf {
            request = request.header("anti-csrf", value);
        }
        request = request.header("content-type", "application/json").header("user-agent", "doorward demo --check");
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let response = self.http.request(request.body(Full::from(body))?).await.context("the demo doesn't answer")?;
        let (head, body) = response.into_parts();
        for cookie in head.headers.get_all("set-cookie") {
            self.keep(cookie.to_str()?);
        }
        if let Some(value) = head.headers.get("anti-csrf") {
            self.anti_csrf = Some(value.to_str()?.to_owned());
        }
        let body = body.collect().await?.to_bytes();
        Ok(Answer { status: head.status, body: serde_json::from_slice(&body).unwrap_or_default() })
    }

    fn keep(&mut self, set_cookie: &str) {
        let mut parts = set_cookie.split("; ");
        let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else { return };
        let path = parts.find_map(|part| part.strip_prefix("Path=")).unwrap_or("/");
        if value.is_empty() {
            self.cookies.remove(name);
        } else {
            self.cookies.insert(name.to_owned(), Cookie { value: value.to_owned(), path: path.to_owned() });
        }
    }
}
