//! Access tokens that were verified before, and those whose first use was stored: both bounded, both only to save work.

use std::sync::Arc;

use doorward_engine::hash::Hash1;
use doorward_engine::key::ring::KeyRing;
use doorward_engine::token::access::{AccessError, Claims};
use quick_cache::sync::Cache;
use quick_cache::{DefaultHashBuilder, OptionsBuilder, UnitWeighter};

/// First uses that are remembered.
const PROMOTED: usize = 10_000;

/// What verifying an access token gives.
pub type VerifyOutcome = Result<Arc<Claims>, AccessError>;

type VerifiedTokens = Cache<Box<str>, (Arc<Claims>, Arc<KeyRing>)>;

/// What this process knows of tokens that it saw.
pub(crate) struct Known {
    /// Keyed by the whole token, with the ring that it was verified by: under other keys it is verified anew. A hit is
    /// still judged by time and revocation.
    verified: Option<VerifiedTokens>,
    /// Hashes of refresh tokens whose first use needs no write any more: they became current, or another branch did.
    /// Published values, no secrets.
    promoted: Cache<[u8; 64], ()>,
}

impl std::fmt::Debug for Known {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Known(..)")
    }
}

impl Known {
    pub(crate) fn new(verified_tokens: usize) -> Self {
        Self { verified: (verified_tokens > 0).then(|| Cache::new(verified_tokens)), promoted: small_cache(PROMOTED) }
    }

    pub(crate) fn verified(&self, token: &str, ring: &Arc<KeyRing>) -> Option<Arc<Claims>> {
        let (claims, verified_by) = self.verified.as_ref()?.get(token)?;
        Arc::ptr_eq(&verified_by, ring).then_some(claims)
    }

    pub(crate) fn remember_verified(&self, token: &str, claims: &Arc<Claims>, ring: &Arc<KeyRing>) {
        if let Some(cache) = &self.verified {
            cache.insert(token.into(), (Arc::clone(claims), Arc::clone(ring)));
        }
    }

    pub(crate) fn is_promoted(&self, own: &Hash1) -> bool {
        self.promoted.get(&key(own)).is_some()
    }

    pub(crate) fn remember_promoted(&self, own: &Hash1) {
        self.promoted.insert(key(own), ());
    }
}

fn key(hash: &Hash1) -> [u8; 64] {
    *hash.as_bytes()
}

/// A cache that takes little memory while it is empty.
fn small_cache(entries: usize) -> Cache<[u8; 64], ()> {
    match OptionsBuilder::new().estimated_items_capacity(64).weight_capacity(entries as u64).build() {
        Ok(options) => Cache::with_options(
            options,
            UnitWeighter,
            DefaultHashBuilder::default(),
            quick_cache::sync::DefaultLifecycle::default(),
        ),
        Err(_) => Cache::new(entries),
    }
}
