//! Properties over long random sequences: the rules of `testkit::model` on walks that no exhaustive search reaches, and
//! what no output may contain.
#![expect(clippy::indexing_slicing, reason = "tests")]

use doorward_engine::entropy::Entropy;
use doorward_engine::flow::{Env, Flow, Seen, Step};
use doorward_engine::id::{AppId, TenantId, UserId};
use doorward_engine::key::ring::KeyRing;
use doorward_engine::payload::{JsonText, Payload};
use doorward_engine::policy::{Policy, Rotation, Theft};
use doorward_engine::secret::Secret;
use doorward_engine::session::create::{Create, Created, NewLimits, NewSession};
use doorward_engine::session::record::Row;
use doorward_engine::session::refresh::{Refresh, RefreshRequest, Refreshed};
use doorward_engine::session::verify::{Confirm, ConfirmRequest, Confirmed};
use doorward_engine::time::{Lifetime, Millis};
use doorward_engine::token::access::{self, UnsignedAccess};
use doorward_testkit::fakes::{Dice, QuickCrypto};
use doorward_testkit::model::row::carry_out;
use doorward_testkit::model::scenario::{ACCESS, GRACE, START, Scenario, WINDOW};
use doorward_testkit::model::steps::Steps;
use doorward_testkit::model::world::{Event, World};
use proptest::prelude::*;

/// Walks through a scenario, one event a choice. Most events are no waits, or little would happen at once.
fn walk(scenario: &Scenario, choices: &[u16]) -> Result<(), TestCaseError> {
    let (mut steps, row, first) = Steps::new(scenario.nodes(), START);
    let mut world = World::new(scenario, row, first);
    let mut path = Vec::new();
    for choice in choices {
        let mut events = world.events(scenario, &steps);
        let (waits, others): (Vec<_>, Vec<_>) = events.drain(..).partition(|event| matches!(event, Event::Wait(_)));
        let events = if (choice % 5 == 0 || others.is_empty()) && !waits.is_empty() { waits } else { others };
        let event = events[usize::from(choice / 5) % events.len()];
        path.push(event);
        match world.after(event, scenario, &mut steps) {
            Ok(Some(next)) => world = next,
            // It broke a condition of the promise: the walk ends here.
            Ok(None) => return Ok(()),
            Err(violation) => {
                let path: Vec<_> = path.iter().map(ToString::to_string).collect();
                return Err(TestCaseError::fail(format!("{}, by:\n  {}", violation.0, path.join("\n  "))));
            }
        }
    }
    Ok(())
}

fn rotation() -> impl Strategy<Value = Rotation> {
    prop_oneof![Just(Rotation::OnUse), Just(Rotation::OnRefresh)]
}

/// How half a window is shared out among requests, responses and clocks.
fn split() -> impl Strategy<Value = (u64, u64, u64)> {
    let quarter = WINDOW / 4;
    prop::sample::select(vec![
        (quarter, quarter, 0),
        (2 * quarter, 0, 0),
        (0, 2 * quarter, 0),
        (quarter, 0, quarter),
        (0, 0, 2 * quarter),
    ])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// Under the conditions of design rule 3, all of which the walk keeps, nobody honest is taken for a thief.
    #[test]
    fn honest_walks(
        rotation in rotation(),
        (request_most, response_most, skew) in split(),
        choices in prop::collection::vec(any::<u16>(), 50..400),
    ) {
        let honest = Scenario::honest(rotation);
        walk(&Scenario { request_most, response_most, skew, ..honest }, &choices)?;
    }

    /// Whoever steals, and whatever conditions are broken: one lineage, and of two branches the second one is found.
    #[test]
    fn walks_with_a_thief(
        rotation in rotation(),
        grace in prop::sample::select(vec![0, GRACE]),
        tabs in 1..3_usize,
        revoke in prop::bool::weighted(0.2),
        check_store in any::<bool>(),
        long in any::<bool>(),
        choices in prop::collection::vec(any::<u16>(), 50..400),
    ) {
        let refresh_lifetime = if long { 1000 * ACCESS } else { 2 * ACCESS };
        let theft = Scenario::theft(rotation, grace);
        walk(&Scenario { tabs, revoke, check_store, refresh_lifetime, ..theft }, &choices)?;
    }

    /// No token, anti-CSRF value, key, stored hash or payload is in anything that prints, step by step.
    #[test]
    fn no_output_contains_a_secret(
        rotation in rotation(),
        ends in any::<bool>(),
        calls in prop::collection::vec((any::<u8>(), any::<bool>(), 0..3 * GRACE), 1..30),
    ) {
        let mut session = Session::create(rotation, if ends { Theft::Ends } else { Theft::Reported });
        for (which, refreshes, passes) in calls {
            session.now += passes;
            let which = usize::from(which);
            if refreshes { session.refresh(which) } else { session.confirm(which) }
            session.check()?;
        }
    }

    /// A clock that jumps back and forth moves neither a revoked session nor an end that it should not.
    #[test]
    fn clocks_that_step(
        rotation in rotation(),
        calls in prop::collection::vec((any::<u8>(), any::<bool>(), -2 * 20_000..3 * 20_000_i64), 1..40),
    ) {
        let mut session = Session::create(rotation, Theft::Ends);
        for (which, refreshes, passes) in calls {
            session.now = session.now.saturating_add_signed(passes);
            let before = session.row.clone();
            let which = usize::from(which);
            if refreshes { session.refresh(which) } else { session.confirm(which) }
            let Some(before) = before else {
                prop_assert!(session.row.is_none(), "a session that is over came back");
                continue;
            };
            let Some(after) = &session.row else { continue };
            if after.current == before.current {
                prop_assert_eq!((after.prev, after.rotated_at), (before.prev, before.rotated_at));
                prop_assert_eq!(after.expires_at, before.expires_at);
            } else {
                prop_assert!(after.prev.is_some() && after.prev != before.prev);
                prop_assert_eq!(after.rotated_at, Some(Millis::saturating(session.now)));
            }
            prop_assert!(after.window.is_none_or(|window| (1..=4).contains(&window.count)));
        }
    }
}

const REFRESH_KEY: &str = "1000:a-stored-refresh-token-key:of-more-than-32-bytes";
const SIGNING_KEY: &str = "public-half|private-half-of-the-signing-key";
const PAYLOAD: &str = r#"{"role":"payload-of-the-application"}"#;

/// A session that keeps all that it printed, and all that must not be printed.
struct Session {
    policy: Policy,
    ring: KeyRing,
    now: u64,
    row: Option<Row>,
    tokens: Vec<(Secret, Option<Secret>)>,
    access: Vec<UnsignedAccess>,
    dice: Dice,
    printed: Vec<String>,
    secrets: Vec<String>,
}

impl Session {
    fn create(rotation: Rotation, theft: Theft) -> Self {
        let access_lifetime = Lifetime::from_millis(ACCESS);
        let policy = Policy { rotation, theft, access_lifetime, ..Policy::default() };
        let signing = [(Millis::saturating(START), Secret::new(SIGNING_KEY))];
        let ring = KeyRing::new(&AppId::default(), signing, Secret::new(REFRESH_KEY), None, &QuickCrypto).unwrap();
        let mut session = Self {
            policy,
            ring,
            now: START,
            row: None,
            tokens: Vec::new(),
            access: Vec::new(),
            dice: Dice::new(7),
            printed: Vec::new(),
            secrets: [REFRESH_KEY, SIGNING_KEY, "private-half", "payload-of-the-application"].map(str::to_owned).into(),
        };
        let new = NewSession {
            app: AppId::default(),
            tenant: TenantId::default(),
            user: UserId::parse("user").unwrap(),
            payload: Payload::parse(PAYLOAD, 1000).unwrap(),
            data: JsonText::parse("\"data\"", 100).unwrap(),
            anti_csrf: true,
            use_static_key: false,
            limits: NewLimits::default(),
            access_lifetime_once: None,
        };
        let Created::Issued(issued) = session.drive(|env| Create::start(new, env)) else { panic!("a collision") };
        session.learn(issued.refresh.clone(), issued.anti_csrf.clone(), issued.access);
        session
    }

    fn refresh(&mut self, which: usize) {
        let (token, anti_csrf_sent) = self.tokens[which % self.tokens.len()].clone();
        let request = RefreshRequest {
            app: AppId::default(),
            token,
            anti_csrf_sent,
            anti_csrf: which.is_multiple_of(2),
            use_static_key: None,
            access_lifetime_once: None,
            tentative: false,
        };
        self.printed.push(format!("{request:?}"));
        match self.drive(|env| Refresh::start(request, env)) {
            Refreshed::Issued(issued) => self.learn(issued.refresh.clone(), issued.anti_csrf.clone(), issued.access),
            Refreshed::Theft(found) => self.printed.push(found.evidence.to_string()),
            Refreshed::Unauthorised(_) => {}
        }
    }

    fn confirm(&mut self, which: usize) {
        let token = self.access[which % self.access.len()].unsigned.clone().sign().unwrap();
        self.secrets.push(token.clone());
        let verified = access::verify(&token, &self.ring, Millis::saturating(self.now), &self.policy);
        self.printed.push(format!("{verified:?}"));
        let Ok(claims) = verified else { return };
        let request = ConfirmRequest { check_store: true, is_known: false };
        if let Confirmed::Renewed(access) = self.drive(|env| Confirm::start(claims, &AppId::default(), request, env)) {
            self.access.push(*access);
        }
    }

    fn learn(&mut self, refresh: Secret, anti_csrf: Option<Secret>, access: UnsignedAccess) {
        let stored = access.claims.own.stored(&QuickCrypto);
        let nonce = refresh.expose().split('.').nth(1).unwrap_or_default().to_owned();
        self.secrets.extend([refresh.expose().to_owned(), nonce, stored.to_text()]);
        self.secrets.extend(anti_csrf.as_ref().map(|value| value.expose().to_owned()));
        self.tokens.push((refresh, anti_csrf));
        self.access.push(access);
    }

    /// Drives a use case on the row, and prints every step, what was seen of the row, and the outcome.
    fn drive<F: Flow + std::fmt::Debug>(&mut self, start: impl FnOnce(&Env<'_>) -> Step<F>) -> F::Outcome {
        let mut random = [0; Entropy::BYTES];
        self.dice.fill(&mut random);
        let entropy = Entropy::new(random);
        let now = Millis::saturating(self.now);
        let env = Env { now, policy: &self.policy, keys: &self.ring, crypto: &QuickCrypto, entropy: &entropy };
        let mut step = start(&env);
        loop {
            self.printed.push(format!("{env:?} {step:?} {:?}", self.row));
            step = match step {
                Step::Done(outcome) => return outcome,
                Step::Load(_, flow) => flow.resume(Seen::Row(self.row.clone()), &env),
                Step::Commit(write, flow) => {
                    let (seen, row) = carry_out(self.row.take(), write);
                    self.row = row;
                    flow.resume(seen, &env)
                }
            };
        }
    }

    fn check(&mut self) -> Result<(), TestCaseError> {
        for printed in self.printed.drain(..) {
            for secret in &self.secrets {
                prop_assert!(!printed.contains(secret.as_str()), "a secret is in {}", printed);
            }
        }
        Ok(())
    }
}
