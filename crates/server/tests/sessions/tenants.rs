//! Which tenant each endpoint means, and what happens when that is gone (`spec/modern-core.md` 3.1, 5.3).

use serde_json::json;

use super::given::{Given, Session};

fn unknown(tenant: &str) -> String {
    format!(
        "AppId or tenantId not found => Tenant with the following connectionURIDomain, appId and tenantId combination \
         not found: (, public, {tenant})"
    )
}

async fn given_tenant() -> Given {
    let given = Given::new().await;
    given.at("5.4").put("/recipe/multitenancy/tenant/v2", json!({"tenantId": "t1"})).await.ok();
    given
}

#[tokio::test]
async fn a_session_is_found_from_wherever_it_is_asked_for() {
    let given = given_tenant().await;
    for version in ["3.1", "5.4"] {
        let caller = given.at(version);
        let session = caller.under("/t1").create("u").await;
        assert!(session.handle().ends_with("_t1"));
        for base in ["", "/t1", "/public", "/nope"] {
            let caller = caller.under(base);
            assert_eq!(caller.read(session.handle()).await.ok()["tenantId"], "t1");
            let verified = caller.verify(session.access(), true).await.ok();
            assert_eq!(verified["session"]["tenantId"], "t1");
            caller.regenerate(session.access()).await.ok();
        }
        for base in ["", "/t1"] {
            caller.under(base).refresh(session.refresh()).await.ok();
        }
        caller.under("/nope").refresh(session.refresh()).await.refuses(400, &unknown("nope"));
        caller.under("/nope").post("/recipe/handshake", json!({})).await.refuses(404, "Not found");
    }
}

#[tokio::test]
async fn verifying_belongs_to_the_app_from_5_6_on() {
    let given = given_tenant().await;
    let session = given.at("5.5").under("/t1").create("u").await;
    given.at("5.5").under("/t1").verify(session.access(), false).await.ok();
    given
        .at("5.6")
        .under("/t1")
        .verify(session.access(), false)
        .await
        .refuses(403, "Only public tenantId can call this app specific API");
    given.at("5.6").under("/public").verify(session.access(), false).await.ok();
}

#[tokio::test]
async fn what_goes_across_tenants_belongs_to_the_app() {
    let given = given_tenant().await;
    let gate = "Only public tenantId can call this app specific API";
    for version in ["4.0", "5.0", "5.6"] {
        let caller = given.at(version);
        let (own, other) = (caller.create("u").await, caller.under("/t1").create("u").await);
        let across = caller.under("/t1").get("/recipe/session/user?userId=u").await;
        if version == "4.0" {
            assert_eq!(across.ok()["sessionHandles"].as_array().unwrap().len(), 2);
        } else {
            across.refuses(403, gate);
            caller.under("/t1").post("/recipe/session/remove", json!({"userId": "u"})).await.refuses(403, gate);
        }
        let path = "/recipe/session/user?userId=u&fetchAcrossAllTenants=FALSE";
        assert_eq!(caller.under("/t1").get(path).await.ok()["sessionHandles"], json!([other.handle()]));
        assert_eq!(caller.get(path).await.ok()["sessionHandles"], json!([own.handle()]));
        let one = json!({"userId": "u", "revokeAcrossAllTenants": false});
        let removed = caller.under("/t1").post("/recipe/session/remove", one).await.ok();
        assert_eq!(removed["sessionHandlesRevoked"], json!([other.handle()]));
        let removed = caller.post("/recipe/session/remove", json!({"userId": "u"})).await.ok();
        assert_eq!(removed["sessionHandlesRevoked"], json!([own.handle()]));
    }
}

/// With a tenant its sessions go, and whoever asks for one hears that the tenant is not there.
#[tokio::test]
async fn a_removed_tenant_is_absent_to_all_endpoints() {
    for version in ["3.1", "5.4", "5.6"] {
        let given = given_tenant().await;
        let caller = given.at(version);
        let session = caller.under("/t1").create("u").await;
        let refreshed = Session::from(caller.refresh(session.refresh()).await);
        caller.post("/recipe/multitenancy/tenant/remove", json!({"tenantId": "t1"})).await.ok();

        let (handle, absent) = (session.handle(), unknown("t1"));
        caller.read(handle).await.refuses(400, &absent);
        caller.get(&format!("/recipe/session/data?sessionHandle={handle}")).await.refuses(400, &absent);
        caller.get(&format!("/recipe/jwt/data?sessionHandle={handle}")).await.refuses(400, &absent);
        let data = json!({"sessionHandle": handle, "userDataInDatabase": {}});
        caller.put("/recipe/session/data", data).await.refuses(400, &absent);
        let payload = json!({"sessionHandle": handle, "userDataInJWT": {}});
        caller.put("/recipe/jwt/data", payload).await.refuses(400, &absent);
        for check in [false, true] {
            caller.verify(session.access(), check).await.refuses(400, &absent);
            caller.verify(refreshed.access(), check).await.refuses(400, &absent);
        }
        caller.refresh(session.refresh()).await.refuses(400, &absent);
        caller.regenerate(session.access()).await.refuses(400, &absent);
        let handles = json!({"sessionHandles": [handle]});
        caller.post("/recipe/session/remove", handles).await.refuses(400, &absent);
        caller.under("/t1").refresh(session.refresh()).await.refuses(400, &absent);
    }
}

/// Of several handles one names a tenant that isn't there: nothing is removed.
#[tokio::test]
async fn removing_by_handle_is_all_or_nothing_as_far_as_tenants_go() {
    let given = given_tenant().await;
    let caller = given.at("5.4");
    let session = caller.create("u").await;
    let handles = json!({"sessionHandles": [session.handle(), "x_nope"]});
    caller.post("/recipe/session/remove", handles).await.refuses(400, &unknown("nope"));
    caller.read(session.handle()).await.ok();
}

/// A handle's tenant stands between its first and second `_` (8.1).
#[tokio::test]
async fn the_tenant_of_a_handle() {
    let given = given_tenant().await;
    let caller = given.at("5.4");
    for handle in ["x", "x_", "x__t9", "x_t1", "x_T1", "x_t1_t9", "_t1", "x_public"] {
        caller.read(handle).await.says("UNAUTHORISED", "Session does not exist.");
    }
    for (handle, tenant) in [("x_t9", "t9"), ("x_T9_t1", "t9"), ("x_*", "*")] {
        caller.read(handle).await.refuses(400, &unknown(tenant));
    }
}
