//! New keys, in the form in which they are stored (`spec/modern-core.md` 7.6 and 7.8).

use std::num::NonZeroU32;

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::pbkdf2;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _, RsaKeyPair};
use doorward_engine::crypto::Algorithm;
use doorward_engine::secret::Secret;
use zeroize::Zeroizing;

use crate::random::{self, RandomError};
use crate::stored;

/// No key could be made: the random source failed, or memory ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a new key could not be made")]
pub struct GenerateError;

impl From<Unspecified> for GenerateError {
    fn from(_: Unspecified) -> Self {
        Self
    }
}

impl From<RandomError> for GenerateError {
    fn from(_: RandomError) -> Self {
        Self
    }
}

/// Makes a signing key, RSA with 2048 bits or Ed25519, in the form that
/// [`parse_signing_key`](doorward_engine::crypto::Crypto::parse_signing_key) reads.
///
/// RSA takes 75 ms as a rule and 250 ms now and then: call it on a thread that may block, ahead of need.
pub fn generate_signing_key(algorithm: Algorithm) -> Result<Secret, GenerateError> {
    // PKCS #8 of version 1 for both: it is what other software reads.
    let (public, private): (_, Pkcs8V1Der<'static>) = match algorithm {
        Algorithm::Rs256 => {
            let pair = RsaKeyPair::generate(KeySize::Rsa2048)?;
            (pair.public_key().as_der()?, pair.as_der()?)
        }
        Algorithm::EdDsa => {
            let pair = Ed25519KeyPair::generate()?;
            (pair.public_key().as_der()?, pair.as_der()?)
        }
    };
    Ok(stored::write(public.as_ref(), private.as_ref()))
}

/// Makes the key that seals refresh tokens: `1000:<salt>:<derived>`, two times 64 bytes in lower-case hex.
///
/// Whoever uses it takes the whole text as a password. Changing it ends every session.
pub fn generate_refresh_key() -> Result<Secret, GenerateError> {
    let mut salt = [0; 64];
    random::fill(&mut salt)?;
    let mut seed = Zeroizing::new([0; 64]);
    random::fill(seed.as_mut())?;
    let password = Zeroizing::new(hex::encode(seed));
    let mut derived = Zeroizing::new([0; 64]);
    let rounds = const { NonZeroU32::new(1000).expect("not zero") };
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA512, rounds, &salt, password.as_bytes(), derived.as_mut());
    let derived = Zeroizing::new(hex::encode(derived));
    Ok(Secret::new(["1000", &hex::encode(salt), &derived].join(":")))
}
