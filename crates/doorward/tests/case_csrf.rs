//! Cases about requests that another site makes in a user's name, and about checks that must all hold.

use axum::body::Body;
use doorward::{AntiCsrf, GetSession, TransferMethod};
use http::{Request, StatusCode};

use crate::case_world::{Browser, HOUR, SIGN_OUT, World};

/// What beside the cookies a request carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    Nothing,
    OwnToken,
    ForeignToken,
    EmptyToken,
    Rid,
}

#[tokio::test]
async fn case_go_1_25_cross_origin_protection_matrix_of_modes_methods_and_headers() {
    use Shown::*;
    for mode in [AntiCsrf::None, AntiCsrf::ViaToken, AntiCsrf::ViaCustomHeader] {
        let world = World::with(|builder| builder.anti_csrf(mode)).await;
        let (ada, eve) = (world.ada().await, world.ada().await);
        assert_eq!(ada.anti_csrf.is_some(), mode == AntiCsrf::ViaToken);
        for method in ["GET", "HEAD", "OPTIONS", "TRACE", "POST", "PUT", "PATCH", "DELETE", "PURGE"] {
            for shown in [Nothing, OwnToken, ForeignToken, EmptyToken, Rid] {
                let changes = !["GET", "HEAD", "OPTIONS", "TRACE"].contains(&method);
                let passes = !changes
                    || match mode {
                        AntiCsrf::None => true,
                        AntiCsrf::ViaToken => shown == OwnToken,
                        AntiCsrf::ViaCustomHeader => shown == Rid,
                    };
                // Whatever the request says of its origin, it is the mode that decides.
                for headers in [&[][..], &[("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")]] {
                    let mut request = Browser { anti_csrf: None, ..ada.clone() }.request(method, "/me");
                    let mut add = |name: &'static str, value: &str| {
                        request.headers_mut().insert(name, value.parse().unwrap());
                    };
                    for (name, value) in headers {
                        add(name, value);
                    }
                    match shown {
                        Nothing => {}
                        OwnToken => add("anti-csrf", ada.anti_csrf.as_deref().unwrap_or("any")),
                        ForeignToken => add("anti-csrf", eve.anti_csrf.as_deref().unwrap_or("other")),
                        EmptyToken => add("anti-csrf", ""),
                        Rid => add("rid", "anything"),
                    }
                    let answer = world.send(request).await;
                    let status = if passes { StatusCode::OK } else { StatusCode::UNAUTHORIZED };
                    assert_eq!(answer.status, status, "{mode:?} {method} {shown:?}");
                    assert!(answer.touches_nothing(), "{mode:?} {method} {shown:?}");
                }
            }
        }
        // Nobody signs another out from his own site.
        if mode != AntiCsrf::None {
            let mut forged = Browser { anti_csrf: None, ..ada.clone() };
            assert_eq!(forged.send(&world, "POST", SIGN_OUT).await.status, StatusCode::UNAUTHORIZED);
            assert_eq!(world.store.rows_left().await, 2);
        }
    }
}

#[tokio::test]
async fn case_go_1_25_cross_origin_protection_tokens_in_headers_need_none() {
    for mode in [AntiCsrf::ViaToken, AntiCsrf::ViaCustomHeader] {
        let world = World::with(|builder| builder.anti_csrf(mode).transfer_fallback(TransferMethod::Header)).await;
        let answer = world.send(Request::post("/login").body(Body::empty()).unwrap()).await;
        let token = answer.header("st-access-token").unwrap();
        let request = Request::post("/me").header("authorization", format!("Bearer {token}"));
        let answer = world.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, StatusCode::OK, "no browser sends it by itself");
        assert_eq!(answer.header("anti-csrf"), None);
    }
}

#[tokio::test]
async fn case_ghsa_w24r_5266_9c3c_clerk_all_checks_must_hold() {
    // Each subset of what can be wrong with a request: only none of it is a session.
    for wrong in 0..16_u32 {
        let is = |bit: u32| wrong & (1 << bit) != 0;
        let world = World::new().await;
        let elsewhere = world.node(|builder| builder).await;
        let mut ada = world.ada().await;
        let handle = world.row(&ada).await.unwrap().key.handle;
        if is(0) {
            let token = ada.access.take().unwrap();
            let (signed, _) = token.rsplit_once('.').unwrap();
            ada.access = Some(format!("{signed}.{}", "A".repeat(86)));
        }
        if is(1) {
            world.clock.step(HOUR);
        }
        if is(2) {
            ada.anti_csrf = Some("another".into());
        }
        if is(3) {
            elsewhere.sessions.revoke_session(&handle).await.unwrap();
        }
        let request = ada.request("POST", "/me");
        let exchange = world.sessions.exchange(&request);
        let session = exchange.get_session(GetSession::new().check_store(true)).await;
        assert_eq!(session.is_ok(), wrong == 0, "{wrong:04b}");
        // What one guard found doesn't carry over to another that asks for more.
        let lenient = exchange.get_session(GetSession::new().anti_csrf(false)).await;
        let strict = exchange.get_session(GetSession::new().anti_csrf(true).check_store(true)).await;
        assert_eq!(strict.is_ok(), wrong == 0, "{wrong:04b}");
        if is(0) || is(1) {
            assert!(lenient.is_err(), "{wrong:04b}");
        }
    }
}

#[tokio::test]
async fn case_csrf_and_custom_header_mode_is_chosen_where_cookies_go_to_other_sites() {
    use doorward::{Memory, RequestView, Sessions};
    // Without a word from the operator, cookies that other sites send are protected, and strict ones have their SameSite.
    for (website, checked) in [("https://app.example.org", true), ("https://app.example.com", false)] {
        let builder = Sessions::builder("https://api.example.com").website(website).store(Memory::new());
        let sessions = builder.algorithm(doorward::Algorithm::EdDsa).build().await.unwrap();
        let ada = doorward::testing::signed_in(&sessions, "ada").await.unwrap();
        let cookie = ada.headers().find(|(name, _)| *name == "cookie").unwrap().1.to_owned();
        let exchange = sessions.exchange(RequestView::new("POST", "/").header("cookie", cookie.as_bytes()));
        assert_eq!(exchange.get_session(GetSession::new()).await.is_err(), checked, "{website}");
    }
    // The layer never answers CORS itself: what it adds is the list of headers a script may read.
    let world = World::with(|builder| builder.anti_csrf(AntiCsrf::ViaCustomHeader)).await;
    let request = Request::post("/login").header("origin", "https://evil.example").body(Body::empty()).unwrap();
    let answer = world.send(request).await;
    for name in ["access-control-allow-origin", "access-control-allow-credentials"] {
        assert_eq!(answer.header(name), None, "{name}");
    }
}
