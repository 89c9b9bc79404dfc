//! The question of every request, beyond the table: what is no token, what is no good token, what is cleared.

use std::time::Duration;

use doorward::{Allowed, GetSession};

use crate::app::{App, Deed, both};
use crate::client::Call;

#[tokio::test]
async fn without_a_token_nothing_is_cleared_for_a_refresh_cookie_may_be_alive() {
    both(async |way| {
        let app = App::new(way).await;
        let answer = app.browser().get("/me").await;
        answer.assert_refused("unauthorised");
        answer.assert_untouched();
        assert_eq!(app.browser().get("/home").await.body, "nobody");
        let deed = Deed::new(|exchange| async move {
            let error = exchange.get_session(GetSession::new()).await.unwrap_err();
            let doorward::SessionError::Unauthorised(error) = error else { panic!("{error}") };
            Ok(format!("{} {}", error.code(), error.clears_tokens()))
        });
        assert_eq!(app.browser().send(Call::to(deed)).await.body, "token.absent false");
    })
    .await;
}

#[tokio::test]
async fn an_expired_token_is_try_refresh_even_where_a_session_is_optional() {
    both(async |way| {
        let app = App::new(way).await;
        let mut browser = app.browser();
        browser.login("ada").await;
        app.clock.step(Duration::from_millis(3_599_999));
        browser.get("/me").await.assert_ok();
        app.clock.step(Duration::from_millis(1));
        for page in ["/me", "/home"] {
            browser.get(page).await.assert_try_refresh();
        }
    })
    .await;
}

#[tokio::test]
async fn whatever_stands_in_the_access_cookie_is_judged_and_never_taken_for_nobody() {
    let garbage: [&[u8]; 7] = [b"x", b"%", b"%00", b"a.b.c", b"eyJ.eyJ.", b"\xff\xfe", b"[object Object]"];
    both(async |way| {
        let app = App::new(way).await;
        for text in garbage {
            for page in ["/me", "/home"] {
                let cookie = [b"sAccessToken=", text].concat();
                app.serve(&Call::get(page).cookie(cookie)).await.assert_try_refresh();
            }
        }
        // An empty cookie is one that was cleared by software that keeps such.
        for empty in ["sAccessToken=", "sAccessToken=\"\"", "sAccessToken"] {
            assert_eq!(app.serve(&Call::get("/home").cookie(empty)).await.assert_ok().body, "nobody");
        }
    })
    .await;
}

#[tokio::test]
async fn a_bearer_token_of_another_kind_does_not_hide_the_cookie() {
    let foreign = ["abc", "a.b.c", "eyJhbGciOiJIUzI1NiJ9.e30.c2ln", "", "ada:secret"];
    both(async |way| {
        let app = App::new(way).await;
        let mut browser = app.browser();
        browser.login("ada").await;
        for token in foreign {
            assert_eq!(browser.send(Call::get("/me").bearer(token)).await.shown("user"), "ada");
            let answer = app.serve(&Call::get("/me").bearer(token)).await;
            answer.assert_refused("unauthorised");
            answer.assert_untouched();
        }
        let basic = Call::get("/me").header("authorization", "Basic YWRhOnNlY3JldA==");
        assert_eq!(browser.send(basic).await.shown("user"), "ada");
        let headers_only = app.sibling(|builder| builder.transfer(Allowed::Header)).await;
        browser.at(&headers_only).send(Call::get("/me").bearer("abc")).await.assert_refused("unauthorised");
    })
    .await;
}

#[tokio::test]
async fn two_access_cookies_are_try_refresh_and_a_header_token_wins_over_both() {
    both(async |way| {
        let app = App::new(way).await;
        let mut browser = app.browser();
        browser.login("ada").await;
        let token = browser.access_token();
        for cookies in [
            format!("sAccessToken={token}; sAccessToken={token}"),
            format!("sAccessToken={token}; sAccessToken=old"),
            format!("sAccessToken=; sAccessToken={token}"),
            format!("sAccessToken={token}; sAccess%54oken=planted"),
        ] {
            for page in ["/me", "/home"] {
                app.serve(&Call::get(page).cookie(&cookies)).await.assert_try_refresh();
            }
            assert_eq!(app.serve(&Call::get("/me").cookie(&cookies).bearer(&token)).await.shown("user"), "ada");
        }
        // The same in two lines, as HTTP/2 sends them.
        let call = Call::get("/me").cookie(format!("sAccessToken={token}")).cookie("sAccessToken=old");
        app.serve(&call).await.assert_try_refresh();
    })
    .await;
}

#[tokio::test]
async fn the_cookie_of_the_oldest_kits_asks_for_a_refresh_which_clears_it() {
    both(async |way| {
        let app = App::new(way).await;
        let mut browser = app.browser();
        browser.login("ada").await;
        browser.set_cookie("sIdRefreshToken=old; Path=/");
        for page in ["/me", "/home"] {
            browser.get(page).await.assert_try_refresh();
        }
        let answer = browser.refresh().await;
        assert_eq!(answer.assert_ok().cleared_cookies(), ["sIdRefreshToken"]);
        assert_eq!(browser.get("/me").await.shown("user"), "ada");
    })
    .await;
}

#[tokio::test]
async fn a_token_over_8_kib_is_try_refresh_wherever_it_stands() {
    both(async |way| {
        let app = App::new(way).await;
        for size in [8 * 1024 + 1, 12 * 1024, 40 * 1024] {
            let large = "x".repeat(size);
            for page in ["/me", "/home"] {
                app.serve(&Call::get(page).cookie(format!("sAccessToken={large}"))).await.assert_try_refresh();
                app.serve(&Call::get(page).bearer(&large)).await.assert_try_refresh();
            }
            let refresh = Call::post("/auth/session/refresh");
            for call in [refresh.clone().cookie(format!("sRefreshToken={large}")), refresh.bearer(&large)] {
                let answer = app.serve(&call).await;
                answer.assert_refused("unauthorised");
                answer.assert_clears_all();
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_hundred_cookies_and_ones_that_are_no_text_are_no_hindrance() {
    both(async |way| {
        let app = App::new(way).await;
        let mut browser = app.browser();
        browser.login("ada").await;
        let own = format!("sAccessToken={}", browser.access_token());
        let mut cookies: Vec<String> = (0..99).map(|number| format!("tracker{number}={number}")).collect();
        for at in [0, 50, 99] {
            cookies.insert(at, own.clone());
            assert_eq!(app.serve(&Call::get("/me").cookie(cookies.join("; "))).await.shown("user"), "ada");
            cookies.remove(at);
        }
        for odd in
            [&b"a=\xff\xfe"[..], b"b%b", b"={\"a\":\"b%b\"}", b"%", b";;;=;", b"sAccessTokens=1", b"saccesstoken=1"]
        {
            for cookie in [[odd, b"; ", own.as_bytes()].concat(), [own.as_bytes(), b";", odd].concat()] {
                assert_eq!(app.serve(&Call::get("/me").cookie(cookie)).await.shown("user"), "ada");
            }
        }
        // Flutter's kit sends the notation of `set-cookie`.
        let flutter = format!("{own}; Expires=Sat, 15 Jan 2028 08:00:00 GMT; Path=/; HttpOnly;sRefreshToken=x; Path=/");
        assert_eq!(app.serve(&Call::get("/me").cookie(flutter)).await.shown("user"), "ada");
    })
    .await;
}

#[tokio::test]
async fn a_revoked_session_is_refused_at_once_in_this_process_and_its_cookies_cleared() {
    both(async |way| {
        let app = App::new(way).await;
        let mut browser = app.browser();
        let handle = browser.login("ada").await.shown("handle");
        let elsewhere = app.sibling(|builder| builder).await;
        assert!(app.sessions.revoke_session(&doorward::SessionHandle::parse(&handle).unwrap()).await.unwrap());
        for page in ["/me", "/home"] {
            let answer = browser.peek(Call::get(page)).await;
            answer.assert_refused("unauthorised");
            answer.assert_clears_all();
        }
        // Another process finds it when it asks the store, or when the token has ended.
        let browser = browser.at(&elsewhere);
        browser.peek(Call::get("/me")).await.assert_ok();
        let answer = browser.peek(Call::to(Deed::get(GetSession::new().check_store(true)))).await;
        answer.assert_refused("unauthorised");
        answer.assert_clears_all();
        browser.peek(Call::post("/auth/session/refresh")).await.assert_refused("unauthorised");
    })
    .await;
}

#[tokio::test]
async fn to_verify_asks_the_store_nothing() {
    both(async |way| {
        let app = App::new(way).await;
        let mut browser = app.browser();
        browser.login("ada").await;
        let before = app.store.calls();
        for _ in 0..3 {
            browser.get("/me").await.assert_untouched();
            browser.get("/home").await.assert_untouched();
        }
        app.serve(&Call::get("/me")).await;
        app.serve(&Call::get("/me").cookie("sAccessToken=x")).await;
        assert_eq!(app.store.calls(), before);
    })
    .await;
}

#[tokio::test]
async fn made_up_key_names_cost_one_reading_of_the_keys_per_cooldown() {
    both(async |way| {
        let app = App::new(way).await;
        let mut browser = app.browser();
        browser.login("ada").await;
        let token = browser.access_token();
        let (_, rest) = token.split_once('.').unwrap();
        let made_up = |number: u32| {
            use base64::Engine as _;
            let header = format!(r#"{{"kid":"d-{number}","typ":"JWT","version":"5","alg":"EdDSA"}}"#);
            format!("{}.{rest}", base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(header))
        };
        let before = app.store.key_reads();
        for number in 0..20 {
            app.serve(&Call::get("/me").bearer(&made_up(number))).await.assert_try_refresh();
        }
        assert_eq!(app.store.key_reads(), before + 1);
        app.clock.step(Duration::from_millis(500));
        app.serve(&Call::get("/me").bearer(&made_up(99))).await.assert_try_refresh();
        assert_eq!(app.store.key_reads(), before + 2);
    })
    .await;
}
