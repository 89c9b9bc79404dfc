//! GET `/config`: where the configuration file of a process lies, for the command line (`spec/modern-core.md` 2.3).

use alloc::borrow::Cow;

use serde::Serialize;

use super::answer::{Answer, Refusal};
use super::input::Query;
use super::status::Status;

/// Reads which process is asked for.
pub fn parse(query: Query<'_>) -> Result<Cow<'_, str>, Refusal> {
    query.text("pid")
}

#[derive(Serialize)]
struct File<'a> {
    status: Status,
    path: &'a str,
}

/// Answers with the path, or that another process was meant.
pub fn render(path: Option<&str>) -> Answer {
    match path {
        Some(path) => Answer::json(&File { status: Status::Ok, path }),
        None => Status::NotAllowed.answer(),
    }
}
