//! What was acknowledged survives `kill -9`.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use doorward_engine::session::record::Write;
use doorward_service::store::{Selector, Store};
use doorward_stores::sqlite::Sqlite;
use doorward_testkit::contract::given::*;
use futures_executor::block_on;
use futures_util::future::join_all;

use super::folder::Folder;

const FILE: &str = "DOORWARD_TEST_FILE";

#[test]
fn acknowledged_writes_survive_kill_9() {
    let folder = Folder::new();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "sqlite::crash::child_writes_until_it_is_killed", "--ignored", "--nocapture"])
        .env(FILE, folder.file())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    // handle -> how many of "created, refreshed, revoked" were acknowledged
    let mut acknowledged: BTreeMap<String, usize> = BTreeMap::new();
    let mut count = 0;
    let mut note = |line: String| {
        if let Some(handle) = line.strip_prefix("acknowledged ") {
            *acknowledged.entry(handle.to_owned()).or_default() += 1;
            count += 1;
        }
        count
    };
    while note(said.next().expect("the child goes on")) < 500 {}
    child.kill().unwrap();
    // What it said before it was killed counts, even if it is read only now. The last line may be cut off.
    let rest: Vec<String> = said.collect();
    for line in rest {
        note(line);
    }
    assert!(!child.wait().unwrap().success());

    block_on(async {
        let store = folder.open().await;
        for (handle, steps) in &acknowledged {
            let row = load(&store, &key(handle)).await;
            // A step that wasn't acknowledged may have happened all the same, but none beyond it.
            match (steps, row.map(|row| row.current)) {
                (1, Some(current)) => assert!(current == hash(1) || current == hash(2), "{handle}"),
                (2, Some(current)) => assert!(current == hash(2), "{handle}"),
                (2 | 3, None) => {}
                (steps, row) => panic!("{handle}: {steps} steps were acknowledged, and the row is {row:?}"),
            }
        }
        assert!(acknowledged.values().any(|steps| *steps == 3) && acknowledged.values().any(|steps| *steps < 3));
    });
}

/// Creates, refreshes and revokes sessions, many at once, and says each step when the store has acknowledged it.
#[test]
#[ignore = "a part of another test, which kills it"]
fn child_writes_until_it_is_killed() {
    block_on(async {
        let store = Sqlite::open(std::env::var_os(FILE).unwrap()).await.unwrap();
        for round in 0.. {
            join_all((0..32).map(|number| live(&store, format!("{round}-{number}"), number % 2 == 0))).await;
        }
    });
}

async fn live(store: &Sqlite, handle: String, is_revoked: bool) {
    // One write a line: a killed process may leave the start of a line, never a wrong one.
    insert(store, &row(&handle)).await;
    println!("acknowledged {handle}");
    applied(store, Write::Succeed(advance(&key(&handle), 2))).await;
    println!("acknowledged {handle}");
    if is_revoked {
        assert_eq!(store.remove(Selector::Keys(vec![key(&handle)])).await.unwrap().len(), 1);
        println!("acknowledged {handle}");
    }
}
