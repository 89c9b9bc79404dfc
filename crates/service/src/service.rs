//! The one handle on the sessions of an app, and what a request gets ready before its first step.

use std::sync::Arc;

use doorward_engine::entropy::Entropy;
use doorward_engine::flow::Env;
use doorward_engine::id::{AppId, SessionKey, TenantId};
use doorward_engine::key::ring::KeyRing;
use doorward_engine::policy::Policy;
use doorward_engine::secret::Secret;
use doorward_engine::session::Issued;
use doorward_engine::time::{Lifetime, Millis};
use doorward_engine::token::access::{Claims, UnsignedAccess};

use crate::env::World;
use crate::error::ServiceError;
use crate::keys::Keys;
use crate::outcome::{IssuedTokens, SignedAccess};
use crate::revoked::Revoked;
use crate::signer::{Signer, Slot};
use crate::store::Store;
use crate::verified::Known;

/// What a service is opened with.
#[derive(Clone, Debug, Default)]
pub struct ServiceOptions {
    /// The app whose sessions it serves.
    pub app: AppId,
    /// Its settings.
    pub policy: Policy,
    /// What is mixed into the derivation of successors beside the stored key. All processes need the same.
    pub succession_secret: Option<Secret>,
    /// Access tokens whose verification is remembered; 0 is none. They are kept in memory as they are.
    pub verified_tokens: usize,
    /// What is remembered of sessions.
    pub recall: Recall,
    /// Whether the tenants of new sessions are made for them.
    pub tenants: Tenants,
    /// The threads that sign, where the services of many apps share them; `None` starts some.
    pub signer: Option<Arc<Signer>>,
}

/// What a process remembers of the sessions that pass through it, to answer without the store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Recall {
    /// A session that it ended is refused at once, whoever asks; and a first use that was stored is not stored, nor
    /// answered with a new token, once more.
    #[default]
    Sessions,
    /// Nothing: a token stands until it ends or the store is asked, and each of many that use a token first is answered
    /// alike (`spec/modern-core.md` 8.3).
    Nothing,
}

/// Whether a session may begin in a tenant that nobody made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tenants {
    /// It is made then, and so is the app: the application knows which there are.
    #[default]
    Made,
    /// It may not: tenants are made and deleted by those who may, in other processes too.
    Given,
}

/// Serves the sessions of one app over a store.
///
/// A clone, or one with other settings ([`Service::with_policy`]), is the same service: it has the same keys, signers and
/// memory.
#[derive(Clone, Debug)]
pub struct Service {
    pub(crate) shared: Arc<Shared>,
    pub(crate) policy: Policy,
}

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) app: AppId,
    pub(crate) store: StoreHandle,
    pub(crate) world: World,
    pub(crate) keys: Keys,
    pub(crate) signer: Arc<Signer>,
    pub(crate) known: Known,
    pub(crate) revoked: Revoked,
    pub(crate) recall: Recall,
    pub(crate) tenants: Tenants,
}

/// A store behind `Debug`.
#[derive(Clone)]
pub(crate) struct StoreHandle(pub(crate) Arc<dyn Store>);

impl std::fmt::Debug for StoreHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Store(..)")
    }
}

impl Service {
    /// Reads the keys, makes those that are missing, and starts the signing threads where none are given.
    pub async fn open(store: Arc<dyn Store>, world: World, options: ServiceOptions) -> Result<Self, ServiceError> {
        let ServiceOptions { app, policy, succession_secret, verified_tokens, recall, tenants, signer } = options;
        let policy = within(&*store, policy);
        // Of what works and may surprise, whoever took the settings from a person warns, in that person's words.
        policy.check()?;
        let signer = match signer {
            Some(signer) => signer,
            None => Arc::new(Signer::start()?),
        };
        if tenants == Tenants::Made && !app.is_default() {
            store.make_tenant(app.clone(), TenantId::default(), world.clock.now()).await?;
        }
        let keys = Keys::open(app.clone(), policy, succession_secret, &*store, &world, &signer).await?;
        let (known, revoked) = (Known::new(verified_tokens), Revoked::default());
        let shared = Shared { app, store: StoreHandle(store), world, keys, signer, known, revoked, recall, tenants };
        Ok(Self { shared: Arc::new(shared), policy })
    }

    /// The same service for callers to whom other settings apply. It costs next to nothing.
    ///
    /// Lifetimes and the interval of keys should be those that it was opened with: keys are kept as those demand.
    #[must_use]
    pub fn with_policy(&self, policy: Policy) -> Self {
        Self { shared: Arc::clone(&self.shared), policy: within(self.store(), policy) }
    }

    /// The app that is served.
    pub fn app(&self) -> &AppId {
        &self.shared.app
    }

    /// The settings that hold.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The moment it is, by the service's clock.
    pub fn now(&self) -> Millis {
        self.shared.world.clock.now()
    }

    /// Makes everything acknowledged durable and closes the store.
    pub async fn close(&self) -> Result<(), ServiceError> {
        Ok(self.store().close().await?)
    }

    pub(crate) fn store(&self) -> &dyn Store {
        &*self.shared.store.0
    }

    pub(crate) async fn signing_keys(&self) -> Result<Arc<KeyRing>, ServiceError> {
        let Shared { keys, world, signer, .. } = &*self.shared;
        keys.for_signing(self.store(), world, signer).await
    }

    /// Gets all that a request may need before it asks the store for anything.
    pub(crate) async fn ready(&self) -> Result<Ready, ServiceError> {
        let keys = self.signing_keys().await?;
        Ok(Ready { keys, slot: self.shared.signer.reserve()?, entropy: self.shared.world.entropy()? })
    }

    pub(crate) fn key_of(&self, claims: &Claims) -> SessionKey {
        SessionKey { app: self.shared.app.clone(), tenant: claims.tenant.clone(), handle: claims.handle.clone() }
    }

    pub(crate) async fn sign(&self, ready: Ready, access: UnsignedAccess) -> Result<SignedAccess, ServiceError> {
        let UnsignedAccess { unsigned, claims } = access;
        let token = Secret::new(self.shared.signer.sign(ready.slot, unsigned).await?);
        Ok(SignedAccess { token, claims: Arc::new(claims) })
    }

    pub(crate) async fn sign_issued(&self, ready: Ready, issued: Issued) -> Result<IssuedTokens, ServiceError> {
        let Issued { access, refresh, created_at, refresh_expires_at, anti_csrf, row, answered } = issued;
        let access = self.sign(ready, access).await?;
        Ok(IssuedTokens { access, refresh, created_at, refresh_expires_at, anti_csrf, row, answered })
    }
}

/// What a request has before its first step: keys, a promise of a signature, and random bytes.
pub(crate) struct Ready {
    keys: Arc<KeyRing>,
    slot: Slot,
    pub(crate) entropy: Entropy,
}

impl Ready {
    pub(crate) fn env<'a>(&'a self, service: &'a Service) -> Env<'a> {
        let (policy, crypto) = (&service.policy, &*service.shared.world.crypto);
        Env { now: service.now(), policy, keys: &self.keys, crypto, entropy: &self.entropy }
    }
}

/// Returns the settings that a store can follow. It has warned of the others when it was opened.
fn within(store: &dyn Store, mut policy: Policy) -> Policy {
    let lacks = store.lacks();
    if lacks.windows {
        policy.grace = Lifetime::ZERO;
    }
    if lacks.limits {
        policy.absolute_limit = None;
    }
    policy
}
