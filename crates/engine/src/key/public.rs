//! What others may know of the keys and for how long, outside the key set (`spec/modern-core.md` 3.12 and 4.3).

use alloc::string::String;
use alloc::vec::Vec;

use crate::key::ring::{KeyRing, PUBLISHED_BEFORE_SIGNING, RingKey};
use crate::policy::Policy;
use crate::time::{Lifetime, Millis};

/// How long a static key is said to be good for. It has no end; old SDKs want one, and this is upstream's.
pub const STATIC_KEY_LIFETIME: Lifetime = Lifetime::from_secs(315_360_000);

/// The public keys of an app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKeys {
    /// Of those that are rotated, the one that signs now.
    pub signer: PublicKeyInfo,
    /// Those that are rotated and verify now, newest first.
    pub dynamic: Vec<PublicKeyInfo>,
    /// Those that are never rotated, newest first: the first one signs.
    pub static_keys: Vec<PublicKeyInfo>,
}

/// One public key and its times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKeyInfo {
    /// Standard base64 of the SPKI DER.
    pub spki: String,
    /// When it was made.
    pub created_at: Millis,
    /// When it stops signing.
    pub signs_until: Millis,
    /// When it stops verifying.
    pub verifies_until: Millis,
}

impl KeyRing {
    /// Returns the public keys and their times.
    pub fn public_keys(&self, now: Millis, policy: &Policy) -> PublicKeys {
        let info = |key: &RingKey, signs: Lifetime, verifies: Lifetime| PublicKeyInfo {
            spki: key.key.public().spki,
            created_at: key.created_at,
            signs_until: key.created_at.after(signs),
            verifies_until: key.created_at.after(verifies),
        };
        let dynamic = |key: &RingKey| info(key, policy.key_interval, policy.key_lifetime());
        PublicKeys {
            signer: dynamic(self.signer(now, policy, false)),
            dynamic: self.published(now, policy).map(dynamic).collect(),
            static_keys: self.statics().iter().map(|key| info(key, STATIC_KEY_LIFETIME, STATIC_KEY_LIFETIME)).collect(),
        }
    }

    /// For how many seconds the key set holds all keys that sign: until the next key is made, and at least one.
    pub fn cache_seconds(&self, now: Millis, policy: &Policy) -> u64 {
        let next = self.newest().after(policy.key_interval).before(PUBLISHED_BEFORE_SIGNING);
        (next.since(now).as_millis() / 1000).max(1)
    }
}
