//! Successors of a refresh token: derived inside a window, random outside (design rule 2).
//!
//! Everything that is derived comes from the succession key, the whole presented token, the window's number and the
//! anti-CSRF choice, in the bytes written here. They are **frozen as v1**: two releases, two nodes and two tabs must
//! agree on every one of them. `vectors/tokens/succession.json` holds them fast.

use alloc::vec::Vec;

use crate::crypto::Crypto;
use crate::flow::Entropy;
use crate::hash::{Hash1, Hash2};
use crate::id::AppId;
use crate::key::ring::KeyRing;
use crate::secret::Secret;
use crate::token::anti_csrf;
use crate::token::refresh::{Contents, Opened};

const SALT: &[u8] = b"doorward succession v1";

/// A stored refresh-token key shorter than this derives nothing.
const LEAST_KEY_BYTES: usize = 32;

/// The key that successors are derived with.
#[derive(Clone)]
pub(crate) struct SuccessionKey([u8; 32]);

impl core::fmt::Debug for SuccessionKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("SuccessionKey(..)")
    }
}

impl SuccessionKey {
    /// HKDF-SHA256 of the refresh-token key as stored, with the app as info. A secret of the configuration is mixed in
    /// by a second extraction, with the first one's result as salt.
    pub(crate) fn derive(app: &AppId, refresh: &Secret, secret: Option<&Secret>, crypto: &dyn Crypto) -> Option<Self> {
        let stored = refresh.expose().as_bytes();
        if stored.len() < LEAST_KEY_BYTES {
            return None;
        }
        let mut extracted = crypto.hmac_sha256(SALT, &[stored]);
        if let Some(secret) = secret {
            extracted = crypto.hmac_sha256(&extracted, &[secret.expose().as_bytes()]);
        }
        Some(Self(crypto.hmac_sha256(&extracted, &[app.as_str().as_bytes(), &[1]])))
    }

    /// HMAC-SHA256(K, label ‖ 0 ‖ length of the token ‖ token ‖ window ‖ anti-CSRF choice ‖ more); the length is four
    /// bytes, big-endian, so that no two inputs read alike.
    fn derive_bytes(&self, label: &str, presented: &Secret, draw: Draw, more: &[u8], crypto: &dyn Crypto) -> [u8; 32] {
        let token = presented.expose().as_bytes();
        let length = u32::try_from(token.len()).unwrap_or(u32::MAX).to_be_bytes();
        let choice = [draw.window, u8::from(draw.anti_csrf)];
        crypto.hmac_sha256(&self.0, &[label.as_bytes(), &[0], &length, token, &choice, more])
    }
}

/// Which derived successor.
#[derive(Clone, Copy, Debug)]
struct Draw {
    window: u8,
    anti_csrf: bool,
}

/// The refresh token that follows a presented one.
#[derive(Clone, Debug)]
pub(crate) struct Successor {
    pub(crate) token: Secret,
    pub(crate) hash1: Hash1,
    pub(crate) hash2: Hash2,
    pub(crate) anti_csrf: Option<Secret>,
}

impl Successor {
    /// Seals a token that follows nothing: the first one of a session.
    pub(crate) fn first(
        mut contents: Contents,
        entropy: &Entropy,
        with_anti_csrf: bool,
        ring: &KeyRing,
        crypto: &dyn Crypto,
    ) -> Self {
        contents.nonce = hex::encode(entropy.nonce);
        contents.anti_csrf = with_anti_csrf.then(|| anti_csrf::from_bytes(entropy.anti_csrf));
        let plaintext = contents.plaintext();
        Self::seal(&contents, entropy.iv, &plaintext, ring, crypto)
    }

    fn seal(contents: &Contents, iv: [u8; 12], plaintext: &[u8], ring: &KeyRing, crypto: &dyn Crypto) -> Self {
        let token = contents.seal(iv, plaintext, ring.refresh(), crypto);
        let hash1 = Hash1::of(token.expose(), crypto);
        Self { token, hash1, hash2: hash1.stored(crypto), anti_csrf: contents.anti_csrf.clone() }
    }
}

/// Gives the successors of one presented token.
#[derive(Clone, Copy)]
pub(crate) struct Successors<'a> {
    pub(crate) presented: &'a Opened,
    /// Whether the caller wants an anti-CSRF value in them.
    pub(crate) anti_csrf: bool,
    pub(crate) ring: &'a KeyRing,
    pub(crate) crypto: &'a dyn Crypto,
    pub(crate) entropy: &'a Entropy,
}

impl Successors<'_> {
    /// Whether successors can be derived at all.
    pub(crate) fn can_derive(&self) -> bool {
        self.ring.succession().is_some()
    }

    /// The successor that everybody in this window gets. Where none can be derived it is a random one.
    pub(crate) fn of_window(&self, window: u8) -> Successor {
        self.derived(Draw { window, anti_csrf: self.anti_csrf }).unwrap_or_else(|| self.random())
    }

    /// The successor of any window up to `last`, with either anti-CSRF choice, that has this hash.
    pub(crate) fn find(&self, hash: &Hash2, last: u8) -> Option<Successor> {
        (1..=last)
            .flat_map(|window| [self.anti_csrf, !self.anti_csrf].map(|anti_csrf| Draw { window, anti_csrf }))
            .find_map(|draw| self.derived(draw).filter(|successor| successor.hash2 == *hash))
    }

    /// A successor that nobody else gets.
    pub(crate) fn random(&self) -> Successor {
        Successor::first(self.contents(), self.entropy, self.anti_csrf, self.ring, self.crypto)
    }

    fn derived(&self, draw: Draw) -> Option<Successor> {
        let key = self.ring.succession()?;
        let presented = self.presented.token();
        let mut contents = self.contents();
        contents.nonce = hex::encode(key.derive_bytes("nonce", presented, draw, &[], self.crypto));
        contents.anti_csrf = draw.anti_csrf.then(|| {
            let bytes = key.derive_bytes("anti-csrf", presented, draw, &[], self.crypto);
            anti_csrf::from_bytes(first_bytes(&bytes))
        });
        let plaintext: Vec<u8> = contents.plaintext();
        // The IV covers the plaintext too: should two releases ever differ in it, they don't share an IV.
        let iv = first_bytes(&key.derive_bytes("iv", presented, draw, &plaintext, self.crypto));
        Some(Successor::seal(&contents, iv, &plaintext, self.ring, self.crypto))
    }

    /// All that a successor has from the token that it follows.
    fn contents(&self) -> Contents {
        let presented = self.presented.contents();
        Contents {
            handle: presented.handle.clone(),
            user: presented.user.clone(),
            parent: Some(self.presented.hash1()),
            nonce: Default::default(),
            anti_csrf: None,
            tenant: presented.tenant.clone(),
        }
    }
}

fn first_bytes<const N: usize>(bytes: &[u8; 32]) -> [u8; N] {
    core::array::from_fn(|at| bytes.get(at).copied().unwrap_or_default())
}
