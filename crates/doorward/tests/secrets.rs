//! No token, key or payload stands in a log, an error or a `Debug`.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use doorward::testing::signed_in;
use doorward::{AntiCsrf, GetSession, NewSession, RequestView, SessionError, Sessions};
use doorward_service::store::StoreError;
use serde_json::json;

use crate::app::{App, Deed, both, user};
use crate::client::{Answer, Browser, Call};
use crate::log::captured;
use crate::watched::Fault;

const PAYLOAD: &str = "payload-that-nobody-prints";
const DATA: &str = "data-that-nobody-prints";
const SECRET: &str = "succession-secret-of-at-least-32-bytes";

/// What must not be found.
#[derive(Default)]
struct Secrets(Vec<String>);

impl Secrets {
    async fn of_app(app: &App) -> Self {
        let keys = app.store.inner().keys(doorward::AppId::default()).await.unwrap();
        let mut all: Vec<String> = [PAYLOAD, DATA, SECRET].map(String::from).into();
        all.extend(keys.signing.iter().flat_map(|key| key.value.expose().split('|').map(String::from)));
        all.extend(keys.refresh.iter().flat_map(|key| key.expose().split(':').skip(1).map(String::from)));
        Self(all)
    }

    fn add(&mut self, text: &str) {
        // Parts of a token are as secret as the whole: its claims, its signature, what is sealed.
        let parts = text.split(['.', ' ', ';']).chain([text]);
        self.0.extend(parts.filter(|part| part.len() >= 16).map(String::from));
    }

    fn add_answer(&mut self, answer: &Answer) {
        for name in ["st-access-token", "st-refresh-token", "anti-csrf", "front-token"] {
            self.add(answer.header(name).unwrap_or_default());
        }
        for name in ["sAccessToken", "sRefreshToken"] {
            self.add(&answer.cookie(name).unwrap_or_default());
        }
    }

    #[track_caller]
    fn assert_not_in(&self, what: &str, text: &str) {
        assert!(!text.is_empty());
        let bytes = |secret: &str| format!("{:?}", secret.as_bytes()).trim_matches(['[', ']']).to_owned();
        for secret in &self.0 {
            assert!(!text.contains(secret.as_str()), "{what} shows {secret}");
            assert!(!text.contains(&bytes(secret)), "{what} shows the bytes of {secret}");
        }
    }
}

async fn step(browser: &mut Browser<'_>, secrets: &mut Secrets, call: Call) -> Answer {
    let answer = browser.send(call).await;
    secrets.add_answer(&answer);
    answer
}

fn new_session() -> NewSession {
    NewSession::for_user(user("ada")).payload(json!({ "own": PAYLOAD })).data(DATA)
}

/// A life with everything in it that is logged.
async fn whole_life(app: &App, secrets: &mut Secrets) {
    const REFRESH: &str = "/auth/session/refresh";
    for headers in [false, true] {
        let mut browser = if headers { app.browser().with_headers() } else { app.browser() };
        step(&mut browser, secrets, Call::create(new_session())).await.assert_ok();
        let first = browser.refresh_token();
        for _ in 0..2 {
            step(&mut browser, secrets, Call::post(REFRESH)).await.assert_ok();
            step(&mut browser, secrets, Call::get("/me")).await.assert_ok();
        }
        step(&mut browser, secrets, Call::to(Deed::get(GetSession::new().check_store(true)))).await.assert_ok();
        for error in [StoreError::Unavailable("gone".into()), StoreError::Corrupt("row".into())] {
            app.store.fail(Fault::Error(error));
            step(&mut browser, secrets, Call::post(REFRESH)).await;
        }
        app.store.heal();
        for odd in [Call::get("/me"), Call::post(REFRESH), Call::post("/auth/signout")] {
            let token = format!("{}x", browser.access_token());
            secrets.add(&token);
            app.serve(&odd.clone().bearer(&token).header("anti-csrf", "foreign-anti-csrf-value")).await;
            app.serve(&odd.cookie(format!("sAccessToken={token}; sRefreshToken={token}; sAccessToken=b"))).await;
        }
        let late = browser.dressed(Call::get("/me"));
        app.clock.step(Duration::from_secs(3600));
        app.serve(&late).await.assert_try_refresh();
        browser.anti_csrf = browser.anti_csrf.map(|_| "foreign-anti-csrf-value".into());
        secrets.add("foreign-anti-csrf-value");
        app.serve(&Call::post(REFRESH).bearer(&first)).await.assert_refused("token theft detected");
        step(&mut browser, secrets, Call::post(REFRESH)).await;
    }
}

#[tokio::test]
async fn no_log_at_any_level_shows_a_secret() {
    both(async |way| {
        let (result, log) = captured(async {
            let app = App::with(way, |builder| builder.anti_csrf(AntiCsrf::ViaToken).succession_secret(SECRET)).await;
            let mut secrets = Secrets::of_app(&app).await;
            whole_life(&app, &mut secrets).await;
            secrets
        })
        .await;
        for name in ["session.created", "session.refreshed", "session.theft", "unauthorised", "try_refresh"] {
            assert!(log.contains(&format!("doorward.{name}")), "{name} in {log}");
        }
        result.assert_not_in("the log", &log);
    })
    .await;
}

#[tokio::test]
async fn no_error_and_no_body_of_a_refusal_shows_a_secret() {
    both(async |way| {
        let errors: Arc<Mutex<Vec<String>>> = Arc::default();
        let [one, two, three] = [(); 3].map(|()| Arc::clone(&errors));
        let app = App::with(way, |builder| {
            builder
                .anti_csrf(AntiCsrf::ViaToken)
                .on_unauthorised(move |error, reply| one.lock().unwrap().push(format!("{error} {error:?} {reply:?}")))
                .on_try_refresh(move |error, reply| two.lock().unwrap().push(format!("{error} {error:?} {reply:?}")))
                .on_theft(move |error, reply| three.lock().unwrap().push(format!("{error} {error:?} {reply:?}")))
        })
        .await;
        let mut secrets = Secrets::of_app(&app).await;
        whole_life(&app, &mut secrets).await;
        let errors = errors.lock().unwrap();
        assert!(errors.len() > 10);
        secrets.assert_not_in("an error", &errors.join("\n"));
    })
    .await;
}

#[tokio::test]
async fn no_debug_of_a_public_type_shows_a_secret() {
    both(async |way| {
        let app = App::with(way, |builder| {
            let builder = builder.anti_csrf(AntiCsrf::ViaToken).succession_secret(SECRET).verified_token_cache(9);
            let text = format!("{builder:?}");
            assert!(!text.contains(SECRET));
            builder
        })
        .await;
        let mut secrets = Secrets::of_app(&app).await;
        let mut browser = app.browser();
        step(&mut browser, &mut secrets, Call::create(new_session())).await.assert_ok();
        step(&mut browser, &mut secrets, Call::post("/auth/session/refresh")).await.assert_ok();
        let texts: Arc<Mutex<Vec<String>>> = Arc::default();
        let sink = Arc::clone(&texts);
        let deed = Deed::new(move |exchange| {
            let sink = Arc::clone(&sink);
            async move {
                let mut session = exchange.get_session(GetSession::new()).await?;
                session.merge_into_access_token_payload(json!({ "more": PAYLOAD })).await?;
                let information = session.information().await?;
                sink.lock().unwrap().extend([
                    format!("{exchange:?}"),
                    format!("{session:#?}"),
                    format!("{information:?}"),
                    format!("{:?}", exchange.edits()),
                    format!("{:?}", exchange.sessions()),
                ]);
                Ok(String::new())
            }
        });
        step(&mut browser, &mut secrets, Call::to(deed)).await.assert_ok();
        for text in texts.lock().unwrap().iter() {
            secrets.assert_not_in("a Debug", text);
        }
        let signed_in = signed_in(&app.sessions, "ada").await.unwrap();
        signed_in.headers().filter(|(name, _)| *name != "rid").for_each(|(_, value)| secrets.add(value));
        secrets.assert_not_in("SignedIn", &format!("{signed_in:?}"));
        secrets.assert_not_in("NewSession", &format!("{:?}", new_session()));
        let cookies = browser.cookies("/auth/session/refresh");
        let view = RequestView::new("GET", "/").header("cookie", cookies.as_bytes());
        secrets.add(&cookies);
        secrets.assert_not_in("RequestView", &format!("{view:?}"));
        secrets.assert_not_in("the layer", &format!("{:?}", app.sessions.layer()));
    })
    .await;
}

#[tokio::test]
async fn the_texts_of_input_errors_show_no_value() {
    let app = App::new(crate::app::Way::Bare).await;
    let exchange = app.sessions.exchange(RequestView::new("POST", "/"));
    let errors: Vec<SessionError> = vec![
        exchange.create_session(NewSession::for_user(user("a")).payload(PAYLOAD)).await.unwrap_err(),
        exchange.create_session(NewSession::for_user(user("a")).payload(json!({ "sub": PAYLOAD }))).await.unwrap_err(),
        exchange.create_session(NewSession::for_user(user("a")).data(PAYLOAD.repeat(4000))).await.unwrap_err(),
        doorward::UserId::parse(&PAYLOAD.repeat(9)).unwrap_err().into(),
        doorward::SessionHandle::parse(&PAYLOAD.repeat(20)).unwrap_err().into(),
    ];
    for error in errors {
        let text = format!("{error} {error:?} {:?}", error.reply());
        assert!(!text.contains(PAYLOAD), "{text}");
        assert!(error.to_string().starts_with(char::is_lowercase) && !error.to_string().ends_with('.'), "{error}");
    }
    let _: &Sessions = &app.sessions;
}
