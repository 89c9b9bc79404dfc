//! The envelope of access tokens: compact JWS (RFC 7515) with RS256 and EdDSA, and nothing else of that standard; and
//! the two fixed headers from before it.
//!
//! The algorithm is a fact about the key. What a header says must agree with it, and is never what decides.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use crate::crypto::{Algorithm, KeyError, SigningKey};
use crate::json::push_json_string;
use crate::key::ring::{KeyRing, RingKey};
use crate::policy::Policy;
use crate::time::Millis;
use crate::token::header::{Header, Malformed};
use crate::token::version::AccessVersion;

/// Keys that are tried for a token that names none. A ring of so many has far more than two for each token's life.
const TRIED_KEYS: usize = 64;

/// A text that has the three parts of a signed token, whose signature nobody checked.
#[derive(Clone, Copy)]
pub(crate) struct Unverified<'a> {
    signed: &'a str,
    header: &'a str,
    claims: &'a str,
    signature: &'a str,
}

/// The claims of a token, as they stand in it.
pub(crate) struct Opened {
    pub(crate) version: AccessVersion,
    claims: Vec<u8>,
}

impl Opened {
    /// Returns the claims as JSON text, if they are text.
    pub(crate) fn into_claims(self) -> Option<String> {
        String::from_utf8(self.claims).ok()
    }
}

/// Why a signed text was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JwsError {
    /// It isn't a token of ours.
    Malformed(Malformed),
    /// The key that it names isn't in the ring.
    UnknownKey,
    /// The signature isn't that key's.
    Signature,
}

impl From<Malformed> for JwsError {
    fn from(fault: Malformed) -> Self {
        Self::Malformed(fault)
    }
}

impl<'a> Unverified<'a> {
    /// Takes a token apart.
    pub(crate) fn split(token: &'a str, limit: usize) -> Result<Self, Malformed> {
        if token.len() > limit {
            return Err(Malformed::NotJwt);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(Malformed::NotJwt)?;
        let (header, claims) = signed.split_once('.').ok_or(Malformed::NotJwt)?;
        if claims.contains('.') || signature.is_empty() {
            return Err(Malformed::NotJwt);
        }
        Ok(Self { signed, header, claims, signature })
    }

    /// Whether the header has the form of Doorward's access tokens. It says nothing about the signature.
    pub(crate) fn is_ours(&self) -> bool {
        let Ok(header) = URL_SAFE_NO_PAD.decode(self.header) else { return false };
        Header::parse(&header).is_ok_and(|header| header.version.is_some())
    }

    /// Whether its header names no key, so that all of them are tried.
    pub(crate) fn names_no_key(&self) -> bool {
        AccessVersion::of_fixed_header(self.header).is_some()
    }

    /// Checks header and signature: with the key that the header names, or with any where it can't name one.
    pub(crate) fn verify(&self, ring: &KeyRing, now: Millis, policy: &Policy) -> Result<Opened, JwsError> {
        match AccessVersion::of_fixed_header(self.header) {
            Some(version) => self.verify_with_any(version, ring, now, policy),
            None => self.verify_with_named(ring, now, policy),
        }
    }

    fn verify_with_named(&self, ring: &KeyRing, now: Millis, policy: &Policy) -> Result<Opened, JwsError> {
        let header = Header::decode(self.header)?;
        let header = Header::parse(&header)?;
        let version = header.judge(policy)?;
        let RingKey { key, .. } = ring.verifier(header.kid, now, policy).ok_or(JwsError::UnknownKey)?;
        if header.alg != key.algorithm().name() {
            return Err(JwsError::Signature);
        }
        let signature = URL_SAFE_NO_PAD.decode(self.signature).map_err(|_| Malformed::NotJwt)?;
        let claims = URL_SAFE_NO_PAD.decode(self.claims).map_err(|_| Malformed::NotJwt)?;
        if !key.verify(self.signed.as_bytes(), &signature) {
            return Err(JwsError::Signature);
        }
        // A signed header that changes how the rest is to be read: whoever signed it means another kind of token.
        if let Some(name) = header.unknown_extension() {
            return Err(Malformed::HeaderMismatch(name).into());
        }
        Ok(Opened { version, claims })
    }

    fn verify_with_any(
        &self,
        version: AccessVersion,
        ring: &KeyRing,
        now: Millis,
        policy: &Policy,
    ) -> Result<Opened, JwsError> {
        refuse_older(version, policy)?;
        let signature = STANDARD.decode(self.signature).map_err(|_| Malformed::NotJwt)?;
        let claims = STANDARD.decode(self.claims).map_err(|_| Malformed::NotJwt)?;
        // The fixed header says which algorithm: keys of another one sign no such token.
        let keys = ring.verifiers(now, policy).filter(|key| key.key.algorithm() == Algorithm::Rs256);
        if !keys.take(TRIED_KEYS).any(|key| key.key.verify(self.signed.as_bytes(), &signature)) {
            return Err(JwsError::Signature);
        }
        Ok(Opened { version, claims })
    }

    /// Reads the claims of a token that nobody vouches for.
    pub(crate) fn peek(&self, policy: &Policy) -> Result<Opened, Malformed> {
        if let Some(version) = AccessVersion::of_fixed_header(self.header) {
            refuse_older(version, policy)?;
            let claims = STANDARD.decode(self.claims).map_err(|_| Malformed::NotJwt)?;
            return Ok(Opened { version, claims });
        }
        let header = Header::decode(self.header)?;
        let version = Header::parse(&header)?.judge(policy)?;
        let claims = URL_SAFE_NO_PAD.decode(self.claims).map_err(|_| Malformed::NotJwt)?;
        Ok(Opened { version, claims })
    }
}

fn refuse_older(version: AccessVersion, policy: &Policy) -> Result<(), Malformed> {
    if version < policy.oldest_access_version { Err(Malformed::HeaderMismatch("version")) } else { Ok(()) }
}

/// What is to be signed, and with which key. Signing takes long and is done elsewhere ([`Unsigned::sign`]).
///
/// `Debug` doesn't show what is to be signed: it holds all claims.
#[derive(Clone)]
pub struct Unsigned {
    input: String,
    alphabet: Alphabet,
    key: Arc<dyn SigningKey>,
}

/// In which base64 the parts of a token are written.
#[derive(Clone, Copy)]
enum Alphabet {
    /// For the web, without padding.
    Url,
    /// With padding: before the third version.
    Standard,
}

impl Alphabet {
    fn encode(self, part: impl AsRef<[u8]>, out: &mut String) {
        match self {
            Self::Url => URL_SAFE_NO_PAD.encode_string(part, out),
            Self::Standard => STANDARD.encode_string(part, out),
        }
    }
}

impl core::fmt::Debug for Unsigned {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Unsigned").field("key", &self.key).finish_non_exhaustive()
    }
}

impl Unsigned {
    /// Writes header and claims of an access token with this key.
    pub(crate) fn access(version: AccessVersion, claims: &str, key: &RingKey) -> Self {
        match version.fixed_header() {
            Some(header) => {
                let mut input = String::with_capacity(room(header.len() + claims.len()));
                input.push_str(header);
                Self::finish(input, Alphabet::Standard, claims, key)
            }
            None => Self::with_header(Some(version), claims, key),
        }
    }

    /// Writes header and claims of a token that is no access token: its header has no version.
    pub(crate) fn jwt(claims: &str, key: &RingKey) -> Self {
        Self::with_header(None, claims, key)
    }

    /// The order of the header's members is upstream's.
    fn with_header(version: Option<AccessVersion>, claims: &str, key: &RingKey) -> Self {
        let mut header = String::with_capacity(128);
        header.push_str(r#"{"kid":"#);
        push_json_string(&mut header, key.id.as_str());
        header.push_str(r#","typ":"JWT","#);
        if let Some(version) = version {
            header.push_str(r#""version":""#);
            header.push_str(version.name());
            header.push_str(r#"","#);
        }
        header.push_str(r#""alg":""#);
        header.push_str(key.key.algorithm().name());
        header.push_str(r#""}"#);
        let mut input = String::with_capacity(room(header.len() + claims.len()));
        Alphabet::Url.encode(header, &mut input);
        Self::finish(input, Alphabet::Url, claims, key)
    }

    fn finish(mut input: String, alphabet: Alphabet, claims: &str, key: &RingKey) -> Self {
        input.push('.');
        alphabet.encode(claims, &mut input);
        Self { input, alphabet, key: Arc::clone(&key.key) }
    }

    /// Whether signing is quick enough to be done on the spot.
    pub fn is_cheap(&self) -> bool {
        self.key.algorithm() == Algorithm::EdDsa
    }

    /// Signs, and returns the whole token.
    pub fn sign(mut self) -> Result<String, KeyError> {
        let signature = self.key.sign(self.input.as_bytes())?;
        self.input.push('.');
        self.alphabet.encode(signature, &mut self.input);
        Ok(self.input)
    }
}

/// Bytes that so many take in base64, in two parts.
const fn room(bytes: usize) -> usize {
    bytes * 4 / 3 + 8
}
