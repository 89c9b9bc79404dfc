//! The machine's clock, randomness and crypto, put together for the service.

use std::sync::Arc;

use doorward_crypto::{AwsLc, keys, random};
use doorward_engine::crypto::{Algorithm, KeyError};
use doorward_engine::secret::Secret;
use doorward_service::env::{KeyMaker, SystemClock, World};

/// Makes RSA keys: what SuperTokens' SDKs verify with.
struct RsaKeys;

impl KeyMaker for RsaKeys {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), KeyError> {
        random::fill(bytes).map_err(|_| KeyError::Sign)
    }

    fn signing_key(&self) -> Result<Secret, KeyError> {
        keys::generate_signing_key(Algorithm::Rs256).map_err(|_| KeyError::Sign)
    }

    fn refresh_key(&self) -> Result<Secret, KeyError> {
        keys::generate_refresh_key().map_err(|_| KeyError::Sign)
    }
}

/// The machine as it is.
pub fn machine() -> World {
    World { clock: Arc::new(SystemClock), crypto: Arc::new(AwsLc), keys: Arc::new(RsaKeys) }
}
