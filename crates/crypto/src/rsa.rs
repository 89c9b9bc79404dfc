//! RS256: RSASSA-PKCS1-v1_5 with SHA-256.

use std::fmt;
use std::ops::RangeInclusive;

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    KeyPair as _, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, RsaPublicKeyComponents,
};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use doorward_engine::crypto::{Algorithm, KeyError, PublicKey, PublicNumbers, SigningKey};

use crate::stored::{Halves, refused};

/// Shorter keys are weak; a signature with a longer one takes milliseconds.
const BITS: RangeInclusive<usize> = 2048..=4096;

/// A parsed RSA key pair. The public half is parsed for itself, because the library verifies with nothing else.
pub(crate) struct RsaKey {
    pair: RsaKeyPair,
    verifier: ParsedPublicKey,
    public: PublicKey,
}

impl RsaKey {
    pub(crate) fn parse(halves: &Halves) -> Result<Self, KeyError> {
        let verifier = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &halves.public).map_err(refused)?;
        let pair = RsaKeyPair::from_pkcs8(&halves.private).map_err(refused)?;
        let spki = pair.public_key().as_der().map_err(|_| KeyError::Form)?;
        if spki.as_ref() != halves.public {
            return Err(KeyError::Mismatch);
        }
        let numbers = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public_key());
        if !BITS.contains(&bits(&numbers.n)) {
            return Err(KeyError::Form);
        }
        let public = PublicKey {
            spki: STANDARD.encode(&halves.public),
            numbers: PublicNumbers::Rsa { n: URL_SAFE_NO_PAD.encode(numbers.n), e: URL_SAFE_NO_PAD.encode(numbers.e) },
        };
        Ok(Self { pair, verifier, public })
    }
}

impl SigningKey for RsaKey {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Rs256
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        // The random source is for the interface alone: this padding is deterministic.
        self.pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature).map_err(|_| KeyError::Sign)?;
        Ok(signature)
    }

    fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        self.verifier.verify_sig(message, signature).is_ok()
    }

    fn public(&self) -> PublicKey {
        self.public.clone()
    }
}

impl fmt::Debug for RsaKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RsaKey(..)")
    }
}

/// The length of a big-endian number that starts with no zero byte.
fn bits(number: &[u8]) -> usize {
    number.first().map_or(0, |first| number.len() * 8 - first.leading_zeros() as usize)
}
