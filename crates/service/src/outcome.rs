//! What the calls of a [`Service`](crate::Service) give.

use std::sync::Arc;

use doorward_engine::payload::PayloadError;
use doorward_engine::secret::Secret;
use doorward_engine::session::Deny;
use doorward_engine::session::record::Row;
use doorward_engine::session::refresh::TheftFound;
use doorward_engine::time::Millis;
use doorward_engine::token::access::Claims;

/// An access token, signed.
#[derive(Clone, Debug)]
pub struct SignedAccess {
    /// The token.
    pub token: Secret,
    /// What it says.
    pub claims: Arc<Claims>,
}

/// The tokens of a session that was created or refreshed.
#[derive(Clone, Debug)]
pub struct IssuedTokens {
    /// The access token.
    pub access: SignedAccess,
    /// The refresh token.
    pub refresh: Secret,
    /// When the refresh token is of no more use.
    pub refresh_expires_at: Millis,
    /// The value that the page repeats, where anti-CSRF tokens are on.
    pub anti_csrf: Option<Secret>,
    /// The row as it stands.
    pub row: Row,
}

/// What came of a refresh.
#[derive(Clone, Debug)]
pub enum RefreshOutcome {
    /// New tokens.
    Issued(Box<IssuedTokens>),
    /// There is no such session.
    Unauthorised(Deny),
    /// The token was used by two; the session has ended if the policy says so.
    Theft(Box<TheftFound>),
}

/// What came of asking the store about a verified token.
#[derive(Clone, Debug)]
pub enum ConfirmOutcome {
    /// It stands as it is.
    Stands(Arc<Claims>),
    /// This one replaces it.
    Renewed(SignedAccess),
    /// The session is gone.
    Unauthorised(Deny),
}

/// What came of changing a session's payload or data.
#[derive(Clone, Debug)]
pub enum ChangeOutcome {
    /// Stored; the access token that replaces the request's, if there was one that is still alive.
    Stored(Option<SignedAccess>),
    /// There is no such session.
    NoSession,
    /// The payload can't be stored.
    Refused(PayloadError),
}
