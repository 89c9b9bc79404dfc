//! The layer opens the exchange of each request and writes its edits into the answer; nothing else.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::extract::Request;
use axum::response::Response;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use tower_layer::Layer;
use tower_service::Service;

use crate::exchange::Exchange;
use crate::sessions::Sessions;
use doorward_wire::fdi::response::{Edit, How};

impl Sessions {
    /// The layer that routes with sessions need around them.
    pub fn layer(&self) -> SessionsLayer {
        SessionsLayer { sessions: self.clone() }
    }
}

/// Puts an [`Exchange`] into each request, and its edits into each answer. See [`Sessions::layer`].
#[derive(Clone, Debug)]
pub struct SessionsLayer {
    sessions: Sessions,
}

impl<S> Layer<S> for SessionsLayer {
    type Service = ExchangeService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        ExchangeService { sessions: self.sessions.clone(), inner }
    }
}

/// The service that [`SessionsLayer`] makes.
#[derive(Clone, Debug)]
pub struct ExchangeService<S> {
    sessions: Sessions,
    inner: S,
}

impl<S> Service<Request> for ExchangeService<S>
where
    S: Service<Request, Response = Response>,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        // Where two layers of the same sessions are around a route, the outer one has the exchange. Those of others say
        // nothing here: who is signed in to one application isn't signed in to another.
        if request.extensions().get::<Exchange>().is_some_and(|exchange| self.sessions.is_same(exchange.sessions())) {
            return Box::pin(self.inner.call(request));
        }
        let exchange = self.sessions.exchange(&request);
        request.extensions_mut().insert(exchange.clone());
        let answer = self.inner.call(request);
        Box::pin(async move {
            let mut response = answer.await?;
            for edit in exchange.take_edits() {
                apply(&edit, response.headers_mut());
            }
            Ok(response)
        })
    }
}

fn apply(edit: &Edit, headers: &mut HeaderMap) {
    let name = HeaderName::from_static(edit.name);
    let text = match edit.how {
        How::Append | How::Set => edit.value.expose().to_owned(),
        How::AddToList => edit.merged_into(headers.get_all(&name).iter().filter_map(|value| value.to_str().ok())),
    };
    let Ok(mut value) = HeaderValue::try_from(text) else { return };
    value.set_sensitive(edit.how != How::AddToList);
    match edit.how {
        How::Append => headers.append(name, value),
        How::Set | How::AddToList => headers.insert(name, value).is_some(),
    };
}
