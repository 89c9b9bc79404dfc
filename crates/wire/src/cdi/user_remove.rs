//! POST `/user/remove`: a user is gone, and so are his sessions (`spec/modern-core.md` 2.7).

use alloc::borrow::Cow;

use super::answer::{Answer, Refusal};
use super::input::Object;
use super::status::Status;

/// Reads the user's id, and whether the accounts that are linked to this one go as well.
pub fn parse<'a>(object: &Object<'a>) -> Result<(Cow<'a, str>, bool), Refusal> {
    let user = object.string("userId")?;
    let linked = object.optional_boolean("removeAllLinkedAccounts")?.unwrap_or(true);
    Ok((user, linked))
}

/// Answers that it is done, known or not.
pub fn render() -> Answer {
    Status::Ok.answer()
}
