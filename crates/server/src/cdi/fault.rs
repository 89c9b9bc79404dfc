//! Why a call has no answer of its own.

use doorward_service::ServiceError;
use doorward_service::store::StoreError;
use doorward_wire::cdi::answer::{Answer, Refusal};

use crate::settings::BadCoreConfig;

/// What ends a call early.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    /// The caller's mistake.
    #[error("{}", .0.text)]
    Refused(Refusal),
    /// A fault of ours or of the store. It says nothing about a session, and no SDK may take it for that.
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// Stored settings of an app or tenant that can't hold. Serving it without them could open what they close.
    #[error("the stored settings of {what} can't be used: {error}")]
    Settings {
        /// Whose.
        what: String,
        /// Why.
        error: BadCoreConfig,
    },
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Service(error.into())
    }
}

impl Fault {
    /// Whether a tenant, or its app, was deleted since this process last looked.
    pub(crate) const fn is_no_tenant(&self) -> bool {
        matches!(self, Self::Service(ServiceError::Store(StoreError::NoTenant)))
    }

    /// The answer. A fault of ours is logged here; which request it was, the span around it says.
    pub(crate) fn into_answer(self) -> Answer {
        let (status, code) = match &self {
            Self::Refused(refusal) => return refusal.clone().into(),
            Self::Service(error @ (ServiceError::Overloaded | ServiceError::Contended | ServiceError::Closed)) => {
                (503, error.code())
            }
            Self::Service(error) => (500, error.code()),
            Self::Settings { .. } => (500, "config.stored"),
        };
        tracing::error!(name: "doorward.request.failed", target: "doorward", code, "{self}");
        Answer::message(status, &self.to_string())
    }
}
