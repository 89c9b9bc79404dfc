use doorward_engine::id::SessionKey;
use doorward_engine::session::record::Row;
use doorward_service::store::Store;

use super::given::*;

/// Sessions of alice, in the order of a list, and some of others.
async fn some_rows(store: &dyn Store) -> Vec<SessionKey> {
    let places = [("a-shop", "m"), ("a-shop", "z"), ("public", "A"), ("public", "a"), ("public", "b"), ("public", "é")];
    for (tenant, handle) in places.into_iter().rev() {
        insert(store, &row_at(key_in("public", tenant, handle))).await;
    }
    insert(store, &row_at(key_in("other", "public", "a2"))).await;
    insert(store, &Row { user: user("bob"), ..row("a3") }).await;
    places.map(|(tenant, handle)| key_in("public", tenant, handle)).into()
}

async fn list(store: &dyn Store, tenant: Option<&str>, after: Option<&SessionKey>, limit: u32) -> Vec<SessionKey> {
    let rows = store.list(user_in(tenant, "alice"), after.cloned(), limit).await.expect("a list");
    rows.into_iter().map(|row| row.key).collect()
}

pub(super) async fn is_ordered_by_tenant_and_handle(store: &dyn Store) {
    let keys = some_rows(store).await;
    assert_eq!(list(store, None, None, 100).await, keys);
    assert_eq!(list(store, None, None, u32::MAX).await, keys);
    let rows = store.list(user_in(None, "bob"), None, 100).await.expect("a list");
    assert_eq!(rows, [Row { user: user("bob"), ..row("a3") }]);
    assert!(store.list(user_in(None, "carol"), None, 100).await.expect("a list").is_empty());
}

pub(super) async fn is_read_in_pages(store: &dyn Store) {
    let keys = some_rows(store).await;
    for size in [1, 2, 4, 6] {
        let mut seen: Vec<SessionKey> = Vec::new();
        for _ in 0..=keys.len() {
            let page = list(store, None, seen.last(), size).await;
            assert!(page.len() <= size as usize);
            seen.extend(page);
        }
        assert_eq!(seen, keys, "in pages of {size}");
    }
    assert!(list(store, None, None, 0).await.is_empty());
    // The row that a page ended with may be gone.
    assert_eq!(list(store, None, Some(&key_in("public", "public", "aa")), 1).await, [key("b")]);
}

pub(super) async fn shows_one_tenant(store: &dyn Store) {
    let keys = some_rows(store).await;
    assert_eq!(list(store, Some("a-shop"), None, 100).await, keys[..2]);
    assert_eq!(list(store, Some("public"), Some(&keys[2]), 100).await, keys[3..]);
    assert!(list(store, Some("none"), None, 100).await.is_empty());
}

pub(super) async fn shows_expired_rows(store: &dyn Store) {
    let mut expired = row("a");
    expired.expires_at = at(1);
    insert(store, &expired).await;
    assert_eq!(store.list(user_in(None, "alice"), None, 100).await.expect("a list"), [expired]);
}
