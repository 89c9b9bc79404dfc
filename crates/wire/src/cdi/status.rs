//! The words of `status` and of the messages beside it, in one place. SDKs and operators read them: they are upstream's
//! to the letter, Java's class names included (`spec/modern-core.md` 3.4 to 3.6).

use alloc::borrow::Cow;
use alloc::format;

use doorward_engine::session::Deny;
use doorward_engine::session::lineage::Presented;
use doorward_engine::token::access::{AccessError, Malformed};
use doorward_engine::token::anti_csrf::AntiCsrfError;
use doorward_engine::token::refresh::RefreshFault;
use serde::{Serialize, Serializer};

use super::answer::{Answer, Refusal};

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It did what it should.
    Ok,
    /// There is no such session: the user must sign in.
    Unauthorised,
    /// The access token is of no use any more: refresh.
    TryRefreshToken,
    /// A refresh token was used by two.
    TokenTheft,
    /// No user of this id. Users belong to other recipes, so there never is one.
    UnknownUser,
    /// A JWT with another algorithm than RS256 was asked for.
    UnsupportedAlgorithm,
    /// Another process was meant.
    NotAllowed,
    /// There is no licence.
    NoLicense,
    /// A licence for features that aren't there.
    MissingEnterprise,
    /// There is no such tenant.
    TenantNotFound,
}

impl Status {
    /// The word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Unauthorised => "UNAUTHORISED",
            Self::TryRefreshToken => "TRY_REFRESH_TOKEN",
            Self::TokenTheft => "TOKEN_THEFT_DETECTED",
            Self::UnknownUser => "UNKNOWN_USER_ID_ERROR",
            Self::UnsupportedAlgorithm => "UNSUPPORTED_ALGORITHM_ERROR",
            Self::NotAllowed => "NOT_ALLOWED",
            Self::NoLicense => "NO_LICENSE_KEY_FOUND_ERROR",
            Self::MissingEnterprise => "MISSING_EE_FOLDER_ERROR",
            Self::TenantNotFound => "TENANT_NOT_FOUND_ERROR",
        }
    }

    /// An answer with nothing but the word.
    pub fn answer(self) -> Answer {
        #[derive(Serialize)]
        struct Only {
            status: Status,
        }
        Answer::json(&Only { status: self })
    }
}

impl Serialize for Status {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

/// Why a call about a session ends without one. What is one cause below has words of its own in each call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    /// Reading, changing, regenerating: no session of that name is alive.
    Absent,
    /// Verifying: the access token is not accepted.
    Access(AccessError),
    /// Verifying: the request's anti-CSRF value is not accepted.
    AntiCsrf(AntiCsrfError),
    /// Verifying: the store knows better. `asked` says whether the caller wanted to hear that.
    Confirm {
        /// What the store knows.
        deny: Deny,
        /// Whether a check was asked for; else this was the first use after a refresh.
        asked: bool,
    },
    /// Regenerating: the access token can't be read.
    Regenerate(AccessError),
    /// Refreshing: there is no such session, or the token isn't good.
    Refresh(Deny),
    /// Refreshing: the token was used by two, and a setting says that this is no theft.
    Reuse,
    /// Refreshing: the token was used by two.
    Theft,
}

const ABSENT: &str = "Session does not exist.";
const INCOMPLETE: &str = "Access token does not contain all the information. Maybe the structure has changed?";

/// The status and message of an answer; `Err` where it is refused instead.
pub type Words = Result<(Status, Option<Cow<'static, str>>), Refusal>;

impl Denied {
    /// The words for it.
    pub fn words(self) -> Words {
        let (status, message) = match self {
            Self::Absent => (Status::Unauthorised, ABSENT.into()),
            Self::Access(error) => (Status::TryRefreshToken, access(error)),
            Self::AntiCsrf(AntiCsrfError::NotInToken) => (Status::TryRefreshToken, INCOMPLETE.into()),
            Self::AntiCsrf(AntiCsrfError::Missing | AntiCsrfError::Mismatch) => {
                (Status::TryRefreshToken, "anti-csrf check failed".into())
            }
            Self::Confirm { deny: Deny::NoSession, asked: true } => {
                (Status::Unauthorised, "Either the session has ended or has been blacklisted".into())
            }
            Self::Confirm { deny: Deny::NoSession, asked: false } => {
                (Status::Unauthorised, "Session missing in db".into())
            }
            Self::Confirm { deny, .. } | Self::Refresh(deny) => (Status::Unauthorised, refresh(deny)),
            Self::Regenerate(AccessError::Claims(name)) => (Status::Unauthorised, incomplete(name)),
            // Upstream answers 500 (12 no. 11).
            Self::Regenerate(AccessError::Malformed(fault)) => {
                return Err(Refusal::bad(format!("accessToken can't be read: {}", malformed(fault))));
            }
            Self::Regenerate(_) => return Err(Refusal::bad("accessToken can't be read")),
            Self::Reuse => (Status::Unauthorised, "refresh token reuse detected".into()),
            Self::Theft => return Ok((Status::TokenTheft, None)),
        };
        Ok((status, Some(message)))
    }
}

fn access(error: AccessError) -> Cow<'static, str> {
    match error {
        AccessError::Malformed(fault) => format!("{JWT_EXCEPTION}: {}", malformed(fault)).into(),
        AccessError::Signature => format!("{JWT_EXCEPTION}: JWT verification failed").into(),
        AccessError::UnknownKey => "Key not found".into(),
        AccessError::Claims(name) => incomplete(name),
        AccessError::Expired => "Access token expired".into(),
    }
}

const JWT_EXCEPTION: &str = "io.supertokens.session.jwt.JWT$JWTException";

fn malformed(fault: Malformed) -> Cow<'static, str> {
    match fault {
        Malformed::NotJwt => "Invalid JWT".into(),
        Malformed::HeaderMissing(name) => format!("JWT header missing - {name}").into(),
        Malformed::HeaderMismatch(name) => format!("JWT header mismatch - {name}").into(),
    }
}

fn incomplete(name: Option<&str>) -> Cow<'static, str> {
    name.map_or(INCOMPLETE.into(), |name| format!("{INCOMPLETE} {name}").into())
}

fn refresh(deny: Deny) -> Cow<'static, str> {
    match deny {
        Deny::NoSession => "Session missing in db or has expired".into(),
        Deny::AntiCsrf => "Anti CSRF token missing, or not matching".into(),
        Deny::MalformedToken(fault) => sealed(fault),
        Deny::RotatedOut => "rotated-out token branch; refresh required".into(),
        Deny::ProtectedPayload => "The user payload contains protected field".into(),
    }
}

fn sealed(fault: RefreshFault) -> Cow<'static, str> {
    const FORMAT: &str = "io.supertokens.session.refreshToken.RefreshToken$InvalidRefreshTokenFormatException";
    match fault {
        RefreshFault::Suffix => format!("{FORMAT}: version of refresh token not recognised").into(),
        RefreshFault::Parts(parts) => {
            format!("{FORMAT}: Refresh token split with dot yielded an array of length: {parts}").into()
        }
        RefreshFault::Sealing => "javax.crypto.AEADBadTagException: Tag mismatch".into(),
        // Of the rest upstream says which exception a decoder threw, in words that differ from token to token.
        RefreshFault::Contents | RefreshFault::Other => "Invalid refresh token".into(),
    }
}

/// What a refresh token that came twice was to its session.
pub const fn reuse_subtype(presented: Presented) -> &'static str {
    match presented {
        Presented::Previous | Presented::PreviousOfAnother => "RECENT_PREV",
        Presented::Sibling => "ORPHANED_BRANCH",
        Presented::Older => "STALE_LINEAGE",
    }
}
