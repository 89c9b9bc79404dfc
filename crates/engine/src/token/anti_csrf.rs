//! Anti-CSRF by token: a random value inside access and refresh tokens, which the page repeats in a header.

use crate::id::uuid_v4_text;
use crate::secret::Secret;

/// Makes a value in the form of a UUID v4, as upstream's are.
pub(crate) fn from_bytes(bytes: [u8; 16]) -> Secret {
    Secret::new(uuid_v4_text(bytes))
}

/// What a caller demands of a request's anti-CSRF token.
#[derive(Clone, Copy, Debug)]
pub enum Check<'a> {
    /// Nothing: anti-CSRF tokens are off, or this request needs none.
    Off,
    /// That the request carries the value that its access token holds.
    Token(Option<&'a Secret>),
}

/// Why a request failed its anti-CSRF check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AntiCsrfError {
    /// The request carries no anti-CSRF token.
    #[error("the request has no anti-CSRF token")]
    Missing,
    /// It carries another one.
    #[error("the anti-CSRF token of the request is not the session's")]
    Mismatch,
    /// The session's tokens were made while anti-CSRF tokens were off.
    #[error("the access token holds no anti-CSRF token")]
    NotInToken,
}

impl Check<'_> {
    /// Judges the value that an access token holds.
    pub fn judge(self, held: Option<&Secret>) -> Result<(), AntiCsrfError> {
        match (self, held) {
            (Check::Off, _) => Ok(()),
            (Check::Token(_), None) => Err(AntiCsrfError::NotInToken),
            (Check::Token(None), Some(_)) => Err(AntiCsrfError::Missing),
            (Check::Token(Some(sent)), Some(held)) if held == sent => Ok(()),
            (Check::Token(Some(_)), Some(_)) => Err(AntiCsrfError::Mismatch),
        }
    }
}
