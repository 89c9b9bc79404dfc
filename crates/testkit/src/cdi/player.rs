//! Plays a scenario: request by request, each answer compared with the recorded one.

use std::collections::BTreeSet;
use std::future::Future;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response};

use crate::cdi::answers::Answers;
use crate::cdi::compare::{Comparison, Difference};
use crate::cdi::json::Json;
use crate::cdi::placeholder::{Given, KeyTimes, PublishedKey};
use crate::cdi::scenario::{Body, Exchange, Scenario, Step};
use crate::cdi::token::VerifyingKey;

/// What requests are sent to: a server, or something that stands in for one.
pub trait Target {
    /// Answers a request.
    fn call(&self, request: Request<Bytes>) -> impl Future<Output = Response<Bytes>>;

    /// The moment it is for the target, in Unix milliseconds.
    fn now(&self) -> u64;

    /// Lets time pass.
    fn sleep(&self, millis: u64) -> impl Future<Output = ()>;
}

/// Host and port that requests name.
pub const HOST: &str = "localhost:3567";

/// How far a time may be off in a scenario with pauses: it was recorded by the clock of a machine, to the second.
const TOLERANCE_WITH_PAUSES: i64 = 1500;

/// How a step went at one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Played {
    /// The scenario.
    pub scenario: String,
    /// The version.
    pub version: String,
    /// The step.
    pub step: String,
    /// What was not as it must be; nothing if the step passed.
    pub differences: Vec<Difference>,
}

/// Plays a scenario at a version. `run` is a short word that no other play on this server has.
pub async fn play<T: Target>(target: &T, scenario: &Scenario, version: &str, run: &str) -> Vec<Played> {
    let mut play = Play {
        target,
        scenario,
        answers: Answers::new(version, run, HOST),
        seen: BTreeSet::new(),
        key_times: key_times(scenario),
    };
    let mut played = Vec::new();
    for step in &scenario.steps {
        match step {
            Step::Sleep(millis) => target.sleep(*millis).await,
            Step::Ask(exchange) => played.push(Played {
                scenario: scenario.name.clone(),
                version: version.to_owned(),
                step: exchange.id.clone(),
                differences: match play.step(exchange).await {
                    Ok(differences) => differences,
                    Err(got) => vec![Difference { at: "step".into(), wanted: "an answer".into(), got }],
                },
            }),
        }
    }
    played
}

struct Play<'a, T> {
    target: &'a T,
    scenario: &'a Scenario,
    answers: Answers,
    /// Values that must never come twice.
    seen: BTreeSet<String>,
    key_times: KeyTimes,
}

impl<T: Target> Play<'_, T> {
    /// Gives the differences, or why there is nothing to compare.
    async fn step(&mut self, exchange: &Exchange) -> Result<Vec<Difference>, String> {
        let path = self.answers.fill_text(&exchange.path)?;
        // Steps of this name go to where the server is not.
        let base = if exchange.id.starts_with("outside_") { "" } else { &self.scenario.base_path };
        let request = self.request(exchange, &format!("{base}{path}"))?;
        let sent = self.target.now();
        let answer = self.target.call(request).await;
        let (head, body) = answer.into_parts();
        let text = core::str::from_utf8(&body).map_err(|_| "a body that is not UTF-8".to_owned());
        let json = text.clone().and_then(Json::parse);
        if let Ok(json) = &json {
            self.answers.keep(exchange, json.clone());
        }

        let status = head.status.as_u16();
        let wanted = &exchange.wanted;
        if status != wanted.status {
            let got = format!("{status} {}", text.unwrap_or("(no text)").trim_end());
            return Ok(vec![Difference { at: "status".into(), wanted: wanted.status.to_string(), got }]);
        }
        let Some(wanted_body) = &wanted.body else { return Ok(Vec::new()) };

        let published = if asks_for_keys(wanted_body) { self.published(&path).await } else { Ok(Vec::new()) };
        let (published, no_keys) = published.map_or_else(|error| (Vec::new(), Some(error)), |keys| (keys, None));
        let mut comparison = Comparison::new(Given {
            answers: &self.answers,
            step: &exchange.id,
            sent: i64::try_from(sent).map_err(|error| error.to_string())?,
            tolerance: if self.scenario.has_pauses() { TOLERANCE_WITH_PAUSES } else { 0 },
            key_times: self.key_times,
            published: &published,
            seen: &self.seen,
        });
        for (name, want) in &wanted.headers {
            let at = format!("header {name}");
            match head.headers.get(name).map(HeaderValue::to_str) {
                Some(Ok(got)) => comparison.text(want, got, &at),
                got => comparison.differs(&at, want, if got.is_some() { "bytes that are no text" } else { "nothing" }),
            }
        }
        compare_body(&mut comparison, wanted_body, text, json);
        for (a, b) in &exchange.equal {
            match (self.answers.lookup(a), self.answers.lookup(b)) {
                (Ok(a), Ok(b)) if a == b => {}
                (Ok(got), Ok(want)) => comparison.differs(&format!("equal {a}"), format!("{want} as in {b}"), got),
                (Err(error), _) | (_, Err(error)) => comparison.differs(&format!("equal {a}"), b, error),
            }
        }
        if let Some(error) = no_keys {
            comparison.differs("published keys", "a key set", error);
        }
        let Comparison { fresh, found, .. } = comparison;
        self.seen.extend(fresh);
        Ok(found)
    }

    fn request(&self, exchange: &Exchange, path: &str) -> Result<Request<Bytes>, String> {
        let body = match &exchange.body {
            Body::Empty => None,
            Body::Json(json) => Some(self.answers.fill(json)?.compact()),
            Body::Text(raw) => Some(self.answers.fill_text(raw)?),
        };
        let mut request = Request::builder().method(exchange.method.as_str()).uri(path).header("host", HOST);
        if body.is_some() || matches!(exchange.method.as_str(), "POST" | "PUT" | "PATCH") {
            request = request.header("content-length", body.as_ref().map_or(0, String::len));
        }
        for (name, value) in &exchange.headers {
            // Blanks around a value belong to the transport, which takes them away.
            request = request.header(name, self.answers.fill_text(value)?.trim_matches([' ', '\t']));
        }
        request.body(Bytes::from(body.unwrap_or_default())).map_err(|error| format!("a request {path}: {error}"))
    }

    /// The keys of the app that a request went to.
    async fn published(&self, path: &str) -> Result<Vec<PublishedKey>, String> {
        let app = path.split('/').nth(1).filter(|segment| segment.starts_with("appid-"));
        let app = app.map(|segment| format!("/{segment}")).unwrap_or_default();
        let path = format!("{}{app}/.well-known/jwks.json", self.scenario.base_path);
        let request = Request::builder().method(Method::GET).uri(&path).header("host", HOST).body(Bytes::new());
        let answer = self.target.call(request.map_err(|error| format!("a request {path}: {error}"))?).await;
        let text = core::str::from_utf8(answer.body()).map_err(|error| format!("{path}: {error}"))?;
        let keys = Json::parse(text).map_err(|error| format!("{path} gave {text}: {error}"))?;
        let keys = keys.get("keys").and_then(Json::items).unwrap_or_default();
        let keys = keys.iter().filter_map(|key| {
            Some(PublishedKey { kid: key.get("kid")?.text()?.to_owned(), key: VerifyingKey::from_jwk(key)? })
        });
        Ok(keys.collect())
    }
}

fn compare_body(
    comparison: &mut Comparison<'_>,
    wanted: &Body,
    text: Result<&str, String>,
    json: Result<Json, String>,
) {
    let text = match text {
        Ok(text) => text,
        Err(error) => return comparison.differs("body", "text", error),
    };
    match (wanted, json) {
        (Body::Empty, _) => comparison.text("", text, "body"),
        (Body::Text(want), _) => comparison.text(want, text, "body"),
        (Body::Json(want), Ok(got)) => {
            comparison.value(want, &got, "json");
            if text.strip_suffix('\n').is_none_or(|line| line.contains(['\n', '\r'])) {
                comparison.differs("body", "one line with a newline at its end", text);
            }
        }
        (Body::Json(_), Err(error)) => comparison.differs("body", "JSON", format!("{text} ({error})")),
    }
}

/// Whether the wanted answer holds what only the published keys can judge.
pub(super) fn asks_for_keys(body: &Body) -> bool {
    fn asks(value: &Json) -> bool {
        match value {
            Json::Object(members) => {
                members.iter().any(|(name, value)| name == "$jwt" || name == "$anyms" || asks(value))
            }
            Json::List(items) => items.iter().any(asks),
            _ => false,
        }
    }
    matches!(body, Body::Json(value) if asks(value))
}

/// What the configuration says about signing keys; the defaults where it is silent.
pub(super) fn key_times(scenario: &Scenario) -> KeyTimes {
    const UPDATE_HOURS: i64 = 168;
    const ACCESS_SECONDS: i64 = 3600;
    const STATIC_KEY_MILLIS: i64 = 315_360_000_000;
    let option = |name, default| scenario.option(name).and_then(|value| value.parse().ok()).unwrap_or(default);
    let update = option("access_token_dynamic_signing_key_update_interval", UPDATE_HOURS) * 3_600_000;
    let is_static =
        scenario.option("access_token_signing_key_dynamic").map(|value| value.trim_matches('"')) == Some("false");
    let access = option("access_token_validity", ACCESS_SECONDS) * 1000;
    KeyTimes { update, end: if is_static { STATIC_KEY_MILLIS } else { update + 2 * access }, is_static }
}
