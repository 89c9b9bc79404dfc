//! The access token, verified (`spec/modern-core.md` 7.1): signature, then claims, then time.

use crate::key::ring::KeyRing;
use crate::policy::Policy;
use crate::time::Millis;
use crate::token::MAX_TOKEN_BYTES;
use crate::token::claims::{self, BadClaims};
use crate::token::jws::{JwsError, Opened, Unverified};

pub use crate::token::claims::{Claims, ClaimsJson};
pub use crate::token::draft::UnsignedAccess;
pub(crate) use crate::token::draft::{Draft, End};
pub use crate::token::header::Malformed;

/// Why an access token was not accepted. All of them ask the client to refresh; where [`AccessError::wants_reload`], only
/// after the keys were read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccessError {
    /// Not an access token of ours, or one of a version that is not accepted any more.
    #[error("the access token is malformed: {0}")]
    Malformed(Malformed),
    /// Signed with a key that isn't known here.
    #[error("the access token is signed with an unknown key")]
    UnknownKey,
    /// Not signed with the key that it names.
    #[error("the signature of the access token does not verify")]
    Signature,
    /// Signed, but its claims are not those of an access token. Where one is absent that must be there, its name.
    #[error("the claims of the access token are not valid")]
    Claims(Option<&'static str>),
    /// Past its end.
    #[error("the access token has expired")]
    Expired,
}

impl AccessError {
    /// A stable code for programs.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Malformed(_) => "access.malformed",
            Self::UnknownKey => "access.unknown_key",
            Self::Signature => "access.signature",
            Self::Claims(_) => "access.claims",
            Self::Expired => "access.expired",
        }
    }

    /// Whether this token may have been signed with a key that is newer than the ring. Tokens before the third version
    /// name no key, so one that no key fits may be of such a key.
    pub fn wants_reload(self, token: &str, policy: &Policy) -> bool {
        match self {
            Self::UnknownKey => true,
            Self::Signature => Unverified::split(token, policy.token_limit).is_ok_and(|token| token.names_no_key()),
            Self::Malformed(_) | Self::Claims(_) | Self::Expired => false,
        }
    }
}

impl From<Malformed> for AccessError {
    fn from(fault: Malformed) -> Self {
        Self::Malformed(fault)
    }
}

impl From<JwsError> for AccessError {
    fn from(error: JwsError) -> Self {
        match error {
            JwsError::Malformed(fault) => Self::Malformed(fault),
            JwsError::UnknownKey => Self::UnknownKey,
            JwsError::Signature => Self::Signature,
        }
    }
}

/// Whether a text has the form of one of our access tokens. Nothing about it is believed yet: this only tells a token
/// of another kind in the same header from one that must be judged.
pub fn looks_like_access_token(token: &str) -> bool {
    Unverified::split(token, MAX_TOKEN_BYTES).is_ok_and(|token| token.is_ours())
}

/// Verifies an access token: signature, then claims, then time. No I/O.
pub fn verify(token: &str, keys: &KeyRing, now: Millis, policy: &Policy) -> Result<Claims, AccessError> {
    let opened = Unverified::split(token, policy.token_limit)?.verify(keys, now, policy)?;
    let claims = read(opened, Some(now), policy)?;
    if now >= claims.expires_at {
        return Err(AccessError::Expired);
    }
    Ok(claims)
}

/// Reads an access token without judging its signature or its time. What it says is only what its bearer says: use it
/// for nothing but to find a row that then decides.
pub fn peek(token: &str, policy: &Policy) -> Result<Claims, AccessError> {
    let opened = Unverified::split(token, policy.token_limit)?.peek(policy)?;
    read(opened, None, policy)
}

fn read(opened: Opened, now: Option<Millis>, policy: &Policy) -> Result<Claims, AccessError> {
    let version = opened.version;
    let json = opened.into_claims().ok_or(AccessError::Claims(None))?;
    claims::read(json, version, now, policy.claim_check).map_err(|BadClaims(absent)| AccessError::Claims(absent))
}
