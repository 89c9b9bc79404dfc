//! The extractors: the guard of a route stands on its handler, never on a path pattern.

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderValue, StatusCode};

use crate::error::{GeneralError, Reply, SessionError};
use crate::exchange::Exchange;
use crate::options::GetSession;
use crate::session::Session;

impl<S: Sync> FromRequestParts<S> for Exchange {
    type Rejection = SessionError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, SessionError> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| GeneralError::NoLayer.into())
    }
}

/// Guards a handler: without a session the answer is what the browser kit acts on, and the handler doesn't run.
impl<S: Sync> FromRequestParts<S> for Session {
    type Rejection = SessionError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, SessionError> {
        let exchange = <Exchange as FromRequestParts<S>>::from_request_parts(parts, state).await?;
        exchange.get_session(GetSession::new()).await
    }
}

/// `None` only for a request without a token: one that isn't good any more is answered as for [`Session`].
impl<S: Sync> OptionalFromRequestParts<S> for Session {
    type Rejection = SessionError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>, SessionError> {
        let exchange = <Exchange as FromRequestParts<S>>::from_request_parts(parts, state).await?;
        exchange.get_optional_session(GetSession::new()).await
    }
}

impl IntoResponse for SessionError {
    fn into_response(self) -> Response {
        if let Self::General(error) = &self {
            tracing::error!(name: "doorward.general_error", target: "doorward", code = error.code(), "{error}");
        }
        self.reply().into_response()
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, [(CONTENT_TYPE, HeaderValue::from_static("application/json"))], self.body).into_response()
    }
}
