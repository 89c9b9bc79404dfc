//! Answers that are given before a request has reached its handler, or instead.

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_TYPE};
use http::{HeaderValue, Response, StatusCode};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// The media type of texts, as SuperTokens has it (`spec/modern-core.md` 1.8).
const TEXT: &str = "text/html;charset=UTF-8";

/// How much of what a refused client still sends is read before its connection ends: closing while it sends would tell
/// its system to throw our answer away.
const LINGER_BYTES: usize = 8 << 20;

/// For how long that is done.
const LINGER: Duration = Duration::from_secs(2);

/// A refusal: a status and a sentence. The connection ends after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Plain {
    pub(super) status: StatusCode,
    pub(super) text: &'static str,
}

impl Plain {
    pub(super) const FULL: Self = Self::new(StatusCode::SERVICE_UNAVAILABLE, "Too many connections");
    pub(super) const SLOW: Self = Self::new(StatusCode::REQUEST_TIMEOUT, "The request took too long to arrive");
    pub(super) const BODY: Self = Self::new(StatusCode::PAYLOAD_TOO_LARGE, "The body of the request is too long");
    pub(super) const ROOM: Self =
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "Too much is being sent at once: there is no room for this body");
    pub(super) const ENCODING: Self =
        Self::new(StatusCode::BAD_REQUEST, "The only Transfer-Encoding is chunked, and that once");
    pub(super) const NEWER: Self = Self::new(StatusCode::HTTP_VERSION_NOT_SUPPORTED, "HTTP/2 is not spoken here");
    pub(super) const BROKEN: Self = Self::new(StatusCode::BAD_REQUEST, "The body of the request can't be read");
    pub(super) const HOST: Self = Self::new(StatusCode::BAD_REQUEST, "There must be one Host header");
    pub(super) const EXPECT: Self = Self::new(StatusCode::EXPECTATION_FAILED, "Only 100-continue can be expected");

    const fn new(status: StatusCode, text: &'static str) -> Self {
        Self { status, text }
    }

    /// As a response.
    pub(super) fn response(self) -> Response<Bytes> {
        let mut response = Response::new(Bytes::from(format!("{}\n", self.text)));
        *response.status_mut() = self.status;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(TEXT));
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        response
    }

    /// Writes it to a connection that has no request to answer, and closes that.
    pub(super) async fn say(self, mut stream: TcpStream) {
        let Self { status, text } = self;
        let head = format!(
            "HTTP/1.1 {status}\r\ncontent-type: {TEXT}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{text}\n",
            text.len() + 1
        );
        // A client that doesn't take it has it no other way.
        let _ = timeout(LINGER, stream.write_all(head.as_bytes())).await;
        linger(stream).await;
    }
}

/// Ends a connection whose client may still be sending, so that it gets to read what it was told.
pub(super) async fn linger(mut stream: TcpStream) {
    let drain = async {
        if stream.shutdown().await.is_err() {
            return;
        }
        let mut left = LINGER_BYTES;
        let mut buffer = [0; 4096];
        while left > 0 {
            match stream.read(&mut buffer).await {
                Ok(0) | Err(_) => return,
                Ok(count) => left = left.saturating_sub(count),
            }
        }
    };
    // Long enough.
    let _ = timeout(LINGER, drain).await;
}
