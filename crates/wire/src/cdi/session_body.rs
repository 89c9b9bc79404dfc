//! What the answers about sessions have in common: `session`, the tokens, texts of JSON as they were received
//! (`spec/modern-core.md` 3.1).

use alloc::borrow::Cow;

use doorward_engine::id::{SessionHandle, TenantId, UserId};
use doorward_engine::payload::Payload;
use doorward_engine::secret::Secret;
use doorward_engine::session::record::Row;
use doorward_engine::time::Millis;
use doorward_engine::token::access::Claims;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::answer::Answer;
use super::dialect::Dialect;
use super::status::{Denied, Status};

/// A session as answers show it.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    /// Its name.
    pub handle: &'a SessionHandle,
    /// Whose it is.
    pub user: &'a UserId,
    /// The login method that began it.
    pub recipe_user: &'a UserId,
    /// What its access tokens say for the application.
    pub payload: &'a Payload,
    /// Its tenant.
    pub tenant: &'a TenantId,
}

impl<'a> Shown<'a> {
    /// As its row says.
    pub fn of_row(row: &'a Row) -> Self {
        let Row { key, user, payload, .. } = row;
        Self { handle: &key.handle, user: row.primary_user(), recipe_user: user, payload, tenant: &key.tenant }
    }

    /// As its access token says, with this payload.
    pub fn of_claims(claims: &'a Claims, payload: &'a Payload) -> Self {
        let Claims { handle, user, recipe_user, tenant, .. } = claims;
        Self { handle, user, recipe_user, payload, tenant }
    }

    pub(super) fn body(self, dialect: &Dialect) -> SessionBody<'a> {
        SessionBody {
            handle: self.handle.as_str(),
            user: self.user.as_str(),
            recipe_user: dialect.shows_recipe_user.then(|| self.recipe_user.as_str()),
            payload: Json(self.payload.as_str()),
            tenant: dialect.shows_tenant.then(|| self.tenant.as_str()),
        }
    }
}

/// The member `session`.
#[derive(Serialize)]
pub(super) struct SessionBody<'a> {
    handle: &'a str,
    #[serde(rename = "userId")]
    user: &'a str,
    #[serde(rename = "recipeUserId", skip_serializing_if = "Option::is_none")]
    recipe_user: Option<&'a str>,
    #[serde(rename = "userDataInJWT")]
    payload: Json<'a>,
    #[serde(rename = "tenantId", skip_serializing_if = "Option::is_none")]
    tenant: Option<&'a str>,
}

/// An access token and what it says.
#[derive(Clone, Copy, Debug)]
pub struct Access<'a> {
    /// The token.
    pub token: &'a Secret,
    /// What it says.
    pub claims: &'a Claims,
}

impl<'a> Access<'a> {
    pub(super) fn body(self) -> TokenBody<'a> {
        TokenBody::new(self.token.expose(), self.claims.expires_at, self.claims.issued_at)
    }
}

/// A token with its times.
#[derive(Serialize)]
pub(super) struct TokenBody<'a> {
    token: &'a str,
    expiry: u64,
    #[serde(rename = "createdTime")]
    created: u64,
}

impl<'a> TokenBody<'a> {
    fn new(token: &'a str, expires_at: Millis, created_at: Millis) -> Self {
        Self { token, expiry: expires_at.as_u64(), created: created_at.as_u64() }
    }
}

/// The tokens of a session that was created or refreshed.
#[derive(Clone, Copy, Debug)]
pub struct Issued<'a> {
    /// The session.
    pub row: &'a Row,
    /// Its access token.
    pub access: Access<'a>,
    /// Its refresh token.
    pub refresh: &'a Secret,
    /// When that is of no more use.
    pub refresh_expires_at: Millis,
    /// When both were made.
    pub created_at: Millis,
    /// The value that the page repeats.
    pub anti_csrf: Option<&'a Secret>,
    /// A random text that changes with every refresh, for the versions that had it.
    pub id_refresh: Option<&'a str>,
}

impl<'a> Issued<'a> {
    pub(super) fn body(self, dialect: &Dialect) -> IssuedBody<'a> {
        let lasting = |token| TokenBody::new(token, self.refresh_expires_at, self.created_at);
        IssuedBody {
            session: Shown::of_row(self.row).body(dialect),
            access: self.access.body(),
            refresh: lasting(self.refresh.expose()),
            id_refresh: self.id_refresh.filter(|_| dialect.id_refresh_token).map(lasting),
            anti_csrf: self.anti_csrf.map(Secret::expose),
            status: Status::Ok,
        }
    }
}

/// The members of an answer with new tokens.
#[derive(Serialize)]
pub(super) struct IssuedBody<'a> {
    session: SessionBody<'a>,
    #[serde(rename = "accessToken")]
    access: TokenBody<'a>,
    #[serde(rename = "refreshToken")]
    refresh: TokenBody<'a>,
    #[serde(rename = "idRefreshToken", skip_serializing_if = "Option::is_none")]
    id_refresh: Option<TokenBody<'a>>,
    #[serde(rename = "antiCsrfToken", skip_serializing_if = "Option::is_none")]
    anti_csrf: Option<&'a str>,
    status: Status,
}

/// A text of JSON, put into an answer as it is. One that isn't JSON can't be written: the answer then is a fault.
pub(super) struct Json<'a>(pub(super) &'a str);

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serde_json::from_str::<&RawValue>(self.0).map_err(serde::ser::Error::custom)?.serialize(serializer)
    }
}

#[derive(Serialize)]
struct DeniedBody {
    status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Cow<'static, str>>,
}

/// The answer of a call that ends without a session, and has nothing more to say.
pub fn render_denied(denied: Denied) -> Answer {
    match denied.words() {
        Ok((status, message)) => Answer::json(&DeniedBody { status, message }),
        Err(refusal) => refusal.into(),
    }
}

#[derive(Serialize)]
struct DoneBody {
    status: Status,
}

/// The answer of a call that did what it should, and has nothing more to say.
pub fn render_done() -> Answer {
    Answer::json(&DoneBody { status: Status::Ok })
}
