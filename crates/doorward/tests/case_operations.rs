//! Cases about running it: keys, limits, chance, routes, and requests that break off.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use axum::body::Body;
use doorward::{Algorithm, AppId, GetSession, Memory, NewSession, Store, UserId};
use doorward_crypto::{AwsLc, keys};
use doorward_engine::crypto::KeyError;
use doorward_engine::id::TenantId;
use doorward_engine::payload::{JsonText, Payload};
use doorward_engine::secret::Secret;
use doorward_engine::session::create;
use doorward_service::env::{KeyMaker, World as Machine};
use doorward_service::store::StoreError;
use doorward_service::{Service, ServiceOptions};
use http::{Request, StatusCode};

use crate::case_world::{HOUR, REFRESH, SIGN_OUT, World, claims_text, code, with_access_cookie};
use crate::watched::{Fault, Op, Side};

#[tokio::test]
async fn case_supabase_auth_2821_a_new_key_works_at_once() {
    let set = |builder: doorward::SessionsBuilder| builder.key_interval(Duration::from_secs(3600));
    let one = World::with(set).await;
    let two = one.node(set).await;
    one.clock.step(Duration::from_secs(7200));
    // One process made a key that the other has never seen.
    let mut ada = one.ada().await;
    assert_eq!(ada.me(&two).await, StatusCode::OK);
    assert_eq!(two.store.take_log(), [Op::Keys], "read once");
    assert_eq!(ada.me(&two).await, StatusCode::OK);
    assert_eq!(two.store.take_log(), []);
}

#[tokio::test]
async fn case_supertokens_node_136_a_flood_of_made_up_keys_costs_one_read_per_cooldown() {
    let world = World::new().await;
    let ada = world.ada().await;
    let forger = world.forger().await;
    let claims = claims_text(ada.access.as_ref().unwrap());
    world.store.take_log();
    for round in 0..3 {
        for number in 0..100 {
            let header = forger.header().replace(&forger.kid, &format!("d-{round}{number}"));
            let answer = world.send(with_access_cookie("GET", &forger.signed(&header, &claims))).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        }
        assert_eq!(world.store.take_log(), [Op::Keys], "round {round}");
        world.clock.step(Duration::from_millis(500));
    }
    // A store that is down makes it a fault of ours, not a token to be refreshed in circles.
    world.store.fail(Fault::Error(StoreError::Unavailable("gone".into())));
    let header = forger.header().replace(&forger.kid, "d-7");
    let answer = world.send(with_access_cookie("GET", &forger.signed(&header, &claims))).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.touches_nothing());
}

#[tokio::test]
async fn case_golang_sdk_key_set_stays_small_over_many_rotations() {
    let world = World::with(|builder| builder.key_interval(Duration::from_secs(3600))).await;
    for rotation in 0..300 {
        world.clock.step(Duration::from_secs(3600));
        world.sessions.upkeep().await.unwrap();
        let published = world.sessions.jwks().matches(r#""kid""#).count();
        assert!((1..=5).contains(&published), "rotation {rotation}: {published} keys");
        let stored = world.store.keys(AppId::default()).await.unwrap().signing.len();
        assert!(stored <= 5, "rotation {rotation}: {stored} stored keys");
    }
    assert_eq!(world.ada().await.me(&world).await, StatusCode::OK);
}

/// A source of bytes that gives the same ones so many times.
struct Stuck(AtomicU8);

impl KeyMaker for Stuck {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), KeyError> {
        let left = self.0.load(Ordering::SeqCst);
        bytes.fill(if left > 0 { 7 } else { 8 });
        self.0.store(left.saturating_sub(1), Ordering::SeqCst);
        Ok(())
    }

    fn signing_key(&self) -> Result<Secret, KeyError> {
        keys::generate_signing_key(Algorithm::EdDsa).map_err(|_| KeyError::Sign)
    }

    fn refresh_key(&self) -> Result<Secret, KeyError> {
        keys::generate_refresh_key().map_err(|_| KeyError::Sign)
    }
}

async fn stuck(times: u8) -> (Service, Arc<dyn Store>) {
    let store: Arc<dyn Store> = Arc::new(Memory::new());
    let clock = Arc::new(doorward::testing::SettableClock::new());
    let machine = Machine { clock, crypto: Arc::new(AwsLc), keys: Arc::new(Stuck(AtomicU8::new(times))) };
    (Service::open(Arc::clone(&store), machine, ServiceOptions::default()).await.unwrap(), store)
}

fn creation(user: &str) -> create::NewSession {
    create::NewSession {
        app: AppId::default(),
        tenant: TenantId::default(),
        user: UserId::parse(user).unwrap(),
        payload: Payload::parse("{}", 100).unwrap(),
        data: JsonText::parse("{}", 100).unwrap(),
        anti_csrf: false,
        use_static_key: false,
        limits: create::NewLimits::default(),
        access_lifetime_once: None,
    }
}

#[tokio::test]
async fn case_tower_sessions_0_12_creation_never_overwrites_a_session() {
    let (service, store) = stuck(u8::MAX).await;
    let first = service.create(creation("ada")).await.unwrap();
    let error = service.create(creation("eve")).await.unwrap_err();
    assert_eq!(error.code(), "service.contended", "a handle that is taken is not given twice");
    let row = store.load(&first.row.key).await.unwrap().unwrap();
    assert_eq!(row, first.row, "and who has it keeps it");
}

#[tokio::test]
async fn case_actix_extras_208_a_taken_handle_is_drawn_again() {
    let (service, _) = stuck(2).await;
    let first = service.create(creation("ada")).await.unwrap();
    let second = service.create(creation("eve")).await.unwrap();
    assert_ne!(first.row.key, second.row.key);
    let world = World::new().await;
    let mut handles = std::collections::BTreeSet::new();
    for _ in 0..1000 {
        handles.insert(world.ada().await.claims()["sessionHandle"].to_string());
    }
    assert_eq!(handles.len(), 1000, "within one millisecond of the clock");
}

#[tokio::test]
async fn case_rustsec_2022_0055_axum_core_our_routes_read_no_body() {
    let world = World::new().await;
    let mut ada = world.ada().await;
    for path in [REFRESH, SIGN_OUT] {
        // A body without an end: an answer comes all the same.
        let mut request = ada.request("POST", path);
        let endless = futures_util::stream::repeat_with(|| Ok::<_, std::convert::Infallible>(vec![0_u8; 1 << 16]));
        *request.body_mut() = Body::from_stream(endless);
        let answer = world.send(request).await;
        ada.keep(&answer);
        assert_eq!(answer.status, StatusCode::OK, "{path}");
    }
}

#[tokio::test]
async fn case_rustsec_2024_0363_sqlx_what_is_too_large_never_reaches_the_store() {
    let world = World::new().await;
    let ada = world.ada().await;
    let handle = world.row(&ada).await.unwrap().key.handle;
    let large = serde_json::json!({ "text": "a".repeat(5000) });
    let huge = serde_json::json!("a".repeat(70_000));
    let user = UserId::parse("ada").unwrap();
    for (new, expected) in [
        (NewSession::for_user(user.clone()).payload(&large), "payload.too_large"),
        (NewSession::for_user(user.clone()).data(&huge), "payload.too_large"),
    ] {
        let exchange = world.sessions.exchange(&Request::post("/").body(()).unwrap());
        assert_eq!(code(exchange.create_session(new).await), expected);
        assert!(exchange.take_edits().is_empty());
    }
    let sessions = &world.sessions;
    assert_eq!(code(sessions.merge_into_access_token_payload(&handle, &large).await), "payload.too_large");
    assert_eq!(code(sessions.update_session_data(&handle, &huge).await), "payload.too_large");
    assert_eq!(world.store.take_log(), [], "the store was never asked");
    assert!(UserId::parse(&"a".repeat(129)).is_err());
    let answer = world.send(with_access_cookie("GET", &"a.".repeat(6000))).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(world.store.take_log(), []);
}

#[tokio::test]
async fn case_cve_2026_41248_clerk_no_crafted_path_gets_past_a_guard() {
    let world = World::new().await;
    for path in [
        "/me",
        "/me/",
        "//me",
        "/ME",
        "/Me",
        "/%6de",
        "/%6D%65",
        "/./me",
        "/x/../me",
        "/me/.",
        "/me%2f",
        "/me%00",
        "/me;x=1",
        "/me?x=/home",
        "/home/../me",
        "/home/%2e%2e/me",
        "/home%2f..%2fme",
        "/me#home",
        "/auth/..;/me",
    ] {
        for method in ["GET", "POST", "get", "HEAD"] {
            let Ok(request) = Request::builder().method(method).uri(path).body(Body::empty()) else { continue };
            let answer = world.send(request).await;
            assert!(!answer.status.is_success(), "{method} {path}: {answer:?}");
            assert_ne!(answer.body, "ada");
        }
    }
    let mut ada = world.ada().await;
    assert_eq!(ada.me(&world).await, StatusCode::OK);
}

/// A thief who hangs up as soon as he has sent an old token hides nothing: the session is over for him at once.
#[tokio::test]
async fn case_dropped_request_of_a_thief_is_judged_all_the_same() {
    let world = World::new().await;
    let mut ada = world.ada().await;
    let thief = ada.clone();
    for _ in 0..2 {
        world.clock.step(HOUR);
        ada.refresh(&world).await;
        assert_eq!(ada.me(&world).await, StatusCode::OK);
    }
    let mut tries = world.store.hold(Op::Commit, Side::After);
    let (racer, request) = (world.clone(), thief.request("POST", REFRESH));
    let task = tokio::spawn(async move { racer.send(request).await });
    tries.reached().await;
    let mut removes = world.store.hold(Op::Commit, Side::After);
    tries.go_on();
    removes.reached().await;
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    assert_eq!(world.store.rows_left().await, 0);
    // An access token that needs no store is refused here, too.
    assert_eq!(ada.me(&world).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn case_dropped_request_happens_whole_or_not_at_all() {
    for side in [Side::Before, Side::After] {
        // What a client may break off, and the call of the store that it stands at.
        for (what, op) in
            [("create", Op::Commit), ("refresh", Op::Commit), ("first use", Op::Commit), ("sign out", Op::Remove)]
        {
            let world = World::new().await;
            let mut ada = world.ada().await;
            world.clock.step(HOUR);
            if what != "refresh" {
                ada.refresh(&world).await;
            }
            if what == "sign out" {
                assert_eq!(ada.me(&world).await, StatusCode::OK);
            }
            let (method, path) = match what {
                "create" => ("POST", "/login"),
                "refresh" => ("POST", REFRESH),
                "first use" => ("GET", "/me"),
                _ => ("POST", SIGN_OUT),
            };
            let mut held = world.store.hold(op, side);
            let (racer, request) = (world.clone(), ada.request(method, path));
            let task = tokio::spawn(async move { racer.send(request).await });
            held.reached().await;
            task.abort();
            assert!(task.await.unwrap_err().is_cancelled());
            drop(held);
            let case = format!("{what}, {side:?}");
            let rows = world.store.rows_left().await;
            match (what, side) {
                ("create", Side::After) => assert_eq!(rows, 2, "{case}"),
                ("sign out", Side::After) => assert_eq!(rows, 0, "{case}"),
                _ => assert_eq!(rows, 1, "{case}"),
            }
            // The next request works, whatever became of this one.
            let again = ada.send(&world, method, path).await;
            if what == "sign out" && side == Side::After {
                continue;
            }
            assert_eq!(again.status, StatusCode::OK, "{case}: {again:?}");
            if what == "sign out" {
                assert_eq!(world.store.rows_left().await, 0, "{case}");
                continue;
            }
            assert_eq!(ada.me(&world).await, StatusCode::OK, "{case}");
            world.clock.step(HOUR);
            assert_eq!(ada.refresh(&world).await.status, StatusCode::OK, "{case}");
        }
    }
}

#[tokio::test]
async fn case_dropped_request_that_rotates_the_key_leaves_the_next_one_to_do_it() {
    for (op, side) in
        [(Op::Keys, Side::Before), (Op::Keys, Side::After), (Op::AddKey, Side::Before), (Op::AddKey, Side::After)]
    {
        let world = World::with(|builder| builder.key_interval(Duration::from_secs(3600))).await;
        world.clock.step(Duration::from_secs(7200));
        let mut held = world.store.hold(op, side);
        let racer = world.clone();
        let task = tokio::spawn(async move { racer.ada().await });
        held.reached().await;
        task.abort();
        let _ = task.await;
        drop(held);
        assert_eq!(world.ada().await.me(&world).await, StatusCode::OK, "{op:?} {side:?}");
    }
}

#[tokio::test]
async fn case_openrisk_700_no_fault_of_the_store_clears_a_cookie() {
    let faults = [
        (StoreError::Unavailable("x".into()), 503),
        (StoreError::Full("x".into()), 500),
        (StoreError::ReadOnly("x".into()), 500),
        (StoreError::Corrupt("x".into()), 500),
        (StoreError::Newer { found: 9, known: 1 }, 500),
        (StoreError::Closed, 500),
    ];
    for (fault, status) in faults {
        let world = World::new().await;
        let mut ada = world.ada().await;
        world.clock.step(HOUR);
        ada.refresh(&world).await;
        for (method, path) in [("POST", "/login"), ("GET", "/me"), ("POST", REFRESH), ("POST", SIGN_OUT)] {
            world.store.fail(Fault::Error(fault.clone()));
            let answer = world.send(ada.request(method, path)).await;
            assert_eq!(answer.status.as_u16(), status, "{fault:?} {path}");
            assert!(answer.touches_nothing(), "{fault:?} {path}: {answer:?}");
            assert!(answer.body.contains("not available") && !answer.body.contains('x'), "{answer:?}");
        }
        world.store.heal();
        assert_eq!(world.store.rows_left().await, 1);
        assert_eq!(ada.me(&world).await, StatusCode::OK, "{fault:?}");
        assert_eq!(ada.send(&world, "POST", SIGN_OUT).await.status, StatusCode::OK, "{fault:?}");
    }
}

#[test]
fn case_constant_time_secrets_and_hashes_have_no_other_comparison() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    for (file, compares) in [("engine/src/secret.rs", 1), ("engine/src/hash.rs", 1)] {
        let text = std::fs::read_to_string(format!("{root}/{file}")).unwrap();
        assert_eq!(text.matches(".ct_eq(").count(), compares, "{file}");
        assert!(!text.contains("derive(Clone, PartialEq") && !text.contains("derive(PartialEq"), "{file}");
    }
    // Nobody takes the text out to compare it.
    let mut files = Vec::new();
    let mut folders = vec![std::path::PathBuf::from(root)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("tests") && !path.ends_with("target") {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    assert!(files.len() > 50);
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        for line in text.lines() {
            let compares = line.contains("expose() ==") || line.contains("expose() !=");
            assert!(!compares && !line.contains("== other.expose()"), "{}: {line}", file.display());
        }
    }
}

#[tokio::test]
async fn case_constant_time_an_anti_csrf_value_that_differs_anywhere_is_refused() {
    let world = World::new().await;
    let ada = world.ada().await;
    let value = ada.anti_csrf.clone().unwrap();
    for at in 0..value.len() {
        let mut wrong = value.clone().into_bytes();
        wrong[at] ^= 1;
        for sent in [String::from_utf8(wrong).unwrap(), value[..at].to_owned(), format!("{value}{}", &value[..at + 1])]
        {
            let mut request = ada.request("POST", "/me");
            request.headers_mut().insert("anti-csrf", sent.parse().unwrap());
            let exchange = world.sessions.exchange(&request);
            assert_eq!(code(exchange.get_session(GetSession::new()).await), "access.anti_csrf");
        }
    }
}
