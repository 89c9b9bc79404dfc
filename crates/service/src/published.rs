//! The keys of an app as others see them.

use doorward_engine::key::jwks::Jwks;

use crate::service::Service;

impl Service {
    /// The public keys, as a key set.
    pub fn jwks(&self) -> Jwks {
        self.shared.keys.snapshot().jwks(self.now(), &self.policy)
    }
}
