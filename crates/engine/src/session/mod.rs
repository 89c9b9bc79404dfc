//! What may happen to a session, a file per use case.

pub mod create;
pub mod data;
pub mod lineage;
mod protected;
pub mod record;
pub mod refresh;
pub mod verify;

use crate::flow::Env;
use crate::policy::Policy;
use crate::secret::Secret;
use crate::session::lineage::{Answered, Next};
use crate::session::record::{Row, SessionLimits};
use crate::time::{Lifetime, Millis};
use crate::token::access::{Draft, End, UnsignedAccess};
use crate::token::refresh::RefreshFault;

/// The tokens of a session that was created or refreshed. The access token still lacks its signature.
#[derive(Debug)]
pub struct Issued {
    /// The access token.
    pub access: UnsignedAccess,
    /// The refresh token.
    pub refresh: Secret,
    /// When both were made. The access token tells it in whole seconds only, if it is of a newer format.
    pub created_at: Millis,
    /// When the refresh token is of no more use: the session's end once it is extended.
    pub refresh_expires_at: Millis,
    /// The value that the page repeats in its requests, where anti-CSRF tokens are on.
    pub anti_csrf: Option<Secret>,
    /// The row as it stands.
    pub row: Row,
    /// What the lineage said of the presented token; `None` for a new session.
    pub answered: Option<Answered>,
}

impl Issued {
    /// Writes the tokens that go out with a successor (or a session's first token).
    fn new(
        row: Row,
        next: Next,
        parent: Option<crate::hash::Hash1>,
        access_lifetime_once: Option<Lifetime>,
        env: &Env<'_>,
    ) -> Self {
        let Next { successor, is_current, answered } = next;
        let access = Draft {
            version: env.policy.access_version,
            use_static_key: row.use_static_key,
            user: row.primary_user(),
            recipe_user: &row.user,
            tenant: &row.key.tenant,
            handle: &row.key.handle,
            own: successor.hash1,
            parent: if is_current { None } else { parent },
            anti_csrf: successor.anti_csrf.as_ref(),
            payload: &row.payload,
            limits: &row.limits,
            end: access_lifetime_once.map_or(End::Jittered, |once| once_end(once, &row.limits, env.now, env.policy)),
        }
        .write(env);
        let refresh_expires_at = row.extended(env.now, env.policy.session_lifetime());
        Self {
            access,
            refresh: successor.token,
            created_at: env.now,
            refresh_expires_at,
            anti_csrf: successor.anti_csrf,
            row,
            answered,
        }
    }
}

/// The end of one access token that lives as long as its caller says, to the millisecond; but no longer than its session.
fn once_end(once: Lifetime, limits: &SessionLimits, now: Millis, policy: &Policy) -> End {
    End::At(now.after(once).min(limits.end(now, policy.session_lifetime())))
}

/// Why there is no session for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deny {
    /// It was revoked, has ended, or never was.
    NoSession,
    /// The refresh token is none of ours.
    MalformedToken(RefreshFault),
    /// The request doesn't carry the anti-CSRF value of its refresh token.
    AntiCsrf,
    /// The access token is of a branch that the session has left behind ([`StoreCheck::Reports`]).
    ///
    /// [`StoreCheck::Reports`]: crate::policy::StoreCheck::Reports
    RotatedOut,
    /// The stored payload has a claim that the new access token has for itself ([`ReservedClaims::Refused`]).
    ///
    /// [`ReservedClaims::Refused`]: crate::policy::ReservedClaims::Refused
    ProtectedPayload,
}

impl Deny {
    /// A stable code for programs and logs.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoSession => "session.absent",
            Self::MalformedToken(_) => "refresh.malformed",
            Self::AntiCsrf => "refresh.anti_csrf",
            Self::RotatedOut => "access.rotated_out",
            Self::ProtectedPayload => "payload.protected",
        }
    }
}
