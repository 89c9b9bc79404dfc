//! A request of a browser: method, path, cookies and headers. `$ACCESS`, `$REFRESH` and `$CSRF` stand for good tokens.
#![no_main]

use std::cell::RefCell;

use doorward::testing::SettableClock;
use doorward::{Algorithm, AntiCsrf, GetSession, How, Memory, NewSession, RequestView, SessionError, Sessions, UserId};
use doorward_fuzz::Input;
use http::{HeaderName, HeaderValue};
use libfuzzer_sys::fuzz_target;
use tokio::runtime::Runtime;

/// After so many requests the application starts anew: sessions end, and so do tokens.
const REQUESTS: u32 = 500;

struct App {
    runtime: Runtime,
    sessions: Sessions,
    tokens: [(&'static str, String); 3],
    left: u32,
}

impl App {
    fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let builder = Sessions::builder("http://localhost:3000").store(Memory::new()).algorithm(Algorithm::EdDsa);
        let builder = builder.anti_csrf(AntiCsrf::ViaToken).clock(SettableClock::new());
        let sessions = runtime.block_on(builder.build()).expect("sessions");
        let request = RequestView::new("POST", "/login").header("st-auth-mode", b"cookie");
        let exchange = sessions.exchange(request);
        let user = UserId::parse("ada").expect("a user");
        runtime.block_on(exchange.create_session(NewSession::for_user(user))).expect("a session");
        let edits = exchange.take_edits();
        let cookie = |name: &str| {
            let mut values = edits.iter().map(|edit| edit.value.expose());
            let set = values.find_map(|value| value.strip_prefix(name)?.strip_prefix('=')).expect("a cookie");
            set.split(';').next().unwrap_or_default().to_owned()
        };
        let csrf = edits.iter().find(|edit| edit.name == "anti-csrf").expect("a header").value.expose().to_owned();
        let tokens = [("$ACCESS", cookie("sAccessToken")), ("$REFRESH", cookie("sRefreshToken")), ("$CSRF", csrf)];
        Self { runtime, sessions, tokens, left: REQUESTS }
    }

    fn serve(&self, input: &Input<'_>) {
        let headers: Vec<(&str, Vec<u8>)> =
            input.headers.iter().map(|(name, value)| (*name, self.filled(value))).collect();
        let mut view = RequestView::new(input.method, input.path);
        for (name, value) in &headers {
            view = view.header(name, value);
        }
        for call in 0..4 {
            let exchange = self.sessions.exchange(&view);
            let outcome = self.runtime.block_on(async {
                match call {
                    0 => exchange.get_session(GetSession::new()).await.map(drop),
                    1 => exchange.get_optional_session(GetSession::new().check_store(true)).await.map(drop),
                    2 => exchange.refresh_session().await.map(drop),
                    _ => exchange.sign_out().await,
                }
            });
            if let Err(error) = outcome {
                let reply = error.reply();
                assert!(!matches!(error, SessionError::General(_)) && reply.status < 500, "{error}");
                let _ = format!("{error} {error:?}");
            }
            for edit in exchange.take_edits() {
                let value = match edit.how {
                    How::Append | How::Set => edit.value.expose().to_owned(),
                    How::AddToList => edit.merged_into(["x-own"].into_iter()),
                };
                let _ = (HeaderName::from_static(edit.name), HeaderValue::try_from(value).expect("a header's value"));
            }
        }
    }

    fn filled(&self, value: &[u8]) -> Vec<u8> {
        let Ok(text) = std::str::from_utf8(value) else { return value.to_vec() };
        self.tokens.iter().fold(text.to_owned(), |text, (name, token)| text.replace(name, token)).into_bytes()
    }
}

thread_local! {
    static APP: RefCell<Option<App>> = const { RefCell::new(None) };
}

fuzz_target!(|data: &[u8]| {
    let Some(input) = Input::read(data) else { return };
    APP.with_borrow_mut(|app| {
        let app = app.get_or_insert_with(App::start);
        app.serve(&input);
        app.left -= 1;
        if app.left == 0 {
            *app = App::start();
        }
    });
});
