//! What the service asks of the machine: time, randomness and new keys.

use std::sync::Arc;
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use doorward_engine::crypto::{Crypto, KeyError};
use doorward_engine::entropy::Entropy;
use doorward_engine::secret::Secret;
use doorward_engine::time::Millis;

/// Tells the time.
pub trait Clock: Send + Sync + 'static {
    /// The moment it is.
    fn now(&self) -> Millis;
}

/// The clock of the machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Millis {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Millis::saturating(u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX))
    }
}

/// Draws random bytes and makes keys.
pub trait KeyMaker: Send + Sync + 'static {
    /// Fills the bytes from the machine's secure source.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), KeyError>;

    /// Makes a signing key in its stored form. An RSA key takes a tenth of a second, sometimes longer.
    fn signing_key(&self) -> Result<Secret, KeyError>;

    /// Makes two of them, in the time of one where there are two cores: who starts on an empty store waits for both.
    fn two_signing_keys(&self) -> Result<(Secret, Secret), KeyError> {
        thread::scope(|scope| {
            let other = thread::Builder::new().spawn_scoped(scope, || self.signing_key());
            let one = self.signing_key()?;
            let other = other.ok().and_then(|other| other.join().ok()).unwrap_or_else(|| self.signing_key())?;
            Ok((one, other))
        })
    }

    /// Makes a key for sealing refresh tokens, in its stored form.
    fn refresh_key(&self) -> Result<Secret, KeyError>;
}

/// The machine, as the service sees it.
#[derive(Clone)]
pub struct World {
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Hashes and sealing.
    pub crypto: Arc<dyn Crypto>,
    /// Randomness and new keys.
    pub keys: Arc<dyn KeyMaker>,
}

impl World {
    /// Draws what one request may need, in one call.
    pub(crate) fn entropy(&self) -> Result<Entropy, KeyError> {
        let mut random = [0; Entropy::BYTES];
        self.keys.fill(&mut random)?;
        Ok(Entropy::new(random))
    }
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("World(..)")
    }
}
