//! What the engine asks of a crypto library. `doorward-crypto` answers with aws-lc-rs.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use crate::secret::Secret;

/// A signature algorithm, in the names of JWS (RFC 7518, RFC 8037).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256 and a 2048-bit key: what every SuperTokens SDK verifies.
    Rs256,
    /// Ed25519: for Doorward's own SDK only, many times faster to sign.
    EdDsa,
}

impl Algorithm {
    /// The value of the `alg` header.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::EdDsa => "EdDSA",
        }
    }
}

/// Hashes, derivation and sealing. Implementations are pure: the same input gives the same output.
pub trait Crypto: Send + Sync {
    /// SHA-256.
    fn sha256(&self, message: &[u8]) -> [u8; 32];

    /// HMAC-SHA-256 over the parts, one after the other.
    fn hmac_sha256(&self, key: &[u8], parts: &[&[u8]]) -> [u8; 32];

    /// PBKDF2 with HMAC-SHA-512, 32 bytes out.
    fn pbkdf2_sha512(&self, password: &[u8], salt: &[u8], rounds: u32) -> [u8; 32];

    /// AES-256-GCM without additional data: the ciphertext with its 16-byte tag at the end.
    fn aes256_gcm_seal(&self, key: &[u8; 32], iv: [u8; 12], plaintext: &[u8]) -> Vec<u8>;

    /// Opens what [`Crypto::aes256_gcm_seal`] sealed; `None` if key, IV, ciphertext or tag don't fit together.
    fn aes256_gcm_open(&self, key: &[u8; 32], iv: [u8; 12], sealed: &[u8]) -> Option<Vec<u8>>;

    /// Parses a stored signing key once: `<public>|<private>`, each standard base64 of DER (SPKI and PKCS #8), where
    /// `;` may stand for `|` (`spec/modern-core.md` 7.8). The algorithm is read off the key itself.
    fn parse_signing_key(&self, stored: &Secret) -> Result<Arc<dyn SigningKey>, KeyError>;
}

/// A parsed key pair that signs and verifies. Parsing is done once, because it costs as much as a verification.
pub trait SigningKey: Send + Sync + fmt::Debug {
    /// The algorithm of the key. It is a fact about the key, and never taken from a token.
    fn algorithm(&self) -> Algorithm;

    /// Signs. RS256 takes a third of a millisecond: call it off the request path.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError>;

    /// Whether this is the key's signature of the message.
    fn verify(&self, message: &[u8], signature: &[u8]) -> bool;

    /// The public half.
    fn public(&self) -> PublicKey;
}

/// A public key in the numbers of a JWK, and as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    /// Standard base64 of the SPKI DER.
    pub spki: String,
    /// The numbers, in base64url without padding.
    pub numbers: PublicNumbers,
}

/// The members of a JWK that depend on its kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublicNumbers {
    /// `kty` RSA.
    Rsa {
        /// The modulus.
        n: String,
        /// The public exponent.
        e: String,
    },
    /// `kty` OKP, `crv` Ed25519.
    Ed25519 {
        /// The public point.
        x: String,
    },
}

/// A key that cannot be used. It doesn't say more: keys are secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not in the stored form, or of a kind that Doorward doesn't use.
    #[error("a signing key is not in the stored form `<public>|<private>` of RSA or Ed25519")]
    Form,
    /// The two halves belong to different keys.
    #[error("the public and private halves of a signing key don't belong together")]
    Mismatch,
    /// The library refused to sign.
    #[error("signing failed")]
    Sign,
}
