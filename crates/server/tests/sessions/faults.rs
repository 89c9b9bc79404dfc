//! A store that fails says nothing about a session: no endpoint takes it for UNAUTHORISED or anything else that makes an
//! SDK clear its cookies.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use doorward_engine::flow::Seen;
use doorward_engine::id::{AppId, SessionKey, TenantId, UserId};
use doorward_engine::session::record::{Row, Write};
use doorward_engine::time::{Lifetime, Millis};
use doorward_service::directory::{Directory, StoredTenant};
use doorward_service::memory::Memory;
use doorward_service::store::{BoxFuture, NewKey, Selector, Store, StoreError, StoreResult, StoredKeys, UserSelector};
use doorward_testkit::fakes::SetClock;
use serde_json::json;

use super::given::{Given, Session};

/// A store that can be taken away.
#[derive(Default)]
struct Breakable {
    inner: Memory,
    is_broken: AtomicBool,
}

/// Passes a call on, or fails it.
macro_rules! pass_on {
    ($(fn $name:ident($($arg:ident: $kind:ty),*) -> $answer:ty;)*) => {
        $(fn $name(&self, $($arg: $kind),*) -> BoxFuture<'_, StoreResult<$answer>> {
            if self.is_broken.load(Ordering::SeqCst) {
                return Box::pin(async { Err(StoreError::Unavailable("gone".into())) });
            }
            self.inner.$name($($arg),*)
        })*
    };
}

impl Store for Breakable {
    fn load<'a>(&'a self, key: &'a SessionKey) -> BoxFuture<'a, StoreResult<Option<Row>>> {
        if self.is_broken.load(Ordering::SeqCst) {
            return Box::pin(async { Err(StoreError::Unavailable("gone".into())) });
        }
        self.inner.load(key)
    }

    pass_on! {
        fn commit(write: Write) -> Seen;
        fn remove(which: Selector) -> Vec<SessionKey>;
        fn list(user: UserSelector, after: Option<SessionKey>, limit: u32) -> Vec<Row>;
        fn keys(app: AppId) -> StoredKeys;
        fn add_key(app: AppId, key: NewKey) -> StoredKeys;
        fn make_tenant(app: AppId, tenant: TenantId, now: Millis) -> ();
        fn remove_keys(app: AppId, created_before: Millis) -> u64;
        fn sweep(expired_before: Millis, limit: u32) -> u64;
        fn close() -> ();
    }
}

impl Directory for Breakable {
    pass_on! {
        fn tenants() -> Vec<StoredTenant>;
        fn put_tenant(tenant: StoredTenant, now: Millis) -> bool;
        fn remove_tenant(app: AppId, tenant: TenantId) -> bool;
        fn remove_app(app: AppId) -> bool;
        fn value(app: AppId, tenant: TenantId, name: &'static str) -> Option<String>;
        fn put_value(app: AppId, tenant: TenantId, name: &'static str, value: String, now: Millis) -> ();
        fn mark_active(app: AppId, user: UserId, now: Millis) -> ();
        fn count_active(app: AppId, since: Millis) -> u64;
        fn count_sessions(now: Millis) -> u64;
        fn ping() -> ();
    }
}

#[tokio::test]
async fn a_lost_store_is_a_fault_and_nothing_else() {
    for version in ["2.9", "3.1", "5.4", "5.6"] {
        let store = Arc::new(Breakable::default());
        let clock = SetClock::at(Millis::saturating(1_767_222_000_347));
        let given = Given::over(Arc::<Breakable>::clone(&store), clock, "").await;
        let caller = given.at(version);
        let session = caller.create("u").await;
        let unused = Session::from(caller.refresh(caller.create("u").await.refresh()).await);
        let handle = session.handle();

        given.step(Lifetime::from_secs(2));
        store.is_broken.store(true, Ordering::SeqCst);
        let new = json!({"userId": "u", "userDataInJWT": {}, "userDataInDatabase": {}, "enableAntiCsrf": false});
        let answers = [
            caller.post("/recipe/session", new).await,
            caller.read(handle).await,
            caller.refresh(session.refresh()).await,
            caller.refresh(unused.refresh()).await,
            caller.regenerate(session.access()).await,
            caller.post("/recipe/session/remove", json!({"userId": "u"})).await,
            caller.post("/recipe/session/remove", json!({"sessionHandles": [handle]})).await,
            caller.get("/recipe/session/user?userId=u").await,
            caller.get(&format!("/recipe/session/data?sessionHandle={handle}")).await,
            caller.get(&format!("/recipe/jwt/data?sessionHandle={handle}")).await,
            caller.put("/recipe/session/data", json!({"sessionHandle": handle, "userDataInDatabase": {}})).await,
            caller.put("/recipe/jwt/data", json!({"sessionHandle": handle, "userDataInJWT": {}})).await,
            // A name that isn't known can't be looked for.
            caller.read("x_t9").await,
            caller.read("x_t9").await,
        ];
        for answer in &answers {
            assert!((500..600).contains(&answer.status), "{version}: {answer:?}");
        }
        // What needs no store is answered, what does is a fault.
        caller.verify(session.access(), false).await.ok();
        if version != "2.9" {
            assert!(caller.verify(session.access(), true).await.status >= 500);
        }
        if version != "5.6" {
            assert!(caller.verify(unused.access(), false).await.status >= 500, "its first use is to be stored");
        }

        store.is_broken.store(false, Ordering::SeqCst);
        caller.verify(unused.access(), true).await.ok();
        caller.refresh(session.refresh()).await.ok();
    }
}
