//! What can go wrong below a session. None of it says anything about a session: no caller may end one for it.

use doorward_engine::crypto::KeyError;
use doorward_engine::key::ring::RingError;
use doorward_engine::policy::PolicyError;

use crate::store::StoreError;

/// A fault of ours or of the store.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ServiceError {
    /// The store could not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The signers have more to do than they keep in their queue.
    #[error("too many signatures are waiting")]
    Overloaded,
    /// The row changed under every attempt.
    #[error("the session is written to by too many at once")]
    Contended,
    /// A stored key can't be used, or no key could be made.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The settings can't work.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The service was closed.
    #[error("the session service is closed")]
    Closed,
}

impl ServiceError {
    /// A stable code for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Store(error) => error.code(),
            Self::Overloaded => "service.overloaded",
            Self::Contended => "service.contended",
            Self::Key(_) => "service.key",
            Self::Policy(_) => "config.policy",
            Self::Closed => "service.closed",
        }
    }
}

impl From<RingError> for ServiceError {
    fn from(error: RingError) -> Self {
        match error {
            RingError::Key(error) => Self::Key(error),
            RingError::Empty => Self::Store(StoreError::Corrupt("no signing key is stored".into())),
        }
    }
}
