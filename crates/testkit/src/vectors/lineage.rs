//! `vectors/lineage`: sequences of presentations of one session's tokens, and what the lineage says of each.

use std::collections::BTreeMap;

use doorward_crypto::AwsLc;
use doorward_engine::entropy::Entropy;
use doorward_engine::flow::{Env, Flow, Seen, Step};
use doorward_engine::hash::{Hash1, Hash2};
use doorward_engine::id::{AppId, TenantId, UserId};
use doorward_engine::key::ring::KeyRing;
use doorward_engine::policy::{Policy, Rotation, StoreCheck, Theft};
use doorward_engine::secret::Secret;
use doorward_engine::session::create::{Create, Created, NewLimits, NewSession};
use doorward_engine::session::record::Row;
use doorward_engine::session::refresh::{Refresh, RefreshRequest, Refreshed};
use doorward_engine::session::verify::{Confirm, ConfirmRequest, Confirmed};
use doorward_engine::session::{Deny, Issued};
use doorward_engine::time::{Lifetime, Millis};
use doorward_engine::token::access::{self, UnsignedAccess};
use serde::Deserialize;

use crate::fakes::Dice;
use crate::model::row::carry_out;
use crate::vectors::keys::TestKeys;
use crate::vectors::report::{Case, Report, same, unknown};

/// When the session of every case is created.
const CREATED_AT: u64 = 1_767_225_600_000;

const FILES: [(&str, &str); 4] = [
    ("rows.json", include_str!("../../../../vectors/lineage/rows.json")),
    ("windows.json", include_str!("../../../../vectors/lineage/windows.json")),
    ("changes.json", include_str!("../../../../vectors/lineage/changes.json")),
    ("checks.json", include_str!("../../../../vectors/lineage/checks.json")),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    rotation: Mode,
    grace: u64,
    access_lifetime: u64,
    refresh_lifetime: u64,
    theft: AtTheft,
    steps: Vec<Request>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Mode {
    OnUse,
    OnRefresh,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Check {
    Renews,
    Reports,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum AtTheft {
    Ends,
    Reported,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    at: u64,
    refresh: Option<String>,
    verify: Option<String>,
    foreign: Option<String>,
    prev: Option<String>,
    #[serde(default)]
    anti_csrf: bool,
    #[serde(default)]
    check_store: bool,
    store_check: Option<Check>,
    static_key: Option<bool>,
    rotation: Option<Mode>,
    grace: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    verdict: String,
    successor: Option<String>,
    row: Option<u8>,
    #[serde(default)]
    opens: bool,
    presented: Option<String>,
    since_rotation: Option<u64>,
    window: Option<u8>,
    presentations: Option<u8>,
    row_after: Option<RowAfter>,
}

/// The lineage columns of a row, tokens by name, times since the creation.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct RowAfter {
    current: String,
    prev: Option<String>,
    rotated_at: Option<u64>,
    window: Option<(u64, u8, u8)>,
    expires_at: u64,
    static_key: bool,
}

/// Runs the files.
pub fn run() -> Vec<Report> {
    let ring = TestKeys::read().and_then(|keys| {
        let refresh = keys.refresh.first().map_or("", |key| key.name.as_str()).to_owned();
        keys.ring(&AppId::default(), &["ed25519"], &refresh, None)
    });
    let play = |case: &Case<'_>| match (&ring, case.op) {
        (Ok(ring), "lineage.play") => {
            let (input, expect): (Input, Vec<Expect>) = case.read()?;
            Session::create(ring, &input)?.play(&input, &expect)
        }
        (Ok(_), op) => unknown(op),
        (Err(error), _) => Err(error.clone()),
    };
    FILES.into_iter().map(|(name, text)| Report::of(name, text, play)).collect()
}

/// The session of a case.
struct Session<'a> {
    ring: &'a KeyRing,
    policy: Policy,
    row: Option<Row>,
    /// By name: the token, and the value that must come with it.
    tokens: BTreeMap<String, (Secret, Option<Secret>)>,
    /// By the name of the refresh token: the access token that came with it last.
    access: BTreeMap<String, UnsignedAccess>,
    names: Vec<(Hash2, String)>,
    dice: Dice,
}

impl<'a> Session<'a> {
    fn create(ring: &'a KeyRing, input: &Input) -> Result<Self, String> {
        let policy = Policy {
            access_lifetime: Lifetime::from_millis(input.access_lifetime),
            refresh_lifetime: Lifetime::from_millis(input.refresh_lifetime),
            theft: match input.theft {
                AtTheft::Ends => Theft::Ends,
                AtTheft::Reported => Theft::Reported,
            },
            ..Policy::default()
        };
        let mut session = Self {
            ring,
            policy,
            row: None,
            tokens: BTreeMap::new(),
            access: BTreeMap::new(),
            names: Vec::new(),
            dice: Dice::new(1),
        };
        session.set(Some(input.rotation), Some(input.grace));
        let new = NewSession {
            app: AppId::default(),
            tenant: TenantId::default(),
            user: UserId::parse("user").map_err(|error| error.to_string())?,
            payload: Default::default(),
            data: Default::default(),
            anti_csrf: false,
            use_static_key: false,
            limits: NewLimits::default(),
            access_lifetime_once: None,
        };
        match session.drive(0, |env| Create::start(new, env))? {
            Created::Issued(issued) => session.learn("first", *issued)?,
            Created::Collision => return Err("the row was not free".to_owned()),
        }
        Ok(session)
    }

    fn set(&mut self, rotation: Option<Mode>, grace: Option<u64>) {
        match rotation {
            Some(Mode::OnUse) => self.policy.rotation = Rotation::OnUse,
            Some(Mode::OnRefresh) => self.policy.rotation = Rotation::OnRefresh,
            None => {}
        }
        if let Some(grace) = grace {
            self.policy.grace = Lifetime::from_millis(grace);
        }
    }

    fn play(mut self, input: &Input, expect: &[Expect]) -> Result<(), String> {
        same("the number of answers", expect.len(), input.steps.len())?;
        for (number, (request, expect)) in input.steps.iter().zip(expect).enumerate() {
            self.set(request.rotation, request.grace);
            match request.store_check {
                Some(Check::Renews) => self.policy.store_check = StoreCheck::Renews,
                Some(Check::Reports) => self.policy.store_check = StoreCheck::Reports,
                None => {}
            }
            let verdict = self.answer(request, expect).and_then(|verdict| {
                same("the verdict", verdict, expect.verdict.as_str())?;
                same("the row", self.row_after(), expect.row_after.clone())
            });
            verdict.map_err(|why| format!("step {}: {why}", number + 1))?;
        }
        Ok(())
    }

    fn answer(&mut self, request: &Request, expect: &Expect) -> Result<&'static str, String> {
        match (&request.refresh, &request.verify, &request.foreign) {
            (Some(name), None, None) => self.refresh(name, request, expect),
            (None, Some(name), None) => self.verify(name, request),
            (None, None, Some(name)) => self.rotated_elsewhere(name, request),
            _ => Err("a step has one of refresh, verify and foreign".to_owned()),
        }
    }

    fn refresh(&mut self, name: &str, step: &Request, expect: &Expect) -> Result<&'static str, String> {
        let (token, anti_csrf_sent) = self.tokens.get(name).cloned().ok_or_else(|| format!("no token {name}"))?;
        let request = RefreshRequest {
            app: AppId::default(),
            token,
            anti_csrf_sent,
            anti_csrf: step.anti_csrf,
            use_static_key: step.static_key,
            access_lifetime_once: None,
            tentative: false,
        };
        match self.drive(step.at, |env| Refresh::start(request, env))? {
            Refreshed::Issued(issued) => {
                same("the row of the table", issued.answered.map(|answered| answered.row), expect.row)?;
                let opened = issued.answered.is_some_and(|answered| answered.opened_window);
                same("whether a window opened", opened, expect.opens)?;
                self.learn(expect.successor.as_deref().ok_or("a successor, and none is expected")?, *issued)?;
                Ok("issued")
            }
            Refreshed::Unauthorised(_) => Ok("unauthorised"),
            Refreshed::Theft(found) => {
                let evidence = found.evidence;
                same("the row of the table", Some(evidence.row), expect.row)?;
                same("what was presented", Some(evidence.presented.code()), expect.presented.as_deref())?;
                let since = evidence.since_rotation.map(Lifetime::as_millis);
                same("the time since the rotation", since, expect.since_rotation)?;
                same("the window", evidence.window, expect.window)?;
                same("the presentations", Some(evidence.presentations), expect.presentations)?;
                Ok("theft")
            }
        }
    }

    fn verify(&mut self, name: &str, step: &Request) -> Result<&'static str, String> {
        let access = self.access.get(name).cloned().ok_or_else(|| format!("no access token of {name}"))?;
        let token = access.unsigned.sign().map_err(|error| error.to_string())?;
        let claims = access::verify(&token, self.ring, Millis::saturating(CREATED_AT + step.at), &self.policy)
            .map_err(|error| error.to_string())?;
        let request = ConfirmRequest { check_store: step.check_store, is_known: false };
        if !Confirm::is_needed(&claims, request, &self.policy) {
            return Ok("stands");
        }
        match self.drive(step.at, |env| Confirm::start(claims, &AppId::default(), request, env))? {
            Confirmed::Stands { .. } => Ok("stands"),
            Confirmed::Unauthorised(Deny::RotatedOut) => Ok("rotated_out"),
            Confirmed::Unauthorised(_) => Ok("unauthorised"),
            Confirmed::Refused(_) => Ok("refused"),
            Confirmed::Renewed(access) => {
                self.access.insert(name.to_owned(), *access);
                Ok("renewed")
            }
        }
    }

    /// What another program does to the row: it knows nothing of windows.
    fn rotated_elsewhere(&mut self, name: &str, step: &Request) -> Result<&'static str, String> {
        let current = self.hash_of(name);
        let prev = step.prev.as_deref().map(|prev| self.hash_of(prev));
        let row = self.row.as_mut().ok_or("the row is gone")?;
        (row.current, row.prev) = (current, prev);
        row.rotated_at = Some(Millis::saturating(CREATED_AT + step.at));
        Ok("written")
    }

    /// Drives a use case on the row.
    fn drive<F: Flow>(&mut self, at: u64, start: impl FnOnce(&Env<'_>) -> Step<F>) -> Result<F::Outcome, String> {
        let mut random = [0; Entropy::BYTES];
        self.dice.fill(&mut random);
        let entropy = Entropy::new(random);
        let now = Millis::saturating(CREATED_AT + at);
        let env = Env { now, policy: &self.policy, keys: self.ring, crypto: &AwsLc, entropy: &entropy };
        let mut step = start(&env);
        for _ in 0..8 {
            step = match step {
                Step::Done(outcome) => return Ok(outcome),
                Step::Load(_, flow) => flow.resume(Seen::Row(self.row.clone()), &env),
                Step::Commit(write, flow) => {
                    let (seen, row) = carry_out(self.row.take(), write);
                    self.row = row;
                    flow.resume(seen, &env)
                }
            };
        }
        Err("more than eight steps".to_owned())
    }

    /// Under a known name comes the same token, under a new one a token that was not seen before.
    fn learn(&mut self, name: &str, issued: Issued) -> Result<(), String> {
        match self.tokens.get(name) {
            Some((known, _)) if *known == issued.refresh => {}
            Some(_) => return Err(format!("another token came than {name}")),
            None if self.tokens.values().any(|(known, _)| *known == issued.refresh) => {
                return Err(format!("{name} must be a new token, and is a known one"));
            }
            None => {
                self.tokens.insert(name.to_owned(), (issued.refresh, issued.anti_csrf));
                self.names.push((issued.access.claims.own.stored(&AwsLc), name.to_owned()));
            }
        }
        self.access.insert(name.to_owned(), issued.access);
        Ok(())
    }

    /// The stored hash of a token; a name that is new stands for a token of another program.
    fn hash_of(&mut self, name: &str) -> Hash2 {
        if let Some((hash, _)) = self.names.iter().find(|(_, known)| known == name) {
            return *hash;
        }
        let hash = Hash1::of(name, &AwsLc).stored(&AwsLc);
        self.names.push((hash, name.to_owned()));
        hash
    }

    fn row_after(&self) -> Option<RowAfter> {
        let name = |hash: &Hash2| {
            let known = self.names.iter().find(|(known, _)| known == hash);
            known.map_or_else(|| "a token without a name".to_owned(), |(_, name)| name.clone())
        };
        let since = |at: Millis| at.as_u64().saturating_sub(CREATED_AT);
        self.row.as_ref().map(|row| RowAfter {
            current: name(&row.current),
            prev: row.prev.as_ref().map(name),
            rotated_at: row.rotated_at.map(since),
            window: row.window.map(|window| (since(window.opened_at), window.number, window.count)),
            expires_at: since(row.expires_at),
            static_key: row.use_static_key,
        })
    }
}
