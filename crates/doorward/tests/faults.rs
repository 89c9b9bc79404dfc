//! Faults of ours or of the store: an answer with a code, no cookie cleared, nothing changed.

use std::time::Duration;

use doorward::{GetSession, NewSession, ServiceError, SessionError};
use doorward_service::store::StoreError;

use crate::app::{App, Deed, Way, both, user};
use crate::client::Call;
use crate::watched::Fault;

const REFRESH: &str = "/auth/session/refresh";

/// Each fault of a store, with the status and code that it is answered with.
fn faults() -> [(Fault, u16, &'static str); 7] {
    let text = || "disk /secret/path".to_owned();
    [
        (Fault::Error(StoreError::Unavailable(text())), 503, "store.unavailable"),
        (Fault::Error(StoreError::Full(text())), 500, "store.full"),
        (Fault::Error(StoreError::ReadOnly(text())), 500, "store.read_only"),
        (Fault::Error(StoreError::Corrupt(text())), 500, "store.corrupt"),
        (Fault::Error(StoreError::Newer { found: 9, known: 1 }), 500, "store.newer_schema"),
        (Fault::Error(StoreError::Closed), 500, "store.closed"),
        (Fault::Contention, 503, "service.contended"),
    ]
}

#[tokio::test]
async fn a_store_that_fails_is_a_5xx_with_its_code_and_costs_no_session() {
    both(async |way| {
        for (fault, status, code) in faults() {
            eprintln!("{fault:?}");
            let app = App::new(way).await;
            let mut fresh = app.browser();
            fresh.login("ada").await;
            let mut refreshed = fresh.clone();
            refreshed.refresh().await.assert_ok();
            let mut carol = app.browser();
            carol.login("carol").await;
            let rows = [app.store.rows("ada").await, app.store.rows("carol").await];
            app.store.fail(fault.clone());

            let is_contention = matches!(fault, Fault::Contention);
            let mut calls = vec![
                (&fresh, Call::post(REFRESH), !is_contention),
                (&carol, Call::post(REFRESH), true),
                (&refreshed, Call::get("/me"), !is_contention),
                (&refreshed, Call::get("/home"), !is_contention),
                (&refreshed, Call::post("/auth/signout"), !is_contention),
                (&fresh, Call::to(Deed::get(GetSession::new().check_store(true))), !is_contention),
                (&fresh, Call::create(NewSession::for_user(user("bob"))), true),
                (&fresh, Call::to(merge()), true),
            ];
            if is_contention {
                // Others that write to the row are answered for, as long as the row stands.
                calls.retain(|(_, _, fails)| *fails);
            }
            for (browser, call, _) in calls {
                let answer = browser.peek(call).await;
                answer.assert_error(status, code);
                assert!(!answer.body.contains("secret"), "{}", answer.body);
            }
            // What needs no store goes on.
            fresh.peek(Call::get("/me")).await.assert_untouched();
            app.store.heal();
            assert_eq!([app.store.rows("ada").await, app.store.rows("carol").await], rows);
            assert_eq!(app.store.rows("bob").await, []);
            refreshed.get("/me").await.assert_ok();
            refreshed.refresh().await.assert_ok();
            refreshed.get("/me").await.assert_ok();
        }
    })
    .await;
}

fn merge() -> Deed {
    Deed::new(|exchange| async move {
        let mut session = exchange.get_session(GetSession::new()).await?;
        session.merge_into_access_token_payload(serde_json::json!({ "a": 1 })).await?;
        Ok(String::new())
    })
}

#[tokio::test]
async fn what_is_done_by_handle_fails_with_the_stores_code() {
    for (fault, status, code) in faults() {
        if matches!(fault, Fault::Contention) {
            continue;
        }
        let app = App::new(Way::Bare).await;
        let handle = app.browser().login("ada").await.shown("handle");
        let handle = doorward::SessionHandle::parse(&handle).unwrap();
        app.store.fail(fault);
        let (sessions, ada) = (&app.sessions, user("ada"));
        let errors: Vec<SessionError> = vec![
            sessions.revoke_session(&handle).await.unwrap_err(),
            sessions.revoke_all_sessions_for_user(&ada).await.unwrap_err(),
            sessions.session_handles_for_user(&ada).await.unwrap_err(),
            sessions.sessions_for_user(&ada).await.unwrap_err(),
            sessions.session_information(&handle).await.unwrap_err(),
            sessions.update_session_data(&handle, 1).await.unwrap_err(),
            sessions.merge_into_access_token_payload(&handle, serde_json::json!({})).await.unwrap_err(),
            sessions.upkeep().await.unwrap_err(),
        ];
        for error in errors {
            assert_eq!((error.code(), error.reply().status), (code, status));
        }
        app.store.heal();
        assert_eq!(app.store.rows("ada").await.len(), 1);
    }
}

#[tokio::test]
async fn an_answer_of_the_store_that_is_lost_costs_no_session() {
    both(async |way| {
        let app = App::new(way).await;
        let mut browser = app.browser();
        browser.login("ada").await;
        // A refresh that was stored, and its answer lost: the same request again gets the same successor.
        app.store.fail(Fault::LostAnswer);
        browser.peek(Call::post(REFRESH)).await.assert_error(503, "store.unavailable");
        app.store.heal();
        browser.refresh().await.assert_ok();
        // The same for a first use.
        app.store.fail(Fault::LostAnswer);
        browser.peek(Call::get("/me")).await.assert_error(503, "store.unavailable");
        app.store.heal();
        assert!(browser.get("/me").await.carries_access_token());
        // And for the end: once more, and it is done.
        app.store.fail(Fault::LostAnswer);
        browser.peek(Call::post("/auth/signout")).await.assert_error(503, "store.unavailable");
        app.store.heal();
        assert!(browser.sign_out().await.assert_ok().clears_cookies());
        assert_eq!(app.store.rows("ada").await, []);
    })
    .await;
}

#[tokio::test]
async fn a_user_whose_sessions_may_have_ended_is_asked_for_in_the_store() {
    both(async |way| {
        for is_done in [true, false] {
            let app = App::new(way).await;
            let (mut ada, mut bob) = (app.browser(), app.browser());
            ada.login("ada").await;
            bob.login("bob").await;
            for browser in [&mut ada, &mut bob] {
                let calls = app.store.calls();
                browser.get("/me").await.assert_ok();
                assert_eq!(app.store.calls(), calls);
            }
            let lost = StoreError::Unavailable("gone".into());
            app.store.fail(if is_done { Fault::LostAnswer } else { Fault::Error(lost) });
            app.sessions.revoke_all_sessions_for_user(&user("ada")).await.unwrap_err();
            app.store.heal();
            if is_done {
                // It is tried once more, and there is nothing left that could be named.
                assert_eq!(app.sessions.revoke_all_sessions_for_user(&user("ada")).await.unwrap(), []);
                ada.peek(Call::get("/me")).await.assert_refused("unauthorised");
                ada.login("ada").await;
            }
            let calls = app.store.calls();
            ada.get("/me").await.assert_ok();
            assert_eq!(app.store.calls(), calls + 1, "what is there stands");
            bob.get("/me").await.assert_ok();
            assert_eq!(app.store.calls(), calls + 1, "nobody else is asked for");
            app.clock.step(Duration::from_secs(3600));
            ada.refresh().await.assert_ok();
            ada.get("/me").await.assert_ok();
            let calls = app.store.calls();
            ada.get("/me").await.assert_ok();
            assert_eq!(app.store.calls(), calls, "tokens of that time are over");
        }
    })
    .await;
}

#[tokio::test]
async fn keys_that_cant_be_read_are_a_5xx_and_never_a_refresh_loop() {
    both(async |way| {
        let app = App::new(way).await;
        let mut browser = app.browser();
        browser.login("ada").await;
        let token = browser.access_token();
        let unknown = {
            use base64::Engine as _;
            let header = r#"{"kid":"d-1","typ":"JWT","version":"5","alg":"EdDSA"}"#;
            let header = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(header);
            format!("{header}.{}", token.split_once('.').unwrap().1)
        };
        app.store.fail(Fault::Error(StoreError::Unavailable("gone".into())));
        for _ in 0..2 {
            app.serve(&Call::get("/me").bearer(&unknown)).await.assert_error(503, "store.unavailable");
        }
        app.store.heal();
        app.clock.step(Duration::from_millis(500));
        app.serve(&Call::get("/me").bearer(&unknown)).await.assert_try_refresh();
    })
    .await;
}

/// Which faults a caller may try again is in the status. (That signers are overloaded can't be brought about here for
/// certain: how fast they are depends on the machine.)
#[test]
fn a_fault_that_passes_is_a_503_and_one_that_stays_a_500() {
    let cases = [
        (ServiceError::Overloaded, 503, "service.overloaded"),
        (ServiceError::Contended, 503, "service.contended"),
        (ServiceError::Closed, 500, "service.closed"),
        (ServiceError::Store(StoreError::Unavailable("locked by x".into())), 503, "store.unavailable"),
        (ServiceError::Store(StoreError::Full("on x".into())), 500, "store.full"),
    ];
    for (fault, status, code) in cases {
        let error = SessionError::from(fault);
        let expected = format!(r#"{{"message":"the session service is not available","code":"{code}"}}"#);
        assert_eq!((error.code(), error.reply().status), (code, status));
        assert_eq!(error.reply().body, expected);
    }
}

#[tokio::test]
async fn after_closing_everything_that_needs_the_store_says_so() {
    both(async |way| {
        let app = App::new(way).await;
        let mut browser = app.browser();
        browser.login("ada").await;
        app.sessions.close().await.unwrap();
        browser.get("/me").await.assert_ok();
        browser.refresh().await.assert_error(500, "store.closed");
    })
    .await;
}

#[tokio::test]
async fn upkeep_deletes_what_has_ended() {
    let app = App::with(Way::Bare, |builder| builder.refresh_lifetime(Duration::from_secs(7200))).await;
    app.browser().login("ada").await;
    app.clock.step(Duration::from_secs(7201));
    app.browser().login("bob").await;
    assert_eq!(app.sessions.upkeep().await.unwrap().expired_sessions, 1);
    assert_eq!(app.sessions.upkeep().await.unwrap().expired_sessions, 0);
    assert_eq!((app.store.rows("ada").await.len(), app.store.rows("bob").await.len()), (0, 1));
}
