//! A client with one connection that stays open, and the cookies of one session.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use ::http::response::Parts;
use ::http::{HeaderMap, HeaderName, HeaderValue, Method, Request};
use anyhow::{Result, ensure};
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::sdk::BROWSER;

pub(super) struct Browser {
    connection: SendRequest<Empty<Bytes>>,
    cookies: BTreeMap<String, String>,
    anti_csrf: Option<String>,
    /// What is sent to every route but that of the refresh.
    headers: HeaderMap,
}

impl Browser {
    pub(super) async fn connect(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        // It ends when its sender is dropped; an error shows in the next answer.
        tokio::spawn(connection);
        Ok(Self { connection: sender, cookies: BTreeMap::new(), anti_csrf: None, headers: HeaderMap::new() })
    }

    /// Creates a session; its tokens go with every later request.
    pub(super) async fn sign_in(&mut self) -> Result<()> {
        self.headers = self.with_cookies(&[])?;
        let (head, _) = self.send(Method::POST, "/login", self.headers.clone()).await?;
        self.keep(&head)
    }

    /// Refreshes the session.
    pub(super) async fn refresh(&mut self) -> Result<()> {
        let headers = self.with_cookies(&["sAccessToken", "sRefreshToken"])?;
        let (head, _) = self.send(Method::POST, "/auth/session/refresh", headers).await?;
        self.keep(&head)
    }

    /// Gets a route, with the cookies that belong there.
    pub(super) async fn get(&mut self, path: &'static str) -> Result<Bytes> {
        let (_, body) = self.send(Method::GET, path, self.headers.clone()).await?;
        Ok(body)
    }

    async fn send(&mut self, method: Method, path: &'static str, headers: HeaderMap) -> Result<(Parts, Bytes)> {
        let mut request = Request::builder().method(method).uri(path).body(Empty::new())?;
        *request.headers_mut() = headers;
        self.connection.ready().await?;
        let (head, body) = self.connection.send_request(request).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        ensure!(head.status.is_success(), "{path} answered {}", head.status);
        Ok((head, body))
    }

    fn keep(&mut self, head: &Parts) -> Result<()> {
        for cookie in head.headers.get_all("set-cookie") {
            let pair = cookie.to_str()?.split(';').next().and_then(|pair| pair.split_once('='));
            if let Some((name, value)) = pair {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        if let Some(value) = head.headers.get("anti-csrf") {
            self.anti_csrf = Some(value.to_str()?.to_owned());
        }
        self.headers = self.with_cookies(&["sAccessToken"])?;
        Ok(())
    }

    fn with_cookies(&self, names: &[&str]) -> Result<HeaderMap> {
        let mut headers = HeaderMap::new();
        for (name, value) in BROWSER {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        let mut cookies = vec!["theme=dark".to_owned()];
        cookies.extend(names.iter().filter_map(|name| Some(format!("{name}={}", self.cookies.get(*name)?))));
        headers.insert("cookie", HeaderValue::try_from(cookies.join("; "))?);
        headers.insert("rid", HeaderValue::from_static("anti-csrf"));
        if let Some(value) = &self.anti_csrf {
            headers.insert("anti-csrf", HeaderValue::try_from(value)?);
        }
        Ok(headers)
    }
}
