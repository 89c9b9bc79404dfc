//! A machine for tests that is real but quick: real crypto and randomness, and RSA keys that are made once for all servers
//! of a process.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use doorward_crypto::{AwsLc, keys, random};
use doorward_engine::crypto::{Algorithm, KeyError};
use doorward_engine::secret::Secret;
use doorward_service::env::{KeyMaker, World};

use crate::fakes::SetClock;

/// The machine with its crypto, and a clock that stands where it is set.
pub fn world(clock: SetClock) -> World {
    World { clock: Arc::new(clock), crypto: Arc::new(AwsLc), keys: Arc::<SharedKeys>::default() }
}

/// How many RSA keys there are. One server has several, and those differ up to this number.
const POOL: usize = 8;

/// Gives the same RSA keys to every server, one after the other, because making one takes a tenth of a second.
#[derive(Debug, Default)]
struct SharedKeys {
    given: AtomicUsize,
}

impl KeyMaker for SharedKeys {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), KeyError> {
        random::fill(bytes).map_err(|_| KeyError::Sign)
    }

    fn signing_key(&self) -> Result<Secret, KeyError> {
        static KEYS: [OnceLock<Secret>; POOL] = [const { OnceLock::new() }; POOL];
        let place = self.given.fetch_add(1, Ordering::Relaxed) % POOL;
        let slot = KEYS.get(place).ok_or(KeyError::Sign)?;
        if let Some(key) = slot.get() {
            return Ok(key.clone());
        }
        let made = keys::generate_signing_key(Algorithm::Rs256).map_err(|_| KeyError::Sign)?;
        Ok(slot.get_or_init(|| made).clone())
    }

    fn refresh_key(&self) -> Result<Secret, KeyError> {
        keys::generate_refresh_key().map_err(|_| KeyError::Sign)
    }
}
