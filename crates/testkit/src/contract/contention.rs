use doorward_engine::flow::Seen;
use doorward_engine::id::AppId;
use doorward_engine::session::record::{Removal, Row, Write};
use doorward_service::store::Store;
use futures_util::FutureExt as _;
use futures_util::future::join_all;

use super::given::*;
use super::keys::{signing, sorted, static_key};

const WRITERS: u64 = 40;

/// Starts all writes at once, and returns the row of the one that happened and what the others saw.
async fn race(store: &dyn Store, writes: impl Iterator<Item = Write>) -> (Row, Vec<Option<Row>>) {
    let mut winners = Vec::new();
    let mut losers = Vec::new();
    for seen in join_all(writes.map(|write| store.commit(write))).await {
        match seen.expect("a commit") {
            Seen::Applied(row) => winners.push(row),
            Seen::Row(row) => losers.push(row),
        }
    }
    assert_eq!(winners.len(), 1, "writers that won");
    (winners.remove(0), losers)
}

pub(super) async fn one_of_many_moves_wins(store: &dyn Store) {
    insert(store, &row("one")).await;
    let writes = (0..WRITERS).map(|number| Write::Succeed(advance(&key("one"), 100 + number)));
    let (winner, losers) = race(store, writes).await;
    assert!(losers.iter().all(|seen| seen.as_ref() == Some(&winner)), "every loser sees the winner's row");
    assert_eq!(load(store, &key("one")).await, Some(winner));
}

pub(super) async fn one_of_many_inserts_wins(store: &dyn Store) {
    let writes = (0..WRITERS).map(|number| Write::Insert(Box::new(Row { current: hash(number), ..row("one") })));
    let (winner, losers) = race(store, writes).await;
    assert!(losers.iter().all(|seen| seen.as_ref() == Some(&winner)), "every loser sees the winner's row");
    assert_eq!(load(store, &key("one")).await, Some(winner));
}

pub(super) async fn one_of_many_removals_wins(store: &dyn Store) {
    insert(store, &row("one")).await;
    let writes = (0..WRITERS).map(|_| Write::Remove(Removal { key: key("one"), current: hash(1) }));
    let (winner, losers) = race(store, writes).await;
    assert_eq!(winner, row("one"));
    assert!(losers.iter().all(Option::is_none), "every loser sees that the row is gone");
}

pub(super) async fn racing_key_makers_agree(store: &dyn Store) {
    let calls =
        (0..WRITERS).map(|number| store.add_key(AppId::default(), signing(100 + number, &number.to_string(), None)));
    let mut seen: Vec<_> = join_all(calls).await.into_iter().map(|keys| sorted(&keys.expect("a key"))).collect();
    seen.dedup();
    assert_eq!(seen.len(), 1, "all see the same keys");
    assert_eq!(seen[0].len(), 1, "one key was made");
}

pub(super) async fn racing_static_key_makers_agree(store: &dyn Store) {
    let calls = (0..WRITERS).map(|number| store.add_key(AppId::default(), static_key(&format!("s-{number}"), number)));
    let mut seen: Vec<_> = join_all(calls).await.into_iter().map(|keys| keys.expect("a key")).collect();
    seen.dedup();
    assert_eq!(seen.len(), 1, "all see the same keys");
    assert_eq!(seen[0].static_keys.len(), 1, "one key was made");
}

pub(super) async fn a_dropped_write_happens_whole_or_not_at_all(store: &dyn Store) {
    for number in 0..20 {
        let handle = number.to_string();
        let before = row(&handle);
        insert(store, &before).await;
        // Polled once, then dropped.
        let seen = store.commit(Write::Succeed(advance(&before.key, 2))).now_or_never();
        drop(store.load(&before.key).now_or_never());
        drop(store.commit(Write::Succeed(advance(&before.key, 3))));
        // Whatever became of it, the row can be written again, and then shows which of the two happened.
        let happened = match commit(store, Write::Succeed(advance(&before.key, 4))).await {
            Seen::Applied(row) => {
                assert_eq!((row.current, row.prev), (hash(4), Some(hash(1))));
                false
            }
            Seen::Row(Some(row)) => {
                assert_eq!((row.current, row.prev, row.rotated_at), (hash(2), Some(hash(1)), Some(now())));
                true
            }
            Seen::Row(None) => panic!("the row is gone"),
        };
        assert!(happened || seen.is_none(), "what was acknowledged is there");
    }
}
