//! What a judged theft is to callers of each version (`spec/modern-core.md` 3.5, 8.5, 8.6).

use doorward_engine::time::Lifetime;
use serde_json::{Value, json};

use super::given::{Given, Session};

/// The presented tokens of each kind of reuse, without windows: the session with its handle, and the token.
async fn reused(given: &Given, kind: &str) -> (Session, String) {
    let (before, after) = (given.at("5.4"), given.at("5.6"));
    let first = before.create("u").await;
    match kind {
        "RECENT_PREV" => {
            after.refresh(first.refresh()).await.ok();
            given.step(Lifetime::from_millis(1));
            (first.clone(), first.refresh().to_owned())
        }
        "ORPHANED_BRANCH" => {
            let used = Session::from(before.refresh(first.refresh()).await);
            let orphan = Session::from(before.refresh(first.refresh()).await);
            before.verify(used.access(), false).await.ok();
            (first, orphan.refresh().to_owned())
        }
        _ => {
            let second = Session::from(after.refresh(first.refresh()).await);
            after.refresh(second.refresh()).await.ok();
            (first.clone(), first.refresh().to_owned())
        }
    }
}

const KINDS: [&str; 3] = ["RECENT_PREV", "ORPHANED_BRANCH", "STALE_LINEAGE"];

fn theft(session: &Session) -> Value {
    json!({
        "status": "TOKEN_THEFT_DETECTED",
        "session": {"handle": session.handle(), "userId": "u", "recipeUserId": "u"},
    })
}

#[tokio::test]
async fn below_5_6_theft_is_reported_and_the_caller_ends_the_session() {
    let given = Given::with("refresh_token_rotation_grace_period: 0").await;
    for version in ["2.7", "2.21", "3.1", "5.5"] {
        let caller = given.at(version);
        for kind in KINDS {
            let (session, token) = reused(&given, kind).await;
            assert_eq!(caller.refresh(&token).await.json(), theft(&session), "{kind} at {version}");
            caller.read(session.handle()).await.ok();
        }
    }
}

#[tokio::test]
async fn from_5_6_on_theft_ends_the_session_and_says_what_kind_it_was() {
    let given = Given::with("refresh_token_rotation_grace_period: 0").await;
    let caller = given.at("5.6");
    for kind in KINDS {
        let (session, token) = reused(&given, kind).await;
        let mut wanted = theft(&session);
        wanted["recentTokenReuseSubtype"] = json!(kind);
        assert_eq!(caller.refresh(&token).await.json(), wanted);
        caller.read(session.handle()).await.says("UNAUTHORISED", "Session does not exist.");
        caller.refresh(&token).await.says("UNAUTHORISED", "Session missing in db or has expired");
    }
}

/// A setting makes the recent kinds UNAUTHORISED; the session ends all the same. Below 5.6 it says nothing.
#[tokio::test]
async fn recent_reuse_can_be_unauthorised() {
    let config = "refresh_token_rotation_grace_period: 0\nrecent_token_reuse_behaviour: UNAUTHORISED";
    let given = Given::with(config).await;
    for kind in KINDS {
        let (session, token) = reused(&given, kind).await;
        assert_eq!(given.at("5.4").refresh(&token).await.json(), theft(&session), "{kind}");
        let json = given.at("5.6").refresh(&token).await.json();
        let status = if kind == "STALE_LINEAGE" { "TOKEN_THEFT_DETECTED" } else { "UNAUTHORISED" };
        assert_eq!((&json["status"], &json["recentTokenReuseSubtype"]), (&json!(status), &json!(kind)));
        assert_eq!(json.get("session").is_some(), kind == "STALE_LINEAGE");
        let message = (kind != "STALE_LINEAGE").then(|| json!("refresh token reuse detected"));
        assert_eq!(json.get("message"), message.as_ref());
        given.at("5.6").read(session.handle()).await.says("UNAUTHORISED", "Session does not exist.");
    }
}

/// The setting wins over the version: who rotates on use at 5.6 has the first use stored by verify.
#[tokio::test]
async fn a_setting_decides_when_a_successor_becomes_current() {
    for (rotation, versions) in [("on_use", ["5.4", "5.6"]), ("on_refresh", ["5.4", "5.6"])] {
        let given = Given::with(&format!("refresh_token_rotation: {rotation}")).await;
        for version in versions {
            let caller = given.at(version);
            let session = caller.create("u").await;
            let refreshed = Session::from(caller.refresh(session.refresh()).await);
            let verified = caller.verify(refreshed.access(), false).await.ok();
            assert_eq!(verified.get("accessToken").is_some(), rotation == "on_use", "{rotation} at {version}");
        }
    }
}
