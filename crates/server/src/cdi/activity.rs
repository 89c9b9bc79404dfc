//! When users were last there (`spec/modern-core.md` 8.11). Best effort, and no more than one write in a while for each.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use doorward_engine::id::{AppId, UserId};
use doorward_engine::time::{Lifetime, Millis};
use doorward_service::directory::Directory;
use quick_cache::sync::Cache;
use tokio::sync::Semaphore;

/// A user who was noted isn't noted again for so long.
const PAUSE: Lifetime = Lifetime::from_minutes(5);

/// Users that are remembered. One who fell out is noted once more than need be.
const REMEMBERED: usize = 50_000;

/// Notes that may be under way behind answers that were given. With more, a request waits for its own.
const BEHIND: u32 = 256;

/// Notes who was there.
pub(crate) struct Activity {
    noting: Arc<Noting>,
    /// One for each note that is under way behind an answer.
    places: Arc<Semaphore>,
}

struct Noting {
    directory: Arc<dyn Directory>,
    hasher: RandomState,
    /// By a hash of app and user, to stay small. Two that share one cost a note, no more.
    noted: Cache<u64, Millis>,
}

impl Activity {
    pub(crate) fn new(directory: Arc<dyn Directory>) -> Self {
        let noting = Noting { directory, hasher: RandomState::new(), noted: Cache::new(REMEMBERED) };
        Self { noting: Arc::new(noting), places: Arc::new(Semaphore::new(BEHIND as usize)) }
    }

    /// Notes a user, unless that was done a short while ago. The answer to his request doesn't wait for it.
    pub(crate) async fn mark(&self, app: &AppId, user: &UserId, now: Millis) {
        let noting = &self.noting;
        let key = noting.hasher.hash_one((app, user));
        if noting.noted.get(&key).is_some_and(|at| now.distance(at) < PAUSE) {
            return;
        }
        noting.noted.insert(key, now);
        let (noting, app, user) = (Arc::clone(noting), app.clone(), user.clone());
        let note = async move { noting.note(key, app, user, now).await };
        match Arc::clone(&self.places).try_acquire_owned() {
            Ok(place) => {
                tokio::spawn(async move {
                    note.await;
                    drop(place);
                });
            }
            Err(_) => note.await,
        }
    }

    /// Waits for all that is under way.
    pub(crate) async fn settled(&self) {
        // It is never closed, so this doesn't fail.
        let _ = self.places.acquire_many(BEHIND).await;
    }
}

impl Noting {
    async fn note(&self, key: u64, app: AppId, user: UserId, now: Millis) {
        if let Err(error) = self.directory.mark_active(app, user, now).await {
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
