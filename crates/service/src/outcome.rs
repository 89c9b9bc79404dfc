//! What the calls of a [`Service`](crate::Service) give.

use std::sync::Arc;

use doorward_engine::payload::PayloadError;
use doorward_engine::secret::Secret;
use doorward_engine::session::Deny;
use doorward_engine::session::lineage::Answered;
use doorward_engine::session::record::Row;
use doorward_engine::session::refresh::TheftFound;
use doorward_engine::time::Millis;
use doorward_engine::token::access::{AccessError, Claims};

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
    /// When both were made, to the millisecond.
    pub created_at: Millis,
    /// When the refresh token is of no more use.
    pub refresh_expires_at: Millis,
    /// The value that the page repeats, where anti-CSRF tokens are on.
    pub anti_csrf: Option<Secret>,
    /// The row as it stands.
    pub row: Row,
    /// What the lineage said of the token that was presented; `None` for a new session.
    pub answered: Option<Answered>,
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
    Stands {
        /// What it says.
        claims: Arc<Claims>,
        /// Whether the store has another payload by now, where that was asked for and the policy's check only reports it.
        payload_changed: bool,
    },
    /// This one replaces it.
    Renewed(SignedAccess),
    /// There is no session for it any more.
    Unauthorised(Deny),
    /// It would have to be replaced, and none can be made with the stored payload. Nothing was written.
    Refused(PayloadError),
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

/// What came of making an access token anew.
#[derive(Clone, Debug)]
pub enum RegenerateOutcome {
    /// The session is there, and has the payload.
    Stored {
        /// The row as it stands.
        row: Box<Row>,
        /// The token with the payload; `None` if the one that was shown has ended.
        access: Option<SignedAccess>,
        /// What the one that was shown says.
        claims: Arc<Claims>,
    },
    /// There is no such session.
    NoSession,
    /// The token can't be read.
    Malformed(AccessError),
    /// The payload has a claim that a token of this format has for itself. Nothing was written.
    Refused(PayloadError),
}
