//! GET `/recipe/session/user` (`spec/modern-core.md` 3.8): the sessions of a user.

use alloc::borrow::Cow;

use serde::Serialize;

use super::answer::{Answer, Refusal};
use super::input::Query;
use super::status::Status;

/// Whose sessions are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionUser<'a> {
    /// The user, as sent: there may be none of that name.
    pub user: Cow<'a, str>,
    /// In all tenants of the app, or only in the path's.
    pub across_tenants: bool,
    /// Those of all accounts that are linked to this one as well.
    pub linked: bool,
}

impl<'a> SessionUser<'a> {
    /// Reads the query.
    pub fn parse(query: Query<'a>) -> Result<Self, Refusal> {
        Ok(Self {
            user: query.text("userId")?,
            across_tenants: query.boolean("fetchAcrossAllTenants", true),
            linked: query.boolean("fetchSessionsForAllLinkedAccounts", true),
        })
    }
}

#[derive(Serialize)]
struct Body<'a> {
    status: Status,
    #[serde(rename = "sessionHandles")]
    handles: &'a [&'a str],
}

/// Their handles.
pub fn render(handles: &[&str]) -> Answer {
    Answer::json(&Body { status: Status::Ok, handles })
}
