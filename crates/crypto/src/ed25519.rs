//! EdDSA with Ed25519 (RFC 8032), as RFC 8037 names it.

use std::fmt;

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, ParsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use doorward_engine::crypto::{Algorithm, KeyError, PublicKey, PublicNumbers, SigningKey};

use crate::stored::{Halves, refused};

/// A parsed Ed25519 key pair.
pub(crate) struct Ed25519Key {
    pair: Ed25519KeyPair,
    verifier: ParsedPublicKey,
    public: PublicKey,
}

impl Ed25519Key {
    pub(crate) fn parse(halves: &Halves) -> Result<Self, KeyError> {
        let verifier = ParsedPublicKey::new(&ED25519, &halves.public).map_err(refused)?;
        let pair = Ed25519KeyPair::from_pkcs8(&halves.private).map_err(refused)?;
        let spki = pair.public_key().as_der().map_err(|_| KeyError::Form)?;
        if spki.as_ref() != halves.public {
            return Err(KeyError::Mismatch);
        }
        let public = PublicKey {
            spki: STANDARD.encode(&halves.public),
            numbers: PublicNumbers::Ed25519 { x: URL_SAFE_NO_PAD.encode(pair.public_key()) },
        };
        Ok(Self { pair, verifier, public })
    }
}

impl SigningKey for Ed25519Key {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDsa
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let signature = self.pair.try_sign(message).map_err(|_| KeyError::Sign)?;
        Ok(signature.as_ref().to_vec())
    }

    fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        self.verifier.verify_sig(message, signature).is_ok()
    }

    fn public(&self) -> PublicKey {
        self.public.clone()
    }
}

impl fmt::Debug for Ed25519Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ed25519Key(..)")
    }
}
