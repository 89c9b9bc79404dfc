//! The machine's clock, randomness and crypto, put together for the service.

use std::sync::Arc;

use doorward_crypto::{AwsLc, keys, random};
use doorward_engine::crypto::{Algorithm, KeyError};
use doorward_engine::secret::Secret;
use doorward_service::env::{Clock, KeyMaker, World};

/// Makes keys of one algorithm with aws-lc-rs.
struct AwsLcKeys(Algorithm);

impl KeyMaker for AwsLcKeys {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), KeyError> {
        random::fill(bytes).map_err(|_| KeyError::Sign)
    }

    fn signing_key(&self) -> Result<Secret, KeyError> {
        keys::generate_signing_key(self.0).map_err(|_| KeyError::Sign)
    }

    fn refresh_key(&self) -> Result<Secret, KeyError> {
        keys::generate_refresh_key().map_err(|_| KeyError::Sign)
    }
}

pub(crate) fn world(clock: Arc<dyn Clock>, algorithm: Algorithm) -> World {
    World { clock, crypto: Arc::new(AwsLc), keys: Arc::new(AwsLcKeys(algorithm)) }
}
