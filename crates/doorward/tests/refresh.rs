//! Refreshing: who gets new tokens, who is refused, and what is cleared.

use std::collections::BTreeSet;
use std::time::Duration;

use doorward::{AntiCsrf, NewSession, Rotation};
use serde_json::json;

use crate::app::{App, both, user};
use crate::client::{Browser, Call, claims};

const REFRESH: &str = "/auth/session/refresh";

#[tokio::test]
async fn a_refresh_hands_out_a_whole_new_set() {
    both(async |way| {
        let app = App::with(way, |builder| builder.anti_csrf(AntiCsrf::ViaToken)).await;
        let mut browser = app.browser();
        let login = browser.login_as(NewSession::for_user(user("ada")).payload(json!({ "role": "editor" }))).await;
        let (access, refresh) = (browser.access_token(), browser.refresh_token());
        app.clock.step(Duration::from_secs(4000));
        let answer = browser.refresh().await;
        assert_eq!(answer.assert_ok().body, "{}");
        let [new_access, new_refresh] = answer.set_cookies()[..] else { panic!("{answer:#?}") };
        assert!(new_access.ends_with("; Path=/; Expires=Sat, 15 Jan 2028 09:06:40 GMT; HttpOnly; SameSite=Lax"));
        assert!(new_refresh.contains("; Path=/auth/session/refresh; Expires=Sun, 25 Apr 2027 09:06:40 GMT; HttpOnly"));
        assert_ne!(browser.access_token(), access);
        assert_ne!(browser.refresh_token(), refresh);
        assert_ne!(answer.header("anti-csrf"), login.header("anti-csrf"));
        assert_eq!(claims(&browser.access_token())["antiCsrfToken"], answer.header("anti-csrf").unwrap());
        let page = browser.post("/me").await;
        assert_eq!(page.shown("handle"), login.shown("handle"));
        assert!(page.shown("payload").contains("editor"));
    })
    .await;
}

#[tokio::test]
async fn what_is_no_refresh_token_of_ours_is_unauthorised_and_all_is_cleared() {
    both(async |way| {
        let app = App::new(way).await;
        let mut browser = app.browser();
        browser.login("ada").await;
        let (access, refresh) = (browser.access_token(), browser.refresh_token());
        let last = if refresh.starts_with('A') { "B" } else { "A" };
        let (head, version) = refresh.rsplit_once('.').unwrap();
        let cases = [
            "x".to_owned(),
            access,
            format!("{last}{}", &refresh[1..]),
            refresh[..refresh.len() - 1].to_owned(),
            format!("{refresh}x"),
            format!("{head}.V9"),
            format!("..{version}"),
            format!("{head}0.{version}"),
            "\u{fffd}\u{1f600}".to_owned(),
        ];
        for token in &cases {
            for call in [
                Call::post(REFRESH).bearer(token),
                Call::post(REFRESH).cookie(format!("sRefreshToken={}", token.replace('+', "%2B"))),
            ] {
                let answer = app.serve(&call).await;
                answer.assert_refused("unauthorised");
                answer.assert_clears_all();
            }
        }
        let none = app.serve(&Call::post(REFRESH)).await;
        none.assert_refused("unauthorised");
        none.assert_clears_all();
        assert_eq!(app.store.rows("ada").await.len(), 1);
        browser.refresh().await.assert_ok();
    })
    .await;
}

#[tokio::test]
async fn a_refresh_token_where_an_access_token_belongs_is_none() {
    both(async |way| {
        let app = App::new(way).await;
        let mut browser = app.browser();
        browser.login("ada").await;
        let token = browser.refresh_token();
        app.serve(&Call::get("/me").cookie(format!("sAccessToken={token}"))).await.assert_try_refresh();
        let answer = app.serve(&Call::get("/me").bearer(&token)).await;
        answer.assert_refused("unauthorised");
        answer.assert_untouched();
    })
    .await;
}

#[tokio::test]
async fn the_anti_csrf_value_is_checked_at_a_refresh_with_these_effects() {
    both(async |way| {
        let app = App::with(way, |builder| builder.anti_csrf(AntiCsrf::ViaToken)).await;
        let mut browser = app.browser();
        browser.login("ada").await;
        let rows = app.store.rows("ada").await;
        let own = browser.anti_csrf.take().unwrap();
        for sent in [None, Some(""), Some("00000000-0000-4000-8000-000000000000")] {
            let call = Call::post(REFRESH);
            let call = sent.map_or(call.clone(), |sent| call.header("anti-csrf", sent));
            let answer = browser.peek(call).await;
            answer.assert_refused("unauthorised");
            answer.assert_clears_all();
        }
        assert_eq!(app.store.rows("ada").await, rows);
        browser.send(Call::post(REFRESH).header("anti-csrf", own)).await.assert_ok();
    })
    .await;
}

#[tokio::test]
async fn the_custom_header_is_checked_at_a_refresh_with_these_effects() {
    both(async |way| {
        let app = App::with(way, |builder| builder.anti_csrf(AntiCsrf::ViaCustomHeader)).await;
        let mut browser = app.browser();
        browser.login("ada").await;
        let calls = app.store.calls();
        let answer = browser.peek(Call::post(REFRESH)).await;
        answer.assert_refused("unauthorised");
        answer.assert_clears_all();
        assert_eq!(app.store.calls(), calls);
        browser.send(Call::post(REFRESH).header("rid", "session")).await.assert_ok();
    })
    .await;
}

#[tokio::test]
async fn a_revoked_or_ended_session_is_unauthorised() {
    both(async |way| {
        let app = App::with(way, |builder| builder.refresh_lifetime(Duration::from_secs(7200))).await;
        let (mut ada, mut bob) = (app.browser(), app.browser());
        ada.login("ada").await;
        bob.login("bob").await;
        app.sessions.revoke_all_sessions_for_user(&user("ada")).await.unwrap();
        let answer = ada.peek(Call::post(REFRESH)).await;
        answer.assert_refused("unauthorised");
        answer.assert_clears_all();
        let token = bob.refresh_token();
        app.clock.step(Duration::from_millis(7_200_000));
        let late = Call::post(REFRESH).cookie(format!("sRefreshToken={}", token.replace('+', "%2B")));
        app.clock.step(Duration::from_millis(1));
        assert!(bob.cookies(REFRESH).is_empty() || !bob.cookies(REFRESH).contains("sRefreshToken"));
        let answer = app.serve(&late).await;
        answer.assert_refused("unauthorised");
        answer.assert_clears_all();
    })
    .await;
}

#[tokio::test]
async fn a_refresh_at_the_last_moment_extends_the_session() {
    both(async |way| {
        let app = App::with(way, |builder| builder.refresh_lifetime(Duration::from_secs(7200))).await;
        let mut browser = app.browser();
        browser.login("ada").await;
        for _ in 0..3 {
            app.clock.step(Duration::from_secs(7199));
            browser.refresh().await.assert_ok();
            browser.get("/me").await.assert_ok();
        }
    })
    .await;
}

#[tokio::test]
async fn twenty_refreshes_of_one_token_at_once_all_get_the_same_successor_and_all_go_on() {
    for rotation in [Rotation::OnUse, Rotation::OnRefresh] {
        both(async |way| {
            let app = App::with(way, |builder| builder.rotation(rotation).anti_csrf(AntiCsrf::ViaToken)).await;
            let mut browser = app.browser();
            browser.login("ada").await;
            let call = Call::post(REFRESH);
            let answers = futures_util::future::join_all((0..20).map(|_| browser.peek(call.clone()))).await;
            let tokens: BTreeSet<_> = answers.iter().map(|answer| answer.cookie("sRefreshToken").unwrap()).collect();
            let values: BTreeSet<_> = answers.iter().map(|answer| answer.header("anti-csrf").unwrap()).collect();
            assert_eq!((tokens.len(), values.len()), (1, 1));
            let mut tabs: Vec<_> = answers
                .iter()
                .map(|answer| {
                    let mut tab = browser.clone();
                    tab.keep(answer);
                    tab
                })
                .collect();
            for tab in &mut tabs {
                tab.post("/me").await.assert_ok();
            }
            for tab in &mut tabs {
                tab.refresh().await.assert_ok();
                tab.get("/me").await.assert_ok();
            }
            assert_eq!(app.store.rows("ada").await.len(), 1);
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn refreshes_of_one_token_on_many_threads_get_the_same_successor() {
    let app = App::new(crate::app::Way::Axum).await;
    let mut browser = app.browser();
    browser.login("ada").await;
    let tasks = (0..20).map(|_| {
        let request = browser.dressed(Call::post(REFRESH)).to_request();
        tokio::spawn(tower::ServiceExt::oneshot(app.router.clone(), request))
    });
    let mut tokens = BTreeSet::new();
    for task in tasks.collect::<Vec<_>>() {
        let answer = crate::client::Answer::of(task.await.unwrap().unwrap()).await;
        tokens.insert(answer.assert_ok().cookie("sRefreshToken").unwrap());
    }
    assert_eq!(tokens.len(), 1);
}

#[tokio::test]
async fn a_lost_answer_costs_nothing() {
    both(async |way| {
        let app = App::new(way).await;
        let mut browser = app.browser();
        browser.login("ada").await;
        browser.peek(Call::post(REFRESH)).await.assert_ok();
        app.clock.step(Duration::from_secs(86_400));
        browser.refresh().await.assert_ok();
        browser.get("/me").await.assert_ok();
    })
    .await;
}

#[tokio::test]
async fn a_refresh_makes_the_session_of_its_exchange() {
    both(async |way| {
        let app = App::with(way, |builder| builder.base_path("/do").anti_csrf(AntiCsrf::ViaToken)).await;
        let mut browser = app.browser();
        browser.login("ada").await;
        let refresh = browser.cookies("/do/session/refresh");
        // A handler of the application's own, that refreshes and goes on.
        let deed = crate::app::Deed::new(|exchange| async move {
            let session = exchange.refresh_session().await?;
            let again = exchange.get_session(doorward::GetSession::new()).await?;
            assert_eq!(session.handle(), again.handle());
            Ok(again.user_id().to_string())
        });
        let answer = browser.send(Call::to(deed).cookie(refresh)).await;
        assert_eq!(answer.assert_ok().body, "ada");
        browser.post("/me").await.assert_ok();
    })
    .await;
}

#[tokio::test]
async fn a_handler_that_looks_at_the_session_that_it_refreshed_does_not_use_the_token_for_the_client() {
    both(async |way| {
        let app = App::with(way, |builder| builder.base_path("/do")).await;
        let mut browser = app.browser();
        browser.login("ada").await;
        let refresh = Call::to(crate::app::Deed::new(|exchange| async move {
            exchange.refresh_session().await?;
            Ok(exchange.get_session(doorward::GetSession::new()).await?.user_id().to_string())
        }))
        .cookie(browser.cookies("/do/session/refresh"));
        assert_eq!(browser.peek(refresh.clone()).await.assert_ok().body, "ada");
        assert_eq!(app.store.rows("ada").await[0].rotated_at, None);
        // The answer was lost, and the client comes again much later.
        app.clock.step(Duration::from_secs(86_400));
        assert!(browser.send(refresh).await.assert_ok().carries_access_token());
        browser.get("/me").await.assert_ok();
    })
    .await;
}

#[tokio::test]
async fn the_cookie_of_the_oldest_kits_is_cleared_with_every_verdict() {
    both(async |way| {
        let app = App::new(way).await;
        let mut browser = app.browser();
        browser.login("ada").await;
        let old = "sIdRefreshToken=old";
        let good = format!("{old}; {}", browser.cookies(REFRESH));
        let answer = browser.peek(Call::post(REFRESH).cookie(good)).await;
        assert_eq!(answer.assert_ok().cleared_cookies(), ["sIdRefreshToken"]);
        for cookies in [old.to_owned(), format!("{old}; sRefreshToken=garbage")] {
            let answer = app.serve(&Call::post(REFRESH).cookie(cookies)).await;
            answer.assert_refused("unauthorised");
            assert_eq!(answer.cleared_cookies(), ["sIdRefreshToken", "sAccessToken", "sRefreshToken"]);
        }
    })
    .await;
}

#[tokio::test]
async fn a_window_lasts_no_longer_than_a_tenth_of_the_sessions_own_access_tokens() {
    both(async |way| {
        let app = App::new(way).await;
        let mut browser = app.browser();
        browser.login_as(NewSession::for_user(user("ada")).access_lifetime(Duration::from_secs(60))).await;
        let first = browser.peek(Call::post(REFRESH)).await.cookie("sRefreshToken");
        app.clock.step(Duration::from_secs(3));
        assert_eq!(browser.peek(Call::post(REFRESH)).await.cookie("sRefreshToken"), first, "within 6 s: the same");
        app.clock.step(Duration::from_secs(10));
        assert_ne!(browser.peek(Call::post(REFRESH)).await.cookie("sRefreshToken"), first, "after them: another");
    })
    .await;
}

#[tokio::test]
async fn of_two_good_refresh_cookies_the_newer_session_counts() {
    both(async |way| {
        let app = App::new(way).await;
        let (mut old, mut new) = (app.browser(), app.browser());
        old.login("eve").await;
        app.clock.step(Duration::from_secs(60));
        new.login("ada").await;
        let cookie = |browser: &Browser<'_>| {
            format!("sRefreshToken={}", browser.refresh_token().replace('+', "%2B").replace('=', "%3D"))
        };
        // Browsers send the older cookie first.
        let answer = app.serve(&Call::post(REFRESH).cookie(format!("{}; {}", cookie(&old), cookie(&new)))).await;
        assert_eq!(claims(&answer.assert_ok().cookie("sAccessToken").unwrap())["sub"], "ada");
    })
    .await;
}
