//! Why a request has no session, and what is answered then.
//!
//! The first three are not faults: they are what a browser kit acts on. [`SessionError::code`] gives a stable word for
//! each; texts may change.

use std::borrow::Cow;
use std::fmt;

use doorward_engine::id::{IdError, SessionHandle, UserId};
use doorward_engine::payload::PayloadError;
use doorward_engine::policy::PolicyError;
use doorward_engine::session::lineage::Evidence;
use doorward_service::{ServiceError, store::StoreError};

/// Why a call gave no session. A caller must tell them apart: none of them means another.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SessionError {
    /// There is no such session: it was revoked, has ended, or the request brought no token. Sign in again. Where a
    /// token was there its cookies are cleared in this answer.
    #[error("unauthorised: {0}")]
    Unauthorised(Unauthorised),
    /// The access token isn't good any more, or an anti-CSRF check failed. The browser kit refreshes and repeats the
    /// request by itself; no cookie is touched.
    #[error("try refresh token: {0}")]
    TryRefresh(TryRefresh),
    /// A refresh token was used by two. The session is over for both; its cookies are cleared in this answer.
    #[error("token theft detected: {0}")]
    Theft(TheftReport),
    /// The application handed in something that can't be stored, or the request has more cookies than are read. Nothing
    /// was changed.
    #[error(transparent)]
    Input(#[from] InputError),
    /// A fault of ours, or of the store. It says nothing about the session, and clears nothing.
    #[error(transparent)]
    General(#[from] GeneralError),
}

impl SessionError {
    /// A stable code for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unauthorised(error) => error.code,
            Self::TryRefresh(error) => error.code,
            Self::Theft(_) => "refresh.theft",
            Self::Input(error) => error.code(),
            Self::General(error) => error.code(),
        }
    }

    /// Returns the status and body that a browser kit understands.
    pub fn reply(&self) -> Reply {
        match self {
            Self::Unauthorised(Unauthorised { reply, .. }) | Self::TryRefresh(TryRefresh { reply, .. }) => {
                reply.clone()
            }
            Self::Theft(theft) => theft.reply.clone(),
            Self::Input(error) => Reply::of_message(error.status(), &error.to_string(), error.code()),
            Self::General(error) => Reply::of_message(error.status(), error.public_text(), error.code()),
        }
    }
}

impl From<ServiceError> for SessionError {
    fn from(error: ServiceError) -> Self {
        Self::General(error.into())
    }
}

impl From<PayloadError> for SessionError {
    fn from(error: PayloadError) -> Self {
        Self::Input(error.into())
    }
}

impl From<IdError> for SessionError {
    fn from(error: IdError) -> Self {
        Self::Input(error.into())
    }
}

/// There is no such session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unauthorised {
    pub(crate) code: &'static str,
    pub(crate) clears_tokens: bool,
    pub(crate) reply: Reply,
}

impl Unauthorised {
    /// Why, as a stable code: `session.absent`, `token.absent`, `refresh.malformed`, `refresh.absent`,
    /// `refresh.anti_csrf`.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// Whether this answer clears the request's tokens.
    pub fn clears_tokens(&self) -> bool {
        self.clears_tokens
    }
}

impl fmt::Display for Unauthorised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code)
    }
}

/// The access token must be refreshed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TryRefresh {
    pub(crate) code: &'static str,
    pub(crate) reply: Reply,
}

impl TryRefresh {
    /// Why, as a stable code: `access.expired`, `access.malformed`, `access.signature`, `access.claims`,
    /// `access.unknown_key`, `access.anti_csrf`, `access.duplicate_cookie`, `access.oversized`, `access.legacy`.
    pub fn code(&self) -> &'static str {
        self.code
    }
}

impl fmt::Display for TryRefresh {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code)
    }
}

/// A session that ended because its refresh token was used by two, and why that was judged so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TheftReport {
    /// The session. It is gone.
    pub handle: SessionHandle,
    /// Whose it was.
    pub user: UserId,
    /// What was seen; it can be shown to an operator, and has no secret in it.
    pub evidence: Evidence,
    pub(crate) reply: Reply,
}

impl fmt::Display for TheftReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "session {}: {}", self.handle, self.evidence)
    }
}

/// What the application handed in can't be stored, or what the request brought can't be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InputError {
    /// A user id, handle or tenant id that is none.
    #[error(transparent)]
    Id(#[from] IdError),
    /// A payload or session data that can't be stored.
    #[error(transparent)]
    Payload(#[from] PayloadError),
    /// A value that serde could not write as JSON.
    #[error("the value can't be written as JSON")]
    Unserialisable,
    /// More cookies than are read, so that a token among them may not have been seen. Nothing is cleared.
    #[error("the request has more than 16 KiB of cookies")]
    CookiesTooLarge,
    /// Stored JSON that the type which was asked for doesn't fit.
    #[error("the stored {what} is not of the type that was asked for")]
    Type {
        /// Payload or data.
        what: &'static str,
    },
    /// Times of one session that don't fit together.
    #[error("the session's own {0}")]
    Limits(PolicyError),
}

impl InputError {
    /// 400 for what may have come with the request, 500 for what the application itself got wrong.
    fn status(&self) -> u16 {
        match self {
            Self::Unserialisable | Self::Type { .. } | Self::Limits(_) => 500,
            Self::Id(_) | Self::Payload(_) | Self::CookiesTooLarge => 400,
        }
    }

    /// A stable code for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Id(error) => error.code(),
            Self::Payload(error) => error.code(),
            Self::Unserialisable => "payload.unserialisable",
            Self::CookiesTooLarge => "request.cookies_too_large",
            Self::Type { .. } => "payload.type",
            Self::Limits(_) => "session.limits",
        }
    }
}

/// A fault that says nothing about the session.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GeneralError {
    /// Of the service or its store.
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// The change was stored, but the head of the answer was already sent: the client doesn't get it.
    #[error("the answer's head was already sent, so the client can't be told")]
    HeadSent,
    /// An extractor ran on a route without the layer.
    #[error("no exchange in this request: put `.layer(sessions.layer())` around the route")]
    NoLayer,
}

impl GeneralError {
    /// A stable code for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Service(error) => error.code(),
            Self::HeadSent => "exchange.head_sent",
            Self::NoLayer => "exchange.no_layer",
        }
    }

    /// 503 where trying again makes sense, else 500.
    fn status(&self) -> u16 {
        match self {
            Self::Service(
                ServiceError::Overloaded | ServiceError::Contended | ServiceError::Store(StoreError::Unavailable(_)),
            ) => 503,
            Self::Service(_) | Self::HeadSent | Self::NoLayer => 500,
        }
    }

    /// What a client may know. The rest is for the log.
    fn public_text(&self) -> &'static str {
        match self {
            Self::Service(_) => "the session service is not available",
            Self::HeadSent => "the answer was already under way",
            Self::NoLayer => "no exchange in this request: put `.layer(sessions.layer())` around the route",
        }
    }
}

/// A status and a JSON body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The body, of type `application/json`.
    pub body: Cow<'static, str>,
}

impl Reply {
    pub(crate) fn of_message(status: u16, message: &str, code: &str) -> Self {
        let body = serde_json::to_string(&Message { message, code }).map_or(Cow::Borrowed("{}"), Cow::Owned);
        Self { status, body }
    }
}

/// A struct, because the order of a `serde_json::Value` hangs on what features a host program turns on.
#[derive(serde::Serialize)]
struct Message<'a> {
    message: &'a str,
    code: &'a str,
}
