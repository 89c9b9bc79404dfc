//! POST `/user/remove`: a user is gone, and so are his sessions (`spec/modern-core.md` 2.7).

use alloc::borrow::Cow;

use super::answer::{Answer, Refusal};
use super::input::Object;
use super::status::Status;

/// Reads the user's id. There are no linked accounts, so that choice is only checked.
pub fn parse<'a>(object: &Object<'a>) -> Result<Cow<'a, str>, Refusal> {
    let user = object.string("userId")?;
    object.optional_boolean("removeAllLinkedAccounts")?;
    Ok(user)
}

/// Answers that it is done, known or not.
pub fn render() -> Answer {
    Status::Ok.answer()
}
