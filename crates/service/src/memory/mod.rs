//! A store in memory, for tests, demos and tools. It forgets everything when the process ends.

mod directory;

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError};

use doorward_engine::flow::Seen;
use doorward_engine::id::{AppId, SessionKey, TenantId};
use doorward_engine::session::record::{Change, PayloadGuard, Row, Succession, Update, WindowGuard, Write};
use doorward_engine::time::Millis;

use self::directory::Directories;
use crate::store::{BoxFuture, NewKey, Selector, Store, StoreError, StoreResult, StoredKeys, UserSelector};

/// Keeps sessions and keys in this process's memory, and answers at once.
///
/// Nothing survives the process, and there is no index but the session's key: what concerns a user's sessions or the
/// expired ones looks at all rows.
#[derive(Debug, Default)]
pub struct Memory {
    // INVARIANT: the lock is never held across an await, and what happens under it cannot fail half-way, so a poisoned
    // one is as good as a sound one.
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    rows: BTreeMap<SessionKey, Row>,
    keys: BTreeMap<AppId, StoredKeys>,
    directories: Directories,
    closed: bool,
}

impl Memory {
    /// Makes an empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn open(&self) -> StoreResult<MutexGuard<'_, State>> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.closed { Err(StoreError::Closed) } else { Ok(state) }
    }
}

impl Store for Memory {
    fn load<'a>(&'a self, key: &'a SessionKey) -> BoxFuture<'a, StoreResult<Option<Row>>> {
        Box::pin(async move { Ok(self.open()?.rows.get(key).cloned()) })
    }

    fn commit(&self, write: Write) -> BoxFuture<'_, StoreResult<Seen>> {
        Box::pin(async move { self.open()?.commit(write) })
    }

    fn remove(&self, which: Selector) -> BoxFuture<'_, StoreResult<Vec<SessionKey>>> {
        Box::pin(async move { Ok(self.open()?.remove(which)) })
    }

    fn list(&self, user: UserSelector, after: Option<SessionKey>, limit: u32) -> BoxFuture<'_, StoreResult<Vec<Row>>> {
        Box::pin(async move {
            let start = match after {
                None => Bound::Unbounded,
                Some(after) => Bound::Excluded(SessionKey { app: user.app.clone(), ..after }),
            };
            let state = self.open()?;
            let rows = state.rows.range((start, Bound::Unbounded)).map(|(_, row)| row);
            Ok(rows
                .filter(|row| selects(&user, row))
                .take(usize::try_from(limit).unwrap_or(usize::MAX))
                .cloned()
                .collect())
        })
    }

    fn keys(&self, app: AppId) -> BoxFuture<'_, StoreResult<StoredKeys>> {
        Box::pin(async move { Ok(self.open()?.keys.get(&app).cloned().unwrap_or_default()) })
    }

    fn add_key(&self, app: AppId, key: NewKey) -> BoxFuture<'_, StoreResult<StoredKeys>> {
        Box::pin(async move {
            let mut state = self.open()?;
            match &key {
                NewKey::Refresh { .. } => state.directories.must_have(&app, &TenantId::default())?,
                NewKey::Signing { .. } | NewKey::Static(_) => state.directories.must_have_app(&app)?,
            }
            let keys = state.keys.entry(app).or_default();
            match key {
                NewKey::Signing { key, newest_seen } => {
                    let taken = keys.signing.iter().any(|known| known.created_at == key.created_at);
                    if !taken && keys.signing.iter().map(|known| known.created_at).max() == newest_seen {
                        keys.signing.push(key);
                    }
                }
                NewKey::Static(key) => {
                    if keys.static_keys.is_empty() {
                        keys.static_keys.push(key);
                    }
                }
                NewKey::Refresh { value, created_at: _ } => {
                    keys.refresh.get_or_insert(value);
                }
            }
            Ok(keys.clone())
        })
    }

    fn make_tenant(&self, app: AppId, tenant: TenantId, _now: Millis) -> BoxFuture<'_, StoreResult<()>> {
        Box::pin(async move {
            self.open()?.directories.ensure(&app, &tenant);
            Ok(())
        })
    }

    fn remove_keys(&self, app: AppId, created_before: Millis) -> BoxFuture<'_, StoreResult<u64>> {
        Box::pin(async move {
            let mut state = self.open()?;
            let Some(keys) = state.keys.get_mut(&app) else { return Ok(0) };
            let before = keys.signing.len();
            keys.signing.retain(|key| key.created_at >= created_before);
            Ok(count(before - keys.signing.len()))
        })
    }

    fn sweep(&self, expired_before: Millis, limit: u32) -> BoxFuture<'_, StoreResult<u64>> {
        Box::pin(async move {
            let mut state = self.open()?;
            let before = state.rows.len();
            let mut left = limit;
            state.rows.retain(|_, row| {
                let goes = left > 0 && row.expires_at < expired_before;
                left -= u32::from(goes);
                !goes
            });
            Ok(count(before - state.rows.len()))
        })
    }

    fn close(&self) -> BoxFuture<'_, StoreResult<()>> {
        Box::pin(async move {
            self.state.lock().unwrap_or_else(PoisonError::into_inner).closed = true;
            Ok(())
        })
    }
}

impl State {
    fn commit(&mut self, write: Write) -> StoreResult<Seen> {
        let key = write.key().clone();
        if matches!(write, Write::Insert(_)) {
            self.directories.must_have(&key.app, &key.tenant)?;
        }
        let stands = self.rows.get(&key).cloned();
        let after = match (write, stands.as_ref()) {
            (Write::Insert(row), None) => Some(*row),
            (Write::Succeed(succession), Some(row)) => succeed(succession, row),
            (Write::Update(update), Some(row)) => replace(update, row),
            (Write::Remove(removal), Some(row)) if row.current == removal.current => {
                return Ok(self.rows.remove(&key).map_or(Seen::Row(None), Seen::Applied));
            }
            _ => None,
        };
        Ok(match after {
            None => Seen::Row(stands),
            Some(row) => {
                self.rows.insert(key, row.clone());
                Seen::Applied(row)
            }
        })
    }

    fn remove(&mut self, which: Selector) -> Vec<SessionKey> {
        match which {
            Selector::Keys(mut keys) => {
                keys.retain(|key| self.rows.remove(key).is_some());
                keys
            }
            Selector::User { user, alive_at, except } => {
                let goes = |row: &Row| {
                    selects(&user, row)
                        && alive_at.is_none_or(|moment| row.is_alive(moment))
                        && Some(&row.key.handle) != except.as_ref()
                };
                let keys: Vec<SessionKey> =
                    self.rows.values().filter(|row| goes(row)).map(|row| row.key.clone()).collect();
                self.rows.retain(|_, row| !goes(row));
                keys
            }
        }
    }
}

/// Returns the row after the change, or `None` when the precondition doesn't hold.
fn succeed(write: Succession, stands: &Row) -> Option<Row> {
    let window_stands = match write.window {
        WindowGuard::Any => true,
        WindowGuard::Absent => stands.window_of_current().is_none(),
        WindowGuard::Is(window) => stands.window == Some(window),
    };
    let payload_stands = match write.payload {
        PayloadGuard::Any => true,
        PayloadGuard::Lacks(texts) => !texts.iter().any(|text| stands.payload.as_str().contains(text)),
        PayloadGuard::Is(payload) => stands.payload == payload,
    };
    if !stands.is_alive(write.now) || stands.current != write.current || !window_stands || !payload_stands {
        return None;
    }
    let mut row = stands.clone();
    match write.change {
        Change::Stay { window } => row.window = window.or(row.window),
        Change::Advance { to, prev, lifetime, window } => {
            row.prev = prev.or(Some(row.current));
            row.current = to;
            row.rotated_at = Some(write.now);
            row.expires_at = row.extended(write.now, lifetime);
            row.window = window;
        }
        Change::Displace { to } => {
            row.current = to;
            row.window = None;
        }
    }
    row.use_static_key = write.use_static_key.unwrap_or(row.use_static_key);
    Some(row)
}

/// Returns the row after the change, or `None` when the precondition doesn't hold.
fn replace(write: Update, stands: &Row) -> Option<Row> {
    if !stands.is_alive(write.now) || write.seen.is_some_and(|seen| seen != stands.payload) {
        return None;
    }
    let mut row = stands.clone();
    row.payload = write.payload.unwrap_or(row.payload);
    row.data = write.data.unwrap_or(row.data);
    Some(row)
}

fn selects(user: &UserSelector, row: &Row) -> bool {
    row.key.app == user.app
        && row.user == user.user
        && user.tenant.as_ref().is_none_or(|tenant| row.key.tenant == *tenant)
}

fn count(rows: usize) -> u64 {
    u64::try_from(rows).unwrap_or(u64::MAX)
}
