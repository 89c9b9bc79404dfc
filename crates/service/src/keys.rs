//! The keys of an app as this process has them, and how they change.
//!
//! Requests take a snapshot and never wait for a change, unless no key may sign any more.
//! INVARIANT: a new key is published by the store before this process signs with it, and of two processes that make one
//! at once, one key is stored and both use it.

use std::sync::{Arc, PoisonError, RwLock};

use doorward_engine::crypto::KeyError;
use doorward_engine::id::{AppId, KeyId};
use doorward_engine::key::ring::KeyRing;
use doorward_engine::policy::Policy;
use doorward_engine::secret::Secret;
use doorward_engine::time::{Lifetime, Millis};
use tokio::sync::Mutex;

use crate::env::World;
use crate::error::ServiceError;
use crate::signer::Signer;
use crate::store::{NewKey, Store, StoreError, StoredKey, StoredKeys, StoredStaticKey};

/// A token with an unknown key makes this process read the keys again, at most once in this time: whoever sends made-up
/// key names costs no more than that.
pub const RELOAD_COOLDOWN: Lifetime = Lifetime::from_millis(500);

/// The keys of one app.
pub(crate) struct Keys {
    app: AppId,
    policy: Policy,
    succession_secret: Option<Secret>,
    ring: RwLock<Arc<KeyRing>>,
    /// Single flight: who holds it reads or makes keys. Dropping the holder's future frees it.
    change: Mutex<LastReload>,
}

/// When the keys were last read again for a key that isn't known here, and how that ended if it failed.
#[derive(Debug, Default)]
struct LastReload {
    at: Option<Millis>,
    failed: Option<ServiceError>,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keys").field("app", &self.app).field("ring", &self.snapshot()).finish_non_exhaustive()
    }
}

impl Keys {
    /// Reads the keys of an app, and makes those that are missing.
    pub(crate) async fn open(
        app: AppId,
        policy: Policy,
        succession_secret: Option<Secret>,
        store: &dyn Store,
        world: &World,
        signer: &Signer,
    ) -> Result<Self, ServiceError> {
        let mut stored = store.keys(app.clone()).await?;
        let now = world.clock.now();
        if stored.refresh.is_none() {
            let value = world.keys.refresh_key()?;
            stored = store.add_key(app.clone(), NewKey::Refresh { value, created_at: now }).await?;
        }
        let usable = newest(&stored).is_some_and(|newest| now < newest.after(policy.key_interval));
        let (signing, fixed) = missing_keys(!usable, stored.static_keys.is_empty(), world, signer).await?;
        if let Some(value) = signing {
            stored = add_signing_key(&app, value, newest(&stored), now, store).await?;
        }
        if let Some(value) = fixed {
            stored = add_static_key(&app, value, now, store, world).await?;
        }
        let ring = ring_of(&app, stored, succession_secret.as_ref(), world)?;
        let keys = Self { app, policy, succession_secret, ring: RwLock::new(Arc::new(ring)), change: Mutex::default() };
        Ok(keys)
    }

    /// The ring as it stands.
    pub(crate) fn snapshot(&self) -> Arc<KeyRing> {
        Arc::clone(&self.ring.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The ring for a request that signs. Where it is time for a new key, one request makes it while the others go on;
    /// all wait only if the old key may not sign any more.
    pub(crate) async fn for_signing(
        &self,
        store: &dyn Store,
        world: &World,
        signer: &Signer,
    ) -> Result<Arc<KeyRing>, ServiceError> {
        let ring = self.snapshot();
        let now = world.clock.now();
        if !ring.wants_key(now, &self.policy) {
            return Ok(ring);
        }
        let _guard = if ring.is_overdue(now, &self.policy) {
            self.change.lock().await
        } else {
            match self.change.try_lock() {
                Ok(guard) => guard,
                Err(_) => return Ok(ring),
            }
        };
        if !self.snapshot().wants_key(now, &self.policy) {
            return Ok(self.snapshot());
        }
        match self.rotate(store, world, signer).await {
            // The old key still may sign: a request that can be served isn't refused for what can wait a minute.
            Err(error) if !ring.is_overdue(now, &self.policy) => {
                tracing::warn!(name: "doorward.key.late", target: "doorward", app = %self.app, "rotation failed: {error}");
                Ok(ring)
            }
            rotated => rotated,
        }
    }

    async fn rotate(&self, store: &dyn Store, world: &World, signer: &Signer) -> Result<Arc<KeyRing>, ServiceError> {
        let newest_here = self.snapshot().newest();
        let mut stored = store.keys(self.app.clone()).await?;
        if newest(&stored) == Some(newest_here) {
            stored = self.add_key(Some(newest_here), store, world, signer).await?;
        }
        self.replace(stored, world)
    }

    /// Makes a key now, whatever the age of the newest one: an operator wants it. It signs when it was public for a
    /// minute.
    pub(crate) async fn rotate_now(
        &self,
        store: &dyn Store,
        world: &World,
        signer: &Signer,
    ) -> Result<Arc<KeyRing>, ServiceError> {
        let _guard = self.change.lock().await;
        let newest_seen = newest(&store.keys(self.app.clone()).await?);
        let stored = self.add_key(newest_seen, store, world, signer).await?;
        self.replace(stored, world)
    }

    async fn add_key(
        &self,
        newest_seen: Option<Millis>,
        store: &dyn Store,
        world: &World,
        signer: &Signer,
    ) -> Result<StoredKeys, ServiceError> {
        let maker = Arc::clone(&world.keys);
        let value = signer.run(signer.reserve()?, move || maker.signing_key()).await??;
        // Making it takes a while, and its minute in public begins when it is there.
        let stored = add_signing_key(&self.app, value, newest_seen, world.clock.now(), store).await?;
        tracing::info!(name: "doorward.key.rotated", target: "doorward", app = %self.app, "a new signing key is published");
        Ok(stored)
    }

    /// Reads the keys again because a token names one that isn't known here. Within the cooldown it answers as the last
    /// time: with the ring as it stands, or that the keys can't be read.
    pub(crate) async fn reload(&self, store: &dyn Store, world: &World) -> Result<Arc<KeyRing>, ServiceError> {
        let mut last = self.change.lock().await;
        let now = world.clock.now();
        if last.at.is_some_and(|at| now.distance(at) < RELOAD_COOLDOWN) {
            return last.failed.clone().map_or_else(|| Ok(self.snapshot()), Err);
        }
        // Set before the store is asked: one that hangs or fails is not asked again for each made-up name.
        last.at = Some(now);
        last.failed = Some(StoreError::Unavailable("the keys are being read".into()).into());
        let reloaded = match store.keys(self.app.clone()).await {
            Ok(stored) => self.replace(stored, world),
            Err(error) => Err(error.into()),
        };
        last.failed = reloaded.as_ref().err().cloned();
        reloaded
    }

    fn replace(&self, stored: StoredKeys, world: &World) -> Result<Arc<KeyRing>, ServiceError> {
        let ring = ring_of(&self.app, stored, self.succession_secret.as_ref(), world)?;
        let before = self.snapshot();
        if before.has_same_keys(&ring) {
            return Ok(before);
        }
        let ring = Arc::new(ring);
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&ring);
        Ok(ring)
    }
}

/// Makes the keys that a start finds missing: one that is rotated, one that isn't.
async fn missing_keys(
    signing: bool,
    fixed: bool,
    world: &World,
    signer: &Signer,
) -> Result<(Option<Secret>, Option<Secret>), ServiceError> {
    if !signing && !fixed {
        return Ok((None, None));
    }
    let maker = Arc::clone(&world.keys);
    let make = move || {
        Ok::<_, KeyError>(match (signing, fixed) {
            (true, true) => maker.two_signing_keys().map(|(signing, fixed)| (Some(signing), Some(fixed)))?,
            (true, false) => (Some(maker.signing_key()?), None),
            (false, _) => (None, Some(maker.signing_key()?)),
        })
    };
    Ok(signer.run(signer.reserve()?, make).await??)
}

async fn add_signing_key(
    app: &AppId,
    value: Secret,
    newest_seen: Option<Millis>,
    now: Millis,
    store: &dyn Store,
) -> Result<StoredKeys, ServiceError> {
    // A key's creation time is its name, and the newest one signs: after a clock that went back it must still be new.
    let created_at = newest_seen.map_or(now, |newest| now.max(newest.after(Lifetime::from_millis(1))));
    let key = StoredKey { created_at, value };
    Ok(store.add_key(app.clone(), NewKey::Signing { key, newest_seen }).await?)
}

async fn add_static_key(
    app: &AppId,
    value: Secret,
    created_at: Millis,
    store: &dyn Store,
    world: &World,
) -> Result<StoredKeys, ServiceError> {
    let mut random = [0; 16];
    world.keys.fill(&mut random)?;
    let id = KeyId::new_static(random).as_str().to_owned();
    Ok(store.add_key(app.clone(), NewKey::Static(StoredStaticKey { id, created_at, value })).await?)
}

fn newest(stored: &StoredKeys) -> Option<Millis> {
    stored.signing.iter().map(|key| key.created_at).max()
}

fn ring_of(
    app: &AppId,
    stored: StoredKeys,
    succession_secret: Option<&Secret>,
    world: &World,
) -> Result<KeyRing, ServiceError> {
    let refresh = stored.refresh.ok_or_else(|| StoreError::Corrupt("no refresh-token key is stored".into()))?;
    let signing = stored.signing.into_iter().map(|key| (key.created_at, key.value));
    let mut fixed = Vec::new();
    for key in stored.static_keys {
        let id = KeyId::parse(&key.id).map_err(|_| StoreError::Corrupt("a static key has no usable id".into()))?;
        fixed.push((id, key.created_at, key.value));
    }
    Ok(KeyRing::new(app, signing, refresh, succession_secret, &*world.crypto)?
        .with_static_keys(fixed, &*world.crypto)?)
}
