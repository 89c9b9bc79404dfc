//! Listing and removing sessions (`spec/modern-core.md` 3.7, 3.8, 8.10).

use doorward_engine::time::Lifetime;
use serde_json::{Value, json};

use super::given::Given;

fn sorted(handles: &Value) -> Vec<&str> {
    let mut handles: Vec<&str> = handles.as_array().unwrap().iter().map(|handle| handle.as_str().unwrap()).collect();
    handles.sort_unstable();
    handles
}

#[tokio::test]
async fn sessions_that_have_ended_are_neither_listed_nor_removed() {
    let given = Given::with("refresh_token_validity: 120").await;
    let caller = given.at("5.4");
    let old = caller.create("u").await;
    given.step(Lifetime::from_minutes(60));
    let young = caller.create("u").await;
    let list = || async { caller.get("/recipe/session/user?userId=u").await.ok()["sessionHandles"].clone() };
    let mut both = vec![old.handle(), young.handle()];
    both.sort_unstable();
    assert_eq!(sorted(&list().await), both);

    given.step(Lifetime::from_minutes(60).plus(Lifetime::from_millis(1)));
    assert_eq!(list().await, json!([young.handle()]));
    caller.read(old.handle()).await.says("UNAUTHORISED", "Session does not exist.");
    let removed = caller.post("/recipe/session/remove", json!({"userId": "u"})).await.ok();
    assert_eq!(removed["sessionHandlesRevoked"], json!([young.handle()]));
}

#[tokio::test]
async fn one_handle_given_twice_is_listed_twice_and_a_removed_one_not_at_all() {
    let given = Given::new().await;
    let caller = given.at("5.4");
    let (one, other) = (caller.create("u").await, caller.create("u").await);
    let body = json!({"sessionHandles": [other.handle(), one.handle(), "unknown", "", other.handle()]});
    let removed = caller.post("/recipe/session/remove", body.clone()).await.ok();
    assert_eq!(removed["sessionHandlesRevoked"], json!([other.handle(), one.handle(), other.handle()]));
    let removed = caller.post("/recipe/session/remove", body).await.ok();
    assert_eq!(removed["sessionHandlesRevoked"], json!([]));
}

#[tokio::test]
async fn many_sessions_of_one_user() {
    let given = Given::new().await;
    let caller = given.at("5.4");
    let mut made = Vec::new();
    for _ in 0..450 {
        made.push(caller.create("u").await.handle().to_owned());
        given.step(Lifetime::from_millis(1));
    }
    caller.create("other").await;
    made.sort_unstable();
    let listed = caller.get("/recipe/session/user?userId=u").await.ok();
    assert_eq!(sorted(&listed["sessionHandles"]), made);
    let removed = caller.post("/recipe/session/remove", json!({"userId": "u"})).await.ok();
    assert_eq!(sorted(&removed["sessionHandlesRevoked"]), made);
    let listed = caller.get("/recipe/session/user?userId=other").await.ok();
    assert_eq!(listed["sessionHandles"].as_array().unwrap().len(), 1);
}
