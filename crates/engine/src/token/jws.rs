//! Compact JWS (RFC 7515) with RS256 and EdDSA, and nothing else of that standard.
//!
//! The algorithm is a fact about the key that a token's `kid` names. What the header says must agree with it, and is
//! never what decides.

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use crate::crypto::{KeyError, SigningKey};
use crate::key::ring::{KeyRing, RingKey};
use crate::payload::is_bare_object;
use crate::policy::Policy;
use crate::time::Millis;

/// The longest token that is looked at, in bytes.
pub const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// The `version` header of the access tokens that are made.
pub const VERSION: &str = "5";

/// A text that has the three parts of a signed token, whose signature nobody checked. Its claims can't be read.
#[derive(Clone, Copy)]
pub(crate) struct Unverified<'a> {
    signed: &'a str,
    header: &'a str,
    claims: &'a str,
    signature: &'a str,
}

/// Proof that a key of the ring signed these claims. Only [`Unverified::verify`] makes one.
pub(crate) struct Verified {
    claims: Vec<u8>,
}

impl Verified {
    /// Returns the claims as JSON text, if they are text.
    pub(crate) fn into_claims(self) -> Option<String> {
        String::from_utf8(self.claims).ok()
    }
}

/// Why a signed text was not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwsError {
    /// It isn't a token of ours: not three parts, or a header that isn't ours.
    #[error("not a signed token of this kind")]
    Malformed,
    /// The key that it names isn't in the ring.
    #[error("signed with an unknown key")]
    UnknownKey,
    /// The signature isn't that key's.
    #[error("the signature does not verify")]
    Signature,
}

/// The header. Unknown members are passed over, except those that would change how the rest is read.
#[derive(Deserialize)]
struct Header<'a> {
    typ: &'a str,
    alg: &'a str,
    kid: &'a str,
    #[serde(borrow, default, deserialize_with = "text_if_there")]
    version: Option<&'a str>,
    #[serde(default)]
    crit: Present,
    #[serde(default)]
    b64: Present,
}

/// A text, which `null` isn't.
fn text_if_there<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<&'de str>, D::Error> {
    <&str>::deserialize(deserializer).map(Some)
}

/// Whether a member is there at all, whatever its value.
#[derive(Default)]
struct Present(bool);

impl<'de> Deserialize<'de> for Present {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        serde::de::IgnoredAny::deserialize(deserializer)?;
        Ok(Self(true))
    }
}

impl<'a> Header<'a> {
    fn parse(json: &'a [u8]) -> Result<Self, JwsError> {
        if !is_bare_object(json) {
            return Err(JwsError::Malformed);
        }
        serde_json::from_slice(json).map_err(|_| JwsError::Malformed)
    }
}

impl<'a> Unverified<'a> {
    /// Takes a token apart.
    pub(crate) fn split(token: &'a str) -> Result<Self, JwsError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(JwsError::Malformed);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(JwsError::Malformed)?;
        let (header, claims) = signed.split_once('.').ok_or(JwsError::Malformed)?;
        if claims.contains('.') {
            return Err(JwsError::Malformed);
        }
        Ok(Self { signed, header, claims, signature })
    }

    /// Whether the header has the form of Doorward's access tokens. It says nothing about the signature.
    pub(crate) fn is_ours(&self) -> bool {
        let Ok(header) = URL_SAFE_NO_PAD.decode(self.header) else { return false };
        Header::parse(&header).is_ok_and(|header| header.typ == "JWT" && header.version.is_some())
    }

    /// Returns the claims without checking anything.
    pub(crate) fn peek(&self) -> Option<String> {
        String::from_utf8(URL_SAFE_NO_PAD.decode(self.claims).ok()?).ok()
    }

    /// Checks header and signature with the key of the ring that the header names.
    pub(crate) fn verify(&self, ring: &KeyRing, now: Millis, policy: &Policy) -> Result<Verified, JwsError> {
        let header = URL_SAFE_NO_PAD.decode(self.header).map_err(|_| JwsError::Malformed)?;
        let header = Header::parse(&header)?;
        if header.typ != "JWT" || header.version.is_some_and(|version| version != VERSION) {
            return Err(JwsError::Malformed);
        }
        if header.crit.0 || header.b64.0 {
            return Err(JwsError::Malformed);
        }
        let RingKey { key, .. } = ring.verifier(header.kid, now, policy).ok_or(JwsError::UnknownKey)?;
        if header.alg != key.algorithm().name() {
            return Err(JwsError::Signature);
        }
        let signature = URL_SAFE_NO_PAD.decode(self.signature).map_err(|_| JwsError::Malformed)?;
        let claims = URL_SAFE_NO_PAD.decode(self.claims).map_err(|_| JwsError::Malformed)?;
        if !key.verify(self.signed.as_bytes(), &signature) {
            return Err(JwsError::Signature);
        }
        Ok(Verified { claims })
    }
}

/// What is to be signed, and with which key. Signing takes long and is done elsewhere ([`Unsigned::sign`]).
///
/// `Debug` doesn't show what is to be signed: it holds all claims.
#[derive(Clone)]
pub struct Unsigned {
    input: String,
    key: Arc<dyn SigningKey>,
}

impl core::fmt::Debug for Unsigned {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Unsigned").field("key", &self.key).finish_non_exhaustive()
    }
}

impl Unsigned {
    /// Writes header and claims with the key that signs now.
    pub(crate) fn new(claims: &str, key: &RingKey) -> Self {
        let header = format!(
            r#"{{"kid":"{}","typ":"JWT","version":"{VERSION}","alg":"{}"}}"#,
            // INVARIANT: the ids of ring keys are `d-` and digits, so they need no escapes.
            key.id.as_str(),
            key.key.algorithm().name()
        );
        let mut input = String::with_capacity((header.len() + claims.len()) * 4 / 3 + 8);
        URL_SAFE_NO_PAD.encode_string(header, &mut input);
        input.push('.');
        URL_SAFE_NO_PAD.encode_string(claims, &mut input);
        Self { input, key: Arc::clone(&key.key) }
    }

    /// Whether signing is quick enough to be done on the spot.
    pub fn is_cheap(&self) -> bool {
        self.key.algorithm() == crate::crypto::Algorithm::EdDsa
    }

    /// Signs, and returns the whole token.
    pub fn sign(mut self) -> Result<String, KeyError> {
        let signature = self.key.sign(self.input.as_bytes())?;
        self.input.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut self.input);
        Ok(self.input)
    }
}
