//! What the claims of an access token say, by version (`spec/modern-core.md` 7.1 and 7.3).

use alloc::borrow::Cow;
use alloc::string::String;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::hash::Hash1;
use crate::id::{SessionHandle, TenantId, UserId};
use crate::json::{Members, is_bare_object, text_of};
use crate::payload::Payload;
use crate::secret::Secret;
use crate::time::Millis;
use crate::token::claim_check::ClaimCheck;
use crate::token::version::AccessVersion;

/// What a verified access token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// The format of the token.
    pub version: AccessVersion,
    /// Whose session it is.
    pub user: UserId,
    /// The login method that began the session; equal to `user` where accounts aren't linked, and before version 5.
    pub recipe_user: UserId,
    /// The tenant; before version 4 the default one.
    pub tenant: TenantId,
    /// The session.
    pub handle: SessionHandle,
    /// The hash of the refresh token that was handed out with it.
    pub own: Hash1,
    /// The hash of the refresh token that was presented for it, while its own isn't known to be current.
    pub parent: Option<Hash1>,
    /// The value that a request must repeat.
    pub anti_csrf: Option<Secret>,
    /// When it was made; from version 3 on in whole seconds.
    pub issued_at: Millis,
    /// When it ends; from version 3 on in whole seconds.
    pub expires_at: Millis,
    /// All claims as JSON text, in the token's order.
    pub json: ClaimsJson,
}

impl Claims {
    /// Returns the application's members of the token.
    pub fn payload(&self) -> Payload {
        Payload::from_claims(&self.json.0, self.version).unwrap_or_default()
    }
}

/// The claims of an access token as JSON text. Its `Debug` shows the size only.
#[derive(Clone, PartialEq, Eq)]
pub struct ClaimsJson(String);

impl ClaimsJson {
    pub(crate) fn new(json: String) -> Self {
        Self(json)
    }

    /// Returns the text of the JSON object.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl core::fmt::Debug for ClaimsJson {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "ClaimsJson({} bytes)", self.0.len())
    }
}

/// The claims are not those of an access token; where one is absent that must be there, its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BadClaims(pub(crate) Option<&'static str>);

/// From version 3 on. Numbers are whole and not negative, no name comes twice, and nothing may be missing but what is
/// optional. What only some versions judge is read as text.
#[derive(Deserialize)]
struct Judged<'a> {
    iat: u64,
    exp: u64,
    #[serde(borrow)]
    sub: Cow<'a, str>,
    #[serde(borrow, default, rename = "tId")]
    tenant: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "rsub")]
    recipe_user: Option<&'a RawValue>,
    #[serde(borrow, rename = "sessionHandle")]
    handle: Cow<'a, str>,
    #[serde(borrow, rename = "refreshTokenHash1")]
    own: Cow<'a, str>,
    #[serde(borrow, rename = "parentRefreshTokenHash1", deserialize_with = "text_or_null")]
    parent: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "antiCsrfToken", deserialize_with = "text_or_null")]
    anti_csrf: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "raw_if_there")]
    nbf: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "raw_if_there")]
    stt: Option<&'a RawValue>,
}

/// A claim that must be there, and may be null. Without a function of its own, serde would take a missing one for null.
fn text_or_null<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Cow<'de, str>>, D::Error> {
    Option::deserialize(deserializer)
}

/// A claim that is there, be it `null`.
fn raw_if_there<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

/// Before version 3. Times are milliseconds.
#[derive(Deserialize)]
struct Early<'a> {
    #[serde(borrow, rename = "userId")]
    user: Cow<'a, str>,
    #[serde(rename = "expiryTime")]
    expires_at: u64,
    #[serde(rename = "timeCreated")]
    issued_at: u64,
    #[serde(borrow, rename = "sessionHandle")]
    handle: Cow<'a, str>,
    #[serde(borrow, rename = "refreshTokenHash1")]
    own: Cow<'a, str>,
    #[serde(borrow, default, rename = "parentRefreshTokenHash1")]
    parent: Option<Cow<'a, str>>,
    #[serde(borrow, default, rename = "antiCsrfToken")]
    anti_csrf: Option<Cow<'a, str>>,
    #[serde(borrow, default, rename = "userData")]
    payload: Option<&'a RawValue>,
}

/// Reads claims. `now` is for a token that isn't good yet; without it that isn't judged.
pub(crate) fn read(
    json: String,
    version: AccessVersion,
    now: Option<Millis>,
    check: ClaimCheck,
) -> Result<Claims, BadClaims> {
    let said = match version {
        AccessVersion::V1 | AccessVersion::V2 => Said::early(&json, check),
        AccessVersion::V3 | AccessVersion::V4 | AccessVersion::V5 => Said::judged(&json, version, now, check),
    };
    match said {
        Some(said) => Ok(said.into_claims(version, json)),
        None => Err(BadClaims(absent(&json, version))),
    }
}

/// The claims of any version, judged.
struct Said {
    user: UserId,
    recipe_user: UserId,
    tenant: TenantId,
    handle: SessionHandle,
    own: Hash1,
    parent: Option<Hash1>,
    anti_csrf: Option<Secret>,
    issued_at: Millis,
    expires_at: Millis,
}

impl Said {
    fn judged(json: &str, version: AccessVersion, now: Option<Millis>, check: ClaimCheck) -> Option<Self> {
        if !is_bare_object(json.as_bytes()) {
            return None;
        }
        let judged: Judged<'_> = serde_json::from_str(json).ok()?;
        let (issued_at, expires_at) = (Millis::from_secs(judged.iat)?, Millis::from_secs(judged.exp)?);
        if expires_at < issued_at || (check == ClaimCheck::Strict && !judged.is_a_session_now(now)) {
            return None;
        }
        let user = UserId::parse_or_empty(&judged.sub).ok()?;
        Some(Self {
            recipe_user: match version {
                AccessVersion::V5 => UserId::parse_or_empty(&text_of(judged.recipe_user?)?).ok()?,
                _ => user.clone(),
            },
            user,
            tenant: match version {
                AccessVersion::V5 | AccessVersion::V4 => TenantId::parse(&text_of(judged.tenant?)?).ok()?,
                _ => TenantId::default(),
            },
            handle: SessionHandle::parse(&judged.handle).ok()?,
            own: hash(&judged.own, check)?,
            parent: optional_hash(judged.parent.as_deref(), check)?,
            anti_csrf: judged.anti_csrf.as_deref().map(Secret::new),
            issued_at,
            expires_at,
        })
    }

    fn early(json: &str, check: ClaimCheck) -> Option<Self> {
        if !is_bare_object(json.as_bytes()) {
            return None;
        }
        let early: Early<'_> = serde_json::from_str(json).ok()?;
        if early.payload.is_some_and(|payload| !is_bare_object(payload.get().as_bytes())) {
            return None;
        }
        let (issued_at, expires_at) = (Millis::new(early.issued_at)?, Millis::new(early.expires_at)?);
        if expires_at < issued_at {
            return None;
        }
        let user = UserId::parse_or_empty(&early.user).ok()?;
        Some(Self {
            recipe_user: user.clone(),
            user,
            tenant: TenantId::default(),
            handle: SessionHandle::parse(&early.handle).ok()?,
            own: hash(&early.own, check)?,
            parent: optional_hash(early.parent.as_deref(), check)?,
            anti_csrf: early.anti_csrf.as_deref().map(Secret::new),
            issued_at,
            expires_at,
        })
    }

    fn into_claims(self, version: AccessVersion, json: String) -> Claims {
        let Self { user, recipe_user, tenant, handle, own, parent, anti_csrf, issued_at, expires_at } = self;
        let json = ClaimsJson(json);
        Claims { version, user, recipe_user, tenant, handle, own, parent, anti_csrf, issued_at, expires_at, json }
    }
}

impl Judged<'_> {
    /// Whether it is no token of another kind, nor one for later.
    fn is_a_session_now(&self, now: Option<Millis>) -> bool {
        let is_number = |value: Option<&RawValue>, fits: &dyn Fn(u64) -> bool| {
            value.is_none_or(|value| serde_json::from_str(value.get()).is_ok_and(fits))
        };
        is_number(self.stt, &|kind| kind == 0) && is_number(self.nbf, &|nbf| now.is_none_or(|now| nbf <= now.as_secs()))
    }
}

fn hash(text: &str, check: ClaimCheck) -> Option<Hash1> {
    match check {
        ClaimCheck::Strict => Hash1::parse(text),
        ClaimCheck::Upstream => Hash1::from_claim(text),
    }
}

fn optional_hash(text: Option<&str>, check: ClaimCheck) -> Option<Option<Hash1>> {
    match text {
        None => Some(None),
        Some(text) => hash(text, check).map(Some),
    }
}

/// The first claim that must be there and isn't. `null` is one only where the claim may be null.
fn absent(json: &str, version: AccessVersion) -> Option<&'static str> {
    let members = Members::parse(json)?;
    let is_nullable = |name: &str| matches!(name, "parentRefreshTokenHash1" | "antiCsrfToken");
    let is_there = |name: &str| {
        members.0.iter().any(|(known, value)| known == name && (is_nullable(name) || value.get() != "null"))
    };
    version.reserved().iter().copied().find(|name| !is_there(name))
}
