use doorward_engine::id::{AppId, TenantId};
use doorward_engine::secret::Secret;
use doorward_service::store::{NewKey, Store, StoredKey, StoredKeys, StoredStaticKey};
use futures_util::future::join;

use super::given::*;

pub(super) fn signing(created_at: u64, value: &str, newest_seen: Option<u64>) -> NewKey {
    let key = StoredKey { created_at: at(created_at), value: Secret::new(value) };
    NewKey::Signing { key, newest_seen: newest_seen.map(at) }
}

fn refresh(value: &str) -> NewKey {
    NewKey::Refresh { value: Secret::new(value), created_at: at(5) }
}

pub(super) fn static_key(id: &str, created_at: u64) -> NewKey {
    NewKey::Static(static_of(id, created_at))
}

fn static_of(id: &str, created_at: u64) -> StoredStaticKey {
    StoredStaticKey { id: id.to_owned(), created_at: at(created_at), value: Secret::new(format!("{id}'|\"")) }
}

async fn add(store: &dyn Store, key: NewKey) -> Vec<(u64, String)> {
    let keys = store.add_key(AppId::default(), key).await.expect("a key");
    assert_eq!(sorted(&keys), sorted(&store.keys(AppId::default()).await.expect("the keys")));
    sorted(&keys)
}

pub(super) fn sorted(keys: &StoredKeys) -> Vec<(u64, String)> {
    let mut keys: Vec<_> =
        keys.signing.iter().map(|key| (key.created_at.as_u64(), key.value.expose().to_owned())).collect();
    keys.sort();
    keys
}

fn texts(keys: &[(u64, &str)]) -> Vec<(u64, String)> {
    keys.iter().map(|(created_at, value)| (*created_at, (*value).to_owned())).collect()
}

pub(super) async fn an_app_starts_without(store: &dyn Store) {
    assert_eq!(store.keys(AppId::default()).await.expect("the keys"), StoredKeys::default());
    assert_eq!(store.keys(app("other")).await.expect("the keys"), StoredKeys::default());
}

pub(super) async fn a_signing_key_hangs_on_the_newest_seen(store: &dyn Store) {
    assert_eq!(add(store, signing(10, "a", Some(9))).await, texts(&[]));
    assert_eq!(add(store, signing(10, "a", None)).await, texts(&[(10, "a")]));
    assert_eq!(add(store, signing(20, "b", None)).await, texts(&[(10, "a")]));
    assert_eq!(add(store, signing(20, "b'|\"", Some(10))).await, texts(&[(10, "a"), (20, "b'|\"")]));
    assert_eq!(add(store, signing(30, "c", Some(10))).await, texts(&[(10, "a"), (20, "b'|\"")]));
    assert_eq!(add(store, signing(30, "c", Some(20))).await, texts(&[(10, "a"), (20, "b'|\""), (30, "c")]));
}

pub(super) async fn two_first_keys_agree_on_one(store: &dyn Store) {
    let (one, other) = join(
        store.add_key(AppId::default(), signing(10, "a", None)),
        store.add_key(AppId::default(), signing(11, "b", None)),
    )
    .await;
    let (one, other) = (sorted(&one.expect("a key")), sorted(&other.expect("a key")));
    assert_eq!(one, other);
    assert_eq!(one.len(), 1);
}

pub(super) async fn one_moment_makes_one_key(store: &dyn Store) {
    assert_eq!(add(store, signing(10, "a", None)).await, texts(&[(10, "a")]));
    assert_eq!(add(store, signing(10, "b", Some(10))).await, texts(&[(10, "a")]));
}

pub(super) async fn the_refresh_key_is_made_once(store: &dyn Store) {
    for value in ["first", "second"] {
        let keys = store.add_key(AppId::default(), refresh(value)).await.expect("a key");
        assert_eq!(keys, StoredKeys { refresh: Some(Secret::new("first")), ..StoredKeys::default() });
    }
    let keys = store.add_key(AppId::default(), signing(10, "a", None)).await.expect("a key");
    assert_eq!(keys.refresh, Some(Secret::new("first")));
    assert_eq!(sorted(&keys), texts(&[(10, "a")]));
}

pub(super) async fn the_static_key_is_made_once(store: &dyn Store) {
    let first = StoredKeys { static_keys: vec![static_of("s-1", 10)], ..StoredKeys::default() };
    for (id, created_at) in [("s-1", 10), ("s-1", 11), ("s-2", 20)] {
        let keys = store.add_key(AppId::default(), static_key(id, created_at)).await.expect("a key");
        assert_eq!(keys, first);
        assert_eq!(store.keys(AppId::default()).await, Ok(first.clone()));
    }
    // Keys that rotate stand beside it, and it doesn't age with them.
    add(store, signing(10, "a", None)).await;
    assert_eq!(store.remove_keys(AppId::default(), at(100)).await, Ok(1));
    assert_eq!(store.keys(AppId::default()).await, Ok(first));
}

pub(super) async fn apps_have_their_own(store: &dyn Store) {
    for name in ["one", "two", "three", "four"] {
        make_tenant(store, &app(name), &TenantId::default()).await;
    }
    store.add_key(app("one"), signing(10, "a", None)).await.expect("a key");
    store.add_key(app("two"), refresh("r")).await.expect("a key");
    let one = store.keys(app("one")).await.expect("the keys");
    assert_eq!((sorted(&one), one.refresh), (texts(&[(10, "a")]), None));
    store.add_key(app("three"), static_key("s-1", 10)).await.expect("a key");
    store.add_key(app("four"), static_key("s-1", 20)).await.expect("a key");
    for (name, created_at) in [("three", 10), ("four", 20)] {
        let keys = store.keys(app(name)).await.expect("the keys");
        assert_eq!(keys, StoredKeys { static_keys: vec![static_of("s-1", created_at)], ..StoredKeys::default() });
    }
    let two = store.keys(app("two")).await.expect("the keys");
    assert_eq!((sorted(&two), two.refresh), (texts(&[]), Some(Secret::new("r"))));
    assert_eq!(store.remove_keys(app("two"), at(100)).await, Ok(0));
    assert_eq!(store.remove_keys(app("one"), at(100)).await, Ok(1));
    assert_eq!(store.keys(app("one")).await, Ok(StoredKeys::default()));
}

pub(super) async fn old_ones_are_deleted(store: &dyn Store) {
    assert_eq!(store.remove_keys(AppId::default(), at(100)).await, Ok(0));
    add(store, refresh("r")).await;
    add(store, signing(10, "a", None)).await;
    add(store, signing(20, "b", Some(10))).await;
    assert_eq!(store.remove_keys(AppId::default(), at(10)).await, Ok(0));
    assert_eq!(store.remove_keys(AppId::default(), at(20)).await, Ok(1));
    let keys = store.keys(AppId::default()).await.expect("the keys");
    assert_eq!((sorted(&keys), keys.refresh), (texts(&[(20, "b")]), Some(Secret::new("r"))));
}
