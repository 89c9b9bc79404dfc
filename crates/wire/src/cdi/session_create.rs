//! POST `/recipe/session` (`spec/modern-core.md` 3.2): a session is created.

use alloc::string::ToString as _;

use doorward_engine::id::UserId;
use doorward_engine::payload::{JsonText, Payload};
use doorward_engine::time::Lifetime;
use serde::Serialize;

use super::answer::{Answer, Refusal};
use super::dialect::{Dialect, Field};
use super::input::Object;
use super::key_infos::KeyInfos;
use super::session_body::{Issued, IssuedBody};
use super::session_fields;

/// A session to be created.
#[derive(Clone, Debug)]
pub struct SessionCreate {
    /// For this user.
    pub user: UserId,
    /// Whether its tokens hold an anti-CSRF value.
    pub anti_csrf: bool,
    /// What goes into its access tokens.
    pub payload: Payload,
    /// What is kept beside it.
    pub data: JsonText,
    access_validity: Option<i64>,
}

impl SessionCreate {
    /// Reads what is judged before the tenant is looked for.
    pub fn parse(body: &Object<'_>, dialect: &Dialect) -> Result<Self, Refusal> {
        // The column has no room for more; upstream answers 500.
        let user = UserId::parse_or_empty(&body.string("userId")?).map_err(|error| Refusal::bad(error.to_string()))?;
        Ok(Self {
            user,
            anti_csrf: body.boolean("enableAntiCsrf")?,
            payload: session_fields::payload(body.object("userDataInJWT")?)?,
            data: session_fields::data(body.object("userDataInDatabase")?),
            access_validity: session_fields::access_validity(body, dialect)?,
        })
    }

    /// How long its first access token lives, if not as long as others, which live for `most`.
    pub fn access_lifetime_once(&self, most: Lifetime) -> Result<Option<Lifetime>, Refusal> {
        session_fields::access_lifetime(self.access_validity, most)
    }

    /// Reads what is judged once the tenant is known to be there: the kind of signing key, and whether the payload leaves
    /// the token's own claims alone. `None` leaves the kind to the settings.
    pub fn use_static_key(&self, body: &Object<'_>, dialect: &Dialect) -> Result<Option<bool>, Refusal> {
        let choice = session_fields::use_static_key(body, dialect.create_key)?;
        session_fields::check_reserved(&self.payload, dialect)?;
        // From 2.21 on the key rotates unless the caller says otherwise.
        Ok(choice.or_else(|| (dialect.create_key != Field::Ignored).then_some(false)))
    }
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(flatten)]
    issued: IssuedBody<'a>,
    #[serde(flatten)]
    keys: Option<KeyInfos>,
}

/// The session with its tokens.
pub fn render(issued: Issued<'_>, keys: Option<KeyInfos>, dialect: &Dialect) -> Answer {
    Answer::json(&Body { issued: issued.body(dialect), keys })
}
