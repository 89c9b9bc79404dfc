//! Refreshing a session (`spec/modern-core.md` 8.5 and 8.6): the presented token is opened, its lineage judged, its
//! successor handed out.

use alloc::boxed::Box;

use crate::crypto::Crypto;
use crate::flow::{Env, Flow, Seen, Step};
use crate::id::{AppId, SessionHandle, SessionKey, UserId};
use crate::key::ring::KeyRing;
use crate::policy::Theft;
use crate::secret::Secret;
use crate::session::lineage::{self, Evidence, Next, Request, Verdict};
use crate::session::record::{Removal, Row, Write};
use crate::session::{Deny, Issued, protected};
use crate::time::Lifetime;
use crate::token::refresh::Opened;
use crate::token::succession::Successors;

/// A refresh as it was asked for.
#[derive(Clone, Debug)]
pub struct RefreshRequest {
    /// In this app.
    pub app: AppId,
    /// The refresh token.
    pub token: Secret,
    /// The anti-CSRF value that came with it.
    pub anti_csrf_sent: Option<Secret>,
    /// Whether anti-CSRF values are checked, and held by the new tokens.
    pub anti_csrf: bool,
    /// The kind of signing key that the caller asks for; `None` keeps the session's.
    pub use_static_key: Option<bool>,
    /// Exactly how long the new access token lives, and none after it.
    pub access_lifetime_once: Option<Lifetime>,
    /// A theft is reported, and nothing done about it: the request has another token that may be the good one.
    pub tentative: bool,
}

/// What came of it.
#[derive(Debug)]
pub enum Refreshed {
    /// New tokens.
    Issued(Box<Issued>),
    /// There is no such session.
    Unauthorised(Deny),
    /// The token was used by two.
    Theft(Box<TheftFound>),
}

/// A theft, and whose session it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TheftFound {
    /// The session. Its row is gone if the policy says so.
    pub key: SessionKey,
    /// Whose it was.
    pub user: UserId,
    /// The user who began it, who may be linked to that one.
    pub recipe_user: UserId,
    /// Why it was judged so.
    pub evidence: Evidence,
}

/// The session that a refresh token belongs to, if it is one of ours. Nothing is said of whether it is good.
pub fn handle_of(token: &Secret, keys: &KeyRing, crypto: &dyn Crypto) -> Option<SessionHandle> {
    Opened::open(token, keys.refresh(), crypto).ok().map(|opened| opened.contents().handle.clone())
}

/// The refresh of a session.
#[derive(Debug)]
pub struct Refresh {
    request: RefreshRequest,
    presented: Opened,
    pending: Pending,
}

/// What the write that is under way would mean.
#[derive(Debug)]
enum Pending {
    Nothing,
    Succession(Next),
    Theft(Evidence),
}

impl Refresh {
    /// Opens the token and tries the write that is nearly always right.
    pub fn start(request: RefreshRequest, env: &Env<'_>) -> Step<Self> {
        let presented = match Opened::open(&request.token, env.keys.refresh(), env.crypto) {
            Ok(presented) => presented,
            Err(fault) => return Step::Done(Refreshed::Unauthorised(Deny::MalformedToken(fault))),
        };
        let held = presented.contents().anti_csrf.as_ref().filter(|_| request.anti_csrf);
        if held.is_some_and(|held| request.anti_csrf_sent.as_ref() != Some(held)) {
            return Step::Done(Refreshed::Unauthorised(Deny::AntiCsrf));
        }
        let mut refresh = Self { request, presented, pending: Pending::Nothing };
        match lineage::guess(&refresh.presented, &refresh.successors(env), refresh.lineage_request(env)) {
            Some((write, next)) => {
                refresh.pending = Pending::Succession(next);
                Step::Commit(Write::Succeed(write), refresh)
            }
            None => Step::Load(refresh.presented.key(&refresh.request.app), refresh),
        }
    }

    fn successors<'a>(&'a self, env: &Env<'a>) -> Successors<'a> {
        Successors {
            presented: &self.presented,
            anti_csrf: self.request.anti_csrf,
            ring: env.keys,
            crypto: env.crypto,
            entropy: env.entropy,
        }
    }

    fn lineage_request<'a>(&'a self, env: &'a Env<'a>) -> Request<'a> {
        Request { env, app: &self.request.app, use_static_key: self.request.use_static_key }
    }

    fn issue(self, row: Row, next: Next, env: &Env<'_>) -> Step<Self> {
        let (parent, once) = (Some(self.presented.hash1()), self.request.access_lifetime_once);
        Step::Done(Refreshed::Issued(Box::new(Issued::new(row, next, parent, once, env))))
    }

    fn judge(mut self, row: Row, env: &Env<'_>) -> Step<Self> {
        let verdict = lineage::judge(&self.presented, &row, &self.successors(env), self.lineage_request(env));
        if !matches!(verdict, Verdict::Theft(_)) && is_protected(&row, env) {
            return Step::Done(Refreshed::Unauthorised(Deny::ProtectedPayload));
        }
        match verdict {
            Verdict::Answer(next) => self.issue(row, next, env),
            Verdict::Write(write, next) => {
                self.pending = Pending::Succession(next);
                Step::Commit(Write::Succeed(write), self)
            }
            Verdict::Theft(evidence) if self.request.tentative || env.policy.theft == Theft::Reported => {
                Step::Done(found(row, evidence))
            }
            Verdict::Theft(evidence) => {
                self.pending = Pending::Theft(evidence);
                Step::Commit(Write::Remove(Removal { key: row.key, current: row.current }), self)
            }
        }
    }
}

impl Flow for Refresh {
    type Outcome = Refreshed;

    fn resume(mut self, seen: Seen, env: &Env<'_>) -> Step<Self> {
        match (seen, core::mem::replace(&mut self.pending, Pending::Nothing)) {
            // Where `current` moved, the write itself saw to it that the payload is free of reserved claims.
            (Seen::Applied(row), Pending::Succession(_)) if is_protected(&row, env) => {
                Step::Done(Refreshed::Unauthorised(Deny::ProtectedPayload))
            }
            (Seen::Applied(row), Pending::Succession(next)) => self.issue(row, next, env),
            (Seen::Applied(row), Pending::Theft(evidence)) => Step::Done(found(row, evidence)),
            (Seen::Row(Some(row)) | Seen::Applied(row), _) if row.is_alive(env.now) => self.judge(row, env),
            (Seen::Row(_) | Seen::Applied(_), _) => Step::Done(Refreshed::Unauthorised(Deny::NoSession)),
        }
    }
}

fn is_protected(row: &Row, env: &Env<'_>) -> bool {
    protected::check(&row.payload, env.policy.access_version, env.policy).is_err()
}

fn found(row: Row, evidence: Evidence) -> Refreshed {
    let user = row.primary_user().clone();
    Refreshed::Theft(Box::new(TheftFound { key: row.key, user, recipe_user: row.user, evidence }))
}
