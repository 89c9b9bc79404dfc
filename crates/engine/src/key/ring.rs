//! The keys of an app at one moment (`spec/modern-core.md` 7.8).
//!
//! INVARIANT: a key is published for [`PUBLISHED_BEFORE_SIGNING`] before it signs, unless no other key can sign; and it
//! is kept until no token that it signed is alive, so that no live token ever fails for a rotation.

use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::crypto::{Crypto, KeyError, SigningKey};
use crate::id::{AppId, KeyId};
use crate::key::succession::SuccessionKey;
use crate::policy::Policy;
use crate::secret::Secret;
use crate::time::{Lifetime, Millis};

/// How long a key is published before it signs, so that others' caches learn it.
pub const PUBLISHED_BEFORE_SIGNING: Lifetime = Lifetime::from_secs(60);

/// A signing key with its name and age.
#[derive(Clone, Debug)]
pub struct RingKey {
    /// Its name in token headers.
    pub id: KeyId,
    /// When it was made.
    pub created_at: Millis,
    /// The parsed key.
    pub key: Arc<dyn SigningKey>,
}

/// The keys of an app, as they stood when a request began. A value: changing keys makes another ring.
#[derive(Clone, Debug)]
pub struct KeyRing {
    newest: RingKey,
    /// INVARIANT: newest first, and none newer than `newest`.
    older: Vec<RingKey>,
    /// Keys that are never rotated. INVARIANT: newest first.
    statics: Vec<RingKey>,
    refresh: Secret,
    succession: Option<SuccessionKey>,
}

impl KeyRing {
    /// Makes a ring from stored keys.
    ///
    /// `refresh` is the refresh-token key as stored. `succession_secret` is what the configuration adds to it for
    /// deriving successors, so that a leaked database alone doesn't give them.
    pub fn new(
        app: &AppId,
        signing: impl IntoIterator<Item = (Millis, Secret)>,
        refresh: Secret,
        succession_secret: Option<&Secret>,
        crypto: &dyn Crypto,
    ) -> Result<Self, RingError> {
        let signing = signing.into_iter().map(|(created_at, stored)| (KeyId::dynamic(created_at), created_at, stored));
        let mut keys = parsed(signing, crypto)?.into_iter();
        let newest = keys.next().ok_or(RingError::Empty)?;
        let succession = SuccessionKey::derive(app, &refresh, succession_secret, crypto);
        Ok(Self { newest, older: keys.collect(), statics: Vec::new(), refresh, succession })
    }

    /// Adds keys that are never rotated, from their stored form.
    pub fn with_static_keys(
        mut self,
        keys: impl IntoIterator<Item = (KeyId, Millis, Secret)>,
        crypto: &dyn Crypto,
    ) -> Result<Self, RingError> {
        self.statics.extend(parsed(keys, crypto)?);
        self.statics.sort_by_key(|key| core::cmp::Reverse(key.created_at));
        Ok(self)
    }

    /// The creation time of the newest key that is rotated, whatever its age.
    pub fn newest(&self) -> Millis {
        self.newest.created_at
    }

    /// Whether another key should be made now: the newest one comes within a minute of its end as a signer.
    pub fn wants_key(&self, now: Millis, policy: &Policy) -> bool {
        now.after(PUBLISHED_BEFORE_SIGNING) > self.newest().after(policy.key_interval)
    }

    /// Whether a signature now would have to come from a key that is past its time: rotation can't wait.
    pub fn is_overdue(&self, now: Millis, policy: &Policy) -> bool {
        now >= self.newest().after(policy.key_interval)
    }

    /// The key that signs now: the newest static one where that is asked for, if there is any.
    pub fn signer(&self, now: Millis, policy: &Policy, use_static: bool) -> &RingKey {
        match self.statics.first() {
            Some(key) if use_static => key,
            _ => self.dynamic_signer(now, policy),
        }
    }

    /// The newest key that was public for long enough, while its time lasts. If there is none, the one that was public
    /// longest of those that are newer.
    fn dynamic_signer(&self, now: Millis, policy: &Policy) -> &RingKey {
        let mut unripe = &self.newest;
        for key in self.dynamic() {
            if key.created_at.after(PUBLISHED_BEFORE_SIGNING) <= now {
                return if now < key.created_at.after(policy.key_interval) { key } else { unripe };
            }
            unripe = key;
        }
        unripe
    }

    /// The key of this name, if it still verifies.
    pub fn verifier(&self, id: &str, now: Millis, policy: &Policy) -> Option<&RingKey> {
        self.verifiers(now, policy).find(|key| key.id.as_str() == id)
    }

    /// The keys that verify now: those that are rotated, newest first, then the static ones, newest first.
    pub fn verifiers(&self, now: Millis, policy: &Policy) -> impl Iterator<Item = &RingKey> {
        self.published(now, policy).chain(&self.statics)
    }

    /// The keys that are rotated and verify now, newest first.
    pub(crate) fn published(&self, now: Millis, policy: &Policy) -> impl Iterator<Item = &RingKey> {
        let lifetime = policy.key_lifetime();
        self.dynamic().filter(move |key| now <= key.created_at.after(lifetime))
    }

    /// The keys that are never rotated, newest first.
    pub(crate) fn statics(&self) -> &[RingKey] {
        &self.statics
    }

    /// All keys that are rotated, newest first.
    pub(super) fn dynamic(&self) -> impl Iterator<Item = &RingKey> {
        core::iter::once(&self.newest).chain(&self.older)
    }

    /// Whether both have the same keys, so that the one may go on to be used for the other.
    pub fn has_same_keys(&self, other: &Self) -> bool {
        let ids = |ring: &Self| ring.dynamic().chain(&ring.statics).map(|key| key.id.clone()).collect::<Vec<_>>();
        ids(self) == ids(other) && self.refresh == other.refresh
    }

    /// The moment before which keys are of no use any more.
    pub fn outlived(now: Millis, policy: &Policy) -> Millis {
        now.before(policy.key_lifetime())
    }

    /// The key that seals refresh tokens, as stored.
    pub(crate) fn refresh(&self) -> &Secret {
        &self.refresh
    }

    /// The key that successors are derived with; `None` if the stored refresh-token key is too short for it.
    pub(crate) fn succession(&self) -> Option<&SuccessionKey> {
        self.succession.as_ref()
    }
}

/// Parses keys and puts the newest one first.
fn parsed(
    stored: impl IntoIterator<Item = (KeyId, Millis, Secret)>,
    crypto: &dyn Crypto,
) -> Result<Vec<RingKey>, RingError> {
    let mut keys = Vec::new();
    for (id, created_at, stored) in stored {
        keys.push(RingKey { id, created_at, key: crypto.parse_signing_key(&stored)? });
    }
    keys.sort_by_key(|key| core::cmp::Reverse(key.created_at));
    Ok(keys)
}

/// Why stored keys make no ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RingError {
    /// There is no signing key.
    #[error("there is no signing key")]
    Empty,
    /// One can't be used.
    #[error(transparent)]
    Key(#[from] KeyError),
}
