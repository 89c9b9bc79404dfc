//! A refresh token that was used by two, duplicates that are no theft, and limits.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use doorward::{AntiCsrf, NewSession, Presented, TheftReport};

use crate::app::{App, Way, both, user};
use crate::client::{Browser, Call};

const REFRESH: &str = "/auth/session/refresh";

fn encoded(token: &str) -> String {
    token.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D")
}

/// Refreshes twice, with use, and returns the token of two generations ago.
async fn two_generations(browser: &mut Browser<'_>) -> String {
    let oldest = browser.refresh_token();
    for _ in 0..2 {
        browser.refresh().await.assert_ok();
        browser.get("/me").await.assert_ok();
    }
    oldest
}

#[tokio::test]
async fn a_token_two_generations_back_ends_the_session_and_says_why() {
    both(async |way| {
        let seen: Arc<Mutex<Vec<TheftReport>>> = Arc::default();
        let sink = Arc::clone(&seen);
        let app =
            App::with(way, |builder| builder.on_theft(move |report, _| sink.lock().unwrap().push(report.clone())))
                .await;
        let mut browser = app.browser();
        let handle = browser.login("ada").await.shown("handle");
        let oldest = two_generations(&mut browser).await;
        app.clock.step(Duration::from_secs(45));
        let thief = Call::post(REFRESH).cookie(format!("sRefreshToken={}", encoded(&oldest)));
        let answer = app.serve(&thief).await;
        answer.assert_refused("token theft detected");
        answer.assert_clears_all();
        assert_eq!(app.store.rows("ada").await, []);

        let reports = seen.lock().unwrap().clone();
        let [report] = &reports[..] else { panic!("one report, not {reports:?}") };
        assert_eq!((report.handle.as_str(), report.user.as_str()), (&*handle, "ada"));
        assert_eq!((report.evidence.row, report.evidence.presented), (5, Presented::Older));
        assert_eq!(report.evidence.since_rotation.unwrap().as_millis(), 45_000);
        assert!(report.to_string().contains("at least two generations old"), "{report}");
        assert!(!format!("{report} {report:?}").contains(&oldest));

        // The owner's access token is refused at once, and so is his refresh token.
        browser.peek(Call::get("/me")).await.assert_refused("unauthorised");
        browser.peek(Call::post(REFRESH)).await.assert_refused("unauthorised");
        app.serve(&thief).await.assert_refused("unauthorised");
        assert_eq!(seen.lock().unwrap().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn theft_in_headers_and_with_a_cookie_of_the_oldest_kits_clears_all() {
    both(async |way| {
        let app = App::new(way).await;
        let mut browser = app.browser().with_headers();
        browser.login("ada").await;
        let oldest = two_generations(&mut browser).await;
        let answer = app.serve(&Call::post(REFRESH).bearer(&oldest).cookie("sIdRefreshToken=x")).await;
        answer.assert_refused("token theft detected");
        assert!(answer.clears_headers());
        assert_eq!(answer.cleared_cookies(), ["sIdRefreshToken", "sAccessToken", "sRefreshToken"]);
    })
    .await;
}

#[tokio::test]
async fn theft_ends_that_session_only() {
    both(async |way| {
        let app = App::new(way).await;
        let (mut phone, mut laptop) = (app.browser(), app.browser());
        phone.login("ada").await;
        laptop.login("ada").await;
        let oldest = two_generations(&mut phone).await;
        app.serve(&Call::post(REFRESH).bearer(&oldest)).await.assert_refused("token theft detected");
        laptop.get("/me").await.assert_ok();
        laptop.refresh().await.assert_ok();
        assert_eq!(app.store.rows("ada").await.len(), 1);
    })
    .await;
}

/// An API whose cookie domain was changed, and a browser that has cookies of before and of after.
async fn changed_domain(way: Way) -> (App, Browser<'static>) {
    let app = App::at(way, "api.example.com", "https://api.example.com", |builder| {
        builder.cookie_domain("example.com").older_cookie_domain("").grace(Duration::ZERO).anti_csrf(AntiCsrf::None)
    })
    .await;
    let app: &'static App = Box::leak(Box::new(app));
    (app.alias(), Browser::new(app))
}

#[tokio::test]
async fn with_cookies_of_two_domains_the_good_token_counts_and_the_older_domains_are_cleared() {
    both(async |way| {
        let (app, mut browser) = changed_domain(way).await;
        browser.login("ada").await;
        let stale = encoded(&two_generations(&mut browser).await);
        let (good, access) = (encoded(&browser.refresh_token()), browser.access_token());
        let rows = app.store.rows("ada").await;
        for cookies in [
            format!("sRefreshToken={stale}; sRefreshToken={good}; sAccessToken={access}; sAccessToken=old"),
            format!("sRefreshToken={good}; sRefreshToken={stale}; sAccessToken=old; sAccessToken={access}"),
            format!("sRefreshToken=garbage; sRefreshToken={good}; sAccessToken=old; sAccessToken={access}"),
        ] {
            let answer = app.serve(&Call::post(REFRESH).cookie(cookies)).await;
            let lines = answer.assert_ok().set_cookies();
            assert_eq!(lines.len(), 4, "{lines:#?}");
            assert!(lines[0].starts_with("sAccessToken=; Path=/; Expires=Thu, 01 Jan 1970"), "{lines:#?}");
            assert!(lines[1].starts_with("sRefreshToken=; Path=/auth/session/refresh; Expires=Thu, 01 Jan 1970"));
            assert!(lines[2].contains("; Domain=example.com; ") && lines[3].contains("; Domain=example.com; "));
            assert_eq!(app.store.rows("ada").await.len(), rows.len(), "a stale cookie ends no session");
        }
    })
    .await;
}

#[tokio::test]
async fn a_browser_with_cookies_of_two_domains_heals_in_one_refresh() {
    both(async |way| {
        let (_, mut browser) = changed_domain(way).await;
        browser.login("ada").await;
        browser.set_cookie("sAccessToken=old; Path=/");
        browser.set_cookie("sRefreshToken=old; Path=/auth/session/refresh");
        browser.get("/me").await.assert_try_refresh();
        browser.refresh().await.assert_ok();
        assert_eq!(browser.cookies(REFRESH).matches("Token=").count(), 2);
        browser.get("/me").await.assert_ok();
    })
    .await;
}

#[tokio::test]
async fn where_no_token_is_good_a_stale_one_is_theft_and_garbage_is_unauthorised() {
    both(async |way| {
        let (app, mut browser) = changed_domain(way).await;
        browser.login("ada").await;
        let stale = encoded(&two_generations(&mut browser).await);
        let garbage = Call::post(REFRESH).cookie("sRefreshToken=a; sRefreshToken=b");
        app.serve(&garbage).await.assert_refused("unauthorised");
        assert_eq!(app.store.rows("ada").await.len(), 1);
        let theft = Call::post(REFRESH).cookie(format!("sRefreshToken=garbage; sRefreshToken={stale}"));
        let answer = app.serve(&theft).await;
        answer.assert_refused("token theft detected");
        assert_eq!(app.store.rows("ada").await, []);
    })
    .await;
}

#[tokio::test]
async fn an_idle_session_ends() {
    both(async |way| {
        let app = App::with(way, |builder| builder.idle_limit(Duration::from_secs(7200))).await;
        let mut browser = app.browser();
        browser.login("ada").await;
        for _ in 0..3 {
            app.clock.step(Duration::from_secs(7100));
            browser.refresh().await.assert_ok();
            browser.get("/me").await.assert_ok();
        }
        let call = browser.dressed(Call::post(REFRESH));
        app.clock.step(Duration::from_secs(7201));
        let answer = app.serve(&call).await;
        answer.assert_refused("unauthorised");
        answer.assert_clears_all();
    })
    .await;
}

#[tokio::test]
async fn a_session_ends_at_its_absolute_limit_and_no_token_outlives_it() {
    both(async |way| {
        for own in [false, true] {
            let limit = Duration::from_secs(10_000);
            let app = App::with(way, |builder| if own { builder } else { builder.absolute_limit(limit) }).await;
            let mut browser = app.browser();
            let new = NewSession::for_user(user("ada"));
            let answer = browser.login_as(if own { new.absolute_limit(limit) } else { new }).await;
            assert!(answer.set_cookies()[1].contains("Expires=Fri, 15 Jan 2027 10:46:40 GMT"), "{answer:#?}");
            app.clock.step(Duration::from_secs(9_000));
            browser.refresh().await.assert_ok();
            assert_eq!(crate::client::claims(&browser.access_token())["exp"], 1_800_010_000);
            browser.get("/me").await.assert_ok();
            assert_eq!(crate::client::claims(&browser.access_token())["exp"], 1_800_010_000);
            let call = browser.dressed(Call::post(REFRESH));
            app.clock.step(Duration::from_secs(1_000));
            browser.get("/me").await.assert_try_refresh();
            let answer = app.serve(&call).await;
            answer.assert_refused("unauthorised");
            answer.assert_clears_all();
        }
    })
    .await;
}

#[tokio::test]
async fn a_session_may_live_shorter_and_never_longer_than_the_settings_say() {
    both(async |way| {
        let app = App::new(way).await;
        let new = |access: u64, refresh: u64| {
            let new = NewSession::for_user(user("ada")).access_lifetime(Duration::from_secs(access));
            new.refresh_lifetime(Duration::from_secs(refresh))
        };
        let mut short = app.browser();
        let answer = short.login_as(new(60, 600)).await;
        assert_eq!(crate::client::claims(&short.access_token())["exp"], 1_800_000_060);
        assert!(answer.set_cookies()[1].contains("Expires=Fri, 15 Jan 2027 08:10:00 GMT"), "{answer:#?}");
        let mut long = app.browser();
        let answer = long.login_as(new(1 << 40, 1 << 40)).await;
        assert_eq!(crate::client::claims(&long.access_token())["exp"], 1_800_003_600);
        assert!(answer.set_cookies()[1].contains("Expires=Sun, 25 Apr 2027 08:00:00 GMT"), "{answer:#?}");
    })
    .await;
}
