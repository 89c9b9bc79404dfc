//! Verifying a session (`spec/modern-core.md` 8.3 and 8.4).
//!
//! [`access::verify`](crate::token::access::verify) judges the token alone, with no I/O, and that is nearly always all.
//! What remains is here: the first use after a refresh, which makes the token's own refresh token current, and a check
//! against the stored row where the caller wants one.

use alloc::boxed::Box;

use crate::flow::{Env, Flow, Seen, Step};
use crate::id::{AppId, SessionKey};
use crate::policy::{Policy, Rotation};
use crate::session::Deny;
use crate::session::record::{Change, Row, Succession, WindowGuard, Write};
use crate::token::access::{Claims, Draft, End, UnsignedAccess};

/// What a caller wants confirmed by the store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ConfirmRequest {
    /// That the session is there now, and its payload is still the token's.
    pub check_store: bool,
    /// That this token was confirmed before: its first use needs no second write.
    pub is_known: bool,
}

/// The confirmation of verified claims by the store.
#[derive(Debug)]
pub struct Confirm {
    claims: Claims,
    promotes: bool,
}

/// What came of it.
#[derive(Debug)]
pub enum Confirmed {
    /// The token stands as it is.
    Stands(Box<Claims>),
    /// The session is there, and this token replaces the one that was shown.
    Renewed(Box<UnsignedAccess>),
    /// The session is gone.
    Unauthorised(Deny),
}

impl Confirm {
    /// Whether the store is needed at all.
    pub fn is_needed(claims: &Claims, request: ConfirmRequest, policy: &Policy) -> bool {
        request.check_store || (promotes(claims, policy) && !request.is_known)
    }

    /// Asks the store for what [`Confirm::is_needed`] found wanting.
    pub fn start(claims: Claims, app: &AppId, request: ConfirmRequest, env: &Env<'_>) -> Step<Self> {
        let key = SessionKey { app: app.clone(), tenant: claims.tenant.clone(), handle: claims.handle.clone() };
        match claims.parent {
            Some(parent) if env.policy.rotation == Rotation::OnUse && !request.is_known => {
                let change = Change::Advance {
                    to: claims.own.stored(env.crypto),
                    prev: None,
                    lifetime: env.policy.session_lifetime(),
                    window: None,
                };
                let promotion = Succession {
                    key,
                    now: env.now,
                    current: parent.stored(env.crypto),
                    window: WindowGuard::Any,
                    change,
                    use_static_key: None,
                };
                Step::Commit(Write::Succeed(promotion), Self { claims, promotes: true })
            }
            _ if request.check_store => Step::Load(key, Self { claims, promotes: false }),
            _ => Step::Done(Confirmed::Stands(Box::new(claims))),
        }
    }

    /// The token that replaces the one that was shown: the same tokens behind it. Where those are known to be current it
    /// has a full life and no parent; a token of an overtaken branch gets the new payload, and lives no longer for it.
    fn renewed(&self, row: &Row, is_current: bool, env: &Env<'_>) -> Step<Self> {
        let claims = &self.claims;
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
            Seen::Row(Some(row)) if row.is_alive(env.now) => {
                let is_current = row.current == self.claims.own.stored(env.crypto);
                // A token of an overtaken branch stands until it ends: its refresh token is what will be judged.
                let renew = (self.promotes && is_current)
                    || !row
                        .payload
                        .without_reserved(self.claims.version, env.policy.claim_check)
                        .same_members(&self.claims.payload());
                if renew {
                    self.renewed(&row, is_current, env)
                } else {
                    Step::Done(Confirmed::Stands(Box::new(self.claims)))
                }
            }
            Seen::Row(_) => Step::Done(Confirmed::Unauthorised(Deny::NoSession)),
        }
    }
}
