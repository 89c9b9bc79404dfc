//! The cryptography of Doorward: the engine's [`Crypto`] on aws-lc-rs, new keys, and random bytes.
//!
//! No other crate names a crypto library. [`AwsLc`] answers the engine; [`keys`] makes what is stored; [`random`] is
//! where every unpredictable byte comes from.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod ed25519;
pub mod keys;
pub mod random;
mod rsa;
mod stored;

use std::num::NonZeroU32;
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::{digest, hmac, pbkdf2};
use doorward_engine::crypto::{Algorithm, Crypto, KeyError, SigningKey};
use doorward_engine::secret::Secret;

use crate::ed25519::Ed25519Key;
use crate::rsa::RsaKey;
use crate::stored::Halves;

/// The engine's cryptography on aws-lc-rs. It holds nothing: make one wherever it is needed.
#[derive(Clone, Copy, Debug, Default)]
pub struct AwsLc;

impl Crypto for AwsLc {
    fn sha256(&self, message: &[u8]) -> [u8; 32] {
        digest_bytes(digest::digest(&digest::SHA256, message).as_ref())
    }

    fn hmac_sha256(&self, key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
        for part in parts {
            context.update(part);
        }
        digest_bytes(context.sign().as_ref())
    }

    /// PBKDF2 is not defined for 0 rounds: they count as 1.
    fn pbkdf2_sha512(&self, password: &[u8], salt: &[u8], rounds: u32) -> [u8; 32] {
        let mut derived = [0; 32];
        let rounds = NonZeroU32::new(rounds).unwrap_or(NonZeroU32::MIN);
        pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA512, rounds, salt, password, &mut derived);
        derived
    }

    fn aes256_gcm_seal(&self, key: &[u8; 32], iv: [u8; 12], plaintext: &[u8]) -> Vec<u8> {
        // INVARIANT: the key has the cipher's length and no plaintext comes near its limit of 64 GiB, so this cannot
        // fail. If it did, an empty text is what opens for nobody.
        seal(key, iv, plaintext).unwrap_or_default()
    }

    fn aes256_gcm_open(&self, key: &[u8; 32], iv: [u8; 12], sealed: &[u8]) -> Option<Vec<u8>> {
        let mut text = sealed.to_vec();
        let length = aes256_gcm(key).ok()?.open_in_place(Nonce::from(&iv), Aad::empty(), &mut text).ok()?.len();
        text.truncate(length);
        Some(text)
    }

    fn parse_signing_key(&self, stored: &Secret) -> Result<Arc<dyn SigningKey>, KeyError> {
        let halves = Halves::read(stored)?;
        Ok(match halves.algorithm {
            Algorithm::Rs256 => Arc::new(RsaKey::parse(&halves)?),
            Algorithm::EdDsa => Arc::new(Ed25519Key::parse(&halves)?),
        })
    }
}

fn seal(key: &[u8; 32], iv: [u8; 12], plaintext: &[u8]) -> Result<Vec<u8>, Unspecified> {
    let mut text = Vec::with_capacity(plaintext.len() + AES_256_GCM.tag_len());
    text.extend_from_slice(plaintext);
    aes256_gcm(key)?.seal_in_place_append_tag(Nonce::from(&iv), Aad::empty(), &mut text)?;
    Ok(text)
}

/// The key that takes an IV with each call: design rule 2 derives IVs, and the cipher's own counter would be random.
fn aes256_gcm(key: &[u8; 32]) -> Result<LessSafeKey, Unspecified> {
    Ok(LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key)?))
}

fn digest_bytes(digest: &[u8]) -> [u8; 32] {
    let mut bytes = [0; 32];
    // INVARIANT: the lengths are equal, because only SHA-256 and HMAC-SHA-256 come here.
    bytes.copy_from_slice(digest);
    bytes
}
