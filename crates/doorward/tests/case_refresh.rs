//! Cases about refreshing: one token gives one successor, losers lose nothing, a revoked session stays gone.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use doorward::{AntiCsrf, Rotation};
use http::StatusCode;
use tokio::task::JoinSet;

use crate::case_world::{Browser, HOUR, REFRESH, World};
use crate::watched::{Fault, Op, Side};

const MODES: [Rotation; 2] = [Rotation::OnUse, Rotation::OnRefresh];

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn case_cve_2026_1035_keycloak_one_token_gives_one_successor() {
    for mode in MODES {
        let one = World::with(|builder| builder.rotation(mode)).await;
        let two = one.node(|builder| builder.rotation(mode)).await;
        race(&one, &two, mode).await;
        let moves = if mode == Rotation::OnUse { 0 } else { 1 };
        assert_eq!(one.store.moves(), moves, "{mode:?}: the row moves at most once");
    }
}

/// Tabs of one browser refresh at once through two processes on one store: all get the same new token.
pub(crate) async fn race(one: &World, two: &World, mode: Rotation) {
    let ada = one.ada().await;
    one.clock.step(HOUR);
    two.clock.set(one.sessions.now());
    let mut tasks = JoinSet::new();
    for number in 0..40 {
        let (world, mut tab) = (if number % 2 == 0 { one.clone() } else { two.clone() }, ada.clone());
        tasks.spawn(async move {
            let status = tab.refresh(&world).await.status;
            (status, tab.refresh.unwrap())
        });
    }
    let answers = tasks.join_all().await;
    assert!(answers.iter().all(|(status, _)| *status == StatusCode::OK), "{mode:?}");
    let successors: BTreeSet<_> = answers.into_iter().map(|(_, token)| token).collect();
    assert_eq!(successors.len(), 1, "{mode:?}: one successor");
    assert!(!successors.contains(ada.refresh.as_ref().unwrap()), "{mode:?}: and it is a new token");
}

#[tokio::test]
async fn case_cve_2026_1035_keycloak_two_refreshes_answered_in_either_order_end_no_session() {
    for mode in MODES {
        for first_used in [0, 1] {
            let world = World::with(|builder| builder.rotation(mode)).await;
            let mut tabs = [world.ada().await, Browser::default()];
            tabs[1] = tabs[0].clone();
            world.clock.step(HOUR);
            for tab in &mut tabs {
                assert_eq!(tab.refresh(&world).await.status, StatusCode::OK);
            }
            // Both answers are used, in one order and in the other, and each goes on to refresh.
            for at in [first_used, 1 - first_used] {
                assert_eq!(tabs[at].me(&world).await, StatusCode::OK, "{mode:?} {first_used}");
            }
            world.clock.step(HOUR);
            for at in [1 - first_used, first_used] {
                assert_eq!(tabs[at].refresh(&world).await.status, StatusCode::OK, "{mode:?} {first_used}");
                assert_eq!(tabs[at].me(&world).await, StatusCode::OK, "{mode:?} {first_used}");
            }
        }
    }
}

#[tokio::test]
async fn case_cve_2026_9802_keycloak_a_restart_changes_no_verdict() {
    for mode in MODES {
        for (generations, wait) in [(2, 0), (1, 31)] {
            let before = World::with(|builder| builder.rotation(mode)).await;
            let mut ada = before.ada().await;
            let mut old = Vec::new();
            for _ in 0..2 {
                old.push(ada.clone());
                before.clock.step(HOUR);
                assert_eq!(ada.refresh(&before).await.status, StatusCode::OK);
                assert_eq!(ada.me(&before).await, StatusCode::OK);
            }
            before.clock.step(Duration::from_secs(wait));
            // A process that starts now knows nothing but what is stored.
            let after = before.node(|builder| builder.rotation(mode)).await;
            let mut thief = old[2 - generations].clone();
            let answer = thief.refresh(&after).await;
            assert_eq!(answer.body, r#"{"message":"token theft detected"}"#, "{mode:?}: {generations} back");
            assert!(before.row(&ada).await.is_none());
        }
    }
}

#[tokio::test]
async fn case_keycloak_51312_no_interleaving_of_refresh_and_revoke_leaves_a_living_token() {
    let gates = [Side::Before, Side::After];
    for (mode, side) in MODES.into_iter().flat_map(|mode| gates.map(|side| (mode, side))) {
        for everywhere in [false, true] {
            for promotes in [false, true] {
                let world = World::with(|builder| builder.rotation(mode)).await;
                let other_node = world.node(|builder| builder.rotation(mode)).await;
                let mut ada = world.ada().await;
                let (handle, user) = {
                    let row = world.row(&ada).await.unwrap();
                    (row.key.handle, row.user)
                };
                world.clock.step(HOUR);
                if promotes {
                    ada.refresh(&world).await;
                }
                // Stop the refresh (or the first use after one) on either side of its write, and end the session.
                let mut held = (!promotes || mode == Rotation::OnUse).then(|| world.store.hold(Op::Commit, side));
                let (racer, mut tab) = (world.clone(), ada.clone());
                let request = tokio::spawn(async move {
                    let (method, path) = if promotes { ("GET", "/me") } else { ("POST", REFRESH) };
                    tab.send(&racer, method, path).await;
                    tab
                });
                if let Some(held) = &mut held {
                    held.reached().await;
                }
                let ended = if everywhere {
                    world.sessions.revoke_all_sessions_for_user(&user).await.unwrap().len()
                } else {
                    usize::from(world.sessions.revoke_session(&handle).await.unwrap())
                };
                assert_eq!(ended, 1);
                if let Some(held) = &mut held {
                    held.go_on();
                }
                let tab = request.await.unwrap();
                let case = format!("{mode:?} {side:?} everywhere {everywhere} promotes {promotes}");
                assert!(world.sessions.session_handles_for_user(&user).await.unwrap().is_empty(), "{case}");
                assert_eq!(world.store.rows_left().await, 0, "{case}");
                for node in [&world, &other_node] {
                    for mut browser in [ada.clone(), tab.clone()] {
                        if browser.access.is_some() && std::ptr::eq(node, &world) {
                            assert_eq!(browser.me(node).await, StatusCode::UNAUTHORIZED, "{case}");
                        }
                        let answer = browser.refresh(node).await;
                        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{case}");
                        assert_eq!(browser.refresh, None, "{case}");
                    }
                }
            }
        }
    }
}

#[tokio::test]
async fn case_nightscout_nocturne_20_parallel_requests_on_one_expired_cookie_are_one_chain() {
    let world = World::new().await;
    let ada = world.ada().await;
    world.clock.step(HOUR);
    let mut tasks = JoinSet::new();
    for _ in 0..20 {
        // A page that is rendered on the server refreshes, and goes on with what it got, in one request.
        let (world, mut page) = (world.clone(), ada.clone());
        tasks.spawn(async move {
            assert_eq!(page.refresh(&world).await.status, StatusCode::OK);
            assert_eq!(page.me(&world).await, StatusCode::OK);
            page
        });
    }
    let pages = tasks.join_all().await;
    let tokens: BTreeSet<_> = pages.iter().map(|page| page.refresh.clone()).collect();
    assert_eq!(tokens.len(), 1, "one chain");
    assert_eq!(world.store.moves(), 1);
    world.clock.step(HOUR);
    for mut page in pages {
        assert_eq!(page.refresh(&world).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn case_keycloak_16081_theft_ends_that_session_only() {
    let world = World::new().await;
    let (mut phone, mut laptop) = (world.ada().await, world.ada().await);
    let mut thief = phone.clone();
    for _ in 0..2 {
        world.clock.step(HOUR);
        phone.refresh(&world).await;
        assert_eq!(phone.me(&world).await, StatusCode::OK);
    }
    assert_eq!(thief.refresh(&world).await.body, r#"{"message":"token theft detected"}"#);
    assert_eq!(phone.me(&world).await, StatusCode::UNAUTHORIZED);
    assert_eq!(laptop.refresh(&world).await.status, StatusCode::OK);
    assert_eq!(laptop.me(&world).await, StatusCode::OK);
    assert_eq!(world.store.rows_left().await, 1);
}

#[tokio::test]
async fn case_openrisk_700_a_losing_answer_clears_no_cookie() {
    for mode in MODES {
        let world = World::with(|builder| builder.rotation(mode)).await;
        let mut winner = world.ada().await;
        let mut loser = winner.clone();
        world.clock.step(HOUR);
        // The loser's write comes second: its precondition no longer holds.
        let mut held = world.store.hold(Op::Commit, Side::Before);
        let racer = world.clone();
        let task = tokio::spawn(async move { loser.refresh(&racer).await });
        held.reached().await;
        assert_eq!(winner.refresh(&world).await.status, StatusCode::OK);
        assert_eq!(winner.me(&world).await, StatusCode::OK);
        held.go_on();
        let lost = task.await.unwrap();
        assert!(!lost.clears(), "{mode:?}: {lost:?}");
        assert_eq!(lost.status, StatusCode::OK, "{mode:?}");
        assert_eq!(winner.me(&world).await, StatusCode::OK, "{mode:?}");
    }
}

#[tokio::test]
async fn case_supertokens_node_141_each_state_of_a_refresh_has_its_exact_cookie_effects() {
    enum State {
        NoToken,
        BadCsrf,
        NoCsrf,
        Expired,
        Revoked,
        Reused,
        Malformed,
        StoreDown,
    }
    use State::*;
    let cleared = vec![("sAccessToken".to_owned(), true), ("sRefreshToken".to_owned(), true)];
    for mode in [AntiCsrf::ViaToken, AntiCsrf::ViaCustomHeader] {
        for state in [NoToken, BadCsrf, NoCsrf, Expired, Revoked, Reused, Malformed, StoreDown] {
            let world = World::with(|builder| builder.anti_csrf(mode)).await;
            let mut ada = world.ada().await;
            let handle = world.row(&ada).await.unwrap().key.handle;
            let mut browser = ada.clone();
            let mut rid = true;
            let (status, message, effects) = match state {
                NoToken => {
                    browser.refresh = None;
                    (401, "unauthorised", cleared.clone())
                }
                BadCsrf if mode == AntiCsrf::ViaToken => {
                    browser.anti_csrf = Some("another".into());
                    (401, "unauthorised", cleared.clone())
                }
                NoCsrf | BadCsrf => {
                    browser.anti_csrf = None;
                    rid = false;
                    (401, "unauthorised", cleared.clone())
                }
                Expired => {
                    world.clock.step(Duration::from_secs(101 * 24 * 3600));
                    (401, "unauthorised", cleared.clone())
                }
                Revoked => {
                    assert!(world.sessions.revoke_session(&handle).await.unwrap());
                    (401, "unauthorised", cleared.clone())
                }
                Reused => {
                    for _ in 0..2 {
                        world.clock.step(HOUR);
                        let request = with_rid(&ada, true);
                        ada.keep(&world.send(request).await);
                        assert_eq!(ada.me(&world).await, StatusCode::OK);
                    }
                    (401, "token theft detected", cleared.clone())
                }
                Malformed => {
                    browser.refresh = Some("garbage".into());
                    (401, "unauthorised", cleared.clone())
                }
                StoreDown => {
                    world.store.fail(Fault::Error(doorward_service::store::StoreError::Unavailable("gone".into())));
                    (503, "the session service is not available", Vec::new())
                }
            };
            let answer = world.send(with_rid(&browser, rid)).await;
            assert_eq!(answer.status.as_u16(), status, "{answer:?}");
            assert!(answer.body.contains(message), "{answer:?}");
            let seen: Vec<_> = answer
                .set_cookies()
                .map(|cookie| {
                    let (name, rest) = cookie.split_once('=').unwrap();
                    (name.to_owned(), rest.starts_with(';') && rest.contains("Expires=Thu, 01 Jan 1970 00:00:00 GMT"))
                })
                .collect();
            assert_eq!(seen, effects, "{message}");
            assert_eq!(answer.header("front-token").as_deref() == Some("remove"), !effects.is_empty());
            assert_eq!(answer.header("anti-csrf"), None, "no anti-CSRF value is left behind");
        }
    }
}

fn with_rid(browser: &Browser, rid: bool) -> http::Request<axum::body::Body> {
    let mut request = browser.request("POST", REFRESH);
    if rid {
        request.headers_mut().insert("rid", http::HeaderValue::from_static("anti-csrf"));
    }
    request
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn case_cve_2025_46815_zitadel_a_one_time_token_is_taken_once() {
    // Grace 0 is upstream's strict way: no token is good for two.
    let world = World::with(|builder| builder.rotation(Rotation::OnRefresh).grace(Duration::ZERO)).await;
    let ada = world.ada().await;
    let issued = Arc::new(Mutex::new(0));
    let mut tasks = JoinSet::new();
    for _ in 0..20 {
        let (world, mut tab, issued) = (world.clone(), ada.clone(), Arc::clone(&issued));
        tasks.spawn(async move {
            if tab.refresh(&world).await.status == StatusCode::OK {
                *issued.lock().unwrap() += 1;
            }
        });
    }
    tasks.join_all().await;
    assert_eq!(*issued.lock().unwrap(), 1);
    assert_eq!(world.store.moves(), 1);
}
