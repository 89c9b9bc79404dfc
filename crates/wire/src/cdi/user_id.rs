//! GET `/user/id`: SDKs ask for a user before every session that they create (`spec/modern-core.md` 2.7).

use alloc::string::String;
use alloc::vec::Vec;

use serde::Deserialize;

use super::answer::{Answer, Refusal};
use super::input::Query;
use super::status::Status;
use crate::fdi::percent;

/// Checks the query. Users belong to other recipes, so which one is asked for means nothing.
pub fn parse(query: Query<'_>) -> Result<(), Refusal> {
    query.text("userId").map(|_| ())
}

/// Answers that there is no such user.
pub fn render() -> Answer {
    Status::UnknownUser.answer()
}

/// The query that asks a core for a user.
pub fn ask(user: &str) -> String {
    let mut query = String::from("userId=");
    percent::encode(user, &mut query);
    query
}

/// Reads what that core answers: the ids of the user and of all accounts that are linked to him, or none if it has no such
/// user. `None` if it says neither.
pub fn read(body: &[u8]) -> Option<Vec<String>> {
    match serde_json::from_slice(body).ok()? {
        Found::Ok { user } => {
            let accounts = user.login_methods.into_iter().map(|method| method.recipe_user_id);
            Some(accounts.chain([user.id]).collect())
        }
        Found::Unknown => Some(Vec::new()),
    }
}

#[derive(Deserialize)]
#[serde(tag = "status")]
enum Found {
    #[serde(rename = "OK")]
    Ok { user: User },
    #[serde(rename = "UNKNOWN_USER_ID_ERROR")]
    Unknown,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct User {
    id: String,
    login_methods: Vec<LoginMethod>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LoginMethod {
    recipe_user_id: String,
}
