//! Disks that are full and rows that can't be read.

use doorward_engine::flow::Seen;
use doorward_engine::payload::JsonText;
use doorward_engine::session::record::{Row, Update, Write};
use doorward_service::store::{Selector, Store, StoreError, StoreResult};
use doorward_stores::sqlite::Sqlite;
use doorward_testkit::contract::given::*;
use futures_executor::block_on;
use futures_util::future::join_all;

use super::batch::{Commit, queue};
use super::folder::Folder;

fn big_row(handle: &str) -> Row {
    Row { data: JsonText::from_stored(&format!("\"{}\"", "x".repeat(3000))), ..row(handle) }
}

fn insertion(handle: &str) -> Write {
    Write::Insert(Box::new(big_row(handle)))
}

fn is_full<T>(answer: &StoreResult<T>) -> bool {
    matches!(answer, Err(StoreError::Full(_)))
}

/// Inserts rows until there is no space left, and returns those that were acknowledged.
async fn fill(store: &Sqlite) -> Vec<Row> {
    let mut rows = Vec::new();
    for number in 0..1000 {
        match store.commit(insertion(&number.to_string())).await {
            Ok(seen) => {
                assert_eq!(seen, Seen::Applied(big_row(&number.to_string())));
                rows.push(big_row(&number.to_string()));
            }
            failed => {
                assert!(is_full(&failed), "{failed:?}");
                return rows;
            }
        }
    }
    panic!("it was never full");
}

async fn assert_there(store: &Sqlite, rows: &[Row]) {
    for row in rows {
        assert_eq!(load(store, &row.key).await.as_ref(), Some(row));
    }
}

#[test]
fn a_full_disk_loses_nothing_and_works_again() {
    block_on(async {
        let folder = Folder::new();
        let store = folder.open_with(Sqlite::options().max_page_count(60)).await;
        let rows = fill(&store).await;
        assert!(rows.len() > 10);
        assert_there(&store, &rows).await;
        assert_eq!(load(&store, &key(&rows.len().to_string())).await, None, "what failed left nothing");

        // Whoever is there can go on and sign out; that makes room.
        applied(&store, Write::Succeed(advance(&rows[0].key, 2))).await;
        assert_eq!(store.remove(Selector::Keys(vec![key("1"), key("2")])).await, Ok(vec![key("1"), key("2")]));
        insert(&store, &row("after")).await;
        store.close().await.unwrap();

        let store = folder.open().await;
        assert_there(&store, &rows[3..]).await;
        insert(&store, &big_row("more")).await;
    });
}

#[test]
fn on_a_full_disk_a_sign_out_is_not_failed_by_its_neighbours() {
    block_on(async {
        let folder = Folder::new();
        let store = folder.open_with(Sqlite::options().max_page_count(60)).await;
        let rows = fill(&store).await;
        let lock = folder.lock();
        let first = queue(store.remove(Selector::Keys(Vec::new())));
        let failing: Vec<Commit<'_>> = ["a", "b", "c"].map(|handle| queue(store.commit(insertion(handle)))).into();
        let refresh = queue(store.commit(Write::Succeed(advance(&rows[5].key, 2))));
        let sign_out = queue(store.remove(Selector::Keys(vec![key("6")])));
        drop(lock);
        first.await.unwrap();
        assert!(join_all(failing).await.iter().all(is_full));
        assert!(matches!(refresh.await, Ok(Seen::Applied(_))));
        assert_eq!(sign_out.await, Ok(vec![key("6")]));
        assert_there(&store, &rows[7..]).await;
    });
}

#[test]
fn an_unreadable_row_is_corrupt_and_its_text_stays_inside() {
    block_on(async {
        let folder = Folder::new();
        let store = folder.open().await;
        let columns = [
            "user_id = x'ff'",
            "refresh_token_hash_2 = 'very-secret'",
            "prev_refresh_token_hash_2 = 'very-secret'",
            "expires_at = 'very-secret'",
            "created_at_time = -1",
            "jwt_user_payload = '[\"very-secret\"]'",
            "jwt_user_payload = x'ff'",
            "window_at = 1",
            "window_at = 1, window_no = 256, window_count = 1",
            "absolute_end = 1.5",
            "refresh_lifetime = -1",
        ];
        for (number, column) in columns.into_iter().enumerate() {
            let (bad, good) = (key(&format!("{number}-bad")), row(&format!("{number}-good")));
            insert(&store, &row_at(bad.clone())).await;
            insert(&store, &good).await;
            folder.sql(&format!("UPDATE session_info SET {column} WHERE session_handle = '{}'", bad.handle));

            let update = Update { key: bad.clone(), now: at(1), seen: None, payload: None, data: None };
            let answers = [
                store.load(&bad).await.map(drop),
                store.commit(Write::Update(update)).await.map(drop),
                store.commit(Write::Insert(Box::new(row_at(bad.clone())))).await.map(drop),
            ];
            for answer in answers {
                let Err(StoreError::Corrupt(text)) = answer else { panic!("{column}: {answer:?}") };
                let name = column.split(' ').next().unwrap();
                assert!(text.contains(name) || text.contains("window_no"), "{column}: {text}");
                assert!(!text.contains("very-secret"), "{text}");
            }
            assert_eq!(load(&store, &good.key).await, Some(good));
            // It can still be revoked.
            assert_eq!(store.remove(Selector::Keys(vec![bad.clone()])).await, Ok(vec![bad]));
        }
    });
}

#[test]
fn rows_of_other_programs_are_read() {
    block_on(async {
        let folder = Folder::new();
        let store = folder.open().await;
        folder.sql(&format!(
            "INSERT INTO session_info (session_handle, user_id, refresh_token_hash_2, expires_at, created_at_time, \
             use_static_key) VALUES ('theirs', '', '{}', 9223372036854775807, 0, TRUE)",
            hash(1).as_str(),
        ));
        let found = load(&store, &key("theirs")).await.unwrap();
        assert_eq!((found.payload.as_str(), found.data.as_str(), found.use_static_key), ("{}", "{}", true));
        assert_eq!((found.expires_at.as_u64(), found.window), ((1 << 53) - 1, None));
        let update = Update {
            key: key("theirs"),
            now: now(),
            seen: Some(found.payload),
            payload: Some(payload(r#"{"a":1}"#)),
            data: None,
        };
        assert_eq!(applied(&store, Write::Update(update)).await.payload, payload(r#"{"a":1}"#));
    });
}
