//! Ending the session of a request, and two sessions in one exchange.

use std::time::Duration;

use doorward::{AntiCsrf, GetSession, NewSession, SessionHandle};

use crate::app::{App, Deed, both, user};
use crate::client::Call;

const SIGN_OUT: &str = "/auth/signout";

#[tokio::test]
async fn signing_out_ends_the_session_and_clears_the_way_that_its_tokens_travel() {
    both(async |way| {
        let app = App::new(way).await;
        let (mut cookies, mut headers) = (app.browser(), app.browser().with_headers());
        cookies.login("ada").await;
        headers.login("ada").await;
        let token = cookies.access_token();

        let answer = cookies.sign_out().await;
        assert_eq!(answer.assert_ok().body, r#"{"status":"OK"}"#);
        assert!(answer.clears_cookies() && answer.header("st-access-token").is_none(), "{answer:#?}");
        assert_eq!(answer.header("front-token"), Some("remove"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(app.store.rows("ada").await.len(), 1);
        assert_eq!(cookies.cookies("/auth/session/refresh"), "");
        app.serve(&Call::get("/me").cookie(format!("sAccessToken={token}"))).await.assert_refused("unauthorised");

        let answer = headers.sign_out().await;
        assert!(answer.assert_ok().clears_headers() && answer.set_cookies().is_empty(), "{answer:#?}");
        assert_eq!(app.store.rows("ada").await, []);
    })
    .await;
}

#[tokio::test]
async fn signing_out_is_checked_against_other_sites() {
    both(async |way| {
        for mode in [AntiCsrf::ViaToken, AntiCsrf::ViaCustomHeader] {
            let app = App::with(way, |builder| builder.anti_csrf(mode)).await;
            let mut browser = app.browser();
            browser.login("ada").await;
            let value = browser.anti_csrf.take();
            browser.sign_out().await.assert_try_refresh();
            assert_eq!(app.store.rows("ada").await.len(), 1);
            let call = Call::post(SIGN_OUT).header("rid", "session");
            let call = value.map_or(call.clone(), |value| call.header("anti-csrf", value));
            browser.send(call).await.assert_ok();
            assert_eq!(app.store.rows("ada").await, []);
        }
    })
    .await;
}

#[tokio::test]
async fn without_a_good_token_there_is_nothing_to_sign_out_of() {
    both(async |way| {
        let app = App::new(way).await;
        let answer = app.serve(&Call::post(SIGN_OUT)).await;
        answer.assert_refused("unauthorised");
        answer.assert_untouched();
        app.serve(&Call::post(SIGN_OUT).cookie("sAccessToken=x")).await.assert_try_refresh();
        let mut browser = app.browser();
        browser.login("ada").await;
        app.clock.step(Duration::from_secs(3600));
        browser.sign_out().await.assert_try_refresh();
        assert_eq!(app.store.rows("ada").await.len(), 1);
        // What the kit does then.
        browser.refresh().await.assert_ok();
        browser.sign_out().await.assert_ok();
        assert_eq!(app.store.rows("ada").await, []);
    })
    .await;
}

#[tokio::test]
async fn a_session_that_was_ended_elsewhere_signs_out_as_any() {
    both(async |way| {
        let app = App::new(way).await;
        let elsewhere = app.sibling(|builder| builder).await;
        for here in [true, false] {
            let mut browser = app.browser();
            browser.login("ada").await;
            let ending = if here { &app } else { &elsewhere };
            ending.sessions.revoke_all_sessions_for_user(&user("ada")).await.unwrap();
            let answer = browser.sign_out().await;
            assert_eq!(answer.assert_ok().body, r#"{"status":"OK"}"#);
            assert!(answer.clears_cookies());
        }
    })
    .await;
}

#[tokio::test]
async fn revoking_in_a_handler_clears_the_tokens_and_ends_the_exchange_s_session() {
    both(async |way| {
        let app = App::new(way).await;
        let mut browser = app.browser();
        browser.login("ada").await;
        let deed = Deed::new(|exchange| async move {
            let session = exchange.get_session(GetSession::new()).await?;
            session.revoke().await?;
            session.revoke().await?;
            Ok(exchange.get_session(GetSession::new()).await.unwrap_err().code().to_owned())
        });
        let answer = browser.send(Call::to(deed)).await;
        assert_eq!(answer.assert_ok().body, "session.absent");
        assert!(answer.clears_cookies());
        assert_eq!(app.store.rows("ada").await, []);
    })
    .await;
}

#[tokio::test]
async fn a_session_that_is_created_and_ended_in_one_exchange_leaves_cleared_cookies() {
    both(async |way| {
        let app = App::with(way, |builder| builder.anti_csrf(AntiCsrf::ViaToken)).await;
        let deed = Deed::new(|exchange| async move {
            exchange.create_session(NewSession::for_user(user("ada"))).await?;
            exchange.sign_out().await?;
            Ok(String::new())
        });
        let answer = app.browser().send(Call::to(deed)).await;
        assert!(answer.assert_ok().clears_cookies() && !answer.carries_access_token(), "{answer:#?}");
        assert_eq!(answer.set_cookies().len(), 2);
        assert_eq!(answer.header("anti-csrf"), None);
        assert_eq!(app.store.rows("ada").await, []);
    })
    .await;
}

#[tokio::test]
async fn ending_the_old_session_keeps_the_tokens_of_the_one_that_replaces_it() {
    both(async |way| {
        for old_first in [false, true] {
            let app = App::new(way).await;
            let mut browser = app.browser();
            let old = browser.login("ada").await.shown("handle");
            // A step up: a new session under a new handle, and the old one ends.
            let deed = Deed::new(move |exchange| async move {
                let old = exchange.get_session(GetSession::new()).await?;
                if old_first {
                    old.revoke().await?;
                }
                let new = exchange.create_session(NewSession::for_user(user("ada"))).await?;
                if !old_first {
                    old.revoke().await?;
                }
                Ok(crate::app::shown(&new))
            });
            let new = browser.send(Call::to(deed)).await.shown("handle");
            assert_ne!(old, new);
            assert_eq!(browser.get("/me").await.shown("handle"), new);
            let rows = app.store.rows("ada").await;
            assert_eq!(rows.iter().map(|row| row.key.handle.as_str()).collect::<Vec<_>>(), [new]);
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_done_to_the_old_session_never_mixes_its_tokens_with_the_new_ones() {
    both(async |way| {
        let app = App::new(way).await;
        let mut browser = app.browser();
        let old = SessionHandle::parse(&browser.login("ada").await.shown("handle")).unwrap();
        let sessions = app.sessions.clone();
        let deed = Deed::new(move |exchange| {
            let (sessions, handle) = (sessions.clone(), old.clone());
            async move {
                let mut old = exchange.get_session(GetSession::new()).await?;
                let new = exchange.create_session(NewSession::for_user(user("grace"))).await?;
                old.merge_into_access_token_payload(serde_json::json!({ "replaced": true })).await?;
                assert!(old.payload_text().contains("replaced"));
                sessions.revoke_session(&handle).await?;
                assert_eq!(old.information().await.unwrap_err().code(), "session.absent");
                assert_eq!(old.update_data(1).await.unwrap_err().code(), "session.absent");
                Ok(crate::app::shown(&new))
            }
        });
        let answer = browser.send(Call::to(deed)).await;
        let token = crate::client::claims(&answer.cookie("sAccessToken").unwrap());
        assert_eq!((&token["sub"], &token["replaced"]), (&"grace".into(), &serde_json::Value::Null));
        assert_ne!(answer.header("front-token"), Some("remove"));
        assert_eq!(browser.get("/me").await.shown("user"), "grace");
        browser.refresh().await.assert_ok();
        assert_eq!(browser.get("/me").await.shown("user"), "grace");
    })
    .await;
}

#[tokio::test]
async fn after_a_sign_out_the_token_is_refused_here_whoever_ended_the_session_first() {
    both(async |way| {
        let app = App::new(way).await;
        let elsewhere = app.sibling(|builder| builder).await;
        let mut browser = app.browser();
        browser.login("ada").await;
        let call = browser.dressed(Call::get("/me"));
        elsewhere.sessions.revoke_all_sessions_for_user(&user("ada")).await.unwrap();
        browser.sign_out().await.assert_ok();
        app.serve(&call).await.assert_refused("unauthorised");
    })
    .await;
}

#[tokio::test]
async fn a_get_that_signs_out_is_checked_as_well() {
    both(async |way| {
        let app = App::with(way, |builder| builder.anti_csrf(AntiCsrf::ViaToken)).await;
        let mut browser = app.browser();
        browser.login("ada").await;
        let sign_out = Deed::new(|exchange| async move { exchange.sign_out().await.map(|()| "out".into()) });
        let forged = Call::by(http::Method::GET, sign_out.clone()).cookie(browser.cookies("/"));
        app.serve(&forged).await.assert_try_refresh();
        assert_eq!(app.store.rows("ada").await.len(), 1);
        browser.send(Call::by(http::Method::GET, sign_out)).await.assert_ok();
        assert_eq!(app.store.rows("ada").await.len(), 0);
    })
    .await;
}
