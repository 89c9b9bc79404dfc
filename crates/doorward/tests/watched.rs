//! A store around another one: it keeps a log of what is asked of it, and stops or fails where a test wants it to.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use doorward::{AppId, Millis, SessionHandle, Store, TenantId, UserId};
use doorward_engine::flow::Seen;
use doorward_engine::id::SessionKey;
use doorward_engine::session::record::{Change, Row, Write};
use doorward_service::store::{BoxFuture, NewKey, Selector, StoreError, StoreResult, StoredKeys, UserSelector};
use tokio::sync::oneshot;

/// What was asked of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    Load,
    Commit,
    Remove,
    List,
    Keys,
    AddKey,
    Upkeep,
}

/// On which side of the store's work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Before,
    After,
}

/// What goes wrong, until [`Watched::heal`].
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// Nothing is done, and this is answered.
    Error(StoreError),
    /// Writes and removals happen, and the answer is lost.
    LostAnswer,
    /// Another writer is always first.
    Contention,
}

struct Gate {
    op: Op,
    side: Side,
    reached: oneshot::Sender<()>,
    go_on: oneshot::Receiver<()>,
}

/// A call that a test stopped.
pub(crate) struct Held {
    reached: oneshot::Receiver<()>,
    go_on: Option<oneshot::Sender<()>>,
}

impl Held {
    /// Waits until the call stands at the gate. If it never comes, the test fails and doesn't hang.
    pub(crate) async fn reached(&mut self) {
        tokio::time::timeout(Duration::from_secs(10), &mut self.reached).await.unwrap().unwrap();
    }

    /// Lets the call go on.
    pub(crate) fn go_on(&mut self) {
        if let Some(go_on) = self.go_on.take() {
            let _ = go_on.send(());
        }
    }
}

/// Clones watch the same store.
#[derive(Clone)]
pub(crate) struct Watched(Arc<Inner>);

struct Inner {
    store: Arc<dyn Store>,
    log: Mutex<Log>,
    moves: AtomicUsize,
    gates: Mutex<Vec<Gate>>,
    fault: Mutex<Option<Fault>>,
    inserted: Mutex<Vec<SessionKey>>,
}

#[derive(Default)]
struct Log {
    all: Vec<Op>,
    /// How many of them were taken.
    taken: usize,
}

impl Watched {
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        Self(Arc::new(Inner {
            store,
            log: Mutex::default(),
            moves: AtomicUsize::new(0),
            gates: Mutex::default(),
            fault: Mutex::default(),
            inserted: Mutex::default(),
        }))
    }

    /// From now on every call meets this.
    pub(crate) fn fail(&self, fault: Fault) {
        *self.0.fault.lock().unwrap() = Some(fault);
    }

    pub(crate) fn heal(&self) {
        *self.0.fault.lock().unwrap() = None;
    }

    /// The next call of this kind stops here until it is told to go on.
    pub(crate) fn hold(&self, op: Op, side: Side) -> Held {
        let ((at_gate, reached), (go_on, gate)) = (oneshot::channel(), oneshot::channel());
        self.0.gates.lock().unwrap().push(Gate { op, side, reached: at_gate, go_on: gate });
        Held { reached, go_on: Some(go_on) }
    }

    /// What was asked since the last time.
    pub(crate) fn take_log(&self) -> Vec<Op> {
        let mut log = self.0.log.lock().unwrap();
        let new = log.all[log.taken..].to_vec();
        log.taken = log.all.len();
        new
    }

    /// Everything that was asked for a request so far: what looks after keys and old rows doesn't count.
    pub(crate) fn calls(&self) -> usize {
        self.count(|op| !matches!(op, Op::AddKey | Op::Upkeep))
    }

    pub(crate) fn commits(&self) -> usize {
        self.count(|op| op == Op::Commit)
    }

    pub(crate) fn key_reads(&self) -> usize {
        self.count(|op| op == Op::Keys)
    }

    fn count(&self, which: impl Fn(Op) -> bool) -> usize {
        self.0.log.lock().unwrap().all.iter().filter(|op| which(**op)).count()
    }

    /// How often a row's current token moved.
    pub(crate) fn moves(&self) -> usize {
        self.0.moves.load(Ordering::SeqCst)
    }

    /// The store itself: what is asked of it is neither counted nor failed.
    pub(crate) fn inner(&self) -> &dyn Store {
        &*self.0.store
    }

    /// A row by its handle, as it is stored.
    pub(crate) async fn row(&self, handle: &str) -> Option<Row> {
        let key = SessionKey {
            app: AppId::default(),
            tenant: TenantId::default(),
            handle: SessionHandle::parse(handle).unwrap(),
        };
        self.inner().load(&key).await.unwrap()
    }

    /// The rows of a user, as they are stored.
    pub(crate) async fn rows(&self, user: &str) -> Vec<Row> {
        let user =
            UserSelector { app: AppId::default(), tenant: None, linked: false, user: UserId::parse(user).unwrap() };
        self.inner().list(user, None, 100).await.unwrap()
    }

    /// How many of the rows that were ever inserted are there.
    pub(crate) async fn rows_left(&self) -> usize {
        let keys = self.0.inserted.lock().unwrap().clone();
        let mut left = 0;
        for key in keys {
            left += usize::from(self.inner().load(&key).await.unwrap().is_some());
        }
        left
    }

    fn fault(&self) -> Option<Fault> {
        self.0.fault.lock().unwrap().clone()
    }

    async fn gate(&self, op: Op, side: Side) {
        let gate = {
            let mut gates = self.0.gates.lock().unwrap();
            gates.iter().position(|gate| gate.op == op && gate.side == side).map(|at| gates.remove(at))
        };
        if let Some(gate) = gate {
            let _ = gate.reached.send(());
            let _ = gate.go_on.await;
        }
    }

    async fn around<T>(&self, op: Op, work: BoxFuture<'_, StoreResult<T>>) -> StoreResult<T> {
        self.0.log.lock().unwrap().all.push(op);
        self.gate(op, Side::Before).await;
        if let Some(Fault::Error(error)) = self.fault() {
            return Err(error);
        }
        let answer = work.await;
        self.gate(op, Side::After).await;
        match self.fault() {
            Some(Fault::LostAnswer) if matches!(op, Op::Commit | Op::Remove) => {
                Err(StoreError::Unavailable("the answer was lost".into()))
            }
            _ => answer,
        }
    }

    async fn commit_watched(&self, write: Write) -> StoreResult<Seen> {
        if matches!(self.fault(), Some(Fault::Contention)) {
            return Ok(Seen::Row(self.inner().load(write.key()).await?));
        }
        let moves = matches!(
            &write,
            Write::Succeed(succession) if !matches!(succession.change, Change::Stay { .. })
        );
        let inserted = matches!(&write, Write::Insert(_)).then(|| write.key().clone());
        let seen = self.inner().commit(write).await?;
        if matches!(seen, Seen::Applied(_)) {
            self.0.moves.fetch_add(usize::from(moves), Ordering::SeqCst);
            self.0.inserted.lock().unwrap().extend(inserted);
        }
        Ok(seen)
    }
}

impl Store for Watched {
    fn load<'a>(&'a self, key: &'a SessionKey) -> BoxFuture<'a, StoreResult<Option<Row>>> {
        Box::pin(self.around(Op::Load, self.inner().load(key)))
    }

    fn commit(&self, write: Write) -> BoxFuture<'_, StoreResult<Seen>> {
        Box::pin(self.around(Op::Commit, Box::pin(self.commit_watched(write))))
    }

    fn remove(&self, which: Selector) -> BoxFuture<'_, StoreResult<Vec<SessionKey>>> {
        Box::pin(self.around(Op::Remove, self.inner().remove(which)))
    }

    fn list(&self, user: UserSelector, after: Option<SessionKey>, limit: u32) -> BoxFuture<'_, StoreResult<Vec<Row>>> {
        Box::pin(self.around(Op::List, self.inner().list(user, after, limit)))
    }

    fn keys(&self, app: AppId) -> BoxFuture<'_, StoreResult<StoredKeys>> {
        Box::pin(self.around(Op::Keys, self.inner().keys(app)))
    }

    fn add_key(&self, app: AppId, key: NewKey) -> BoxFuture<'_, StoreResult<StoredKeys>> {
        Box::pin(self.around(Op::AddKey, self.inner().add_key(app, key)))
    }

    fn make_tenant(&self, app: AppId, tenant: TenantId, now: Millis) -> BoxFuture<'_, StoreResult<()>> {
        self.inner().make_tenant(app, tenant, now)
    }

    fn remove_keys(&self, app: AppId, created_before: Millis) -> BoxFuture<'_, StoreResult<u64>> {
        Box::pin(self.around(Op::Upkeep, self.inner().remove_keys(app, created_before)))
    }

    fn sweep(&self, expired_before: Millis, limit: u32) -> BoxFuture<'_, StoreResult<u64>> {
        Box::pin(self.around(Op::Upkeep, self.inner().sweep(expired_before, limit)))
    }

    fn close(&self) -> BoxFuture<'_, StoreResult<()>> {
        self.inner().close()
    }
}
