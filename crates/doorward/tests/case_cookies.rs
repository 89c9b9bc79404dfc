//! Cases about what is written into an answer, and about cookies that came from elsewhere.

use std::time::Duration;

use axum::Router;
use axum::response::IntoResponse;
use axum::routing::get;
use doorward::{AntiCsrf, NewSession, RequestView, Session, UserId};
use http::{Request, StatusCode, header};
use tower::ServiceExt as _;

use crate::case_world::{Answer, Browser, HOUR, REFRESH, World, with_access_cookie};

#[tokio::test]
async fn case_shared_cache_a_token_bearing_answer_is_not_stored() {
    async fn cached(_: Session) -> impl IntoResponse {
        ([(header::CACHE_CONTROL, "public, max-age=3600")], "hello")
    }
    let world = World::new().await;
    let router = Router::new().route("/cached", get(cached)).layer(world.sessions.layer());
    let mut ada = world.ada().await;
    world.clock.step(HOUR);
    assert_eq!(ada.refresh(&world).await.header("cache-control").as_deref(), Some("no-store"));
    // The first use after a refresh hands out a new access token; the second has nothing to hand out.
    let mut kept = Vec::new();
    for _ in 0..2 {
        let response = router.clone().oneshot(ada.request("GET", "/cached")).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        let answer = Answer { status: response.status(), headers: response.headers().clone(), body: String::new() };
        ada.keep(&answer);
        kept.push((!answer.touches_nothing(), answer.header("cache-control").unwrap()));
    }
    assert_eq!(kept, [(true, "no-store".to_owned()), (false, "public, max-age=3600".to_owned())]);
    // Clearing is as bad to keep: it would sign all of them out.
    let mut stranger = Browser { refresh: Some("garbage".into()), ..Browser::default() };
    assert_eq!(stranger.refresh(&world).await.header("cache-control").as_deref(), Some("no-store"));
}

#[tokio::test]
async fn case_rustsec_2017_0005_cookie_no_cookie_lives_longer_than_400_days() {
    let days = |days: u64| Duration::from_secs(days * 24 * 3600);
    let mut ends = Vec::new();
    for lifetime in [days(399), days(400), days(1000), days(30_000)] {
        let world = World::with(|builder| builder.refresh_lifetime(lifetime)).await;
        world.clock.set(doorward::Millis::saturating(1_800_000_000_000));
        let exchange = world.sessions.exchange(RequestView::new("POST", "/"));
        exchange.create_session(NewSession::for_user(UserId::parse("ada").unwrap())).await.unwrap();
        let answer = Answer::of_edits(&exchange);
        let cookie = answer.set_cookies().find(|cookie| cookie.starts_with("sRefreshToken=")).unwrap().to_owned();
        ends.push(cookie.split("Expires=").nth(1).unwrap().split(';').next().unwrap().to_owned());
    }
    assert_eq!(ends[0], "Fri, 18 Feb 2028 08:00:00 GMT");
    assert_eq!(ends[1..], ["Sat, 19 Feb 2028 08:00:00 GMT"; 3]);
    let huge = doorward::Sessions::builder("http://localhost:3000").store(doorward::Memory::new());
    let error = huge.refresh_lifetime(Duration::MAX).build().await.unwrap_err();
    assert_eq!(error.code(), "config.policy", "and a life that no clock can count is refused at the start");
}

fn https(builder: doorward::SessionsBuilder) -> doorward::SessionsBuilder {
    builder.anti_csrf(AntiCsrf::None).cookie_domain("localhost").older_cookie_domain("")
}

#[tokio::test]
async fn case_older_cookie_domain_supertokens_node_two_cookies_of_a_name_heal_in_one_refresh() {
    for stale_first in [true, false] {
        let world = World::with(https).await;
        let mut ada = world.ada().await;
        let stale = ada.clone();
        for _ in 0..2 {
            world.clock.step(HOUR);
            ada.refresh(&world).await;
            assert_eq!(ada.me(&world).await, StatusCode::OK);
        }
        let both = |name: &str, stale: &Option<String>, good: &Option<String>| {
            let (stale, good) = (stale.as_ref().unwrap(), good.as_ref().unwrap());
            let (one, two) = if stale_first { (stale, good) } else { (good, stale) };
            format!("{name}={one}; {name}={two}")
        };
        // Two access tokens: the same answer in either order, and it leads to a refresh.
        for method in ["GET", "POST"] {
            let cookies = both("sAccessToken", &stale.access, &ada.access);
            let request = Request::builder().method(method).uri("/me").header("cookie", cookies);
            let answer = world.send(request.body(axum::body::Body::empty()).unwrap()).await;
            assert_eq!(answer.body, r#"{"message":"try refresh token"}"#);
            assert!(answer.touches_nothing());
        }
        // Two refresh tokens, one of them two generations old: the good one counts, and the older domain's are cleared.
        let cookies = format!(
            "{}; {}",
            both("sAccessToken", &stale.access, &ada.access),
            both("sRefreshToken", &stale.refresh, &ada.refresh)
        );
        let request = Request::post(REFRESH).header("cookie", cookies);
        let answer = world.send(request.body(axum::body::Body::empty()).unwrap()).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        let cookies: Vec<_> = answer.set_cookies().collect();
        let cleared: Vec<_> = cookies.iter().filter(|cookie| cookie.contains("=;")).collect();
        assert_eq!(cleared.len(), 2, "{cookies:?}");
        assert!(cleared.iter().all(|cookie| !cookie.contains("Domain=")), "those of the host alone: {cleared:?}");
        assert!(cookies.iter().filter(|cookie| !cookie.contains("=;")).all(|cookie| cookie.contains("Domain=")));
        let set = |name: &str| {
            let mut mine = cookies.iter().filter(|cookie| cookie.starts_with(name) && !cookie.contains("=;"));
            mine.next_back().and_then(|cookie| cookie.split([';', '=']).nth(1)).map(str::to_owned)
        };
        let mut healed = Browser { access: set("sAccessToken"), refresh: set("sRefreshToken"), anti_csrf: None };
        assert_eq!(healed.me(&world).await, StatusCode::OK);
    }
}

#[tokio::test]
async fn case_older_cookie_domain_tossed_cookies_end_no_session() {
    let world = World::with(|builder| builder.anti_csrf(AntiCsrf::None)).await;
    let ada = world.ada().await;
    let eve = world.ada().await;
    let good = ada.refresh.clone().unwrap();
    // A subdomain plants cookies in front of the user's: garbage, a token too long, many of them.
    let tossed = [
        "sRefreshToken=garbage".to_owned(),
        "sRefreshToken=".to_owned(),
        format!("sRefreshToken={}", "a".repeat(8200)),
        ["sRefreshToken=x"; 7].join("; "),
    ];
    for tossed in tossed {
        let request = Request::post(REFRESH).header("cookie", format!("{tossed}; sRefreshToken={good}"));
        let answer = world.send(request.body(axum::body::Body::empty()).unwrap()).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", &tossed[..20]);
    }
    // More than are looked at: refused in words, nothing is cleared, and the session goes on.
    let flood = ["sRefreshToken=x"; 20].join("; ");
    let request = Request::post(REFRESH).header("cookie", format!("{flood}; sRefreshToken={good}"));
    let answer = world.send(request.body(axum::body::Body::empty()).unwrap()).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(answer.set_cookies().count(), 0);
    assert_eq!(world.store.rows_left().await, 2);
    // The access cookie of somebody else, put in front of the user's, doesn't make him somebody else.
    let cookies = format!("{}; sAccessToken={}", eve.access.unwrap(), ada.access.as_ref().unwrap());
    let answer = world.send(with_access_cookie("GET", &cookies)).await;
    assert_eq!(answer.body, r#"{"message":"try refresh token"}"#);
    assert_eq!(ada.clone().me(&world).await, StatusCode::OK);
}

#[tokio::test]
async fn case_older_cookie_domain_host_prefix_keeps_other_hosts_out() {
    use doorward::{Algorithm, Memory, Sessions};
    let builder = || {
        Sessions::builder("https://api.example.com")
            .store(Memory::new())
            .algorithm(Algorithm::EdDsa)
            .anti_csrf(AntiCsrf::None)
            .cookie_names("__Host-access", "__Host-refresh")
    };
    let sessions = builder().build().await.unwrap();
    let exchange = sessions.exchange(RequestView::new("POST", "/"));
    exchange.create_session(NewSession::for_user(UserId::parse("ada").unwrap())).await.unwrap();
    let answer = Answer::of_edits(&exchange);
    for cookie in answer.set_cookies() {
        assert!(cookie.starts_with("__Host-"), "{cookie}");
        assert!(
            cookie.contains("; Path=/; ") && cookie.contains("; Secure") && !cookie.contains("Domain="),
            "{cookie}"
        );
    }
    assert_eq!(answer.set_cookies().count(), 2);
    // The name is compared byte for byte: no encoding of it gets past the browser's rule.
    let access = answer.cookie("__Host-access").unwrap();
    for name in ["__%48ost-access", "__host-access", "sAccessToken", "__Secure-access"] {
        let cookie = format!("{name}={access}");
        let exchange = sessions.exchange(RequestView::new("GET", "/").header("cookie", cookie.as_bytes()));
        assert!(exchange.get_optional_session(doorward::GetSession::new()).await.unwrap().is_none(), "{name}");
    }
    let error = builder().cookie_domain("example.com").build().await.unwrap_err();
    assert!(error.to_string().contains("cookie_domain"), "browsers would drop it: {error}");
}
