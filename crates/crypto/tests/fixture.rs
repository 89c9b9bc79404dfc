//! Keys to test with.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use doorward_crypto::AwsLc;
use doorward_engine::crypto::{Crypto as _, KeyError, SigningKey};
use doorward_engine::secret::Secret;

pub(crate) const RFC7515: &str = include_str!("keys/rfc7515-a2.txt").trim_ascii_end();
pub(crate) const RFC8037: &str = include_str!("keys/rfc8037-a.txt").trim_ascii_end();
pub(crate) const RSA_1024: &str = include_str!("keys/rsa-1024.txt").trim_ascii_end();
pub(crate) const RSA_4096: &str = include_str!("keys/rsa-4096.txt").trim_ascii_end();
pub(crate) const RSA_4104: &str = include_str!("keys/rsa-4104.txt").trim_ascii_end();
pub(crate) const P256: &str = include_str!("keys/p256.txt").trim_ascii_end();

pub(crate) fn parse(stored: &str) -> Result<Arc<dyn SigningKey>, KeyError> {
    AwsLc.parse_signing_key(&Secret::new(stored))
}

pub(crate) fn key(stored: &str) -> Arc<dyn SigningKey> {
    parse(stored).unwrap()
}

/// The DER of both halves.
pub(crate) fn halves(stored: &str) -> (Vec<u8>, Vec<u8>) {
    let (public, private) = stored.split_once('|').unwrap();
    (STANDARD.decode(public).unwrap(), STANDARD.decode(private).unwrap())
}

/// The stored form of two halves, whatever they are.
pub(crate) fn stored(public: &[u8], private: &[u8]) -> String {
    format!("{}|{}", STANDARD.encode(public), STANDARD.encode(private))
}
