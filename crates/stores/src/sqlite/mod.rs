//! Sessions in one SQLite file.
//!
//! All of SQLite happens on threads of the store's own: one writes, what is queued in one transaction (group commit);
//! some read. So no async worker ever waits for a disk, and no runtime is needed.

mod db;
mod directory;
mod error;
mod keys;
mod open;
mod options;
#[cfg(test)]
mod plans;
mod queue;
mod read;
mod sessions;
mod stats;
mod tenants;
#[cfg(feature = "transfer")]
mod transfer;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use doorward_engine::flow::Seen;
use doorward_engine::id::{AppId, SessionKey, TenantId};
use doorward_engine::session::record::{Row, Write};
use doorward_engine::time::Millis;
use doorward_service::store::{BoxFuture, NewKey, Selector, Store, StoreError, StoreResult, StoredKeys, UserSelector};
use tokio::sync::{oneshot, watch};

use self::directory::Counted;
pub use self::options::{Options, Synchronous};
use self::queue::Queue;
use self::stats::Counters;
pub use self::stats::Stats;

/// Keeps sessions and keys in an SQLite file, with upstream's tables (`spec/modern-core.md` 9).
///
/// The file is in WAL mode: beside it lie `-wal` and `-shm`, which belong to it, and it must be on a local disk. Several
/// processes of one machine may have it open at once. What was acknowledged survives the death of the process, and with
/// [`Synchronous::Full`], the default, a power cut.
///
/// Dropping the store ends its threads; [`Store::close`] also waits for what is queued.
#[derive(Debug)]
pub struct Sqlite {
    shared: Arc<Shared>,
    ended: watch::Receiver<bool>,
}

#[derive(Debug)]
struct Shared {
    writes: Queue,
    reads: Queue,
    counters: Counters,
    counted: Counted,
}

impl Sqlite {
    /// Opens a file with the default [`Options`], and makes it first when it isn't there.
    pub async fn open(path: impl AsRef<Path>) -> StoreResult<Self> {
        Self::options().open(path).await
    }

    /// Returns the default options, to change them and [`Options::open`] a file.
    pub fn options() -> Options {
        Options::default()
    }

    /// Returns what the store did since it was opened.
    pub fn stats(&self) -> Stats {
        self.shared.counters.snapshot(self.shared.writes.refused() + self.shared.reads.refused())
    }

    async fn start(path: PathBuf, options: Options) -> StoreResult<Self> {
        let length = options.queue_length.max(1);
        let shared = Arc::new(Shared {
            writes: Queue::new(length),
            reads: Queue::new(length),
            counters: Counters::default(),
            counted: Counted::default(),
        });
        let (opened, when_opened) = oneshot::channel();
        let (ended, when_ended) = watch::channel(false);
        // Made first: if this future is dropped while the file is opened, the store is, and its threads end.
        let store = Self { shared: Arc::clone(&shared), ended: when_ended };
        spawn("doorward-sqlite-writer", move || {
            write(&path, &options, &shared, opened);
            ended.send_replace(true);
        })?;
        when_opened.await.unwrap_or_else(|_| Err(StoreError::Unavailable("its thread has ended".to_owned())))?;
        Ok(store)
    }
}

impl Drop for Sqlite {
    fn drop(&mut self) {
        self.shared.close();
    }
}

impl Shared {
    fn close(&self) {
        self.writes.close();
        self.reads.close();
    }
}

/// Ends the calls of the writer's queue when it ends, for whatever reason.
struct AbandonWrites<'a>(&'a Shared);

impl Drop for AbandonWrites<'_> {
    fn drop(&mut self) {
        self.0.writes.abandon();
    }
}

/// Ends the calls of the readers' queue when the last of those who hold it ends, for whatever reason.
struct AbandonReads(Arc<Shared>);

impl Drop for AbandonReads {
    fn drop(&mut self) {
        self.0.reads.abandon();
    }
}

/// What the writer's thread does, from opening the file to closing it.
fn write(path: &Path, options: &Options, shared: &Arc<Shared>, opened: oneshot::Sender<StoreResult<()>>) {
    let _at_end = AbandonWrites(shared);
    let connected = open::writer(path, options).and_then(|db| Ok((db, start_readers(path, options, shared)?)));
    let (db, readers) = match connected {
        Ok(connected) => connected,
        Err(error) => {
            shared.close();
            // Who doesn't wait any more needs no answer.
            let _ = opened.send(Err(error));
            return;
        }
    };
    let _ = opened.send(Ok(()));
    writer::run(&db, &shared.writes, options.batch_limit.max(1), &shared.counters);
    for reader in readers {
        // One that panicked has ended as well.
        let _ = reader.join();
    }
    open::tidy(&db);
}

fn start_readers(path: &Path, options: &Options, shared: &Arc<Shared>) -> StoreResult<Vec<JoinHandle<()>>> {
    let at_end = Arc::new(AbandonReads(Arc::clone(shared)));
    (0..options.reader_threads.max(1))
        .map(|_| {
            let db = open::reader(path, options)?;
            let at_end = Arc::clone(&at_end);
            spawn("doorward-sqlite-reader", move || {
                let shared = &at_end.0;
                let mut jobs = Vec::with_capacity(1);
                while shared.reads.take(1, &mut jobs) {
                    for mut job in jobs.drain(..).filter(|job| job.is_wanted()) {
                        let outcome = job.run(&db).map_err(StoreError::from);
                        shared.counters.read(db.take_statements(), outcome.is_ok());
                        job.finish(outcome);
                    }
                }
            })
        })
        .collect()
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> StoreResult<JoinHandle<()>> {
    let started = thread::Builder::new().name(name.to_owned()).spawn(run);
    started.map_err(|error| StoreError::Unavailable(format!("no thread could be started: {error}")))
}

impl Store for Sqlite {
    fn load<'a>(&'a self, key: &'a SessionKey) -> BoxFuture<'a, StoreResult<Option<Row>>> {
        let key = key.clone();
        Box::pin(self.shared.reads.call(move |db| sessions::load(db, &key)))
    }

    fn commit(&self, write: Write) -> BoxFuture<'_, StoreResult<Seen>> {
        Box::pin(self.shared.writes.call(move |db| sessions::commit(db, &write)))
    }

    fn remove(&self, which: Selector) -> BoxFuture<'_, StoreResult<Vec<SessionKey>>> {
        Box::pin(self.shared.writes.call(move |db| sessions::remove_all(db, &which)))
    }

    fn list(&self, user: UserSelector, after: Option<SessionKey>, limit: u32) -> BoxFuture<'_, StoreResult<Vec<Row>>> {
        Box::pin(self.shared.reads.call(move |db| sessions::list(db, &user, after.as_ref(), limit)))
    }

    fn keys(&self, app: AppId) -> BoxFuture<'_, StoreResult<StoredKeys>> {
        Box::pin(self.shared.reads.call(move |db| keys::keys(db, &app)))
    }

    fn add_key(&self, app: AppId, key: NewKey) -> BoxFuture<'_, StoreResult<StoredKeys>> {
        Box::pin(self.shared.writes.call(move |db| keys::add(db, &app, &key)))
    }

    fn make_tenant(&self, app: AppId, tenant: TenantId, now: Millis) -> BoxFuture<'_, StoreResult<()>> {
        Box::pin(self.shared.writes.call(move |db| tenants::ensure(db, &app, &tenant, now).map(drop)))
    }

    fn remove_keys(&self, app: AppId, created_before: Millis) -> BoxFuture<'_, StoreResult<u64>> {
        Box::pin(self.shared.writes.call(move |db| keys::remove(db, &app, created_before)))
    }

    fn sweep(&self, expired_before: Millis, limit: u32) -> BoxFuture<'_, StoreResult<u64>> {
        Box::pin(self.shared.writes.call(move |db| sessions::sweep(db, expired_before, limit)))
    }

    fn close(&self) -> BoxFuture<'_, StoreResult<()>> {
        Box::pin(async move {
            self.shared.close();
            // An error means that the writer's thread is gone: then nothing is left to close.
            let _ = self.ended.clone().wait_for(|ended| *ended).await;
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use futures_executor::block_on;

    use super::*;

    #[test]
    fn when_the_last_reader_ended_no_call_waits() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("sessions.db");
        let store = block_on(Sqlite::options().reader_threads(2).open(file)).unwrap();
        let shared = Arc::clone(&store.shared);
        let (ended, when_ended) = mpsc::channel();
        // A thread of its own, so that a call without an end fails the test.
        thread::spawn(move || {
            let panics =
                || block_on(shared.reads.call(|_| -> Result<(), error::Fault> { panic!("a read that panics") }));
            let first = panics();
            let between = block_on(shared.reads.call(|_| Ok(())));
            let last = panics();
            ended.send((first, between, last, block_on(shared.reads.call(|_| Ok(()))))).unwrap();
        });
        let (first, between, last, after) = when_ended.recv_timeout(Duration::from_secs(30)).unwrap();
        assert!(matches!(first, Err(StoreError::Unavailable(_))), "{first:?}");
        assert_eq!(between, Ok(()), "one is left");
        assert!(matches!(last, Err(StoreError::Unavailable(_))), "{last:?}");
        // Queued before the thread was gone, or refused after it.
        assert!(matches!(after, Err(StoreError::Unavailable(_) | StoreError::Closed)), "{after:?}");
        block_on(store.shared.writes.call(|_| Ok(()))).unwrap();
    }
}
