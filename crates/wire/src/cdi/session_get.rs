//! GET `/recipe/session` (`spec/modern-core.md` 3.3): what is stored of a session.

use doorward_engine::session::record::Row;
use serde::Serialize;

use super::answer::Answer;
use super::dialect::Dialect;
use super::session_body::Json;
use super::status::Status;

#[derive(Serialize)]
struct Body<'a> {
    #[serde(rename = "sessionHandle")]
    handle: &'a str,
    #[serde(rename = "userId")]
    user: &'a str,
    #[serde(rename = "recipeUserId", skip_serializing_if = "Option::is_none")]
    recipe_user: Option<&'a str>,
    #[serde(rename = "userDataInDatabase")]
    data: Json<'a>,
    expiry: u64,
    #[serde(rename = "userDataInJWT")]
    payload: Json<'a>,
    #[serde(rename = "timeCreated")]
    created_at: u64,
    status: Status,
    #[serde(rename = "tenantId", skip_serializing_if = "Option::is_none")]
    tenant: Option<&'a str>,
}

/// The session. Hashes and the kind of its key are nobody's business.
pub fn render(row: &Row, dialect: &Dialect) -> Answer {
    Answer::json(&Body {
        handle: row.key.handle.as_str(),
        user: row.primary_user().as_str(),
        recipe_user: dialect.shows_recipe_user.then(|| row.user.as_str()),
        data: Json(row.data.as_str()),
        expiry: row.expires_at.as_u64(),
        payload: Json(row.payload.as_str()),
        created_at: row.created_at.as_u64(),
        status: Status::Ok,
        tenant: dialect.shows_tenant.then(|| row.key.tenant.as_str()),
    })
}
