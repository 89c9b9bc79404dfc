//! The use cases of a session, each one call.

use std::sync::Arc;

use doorward_engine::entropy::Entropy;
use doorward_engine::flow::Env;
use doorward_engine::id::{AppId, SessionHandle, SessionKey};
use doorward_engine::key::jwks::Jwks;
use doorward_engine::key::ring::KeyRing;
use doorward_engine::payload::{JsonText, Payload};
use doorward_engine::policy::Policy;
use doorward_engine::secret::Secret;
use doorward_engine::session::create::{Create, Created, NewSession};
use doorward_engine::session::data::{Changed, Merge, Replace};
use doorward_engine::session::record::{Row, Write};
use doorward_engine::session::refresh::{Refresh, RefreshRequest, Refreshed, handle_of};
use doorward_engine::session::verify::{Confirm, ConfirmRequest, Confirmed};
use doorward_engine::session::{Deny, Issued};
use doorward_engine::time::Millis;
use doorward_engine::token::access::{self, AccessError, Claims, UnsignedAccess};

use crate::drive::{drive, drive_seen};
use crate::env::World;
use crate::error::ServiceError;
use crate::keys::Keys;
use crate::outcome::{ChangeOutcome, ConfirmOutcome, IssuedTokens, RefreshOutcome, SignedAccess};
use crate::revoked::Revoked;
use crate::signer::{Signer, Slot};
use crate::store::{Selector, Store, UserSelector};
use crate::verified::{Known, VerifyOutcome};

/// How often a creation tries another handle. Two handles of 74 random bits meet by a broken source only.
const CREATE_ATTEMPTS: u32 = 3;

/// Rows that one page of a listing holds.
const PAGE: u32 = 200;

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
}

/// Serves the sessions of one app over a store.
#[derive(Debug)]
pub struct Service {
    pub(crate) app: AppId,
    pub(crate) policy: Policy,
    pub(crate) store: StoreHandle,
    pub(crate) world: World,
    pub(crate) keys: Keys,
    pub(crate) signer: Signer,
    known: Known,
    revoked: Revoked,
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
    /// Reads the keys, makes those that are missing, and starts the signing threads.
    pub async fn open(store: Arc<dyn Store>, world: World, options: ServiceOptions) -> Result<Self, ServiceError> {
        let ServiceOptions { app, policy, succession_secret, verified_tokens } = options;
        for warning in policy.check()? {
            tracing::warn!(name: "doorward.config.warning", target: "doorward", "{warning}");
        }
        let signer = Signer::start()?;
        let keys = Keys::open(app.clone(), policy.clone(), succession_secret, &*store, &world, &signer).await?;
        let (known, revoked) = (Known::new(verified_tokens), Revoked::default());
        Ok(Self { app, policy, store: StoreHandle(store), world, keys, signer, known, revoked })
    }

    /// The app that is served.
    pub fn app(&self) -> &AppId {
        &self.app
    }

    /// The settings that hold.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The moment it is, by the service's clock.
    pub fn now(&self) -> Millis {
        self.world.clock.now()
    }

    /// The public keys, as a key set.
    pub fn jwks(&self) -> Jwks {
        self.keys.snapshot().jwks(self.now(), &self.policy)
    }

    /// Creates a session.
    pub async fn create(&self, new: NewSession) -> Result<IssuedTokens, ServiceError> {
        let mut ready = self.ready().await?;
        for _ in 0..CREATE_ATTEMPTS {
            let env = ready.env(self);
            if let Created::Issued(issued) = drive(&*self.store.0, &env, Create::start(new.clone(), &env)).await? {
                tracing::debug!(name: "doorward.session.created", target: "doorward", handle = %issued.row.key.handle);
                return self.sign_issued(ready, *issued).await;
            }
            ready.entropy = self.world.entropy()?;
        }
        Err(ServiceError::Contended)
    }

    /// Verifies an access token by its signature and its claims. No I/O, except once per cooldown for a key that isn't
    /// known here.
    pub async fn verify(&self, token: &str) -> Result<VerifyOutcome, ServiceError> {
        let now = self.now();
        let mut keys = self.keys.snapshot();
        if let Some(claims) = self.known.verified(token, &keys) {
            return Ok(if now < claims.expires_at { Ok(claims) } else { Err(AccessError::Expired) });
        }
        let mut outcome = access::verify(token, &keys, now, &self.policy);
        if outcome.as_ref().is_err_and(|error| error.wants_reload(token, &self.policy)) {
            keys = Box::pin(self.keys.reload(&*self.store.0, &self.world)).await?;
            outcome = access::verify(token, &keys, now, &self.policy);
        }
        Ok(outcome.map(|claims| {
            let claims = Arc::new(claims);
            self.known.remember_verified(token, &claims, &keys);
            claims
        }))
    }

    /// Asks the store about a verified token where that is needed: for the first use after a refresh, and where the
    /// caller wants it. A session that this process ended is gone at once.
    pub async fn confirm(&self, claims: Arc<Claims>, check_store: bool) -> Result<ConfirmOutcome, ServiceError> {
        if !self.revoked.is_empty() && self.revoked.contains(&self.key_of(&claims)) {
            return Ok(ConfirmOutcome::Unauthorised(Deny::NoSession));
        }
        let is_known = claims.parent.is_some() && self.known.is_promoted(&claims.own);
        let request = ConfirmRequest { check_store, is_known };
        if !Confirm::is_needed(&claims, request, &self.policy) {
            return Ok(ConfirmOutcome::Stands(claims));
        }
        // In a box, so that the futures of all the requests that need no store stay small.
        Box::pin(self.ask_store(claims, request)).await
    }

    async fn ask_store(&self, claims: Arc<Claims>, request: ConfirmRequest) -> Result<ConfirmOutcome, ServiceError> {
        let ready = self.ready().await?;
        let env = ready.env(self);
        let (own, had_parent) = (claims.own, claims.parent.is_some());
        let step = Confirm::start(Arc::unwrap_or_clone(claims), &self.app, request, &env);
        let confirmed = drive(&*self.store.0, &env, step).await?;
        let outcome = match confirmed {
            Confirmed::Stands(claims) => ConfirmOutcome::Stands(Arc::new(*claims)),
            Confirmed::Renewed(access) => ConfirmOutcome::Renewed(self.sign(ready, *access).await?),
            Confirmed::Unauthorised(deny) => return Ok(ConfirmOutcome::Unauthorised(deny)),
        };
        if had_parent {
            self.known.remember_promoted(&own);
        }
        Ok(outcome)
    }

    /// Refreshes a session.
    pub async fn refresh(&self, request: RefreshRequest) -> Result<RefreshOutcome, ServiceError> {
        let tentative = request.tentative;
        let ready = self.ready().await?;
        let env = ready.env(self);
        // A theft is known, and its session refused here, before its row goes: who stole it may hang up meanwhile.
        let mut judged = None;
        let before = |write: &Write| {
            if let Write::Remove(removal) = write {
                tracing::warn!(
                    name: "doorward.session.theft_judged",
                    target: "doorward",
                    handle = %removal.key.handle,
                    "a refresh token was used by two, and its session ends"
                );
                self.remember_revoked(std::slice::from_ref(&removal.key));
                judged = Some(removal.key.clone());
            }
        };
        let refreshed = drive_seen(&*self.store.0, &env, Refresh::start(request, &env), before).await?;
        if let Some(key) = judged.filter(|_| matches!(refreshed, Refreshed::Issued(_))) {
            self.revoked.forget(&key);
        }
        match refreshed {
            Refreshed::Issued(issued) => {
                tracing::debug!(name: "doorward.session.refreshed", target: "doorward", handle = %issued.row.key.handle);
                Ok(RefreshOutcome::Issued(Box::new(self.sign_issued(ready, *issued).await?)))
            }
            Refreshed::Unauthorised(deny) => {
                tracing::debug!(name: "doorward.refresh.denied", target: "doorward", reason = deny.code());
                Ok(RefreshOutcome::Unauthorised(deny))
            }
            Refreshed::Theft(found) if tentative => Ok(RefreshOutcome::Theft(found)),
            Refreshed::Theft(found) => {
                let (handle, user, evidence) = (&found.key.handle, &found.user, &found.evidence);
                tracing::warn!(
                    name: "doorward.session.theft",
                    target: "doorward",
                    %handle, %user, row = evidence.row, presented = evidence.presented.code(),
                    "token theft: {evidence}"
                );
                Ok(RefreshOutcome::Theft(found))
            }
        }
    }

    /// The session that a refresh token belongs to, if it is one of ours; whether it is good isn't judged. No I/O.
    pub fn handle_of_refresh_token(&self, token: &Secret) -> Option<SessionHandle> {
        handle_of(token, &self.keys.snapshot(), &*self.world.crypto)
    }

    /// Ends sessions, and returns those that were there. Their access tokens are refused here at once, and elsewhere
    /// when they end.
    pub async fn revoke(&self, which: Selector) -> Result<Vec<SessionKey>, ServiceError> {
        // Those that were gone already count too: an acknowledgement of ours was lost, or another process was first.
        let named = if let Selector::Keys(keys) = &which { keys.clone() } else { Vec::new() };
        let removed = self.store.0.remove(which).await?;
        self.remember_revoked(&named);
        self.remember_revoked(&removed);
        for key in &removed {
            tracing::debug!(name: "doorward.session.revoked", target: "doorward", handle = %key.handle);
        }
        Ok(removed)
    }

    /// Reads a session that is alive.
    pub async fn read(&self, key: &SessionKey) -> Result<Option<Row>, ServiceError> {
        let row = self.store.0.load(key).await?;
        Ok(row.filter(|row| row.is_alive(self.now())))
    }

    /// Lists a user's sessions that are alive, oldest handle first within a tenant.
    pub async fn list(&self, user: UserSelector) -> Result<Vec<Row>, ServiceError> {
        let (mut rows, mut after) = (Vec::new(), None);
        loop {
            let page = self.store.0.list(user.clone(), after.take(), PAGE).await?;
            let is_last = page.len() < PAGE as usize;
            after = page.last().map(|row| row.key.clone());
            rows.extend(page.into_iter().filter(|row| row.is_alive(self.now())));
            if is_last {
                return Ok(rows);
            }
        }
    }

    /// Lays members over the payload of a session; those that are `null` are removed. With the claims of a request its
    /// access token is replaced by one that says the same.
    pub async fn merge(
        &self,
        key: SessionKey,
        update: Payload,
        claims: Option<Arc<Claims>>,
    ) -> Result<ChangeOutcome, ServiceError> {
        let ready = self.ready().await?;
        let env = ready.env(self);
        let step = Merge::start(key, update, claims.map(Arc::unwrap_or_clone));
        let changed = drive(&*self.store.0, &env, step).await?;
        self.change_outcome(ready, changed).await
    }

    /// Replaces the payload of a session. With the claims of a request its access token is made anew.
    pub async fn replace_payload(
        &self,
        key: SessionKey,
        payload: Payload,
        claims: Option<Arc<Claims>>,
    ) -> Result<ChangeOutcome, ServiceError> {
        self.replace(key, Some(payload), None, claims).await
    }

    /// Replaces the data of a session.
    pub async fn replace_data(&self, key: SessionKey, data: JsonText) -> Result<ChangeOutcome, ServiceError> {
        self.replace(key, None, Some(data), None).await
    }

    async fn replace(
        &self,
        key: SessionKey,
        payload: Option<Payload>,
        data: Option<JsonText>,
        claims: Option<Arc<Claims>>,
    ) -> Result<ChangeOutcome, ServiceError> {
        let ready = self.ready().await?;
        let env = ready.env(self);
        let step = Replace::start(key, payload, data, claims.map(Arc::unwrap_or_clone), &env);
        let changed = drive(&*self.store.0, &env, step).await?;
        self.change_outcome(ready, changed).await
    }

    /// Makes everything acknowledged durable and closes the store.
    pub async fn close(&self) -> Result<(), ServiceError> {
        Ok(self.store.0.close().await?)
    }

    async fn change_outcome(&self, ready: Ready, changed: Changed) -> Result<ChangeOutcome, ServiceError> {
        Ok(match changed {
            Changed::Stored { access: None, .. } => ChangeOutcome::Stored(None),
            Changed::Stored { access: Some(access), .. } => {
                ChangeOutcome::Stored(Some(self.sign(ready, *access).await?))
            }
            Changed::NoSession => ChangeOutcome::NoSession,
            Changed::Refused(error) => ChangeOutcome::Refused(error),
        })
    }

    pub(crate) async fn signing_keys(&self) -> Result<Arc<KeyRing>, ServiceError> {
        self.keys.for_signing(&*self.store.0, &self.world, &self.signer).await
    }

    /// Gets all that a request may need before it asks the store for anything.
    async fn ready(&self) -> Result<Ready, ServiceError> {
        let keys = self.signing_keys().await?;
        Ok(Ready { keys, slot: self.signer.reserve()?, entropy: self.world.entropy()? })
    }

    fn key_of(&self, claims: &Claims) -> SessionKey {
        SessionKey { app: self.app.clone(), tenant: claims.tenant.clone(), handle: claims.handle.clone() }
    }

    fn remember_revoked(&self, keys: &[SessionKey]) {
        let now = self.now();
        self.revoked.add(keys, now, now.after(self.policy.access_lifetime));
    }

    async fn sign(&self, ready: Ready, access: UnsignedAccess) -> Result<SignedAccess, ServiceError> {
        let UnsignedAccess { unsigned, claims } = access;
        let token = Secret::new(self.signer.sign(ready.slot, unsigned).await?);
        Ok(SignedAccess { token, claims: Arc::new(claims) })
    }

    async fn sign_issued(&self, ready: Ready, issued: Issued) -> Result<IssuedTokens, ServiceError> {
        let Issued { access, refresh, refresh_expires_at, anti_csrf, row } = issued;
        Ok(IssuedTokens { access: self.sign(ready, access).await?, refresh, refresh_expires_at, anti_csrf, row })
    }
}

/// What a request has before its first step: keys, a promise of a signature, and random bytes.
struct Ready {
    keys: Arc<KeyRing>,
    slot: Slot,
    entropy: Entropy,
}

impl Ready {
    fn env<'a>(&'a self, service: &'a Service) -> Env<'a> {
        let (policy, crypto) = (&service.policy, &*service.world.crypto);
        Env { now: service.now(), policy, keys: &self.keys, crypto, entropy: &self.entropy }
    }
}
