//! No token, key or payload is in a log, an error or a `Debug` text.

use std::fmt::{Debug, Write as _};

use doorward::{Algorithm, AppId, GetSession, Memory, Millis, NewSession, Store as _, TenantId, UserId};
use doorward_crypto::{AwsLc, keys};
use doorward_engine::entropy::Entropy;
use doorward_engine::flow::{Env, Flow, Seen, Step};
use doorward_engine::key::ring::KeyRing;
use doorward_engine::payload::{JsonText, Payload};
use doorward_engine::policy::Policy;
use doorward_engine::session::create::{self, Create, Created};
use doorward_engine::session::refresh::{Refresh, RefreshRequest, Refreshed};
use serde_json::json;

use crate::case_world::{Browser, HOUR, World, with_access_cookie};
use crate::log::Log;

fn secrets_of(browser: &Browser, secrets: &mut Vec<String>) {
    secrets.extend(browser.access.iter().map(|token| token.rsplit('.').next().unwrap().to_owned()));
    secrets.extend(browser.refresh.iter().cloned());
    secrets.push(browser.refresh_token().split('.').nth(1).unwrap().to_owned());
    secrets.extend(browser.anti_csrf.iter().cloned());
}

#[tokio::test]
async fn case_secrets_are_in_no_log_no_error_and_no_debug_text() {
    let log = Log::start();
    let world = World::with(|builder| builder.succession_secret("a secret of the configuration, 32 B+")).await;
    let user = UserId::parse("ada").unwrap();
    let mut ada = world.signed_in(NewSession::for_user(user).payload(json!({ "iban": "DE02-secret" }))).await;
    let mut secrets = vec!["DE02-secret".to_owned(), "a secret of the configuration".to_owned()];
    let keys = world.store.keys(AppId::default()).await.unwrap();
    secrets.push(keys.refresh.as_ref().unwrap().expose().to_owned());
    secrets.extend(keys.signing.iter().map(|key| key.value.expose().split('|').nth(1).unwrap().to_owned()));
    let old = ada.clone();
    let mut shown = String::new();
    for _ in 0..2 {
        secrets_of(&ada, &mut secrets);
        world.clock.step(HOUR);
        shown.push_str(&world.send(with_access_cookie("GET", ada.access.as_ref().unwrap())).await.body);
        ada.refresh(&world).await;
        secrets_of(&ada, &mut secrets);
        let exchange = world.sessions.exchange(&ada.request("POST", "/"));
        let session = exchange.get_session(GetSession::new().check_store(true)).await.unwrap();
        let information = session.information().await.unwrap();
        let edits = exchange.edits();
        shown.push_str(&format!("{exchange:?} {session:?} {information:?} {edits:?} {:?}", world.sessions));
        ada.keep(&crate::case_world::Answer::of_edits(&exchange));
    }
    secrets_of(&ada, &mut secrets);
    // Everything that can go wrong with these tokens.
    let swapped = Browser { access: ada.refresh.clone(), refresh: ada.access.clone(), anti_csrf: None };
    for (method, browser) in [("POST", &swapped), ("GET", &old), ("POST", &Browser::default())] {
        let error = world.sessions.exchange(&browser.request(method, "/")).get_session(GetSession::new()).await;
        shown.push_str(&format!("{error:?} {}", error.as_ref().unwrap_err()));
    }
    for mut browser in [swapped, old.clone(), ada.clone()] {
        let answer = browser.refresh(&world).await;
        shown.push_str(&answer.body);
    }
    let unreadable = NewSession::for_user(UserId::parse("ada").unwrap()).payload(json!({ "sub": "DE02-secret" }));
    let exchange = world.sessions.exchange(&Browser::default().request("POST", "/"));
    let refused = exchange.create_session(unreadable.clone()).await.unwrap_err();
    shown.push_str(&format!("{refused:?} {refused} {unreadable:?}"));
    let log = log.text();
    for event in
        ["doorward.session.created", "doorward.session.refreshed", "doorward.session.theft", "doorward.try_refresh"]
    {
        assert!(log.contains(event), "{event} is logged: {log}");
    }
    for secret in &secrets {
        assert!(secret.len() > 8);
        assert!(!log.contains(secret.as_str()), "in a log: {secret}");
        assert!(!shown.contains(secret.as_str()), "in an error or a debug text: {secret}\n{shown}");
    }
}

/// Carries a use case to its outcome, and writes down what each step would print.
async fn carried<F: Flow + Debug>(store: &Memory, env: &Env<'_>, mut step: Step<F>, shown: &mut String) -> F::Outcome {
    loop {
        let _ = write!(shown, "{step:?}");
        step = match step {
            Step::Done(outcome) => return outcome,
            Step::Load(key, flow) => flow.resume(Seen::Row(store.load(&key).await.unwrap()), env),
            Step::Commit(write, flow) => flow.resume(store.commit(write).await.unwrap(), env),
        };
    }
}

#[tokio::test]
async fn case_secrets_are_in_no_debug_text_of_the_engines_steps() {
    let (app, now, policy) = (AppId::default(), Millis::saturating(1_800_000_000_000), Policy::default());
    let signing = keys::generate_signing_key(Algorithm::EdDsa).unwrap();
    let sealing = keys::generate_refresh_key().unwrap();
    let ring = KeyRing::new(&app, [(now, signing.clone())], sealing.clone(), None, &AwsLc).unwrap();
    let entropy = Entropy::new([0xab; Entropy::BYTES]);
    let env = Env { now, policy: &policy, keys: &ring, crypto: &AwsLc, entropy: &entropy };
    let (store, mut shown) = (Memory::new(), String::new());
    let new = create::NewSession {
        app: app.clone(),
        tenant: TenantId::default(),
        user: UserId::parse("ada").unwrap(),
        payload: Payload::parse(r#"{"iban":"DE02-secret"}"#, 100).unwrap(),
        data: JsonText::parse(r#""DE03-secret""#, 100).unwrap(),
        anti_csrf: true,
        use_static_key: false,
        limits: create::NewLimits::default(),
        access_lifetime_once: None,
    };
    let _ = write!(shown, "{new:?} {env:?} {ring:?}");
    let Created::Issued(issued) = carried(&store, &env, Create::start(new, &env), &mut shown).await else {
        panic!("the handle is free")
    };
    let request = RefreshRequest {
        app,
        token: issued.refresh.clone(),
        anti_csrf_sent: issued.anti_csrf.clone(),
        anti_csrf: true,
        use_static_key: None,
        access_lifetime_once: None,
        tentative: false,
    };
    let Refreshed::Issued(next) = carried(&store, &env, Refresh::start(request, &env), &mut shown).await else {
        panic!("the token is current")
    };
    let mut secrets = vec!["DE02".to_owned(), "DE03".to_owned()];
    for key in [&signing, &sealing] {
        secrets.extend(key.expose().split(['|', ':']).skip(1).map(str::to_owned));
    }
    for issued in [*issued, *next] {
        secrets.push(issued.anti_csrf.unwrap().expose().to_owned());
        secrets.extend(issued.refresh.expose().split('.').filter(|part| part.len() > 8).map(str::to_owned));
        let token = issued.access.unsigned.sign().unwrap();
        secrets.extend(token.split('.').skip(1).map(str::to_owned));
    }
    assert!(shown.len() > 1000, "something is shown");
    for secret in secrets {
        assert!(!shown.contains(&secret), "{secret} in {shown}");
    }
}
