//! What belongs to one app means nothing in another (`spec/modern-core.md` 5.3, 13.2 no. 7).

use doorward_engine::time::Lifetime;
use serde_json::json;

use super::given::Given;

const ABSENT: &str = "Session does not exist.";

#[tokio::test]
async fn tokens_and_handles_of_one_app_are_nothing_to_another() {
    let given = Given::new().await;
    let admin = given.at("5.4");
    for app in ["a", "b"] {
        // A dynamic key is named after the moment of its making.
        given.step(Lifetime::from_millis(1));
        admin.put("/recipe/multitenancy/app/v2", json!({"appId": app})).await.ok();
    }
    for version in ["3.1", "5.4", "5.6"] {
        let (own, foreign) = (given.at(version).under("/appid-a"), given.at(version).under("/appid-b"));
        let session = own.create("u").await;
        let handle = session.handle();

        for check in [false, true] {
            foreign.verify(session.access(), check).await.says("TRY_REFRESH_TOKEN", "Key not found");
        }
        let message = "javax.crypto.AEADBadTagException: Tag mismatch";
        foreign.refresh(session.refresh()).await.says("UNAUTHORISED", message);
        foreign.regenerate(session.access()).await.says("UNAUTHORISED", ABSENT);
        foreign.read(handle).await.says("UNAUTHORISED", ABSENT);
        foreign.get(&format!("/recipe/session/data?sessionHandle={handle}")).await.says("UNAUTHORISED", ABSENT);
        foreign.get(&format!("/recipe/jwt/data?sessionHandle={handle}")).await.says("UNAUTHORISED", ABSENT);
        let data = json!({"sessionHandle": handle, "userDataInDatabase": {}});
        foreign.put("/recipe/session/data", data).await.says("UNAUTHORISED", ABSENT);
        let payload = json!({"sessionHandle": handle, "userDataInJWT": {}});
        foreign.put("/recipe/jwt/data", payload).await.says("UNAUTHORISED", ABSENT);
        for body in [json!({"sessionHandles": [handle]}), json!({"userId": "u"})] {
            let removed = foreign.post("/recipe/session/remove", body).await.ok();
            assert_eq!(removed["sessionHandlesRevoked"], json!([]));
        }
        let listed = foreign.get("/recipe/session/user?userId=u").await.ok();
        assert_eq!(listed["sessionHandles"], json!([]));

        let stored = own.read(handle).await.ok();
        assert_eq!(stored["userDataInDatabase"], json!({"note": 1}), "untouched");
        own.post("/recipe/session/remove", json!({"sessionHandles": [handle]})).await.ok();
    }
}

/// An app's settings are its own: its tokens live as long as it says.
#[tokio::test]
async fn each_app_has_its_own_rules() {
    let given = Given::new().await;
    let admin = given.at("5.6");
    let short = json!({"appId": "short", "coreConfig": {"access_token_validity": 60}});
    admin.put("/recipe/multitenancy/app/v2", short).await.ok();
    let (usual, short) = (admin.create("u").await, admin.under("/appid-short").create("u").await);
    let life = |session: &super::given::Session| {
        let times = &session.0["accessToken"];
        times["expiry"].as_u64().unwrap() - times["createdTime"].as_u64().unwrap()
    };
    assert_eq!((life(&usual), life(&short)), (3_600_000, 60_000));

    let too_long = json!({
        "userId": "u", "userDataInJWT": {}, "userDataInDatabase": {}, "enableAntiCsrf": false,
        "accessTokenValidity": 60_001,
    });
    admin.post("/recipe/session", too_long.clone()).await.ok();
    admin.under("/appid-short").post("/recipe/session", too_long).await.refuses(
        400,
        "accessTokenValidity must be greater than 0 and at most the configured access_token_validity (60000 ms)",
    );
}
