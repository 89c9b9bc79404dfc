//! Apps and tenants that another process deletes: what this one still believes in must not come back by that.

use std::sync::Arc;

use doorward_engine::time::Lifetime;
use doorward_service::directory::Directory;
use doorward_service::memory::Memory;
use doorward_stores::sqlite::Sqlite;
use serde_json::{Value, json};

use super::given::{Caller, Given, Session};
use crate::database::Database;

fn unknown(app: &str, tenant: &str) -> String {
    format!(
        "AppId or tenantId not found => Tenant with the following connectionURIDomain, appId and tenantId combination \
         not found: (, {app}, {tenant})"
    )
}

/// Runs a test on two servers over one store, of every kind.
async fn on_two(test: impl AsyncFn(&Given, &Given)) {
    let folder = tempfile::tempdir().unwrap();
    let file = Sqlite::open(folder.path().join("sessions.db")).await.unwrap();
    let mut stores: Vec<Arc<dyn Directory>> = vec![Arc::new(Memory::new()), Arc::new(file)];
    if let Some(database) = Database::new() {
        stores.push(database.open().await);
    }
    for store in stores {
        let (one, other) = Given::two(Arc::clone(&store)).await;
        test(&one, &other).await;
        store.close().await.unwrap();
    }
}

async fn create(caller: &Caller) -> super::given::Reply {
    let body = json!({
        "userId": "u", "userDataInJWT": {}, "userDataInDatabase": {}, "enableAntiCsrf": false,
        "useDynamicSigningKey": true,
    });
    caller.post("/recipe/session", body).await
}

async fn tenants(caller: &Caller) -> usize {
    caller.get("/recipe/multitenancy/tenant/list/v2").await.ok()["tenants"].as_array().unwrap().len()
}

#[tokio::test]
async fn no_session_begins_in_a_tenant_that_another_process_deleted() {
    on_two(async |one, other| {
        let (admin, caller) = (one.at("5.4"), other.at("5.4"));
        admin.put("/recipe/multitenancy/tenant/v2", json!({"tenantId": "t1"})).await.ok();
        other.step(Lifetime::from_secs(2));
        let session = caller.under("/t1").create("u").await;
        admin.post("/recipe/multitenancy/tenant/remove", json!({"tenantId": "t1"})).await.ok();

        // The other one has looked a moment ago, and doesn't look again for a minute.
        for _ in 0..2 {
            create(&caller.under("/t1")).await.refuses(400, &unknown("public", "t1"));
        }
        assert_eq!((tenants(&admin).await, tenants(&caller).await), (1, 1), "it doesn't come back by that");
        // At once it knows better, in all that it is asked.
        caller.under("/t1").refresh(session.refresh()).await.refuses(400, &unknown("public", "t1"));
        caller.refresh(session.refresh()).await.refuses(400, &unknown("public", "t1"));
    })
    .await;
}

#[tokio::test]
async fn no_session_and_no_key_is_made_in_an_app_that_another_process_deleted() {
    on_two(async |one, other| {
        let (admin, caller) = (one.at("5.4"), other.at("5.4"));
        for app in ["a", "b"] {
            admin.put("/recipe/multitenancy/app/v2", json!({"appId": app})).await.ok();
        }
        other.step(Lifetime::from_secs(2));
        // `a` is in use here, `b` was only heard of.
        caller.under("/appid-a").create("u").await;
        for app in ["a", "b"] {
            admin.post("/recipe/multitenancy/app/remove", json!({"appId": app})).await.ok();
        }
        for app in ["a", "b"] {
            create(&caller.under(&format!("/appid-{app}"))).await.refuses(400, &unknown(app, "public"));
        }
        let apps: Value = admin.get("/recipe/multitenancy/app/list/v2").await.ok();
        assert_eq!(apps["apps"].as_array().unwrap().len(), 1, "{apps}");
    })
    .await;
}

/// One that comes again has other keys. Those are read every 20 seconds, whatever else is known of it.
#[tokio::test]
async fn an_app_that_another_process_made_anew_is_served_with_its_new_keys() {
    on_two(async |one, other| {
        let (admin, caller) = (one.at("5.4"), other.at("5.4").under("/appid-a"));
        let mut old: Option<Session> = None;
        for _ in 0..2 {
            one.step(Lifetime::from_secs(2));
            admin.put("/recipe/multitenancy/app/v2", json!({"appId": "a"})).await.ok();
            other.reread_keys().await;
            let session = caller.create("u").await;
            let there = admin.under("/appid-a");
            assert_eq!(there.verify(session.access(), true).await.ok()["session"]["userId"], "u");
            there.refresh(session.refresh()).await.ok();
            if let Some(old) = old.replace(session) {
                caller.verify(old.access(), false).await.says("TRY_REFRESH_TOKEN", "Key not found");
            }
            admin.post("/recipe/multitenancy/app/remove", json!({"appId": "a"})).await.ok();
        }
    })
    .await;
}
