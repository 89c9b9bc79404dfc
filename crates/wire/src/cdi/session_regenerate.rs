//! POST `/recipe/session/regenerate` (`spec/modern-core.md` 3.6): an access token is made anew with another payload.

use doorward_engine::payload::Payload;
use doorward_engine::secret::Secret;
use serde::Serialize;

use super::answer::{Answer, Refusal};
use super::dialect::Dialect;
use super::input::Object;
use super::session_body::{Access, SessionBody, Shown, TokenBody};
use super::session_fields;
use super::status::Status;

/// An access token to be made anew.
#[derive(Clone, Debug)]
pub struct SessionRegenerate {
    /// The token. Neither its signature nor its end is judged (12 no. 39).
    pub token: Secret,
    /// The payload that is stored and goes into the token; `None` keeps the stored one.
    pub payload: Option<Payload>,
}

impl SessionRegenerate {
    /// Reads the body.
    pub fn parse(body: &Object<'_>) -> Result<Self, Refusal> {
        let token = Secret::new(body.string("accessToken")?);
        Ok(Self { token, payload: body.optional_object("userDataInJWT")?.map(session_fields::payload).transpose()? })
    }
}

#[derive(Serialize)]
struct Body<'a> {
    session: SessionBody<'a>,
    #[serde(rename = "accessToken", skip_serializing_if = "Option::is_none")]
    access: Option<TokenBody<'a>>,
    status: Status,
}

/// The session, and the token that replaces the one that was shown unless that has ended.
pub fn render(session: Shown<'_>, access: Option<Access<'_>>, dialect: &Dialect) -> Answer {
    Answer::json(&Body { session: session.body(dialect), access: access.map(Access::body), status: Status::Ok })
}
