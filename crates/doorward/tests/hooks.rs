//! What an application adds to our refusals.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use doorward::{Reply, TheftReport};

use crate::app::{App, both};
use crate::client::Call;

#[tokio::test]
async fn hooks_change_status_and_body_of_each_refusal_and_cookies_stay_as_they_were() {
    both(async |way| {
        let app = App::with(way, |builder| {
            let set = |reply: &mut Reply, status: u16, word: &str| {
                reply.status = status;
                reply.body = format!(r#"{{"word":"{word}"}}"#).into();
            };
            builder
                .on_unauthorised(move |error, reply| set(reply, 460, error.code()))
                .on_try_refresh(move |error, reply| set(reply, 461, error.code()))
                .on_theft(move |report: &TheftReport, reply| set(reply, 462, report.evidence.presented.code()))
        })
        .await;
        let check = |answer: &crate::client::Answer, status: u16, word: &str| {
            assert_eq!((answer.status, answer.json()["word"].as_str()), (status, Some(word)), "{answer:#?}");
            assert_eq!(answer.header("content-type"), Some("application/json"));
        };
        let mut browser = app.browser();
        let answer = browser.get("/me").await;
        check(&answer, 460, "token.absent");
        answer.assert_untouched();
        let answer = app.serve(&Call::get("/me").cookie("sAccessToken=x")).await;
        check(&answer, 461, "access.malformed");
        answer.assert_untouched();
        let answer = app.serve(&Call::post("/auth/session/refresh").bearer("x")).await;
        check(&answer, 460, "refresh.malformed");
        answer.assert_clears_all();
        browser.login("ada").await;
        let oldest = browser.refresh_token();
        for _ in 0..2 {
            browser.refresh().await.assert_ok();
            browser.get("/me").await.assert_ok();
        }
        let answer = app.serve(&Call::post("/auth/session/refresh").bearer(&oldest)).await;
        check(&answer, 462, "older");
        answer.assert_clears_all();
    })
    .await;
}

#[tokio::test]
async fn a_hook_runs_once_for_a_refusal_and_never_for_success() {
    both(async |way| {
        let count = Arc::new(AtomicUsize::new(0));
        let [one, two] = [(); 2].map(|()| Arc::clone(&count));
        let app = App::with(way, |builder| {
            builder
                .on_unauthorised(move |_, _| {
                    one.fetch_add(1, Ordering::SeqCst);
                })
                .on_try_refresh(move |_, _| {
                    two.fetch_add(100, Ordering::SeqCst);
                })
        })
        .await;
        let mut browser = app.browser();
        browser.login("ada").await;
        browser.get("/me").await.assert_ok();
        browser.refresh().await.assert_ok();
        app.browser().get("/home").await.assert_ok();
        assert_eq!(count.load(Ordering::SeqCst), 0);
        app.browser().get("/me").await;
        app.browser().refresh().await;
        assert_eq!(count.load(Ordering::SeqCst), 2);
        app.serve(&Call::get("/home").cookie("sAccessToken=x")).await;
        assert_eq!(count.load(Ordering::SeqCst), 102);
        browser.sign_out().await.assert_ok();
        assert_eq!(count.load(Ordering::SeqCst), 102);
    })
    .await;
}

#[tokio::test]
async fn the_status_that_kits_act_on_is_as_it_is_set() {
    both(async |way| {
        let app = App::with(way, |builder| builder.session_expired_status(440)).await;
        let mut browser = app.browser();
        let message = |answer: &crate::client::Answer| (answer.status, answer.json()["message"].clone());
        assert_eq!(message(&browser.get("/me").await), (440, "unauthorised".into()));
        assert_eq!(message(&browser.refresh().await), (440, "unauthorised".into()));
        let call = Call::get("/me").cookie("sAccessToken=x");
        assert_eq!(message(&app.serve(&call).await), (440, "try refresh token".into()));
        browser.login("ada").await;
        let oldest = browser.refresh_token();
        for _ in 0..2 {
            browser.refresh().await.assert_ok();
            browser.get("/me").await.assert_ok();
        }
        let call = Call::post("/auth/session/refresh").bearer(&oldest);
        assert_eq!(message(&app.serve(&call).await), (440, "token theft detected".into()));
    })
    .await;
}

#[tokio::test]
async fn a_status_of_a_hook_that_is_none_is_a_500_in_axum() {
    let app = App::with(crate::app::Way::Axum, |builder| builder.on_unauthorised(|_, reply| reply.status = 7)).await;
    assert_eq!(app.browser().get("/me").await.status, 500);
}
