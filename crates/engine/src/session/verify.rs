//! Verifying a session (`spec/modern-core.md` 8.3 and 8.4).
//!
//! [`access::verify`](crate::token::access::verify) judges the token alone, with no I/O, and that is nearly always all.
//! What remains is here: the first use after a refresh, which makes the token's own refresh token current, and a check
//! against the stored row where the caller wants one.

use alloc::boxed::Box;

use crate::flow::{Env, Flow, Seen, Step};
use crate::hash::{Hash1, Hash2};
use crate::id::{AppId, SessionKey};
use crate::json_equal::json_equal;
use crate::payload::PayloadError;
use crate::policy::{Policy, Rotation, StoreCheck};
use crate::session::record::{Change, PayloadGuard, Row, Succession, WindowGuard, Write};
use crate::session::{Deny, protected};
use crate::token::access::{Claims, Draft, End, UnsignedAccess};

/// What a caller wants confirmed by the store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ConfirmRequest {
    /// That the session is there now, and its payload is still the token's ([`StoreCheck`] says what follows).
    pub check_store: bool,
    /// That this token was confirmed before: its first use needs no second write.
    pub is_known: bool,
}

/// The confirmation of verified claims by the store.
#[derive(Debug)]
pub struct Confirm {
    claims: Claims,
    key: SessionKey,
    promotes: bool,
    check_store: bool,
}

/// What came of it.
#[derive(Debug)]
pub enum Confirmed {
    /// The token stands as it is.
    Stands {
        /// What it says.
        claims: Box<Claims>,
        /// Whether the store has another payload by now, as far as that was asked for. A changed one comes with a new
        /// token instead, where the policy's check renews.
        payload_changed: bool,
    },
    /// The session is there, and this token replaces the one that was shown.
    Renewed(Box<UnsignedAccess>),
    /// There is no session for this token any more.
    Unauthorised(Deny),
    /// The token would have to be replaced, and none can be made with the stored payload. Nothing was written.
    Refused(PayloadError),
}

impl Confirm {
    /// Whether the store is needed at all.
    pub fn is_needed(claims: &Claims, request: ConfirmRequest, policy: &Policy) -> bool {
        request.check_store || (promotes(claims, policy) && !request.is_known)
    }

    /// Asks the store for what [`Confirm::is_needed`] found wanting.
    pub fn start(claims: Claims, app: &AppId, request: ConfirmRequest, env: &Env<'_>) -> Step<Self> {
        let key = SessionKey { app: app.clone(), tenant: claims.tenant.clone(), handle: claims.handle.clone() };
        let promotes = promotes(&claims, env.policy) && !request.is_known;
        let version = claims.version;
        let confirm = Self { claims, key, promotes, check_store: request.check_store };
        match confirm.claims.parent {
            Some(parent) if promotes => confirm.promote(parent, protected::guard(version, env.policy), env),
            _ if request.check_store => Step::Load(confirm.key.clone(), confirm),
            _ => confirm.stands(false),
        }
    }

    /// Makes the token's own refresh token current, in the place of the one that was presented for it.
    fn promote(self, parent: Hash1, payload: PayloadGuard, env: &Env<'_>) -> Step<Self> {
        let change = Change::Advance {
            to: self.claims.own.stored(env.crypto),
            prev: None,
            lifetime: env.policy.session_lifetime(),
            window: None,
        };
        let promotion = Succession {
            key: self.key.clone(),
            now: env.now,
            current: parent.stored(env.crypto),
            window: WindowGuard::Any,
            payload,
            change,
            use_static_key: None,
        };
        Step::Commit(Write::Succeed(promotion), self)
    }

    fn stands(self, payload_changed: bool) -> Step<Self> {
        Step::Done(Confirmed::Stands { claims: Box::new(self.claims), payload_changed })
    }

    /// Judges the token by a row that is alive.
    fn judge(self, row: &Row, env: &Env<'_>) -> Step<Self> {
        let own = self.claims.own.stored(env.crypto);
        let parent = self.claims.parent.map(|parent| (parent, parent.stored(env.crypto)));
        if let Some((parent, _)) = parent.filter(|(_, parent)| self.promotes && row.current == *parent) {
            // The promotion was lost to a payload that had to be read.
            let version = self.claims.version;
            return match protected::check(&row.payload, version, env.policy) {
                Ok(()) => self.promote(parent, protected::guard_of(&row.payload, version, env.policy), env),
                Err(error) => Step::Done(Confirmed::Refused(error)),
            };
        }
        let is_current = row.current == own;
        if self.promotes && is_current {
            return self.renewed(row, true, env);
        }
        // From here on a token of an overtaken branch stands until it ends: its refresh token is what will be judged.
        if !self.check_store {
            return self.stands(false);
        }
        let payload_changed = !json_equal(
            row.payload.without_reserved(self.claims.version, env.policy.claim_check).as_str(),
            self.claims.payload().as_str(),
        );
        match env.policy.store_check {
            StoreCheck::Renews if payload_changed => self.renewed(row, is_current, env),
            StoreCheck::Renews => self.stands(false),
            StoreCheck::Reports => {
                let is_in_line = |hash: Hash2| row.current == hash || row.prev == Some(hash);
                if is_in_line(own) || parent.is_some_and(|(_, parent)| is_in_line(parent)) {
                    self.stands(payload_changed)
                } else {
                    Step::Done(Confirmed::Unauthorised(Deny::RotatedOut))
                }
            }
        }
    }

    /// The token that replaces the one that was shown: the same tokens behind it. Where those are known to be current it
    /// has a full life and no parent; a token of an overtaken branch gets the new payload, and lives no longer for it.
    fn renewed(&self, row: &Row, is_current: bool, env: &Env<'_>) -> Step<Self> {
        let claims = &self.claims;
        if let Err(error) = protected::check(&row.payload, claims.version, env.policy) {
            return Step::Done(Confirmed::Refused(error));
        }
        let (parent, end) = if is_current { (None, End::Full) } else { (claims.parent, End::At(claims.expires_at)) };
        let access = Draft {
            version: claims.version,
            use_static_key: row.use_static_key,
            user: &claims.user,
            recipe_user: &claims.recipe_user,
            tenant: &claims.tenant,
            handle: &claims.handle,
            own: claims.own,
            parent,
            anti_csrf: claims.anti_csrf.as_ref(),
            payload: &row.payload,
            limits: &row.limits,
            end,
        }
        .write(env);
        Step::Done(Confirmed::Renewed(Box::new(access)))
    }
}

/// Whether a first use of this token moves the row.
fn promotes(claims: &Claims, policy: &Policy) -> bool {
    claims.parent.is_some() && policy.rotation == Rotation::OnUse
}

impl Flow for Confirm {
    type Outcome = Confirmed;

    fn resume(self, seen: Seen, env: &Env<'_>) -> Step<Self> {
        match seen {
            Seen::Applied(row) => self.renewed(&row, true, env),
            Seen::Row(Some(row)) if row.is_alive(env.now) => self.judge(&row, env),
            Seen::Row(_) => Step::Done(Confirmed::Unauthorised(Deny::NoSession)),
        }
    }
}
