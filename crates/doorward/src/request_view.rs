//! What the SDK needs to see of a request, whatever the framework.

use std::fmt;

/// A request, as far as sessions are concerned: method, path and headers. The body is never looked at. `Debug` shows no
/// header: tokens stand in them.
#[derive(Clone)]
pub struct RequestView<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) headers: Vec<(&'a str, &'a [u8])>,
}

impl fmt::Debug for RequestView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestView").field("method", &self.method).field("path", &self.path).finish_non_exhaustive()
    }
}

impl<'a> RequestView<'a> {
    /// A request without headers.
    pub fn new(method: &'a str, path: &'a str) -> Self {
        Self { method, path, headers: Vec::new() }
    }

    /// Adds a header. One that comes in several lines is added as often.
    #[must_use]
    pub fn header(mut self, name: &'a str, value: &'a [u8]) -> Self {
        self.headers.push((name, value));
        self
    }
}

impl<'a> From<&RequestView<'a>> for RequestView<'a> {
    fn from(view: &RequestView<'a>) -> Self {
        view.clone()
    }
}

impl<'a> From<&'a http::request::Parts> for RequestView<'a> {
    fn from(parts: &'a http::request::Parts) -> Self {
        let headers = parts.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        Self { method: parts.method.as_str(), path: parts.uri.path(), headers }
    }
}

impl<'a, B> From<&'a http::Request<B>> for RequestView<'a> {
    fn from(request: &'a http::Request<B>) -> Self {
        let headers = request.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        Self { method: request.method().as_str(), path: request.uri().path(), headers }
    }
}
