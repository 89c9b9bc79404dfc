//! POST `/recipe/session/refresh` (`spec/modern-core.md` 3.5): a refresh token is exchanged for new tokens.

use alloc::borrow::Cow;

use doorward_engine::secret::Secret;
use doorward_engine::session::lineage::Presented;
use doorward_engine::session::refresh::TheftFound;
use doorward_engine::time::Lifetime;
use serde::Serialize;

use super::answer::{Answer, Refusal};
use super::dialect::Dialect;
use super::input::Object;
use super::session_body::Issued;
use super::session_fields;
use super::status::{Denied, Status, reuse_subtype};

/// A refresh token to be exchanged.
#[derive(Clone, Debug)]
pub struct SessionRefresh {
    /// The token.
    pub token: Secret,
    /// Whether anti-CSRF values are checked, and held by the new tokens.
    pub anti_csrf: bool,
    /// The value that came with it.
    pub anti_csrf_sent: Option<Secret>,
    /// The kind of signing key that the caller asks for; `None` keeps the session's.
    pub use_static_key: Option<bool>,
    access_validity: Option<i64>,
}

impl SessionRefresh {
    /// Reads the body.
    pub fn parse(body: &Object<'_>, dialect: &Dialect) -> Result<Self, Refusal> {
        Ok(Self {
            token: Secret::new(body.string("refreshToken")?),
            anti_csrf: body.boolean("enableAntiCsrf")?,
            anti_csrf_sent: body.optional_string("antiCsrfToken")?.map(Secret::new),
            use_static_key: session_fields::use_static_key(body, dialect.refresh_key)?,
            access_validity: session_fields::access_validity(body, dialect)?,
        })
    }

    /// How long the new access token lives, if not as long as others, which live for `most`.
    pub fn access_lifetime_once(&self, most: Lifetime) -> Result<Option<Lifetime>, Refusal> {
        session_fields::access_lifetime(self.access_validity, most)
    }
}

/// The session with its new tokens. No public keys, at no version.
pub fn render(issued: Issued<'_>, dialect: &Dialect) -> Answer {
    Answer::json(&issued.body(dialect))
}

#[derive(Serialize)]
struct TheftBody<'a> {
    status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<Stolen<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Cow<'static, str>>,
    #[serde(rename = "recentTokenReuseSubtype", skip_serializing_if = "Option::is_none")]
    subtype: Option<&'static str>,
}

/// All three at every version (12 no. 7).
#[derive(Serialize)]
struct Stolen<'a> {
    handle: &'a str,
    #[serde(rename = "userId")]
    user: &'a str,
    #[serde(rename = "recipeUserId")]
    recipe_user: &'a str,
}

/// A token that was used by two. Where `recent_is_unauthorised`, versions that tell kinds of reuse apart hear of a theft
/// only when the token is at least two generations old.
pub fn render_theft(found: &TheftFound, recent_is_unauthorised: bool, dialect: &Dialect) -> Answer {
    let presented = found.evidence.presented;
    let is_reuse = dialect.reuse_subtype && recent_is_unauthorised && presented != Presented::Older;
    let (denied, session) = if is_reuse {
        (Denied::Reuse, None)
    } else {
        let (user, recipe_user) = (found.user.as_str(), found.recipe_user.as_str());
        (Denied::Theft, Some(Stolen { handle: found.key.handle.as_str(), user, recipe_user }))
    };
    match denied.words() {
        Ok((status, message)) => {
            let subtype = dialect.reuse_subtype.then(|| reuse_subtype(presented));
            Answer::json(&TheftBody { status, session, message, subtype })
        }
        Err(refusal) => refusal.into(),
    }
}
