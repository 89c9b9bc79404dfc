//! Stand-ins for the machine: crypto that is quick, and keys and random bytes that a seed decides.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use doorward_crypto::AwsLc;
use doorward_engine::crypto::{Algorithm, Crypto, KeyError, PublicKey, PublicNumbers, SigningKey};
use doorward_engine::secret::Secret;
use doorward_engine::time::Millis;
use doorward_service::env::{Clock, KeyMaker};

/// Crypto for tests that take thousands of steps: real hashes, but sealing and signatures that protect nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct QuickCrypto;

impl Crypto for QuickCrypto {
    fn sha256(&self, message: &[u8]) -> [u8; 32] {
        AwsLc.sha256(message)
    }

    fn hmac_sha256(&self, key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
        AwsLc.hmac_sha256(key, parts)
    }

    fn pbkdf2_sha512(&self, password: &[u8], salt: &[u8], _: u32) -> [u8; 32] {
        self.hmac_sha256(password, &[salt])
    }

    /// The plaintext, masked, and a tag over all of it.
    fn aes256_gcm_seal(&self, key: &[u8; 32], iv: [u8; 12], plaintext: &[u8]) -> Vec<u8> {
        let mut sealed = masked(key, plaintext);
        sealed.extend(self.hmac_sha256(key, &[&iv, plaintext]).into_iter().take(TAG_BYTES));
        sealed
    }

    fn aes256_gcm_open(&self, key: &[u8; 32], iv: [u8; 12], sealed: &[u8]) -> Option<Vec<u8>> {
        let (text, _) = sealed.split_at_checked(sealed.len().checked_sub(TAG_BYTES)?)?;
        let plaintext = masked(key, text);
        (self.aes256_gcm_seal(key, iv, &plaintext) == sealed).then_some(plaintext)
    }

    fn parse_signing_key(&self, stored: &Secret) -> Result<Arc<dyn SigningKey>, KeyError> {
        Ok(Arc::new(QuickKey(stored.clone())))
    }
}

const TAG_BYTES: usize = 16;

fn masked(key: &[u8; 32], text: &[u8]) -> Vec<u8> {
    text.iter().zip(key.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect()
}

/// A key whose signature is an HMAC. It calls itself EdDSA, so that it counts as cheap.
#[derive(Debug)]
struct QuickKey(Secret);

impl SigningKey for QuickKey {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDsa
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        Ok(QuickCrypto.hmac_sha256(self.0.expose().as_bytes(), &[message]).to_vec())
    }

    fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        self.sign(message).is_ok_and(|own| own == signature)
    }

    fn public(&self) -> PublicKey {
        let digest = QuickCrypto.sha256(self.0.expose().as_bytes());
        let x: String = digest.iter().map(|byte| char::from(b'a' + byte % 26)).collect();
        PublicKey { spki: x.clone(), numbers: PublicNumbers::Ed25519 { x } }
    }
}

/// Random numbers that repeat for the same seed (splitmix64). Fit for tests only.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// Starts a sequence.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number of the sequence.
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `sides`; 0 if there are none.
    pub fn below(&mut self, sides: usize) -> usize {
        let sides = u64::try_from(sides).unwrap_or(u64::MAX);
        self.roll().checked_rem(sides).and_then(|number| usize::try_from(number).ok()).unwrap_or(0)
    }

    /// True once in `times`, on average.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// Fills bytes.
    pub fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let roll = self.roll().to_le_bytes();
            for (byte, random) in chunk.iter_mut().zip(roll) {
                *byte = random;
            }
        }
    }
}

/// A source of keys and random bytes that a seed decides.
pub struct SeededKeys(Mutex<Dice>);

impl SeededKeys {
    /// Starts it.
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(Dice::new(seed)))
    }

    fn text(&self, bytes: usize) -> String {
        let mut random = vec![0; bytes];
        self.0.lock().unwrap_or_else(PoisonError::into_inner).fill(&mut random);
        random.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl fmt::Debug for SeededKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SeededKeys(..)")
    }
}

impl KeyMaker for SeededKeys {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), KeyError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).fill(bytes);
        Ok(())
    }

    fn signing_key(&self) -> Result<Secret, KeyError> {
        Ok(Secret::new(format!("public|{}", self.text(32))))
    }

    /// One after the other: a seed decides which is which.
    fn two_signing_keys(&self) -> Result<(Secret, Secret), KeyError> {
        Ok((self.signing_key()?, self.signing_key()?))
    }

    fn refresh_key(&self) -> Result<Secret, KeyError> {
        Ok(Secret::new(format!("1000:{}:{}", self.text(64), self.text(64))))
    }
}

/// A clock that stands where it is set. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct SetClock(Arc<Mutex<Millis>>);

impl SetClock {
    /// Makes a clock that stands at this moment.
    pub fn at(now: Millis) -> Self {
        Self(Arc::new(Mutex::new(now)))
    }

    /// Sets it.
    pub fn set(&self, now: Millis) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = now;
    }
}

impl Clock for SetClock {
    fn now(&self) -> Millis {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
