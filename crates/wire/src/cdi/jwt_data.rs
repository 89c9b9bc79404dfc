//! GET and PUT `/recipe/jwt/data` (`spec/modern-core.md` 3.10): the payload of a session's access tokens.

use alloc::borrow::Cow;

use doorward_engine::payload::Payload;
use serde::Serialize;

use super::answer::{Answer, Refusal};
use super::dialect::Dialect;
use super::input::Object;
use super::session_body::Json;
use super::session_fields;
use super::status::Status;

/// A payload that replaces what is stored.
#[derive(Clone, Debug)]
pub struct JwtDataPut<'a> {
    /// Of this session, as sent.
    pub handle: Cow<'a, str>,
    /// The payload.
    pub payload: Payload,
}

impl<'a> JwtDataPut<'a> {
    /// Reads the body.
    pub fn parse(body: &Object<'a>) -> Result<Self, Refusal> {
        let handle = body.string("sessionHandle")?;
        Ok(Self { handle, payload: session_fields::payload(body.object("userDataInJWT")?)? })
    }

    /// Judges what is judged once the session's tenant is known to be there: the payload must leave alone what a token of
    /// the caller's version holds for itself.
    pub fn check(&self, dialect: &Dialect) -> Result<(), Refusal> {
        session_fields::check_reserved(&self.payload, dialect)
    }
}

#[derive(Serialize)]
struct Body<'a> {
    status: Status,
    #[serde(rename = "userDataInJWT")]
    payload: Json<'a>,
}

/// The payload.
pub fn render(payload: &Payload) -> Answer {
    Answer::json(&Body { status: Status::Ok, payload: Json(payload.as_str()) })
}
