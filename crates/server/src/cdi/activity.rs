//! When users were last there (`spec/modern-core.md` 8.11). Best effort, and no more than one write in a while for each.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use doorward_engine::id::{AppId, UserId};
use doorward_engine::time::{Lifetime, Millis};
use doorward_service::directory::Directory;
use quick_cache::sync::Cache;

/// A user who was noted isn't noted again for so long.
const PAUSE: Lifetime = Lifetime::from_minutes(5);

/// Users that are remembered. One who fell out is noted once more than need be.
const REMEMBERED: usize = 50_000;

/// Notes who was there.
pub(crate) struct Activity {
    directory: Arc<dyn Directory>,
    hasher: RandomState,
    /// By a hash of app and user, to stay small. Two that share one cost a note, no more.
    noted: Cache<u64, Millis>,
}

impl Activity {
    pub(crate) fn new(directory: Arc<dyn Directory>) -> Self {
        Self { directory, hasher: RandomState::new(), noted: Cache::new(REMEMBERED) }
    }

    /// Notes a user, unless that was done a short while ago.
    pub(crate) async fn mark(&self, app: &AppId, user: &UserId, now: Millis) {
        let key = self.hasher.hash_one((app, user));
        if self.noted.get(&key).is_some_and(|at| now.distance(at) < PAUSE) {
            return;
        }
        self.noted.insert(key, now);
        if let Err(error) = self.directory.mark_active(app.clone(), user.clone(), now).await {
            self.noted.remove(&key);
            tracing::debug!(name: "doorward.activity.failed", target: "doorward", "a user's activity is not noted: {error}");
        }
    }
}

impl std::fmt::Debug for Activity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Activity(..)")
    }
}
