//! POST `/recipe/session/remove` (`spec/modern-core.md` 3.7): sessions are ended.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use serde::Serialize;

use super::answer::{Answer, Refusal};
use super::input::Object;
use super::status::Status;

/// Which sessions are to end. The names are as they were sent: there may be none of that name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionRemove<'a> {
    /// All of a user.
    User {
        /// Whose.
        user: Cow<'a, str>,
        /// In all tenants of the app, or only in the path's.
        across_tenants: bool,
        /// Those of all accounts that are linked to this one as well.
        linked: bool,
    },
    /// These.
    Handles(Vec<Cow<'a, str>>),
}

impl<'a> SessionRemove<'a> {
    /// Reads the body.
    pub fn parse(body: &Object<'a>) -> Result<Self, Refusal> {
        const ACROSS: &str = "revokeAcrossAllTenants";
        const LINKED: &str = "revokeSessionsForLinkedAccounts";

        let user = body.optional_string("userId")?;
        let handles = body.optional_strings("sessionHandles")?;
        let across_tenants = body.optional_boolean(ACROSS)?;
        let linked = body.optional_boolean(LINKED)?;
        match (user, handles) {
            (Some(user), None) => {
                let (across_tenants, linked) = (across_tenants.unwrap_or(true), linked.unwrap_or(true));
                Ok(Self::User { user, across_tenants, linked })
            }
            (None, Some(_)) if across_tenants.is_some() => Err(only_with_user(ACROSS)),
            (None, Some(_)) if linked.is_some() => Err(only_with_user(LINKED)),
            (None, Some(handles)) => Ok(Self::Handles(handles)),
            (None, None) | (Some(_), Some(_)) => {
                Err(Refusal::bad("Invalid JSON input - use one of userId or sessionHandles array"))
            }
        }
    }
}

fn only_with_user(field: &str) -> Refusal {
    Refusal::bad(alloc::format!("Invalid JSON input - {field} can only be set if userId is set"))
}

#[derive(Serialize)]
struct Body<'a> {
    status: Status,
    #[serde(rename = "sessionHandlesRevoked")]
    handles: &'a [&'a str],
}

/// The handles of the sessions that ended.
pub fn render(handles: &[&str]) -> Answer {
    Answer::json(&Body { status: Status::Ok, handles })
}
