//! The published half of a ring as a JSON Web Key Set (RFC 7517).

use alloc::string::String;
use alloc::vec::Vec;

use serde::Serialize;

use crate::crypto::PublicNumbers;
use crate::key::ring::KeyRing;
use crate::policy::Policy;
use crate::time::Millis;

/// A key set, to be serialised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Jwks {
    /// The keys: those that are rotated, newest first, then the static ones, newest first.
    pub keys: Vec<Jwk>,
}

/// One public key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Jwk {
    /// `RSA` or `OKP`.
    pub kty: &'static str,
    /// The name in token headers.
    pub kid: String,
    /// The modulus of an RSA key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub n: Option<String>,
    /// The exponent of an RSA key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub e: Option<String>,
    /// The curve of an OKP key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crv: Option<&'static str>,
    /// The point of an OKP key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub x: Option<String>,
    /// The only algorithm that the key is for.
    pub alg: &'static str,
    /// Always `sig`.
    #[serde(rename = "use")]
    pub usage: &'static str,
}

impl KeyRing {
    /// Returns the keys that verify now, in public form.
    pub fn jwks(&self, now: Millis, policy: &Policy) -> Jwks {
        let keys = self.verifiers(now, policy).map(|ring_key| {
            let (kty, n, e, crv, x) = match ring_key.key.public().numbers {
                PublicNumbers::Rsa { n, e } => ("RSA", Some(n), Some(e), None, None),
                PublicNumbers::Ed25519 { x } => ("OKP", None, None, Some("Ed25519"), Some(x)),
            };
            let kid = ring_key.id.as_str().into();
            Jwk { kty, kid, n, e, crv, x, alg: ring_key.key.algorithm().name(), usage: "sig" }
        });
        Jwks { keys: keys.collect() }
    }
}
