//! What callers read when there is no session, letter for letter (`spec/modern-core.md` 3.3 to 3.6).

use doorward_engine::session::Deny;
use doorward_engine::session::lineage::Presented;
use doorward_engine::token::access::{AccessError, Malformed};
use doorward_engine::token::anti_csrf::AntiCsrfError;
use doorward_engine::token::refresh::RefreshFault;
use doorward_wire::cdi::answer::Refusal;
use doorward_wire::cdi::status::{Denied, Status, reuse_subtype};

const UNAUTHORISED: Status = Status::Unauthorised;
const TRY: Status = Status::TryRefreshToken;

const INCOMPLETE: &str = "Access token does not contain all the information. Maybe the structure has changed?";
const JWT: &str = "io.supertokens.session.jwt.JWT$JWTException: ";
const FORMAT: &str = "io.supertokens.session.refreshToken.RefreshToken$InvalidRefreshTokenFormatException: ";

#[test]
fn every_denial_has_its_words() {
    let jwt = |text: &str| format!("{JWT}{text}");
    let format = |text: &str| format!("{FORMAT}{text}");
    let claim = |name: &str| format!("{INCOMPLETE} {name}");
    let asked = |deny| Denied::Confirm { deny, asked: true };
    let first_use = |deny| Denied::Confirm { deny, asked: false };
    let malformed = |fault| Denied::Access(AccessError::Malformed(fault));
    let sealed = |fault| Denied::Refresh(Deny::MalformedToken(fault));
    let cases = [
        (Denied::Absent, UNAUTHORISED, "Session does not exist.".to_owned()),
        (malformed(Malformed::NotJwt), TRY, jwt("Invalid JWT")),
        (malformed(Malformed::HeaderMissing("typ")), TRY, jwt("JWT header missing - typ")),
        (malformed(Malformed::HeaderMismatch("version")), TRY, jwt("JWT header mismatch - version")),
        (Denied::Access(AccessError::Signature), TRY, jwt("JWT verification failed")),
        (Denied::Access(AccessError::UnknownKey), TRY, "Key not found".into()),
        (Denied::Access(AccessError::Expired), TRY, "Access token expired".into()),
        (Denied::Access(AccessError::Claims(Some("rsub"))), TRY, claim("rsub")),
        (Denied::Access(AccessError::Claims(None)), TRY, INCOMPLETE.into()),
        (Denied::AntiCsrf(AntiCsrfError::NotInToken), TRY, INCOMPLETE.into()),
        (Denied::AntiCsrf(AntiCsrfError::Missing), TRY, "anti-csrf check failed".into()),
        (Denied::AntiCsrf(AntiCsrfError::Mismatch), TRY, "anti-csrf check failed".into()),
        (asked(Deny::NoSession), UNAUTHORISED, "Either the session has ended or has been blacklisted".into()),
        (first_use(Deny::NoSession), UNAUTHORISED, "Session missing in db".into()),
        (asked(Deny::RotatedOut), UNAUTHORISED, "rotated-out token branch; refresh required".into()),
        (Denied::Regenerate(AccessError::Claims(Some("tId"))), UNAUTHORISED, claim("tId")),
        (Denied::Refresh(Deny::NoSession), UNAUTHORISED, "Session missing in db or has expired".into()),
        (Denied::Refresh(Deny::AntiCsrf), UNAUTHORISED, "Anti CSRF token missing, or not matching".into()),
        (Denied::Refresh(Deny::ProtectedPayload), UNAUTHORISED, "The user payload contains protected field".into()),
        (sealed(RefreshFault::Suffix), UNAUTHORISED, format("version of refresh token not recognised")),
        (
            sealed(RefreshFault::Parts(4)),
            UNAUTHORISED,
            format("Refresh token split with dot yielded an array of length: 4"),
        ),
        (sealed(RefreshFault::Sealing), UNAUTHORISED, "javax.crypto.AEADBadTagException: Tag mismatch".into()),
        (sealed(RefreshFault::Contents), UNAUTHORISED, "Invalid refresh token".into()),
        (sealed(RefreshFault::Other), UNAUTHORISED, "Invalid refresh token".into()),
        (Denied::Reuse, UNAUTHORISED, "refresh token reuse detected".into()),
    ];
    for (denied, status, message) in cases {
        assert_eq!(denied.words(), Ok((status, Some(message.into()))), "{denied:?}");
    }
    assert_eq!(Denied::Theft.words(), Ok((Status::TokenTheft, None)));
}

/// Upstream answers 500 to a token that can't be read.
#[test]
fn regenerating_refuses_what_it_cannot_read() {
    for (fault, why) in [
        (Malformed::NotJwt, "Invalid JWT"),
        (Malformed::HeaderMissing("kid"), "JWT header missing - kid"),
        (Malformed::HeaderMismatch("alg"), "JWT header mismatch - alg"),
    ] {
        let refusal = Refusal::bad(format!("accessToken can't be read: {why}"));
        assert_eq!(Denied::Regenerate(AccessError::Malformed(fault)).words(), Err(refusal));
    }
}

#[test]
fn kinds_of_reuse() {
    for (presented, word) in [
        (Presented::Previous, "RECENT_PREV"),
        (Presented::PreviousOfAnother, "RECENT_PREV"),
        (Presented::Sibling, "ORPHANED_BRANCH"),
        (Presented::Older, "STALE_LINEAGE"),
    ] {
        assert_eq!(reuse_subtype(presented), word);
    }
}
