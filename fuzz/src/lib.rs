//! What the targets share: crypto that believes everything, so that whatever stands behind a signature or a seal is read,
//! and a request as a text.

use std::sync::Arc;

use base64::Engine as _;
use doorward_engine::crypto::{Algorithm, Crypto, KeyError, PublicKey, SigningKey};
use doorward_engine::id::AppId;
use doorward_engine::key::ring::KeyRing;
use doorward_engine::secret::Secret;
use doorward_engine::time::Millis;
use doorward_testkit::fakes::QuickCrypto;

/// When all of it happens.
pub const NOW: Millis = Millis::saturating(1_767_225_600_000);

/// Every signature is good, and every seal opens: it seals nothing.
#[derive(Clone, Copy, Debug)]
pub struct Gullible;

impl Crypto for Gullible {
    fn sha256(&self, message: &[u8]) -> [u8; 32] {
        QuickCrypto.sha256(message)
    }

    fn hmac_sha256(&self, key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
        QuickCrypto.hmac_sha256(key, parts)
    }

    fn pbkdf2_sha512(&self, password: &[u8], salt: &[u8], rounds: u32) -> [u8; 32] {
        QuickCrypto.pbkdf2_sha512(password, salt, rounds)
    }

    fn aes256_gcm_seal(&self, _: &[u8; 32], _: [u8; 12], plaintext: &[u8]) -> Vec<u8> {
        plaintext.to_vec()
    }

    fn aes256_gcm_open(&self, _: &[u8; 32], _: [u8; 12], sealed: &[u8]) -> Option<Vec<u8>> {
        Some(sealed.to_vec())
    }

    fn parse_signing_key(&self, stored: &Secret) -> Result<Arc<dyn SigningKey>, KeyError> {
        let algorithm = if stored.expose().starts_with("ed") { Algorithm::EdDsa } else { Algorithm::Rs256 };
        Ok(Arc::new(Key { algorithm, quick: QuickCrypto.parse_signing_key(stored)? }))
    }
}

#[derive(Debug)]
struct Key {
    algorithm: Algorithm,
    quick: Arc<dyn SigningKey>,
}

impl SigningKey for Key {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        self.quick.sign(message)
    }

    fn verify(&self, _: &[u8], _: &[u8]) -> bool {
        true
    }

    fn public(&self) -> PublicKey {
        self.quick.public()
    }
}

/// The keys `d-1767222000000` (RS256) and `d-1767221000000` (EdDSA).
pub fn ring() -> KeyRing {
    let at = Millis::saturating;
    let keys = [(at(1_767_222_000_000), Secret::new("rsa")), (at(1_767_221_000_000), Secret::new("ed"))];
    KeyRing::new(&AppId::default(), keys, Secret::new("1000:aa:bb"), None, &Gullible).expect("a ring of two keys")
}

/// `METHOD /path`, lines of `name: value`, an empty line, a body.
pub struct Input<'a> {
    pub method: &'a str,
    pub path: &'a str,
    pub headers: Vec<(&'a str, &'a [u8])>,
    pub body: &'a [u8],
}

impl<'a> Input<'a> {
    pub fn read(mut data: &'a [u8]) -> Option<Self> {
        let (method, path) = std::str::from_utf8(line(&mut data)?).ok()?.split_once(' ')?;
        let mut headers = Vec::new();
        while let Some(header) = line(&mut data).filter(|header| !header.is_empty()) {
            let colon = header.iter().position(|byte| *byte == b':')?;
            let (name, value) = header.split_at(colon);
            headers.push((std::str::from_utf8(name).ok()?, value.get(1..)?.trim_ascii()));
        }
        Some(Self { method, path, headers, body: data })
    }
}

fn line<'a>(data: &mut &'a [u8]) -> Option<&'a [u8]> {
    if data.is_empty() {
        return None;
    }
    let end = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let line = data.get(..end)?;
    *data = data.get(end + 1..).unwrap_or_default();
    Some(line)
}

/// Standard base64.
pub fn base64(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
