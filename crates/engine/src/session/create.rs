//! Creating a session (`spec/modern-core.md` 8.2): one insert.

use alloc::boxed::Box;

use crate::flow::{Env, Flow, Seen, Step};
use crate::hash::Hash2;
use crate::id::{AppId, SessionHandle, SessionKey, TenantId, UserId};
use crate::payload::{JsonText, Payload};
use crate::policy::{Policy, PolicyError};
use crate::session::Issued;
use crate::session::lineage::Next;
use crate::session::record::{Row, SessionLimits, Write};
use crate::time::Lifetime;
use crate::token::refresh::Contents;
use crate::token::succession::Successor;

/// A session to be created.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// In this app.
    pub app: AppId,
    /// In this tenant.
    pub tenant: TenantId,
    /// For this user.
    pub user: UserId,
    /// What goes into its access tokens.
    pub payload: Payload,
    /// What is kept beside it.
    pub data: JsonText,
    /// Whether its tokens hold an anti-CSRF value.
    pub anti_csrf: bool,
    /// Whether a static key signs its access tokens.
    pub use_static_key: bool,
    /// Times for this session alone. The policy's win where they are shorter.
    pub limits: NewLimits,
    /// Exactly how long its first access token lives, and none after it.
    pub access_lifetime_once: Option<Lifetime>,
}

/// Times for one session, shorter than the policy's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NewLimits {
    /// How long its access tokens live.
    pub access_lifetime: Option<Lifetime>,
    /// How long it lives without being refreshed.
    pub refresh_lifetime: Option<Lifetime>,
    /// How long it lives at all.
    pub absolute: Option<Lifetime>,
}

impl NewLimits {
    /// Checks that the session can be refreshed: it must outlive its access tokens, which live a second at least.
    pub fn check(&self, policy: &Policy) -> Result<(), PolicyError> {
        let least = Lifetime::from_secs(1);
        let access = self.access_lifetime.map_or(policy.access_lifetime, |own| own.min(policy.access_lifetime));
        if access < least {
            let (setting, most) = ("access_lifetime", policy.access_lifetime);
            return Err(PolicyError::Range { setting, value: access, least, most });
        }
        for (setting, limit) in [("refresh_lifetime", self.refresh_lifetime), ("absolute_limit", self.absolute)] {
            if let Some(value) = limit.filter(|value| *value <= access) {
                return Err(PolicyError::NotLonger { setting, value, access });
            }
        }
        Ok(())
    }
}

/// The creation of a session.
#[derive(Debug)]
pub struct Create {
    next: Next,
    current: Hash2,
    access_lifetime_once: Option<Lifetime>,
}

/// What came of it.
#[derive(Debug)]
pub enum Created {
    /// The session is there.
    Issued(Box<Issued>),
    /// Another session has that handle. Nothing was written; try again with other entropy.
    Collision,
}

impl Create {
    /// Makes the row and its first tokens.
    pub fn start(new: NewSession, env: &Env<'_>) -> Step<Self> {
        let handle = SessionHandle::make(env.now, env.entropy.handle, &new.tenant);
        let contents = Contents {
            handle: handle.clone(),
            user: new.user.clone(),
            parent: None,
            nonce: Default::default(),
            anti_csrf: None,
            tenant: new.tenant.clone(),
        };
        let successor = Successor::first(contents, env.entropy, new.anti_csrf, env.keys, env.crypto);
        let absolute = match (env.policy.absolute_limit, new.limits.absolute) {
            (Some(policy), Some(own)) => Some(policy.min(own)),
            (policy, own) => policy.or(own),
        };
        let limits = SessionLimits {
            access_lifetime: new.limits.access_lifetime,
            refresh_lifetime: new.limits.refresh_lifetime,
            absolute_end: absolute.map(|lifetime| env.now.after(lifetime)),
        };
        let row = Row {
            key: SessionKey { app: new.app, tenant: new.tenant, handle },
            user: new.user,
            primary: None,
            current: successor.hash2,
            prev: None,
            rotated_at: None,
            window: None,
            expires_at: limits.end(env.now, env.policy.session_lifetime()),
            created_at: env.now,
            payload: new.payload,
            data: new.data,
            use_static_key: new.use_static_key,
            limits,
        };
        let current = successor.hash2;
        let next = Next { successor, is_current: true, answered: None };
        let create = Self { next, current, access_lifetime_once: new.access_lifetime_once };
        Step::Commit(Write::Insert(Box::new(row)), create)
    }

    fn issue(self, row: Row, env: &Env<'_>) -> Step<Self> {
        Step::Done(Created::Issued(Box::new(Issued::new(row, self.next, None, self.access_lifetime_once, env))))
    }
}

impl Flow for Create {
    type Outcome = Created;

    fn resume(self, seen: Seen, env: &Env<'_>) -> Step<Self> {
        match seen {
            Seen::Applied(row) => self.issue(row, env),
            // The acknowledgement of our own insert was lost.
            Seen::Row(Some(row)) if row.current == self.current => self.issue(row, env),
            Seen::Row(_) => Step::Done(Created::Collision),
        }
    }
}
