//! The question of every request, asked of the SDK as a framework's adapter asks it.

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::Arc;

use ::http::{Method, Request};
use anyhow::{Context as _, Result, ensure};
use doorward::testing::signed_in_as;
use doorward::{Algorithm, AntiCsrf, GetSession, NewSession, Sessions, SystemClock, UserId};
use doorward_crypto::{AwsLc, keys, random};
use doorward_engine::crypto::KeyError;
use doorward_engine::secret::Secret;
use doorward_service::env::{KeyMaker, World};
use doorward_service::{Service, ServiceOptions};
use tokio::runtime::Runtime;

use crate::cli::Run;
use crate::compare::{compare, cpu_nanos};
use crate::given::{Keys, PAYLOAD, runtime};
use crate::report::Report;
use crate::tokens::Bare;

const REQUESTS: usize = 64;
const CACHED: usize = 1024;

/// What a browser sends beside `cookie`, `rid` and `anti-csrf`: 12 headers together.
pub(crate) const BROWSER: [(&str, &str); 9] = [
    ("host", "api.example.com"),
    ("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
    ("accept", "application/json, text/plain, */*"),
    ("accept-language", "en-GB,en;q=0.8,de;q=0.5"),
    ("accept-encoding", "gzip, deflate, br, zstd"),
    ("content-type", "application/json"),
    ("origin", "https://api.example.com"),
    ("referer", "https://api.example.com/app/projects/42"),
    ("sec-fetch-site", "same-origin"),
];

/// An application with signed-in browsers.
#[derive(Debug)]
pub(crate) struct App {
    runtime: Runtime,
    sessions: Sessions,
    /// One per browser, each of them a POST, so that the anti-CSRF value is judged.
    requests: Vec<Request<()>>,
    keys: Keys,
    tokens: Vec<String>,
}

impl App {
    pub(crate) fn open(browsers: usize, cached_tokens: usize) -> Result<Self> {
        let (runtime, keys) = (runtime()?, Keys::make(Algorithm::Rs256)?);
        let (sessions, requests) = runtime.block_on(async {
            let sessions = Sessions::builder("https://api.example.com")
                .store(keys.store().await?)
                .anti_csrf(AntiCsrf::ViaToken)
                .verified_token_cache(cached_tokens)
                .build()
                .await?;
            let mut requests = Vec::new();
            for _ in 0..browsers {
                requests.push(request(&sessions).await?);
            }
            anyhow::Ok((sessions, requests))
        })?;
        let tokens = requests.iter().map(token_of).collect::<Result<_>>()?;
        Ok(Self { runtime, sessions, requests, keys, tokens })
    }

    /// Asks for the session of each request.
    pub(crate) fn get_sessions(&self) -> Result<()> {
        self.runtime.block_on(async {
            for request in &self.requests {
                let exchange = self.sessions.exchange(black_box(request));
                let session = exchange.get_session(GetSession::new()).await?;
                black_box(session.user_id());
            }
            Ok(())
        })
    }
}

/// What a signed-in browser sends to any route but that of the refresh: the refresh cookie stays behind.
async fn request(sessions: &Sessions) -> Result<Request<()>> {
    let user = UserId::parse("fa7a0841-b533-4478-9553-0fde890c3483")?;
    let payload: serde_json::Value = serde_json::from_str(PAYLOAD)?;
    let role = serde_json::json!({ "role": payload.get("role") });
    let browser = signed_in_as(sessions, NewSession::for_user(user).payload(role)).await?;
    let mut request = Request::builder().method(Method::POST).uri("/api/projects/42");
    for (name, value) in BROWSER {
        request = request.header(name, value);
    }
    for (name, value) in browser.headers() {
        request = match name {
            "cookie" => {
                let kept = value.split("; ").filter(|cookie| !cookie.starts_with("sRefreshToken="));
                request.header(name, ["theme=dark"].into_iter().chain(kept).collect::<Vec<_>>().join("; "))
            }
            _ => request.header(name, value),
        };
    }
    Ok(request.body(())?)
}

fn token_of(request: &Request<()>) -> Result<String> {
    let cookies = request.headers().get("cookie").context("a cookie")?.to_str()?;
    let token = cookies.split("; ").find_map(|cookie| cookie.strip_prefix("sAccessToken="));
    Ok(token.context("an access token")?.to_owned())
}

pub(crate) fn session(run: &Run, report: &mut Report) -> Result<()> {
    let app = App::open(REQUESTS, 0)?;
    let bare: Vec<Bare> = app.tokens.iter().map(|token| Bare::of(token)).collect::<Result<_>>()?;
    let compared = compare(
        run.or_quick(400, 60),
        || cpu_nanos(REQUESTS, || app.get_sessions()),
        || Bare::verify_all(&bare, &*app.keys.key),
    )?;
    let bytes = app.tokens.first().map_or(0, String::len);
    report.topic(&format!(
        "session: `get_session` of a request with 12 headers and a cookie of {bytes} bytes, anti-CSRF judged / the bare RS256 verification"
    ));
    report.times("get_session", 1.25, compared);
    Ok(())
}

/// Never asked for keys: the store has them.
struct NoKeys;

impl KeyMaker for NoKeys {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), KeyError> {
        random::fill(bytes).map_err(|_| KeyError::Sign)
    }

    fn signing_key(&self) -> Result<Secret, KeyError> {
        keys::generate_signing_key(Algorithm::Rs256).map_err(|_| KeyError::Sign)
    }

    fn refresh_key(&self) -> Result<Secret, KeyError> {
        keys::generate_refresh_key().map_err(|_| KeyError::Sign)
    }
}

pub(crate) fn cache(run: &Run, report: &mut Report) -> Result<()> {
    let app = App::open(CACHED, 4 * CACHED)?;
    let service = app.runtime.block_on(async {
        let store = Arc::new(app.keys.store().await?);
        let world = World { clock: Arc::new(SystemClock), crypto: Arc::new(AwsLc), keys: Arc::new(NoKeys) };
        let options = ServiceOptions { verified_tokens: 4 * CACHED, ..ServiceOptions::default() };
        anyhow::Ok(Service::open(store, world, options).await?)
    })?;
    let map: HashMap<String, usize> = app.tokens.iter().cloned().zip(0..).collect();
    let look_up = || {
        cpu_nanos(CACHED, || {
            for token in &app.tokens {
                ensure!(black_box(map.get(black_box(token.as_str()))).is_some(), "a token is not in the map");
            }
            Ok(())
        })
    };
    let verify = || {
        app.runtime.block_on(async {
            for token in &app.tokens {
                black_box(service.verify(black_box(token)).await??);
            }
            Ok(())
        })
    };
    let rounds = run.or_quick(400, 60);
    let hit = compare(rounds, || cpu_nanos(CACHED, verify), look_up)?;
    let whole = compare(rounds, || cpu_nanos(CACHED, || app.get_sessions()), look_up)?;
    report.topic(&format!("cache: {CACHED} verified tokens that are remembered / `get` of a std HashMap with them"));
    report.times("cache hit, judged by time", 1.5, hit);
    report.fact(
        "get_session as a whole, cache on",
        &format!("{} ({:.1} lookups)", crate::report::nanos(whole.ours_nanos), whole.ratio),
    );
    Ok(())
}
