use doorward_engine::id::AppId;
use doorward_engine::session::record::{Row, Write};
use doorward_service::store::{Selector, Store, StoreError};

use super::given::*;
use super::keys::signing;

fn ending(key: doorward_engine::id::SessionKey, expires_at: u64) -> Row {
    Row { expires_at: at(expires_at), ..row_at(key) }
}

pub(super) async fn sweep_deletes_at_most_its_limit(store: &dyn Store) {
    for number in 0..7 {
        insert(store, &ending(key(&number.to_string()), NOW - 1 - number)).await;
    }
    insert(store, &row("alive")).await;
    let mut swept = Vec::new();
    for limit in [0, 3, 3, 3, 3] {
        swept.push(store.sweep(now(), limit).await.expect("a sweep"));
    }
    assert_eq!(swept, [0, 3, 3, 1, 0]);
    assert!(load(store, &key("alive")).await.is_some());
    for number in 0..7 {
        assert_eq!(load(store, &key(&number.to_string())).await, None);
    }
}

pub(super) async fn sweep_spares_the_last_moment(store: &dyn Store) {
    insert(store, &ending(key("last-moment"), NOW)).await;
    insert(store, &ending(key("gone"), NOW - 1)).await;
    assert_eq!(store.sweep(now(), 100).await, Ok(1));
    assert!(load(store, &key("last-moment")).await.is_some());
}

pub(super) async fn sweep_looks_at_all_apps(store: &dyn Store) {
    insert(store, &ending(key_in("one", "shop", "a"), 1)).await;
    insert(store, &ending(key_in("two", "public", "a"), 1)).await;
    assert_eq!(store.sweep(now(), 100).await, Ok(2));
}

pub(super) async fn a_closed_store_says_so(store: &dyn Store) {
    insert(store, &row("one")).await;
    assert_eq!(store.close().await, Ok(()));
    let app = AppId::default;
    let user = || user_in(None, "alice");
    assert_eq!(store.load(&key("one")).await, Err(StoreError::Closed));
    assert_eq!(store.commit(Write::Insert(Box::new(row("two")))).await, Err(StoreError::Closed));
    assert_eq!(
        store.remove(Selector::User { user: user(), alive_at: None, except: None }).await,
        Err(StoreError::Closed)
    );
    assert_eq!(store.remove(Selector::Keys(Vec::new())).await, Err(StoreError::Closed));
    assert_eq!(store.list(user(), None, 1).await, Err(StoreError::Closed));
    assert_eq!(store.keys(app()).await, Err(StoreError::Closed));
    assert_eq!(store.add_key(app(), signing(1, "a", None)).await, Err(StoreError::Closed));
    assert_eq!(store.remove_keys(app(), now()).await, Err(StoreError::Closed));
    assert_eq!(store.sweep(now(), 1).await, Err(StoreError::Closed));
    // Whoever closes it once more finds it closed, as wished.
    assert_eq!(store.close().await, Ok(()));
}
