//! GET `/user/id`: SDKs ask for a user before every session that they create (`spec/modern-core.md` 2.7).

use super::answer::{Answer, Refusal};
use super::input::Query;
use super::status::Status;

/// Checks the query. Users belong to other recipes, so which one is asked for means nothing.
pub fn parse(query: Query<'_>) -> Result<(), Refusal> {
    query.text("userId").map(|_| ())
}

/// Answers that there is no such user.
pub fn render() -> Answer {
    Status::UnknownUser.answer()
}
