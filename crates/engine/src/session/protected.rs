//! Claims of the token itself in a stored payload (`spec/modern-core.md` 7.3). Where they are refused, that is judged
//! before a write or by it, and never after it: upstream moves a session on to a token that nobody receives (12 no. 35).

use crate::payload::{Payload, PayloadError};
use crate::policy::{Policy, ReservedClaims};
use crate::session::record::{LACKED_TEXTS, PayloadGuard};
use crate::token::version::AccessVersion;

/// The names as a JSON text holds them; with an escape for one of their letters they could be written otherwise.
const AS_WRITTEN: [&str; LACKED_TEXTS] = [
    "\\u00",
    "\"sub\"",
    "\"exp\"",
    "\"iat\"",
    "\"sessionHandle\"",
    "\"refreshTokenHash1\"",
    "\"parentRefreshTokenHash1\"",
    "\"antiCsrfToken\"",
    "\"tId\"",
    "\"rsub\"",
];

/// What to ask of a payload that wasn't read, for a write that leads to a token of this version. A payload that passes
/// holds no reserved claim; one that doesn't may hold the name elsewhere, and is to be read and judged.
pub(crate) fn guard(version: AccessVersion, policy: &Policy) -> PayloadGuard {
    if !collides(version, policy) {
        return PayloadGuard::Any;
    }
    let [escape, sub, exp, iat, handle, own, parent, anti_csrf, tenant, recipe_user] = AS_WRITTEN;
    let (tenant, recipe_user) = match version {
        AccessVersion::V5 => (tenant, recipe_user),
        AccessVersion::V4 => (tenant, sub),
        AccessVersion::V3 | AccessVersion::V2 | AccessVersion::V1 => (sub, sub),
    };
    PayloadGuard::Lacks([escape, sub, exp, iat, handle, own, parent, anti_csrf, tenant, recipe_user])
}

/// What to ask of a payload that was read and passed [`check`].
pub(crate) fn guard_of(payload: &Payload, version: AccessVersion, policy: &Policy) -> PayloadGuard {
    if collides(version, policy) { PayloadGuard::Is(payload.clone()) } else { PayloadGuard::Any }
}

/// Judges a payload that a token of this version is to be made from.
pub(crate) fn check(payload: &Payload, version: AccessVersion, policy: &Policy) -> Result<(), PayloadError> {
    if collides(version, policy) { payload.check_reserved(version) } else { Ok(()) }
}

/// Tokens before the third version have the payload in a place of its own.
fn collides(version: AccessVersion, policy: &Policy) -> bool {
    policy.reserved_claims == ReservedClaims::Refused && version >= AccessVersion::V3
}
