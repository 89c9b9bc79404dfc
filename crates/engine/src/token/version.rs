//! The formats that access tokens have had (`spec/modern-core.md` 7.1 and 7.3).

/// A format of access tokens. Later ones hold more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AccessVersion {
    /// As the second, but for the header. Only tokens that are still alive are written anew in it.
    V1,
    /// Standard base64, no `kid`, the application's claims under `userData`.
    V2,
    /// A JWT: `kid`, the application's claims at the top level.
    V3,
    /// With `tId`.
    V4,
    /// With `rsub`.
    #[default]
    V5,
}

impl AccessVersion {
    /// The value of the `version` header.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::V1 => "1",
            Self::V2 => "2",
            Self::V3 => "3",
            Self::V4 => "4",
            Self::V5 => "5",
        }
    }

    /// The version that a header names which is read as JSON: before the third one the header is a fixed text.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        [Self::V5, Self::V4, Self::V3].into_iter().find(|version| version.name() == name)
    }

    /// The first part of a token before the third version, to the letter.
    pub(crate) const fn fixed_header(self) -> Option<&'static str> {
        match self {
            Self::V1 => Some("eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCIsInZlcnNpb24iOiIxIn0="),
            Self::V2 => Some("eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCIsInZlcnNpb24iOiIyIn0="),
            Self::V3 | Self::V4 | Self::V5 => None,
        }
    }

    /// The version whose first part is this, to the letter.
    pub(crate) fn of_fixed_header(part: &str) -> Option<Self> {
        [Self::V2, Self::V1].into_iter().find(|version| version.fixed_header() == Some(part))
    }

    /// Claims that a token of this version holds for itself, and that a payload therefore cannot carry.
    pub const fn reserved(self) -> &'static [&'static str] {
        match self {
            Self::V1 | Self::V2 => &["userId", "expiryTime", "timeCreated", "sessionHandle", "refreshTokenHash1"],
            Self::V3 => V5.split_at(7).0,
            Self::V4 => V5.split_at(8).0,
            Self::V5 => &V5,
        }
    }
}

/// In the order in which the versions added them.
const V5: [&str; 9] = [
    "sub",
    "exp",
    "iat",
    "sessionHandle",
    "refreshTokenHash1",
    "parentRefreshTokenHash1",
    "antiCsrfToken",
    "tId",
    "rsub",
];
