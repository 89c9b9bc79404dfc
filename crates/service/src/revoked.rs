//! The sessions that this process ended, while access tokens of theirs may still be alive: logout takes effect at once
//! here, without a query per request.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{PoisonError, RwLock};

use doorward_engine::id::SessionKey;
use doorward_engine::time::Millis;

/// Ended sessions that are remembered. Beyond it the one whose tokens end first is forgotten; its tokens then last for
/// the rest of their life, as those of a session that another process ended.
const LIMIT: usize = 100_000;

/// Which sessions ended, and until when that matters.
#[derive(Debug, Default)]
pub(crate) struct Revoked {
    ended: RwLock<HashMap<SessionKey, Millis>>,
    /// So that nothing is locked while nothing was revoked, which is nearly always.
    count: AtomicUsize,
}

impl Revoked {
    /// Remembers that sessions ended; no access token of theirs lives longer than `until`.
    pub(crate) fn add(&self, keys: &[SessionKey], now: Millis, until: Millis) {
        if keys.is_empty() {
            return;
        }
        let mut ended = self.ended.write().unwrap_or_else(PoisonError::into_inner);
        if ended.len() + keys.len() > LIMIT {
            ended.retain(|_, until| *until > now);
        }
        for key in keys {
            if ended.len() >= LIMIT {
                let first = ended.iter().min_by_key(|(_, until)| **until).map(|(key, _)| key.clone());
                first.and_then(|key| ended.remove(&key));
            }
            ended.insert(key.clone(), until);
        }
        self.count.store(ended.len(), Ordering::Release);
    }

    /// Whether this process ended no session lately. Nothing is locked.
    pub(crate) fn is_empty(&self) -> bool {
        self.count.load(Ordering::Acquire) == 0
    }

    /// Whether this process ended the session.
    pub(crate) fn contains(&self, key: &SessionKey) -> bool {
        self.ended.read().unwrap_or_else(PoisonError::into_inner).contains_key(key)
    }
}
