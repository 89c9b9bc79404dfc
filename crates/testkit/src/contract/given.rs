//! The rows, keys and answers that the cases speak of; stores use them in tests of their own too.

use doorward_engine::flow::Seen;
use doorward_engine::hash::Hash2;
use doorward_engine::id::{AppId, SessionHandle, SessionKey, TenantId, UserId};
use doorward_engine::payload::{JsonText, Payload};
use doorward_engine::session::record::{
    Change, PayloadGuard, Row, SessionLimits, Succession, Window, WindowGuard, Write,
};
use doorward_engine::time::{Lifetime, Millis};
use doorward_service::store::{Store, UserSelector};

/// The moment at which the rows of the cases are refreshed.
pub const NOW: u64 = 1_700_000_000_000;

/// A moment.
pub fn at(millis: u64) -> Millis {
    Millis::new(millis).expect("a moment")
}

/// [`NOW`].
pub fn now() -> Millis {
    at(NOW)
}

/// A lifetime.
pub fn millis(millis: u64) -> Lifetime {
    Lifetime::from_millis(millis)
}

/// A stored hash, a different one for each number.
pub fn hash(number: u64) -> Hash2 {
    Hash2::parse(&format!("{number:064x}")).expect("64 hex digits")
}

/// An app id.
pub fn app(name: &str) -> AppId {
    AppId::parse(name).expect("an app id")
}

/// A tenant id.
pub fn tenant(name: &str) -> TenantId {
    TenantId::parse(name).expect("a tenant id")
}

/// A user id.
pub fn user(name: &str) -> UserId {
    UserId::parse_or_empty(name).expect("a user id")
}

/// A payload.
pub fn payload(text: &str) -> Payload {
    Payload::parse(text, 4096).expect("a payload")
}

/// A key in the default app and tenant.
pub fn key(handle: &str) -> SessionKey {
    key_in("public", "public", handle)
}

/// A key.
pub fn key_in(app_name: &str, tenant_name: &str, handle: &str) -> SessionKey {
    let handle = SessionHandle::parse(handle).expect("a handle");
    SessionKey { app: app(app_name), tenant: tenant(tenant_name), handle }
}

/// A user of the default app, in one tenant or in all.
pub fn user_in(tenant_name: Option<&str>, name: &str) -> UserSelector {
    UserSelector { app: AppId::default(), tenant: tenant_name.map(tenant), user: user(name), linked: true }
}

/// A row as it is after a sign-in a minute ago: `current` is `hash(1)`.
pub fn row(handle: &str) -> Row {
    row_at(key(handle))
}

/// The same row, elsewhere.
pub fn row_at(key: SessionKey) -> Row {
    Row {
        key,
        user: user("alice"),
        primary: None,
        current: hash(1),
        prev: None,
        rotated_at: None,
        window: None,
        expires_at: at(NOW + 100_000),
        created_at: at(NOW - 60_000),
        payload: payload(r#"{"role":"editor"}"#),
        data: JsonText::from_stored(r#"{"cart":[1,2]}"#),
        use_static_key: false,
        limits: SessionLimits::default(),
    }
}

/// A window.
pub fn window(opened_at: u64, number: u8, count: u8) -> Window {
    Window { opened_at: at(opened_at), number, count }
}

/// A move of [`row`] to `hash(to)`.
pub fn advance(key: &SessionKey, to: u64) -> Succession {
    Succession {
        key: key.clone(),
        now: now(),
        current: hash(1),
        window: WindowGuard::Any,
        payload: PayloadGuard::Any,
        change: Change::Advance { to: hash(to), prev: None, lifetime: millis(500_000), window: None },
        use_static_key: None,
    }
}

/// Inserts a row that must not be there yet, with its tenant.
pub async fn insert(store: &dyn Store, row: &Row) {
    if !row.key.app.is_default() || !row.key.tenant.is_default() {
        make_tenant(store, &row.key.app, &row.key.tenant).await;
    }
    let seen = store.commit(Write::Insert(Box::new(row.clone()))).await.expect("an insert");
    assert_eq!(seen, Seen::Applied(row.clone()), "the insert of a new row");
}

/// Makes a tenant, unless it is there.
pub async fn make_tenant(store: &dyn Store, app: &AppId, tenant: &TenantId) {
    store.make_tenant(app.clone(), tenant.clone(), now()).await.expect("a tenant");
}

/// Reads a row.
pub async fn load(store: &dyn Store, key: &SessionKey) -> Option<Row> {
    store.load(key).await.expect("a load")
}

/// Tries a write.
pub async fn commit(store: &dyn Store, write: Write) -> Seen {
    store.commit(write).await.expect("a commit")
}

/// Commits a write that must happen, and checks that a load then shows the row that it gave.
pub async fn applied(store: &dyn Store, write: Write) -> Row {
    let key = write.key().clone();
    match commit(store, write.clone()).await {
        Seen::Applied(row) => {
            assert_eq!(load(store, &key).await.as_ref(), Some(&row), "the row after {write:?}");
            row
        }
        Seen::Row(row) => panic!("{write:?} did not happen, and saw {row:?}"),
    }
}

/// Commits a write that must not happen, and checks that it saw the row that stands, which a load then shows.
pub async fn lost(store: &dyn Store, write: Write, stands: Option<&Row>) {
    let key = write.key().clone();
    assert_eq!(commit(store, write.clone()).await, Seen::Row(stands.cloned()), "{write:?}");
    assert_eq!(load(store, &key).await.as_ref(), stands, "the row after {write:?}");
}
