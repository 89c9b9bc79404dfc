//! The statuses and bodies of our own answers (`spec/modern-sdk.md` 3.5).

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use doorward_engine::payload::JsonText;
use serde::Serialize;
use serde_json::value::RawValue;

/// The `content-type` of every body here.
pub const CONTENT_TYPE: &str = "application/json";

/// Why two statuses cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatusesError {
    /// Clients could not tell what to do.
    #[error("session_expired_status and invalid_claim_status are both {status}: give them different values")]
    Equal {
        /// The value.
        status: u16,
    },
    /// Not the status of a refusal.
    #[error("{setting} is {status}: set it to a status from 300 to 599")]
    Range {
        /// Which setting.
        setting: &'static str,
        /// The value.
        status: u16,
    },
}

impl StatusesError {
    /// A stable code for programs.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Equal { .. } => "statuses.equal",
            Self::Range { .. } => "statuses.range",
        }
    }
}

/// The statuses that clients are configured with as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statuses {
    session_expired: u16,
    invalid_claim: u16,
}

impl Statuses {
    /// Checks the two statuses.
    pub const fn new(session_expired: u16, invalid_claim: u16) -> Result<Self, StatusesError> {
        if session_expired < 300 || session_expired > 599 {
            return Err(StatusesError::Range { setting: "session_expired_status", status: session_expired });
        }
        if invalid_claim < 300 || invalid_claim > 599 {
            return Err(StatusesError::Range { setting: "invalid_claim_status", status: invalid_claim });
        }
        if session_expired == invalid_claim {
            return Err(StatusesError::Equal { status: session_expired });
        }
        Ok(Self { session_expired, invalid_claim })
    }
}

impl Default for Statuses {
    /// 401 and 403.
    fn default() -> Self {
        Self { session_expired: 401, invalid_claim: 403 }
    }
}

/// A claim that didn't hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimError {
    /// The validator that says so.
    pub id: String,
    /// What it says, for the client's program.
    pub reason: Option<JsonText>,
}

/// An answer of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// There is no such session: log in again.
    Unauthorised,
    /// The access token is no longer enough: refresh it.
    TryRefreshToken,
    /// A refresh token was used by two, and the session is over.
    TokenTheftDetected,
    /// The session is alive, but some claims don't hold.
    InvalidClaims(Vec<ClaimError>),
    /// A new pair is in the headers.
    Refreshed,
    /// The session is over, as asked.
    SignedOut,
    /// The application's own refusal of a sign-out, in words for its user.
    GeneralError(String),
    /// The request itself is wrong.
    BadInput(String),
}

impl Answer {
    /// Returns the status.
    pub const fn status(&self, statuses: Statuses) -> u16 {
        match self {
            Self::Unauthorised | Self::TryRefreshToken | Self::TokenTheftDetected => statuses.session_expired,
            Self::InvalidClaims(_) => statuses.invalid_claim,
            Self::Refreshed | Self::SignedOut | Self::GeneralError(_) => 200,
            Self::BadInput(_) => 400,
        }
    }

    /// Returns the body, which is JSON.
    pub fn body(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Unauthorised => r#"{"message":"unauthorised"}"#,
            Self::TryRefreshToken => r#"{"message":"try refresh token"}"#,
            Self::TokenTheftDetected => r#"{"message":"token theft detected"}"#,
            Self::Refreshed => "{}",
            Self::SignedOut => r#"{"status":"OK"}"#,
            Self::InvalidClaims(errors) => return invalid_claims(errors),
            Self::GeneralError(message) => return json(&GeneralError { status: "GENERAL_ERROR", message }),
            Self::BadInput(message) => return json(&Message { message }),
        })
    }
}

#[derive(Serialize)]
struct Message<'a> {
    message: &'a str,
}

#[derive(Serialize)]
struct GeneralError<'a> {
    status: &'static str,
    message: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct InvalidClaims<'a> {
    message: &'static str,
    claim_validation_errors: Vec<ClaimErrorText<'a>>,
}

#[derive(Serialize)]
struct ClaimErrorText<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a RawValue>,
}

fn invalid_claims(errors: &[ClaimError]) -> Cow<'static, str> {
    let claim_validation_errors = errors
        .iter()
        .map(|error| ClaimErrorText {
            id: &error.id,
            reason: error.reason.as_ref().and_then(|text| serde_json::from_str(text.as_str()).ok()),
        })
        .collect();
    json(&InvalidClaims { message: "invalid claim", claim_validation_errors })
}

/// Writing a struct of texts cannot fail; if it did, an empty object is what clients of any age can read.
fn json(body: &impl Serialize) -> Cow<'static, str> {
    serde_json::to_string(body).map_or(Cow::Borrowed("{}"), Cow::Owned)
}
