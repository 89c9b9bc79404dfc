//! GET `/users/count` and `/users/count/active` (`spec/modern-core.md` 2.7).

use doorward_engine::time::Millis;
use serde::Serialize;

use super::answer::{Answer, Refusal};
use super::input::Query;
use super::status::Status;

/// Reads since when a user must have been active to count.
pub fn parse_active(query: Query<'_>) -> Result<Millis, Refusal> {
    let since = query.integer("since")?;
    u64::try_from(since).map(Millis::saturating).map_err(|_| Refusal::bad("'since' query parameter must be >= 0"))
}

#[derive(Serialize)]
struct Count {
    status: Status,
    count: u64,
}

/// Writes a count.
pub fn render(count: u64) -> Answer {
    Answer::json(&Count { status: Status::Ok, count })
}
