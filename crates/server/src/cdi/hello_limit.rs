//! How often `/hello` may ask the database: whoever probes too often is answered without it
//! (`spec/modern-core.md` 2.2).

use std::sync::{Mutex, PoisonError};

use doorward_engine::time::{Lifetime, Millis};

/// Probes that may come at once.
const TOKENS: u64 = 5;

/// After this time one more may come.
const REFILL: Lifetime = Lifetime::from_millis(200);

/// A token bucket, kept as the moment at which it will be full.
#[derive(Debug, Default)]
pub(crate) struct HelloLimit(Mutex<Millis>);

impl HelloLimit {
    /// Takes a token, if there is one.
    pub(crate) fn take(&self, now: Millis) -> bool {
        let mut full_at = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let after = (*full_at).max(now).after(REFILL);
        // A clock that went back must not close it for long.
        let most = now.after(Lifetime::from_millis(REFILL.as_millis() * TOKENS));
        if after > most {
            *full_at = (*full_at).min(most);
            return false;
        }
        *full_at = after;
        true
    }
}
