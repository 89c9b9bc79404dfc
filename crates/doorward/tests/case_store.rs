//! A store around a store: it counts what is asked of it, and stops or fails where a test wants it to.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use doorward::{AppId, Millis, SessionHandle, Store, TenantId};
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

pub(crate) struct Watched {
    inner: Arc<dyn Store>,
    log: Mutex<Vec<Op>>,
    moves: AtomicUsize,
    gates: Mutex<Vec<Gate>>,
    fault: Mutex<Option<StoreError>>,
    keys: Mutex<Vec<SessionKey>>,
}

impl Watched {
    pub(crate) fn new(inner: impl Store) -> Self {
        Self {
            inner: Arc::new(inner),
            log: Mutex::default(),
            moves: AtomicUsize::new(0),
            gates: Mutex::default(),
            fault: Mutex::default(),
            keys: Mutex::default(),
        }
    }

    /// What was asked since the last time.
    pub(crate) fn take_log(&self) -> Vec<Op> {
        std::mem::take(&mut self.log.lock().unwrap())
    }

    /// How often a row's current token moved.
    pub(crate) fn moves(&self) -> usize {
        self.moves.load(Ordering::SeqCst)
    }

    /// The next call of this kind stops here until it is told to go on.
    pub(crate) fn hold(&self, op: Op, side: Side) -> Held {
        let ((at_gate, reached), (go_on, gate)) = (oneshot::channel(), oneshot::channel());
        self.gates.lock().unwrap().push(Gate { op, side, reached: at_gate, go_on: gate });
        Held { reached, go_on: Some(go_on) }
    }

    /// From now on every call fails, or none.
    pub(crate) fn fail(&self, fault: Option<StoreError>) {
        *self.fault.lock().unwrap() = fault;
    }

    /// A row by its handle, not counted.
    pub(crate) async fn row(&self, handle: &str) -> Option<Row> {
        let key = SessionKey {
            app: AppId::default(),
            tenant: TenantId::default(),
            handle: SessionHandle::parse(handle).unwrap(),
        };
        self.inner.load(&key).await.unwrap()
    }

    /// How many of the rows that were ever inserted are there.
    pub(crate) async fn rows(&self) -> usize {
        let keys = self.keys.lock().unwrap().clone();
        let mut there = 0;
        for key in keys {
            there += usize::from(self.inner.load(&key).await.unwrap().is_some());
        }
        there
    }

    async fn enter(&self, op: Op) -> StoreResult<()> {
        self.log.lock().unwrap().push(op);
        self.gate(op, Side::Before).await;
        let fault = self.fault.lock().unwrap().clone();
        fault.map_or(Ok(()), Err)
    }

    async fn gate(&self, op: Op, side: Side) {
        let gate = {
            let mut gates = self.gates.lock().unwrap();
            gates.iter().position(|gate| gate.op == op && gate.side == side).map(|at| gates.remove(at))
        };
        if let Some(gate) = gate {
            let _ = gate.reached.send(());
            let _ = gate.go_on.await;
        }
    }

    async fn around<T>(&self, op: Op, work: BoxFuture<'_, StoreResult<T>>) -> StoreResult<T> {
        self.enter(op).await?;
        let answer = work.await;
        self.gate(op, Side::After).await;
        answer
    }
}

impl Store for Watched {
    fn load<'a>(&'a self, key: &'a SessionKey) -> BoxFuture<'a, StoreResult<Option<Row>>> {
        Box::pin(self.around(Op::Load, self.inner.load(key)))
    }

    fn commit(&self, write: Write) -> BoxFuture<'_, StoreResult<Seen>> {
        Box::pin(async move {
            let moves = matches!(
                &write,
                Write::Succeed(succession) if !matches!(succession.change, Change::Stay { .. })
            );
            let inserted = matches!(&write, Write::Insert(_)).then(|| write.key().clone());
            self.enter(Op::Commit).await?;
            let seen = self.inner.commit(write).await?;
            if matches!(seen, Seen::Applied(_)) {
                self.moves.fetch_add(usize::from(moves), Ordering::SeqCst);
                self.keys.lock().unwrap().extend(inserted);
            }
            self.gate(Op::Commit, Side::After).await;
            Ok(seen)
        })
    }

    fn remove(&self, which: Selector) -> BoxFuture<'_, StoreResult<Vec<SessionKey>>> {
        Box::pin(self.around(Op::Remove, self.inner.remove(which)))
    }

    fn list(&self, user: UserSelector, after: Option<SessionKey>, limit: u32) -> BoxFuture<'_, StoreResult<Vec<Row>>> {
        Box::pin(self.around(Op::List, self.inner.list(user, after, limit)))
    }

    fn keys(&self, app: AppId) -> BoxFuture<'_, StoreResult<StoredKeys>> {
        Box::pin(self.around(Op::Keys, self.inner.keys(app)))
    }

    fn add_key(&self, app: AppId, key: NewKey) -> BoxFuture<'_, StoreResult<StoredKeys>> {
        Box::pin(self.around(Op::AddKey, self.inner.add_key(app, key)))
    }

    fn make_tenant(&self, app: AppId, tenant: TenantId, now: Millis) -> BoxFuture<'_, StoreResult<()>> {
        self.inner.make_tenant(app, tenant, now)
    }

    fn remove_keys(&self, app: AppId, created_before: Millis) -> BoxFuture<'_, StoreResult<u64>> {
        Box::pin(self.around(Op::Upkeep, self.inner.remove_keys(app, created_before)))
    }

    fn sweep(&self, expired_before: Millis, limit: u32) -> BoxFuture<'_, StoreResult<u64>> {
        Box::pin(self.around(Op::Upkeep, self.inner.sweep(expired_before, limit)))
    }

    fn close(&self) -> BoxFuture<'_, StoreResult<()>> {
        self.inner.close()
    }
}
