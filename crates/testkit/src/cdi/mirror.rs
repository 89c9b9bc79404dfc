//! A target that answers as a scenario wants it: it makes a value for every placeholder. The player is tested against it,
//! and against changed answers of it.

use core::cell::RefCell;
use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use doorward_crypto::AwsLc;
use doorward_engine::crypto::{Crypto, PublicNumbers, SigningKey};
use doorward_engine::secret::Secret;
use http::{Request, Response};

use crate::cdi::answers::Answers;
use crate::cdi::json::Json;
use crate::cdi::placeholder::{KeyTimes, without_drift};
use crate::cdi::player::{HOST, Target, asks_for_keys, key_times};
use crate::cdi::scenario::{Body, Exchange, Scenario};
use crate::cdi::token::Flavour;
use crate::vectors::keys::TestKeys;

/// An answer that may be changed before it leaves.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

/// Plays the server's part of a scenario.
pub struct Mirror<'a, F> {
    state: RefCell<State<'a>>,
    change: F,
}

struct State<'a> {
    exchanges: Vec<&'a Exchange>,
    next: usize,
    /// The player asks for the keys after an answer that only they can judge.
    asked_for_keys: bool,
    answers: Answers,
    /// What was made for the placeholders of the answer at work, by place.
    made: BTreeMap<String, Json>,
    now: u64,
    drawn: u32,
    key: std::sync::Arc<dyn SigningKey>,
    key_times: KeyTimes,
    has_pauses: bool,
}

impl<F> core::fmt::Debug for Mirror<'_, F> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Mirror(..)")
    }
}

const START: u64 = 1_767_222_000_347;
const KEY_MADE: i64 = 1_767_221_999_100;
const STATIC_KID: &str = "s-0c6df0a9-4fae-4ddb-9f41-8ad1a6ad6d24";

impl<'a, F: Fn(&str, &mut Answer)> Mirror<'a, F> {
    /// Makes one for a play. `change` is shown each answer with the name of its step.
    pub fn new(scenario: &'a Scenario, version: &str, run: &str, change: F) -> Result<Self, String> {
        let stored = Secret::new(TestKeys::read()?.signing("rsa")?.stored.as_str());
        let key = AwsLc.parse_signing_key(&stored).map_err(|error| error.to_string())?;
        let state = State {
            exchanges: scenario.exchanges().collect(),
            next: 0,
            asked_for_keys: false,
            answers: Answers::new(version, run, HOST),
            made: BTreeMap::new(),
            now: START,
            drawn: 0,
            key,
            key_times: key_times(scenario),
            has_pauses: scenario.has_pauses(),
        };
        Ok(Self { state: RefCell::new(state), change })
    }
}

impl<F: Fn(&str, &mut Answer)> Target for Mirror<'_, F> {
    async fn call(&self, _: Request<Bytes>) -> Response<Bytes> {
        let mut state = self.state.borrow_mut();
        let answer = match core::mem::take(&mut state.asked_for_keys) {
            true => Answer { status: 200, headers: Vec::new(), body: state.jwks() },
            false => {
                let (step, mut answer) = state.answer();
                (self.change)(step, &mut answer);
                answer
            }
        };
        let mut response = Response::builder().status(answer.status);
        for (name, value) in answer.headers {
            response = response.header(name, value);
        }
        response.body(Bytes::from(answer.body)).unwrap_or_default()
    }

    fn now(&self) -> u64 {
        self.state.borrow().now
    }

    async fn sleep(&self, millis: u64) {
        self.state.borrow_mut().now += millis;
    }
}

impl<'a> State<'a> {
    fn answer(&mut self) -> (&'a str, Answer) {
        let Some(exchange) = self.exchanges.get(self.next).copied() else {
            return ("", Answer { status: 500, headers: Vec::new(), body: "no step is left\n".into() });
        };
        self.next += 1;
        let wanted = &exchange.wanted;
        let body = match &wanted.body {
            None => "<html>\n".to_owned(),
            Some(Body::Empty) => String::new(),
            Some(Body::Text(text)) => self.text(text),
            Some(Body::Json(json)) => format!("{}\n", self.json(exchange, json).compact()),
        };
        self.asked_for_keys = wanted.body.as_ref().is_some_and(asks_for_keys);
        let headers = wanted.headers.iter().map(|(name, value)| (name.clone(), self.text(value))).collect();
        (&exchange.id, Answer { status: wanted.status, headers, body })
    }

    fn text(&self, text: &str) -> String {
        self.answers.fill_text(text).unwrap_or_default().replace("{{int}}", "60")
    }

    /// A value may name another one of the same answer, so it takes some rounds until all is made.
    fn json(&mut self, exchange: &Exchange, json: &Json) -> Json {
        const ROUNDS: usize = 5;
        self.made.clear();
        for _ in 1..ROUNDS {
            let made = self.make(json, "").unwrap_or(Json::Null);
            self.answers.keep(exchange, made);
        }
        self.make(json, "").unwrap_or(Json::Null)
    }

    fn make(&mut self, want: &Json, at: &str) -> Option<Json> {
        match want {
            Json::Object(members) => match members.first() {
                Some((mark, told)) if mark.starts_with('$') => {
                    if let Some(made) = self.made.get(at) {
                        return Some(made.clone());
                    }
                    let made = self.placeholder(mark, told, want, at)?;
                    self.made.insert(at.to_owned(), made.clone());
                    Some(made)
                }
                _ => {
                    let mut made = Vec::new();
                    for (name, value) in members {
                        made.push((name.clone(), self.make(value, &format!("{at}.{name}")).unwrap_or(Json::Null)));
                    }
                    Some(Json::Object(made))
                }
            },
            Json::List(items) => {
                let items = items.iter().enumerate();
                let made = items.map(|(place, item)| self.make(item, &format!("{at}.{place}")).unwrap_or(Json::Null));
                Some(Json::List(made.collect()))
            }
            Json::Text(text) => Some(Json::Text(self.text(text))),
            other => Some(other.clone()),
        }
    }

    fn placeholder(&mut self, mark: &str, told: &Json, want: &Json, at: &str) -> Option<Json> {
        let now = i64::try_from(self.now).ok()?;
        let number = |number: i64| Some(Json::Number(number.to_string()));
        let text = |text: String| Some(Json::Text(text));
        let first = || told.integer().or_else(|| told.items()?.first()?.integer());
        match mark {
            "$uuid" => text(format!("{}{}", self.uuid(), want.get("suffix").and_then(Json::text).unwrap_or_default())),
            "$refreshToken" => text(format!("{}.{}.V2", STANDARD.encode(self.uuid()), self.uuid())),
            "$kid" if told.text() == Some("d-") => text(format!("d-{KEY_MADE}")),
            "$kid" => text(STATIC_KID.into()),
            "$capture" => self.answers.lookup(told.text()?).ok().filter(|value| *value != Json::Null),
            "$sha256" => {
                let held = self.answers.lookup(told.text()?).ok()?;
                text(hex::encode(AwsLc.sha256(held.text()?.as_bytes())))
            }
            "$ms" | "$ms_range" | "$s" | "$s_range" => {
                let seconds = mark.starts_with("$s");
                let after = first().map(|after| if self.has_pauses { after } else { without_drift(after, seconds) })?;
                match (seconds, want.get("whole").is_some()) {
                    (true, _) => number(now / 1000 + after),
                    (false, true) => number(now / 1000 * 1000 + after),
                    (false, false) => number(now + after),
                }
            }
            "$anyms" => number(match at.rsplit_once('.')?.1 {
                "createdAt" => KEY_MADE,
                "expiryTime" => KEY_MADE + self.key_times.end,
                _ => KEY_MADE + self.key_times.update,
            }),
            "$publicKey" => text(self.key.public().spki),
            "$b64url" => text(self.numbers()?.0),
            "$set" => {
                let Json::List(mut items) = self.make(told, at)? else { return None };
                items.reverse();
                Some(Json::List(items))
            }
            "$jwt" => self.token(told, at),
            _ => None,
        }
    }

    fn token(&mut self, told: &Json, at: &str) -> Option<Json> {
        let header = self.make(told.get("header")?, &format!("{at}#header"))?;
        let payload = self.make(told.get("payload")?, &format!("{at}#payload"))?;
        // What names a value of this answer is not there yet in the first round.
        let placeholders = format!("{at}#payload");
        let wanted = marks(told.get("payload")?);
        let made = self.made.keys().filter(|place| place.starts_with(&placeholders)).count();
        if made < wanted {
            return None;
        }
        let flavour = if told.get("encoding")?.text()? == "base64" { Flavour::Standard } else { Flavour::Url };
        let encode = |part: &Json| flavour.encode(part.compact().as_bytes());
        let message = format!("{}.{}", encode(&header), encode(&payload));
        let signature = self.key.sign(message.as_bytes()).ok()?;
        Some(Json::Text(format!("{message}.{}", flavour.encode(&signature))))
    }

    fn uuid(&mut self) -> String {
        self.drawn += 1;
        format!("5f1b7c1e-3d0a-4c55-9a7e-{:012x}", self.drawn)
    }

    fn numbers(&self) -> Option<(String, String)> {
        if let PublicNumbers::Rsa { n, e } = self.key.public().numbers { Some((n, e)) } else { None }
    }

    fn jwks(&self) -> String {
        let (n, e) = self.numbers().unwrap_or_default();
        let key = |kid: String| format!(r#"{{"kty":"RSA","kid":"{kid}","n":"{n}","e":"{e}"}}"#);
        format!(r#"{{"keys":[{},{}]}}"#, key(format!("d-{KEY_MADE}")), key(STATIC_KID.into()))
    }
}

/// How many placeholders a value holds.
fn marks(value: &Json) -> usize {
    match value {
        Json::Object(members) if members.iter().any(|(name, _)| name.starts_with('$')) => 1,
        Json::Object(members) => members.iter().map(|(_, value)| marks(value)).sum(),
        Json::List(items) => items.iter().map(marks).sum(),
        _ => 0,
    }
}
