//! The access token: what it says, how it is written and what is believed of one (`spec/modern-core.md` 7.1, version 5).

use alloc::borrow::Cow;
use alloc::string::String;

use serde::{Deserialize, Serialize};

use crate::flow::Env;
use crate::hash::Hash1;
use crate::id::{SessionHandle, TenantId, UserId};
use crate::key::ring::KeyRing;
use crate::payload::{Payload, is_bare_object};
use crate::policy::Policy;
use crate::secret::Secret;
use crate::session::record::SessionLimits;
use crate::time::Millis;
use crate::token::jws::{JwsError, Unsigned, Unverified};
use crate::token::version::AccessVersion;

/// What a verified access token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// The format of the token.
    pub version: AccessVersion,
    /// Whose session it is.
    pub user: UserId,
    /// The login method that began the session; equal to `user` where accounts aren't linked.
    pub recipe_user: UserId,
    /// The tenant.
    pub tenant: TenantId,
    /// The session.
    pub handle: SessionHandle,
    /// The hash of the refresh token that was handed out with it.
    pub own: Hash1,
    /// The hash of the refresh token that was presented for it, while its own isn't known to be current.
    pub parent: Option<Hash1>,
    /// The value that a request must repeat.
    pub anti_csrf: Option<Secret>,
    /// When it was made, in whole seconds.
    pub issued_at: Millis,
    /// When it ends, in whole seconds.
    pub expires_at: Millis,
    /// All claims as JSON text, in the token's order.
    pub json: ClaimsJson,
}

impl Claims {
    /// Returns the application's members of the token.
    pub fn payload(&self) -> Payload {
        Payload::from_claims(&self.json.0).unwrap_or_default()
    }
}

/// The claims of an access token as JSON text. Its `Debug` shows the size only.
#[derive(Clone, PartialEq, Eq)]
pub struct ClaimsJson(String);

impl ClaimsJson {
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

/// Why an access token was not accepted. All of them ask the client to refresh; [`AccessError::UnknownKey`] only after
/// the keys were read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccessError {
    /// Not an access token of ours.
    #[error("the access token is malformed")]
    Malformed,
    /// Signed with a key that isn't known here.
    #[error("the access token is signed with an unknown key")]
    UnknownKey,
    /// Not signed with the key that it names.
    #[error("the signature of the access token does not verify")]
    Signature,
    /// Signed, but its claims are not those of an access token.
    #[error("the claims of the access token are not valid")]
    Claims,
    /// Past its end.
    #[error("the access token has expired")]
    Expired,
}

impl AccessError {
    /// A stable code for programs.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Malformed => "access.malformed",
            Self::UnknownKey => "access.unknown_key",
            Self::Signature => "access.signature",
            Self::Claims => "access.claims",
            Self::Expired => "access.expired",
        }
    }
}

/// Whether a text has the form of one of our access tokens. Nothing about it is believed yet: this only tells a token
/// of another kind in the same header from one that must be judged.
pub fn looks_like_access_token(token: &str) -> bool {
    Unverified::split(token).is_ok_and(|token| token.is_ours())
}

/// Verifies an access token: signature, then claims, then time. No I/O.
pub fn verify(token: &str, keys: &KeyRing, now: Millis, policy: &Policy) -> Result<Claims, AccessError> {
    let json = Unverified::split(token)
        .and_then(|token| token.verify(keys, now, policy))
        .map_err(|error| match error {
            JwsError::Malformed => AccessError::Malformed,
            JwsError::UnknownKey => AccessError::UnknownKey,
            JwsError::Signature => AccessError::Signature,
        })?
        .into_claims()
        .ok_or(AccessError::Claims)?;
    let claims = read(json, now).ok_or(AccessError::Claims)?;
    if now >= claims.expires_at {
        return Err(AccessError::Expired);
    }
    Ok(claims)
}

/// Reads an access token without its signature or its end being judged.
pub fn peek(token: &str, _policy: &Policy) -> Result<Claims, AccessError> {
    let json = Unverified::split(token).ok().and_then(|token| token.peek()).ok_or(AccessError::Malformed)?;
    read(json, Millis::MAX).ok_or(AccessError::Claims)
}

/// The claims that we judge. Numbers are whole and not negative, no name comes twice, and nothing may be missing but
/// what is optional.
#[derive(Deserialize)]
struct Judged<'a> {
    iat: u64,
    exp: u64,
    #[serde(borrow)]
    sub: Cow<'a, str>,
    #[serde(borrow, rename = "tId")]
    tenant: Cow<'a, str>,
    #[serde(borrow, rename = "rsub")]
    recipe_user: Cow<'a, str>,
    #[serde(borrow, rename = "sessionHandle")]
    handle: Cow<'a, str>,
    #[serde(borrow, rename = "refreshTokenHash1")]
    own: Cow<'a, str>,
    #[serde(borrow, rename = "parentRefreshTokenHash1", deserialize_with = "text_or_null")]
    parent: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "antiCsrfToken", deserialize_with = "text_or_null")]
    anti_csrf: Option<Cow<'a, str>>,
    #[serde(default, deserialize_with = "number_if_there")]
    nbf: Option<u64>,
    #[serde(default, deserialize_with = "number_if_there")]
    stt: Option<u64>,
}

/// A claim that must be there, and may be null. Without a function of its own, serde would take a missing one for null.
fn text_or_null<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Cow<'de, str>>, D::Error> {
    Option::deserialize(deserializer)
}

/// A number, which `null` isn't.
fn number_if_there<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    u64::deserialize(deserializer).map(Some)
}

fn read(json: String, now: Millis) -> Option<Claims> {
    if !is_bare_object(json.as_bytes()) {
        return None;
    }
    let judged: Judged<'_> = serde_json::from_str(&json).ok()?;
    let (issued_at, expires_at) = (Millis::from_secs(judged.iat)?, Millis::from_secs(judged.exp)?);
    if judged.stt.is_some_and(|kind| kind != 0) || judged.nbf.is_some_and(|nbf| nbf > now.as_secs()) {
        return None;
    }
    if expires_at < issued_at {
        return None;
    }
    let hash = |text: &str| Hash1::parse(text);
    Some(Claims {
        version: AccessVersion::V5,
        user: UserId::parse_or_empty(&judged.sub).ok()?,
        recipe_user: UserId::parse_or_empty(&judged.recipe_user).ok()?,
        tenant: TenantId::parse(&judged.tenant).ok()?,
        handle: SessionHandle::parse(&judged.handle).ok()?,
        own: hash(&judged.own)?,
        parent: match &judged.parent {
            None => None,
            Some(text) => Some(hash(text)?),
        },
        anti_csrf: judged.anti_csrf.as_deref().map(Secret::new),
        issued_at,
        expires_at,
        json: ClaimsJson(json),
    })
}

/// What an access token is made from.
pub(crate) struct Draft<'a> {
    pub(crate) version: AccessVersion,
    /// Whether a static key signs it, as the session's row says.
    pub(crate) use_static_key: bool,
    pub(crate) user: &'a UserId,
    pub(crate) recipe_user: &'a UserId,
    pub(crate) tenant: &'a TenantId,
    pub(crate) handle: &'a SessionHandle,
    pub(crate) own: Hash1,
    pub(crate) parent: Option<Hash1>,
    pub(crate) anti_csrf: Option<&'a Secret>,
    pub(crate) payload: &'a Payload,
    pub(crate) limits: &'a SessionLimits,
    pub(crate) end: End,
}

/// When a token that is made now ends.
#[derive(Clone, Copy)]
pub(crate) enum End {
    /// As the policy and the session's limits say, shortened at random by the policy's jitter.
    Jittered,
    /// As the policy and the session's limits say.
    Full,
    /// Then.
    At(Millis),
}

/// The order is upstream's; the application's members come behind.
#[derive(Serialize)]
struct Written<'a> {
    iat: u64,
    exp: u64,
    sub: &'a str,
    #[serde(rename = "tId")]
    tenant: &'a str,
    #[serde(rename = "rsub")]
    recipe_user: &'a str,
    #[serde(rename = "sessionHandle")]
    handle: &'a str,
    #[serde(rename = "refreshTokenHash1")]
    own: &'a str,
    #[serde(rename = "parentRefreshTokenHash1")]
    parent: Option<&'a str>,
    #[serde(rename = "antiCsrfToken")]
    anti_csrf: Option<&'a str>,
}

/// An access token that only lacks its signature.
#[derive(Clone, Debug)]
pub struct UnsignedAccess {
    /// What is to be signed.
    pub unsigned: Unsigned,
    /// What it says.
    pub claims: Claims,
}

impl Draft<'_> {
    /// Writes the token with the key that signs now.
    pub(crate) fn write(self, env: &Env<'_>) -> UnsignedAccess {
        let key = env.keys.signer(env.now, env.policy);
        let end = match self.end {
            End::Jittered => env.policy.access_end(env.now, self.limits, env.entropy.jitter),
            End::Full => env.policy.access_end(env.now, self.limits, [0; 4]),
            End::At(end) => end,
        };
        let (iat, exp) = (env.now.as_secs(), end.as_secs());
        let written = Written {
            iat,
            exp,
            sub: self.user.as_str(),
            tenant: self.tenant.as_str(),
            recipe_user: self.recipe_user.as_str(),
            handle: self.handle.as_str(),
            own: self.own.as_str(),
            parent: self.parent.as_ref().map(Hash1::as_str),
            anti_csrf: self.anti_csrf.map(Secret::expose),
        };
        // INVARIANT: writing a struct of texts and numbers as JSON cannot fail.
        let mut json = serde_json::to_string(&written).unwrap_or_default();
        let payload = self.payload.without_reserved();
        let inner = payload.inner();
        if !inner.is_empty() {
            json.truncate(json.len().saturating_sub(1));
            json.push(',');
            json.push_str(inner);
            json.push('}');
        }
        let unsigned = Unsigned::new(&json, key);
        let seconds = |secs| Millis::from_secs(secs).unwrap_or(Millis::MAX);
        UnsignedAccess {
            unsigned,
            claims: Claims {
                version: self.version,
                user: self.user.clone(),
                recipe_user: self.recipe_user.clone(),
                tenant: self.tenant.clone(),
                handle: self.handle.clone(),
                own: self.own,
                parent: self.parent,
                anti_csrf: self.anti_csrf.cloned(),
                issued_at: seconds(iat),
                expires_at: seconds(exp),
                json: ClaimsJson(json),
            },
        }
    }
}
