//! What an application changes in a session that is there: its payload and its data, and the access token that shows it
//! (`spec/modern-core.md` 8.7).

use alloc::boxed::Box;

use crate::flow::{Env, Flow, Seen, Step};
use crate::id::{AppId, SessionKey};
use crate::payload::{JsonText, Payload, PayloadError};
use crate::session::protected;
use crate::session::record::{Row, Update, Write};
use crate::token::access::{Claims, Draft, End, UnsignedAccess};
use crate::token::version::AccessVersion;

/// A merge of members into the payload of a session.
///
/// It is laid over the *stored* payload, and written only if that still stands: of two merges at once none is lost.
#[derive(Debug)]
pub struct Merge {
    update: Payload,
    /// The access token of the request, when it is to be replaced by one with the new payload.
    claims: Option<Claims>,
}

/// What came of a change.
#[derive(Debug)]
pub enum Changed {
    /// Stored.
    Stored {
        /// The row as it stands.
        row: Box<Row>,
        /// The access token with the new payload: the same tokens behind it and the same end as the one it replaces.
        /// `None` if there was none, or it has ended meanwhile.
        access: Option<Box<UnsignedAccess>>,
    },
    /// There is no such session.
    NoSession,
    /// The merged payload can't be stored. Nothing was changed.
    Refused(PayloadError),
}

impl Merge {
    /// Reads the row. `update` holds the members to set, and `null` for those to remove.
    pub fn start(key: SessionKey, update: Payload, claims: Option<Claims>) -> Step<Self> {
        Step::Load(key, Self { update, claims })
    }
}

impl Flow for Merge {
    type Outcome = Changed;

    fn resume(self, seen: Seen, env: &Env<'_>) -> Step<Self> {
        match seen {
            Seen::Applied(row) => stored(row, self.claims, env),
            Seen::Row(Some(row)) if row.is_alive(env.now) => {
                match row.payload.merged(&self.update, env.policy.payload_limit) {
                    Err(error) => Step::Done(Changed::Refused(error)),
                    Ok(merged) => {
                        let update = Update {
                            key: row.key,
                            now: env.now,
                            seen: Some(row.payload),
                            payload: Some(merged),
                            data: None,
                        };
                        Step::Commit(Write::Update(update), self)
                    }
                }
            }
            Seen::Row(_) => Step::Done(Changed::NoSession),
        }
    }
}

/// An access token that is alive is replaced by one with the payload as it stands.
fn stored<F: Flow<Outcome = Changed>>(row: Row, claims: Option<Claims>, env: &Env<'_>) -> Step<F> {
    let claims = claims.filter(|claims| claims.expires_at > env.now);
    let access = claims.map(|claims| Box::new(rewritten(&claims, &row, env)));
    Step::Done(Changed::Stored { row: Box::new(row), access })
}

fn rewritten(claims: &Claims, row: &Row, env: &Env<'_>) -> UnsignedAccess {
    Draft {
        version: claims.version,
        use_static_key: row.use_static_key,
        user: &claims.user,
        recipe_user: &claims.recipe_user,
        tenant: &claims.tenant,
        handle: &claims.handle,
        own: claims.own,
        parent: claims.parent,
        anti_csrf: claims.anti_csrf.as_ref(),
        payload: &row.payload,
        limits: &row.limits,
        end: End::At(claims.expires_at),
    }
    .write(env)
}

/// A replacement of payload or data, whatever stood before; with the claims of a request, its access token is made anew
/// with the new payload (`spec/modern-core.md` 8.7, regenerate).
#[derive(Debug)]
pub struct Replace {
    claims: Option<Claims>,
}

impl Replace {
    /// Writes what is given; `None` keeps what stands.
    pub fn start(
        key: SessionKey,
        payload: Option<Payload>,
        data: Option<JsonText>,
        claims: Option<Claims>,
        env: &Env<'_>,
    ) -> Step<Self> {
        Step::Commit(Write::Update(Update { key, now: env.now, seen: None, payload, data }), Self { claims })
    }
}

impl Flow for Replace {
    type Outcome = Changed;

    fn resume(self, seen: Seen, env: &Env<'_>) -> Step<Self> {
        match seen {
            Seen::Applied(row) => stored(row, self.claims, env),
            Seen::Row(_) => Step::Done(Changed::NoSession),
        }
    }
}

/// The access token of a session made anew with the payload that is given, or with the one that is stored
/// (`spec/modern-core.md` 8.7). Nothing of the lineage is touched.
#[derive(Debug)]
pub struct Regenerate {
    claims: Claims,
    check_nested: bool,
}

impl Regenerate {
    /// Stores the payload if one is given, else reads the one that is there.
    ///
    /// The claims may be those of a token that was not verified, or has ended: the session must be there, that is all.
    /// `check_nested` refuses reserved claims also for a token of a format that keeps the payload apart from its own.
    pub fn start(
        claims: Claims,
        app: &AppId,
        payload: Option<Payload>,
        check_nested: bool,
        env: &Env<'_>,
    ) -> Step<Self> {
        let key = SessionKey { app: app.clone(), tenant: claims.tenant.clone(), handle: claims.handle.clone() };
        let regenerate = Self { claims, check_nested };
        let Some(payload) = payload else { return Step::Load(key, regenerate) };
        match regenerate.check(&payload, env) {
            Err(error) => Step::Done(Changed::Refused(error)),
            Ok(()) => {
                let update = Update { key, now: env.now, seen: None, payload: Some(payload), data: None };
                Step::Commit(Write::Update(update), regenerate)
            }
        }
    }

    fn check(&self, payload: &Payload, env: &Env<'_>) -> Result<(), PayloadError> {
        let version = self.claims.version;
        if self.check_nested && version < AccessVersion::V3 {
            return payload.check_reserved(version);
        }
        protected::check(payload, version, env.policy)
    }
}

impl Flow for Regenerate {
    type Outcome = Changed;

    fn resume(self, seen: Seen, env: &Env<'_>) -> Step<Self> {
        match seen {
            Seen::Applied(row) => stored(row, Some(self.claims), env),
            // Only a load shows a row that is alive.
            Seen::Row(Some(row)) if row.is_alive(env.now) => match self.check(&row.payload, env) {
                Err(error) => Step::Done(Changed::Refused(error)),
                Ok(()) => stored(row, Some(self.claims), env),
            },
            Seen::Row(_) => Step::Done(Changed::NoSession),
        }
    }
}
