//! Successors of a refresh token: derived inside a window, random outside (design rule 2).
//!
//! Everything that is derived comes from the succession key, the whole presented token, the window's number and the
//! anti-CSRF choice, in the bytes written here. They are **frozen as v1**: two releases, two nodes and two tabs must
//! agree on every one of them. `vectors/tokens/succession.json` holds them fast.

use alloc::vec::Vec;

use crate::crypto::Crypto;
use crate::entropy::Entropy;
use crate::hash::{Hash1, Hash2};
use crate::key::ring::KeyRing;
use crate::secret::Secret;
use crate::token::anti_csrf;
use crate::token::refresh::{Contents, Opened};

/// Which derived successor.
#[derive(Clone, Copy, Debug)]
struct Draw {
    window: u8,
    anti_csrf: bool,
}

impl Draw {
    fn choice(self) -> [u8; 2] {
        [self.window, u8::from(self.anti_csrf)]
    }
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
        contents.nonce = hex::encode(key.bytes("nonce", presented, draw.choice(), &[], self.crypto));
        contents.anti_csrf = draw.anti_csrf.then(|| {
            let bytes = key.bytes("anti-csrf", presented, draw.choice(), &[], self.crypto);
            anti_csrf::from_bytes(first_bytes(&bytes))
        });
        let plaintext: Vec<u8> = contents.plaintext();
        // The IV covers the plaintext too: should two releases ever differ in it, they don't share an IV.
        let iv = first_bytes(&key.bytes("iv", presented, draw.choice(), &plaintext, self.crypto));
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
