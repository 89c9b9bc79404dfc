//! Writing access tokens, by version (`spec/modern-core.md` 7.1 and 7.2).

use alloc::string::String;

use serde::Serialize;

use crate::flow::Env;
use crate::hash::Hash1;
use crate::id::{SessionHandle, TenantId, UserId};
use crate::payload::Payload;
use crate::secret::Secret;
use crate::session::record::SessionLimits;
use crate::time::Millis;
use crate::token::claims::{Claims, ClaimsJson};
use crate::token::jws::Unsigned;
use crate::token::version::AccessVersion;

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

/// From version 3 on. The order is upstream's; the application's members come behind.
#[derive(Serialize)]
struct Written<'a> {
    iat: u64,
    exp: u64,
    sub: &'a str,
    #[serde(rename = "tId", skip_serializing_if = "Option::is_none")]
    tenant: Option<&'a str>,
    #[serde(rename = "rsub", skip_serializing_if = "Option::is_none")]
    recipe_user: Option<&'a str>,
    #[serde(rename = "sessionHandle")]
    handle: &'a str,
    #[serde(rename = "refreshTokenHash1")]
    own: &'a str,
    #[serde(rename = "parentRefreshTokenHash1")]
    parent: Option<&'a str>,
    #[serde(rename = "antiCsrfToken")]
    anti_csrf: Option<&'a str>,
}

/// Before version 3. The application's members come behind, under a name.
#[derive(Serialize)]
struct WrittenEarly<'a> {
    #[serde(rename = "userId")]
    user: &'a str,
    #[serde(rename = "expiryTime")]
    expires_at: u64,
    #[serde(rename = "timeCreated")]
    issued_at: u64,
    #[serde(rename = "sessionHandle")]
    handle: &'a str,
    #[serde(rename = "refreshTokenHash1")]
    own: &'a str,
    #[serde(rename = "parentRefreshTokenHash1", skip_serializing_if = "Option::is_none")]
    parent: Option<&'a str>,
    #[serde(rename = "antiCsrfToken", skip_serializing_if = "Option::is_none")]
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
        let key = env.keys.signer(env.now, env.policy, self.use_static_key);
        let end = match self.end {
            End::Jittered => env.policy.access_end(env.now, self.limits, env.entropy.jitter),
            End::Full => env.policy.access_end(env.now, self.limits, [0; 4]),
            End::At(end) => end,
        };
        let payload = self.payload.without_reserved(self.version, env.policy.claim_check);
        let (json, issued_at, expires_at) = if self.version < AccessVersion::V3 {
            (self.early_json(env.now, end, &payload), env.now, end)
        } else {
            let seconds = |moment: Millis| Millis::from_secs(moment.as_secs()).unwrap_or(Millis::MAX);
            (self.json(env.now, end, &payload), seconds(env.now), seconds(end))
        };
        UnsignedAccess {
            unsigned: Unsigned::access(self.version, &json, key),
            claims: Claims {
                version: self.version,
                user: self.user.clone(),
                recipe_user: if self.version < AccessVersion::V5 { self.user } else { self.recipe_user }.clone(),
                tenant: if self.version < AccessVersion::V4 { TenantId::default() } else { self.tenant.clone() },
                handle: self.handle.clone(),
                own: self.own,
                parent: self.parent,
                anti_csrf: self.anti_csrf.cloned(),
                issued_at,
                expires_at,
                json: ClaimsJson::new(json),
            },
        }
    }

    fn json(&self, now: Millis, end: Millis, payload: &Payload) -> String {
        let written = Written {
            iat: now.as_secs(),
            exp: end.as_secs(),
            sub: self.user.as_str(),
            tenant: (self.version >= AccessVersion::V4).then(|| self.tenant.as_str()),
            recipe_user: (self.version >= AccessVersion::V5).then(|| self.recipe_user.as_str()),
            handle: self.handle.as_str(),
            own: self.own.as_str(),
            parent: self.parent.as_ref().map(Hash1::as_str),
            anti_csrf: self.anti_csrf.map(Secret::expose),
        };
        let inner = payload.inner();
        if inner.is_empty() { to_json(&written) } else { with_more(to_json(&written), &[inner]) }
    }

    fn early_json(&self, now: Millis, end: Millis, payload: &Payload) -> String {
        let written = WrittenEarly {
            user: self.user.as_str(),
            expires_at: end.as_u64(),
            issued_at: now.as_u64(),
            handle: self.handle.as_str(),
            own: self.own.as_str(),
            parent: self.parent.as_ref().map(Hash1::as_str),
            anti_csrf: self.anti_csrf.map(Secret::expose),
        };
        with_more(to_json(&written), &["\"userData\":{", payload.inner(), "}"])
    }
}

fn to_json(written: &impl Serialize) -> String {
    // INVARIANT: writing a struct of texts and numbers as JSON cannot fail.
    serde_json::to_string(written).unwrap_or_default()
}

/// Puts more members behind those of an object that has some.
fn with_more(mut json: String, pieces: &[&str]) -> String {
    json.truncate(json.len().saturating_sub(1));
    json.push(',');
    json.extend(pieces.iter().copied());
    json.push('}');
    json
}
