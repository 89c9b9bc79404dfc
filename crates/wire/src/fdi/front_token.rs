//! The `front-token` header: what a browser's scripts may know of the session (`spec/modern-sdk.md` 3.4).

use alloc::format;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use doorward_engine::id::UserId;
use doorward_engine::secret::Secret;
use doorward_engine::time::Millis;
use serde_json::value::RawValue;

/// The text that a payload was taken for is not a JSON object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the access token payload is not a JSON object")]
pub struct NotAnObject;

impl NotAnObject {
    /// A stable code for programs.
    pub const fn code(self) -> &'static str {
        "front_token.not_an_object"
    }
}

/// The value of a `front-token` header. It holds the payload, so it doesn't print.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrontToken(Secret);

impl FrontToken {
    /// The value that makes clients forget the session.
    pub const REMOVE: &'static str = "remove";

    /// Builds it for a token that was minted just now: clients derive their clock's skew from the payload's `iat`.
    ///
    /// The payload is all claims of the access token, as JSON text, and is taken over byte for byte: clients compare it
    /// as text. Encoded as padded standard base64, for the kits on phones read nothing else.
    pub fn build(user: &UserId, access_expires_at: Millis, payload: &str) -> Result<Self, NotAnObject> {
        let payload = payload.trim_ascii();
        let is_object = payload.starts_with('{') && serde_json::from_str::<&RawValue>(payload).is_ok();
        let user = serde_json::to_string(user.as_str()).ok().filter(|_| is_object).ok_or(NotAnObject)?;
        let json = format!(r#"{{"uid":{user},"ate":{},"up":{payload}}}"#, access_expires_at.as_u64());
        Ok(Self(Secret::new(STANDARD.encode(json))))
    }

    /// Returns the header's value.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}
