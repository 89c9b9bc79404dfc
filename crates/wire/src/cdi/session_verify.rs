//! POST `/recipe/session/verify` (`spec/modern-core.md` 3.4): is this access token from a live session, and whose?

use alloc::borrow::Cow;

use doorward_engine::secret::Secret;
use doorward_engine::token::anti_csrf::Check;
use serde::Serialize;

use super::answer::{Answer, Refusal};
use super::dialect::{Dialect, Field};
use super::input::Object;
use super::key_infos::KeyInfos;
use super::session_body::{Access, SessionBody, Shown, TokenBody};
use super::status::{Denied, Status};

/// An access token to be verified.
#[derive(Clone, Debug)]
pub struct SessionVerify {
    /// The token.
    pub token: Secret,
    /// Whether an anti-CSRF value must come with it: both fields of the body must say so (12 no. 40).
    pub checks_anti_csrf: bool,
    /// The anti-CSRF value that came with it.
    pub anti_csrf: Option<Secret>,
    /// Whether the store is to be asked; `None` leaves it to the settings.
    pub check_store: Option<bool>,
}

impl SessionVerify {
    /// Reads the body.
    pub fn parse(body: &Object<'_>, dialect: &Dialect) -> Result<Self, Refusal> {
        let token = Secret::new(body.string("accessToken")?);
        let (wanted, enabled) = (body.boolean("doAntiCsrfCheck")?, body.boolean("enableAntiCsrf")?);
        let anti_csrf = body.optional_string("antiCsrfToken")?.map(Secret::new);
        let check_store = match dialect.check_database {
            Field::Ignored => None,
            Field::Optional => body.optional_boolean("checkDatabase")?,
            Field::Required => Some(body.boolean("checkDatabase")?),
        };
        Ok(Self { token, checks_anti_csrf: wanted && enabled, anti_csrf, check_store })
    }

    /// What is demanded of the request's anti-CSRF value.
    pub fn anti_csrf_check(&self) -> Check<'_> {
        if self.checks_anti_csrf { Check::Token(self.anti_csrf.as_ref()) } else { Check::Off }
    }
}

/// A session that stands.
#[derive(Clone, Copy, Debug)]
pub struct Verified<'a> {
    /// The session.
    pub session: Shown<'a>,
    /// The access token that replaces the one that was shown.
    pub renewed: Option<Access<'a>>,
    /// Whether the stored payload is another than the token's, where the store was asked.
    pub payload_changed: Option<bool>,
}

#[derive(Serialize)]
struct Body<'a> {
    session: SessionBody<'a>,
    #[serde(rename = "accessToken", skip_serializing_if = "Option::is_none")]
    access: Option<TokenBody<'a>>,
    #[serde(rename = "payloadUpdateAvailable", skip_serializing_if = "Option::is_none")]
    payload_changed: Option<bool>,
    status: Status,
    #[serde(flatten)]
    keys: Option<KeyInfos>,
}

#[derive(Serialize)]
struct DeniedBody {
    status: Status,
    #[serde(flatten)]
    keys: Option<KeyInfos>,
    message: Option<Cow<'static, str>>,
}

/// Why there is none. The keys stand in the answer that asks for a refresh: the caller may have verified by older ones.
pub fn render_denied(denied: Denied, keys: Option<KeyInfos>) -> Answer {
    match denied.words() {
        Ok((status, message)) => {
            let keys = keys.filter(|_| status == Status::TryRefreshToken);
            Answer::json(&DeniedBody { status, keys, message })
        }
        Err(refusal) => refusal.into(),
    }
}

/// The session.
pub fn render(verified: Verified<'_>, keys: Option<KeyInfos>, dialect: &Dialect) -> Answer {
    Answer::json(&Body {
        session: verified.session.body(dialect),
        access: verified.renewed.map(Access::body),
        payload_changed: verified.payload_changed.filter(|_| dialect.payload_update),
        status: Status::Ok,
        keys,
    })
}
