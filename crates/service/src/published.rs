//! The keys of an app as others see them, and tokens that an application has signed for purposes of its own.

use doorward_engine::key::jwks::Jwks;
use doorward_engine::key::public::PublicKeys;
use doorward_engine::secret::Secret;
use doorward_engine::token::jwt::NewJwt;

use crate::error::ServiceError;
use crate::service::{Service, Shared};

impl Service {
    /// The public keys, as a key set.
    pub fn jwks(&self) -> Jwks {
        self.shared.keys.snapshot().jwks(self.now(), &self.policy)
    }

    /// For how many seconds others may keep the key set.
    pub fn jwks_max_age_secs(&self) -> u64 {
        self.shared.keys.snapshot().cache_seconds(self.now(), &self.policy)
    }

    /// The public keys and their times, for callers that know no key sets.
    pub fn public_keys(&self) -> PublicKeys {
        self.shared.keys.snapshot().public_keys(self.now(), &self.policy)
    }

    /// Makes a new signing key now, whatever the age of the newest one. It signs when it was public for a minute.
    pub async fn rotate_key(&self) -> Result<(), ServiceError> {
        let Shared { keys, world, signer, .. } = &*self.shared;
        keys.rotate_now(self.store(), world, signer).await?;
        Ok(())
    }

    /// Signs a token that is no access token.
    ///
    /// # Security
    ///
    /// One with all the claims of an access token is taken for one by whoever doesn't tell them apart, as upstream's are.
    pub async fn create_jwt(&self, new: NewJwt) -> Result<Secret, ServiceError> {
        let keys = self.signing_keys().await?;
        let unsigned = new.write(&keys, self.now(), &self.policy);
        let slot = self.shared.signer.reserve()?;
        Ok(Secret::new(self.shared.signer.sign(slot, unsigned).await?))
    }
}
