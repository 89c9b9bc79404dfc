//! Group commit: what shares a transaction, what a statement costs, and what waits.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll};

use doorward_engine::flow::Seen;
use doorward_engine::session::record::{Removal, Succession, Write};
use doorward_service::store::{BoxFuture, Selector, Store, StoreError, StoreResult};
use doorward_stores::sqlite::{Sqlite, Stats, Synchronous};
use doorward_testkit::contract::given::*;
use futures_executor::block_on;
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use futures_util::task::noop_waker;

use super::folder::{Folder, impatient};

fn insertion(handle: &str) -> Write {
    Write::Insert(Box::new(row(handle)))
}

/// Polls a call once, which queues it.
pub(crate) fn queue<F: Future + Unpin>(mut call: F) -> F {
    let waker = noop_waker();
    assert!(matches!(pin!(&mut call).poll(&mut Context::from_waker(&waker)), Poll::Pending), "it has to wait");
    call
}

pub(crate) type Commit<'a> = BoxFuture<'a, StoreResult<Seen>>;

#[test]
fn writes_that_wait_share_a_commit() {
    block_on(async {
        let folder = Folder::new();
        let store = folder.open().await;
        let lock = folder.lock();
        let calls: Vec<Commit<'_>> =
            (0..100).map(|number| queue(store.commit(insertion(&number.to_string())))).collect();
        assert_eq!(store.stats(), Stats::default(), "nothing is done before the lock is gone");
        drop(lock);
        for seen in join_all(calls).await {
            assert!(matches!(seen, Ok(Seen::Applied(_))));
        }
        let stats = store.stats();
        assert_eq!((stats.writes, stats.failed), (100, 0));
        // The writer waited with what it had taken first; all else came after it, at once.
        assert!(stats.commits <= 2, "{stats:?}");
        assert!(stats.largest_batch >= 50, "{stats:?}");
    });
}

#[test]
fn a_batch_has_a_limit() {
    block_on(async {
        let folder = Folder::new();
        let store = folder.open_with(Sqlite::options().batch_limit(10)).await;
        let lock = folder.lock();
        let calls: Vec<Commit<'_>> =
            (0..100).map(|number| queue(store.commit(insertion(&number.to_string())))).collect();
        drop(lock);
        join_all(calls).await;
        assert_eq!(store.stats().largest_batch, 10);
    });
}

#[test]
fn a_common_call_is_one_statement() {
    block_on(async {
        let folder = Folder::new();
        let store = folder.open_with(Sqlite::options().synchronous(Synchronous::Normal)).await;
        let statements = async |call: BoxFuture<'_, ()>| {
            let before = store.stats().statements;
            call.await;
            store.stats().statements - before
        };
        let write = |write: Write| -> BoxFuture<'_, ()> { store.commit(write).map(|seen| drop(seen.unwrap())).boxed() };
        assert_eq!(statements(write(insertion("one"))).await, 1, "create");
        assert_eq!(statements(write(Write::Succeed(advance(&key("one"), 2)))).await, 1, "refresh and promotion");
        let lost = Write::Succeed(Succession { current: hash(9), ..advance(&key("one"), 3) });
        assert_eq!(statements(write(lost)).await, 2, "a refresh that lost, and the row in its place");
        assert_eq!(statements(store.load(&key("one")).map(|row| drop(row.unwrap())).boxed()).await, 1, "load");
        let theft = Write::Remove(Removal { key: key("one"), current: hash(2) });
        assert_eq!(statements(write(theft)).await, 1, "theft");
        let revoke = |which| store.remove(which).map(|keys| drop(keys.unwrap())).boxed();
        assert_eq!(statements(revoke(Selector::Keys(vec![key("two")]))).await, 1, "revoke");
        let all = Selector::User { user: user_in(None, "alice"), alive_at: None, except: None };
        assert_eq!(statements(revoke(all)).await, 1, "revoke all of a user");
    });
}

#[test]
fn a_write_that_fails_fails_alone() {
    block_on(async {
        let folder = Folder::new();
        let store = folder.open().await;
        for handle in ["bad", "good", "gone"] {
            insert(&store, &row(handle)).await;
        }
        folder.sql("UPDATE session_info SET created_at_time = -1 WHERE session_handle = 'bad'");
        let before = store.stats();

        let lock = folder.lock();
        let first = queue(store.commit(insertion("first")));
        // Two keys in one call: the second half-way meets no trouble, the refresh of the bad row does.
        let calls: Vec<Commit<'_>> = vec![
            queue(store.commit(insertion("new"))),
            queue(store.commit(Write::Succeed(advance(&key("bad"), 2)))),
            queue(store.commit(Write::Succeed(advance(&key("good"), 2)))),
            queue(store.commit(Write::Succeed(advance(&key("none"), 2)))),
        ];
        let revoked = queue(store.remove(Selector::Keys(vec![key("none"), key("gone")])));
        drop(lock);

        assert!(first.await.is_ok());
        let seen = join_all(calls).await;
        assert_eq!(seen[0], Ok(Seen::Applied(row("new"))));
        let Err(StoreError::Corrupt(text)) = &seen[1] else { panic!("{:?}", seen[1]) };
        assert!(text.contains("created_at_time"), "{text}");
        assert!(matches!(&seen[2], Ok(Seen::Applied(row)) if row.current == hash(2)));
        assert_eq!(seen[3], Ok(Seen::Row(None)));
        assert_eq!(revoked.await, Ok(vec![key("gone")]));
        let stats = store.stats();
        assert_eq!((stats.writes - before.writes, stats.failed - before.failed), (5, 1));

        // The write that failed left nothing behind.
        folder.sql("UPDATE session_info SET created_at_time = 1 WHERE session_handle = 'bad'");
        assert_eq!(load(&store, &key("bad")).await.unwrap().current, hash(1));
        assert_eq!(load(&store, &key("gone")).await, None);
    });
}

#[test]
fn a_full_queue_refuses_at_once() {
    block_on(async {
        let folder = Folder::new();
        let store = folder.open_with(Sqlite::options().queue_length(4).batch_limit(1)).await;
        let lock = folder.lock();
        let mut waiting = Vec::new();
        let mut refused = 0;
        for number in 0..20 {
            let mut call = store.commit(insertion(&number.to_string()));
            match (&mut call).now_or_never() {
                None => waiting.push((number, call)),
                Some(answer) => {
                    assert!(
                        matches!(&answer, Err(StoreError::Unavailable(text)) if text.contains("full")),
                        "{answer:?}"
                    );
                    refused += 1;
                }
            }
        }
        // Four wait in the queue, and one may be with the writer already.
        assert!((4..=5).contains(&waiting.len()), "{}", waiting.len());
        assert_eq!(store.stats().refused, refused);
        drop(lock);
        for (number, call) in waiting {
            assert_eq!(call.await, Ok(Seen::Applied(row(&number.to_string()))));
        }
        // What was refused was not written, and there is room again.
        assert_eq!(load(&store, &key("19")).await, None);
        insert(&store, &row("19")).await;
    });
}

#[test]
fn a_locked_file_is_unavailable_and_comes_back() {
    block_on(async {
        let folder = Folder::new();
        let store = folder.open_with(impatient()).await;
        insert(&store, &row("one")).await;
        let lock = folder.lock();
        for write in [insertion("two"), Write::Succeed(advance(&key("one"), 2)), insertion("one")] {
            let answer = store.commit(write).await;
            assert!(matches!(&answer, Err(StoreError::Unavailable(text)) if text.contains("locked")), "{answer:?}");
        }
        assert_eq!(load(&store, &key("one")).await, Some(row("one")), "reads go on");
        drop(lock);
        assert_eq!(load(&store, &key("two")).await, None);
        insert(&store, &row("two")).await;
    });
}

#[test]
fn a_write_that_nobody_waits_for_is_left_out() {
    block_on(async {
        let folder = Folder::new();
        // One by one, so that the second isn't taken while the first one waits for the lock.
        let store = folder.open_with(Sqlite::options().batch_limit(1)).await;
        let lock = folder.lock();
        let first = queue(store.commit(insertion("first")));
        drop(queue(store.commit(insertion("dropped"))));
        drop(lock);
        first.await.unwrap();
        insert(&store, &row("last")).await;
        assert_eq!(load(&store, &key("dropped")).await, None);
        assert_eq!(store.stats().writes, 2);
    });
}

#[test]
fn closing_waits_for_what_is_queued() {
    block_on(async {
        let folder = Folder::new();
        let store = folder.open().await;
        let lock = folder.lock();
        let calls: Vec<Commit<'_>> =
            (0..10).map(|number| queue(store.commit(insertion(&number.to_string())))).collect();
        let closed = queue(store.close());
        assert_eq!(store.commit(insertion("late")).await, Err(StoreError::Closed));
        drop(lock);
        assert_eq!(closed.await, Ok(()));
        for call in calls {
            assert!(matches!(call.now_or_never(), Some(Ok(Seen::Applied(_)))), "answered before the store was closed");
        }
        assert!(!folder.path().join("sessions.db-wal").exists(), "the log was taken into the file");
        assert_eq!(load(&folder.open().await, &key("9")).await, Some(row("9")));
    });
}

#[test]
fn dropping_the_store_ends_its_threads() {
    block_on(async {
        let folder = Folder::new();
        let store = folder.open().await;
        insert(&store, &row("one")).await;
        let log = folder.path().join("sessions.db-wal");
        assert!(log.exists());
        drop(store);
        // The last connection that closes removes it.
        let started = std::time::Instant::now();
        while log.exists() {
            assert!(started.elapsed().as_secs() < 60, "the file is still open");
            std::thread::yield_now();
        }
    });
}
