//! GET and PUT `/recipe/session/data` (`spec/modern-core.md` 3.9): what is kept beside a session.

use alloc::borrow::Cow;

use doorward_engine::payload::JsonText;
use serde::Serialize;

use super::answer::{Answer, Refusal};
use super::input::Object;
use super::session_body::Json;
use super::session_fields;
use super::status::Status;

/// Session data that replaces what is stored.
#[derive(Clone, Debug)]
pub struct SessionDataPut<'a> {
    /// Of this session, as sent.
    pub handle: Cow<'a, str>,
    /// The data.
    pub data: JsonText,
}

impl<'a> SessionDataPut<'a> {
    /// Reads the body.
    pub fn parse(body: &Object<'a>) -> Result<Self, Refusal> {
        let handle = body.string("sessionHandle")?;
        Ok(Self { handle, data: session_fields::data(body.object("userDataInDatabase")?) })
    }
}

#[derive(Serialize)]
struct Body<'a> {
    status: Status,
    #[serde(rename = "userDataInDatabase")]
    data: Json<'a>,
}

/// The data.
pub fn render(data: &JsonText) -> Answer {
    Answer::json(&Body { status: Status::Ok, data: Json(data.as_str()) })
}
