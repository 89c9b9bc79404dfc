//! Databases that hold the users of a SuperTokens core: whose a session is (`spec/modern-core.md` 8.2, 8.8 and 8.9).

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use doorward_engine::time::Millis;
use doorward_testkit::fakes::SetClock;
use serde_json::{Value, json};

use super::given::{Given, Session};
use crate::database::Database;

const TABLES: &str = include_str!("../../../stores/tests/fixtures/takeover/core-12.1.sql");
const TABLES_OF_6: &str = include_str!("../../../stores/tests/fixtures/takeover/core-6.sql");
const ROWS: &str = include_str!("../../../stores/tests/fixtures/takeover/rows.sql");
const USERS: &str = include_str!("../../../stores/tests/fixtures/takeover/users.sql");

/// As `migration_mode: MIGRATED` leaves it a while later: the older table says what held before the move. Then E was
/// linked to A, and F was alone.
const MIGRATED: &str = "UPDATE all_auth_recipe_users SET primary_or_recipe_user_id = user_id; \
     UPDATE all_auth_recipe_users SET primary_or_recipe_user_id = 'aaaaaaaa-0000-4000-8000-000000000000' \
     WHERE user_id LIKE 'e%'";

/// As if none of them were in the newer table.
const OLDER_ALONE: &str = "ALTER TABLE all_auth_recipe_users DROP CONSTRAINT all_auth_recipe_users_user_id_fkey; \
     ALTER TABLE userid_mapping DROP CONSTRAINT userid_mapping_supertokens_user_id_fkey; DELETE FROM app_id_to_user_id";

/// As a release of 12.0 or later without the older table.
const NEWER_ALONE: &str = "DROP TABLE all_auth_recipe_users";

const A: &str = "aaaaaaaa-0000-4000-8000-000000000000";
const B: &str = "bbbbbbbb-0000-4000-8000-000000000000";
const C: &str = "cccccccc-0000-4000-8000-000000000000";
const D: &str = "dddddddd-0000-4000-8000-000000000000";
const E: &str = "eeeeeeee-0000-4000-8000-000000000000";
const F: &str = "ffffffff-0000-4000-8000-000000000000";

/// Who asks for a session, whose it then is, who began it, and who is shown when the session is read.
const WHO: &[[&str; 4]] = &[
    [A, A, A, A],
    [B, A, B, A],
    ["ext-c", "ext-c", "ext-c", "ext-c"],
    [C, "ext-c", "ext-c", "ext-c"],
    ["ext-d", "ext-c", "ext-d", "ext-d"],
    [D, "ext-c", "ext-d", "ext-d"],
    ["ext-e", "ext-e", "ext-e", "ext-e"],
    [E, "ext-e", "ext-e", "ext-e"],
    [F, F, F, F],
    ["nobody", "nobody", "nobody", "nobody"],
    // As long as an id of a recipe and longer: no comparison may cut it.
    [
        "bbbbbbbb-0000-4000-8000-000000000000x",
        "bbbbbbbb-0000-4000-8000-000000000000x",
        "bbbbbbbb-0000-4000-8000-000000000000x",
        "bbbbbbbb-0000-4000-8000-000000000000x",
    ],
];

/// A server on a database with users, as these statements leave it.
async fn given(tables: &str, change: &str) -> Option<(Given, Database)> {
    let database = Database::new()?;
    for sql in [tables, ROWS, if tables == TABLES { USERS } else { "" }, change] {
        database.sql(sql).await;
    }
    let clock = SetClock::at(Millis::saturating(1_767_225_601_347));
    Some((Given::over(database.open().await, clock, "").await, database))
}

/// What an access token says of its user.
fn said(session: &Value) -> (Value, Value) {
    let token = session["accessToken"]["token"].as_str().unwrap();
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    (claims["sub"].clone(), claims["rsub"].clone())
}

/// Checks an answer with new tokens, and the tokens.
fn is_of(answer: &Value, user: &str, recipe_user: &str) {
    let session = &answer["session"];
    assert_eq!((&session["userId"], &session["recipeUserId"]), (&json!(user), &json!(recipe_user)));
    assert_eq!(said(answer), (json!(user), json!(recipe_user)), "{answer}");
}

#[tokio::test]
async fn a_session_is_the_primary_users_by_the_name_from_outside() {
    for (mode, change) in [("LEGACY", ""), ("MIGRATED", MIGRATED), ("older", OLDER_ALONE), ("newer", NEWER_ALONE)] {
        let Some((given, _)) = given(TABLES, change).await else { return };
        for [asked, user, recipe_user, shown] in WHO {
            for version in ["5.4", "5.6"] {
                println!("{mode} {version} {asked}");
                let caller = given.at(version);
                let session = caller.create(asked).await;
                is_of(&session.0, user, recipe_user);
                let next = Session::from(caller.refresh(session.refresh()).await);
                is_of(&next.0, user, recipe_user);
                // The first use mints by the token.
                let verified = caller.verify(next.access(), true).await.ok();
                assert_eq!(verified["session"]["userId"], *user);
                assert_eq!(verified["session"]["recipeUserId"], *recipe_user);
                if verified["accessToken"].is_object() {
                    is_of(&verified, user, recipe_user);
                }
                let read = caller.read(session.handle()).await.ok();
                assert_eq!((&read["userId"], &read["recipeUserId"]), (&json!(shown), &json!(recipe_user)));
            }
        }
    }
}

#[tokio::test]
async fn who_is_linked_later_is_seen_at_the_next_refresh() {
    let Some((given, database)) = given(TABLES, "").await else { return };
    let caller = given.at("5.4");
    let session = caller.create(F).await;
    is_of(&session.0, F, F);
    database
        .sql(&format!("UPDATE app_id_to_user_id SET primary_or_recipe_user_id = '{C}' WHERE user_id = '{F}'"))
        .await;
    let next = Session::from(caller.refresh(session.refresh()).await);
    is_of(&next.0, "ext-c", F);
    database
        .sql(&format!("INSERT INTO userid_mapping (supertokens_user_id, external_user_id) VALUES ('{A}', 'ext-a')"))
        .await;
    is_of(&caller.create(B).await.0, "ext-a", B);
    // The token says who it was when it was made.
    assert_eq!(caller.verify(session.access(), true).await.ok()["session"]["userId"], F);
}

#[tokio::test]
async fn a_theft_names_both() {
    let Some((given, _)) = given(TABLES, "").await else { return };
    let caller = given.at("5.4");
    let first = caller.create("ext-d").await;
    let second = Session::from(caller.refresh(first.refresh()).await);
    caller.refresh(second.refresh()).await.ok();
    given.step(doorward_engine::time::Lifetime::from_minutes(10));
    let theft = caller.refresh(first.refresh()).await.json();
    assert_eq!(theft["status"], "TOKEN_THEFT_DETECTED");
    assert_eq!(theft["session"], json!({"handle": first.handle(), "userId": "ext-c", "recipeUserId": "ext-d"}));
}

#[tokio::test]
async fn sessions_of_linked_accounts_go_together_unless_the_caller_says_otherwise() {
    for change in ["", MIGRATED, OLDER_ALONE, NEWER_ALONE] {
        let Some((given, _)) = given(TABLES, change).await else { return };
        let caller = given.at("5.4");
        let mut handles = Vec::new();
        for user in [A, B, "ext-c", "ext-d", F] {
            handles.push(caller.create(user).await.handle().to_owned());
        }
        let sorted = |answer: &Value, member: &str| {
            let mut found: Vec<String> =
                answer[member].as_array().unwrap().iter().map(|handle| handle.as_str().unwrap().to_owned()).collect();
            found.sort();
            found
        };
        let those = |which: &[usize]| {
            let mut those: Vec<String> = which.iter().map(|at| handles[*at].clone()).collect();
            those.sort();
            those
        };
        for (user, linked, expected) in [
            (A, true, &[0, 1][..]),
            (B, true, &[0, 1]),
            (A, false, &[0]),
            (B, false, &[1]),
            ("ext-c", true, &[2, 3]),
            ("ext-d", true, &[2, 3]),
            (D, true, &[2, 3]),
            ("ext-d", false, &[3]),
            (F, true, &[4]),
            ("nobody", true, &[]),
        ] {
            let listed = caller
                .get(&format!("/recipe/session/user?userId={user}&fetchSessionsForAllLinkedAccounts={linked}"))
                .await
                .ok();
            assert_eq!(sorted(&listed, "sessionHandles"), those(expected), "{change} {user} {linked}");
        }
        let remove = async |body: Value| caller.post("/recipe/session/remove", body).await.ok();
        let removed = remove(json!({"userId": "ext-d", "revokeSessionsForLinkedAccounts": false})).await;
        assert_eq!(sorted(&removed, "sessionHandlesRevoked"), those(&[3]));
        let removed = remove(json!({"userId": B})).await;
        assert_eq!(sorted(&removed, "sessionHandlesRevoked"), those(&[0, 1]));
        caller.post("/user/remove", json!({"userId": D})).await.ok();
        caller.read(&handles[2]).await.says("UNAUTHORISED", "Session does not exist.");
        caller.read(&handles[4]).await.ok();
    }
}

#[tokio::test]
async fn activity_is_noted_under_the_primary_users_own_id() {
    let Some((given, database)) = given(TABLES, "").await else { return };
    for user in ["ext-d", B, "ext-e", "nobody"] {
        given.at("5.4").create(user).await;
    }
    let noted = database.texts("SELECT user_id FROM user_last_active WHERE user_id <> 'u1' ORDER BY 1").await;
    assert_eq!(noted, [A, C, E, "nobody"]);
}

#[tokio::test]
async fn before_accounts_were_linked_only_names_are_looked_up() {
    let mapping = "CREATE TABLE userid_mapping (app_id VARCHAR(64) DEFAULT 'public', \
         supertokens_user_id CHAR(36) NOT NULL, external_user_id VARCHAR(128) NOT NULL, external_user_id_info TEXT); \
         INSERT INTO userid_mapping (supertokens_user_id, external_user_id) \
         VALUES ('cccccccc-0000-4000-8000-000000000000', 'ext-c')";
    let Some((given, _)) = given(TABLES_OF_6, mapping).await else { return };
    let caller = given.at("5.4");
    for (asked, user) in [("ext-c", "ext-c"), (C, "ext-c"), (F, F)] {
        let session = caller.create(asked).await;
        is_of(&session.0, user, user);
        is_of(&Session::from(caller.refresh(session.refresh()).await).0, user, user);
        assert_eq!(caller.read(session.handle()).await.ok()["userId"], user);
    }
}

/// A server on a store that knows no users looks nothing up, and says what it was told.
#[tokio::test]
async fn without_users_a_session_is_whose_it_is_said_to_be() {
    let given = Given::over(Arc::new(doorward_service::memory::Memory::new()), SetClock::at(Millis::saturating(1)), "");
    let given = given.await;
    for user in [A, "ext-c", ""] {
        is_of(&given.at("5.4").create(user).await.0, user, user);
    }
}
