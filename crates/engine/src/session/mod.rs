//! What may happen to a session, a file per use case.

pub mod create;
pub mod data;
pub mod lineage;
pub mod record;
pub mod refresh;
pub mod verify;

use crate::flow::Env;
use crate::secret::Secret;
use crate::session::lineage::Next;
use crate::session::record::Row;
use crate::time::Millis;
use crate::token::access::{Draft, End, UnsignedAccess};

/// The tokens of a session that was created or refreshed. The access token still lacks its signature.
#[derive(Debug)]
pub struct Issued {
    /// The access token.
    pub access: UnsignedAccess,
    /// The refresh token.
    pub refresh: Secret,
    /// When the refresh token is of no more use: the session's end once it is extended.
    pub refresh_expires_at: Millis,
    /// The value that the page repeats in its requests, where anti-CSRF tokens are on.
    pub anti_csrf: Option<Secret>,
    /// The row as it stands.
    pub row: Row,
}

impl Issued {
    /// Writes the tokens that go out with a successor (or a session's first token).
    fn new(row: Row, next: Next, parent: Option<crate::hash::Hash1>, env: &Env<'_>) -> Self {
        let Next { successor, is_current } = next;
        let access = Draft {
            version: env.policy.access_version,
            use_static_key: row.use_static_key,
            user: &row.user,
            recipe_user: &row.user,
            tenant: &row.key.tenant,
            handle: &row.key.handle,
            own: successor.hash1,
            parent: if is_current { None } else { parent },
            anti_csrf: successor.anti_csrf.as_ref(),
            payload: &row.payload,
            limits: &row.limits,
            end: End::Jittered,
        }
        .write(env);
        let refresh_expires_at = row.extended(env.now, env.policy.session_lifetime());
        Self { access, refresh: successor.token, refresh_expires_at, anti_csrf: successor.anti_csrf, row }
    }
}

/// Why there is no session for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deny {
    /// It was revoked, has ended, or never was.
    NoSession,
    /// The refresh token is none of ours.
    MalformedToken,
    /// The request doesn't carry the anti-CSRF value of its refresh token.
    AntiCsrf,
}

impl Deny {
    /// A stable code for programs and logs.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoSession => "session.absent",
            Self::MalformedToken => "refresh.malformed",
            Self::AntiCsrf => "refresh.anti_csrf",
        }
    }
}
