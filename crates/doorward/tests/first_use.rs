//! Access tokens that change under way: the first use after a refresh, and a check against the store.

use std::time::Duration;

use doorward::{AntiCsrf, Clock as _, GetSession, NewSession, Rotation, Session, SessionError, SessionHandle};
use serde_json::json;

use crate::app::{App, Deed, both, user};
use crate::client::{Call, claims};

#[tokio::test]
async fn the_first_use_after_a_refresh_costs_one_write_and_hands_out_a_new_token() {
    both(async |way| {
        for mode in [AntiCsrf::None, AntiCsrf::ViaToken] {
            let app = App::with(way, |builder| builder.anti_csrf(mode)).await;
            let mut browser = app.browser();
            browser.login("ada").await;
            let first = browser.refresh_token();
            let refreshed = browser.refresh().await;
            let token = refreshed.assert_ok().cookie("sAccessToken").unwrap();
            assert_eq!(claims(&token)["parentRefreshTokenHash1"].as_str().unwrap().len(), 64);
            assert_eq!(app.store.rows("ada").await[0].rotated_at, None);

            app.clock.step(Duration::from_secs(1));
            let before = app.store.calls();
            let answer = browser.get("/me").await;
            assert_eq!(app.store.calls(), before + 1);
            assert_eq!(answer.shown("user"), "ada");
            assert_eq!(answer.set_cookies().len(), 1, "the refresh token stays: {answer:#?}");
            let renewed = claims(&answer.cookie("sAccessToken").unwrap());
            assert_eq!(renewed["parentRefreshTokenHash1"], json!(null));
            assert_eq!(renewed["refreshTokenHash1"], claims(&token)["refreshTokenHash1"]);
            assert_eq!(renewed["exp"], 1_800_003_601);
            assert_eq!(answer.header("cache-control"), Some("no-store"));
            assert_eq!(serde_json::from_str::<serde_json::Value>(&answer.front_text()).unwrap()["up"], renewed);
            let repeated = answer.header("anti-csrf");
            assert_eq!(repeated, refreshed.header("anti-csrf"), "the page's value goes on to hold");
            let row = &app.store.rows("ada").await[0];
            assert_eq!(row.rotated_at, Some(app.clock.now()));
            browser.post("/me").await.assert_untouched();
            assert_ne!(browser.refresh_token(), first);
        }
    })
    .await;
}

#[tokio::test]
async fn an_anti_csrf_value_that_is_not_the_sessions_is_not_handed_back() {
    both(async |way| {
        for sent in ["", "00000000-0000-4000-8000-000000000000", "a, b"] {
            let app = App::with(way, |builder| builder.anti_csrf(AntiCsrf::ViaToken)).await;
            let mut browser = app.browser();
            browser.login("ada").await;
            browser.refresh().await.assert_ok();
            // A GET isn't checked, so any value gets as far as this.
            let answer = browser.send(Call::get("/me").header("anti-csrf", sent)).await;
            assert!(answer.carries_access_token());
            assert_eq!(answer.header("anti-csrf"), None);
            browser.post("/me").await.assert_ok();
        }
    })
    .await;
}

#[tokio::test]
async fn a_client_that_ignores_the_new_token_costs_no_second_write_and_no_signature() {
    both(async |way| {
        let app = App::new(way).await;
        let mut browser = app.browser();
        browser.login("ada").await;
        browser.refresh().await.assert_ok();
        assert!(browser.peek(Call::get("/me")).await.carries_access_token());
        let before = app.store.calls();
        for _ in 0..5 {
            browser.peek(Call::get("/me")).await.assert_untouched();
        }
        assert_eq!(app.store.calls(), before);
        // Another process doesn't know it, writes nothing either, and hands the new token out once more.
        let elsewhere = app.sibling(|builder| builder).await;
        let rows = app.store.rows("ada").await;
        let browser = browser.at(&elsewhere);
        assert!(browser.peek(Call::get("/me")).await.carries_access_token());
        browser.peek(Call::get("/me")).await.assert_untouched();
        assert_eq!(app.store.rows("ada").await, rows);
    })
    .await;
}

#[tokio::test]
async fn in_header_mode_the_new_token_comes_in_its_header() {
    both(async |way| {
        let app = App::new(way).await;
        let mut browser = app.browser().with_headers();
        browser.login("ada").await;
        browser.refresh().await.assert_ok();
        let answer = browser.get("/me").await;
        assert_eq!(claims(answer.header("st-access-token").unwrap())["parentRefreshTokenHash1"], json!(null));
        assert_eq!(answer.header("st-refresh-token"), None);
        assert_eq!(answer.header("access-control-expose-headers"), Some("x-own, front-token, st-access-token"));
        browser.get("/me").await.assert_untouched();
    })
    .await;
}

#[tokio::test]
async fn where_tokens_rotate_on_refresh_a_first_use_asks_nothing() {
    both(async |way| {
        let app = App::with(way, |builder| builder.rotation(Rotation::OnRefresh)).await;
        let mut browser = app.browser();
        browser.login("ada").await;
        let answer = browser.refresh().await;
        assert_eq!(claims(&answer.cookie("sAccessToken").unwrap())["parentRefreshTokenHash1"], json!(null));
        let before = app.store.calls();
        browser.get("/me").await.assert_untouched();
        assert_eq!(app.store.calls(), before);
    })
    .await;
}

#[tokio::test]
async fn a_token_that_changed_is_handed_out_with_a_refusal_of_the_handler_too() {
    both(async |way| {
        let app = App::new(way).await;
        let mut browser = app.browser();
        browser.login("ada").await;
        browser.refresh().await.assert_ok();
        // Not an editor: the handler says 400 after the session was found.
        let deed = Deed::new(|exchange| async move {
            exchange.get_session(GetSession::new()).await?;
            Err(SessionError::from(doorward::UserId::parse("").unwrap_err()))
        });
        let answer = browser.send(Call::to(deed)).await;
        assert_eq!(answer.status, 400);
        assert!(answer.carries_access_token());
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        browser.get("/me").await.assert_untouched();
    })
    .await;
}

#[tokio::test]
async fn a_check_against_the_store_brings_a_payload_that_changed_elsewhere() {
    both(async |way| {
        let app = App::new(way).await;
        let mut browser = app.browser();
        let new = NewSession::for_user(user("ada")).payload(json!({ "role": "reader" }));
        let handle = SessionHandle::parse(&browser.login_as(new).await.shown("handle")).unwrap();
        let check = || Call::to(Deed::get(GetSession::new().check_store(true)));
        browser.send(check()).await.assert_untouched();
        assert!(app.sessions.merge_into_access_token_payload(&handle, json!({ "role": "editor" })).await.unwrap());
        browser.get("/me").await.assert_untouched();
        let answer = browser.send(check()).await;
        assert!(answer.shown("payload").contains("\"editor\""));
        assert_eq!(claims(&answer.cookie("sAccessToken").unwrap())["role"], "editor");
        assert_eq!(answer.set_cookies().len(), 1);
        browser.send(check()).await.assert_untouched();
    })
    .await;
}

#[tokio::test]
async fn a_signature_is_verified_once_a_request() {
    both(async |way| {
        let app = App::new(way).await;
        let mut browser = app.browser();
        browser.login("ada").await;
        // The verdict of the first look holds for the whole request, so a later look doesn't verify again.
        let clock = app.clock.clone();
        let deed = Deed::new(move |exchange| {
            let clock = clock.clone();
            async move {
                let guard: Session = exchange.get_session(GetSession::new()).await?;
                clock.step(Duration::from_secs(7200));
                let handler = exchange.get_session(GetSession::new().anti_csrf(true)).await?;
                let optional = exchange.get_optional_session(GetSession::new()).await?.unwrap();
                assert_eq!(guard.claims_text(), optional.claims_text());
                Ok(handler.user_id().to_string())
            }
        });
        assert_eq!(browser.send(Call::to(deed)).await.assert_ok().body, "ada");
        let clock = app.clock.clone();
        let deed = Deed::new(move |exchange| {
            let clock = clock.clone();
            async move {
                let guard = exchange.get_optional_session(GetSession::new()).await.unwrap_err();
                clock.set(crate::app::START);
                let handler = exchange.get_session(GetSession::new()).await.unwrap_err();
                Ok(format!("{} {}", guard.code(), handler.code()))
            }
        });
        assert_eq!(browser.send(Call::to(deed)).await.assert_ok().body, "access.expired access.expired");
    })
    .await;
}

#[tokio::test]
async fn verified_tokens_that_are_remembered_end_and_are_revoked_as_others() {
    both(async |way| {
        let app = App::with(way, |builder| builder.verified_token_cache(10)).await;
        let mut browser = app.browser();
        let handle = SessionHandle::parse(&browser.login("ada").await.shown("handle")).unwrap();
        browser.get("/me").await.assert_ok();
        browser.get("/me").await.assert_ok();
        let mut other = app.browser();
        other.login("bob").await;
        other.get("/me").await.assert_ok();
        app.sessions.revoke_session(&handle).await.unwrap();
        browser.peek(Call::get("/me")).await.assert_refused("unauthorised");
        app.clock.step(Duration::from_secs(3600));
        other.get("/me").await.assert_try_refresh();
    })
    .await;
}

/// Two branches of one token, as a thief and the owner have them at grace 0: the one that is overtaken gets a payload
/// that changed, and not a longer life.
#[tokio::test]
async fn a_token_of_an_overtaken_branch_lives_no_longer_for_a_payload_that_changed() {
    both(async |way| {
        let app = App::with(way, |builder| builder.grace(Duration::ZERO)).await;
        let mut owner = app.browser();
        let login = owner.login("ada").await;
        let mut thief = owner.clone();
        thief.refresh().await.assert_ok();
        owner.refresh().await.assert_ok();
        owner.get("/me").await.assert_ok();
        let before = claims(&thief.access_token());
        app.clock.step(Duration::from_secs(1800));
        let handle = SessionHandle::parse(&login.shown("handle")).unwrap();
        app.sessions.merge_into_access_token_payload(&handle, json!({ "role": "new" })).await.unwrap();
        let checked = Deed::get(GetSession::new().anti_csrf(false).check_store(true));
        thief.send(Call::to(checked)).await.assert_ok();
        let after = claims(&thief.access_token());
        assert_eq!((&after["role"], &after["exp"]), (&json!("new"), &before["exp"]));
    })
    .await;
}
