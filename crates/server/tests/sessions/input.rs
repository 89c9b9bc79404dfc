//! What callers may send (`spec/modern-core.md` 1.7, 3.2), where it differs from what is recorded or isn't recorded.

use http::Method;
use serde_json::json;

use super::given::{Given, Session};

fn with_user(user: &str) -> serde_json::Value {
    json!({"userId": user, "userDataInJWT": {}, "userDataInDatabase": {}, "enableAntiCsrf": false})
}

#[tokio::test]
async fn user_ids_have_room_for_128_characters() {
    let given = Given::new().await;
    let caller = given.at("5.4");
    for user in ["", " ", &"ü".repeat(128)] {
        let session = Session(caller.post("/recipe/session", with_user(user)).await.ok());
        assert_eq!(session.0["session"]["userId"], user);
        let removed = caller.post("/recipe/session/remove", json!({"userId": user})).await.ok();
        assert_eq!(removed["sessionHandlesRevoked"], json!([session.handle()]));
    }
    let long = "u".repeat(129);
    let refused = caller.post("/recipe/session", with_user(&long)).await;
    refused.refuses(400, "user id must not be longer than 128 characters");
    caller.post("/recipe/session", with_user("a\0b")).await.refuses(400, "user id must not contain NUL");
    // There is no session of such a user; asking for them is no mistake.
    let removed = caller.post("/recipe/session/remove", json!({"userId": long})).await.ok();
    assert_eq!(removed["sessionHandlesRevoked"], json!([]));
    let listed = caller.get(&format!("/recipe/session/user?userId={long}")).await.ok();
    assert_eq!(listed["sessionHandles"], json!([]));
}

/// What was sent over several lines comes back on one, number for number and letter for letter.
#[tokio::test]
async fn json_comes_back_compact() {
    let given = Given::new().await;
    let caller = given.at("5.4");
    let body = "{ \"userId\": \"u\", \"userDataInJWT\": {\n\t\"a b\" : [ 1.0 , 1e3,\r\n 12345678901234567890 ],
        \"t\": \"x \\\" , { \\\\\" }, \"userDataInDatabase\": { \"k\" : null }, \"enableAntiCsrf\": false }";
    let created = caller.send(Method::POST, "/recipe/session", body.to_owned()).await;
    let payload = r#"{"a b":[1.0,1e3,12345678901234567890],"t":"x \" , { \\"}"#;
    assert!(created.text.contains(&format!(r#""userDataInJWT":{payload},"#)), "{created:?}");
    let session = Session::from(created);
    let stored = caller.read(session.handle()).await;
    assert!(stored.text.contains(&format!(r#""userDataInJWT":{payload},"#)), "{stored:?}");
    assert!(stored.text.contains(r#""userDataInDatabase":{"k":null},"#), "{stored:?}");
    let verified = caller.verify(session.access(), true).await;
    assert!(verified.text.contains(&format!(r#""userDataInJWT":{payload},"#)), "{verified:?}");
    assert_eq!(verified.ok().get("accessToken"), None, "the stored payload is the token's");
}

/// Upstream answers 500.
#[tokio::test]
async fn a_token_that_cannot_be_read_is_not_made_anew() {
    let given = Given::new().await;
    for version in ["2.9", "3.1", "5.4", "5.6"] {
        let caller = given.at(version);
        for (token, why) in
            [("", "Invalid JWT"), ("a.b.c", "Invalid JWT"), ("eyJhbGciOiJSUzI1NiJ9.e30.AA", "JWT header missing - typ")]
        {
            caller.regenerate(token).await.refuses(400, &format!("accessToken can't be read: {why}"));
        }
    }
}

/// The checks of a request come in an order: what is wrong with it is said before what isn't there (3.2).
#[tokio::test]
async fn mistakes_are_found_in_order() {
    let given = Given::new().await;
    let caller = given.at("5.6").under("/nope");
    let field = |name| format!("Field name '{name}' is invalid in JSON input");
    let mut body = json!({
        "userId": 1, "enableAntiCsrf": "x", "userDataInJWT": 1, "userDataInDatabase": 1, "accessTokenValidity": "x",
        "useDynamicSigningKey": "x",
    });
    let good = json!({
        "userId": "u", "enableAntiCsrf": false, "userDataInJWT": {"sub": 1}, "userDataInDatabase": {},
        "accessTokenValidity": 1, "useDynamicSigningKey": true,
    });
    for name in ["userId", "enableAntiCsrf", "userDataInJWT", "userDataInDatabase", "accessTokenValidity"] {
        caller.post("/recipe/session", body.clone()).await.refuses(400, &field(name));
        body[name] = good[name].clone();
    }
    let unknown = caller.post("/recipe/session", body.clone()).await;
    assert!(unknown.text.starts_with("AppId or tenantId not found"), "{unknown:?}");
    let caller = given.at("5.6");
    caller.post("/recipe/session", body.clone()).await.refuses(400, &field("useDynamicSigningKey"));
    body["useDynamicSigningKey"] = json!(true);
    caller.post("/recipe/session", body).await.refuses(400, "The user payload contains protected field");
}
