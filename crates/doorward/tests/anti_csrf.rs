//! Requests that another site makes in a user's name: the check by mode, method and option.

use doorward::{AntiCsrf, GetSession};
use http::Method;

use crate::app::{App, Deed, both};
use crate::client::Call;

const METHODS: [&str; 9] = ["GET", "HEAD", "OPTIONS", "TRACE", "POST", "PUT", "PATCH", "DELETE", "PURGE"];
const UNCHECKED: [&str; 4] = ["GET", "HEAD", "OPTIONS", "TRACE"];

/// What a request brings beside its cookies.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Sent {
    Nothing,
    Rid,
    Own,
    Foreign,
    Empty,
}

#[tokio::test]
async fn a_request_is_checked_by_mode_method_and_option() {
    both(async |way| {
        for mode in [AntiCsrf::None, AntiCsrf::ViaToken, AntiCsrf::ViaCustomHeader] {
            let app = App::with(way, |builder| builder.anti_csrf(mode)).await;
            let mut browser = app.browser();
            browser.login("ada").await;
            let own = browser.anti_csrf.take().unwrap_or_default();
            assert_eq!(own.is_empty(), mode != AntiCsrf::ViaToken);
            for method in METHODS {
                for option in [None, Some(true), Some(false)] {
                    for sent in [Sent::Nothing, Sent::Rid, Sent::Own, Sent::Foreign, Sent::Empty] {
                        let options = option.map_or(GetSession::new(), |check| GetSession::new().anti_csrf(check));
                        let call = Call::by(Method::from_bytes(method.as_bytes()).unwrap(), Deed::get(options));
                        let call = match sent {
                            Sent::Nothing => call,
                            Sent::Rid => call.header("rid", "anything"),
                            Sent::Own => call.header("anti-csrf", &own),
                            Sent::Foreign => call.header("anti-csrf", "00000000-0000-4000-8000-000000000000"),
                            Sent::Empty => call.header("anti-csrf", ""),
                        };
                        let is_checked = option.unwrap_or(!UNCHECKED.contains(&method));
                        let passes = match mode {
                            _ if !is_checked => true,
                            AntiCsrf::None => true,
                            AntiCsrf::ViaToken => sent == Sent::Own,
                            AntiCsrf::ViaCustomHeader => sent == Sent::Rid,
                        };
                        let answer = browser.send(call).await;
                        let case = format!("{mode:?} {method} {option:?} {sent:?}");
                        assert_eq!(answer.status, if passes { 200 } else { 401 }, "{case}");
                        if !passes && method != "HEAD" {
                            answer.assert_try_refresh();
                        }
                        answer.assert_untouched();
                    }
                }
            }
        }
    })
    .await;
}

#[tokio::test]
async fn tokens_in_headers_need_no_check() {
    both(async |way| {
        for mode in [AntiCsrf::ViaToken, AntiCsrf::ViaCustomHeader] {
            let app = App::with(way, |builder| builder.anti_csrf(mode)).await;
            let mut browser = app.browser().with_headers();
            browser.login("ada").await;
            let checked = Deed::get(GetSession::new().anti_csrf(true));
            browser.send(Call::to(checked)).await.assert_ok();
            browser.refresh().await.assert_ok();
            browser.sign_out().await.assert_ok();
        }
    })
    .await;
}

#[tokio::test]
async fn the_extractor_checks_as_the_call_does() {
    both(async |way| {
        let app = App::with(way, |builder| builder.anti_csrf(AntiCsrf::ViaToken)).await;
        let mut browser = app.browser();
        browser.login("ada").await;
        browser.post("/me").await.assert_ok();
        browser.anti_csrf = None;
        browser.get("/me").await.assert_ok();
        for page in ["/me", "/home"] {
            browser.post(page).await.assert_try_refresh();
        }
    })
    .await;
}

#[tokio::test]
async fn a_session_without_a_value_fails_the_check_after_the_mode_was_changed_until_it_is_refreshed() {
    both(async |way| {
        let before = App::new(way).await;
        let mut browser = before.browser();
        browser.login("ada").await;
        let after = before.sibling(|builder| builder.anti_csrf(AntiCsrf::ViaToken)).await;
        let mut browser = browser.at(&after);
        browser.get("/me").await.assert_ok();
        browser.post("/me").await.assert_try_refresh();
        assert!(browser.refresh().await.assert_ok().header("anti-csrf").is_some());
        browser.post("/me").await.assert_ok();
    })
    .await;
}

#[tokio::test]
async fn the_value_of_another_session_does_not_pass() {
    both(async |way| {
        let app = App::with(way, |builder| builder.anti_csrf(AntiCsrf::ViaToken)).await;
        let (mut ada, mut eve) = (app.browser(), app.browser());
        ada.login("ada").await;
        eve.login("eve").await;
        ada.anti_csrf = eve.anti_csrf.clone();
        ada.post("/me").await.assert_try_refresh();
        let answer = ada.refresh().await;
        answer.assert_refused("unauthorised");
        answer.assert_clears_all();
        assert_eq!(app.store.rows("ada").await.len(), 1, "a failed check ends no session");
    })
    .await;
}

#[tokio::test]
async fn guard_and_handler_may_each_judge_options() {
    both(async |way| {
        let app = App::with(way, |builder| builder.anti_csrf(AntiCsrf::ViaToken)).await;
        let mut browser = app.browser();
        browser.login("ada").await;
        browser.anti_csrf = None;
        let deed = Deed::new(|exchange| async move {
            let guard = exchange.get_session(GetSession::new().anti_csrf(false)).await;
            let handler = exchange.get_session(GetSession::new().anti_csrf(true)).await;
            let again = exchange.get_session(GetSession::new().anti_csrf(false)).await;
            Ok(format!("{} {} {}", guard.is_ok(), handler.unwrap_err().code(), again.is_ok()))
        });
        assert_eq!(browser.send(Call::to(deed)).await.assert_ok().body, "true access.anti_csrf true");
    })
    .await;
}
