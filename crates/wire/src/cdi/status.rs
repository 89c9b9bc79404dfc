//! The words of `status`, in one place.

use serde::{Serialize, Serializer};

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
}

impl Serialize for Status {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}
