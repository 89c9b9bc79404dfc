//! The use cases of a session, each one call.

use std::sync::Arc;

use doorward_engine::id::{SessionHandle, SessionKey, UserId};
use doorward_engine::policy::Rotation;
use doorward_engine::secret::Secret;
use doorward_engine::session::Deny;
use doorward_engine::session::create::{Create, Created, NewSession};
use doorward_engine::session::record::{Row, Write};
use doorward_engine::session::refresh::{Refresh, RefreshRequest, Refreshed, handle_of};
use doorward_engine::session::verify::{Confirm, ConfirmRequest, Confirmed};
use doorward_engine::token::access::{self, AccessError, Claims};

use crate::drive::{drive, drive_seen};
use crate::error::ServiceError;
use crate::outcome::{ConfirmOutcome, IssuedTokens, RefreshOutcome};
use crate::service::{Recall, Service, Tenants};
use crate::store::{Selector, StoreError, UserSelector};
use crate::verified::VerifyOutcome;

/// How often a creation tries another handle. Two handles of 74 random bits meet by a broken source only.
const CREATE_ATTEMPTS: u32 = 3;

/// Rows that one page of a listing holds.
const PAGE: u32 = 200;

impl Service {
    /// Creates a session.
    pub async fn create(&self, new: NewSession) -> Result<IssuedTokens, ServiceError> {
        let mut ready = self.ready().await?;
        for _ in 0..CREATE_ATTEMPTS {
            let env = ready.env(self);
            let created = match drive(self.store(), &env, Create::start(new.clone(), &env)).await {
                // The first session of a tenant.
                Err(ServiceError::Store(StoreError::NoTenant)) if self.shared.tenants == Tenants::Made => {
                    self.store().make_tenant(new.app.clone(), new.tenant.clone(), env.now).await?;
                    drive(self.store(), &env, Create::start(new.clone(), &env)).await?
                }
                created => created?,
            };
            if let Created::Issued(issued) = created {
                tracing::debug!(name: "doorward.session.created", target: "doorward", handle = %issued.row.key.handle);
                return self.sign_issued(ready, *issued).await;
            }
            ready.entropy = self.shared.world.entropy()?;
        }
        Err(ServiceError::Contended)
    }

    /// Verifies an access token by its signature and its claims. No I/O, except once per cooldown for a key that isn't
    /// known here.
    pub async fn verify(&self, token: &str) -> Result<VerifyOutcome, ServiceError> {
        let now = self.now();
        let mut keys = self.shared.keys.snapshot();
        let is_believed = |claims: &Arc<Claims>| claims.version >= self.policy.oldest_access_version;
        if let Some(claims) = self.shared.known.verified(token, &keys).filter(is_believed) {
            return Ok(if now < claims.expires_at { Ok(claims) } else { Err(AccessError::Expired) });
        }
        let mut outcome = access::verify(token, &keys, now, &self.policy);
        if outcome.as_ref().is_err_and(|error| error.wants_reload(token, &self.policy)) {
            keys = Box::pin(self.shared.keys.reload(self.store(), &self.shared.world)).await?;
            outcome = access::verify(token, &keys, now, &self.policy);
        }
        Ok(outcome.map(|claims| {
            let claims = Arc::new(claims);
            self.shared.known.remember_verified(token, &claims, &keys);
            claims
        }))
    }

    /// Asks the store about a verified token where that is needed: for the first use after a refresh, and where the
    /// caller wants it. A session that this process ended is gone at once, unless nothing is remembered ([`Recall`]).
    pub async fn confirm(&self, claims: Arc<Claims>, check_store: bool) -> Result<ConfirmOutcome, ServiceError> {
        let mut check_store = check_store;
        if !self.shared.revoked.is_empty() {
            if self.shared.revoked.contains(&self.key_of(&claims)) {
                return Ok(ConfirmOutcome::Unauthorised(Deny::NoSession));
            }
            check_store |= self.shared.revoked.doubts(&claims.user, self.now());
        }
        // Nothing is in this memory that wasn't to be remembered.
        let is_known = claims.parent.is_some() && self.shared.known.is_promoted(&claims.own);
        let request = ConfirmRequest { check_store, is_known };
        if !Confirm::is_needed(&claims, request, &self.policy) {
            return Ok(ConfirmOutcome::Stands { claims, payload_changed: false });
        }
        // In a box, so that the futures of all the requests that need no store stay small.
        Box::pin(self.ask_store(claims, request)).await
    }

    async fn ask_store(&self, claims: Arc<Claims>, request: ConfirmRequest) -> Result<ConfirmOutcome, ServiceError> {
        let ready = self.ready().await?;
        let env = ready.env(self);
        let own = (self.shared.recall == Recall::Sessions && claims.parent.is_some()).then_some(claims.own);
        let step = Confirm::start(Arc::unwrap_or_clone(claims), &self.shared.app, request, &env);
        let confirmed = drive(self.store(), &env, step).await?;
        let outcome = match confirmed {
            Confirmed::Stands { claims, payload_changed } => {
                ConfirmOutcome::Stands { claims: Arc::new(*claims), payload_changed }
            }
            Confirmed::Renewed(access) => ConfirmOutcome::Renewed(self.sign(ready, *access).await?),
            Confirmed::Unauthorised(deny) => return Ok(ConfirmOutcome::Unauthorised(deny)),
            Confirmed::Refused(error) => return Ok(ConfirmOutcome::Refused(error)),
        };
        // *On refresh* the store was only read: a caller with the other rule may still have the first use to store.
        if let Some(own) = own.filter(|_| self.policy.rotation == Rotation::OnUse) {
            self.shared.known.remember_promoted(&own);
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
        let refreshed = drive_seen(self.store(), &env, Refresh::start(request, &env), before).await?;
        if let Some(key) = judged.filter(|_| matches!(refreshed, Refreshed::Issued(_))) {
            self.shared.revoked.forget(&key);
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
        handle_of(token, &self.shared.keys.snapshot(), &*self.shared.world.crypto)
    }

    /// Ends sessions, and returns those that were there. Their access tokens are refused here at once, and elsewhere
    /// when they end.
    pub async fn revoke(&self, which: Selector) -> Result<Vec<SessionKey>, ServiceError> {
        // Those that were gone already count too: an acknowledgement of ours was lost, or another process was first.
        let named = if let Selector::Keys(keys) = &which { keys.clone() } else { Vec::new() };
        // Of a user's sessions only the store knows which they were. If its answer is lost, or nobody waits for it, they
        // may be gone and stay so unnamed, also when it is asked once more: their tokens are checked.
        let doubt = Doubt(self, if let Selector::User { user, .. } = &which { Some(user.user.clone()) } else { None });
        let removed = self.store().remove(which).await?;
        doubt.dispel();
        self.remember_revoked(&named);
        self.remember_revoked(&removed);
        for key in &removed {
            tracing::debug!(name: "doorward.session.revoked", target: "doorward", handle = %key.handle);
        }
        Ok(removed)
    }

    /// Reads a session that is alive.
    pub async fn read(&self, key: &SessionKey) -> Result<Option<Row>, ServiceError> {
        let row = self.store().read(key).await?;
        Ok(row.filter(|row| row.is_alive(self.now())))
    }

    /// Lists a user's sessions that are alive, oldest handle first within a tenant.
    pub async fn list(&self, user: UserSelector) -> Result<Vec<Row>, ServiceError> {
        let (mut rows, mut after) = (Vec::new(), None);
        loop {
            let page = self.store().list(user.clone(), after.take(), PAGE).await?;
            let is_last = page.len() < PAGE as usize;
            after = page.last().map(|row| row.key.clone());
            rows.extend(page.into_iter().filter(|row| row.is_alive(self.now())));
            if is_last {
                return Ok(rows);
            }
        }
    }

    fn remember_revoked(&self, keys: &[SessionKey]) {
        if self.shared.recall == Recall::Sessions {
            let now = self.now();
            self.shared.revoked.add(keys, now, now.after(self.policy.access_lifetime));
        }
    }
}

/// While it is there, whether a user's sessions ended is open; if it goes so, that is remembered.
struct Doubt<'a>(&'a Service, Option<UserId>);

impl Doubt<'_> {
    fn dispel(mut self) {
        self.1 = None;
    }
}

impl Drop for Doubt<'_> {
    fn drop(&mut self) {
        let Self(service, Some(user)) = self else { return };
        if service.shared.recall == Recall::Sessions {
            let now = service.now();
            service.shared.revoked.doubt(user, now, now.after(service.policy.access_lifetime));
        }
    }
}
